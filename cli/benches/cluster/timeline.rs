//! One run of a query, and where its time went.
//!
//! On a cluster the parts follow each other without a gap, so they add up to the whole:
//!
//! ```text
//!   this process   plan |                                                      | results
//!   scheduler           | ship: encode, send, plan again, |  | gaps between    |
//!   executors           |       wait for a poll           |tasks| stages |tasks|
//! ```
//!
//! What tasks spend on shuffles and on compiling is inside of `tasks`: the engine's metrics have it as sums over
//! tasks, which are divided by the cores here.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use datafusion::common::Result;
use datafusion::physical_plan::collect;
use filbert_cluster::status::{Rest, StageStatus};
use filbert_runtime::stats;

use crate::{Side, failure, median};

/// Where a run's time went. In this process there are only `all`, `plan`, `tasks` and `compile`.
#[derive(Clone, Default)]
pub(crate) struct Timeline {
    /// From the text to the rows.
    pub(crate) all: Duration,
    /// Parsing and planning here.
    pub(crate) plan: Duration,
    /// From there to the beginning of the first task.
    pub(crate) ship: Duration,
    /// While tasks run.
    pub(crate) tasks: Duration,
    /// Between the last task of a stage and the first of the next.
    pub(crate) gaps: Duration,
    /// From the end of the last task until the rows are here.
    pub(crate) results: Duration,
    /// Sorting rows into partitions and writing them, a core's share.
    pub(crate) write: Duration,
    /// Reading and fetching them, a core's share. Beside other work: some of it costs no time.
    pub(crate) fetch: Duration,
    /// Compiling kernels, all of it.
    pub(crate) compile: Duration,
    /// Tasks in all stages.
    pub(crate) task_count: usize,
    /// Shuffle files.
    pub(crate) shuffle_bytes: u64,
}

impl Timeline {
    /// Each part's median.
    pub(crate) fn median(runs: &[Timeline]) -> Timeline {
        let of = |part: fn(&Timeline) -> Duration| median(runs.iter().map(part).collect());
        let last = runs.last().cloned().unwrap_or_default();
        Timeline {
            all: of(|run| run.all),
            plan: of(|run| run.plan),
            ship: of(|run| run.ship),
            tasks: of(|run| run.tasks),
            gaps: of(|run| run.gaps),
            results: of(|run| run.results),
            write: of(|run| run.write),
            fetch: of(|run| run.fetch),
            compile: of(|run| run.compile),
            ..last
        }
    }
}

/// Runs a query. What it gave, as text, and where its time went.
pub(crate) async fn run(side: &Side, sql: &str, cores: usize) -> Result<(String, Timeline)> {
    let compiled = stats().compile_time;
    let (began, mut line) = (Instant::now(), Timeline::default());
    let frame = side.session.sql(sql).await?.dataframe();
    let task = frame.task_ctx();
    let plan = frame.create_physical_plan().await?;
    line.plan = began.elapsed();
    let sent = now();
    let batches = collect(plan, task.into()).await?;
    line.all = began.elapsed();
    let rows = datafusion::arrow::util::pretty::pretty_format_batches(&batches)?.to_string();
    match &side.cluster {
        None => {
            line.tasks = line.all - line.plan;
            line.compile = stats().compile_time - compiled;
        }
        Some((processes, rest)) => {
            let job = rest.jobs().await?.into_iter().map(|job| job.job_id).max();
            let job = job.ok_or_else(|| failure("the scheduler knows no job"))?;
            line.shuffle_bytes = processes.shuffle_bytes(&job);
            line.follow(&rest_of(rest, &job).await?, sent, cores);
        }
    }
    Ok((rows, line))
}

async fn rest_of(rest: &Rest, job: &str) -> Result<Vec<StageStatus>> {
    let mut stages = rest.stages_with_metrics(job).await?;
    stages.sort_by_key(|stage| stage.started().map(|task| task.start_exec_time).min());
    Ok(stages)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

impl Timeline {
    /// What the scheduler recorded, of a query that was sent at this time.
    fn follow(&mut self, stages: &[StageStatus], sent: u64, cores: usize) {
        let millis = |from: u64, to: u64| Duration::from_millis(to.saturating_sub(from));
        let mut end = None;
        for stage in stages {
            let Some(first) = stage.started().map(|task| task.start_exec_time).min() else { continue };
            let last = stage.started().map(|task| task.end_exec_time).max().unwrap_or(first);
            match end {
                None => self.ship = millis(sent, first),
                Some(before) => self.gaps += millis(before, first),
            }
            // Stages without a common ancestor run at the same time.
            let from = end.map_or(first, |before| first.max(before));
            self.tasks += millis(from, last);
            end = Some(end.map_or(last, |before: u64| before.max(last)));
            self.task_count += stage.started().count();
            let metrics = stage.stage_plan.as_deref().unwrap_or_default();
            let share = |names: &[&str]| names.iter().map(|name| sum(metrics, name)).sum::<Duration>() / cores as u32;
            self.write += share(&["write_time=", "repart_time=", "spill_time="]);
            self.fetch += share(&["fetch_time=", "local_read_time="]);
            self.compile += sum(metrics, "compile_nanos=");
        }
        let parts = self.plan + self.ship + self.tasks + self.gaps;
        self.results = self.all.saturating_sub(parts);
    }
}

/// The sum of a metric over the operators of a printed plan.
fn sum(metrics: &str, name: &str) -> Duration {
    metrics.split(name).skip(1).filter_map(time).sum()
}

/// The time or the count at the beginning of a text: `12.3ms`, `1.2 M`; a count is one of nanoseconds.
fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim_start().split([',', ']', ' ']).next()?;
    let nanos = match unit {
        "" | "ns" => 1.0,
        "µs" | "us" | "K" => 1e3,
        "ms" | "M" => 1e6,
        "s" | "B" => 1e9,
        "m" => 60e9,
        _ => return None,
    };
    Some(Duration::from_nanos((number * nanos) as u64))
}
