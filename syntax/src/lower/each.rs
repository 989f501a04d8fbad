//! Loops and branches that the text does not show: over the elements of a list, and around what is computed
//! only where something holds.

use filbert_ir::{Op, Scalar, Span, ValueId};

use super::value::Val;
use super::{Lower, Lowered};
use crate::infer::types::Ty;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// A value that is computed where a condition holds, zeros elsewhere.
    pub(super) fn when(
        &mut self,
        span: Span,
        cond: ValueId,
        ty: Ty,
        compute: impl FnOnce(&mut Self) -> Lowered<Val>,
    ) -> Lowered<Val> {
        self.enter(span)?;
        self.b.span = span;
        let open = self.b.begin_if(cond);
        let value = compute(self)?;
        let mut yields = Vec::new();
        self.flatten(span, &value, ty, &mut yields);
        let open = self.b.begin_else(open, &yields);
        let mut zeros = Vec::new();
        self.flatten(span, &Val::Nothing, ty, &mut zeros);
        self.b.span = span;
        let values = self.b.end_if(open, &zeros);
        self.depth -= 1;
        Ok(self.build(ty, &mut values.into_iter()))
    }

    /// A loop whose index goes from 0 up to `count`, with more state behind it. A turn gives whether to go
    /// on, and the next state. Gives the last state.
    pub(super) fn count_up(
        &mut self,
        span: Span,
        count: ValueId,
        state: &[ValueId],
        turn: impl FnOnce(&mut Self, ValueId, &[ValueId]) -> Lowered<(ValueId, Vec<ValueId>)>,
    ) -> Lowered<Vec<ValueId>> {
        let mut inits = vec![self.u64(span, 0)];
        inits.extend(state);
        self.enter(span)?;
        self.enter(span)?;
        self.b.span = span;
        let (open, carried) = self.b.begin_loop(&inits);
        let more = self.op(span, Op::Lt, &[carried[0], count]);
        let branch = self.b.begin_if(more);
        let (goes_on, next) = turn(self, carried[0], &carried[1..])?;
        let one = self.u64(span, 1);
        let index = self.op(span, Op::WrappingAdd, &[carried[0], one]);
        let yields: Vec<ValueId> = [goes_on, index].into_iter().chain(next).collect();
        let branch = self.b.begin_else(branch, &yields);
        let ends = self.constant(span, Scalar::Bool(false));
        let yields: Vec<ValueId> = std::iter::once(ends).chain(carried).collect();
        let after = self.b.end_if(branch, &yields);
        self.depth -= 2;
        let last = self.b.end_loop(open, after[0], &after[1..]);
        Ok(last[1..].to_vec())
    }
}
