//! What each pass makes of a kernel: input as text, output beside it. Each kernel holds cases in which a
//! rule fires and the nearest cases in which it must not. `UPDATE_EXPECT=1` writes the outputs anew; read
//! them before believing them.

use expect_test::{Expect, expect};
use filbert_compiler::passes::{PIPELINE, optimize, run_one};
use filbert_ir::text;

use crate::kernel;

/// Runs one pass, then `dead` unless it is the one, and prints the body.
fn check(pass: &str, params: &str, body: &str, expected: Expect) {
    let source = format!("kernel k({params}) -> {}", body.trim_start());
    let made = run_one(&kernel(&source), pass).unwrap_or_else(|| panic!("no pass {pass}"));
    let made = run_one(&made.kernel, "dead").unwrap();
    let printed = text::print(&made.kernel);
    expected.assert_eq(printed.split_once('\n').unwrap().1);
}

#[test]
fn the_pipeline_has_no_unknown_pass() {
    let names: Vec<&str> = PIPELINE.iter().map(|pass| pass.name).collect();
    assert_eq!(names, ["simplify", "select", "common", "simplify", "dead"]);
    assert!(run_one(&kernel("kernel k(%0 a: f64) -> f64 {\n return %0\n}\n"), "nothing").is_none());
}

#[test]
fn float_neutral_elements() {
    // -0.0 + 0.0 is 0.0, so adding 0.0 must stay; so must subtracting -0.0, and any product with 0.0.
    check(
        "simplify",
        "%0 x: f64",
        "(f64, f64, f64, f64, f64, f64, f64) {
          %1: f64 = const 1.0
          %2: f64 = const 0.0
          %3: f64 = const -0.0
          %10: f64 = mul %1, %0
          %11: f64 = div %0, %1
          %12: f64 = add %0, %3
          %13: f64 = sub %0, %2
          %14: f64 = add %0, %2
          %15: f64 = sub %0, %3
          %16: f64 = mul %0, %2
          return %10, %11, %12, %13, %14, %15, %16
        }",
        expect![[r#"
              %1: f64 = const 0.0
              %2: f64 = const -0.0
              %3: f64 = add %0, %1
              %4: f64 = sub %0, %2
              %5: f64 = mul %0, %1
              return %0, %0, %0, %0, %3, %4, %5
            }
        "#]],
    );
}

#[test]
fn float_negation_and_reciprocals() {
    // 0.0 - x is not -x for x = 0.0. 3.0 has no exact reciprocal, 2^-1074 none that is finite.
    check(
        "simplify",
        "%0 x: f64, %1 y: f32",
        "(f64, f64, f64, f64, f64, f32, f64) {
          %2: f64 = const -1.0
          %3: f64 = const -0.0
          %4: f64 = const 0.0
          %5: f64 = const 8.0
          %6: f64 = const 3.0
          %7: f32 = const 0.25
          %8: f64 = const 5e-324
          %10: f64 = mul %0, %2
          %11: f64 = sub %3, %0
          %12: f64 = sub %4, %0
          %13: f64 = div %0, %5
          %14: f64 = div %0, %6
          %15: f32 = div %1, %7
          %16: f64 = div %0, %8
          return %10, %11, %12, %13, %14, %15, %16
        }",
        expect![[r#"
              %2: f64 = const 0.0
              %3: f64 = const 3.0
              %4: f64 = const 5e-324
              %5: f64 = neg %0
              %6: f64 = neg %0
              %7: f64 = sub %2, %0
              %8: f64 = const 0.125
              %9: f64 = mul %0, %8
              %10: f64 = div %0, %3
              %11: f32 = const 4.0
              %12: f32 = mul %1, %11
              %13: f64 = div %0, %4
              return %5, %6, %7, %9, %10, %12, %13
            }
        "#]],
    );
}

