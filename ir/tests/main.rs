//! Tests of filbert-ir from outside: text, wire form, verifier. One binary.
#![allow(clippy::unwrap_used, missing_docs)]

mod damage;
mod diagnostic;
mod docs;
mod fuse;
mod inline;
mod oracle;
mod text;
mod verify;
mod verify_memory;
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

/// A kernel with loops, memory and every shape of a signature.
const MEMORY: &str = "\
kernel memory(%0 x: &[f64], %1 %2 by: Option<f64>, %3 y: &[[i8; 3]; 2], %4 t: Timestamp<Microsecond>) -> (first: \
f64, %5 \"out 1\": &mut [f64] of 2 * param 0 + param 2 + -1, when: Option<Date32>, two: [u16; 2], %6 last: &mut \
[[f32; 2]] of 4) fuel 1000 on_error null {
  table 0: f64 = [1.0, -0.0, bits:0xfff8000000000001]
  table 1: u8 = []
  table 2: i16 = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    -12
  ]
  %7: u64 = const 0
  %8: f64 = if %2 {
    yield %1
  } else {
    %9: f64 = load table 0, %7
    yield %9
  }
  %10: u64 = loop %7, %8 {
    %11: u64 = carried 0
    %12: f64 = carried 1
    %13: f64 = load param 0, %11
    %14: f64 = loop %13 {
      %15: f64 = carried 0
      %16: f64 = sqrt %15
      %17: bool = gt %16, %12
      yield %17, %16
    }
    %18: f64 = mul %14, %12
    %19: bool = store result 1, %11, %18
    %20: u64 = const 1
    %21: u64 = add %11, %20
    %22: bool = lt %21, %0
    yield %22, %21, %14
  }
  %23: f64 = output %10, 1
  %24: f64 = load result 1, %7
  %25: i8 = load param 2, %3
  %26: i32 = cast %25
  %27: u16 = const 7
  return %24, %26, %2, %27, %27
}
";
