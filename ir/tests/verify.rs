//! Each rule of the verifier: kernels that break it, and what is said.

use filbert_ir::kernel::Args;
use filbert_ir::{Def, Diagnostics, Kernel, Op, Region, ResultTy, Span, Type, Value, ValueId, limits, random, verify};

use crate::{SHAPES, kernel};

pub(crate) fn findings(kernel: Kernel) -> Vec<String> {
    let found: Diagnostics = verify(kernel).expect_err("the verifier let it through");
    found.list.iter().map(|d| format!("{} {}", d.code, d.message)).collect()
}

#[test]
fn good_kernels_pass() {
    verify(kernel(SHAPES)).unwrap();
    for seed in 0..2000 {
        verify(random::kernel(seed, 60)).unwrap_or_else(|found| panic!("seed {seed}: {found}"));
    }
}

#[test]
fn type_rules() {
    let cases = [
        ("%1: f64 = not %0", "%1: not of (f64) cannot be f64"),
        ("%1: f32 = sqrt %0", "%1: sqrt of (f64) cannot be f32"),
        ("%1: f64 = add %0", "%1: add takes 2 operands, got 1"),
        ("%1: bool = cast %0", "%1: cast of (f64) cannot be bool"),
        ("%1: f64 = powi %0, %0", "%1: powi of (f64, f64) cannot be f64"),
        ("%1: f64 = shl %0, %0", "%1: shl of (f64, f64) cannot be f64"),
        ("%1: f64 = select %0, %0, %0", "%1: select of (f64, f64, f64) cannot be f64"),
        ("%1: f64 = if %0 {\n yield %0 } else {\n yield %0 }", "%1: condition %0 is f64, expected bool"),
    ];
    for (line, message) in cases {
        let text = format!("kernel f(%0 x: f64) -> f64 {{\n{line}\nreturn %0\n}}");
        assert_eq!(findings(kernel(&text)), [format!("FB-0301 {message}")], "{text}");
    }
}

#[test]
fn fault_12_type_confused_ir_is_rejected_with_the_value() {
    let text = "kernel f(%0 x: f64, %1 n: i64) -> f64 {\n%2: f64 = add %0, %1\nreturn %2\n}";
    assert_eq!(findings(kernel(text)), ["FB-0301 %2: add of (f64, i64) cannot be f64"]);
}

#[test]
fn fault_13_operands_stand_before_their_user() {
    for (operand, said) in [(2, "uses %2"), (1, "uses %1"), (u32::MAX, "uses %4294967295")] {
        let mut bad = kernel("kernel f(%0 x: f64) -> f64 {\n%1: f64 = neg %0\n%2: f64 = neg %1\nreturn %2\n}");
        bad.core.values[1].def = Def::Op(Op::Neg, Args::new(&[ValueId(operand)]));
        assert_eq!(findings(bad), [format!("FB-0301 %1: {said}, which does not stand before it")]);
    }
}

#[test]
fn values_of_a_region_end_with_it() {
    let text = "kernel f(%0 c: bool, %1 x: f64) -> f64 {
        %2: f64 = if %0 {
            %3: f64 = neg %1
            yield %3
        } else {
            %4: f64 = abs %3
            yield %4
        }
        %5: f64 = add %3, %2
        return %4
    }";
    assert_eq!(
        findings(kernel(text)),
        [
            "FB-0301 %4: uses %3, whose region has ended",
            "FB-0301 %5: uses %3, whose region has ended",
            "FB-0301 %6: uses %4, whose region has ended",
        ]
    );
}

#[test]
fn a_region_does_not_use_its_own_if() {
    let text = "kernel f(%0 c: bool, %1 x: f64) -> f64 {
        %2: f64 = if %0 {
            %3: f64 = neg %1
            yield %3
        } else {
            yield %1
        }
        return %2
    }";
    let mut bad = kernel(text);
    bad.core.values[3].def = Def::Op(Op::Neg, Args::new(&[ValueId(2)]));
    assert_eq!(findings(bad), ["FB-0301 %3: uses %2 inside its own region"]);
    let mut bad = kernel(text);
    if let Def::If { otherwise, .. } = &mut bad.core.values[2].def {
        otherwise.yields[0] = ValueId(2);
    }
    assert_eq!(findings(bad), ["FB-0301 %4: uses %2 inside its own region"]);
}

#[test]
fn regions_lie_directly_behind_their_if() {
    let good = kernel(SHAPES);
    let at = good.core.values.iter().position(|v| matches!(v.def, Def::If { .. })).unwrap();
    let breaks: [fn(&mut Region, &mut Region); 6] = [
        |then, _| then.start.0 += 1,
        |then, _| then.end.0 = 0,
        |_, otherwise| otherwise.start.0 += 1,
        |_, otherwise| otherwise.end.0 = 1000,
        |_, otherwise| otherwise.end.0 = u32::MAX,
        |then, otherwise| (then.yields.clear(), otherwise.yields.clear()).0,
    ];
    for broken in breaks {
        let mut bad = good.clone();
        if let Def::If { then, otherwise, .. } = &mut bad.core.values[at].def {
            broken(then, otherwise);
        }
        let found = findings(bad);
        assert!(found.iter().all(|line| line.starts_with("FB-0301")), "{found:?}");
    }
}

