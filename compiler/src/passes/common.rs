//! Common subexpressions: an operation with the operands of an earlier visible one is that one.
//!
//! Visible means in the same region or in one around it, so the earlier value has always been computed.
//! An operation that may fault merges too: where the later one would fault, the earlier one has done so
//! already. `if`s and `loop`s are not merged.
//!
//! A load merges with an earlier one of the same element, unless the array was stored to in between. What a
//! result holds has a version, which moves on at each store, and at the head of a loop that stores; versions
//! only rise, so that none comes back where control meets again.

use filbert_ir::kernel::Args;
use filbert_ir::{Array, Core, Def, Op, Scalar, Type, ValueId};
use rustc_hash::FxHashMap;

use super::Rewritten;
use super::rewrite::{Rewrite, Visitor, rewrite};

/// Merges common subexpressions.
pub(super) fn run(core: &Core) -> Rewritten {
    rewrite(core, &mut Common::default())
}

/// What was computed, by what it is. Looked up, never walked.
#[derive(Default)]
struct Common {
    seen: FxHashMap<Key, ValueId>,
    /// Keys in order of insertion, and where each open region began in that list.
    log: Vec<Key>,
    opened: Vec<usize>,
    /// What each array that is written holds.
    versions: FxHashMap<Array, u32>,
}

/// Type and definition; for a load the version of the array too.
type Key = (Type, Def, u32);

impl Common {
    fn merged(&mut self, new: &mut Rewrite<'_>, ty: Type, def: Def, version: u32) -> ValueId {
        let key = (ty, def, version);
        if let Some(&id) = self.seen.get(&key) {
            return id;
        }
        let id = new.push(ty, key.1.clone());
        self.log.push(key.clone());
        self.seen.insert(key, id);
        id
    }
}

impl Visitor for Common {
    fn op(&mut self, new: &mut Rewrite<'_>, op: Op, args: Args, ty: Type) -> ValueId {
        // Merging may have changed which operand has the lesser id.
        let args = match args[..] {
            [x, y] if op.row().commutes && y < x && new.as_const(x).is_none() => Args::new(&[y, x]),
            _ => args,
        };
        self.merged(new, ty, Def::Op(op, args), 0)
    }

    fn constant(&mut self, new: &mut Rewrite<'_>, scalar: Scalar) -> ValueId {
        self.merged(new, scalar.ty(), Def::Const(scalar.bits()), 0)
    }

    fn load(&mut self, new: &mut Rewrite<'_>, array: Array, index: ValueId, ty: Type) -> ValueId {
        let version = self.versions.get(&array).copied().unwrap_or(0);
        self.merged(new, ty, Def::Load { array, index }, version)
    }

    fn store(&mut self, array: Array) {
        *self.versions.entry(array).or_default() += 1;
    }

    fn enter(&mut self, stored: &[Array]) {
        stored.iter().for_each(|&array| self.store(array));
        self.opened.push(self.log.len());
    }

    fn leave(&mut self) {
        let start = self.opened.pop().expect("a region that ends has begun");
        for key in self.log.drain(start..) {
            self.seen.remove(&key);
        }
    }
}
