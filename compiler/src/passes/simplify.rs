//! Constant folding and algebra, as a table of rules; and results of `if`s and `loop`s that are always one
//! value (`same`).
//!
//! Obligations that every rule meets:
//! * the result has the same bits for all operands (infinities, zeros of both signs and subnormals too);
//!   only which NaN it is may differ, for that never shows;
//! * the operands are computed already and have faulted if they were to; a rule may drop the operation
//!   itself only if it cannot fault, or if the rule's own values fault on the same rows with the same fault;
//! * what a rule builds is simpler by a measure that cannot rise for ever: fewer operations, or the same
//!   number with constants to the right and fewer kinds of operation.
//!
//! Tempting and wrong, hence not here: x + 0.0 = x (-0.0), x * 0.0 = 0.0 (NaN, -1), x - x = 0.0 (inf),
//! 0.0 - x = -x (0.0), !(a < b) = a >= b for floats (NaN), pow(x, 2.0) = x * x (other rounding), any
//! reassociation, any contraction to mul_add.

mod float;
mod int;
mod same;

use filbert_ir::kernel::Args;
use filbert_ir::op::Sig;
use filbert_ir::{Array, Core, Def, Op, Scalar, Type, ValueId};

use super::Rewritten;
use super::rewrite::{Fate, Rewrite, Visitor, rewrite};

/// Simplifies every value.
pub(super) fn run(core: &Core) -> Rewritten {
    rewrite(core, &mut Simplify { core, same: same::find(core) })
}

struct Simplify<'a> {
    core: &'a Core,
    /// What the results of `if`s and `loop`s are known to be.
    same: same::Same,
}

/// An operation about to be built: what a rule looks at.
struct Site<'r, 'a> {
    new: &'r mut Rewrite<'a>,
    op: Op,
    args: Args,
    /// Type of the result.
    ty: Type,
}

/// One rule: the name is for tests and for people. It gives the value that stands for the operation, or
/// `None` if it does not apply.
struct Rule {
    #[allow(dead_code, reason = "read by people and by tests")]
    name: &'static str,
    apply: fn(&mut Site<'_, '_>) -> Option<ValueId>,
}

/// Rules for every type; those for floats and for integers stand in their own files.
static RULES: &[Rule] = &[
    Rule { name: "operation on constants -> constant, unless it faults", apply: fold },
    Rule { name: "x < y for y > x, x <= y for y >= x", apply: turn_compare },
    Rule { name: "constant or later operand to the right", apply: order_operands },
    Rule { name: "x == x and the like", apply: compare_self },
    Rule { name: "cast to the same type", apply: cast_same },
    Rule { name: "select with equal arms", apply: select_equal },
    Rule { name: "select by a constant", apply: select_const },
    Rule { name: "select(!c, x, y) -> select(c, y, x)", apply: select_not },
    Rule { name: "select of bools -> and, or", apply: select_bool },
    Rule { name: "min(x, x) -> x, and -> x, or -> x", apply: idempotent },
];

impl Visitor for Simplify<'_> {
    fn op(&mut self, new: &mut Rewrite<'_>, op: Op, args: Args, ty: Type) -> ValueId {
        build(new, op, &args, ty)
    }

    fn branch(&mut self, new: &mut Rewrite<'_>, _id: ValueId, cond: ValueId) -> Fate {
        match new.as_const(cond) {
            Some(Scalar::Bool(true)) => Fate::Then,
            Some(_) => Fate::Otherwise,
            None => Fate::Keep,
        }
    }

    /// An element of a table is a constant, if its index is one.
    fn load(&mut self, new: &mut Rewrite<'_>, array: Array, index: ValueId, ty: Type) -> ValueId {
        if let (Array::Table(table), Some(at)) = (array, new.as_const(index))
            && let Some(bits) = self.core.tables[table as usize].get(at.bits())
        {
            return new.constant(Scalar::from_bits(ty, bits));
        }
        new.push(ty, Def::Load { array, index })
    }

    fn runs_once(&mut self, id: ValueId) -> bool {
        let Def::Loop { body, .. } = &self.core.value(id).def else { return false };
        self.core.as_const(body.yields[0]) == Some(Scalar::Bool(false))
    }

    fn known(&self, id: ValueId, index: usize) -> Option<ValueId> {
        self.same.known(id, index)
    }

    fn known_inside(&self, id: ValueId, index: usize) -> Option<ValueId> {
        self.same.inside(id, index)
    }
}