#[test]
fn yields_agree() {
    let text = "kernel f(%0 c: bool, %1 x: f64) -> f64 {
        %2: f64 = if %0 {
            yield %1, %1
        } else {
            yield %1, %0
        }
        return %2
    }";
    assert_eq!(findings(kernel(text)), ["FB-0301 %2: the regions of the if yield different types"]);
}

#[test]
fn outputs_name_an_if_of_their_region() {
    let text = "kernel f(%0 c: bool, %1 x: f64) -> f64 {
        %2: f64 = if %0 {
            yield %1
        } else {
            yield %1
        }
        %3: f64 = output %2, 1
        %4: f64 = output %2, 0
        %5: f64 = output %1, 1
        return %1
    }";
    assert_eq!(
        findings(kernel(text)),
        ["FB-0301 %3: %2 has no output 1", "FB-0301 %4: %2 has no output 0", "FB-0301 %5: %1 has no output 1"]
    );
}

#[test]
fn parameters_constants_results_names_and_spans() {
    let good = || kernel("kernel f(%0 x: u8) -> u8 {\n%1: u8 = const 1\nreturn %1\n}");
    let mut bad = good();
    bad.core.values[1] = Value { ty: Type::U8, def: Def::Const(256) };
    assert_eq!(findings(bad), ["FB-0301 %1: constant 0x100 has bits beyond u8"]);
    let mut bad = good();
    bad.core.values[1].def = Def::Param(1);
    assert_eq!(findings(bad), ["FB-0301 %1: a parameter out of place"]);
    let mut bad = good();
    bad.core.returns.clear();
    assert_eq!(findings(bad), ["FB-0301 the results are made of 1 values, got 0"]);
    let mut bad = good();
    bad.core.signature.results.clear();
    assert_eq!(findings(bad), ["FB-0301 a kernel has no result"]);
    let mut bad = good();
    bad.names.params.clear();
    bad.names.results = vec!["a".into(), String::new()];
    assert_eq!(findings(bad).len(), 3);
    let mut bad = good();
    bad.names.kernel = "n".repeat(limits::NAME_BYTES_MAX + 1);
    assert_eq!(findings(bad), ["FB-0201 kernel has 129 bytes of a name, the limit is 128"]);
    let mut bad = good();
    let spans = vec![Span::new(0, 1), Span::new(0, 9)];
    bad.source = Some(filbert_ir::Source { name: "t".into(), text: "abc".into(), spans }.into());
    assert_eq!(findings(bad), ["FB-0301 spans do not match the values or the text"]);
    let mut bad = good();
    bad.core.semantics = 99;
    assert!(findings(bad)[0].starts_with("FB-0402"));
}

/// A chain of `count` negations.
fn chain(count: usize) -> Kernel {
    let mut kernel = kernel("kernel f(%0 x: f64) -> f64 {\nreturn %0\n}");
    for i in 0..count as u32 {
        kernel.core.values.push(Value { ty: Type::F64, def: Def::Op(Op::Neg, Args::new(&[ValueId(i)])) });
    }
    kernel
}

/// `depth` ifs, each the only thing in the one around it.
fn nested(depth: usize) -> Kernel {
    let mut text = String::from("kernel f(%0 c: bool) -> bool {\n");
    (1..=depth).for_each(|i| text.push_str(&format!("%{i}: bool = if %0 {{\n")));
    (2..=depth).rev().for_each(|i| text.push_str(&format!("yield %0\n}} else {{\nyield %0\n}}\n// {i}\n")));
    text.push_str("yield %0\n} else {\nyield %0\n}\nreturn %0\n}");
    kernel(&text)
}

#[test]
fn fault_33_and_50_limits_are_named() {
    verify(chain(limits::VALUES_MAX - 1)).unwrap();
    assert_eq!(findings(chain(limits::VALUES_MAX)), ["FB-0201 kernel has 4097 values, the limit is 4096"]);
    verify(nested(limits::NESTING_MAX)).unwrap();
    assert_eq!(findings(nested(limits::NESTING_MAX + 1)), ["FB-0201 kernel has 65 nested regions, the limit is 64"]);
    let mut wide = kernel("kernel f(%0 x: f64) -> f64 {\nreturn %0\n}");
    wide.core.returns = vec![ValueId(0); limits::RESULTS_MAX + 1];
    wide.core.signature.results = vec![ResultTy::strict(Type::F64); limits::RESULTS_MAX + 1];
    assert_eq!(findings(wide), ["FB-0201 kernel has 65 results, the limit is 64"]);
    let mut text = String::from("kernel f(%0 c: bool) -> bool {\n");
    for i in 1..=limits::BLOCKS_MAX / 2 {
        text.push_str(&format!("%{i}: bool = if %0 {{\nyield %0\n}} else {{\nyield %0\n}}\n"));
    }
    assert_eq!(findings(kernel(&(text + "return %0\n}"))), ["FB-0201 kernel has 1025 blocks, the limit is 1024"]);
}
