//! Filbert beside its peers, all in one run.
//!
//! ```sh
//! cargo run --release -p filbert-peers               # all of it, tables to docs/benchmarks/
//! cargo run --release -p filbert-peers -- --quick    # small columns only
//! cargo run --release -p filbert-peers -- --kernel haversine --size 1Mi --peer svml-fast
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `cases`, `data`, `reference` | what is computed, of which columns, and what is right |
//! | `setup`, `worker`, `shared` | makes the peers' environments, and speaks with them line by line |
//! | `ours` | Filbert, as one of the workers |
//! | `measure`, `stats` | everybody in turns, medians |
//! | `machine`, `bars` | the limits of the machine, and what is to be reached |
//! | `report`, `chart` | tables and a picture |
//!
//! docs/benchmarks.md says how to read it.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bars;
mod cases;
mod chart;
mod data;
mod machine;
mod measure;
mod ours;
mod plan;
mod reference;
mod report;
mod setup;
mod shared;
mod stats;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Parser;

use machine::Limits;
use measure::{Outcome, Patience};
use plan::Choice;
use report::Report;
use setup::{Environment, Setup};
use shared::protocol::Ty;
use worker::Worker;

/// As the `filbert` command has it; Filbert's own worker is a process of this program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times Filbert and its peers in turns, and writes the tables.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// Columns of 4 Ki elements in f64 and i64 only, and fewer rounds.
    #[arg(long)]
    quick: bool,
    /// Also columns of 64 Mi elements, for the kernels that only move bytes.
    #[arg(long)]
    large: bool,
    /// Only these kernels.
    #[arg(long = "kernel", value_name = "NAME")]
    kernels: Vec<String>,
    /// Only these peers, besides `filbert`; some are otherwise left out where they would measure nothing but a call.
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<String>,
    /// Only these sizes: 4Ki, 1Mi, ...
    #[arg(long = "size", value_name = "ELEMENTS", value_parser = plan::size)]
    sizes: Vec<usize>,
    /// Only these types: f64, f32, i64.
    #[arg(long = "type", value_name = "TYPE", value_parser = |name: &str| Ty::of(name).ok_or("no such type"))]
    types: Vec<Ty>,
    /// Only so many threads: 1 or 2.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    threads: Option<u8>,
    /// Writes NAME.md, NAME.csv and NAME.svg; without it only a whole run writes, to `peers`, and --quick to
    /// `peers-quick`.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where they are written.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/benchmarks"))]
    out: PathBuf,
    /// Answer lines on standard input: Filbert's worker.
    #[arg(long, hide = true)]
    worker: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.worker {
        return match shared::serve::serve(&ours::Filbert) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let choice = Choice {
        quick: arguments.quick,
        large: arguments.large,
        kernels: arguments.kernels.clone(),
        peers: arguments.peers.clone(),
        sizes: arguments.sizes.clone(),
        types: arguments.types.clone(),
        threads: arguments.threads.map(usize::from),
    };
    let groups = choice.groups()?;
    let setup = Setup::new()?;
    let mut workers = start(&setup, &choice)?;
    let mut versions = Vec::new();
    for worker in &mut workers {
        versions.extend(worker.hello()?);
    }
    versions.sort();
    versions.dedup();
    let begin = Instant::now();
    let mut load = [machine::load(); 3];
    eprintln!("load {:.1}; measuring the machine", load[0]);
    let limits = setup.roofline().and_then(|program| Limits::measure(&program)).unwrap_or_else(|why| {
        eprintln!("the limits of the machine are left out: {why}");
        Limits::default()
    });
    let folder = Columns(setup.columns());
    let mut outcomes = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let (name, size) = (group.case.name, report::size(group.elements));
        eprintln!("{}/{} {name}, {size} of {}, {} thread(s)", at + 1, groups.len(), group.ty, group.threads);
        let wanted = |variant: &str| choice.wants(group, variant);
        let outcome = measure::measure(*group, &mut workers, &wanted, &folder.0, patience(arguments.quick))?;
        for (variant, why) in &outcome.left_out {
            eprintln!("    {variant} is not timed: {}", why.chars().take(160).collect::<String>());
        }
        load[1] = load[1].max(machine::load());
        outcomes.push(outcome);
    }
    load[2] = machine::load();
    let date = setup::run(Command::new("date").args(["-u", "+%F"]))?.trim().to_string();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let separator = if words.is_empty() { "" } else { " -- " };
    let report = Report {
        date,
        command: format!("cargo run --release -p filbert-peers{separator}{}", words.join(" ")),
        machine: machine::describe(),
        versions,
        load,
        minutes: begin.elapsed().as_secs_f64() / 60.0,
        limits,
        outcomes,
    };
    let text = report.markdown();
    println!("{text}");
    match arguments.name.as_deref().or(choice.name()) {
        Some(name) => write(&report, &text, &arguments.out, name),
        None => Ok(()),
    }
}

/// The workers that the choice needs. That one of the environments cannot be had is said, and an error only if it
/// was asked for.
fn start(setup: &Setup, choice: &Choice) -> Result<Vec<Worker>, String> {
    type Start = fn(&Setup) -> Result<Worker, String>;
    let kinds: [(&[&str], Start); 3] = [
        (&["rustc"], Setup::native),
        (
            &["numba", "numba-fast", "numba-bits", "numpy", "numexpr", "polars", "duckdb", "cython", "cython-fast"],
            |setup| setup.python(Environment::Current),
        ),
        (&["svml", "svml-fast"], |setup| setup.python(Environment::Svml)),
    ];
    let mut workers = vec![setup.ours()?];
    for (variants, start) in kinds {
        if choice.peers.is_empty() || variants.iter().any(|variant| choice.peers.iter().any(|peer| peer == variant)) {
            // A peer that is missing without a word would make the tables look better than they are.
            let worker = start(setup).and_then(|mut worker| worker.hello().map(|_| worker));
            workers.push(worker.map_err(|why| format!("no {}: {why}\n(choose others with --peer)", variants[0]))?);
        }
    }
    Ok(workers)
}

fn patience(quick: bool) -> Patience {
    let milliseconds = Duration::from_millis;
    match quick {
        true => Patience { rounds: 11, rounds_min: 5, total: milliseconds(400), batch: Duration::from_micros(300) },
        false => Patience { rounds: 21, rounds_min: 5, total: milliseconds(1200), batch: Duration::from_micros(500) },
    }
}

/// A folder of columns, removed in the end.
struct Columns(PathBuf);

impl Drop for Columns {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(report: &Report, text: &str, folder: &Path, name: &str) -> Result<(), String> {
    let place = |extension: &str| folder.join(format!("{name}.{extension}"));
    let save = |extension: &str, text: &str| {
        let path = place(extension);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    save("md", &format!("{text}\n![ratios]({name}.svg)\n"))?;
    save("csv", &report.csv())?;
    let small: Vec<&Outcome> = report.outcomes.iter().filter(|o| plan::is_pictured(&o.group)).collect();
    save("svg", &chart::svg(&format!("4 Ki elements of f64 (i64), one thread, {}", report.date), &small)?)?;
    eprintln!("written: {}", ["md", "csv", "svg"].map(|extension| place(extension).display().to_string()).join(", "));
    Ok(())
}
