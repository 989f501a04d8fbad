//! Kernels with what the operations alone do not show: lists, options, loops, times.

/// The sum of a list.
pub(crate) const SUM: &str = "
kernel sum(%0 x: &[f64]) -> f64 {
  %1: u64 = const 0
  %2: f64 = const 0.0
  %3: bool = lt %1, %0
  %4: f64 = if %3 {
    %5: u64 = loop %1, %2 {
      %6: u64 = carried 0
      %7: f64 = carried 1
      %8: f64 = load param 0, %6
      %9: f64 = add %7, %8
      %10: u64 = const 1
      %11: u64 = add %6, %10
      %12: bool = lt %11, %0
      yield %12, %11, %9
    }
    %13: f64 = output %5, 1
    yield %13
  } else {
    yield %2
  }
  return %4
}";

/// Each element of a list times a number.
pub(crate) const SCALED: &str = "
kernel scaled(%0 x: &[f64], %1 by: f64) -> (%2 out: &mut [f64] of param 0) {
  %3: u64 = const 0
  %4: bool = lt %3, %0
  %5: u64 = if %4 {
    %6: u64 = loop %3 {
      %7: u64 = carried 0
      %8: f64 = load param 0, %7
      %9: f64 = mul %8, %1
      %10: bool = store result 0, %7, %9
      %11: u64 = const 1
      %12: u64 = add %7, %11
      %13: bool = lt %12, %0
      yield %13, %12
    }
    yield %6
  } else {
    yield %3
  }
  return
}";

/// The element of a list at an index.
pub(crate) const AT: &str = "kernel at(%0 x: &[f64], %1 i: u64) -> f64 {\n  %2: f64 = load param 0, %1\n  return %2\n}";

/// Puts 7 at an index of a list as long as `x`; a row whose index is out of range is null.
pub(crate) const PUT: &str = "
kernel put(%0 x: &[i64], %1 i: u64) -> (%2 out: &mut [i64] of param 0, sum: i64) on_error null {
  %3: i64 = const 7
  %4: bool = store result 0, %1, %3
  %5: i64 = cast %1
  return %5
}";

/// The last element of the last row of a list of rows of three, and its number of elements.
pub(crate) const LAST: &str = "
kernel last(%0 m: &[[f32; 3]]) -> (f32, u64) {
  %1: u64 = const 1
  %2: u64 = sub %0, %1
  %3: f32 = load param 0, %2
  return %3, %0
}";

/// As many rows as `x` has, of the number 1, 2.
pub(crate) const ROWS: &str = "
kernel rows(%0 x: &[i32; 2]) -> (%1 out: &mut [[i32; 2]] of param 0) {
  %2: u64 = const 0
  %3: u64 = const 1
  %4: i32 = const 1
  %5: i32 = const 2
  %6: bool = store result 0, %2, %4
  %7: bool = store result 0, %3, %5
  return
}";

/// A number and its negative.
pub(crate) const PAIR: &str = "kernel pair(%0 x: f64) -> [f64; 2] {\n  %1: f64 = neg %0\n  return %0, %1\n}";

/// `x`, or `y` where it is null.
pub(crate) const OR_ELSE: &str =
    "kernel or_else(%0 %1 x: Option<i32>, %2 y: i32) -> i32 {\n  %3: i32 = select %1, %0, %2\n  return %3\n}";

/// Half of what is even, and whether `x` is there.
pub(crate) const HALF: &str = "
kernel half(%0 %1 x: Option<i64>) -> (half: Option<i64>, there: bool) {
  %2: i64 = const 2
  %3: i64 = div %0, %2
  %4: i64 = rem %0, %2
  %5: i64 = const 0
  %6: bool = eq %4, %5
  %7: bool = and %6, %1
  return %3, %7, %1
}";

/// Quotient and rest; a row that divides by zero is null.
pub(crate) const DIVIDE: &str = "
kernel divide(%0 a: i64, %1 b: i64) -> (q: i64, even: bool) on_error null {
  %2: i64 = div %0, %1
  %3: i64 = const 2
  %4: i64 = rem %2, %3
  %5: i64 = const 0
  %6: bool = eq %4, %5
  return %2, %6
}";

/// Counts to `n`, in as many iterations less one.
pub(crate) const SPIN: &str = "
kernel spin(%0 n: i64) -> i64 {
  %1: i64 = const 0
  %2: i64 = loop %1 {
    %3: i64 = carried 0
    %4: i64 = const 1
    %5: i64 = wrapping_add %3, %4
    %6: bool = lt %5, %0
    yield %6, %5
  }
  return %2
}";

/// The day behind a day.
pub(crate) const NEXT_DAY: &str =
    "kernel next(%0 d: Date32) -> Date32 {\n  %1: i32 = const 1\n  %2: i32 = add %0, %1\n  return %2\n}";

/// Twice a span, and the time it was at.
pub(crate) const TWICE: &str = "
kernel twice(%0 t: Timestamp<Microsecond>, %1 d: Duration<Second>) -> (d: Duration<Second>, at: Timestamp<Microsecond>) {
  %2: i64 = add %1, %1
  return %2, %0
}";
