//! The store of compiled code, on real folders.

#![allow(clippy::unwrap_used)]

mod bundle;
mod disk;
mod support;
