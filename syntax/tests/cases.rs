//! The files under `cases/`. A file is a list of cases:
//!
//! ```text
//! === name
//! // ir: f            print the IR of f (all kernels: // ir)
//! // run: f(1.0, 2)   run f on a row; arguments are read as the types of the parameters
//! // as: f(f64, [i32])  print the IR of the generic kernel f for columns of these types
//! // warnings         print what is probably not meant
//! fn f(...) ...
//! ---
//! what comes out
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use filbert_ir::{Datum, Diagnostics, Span, VerifiedKernel, interp, text};
use filbert_syntax::ArgType;

#[test]
fn every_case_gives_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let file = fs::read_to_string(&path).unwrap();
        let mut blessed = String::new();
        for case in file.split("=== ").skip(1) {
            count += 1;
            let (name, rest) = case.split_once('\n').unwrap();
            let (source, expected) = rest.split_once("---\n").unwrap_or((rest, ""));
            let got = outcome(source);
            writeln!(blessed, "=== {name}\n{source}---\n{got}").unwrap();
            if got.trim() != expected.trim() {
                wrong.push(format!("{}: {name}\nexpected:\n{expected}\ngot:\n{got}", path.display()));
            }
        }
        if bless {
            fs::write(&path, blessed.trim_end().to_string() + "\n").unwrap();
        }
    }
    assert!(count > 80, "only {count} cases were found");
    assert!(bless || wrong.is_empty(), "{}", wrong.join("\n"));
}

fn outcome(source: &str) -> String {
    let module = match filbert_syntax::parse(source, "case") {
        Ok(module) => module,
        Err(diagnostics) => return show(&diagnostics),
    };
    let mut out = String::new();
    for line in source.lines() {
        if let Some(call) = line.strip_prefix("// as: ") {
            out.push_str(&specialised(&module, call));
        } else if line.trim() == "// warnings" {
            out.push_str(&show(&module.warnings));
        } else if line.trim() == "// ir" {
            for kernel in &module.kernels {
                out.push_str(&text::print(kernel));
            }
        } else if let Some(name) = line.strip_prefix("// ir: ") {
            out.push_str(&text::print(module.get(name.trim()).unwrap()));
        } else if let Some(call) = line.strip_prefix("// run: ") {
            writeln!(out, "{call} = {}", run(&module, call)).unwrap();
        }
    }
    if out.is_empty() { "ok\n".to_string() } else { out }
}

fn specialised(module: &filbert_syntax::Module, call: &str) -> String {
    let (name, args) = call.trim().strip_suffix(')').unwrap().split_once('(').unwrap();
    let words = args.split(", ").filter(|word| !word.is_empty());
    let args = words.map(|word| match word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
        Some(elem) => ArgType::List(elem.parse().unwrap()),
        None => ArgType::Scalar(word.parse().unwrap()),
    });
    let args: Vec<ArgType> = args.collect();
    match module.template(name).unwrap().specialise(&args) {
        Ok(kernel) => text::print(&kernel),
        Err(found) => show(&found),
    }
}

fn run(module: &filbert_syntax::Module, call: &str) -> String {
    let (name, args) = call.trim().strip_suffix(')').unwrap().split_once('(').unwrap();
    let kernel: &VerifiedKernel = module.get(name).unwrap();
    let params = &kernel.core.signature.params;
    let args: Vec<Datum> =
        words(args).zip(params).map(|(word, param)| text::parse_datum(param, word).expect(word)).collect();
    match interp::run(kernel, &args) {
        Ok(results) => results.iter().map(datum).collect::<Vec<_>>().join(", "),
        Err(fault) => {
            let source = kernel.source.as_ref().unwrap();
            let span = source.spans[fault.value.index()];
            format!("{} at `{}`", fault.fault.code(), &source.text[span.start as usize..span.end as usize])
        }
    }
}

/// Arguments, apart at the commas outside of brackets.
pub(crate) fn words(args: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let parts = args.split(move |c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|word| !word.is_empty())
}

/// A result with its type.
fn datum(datum: &Datum) -> String {
    match datum {
        Datum::Scalar(scalar) => format!("{scalar}: {}", scalar.ty()),
        Datum::List(elems) => format!("{datum}: [{}]", elems.first().map_or("_", |elem| elem.ty().name())),
        Datum::Null => "null".to_string(),
    }
}

/// Findings in short: code, place, the text there, message; notes and help below.
pub(crate) fn show(diagnostics: &Diagnostics) -> String {
    let text = diagnostics.text.as_deref().unwrap_or("");
    let place = |span: Span| {
        let before = &text[..span.start as usize];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let at: String = text[span.start as usize..span.end as usize].split_whitespace().collect::<Vec<_>>().join(" ");
        let at = if at.len() > 50 { format!("{}...", &at[..47]) } else { at };
        format!("{line}:{column} `{at}`")
    };
    let mut out = String::new();
    for finding in &diagnostics.list {
        let at = finding.span.map_or("nowhere".to_string(), place);
        writeln!(out, "{} {at}: {}", finding.code, finding.message).unwrap();
        for (span, note) in &finding.notes {
            writeln!(out, "    {}: {note}", place(*span)).unwrap();
        }
        if let Some(help) = &finding.help {
            writeln!(out, "    help: {help}").unwrap();
        }
    }
    out
}
