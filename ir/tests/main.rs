//! Tests of filbert-ir from outside: text, wire form, verifier. One binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod diagnostic;
mod docs;
mod text;
mod verify;
mod wire;

use filbert_ir::{Kernel, VerifiedKernel, text::parse, verify as verify_kernel};

/// The kernel in this text, unverified.
fn kernel(text: &str) -> Kernel {
    parse(text).unwrap_or_else(|found| panic!("{found}"))
}

/// The kernel in this text, verified.
fn verified(text: &str) -> VerifiedKernel {
    verify_kernel(kernel(text)).unwrap_or_else(|found| panic!("{found}"))
}

/// A kernel with most shapes in it: constants of all kinds, nested `if`s, several yields, casts.
const SHAPES: &str = "\
/// All shapes.
///
/// Second paragraph.
kernel shapes(%0 x: f64, %1 n: i32, %2 \"a b\": bool) -> (first: f64, \"se\\\"cond\": i32) {
  %3: f64 = const -0.0
  %4: f64 = const bits:0xfff8000000000001
  %5: f32 = const inf
  %6: bool = lt %0, %3
  %7: f64 = if %6 {
    %8: f64 = if %2 {
      yield %4
    } else {
      %9: f64 = cast %5
      yield %9
    }
    yield %8, %1
  } else {
    %10: i32 = neg %1
    yield %0, %10
  }
  %11: i32 = output %7, 1
  %12: f64 = mul_add %7, %3, %0
  %13: f64 = select %2, %12, %0
  return %13, %11
}
";
