//! A cluster inside this process: a scheduler and executors on loopback, for tests and for trying out.
//!
//! Everything but the processes is as on a real one: plans are encoded, tasks are polled for, shuffles go
//! through files and sockets.

use std::sync::{Mutex, PoisonError};

use datafusion::common::Result;
use filbert_dist::error::external;

use crate::executor::{Executor, ExecutorOptions};
use crate::scheduler::{Scheduler, SchedulerOptions};

/// A scheduler with executors. Dropped, it ends.
pub struct Standalone {
    executors: Mutex<Vec<Executor>>,
    scheduler: Scheduler,
}

impl Standalone {
    /// Starts so many executors, with so many cores each.
    pub async fn start(executors: usize, cores: usize) -> Result<Standalone> {
        let bind = ([127, 0, 0, 1], 0).into();
        let scheduler = Scheduler::start(SchedulerOptions { bind, insecure: false }).await.map_err(external)?;
        let standalone = Standalone { executors: Mutex::default(), scheduler };
        for _ in 0..executors {
            standalone.add_executor(cores).await?;
        }
        Ok(standalone)
    }

    /// One more executor.
    pub async fn add_executor(&self, cores: usize) -> Result<()> {
        let scheduler = self.scheduler.address().to_string();
        let executor = Executor::start(ExecutorOptions { scheduler, cores: Some(cores), ..Default::default() }).await?;
        self.executors.lock().unwrap_or_else(PoisonError::into_inner).push(executor);
        Ok(())
    }

    /// The scheduler's address, `df://127.0.0.1:...`.
    pub fn url(&self) -> String {
        format!("df://{}", self.scheduler.address())
    }
}
