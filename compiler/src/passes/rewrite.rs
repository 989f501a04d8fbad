//! The one forward walk that every pass is an instance of.
//!
//! The old table is visited in order and a new one is built beside it. What a pass wants to differ it says
//! through a `Visitor`; all else is copied. Ids given to a visitor's `op` are of the new table, so a rule
//! always sees operands that are already simple.

use filbert_ir::kernel::{Args, Region};
use filbert_ir::{Array, Builder, Core, Def, Op, Scalar, Type, ValueId};
use rustc_hash::FxHashMap;

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

    /// The value that stands for a load; `index` is a new id.
    fn load(&mut self, new: &mut Rewrite<'_>, array: Array, index: ValueId, ty: Type) -> ValueId {
        new.push(ty, Def::Load { array, index })
    }

    /// A store of this array is copied.
    fn store(&mut self, _array: Array) {}

    /// What becomes of the old `if`, whose condition is now `cond`.
    fn branch(&mut self, _new: &mut Rewrite<'_>, _id: ValueId, _cond: ValueId) -> Fate {
        Fate::Keep
    }

    /// Whether the region of the old `loop` stands in its place, because it runs once.
    fn runs_once(&mut self, _id: ValueId) -> bool {
        false
    }

    /// Whether the old value is copied at all; with an `if` or `loop` go its regions.
    fn lives(&self, _id: ValueId) -> bool {
        true
    }

    /// Whether an `if` that stays keeps this yield, a `loop` this carried value. One always stays.
    fn keeps(&self, _id: ValueId, _index: usize) -> bool {
        true
    }

    /// An old value, visible where the `if` or `loop` stands, that this yield or carried value always is.
    fn known(&self, _id: ValueId, _index: usize) -> Option<ValueId> {
        None
    }

    /// An old value, visible where the `loop` stands, that this carried value always is inside of it.
    fn known_inside(&self, _id: ValueId, _index: usize) -> Option<ValueId> {
        None
    }

    /// A region begins; it stores these arrays if it runs more than once.
    fn enter(&mut self, _stored: &[Array]) {}

    /// The region ends: its values are no longer visible.
    fn leave(&mut self) {}
}

