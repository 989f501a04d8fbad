//! Between which numbers an integer expression lies, as far as a glance at it tells.

use filbert_ir::{Logical, Op, Scalar, Type, Unit};

use super::{Search, Value};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::infer::Meaning;
use crate::infer::types::Ty;

/// Least and greatest.
type Range = (i128, i128);

/// More elements than a list of a row has.
const LENGTH_MAX: i128 = 1 << 48;

/// The range of an integer type or bool.
pub(super) fn of_type(ty: Type) -> Range {
    if ty.is_signed() {
        let half = 1i128 << (ty.bits() - 1);
        return (-half, half - 1);
    }
    (0, i128::from(ty.mask()))
}

impl Search<'_, '_> {
    /// The range of an integer expression; that of its type where nothing better is known.
    pub(super) fn range(&self, id: ExprId, steps: usize) -> Range {
        let all = self.scalar(id).filter(|ty| !ty.is_float()).map_or((i128::MIN, i128::MAX), of_type);
        let Some(steps) = steps.checked_sub(1) else { return all };
        match self.known(id, steps) {
            // What leaves the type fails the row or wraps.
            Some((low, high)) if all.0 <= low && high <= all.1 => (low, high),
            _ => all,
        }
    }

    fn known(&self, id: ExprId, steps: usize) -> Option<Range> {
        match self.kind(id) {
            ExprKind::Int { .. } => self.literal(id).map(|value| (value, value)),
            ExprKind::Path(_) => match self.typed.meanings[id.0 as usize] {
                Meaning::Scalar(scalar) => integer(scalar).map(|value| (value, value)),
                Meaning::Local(local) => self.variable(local, steps),
                _ => None,
            },
            ExprKind::Cast { arg, .. } if self.scalar(*arg).is_some_and(|ty| !ty.is_float()) => {
                Some(self.range(*arg, steps))
            }
            ExprKind::Binary { op, left, right, .. } => {
                self.binary(*op, self.range(*left, steps), self.range(*right, steps))
            }
            ExprKind::Method { receiver, name, args } => self.method(name.text, *receiver, args, steps),
            ExprKind::If { then, otherwise: Some(otherwise), .. } => {
                let (a, b) = (self.range(*then, steps), self.range(*otherwise, steps));
                Some((a.0.min(b.0), a.1.max(b.1)))
            }
            ExprKind::Block(block) => Some(self.range(block.tail?, steps)),
            _ => None,
        }
    }

    fn binary(&self, op: Op, a: Range, b: Range) -> Option<Range> {
        let is_natural = a.0 >= 0 && b.0 >= 0;
        match op {
            Op::Add => Some((a.0.checked_add(b.0)?, a.1.checked_add(b.1)?)),
            Op::Sub => Some((a.0.checked_sub(b.1)?, a.1.checked_sub(b.0)?)),
            Op::Mul if is_natural => Some((a.0.checked_mul(b.0)?, a.1.checked_mul(b.1)?)),
            Op::Div if is_natural && b.0 > 0 => Some((a.0 / b.1, a.1 / b.0)),
            Op::Rem if b.0 > 0 => Some((if a.0 < 0 { 1 - b.1 } else { 0 }, b.1 - 1)),
            Op::And if b.0 >= 0 || a.0 >= 0 => {
                let most = [a, b].into_iter().filter(|range| range.0 >= 0).map(|range| range.1).min()?;
                Some((0, most))
            }
            Op::Shr if is_natural && b.0 == b.1 && b.1 < 64 => Some((a.0 >> b.0, a.1 >> b.0)),
            _ => None,
        }
    }

    fn method(&self, name: &str, receiver: ExprId, args: &[ExprId], steps: usize) -> Option<Range> {
        let own = || self.range(receiver, steps);
        let arg = |index: usize| args.get(index).map(|&arg| self.range(arg, steps));
        match (name, args.len()) {
            ("len" | "count", 0) => Some((0, LENGTH_MAX)),
            ("count_ones" | "count_zeros" | "leading_zeros" | "leading_ones", 0) => Some((0, 64)),
            ("trailing_zeros" | "trailing_ones" | "ilog2" | "ilog10", 0) => Some((0, 64)),
            ("month" | "day" | "hour" | "minute" | "second" | "weekday" | "iso_week" | "quarter", 0) => Some((0, 60)),
            ("ordinal", 0) => Some((1, 366)),
            // Of a timestamp in seconds there are years beyond i32.
            ("year" | "iso_year", 0) if !self.counts_seconds(receiver) => Some((-300_000_000, 300_000_000)),
            ("nanosecond", 0) => Some((0, 999_999_999)),
            ("signum", 0) => Some((-1, 1)),
            ("min", 1) => Some((own().0.min(arg(0)?.0), own().1.min(arg(0)?.1))),
            ("max", 1) => Some((own().0.max(arg(0)?.0), own().1.max(arg(0)?.1))),
            ("clamp", 2) => Some((arg(0)?.0, arg(1)?.1)),
            ("rem_euclid", 1) if arg(0)?.0 > 0 => Some((0, arg(0)?.1 - 1)),
            _ => None,
        }
    }

    fn counts_seconds(&self, id: ExprId) -> bool {
        let ty = self.typed.types.peel(self.typed.exprs[id.0 as usize]);
        matches!(ty, Ty::Time(Logical::Timestamp(Unit::Second)))
    }

    fn variable(&self, local: LocalId, steps: usize) -> Option<Range> {
        // An index, as `enumerate` gives it: a u64 among what an iterator gives.
        let is_index = || self.typed.types.scalar(self.typed.locals[local.0 as usize]) == Some(Type::U64);
        match self.values[local.0 as usize] {
            Value::Of(value) => Some(self.range(value, steps)),
            Value::EachOf(iter) => self.counted(iter, steps),
            Value::PartOfEach => is_index().then_some((0, LENGTH_MAX)),
            Value::Unknown => None,
        }
    }

    /// The numbers of `a..b`, also behind `rev` and `step_by`; `None` of anything else.
    fn counted(&self, mut iter: ExprId, steps: usize) -> Option<Range> {
        iter = self.innermost(iter);
        while let ExprKind::Method { receiver, .. } = self.kind(iter) {
            iter = self.innermost(*receiver);
        }
        let ExprKind::Range { start: Some(start), end: Some(end), .. } = self.kind(iter) else { return None };
        Some((self.range(*start, steps).0, self.range(*end, steps).1))
    }

    fn literal(&self, id: ExprId) -> Option<i128> {
        let ExprKind::Int { magnitude, negative, .. } = self.kind(id) else { return None };
        let magnitude = i128::try_from((*magnitude)?).ok()?;
        Some(if *negative { -magnitude } else { magnitude })
    }
}

fn integer(scalar: Scalar) -> Option<i128> {
    let ty = scalar.ty();
    if ty.is_float() {
        return None;
    }
    let bits = i128::from(scalar.bits());
    let sign = 1i128 << (ty.bits() - 1);
    Some(if ty.is_signed() && bits & sign != 0 { bits - 2 * sign } else { bits })
}
