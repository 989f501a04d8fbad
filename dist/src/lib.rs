//! Kernels inside DataFusion: what a query engine needs to plan, ship and run them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`udf`] | a kernel as a scalar function: types, nulls, literals, the call |
//! | [`template`] | a generic kernel as one: which kernel a call means |
//! | [`function`] | what else can be called: whatever stands for a kernel or a template |
//! | [`types`] | a kernel's types as SQL and Arrow have them |
//! | [`coercion`], [`literal`](mod@literal) | which column and which constant reaches a parameter of another type |
//! | [`options`] | what a session says: fuel of every kernel, bytes of a partition, the stop flag |
//! | [`create_function`] | `CREATE FUNCTION ... LANGUAGE kernel` |
//! | [`codec`] | kernels inside serialised plans, logical and physical |
//! | [`session`], [`frame`] | a session, and a pipeline over named columns |
//! | [`files`], [`output`] | which files a path names; result files that are whole or absent |
//! | [`repartition`], [`partition_bytes`] | which rows are in one partition, and how many partitions there are |
//! | [`runner`] | who runs a query, and that a failed attempt leaves nothing behind |
//! | [`measure`] | what kernels did in each operator: EXPLAIN ANALYZE, metrics of executors |
//! | [`error`], [`carried`] | the kernel's error inside an engine's error, also where that is only text; one screen |
//!
//! Compiling and caching are `filbert-runtime`'s business; this crate only decides when a kernel is
//! called, with which columns, and what the engine may assume about it. Nothing here starts a thread:
//! partitions are the engine's parallelism.

#![forbid(unsafe_code)]

mod beside;
pub mod carried;
pub mod codec;
pub mod coercion;
mod commit;
pub mod create_function;
mod deal;
pub mod error;
pub mod files;
pub mod frame;
pub mod function;
pub mod literal;
pub mod measure;
pub mod options;
pub mod output;
pub mod partition_bytes;
mod payload;
pub mod repartition;
pub mod runner;
pub mod session;
pub mod template;
pub mod types;
pub mod udf;

pub use codec::{KernelLogicalCodec, KernelPhysicalCodec};
pub use create_function::KernelFunctionFactory;
pub use frame::Frame;
pub use function::AsFunction;
pub use options::KernelOptions;
pub use runner::Runner;
pub use session::Session;
pub use template::TemplateUdf;
pub use types::KernelTypePlanner;
pub use udf::KernelUdf;
