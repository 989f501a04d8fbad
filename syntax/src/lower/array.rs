//! Slices, arrays, tables, indexing, and places that are assigned.

use filbert_ir::Op;

use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::ExprId;

impl<'a, 't> Lower<'_, 'a, 't> {
    pub(super) fn array(&mut self, _id: ExprId, _values: Vec<Val>) -> Lowered<Val> {
        unreachable!("inference does not let it through")
    }

    /// `[value; len]`
    pub(super) fn repeat(&mut self, _id: ExprId, _values: Vec<Val>) -> Lowered<Val> {
        unreachable!("inference does not let it through")
    }

    /// `of[index]`
    pub(super) fn index(&mut self, _id: ExprId, _of: ExprId, _index: ExprId, _values: &[Val]) -> Lowered<Val> {
        unreachable!("inference does not let it through")
    }

    pub(super) fn reference(&mut self, _id: ExprId, _of: ExprId, _mutable: bool, mut values: Vec<Val>) -> Lowered<Val> {
        Ok(values.swap_remove(0))
    }

    pub(super) fn deref(&mut self, _id: ExprId, _of: ExprId, mut values: Vec<Val>) -> Lowered<Val> {
        Ok(values.swap_remove(0))
    }

    /// What a place (`a[i]`, `p.x`, `t.0`, `*r`) computes before it is assigned: its indices.
    pub(super) fn place_operands(&self, _place: ExprId, _into: &mut Vec<ExprId>) {}

    /// Assigns a place; `operands` are the values of what `place_operands` gave.
    pub(super) fn store<'v>(&mut self, _place: ExprId, _value: Val, _operands: &mut impl Iterator<Item = &'v Val>) {
        unreachable!("inference does not let it through")
    }

    /// `target op= value`; `values` are the value's, then those of the place's operands.
    pub(super) fn update(&mut self, id: ExprId, op: Op, target: ExprId, value: ExprId, values: &[Val]) -> Lowered<()> {
        let span = self.span(id);
        let old = self.scalar(target)?;
        let value = self.one(span, &values[0], self.ty(value));
        let new = self.op(span, op, &[old, value]);
        self.assign(&crate::ast::Target::Variable(target), Val::One(new), &mut [].iter());
        Ok(())
    }
}
