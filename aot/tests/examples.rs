//! The examples in examples/c are compiled and run as their first lines say.

use std::path::{Path, PathBuf};
use std::process::Command;

use filbert_aot::Module;
use filbert_compiler::Platform;
use filbert_ir::{Datum, Scalar};
use filbert_runtime::LoadedKernel;

use crate::{compiler, kernels, platforms_here, run, write};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c")
}

/// A folder with what `filbert build` makes of geo.rs.
fn built() -> tempfile::TempDir {
    let text = std::fs::read_to_string(examples().join("geo.rs")).unwrap();
    let module = Module::new("geo", &kernels(&text)).unwrap();
    let here = platforms_here()[0].architecture();
    let platforms: Vec<Platform> = Platform::ALL.into_iter().filter(|p| p.architecture() == here).collect();
    let folder = tempfile::tempdir().unwrap();
    write(&module, &platforms, folder.path()).unwrap();
    folder
}

#[test]
fn a_c_program() {
    let Some(mut compiler) = compiler() else { return };
    let folder = built();
    let source = examples().join("great_circle.c");
    compiler.current_dir(folder.path()).args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I."]);
    run(compiler.arg(source).args(["-L.", "-lgeo", "-lm", "-o", "great_circle"]));
    let said = run(&mut Command::new(folder.path().join("great_circle")));
    assert_eq!(
        said,
        "code for this CPU\n\
         3442.4 miles at 491.8 miles an hour\n\
         3256.3 miles at 501.0 miles an hour\n\
         4658.7 miles\n\
         7225.3 miles at 437.9 miles an hour\n\
         row 2 fails in line 17\n"
    );
}

#[test]
fn a_python_script() {
    let Some(mut compiler) = compiler() else { return };
    if !Command::new("python3").arg("-c").arg("import ctypes").status().is_ok_and(|status| status.success()) {
        println!("SKIPPED: there is no python3 with ctypes here");
        return;
    }
    let folder = built();
    // Nothing in the object has to be relocated where it is loaded, as `-z text` demands.
    run(compiler.current_dir(folder.path()).args(["-shared", "-Wl,-z,text", "-o", "libgeo.so", "geo.o", "-lm"]));
    let script = examples().join("great_circle.py");
    let said = run(Command::new("python3").arg(script).arg(folder.path().join("libgeo.so")));
    let text = std::fs::read_to_string(examples().join("geo.rs")).unwrap();
    let kernel = LoadedKernel::load(&kernels(&text)[0]);
    let wanted = [(40.6413, -73.7781), (42.3656, -71.0096), (39.8561, -104.6737), (21.3187, -157.9225)];
    let miles: Vec<f64> = wanted
        .map(|(lat, lon)| {
            let row = [lat, lon, 51.47, -0.4543].map(Datum::from);
            match kernel.call_row(&row).unwrap()[0] {
                Datum::Scalar(Scalar::F64(miles)) => miles,
                ref other => panic!("{other:?}"),
            }
        })
        .to_vec();
    let said: Vec<f64> = said.lines().map(float_of_hex).collect();
    assert_eq!(
        said.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
        miles.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    );
}

/// Reads what Python's `float.hex` writes of a normal number: `0x1.ae46c8a5d6b3fp+11`.
fn float_of_hex(text: &str) -> f64 {
    let (digits, exponent) = text.strip_prefix("0x1.").unwrap().split_once('p').unwrap();
    assert_eq!(digits.len(), 13);
    let exponent = u64::try_from(exponent.parse::<i64>().unwrap() + 1023).unwrap();
    f64::from_bits(exponent << 52 | u64::from_str_radix(digits, 16).unwrap())
}

/// The header is C++, too, and two headers go together.
#[test]
fn headers_are_for_c_and_for_cpp() {
    let Some(mut compiler) = compiler() else { return };
    let folder = built();
    let shapes = Module::new("shapes", &kernels(crate::results::SHAPES)).unwrap();
    write(&shapes, &platforms_here()[..1], folder.path()).unwrap();
    let program = "#include \"geo.h\"\n#include \"shapes.h\"\n#include \"geo.h\"\n\
                   int main(void) { return FILBERT_SEMANTICS_VERSION == 0 || FILBERT_OK; }\n";
    std::fs::write(folder.path().join("both.c"), program).unwrap();
    compiler.current_dir(folder.path()).args([
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-fsyntax-only",
    ]);
    run(compiler.arg("both.c"));
    let mut cpp = Command::new("c++");
    if !cpp.arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: there is no C++ compiler (c++) here");
        return;
    }
    std::fs::copy(folder.path().join("both.c"), folder.path().join("both.cpp")).unwrap();
    let words = ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "both.cpp", "geo.o", "shapes.o", "-lm"];
    run(Command::new("c++").current_dir(folder.path()).args(words));
}
