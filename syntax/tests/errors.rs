//! The pages of `docs/errors/`: one for each code, and each shows what really comes out.
//!
//! | block of a page | what is held |
//! |---|---|
//! | `kernel`, `ir` | gives the page's code and no other, and the screen in the `text` block behind it |
//! | `rust` | a kernel text without a finding |
//!
//! With lines `// call: f(1, 0)` in a block it is the row that fails, or succeeds. The words beside the caret
//! of a failing row are the runtime's: `cli/tests/errors.rs` holds those, and screens of whole commands. A page whose code no text gives ends
//! with the test that does: ``Driven by: `file::name` ``.
//!
//! `BLESS=1 cargo test -p filbert-syntax errors` writes the screens into the pages.

use std::fs;
use std::path::{Path, PathBuf};

use filbert_ir::{AsKernel, Class, Code, Datum, Diagnostics, KernelError, Severity, interp, text, verify};
use filbert_syntax::{Declaration, KernelFn};

/// Codes whose example is of a construct that the front end does not read yet.
const TO_COME: &[Code] = &[];

/// The lines of a failing row's screen that do not need the runtime.
const ROW_LINES: usize = 2;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn path(code: Code) -> PathBuf {
    root().join(format!("docs/errors/{code}.md"))
}

fn page(code: Code) -> String {
    fs::read_to_string(path(code)).unwrap_or_else(|e| panic!("{code} has no page docs/errors/{code}.md: {e}"))
}

/// The page cut at its fences: the parts with odd numbers are blocks, each its kind, a line end and its body.
fn cut(page: &str) -> Vec<String> {
    let parts: Vec<String> = page.split("```").map(str::to_string).collect();
    assert!(parts.len() % 2 == 1, "a block is not closed in\n{page}");
    parts
}

fn kind_and_body(block: &str) -> (&str, &str) {
    block.split_once('\n').expect("a fence ends its line")
}

/// What becomes of an example: each code once, the screen, and how many of its lines count.
struct Outcome {
    codes: Vec<Code>,
    screen: String,
    lines: usize,
}

impl Outcome {
    fn good() -> Outcome {
        Outcome { codes: Vec::new(), screen: String::new(), lines: 0 }
    }

    fn findings(found: &Diagnostics) -> Outcome {
        let mut codes: Vec<Code> = found.list.iter().map(|finding| finding.code).collect();
        codes.dedup();
        Outcome { codes, screen: found.render(), lines: usize::MAX }
    }

    fn of_ir(body: &str) -> Outcome {
        match text::parse(body).and_then(verify) {
            Ok(_) => Outcome::good(),
            Err(found) => Outcome::findings(&found),
        }
    }

    fn of_text(body: &str) -> Outcome {
        match filbert_syntax::parse(body, "kernel.rs") {
            Ok(module) => {
                let calls = body.lines().filter_map(|line| line.strip_prefix("// call: "));
                let failing = calls.filter_map(|call| row(&module, call)).next();
                failing.unwrap_or_else(|| Outcome::findings(&module.warnings))
            }
            Err(found) => Outcome::findings(&found),
        }
    }
}

/// The failure of a row, if it fails.
fn row(module: &filbert_syntax::Module, call: &str) -> Option<Outcome> {
    let (name, words) = call.trim().strip_suffix(')').unwrap().split_once('(').unwrap();
    let kernel = module.get(name).unwrap();
    let params = &kernel.core.signature.params;
    let words = crate::cases::words(words);
    let args: Vec<Datum> = words.zip(params).map(|(word, param)| text::parse_datum(param, word).unwrap()).collect();
    let fault = interp::run(kernel, &args).err()?;
    let code = fault.fault.code();
    let error = KernelError { value: Some(fault.value), ..KernelError::new(code, "").of(kernel, kernel.id()) };
    Some(Outcome { codes: vec![code], screen: error.render(Some(kernel)), lines: ROW_LINES })
}

#[test]
fn every_code_has_its_page() {
    let folder = fs::read_dir(root().join("docs/errors")).unwrap();
    let mut pages: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    let mut expected: Vec<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    expected.push("README.md".to_string());
    assert_eq!(pages, expected, "one page for each row of ir/src/code.rs");
}

#[test]
fn a_page_begins_with_the_code_and_who_is_to_blame() {
    for &code in Code::ALL {
        let page = page(code);
        let head = format!("# {code}: {}\n\n{}\n\n", code.title(), blame(code));
        assert!(page.starts_with(&head), "docs/errors/{code}.md must begin with\n{head}");
        let lines = page.lines().count();
        assert!((15..=60).contains(&lines), "{code}: a page is one screen, not {lines} lines");
    }
}