#[test]
fn float_signs() {
    check(
        "simplify",
        "%0 x: f64, %1 y: f64",
        "(f64, f64, f64, f64, f64, f64, f64, f64) {
          %2: f64 = neg %0
          %3: f64 = neg %2
          %4: f64 = abs %2
          %5: f64 = abs %4
          %6: f64 = neg %1
          %7: f64 = add %0, %6
          %8: f64 = sub %0, %6
          %9: f64 = add %2, %1
          %10: f64 = const -3.0
          %11: f64 = copysign %0, %10
          %12: f64 = sub %0, %0
          return %3, %4, %5, %7, %8, %9, %11, %12
        }",
        expect![[r#"
              %2: f64 = abs %0
              %3: f64 = sub %0, %1
              %4: f64 = add %0, %1
              %5: f64 = sub %1, %0
              %6: f64 = abs %0
              %7: f64 = neg %6
              %8: f64 = sub %0, %0
              return %0, %2, %2, %3, %4, %5, %7, %8
            }
        "#]],
    );
}

#[test]
fn powi_is_written_out_in_its_own_order() {
    // 5000 has too many steps, and an exponent that is not constant stays.
    check(
        "simplify",
        "%0 x: f64, %1 n: i32",
        "(f64, f64, f64, f64, f64, f64) {
          %2: i32 = const 0
          %3: i32 = const 1
          %4: i32 = const 5
          %5: i32 = const -2
          %6: i32 = const 5000
          %10: f64 = powi %0, %2
          %11: f64 = powi %0, %3
          %12: f64 = powi %0, %4
          %13: f64 = powi %0, %5
          %14: f64 = powi %0, %6
          %15: f64 = powi %0, %1
          return %10, %11, %12, %13, %14, %15
        }",
        expect![[r#"
              %2: i32 = const 5000
              %3: f64 = const 1.0
              %4: f64 = mul %0, %0
              %5: f64 = mul %4, %4
              %6: f64 = mul %0, %5
              %7: f64 = mul %0, %0
              %8: f64 = const 1.0
              %9: f64 = div %8, %7
              %10: f64 = powi %0, %2
              %11: f64 = powi %0, %1
              return %3, %0, %6, %9, %10, %11
            }
        "#]],
    );
}

#[test]
fn clamp_with_constant_bounds() {
    // Bounds out of order fault and must go on doing so.
    check(
        "simplify",
        "%0 x: f64, %1 n: i32",
        "(f64, f64, i32, i32) {
          %2: f64 = const -1.0
          %3: f64 = const 1.0
          %4: i32 = const -5
          %5: i32 = const 5
          %10: f64 = clamp %0, %2, %3
          %11: f64 = clamp %0, %3, %2
          %12: i32 = clamp %1, %4, %5
          %13: i32 = clamp %1, %5, %4
          return %10, %11, %12, %13
        }",
        expect![[r#"
              %2: f64 = const -1.0
              %3: f64 = const 1.0
              %4: i32 = const -5
              %5: i32 = const 5
              %6: bool = lt %0, %2
              %7: f64 = select %6, %2, %0
              %8: bool = lt %3, %7
              %9: f64 = select %8, %3, %7
              %10: f64 = clamp %0, %3, %2
              %11: i32 = max %1, %4
              %12: i32 = min %11, %5
              %13: i32 = clamp %1, %5, %4
              return %9, %10, %12, %13
            }
        "#]],
    );
}

#[test]
fn integer_neutral_and_absorbing_elements() {
    check(
        "simplify",
        "%0 x: i32, %1 y: u8",
        "(i32, i32, i32, i32, i32, u8, u8, i32, i32) {
          %2: i32 = const 0
          %3: i32 = const 1
          %4: u8 = const 255
          %10: i32 = add %2, %0
          %11: i32 = sub %0, %2
          %12: i32 = sub %2, %0
          %13: i32 = mul %0, %3
          %14: i32 = mul %0, %2
          %15: u8 = and %1, %4
          %16: u8 = or %1, %4
          %17: i32 = rem %0, %3
          %18: i32 = wrapping_sub %0, %0
          return %10, %11, %12, %13, %14, %15, %16, %17, %18
        }",
        expect![[r#"
              %2: i32 = const 0
              %3: i32 = sub %2, %0
              %4: i32 = const 0
              %5: u8 = const 255
              %6: i32 = const 0
              %7: i32 = const 0
              return %0, %0, %3, %0, %4, %1, %5, %6, %7
            }
        "#]],
    );
}

