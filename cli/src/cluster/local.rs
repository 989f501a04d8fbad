//! A cluster on this machine, for trying out: `cluster up` and `cluster down`.
//!
//! One process in the background holds it: the scheduler is in it, the executors are its children and die with
//! it. While it lives it holds the lock on a file, beside which its process id and its address stand; so nobody
//! is stopped who only has the same number.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use filbert_cluster::status::Rest;
use filbert_ir::Code;
use rustix::process::{Pid, Signal, getuid, kill_process};

use super::serve::{self, Executor, Scheduler};
use super::{ADDRESS, failure};
use crate::failure::{Failure, print};
use crate::threads;

/// How long processes may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);
/// Lines of the log that are shown when the cluster does not start.
const LOG_LINES_SHOWN: usize = 12;

/// What `up` starts, and `hold` runs.
#[derive(clap::Args, Clone)]
pub(crate) struct Shape {
    /// Where the scheduler listens
    #[arg(long, value_name = "ADDRESS", default_value = ADDRESS)]
    bind: std::net::SocketAddr,
    /// Executor processes
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    executors: u16,
    /// Partitions that each executor runs at the same time [default: the machine's cores, shared out]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cores: Option<u16>,
    /// Memory of each executor, such as 2GiB [default: 70 % of the machine's, shared out]
    #[arg(long, value_name = "BYTES", value_parser = filbert_dist::options::bytes)]
    memory: Option<u64>,
}

#[derive(clap::Args)]
pub(crate) struct Up {
    #[command(flatten)]
    shape: Shape,
}

#[derive(clap::Args)]
pub(crate) struct Down {}

#[derive(clap::Args)]
pub(crate) struct Hold {
    #[command(flatten)]
    shape: Shape,
}

/// The folder that speaks of this user's cluster.
struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes the folder, which must be this user's own: what stands in it is a process to stop.
    fn open() -> Result<Place, Failure> {
        let user = getuid().as_raw();
        let folder = match std::env::var_os("XDG_RUNTIME_DIR") {
            Some(folder) => Path::new(&folder).join("filbert-cluster"),
            None => std::env::temp_dir().join(format!("filbert-cluster-{user}")),
        };
        let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder);
        let owner = made.and_then(|()| fs::symlink_metadata(&folder)).map_err(|e| cannot_use(&folder, &e))?;
        if !owner.is_dir() || owner.uid() != user {
            return Err(cannot_use(&folder, &io::Error::other("it is another user's")));
        }
        Ok(Place { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The lock that the holding process has.
    fn lock(&self) -> Result<Option<File>, Failure> {
        let path = self.path("lock");
        let file = File::options().create(true).write(true).truncate(false).open(&path);
        let file = file.map_err(|e| cannot_use(&path, &e))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot_use(&path, &error)),
        }
    }

    fn is_up(&self) -> Result<bool, Failure> {
        Ok(self.lock()?.is_none())
    }

    /// The last lines of what its processes said.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}

fn cannot_use(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Code::Output, format!("cannot use {}: {error}", path.display()))
}

impl Up {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let place = Place::open()?;
        if place.is_up()? {
            let url = fs::read_to_string(place.path("url")).unwrap_or_default();
            let message = format!("a cluster is up already at {url}; `filbert cluster down` stops it");
            return Err(Failure::new(Code::Query, message));
        }
        serve::check_address(self.shape.bind.ip(), false)?;
        let log = File::create(place.path("log")).map_err(|e| cannot_use(&place.path("log"), &e))?;
        let both = log.try_clone().map_err(|e| cannot_use(&place.path("log"), &e))?;
        let mut command = Command::new(serve::program()?);
        command.args(["cluster", "hold"]).args(self.shape.arguments());
        // A group of its own: Ctrl-C in the terminal that started it does not reach it.
        command.stdin(Stdio::null()).stdout(log).stderr(both).process_group(0);
        let mut holder = command.spawn().map_err(|e| Failure::new(Code::OutOfMemory, format!("cannot start: {e}")))?;
        let url = format!("df://{}", self.shape.bind);
        let rest = Rest::new(&url).map_err(|e| failure(&e))?;
        let wanted = usize::from(self.shape.executors);
        let started = threads::run(async move {
            let until = Instant::now() + PATIENCE;
            while Instant::now() < until {
                if rest.executors().await.is_ok_and(|executors| executors.len() >= wanted) {
                    return Ok(true);
                }
                if holder.try_wait().is_ok_and(|status| status.is_some()) {
                    return Ok(false);
                }
                tokio::time::sleep(POLL).await;
            }
            Ok(false)
        })?;
        if !started {
            let _ = stop(&place);
            return Err(Failure::new(Code::ClusterUnreachable, format!("the cluster did not start:\n{}", place.log())));
        }
        print(format_args!(
            "{url}: a scheduler and {wanted} executor{}, log in {}\n\
             filbert run job.sql --cluster {url}\nfilbert cluster down\n",
            if wanted == 1 { "" } else { "s" },
            place.path("log").display(),
        ))
    }
}

