//! The layers of ARCHITECTURE.md, held to: which crate may name which, and where `unsafe` may stand.

use std::fs;
use std::path::{Path, PathBuf};

/// A crate, and the only crates of the workspace that it may depend on outside of its tests.
const LAYERS: &[(&str, &[&str])] = &[
    ("ir", &[]),
    ("syntax", &["filbert-ir"]),
    ("macros", &["filbert-syntax", "filbert-ir"]),
    ("compiler", &["filbert-ir"]),
    ("aot", &["filbert-ir", "filbert-compiler"]),
    ("runtime", &["filbert-ir", "filbert-compiler"]),
    ("store", &["filbert-ir", "filbert-compiler", "filbert-runtime"]),
    ("measure", &["filbert-ir", "filbert-compiler", "filbert-runtime"]),
    ("dist", &["filbert-ir", "filbert-syntax", "filbert-runtime", "filbert-store"]),
    ("dist/cluster", &["filbert-ir", "filbert-runtime", "filbert-dist"]),
    (
        "cli",
        &[
            "filbert-ir",
            "filbert-syntax",
            "filbert-compiler",
            "filbert-aot",
            "filbert-runtime",
            "filbert-store",
            "filbert-measure",
            "filbert-dist",
            "filbert-cluster",
        ],
    ),
];

/// Outside crates that only these crates may name.
const CONFINED: &[(&str, &[&str])] = &[
    ("cranelift", &["compiler", "aot", "runtime"]),
    ("arrow", &["runtime", "dist", "dist/cluster", "cli", "."]),
    ("ballista", &["dist/cluster"]),
    ("datafusion", &["dist", "dist/cluster", "cli", "."]),
    ("bincode", &["ir"]),
    ("ed25519-dalek", &["store"]),
    ("syn", &["syntax", "macros"]),
];

/// The only files that may hold `unsafe`: code, the call of it with its strips, memory that is lent to it, and
/// the handler of its crash. The middle two grew into files for what is read, for lists, and for what is written.
const UNSAFE_FILES: &[&str] = &[
    "benches/call.rs", // the bare call that others are compared with
    "runtime/src/call.rs",
    "runtime/src/call/body.rs",
    "runtime/src/call/direct.rs",
    "runtime/src/call/nulls.rs",
    "runtime/src/call/strip.rs",
    "runtime/src/code_memory.rs",
    "runtime/src/crash.rs",
    "runtime/src/lend.rs",
    "runtime/src/lists.rs",
    "runtime/src/room.rs",
    "runtime/tests/fork.rs", // `fork` is to be had in no other way
    "store/tests/fork.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Names in a section of a crate's manifest.
fn dependencies(krate: &str, section: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| line.trim() != section).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['.', '=', ' ']).next().unwrap_or("").trim().to_string();
    lines.map(name).filter(|name| !name.is_empty() && !name.starts_with('#')).collect()
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !name.starts_with("target") {
            rust_files(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn crates_know_only_the_layers_below() {
    for (krate, allowed) in LAYERS {
        for name in dependencies(krate, "[dependencies]") {
            let ours = name.starts_with("filbert");
            assert!(!ours || allowed.contains(&name.as_str()), "{krate} must not depend on {name}");
        }
    }
}

#[test]
fn outside_crates_stay_in_their_layer() {
    for (prefix, allowed) in CONFINED {
        for (krate, _) in LAYERS.iter().chain(&[(".", [].as_slice())]) {
            for name in dependencies(krate, "[dependencies]") {
                let named = name == *prefix || name.starts_with(&format!("{prefix}-"));
                assert!(!named || allowed.contains(krate), "{krate} must not depend on {name}");
            }
        }
    }
}

#[test]
fn unsafe_stands_in_the_named_files() {
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    assert!(files.len() > 50, "found only {} files", files.len());
    for path in files {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap_or(""));
        let code = code.filter(|line| !line.contains("\"unsafe"));
        let uses = code.filter(|line| line.contains("unsafe {") || line.contains("unsafe impl")).count();
        let allowed = UNSAFE_FILES.contains(&name.as_str()) || name == "tests/tidy.rs";
        assert!(uses == 0 || allowed, "{name} holds unsafe code");
        if uses > 0 && name != "tests/tidy.rs" {
            let reasons = text.matches("SAFETY:").count();
            assert!(reasons >= uses, "{name}: {uses} uses of unsafe, {reasons} SAFETY comments");
        }
    }
}

#[test]
fn nothing_names_a_machine() {
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    for path in files.iter().filter(|path| !path.ends_with("tests/tidy.rs")) {
        let text = fs::read_to_string(path).unwrap();
        for word in ["/root/", "/home/", "/work/"] {
            assert!(!text.contains(word), "{} contains {word}", path.display());
        }
    }
}

#[test]
fn the_reliability_page_names_the_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    let mut tests = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let names = text.split("fn fault_").skip(1).map(|rest| rest.split('(').next().unwrap().to_string());
        tests.extend(names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
    }
    assert!(tests.len() > 20);
    for name in &tests {
        assert!(page.contains(&format!("`fault_{name}`")), "docs/reliability.md does not name fault_{name}");
    }
    for named in page.split("`fault_").skip(1).map(|rest| rest.split('`').next().unwrap()) {
        assert!(tests.iter().any(|name| name == named), "docs/reliability.md names fault_{named}, which is gone");
    }
}

#[test]
fn the_language_page_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/language.md")).unwrap();
    let start = page.find("## Which test proves what").expect("the table of constructs and doors");
    let section = page[start..].split("\n## ").next().unwrap_or_default();
    let mut files = Vec::new();
    rust_files(root(), &mut files);
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut count = 0;
    for name in section.split('`').skip(1).step_by(2) {
        if name.ends_with(".rs") {
            assert!(root().join("tests/kernels").join(name).exists(), "docs/language.md names {name}, which is gone");
        } else if name.matches('_').count() >= 2 {
            let head = format!("fn {name}(");
            let exists = texts.iter().any(|text| text.contains(&head));
            assert!(exists, "docs/language.md names {name}, which is gone");
            count += 1;
        }
    }
    assert!(count > 20, "only {count} tests are named");
}
