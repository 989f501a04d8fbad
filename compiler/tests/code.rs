//! What every piece of code must show, on random kernels and on the hard ones.

use std::fmt::Write;

use filbert_compiler::audit::CODE_BYTES_MAX;
use filbert_compiler::{Backend, CompileError, Level, Target, compile, helpers, passes};
use filbert_ir::kernel::SEMANTICS_VERSION;
use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Builder, Def, Kernel, Names, Op, Scalar, Type, VerifiedKernel, random, verify};

use crate::kernel;

fn random_kernel(seed: u64) -> VerifiedKernel {
    verify(random::kernel(seed, 5 + (seed % 60) as usize)).unwrap()
}

#[test]
fn random_kernels_pass_the_audit_at_every_level() {
    for level in Level::ALL {
        let target = Target::level(level);
        for seed in 0..125 {
            let kernel = random_kernel(seed + 1000 * level as u64);
            let artifact = compile(&kernel, &target).unwrap();
            assert_eq!(artifact.audit.relocations, 0);
            assert!(artifact.audit.traps <= 2 * artifact.audit.divisions, "seed {seed}: {:?}", artifact.audit);
            assert_eq!((artifact.kernel, artifact.entry_offset), (kernel.id(), 0));
            assert!(level >= Level::V3 || artifact.backend == Backend::Scalar);
            assert_eq!(compile(&kernel, &target.without_vectors()).unwrap().backend, Backend::Scalar);
            assert!(artifact.align.is_power_of_two() && !artifact.code.is_empty());
            for site in &artifact.sites {
                assert!(kernel.core.may_fault(site.value), "seed {seed}: site {site:?} cannot fault");
            }
        }
    }
}

