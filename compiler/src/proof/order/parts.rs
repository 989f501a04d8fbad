//! Values that can be one of several: results of `if`s and `loop`s, and what loops carry.

use filbert_ir::{Def, ValueId};

use super::{Back, Flag, Goal, Node, Order};

/// What is wanted of a value, whichever of several it is.
type Wanted<'w, 'a> = &'w mut dyn FnMut(&mut Order<'a>, ValueId) -> bool;

/// What one end of a loop's body yields.
#[derive(Clone, Copy)]
struct End {
    go_on: ValueId,
    /// The value that is asked about.
    value: ValueId,
    /// A bool that is known to be this at the head of the next iteration.
    flag: Option<(ValueId, bool)>,
}

impl<'a> Order<'a> {
    /// A result of an `if` or `loop`, or a carried value: what is wanted must hold of each value that it can
    /// be. `fixed` is the other side of the inequality.
    pub(super) fn by_parts(
        &mut self,
        id: ValueId,
        wanted: Wanted<'_, 'a>,
        fixed: Node,
        goal: (Node, Node, i128),
    ) -> bool {
        let core = self.core;
        let (of, index) = match core.value(id).def {
            Def::If { .. } | Def::Loop { .. } => (id, 0),
            Def::Output { of, index } => (of, index as usize),
            Def::Carried(index) => {
                let owner = self.owners[id.index()].expect("a carried value has a loop");
                return is_outside(fixed, owner)
                    && (self.by_induction(owner, index as usize, wanted, goal)
                        || self.by_flags(owner, index as usize, wanted));
            }
            _ => return false,
        };
        match &core.value(of).def {
            Def::If { cond, then, otherwise } => {
                [(then, true), (otherwise, false)].into_iter().all(|(region, holds)| {
                    let scope = self.open();
                    self.learn(*cond, holds, of);
                    let proved = wanted(self, region.yields[index]);
                    self.close(scope);
                    proved
                })
            }
            Def::Loop { body, .. } => {
                let end = End { go_on: body.yields[0], value: body.yields[index + 1], flag: None };
                is_outside(fixed, of) && self.back(of, |order| order.each_end(end, false, wanted))
            }
            _ => false,
        }
    }

    /// What is wanted of a carried value holds at first and, if it held before, next time.
    fn by_induction(
        &mut self,
        owner: ValueId,
        index: usize,
        wanted: Wanted<'_, 'a>,
        (x, y, k): (Node, Node, i128),
    ) -> bool {
        let Def::Loop { inits, body } = &self.core.value(owner).def else { return false };
        if !self.back(owner, |order| wanted(order, inits[index])) {
            return false;
        }
        // From here on the goal may be used: it is about an earlier time.
        self.goals.push(Goal { x, y, k, holds_earlier: true });
        let end = End { go_on: body.yields[0], value: body.yields[index + 1], flag: None };
        let proved = self.back(owner, |order| order.each_end(end, true, wanted));
        self.goals.pop();
        proved
    }

    /// What is wanted of a carried value holds whenever another one, a bool, is what it is known to be now:
    /// `for i in a..=b` goes on while a bool says so. That is no statement about all iterations, so it cannot
    /// be used to prove itself.
    fn by_flags(&mut self, owner: ValueId, index: usize, wanted: Wanted<'_, 'a>) -> bool {
        let Def::Loop { inits, body } = &self.core.value(owner).def else { return false };
        for at in (0..self.flags.len()).rev() {
            let Flag { carried, holds, since, serial } = self.flags[at];
            if self.owners[carried.index()] != Some(owner) || !self.is_now(since, serial) {
                continue;
            }
            let which = (carried.0 - body.start.0) as usize;
            let first = self.back(owner, |order| {
                let scope = order.open();
                let is_never = order.core.as_const(inits[which]).is_some_and(|c| (c.bits() != 0) != holds);
                order.learn(inits[which], holds, inits[which]);
                let proved = is_never || wanted(order, inits[index]);
                order.close(scope);
                proved
            });
            let flag = Some((body.yields[which + 1], holds));
            let end = End { go_on: body.yields[0], value: body.yields[index + 1], flag };
            if first && self.back(owner, |order| order.each_end(end, true, wanted)) {
                return true;
            }
        }
        false
    }

    /// Goes back in time: facts from inside the loop, and from behind it, do not hold there.
    fn back(&mut self, loop_id: ValueId, go_on: impl FnOnce(&mut Self) -> bool) -> bool {
        self.backs.push(Back { loop_id, serial: self.serial });
        let proved = go_on(self);
        self.backs.pop();
        proved
    }

    /// Whether what is wanted holds at each end of a loop's body that goes on, or at each that does not.
    fn each_end(&mut self, end: End, going_on: bool, wanted: Wanted<'_, 'a>) -> bool {
        let core = self.core;
        if self.steps == 0 {
            return false;
        }
        self.steps -= 1;
        if core.as_const(end.go_on).is_some_and(|go_on| (go_on.bits() != 0) != going_on) {
            return true;
        }
        let result = |id: ValueId| match core.value(id).def {
            Def::If { .. } => Some((id, 0)),
            Def::Output { of, index } => Some((of, index as usize)),
            _ => None,
        };
        if let Some((of, _)) = result(end.go_on)
            && let Def::If { cond, then, otherwise } = &core.value(of).def
        {
            return [(then, true), (otherwise, false)].into_iter().all(|(region, holds)| {
                let scope = self.open();
                self.learn(*cond, holds, of);
                let inner = |id: ValueId| match result(id) {
                    Some((owner, index)) if owner == of => region.yields[index],
                    _ => id,
                };
                let flag = end.flag.map(|(flag, holds)| (inner(flag), holds));
                let end = End { go_on: inner(end.go_on), value: inner(end.value), flag };
                let proved = self.each_end(end, going_on, wanted);
                self.close(scope);
                proved
            });
        }
        let scope = self.open();
        self.learn(end.go_on, going_on, end.go_on);
        let mut is_never = false;
        if let Some((flag, holds)) = end.flag {
            is_never = core.as_const(flag).is_some_and(|flag| (flag.bits() != 0) != holds);
            self.learn(flag, holds, flag);
        }
        let proved = is_never || wanted(self, end.value);
        self.close(scope);
        proved
    }
}

/// Whether a side of an inequality is one value for all iterations of a loop.
fn is_outside(node: Node, loop_id: ValueId) -> bool {
    match node {
        Node::Zero => true,
        Node::Value(id) => id < loop_id,
    }
}