/// A new table in the making.
pub(super) struct Rewrite<'a> {
    pub(super) old: &'a Core,
    builder: Builder,
    /// New id of each old value, once it has one.
    map: Vec<Option<ValueId>>,
    /// New ids of an old `if`'s yields, or of an old `loop`'s final values, by index.
    outputs: FxHashMap<ValueId, Vec<Option<ValueId>>>,
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
        outputs: FxHashMap::default(),
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
            match &value.def {
                Def::If { otherwise, .. } => next = otherwise.end.0,
                Def::Loop { body, .. } => next = body.end.0,
                _ => {}
            }
            if !visitor.lives(id) {
                continue;
            }
            self.at = id;
            let built = match &value.def {
                Def::Param(_) => unreachable!("slots stand before every other value"),
                Def::Carried(_) => unreachable!("carried values come with their loop"),
                Def::Load { array, index } => {
                    let index = self.mapped(*index);
                    visitor.load(self, *array, index, value.ty)
                }
                Def::Store { array, index, value: stored } => {
                    visitor.store(*array);
                    let (index, stored) = (self.mapped(*index), self.mapped(*stored));
                    self.push(value.ty, Def::Store { array: *array, index, value: stored })
                }
                Def::Const(bits) => visitor.constant(self, Scalar::from_bits(value.ty, *bits)),
                Def::Op(op, args) => {
                    let args = args.map(|arg| self.mapped(arg));
                    visitor.op(self, *op, args, value.ty)
                }
                Def::If { cond, then, otherwise } => {
                    let yields = self.branch(visitor, id, *cond, then, otherwise);
                    self.map[id.index()] = yields[0];
                    self.outputs.insert(id, yields);
                    continue;
                }
                Def::Loop { inits, body } => {
                    let finals = self.repeat(visitor, id, inits, body);
                    self.map[id.index()] = finals[0];
                    self.outputs.insert(id, finals);
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
                let (kept, mut all) = self.sorted(visitor, id, then.yields.len());
                let open = self.builder.begin_if(cond);
                self.mark();
                let yields = self.inside(visitor, then, &kept);
                let open = self.builder.begin_else(open, &yields);
                let yields = self.inside(visitor, otherwise, &kept);
                self.at = id;
                let built = self.builder.end_if(open, &yields);
                self.mark();
                kept.into_iter().zip(built).for_each(|(index, id)| all[index] = all[index].or(Some(id)));
                all
            }
        }
    }

    /// Rewrites a `loop`; gives the final value of each carried one, or none for those not kept.
    fn repeat(
        &mut self,
        visitor: &mut dyn Visitor,
        id: ValueId,
        inits: &[ValueId],
        body: &Region,
    ) -> Vec<Option<ValueId>> {
        let first = body.start.index();
        if visitor.runs_once(id) {
            for (index, &init) in inits.iter().enumerate() {
                self.map[first + index] = Some(self.mapped(init));
            }
            self.range(visitor, (first + inits.len()) as u32, body.end.0);
            return body.yields[1..].iter().map(|&id| Some(self.mapped(id))).collect();
        }
        let (kept, mut all) = self.sorted(visitor, id, inits.len());
        let starts: Vec<ValueId> = kept.iter().map(|&index| self.mapped(inits[index])).collect();
        let (open, carried) = self.builder.begin_loop(&starts);
        self.mark();
        for (index, &known) in all.iter().enumerate() {
            self.map[first + index] = known;
        }
        for (&index, carried) in kept.iter().zip(carried) {
            let known = all[index].or(visitor.known_inside(id, index).map(|init| self.mapped(init)));
            self.map[first + index] = known.or(Some(carried));
        }
        visitor.enter(&stored(self.old, body));
        self.range(visitor, (first + inits.len()) as u32, body.end.0);
        visitor.leave();
        let go_on = self.mapped(body.yields[0]);
        let next: Vec<ValueId> = kept.iter().map(|&index| self.mapped(body.yields[index + 1])).collect();
        self.at = id;
        let built = self.builder.end_loop(open, go_on, &next);
        self.mark();
        kept.into_iter().zip(built).for_each(|(index, id)| all[index] = all[index].or(Some(id)));
        all
    }

    /// Which of so many yields or carried values stay, at least one; and the new ids of those that are known.
    fn sorted(&self, visitor: &dyn Visitor, id: ValueId, count: usize) -> (Vec<usize>, Vec<Option<ValueId>>) {
        let keeps = |&index: &usize| visitor.keeps(id, index);
        let all: Vec<Option<ValueId>> =
            (0..count).map(|index| visitor.known(id, index).map(|known| self.mapped(known))).collect();
        let mut kept: Vec<usize> = (0..count).filter(|&index| all[index].is_none()).filter(keeps).collect();
        if kept.is_empty() {
            kept.push((0..count).find(keeps).unwrap_or(0));
        }
        (kept, all)
    }

    /// A region's values as part of the region around it; gives what it yields.
    fn splice(&mut self, visitor: &mut dyn Visitor, region: &Region) -> Vec<ValueId> {
        self.range(visitor, region.start.0, region.end.0);
        region.yields.iter().map(|&id| self.mapped(id)).collect()
    }

    /// A region of an `if` that stays one; gives the kept yields.
    fn inside(&mut self, visitor: &mut dyn Visitor, region: &Region, kept: &[usize]) -> Vec<ValueId> {
        visitor.enter(&[]);
        self.range(visitor, region.start.0, region.end.0);
        visitor.leave();
        kept.iter().map(|&index| self.mapped(region.yields[index])).collect()
    }
}

/// The arrays that a region stores to, each once.
fn stored(core: &Core, region: &Region) -> Vec<Array> {
    let mut arrays = Vec::new();
    for value in &core.values[region.start.index()..region.end.index()] {
        match value.def {
            Def::Store { array, .. } if !arrays.contains(&array) => arrays.push(array),
            _ => {}
        }
    }
    arrays
}
