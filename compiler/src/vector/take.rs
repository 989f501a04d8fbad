//! Which kernels the vector back end takes, and in blocks of how many rows.
//!
//! This file looks at the machine and the kernel's outline; an operation that vectors cannot do is refused where
//! it is met, in `convert`.

use filbert_ir::signature::ResultTy;
use filbert_ir::{Core, Def, Kernel, Type};

use super::convert;
use super::ir::{Body, Isa, Shape, Ty, What};
use super::machine::Machine;
use super::quotients;
use crate::abi;
use crate::compile::VALUES_VECTOR_MAX;
use crate::target::Target;

/// What AVX2 code uses.
const AVX2: &[&str] = &["avx", "avx2", "fma", "bmi2"];
/// What AVX-512 code uses besides.
const AVX512: &[&str] = &["avx512f", "avx512dq", "avx512vl"];

/// The shape of the kernel's blocks, or why it gets none.
pub(super) fn shape(core: &Core, target: &Target) -> Result<Shape, String> {
    let has = |wanted: &[&str]| wanted.iter().all(|name| target.features().contains(name));
    let isa = match () {
        () if !target.is_vectorised() => return Err("vectors are switched off".into()),
        // The registers that a function must leave alone are others there.
        () if !target.is_system_v() || !has(AVX2) => return Err("this CPU or system has no AVX2".into()),
        () if has(AVX512) => Isa::Avx512,
        () => Isa::Avx2,
    };
    if let Some(ty) = core.signature.results.iter().find_map(narrow_list) {
        return Err(format!("gives lists of {ty}"));
    }
    // An address has 64 bits, and so has an index.
    let reads = |def: &Def| matches!(def, Def::Load { .. } | Def::Store { .. });
    let is_wide = !abi::lists(core).is_empty() || core.values.iter().any(|value| reads(&value.def));
    let is_wide =
        is_wide || core.values.iter().any(|value| value.ty.bits() == 64 && !matches!(value.def, Def::Param(_)));
    let is_wide = is_wide || columns(core).any(|ty| ty.bits() == 64) || convert::widens(core);
    Ok(Shape { isa, lanes: isa.bits() / if is_wide { 64 } else { 32 } })
}

/// The type of a fixed-size list's elements, if they are too narrow.
fn narrow_list(result: &ResultTy) -> Option<Type> {
    match result {
        ResultTy::Fixed { elem, .. } if elem.bits() < 32 => Some(*elem),
        _ => None,
    }
}

/// The same blocks in half a register, for kernels whose time is that of the divider: it takes more than twice as
/// long for the whole one. All values must have one width, so that no register has less than 256 bits; and what
/// quotients can be made without the divider have whole ones.
pub(super) fn half(body: &Body) -> Option<Shape> {
    let Shape { isa: Isa::Avx512, lanes } = body.shape else { return None };
    let is_mixed = |ty: Ty| matches!(ty, Ty::Lanes(_)) && body.shape.bits(ty) != Isa::Avx512.bits();
    if body.has_loops()
        || body.insts.iter().any(|inst| is_mixed(inst.ty) || inst.what.is_element())
        || quotients::are_shared(body)
    {
        return None;
    }
    let (mut divisions, mut others) = (0, 0);
    for inst in &body.insts {
        match inst.what {
            What::Machine(Machine::DivF64 | Machine::DivF32 | Machine::SqrtF64 | Machine::SqrtF32, _) => divisions += 1,
            What::Machine(..) => others += 1,
            _ => {}
        }
    }
    (others <= divisions * OTHERS_PER_DIVISION).then_some(Shape { isa: Isa::Avx512, lanes: lanes / 2 })
}

/// Instructions that half registers compute while the divider is busy with one.
const OTHERS_PER_DIVISION: usize = 12;

/// Refuses a sum whose rows might be left to others: nobody but the block's own code adds to the lanes.
pub(super) fn sums(core: &Core, body: &Body) -> Result<(), String> {
    let stays = !body.has_loops() && !body.insts.iter().any(|inst| inst.what == What::Check);
    match stays && body.summed().is_some() && has_masked_tail(core, body.shape) {
        true => Ok(()),
        false => Err("has rows that are not always summed by vectors".into()),
    }
}

/// Refuses a kernel whose scalar code, made where it is wanted, would take too long.
pub(super) fn size(kernel: &Kernel) -> Result<(), String> {
    match kernel.core.values.len() {
        ..=VALUES_VECTOR_MAX => Ok(()),
        values => Err(format!("has {values} values, more than {VALUES_VECTOR_MAX}")),
    }
}

/// Whether the last, partial block is computed under a mask. AVX2 has such loads and stores for elements of 32
/// and 64 bits only.
pub(super) fn has_masked_tail(core: &Core, shape: Shape) -> bool {
    shape.isa == Isa::Avx512 || columns(core).all(|ty| ty.bytes() >= 4)
}

/// Types of the columns that are read or written.
fn columns(core: &Core) -> impl Iterator<Item = Type> {
    let read = core.read_values();
    let inputs = core.slot_types().into_iter().zip(read).filter(|(_, is_read)| *is_read).map(|(ty, _)| ty);
    inputs.chain(abi::output_columns(core).into_iter().map(|column| column.ty))
}
