//! Dead code: what neither a result nor a fault depends on goes.
//!
//! A value that may fault always stays, and so does an `if` around one, unless constants settle that it
//! cannot. Yields of an `if` that nobody reads go; of an `if` that only faults one yield stays, because an
//! `if` yields something.

use filbert_ir::{Core, Def, ValueId};

use super::rewrite::{Visitor, rewrite};
use super::{Rewritten, may_fault};

/// Removes dead code.
pub(super) fn run(core: &Core) -> Rewritten {
    let size = core.values.len();
    let mut faults = Vec::with_capacity(size + 1);
    faults.push(0);
    for index in 0..size {
        faults.push(faults[index] + u32::from(may_fault(core, ValueId(index as u32))));
    }
    let mut dead = Dead { core, faults, live: vec![false; size], read: vec![Vec::new(); size] };
    for &id in &core.returns {
        dead.read(id);
    }
    dead.range(core.slots(), core.values.len() as u32);
    rewrite(core, &mut dead)
}

struct Dead<'a> {
    core: &'a Core,
    /// How many values before this one may fault.
    faults: Vec<u32>,
    /// Whether a value must be there.
    live: Vec<bool>,
    /// For each `if`, which of its yields somebody reads.
    read: Vec<Vec<bool>>,
}

impl Dead<'_> {
    /// Notes that somebody reads a value.
    fn read(&mut self, id: ValueId) {
        self.live[id.index()] = true;
        match self.core.value(id).def {
            Def::If { .. } => self.read_yield(id, 0),
            Def::Output { of, index } => {
                self.live[of.index()] = true;
                self.read_yield(of, index as usize);
            }
            _ => {}
        }
    }

    fn read_yield(&mut self, id: ValueId, index: usize) {
        let Def::If { then, .. } = &self.core.value(id).def else { unreachable!("only an if yields") };
        let read = &mut self.read[id.index()];
        read.resize(then.yields.len(), false);
        read[index] = true;
    }

    /// Marks what lives in a range, last value first: everything that reads a value stands behind it.
    fn range(&mut self, start: u32, end: u32) {
        let core = self.core;
        let mut order = Vec::new();
        let mut next = start;
        while next < end {
            order.push(ValueId(next));
            next = match &core.value(ValueId(next)).def {
                Def::If { otherwise, .. } => otherwise.end.0,
                _ => next + 1,
            };
        }
        for &id in order.iter().rev() {
            let fails = |from: u32, to: u32| self.faults[to as usize] > self.faults[from as usize];
            match &core.value(id).def {
                Def::Op(_, args) if self.live[id.index()] || fails(id.0, id.0 + 1) => {
                    self.live[id.index()] = true;
                    args.iter().for_each(|&arg| self.read(arg));
                }
                Def::If { cond, then, otherwise } => {
                    if self.read[id.index()].is_empty() {
                        if !fails(then.start.0, otherwise.end.0) {
                            continue;
                        }
                        self.live[id.index()] = true;
                        self.read_yield(id, 0);
                    }
                    for index in 0..then.yields.len() {
                        if self.read[id.index()][index] {
                            self.read(then.yields[index]);
                            self.read(otherwise.yields[index]);
                        }
                    }
                    self.range(then.start.0, then.end.0);
                    self.range(otherwise.start.0, otherwise.end.0);
                    self.read(*cond);
                }
                _ => {}
            }
        }
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
