//! Results of `if`s and `loop`s that are always one value from outside: a yield that is the same in both
//! regions, and a carried value whose next is itself.
//!
//! Front ends carry every variable that a loop could change; most of them it does not. The proof is by
//! resolving: the value that a yield *is*, looking through the results of others.
//! Where a carried value's next resolves to the carried value, it never changes and is its initial value.

use std::collections::HashMap;

use filbert_ir::{Core, Def, ValueId};

/// Yields that one resolution looks through; deeper ones are left as they are.
const DEPTH_MAX: u32 = 64;

/// What is known of results, by `if` or `loop` and index.
pub(super) struct Same {
    known: HashMap<(ValueId, usize), ValueId>,
}

impl Same {
    /// The old value that this result always is, visible where its owner stands.
    pub(super) fn known(&self, id: ValueId, index: usize) -> Option<ValueId> {
        self.known.get(&(id, index)).copied()
    }
}

/// Looks at every `if` and `loop`.
pub(super) fn find(core: &Core) -> Same {
    let mut search = Search { core, resolved: HashMap::new() };
    let mut known = HashMap::new();
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
            }
        }
    }
    Same { known }
}

struct Search<'a> {
    core: &'a Core,
    resolved: HashMap<(ValueId, usize), Option<ValueId>>,
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
}
