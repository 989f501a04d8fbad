//! Loops, lists and tables in vectors: what their code looks like. What it computes is compared in
//! `filbert-runtime`.

use filbert_compiler::{Backend, Explanation, Level};

use crate::vector::explained;

/// Steps of z -> z^2 + c.
const ESCAPE: &str = "kernel escape(%0 re: f64, %1 im: f64) -> i64 {
  %2: f64 = const 0.0
  %3: i64 = const 0
  %4: f64 = loop %2, %2, %3 {
    %5: f64 = carried 0
    %6: f64 = carried 1
    %7: i64 = carried 2
    %8: i64 = const 256
    %9: bool = lt %7, %8
    %10: f64 = mul %5, %5
    %11: f64 = mul %6, %6
    %12: f64 = add %10, %11
    %13: f64 = const 4.0
    %14: bool = le %12, %13
    %15: bool = and %9, %14
    %16: bool = if %15 {
      %17: f64 = sub %10, %11
      %18: f64 = add %0, %17
      %19: f64 = add %5, %5
      %20: f64 = mul %6, %19
      %21: f64 = add %1, %20
      %22: i64 = const 1
      %23: i64 = add %7, %22
      %24: bool = const true
      yield %24, %18, %21, %23
    } else {
      %25: bool = const false
      yield %25, %5, %6, %7
    }
    %26: f64 = output %16, 1
    %27: f64 = output %16, 2
    %28: i64 = output %16, 3
    yield %16, %26, %27, %28
  }
  %29: i64 = output %4, 2
  return %29
}";

/// 200 steps of the logistic map.
const LOGISTIC: &str = "kernel logistic(%0 x: f64) -> f64 {
  %1: i32 = const 0
  %2: i32 = const 200
  %3: i32 = loop %1, %0 {
    %4: i32 = carried 0
    %5: f64 = carried 1
    %6: bool = lt %4, %2
    %7: i32 = const 1
    %8: i32 = wrapping_add %4, %7
    %9: f64 = const 3.7
    %10: f64 = mul %5, %9
    %11: f64 = const 1.0
    %12: f64 = sub %11, %5
    %13: f64 = mul %10, %12
    %14: i32 = select %6, %8, %4
    %15: f64 = select %6, %13, %5
    yield %6, %14, %15
  }
  %16: f64 = output %3, 1
  return %16
}";

/// The sum of a table's entries times a number, less the one at an index.
const TABLE: &str = "kernel table(%0 x: f64, %1 i: u64) -> f64 {
  table 0: f64 = [0.5, 1.5, 2.5, 3.5]
  %2: u64 = const 0
  %3: f64 = const 0.0
  %4: u64 = const 4
  %5: u64 = loop %2, %3 {
    %6: u64 = carried 0
    %7: f64 = carried 1
    %8: f64 = load table 0, %6
    %9: f64 = mul %8, %0
    %10: f64 = add %7, %9
    %11: u64 = const 1
    %12: u64 = add %6, %11
    %13: bool = lt %12, %4
    yield %13, %12, %10
  }
  %14: f64 = output %5, 1
  %15: f64 = load table 0, %1
  %16: f64 = sub %14, %15
  return %16
}";

/// The instructions of a kernel's first loop over blocks.
fn body(made: &Explanation) -> &str {
    made.clif.split("\n\n").next().expect("a loop")
}

/// Only what is read behind the loop stays in the lanes that have left; the overflow check is proved away.
#[test]
fn a_loop_runs_while_any_lane_does() {
    for (level, test) in [(Level::V4, "kortest"), (Level::V3, "vptest")] {
        let Some(made) = explained(ESCAPE, level) else { continue };
        let Backend::Vector { lanes, turn_rows, .. } = made.backend else { panic!("{}", made.backend_reason) };
        assert_eq!(turn_rows, 2 * lanes, "the chain of one leaves time for another");
        assert!(made.asm.contains(test), "{}", made.asm);
        assert_eq!(body(&made).matches(" again ").count(), 1, "blocks go on together: {}", made.clif);
        // Once a block: where masks are numbers, what counts an iteration is taken from the count.
        let blends = body(&made).matches("Blend").count();
        let masked =
            body(&made).lines().filter(|line| line.trim().starts_with("set") && line.matches(", v").count() == 2);
        let counted = body(&made).matches("= Sub64").count();
        assert_eq!((blends, masked.count() + counted), (0, 2), "{}", made.clif);
        assert!(!body(&made).contains("check"), "{}", made.clif);
    }
}

/// No masks, no counting in lanes, several blocks at once.
#[test]
fn a_loop_of_a_known_number_of_iterations_is_counted() {
    for level in [Level::V4, Level::V3] {
        let Some(made) = explained(LOGISTIC, level) else { continue };
        let Backend::Vector { lanes, turn_rows, .. } = made.backend else { panic!("{}", made.backend_reason) };
        assert!(turn_rows >= 4 * lanes, "{}", made.backend_reason);
        assert!(body(&made).contains("head of 200 iterations"), "{}", made.clif);
        let repeated = body(&made).split("  head").nth(1).and_then(|rest| rest.split("  repeat").next()).unwrap();
        for absent in ["mask", "Blend", "Add32", "again"] {
            assert!(!repeated.contains(absent), "{absent} in {}", made.clif);
        }
        assert!(made.code_bytes <= 4096, "{} bytes", made.code_bytes);
    }
}

/// What is known in each iteration costs nothing; an index that is not is compared, and the element gathered.
#[test]
fn a_short_loop_over_a_table_is_written_out() {
    for level in [Level::V4, Level::V3] {
        let Some(made) = explained(TABLE, level) else { continue };
        assert!(matches!(made.backend, Backend::Vector { .. }), "{}", made.backend_reason);
        let copies = body(&made).matches("gather f64 of table 0").count();
        assert!((1..=4).contains(&copies), "{}", made.clif);
        assert_eq!(body(&made).matches("MulF64").count(), 4 * copies, "{}", made.clif);
        assert!(body(&made).contains("spend 3") && !body(&made).contains("head"), "{}", made.clif);
        assert!(made.asm.contains("vpgatherqq"), "{}", made.asm);
        assert!(body(&made).contains("check"), "an index may be out of range: {}", made.clif);
    }
}
