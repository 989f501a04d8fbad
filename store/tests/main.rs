//! The store of compiled code, on real folders.

#![allow(clippy::unwrap_used)]

mod bundle;
mod crowd;
mod damage;
mod disk;
mod faults;
mod fork;
mod fuzz;
mod kills;
mod memory;
mod places;
mod support;
mod tools;
