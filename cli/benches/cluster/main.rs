//! What a cluster costs: one job in this process, on one executor and on two, with the same cores in all.
//!
//! ```sh
//! cargo bench -p filbert-cli --bench cluster
//! FILBERT_BENCH_ROWS=200000 cargo bench -p filbert-cli --bench cluster      # to try it
//! ```
//!
//! The clusters are processes of their own on free ports, started here and ended here. All three take turns;
//! a table has the medians. Every round has a kernel that nobody has seen before. Where the time goes is taken
//! from what measures it: this process's clock around planning and collecting, the scheduler's record of when
//! tasks ran, and the metrics of their operators. docs/benchmarks.md keeps the tables.

mod data;
mod granularity;
mod latency;
mod overhead;
mod processes;
mod timeline;

use std::fmt::Write;
use std::time::Duration;

use datafusion::common::{DataFusionError, Result};
use datafusion::prelude::SessionConfig;
use filbert_cluster::status::Rest;
use filbert_cluster::{SessionExt, settings};
use filbert_dist::Session;

use crate::data::Trips;
use crate::processes::Processes;

/// Rows of the job unless told.
const ROWS: u64 = 20_000_000;
/// Stack of a thread, as the command has it.
const STACK_BYTES: usize = 64 << 20;

/// Who runs a job.
struct Side {
    name: String,
    session: Session,
    /// The processes, where it is a cluster.
    cluster: Option<(Processes, Rest)>,
}

impl Side {
    fn local(cores: usize) -> Side {
        let session = Session::with_config(SessionConfig::new().with_target_partitions(cores));
        Side { name: "in process".to_string(), session, cluster: None }
    }

    async fn cluster(executors: usize, cores: usize) -> Result<Side> {
        let processes = Processes::start(executors, cores)?;
        let rest = Rest::new(&processes.url())?;
        processes.wait_for_executors(&rest).await?;
        let session = Side::connect(&processes.url(), executors * cores).await?;
        let plural = if executors == 1 { "" } else { "s" };
        let name = format!("{executors} executor{plural} of {cores} core{}", if cores == 1 { "" } else { "s" });
        Ok(Side { name, session, cluster: Some((processes, rest)) })
    }

    async fn connect(url: &str, partitions: usize) -> Result<Session> {
        Session::connect_with(url, settings::session_config().with_target_partitions(partitions)).await
    }
}

fn main() -> Result<()> {
    // `cargo test --benches` asks for nothing to be measured.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let threads = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK_BYTES).enable_all().build()?;
    threads.block_on(async { tokio::spawn(measure()).await.map_err(|e| DataFusionError::External(Box::new(e)))? })
}

async fn measure() -> Result<()> {
    let rows = match std::env::var("FILBERT_BENCH_ROWS") {
        Ok(text) => text.replace('_', "").parse().map_err(|_| failure("FILBERT_BENCH_ROWS is a number of rows"))?,
        Err(_) => ROWS,
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2) / 2 * 2;
    let trips = Trips::make(rows).await?;
    println!("{rows} rows in {} files of {} in all; {cores} cores; load {}", data::FILES, size(trips.bytes), load());

    let sides = [Side::local(cores), Side::cluster(1, cores).await?, Side::cluster(2, cores / 2).await?];
    for side in &sides {
        trips.register(&side.session).await?;
    }
    let idle = memory(&sides);
    latency::measure(&sides).await?;
    overhead::measure(&sides, cores, &idle).await?;
    granularity::measure(&sides[1], &trips, cores).await
}

/// Bytes of a scheduler and of its executors.
type Peaks = (u64, Vec<u64>);

/// What the processes of each cluster hold at the most since they were asked last, in bytes: scheduler, executors.
fn memory(sides: &[Side]) -> Vec<Peaks> {
    sides.iter().filter_map(|side| side.cluster.as_ref()).map(|(processes, _)| processes.take_memory()).collect()
}

/// The mean number of running processes in the last minute.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("?").to_string()
}

fn failure(message: &str) -> DataFusionError {
    DataFusionError::Execution(message.to_string())
}

/// The middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 10.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.0} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// A table as the documentation has it.
fn table(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let mut out = format!("\n{title} (load {})\n\n| {} |\n|", load(), head.join(" | "));
    head.iter().for_each(|_| out.push_str("---|"));
    for row in rows {
        let _ = write!(out, "\n| {} |", row.join(" | "));
    }
    println!("{out}");
}
