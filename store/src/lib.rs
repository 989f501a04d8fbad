//! Compiled kernels in files: a cache that outlives processes, and bundles that are made ahead of time.
//!
//! ```text
//!   runtime's cache ──miss──> CodeStore ──> DiskStore   a folder: private, keyed or signed
//!                                      └──> Bundle      one file for several targets
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`entry`] | the bytes of one kernel's code for one target |
//! | [`seal`] | who may have made them: secrets, signatures |
//! | [`folder`] | whether a folder is to be believed |
//! | [`bundle`] | kernels and their code in one file |
//! | [`disk`] | finding, publishing and removing entries |
//! | [`files`] | every touch of the file system |
//! | [`options`] | what the environment says |
//!
//! docs/cache-format.md is the specification. Everything that could be doubted is a miss: the kernel is compiled.
//! No unsafe code, no threads, no locks that anybody waits for.

pub mod bundle;
pub mod disk;
pub mod entry;
pub mod files;
pub mod folder;
pub mod options;
pub mod seal;

pub use bundle::Bundle;
pub use disk::{Bounds, Content, DiskStore, Listed, StoreStats};
pub use options::{Mode, Options, use_from_env};
pub use seal::KeyText;
