//! Intervals: what an integer value lies in, wherever it is looked at.
//!
//! Two forward passes. The first knows of a carried value its type and how far fuel lets it go; the second
//! also that it is the initial value or one of the next values of the first pass. Either is a true statement
//! about all iterations, so both together are.

use filbert_ir::kernel::Region;
use filbert_ir::{Array, Core, Def, Op, Scalar, Type, ValueId};

/// Steps of the search for how far an iteration moves a carried value.
const DELTA_STEPS_MAX: u32 = 100;

/// An interval of whole numbers, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    pub(crate) lo: i128,
    pub(crate) hi: i128,
}

impl Range {
    pub(crate) fn new(lo: i128, hi: i128) -> Range {
        Range { lo, hi }
    }

    /// All values of a type; nothing is known of floats, and a bool is 0 or 1.
    pub(crate) fn of(ty: Type) -> Range {
        match ty {
            Type::Bool => Range::new(0, 1),
            Type::F32 | Type::F64 => Range::new(i128::MIN / 2, i128::MAX / 2),
            _ if ty.is_signed() => Range::new(-(1 << (ty.bits() - 1)), (1 << (ty.bits() - 1)) - 1),
            _ => Range::new(0, (1 << ty.bits()) - 1),
        }
    }

    pub(crate) fn ends(self) -> (i128, i128) {
        (self.lo, self.hi)
    }

    pub(crate) fn contains(self, value: i128) -> bool {
        (self.lo..=self.hi).contains(&value)
    }

    pub(crate) fn is_within(self, other: Range) -> bool {
        other.lo <= self.lo && self.hi <= other.hi
    }

    fn union(self, other: Range) -> Range {
        Range::new(self.lo.min(other.lo), self.hi.max(other.hi))
    }

    /// What is in both. Where there is nothing the value is never computed, and any interval is true of it.
    fn and(self, other: Range) -> Range {
        let both = Range::new(self.lo.max(other.lo), self.hi.min(other.hi));
        if both.lo <= both.hi { both } else { other }
    }

    fn corners(self, other: Range, f: impl Fn(i128, i128) -> Option<i128>) -> Option<Range> {
        let ends = [f(self.lo, other.lo)?, f(self.lo, other.hi)?, f(self.hi, other.lo)?, f(self.hi, other.hi)?];
        Some(Range::new(ends.into_iter().min()?, ends.into_iter().max()?))
    }

    pub(crate) fn times(self, other: Range) -> Option<Range> {
        self.corners(other, i128::checked_mul)
    }

    /// Greatest distance from 0.
    fn size(self) -> i128 {
        self.lo.abs().max(self.hi.abs())
    }
}

/// The range of each value. `lengths_max` is the most that slots of lengths hold, if that is assumed.
pub(super) fn find(core: &Core, lengths_max: Option<i128>) -> Vec<Range> {
    let ranges: Vec<Range> = core.values.iter().map(|value| Range::of(value.ty)).collect();
    let mut pass = Pass { core, ranges, refined: Vec::new() };
    if let Some(most) = lengths_max {
        for slot in super::length_slots(core) {
            pass.ranges[slot.index()].hi = most;
        }
    }
    let slots = pass.ranges.clone();
    pass.region(core.slots(), core.values.len() as u32);
    pass.refined = std::mem::replace(&mut pass.ranges, slots);
    pass.region(core.slots(), core.values.len() as u32);
    pass.ranges
}

/// By how much an iteration moves a carried value.
#[derive(Clone, Copy)]
struct Delta {
    by: Range,
    /// Whether some of the sums may wrap.
    wraps: bool,
}

struct Pass<'a> {
    core: &'a Core,
    ranges: Vec<Range>,
    /// What an earlier pass found; empty in the first.
    refined: Vec<Range>,
}

