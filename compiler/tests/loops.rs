//! Loops and memory in the function that Cranelift gets: that what should be a jump is one, what is proved is
//! not checked, and that the largest kernels stay within bounds. What they compute is compared with the
//! interpreter in `filbert-runtime`.

use filbert_compiler::audit::CODE_BYTES_MAX;
use filbert_compiler::passes::run_one;
use filbert_compiler::{CompileError, Target, compile, explain};
use filbert_ir::limits::{BLOCKS_MAX, LOOPS_NESTED_MAX, VALUES_MAX};
use filbert_ir::{Builder, Kernel, Names, Op, Scalar, Type, ValueId, VerifiedKernel, text, verify};

use crate::kernel;

/// A loop with a way out at its head and one in its middle.
const TWO_WAYS_OUT: &str = "kernel find(%0 x: &[f64], %1 wanted: f64) -> u64 {
  %2: u64 = const 0
  %3: u64 = loop %2 {
    %4: u64 = carried 0
    %5: bool = lt %4, %0
    %6: bool = if %5 {
      %7: f64 = load param 0, %4
      %8: bool = eq %7, %1
      %9: bool = if %8 {
        %10: bool = const false
        yield %10, %4
      } else {
        %11: u64 = const 1
        %12: u64 = add %4, %11
        %13: bool = const true
        yield %13, %12
      }
      %14: u64 = output %9, 1
      yield %9, %14
    } else {
      %15: bool = const false
      yield %15, %4
    }
    %16: u64 = output %6, 1
    yield %6, %16
  }
  return %3
}";

fn clif(source: &str) -> String {
    explain(&kernel(source), &scalar()).unwrap().clif
}

/// The machine for Cranelift alone.
fn scalar() -> Target {
    Target::host().without_vectors()
}

/// Heads of blocks that take a bool.
fn bools_passed(clif: &str) -> usize {
    clif.lines().filter(|line| line.starts_with("block") && line.contains(": i8")).count()
}

#[test]
fn whether_to_go_on_is_a_jump_and_not_a_value() {
    let clif = clif(TWO_WAYS_OUT);
    assert_eq!(bools_passed(&clif), 0, "{clif}");
    // The row, the head, the element and the iteration; and the next row. Settling has two of its own.
    assert_eq!(clif.matches("brif").count(), 1 + 2 + 1 + 2 + 1, "{clif}");
}

/// Only an `if` at the end of the body, and one that settles the matter, is taken apart.
#[test]
fn a_decision_that_is_computed_stays_a_value() {
    let source = TWO_WAYS_OUT.replace("yield %6, %16", "%17: bool = not %6\n %18: bool = not %17\n yield %18, %16");
    assert_eq!(bools_passed(&clif(&source)), 0, "two inversions are none");
    let source = TWO_WAYS_OUT.replace("yield %6, %16", "%17: bool = ne %6, %5\n yield %17, %16");
    assert!(bools_passed(&clif(&source)) > 0);
}

#[test]
fn what_is_proved_is_not_checked() {
    let clif = clif(TWO_WAYS_OUT);
    // Faults leave for the block of a fault: here only the one of fuel is left.
    let sites = compile(&kernel(TWO_WAYS_OUT), &scalar()).unwrap().sites;
    assert_eq!(sites.len(), 1, "{clif}");
    let unchecked = TWO_WAYS_OUT.replace("lt %4, %0", "le %4, %0");
    assert_eq!(compile(&kernel(&unchecked), &scalar()).unwrap().sites.len(), 2);
}

/// Addresses fold into the access: an index is not shifted or added anywhere else.
#[test]
fn an_element_is_one_operand() {
    if cfg!(target_arch = "x86_64") {
        let asm = explain(&kernel(TWO_WAYS_OUT), &scalar()).unwrap().asm;
        assert!(asm.lines().any(|line| line.contains("*8]") && line.contains("sd")), "{asm}");
        assert!(!asm.contains("shl"), "{asm}");
    }
}

#[test]
fn kernels_without_loops_count_nothing() {
    let clif = clif("kernel k(%0 x: f64) -> f64 {\n %1: f64 = neg %0\n return %1\n}");
    assert!(!clif.contains("v0+72"), "{clif}");
}

/// Divisions in loops are counted once each, as elsewhere.
#[test]
fn fault_30_divisions_in_loops_are_counted() {
    let source = "kernel gcd(%0 a: u32, %1 b: u32) -> u32 {
      %2: u32 = loop %0, %1 {
        %3: u32 = carried 0
        %4: u32 = carried 1
        %5: u32 = const 0
        %6: bool = ne %4, %5
        %7: bool = if %6 {
          %8: u32 = rem %3, %4
          %9: bool = const true
          yield %9, %4, %8
        } else {
          %10: bool = const false
          yield %10, %3, %4
        }
        %11: u32 = output %7, 1
        %12: u32 = output %7, 2
        yield %7, %11, %12
      }
      return %2
    }";
    let audit = compile(&kernel(source), &scalar()).unwrap().audit;
    assert_eq!(audit.divisions, 1);
    assert!(audit.traps <= 2);
}

