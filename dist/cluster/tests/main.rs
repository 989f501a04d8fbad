//! Tests of the cluster, in one binary.
#![allow(missing_docs, clippy::unwrap_used)]

mod executor;
mod scheduler_stub;
mod supervisor;