impl Pass<'_> {
    fn at(&self, id: ValueId) -> Range {
        self.ranges[id.index()]
    }

    fn region(&mut self, start: u32, end: u32) {
        let core = self.core;
        let mut next = start;
        while next < end {
            let id = ValueId(next);
            let value = core.value(id);
            next += 1;
            let everything = Range::of(value.ty);
            let found = match &value.def {
                Def::Param(_) | Def::Carried(_) | Def::Store { .. } => continue,
                Def::Const(bits) => constant(value.ty, *bits),
                Def::Op(op, args) => self.op(*op, args, value.ty),
                Def::If { then, otherwise, .. } => {
                    self.region(then.start.0, then.end.0);
                    self.region(otherwise.start.0, otherwise.end.0);
                    next = otherwise.end.0;
                    self.at(then.yields[0]).union(self.at(otherwise.yields[0]))
                }
                Def::Loop { inits, body } => {
                    for (index, &init) in inits.iter().enumerate() {
                        let id = ValueId(body.start.0 + index as u32);
                        self.ranges[id.index()] = self.carried(id, init, body, index);
                    }
                    self.region(body.start.0 + inits.len() as u32, body.end.0);
                    next = body.end.0;
                    self.at(body.yields[1])
                }
                Def::Output { of, index } => match &core.value(*of).def {
                    Def::If { then, otherwise, .. } => {
                        let index = *index as usize;
                        self.at(then.yields[index]).union(self.at(otherwise.yields[index]))
                    }
                    Def::Loop { body, .. } => self.at(body.yields[*index as usize + 1]),
                    _ => everything,
                },
                Def::Load { array: Array::Table(table), .. } if value.ty.is_int() => {
                    let table = &core.tables[*table as usize];
                    let elements = (0..table.len() as u64).filter_map(|at| table.get(at));
                    let elements = elements.map(|bits| constant(value.ty, bits));
                    elements.reduce(Range::union).unwrap_or(everything)
                }
                Def::Load { .. } => everything,
            };
            if value.ty.is_int() || value.ty == Type::Bool {
                self.ranges[id.index()] = found.and(everything);
            }
        }
    }

    /// A carried value: its type, as far as fuel lets it go from its initial value, and what an earlier pass
    /// found of its next value.
    fn carried(&self, id: ValueId, init: ValueId, body: &Region, index: usize) -> Range {
        let ty = self.core.ty(id);
        let (mut range, init) = (Range::of(ty), self.at(init));
        if !ty.is_int() {
            return range;
        }
        let next = body.yields[index + 1];
        let mut steps = DELTA_STEPS_MAX;
        if let Some(delta) = self.delta(id, next, body.start, &mut steps) {
            let fuel = i128::from(self.core.signature.fuel);
            let reach = (delta.by.lo.min(0).checked_mul(fuel), delta.by.hi.max(0).checked_mul(fuel));
            if let (Some(down), Some(up)) = reach {
                let reached = Range::new(init.lo + down, init.hi + up);
                // Sums that wrap are exact as long as nothing gets out of the type.
                if !delta.wraps || reached.is_within(range) {
                    range = reached.and(range);
                }
            }
        }
        if let Some(&refined) = self.refined.get(next.index()) {
            range = init.union(refined).and(range);
        }
        range
    }

    /// By how much `id` is more than the carried value, if that is known: sums with what stands before the
    /// loop, and choices between such.
    fn delta(&self, carried: ValueId, id: ValueId, first: ValueId, steps: &mut u32) -> Option<Delta> {
        if id == carried {
            return Some(Delta { by: Range::new(0, 0), wraps: false });
        }
        *steps = steps.checked_sub(1)?;
        let step = |id: ValueId| match self.core.as_const(id) {
            Some(c) => Some(constant(c.ty(), c.bits())),
            None => (id < first).then(|| self.at(id)),
        };
        let (yes, no) = match &self.core.value(id).def {
            Def::Op(op @ (Op::Add | Op::WrappingAdd), args) => {
                let (moved, by) = match (step(args[0]), step(args[1])) {
                    (_, Some(by)) => (args[0], by),
                    (Some(by), None) => (args[1], by),
                    (None, None) => return None,
                };
                let so_far = self.delta(carried, moved, first, steps)?;
                let by = Range::new(so_far.by.lo + by.lo, so_far.by.hi + by.hi);
                return Some(Delta { by, wraps: so_far.wraps || *op == Op::WrappingAdd });
            }
            Def::Op(op @ (Op::Sub | Op::WrappingSub), args) => {
                let (by, so_far) = (step(args[1])?, self.delta(carried, args[0], first, steps)?);
                let by = Range::new(so_far.by.lo - by.hi, so_far.by.hi - by.lo);
                return Some(Delta { by, wraps: so_far.wraps || *op == Op::WrappingSub });
            }
            Def::Op(Op::Index, args) => return self.delta(carried, args[0], first, steps),
            Def::Op(Op::Select, args) => (args[1], args[2]),
            Def::If { then, otherwise, .. } => (then.yields[0], otherwise.yields[0]),
            Def::Output { of, index } => match &self.core.value(*of).def {
                Def::If { then, otherwise, .. } => (then.yields[*index as usize], otherwise.yields[*index as usize]),
                _ => return None,
            },
            _ => return None,
        };
        let (yes, no) = (self.delta(carried, yes, first, steps)?, self.delta(carried, no, first, steps)?);
        Some(Delta { by: yes.by.union(no.by), wraps: yes.wraps || no.wraps })
    }

    /// An operation on integers or bools. A checked one has the exact result, if it has one.
    fn op(&self, op: Op, args: &[ValueId], ty: Type) -> Range {
        let everything = Range::of(ty);
        let operands = self.core.ty(args[0]);
        if !ty.is_int() {
            return everything;
        }
        if op == Op::Select {
            return self.at(args[1]).union(self.at(args[2]));
        }
        if operands.is_float() {
            return everything;
        }
        let x = self.at(args[0]);
        let y = args.get(1).map_or(x, |&id| self.at(id));
        let amount = args.get(1).and_then(|&id| self.core.as_const(id)).map(Scalar::bits);
        let amount = amount.filter(|&amount| amount < u64::from(ty.bits()));
        let exact = |found: Option<Range>| found.filter(|found| found.is_within(everything));
        let found = match op {
            Op::Add => Some(Range::new(x.lo + y.lo, x.hi + y.hi)),
            Op::Sub => Some(Range::new(x.lo - y.hi, x.hi - y.lo)),
            Op::Mul => x.times(y),
            Op::WrappingAdd => exact(Some(Range::new(x.lo + y.lo, x.hi + y.hi))),
            Op::WrappingSub => exact(Some(Range::new(x.lo - y.hi, x.hi - y.lo))),
            Op::WrappingMul => exact(x.times(y)),
            Op::Div | Op::WrappingDiv if y.lo > 0 => x.corners(y, i128::checked_div),
            Op::DivEuclid if y.lo > 0 => x.corners(y, i128::checked_div_euclid),
            Op::Rem | Op::WrappingRem => {
                // The sign of the dividend, and nearer to 0 than both.
                let most = (y.size() - 1).min(x.size()).max(0);
                Some(Range::new(if x.lo < 0 { -most } else { 0 }, if x.hi > 0 { most } else { 0 }))
            }
            Op::RemEuclid => {
                let most = (y.size() - 1).max(0);
                Some(Range::new(0, if x.lo >= 0 { most.min(x.hi) } else { most }))
            }
            Op::Neg => Some(Range::new(-x.hi, -x.lo)),
            Op::Abs => Some(Range::new(if x.contains(0) { 0 } else { x.lo.abs().min(x.hi.abs()) }, x.size())),
            Op::AbsDiff => Some(Range::new(0, (x.hi - y.lo).max(y.hi - x.lo))),
            Op::Signum => Some(Range::new(x.lo.signum(), x.hi.signum())),
            Op::Min => Some(Range::new(x.lo.min(y.lo), x.hi.min(y.hi))),
            Op::Max => Some(Range::new(x.lo.max(y.lo), x.hi.max(y.hi))),
            Op::Clamp => {
                let high = self.at(args[2]);
                Some(Range::new(x.lo.max(y.lo).min(high.lo), x.hi.max(y.hi).min(high.hi)))
            }
            Op::And => match (x.lo >= 0, y.lo >= 0) {
                (true, true) => Some(Range::new(0, x.hi.min(y.hi))),
                (true, false) => Some(Range::new(0, x.hi)),
                (false, true) => Some(Range::new(0, y.hi)),
                _ => None,
            },
            Op::Or | Op::Xor if x.lo >= 0 && y.lo >= 0 => {
                let bits = 128 - x.hi.max(y.hi).leading_zeros();
                Some(Range::new(0, (1 << bits) - 1))
            }
            Op::Shr | Op::WrappingShr => match amount {
                Some(amount) => Some(Range::new(x.lo >> amount, x.hi >> amount)),
                None => Some(Range::new(x.lo.min(0), x.hi.max(0))),
            },
            Op::Shl | Op::WrappingShl => amount.and_then(|amount| exact(x.times(Range::new(1 << amount, 1 << amount)))),
            Op::CountOnes | Op::LeadingZeros | Op::TrailingZeros => Some(Range::new(0, operands.bits().into())),
            Op::Isqrt => Some(Range::new(0, i128::from(u32::MAX))),
            Op::Index => Some(Range::new(x.lo, x.hi.min(y.hi - 1))),
            Op::Cast => exact(Some(x)),
            _ => None,
        };
        found.unwrap_or(everything)
    }
}

/// The number that the bits of an integer or bool are.
fn constant(ty: Type, bits: u64) -> Range {
    let value = match ty {
        _ if ty.is_signed() => i128::from((bits as i64) << (64 - ty.bits()) >> (64 - ty.bits())),
        _ if ty.is_float() => return Range::of(ty),
        _ => i128::from(bits),
    };
    Range::new(value, value)
}
