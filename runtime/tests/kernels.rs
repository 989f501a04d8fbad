//! The kernel files on the interpreter: the part of the suite that needs no DataFusion.
//! tests/kernels.rs runs the same files through queries.
//!
//! `cargo test -p filbert-runtime --test main kernels`; `BLESS=1` rewrites the exact expectations.

#[allow(dead_code)] // Another suite uses the rest.
#[path = "../../tests/kernel_files.rs"]
mod kernel_files;

use std::path::Path;

use kernel_files::{interpret, read_all};

#[test]
fn kernel_files_give_the_expected_rows() {
    let files = read_all(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernels")));
    let (mut lines, mut wrong) = (0, Vec::new());
    for file in &files {
        lines += file.cases.len();
        if std::env::var_os("BLESS").is_some() {
            file.bless();
            continue;
        }
        for case in &file.cases {
            let kernel = &file.kernels[&case.kernel];
            if let Err(why) = case.check(kernel, &interpret(kernel, &case.args)) {
                wrong.push(format!("{}: interpreter: {why}", file.at(case)));
            }
        }
    }
    assert!(lines > 150, "only {lines} lines of expectations were found");
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong.join("\n"));
}
