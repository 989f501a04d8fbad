//! Running kernels: code memory, the kernel cache, the call, and the binding of slices, `ndarray` and Arrow.
//!
//! ```text
//!   VerifiedKernel ──load──> KernelCache ──> LoadedKernel ──bind──> call ──> columns, or the lowest failing row
//!                     │ miss                      │ no code
//!                     └─> ladder: compile, map    └─> interpreter
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`map`] | [`KernelCall`]: calling a kernel on slices, arrays and Arrow arrays |
//! | [`loaded`] | [`LoadedKernel`]: the handle that everything else goes through |
//! | [`arrow`], [`mod@column`] | what arguments and results may be |
//! | [`cache`], [`mod@engine`] | where code is kept, and whether it is wanted |
//! | [`code_memory`] | the pages that code lives in |
//!
//! Unsafe code stands in `code_memory`, `lend` and `call` only. Nothing here knows DataFusion, files or SQL.

pub mod arrow;
mod bind;
mod bits;
pub mod cache;
mod call;
pub mod code_memory;
pub mod column;
mod element;
pub mod engine;
mod fault;
mod ladder;
mod lend;
pub mod loaded;
pub mod map;
mod options;
mod parallel;
mod stats;

pub use arrow::{ArrowArg, arrow_type, result_fields, struct_of, type_of_arrow};
pub use cache::{KernelCache, stats};
pub use call::STRIP_ROWS;
pub use column::{Column, OutColumn};
pub use element::Element;
pub use engine::{Engine, engine, set_engine};
pub use ladder::COMPILE_BUDGET;
pub use loaded::LoadedKernel;
pub use map::KernelCall;
pub use options::{CallOptions, StopFlag};
pub use parallel::PIECE_ROWS;
pub use stats::CacheStats;
