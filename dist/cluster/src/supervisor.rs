//! The parent of an executor's worker: it sees how the worker died, tells the scheduler, and starts another.
//!
//! ```text
//!   filbert executor            this: one small process, no kernels, no rows
//!     └─ the same --worker      an executor with a name and a folder of its own
//!          its standard input is the writing end of a pipe, for what it says when it crashes (runtime::crash)
//! ```
//!
//! A worker that died of a crash's signal and said which kernel's code it ran is reported with that kernel.
//! Every other death (a kill, a lost machine, an exit) is a loss that blames nobody. A worker dies with its
//! parent. Who stops the parent with SIGTERM or Ctrl-C stops the worker.

use std::ffi::OsString;
use std::future::Future;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ballista_core::ids::new_instance_id;
use ballista_core::serde::protobuf::ExecutorStoppedParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::common::Result;
use filbert_ir::{Code, KernelId};
use filbert_runtime::crash::{self, CrashRecord};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::address::Address;
use crate::executor::work_dir::WorkDir;
use crate::executor::{ExecutorOptions, connect};
use crate::fault::{innermost, refuse};

/// What the reason of a crash begins with: `filbert-crash 1 signal=11 kernel=<64 hex digits>`.
pub const CRASH_WORD: &str = "filbert-crash 1";

/// What the reason of any other end begins with.
pub const EXIT_WORD: &str = "filbert-exit 1";

/// How a worker learns whose it is.
const PARENT: &str = "FILBERT_WORKER_PARENT";
const ID: &str = "FILBERT_WORKER_ID";
const DIR: &str = "FILBERT_WORKER_DIR";

/// Stack of a worker's threads, for engines that recurse over expressions; only what is touched costs memory.
const STACK_VARIABLE: &str = "RUST_MIN_STACK";
const STACK_BYTES: usize = 64 << 20;

/// How long the scheduler may take to hear of a death.
const TELL_PATIENCE: Duration = Duration::from_secs(5);

/// How long after its death a worker's last words are looked for. They are there already, or never will be.
const LAST_WORDS_PATIENCE: Duration = Duration::from_millis(200);

/// What becomes of a kernel in whose code a worker died, on this machine: a note for the next one.
pub type OnCrash = Box<dyn Fn(&KernelId) + Send + Sync>;

/// Runs workers until SIGTERM or Ctrl-C, from the thread that shall live as long as they. `arguments` make this
/// program a worker, which calls `executor::run`.
pub fn run(
    program: PathBuf,
    arguments: Vec<OsString>,
    options: ExecutorOptions,
    on_crash: Option<OnCrash>,
) -> Result<()> {
    options.check()?;
    // One thread, this one: the system kills a worker when the thread ends that started it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let told = told_to_stop()?;
        tokio::pin!(told);
        tokio::select! {
            answers = connect(&options.scheduler, options.patience) => drop(answers?),
            _ = &mut told => return Ok(()),
        }
        let supervisor =
            Supervisor { program, arguments, on_crash, ..Supervisor::new(options.scheduler, options.work_dir) };
        supervisor.watch(told).await
    })
}

/// How long what takes.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// From the first death to the next worker; twice as long after each further one.
    pub pause_min: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// A worker that lived so long was well: the next pause is the shortest again.
    pub well: Duration,
    /// How long a worker may take to stop when it is asked to.
    pub grace: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times {
            pause_min: Duration::from_millis(200),
            pause_max: Duration::from_secs(10),
            well: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}

/// One worker after the other.
pub struct Supervisor {
    /// What is started.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables that it gets besides ours.
    pub environment: Vec<(OsString, OsString)>,
    /// Host and port of the scheduler that is told of deaths.
    pub scheduler: String,
    /// Where the folder of each worker is made. Nothing: the system's place for temporary files.
    pub work_dir: Option<PathBuf>,
    /// How long what takes.
    pub times: Times,
    /// Called for each worker that died in a kernel's code.
    pub on_crash: Option<OnCrash>,
}

/// How a worker's life ended.
enum End {
    /// By itself; the scheduler is to be told this.
    Died(String),
    /// Because it was asked to, and it has told the scheduler itself.
    Stopped,
}

