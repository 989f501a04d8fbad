//! Proofs: what is proved on kernels of the usual shapes, what must not be, and that no row ever fails at a
//! value that is proved not to. The interpreter is the judge of that, on kernels made to walk along the ends
//! of their lists.

use std::fmt::Write;

use filbert_compiler::passes::optimize;
use filbert_compiler::proof::{Proofs, prove};
use filbert_ir::interp::{Control, Interpreter, Row, RowEnd};
use filbert_ir::{Def, ValueId, VerifiedKernel, random, text, verify};

use crate::kernel;

/// Operations and accesses that may fail, in order, with what is known of each: `load yes, add no`.
fn verdicts(source: &str) -> String {
    let kernel = kernel(source);
    let proofs = prove(&kernel.core);
    let mut out = String::new();
    for (index, value) in kernel.core.values.iter().enumerate() {
        let name = match &value.def {
            Def::Op(op, _) if kernel.core.may_fault(ValueId(index as u32)) => op.name(),
            Def::Load { .. } => "load",
            Def::Store { .. } => "store",
            _ => continue,
        };
        let verdict = if proofs.never_fails[index] { "yes" } else { "no" };
        let comma = if out.is_empty() { "" } else { ", " };
        write!(out, "{comma}{name} {verdict}").unwrap();
    }
    out
}

/// `while cond { .. }` over a counter that starts at `%20`, with `body` giving the next one as `%50`.
fn counting(signature: &str, before: &str, cond: &str, body: &str) -> String {
    format!(
        "kernel k({signature}) -> u64 {{
          {before}
          %30: u64 = loop %20 {{
            %31: u64 = carried 0
            {cond}
            %33: bool = if %32 {{
              {body}
              %51: bool = const true
              yield %51, %50
            }} else {{
              %52: bool = const false
              yield %52, %31
            }}
            %53: u64 = output %33, 1
            yield %33, %53
          }}
          return %30
        }}"
    )
}

#[test]
fn the_usual_loop_over_a_list_needs_no_check() {
    let source = counting(
        "%0 x: &[f64]",
        "%20: u64 = const 0",
        "%32: bool = lt %31, %0",
        "%40: f64 = load param 0, %31\n %41: u64 = const 1\n %50: u64 = add %31, %41",
    );
    assert_eq!(verdicts(&source), "load yes, add yes");
}

#[test]
fn beyond_the_condition_there_is_no_proof() {
    // `<=` where `<` was meant, and the element behind.
    for cond in ["%32: bool = le %31, %0", "%32: bool = ne %31, %0"] {
        let body = "%40: f64 = load param 0, %31\n %41: u64 = const 1\n %50: u64 = add %31, %41";
        let source = counting("%0 x: &[f64]", "%20: u64 = const 0", cond, body);
        assert_eq!(verdicts(&source), "load no, add yes", "{cond}");
    }
    let body = "%41: u64 = const 1\n %50: u64 = add %31, %41\n %42: f64 = load param 0, %50";
    let source = counting("%0 x: &[f64]", "%20: u64 = const 0", "%32: bool = lt %31, %0", body);
    assert_eq!(verdicts(&source), "add yes, load no");
}

#[test]
fn neighbours_within_the_bounds_of_the_loop() {
    // for i in 1..n - 1 { x[i - 1] + x[i + 1] }; with n = 0 the difference fails first.
    let source = counting(
        "%0 x: &[f64]",
        "%20: u64 = const 1\n %21: u64 = sub %0, %20",
        "%32: bool = lt %31, %21",
        "%40: u64 = sub %31, %20\n %41: f64 = load param 0, %40\n %50: u64 = add %31, %20
         %42: f64 = load param 0, %50",
    );
    assert_eq!(verdicts(&source), "sub no, sub yes, load yes, add yes, load yes");
}

#[test]
fn down_to_zero() {
    let source = counting(
        "%0 x: &[f64]",
        "%1: u64 = const 0\n %20: u64 = max %0, %1",
        "%32: bool = gt %31, %1",
        "%40: u64 = const 1\n %50: u64 = sub %31, %40\n %41: f64 = load param 0, %50",
    );
    assert_eq!(verdicts(&source), "sub yes, load yes");
}

#[test]
fn the_shorter_of_two_lists_and_lists_of_one_length() {
    let both = "%40: f64 = load param 0, %31\n %41: f64 = load param 1, %31\n %42: u64 = const 1
                %50: u64 = add %31, %42";
    let shorter = "%20: u64 = const 0\n %21: u64 = min %0, %1";
    let source = counting("%0 x: &[f64], %1 y: &[f64]", shorter, "%32: bool = lt %31, %21", both);
    assert_eq!(verdicts(&source), "load yes, load yes, add yes");
    let equal = "%20: u64 = const 0\n %21: bool = same_length %0, %1";
    let source = counting("%0 x: &[f64], %1 y: &[f64]", equal, "%32: bool = lt %31, %0", both);
    assert_eq!(verdicts(&source), "same_length no, load yes, load yes, add yes");
    let source = counting("%0 x: &[f64], %1 y: &[f64]", "%20: u64 = const 0", "%32: bool = lt %31, %0", both);
    assert_eq!(verdicts(&source), "load yes, load no, add yes");
}

