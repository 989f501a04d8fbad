//! Filbert on a cluster: Ballista's scheduler and executors with kernels inside the plans.
//!
//! The only crate that names Ballista. The plan codecs stand apart in `filbert-dist`, so that another engine
//! can use them.
