//! Passes keep every result bit and every fault: the interpreter runs the kernel as given and the kernel
//! after the passes, and they must agree. Random kernels seldom put the one constant that matters beside the
//! one operand that shows it, so each operation is also tried with every special constant in every place.

use filbert_compiler::passes::{Optimized, optimize};
use filbert_ir::interp::{Control, Interpreter, Row, RowEnd};
use filbert_ir::kernel::Args;
use filbert_ir::{
    Builder, Def, Fault, Kernel, Names, Op, Scalar, Type, ValueId, VerifiedKernel, interp, random, text, verify,
};

fn agree(kernel: &VerifiedKernel, optimized: &Optimized, row: &[Scalar]) {
    let wanted = interp::run_scalars(kernel, row).map_err(|e| (e.fault, e.value));
    let got = interp::run_scalars(&optimized.kernel, row).map_err(|e| (e.fault, optimized.origins[e.value.index()]));
    assert_eq!(wanted, got, "on {row:?}\n{}\n{}", text::print(kernel), text::print(&optimized.kernel));
}

#[test]
fn every_operation_with_every_special_constant() {
    let mut kernels = 0;
    for &op in Op::ALL {
        for (first, second) in Type::ALL.into_iter().flat_map(|a| Type::ALL.map(|b| (a, b))) {
            let tys = &[first, second, second][..op.rule().arity()];
            let Some(ty) = op.result_type(tys, second) else { continue };
            for place in 0..tys.len() {
                for constant in random::specials(tys[place]) {
                    let kernel = applied(op, tys, ty, place, constant);
                    let optimized = optimize(&kernel);
                    let params = kernel.core.slot_types();
                    let rows = params.iter().fold(vec![vec![]], |rows: Vec<Vec<Scalar>>, &ty| {
                        rows.iter()
                            .flat_map(|row| random::specials(ty).into_iter().map(|s| [row.clone(), vec![s]].concat()))
                            .collect()
                    });
                    rows.iter().for_each(|row| agree(&kernel, &optimized, row));
                    kernels += 1;
                }
            }
        }
    }
    assert!(kernels > 5000, "only {kernels} kernels");
}

/// The operation with a constant in one place, a parameter in each other one, and its result twice: as it is
/// and negated or inverted, so that rules on what stands behind it take part.
fn applied(op: Op, tys: &[Type], ty: Type, place: usize, constant: Scalar) -> VerifiedKernel {
    let mut builder = Builder::new();
    let mut args: Vec<ValueId> = Vec::new();
    for (index, &ty) in tys.iter().enumerate() {
        args.push(if index == place { ValueId(0) } else { builder.param(ty) });
    }
    args[place] = builder.constant(constant);
    let result = builder.push(ty, Def::Op(op, Args::new(&args)));
    let behind = builder.op(if ty.is_float() { Op::Neg } else { Op::Not }, &[result]);
    let (core, _) = builder.finish(vec![result, behind]);
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    let names = Names { kernel: "k".into(), params, ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}

#[test]
fn random_kernels() {
    for seed in 0..2000 {
        let kernel = verify(random::kernel(seed, 5 + (seed % 50) as usize)).unwrap();
        let optimized = optimize(&kernel);
        for row in random::rows(seed, &kernel.core.slot_types(), 20) {
            agree(&kernel, &optimized, &row);
        }
    }
}

/// How a row ends: fault and value of the kernel as it was given, or slots and lists.
fn ends(kernel: &VerifiedKernel, origins: Option<&[ValueId]>, row: &Row, fuel: u64) -> Result<Ended, (Fault, ValueId)> {
    let mut out = vec![0; kernel.core.returns.len()];
    let mut memory = row.memory.clone();
    match Interpreter::new(kernel).row(&row.slots, &mut memory, &mut Control::new(fuel, None), &mut out) {
        Ok(()) => Ok((out, memory.results)),
        Err(RowEnd::Fault(end)) => Err((end.fault, origins.map_or(end.value, |origins| origins[end.value.index()]))),
        Err(RowEnd::Stopped) => unreachable!("nobody asks to stop"),
    }
}

type Ended = (Vec<u64>, Vec<Vec<u64>>);

/// With loops, lists, tables and whatever a signature can have; and with little fuel, because passes must not
/// change what it is spent on.
#[test]
fn random_kernels_with_everything() {
    for seed in 0..2000 {
        let kernel = verify(random::rich_kernel(seed, 5 + (seed % 100) as usize)).unwrap();
        let optimized = optimize(&kernel);
        for (index, row) in random::datum_rows(seed, &kernel.core.signature, 20).iter().enumerate() {
            let Some(row) = Row::new(&kernel.core, row) else { continue };
            let fuel = [0, 1, 7, 3000][index % 4];
            let wanted = ends(&kernel, None, &row, fuel);
            let got = ends(&optimized.kernel, Some(&optimized.origins), &row, fuel);
            let texts = || format!("{}\n{}", text::print(&kernel), text::print(&optimized.kernel));
            assert_eq!(wanted, got, "on {:?} with fuel {fuel}\n{}", row.slots, texts());
        }
    }
}
