//! Small numeric kernels, compiled to native code on every executor of a distributed job.
//!
//! A kernel is written once and runs unchanged over scalars, slices, `ndarray` views, Arrow arrays and SQL
//! columns, with the same bits everywhere:
//!
//! ```
//! use filbert::{KernelCall, kernel};
//!
//! /// Fahrenheit to Celsius.
//! #[kernel]
//! fn celsius(fahrenheit: f64) -> f64 {
//!     (fahrenheit - 32.0) / 1.8
//! }
//!
//! // A plain Rust function ...
//! assert_eq!(celsius(212.0), 100.0);
//! // ... and compiled machine code over whole columns.
//! let column: Vec<f64> = celsius.map((&[32.0, 212.0],))?;
//! assert_eq!(column, [0.0, 100.0]);
//! # Ok::<(), filbert::KernelError>(())
//! ```
//!
//! In a job, DataFusion runs it partition by partition:
//!
//! ```
//! # use filbert::{Session, kernel};
//! # #[kernel]
//! # fn celsius(fahrenheit: f64) -> f64 { (fahrenheit - 32.0) / 1.8 }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let session = Session::local();
//! session.register(&celsius)?;
//! let rows = session.sql("SELECT celsius(f) FROM (VALUES (32.0), (NULL)) AS t(f)").await?.collect().await?;
//! assert_eq!(rows[0].column(0).null_count(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! A row may hold lists, nulls that the kernel sees, and times; a generic kernel is the kernel for whatever types
//! its columns have:
//!
//! ```
//! use filbert::{KernelCall, Session, kernel};
//!
//! /// The mean of a list, or of what stands for it.
//! #[kernel]
//! fn mean_or<T: Float>(list: &[T], otherwise: Option<T>) -> Option<T> {
//!     let mut sum: T = 0.0;
//!     for i in 0..list.len() {
//!         sum += list[i];
//!     }
//!     if list.len() == 0 { otherwise } else { Some(sum / list.len() as T) }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let single = mean_or.specialise(&[filbert::ArgType::List(filbert::Type::F32), filbert::Type::F32.into()])?;
//! let means: Vec<Option<f32>> = single.map((&[vec![1.0f32, 2.0], vec![]], None::<f32>))?;
//! assert_eq!(means, [Some(1.5), None]);
//!
//! let session = Session::local();
//! session.register(&mean_or)?;
//! let rows = session.sql("SELECT mean_or([1.0, 2.0], 0)").await?.collect().await?;
//! assert_eq!(rows[0].num_rows(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! On a cluster the kernel travels in the plan (docs/cluster.md): `Session::connect("df://127.0.0.1:50050")` with
//! `filbert::cluster::SessionExt` is a session whose jobs run there.
//!
//! What a kernel may say is in docs/language.md; how the parts fit is in ARCHITECTURE.md.

#![forbid(unsafe_code)]

#[cfg(feature = "cluster")]
pub use filbert_cluster as cluster;
pub use filbert_ir as ir;

pub use filbert_dist::error::find_kernel_error as kernel_error;
pub use filbert_dist::{
    AsFunction, Frame, KernelFunctionFactory, KernelLogicalCodec, KernelOptions, KernelPhysicalCodec,
    KernelTypePlanner, KernelUdf, Session, TemplateUdf,
};
pub use filbert_ir::{
    AsKernel, Code, Datum, Diagnostics, KernelError, KernelId, Logical, Scalar, Type, Unit, VerifiedKernel,
};
pub use filbert_macros::kernel;
pub use filbert_runtime::{
    ArrowArg, CallOptions, Column, Engine, Fold, KernelCall, LoadedFusion, LoadedKernel, Offsets, OutColumn, StopFlag,
    stats,
};
pub use filbert_syntax::{ArgType, Bound, FloatExt, KernelFn, KernelTemplate, Module, Template, parse};

/// Compiled kernels on disk, and bundles of them. A process that says nothing keeps code in memory only; the `filbert`
/// command and executors begin with [`cache::use_from_env`].
///
/// ```no_run
/// use filbert::cache::{Mode, Options};
/// # use std::sync::Arc;
/// let options = Options { mode: Mode::Private, folder: Some("/var/cache/my-job".into()), ..Options::default() };
/// if let Some(store) = options.open().unwrap_or_else(|why| panic!("{why}")) {
///     filbert::cache::add_store(Arc::new(store)); // for all kernels that are loaded from now on
/// }
/// ```
pub mod cache {
    pub use filbert_runtime::{CodeStore, KernelCache, add_store};
    pub use filbert_store::{Bounds, Bundle, DiskStore, KeyText, Mode, Options, StoreStats, use_from_env};
}

/// Dates, times, timestamps and durations, for kernels under `#[kernel]` and for the plain Rust around them.
///
/// ```
/// use filbert::time::{Duration, Second, Timestamp};
/// use filbert::{Column, KernelCall, Logical, Unit, kernel};
///
/// /// Whether the sun is up, roughly.
/// #[kernel]
/// fn is_day(t: Timestamp<Second>, shift: Duration<Second>) -> bool {
///     let local = t + shift;
///     local.hour() >= 6 && local.hour() < 18
/// }
///
/// assert!(is_day(Timestamp::new(12 * 3600), Duration::new(0)));
/// let stamps = [0, 7 * 3600, 20 * 3600i64];
/// let column = Column::slice(&stamps).with_type(Logical::Timestamp(Unit::Second));
/// let days: Vec<bool> = is_day.map([column, Column::scalar(3600i64)])?;
/// assert_eq!(days, [false, true, false]);
/// # Ok::<(), filbert::KernelError>(())
/// ```
pub mod time {
    pub use filbert_syntax::time::*;
}

/// What the expansion of `#[kernel]` names. Not for people.
#[doc(hidden)]
pub mod __private {
    pub use filbert_syntax::*;
}
