//! Ranges: `a..b`, `a..=b`, reversed, with steps.
//!
//! No turn may overflow at the limits of the type. A plain `a..b` compares and then counts, which cannot:
//! the number is below `b`. All others carry a flag that says whether there is another number, which is
//! computed from the distance to the end before the step is made.

use std::rc::Rc;

use filbert_ir::{Def, Op, Scalar, Span, Type, ValueId};

use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind};
use crate::infer::RangeMethod;

/// A range with its steps. `first`, `last` and `step` are computed.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(super) start: ValueId,
    pub(super) end: ValueId,
    pub(super) inclusive: bool,
    pub(super) reversed: bool,
    /// A u64 above 0.
    pub(super) step: Option<ValueId>,
    /// `rev` behind `step_by`: the steps count from the start.
    pub(super) aligned: bool,
}

/// What stays the same in every turn of a `for`.
pub(super) enum Cursor {
    /// The state is the next number, which counts up to here.
    Up { end: ValueId },
    /// The state is the number before the next one, which counts down to here.
    Down { start: ValueId },
    /// The state is the next number, and whether there is one.
    Flagged { last: ValueId, inclusive: bool, down: bool, step: Option<ValueId> },
}

impl Lower<'_, '_, '_> {
    /// How a `for` walks over a value: what stays, and the first state.
    pub(super) fn start(&mut self, span: Span, iter: &Val) -> (Cursor, Vec<ValueId>) {
        let Val::Range(range) = iter else { unreachable!("inference lets `for` walk over ranges only") };
        let Range { start, end, inclusive, reversed, step, aligned } = **range;
        if !inclusive && step.is_none() {
            return match reversed {
                false => (Cursor::Up { end }, vec![start]),
                true => (Cursor::Down { start }, vec![end]),
            };
        }
        let below = if inclusive { Op::Le } else { Op::Lt };
        let some = self.op(span, below, &[start, end]);
        if !reversed {
            return (Cursor::Flagged { last: end, inclusive, down: false, step }, vec![start, some]);
        }
        let mut first = end;
        if !inclusive {
            let one = self.small(span, self.b.ty(end), 1);
            first = self.op(span, Op::WrappingSub, &[end, one]);
        }
        if let (true, Some(step)) = (aligned, step) {
            // The last number that the steps from the start reach.
            let distance = self.distance(span, start, first);
            let beyond = self.op(span, Op::Rem, &[distance, step]);
            let beyond = self.cast(span, beyond, self.b.ty(first));
            first = self.op(span, Op::WrappingSub, &[first, beyond]);
        }
        (Cursor::Flagged { last: start, inclusive: true, down: true, step }, vec![first, some])
    }

    /// Whether there is another number.
    pub(super) fn more(&mut self, span: Span, cursor: &Cursor, state: &[ValueId]) -> ValueId {
        match cursor {
            Cursor::Up { end } => self.op(span, Op::Lt, &[state[0], *end]),
            Cursor::Down { start } => self.op(span, Op::Gt, &[state[0], *start]),
            Cursor::Flagged { .. } => state[1],
        }
    }

    /// The number, and the state behind it.
    pub(super) fn item(&mut self, span: Span, cursor: &Cursor, state: &[ValueId]) -> Lowered<(Val, Vec<ValueId>)> {
        let at = state[0];
        let ty = self.b.ty(at);
        Ok(match *cursor {
            Cursor::Up { .. } => {
                let one = self.small(span, ty, 1);
                let next = self.op(span, Op::WrappingAdd, &[at, one]);
                (Val::One(at), vec![next])
            }
            Cursor::Down { .. } => {
                let one = self.small(span, ty, 1);
                let next = self.op(span, Op::WrappingSub, &[at, one]);
                (Val::One(next), vec![next])
            }
            Cursor::Flagged { last, inclusive, down, step } => {
                let more = match step {
                    None => {
                        let beyond = if down { Op::Gt } else { Op::Lt };
                        self.op(span, beyond, &[at, last])
                    }
                    Some(step) => {
                        let distance = if down { self.distance(span, last, at) } else { self.distance(span, at, last) };
                        self.op(span, if inclusive { Op::Ge } else { Op::Gt }, &[distance, step])
                    }
                };
                let step = match step {
                    None => self.small(span, ty, 1),
                    Some(step) if self.b.ty(step) == ty => step,
                    Some(step) => self.cast(span, step, ty),
                };
                let next = self.op(span, if down { Op::WrappingSub } else { Op::WrappingAdd }, &[at, step]);
                (Val::One(at), vec![next, more])
            }
        })
    }

    /// `high - low` as a u64, where `low <= high`.
    pub(super) fn distance(&mut self, span: Span, low: ValueId, high: ValueId) -> ValueId {
        let ty = self.b.ty(low).unsigned();
        let distance = self.op(span, Op::WrappingSub, &[high, low]);
        let distance = if self.b.ty(distance) == ty { distance } else { self.cast(span, distance, ty) };
        if ty == Type::U64 { distance } else { self.cast(span, distance, Type::U64) }
    }

    /// `a..b`, `a..=b`
    pub(super) fn range(&mut self, id: ExprId, values: &[Val]) -> Lowered<Val> {
        let span = self.span(id);
        let ExprKind::Range { start: Some(from), end: Some(to), inclusive } = self.cx.tree.expr(id).kind else {
            unreachable!("inference lets only ranges with both ends through")
        };
        let start = self.one(span, &values[0], self.ty(from));
        let end = self.one(span, &values[1], self.ty(to));
        let mut range = Range { start, end, inclusive, reversed: false, step: None, aligned: false };
        // Up to a constant below the limit of its type, the plain form counts.
        if let (true, Def::Const(bits)) = (inclusive, &self.b.value(end).def) {
            let ty = self.b.ty(end);
            let max = if ty.is_signed() { ty.mask() >> 1 } else { ty.mask() };
            if ty.is_int() && *bits != max {
                let next = bits.wrapping_add(1) & ty.mask();
                range.end = self.small(span, ty, next);
                range.inclusive = false;
            }
        }
        Ok(Val::Range(Rc::new(range)))
    }

    pub(super) fn range_method(
        &mut self,
        id: ExprId,
        method: RangeMethod,
        args: &[ExprId],
        values: &[Val],
    ) -> Lowered<Val> {
        let span = self.span(id);
        let Val::Range(range) = &values[0] else { return Ok(Val::Nothing) };
        let mut range = (**range).clone();
        match method {
            RangeMethod::Rev => {
                range.aligned = range.step.is_some();
                range.reversed = true;
            }
            RangeMethod::StepBy => {
                let step = self.one(span, &values[1], self.ty(args[0]));
                if !matches!(self.b.value(step).def, Def::Const(_)) {
                    let zero = self.small(span, Type::U64, 0);
                    let moves = self.op(span, Op::Ne, &[step, zero]);
                    self.op(span, Op::Assert, &[moves]);
                }
                range.step = Some(step);
            }
            RangeMethod::Contains => {
                let value = self.one(span, &values[1], self.ty(args[0]));
                let above = self.op(span, Op::Ge, &[value, range.start]);
                let below = self.op(span, if range.inclusive { Op::Le } else { Op::Lt }, &[value, range.end]);
                return Ok(Val::One(self.op(span, Op::And, &[above, below])));
            }
        }
        Ok(Val::Range(Rc::new(range)))
    }

    pub(super) fn small(&mut self, span: Span, ty: Type, value: u64) -> ValueId {
        self.constant(span, Scalar::from_bits(ty, value))
    }
}