#[test]
fn same_kernel_and_target_give_the_same_bytes() {
    for seed in 0..200 {
        let kernel = random_kernel(seed);
        let first = compile(&kernel, &Target::host()).unwrap();
        let second = std::thread::spawn(move || compile(&kernel, &Target::host()).unwrap()).join().unwrap();
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn passes_do_not_depend_on_the_order_of_a_hash_map() {
    for seed in 0..200 {
        let kernel = random_kernel(seed);
        let (first, second) = (passes::optimize(&kernel), passes::optimize(&kernel));
        assert_eq!(first.kernel.core, second.kernel.core, "seed {seed}");
        assert_eq!(first.origins, second.origins, "seed {seed}");
    }
}

/// Whatever may fault after the passes stands for something that may fault in the kernel as it was given.
#[test]
fn origins_of_fallible_values_are_fallible() {
    for seed in 0..500 {
        let kernel = random_kernel(seed);
        let optimized = passes::optimize(&kernel);
        assert_eq!(optimized.origins.len(), optimized.kernel.core.values.len());
        for (index, &origin) in optimized.origins.iter().enumerate() {
            let id = filbert_ir::ValueId(index as u32);
            if optimized.kernel.core.may_fault(id) {
                assert!(kernel.core.may_fault(origin), "seed {seed}: {id} comes from {origin}");
            }
        }
    }
}

#[test]
fn levels_have_their_own_fingerprints_and_the_host_is_the_highest() {
    assert_eq!(Target::host(), Target::level(Level::V4));
    let text = Target::host().fingerprint().to_string();
    assert!(text.contains("cranelift=0.135.8"), "{text}");
    assert!(text.contains(&format!("semantics={SEMANTICS_VERSION}")), "{text}");
    if cfg!(target_arch = "x86_64") {
        assert_ne!(Target::level(Level::V1), Target::host(), "this machine has nothing beyond SSE2");
        assert!(Target::level(Level::V1).features().is_empty());
    }
}

/// At the baseline these would be calls of a library by name; they must be calls through the table.
#[test]
fn fault_07_baseline_rounding_and_fma_use_helpers_and_not_symbols() {
    for op in [Op::Floor, Op::Ceil, Op::Trunc, Op::Round, Op::Fract, Op::MulAdd] {
        for ty in [Type::F32, Type::F64] {
            let mut builder = Builder::new();
            let args: Vec<_> = (0..op.rule().arity()).map(|_| builder.param(ty)).collect();
            let result = builder.op(op, &args);
            let kernel = finish(builder, vec![result]);
            for level in Level::ALL {
                assert_eq!(compile(&kernel, &Target::level(level)).unwrap().audit.relocations, 0, "{op} {ty}");
            }
        }
    }
}

/// Every operation on every type that its rule takes, alone and on constants that do not settle it.
#[test]
fn every_operation_on_every_type_compiles() {
    let mut seen = 0;
    for &op in Op::ALL {
        for first in Type::ALL {
            for second in Type::ALL {
                let tys = match op.rule().arity() {
                    1 => vec![first],
                    2 => vec![first, second],
                    _ => vec![first, second, second],
                };
                let Some(ty) = op.result_type(&tys, second) else { continue };
                let mut builder = Builder::new();
                let args: Vec<_> = tys.iter().map(|&ty| builder.param(ty)).collect();
                let result = builder.push(ty, Def::Op(op, filbert_ir::kernel::Args::new(&args)));
                let kernel = finish(builder, vec![result]);
                for level in [Level::V1, Level::V4] {
                    compile(&kernel, &Target::level(level)).unwrap_or_else(|e| panic!("{op} on {tys:?}: {e}"));
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "only {seen} combinations");
}

#[test]
fn helpers_have_addresses_and_one_row_each() {
    assert_eq!(helpers::table().len(), helpers::HELPERS.len());
    for (index, helper) in helpers::HELPERS.iter().enumerate() {
        assert_eq!(helpers::find(helper.op, helper.ty), Some(index), "{} {}", helper.op, helper.ty);
        assert!(!helpers::table()[index].load(std::sync::atomic::Ordering::Relaxed).is_null());
    }
    assert_eq!(helpers::find(Op::Add, Type::F64), None);
}

/// As many values as a kernel may have: code within its bound, or an error that names the bound. The frame
/// of a kernel that keeps everything alive is bounded with the number of values.
#[test]
fn fault_50_the_largest_kernels_compile_or_are_refused() {
    for (op, ty) in [(Op::Mul, Type::F64), (Op::Powf, Type::F64), (Op::Div, Type::I64), (Op::IntPow, Type::I64)] {
        let mut builder = Builder::new();
        let mut last = builder.param(ty);
        let x = builder.param(if op == Op::IntPow { Type::U32 } else { ty });
        while builder.next_id().index() < VALUES_MAX {
            last = builder.op(op, &[last, x]);
        }
        let kernel = finish(builder, vec![last]);
        match compile(&kernel, &Target::host()) {
            Ok(artifact) => assert!(artifact.code.len() <= CODE_BYTES_MAX, "{op}"),
            Err(error @ CompileError::TooLarge { .. }) => {
                assert_eq!(ty, Type::I64, "only faults make that many blocks: {error}");
                assert!(error.to_string().contains("blocks of machine code, more than 10000"), "{error}");
            }
            Err(other) => panic!("{op} on {ty}: {other}"),
        }
    }
}

#[test]
fn fault_38_everything_alive_at_once_compiles() {
    let mut builder = Builder::new();
    let mut values = vec![builder.param(Type::F64)];
    while values.len() < VALUES_MAX / 2 {
        let last = values[values.len() - 1];
        values.push(builder.op(Op::Sqrt, &[last]));
    }
    let mut sum = values[0];
    for &value in &values[1..] {
        sum = builder.op(Op::Sub, &[value, sum]);
    }
    compile(&finish(builder, vec![sum]), &Target::host()).unwrap();
}

/// Expansion must not make a kernel that is beyond the limits: the pass is left out then.
#[test]
fn expansion_beyond_the_limits_is_left_out() {
    let mut builder = Builder::new();
    let mut last = builder.param(Type::F64);
    let n = builder.constant(Scalar::I32(1023));
    while builder.next_id().index() < VALUES_MAX - 1 {
        last = builder.op(Op::Powi, &[last, n]);
    }
    let kernel = finish(builder, vec![last]);
    let optimized = passes::optimize(&kernel);
    assert!(optimized.kernel.core.values.len() <= VALUES_MAX);
    compile(&kernel, &Target::host()).unwrap();
}

#[test]
fn the_deepest_nesting_compiles() {
    let depth = filbert_ir::limits::NESTING_MAX - 1;
    let mut source = String::from("kernel deep(%0 b: bool, %1 x: f64) -> f64 {\n");
    for level in 0..depth {
        writeln!(source, "%{}: f64 = if %0 {{", 10 + level).unwrap();
    }
    writeln!(source, "%9: f64 = exp %1\nyield %9").unwrap();
    for level in 0..depth {
        writeln!(source, "}} else {{\nyield %1\n}}").unwrap();
        if level + 1 < depth {
            writeln!(source, "yield %{}", 10 + depth - 1 - level).unwrap();
        }
    }
    source.push_str("return %10\n}\n");
    compile(&kernel(&source), &Target::host()).unwrap();
}

#[test]
fn unused_parameters_and_repeated_results_compile() {
    let kernel = kernel("kernel k(%0 a: f64, %1 b: bool) -> (bool, bool, bool) {\n return %1, %1, %1\n}\n");
    let artifact = compile(&kernel, &Target::host()).unwrap();
    assert_eq!((artifact.sites.len(), artifact.audit.divisions), (0, 0));
}

/// Only divisions that the kernel asks for may leave trap records, and constants leave none.
#[test]
fn fault_30_trap_records_are_those_of_divisions() {
    let of = |source: &str| compile(&kernel(source), &Target::host().without_vectors()).unwrap().audit;
    let none = of("kernel k(%0 a: i32) -> i32 {\n %1: i32 = const 10\n %2: i32 = div %0, %1\n return %2\n}\n");
    assert_eq!(none.traps, 0, "a division by a constant needs no instruction that traps");
    let some = of("kernel k(%0 a: i32, %1 b: i32) -> i32 {\n %2: i32 = div %0, %1\n return %2\n}\n");
    assert!(some.divisions >= 1 && some.traps >= 1);
    let cast = of("kernel k(%0 a: f64) -> u8 {\n %1: u8 = cast %0\n return %1\n}\n");
    assert_eq!((cast.traps, cast.divisions), (0, 0));
}

fn finish(builder: Builder, returns: Vec<filbert_ir::ValueId>) -> VerifiedKernel {
    let (core, _) = builder.finish(returns);
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    let names = Names { kernel: "k".into(), params, ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}