#[test]
fn a_signed_counter_that_is_cast() {
    let source = "kernel k(%0 x: &[f64]) -> i64 {
      %1: i64 = cast %0
      %2: i64 = const 0
      %3: i64 = loop %2 {
        %4: i64 = carried 0
        %5: bool = lt %4, %1
        %6: bool = if %5 {
          %7: u64 = cast %4
          %8: f64 = load param 0, %7
          %9: i64 = const 1
          %10: i64 = add %4, %9
          %11: bool = const true
          yield %11, %10
        } else {
          %12: bool = const false
          yield %12, %4
        }
        %13: i64 = output %6, 1
        yield %6, %13
      }
      return %3
    }";
    assert_eq!(verdicts(source), "load yes, add yes");
    // That the length fits i64 is looked at once a row.
    let proofs = prove(&kernel(source).core);
    let [assumed] = &proofs.assumptions[..] else { panic!("{:?}", proofs.assumptions) };
    assert_eq!((assumed.x, assumed.y, assumed.c), (Some(ValueId(0)), None, 1 << 47));
}

#[test]
fn masks_remainders_tables_and_fixed_lengths() {
    let source = "kernel k(%0 x: u64, %1 y: i64, %2 l: &[f64; 3], %3 b: u8) -> f64 {
      table 0: f64 = [0.0, 1.0, 2.0, 3.0]
      table 1: u8 = [0, 1, 3]
      %4: u64 = const 3
      %5: u64 = const 4
      %6: u64 = and %0, %4
      %7: f64 = load table 0, %6
      %8: u64 = rem %0, %5
      %9: f64 = load table 0, %8
      %10: i64 = const 4
      %11: i64 = rem_euclid %1, %10
      %12: u64 = cast %11
      %13: f64 = load table 0, %12
      %14: u64 = rem %0, %4
      %15: f64 = load param 2, %14
      %16: u8 = load table 1, %14
      %17: u64 = cast %16
      %18: f64 = load table 0, %17
      %19: i64 = rem %1, %10
      %20: u64 = cast %19
      %21: f64 = load table 0, %20
      %22: u64 = cast %3
      %23: f64 = load table 0, %22
      return %7
    }";
    let wanted = "load yes, rem yes, load yes, rem_euclid yes, load yes, rem yes, load yes, load yes, load yes, \
                  rem yes, load no, load no";
    assert_eq!(verdicts(source), wanted);
    assert_eq!(prove(&kernel(source).core).assumptions.len(), 1, "the list has three elements");
}

#[test]
fn a_result_as_long_as_a_parameter() {
    let source = |length: &str| {
        counting(
            "%0 x: &[f64]",
            "%20: u64 = const 0",
            "%32: bool = lt %31, %0",
            "%40: f64 = load param 0, %31
             %41: bool = store result 1, %31, %40
             %42: u64 = const 1\n %50: u64 = add %31, %42",
        )
        .replace(") -> u64 {", &format!(") -> (last: u64, %1 out: &mut [f64] of {length}) {{"))
    };
    assert_eq!(verdicts(&source("param 0")), "load yes, store yes, add yes");
    assert_eq!(verdicts(&source("param 0 + 1")), "load yes, store yes, add yes");
    assert_eq!(verdicts(&source("2 * param 0")), "load yes, store yes, add yes");
    assert_eq!(verdicts(&source("param 0 + -1")), "load yes, store no, add yes");
    assert_eq!(verdicts(&source("3")), "load yes, store no, add yes");
}

#[test]
fn rows_of_a_flat_list() {
    // for i in 0..x.len() { x[i][0] + x[i][2] }
    let source = counting(
        "%0 x: &[[f64; 3]]",
        "%20: u64 = const 0\n %21: u64 = const 3\n %22: u64 = div %0, %21",
        "%32: bool = lt %31, %22",
        "%40: u64 = mul %31, %21
         %41: f64 = load param 0, %40
         %42: u64 = const 2
         %43: u64 = add %40, %42
         %44: f64 = load param 0, %43
         %45: u64 = add %40, %21
         %46: f64 = load param 0, %45
         %47: u64 = const 1\n %50: u64 = add %31, %47",
    );
    assert_eq!(verdicts(&source), "div yes, mul yes, load yes, add yes, load yes, add yes, load no, add yes");
}