impl Shape {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--bind={}", self.bind), format!("--executors={}", self.executors)];
        arguments.extend(self.cores.map(|cores| format!("--cores={cores}")));
        arguments.extend(self.memory.map(|memory| format!("--memory={memory}")));
        arguments
    }
}

impl Down {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let place = Place::open()?;
        match stop(&place)? {
            true => print("stopped\n"),
            false => print("no cluster is up\n"),
        }
    }
}

/// Stops the holding process and waits for its end. False if there is none.
fn stop(place: &Place) -> Result<bool, Failure> {
    if !place.is_up()? {
        return Ok(false);
    }
    let pid = fs::read_to_string(place.path("pid")).ok().and_then(|text| Pid::from_raw(text.trim().parse().ok()?));
    let Some(pid) = pid else {
        return Err(Failure::new(Code::Query, format!("{} names no process", place.path("pid").display())));
    };
    let until = Instant::now() + PATIENCE;
    let mut signal = Signal::TERM;
    loop {
        kill_process(pid, signal).map_err(|e| Failure::new(Code::Query, format!("cannot stop process {pid}: {e}")))?;
        while Instant::now() < until {
            if !place.is_up()? {
                return Ok(true);
            }
            std::thread::sleep(POLL);
        }
        if signal == Signal::KILL {
            return Err(Failure::new(Code::Query, format!("process {pid} does not end")));
        }
        signal = Signal::KILL;
    }
}

impl Hold {
    /// Runs until it is told to stop.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let place = Place::open()?;
        let Some(_lock) = place.lock()? else {
            return Err(Failure::new(Code::Query, "a cluster is up already"));
        };
        let write = |name: &str, text: String| {
            let path = place.path(name);
            fs::write(&path, text).map_err(|e| cannot_use(&path, &e))
        };
        write("pid", std::process::id().to_string())?;
        write("url", format!("df://{}", self.shape.bind))?;
        // Children first, from the thread that lives as long as the process: they die with the thread that
        // started them.
        let mut children = Vec::new();
        for _ in 0..self.shape.executors {
            let mut command = Command::new(serve::program()?);
            command.args(Executor::child_arguments(&self.shape.bind.to_string(), self.shape.share()));
            let child = command.stdin(Stdio::null()).spawn();
            children.push(child.map_err(|e| Failure::new(Code::OutOfMemory, format!("cannot start: {e}")))?);
        }
        let served = Scheduler::at(self.shape.bind).run();
        for child in &mut children {
            let pid = Pid::from_child(child);
            // One that has ended by itself needs no signal.
            let _ = kill_process(pid, Signal::TERM);
        }
        for child in &mut children {
            let _ = child.wait();
        }
        served
    }
}

impl Shape {
    /// Cores and memory of one executor.
    fn share(&self) -> (u16, Option<u64>) {
        let all = std::thread::available_parallelism().map_or(1, usize::from) as u16;
        let memory = || filbert_cluster::executor::default_memory().map(|all| all / u64::from(self.executors));
        (self.cores.unwrap_or((all / self.executors).max(1)), self.memory.or_else(memory))
    }
}
