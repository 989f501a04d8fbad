//! `tests/kernels/*.rs`: kernel files with calls and what they must give beside them. How they are read, and
//! how a row is held against its expectation; the engines are the business of those who include this file.
//!
//! ```text
//!   //~ add(1, 2) = 3                           exactly
//!   //~ minmax([3.5, -1.0]) = (-1.0, 3.5)       several results, lists
//!   //~ half(2.0, null) = null                  nulls
//!   //~ add(2147483647, 1) = FB-0501            a row that fails
//!   //~ price(100.0, 0.2) ~ 7.965567455405804   near: one part in 10^12, or 10^6 for f32
//!   //~ sum([1e16, 1.0]) ~1e-9 1e16             near, as near as it says
//! ```
//!
//! The exact form is for what has one right answer: integers, and floats that one rounding a step decides. The
//! values come from outside (docs/accuracy.md tells from where), so functions with an error bound are compared
//! by the near form. Engines must agree with each other in every bit all the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use filbert_ir::{Datum, Param, ResultTy, Scalar, Type, VerifiedKernel, interp, text};

/// What a row gives: its results, or the code of its fault.
pub(crate) type Outcome = Result<Vec<Datum>, String>;

/// One file.
pub(crate) struct KernelFile {
    pub(crate) path: PathBuf,
    pub(crate) cases: Vec<Case>,
    pub(crate) kernels: BTreeMap<String, VerifiedKernel>,
}

/// One `//~` line.
pub(crate) struct Case {
    pub(crate) line: usize,
    pub(crate) kernel: String,
    pub(crate) args: Vec<Datum>,
    pub(crate) expected: Expected,
}

pub(crate) enum Expected {
    /// The results or the code as they are shown.
    Exactly(String),
    /// Numbers, and the greatest relative difference, if the line says one.
    Near(String, Option<f64>),
}

/// Every file of the folder, in order.
pub(crate) fn read_all(folder: &Path) -> Vec<KernelFile> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        match KernelFile::read(path) {
            Ok(file) => files.push(file),
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    files
}

/// The kernels on a page: what stands between "```kernel" and "```", at its line.
pub(crate) fn read_page(path: PathBuf) -> Result<KernelFile, String> {
    let page = fs::read_to_string(&path).unwrap();
    let mut inside = false;
    let keep = |line: &str| {
        let fence = line.starts_with("```");
        inside = if fence { line == "```kernel" } else { inside };
        if inside && !fence { format!("{line}\n") } else { "\n".to_string() }
    };
    let source: String = page.lines().map(keep).collect();
    KernelFile::from_text(path, &source)
}

impl KernelFile {
    fn read(path: PathBuf) -> Result<KernelFile, String> {
        let source = fs::read_to_string(&path).unwrap();
        KernelFile::from_text(path, &source)
    }

    fn from_text(path: PathBuf, source: &str) -> Result<KernelFile, String> {
        let shown = path.file_name().unwrap().to_string_lossy().into_owned();
        let module = filbert_syntax::parse(source, &shown).map_err(|found| found.to_string())?;
        let kernels: BTreeMap<_, _> = module.kernels.iter().map(|k| (k.name().to_string(), k.clone())).collect();
        let mut cases = Vec::new();
        for (index, line) in source.lines().enumerate() {
            let Some(text) = line.strip_prefix("//~ ") else { continue };
            let case = Case::parse(index + 1, text, &kernels);
            cases.push(case.map_err(|why| format!("{shown}:{}: {why}: {line}", index + 1))?);
        }
        Ok(KernelFile { path, cases, kernels })
    }

    /// The place of a case, for messages.
    pub(crate) fn at(&self, case: &Case) -> String {
        format!("{}:{}", self.path.display(), case.line)
    }

    /// The lines of a kernel: those with results, and those that fail.
    pub(crate) fn of(&self, kernel: &str) -> (Vec<&Case>, Vec<&Case>) {
        self.cases.iter().filter(|case| case.kernel == kernel).partition(|case| case.code().is_none())
    }
}

impl Case {
    fn parse(line: usize, text: &str, kernels: &BTreeMap<String, VerifiedKernel>) -> Result<Case, String> {
        let end = text.find(") ").ok_or("expected a call, then = or ~, then a result")?;
        let (call, result) = (&text[..end], &text[end + 2..]);
        let (name, args) = call.split_once('(').ok_or("expected a call")?;
        let kernel = kernels.get(name).ok_or_else(|| format!("there is no kernel {name}"))?;
        let params = &kernel.core.signature.params;
        let words = split(args);
        if words.len() != params.len() {
            return Err(format!("expected {} arguments, got {}", params.len(), words.len()));
        }
        let args = params.iter().zip(words).map(|(param, word)| argument(param, word)).collect::<Result<_, _>>()?;
        let (relation, wanted) = result.split_once(' ').ok_or("expected = or ~, then a result")?;
        let expected = match relation.strip_prefix('~') {
            None if relation == "=" => Expected::Exactly(wanted.into()),
            Some("") => Expected::Near(wanted.into(), None),
            Some(far) => Expected::Near(wanted.into(), Some(far.parse().map_err(|_| format!("{far} is no number"))?)),
            None => return Err(format!("expected = or ~, got {relation}")),
        };
        Ok(Case { line, kernel: name.into(), args, expected })
    }

