//! Results of `if`s and `loop`s that are always one value from outside: a yield that is the same in both
//! regions, and a carried value whose next is itself.
//!
//! Front ends carry every variable that a loop could change; most of them it does not. The proof is by
//! resolving: the value that a yield *is*, looking through the results of others.
//! Where a carried value's next resolves to the carried value, it never changes and is its initial value.
//! Where it does so whenever the loop goes on, it is its initial value inside of the loop: the flags and
//! results of a `return` out of a loop are of this kind.

use filbert_ir::{Core, Def, Scalar, ValueId};
use rustc_hash::FxHashMap;

/// Yields that one resolution looks through; deeper ones are left as they are.
const DEPTH_MAX: u32 = 64;

/// What is known of results, by `if` or `loop` and index.
pub(super) struct Same {
    known: FxHashMap<(ValueId, usize), ValueId>,
    inside: FxHashMap<(ValueId, usize), ValueId>,
}

impl Same {
    /// The old value that a carried value always is inside of its loop.
    pub(super) fn inside(&self, id: ValueId, index: usize) -> Option<ValueId> {
        self.inside.get(&(id, index)).copied()
    }

    /// The old value that this result always is, visible where its owner stands.
    pub(super) fn known(&self, id: ValueId, index: usize) -> Option<ValueId> {
        self.known.get(&(id, index)).copied()
    }
}

/// Looks at every `if` and `loop`.
pub(super) fn find(core: &Core) -> Same {
    let mut search = Search { core, resolved: FxHashMap::default() };
    let (mut known, mut inside) = (FxHashMap::default(), FxHashMap::default());
    for (index, value) in core.values.iter().enumerate() {
        let count = match &value.def {
            Def::If { then, .. } => then.yields.len(),
            Def::Loop { inits, .. } => inits.len(),
            _ => continue,
        };
        let id = ValueId(index as u32);
        for index in 0..count {
            if let Some(same) = search.result(id, index, DEPTH_MAX) {
                known.insert((id, index), same);
            } else if let Def::Loop { inits, body } = &value.def {
                let carried = ValueId(body.start.0 + index as u32);
                let next = body.yields[index + 1];
                if search.stays(body.yields[0], next, carried, inits[index], DEPTH_MAX) {
                    inside.insert((id, index), inits[index]);
                }
            }
        }
    }
    Same { known, inside }
}

struct Search<'a> {
    core: &'a Core,
    resolved: FxHashMap<(ValueId, usize), Option<ValueId>>,
}

impl Search<'_> {
    /// The value that a value is.
    fn resolve(&mut self, id: ValueId, depth: u32) -> ValueId {
        let (of, index) = match self.core.value(id).def {
            Def::If { .. } | Def::Loop { .. } => (id, 0),
            Def::Output { of, index } => (of, index as usize),
            _ => return id,
        };
        self.result(of, index, depth).unwrap_or(id)
    }

    /// The value from outside that a result always is.
    fn result(&mut self, id: ValueId, index: usize, depth: u32) -> Option<ValueId> {
        if let Some(&resolved) = self.resolved.get(&(id, index)) {
            return resolved;
        }
        let depth = depth.checked_sub(1)?;
        let same = match &self.core.value(id).def {
            // What both regions see stands before the `if`.
            Def::If { then, otherwise, .. } => {
                let yes = self.resolve(then.yields[index], depth);
                let no = self.resolve(otherwise.yields[index], depth);
                (yes == no).then_some(yes)
            }
            Def::Loop { inits, body } => {
                let carried = ValueId(body.start.0 + index as u32);
                let next = self.resolve(body.yields[index + 1], depth);
                (next == carried).then(|| self.resolve(inits[index], depth))
            }
            _ => None,
        };
        self.resolved.insert((id, index), same);
        same
    }

    /// Whether a carried value is what it was at each end of the loop's body that goes on.
    fn stays(&mut self, go_on: ValueId, next: ValueId, carried: ValueId, init: ValueId, depth: u32) -> bool {
        let core = self.core;
        if core.as_const(go_on) == Some(Scalar::Bool(false)) {
            return true;
        }
        let next = self.resolve(next, DEPTH_MAX);
        if next == carried || (core.as_const(next).is_some() && core.as_const(next) == core.as_const(init)) {
            return true;
        }
        let result = |id: ValueId| match core.value(id).def {
            Def::If { .. } => Some((id, 0)),
            Def::Output { of, index } => Some((of, index as usize)),
            _ => None,
        };
        let (Some((of, decides)), Some((owner, index)), Some(depth)) =
            (result(go_on), result(next), depth.checked_sub(1))
        else {
            return false;
        };
        let Def::If { then, otherwise, .. } = &core.value(of).def else { return false };
        owner == of
            && [then, otherwise]
                .into_iter()
                .all(|region| self.stays(region.yields[decides], region.yields[index], carried, init, depth))
    }
}
