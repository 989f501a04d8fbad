//! Math functions: inline, from the one source that they have.
//!
//! All of them are computed in lanes of 64 bits; those of f32 on the widened argument, with the result rounded. Where
//! a function calls lanes rare (a sine of more than 1e8), the block is left to the scalar code if one of them is
//! active: as if the row might fail.

use filbert_ir::math::expand;
use filbert_ir::{Core, Def, Op, Scalar, Type, ValueId};

use super::{Convert, Refused, refuses};
use crate::vector::build::MathLanes;
use crate::vector::ir::{V, Width};

/// Whether it is a function of `filbert_ir::math` that has steps.
pub(in crate::vector) fn is_expanded(op: Op) -> bool {
    op >= Op::Cbrt && !matches!(op, Op::Powi | Op::Gamma | Op::LnGamma)
}

/// Whether some function of f32 is computed in lanes of 64 bits.
pub(super) fn widens(core: &Core) -> bool {
    core.values.iter().any(|value| matches!(value.def, Def::Op(op, _) if value.ty == Type::F32 && is_expanded(op)))
}

impl Convert<'_> {
    pub(super) fn function(&mut self, op: Op, args: &[ValueId]) -> Result<V, Refused> {
        let ty = self.core.ty(args[0]);
        let args: Vec<V> = args.iter().map(|&arg| self.wide(arg)).collect();
        let lanes = MathLanes::new(&mut self.build);
        let result = expand(&lanes, op, &args).ok_or_else(|| refuses(op, ty))?;
        if let Some(rare) = lanes.rare_lanes() {
            self.leave_where(rare);
        }
        Ok(if ty == Type::F32 { self.build.float_to_float(result) } else { result })
    }

    /// A float in lanes of 64 bits.
    fn wide(&mut self, arg: ValueId) -> V {
        match (self.core.ty(arg), self.core.as_const(arg)) {
            (Type::F32, Some(Scalar::F32(value))) => self.build.float(Width::W64, value.into()),
            (Type::F32, _) => {
                let narrow = self.value(arg);
                self.build.float_to_float(narrow)
            }
            _ => self.value(arg),
        }
    }
}
