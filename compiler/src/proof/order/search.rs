//! The search itself: goals, and the ways that lead on from one.

use filbert_ir::{Def, Op, ValueId};

use super::super::LENGTHS;
use super::super::range::Range;
use super::{DEPTH_MAX, Goal, Known, Node, Order, STEPS_MAX};

impl Order<'_> {
    /// Proves `x <= y + k`, if it can; gives the assumptions that it needs.
    pub(in crate::proof) fn prove(&mut self, x: Node, y: Node, k: i128) -> Option<Vec<usize>> {
        self.search(|order| order.le(x, y, k))
    }

    /// Proves that a sum, difference or product fits its type, if it can; gives the assumptions that it needs.
    pub(in crate::proof) fn prove_fits(&mut self, id: ValueId) -> Option<Vec<usize>> {
        self.search(|order| order.fits(id))
    }

    pub(super) fn search(&mut self, goal: impl Fn(&mut Self) -> bool) -> Option<Vec<usize>> {
        self.searching = self.serial;
        for may_assume in [false, true] {
            self.may_assume = may_assume;
            self.steps = STEPS_MAX.min(self.all_steps);
            self.all_steps -= self.steps;
            self.assumed.clear();
            let proved = goal(self);
            self.all_steps += self.steps;
            if proved {
                return Some(std::mem::take(&mut self.assumed));
            }
        }
        None
    }

    /// Whether the result of a sum, difference or product, as a number, fits its type.
    pub(super) fn fits(&mut self, id: ValueId) -> bool {
        let Def::Op(op, args) = &self.core.value(id).def else { return false };
        let ty = self.core.ty(id);
        let (least, most) = Range::of(ty).ends();
        let (a, b) = (Node::Value(args[0]), Node::Value(args[1]));
        let (x, y) = (self.range(args[0]), self.range(args[1]));
        match op {
            // One operand is so far away from both ends of the type as the other one can move it.
            Op::Add | Op::WrappingAdd => {
                (self.le(a, Node::Zero, most - y.hi) || self.le(b, Node::Zero, most - x.hi))
                    && (self.le(Node::Zero, a, y.lo - least) || self.le(Node::Zero, b, x.lo - least))
            }
            Op::Sub | Op::WrappingSub if ty.is_signed() => {
                self.le(Node::Zero, a, -y.hi - least) && self.le(a, Node::Zero, most + y.lo)
            }
            Op::Sub | Op::WrappingSub => self.le(b, a, 0),
            Op::Mul | Op::WrappingMul => {
                let fits = |x: Range, y: Range| x.times(y).is_some_and(|product| product.is_within(Range::of(ty)));
                let bounded = self.may_assume && fits(self.bounded(args[0]), self.bounded(args[1]));
                if bounded {
                    self.assumed.push(LENGTHS);
                }
                bounded
                    || fits(x, y)
                    || self.multiple(args[0], args[1], Node::Zero, most)
                    || self.multiple(args[1], args[0], Node::Zero, most)
            }
            _ => false,
        }
    }

    /// Whether the result of a sum, difference or product is that of the numbers: it is checked, or fits.
    pub(super) fn is_exact(&mut self, id: ValueId, op: Op) -> bool {
        match op {
            Op::Add | Op::Sub | Op::Mul => true,
            _ => self.exact[id.index()] || self.fits(id),
        }
    }

    /// Whether `x <= y + k`. What a failed attempt assumed is forgotten.
    pub(super) fn le(&mut self, x: Node, y: Node, k: i128) -> bool {
        let ((x, less), (y, more)) = (self.plain(x), self.plain(y));
        let k = k - less + more;
        if x == y {
            return k >= 0;
        }
        if self.hi(x, false) <= self.lo(y, false) + k {
            return true;
        }
        if self.may_assume && self.hi(x, true) <= self.lo(y, true) + k {
            self.assumed.push(LENGTHS);
            return true;
        }
        // The same goal once more leads nowhere, unless it is about an earlier time by now.
        let mut is_earlier = false;
        for goal in self.goals.iter().rev() {
            let same = (goal.x, goal.y) == (x, y);
            if same && goal.holds_earlier && goal.k <= k {
                return true;
            }
            is_earlier |= goal.holds_earlier;
            if same && !is_earlier {
                return false;
            }
        }
        if self.steps == 0 || self.goals.len() >= DEPTH_MAX {
            return false;
        }
        self.steps -= 1;
        let assumed = self.assumed.len();
        self.goals.push(Goal { x, y, k, holds_earlier: false });
        let proved = self.by_facts(x, y, k) || self.by_upper(x, y, k) || self.by_lower(x, y, k);
        self.goals.pop();
        if !proved {
            self.assumed.truncate(assumed);
        }
        proved
    }

    pub(super) fn hi(&self, node: Node, bounded: bool) -> i128 {
        match node {
            Node::Zero => 0,
            Node::Value(id) => if bounded { self.bounded(id) } else { self.range(id) }.hi,
        }
    }

    pub(super) fn lo(&self, node: Node, bounded: bool) -> i128 {
        match node {
            Node::Zero => 0,
            Node::Value(id) => if bounded { self.bounded(id) } else { self.range(id) }.lo,
        }
    }

    /// Through a fact about either side.
    pub(super) fn by_facts(&mut self, x: Node, y: Node, k: i128) -> bool {
        if let Node::Value(id) = x {
            for at in (0..self.above[id.index()].len()).rev() {
                let known = self.above[id.index()][at];
                if self.holds(&known) && self.with(&known, |order| order.le(known.other, y, k - known.c)) {
                    return true;
                }
            }
        }
        if let Node::Value(id) = y {
            for at in (0..self.below[id.index()].len()).rev() {
                let known = self.below[id.index()][at];
                if self.holds(&known) && self.with(&known, |order| order.le(x, known.other, k - known.c)) {
                    return true;
                }
            }
        }
        false
    }

    /// Goes on with a fact, proves what it needs, and notes what it assumes if that leads to a proof.
    pub(super) fn with(&mut self, known: &Known, go_on: impl FnOnce(&mut Self) -> bool) -> bool {
        let proved = go_on(self) && known.needs.is_none_or(|needs| self.le(needs.x, needs.y, needs.c));
        if proved {
            self.assumed.extend(known.assumed);
        }
        proved
    }
}