    /// The code of the fault that is expected, if one is.
    pub(crate) fn code(&self) -> Option<&str> {
        match &self.expected {
            Expected::Exactly(text) if text.starts_with("FB-") => Some(text),
            _ => None,
        }
    }

    /// Whether the outcome is what the line says; if not, what it is.
    pub(crate) fn check(&self, kernel: &VerifiedKernel, outcome: &Outcome) -> Result<(), String> {
        let (wanted, far) = match &self.expected {
            Expected::Exactly(wanted) if *wanted == show(outcome) => return Ok(()),
            Expected::Exactly(wanted) => return Err(format!("expected {wanted}, got {}", show(outcome))),
            Expected::Near(wanted, far) => (wanted, far),
        };
        let wrong = || format!("expected about {wanted}, got {}", show(outcome));
        let results = outcome.as_ref().map_err(|_| wrong())?;
        let inside = wanted.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let words = inside.map_or_else(|| vec![wanted.as_str()], split);
        if words.len() != results.len() {
            return Err(wrong());
        }
        for ((word, result), ty) in words.into_iter().zip(results).zip(&kernel.core.signature.results) {
            let want = match ty {
                ResultTy::Scalar { ty, .. } => datum(ty.storage(), word)?,
                ResultTy::Fixed { elem, .. } | ResultTy::List { elem, .. } => datum(*elem, word)?,
            };
            if !near(&want, result, *far) {
                return Err(wrong());
            }
        }
        Ok(())
    }
}

/// The row as the interpreter has it.
pub(crate) fn interpret(kernel: &VerifiedKernel, args: &[Datum]) -> Outcome {
    interp::run(kernel, args).map_err(|e| e.fault.code().to_string())
}

/// An outcome as expectations write it: `nan` for every NaN, parentheses around several results, one `null`
/// for a row that is null throughout.
pub(crate) fn show(outcome: &Outcome) -> String {
    let results = match outcome {
        Ok(results) => results,
        Err(code) => return code.clone(),
    };
    if results.iter().all(|result| *result == Datum::Null) {
        return "null".into();
    }
    let words: Vec<String> = results.iter().map(show_datum).collect();
    if let [one] = &words[..] { one.clone() } else { format!("({})", words.join(", ")) }
}

fn show_datum(datum: &Datum) -> String {
    let scalar =
        |scalar: &Scalar| if double(*scalar).is_some_and(f64::is_nan) { "nan".into() } else { scalar.to_string() };
    match datum {
        Datum::Null => "null".into(),
        Datum::Scalar(value) => scalar(value),
        Datum::List(elements) => format!("[{}]", elements.iter().map(scalar).collect::<Vec<_>>().join(", ")),
    }
}

/// The parts between the commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'(' => depth += 1,
            b']' | b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn argument(param: &Param, word: &str) -> Result<Datum, String> {
    let found = match param {
        Param::Scalar { ty, .. } => datum(ty.storage(), word),
        Param::List { elem, .. } => datum(*elem, word),
    }?;
    let fits = matches!(
        (param, &found),
        (_, Datum::Null) | (Param::Scalar { .. }, Datum::Scalar(_)) | (Param::List { .. }, Datum::List(_))
    );
    if fits { Ok(found) } else { Err(format!("{word} is no {param}")) }
}

/// `null`, a number or a list of them; a list of lists is flat.
fn datum(ty: Type, word: &str) -> Result<Datum, String> {
    let scalar = |word: &str| text::parse_scalar(ty, word).ok_or_else(|| format!("{word} is no {ty}"));
    if word == "null" {
        return Ok(Datum::Null);
    }
    let Some(inside) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return scalar(word).map(Datum::Scalar);
    };
    let mut elements = Vec::new();
    for word in split(inside) {
        match datum(ty, word)? {
            Datum::Null => return Err("a list has no null here".into()),
            Datum::Scalar(element) => elements.push(element),
            Datum::List(row) => elements.extend(row),
        }
    }
    Ok(Datum::List(elements))
}

fn double(scalar: Scalar) -> Option<f64> {
    match scalar {
        Scalar::F32(v) => Some(v.into()),
        Scalar::F64(v) => Some(v),
        _ => None,
    }
}

/// Equal in shape, equal where no floats are, and floats no further apart than `far` times the wanted one.
fn near(want: &Datum, got: &Datum, far: Option<f64>) -> bool {
    let close = |want: &Scalar, got: &Scalar| match (double(*want), double(*got)) {
        (Some(w), Some(g)) if w.is_finite() => {
            let far = far.unwrap_or(if want.ty() == Type::F32 { 1e-6 } else { 1e-12 });
            (w - g).abs() <= far * w.abs()
        }
        (Some(w), Some(g)) => w == g || (w.is_nan() && g.is_nan()),
        _ => want == got,
    };
    match (want, got) {
        (Datum::Scalar(want), Datum::Scalar(got)) => close(want, got),
        (Datum::List(want), Datum::List(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| close(want, got))
        }
        _ => want == got,
    }
}