/// The value that stands for an operation, by the first rule that applies, else the operation itself.
fn build(new: &mut Rewrite<'_>, op: Op, args: &[ValueId], ty: Type) -> ValueId {
    let operands = new.ty(args[0]);
    let mut site = Site { new, op, args: Args::new(args), ty };
    let own = if operands.is_float() { float::RULES } else { int::RULES };
    let built = RULES.iter().chain(own).find_map(|rule| (rule.apply)(&mut site));
    built.unwrap_or_else(|| new.push(ty, Def::Op(op, Args::new(args))))
}

impl Site<'_, '_> {
    /// Builds another operation of the result type; it is simplified in turn.
    fn build(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        build(self.new, op, args, self.ty)
    }

    fn constant(&mut self, bits: u64) -> ValueId {
        self.new.constant(Scalar::from_bits(self.ty, bits))
    }

    /// Type of the first operand.
    fn operand_ty(&self) -> Type {
        self.new.ty(self.args[0])
    }

    /// Bits of operand `index`, if it is a constant.
    fn const_bits(&self, index: usize) -> Option<u64> {
        self.new.as_const(*self.args.get(index)?).map(Scalar::bits)
    }

    /// The operands of operand `index`, if it is this operation.
    fn operand_is(&self, index: usize, op: Op) -> Option<Args> {
        self.new.as_op(self.args[index]).filter(|(found, _)| *found == op).map(|(_, args)| args)
    }
}

fn fold(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let mut bits = [0; 3];
    let mut tys = [Type::Bool; 3];
    let count = site.args.len();
    for (index, &arg) in site.args.iter().enumerate() {
        bits[index] = site.new.as_const(arg)?.bits();
        tys[index] = site.new.ty(arg);
    }
    let sig = Sig { args: &tys[..count], ret: site.ty };
    let value = site.op.eval(sig, &bits[..count]).ok()?;
    // Which NaN this machine made must not show in the kernel either: same input, same bytes.
    Some(site.new.constant(Scalar::from_bits(site.ty, value).canonical()))
}

fn turn_compare(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let turned = match site.op {
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        _ => return None,
    };
    Some(site.build(turned, &[site.args[1], site.args[0]]))
}

fn order_operands(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if !site.op.row().commutes {
        return None;
    }
    let [x, y] = [site.args[0], site.args[1]];
    let rank = |id: ValueId| (site.new.as_const(id).is_some(), id);
    (rank(y) < rank(x)).then(|| site.build(site.op, &[y, x]))
}

fn compare_self(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.args.len() != 2 || site.args[0] != site.args[1] {
        return None;
    }
    let float = site.operand_ty().is_float();
    match site.op {
        Op::Eq | Op::Le if !float => Some(site.constant(1)),
        Op::Ne if !float => Some(site.constant(0)),
        Op::Lt => Some(site.constant(0)),
        _ => None,
    }
}

fn cast_same(site: &mut Site<'_, '_>) -> Option<ValueId> {
    (site.op == Op::Cast && site.operand_ty() == site.ty).then_some(site.args[0])
}

fn select_equal(site: &mut Site<'_, '_>) -> Option<ValueId> {
    (site.op == Op::Select && site.args[1] == site.args[2]).then(|| site.args[1])
}

fn select_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Select {
        return None;
    }
    site.const_bits(0).map(|cond| site.args[if cond != 0 { 1 } else { 2 }])
}

fn select_not(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Select {
        return None;
    }
    let inner = site.operand_is(0, Op::Not)?;
    Some(site.build(Op::Select, &[inner[0], site.args[2], site.args[1]]))
}

fn select_bool(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Select || site.ty != Type::Bool {
        return None;
    }
    let [cond, yes, no] = [site.args[0], site.args[1], site.args[2]];
    match (site.const_bits(1), site.const_bits(2)) {
        (Some(1), Some(0)) => Some(cond),
        (Some(0), Some(1)) => Some(site.build(Op::Not, &[cond])),
        (Some(1), None) => Some(site.build(Op::Or, &[cond, no])),
        (None, Some(0)) => Some(site.build(Op::And, &[cond, yes])),
        (Some(0), None) => {
            let inverse = site.build(Op::Not, &[cond]);
            Some(site.build(Op::And, &[inverse, no]))
        }
        (None, Some(1)) => {
            let inverse = site.build(Op::Not, &[cond]);
            Some(site.build(Op::Or, &[inverse, yes]))
        }
        _ => None,
    }
}

fn idempotent(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let same = site.args.len() == 2 && site.args[0] == site.args[1];
    (same && matches!(site.op, Op::Min | Op::Max | Op::And | Op::Or)).then_some(site.args[0])
}
