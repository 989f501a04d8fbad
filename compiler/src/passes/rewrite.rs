//! The one forward walk that every pass is an instance of.
//!
//! The old table is visited in order and a new one is built beside it. What a pass wants to differ it says
//! through a `Visitor`; all else is copied. Ids given to a visitor's `op` are of the new table, so a rule
//! always sees operands that are already simple.

use std::collections::HashMap;

use filbert_ir::kernel::{Args, Region};
use filbert_ir::{Builder, Core, Def, Op, Scalar, Type, ValueId};

use super::Rewritten;

/// What becomes of an `if`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It stays.
    Keep,
    /// The `then` region stands in its place.
    Then,
    /// The `else` region stands in its place.
    Otherwise,
    /// Both regions stand in its place, and `select` picks between what they yield.
    Both,
}

/// What a pass does differently from copying.
pub(super) trait Visitor {
    /// The value that stands for an operation; `args` are new ids.
    fn op(&mut self, new: &mut Rewrite<'_>, op: Op, args: Args, ty: Type) -> ValueId {
        new.push(ty, Def::Op(op, args))
    }

    /// The value that stands for a constant.
    fn constant(&mut self, new: &mut Rewrite<'_>, scalar: Scalar) -> ValueId {
        new.constant(scalar)
    }

    /// What becomes of the old `if`, whose condition is now `cond`.
    fn branch(&mut self, _new: &mut Rewrite<'_>, _id: ValueId, _cond: ValueId) -> Fate {
        Fate::Keep
    }

    /// Whether the old value is copied at all; with an `if` go its regions.
    fn lives(&self, _id: ValueId) -> bool {
        true
    }

    /// Whether an `if` that stays keeps this yield.
    fn keeps(&self, _id: ValueId, _index: usize) -> bool {
        true
    }

    /// A region begins.
    fn enter(&mut self) {}

    /// The region ends: its values are no longer visible.
    fn leave(&mut self) {}
}

/// A new table in the making.
pub(super) struct Rewrite<'a> {
    pub(super) old: &'a Core,
    builder: Builder,
    /// New id of each old value, once it has one.
    map: Vec<Option<ValueId>>,
    /// New ids of an old `if`'s yields, by index.
    outputs: HashMap<ValueId, Vec<Option<ValueId>>>,
    origins: Vec<ValueId>,
    /// The old value that new ones come from.
    at: ValueId,
}

/// Walks the whole core.
pub(super) fn rewrite(core: &Core, visitor: &mut dyn Visitor) -> Rewritten {
    let mut new = Rewrite {
        old: core,
        builder: Builder::new(),
        map: vec![None; core.values.len()],
        outputs: HashMap::new(),
        origins: Vec::with_capacity(core.values.len()),
        at: ValueId(0),
    };
    new.builder.signature = core.signature.clone();
    for table in &core.tables {
        new.builder.table(table.clone());
    }
    for (slot, ty) in core.slot_types().into_iter().enumerate() {
        new.at = ValueId(slot as u32);
        new.map[slot] = Some(new.builder.slot(ty));
        new.mark();
    }
    new.range(visitor, core.slots(), core.values.len() as u32);
    let returns = core.returns.iter().map(|&id| new.mapped(id)).collect();
    let (core, _) = new.builder.finish_as(core.signature.results.clone(), returns);
    Rewritten { core, origins: new.origins }
}

