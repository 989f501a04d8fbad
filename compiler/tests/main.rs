//! Tests of the compiler that need no machine code to run: what passes make of kernels, what the audit sees
//! in code, limits, determinism. What code computes is compared with the interpreter in `filbert-runtime`.

#![allow(clippy::unwrap_used, missing_docs)]

mod code;
mod explain;
mod loops;
mod meaning;
mod passes;
mod proof;
mod targets;
mod vector;
mod vector_loops;

use filbert_ir::{VerifiedKernel, text, verify};

/// The kernel of this text.
fn kernel(source: &str) -> VerifiedKernel {
    verify(text::parse(source).unwrap_or_else(|e| panic!("{e}"))).unwrap_or_else(|e| panic!("{e}"))
}
