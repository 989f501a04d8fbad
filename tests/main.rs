//! The tests of the whole: kernel files through every engine, every door, the main job, the layers.
#![allow(clippy::unwrap_used, missing_docs)]

mod doors;
mod examples;
mod flights;
mod kernel_columns;
#[allow(dead_code)] // Other test binaries use the rest.
mod kernel_files;
mod kernels;
mod tidy;
