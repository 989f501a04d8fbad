//! Kernels come from strangers: whatever text arrives, the front end answers in time, in little memory, and
//! without a panic.
//!
//! The texts of the suites are cut, joined, repeated and sprinkled with words of the language, by fixed
//! seeds. A long run behind `FILBERT_LONG=1` does a million and holds each to the time that a text may take.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use filbert_ir::random::Rng;

/// What one text may cost.
const TIME_MAX: Duration = Duration::from_millis(250);
/// What the process may have held at most, in KiB, whatever came.
const PEAK_KIB_MAX: u64 = 1 << 20;

/// Words that steer the parser, the types and the lowering somewhere else.
const WORDS: &[&str] = &[
    "fn",
    "let",
    "mut",
    "if",
    "else",
    "while",
    "loop",
    "for",
    "in",
    "match",
    "break",
    "continue",
    "return",
    "const",
    "struct",
    "Some(",
    "None",
    "Option<",
    "impl",
    "as",
    "&",
    "&mut",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "<",
    ">",
    "..",
    "..=",
    "=>",
    "->",
    "::",
    ",",
    ";",
    ":",
    "|",
    "||",
    "?",
    "'a:",
    "#[kernel(fuel = 3)]",
    "_",
    "0",
    "1",
    "-1",
    "1e308",
    "18446744073709551615",
    "0.5",
    "i64",
    "u8",
    "f32",
    "usize",
    "T: Float",
    "x",
    "i",
    "self",
    "Timestamp<Second>",
    ".iter()",
    ".map(|x| x)",
    ".sum()",
    ".zip(",
    ".rev()",
    ".windows(3)",
    ".len()",
    ".unwrap()",
    ".sqrt()",
    ".pow(3)",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "==",
    "=",
    "+=",
    "!",
    "&&",
    "\"",
    "'",
    "/*",
    "//",
    "\u{feff}",
    "é",
    "\0",
];

#[test]
fn mutated_texts_get_an_answer() {
    let texts = texts();
    let long = std::env::var_os("FILBERT_LONG").is_some();
    let count = if long { 1_000_000 } else { 4_000 };
    let (mut good, mut slowest) = (0u64, Duration::ZERO);
    for seed in 0..count {
        let text = mutated(&texts, seed);
        let start = Instant::now();
        match std::panic::catch_unwind(|| filbert_syntax::parse(&text, "mutated")) {
            Ok(Ok(_)) => good += 1,
            Ok(Err(error)) => assert!(!error.render().is_empty()),
            Err(_) => panic!("seed {seed} panics, with\n{text}"),
        }
        let mut took = start.elapsed();
        if long && took > TIME_MAX {
            // The machine may have been busy with something else: what counts is the processor's time.
            let before = cpu_time();
            let _ = filbert_syntax::parse(&text, "mutated");
            took = cpu_time() - before;
            assert!(took <= TIME_MAX, "seed {seed} takes {took:?}:\n{text}");
        }
        slowest = slowest.max(took);
    }
    assert!(good > count / 100, "only {good} of {count} texts are kernels: the mutations are too wild");
    if let Some(peak) = peak_kib() {
        assert!(peak < PEAK_KIB_MAX, "the process held {peak} KiB");
        println!("{count} texts, {good} of them kernels, slowest {slowest:?}, peak {peak} KiB");
    }
}

/// Time that this process has spent computing, to a hundredth of a second; none where that is not known.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces: 11 fields, then ticks for the program and for the system.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Duration::from_millis(fields.map(|ticks| ticks.parse::<u64>().unwrap_or(0) * 10).sum())
}

/// The texts of the suites: cases of the front end, and kernels that run.
fn texts() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut add = |folder: &Path, split: Option<&str>| {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.is_file()) {
            let text = fs::read_to_string(path).unwrap();
            match split {
                Some(mark) => {
                    texts.extend(text.split(mark).map(|case| case.split("---\n").next().unwrap().to_string()))
                }
                None => texts.push(text),
            }
        }
    };
    add(&here.join("tests/cases"), Some("=== "));
    add(&here.join("../tests/kernels"), None);
    // What is before the source of a case is its name.
    texts.iter().map(|text| text.split_once('\n').map_or("", |(_, rest)| rest).to_string()).collect()
}

fn mutated(texts: &[String], seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let pick = |rng: &mut Rng| texts[rng.below(texts.len())].as_str();
    let mut text = pick(&mut rng).to_string();
    for _ in 0..1 + rng.below(4) {
        let at = border(&text, rng.below(text.len() + 1));
        let end = border(&text, (at + rng.below(30)).min(text.len()));
        match rng.below(9) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(at, rng.pick(WORDS)),
            2 => text.replace_range(at..end, rng.pick(WORDS)),
            3 => {
                let piece = text[at..end].to_string();
                text.insert_str(at, &piece.repeat(1 + rng.below(3)));
            }
            4 => {
                let other = pick(&mut rng);
                let from = border(other, rng.below(other.len() + 1));
                let to = border(other, (from + rng.below(200)).min(other.len()));
                text.insert_str(at, &other[from..to]);
            }
            5 => text.insert(at, char::from(rng.below(128) as u8)),
            6 | 7 => {
                // A word in the place of another, or two exchanged.
                let mut pieces: Vec<&str> = text.split_inclusive(|c: char| !c.is_alphanumeric()).collect();
                if !pieces.is_empty() {
                    let (one, other) = (rng.below(pieces.len()), rng.below(pieces.len()));
                    if rng.chance(50) { pieces.swap(one, other) } else { pieces[one] = pieces[other] }
                }
                text = pieces.concat();
            }
            // The same word for another one.
            _ => {
                let (from, to) = (rng.pick(WORDS), rng.pick(WORDS));
                text = text.replacen(from, to, 1 + rng.below(3));
            }
        }
    }
    // Now and then something of a size that only a program writes.
    if rng.chance(1) {
        let at = border(&text, rng.below(text.len() + 1));
        let word = rng.pick(WORDS);
        text.insert_str(at, &word.repeat(rng.below(3000)));
    }
    text
}

fn border(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The most memory that this process has held; known on Linux.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