#[test]
fn folding_never_folds_a_fault_away() {
    check(
        "simplify",
        "%0 x: i8",
        "(i8, i8, f64, i8) {
          %1: i8 = const 100
          %2: i8 = const 27
          %3: i8 = add %1, %2
          %4: i8 = add %3, %2
          %5: f64 = const 2.0
          %6: f64 = sqrt %5
          %7: i8 = const 0
          %8: i8 = div %1, %7
          return %3, %4, %6, %8
        }",
        expect![[r#"
              %1: i8 = const 100
              %2: i8 = const 27
              %3: i8 = const 127
              %4: i8 = add %2, %3
              %5: f64 = const 1.4142135623730951
              %6: i8 = const 0
              %7: i8 = div %1, %6
              return %3, %4, %5, %7
            }
        "#]],
    );
}

#[test]
fn integer_powers() {
    check(
        "simplify",
        "%0 x: i64",
        "(i64, i64, i64) {
          %1: u32 = const 0
          %2: u32 = const 3
          %3: u32 = const 200
          %10: i64 = pow %0, %1
          %11: i64 = pow %0, %2
          %12: i64 = pow %0, %3
          return %10, %11, %12
        }",
        expect![[r#"
              %1: u32 = const 200
              %2: i64 = const 1
              %3: i64 = mul %0, %0
              %4: i64 = mul %0, %3
              %5: i64 = pow %0, %1
              return %2, %4, %5
            }
        "#]],
    );
}

#[test]
fn compares_and_not() {
    // For floats the opposite of < is not >=, because of NaN; equality does turn.
    check(
        "simplify",
        "%0 x: f64, %1 y: f64, %2 n: i32",
        "(bool, bool, bool, bool, bool, bool, bool, bool) {
          %3: bool = gt %0, %1
          %4: bool = not %3
          %5: bool = eq %0, %1
          %6: bool = not %5
          %7: i32 = const 3
          %8: bool = ge %7, %2
          %9: bool = not %8
          %10: bool = not %9
          %11: bool = eq %0, %0
          %12: bool = eq %2, %2
          %13: bool = lt %0, %0
          return %3, %4, %6, %9, %10, %11, %12, %13
        }",
        expect![[r#"
              %3: bool = lt %1, %0
              %4: bool = not %3
              %5: bool = ne %0, %1
              %6: i32 = const 3
              %7: bool = lt %6, %2
              %8: bool = le %2, %6
              %9: bool = eq %0, %0
              %10: bool = const true
              %11: bool = const false
              return %3, %4, %5, %7, %8, %9, %10, %11
            }
        "#]],
    );
}

#[test]
fn selects() {
    check(
        "simplify",
        "%0 c: bool, %1 x: f64, %2 y: f64, %3 d: bool",
        "(f64, f64, f64, bool, bool, bool, bool) {
          %4: bool = const true
          %5: bool = const false
          %6: bool = not %0
          %10: f64 = select %0, %1, %1
          %11: f64 = select %4, %1, %2
          %12: f64 = select %6, %1, %2
          %13: bool = select %0, %4, %3
          %14: bool = select %0, %3, %5
          %15: bool = select %0, %5, %4
          %16: bool = select %0, %5, %3
          return %10, %11, %12, %13, %14, %15, %16
        }",
        expect![[r#"
              %4: f64 = select %0, %2, %1
              %5: bool = or %0, %3
              %6: bool = and %0, %3
              %7: bool = not %0
              %8: bool = not %0
              %9: bool = and %3, %8
              return %1, %1, %4, %5, %6, %7, %9
            }
        "#]],
    );
}