/// `for j in a..=i` goes on while a bool says so: the proof goes by that bool.
#[test]
fn a_loop_up_to_and_with_its_end() {
    let source = |first: &str, next: &str| {
        format!(
            "kernel k(%0 x: &[f64], %1 a: u64, %2 i: u64) -> f64 {{
              %3: f64 = const 0.0
              %4: u64 = index %2, %0
              %5: bool = {first} %1, %4
              %6: f64 = loop %3, %1, %5 {{
                %7: f64 = carried 0
                %8: u64 = carried 1
                %9: bool = carried 2
                %10: bool = if %9 {{
                  %11: bool = {next} %8, %4
                  %12: u64 = const 1
                  %13: u64 = wrapping_add %8, %12
                  %14: f64 = load param 0, %8
                  %15: f64 = add %7, %14
                  %16: bool = const true
                  yield %16, %15, %13, %11
                }} else {{
                  %17: bool = const false
                  yield %17, %7, %8, %9
                }}
                %18: f64 = output %10, 1
                %19: u64 = output %10, 2
                %20: bool = output %10, 3
                yield %10, %18, %19, %20
              }}
              return %6
            }}"
        )
    };
    assert_eq!(verdicts(&source("le", "lt")), "index no, load yes");
    assert_eq!(verdicts(&source("ge", "lt")), "index no, load no");
    assert_eq!(verdicts(&source("le", "le")), "index no, load no");
}

/// Down to 0 by sums that wrap, as front ends write `(0..n).rev()`: what is not 0 can be less.
#[test]
fn wrapping_sums_that_do_not_wrap() {
    let body = "%40: u64 = const 1\n %50: u64 = wrapping_sub %31, %40\n %41: f64 = load param 0, %50";
    let before = "%1: u64 = const 0\n %20: u64 = max %0, %1";
    for (cond, verdict) in [("%32: bool = lt %1, %31", "load yes"), ("%32: bool = ne %31, %1", "load yes")] {
        assert_eq!(verdicts(&counting("%0 x: &[f64]", before, cond, body)), verdict, "{cond}");
    }
    let cond = "%32: bool = le %1, %31";
    assert_eq!(verdicts(&counting("%0 x: &[f64]", before, cond, body)), "load no");
}

/// Half of the way between two ends is between them; unless one of them moved.
#[test]
fn bisection() {
    let source = |middle: &str| {
        format!(
            "kernel k(%0 x: &[f64], %1 y: f64) -> u64 {{
              %2: u64 = const 0
              %3: u64 = const 1
              %4: u64 = sub %0, %3
              %5: u64 = loop %2, %4 {{
                %6: u64 = carried 0
                %7: u64 = carried 1
                %8: u64 = sub %7, %6
                %9: u64 = const 2
                %10: u64 = div %8, %9
                %11: u64 = {middle}
                %12: f64 = load param 0, %11
                %13: bool = lt %1, %12
                %14: u64 = select %13, %6, %11
                %15: u64 = select %13, %11, %7
                %16: bool = lt %3, %8
                yield %16, %14, %15
              }}
              return %5
            }}"
        )
    };
    assert_eq!(verdicts(&source("add %6, %10")), "sub no, sub no, div yes, add yes, load yes");
    assert_eq!(verdicts(&source("add %7, %10")), "sub no, sub no, div yes, add no, load no");
}

/// What is known of a value now was not known of it an iteration earlier.
#[test]
fn a_condition_of_this_iteration_says_nothing_of_the_last_one() {
    let source = "kernel k(%0 n: u64) -> f64 {
      table 0: f64 = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
      %1: u64 = const 0
      %2: f64 = const 0.0
      %3: f64 = loop %2, %1, %1 {
        %4: f64 = carried 0
        %5: u64 = carried 1
        %6: u64 = carried 2
        %7: u64 = const 3
        %8: bool = lt %5, %7
        %9: f64 = if %8 {
          %10: f64 = load table 0, %6
          yield %10
        } else {
          yield %4
        }
        %11: u64 = const 5
        %12: u64 = add %5, %11
        %13: u64 = xor %5, %0
        %14: bool = lt %6, %0
        yield %14, %9, %13, %12
      }
      return %3
    }";
    assert_eq!(verdicts(source), "load no, add no");
}

/// A carried value that is at most what something was in the last iteration need not be at most what it is
/// now.
#[test]
fn the_other_side_has_to_stand_outside_of_the_loop() {
    let source = "kernel k(%0 x: &[f64], %1 a: u64) -> f64 {
      %2: u64 = const 0
      %3: f64 = const 0.0
      %4: f64 = loop %3, %2, %1 {
        %5: f64 = carried 0
        %6: u64 = carried 1
        %7: u64 = carried 2
        %8: u64 = not %7
        %9: bool = lt %8, %0
        %10: f64 = if %9 {
          %11: f64 = load param 0, %6
          yield %11
        } else {
          yield %5
        }
        %12: bool = lt %6, %1
        yield %12, %10, %8, %8
      }
      return %4
    }";
    assert_eq!(verdicts(source), "load no");
}

