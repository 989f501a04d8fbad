//! `filbert cluster status`: who is there, what runs and what ran, kernels in quarantine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use filbert_cluster::status::{ExecutorStatus, JobStatus, QuarantinedKernel, Rest};

use super::{URL, failure};
use crate::failure::{Failure, print};
use crate::threads;

/// Jobs shown, the latest.
const JOBS_SHOWN: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Status {
    /// The scheduler
    #[arg(long, value_name = "URL", default_value = URL)]
    cluster: String,
}

impl Status {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (executors, jobs, quarantine) = threads::run(async move {
            let rest = Rest::new(&self.cluster).map_err(|e| failure(&e))?;
            let executors = rest.executors().await.map_err(|e| failure(&e))?;
            let jobs = rest.jobs().await.map_err(|e| failure(&e))?;
            Ok((executors, jobs, rest.quarantine().await.map_err(|e| failure(&e))?))
        })?;
        print(report(&executors, jobs, &quarantine))
    }
}

fn report(executors: &[ExecutorStatus], mut jobs: Vec<JobStatus>, quarantine: &[QuarantinedKernel]) -> String {
    let cores: u32 = executors.iter().map(ExecutorStatus::cores).sum();
    let mut out = format!("executors: {}, cores: {cores}\n", executors.len());
    for executor in executors {
        let seen = executor.last_seen.map_or_else(String::new, |at| format!("  seen {} ago", age(at)));
        let (host, port, cores) = (&executor.host, executor.port, executor.cores());
        let plural = if cores == 1 { "" } else { "s" };
        out.push_str(&format!("  {}  {host}:{port}  {cores} core{plural}{seen}\n", executor.id));
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.start_time));
    out.push_str(&format!("jobs: {}\n", jobs.len()));
    for job in jobs.iter().take(JOBS_SHOWN) {
        let time = match job.end_time {
            0 => format!("for {}", age(job.start_time)),
            end => format!("in {}", spoken(end.saturating_sub(job.start_time))),
        };
        let (id, status, done, all) = (&job.job_id, &job.status, job.completed_stages, job.num_stages);
        out.push_str(&format!("  {id}  {status} {time}  stages {done}/{all}  {}\n", job.job_name));
    }
    if !quarantine.is_empty() {
        out.push_str("kernels in quarantine: they ended an executor\n");
        for entry in quarantine {
            out.push_str(&format!("  {}  signal {}  executor {}\n", entry.kernel, entry.signal, entry.executor));
        }
    }
    out
}

/// Time since a moment in milliseconds since 1970.
fn age(at: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64;
    spoken(now.saturating_sub(at))
}

fn spoken(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..120_000 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        120_000..7_200_000 => format!("{} min", milliseconds / 60_000),
        _ => format!("{} h", milliseconds / 3_600_000),
    }
}
