//! The kernel files on the interpreter and in machine code, over rows and over Arrow columns: the part of the
//! suite that needs no DataFusion. tests/kernels.rs runs the same files through queries.
//!
//! `cargo test -p filbert-runtime --test main kernels`; `BLESS=1` rewrites the exact expectations.

#[path = "../../tests/kernel_columns.rs"]
mod kernel_columns;
#[path = "../../tests/kernel_files.rs"]
mod kernel_files;

use std::fs;
use std::path::Path;
use std::time::Duration;

use filbert_ir::{Datum, KernelError};
use filbert_runtime::{ArrowArg, Engine, KernelCache, LoadedKernel};

use kernel_columns::{columns, rows};
use kernel_files::{Case, Expected, KernelFile, Outcome, interpret, read_all, read_page, show};

#[test]
fn kernel_files_give_the_expected_rows() {
    let files = read_all(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernels")));
    // A machine that does other things must not turn machine code into a row of excuses.
    let cache = KernelCache::new(1 << 26).with_budget(Duration::from_secs(60));
    let (mut lines, mut wrong) = (0, Vec::new());
    for file in &files {
        lines += file.cases.len();
        if std::env::var_os("BLESS").is_some() {
            bless(file);
            continue;
        }
        for case in &file.cases {
            let kernel = &file.kernels[&case.kernel];
            if let Err(why) = case.check(kernel, &interpret(kernel, &case.args)) {
                wrong.push(format!("{}: interpreter: {why}", file.at(case)));
            }
        }
        for kernel in file.kernels.values() {
            for engine in [Engine::Interp, Engine::Native] {
                wrong.extend(one_engine(file, &cache.load(kernel, engine), engine));
            }
        }
    }
    assert!(lines > 150, "only {lines} lines of expectations were found");
    assert!(wrong.is_empty(), "{} of {lines}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Rewrites the exact expectations with what the interpreter gives.
fn bless(file: &KernelFile) {
    let source = fs::read_to_string(&file.path).unwrap();
    let mut lines: Vec<String> = source.lines().map(str::to_string).collect();
    for case in &file.cases {
        if let Expected::Exactly(_) = case.expected {
            let got = show(&interpret(&file.kernels[&case.kernel], &case.args));
            let line = &mut lines[case.line - 1];
            *line = format!("{} = {got}", line.split(" = ").next().unwrap());
        }
    }
    fs::write(&file.path, lines.join("\n") + "\n").unwrap();
}

/// What an engine gives otherwise than the interpreter.
fn one_engine(file: &KernelFile, loaded: &LoadedKernel, engine: Engine) -> Vec<String> {
    let kernel = loaded.kernel();
    assert_eq!(loaded.engine(), engine, "{} was degraded", kernel.name());
    let (good, bad) = file.of(kernel.name());
    let mut wrong = Vec::new();
    let mut compare = |case: &Case, how: &str, got: Outcome| {
        let want = interpret(kernel, &case.args);
        if got != want {
            wrong.push(format!("{}: {engine:?}, {how}: {}, not {}", file.at(case), show(&got), show(&want)));
        }
    };
    for case in good.iter().chain(&bad) {
        compare(case, "a row", loaded.call_row(&case.args).map_err(|e| e.code.to_string()));
    }
    match call(loaded, &good) {
        Ok(got) => good.iter().zip(got).for_each(|(case, results)| compare(case, "a column", Ok(results))),
        Err(e) => good.first().into_iter().for_each(|case| compare(case, "a column", Err(e.to_string()))),
    }
    for case in bad {
        // Behind and before rows that have a result.
        let place = good.len() / 2;
        let mut all = good.clone();
        all.insert(place, case);
        let got = match call(loaded, &all) {
            Err(e) if e.row == Some(place as u64) => Err(e.code.to_string()),
            Err(e) => Err(format!("{} in row {:?}, not {place}", e.code, e.row)),
            Ok(mut got) => Ok(got.swap_remove(place)),
        };
        compare(case, "among others", got);
    }
    wrong
}

/// The results of a call over the columns of these rows.
fn call(loaded: &LoadedKernel, cases: &[&Case]) -> Result<Vec<Vec<Datum>>, KernelError> {
    let args: Vec<&[Datum]> = cases.iter().map(|case| &case.args[..]).collect();
    let columns = columns(&loaded.kernel().core.signature.params, &args);
    let args: Vec<ArrowArg<'_>> = columns.iter().map(ArrowArg::from).collect();
    Ok(rows(&loaded.call_arrow(&args, cases.len())?, cases.len()))
}

#[test]
fn kernels_of_the_guide_give_what_it_says() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide.md"));
    let page = read_page(path.into()).unwrap_or_else(|why| panic!("{why}"));
    assert!(page.cases.len() > 20, "only {} lines of expectations were found", page.cases.len());
    for case in &page.cases {
        let kernel = &page.kernels[&case.kernel];
        case.check(kernel, &interpret(kernel, &case.args)).unwrap_or_else(|why| panic!("{}: {why}", page.at(case)));
    }
}