/// What was checked once needs no second check, until control leaves the place.
#[test]
fn an_access_proves_the_next_one() {
    let source = "kernel k(%0 x: &[f64], %1 i: u64, %2 c: bool) -> f64 {
      %3: f64 = if %2 {
        %4: f64 = load param 0, %1
        %5: f64 = load param 0, %1
        yield %5
      } else {
        %6: f64 = const 0.0
        yield %6
      }
      %7: f64 = load param 0, %1
      %8: f64 = load param 0, %1
      return %8
    }";
    assert_eq!(verdicts(source), "load no, load yes, load no, load yes");
}

/// A counter cannot go further than fuel lets it; how far decides.
#[test]
fn fuel_bounds_counters() {
    let source = |fuel: u64| {
        format!(
            "kernel k(%0 n: i32) -> i32 fuel {fuel} {{
              %1: i32 = const 0
              %2: i32 = loop %1 {{
                %3: i32 = carried 0
                %4: i32 = const 3
                %5: i32 = add %3, %4
                %6: bool = ne %5, %0
                yield %6, %5
              }}
              return %2
            }}"
        )
    };
    assert_eq!(verdicts(&source(1000)), "add yes");
    assert_eq!(verdicts(&source(1 << 30)), "add no");
}

// ------------------------------------------------------------------------------------------- at random

/// Runs a row; gives where it failed.
fn failing(kernel: &VerifiedKernel, row: &Row) -> Option<ValueId> {
    let mut out = vec![0; kernel.core.returns.len()];
    let mut memory = row.memory.clone();
    match Interpreter::new(kernel).row(&row.slots, &mut memory, &mut Control::free(), &mut out) {
        Err(RowEnd::Fault(fault)) => Some(fault.value),
        _ => None,
    }
}

/// No assumption fails on a row that keeps the ABI, and no row fails where it is proved not to.
fn judge(kernel: &VerifiedKernel, proofs: &Proofs, row: &Row) {
    for assumption in &proofs.assumptions {
        let slot = |slot: Option<ValueId>| slot.map_or(0, |id| i128::from(row.slots[id.index()]));
        let holds = slot(assumption.x) <= slot(assumption.y) + i128::from(assumption.c);
        let holds = holds || (assumption.or_zero && slot(assumption.x) == 0);
        assert!(holds, "{assumption:?} on {:?}\n{}", row.slots, text::print(kernel));
    }
    if let Some(value) = failing(kernel, row) {
        let proved = proofs.never_fails[value.index()];
        assert!(!proved, "{value} fails on {:?}\n{}", row.slots, text::print(kernel));
    }
}

#[test]
fn no_row_fails_where_it_is_proved_not_to() {
    let (mut accesses, mut sums, mut checked) = (0, 0, 0);
    let count = if std::env::var_os("FILBERT_LONG").is_some() { 300_000 } else { 3_000 };
    for seed in 0..count {
        let kernel = optimize(&verify(random::walking_kernel(seed)).unwrap()).kernel;
        let proofs = prove(&kernel.core);
        for (value, proved) in kernel.core.values.iter().zip(&proofs.never_fails) {
            match value.def {
                Def::Load { .. } | Def::Store { .. } if *proved => accesses += 1,
                Def::Load { .. } | Def::Store { .. } => checked += 1,
                Def::Op(..) if *proved => sums += 1,
                _ => {}
            }
        }
        for row in random::walking_rows(seed, &kernel.core.signature, 15) {
            judge(&kernel, &proofs, &Row::new(&kernel.core, &row).expect("no argument is null"));
        }
    }
    println!("{accesses} accesses and {sums} operations proved, {checked} accesses not");
    assert!(accesses > count / 4 && sums > count && checked > count, "{accesses}, {sums}, {checked}");
}

#[test]
fn random_kernels_do_not_fail_where_it_is_proved_either() {
    for seed in 0..1_000 {
        let kernel = optimize(&verify(random::rich_kernel(seed, 5 + (seed % 80) as usize)).unwrap()).kernel;
        let proofs = prove(&kernel.core);
        let rows = random::datum_rows(seed, &kernel.core.signature, 15);
        rows.iter().filter_map(|row| Row::new(&kernel.core, row)).for_each(|row| {
            // The generator's own fuel is more than a test has time for.
            if !kernel.core.has_loops() || kernel.core.signature.fuel < 100_000 {
                judge(&kernel, &proofs, &row);
            }
        });
    }
}