#[test]
fn casts() {
    check(
        "simplify",
        "%0 x: f32, %1 y: f64",
        "(f32, f64, f64) {
          %2: f64 = cast %0
          %3: f32 = cast %2
          %4: f32 = cast %1
          %5: f64 = cast %4
          %6: f64 = cast %1
          return %3, %5, %6
        }",
        expect![[r#"
              %2: f32 = cast %1
              %3: f64 = cast %2
              return %0, %3, %1
            }
        "#]],
    );
}

#[test]
fn an_if_by_a_constant_is_spliced_without_the_faults_of_the_other_side() {
    check(
        "simplify",
        "%0 x: i32, %1 y: i32",
        "(i32, i32) {
          %2: bool = const false
          %3: i32 = if %2 {
            %4: i32 = div %0, %1
            yield %4, %0
          } else {
            %5: i32 = add %0, %1
            yield %5, %1
          }
          %6: i32 = output %3, 1
          return %3, %6
        }",
        expect![[r#"
              %2: i32 = add %0, %1
              return %2, %1
            }
        "#]],
    );
}

#[test]
fn small_ifs_become_selects_and_fallible_or_dear_ones_stay() {
    check(
        "select",
        "%0 c: bool, %1 x: f64, %2 n: i32",
        "(f64, f64, i32) {
          %3: f64 = if %0 {
            %4: f64 = sqrt %1
            yield %4
          } else {
            %5: f64 = neg %1
            yield %5
          }
          %6: f64 = if %0 {
            %7: f64 = exp %1
            yield %7
          } else {
            yield %1
          }
          %8: i32 = if %0 {
            %9: i32 = add %2, %2
            yield %9
          } else {
            yield %2
          }
          return %3, %6, %8
        }",
        expect![[r#"
              %3: f64 = sqrt %1
              %4: f64 = neg %1
              %5: f64 = select %0, %3, %4
              %6: f64 = if %0 {
                %7: f64 = exp %1
                yield %7
              } else {
                yield %1
              }
              %8: i32 = if %0 {
                %9: i32 = add %2, %2
                yield %9
              } else {
                yield %2
              }
              return %5, %6, %8
            }
        "#]],
    );
}

#[test]
fn nested_small_ifs_become_selects_together() {
    check(
        "select",
        "%0 c: bool, %1 d: bool, %2 x: f64",
        "(f64, bool) {
          %3: f64 = if %0 {
            %4: f64 = if %1 {
              %5: f64 = neg %2
              yield %5
            } else {
              yield %2
            }
            yield %4, %1
          } else {
            yield %2, %0
          }
          %6: bool = output %3, 1
          return %3, %6
        }",
        expect![[r#"
              %3: f64 = neg %2
              %4: f64 = select %1, %3, %2
              %5: f64 = select %0, %4, %2
              %6: bool = select %0, %1, %0
              return %5, %6
            }
        "#]],
    );
}

#[test]
fn common_subexpressions_merge_where_the_first_is_visible() {
    // Within a region what stands before it counts; what stands in the other region or in a region that
    // has ended does not.
    check(
        "common",
        "%0 c: bool, %1 x: i32, %2 y: i32",
        "(i32, i32, i32) {
          %3: i32 = add %1, %2
          %4: i32 = add %2, %1
          %5: i32 = if %0 {
            %6: i32 = add %1, %2
            %7: i32 = mul %6, %1
            yield %7
          } else {
            %8: i32 = mul %4, %1
            yield %8
          }
          %9: i32 = mul %3, %1
          return %4, %5, %9
        }",
        expect![[r#"
              %3: i32 = add %1, %2
              %4: i32 = if %0 {
                %5: i32 = mul %1, %3
                yield %5
              } else {
                %6: i32 = mul %1, %3
                yield %6
              }
              %7: i32 = mul %1, %3
              return %3, %4, %7
            }
        "#]],
    );
}

