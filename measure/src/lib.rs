//! How fast a kernel runs on this machine.
//!
//! ```text
//!   Spec ──draw──> Inputs ──┐
//!                           ├─ bench ──> Measurement (ns per row, back end, digest) ──> report, chart
//!   Choice ──> Subject ─────┘  rounds by turns
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`dist`], [`random`] | `x=uniform(-1,1)`, and columns drawn so |
//! | [`inputs`] | what a kernel is measured on |
//! | [`backend`] | which back end, and a kernel loaded by it |
//! | [`rounds`] | timing by turns: minimum and median |
//! | [`bandwidth`] | what the memory of this machine gives |
//! | [`digest`] | a digest of a result's bits |
//! | [`mod@bench`] | the measurement, for one size or a sweep |
//! | [`report`], [`chart`] | as text, as JSON, as a picture |
//!
//! Nothing here knows DataFusion, files or the command line.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![forbid(unsafe_code)]

pub mod aligned;
pub mod backend;
pub mod bandwidth;
pub mod bench;
pub mod chart;
pub mod digest;
pub mod dist;
pub mod inputs;
pub mod random;
pub mod report;
pub mod rounds;

pub use aligned::Aligned;
pub use backend::{Choice, Subject};
pub use bandwidth::Bandwidth;
pub use bench::{Measurement, Settings, bench};
pub use digest::Digest;
pub use dist::{Dist, Spec};
pub use inputs::Inputs;
pub use random::Random;
pub use rounds::{Plan, Samples};

#[cfg(test)]
mod tests {
    use filbert_ir::VerifiedKernel;

    /// The first kernel of a text.
    pub(crate) fn kernel(source: &str) -> VerifiedKernel {
        let module = filbert_syntax::parse(source, "test").unwrap_or_else(|found| panic!("{found}"));
        module.kernels[0].clone()
    }
}
