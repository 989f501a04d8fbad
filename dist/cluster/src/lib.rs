//! Filbert on a cluster: Ballista's scheduler and executors with kernels inside the plans.
//!
//! The only crate that names Ballista. The plan codecs stand apart in `filbert-dist`, so that another engine
//! can use them.

pub(crate) mod codec;
pub mod executor;
pub mod settings;
pub mod supervisor;

pub use executor::{Executor, ExecutorOptions};