#[test]
fn dead_code_goes_and_faults_stay() {
    check(
        "dead",
        "%0 c: bool, %1 x: i32, %2 z: f64",
        "i32 {
          %3: f64 = exp %2
          %4: i32 = mul %1, %1
          %5: i32 = const 3
          %6: i32 = div %1, %5
          %7: u32 = const 31
          %8: i32 = shl %1, %7
          %9: i32 = if %0 {
            %10: i32 = sub %1, %5
            %11: i32 = const 7
            yield %10, %11
          } else {
            yield %1, %5
          }
          %12: i32 = output %9, 1
          %13: f64 = if %0 {
            %14: f64 = neg %2
            yield %14
          } else {
            yield %2
          }
          return %1
        }",
        expect![[r#"
              %3: i32 = mul %1, %1
              %4: i32 = const 3
              %5: i32 = if %0 {
                %6: i32 = sub %1, %4
                yield %6
              } else {
                yield %1
              }
              return %1
            }
        "#]],
    );
}

#[test]
fn dead_yields_go() {
    check(
        "dead",
        "%0 c: bool, %1 x: f64",
        "f64 {
          %2: f64 = if %0 {
            %3: f64 = exp %1
            %4: f64 = neg %1
            yield %3, %4
          } else {
            yield %1, %1
          }
          %5: f64 = output %2, 1
          return %5
        }",
        expect![[r#"
              %2: f64 = if %0 {
                %3: f64 = neg %1
                yield %3
              } else {
                yield %1
              }
              return %2
            }
        "#]],
    );
}

#[test]
fn the_whole_pipeline_on_the_great_circle() {
    let kernel = kernel(
        "kernel great_circle(%0 lat1: f64, %1 lon1: f64, %2 lat2: f64, %3 lon2: f64) -> f64 {
          %4: f64 = sub %2, %0
          %5: f64 = to_radians %4
          %6: f64 = sub %3, %1
          %7: f64 = to_radians %6
          %8: f64 = const 2.0
          %9: f64 = div %5, %8
          %10: f64 = sin %9
          %11: i32 = const 2
          %12: f64 = powi %10, %11
          %13: f64 = to_radians %0
          %14: f64 = cos %13
          %15: f64 = to_radians %2
          %16: f64 = cos %15
          %17: f64 = mul %14, %16
          %18: f64 = const 2.0
          %19: f64 = div %7, %18
          %20: f64 = sin %19
          %21: i32 = const 2
          %22: f64 = powi %20, %21
          %23: f64 = mul %17, %22
          %24: f64 = add %12, %23
          %25: f64 = sqrt %24
          %26: f64 = const 1.0
          %27: f64 = min %25, %26
          %28: f64 = asin %27
          %29: f64 = const 7917.6
          %30: f64 = mul %29, %28
          return %30
        }",
    );
    expect![[r#"
        kernel great_circle(%0 lat1: f64, %1 lon1: f64, %2 lat2: f64, %3 lon2: f64) -> f64 {
          %4: f64 = sub %2, %0
          %5: f64 = to_radians %4
          %6: f64 = sub %3, %1
          %7: f64 = to_radians %6
          %8: f64 = const 0.5
          %9: f64 = mul %5, %8
          %10: f64 = sin %9
          %11: f64 = mul %10, %10
          %12: f64 = to_radians %0
          %13: f64 = cos %12
          %14: f64 = to_radians %2
          %15: f64 = cos %14
          %16: f64 = mul %13, %15
          %17: f64 = mul %7, %8
          %18: f64 = sin %17
          %19: f64 = mul %18, %18
          %20: f64 = mul %16, %19
          %21: f64 = add %11, %20
          %22: f64 = sqrt %21
          %23: f64 = const 1.0
          %24: f64 = min %22, %23
          %25: f64 = asin %24
          %26: f64 = const 7917.6
          %27: f64 = mul %25, %26
          return %27
        }
    "#]]
    .assert_eq(&text::print(&optimize(&kernel).kernel));
}
