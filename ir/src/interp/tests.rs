//! Kernels as text, rows and results beside them.

#![allow(clippy::unwrap_used)]

mod memory;

use super::{Interpreter, run_scalars};
use crate::kernel::VerifiedKernel;
use crate::text::{parse, parse_scalar};
use crate::types::Scalar;
use crate::verify::verify;

fn kernel(text: &str) -> VerifiedKernel {
    verify(parse(text).unwrap()).unwrap()
}

/// Rows `arguments = results` or `arguments = fault at value`; one interpreter runs them all, so that a
/// value left over from an earlier row would show.
fn check(text: &str, rows: &str) {
    let kernel = kernel(text);
    let tys = kernel.core.slot_types();
    let mut interpreter = Interpreter::new(&kernel);
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (args, want) = row.split_once(" = ").unwrap();
        let args: Vec<Scalar> = args.split(' ').zip(&tys).map(|(word, &ty)| parse_scalar(ty, word).unwrap()).collect();
        let got = match run_scalars(&kernel, &args) {
            Ok(results) => results.iter().map(|s| s.to_string()).collect::<Vec<_>>().join(" "),
            Err(e) => format!("{:?} at {}", e.fault, e.value),
        };
        assert_eq!(got, want, "{row}");

        let bits: Vec<u64> = args.iter().map(|s| s.bits()).collect();
        let mut out = vec![u64::MAX; kernel.core.returns.len()];
        let once = run_scalars(&kernel, &args).map(|results| results.iter().map(|s| s.bits()).collect());
        assert_eq!(interpreter.scalar_row(&bits, &mut out).map(|()| out), once, "{row}");
    }
}

#[test]
fn straight_line() {
    check(
        "kernel axpy(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {
           %3: f64 = mul %0, %1
           %4: f64 = add %3, %2
           return %4
         }",
        "2.0 3.0 1.0 = 7.0
         0.0 inf 1.0 = NaN
         1e300 1e300 0.0 = inf",
    );
}

#[test]
fn several_results_some_of_them_parameters() {
    check(
        "kernel f(%0 x: i32, %1 b: bool) -> (i32, bool, i32) {
           %2: i32 = wrapping_add %0, %0
           return %2, %1, %0
         }",
        "2147483647 true = -2 true 2147483647",
    );
}

#[test]
fn nan_parameters_leave_canonical() {
    let kernel = kernel("kernel f(%0 x: f64) -> (f64, f64) {\n %1: f64 = neg %0\n return %0, %1\n}");
    let args = [Scalar::F64(f64::from_bits(0xfff8_0000_dead_beef))];
    let canonical = Scalar::F64(f64::from_bits(0x7ff8_0000_0000_0000));
    assert_eq!(run_scalars(&kernel, &args), Ok(vec![canonical, canonical]));
}

const NESTED: &str = "kernel f(%0 x: i32, %1 y: i32) -> (i32, f64) {
  %2: i32 = const 0
  %3: f64 = const 1.5
  %4: bool = lt %0, %2
  %5: i32 = if %4 {
    %6: bool = eq %1, %2
    %7: i32 = if %6 {
      yield %2
    } else {
      %8: i32 = div %0, %1
      yield %8
    }
    yield %7, %3
  } else {
    %9: i32 = mul %0, %1
    %10: f64 = cast %9
    yield %9, %10
  }
  %11: f64 = output %5, 1
  return %5, %11
}";

#[test]
fn only_the_region_that_is_taken_runs() {
    check(
        NESTED,
        "-7 2 = -3 1.5
         -7 0 = 0 1.5
         7 0 = 0 0.0
         7 3 = 21 21.0
         65536 65536 = Overflow at %9
         -2147483648 -1 = Overflow at %8
         -7 2 = -3 1.5",
    );
}

#[test]
fn an_unused_value_can_fail_and_the_first_failure_counts() {
    check(
        "kernel f(%0 x: u8, %1 y: u8) -> u8 {
           %2: u8 = div %0, %1
           %3: u8 = sub %0, %1
           return %0
         }",
        "4 2 = 4
         1 2 = Overflow at %3
         0 0 = DivideByZero at %2",
    );
}

#[test]
fn empty_regions_and_a_region_that_yields_one_value_twice() {
    check(
        "kernel f(%0 c: bool, %1 x: f32, %2 y: f32) -> (f32, f32, f32) {
           %3: f32 = if %0 {
             yield %1, %2
           } else {
             yield %2, %2
           }
           %4: f32 = output %3, 1
           %5: f32 = sub %3, %4
           return %3, %4, %5
         }",
        "true 1.0 2.0 = 1.0 2.0 -1.0
         false 1.0 2.0 = 2.0 2.0 0.0",
    );
}

#[test]
fn regions_as_deep_as_the_limit() {
    let depth = crate::limits::NESTING_MAX;
    let mut builder = crate::Builder::new();
    let (cond, x) = (builder.param(crate::Type::Bool), builder.param(crate::Type::I64));
    let mut open = Vec::new();
    let mut inner = x;
    for _ in 0..depth {
        open.push(builder.begin_if(cond));
        let one = builder.constant(1i64);
        inner = builder.op(crate::Op::Add, &[inner, one]);
    }
    while let Some(next) = open.pop() {
        let otherwise = builder.begin_else(next, &[inner]);
        inner = builder.end_if(otherwise, &[x])[0];
    }
    let (core, _) = builder.finish(vec![inner]);
    let names = crate::Names { kernel: "deep".into(), params: vec!["c".into(), "x".into()], ..crate::Names::default() };
    let kernel = verify(crate::Kernel { core, names, source: None }).unwrap();
    assert_eq!(run_scalars(&kernel, &[true.into(), 5i64.into()]), Ok(vec![Scalar::I64(5 + depth as i64)]));
    assert_eq!(run_scalars(&kernel, &[false.into(), 5i64.into()]), Ok(vec![Scalar::I64(5)]));
}

#[test]
#[should_panic(expected = "kernel f takes [F64], called with [F32]")]
fn arguments_of_another_type_are_a_defect_of_the_caller() {
    let _ = run_scalars(&kernel("kernel f(%0 x: f64) -> f64 {\n return %0\n}"), &[1.0f32.into()]);
}
