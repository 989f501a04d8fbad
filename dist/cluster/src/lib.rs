//! Filbert on a cluster: Ballista's scheduler and executors with kernels inside the plans.
//!
//! The only crate that names Ballista. The plan codecs stand apart in `filbert-dist`, so that another engine
//! can use them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`settings`] | every time and size, and the engine's settings that follow |
//! | [`codec`] | the plan codecs around Ballista's |
//! | [`scheduler`] | the scheduler: the engine's, the door before it, its pages |
//! | [`quarantine`] | kernels that ended an executor's process |
//! | [`executor`] | an executor: polls, runs tasks, hands out rows |
//! | [`supervisor`] | its parent, which sees how it died |
//! | [`client`] | sessions whose queries run on a cluster, and when a job is tried again |
//! | [`standalone`] | a cluster inside this process |
//! | [`status`] | what a scheduler says of itself |
//!
//! `analyze` is EXPLAIN ANALYZE of a client, `kernel_metrics` are the kernels' counters for Prometheus.
//!
//! What becomes of jobs when an executor goes is in `fail_fast`, `job_endings` and `handed_out`; when their client
//! goes, in `job_watch`; when its session is told to stop, in `until_stopped`; `probation` keeps a new kernel that
//! crashes from taking more than one executor.

#![forbid(unsafe_code)]

mod address;
mod analyze;
pub mod client;
pub mod codec;
mod door;
pub mod executor;
mod fail_fast;
mod fault;
mod handed_out;
mod job_endings;
mod job_watch;
mod kernel_metrics;
mod probation;
pub mod quarantine;
pub mod scheduler;
pub mod settings;
pub mod standalone;
pub mod status;
pub mod supervisor;
mod until_stopped;

pub use client::SessionExt;
pub use executor::{Executor, ExecutorOptions};
pub use scheduler::{Scheduler, SchedulerOptions};
pub use standalone::Standalone;
