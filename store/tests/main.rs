//! The store of compiled code, on real folders.

#![allow(clippy::unwrap_used)]

mod crowd;
mod damage;
mod disk;
mod kills;
mod support;
mod tools;