// ------------------------------------------------------------------------------------------------ passes

fn after(pass: &str, source: &str) -> String {
    text::print(&run_one(&kernel(source), pass).unwrap().kernel)
}

#[test]
fn what_a_loop_carries_and_does_not_change_is_not_carried() {
    let source = "kernel k(%0 n: u64, %1 x: f64) -> f64 {
      %2: f64 = loop %1, %0 {
        %3: f64 = carried 0
        %4: u64 = carried 1
        %5: u64 = const 0
        %6: bool = gt %4, %5
        %7: bool = if %6 {
          %8: u64 = const 1
          %9: u64 = sub %4, %8
          %10: bool = const true
          yield %10, %3, %9
        } else {
          %11: bool = const false
          yield %11, %3, %4
        }
        %12: f64 = output %7, 1
        %13: u64 = output %7, 2
        yield %7, %12, %13
      }
      return %2
    }";
    let text = after("simplify", source);
    assert!(!text.contains("f64 = carried"), "{text}");
    assert!(text.contains("return %1"), "{text}");
}

/// As front ends write `return` in a loop: a flag and a result that change only on the way out.
#[test]
fn what_changes_only_on_the_way_out_is_known_inside() {
    let source = "kernel k(%0 n: u64, %1 m: u64) -> (u64, bool) {
      %2: u64 = const 0
      %3: bool = const false
      %4: u64 = loop %2, %2, %3 {
        %5: u64 = carried 0
        %6: u64 = carried 1
        %7: bool = carried 2
        %8: u64 = mul %5, %5
        %9: bool = eq %8, %0
        %10: bool = if %9 {
          %11: bool = const false
          %12: bool = const true
          yield %11, %5, %8, %12
        } else {
          %13: u64 = const 1
          %14: u64 = add %5, %13
          %15: u64 = add %6, %1
          %16: u64 = sub %15, %1
          %17: bool = and %7, %9
          %18: bool = const true
          yield %18, %14, %6, %7
        }
        %19: u64 = output %10, 1
        %20: u64 = output %10, 2
        %21: bool = output %10, 3
        yield %10, %19, %20, %21
      }
      %22: u64 = output %4, 1
      %23: bool = output %4, 2
      return %22, %23
    }";
    let text = after("simplify", source);
    assert!(text.contains("carried 2"), "it is still carried out:\n{text}");
    assert!(!text.contains("and %"), "the flag is false inside:\n{text}");
    assert!(text.contains("yield %17, %14, %2, %3"), "{text}");
}

#[test]
fn a_loop_that_runs_once_is_no_loop() {
    let source = "kernel k(%0 x: f64) -> f64 {
      %1: f64 = loop %0 {
        %2: f64 = carried 0
        %3: f64 = mul %2, %2
        %4: bool = const false
        yield %4, %3
      }
      return %1
    }";
    let text = after("simplify", source);
    assert!(!text.contains("loop") && text.contains("mul %0, %0"), "{text}");
}

#[test]
fn carried_values_that_nobody_reads_go_and_the_loop_stays() {
    let source = "kernel k(%0 n: u64, %1 x: f64) -> f64 {
      %2: f64 = loop %1, %0 {
        %3: f64 = carried 0
        %4: u64 = carried 1
        %5: f64 = exp %3
        %6: u64 = const 1
        %7: u64 = wrapping_sub %4, %6
        %8: u64 = const 0
        %9: bool = ne %7, %8
        yield %9, %5, %7
      }
      return %1
    }";
    let text = after("dead", source);
    assert!(!text.contains("exp") && text.contains("loop %0 {") && !text.contains("carried 1"), "{text}");
}

#[test]
fn loads_merge_unless_something_is_stored_in_between() {
    let source = "kernel k(%0 x: &[f64], %1 i: u64, %2 n: u64) -> (a: f64, b: f64, %3 out: &mut [f64] of param 0) {
      table 0: f64 = [1.0, 2.0]
      %4: f64 = load param 0, %1
      %5: f64 = load result 2, %1
      %6: bool = store result 2, %1, %4
      %7: f64 = load param 0, %1
      %8: f64 = load result 2, %1
      %9: f64 = load result 2, %1
      %10: f64 = add %7, %8
      %11: f64 = add %5, %9
      %12: f64 = loop %10, %2 {
        %13: f64 = carried 0
        %14: u64 = carried 1
        %15: f64 = load result 2, %1
        %16: f64 = load param 0, %1
        %17: f64 = load table 0, %14
        %18: f64 = load table 0, %14
        %19: f64 = add %15, %16
        %20: f64 = add %17, %18
        %21: f64 = add %19, %20
        %22: bool = store result 2, %1, %21
        %23: u64 = const 1
        %24: u64 = sub %14, %23
        %25: bool = lt %23, %24
        yield %25, %21, %24
      }
      %26: f64 = load result 2, %1
      return %12, %11
    }";
    let text = after("common", source);
    assert_eq!(text.matches("load param 0").count(), 1, "{text}");
    assert_eq!(text.matches("load table 0").count(), 1, "{text}");
    // Before the store, behind it, at the head of the loop, and behind the loop.
    assert_eq!(text.matches("load result 2").count(), 4, "{text}");
}

