//! What the definitions of operations say of the order of values.

use filbert_ir::{Def, Op, Type, ValueId};

use super::super::range::Range;
use super::{Node, Order};

impl Order<'_> {
    /// Through what the definition of `x` says that it is at most.
    pub(super) fn by_upper(&mut self, x: Node, y: Node, k: i128) -> bool {
        let Node::Value(id) = x else { return false };
        let value = Node::Value;
        match &self.core.value(id).def {
            Def::Op(op, args) if self.core.ty(args[0]).is_int() || *op == Op::Select => {
                let unsigned = !self.core.ty(args[0]).is_signed();
                let [a, b] = [args[0], *args.get(1).unwrap_or(&args[0])];
                match op {
                    Op::Add | Op::WrappingAdd => {
                        (self.le(value(a), y, k - self.range(b).hi)
                            || self.le(value(b), y, k - self.range(a).hi)
                            || self.part_of_the_way(a, b).is_some_and(|end| self.le(value(end), y, k)))
                            && self.is_exact(id, *op)
                    }
                    Op::Sub | Op::WrappingSub => self.le(value(a), y, k + self.range(b).lo) && self.is_exact(id, *op),
                    Op::Mul | Op::WrappingMul => {
                        (self.multiple(a, b, y, k) || self.multiple(b, a, y, k)) && self.is_exact(id, *op)
                    }
                    Op::Min => self.le(value(a), y, k) || self.le(value(b), y, k),
                    Op::Max => self.le(value(a), y, k) && self.le(value(b), y, k),
                    Op::Clamp => self.le(value(args[2]), y, k) || (self.le(value(a), y, k) && self.le(value(b), y, k)),
                    Op::And if unsigned => self.le(value(a), y, k) || self.le(value(b), y, k),
                    Op::Rem | Op::WrappingRem | Op::RemEuclid if unsigned => {
                        self.le(value(b), y, k + 1) || self.le(value(a), y, k)
                    }
                    // The divisor is not 0 here.
                    Op::RemEuclid if self.range(b).lo >= 0 => self.le(value(b), y, k + 1),
                    // At most the operand; less, if that is not 0 and loses a bit.
                    Op::Div | Op::WrappingDiv | Op::DivEuclid if unsigned => {
                        self.le(value(a), y, k)
                            || (self.range(b).lo >= 2
                                && self.le(value(a), y, k + 1)
                                && self.le(Node::Zero, value(a), -1))
                    }
                    Op::Shr | Op::WrappingShr if unsigned => self.le(value(a), y, k),
                    Op::Index => self.le(value(a), y, k) || self.le(value(b), y, k + 1),
                    Op::Cast => self.is_kept(a, self.core.ty(id)) && self.le(value(a), y, k),
                    Op::Select => self.le(value(args[1]), y, k) && self.le(value(args[2]), y, k),
                    _ => false,
                }
            }
            _ => self.by_parts(id, &mut |order, id| order.le(value(id), y, k), y, (x, y, k)),
        }
    }

    /// Through what the definition of `y` says that it is at least.
    pub(super) fn by_lower(&mut self, x: Node, y: Node, k: i128) -> bool {
        let Node::Value(id) = y else { return false };
        let value = Node::Value;
        match &self.core.value(id).def {
            Def::Op(op, args) if self.core.ty(args[0]).is_int() || *op == Op::Select => {
                let [a, b] = [args[0], *args.get(1).unwrap_or(&args[0])];
                match op {
                    Op::Add | Op::WrappingAdd => {
                        (self.le(x, value(a), k + self.range(b).lo) || self.le(x, value(b), k + self.range(a).lo))
                            && self.is_exact(id, *op)
                    }
                    Op::Sub | Op::WrappingSub => self.le(x, value(a), k - self.range(b).hi) && self.is_exact(id, *op),
                    Op::Max => self.le(x, value(a), k) || self.le(x, value(b), k),
                    Op::Min => self.le(x, value(a), k) && self.le(x, value(b), k),
                    Op::Index => self.le(x, value(a), k),
                    Op::Cast => self.is_kept(a, self.core.ty(id)) && self.le(x, value(a), k),
                    Op::Select => self.le(x, value(args[1]), k) && self.le(x, value(args[2]), k),
                    _ => false,
                }
            }
            _ => self.by_parts(id, &mut |order, id| order.le(x, value(id), k), x, (x, y, k)),
        }
    }

    /// `a + d` is at most `b` if `d` is no more than `b - a`: half of the way between two ends, say. Gives `b`.
    pub(super) fn part_of_the_way(&mut self, a: ValueId, d: ValueId) -> Option<ValueId> {
        let mut d = d;
        loop {
            let Def::Op(op, args) = &self.core.value(d).def else { return None };
            match op {
                Op::Sub | Op::WrappingSub if args[1] == a => {
                    let unsigned = !self.core.ty(d).is_signed();
                    return (unsigned && self.is_exact(d, *op)).then_some(args[0]);
                }
                Op::Div | Op::WrappingDiv | Op::DivEuclid | Op::Shr | Op::WrappingShr
                    if !self.core.ty(d).is_signed() =>
                {
                    d = args[0];
                }
                _ => return None,
            }
        }
    }

    /// `a * c <= y + k` for a constant `c` above 0, where `a` is at most some quotient `n / c` and a constant:
    /// rows of a flat two-dimensional list.
    pub(super) fn multiple(&mut self, a: ValueId, c: ValueId, y: Node, k: i128) -> bool {
        let Some(factor) = self.core.as_const(c).map(|_| self.range(c).lo).filter(|&factor| factor > 0) else {
            return false;
        };
        if self.core.ty(a).is_signed() {
            return false;
        }
        // An index that was checked is what it was before, and less than the quotient.
        let mut a = a;
        while let Def::Op(Op::Index, args) = &self.core.value(a).def {
            if self.quotient(Node::Value(args[1]), factor).is_some_and(|n| self.le(n, y, k + factor)) {
                return true;
            }
            a = args[0];
        }
        for at in (0..self.above[a.index()].len()).rev() {
            let known = self.above[a.index()][at];
            let Some(n) = self.quotient(known.other, factor) else { continue };
            let Some(offset) = known.c.checked_mul(factor) else { continue };
            if self.holds(&known) && self.with(&known, |order| order.le(n, y, k - offset)) {
                return true;
            }
        }
        false
    }

    /// What a value is the quotient of, if the divisor is this.
    pub(super) fn quotient(&self, node: Node, factor: i128) -> Option<Node> {
        let Node::Value(id) = node else { return None };
        let Def::Op(Op::Div | Op::WrappingDiv | Op::DivEuclid, args) = &self.core.value(id).def else { return None };
        let same = self.core.as_const(args[1]).is_some() && self.range(args[1]).lo == factor;
        (same && !self.core.ty(id).is_signed()).then_some(Node::Value(args[0]))
    }

    /// Whether a cast keeps the number.
    pub(super) fn is_kept(&mut self, from: ValueId, to: Type) -> bool {
        let (source, target) = (self.core.ty(from), Range::of(to));
        if !to.is_int() || !(source.is_int() || source == Type::Bool) {
            return false;
        }
        let from = Node::Value(from);
        self.le(Node::Zero, from, -target.lo) && self.le(from, Node::Zero, target.hi)
    }
}
