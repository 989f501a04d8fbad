//! Dead code: what neither a result nor a fault depends on goes.
//!
//! A value that may fault always stays, and so do stores, loops (they may run out of fuel) and the `if`s
//! around them, unless constants settle that it cannot fault. Yields of an `if` and carried values of a
//! `loop` that nobody reads go; one always stays, because each has at least one.

use filbert_ir::{Core, Def, ValueId};

use super::rewrite::{Visitor, rewrite};
use super::{Rewritten, may_fault};

/// Removes dead code.
pub(super) fn run(core: &Core) -> Rewritten {
    let mut dead = Dead::new(core);
    for &id in &core.returns {
        dead.read(id);
    }
    for index in 0..core.values.len() as u32 {
        let id = ValueId(index);
        if may_fault(core, id) {
            dead.touch(id);
        }
    }
    dead.settle();
    // Whatever lives has somebody around it that lives.
    for index in (0..core.values.len() as u32).rev() {
        let id = ValueId(index);
        let unread = !dead.read[id.index()].is_empty() && !dead.read[id.index()].contains(&true);
        if dead.live[id.index()] && unread {
            dead.read_result(id, 0);
            dead.settle();
        }
    }
    rewrite(core, &mut dead)
}

struct Dead<'a> {
    core: &'a Core,
    /// Whether a value must be there.
    live: Vec<bool>,
    /// For each `if`, which of its yields somebody reads; for each `loop`, which of its carried values,
    /// inside or after it.
    read: Vec<Vec<bool>>,
    /// The `if` or `loop` around a value.
    owner: Vec<Option<ValueId>>,
    /// Values that live, and whose operands were not looked at yet.
    found: Vec<ValueId>,
    /// Results of `if`s and `loop`s that are read, and that were not followed yet.
    followed: Vec<(ValueId, usize)>,
}

impl Dead<'_> {
    fn new(core: &Core) -> Dead<'_> {
        let size = core.values.len();
        let mut owner = vec![None; size];
        let mut read = vec![Vec::new(); size];
        let mut own = |id: usize, from: ValueId, to: ValueId| {
            owner[from.index()..to.index()].fill(Some(ValueId(id as u32)));
        };
        for (id, value) in core.values.iter().enumerate() {
            // Inner owners come later and so have the last word.
            match &value.def {
                Def::If { then, otherwise, .. } => {
                    own(id, then.start, otherwise.end);
                    read[id] = vec![false; then.yields.len()];
                }
                Def::Loop { inits, body } => {
                    own(id, body.start, body.end);
                    read[id] = vec![false; inits.len()];
                }
                _ => {}
            }
        }
        Dead { core, live: vec![false; size], read, owner, found: Vec::new(), followed: Vec::new() }
    }

    /// Notes that somebody reads a value.
    fn read(&mut self, id: ValueId) {
        self.touch(id);
        match self.core.value(id).def {
            Def::If { .. } | Def::Loop { .. } => self.read_result(id, 0),
            Def::Output { of, index } => self.read_result(of, index as usize),
            Def::Carried(index) => self.read_result(self.around(id), index as usize),
            _ => {}
        }
    }

    /// Notes that a value must be there, and with it whatever is around it.
    fn touch(&mut self, id: ValueId) {
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| !self.live[id.index()]) {
            self.live[id.index()] = true;
            self.found.push(id);
            next = self.owner[id.index()];
        }
    }

    /// Notes that a yield of an `if` or a carried value of a `loop` is read.
    fn read_result(&mut self, id: ValueId, index: usize) {
        self.touch(id);
        if !std::mem::replace(&mut self.read[id.index()][index], true) {
            self.followed.push((id, index));
        }
    }

    /// Follows operands and results until nothing new is found.
    fn settle(&mut self) {
        loop {
            while let Some((id, index)) = self.followed.pop() {
                match &self.core.value(id).def {
                    Def::If { then, otherwise, .. } => {
                        self.read(then.yields[index]);
                        self.read(otherwise.yields[index]);
                    }
                    Def::Loop { inits, body } => {
                        self.read(inits[index]);
                        self.read(body.yields[index + 1]);
                    }
                    _ => unreachable!("only these have results"),
                }
            }
            let Some(id) = self.found.pop() else { return };
            match &self.core.value(id).def {
                Def::Op(_, args) => args.iter().for_each(|&arg| self.read(arg)),
                Def::If { cond, .. } => self.read(*cond),
                Def::Loop { body, .. } => self.read(body.yields[0]),
                Def::Load { index, .. } => self.read(*index),
                Def::Store { index, value, .. } => {
                    self.read(*index);
                    self.read(*value);
                }
                Def::Param(_) | Def::Const(_) | Def::Output { .. } | Def::Carried(_) => {}
            }
        }
    }

    fn around(&self, id: ValueId) -> ValueId {
        self.owner[id.index()].expect("a carried value stands in its loop")
    }
}

impl Visitor for Dead<'_> {
    fn lives(&self, id: ValueId) -> bool {
        self.live[id.index()]
    }

    fn keeps(&self, id: ValueId, index: usize) -> bool {
        self.read[id.index()][index]
    }
}