/// Who is to blame and whether a retry helps, in a sentence.
fn blame(code: Code) -> &'static str {
    if code.severity() == Severity::Warning {
        return "A warning: the kernel works, but perhaps not as it was meant.";
    }
    let line = match code.class() {
        Class::User => {
            "Class User: the kernel or the data is to blame. It is the same every time: a retry does not help."
        }
        Class::Limit => "Class Limit: a documented limit is passed. It is the same every time: a retry does not help.",
        Class::Skew => "Class Skew: it was made by another version of Filbert. A retry helps where that version runs.",
        Class::Resource => "Class Resource: memory, files or permissions. A retry may help, later or elsewhere.",
        Class::Deadline => "Class Deadline: cancelled or out of time. A retry may help, later.",
        Class::Internal => "Class Internal: a defect of Filbert. A retry does not help.",
    };
    assert_eq!(code.class().is_retryable(), !line.ends_with("does not help."));
    line
}

#[test]
fn the_index_and_the_program_know_every_page() {
    let index = fs::read_to_string(root().join("docs/errors/README.md")).unwrap();
    let program = fs::read_to_string(root().join("cli/src/pages.rs")).unwrap();
    for &code in Code::ALL {
        let row = format!("| [{code}]({code}.md) | {} |", code.title());
        assert!(index.contains(&row), "docs/errors/README.md lacks\n{row}");
        let number = format!("\"{:04}\"", code.number());
        assert!(program.contains(&number), "cli/src/pages.rs lacks {number}");
    }
    assert_eq!(index.matches("](FB-").count(), Code::ALL.len(), "docs/errors/README.md has more than the codes");
}

#[test]
fn every_example_gives_the_code_of_its_page() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let page = page(code);
        let mut parts = cut(&page);
        for at in (1..parts.len()).step_by(2) {
            let (kind, body) = kind_and_body(&parts[at]);
            let outcome = match kind {
                "kernel" | "rust" => Outcome::of_text(body),
                "ir" => Outcome::of_ir(body),
                _ => continue,
            };
            let expected = if kind == "rust" { Vec::new() } else { vec![code] };
            if TO_COME.contains(&code) {
                if outcome.codes == [code] {
                    wrong.push(format!("{code}: its example works: take it off the list TO_COME"));
                }
            } else if outcome.codes != expected {
                wrong.push(format!("{code}: expected {expected:?}, got\n{}from\n{body}", outcome.screen));
            } else if kind != "rust" {
                let behind = parts.get(at + 2).map(|block| kind_and_body(block)).filter(|(kind, _)| *kind == "text");
                let (_, shown) = behind.unwrap_or_else(|| panic!("{code}: no screen behind the example"));
                let (real, part) = (first_lines(&outcome.screen, outcome.lines), first_lines(shown, outcome.lines));
                if real.trim_end() != part.trim_end() {
                    wrong.push(format!("{code}: the page shows\n{part}but it is\n{real}"));
                    parts[at + 2] = format!("text\n{real}{}", &shown[part.len()..]);
                }
            }
        }
        if bless && parts.join("```") != page {
            fs::write(path(code), parts.join("```")).unwrap();
        }
    }
    assert!(bless || wrong.is_empty(), "{}", wrong.join("\n"));
}

fn first_lines(text: &str, count: usize) -> String {
    text.split_inclusive('\n').take(count).collect()
}

#[test]
fn what_no_text_gives_has_a_test_that_does() {
    for &code in Code::ALL {
        let page = page(code);
        let has_example = cut(&page).iter().any(|block| block.starts_with("kernel\n") || block.starts_with("ir\n"));
        let named = page.lines().last().and_then(|line| line.strip_prefix("Driven by: `")?.strip_suffix('`'));
        assert!(has_example != named.is_some(), "{code}: either an example or, on the last line, `Driven by:`");
        let Some((file, name)) = named.map(|named| named.split_once("::").unwrap()) else { continue };
        let source = fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{code}: {file}: {e}"));
        let (before, _) = source.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{code}: no test {name}"));
        let attributes = before.lines().rev().take(4).any(|line| line.starts_with("#[") && line.ends_with("test]"));
        assert!(attributes, "{code}: {name} in {file} is no test");
    }
}

/// The macro writes declarations that hold their kernel; one that does not was made by something else.
static STRAY: KernelFn<fn(f64) -> f64> = KernelFn::new(
    |x| x,
    &Declaration { name: "f", place: "a.rs:1", text: "fn g(x: f64) -> f64 { x }", callees: &[], consts: &[] },
);

#[test]
fn a_declaration_without_its_kernel_is_a_defect() {
    let found = STRAY.as_kernel().unwrap_err();
    assert_eq!(found.to_string(), "[FB-0901] Error: the text of `f` does not define it");
    assert_eq!(found.list[0].code.class(), Class::Internal);
}
