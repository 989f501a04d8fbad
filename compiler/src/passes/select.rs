//! Small `if`s become selects: computing both sides of a few cheap operations costs less than two blocks,
//! and lets later passes and the vector back end see through.
//!
//! Only an `if` in which nothing can fault may go: a fault belongs to the side that was chosen. The cost is
//! counted with nested `if`s, which are decided by the same measure first.

use filbert_ir::{Core, Def, Op, ValueId};

use super::rewrite::{Fate, Rewrite, Visitor, rewrite};
use super::{Rewritten, may_fault};

/// Most that both sides together may cost, in the units of `cost`.
const COST_MAX: u32 = 12;

/// Turns small `if`s into selects.
pub(super) fn run(core: &Core) -> Rewritten {
    rewrite(core, &mut Select { core })
}

struct Select<'a> {
    core: &'a Core,
}

impl Visitor for Select<'_> {
    fn branch(&mut self, _new: &mut Rewrite<'_>, id: ValueId, _cond: ValueId) -> Fate {
        if cost(self.core, id).is_some_and(|cost| cost <= COST_MAX) { Fate::Both } else { Fate::Keep }
    }
}

/// What a value costs to compute always, in simple instructions; `None` if it may not be.
fn cost(core: &Core, id: ValueId) -> Option<u32> {
    match &core.value(id).def {
        Def::Param(_) | Def::Const(_) | Def::Output { .. } => Some(0),
        Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => None,
        Def::Op(op, args) => {
            let float = core.ty(args[0]).is_float();
            match op {
                _ if may_fault(core, id) => None,
                Op::Add | Op::Sub | Op::Mul | Op::Neg | Op::Abs => Some(1),
                Op::WrappingAdd | Op::WrappingSub | Op::WrappingMul => Some(1),
                Op::And | Op::Or | Op::Xor | Op::Not | Op::Select => Some(1),
                Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => Some(1),
                Op::IsNan | Op::IsFinite | Op::IsInfinite | Op::Shl | Op::Shr => Some(1),
                Op::WrappingShl | Op::WrappingShr | Op::RotateLeft | Op::RotateRight | Op::SwapBytes => Some(1),
                Op::AddOverflows | Op::SubOverflows => Some(2),
                Op::CopySign | Op::ToRadians | Op::ToDegrees | Op::AbsDiff => Some(2),
                Op::Min | Op::Max | Op::Signum | Op::Cast => Some(if float { 3 } else { 2 }),
                Op::Div | Op::Sqrt => Some(6),
                // Calls, and whatever is dear on some CPU.
                _ => None,
            }
        }
        Def::If { then, otherwise, .. } => {
            let mut sum = then.yields.len() as u32;
            let mut next = then.start.0;
            while next < otherwise.end.0 {
                let inner = ValueId(next);
                next = match &core.value(inner).def {
                    Def::If { otherwise, .. } => otherwise.end.0,
                    _ => next + 1,
                };
                sum += cost(core, inner)?;
                if sum > COST_MAX {
                    return None;
                }
            }
            Some(sum)
        }
    }
}
