//! The processes of a cluster as a test sees them: started, watched, killed, and cleaned away with the test.
//!
//! What scheduler and executors say goes to files in the folder of the test, which stays when the test fails.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use filbert_cluster::status::{JobStatus, Rest, StageStatus};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Place, Ran, filbert_command};

/// Longest wait for a job that lost something.
pub(super) const RECOVERY_MAX: Duration = Duration::from_secs(60);
pub(super) const START_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// An executor that was not heard of for so long is not counted as there: a busy one polls every 5 s.
const HEARD_MAX: Duration = Duration::from_secs(8);

/// A process that is killed when the test ends.
pub(super) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, if the test did that.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    pub(super) fn start(command: &mut Command) -> Process {
        Process(command.spawn().unwrap())
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The process that this one watches.
    pub(super) fn worker(&self) -> Option<Pid> {
        let pid = self.pid().as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
    }

    /// Where that one keeps its shuffle files.
    pub(super) fn worker_folder(&self) -> Option<PathBuf> {
        let worker = self.worker()?.as_raw_nonzero();
        let environment = fs::read(format!("/proc/{worker}/environ")).ok()?;
        let folder = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"FILBERT_WORKER_DIR="));
        Some(PathBuf::from(String::from_utf8(folder?.to_vec()).unwrap()))
    }
}

/// A scheduler with its executors, each a process.
pub(super) struct Cluster {
    pub(super) executors: Vec<Process>,
    pub(super) scheduler: Option<Process>,
    /// The address of the scheduler and of executors.
    host: String,
    port: u16,
    /// Processes so far, each with a file for what it says.
    logs: usize,
    pub(super) place: Place,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.place.folder.disable_cleanup(true);
            println!("what the processes said is kept in {}", self.folder().display());
        }
    }
}

impl Cluster {
    pub(super) fn start(executors: usize, environment: &[(&str, &str)]) -> Cluster {
        let mut cluster = Cluster::without_executors("127.0.0.1");
        for _ in 0..executors {
            cluster.start_executor(environment);
        }
        cluster.wait_for_executors(executors);
        cluster
    }

    pub(super) fn without_executors(host: &str) -> Cluster {
        let (host, place) = (host.to_string(), Place::with(&[]));
        let mut cluster = Cluster { executors: Vec::new(), scheduler: None, host, port: 0, logs: 0, place };
        cluster.start_scheduler();
        cluster
    }

    pub(super) fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    pub(super) fn url(&self) -> String {
        format!("df://{}:{}", self.host, self.port)
    }

    /// On the port that it had, if it ran before.
    pub(super) fn start_scheduler(&mut self) {
        let bind = format!("{}:{}", self.host, self.port);
        let mut command = filbert_command(self.folder(), &["scheduler", "--insecure", "--bind", &bind]);
        let log = self.log("scheduler", &mut command);
        self.scheduler = Some(Process::start(&mut command));
        let head = format!("scheduler at df://{}:", self.host);
        self.port = wait("a scheduler", START_MAX, || {
            let said = fs::read_to_string(&log).unwrap();
            said.lines().find_map(|line| line.strip_prefix(&head)?.parse().ok())
        });
    }

    pub(super) fn start_executor(&mut self, environment: &[(&str, &str)]) {
        let mut command = self.executor_command(&self.host);
        command.envs(environment.iter().copied());
        self.add_executor(command);
    }

    /// What starts an executor at this address.
    pub(super) fn executor_command(&self, host: &str) -> Command {
        let scheduler = format!("{}:{}", self.host, self.port);
        let args = ["executor", "--scheduler", &scheduler, "--cores", "2", "--memory", "512MiB"];
        filbert_command(self.folder(), &[&args[..], &["--insecure", "--bind", host]].concat())
    }

    pub(super) fn add_executor(&mut self, mut command: Command) {
        self.log("executor", &mut command);
        self.executors.push(Process::start(&mut command));
    }

    fn log(&mut self, name: &str, command: &mut Command) -> PathBuf {
        self.logs += 1;
        let path = self.place.path(&format!("{name}-{}.log", self.logs));
        command.stdout(Stdio::null()).stderr(File::create(&path).unwrap());
        path
    }

    /// Asks the scheduler's REST interface.
    pub(super) fn ask<T>(&self, question: impl AsyncFnOnce(Rest) -> datafusion::common::Result<T>) -> Option<T> {
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(question(Rest::new(&self.url()).unwrap())).ok()
    }

