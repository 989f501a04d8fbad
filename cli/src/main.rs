//! The `filbert` command: what may be written on the command line, and who answers it.
//!
//! Each command is one file. Exit status: 0 done, 1 the job failed (an error screen with its stable code is
//! on standard error), 2 the command line is wrong.

#![forbid(unsafe_code)]

mod arguments;
mod bench;
mod build;
mod cache;
mod call;
mod check;
#[cfg(feature = "cluster")]
mod cluster;
mod doctor;
mod explain;
mod failure;
mod input;
mod job;
mod kernel_file;
#[cfg(feature = "cluster")]
mod logs;
mod pages;
mod progress;
mod rows;
mod run;
mod script;
mod sql_error;
mod threads;
mod times;
mod warnings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::{Failure, tell};

/// Batches of columns come and go by megabytes; this allocator keeps their pages (docs/benchmarks.md has what it saves).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Small numeric kernels, compiled to native code inside SQL jobs
#[derive(Parser)]
#[command(name = "filbert", version, after_help = "Exit status: 0 done, 1 the job failed, 2 wrong usage.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run an SQL script with kernels; write its last result
    #[command(
        after_help = "Examples:\n  filbert run examples/flights.sql\n  filbert run job.sql --kernels geo.rs --table flights='data/*.parquet' --output miles.parquet\n\nRelative places in the script are relative to the working directory. Standard error ends with one line: rows, wall time, kernels compiled, compile time, cache hits."
    )]
    Run(run::Run),
    /// Check kernel files and the kernels in SQL scripts; print diagnostics only, or explain one
    #[command(after_help = "Examples:\n  filbert check kernels/*.rs job.sql\n  filbert check --explain FB-0103")]
    Check(check::Check),
    /// Call a kernel with one row of arguments
    #[command(
        after_help = "Examples:\n  filbert call geo.rs great_circle 40.64 -73.78 51.47 -0.45\n  filbert call geo.rs great_circle 0 0 null -inf --engine both\n  filbert call stats.rs 'softmax<f32>' '[1, 2.5, -1]'"
    )]
    Call(call::Call),
    /// Show what each stage made of a kernel: source, IR, CLIF, machine code
    #[command(after_help = "Example:\n  filbert explain geo.rs great_circle --stage asm")]
    Explain(explain::Explain),
    /// Measure a kernel: time of a row, bandwidth, compile time, by back end and number of rows
    #[command(
        after_help = "Examples:\n  filbert bench geo.rs great_circle --random 'lat1=uniform(-90,90)' --random 'lat2=uniform(-90,90)'\n  filbert bench geo.rs great_circle --table flights.parquet --threads 2\n  filbert bench geo.rs great_circle --sweep --svg great_circle.svg\n  filbert bench stats.rs softmax --random 'x=normal(0,1)[16]' --backend scalar --json\n\nThe fastest and the middle one of rounds that alternate between back ends; columns are in memory, aligned and warm. The digest is of the result's bits: the same on every back end and machine."
    )]
    Bench(bench::Bench),
    /// Compile kernels ahead of time: a bundle for sessions and executors, or object files and headers for C
    #[command(
        after_help = "Examples:\n  filbert build geo.rs -o geo.fbundle\n  filbert build kernels/*.rs --types f32,f64 --target x86-64-v3,x86-64-v4 --sign key -o all.fbundle\n  filbert build geo.rs --emit obj,header,staticlib -o out/geo\n\nThe same kernels, targets, version and key give the same bytes. In SQL: SET filbert.bundle = 'geo.fbundle'. docs/aot.md tells how C calls what is built for it."
    )]
    Build(build::Build),
    /// Look at the compiled kernels that are kept on disk; make keys
    #[command(
        subcommand,
        after_help = "FILBERT_CACHE_MODE is private, keyed, signed or off; FILBERT_CACHE_DIR, _KEY, _BYTES and _TENANT say the rest (docs/deploy.md)."
    )]
    Cache(cache::Cache),
    /// Show versions, CPU features in use, cache state and limits; try native code
    #[command(after_help = "Example:\n  filbert doctor")]
    Doctor,
    /// Run a scheduler: it plans jobs and gives their tasks to executors
    #[cfg(feature = "cluster")]
    #[command(
        after_help = "Example:\n  filbert scheduler --bind 127.0.0.1:50050\n\nSIGTERM or Ctrl-C ends it. FILBERT_LOG=debug says more."
    )]
    Scheduler(cluster::Scheduler),
    /// Run an executor: it works for a scheduler, and compiles the kernels in its tasks for this machine
    #[cfg(feature = "cluster")]
    #[command(
        after_help = "Example:\n  filbert executor --scheduler 127.0.0.1:50050 --cores 4 --memory 8GiB\n\nSIGTERM or Ctrl-C ends it. FILBERT_LOG=debug says more."
    )]
    Executor(cluster::Executor),
    /// Try a cluster out on this machine; look at any cluster
    #[cfg(feature = "cluster")]
    #[command(
        subcommand,
        after_help = "Examples:\n  filbert cluster up --executors 3\n  filbert cluster status\n  filbert cluster down"
    )]
    Cluster(cluster::Cluster),
}

impl Command {
    /// Servers log in their own way.
    fn is_server(&self) -> bool {
        #[cfg(feature = "cluster")]
        return matches!(
            self,
            Command::Scheduler(_) | Command::Executor(_) | Command::Cluster(cluster::Cluster::Hold(_))
        );
        #[cfg(not(feature = "cluster"))]
        false
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments::shield_negatives(std::env::args_os()));
    if !cli.command.is_server() {
        warnings::show();
    }
    let outcome = match cli.command {
        Command::Run(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Call(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Build(command) => command.run(),
        Command::Cache(command) => command.run(),
        Command::Doctor => doctor::run(),
        #[cfg(feature = "cluster")]
        Command::Scheduler(command) => command.run(),
        #[cfg(feature = "cluster")]
        Command::Executor(command) => command.run(),
        #[cfg(feature = "cluster")]
        Command::Cluster(command) => command.run(),
    };
    match outcome {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Screen(screen)) => {
            tell(screen);
            ExitCode::FAILURE
        }
    }
}