impl Supervisor {
    /// A supervisor of nothing yet.
    pub fn new(scheduler: String, work_dir: Option<PathBuf>) -> Supervisor {
        Supervisor {
            program: PathBuf::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            scheduler,
            work_dir,
            times: Times::default(),
            on_crash: None,
        }
    }

    /// Runs workers until `told` comes. Dropped before, it kills the one that runs.
    pub async fn watch(&self, told: impl Future<Output = &'static str>) -> Result<()> {
        tokio::pin!(told);
        let mut pause = self.times.pause_min;
        loop {
            let (id, started) = (new_instance_id(), Instant::now());
            let End::Died(reason) = self.live(&id, &mut told).await? else { return Ok(()) };
            self.tell(&id, &reason).await;
            if started.elapsed() >= self.times.well {
                pause = self.times.pause_min;
            }
            tracing::warn!(id, reason, "the worker died; the next one starts in {pause:?}");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = &mut told => return Ok(()),
            }
            pause = (pause * 2).min(self.times.pause_max);
        }
    }

    /// One worker from its start to its end.
    async fn live(&self, id: &str, told: impl Future<Output = &'static str>) -> Result<End> {
        let work_dir = WorkDir::make(self.work_dir.as_deref())?;
        let (ear, mouth) = std::io::pipe()?;
        let ear = pipe::Receiver::from_owned_fd(ear.into())?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true).stdin(mouth);
        if std::env::var_os(STACK_VARIABLE).is_none() {
            command.env(STACK_VARIABLE, STACK_BYTES.to_string());
        }
        command.env(PARENT, std::process::id().to_string()).env(ID, id).env(DIR, work_dir.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let started = command.spawn();
        drop(command); // and with it our own writing end
        let program = self.program.display();
        let mut worker = started.map_err(|e| refuse(Code::Input, format!("cannot start {program}: {e}")))?;
        tracing::info!(id, pid = worker.id(), "worker started");
        tokio::select! {
            status = worker.wait() => {
                let (status, said) = (status?, last_words(&ear).await);
                if let (Some(CrashRecord { kernel, .. }), Some(on_crash)) = (blamed(status, said), &self.on_crash) {
                    on_crash(&kernel);
                }
                Ok(End::Died(reason(status, said)))
            }
            signal = told => {
                tracing::info!(id, "the worker is asked to stop: {signal}");
                self.stop(id, worker).await
            }
        }
    }

    /// Asks a worker to stop, and ends one that does not.
    async fn stop(&self, id: &str, mut worker: Child) -> Result<End> {
        let pid = worker.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // Not waited for yet, so the number is still its own.
            kill_process(pid, Signal::TERM).map_err(std::io::Error::from)?;
        }
        match timeout(self.times.grace, worker.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(ExitStatus::success) => {}
            Ok(status) => self.tell(id, &reason(status?, None)).await,
            Err(_) => {
                tracing::warn!(id, "the worker did not stop within {:?}, and is killed", self.times.grace);
                worker.kill().await?;
                self.tell(id, &format!("{EXIT_WORD} signal={}", Signal::KILL.as_raw())).await;
            }
        }
        Ok(End::Stopped)
    }

    /// Tells the scheduler that an executor is gone. It would see that by itself, but later and without a reason.
    async fn tell(&self, id: &str, reason: &str) {
        let stopped = ExecutorStoppedParams { executor_id: id.to_string(), reason: reason.to_string() };
        let told = timeout(TELL_PATIENCE, async {
            let channel = Address::parse(&self.scheduler)?.endpoint()?.connect().await;
            let channel = channel.map_err(|e| refuse(Code::ClusterUnreachable, innermost(&e)))?;
            let answer = SchedulerGrpcClient::new(channel).executor_stopped(stopped).await;
            answer.map_err(|e| refuse(Code::ClusterUnreachable, e.message()))
        });
        let failed = match told.await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_string(),
        };
        tracing::warn!(id, scheduler = self.scheduler, "the scheduler was not told of the death: {failed}");
    }
}

/// What a worker that died wrote before, if anything.
async fn last_words(ear: &pipe::Receiver) -> Option<CrashRecord> {
    timeout(LAST_WORDS_PATIENCE, ear.readable()).await.ok()?.ok()?;
    let mut words = [0; crash::RECORD_BYTES];
    let length = ear.try_read(&mut words).ok()?;
    CrashRecord::parse(&words[..length])
}

