//! `filbert scheduler`, `filbert executor` and `filbert cluster`: the processes of a cluster, and a small one on
//! this machine for trying out.
//!
//! | file | command |
//! |---|---|
//! | `serve` | `scheduler`, `executor`: one process each, until it is told to stop |
//! | `local` | `cluster up`, `cluster down`: a scheduler and executors in the background |
//! | `status` | `cluster status`: who is there, and what runs |
//! | `progress` | how far a job is that runs there |

mod local;
pub(crate) mod progress;
mod serve;
mod status;

use clap::Subcommand;

use crate::failure::Failure;

pub(crate) use serve::{Executor, Scheduler};

/// Where a scheduler listens unless told.
const ADDRESS: &str = "127.0.0.1:50050";
/// The same, as a client names it.
const URL: &str = "df://127.0.0.1:50050";

#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// Start a scheduler and executors on this machine, in the background
    Up(local::Up),
    /// Show executors, jobs and kernels in quarantine
    Status(status::Status),
    /// Stop what `cluster up` started
    Down(local::Down),
    /// The process behind `cluster up`
    #[command(hide = true)]
    Hold(local::Hold),
}

impl Cluster {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Cluster::Up(command) => command.run(),
            Cluster::Status(command) => command.run(),
            Cluster::Down(command) => command.run(),
            Cluster::Hold(command) => command.run(),
        }
    }
}

/// A failure of the engine or the cluster, with the code that it carries.
fn failure(error: &datafusion::common::DataFusionError) -> Failure {
    match filbert_dist::error::find_kernel_error(error) {
        Some(found) => Failure::new(found.code, found.detail.clone()),
        None => Failure::new(filbert_ir::Code::Query, error.strip_backtrace()),
    }
}
