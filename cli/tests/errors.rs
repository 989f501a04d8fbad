//! The pages of `docs/errors/` from end to end: what an example shows is what the command prints.
//!
//! | block | is run as |
//! |---|---|
//! | `kernel` | `filbert check kernel.rs`, or `filbert call kernel.rs f ...` for its `// call: f(...)` |
//! | `sql` | `filbert run job.sql --table t=t.csv` |
//! | `sh` | itself |
//!
//! The `text` block behind it is the screen.
//! `BLESS=1 cargo test -p filbert-cli errors` writes the screens into the pages.

use std::fs;

use filbert_ir::{Code, Severity};

use crate::{Place, Ran, root};

const ROWS: &str = "n,x,name\n1,0.5,a\n2,1.5,b\n";

#[test]
fn the_pages_show_what_the_command_prints() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for &code in Code::ALL.iter().filter(|code| code.severity() == Severity::Error) {
        let path = root().join(format!("docs/errors/{code}.md"));
        let page = fs::read_to_string(&path).unwrap();
        let mut parts: Vec<String> = page.split("```").map(str::to_string).collect();
        for at in (1..parts.len()).step_by(2) {
            let (kind, body) = parts[at].split_once('\n').unwrap();
            let Some(shown) = parts.get(at + 2).and_then(|block| block.strip_prefix("text\n")) else { continue };
            let Some(got) = run(kind, body) else { continue };
            ran += 1;
            let screen = got.stderr.as_str();
            assert_eq!((got.status, got.stdout.as_str()), (1, ""), "{code}: {screen}");
            if shown != screen && (!bless || screen.starts_with(&format!("[{code}]"))) {
                wrong.push(format!("{code} shows\n{shown}but it is\n{screen}"));
                parts[at + 2] = format!("text\n{screen}");
            }
        }
        if bless && parts.join("```") != page {
            fs::write(path, parts.join("```")).unwrap();
        }
    }
    assert!(ran > 25, "only {ran} examples were found");
    assert!(bless || wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs an example, if it is one.
fn run(kind: &str, body: &str) -> Option<Ran> {
    let place = Place::with(&[("job.sql", "SELECT 1 AS one"), ("t.csv", ROWS)]);
    match kind {
        "kernel" => {
            place.write("kernel.rs", body);
            let Some(call) = body.lines().find_map(|line| line.strip_prefix("// call: ")) else {
                return Some(place.filbert(&["check", "kernel.rs"]));
            };
            let (name, args) = call.trim_end_matches(')').split_once('(').unwrap();
            // The interpreter defines what comes out; that machine code agrees is shown elsewhere.
            let command = ["call", "kernel.rs", "--engine", "interp", name];
            Some(place.filbert(&[&command, &words(args)[..]].concat()))
        }
        "sql" => {
            place.write("job.sql", body);
            Some(place.filbert(&["run", "job.sql", "--table", "t=t.csv"]))
        }
        "sh" => {
            let words: Vec<&str> = body.split_whitespace().collect();
            assert_eq!(words[0], "filbert");
            Some(place.filbert(&words[1..]))
        }
        _ => None,
    }
}

/// Arguments between commas; a list is one.
fn words(args: &str) -> Vec<&str> {
    let depth_before = |at: usize| args[..at].matches('[').count() - args[..at].matches(']').count();
    let commas = args.match_indices(", ").map(|(at, _)| at).filter(|&at| depth_before(at) == 0);
    let ends: Vec<usize> = commas.chain([args.len()]).collect();
    let starts = [0].into_iter().chain(ends.iter().map(|end| end + 2));
    starts.zip(&ends).map(|(start, &end)| &args[start..end]).collect()
}
