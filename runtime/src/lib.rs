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
//! | [`fusion`] | [`LoadedFusion`]: several kernels over the same columns in one call |
//! | [`arrow`], [`arrow_types`], [`mod@column`], [`results`] | what arguments and results may be |
//! | [`typed`] | [`TypedKernel`]: many small calls on slices, with all checks of types done before the first |
//! | [`fold`] | sums and the like of what a kernel gives, without a column of it |
//! | [`cache`], [`mod@engine`] | where code is kept, and whether it is wanted |
//! | [`code_memory`] | the pages that code lives in |
//! | [`crash`] | which kernel a process died of, for whoever started it |
//!
//! Unsafe code stands in `code_memory`, in `lend`, `lists` and `room`, in `call` with its parts, and in
//! `crash`. Nothing here knows DataFusion, files or SQL.

pub mod arrow;
pub mod arrow_types;
mod bind;
mod bits;
pub mod cache;
mod call;
pub mod code_memory;
pub mod column;
pub mod crash;
mod element;
pub mod engine;
mod fault;
pub mod fold;
pub mod fusion;
mod kept;
mod ladder;
mod layout;
mod lend;
mod lists;
pub mod loaded;
mod machine;
mod maker;
pub mod map;
mod offsets;
mod options;
mod out_column;
mod parallel;
mod quarantine;
pub mod results;
mod room;
mod shape;
mod stats;
pub mod typed;

pub use arrow::{ArrowArg, struct_of};
pub use arrow_types::{
    Accept, accepts, arrow_type, logical_data_type, logical_of_arrow, param_data_type, result_data_type, result_fields,
    type_of_arrow,
};
pub use cache::{KernelCache, stats};
pub use call::STRIP_ROWS;
pub use column::Column;
pub use element::{Element, Source, Storage};
pub use engine::{Engine, engine, set_engine};
pub use fold::Fold;
pub use fusion::LoadedFusion;
pub use ladder::COMPILE_BUDGET;
pub use loaded::LoadedKernel;
pub use maker::{CodeStore, add_store, set_stored_per_check, store_counters};
pub use map::KernelCall;
pub use offsets::Offsets;
pub use options::{CallOptions, StopFlag};
pub use out_column::OutColumn;
pub use parallel::PIECE_ROWS;
pub use stats::CacheStats;
pub use typed::{TypedKernel, Uniform};