impl Rewrite<'_> {
    /// Appends an entry, which comes from the value being visited.
    pub(super) fn push(&mut self, ty: Type, def: Def) -> ValueId {
        let id = self.builder.push(ty, def);
        self.mark();
        id
    }

    /// Appends a constant.
    pub(super) fn constant(&mut self, scalar: Scalar) -> ValueId {
        self.push(scalar.ty(), Def::Const(scalar.bits()))
    }

    /// The type of a new value.
    pub(super) fn ty(&self, id: ValueId) -> Type {
        self.builder.ty(id)
    }

    /// The constant that a new value is, if it is one.
    pub(super) fn as_const(&self, id: ValueId) -> Option<Scalar> {
        match self.builder.value(id).def {
            Def::Const(bits) => Some(Scalar::from_bits(self.ty(id), bits)),
            _ => None,
        }
    }

    /// The operation and operands that a new value is, if it is one.
    pub(super) fn as_op(&self, id: ValueId) -> Option<(Op, Args)> {
        match self.builder.value(id).def {
            Def::Op(op, args) => Some((op, args)),
            _ => None,
        }
    }

    fn mapped(&self, id: ValueId) -> ValueId {
        self.map[id.index()].expect("a value in use is rewritten before its user")
    }

    /// Gives every value built since the last call its origin.
    fn mark(&mut self) {
        self.origins.resize(self.builder.next_id().index(), self.at);
    }

    fn range(&mut self, visitor: &mut dyn Visitor, start: u32, end: u32) {
        let old = self.old;
        let mut next = start;
        while next < end {
            let id = ValueId(next);
            let value = old.value(id);
            next += 1;
            if let Def::If { otherwise, .. } = &value.def {
                next = otherwise.end.0;
            }
            if !visitor.lives(id) {
                continue;
            }
            self.at = id;
            let built = match &value.def {
                Def::Param(_) => unreachable!("slots stand before every other value"),
                Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                    unreachable!("not rewritten yet")
                }
                Def::Const(bits) => visitor.constant(self, Scalar::from_bits(value.ty, *bits)),
                Def::Op(op, args) => {
                    let args = args.map(|arg| self.mapped(arg));
                    visitor.op(self, *op, args, value.ty)
                }
                Def::If { cond, then, otherwise } => {
                    let yields = self.branch(visitor, id, *cond, then, otherwise);
                    let first = yields[0];
                    self.outputs.insert(id, yields);
                    self.map[id.index()] = first;
                    continue;
                }
                Def::Output { of, index } => self.outputs[of][*index as usize].expect("a yield in use is kept"),
            };
            self.map[id.index()] = Some(built);
        }
    }

    /// Rewrites an `if`; gives the value of each of its yields, or none for those not kept.
    fn branch(
        &mut self,
        visitor: &mut dyn Visitor,
        id: ValueId,
        cond: ValueId,
        then: &Region,
        otherwise: &Region,
    ) -> Vec<Option<ValueId>> {
        let cond = self.mapped(cond);
        match visitor.branch(self, id, cond) {
            Fate::Then => self.splice(visitor, then).into_iter().map(Some).collect(),
            Fate::Otherwise => self.splice(visitor, otherwise).into_iter().map(Some).collect(),
            Fate::Both => {
                let yes = self.splice(visitor, then);
                let no = self.splice(visitor, otherwise);
                self.at = id;
                let mut select = |(yes, no)| visitor.op(self, Op::Select, Args::new(&[cond, yes, no]), self.ty(yes));
                yes.into_iter().zip(no).map(&mut select).map(Some).collect()
            }
            Fate::Keep => {
                let kept: Vec<usize> = (0..then.yields.len()).filter(|&i| visitor.keeps(id, i)).collect();
                let open = self.builder.begin_if(cond);
                self.mark();
                let yields = self.inside(visitor, then, &kept);
                let open = self.builder.begin_else(open, &yields);
                let yields = self.inside(visitor, otherwise, &kept);
                self.at = id;
                let built = self.builder.end_if(open, &yields);
                self.mark();
                let mut all = vec![None; then.yields.len()];
                kept.into_iter().zip(built).for_each(|(index, id)| all[index] = Some(id));
                all
            }
        }
    }

    /// A region's values as part of the region around it; gives what it yields.
    fn splice(&mut self, visitor: &mut dyn Visitor, region: &Region) -> Vec<ValueId> {
        self.range(visitor, region.start.0, region.end.0);
        region.yields.iter().map(|&id| self.mapped(id)).collect()
    }

    /// A region that stays one; gives the kept yields.
    fn inside(&mut self, visitor: &mut dyn Visitor, region: &Region, kept: &[usize]) -> Vec<ValueId> {
        visitor.enter();
        self.range(visitor, region.start.0, region.end.0);
        visitor.leave();
        kept.iter().map(|&index| self.mapped(region.yields[index])).collect()
    }
}
