//! `filbert scheduler` and `filbert executor`: they run until SIGTERM or Ctrl-C, which is a good end.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use filbert_cluster::{ExecutorOptions, SchedulerOptions, executor, scheduler, supervisor};
use filbert_ir::{Code, KernelId};
use rustix::process::{Signal, set_parent_process_death_signal};

use super::{ADDRESS, failure};
use crate::failure::{Failure, tell};
use crate::{cache, logs, threads};

#[derive(clap::Args)]
pub(crate) struct Scheduler {
    /// Where clients and executors reach it; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = ADDRESS)]
    bind: SocketAddr,
    /// Listen on an address that other machines reach: whoever reaches it can run queries
    #[arg(long)]
    insecure: bool,
}

#[derive(clap::Args)]
pub(crate) struct Executor {
    /// The scheduler it works for
    #[arg(long, value_name = "HOST:PORT", default_value = ADDRESS)]
    scheduler: String,
    /// Address that other executors and clients fetch rows from
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Listen on an address that other machines reach: whoever reaches it can read rows
    #[arg(long)]
    insecure: bool,
    /// Port for that [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Name or address that others reach this machine by [default: the address, or what the scheduler sees]
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Partitions that run at the same time [default: the machine's cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cores: Option<u16>,
    /// Memory for rows, such as 8GiB; what does not fit goes to disk [default: 70 % of the machine's]
    #[arg(long, value_name = "BYTES", value_parser = filbert_dist::options::bytes)]
    memory: Option<u64>,
    /// Folder for shuffle files [default: a fresh one, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    work_dir: Option<PathBuf>,
    /// Bundle of compiled kernels to take code from, made by `filbert build`; may be given several times
    #[arg(long, value_name = "FILE.fbundle")]
    bundle: Vec<PathBuf>,
    /// The process that runs tasks, which the other one watches
    #[arg(long, hide = true)]
    worker: bool,
    /// Die with the process that started this one
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Scheduler {
    /// On a loopback address.
    pub(super) fn at(bind: SocketAddr) -> Scheduler {
        Scheduler { bind, insecure: false }
    }

    pub(crate) fn run(self) -> Result<(), Failure> {
        logs::show();
        threads::serve(async move {
            let options = SchedulerOptions { bind: self.bind, insecure: self.insecure };
            let mut scheduler =
                scheduler::Scheduler::start(options).await.map_err(|e| Failure::new(e.code, e.detail))?;
            tell(format_args!("scheduler at df://{}\n", scheduler.address()));
            scheduler.wait().await.map_err(|e| Failure::new(e.code, e.detail))
        })
    }
}

impl Executor {
    /// The arguments of an executor that is this process's child.
    pub(super) fn child_arguments(scheduler: &str, (cores, memory): (u16, Option<u64>)) -> Vec<String> {
        let mut arguments = vec!["executor".to_string(), "--with-parent".to_string()];
        arguments.extend([format!("--scheduler={scheduler}"), format!("--cores={cores}")]);
        arguments.extend(memory.map(|memory| format!("--memory={memory}")));
        arguments
    }

    pub(crate) fn run(self) -> Result<(), Failure> {
        logs::show();
        if self.with_parent {
            // Told to stop as by a user: it then stops its worker. Where the parent is gone already, so is its
            // scheduler, and the executor says that.
            set_parent_process_death_signal(Some(Signal::TERM))
                .map_err(|e| Failure::new(Code::Query, format!("cannot follow the parent process: {e}")))?;
        }
        check_address(self.bind, self.insecure)?;
        let options = ExecutorOptions {
            scheduler: self.scheduler.clone(),
            bind: self.bind,
            port: self.port,
            host: self.host.clone(),
            insecure: self.insecure,
            cores: self.cores.map(usize::from),
            memory: self.memory,
            work_dir: self.work_dir.clone(),
            ..ExecutorOptions::default()
        };
        for bundle in &self.bundle {
            cache::open_bundle(bundle)?;
        }
        if self.worker {
            filbert_store::use_from_env();
            return threads::serve(async move { executor::run(options).await.map_err(|e| failure(&e)) });
        }
        let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        arguments.push("--worker".into());
        // Where there is no cache the worker says why.
        let store = filbert_store::Options::from_env().and_then(|options| options.open());
        let on_crash = store.ok().flatten().map(|store| {
            let note = move |kernel: &KernelId| {
                if let Err(error) = store.note_death(kernel) {
                    tracing::warn!(%kernel, "the kernel cache cannot note that a process died in it: {error}");
                }
            };
            Box::new(note) as supervisor::OnCrash
        });
        supervisor::run(program()?, arguments, options, on_crash).map_err(|e| failure(&e))
    }
}

/// Refuses an address that others reach, unless they are meant to.
pub(super) fn check_address(address: IpAddr, insecure: bool) -> Result<(), Failure> {
    filbert_cluster::settings::check_address(address, insecure).map_err(|e| Failure::new(e.code, e.detail))
}

/// This program, to be started again.
pub(super) fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|e| Failure::new(Code::Query, format!("cannot find this program: {e}")))
}
