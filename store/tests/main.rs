//! The store of compiled code, on real folders.

#![allow(clippy::unwrap_used)]

mod crowd;
mod damage;
mod disk;
mod faults;
mod kills;
mod places;
mod support;
mod tools;
