//! Rewriting kernels before lowering.
//!
//! A pass is a name and a function from core to core that leaves every result bit and every fault as they
//! were: same faults, at the same original value, in the same order. In debug builds each pass's kernel
//! is verified again. Passes know nothing of Cranelift, and do only what it does not: they see whole `if`s,
//! faults and the meanings of operations.
//!
//! Deterministic: passes keep the table's order and never walk a hash map.

mod common;
mod dead;
mod rewrite;
mod select;
mod simplify;

use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Array, Core, Def, Kernel, Op, Scalar, ValueId, VerifiedKernel, verify};

/// A rewritten core, and for each of its values the value of the core before that it comes from.
pub(crate) struct Rewritten {
    pub(crate) core: Core,
    pub(crate) origins: Vec<ValueId>,
}

/// A row of the pipeline.
pub struct Pass {
    /// What it is called in tests and by `run_one`.
    pub name: &'static str,
    run: fn(&Core) -> Rewritten,
}

/// The pipeline, in order. `simplify` folds constants, puts operands in canonical order and applies the
/// rules of its table; it runs again where `select` and `common` have made room for it.
pub static PIPELINE: &[Pass] = &[
    Pass { name: "simplify", run: simplify::run },
    Pass { name: "select", run: select::run },
    Pass { name: "common", run: common::run },
    Pass { name: "simplify", run: simplify::run },
    Pass { name: "dead", run: dead::run },
];

/// A rewritten kernel.
pub struct Optimized {
    /// The kernel after all passes.
    pub kernel: VerifiedKernel,
    /// For each of its values, the value of the original kernel that it comes from. A value that may fault
    /// comes from one that faults on the same rows.
    pub origins: Vec<ValueId>,
}

/// Runs every pass.
pub fn optimize(kernel: &VerifiedKernel) -> Optimized {
    run(kernel, PIPELINE)
}

/// Runs the pass of this name alone, for tests and tools; `None` if there is no such pass.
pub fn run_one(kernel: &VerifiedKernel, name: &str) -> Option<Optimized> {
    let index = PIPELINE.iter().position(|pass| pass.name == name)?;
    Some(run(kernel, &PIPELINE[index..=index]))
}

fn run(kernel: &VerifiedKernel, passes: &[Pass]) -> Optimized {
    let mut core = None;
    let mut origins: Vec<ValueId> = (0..kernel.core.values.len() as u32).map(ValueId).collect();
    for pass in passes {
        let Rewritten { core: next, origins: steps } = (pass.run)(core.as_ref().unwrap_or(&kernel.core));
        if next.values.len() > VALUES_MAX {
            // Expansion went beyond what a kernel may be; the one before it is as good, only slower.
            continue;
        }
        origins = steps.iter().map(|id| origins[id.index()]).collect();
        if cfg!(debug_assertions) {
            checked(kernel, next.clone(), pass.name);
        }
        core = Some(next);
    }
    match core {
        Some(core) => Optimized { kernel: checked(kernel, core, "optimize"), origins },
        None => Optimized { kernel: kernel.clone(), origins },
    }
}

/// The core as a kernel of the same name.
fn checked(kernel: &VerifiedKernel, core: Core, pass: &str) -> VerifiedKernel {
    let made = Kernel { core, names: kernel.names.clone(), source: None };
    verify(made).unwrap_or_else(|found| panic!("pass {pass} broke the kernel: {found}"))
}

/// Whether a value can fail a row, where constant operands do not settle that it cannot.
pub(crate) fn may_fault(core: &Core, id: ValueId) -> bool {
    if !core.may_fault(id) {
        return false;
    }
    let (op, args) = match &core.value(id).def {
        Def::Op(op, args) => (op, args),
        Def::Load { array: Array::Table(table), index } => {
            return core.as_const(*index).is_none_or(|index| core.tables[*table as usize].get(index.bits()).is_none());
        }
        _ => return true,
    };
    let ty = core.ty(args[0]);
    let second = args.get(1).and_then(|&arg| core.as_const(arg)).map(Scalar::bits);
    match op {
        Op::Shl | Op::Shr => second.is_none_or(|amount| amount >= u64::from(ty.bits())),
        Op::Div | Op::Rem | Op::RemEuclid | Op::DivEuclid => {
            second.is_none_or(|divisor| divisor == 0 || (ty.is_signed() && divisor == ty.mask()))
        }
        Op::WrappingDiv | Op::WrappingRem => second.is_none_or(|divisor| divisor == 0),
        Op::Isqrt => ty.is_signed(),
        Op::SameLength => args[0] != args[1],
        _ => true,
    }
}
