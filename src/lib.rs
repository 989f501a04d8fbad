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
//! What a kernel may say is in docs/language.md; how the parts fit is in ARCHITECTURE.md.

#![forbid(unsafe_code)]

pub use filbert_ir as ir;

pub use filbert_dist::error::find_kernel_error as kernel_error;
pub use filbert_dist::{Frame, KernelFunctionFactory, KernelLogicalCodec, KernelPhysicalCodec, KernelUdf, Session};
pub use filbert_ir::{
    AsKernel, Code, Datum, Diagnostics, KernelError, KernelId, Logical, Scalar, Type, Unit, VerifiedKernel,
};
pub use filbert_macros::kernel;
pub use filbert_runtime::{
    ArrowArg, CallOptions, Column, Engine, KernelCall, LoadedKernel, Offsets, OutColumn, StopFlag, stats,
};
pub use filbert_syntax::{FloatExt, KernelFn, KleeneExt, Module, parse};

/// What the expansion of `#[kernel]` names. Not for people.
#[doc(hidden)]
pub mod __private {
    pub use filbert_syntax::*;
}