#[test]
fn elements_of_tables_are_constants() {
    let source = "kernel k(%0 x: f64) -> (f64, f64) {
      table 0: f64 = [1.0, 2.5]
      %1: u64 = const 1
      %2: f64 = load table 0, %1
      %3: u64 = const 2
      %4: f64 = load table 0, %3
      return %2, %4
    }";
    let text = after("simplify", source);
    assert!(text.contains("const 2.5") && text.matches("load table 0").count() == 1, "{text}");
}

// ------------------------------------------------------------------------------------------------ bounds

/// On a stack as the runtime's ladder has it.
fn compiled(kernel: VerifiedKernel) -> Result<usize, CompileError> {
    let thread = std::thread::Builder::new().stack_size(filbert_compiler::compile::STACK_BYTES_LARGE);
    let compiling = move || compile(&kernel, &scalar()).map(|artifact| artifact.code.len());
    thread.spawn(compiling).unwrap().join().expect("the compiler does not panic")
}

fn finish(builder: Builder, returns: Vec<ValueId>) -> VerifiedKernel {
    let (core, _) = builder.finish(returns);
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    verify(Kernel { core, names: Names { kernel: "k".into(), params, ..Names::default() }, source: None }).unwrap()
}

/// As many loops as a kernel may have, one behind the other; and as deep as they may nest, the innermost with
/// as many checked operations as there is room for.
#[test]
fn fault_50_the_largest_kernels_of_loops_compile_or_are_refused() {
    let mut builder = Builder::new();
    let mut last = builder.param(Type::I64);
    let step = builder.param(Type::I64);
    for _ in 0..BLOCKS_MAX - 1 {
        let (open, carried) = builder.begin_loop(&[last]);
        let next = builder.op(Op::Add, &[carried[0], step]);
        let go_on = builder.op(Op::Lt, &[next, step]);
        last = builder.end_loop(open, go_on, &[next])[0];
    }
    check(finish(builder, vec![last]));

    let mut builder = Builder::new();
    let x = builder.param(Type::I64);
    let (mut open, mut carried) = (Vec::new(), x);
    for _ in 0..LOOPS_NESTED_MAX {
        let (opened, inner) = builder.begin_loop(&[carried, x]);
        open.push(opened);
        carried = inner[0];
    }
    while builder.next_id().index() + 4 * open.len() < VALUES_MAX {
        carried = builder.op(Op::Add, &[carried, x]);
    }
    while let Some(opened) = open.pop() {
        let go_on = builder.op(Op::Lt, &[carried, x]);
        carried = builder.end_loop(opened, go_on, &[carried, x])[0];
    }
    check(finish(builder, vec![carried]));
}

/// Every loop decides at the bottom of nested `if`s, and the proofs have much to look at.
#[test]
fn fault_50_the_largest_kernels_of_nested_ifs_in_loops_compile_or_are_refused() {
    let mut builder = Builder::new();
    let (n, m) = (builder.param(Type::U64), builder.param(Type::U64));
    let mut last = builder.constant(Scalar::U64(0));
    while builder.next_id().index() + 200 < VALUES_MAX {
        let (open, carried) = builder.begin_loop(&[last, n, m]);
        let mut ifs = Vec::new();
        let mut at = carried.clone();
        for level in 0..8 {
            let cond = builder.op(Op::Lt, &[at[0], at[1]]);
            ifs.push(builder.begin_if(cond));
            at[0] = builder.op(if level % 2 == 0 { Op::Add } else { Op::Sub }, &[at[0], at[2]]);
            at[1] = builder.op(Op::Min, &[at[0], n]);
        }
        let go_on = builder.constant(Scalar::Bool(true));
        let mut results = vec![go_on, at[0], at[1], at[2]];
        while let Some(opened) = ifs.pop() {
            let other = builder.begin_else(opened, &results);
            let stop = builder.constant(Scalar::Bool(false));
            results = builder.end_if(other, &[stop, carried[0], carried[1], carried[2]]);
        }
        last = builder.end_loop(open, results[0], &results[1..])[0];
    }
    check(finish(builder, vec![last]));
}

fn check(kernel: VerifiedKernel) {
    let started = std::time::Instant::now();
    match compiled(kernel) {
        Ok(bytes) => assert!(bytes <= CODE_BYTES_MAX),
        Err(error) => assert!(matches!(error, CompileError::TooLarge { .. }), "{error}"),
    }
    // The budget is a matter of the runtime; this is to notice what grows without bound.

    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
