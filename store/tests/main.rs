//! The store of compiled code, on real folders.

#![allow(clippy::unwrap_used)]

mod disk;
mod support;
