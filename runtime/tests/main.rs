//! The runtime's tests: one binary. Each file is a subject; names `fault_NN_...` follow the fault model.
#![allow(missing_docs, clippy::unwrap_used)]

mod arrow;
mod cache;
mod degrade;
mod differential;
mod digests;
mod encodings;
mod faults;
mod fold;
#[cfg(target_os = "linux")]
mod fork;
mod fusion;
mod integers;
mod kernels;
mod lists;
mod map;
mod nulls;
mod quotients;
mod runaway;
mod samples;
mod support;
mod typed;
mod vector_math;
