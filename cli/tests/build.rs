//! `filbert build`. What is in the files, and what C programs make of them, is tested where they are made (`aot/tests`).

use crate::Place;

const KERNELS: &str = "\
/// Half of it.
fn half(x: f64) -> f64 { x / 2.0 }

fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }
";

fn place() -> Place {
    Place::with(&[("k.rs", KERNELS)])
}

#[test]
fn files_are_called_as_asked() {
    let place = place();
    let ran = place.filbert(&[
        "build",
        "k.rs",
        "--emit",
        "obj,header,staticlib",
        "--target",
        "x86-64-v2,x86-64-v3",
        "-o",
        "geo",
    ]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert_eq!(place.files(), ["geo.h", "geo.o", "k.rs", "libgeo.a"]);
    assert_eq!(ran.stdout.lines().count(), 3, "{}", ran.stdout);
    let header = place.read("geo.h");
    for function in ["int32_t filbert_half(", "int32_t filbert_lerp_f64(", "const char *filbert_geo_target("] {
        assert!(header.contains(function), "{function} is not in\n{header}");
    }
    let both = ["build", "k.rs", "--emit", "obj", "--target", "aarch64,x86-64-v4", "--types", "f32,f64", "-o", "./"];
    assert_eq!(place.filbert(&both).status, 0);
    assert_eq!(place.files(), ["geo.h", "geo.o", "k.aarch64.o", "k.rs", "k.x86-64.o", "libgeo.a"]);
}

#[test]
fn what_cannot_be_built_leaves_no_file() {
    let place = place();
    place.write("bad.rs", "fn fine(x: f64) -> f64 { x }\nfn bad(x: f64) -> f64 { x.gamma() }\n");
    for (args, says) in [
        (&["build", "bad.rs", "--emit", "obj", "-o", "bad"][..], "[FB-1301] Error: kernel bad: `gamma`"),
        (&["build", "k.rs", "--emit", "obj", "-o", "no/geo"], "there is no such folder"),
        (&["build", "k.rs", "-o", "geo"], "write -o NAME.fbundle"),
        (&["build", "k.rs", "bad.rs", "--emit", "obj", "-o", "geo"], "one kernel file, not of 2"),
        (&["build", "k.rs", "--types", "i32", "-o", "geo.fbundle"], "generic kernel lerp takes none of the types"),
        (&["build", "none.rs", "-o", "geo.fbundle"], "cannot read none.rs"),
    ] {
        let ran = place.filbert(args);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{args:?}");
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(place.files(), ["bad.rs", "k.rs"]);
    for (args, says) in [
        (
            ["build", "k.rs", "--target", "x86-64-v9", "-o", "geo"],
            "x86-64-v1, x86-64-v2, x86-64-v3, x86-64-v4 or aarch64",
        ),
        (["build", "k.rs", "--emit", "so", "-o", "geo"], "write obj, header or staticlib"),
    ] {
        let ran = place.filbert(&args);
        assert_eq!(ran.status, 2, "{args:?}");
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
}
