//! A scheduler and executors as processes on this machine, and how much memory and disk they take.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use datafusion::common::Result;
use filbert_cluster::status::Rest;
use tempfile::TempDir;

use crate::failure;

/// How long they may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ended when this is dropped.
pub(crate) struct Processes {
    scheduler: Child,
    executors: Vec<Child>,
    port: u16,
    work: TempDir,
}

impl Processes {
    pub(crate) fn start(executors: usize, cores: usize) -> Result<Processes> {
        let mut scheduler = filbert(&["scheduler", "--bind", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(scheduler.stderr.take().ok_or_else(|| failure("no standard error"))?).lines();
        let port = lines
            .by_ref()
            .map_while(|line| line.ok())
            .find_map(|line| line.strip_prefix("scheduler at df://127.0.0.1:")?.parse().ok());
        let mut processes = Processes {
            scheduler,
            executors: Vec::new(),
            port: port.ok_or_else(|| failure("the scheduler did not start"))?,
            work: tempfile::tempdir()?,
        };
        // Read to its end: a full pipe would stop the process.
        std::thread::spawn(move || lines.map_while(|line| line.ok()).for_each(|line| eprintln!("scheduler: {line}")));
        let (scheduler, cores) = (format!("127.0.0.1:{}", processes.port), cores.to_string());
        for _ in 0..executors {
            let mut command = filbert(&["executor", "--scheduler", &scheduler, "--cores", &cores, "--memory", "4GiB"]);
            processes.executors.push(command.arg("--work-dir").arg(processes.work.path()).spawn()?);
        }
        Ok(processes)
    }

    pub(crate) async fn wait_for_executors(&self, rest: &Rest) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while rest.executors().await.map_or(0, |executors| executors.len()) < self.executors.len() {
            if Instant::now() > until {
                return Err(failure("the executors did not start"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    pub(crate) fn url(&self) -> String {
        format!("df://127.0.0.1:{}", self.port)
    }

    /// The greatest memory of the scheduler and of each executor since this was asked last, in bytes. An
    /// executor's small parent counts with it.
    pub(crate) fn take_memory(&self) -> (u64, Vec<u64>) {
        let executor = |parent: &Child| take_peak(parent.id()) + worker(parent.id()).map_or(0, take_peak);
        (take_peak(self.scheduler.id()), self.executors.iter().map(executor).collect())
    }

    /// Bytes of a job's shuffle files.
    pub(crate) fn shuffle_bytes(&self, job: &str) -> u64 {
        bytes_below(self.work.path(), job, false)
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // Workers die with their parents.
        for process in self.executors.iter_mut().chain([&mut self.scheduler]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn filbert(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filbert"));
    command.args(arguments).env("FILBERT_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// The process that an executor's parent watches.
fn worker(parent: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// The greatest resident memory of a process, which begins anew.
fn take_peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    // 5 is the peak (proc_pid_clear_refs(5)).
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
}

/// Bytes of the files in folders of this name.
fn bytes_below(folder: &Path, name: &str, inside: bool) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => {
            bytes_below(&entry.path(), name, inside || entry.file_name().to_string_lossy() == name)
        }
        Ok(found) if inside => found.len(),
        _ => 0,
    });
    bytes.sum()
}