    pub(super) fn executor_ids(&self) -> Vec<String> {
        let executors = self.ask(async |rest| rest.executors().await).unwrap();
        executors.into_iter().map(|executor| executor.id).collect()
    }

    pub(super) fn wait_for_executors(&self, count: usize) {
        wait("executors", START_MAX, || {
            let executors = self.ask(async |rest| rest.executors().await)?;
            (executors.len() == count).then_some(())
        });
    }

    /// Waits until so many executors are heard of; the scheduler may know others that are gone.
    pub(super) fn wait_for_living(&self, count: usize) {
        wait("executors that live", START_MAX, || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let heard = |seen: u64| now.saturating_sub(Duration::from_millis(seen)) < HEARD_MAX;
            let executors = self.ask(async |rest| rest.executors().await)?;
            let living = executors.iter().filter(|executor| executor.last_seen.is_some_and(heard));
            (living.count() >= count).then_some(())
        });
    }

    /// Starts a job in the background.
    pub(super) fn submit(&self, script: &str, more: &[&str]) -> Running {
        let mut command = filbert_command(self.folder(), &["run", script, "--cluster", &self.url(), "--format", "csv"]);
        command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running { process: Process::start(&mut command), started: Instant::now() }
    }

    /// The job that runs, with its stages in their order.
    pub(super) fn stages(&self) -> Option<(JobStatus, Vec<StageStatus>)> {
        let jobs = self.ask(async |rest| rest.jobs().await)?;
        let job = jobs.into_iter().find(|job| job.status == "Running")?;
        let mut stages: Vec<StageStatus> = self.ask(async |rest| rest.stages(&job.job_id).await)?;
        stages.sort_by_key(|stage| stage.stage_id.parse::<u32>().unwrap_or(0));
        Some((job, stages))
    }

    /// Waits until the stage with this place in the job has a task that runs; `false` if the job ends before.
    pub(super) fn reaches(&self, place: usize, job: &mut Running) -> bool {
        wait("a running stage", RECOVERY_MAX, || {
            if job.is_over() {
                return Some(false);
            }
            let (_, stages) = self.stages()?;
            let stage = stages.get(place)?;
            (stage.stage_status == "Running" && stage.tasks().1 > 0).then_some(true)
        })
    }

    /// Waits until no job runs.
    pub(super) fn wait_for_quiet(&self) {
        wait("jobs to end", RECOVERY_MAX, || {
            let jobs = self.ask(async |rest| rest.jobs().await)?;
            jobs.iter().all(|job| job.status != "Running").then_some(())
        });
    }
}

/// A job in the background.
pub(super) struct Running {
    pub(super) process: Process,
    started: Instant,
}

impl Running {
    pub(super) fn is_over(&mut self) -> bool {
        self.process.0.try_wait().unwrap().is_some()
    }

    /// Waits for its end, and no longer than a job may take.
    pub(super) fn end(mut self) -> (Ran, Duration) {
        let status = wait("the job's end", RECOVERY_MAX, || self.process.0.try_wait().unwrap());
        let took = self.started.elapsed();
        let read = |pipe: &mut dyn Read| {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        };
        let stdout = read(self.process.0.stdout.as_mut().unwrap());
        let stderr = read(self.process.0.stderr.as_mut().unwrap());
        (Ran { status: status.code().unwrap_or(-1), stdout, stderr }, took)
    }
}

#[track_caller]
pub(super) fn wait<T>(what: &str, patience: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + patience;
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(Instant::now() < until, "waited {patience:?} for {what}");
        std::thread::sleep(POLL);
    }
}

/// Numbers that are the same in each run.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Draw {
        let mut draw = Draw(seed);
        draw.below(1); // the first ones of neighbouring seeds are alike
        draw
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// The job's process dies without a word to anybody, and another one takes its place.
pub(super) fn kill_executor(cluster: &mut Cluster) {
    let executor = cluster.executors.remove(0);
    executor.signal(Signal::KILL);
    drop(executor);
    cluster.start_executor(&[]);
}

pub(super) fn kill_worker(cluster: &mut Cluster) {
    let worker = cluster.executors[0].worker().expect("an executor has a worker");
    kill_process(worker, Signal::KILL).unwrap();
}