/// The crash that a kernel is to blame for: of a process that ended by the signal of a crash, and said where.
fn blamed(status: ExitStatus, said: Option<CrashRecord>) -> Option<CrashRecord> {
    said.filter(|_| status.signal().is_some_and(|signal| crash::SIGNALS.contains(&signal)))
}

/// What the scheduler is told of a death.
fn reason(status: ExitStatus, said: Option<CrashRecord>) -> String {
    match (status.signal(), blamed(status, said)) {
        (_, Some(CrashRecord { signal, kernel })) => format!("{CRASH_WORD} signal={signal} kernel={kernel}"),
        (Some(signal), _) => format!("{EXIT_WORD} signal={signal}"),
        (None, _) => format!("{EXIT_WORD} code={}", status.code().unwrap_or(-1)),
    }
}

/// What a worker knows of the process that started it.
pub(crate) struct Worker {
    parent: u32,
    /// Its name with the scheduler.
    pub(crate) id: String,
    /// Where it may make its folder.
    pub(crate) work_dir: PathBuf,
}

impl Worker {
    /// Whether this process is a worker.
    pub(crate) fn of_environment() -> Result<Option<Worker>> {
        let Some(parent) = std::env::var_os(PARENT) else { return Ok(None) };
        let parent = parent.to_str().and_then(|pid| pid.parse().ok());
        match (parent, std::env::var(ID), std::env::var_os(DIR)) {
            (Some(parent), Ok(id), Some(dir)) => Ok(Some(Worker { parent, id, work_dir: dir.into() })),
            _ => Err(refuse(Code::Input, format!("{PARENT}, {ID} and {DIR} are set by `filbert executor` only"))),
        }
    }

    /// Makes this process one that dies with its parent and tells it of its crash.
    pub(crate) fn begin(&self) -> Result<()> {
        die_with_parent(self.parent)?;
        crash::report(std::io::stdin().as_fd().try_clone_to_owned()?)?;
        crash::poison_from_environment().map_err(|wrong| refuse(Code::Input, wrong))
    }
}

/// Makes this process a worker of the supervisor that started it: it dies with that, and tells it of its crash.
/// `executor::run` does so by itself.
pub fn begin_worker() -> Result<()> {
    match Worker::of_environment()? {
        Some(worker) => worker.begin(),
        None => Err(refuse(Code::Input, "no supervisor started this process")),
    }
}

/// From now on this process is killed when `parent` ends, the process that started it; or right away, if that
/// has ended.
pub fn die_with_parent(parent: u32) -> Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(std::io::Error::from)?;
    #[cfg(not(target_os = "linux"))]
    std::thread::spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(Duration::from_secs(1));
        }
        std::process::exit(1);
    });
    // It may have ended before it could have killed us.
    match std::os::unix::process::parent_id() == parent {
        true => Ok(()),
        false => Err(refuse(Code::Cancelled, format!("the process {parent} that started this one is gone"))),
    }
}

/// Comes when somebody asks this process to stop, with the name of the signal; none is lost from the call on.
pub(crate) fn told_to_stop() -> Result<impl Future<Output = &'static str>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_crash_in_a_kernel_blames_it() {
        let said = Some(CrashRecord { signal: 11, kernel: KernelId([0xab; 32]) });
        let rows = [
            (11, said, "filbert-crash 1 signal=11 kernel=ab"),
            // A stack overflow: the fault, and then Rust's own abort.
            (6, said, "filbert-crash 1 signal=11 kernel=ab"),
            (11, None, "filbert-exit 1 signal=11"),
            (9, said, "filbert-exit 1 signal=9"),
            (15, said, "filbert-exit 1 signal=15"),
            (9, None, "filbert-exit 1 signal=9"),
            (0, said, "filbert-exit 1 code=0"),
            (3 << 8, None, "filbert-exit 1 code=3"),
        ];
        for (status, said, wanted) in rows {
            let found = reason(ExitStatus::from_raw(status), said);
            assert!(found.starts_with(wanted), "{found} for {status}");
            assert_eq!(found.contains(&"ab".repeat(32)), wanted.contains("kernel="), "{found}");
        }
    }
}
