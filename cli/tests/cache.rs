//! `filbert cache` and `filbert build`: what a second command finds of the first one's work.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::{Place, Ran, filbert_command};

const KERNELS: &str = "/// Half of it.\nfn half(x: f64) -> f64 { x * 0.5 }\n\nfn twice(x: f64) -> f64 { x * 2.0 }\n";

fn place() -> Place {
    Place::with(&[("k.rs", KERNELS), ("job.sql", "SELECT half(v) AS h FROM (VALUES (1.0), (3.0)) AS t(v);\n")])
}

/// A command with a cache in the place's folder.
fn cached(place: &Place, args: &[&str], with: impl FnOnce(&mut Command)) -> Ran {
    let mut command = filbert_command(place.folder.path(), args);
    command.env_remove("FILBERT_CACHE_MODE").env("FILBERT_CACHE_DIR", place.path("cache"));
    with(&mut command);
    Ran::of(&command.output().unwrap())
}

fn filbert(place: &Place, args: &[&str]) -> Ran {
    cached(place, args, |_| {})
}

#[test]
fn a_second_command_compiles_nothing() {
    let place = place();
    let run = ["run", "job.sql", "--kernels", "k.rs", "--format", "csv"];
    let first = filbert(&place, &run);
    assert!(first.stdout == "h\n0.5\n1.5\n" && first.stderr.contains("kernels compiled: 1,"), "{}", first.stderr);
    let second = filbert(&place, &run);
    assert_eq!(second.stdout, first.stdout);
    assert!(second.stderr.contains("kernels compiled: 0,"), "{}", second.stderr);
    assert!(second.stderr.contains(", from disk: "), "{}", second.stderr);
    let listed = filbert(&place, &["cache", "ls"]);
    assert!(listed.stdout.starts_with("KERNEL") && listed.stdout.contains("\nhalf "), "{}", listed.stdout);
    let objects = filbert(&place, &["cache", "ls", "--json"]);
    let object = objects.stdout.lines().next().unwrap();
    assert!(
        object.starts_with('{') && object.contains("\"kernel\":\"half\"") && object.contains("\"unused_seconds\":")
    );
    let stat = filbert(&place, &["cache", "stat"]);
    assert!(stat.stdout.contains("publishes what it compiles"), "{}", stat.stdout);
    assert_eq!(filbert(&place, &["cache", "verify"]).status, 0);
    let doctor = filbert(&place, &["doctor"]);
    assert!(doctor.stdout.contains("cache (on disk)\n  state               in use\n"), "{}", doctor.stdout);
    assert!(filbert(&place, &["cache", "clear", "twice"]).stdout.starts_with("0 entries"));
    assert!(!filbert(&place, &["cache", "clear", "half"]).stdout.starts_with("0 entries"));
    assert!(filbert(&place, &run).stderr.contains("kernels compiled: 1,"));
}

#[test]
fn a_damaged_entry_is_named_and_does_no_harm() {
    let place = place();
    let call = ["call", "k.rs", "half", "3"];
    assert_eq!(filbert(&place, &call).stdout, "1.5\n");
    let subs = std::fs::read_dir(place.path("cache")).unwrap().flatten().filter(|sub| sub.file_name().len() == 2);
    let files: Vec<_> = subs.flat_map(|sub| std::fs::read_dir(sub.path()).unwrap().flatten()).collect();
    for file in &files {
        let mut bytes = std::fs::read(file.path()).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file.path(), bytes).unwrap();
    }
    let verify = filbert(&place, &["cache", "verify"]);
    assert!(verify.status == 1 && verify.stderr.starts_with("[FB-0703]"), "{}", verify.stderr);
    assert_eq!(filbert(&place, &call).stdout, "1.5\n");
    assert_eq!(filbert(&place, &["cache", "verify", "--remove"]).status, 0);
    assert_eq!(filbert(&place, &["cache", "verify"]).status, 0);
}

#[test]
fn a_folder_that_others_can_write_is_named_once_and_not_used() {
    let place = place();
    std::fs::create_dir(place.path("cache")).unwrap();
    std::fs::set_permissions(place.path("cache"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let ran = filbert(&place, &["call", "k.rs", "half", "3"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "1.5\n"));
    assert_eq!(ran.stderr.matches("can be written by others").count(), 1, "{}", ran.stderr);
    assert_eq!(std::fs::read_dir(place.path("cache")).unwrap().count(), 0);
    let ran = filbert(&place, &["cache", "stat"]);
    assert!(ran.status == 1 && ran.stderr.contains("chmod go-w"), "{}", ran.stderr);
    // Neither a home nor a folder: nothing to say where a result is to be had.
    let ran = cached(&place, &["call", "k.rs", "half", "3"], |command| {
        command.env_remove("FILBERT_CACHE_DIR").env_remove("XDG_CACHE_HOME").env_remove("HOME");
    });
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "1.5\n"));
    assert_eq!(ran.stderr.matches("FILBERT_CACHE_DIR").count(), 1, "{}", ran.stderr);
}

#[test]
fn bundles_are_built_signed_taken_and_refused() {
    let place = place();
    let build = |output: &str, more: &[&str]| filbert(&place, &[&["build", "k.rs", "-o", output], more].concat());
    assert_eq!(build("a.fbundle", &[]).status, 0);
    let ran = build("b.fbundle", &["--target", "x86-64-v4,x86-64-v2,x86-64-v3"]);
    assert!(ran.stdout.starts_with("b.fbundle: 2 kernels for x86-64-v4, x86-64-v2, x86-64-v3; "), "{}", ran.stdout);
    assert!(std::fs::read(place.path("a.fbundle")).unwrap() == std::fs::read(place.path("b.fbundle")).unwrap());
    let wrong = build("c.fbundle", &["--target", "x86-64-v5"]);
    assert!(wrong.status == 2 && wrong.stderr.contains("x86-64-v1"), "{}", wrong.stderr);
    place.write("job.sql", "SET filbert.bundle = 'a.fbundle';\nSELECT half(3.0) + twice(1.0) AS h;\n");
    let run = ["run", "job.sql", "--format", "csv"];
    let ran = cached(&place, &run, |command| _ = command.env("FILBERT_CACHE_MODE", "off"));
    assert!(ran.stdout == "h\n3.5\n" && ran.stderr.contains("kernels compiled: 0,"), "{}{}", ran.stdout, ran.stderr);
    // In the cache, it serves whoever never heard of it.
    let warmed = filbert(&place, &["cache", "warm", "a.fbundle"]);
    assert!(warmed.status == 0 && warmed.stdout.contains("entries of 2 kernels"), "{}{}", warmed.stdout, warmed.stderr);
    assert!(filbert(&place, &["cache", "ls"]).stdout.contains("twice"));
    assert_eq!(filbert(&place, &["cache", "key", "--sign", "key"]).status, 0);
    assert_eq!(filbert(&place, &["cache", "key", "--sign", "key"]).status, 1, "it does not replace a key");
    assert_eq!(build("a.fbundle", &["--sign", "key"]).status, 0);
    let ran = filbert(&place, &run);
    assert!(ran.status == 1 && ran.stderr.contains("FB-0703") && ran.stderr.contains("is signed"), "{}", ran.stderr);
    let ran = cached(&place, &run, |command| _ = command.env("FILBERT_BUNDLE_KEY", "key.pub"));
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "h\n3.5\n"), "{}", ran.stderr);
    place.write("a.fbundle", "no bundle");
    let ran = filbert(&place, &run);
    assert!(
        ran.status == 1 && ran.stderr.contains("cannot read a.fbundle: it is no bundle of kernels"),
        "{}",
        ran.stderr
    );
}
