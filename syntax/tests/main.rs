//! Kernel texts with what becomes of them beside them: IR and results, or diagnostics.
//!
//! `BLESS=1 cargo test -p filbert-syntax` writes what came out into the files; look at the difference.

#![allow(clippy::unwrap_used)]

mod calendar;
mod cases;
mod deep;
mod errors;
mod integers;
mod module;
mod mutate;
mod plain;
mod spans;
mod time;
mod wild;
