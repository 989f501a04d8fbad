//! What a kernel consents to by `contract` and `approx`, each a fixed rule over its own text.
//!
//! * `contract`: a sum or difference of floats that has a product as an operand, `a * b + c`, `c - a * b`,
//!   `x += a * b`, is `mul_add`, rounded once. Of two products the left one is meant. A product that has a name
//!   of its own stays one.
//! * `approx`: a function that has a looser one beside it (`Op::approximate`) is that one.
//!
//! Both happen while the kernel is lowered, before it has an id: all engines see one kernel, and agree on its
//! bits. A kernel that is called keeps what it was written with, so that it gives the same wherever it stands.

use filbert_ir::{Op, Span, ValueId};

use super::Lower;
use super::value::Val;
use crate::ast::{ExprId, ExprKind};

/// A product beside `+` or `-`.
#[derive(Clone, Copy)]
struct Product {
    factors: [ExprId; 2],
    is_left: bool,
}

impl Lower<'_, '_, '_> {
    /// The factors, if the expression is a product of floats and the kernel contracts.
    pub(super) fn factors(&self, id: ExprId) -> Option<[ExprId; 2]> {
        let is_float = || self.cx.typed.types.scalar(self.ty(id)).is_some_and(|ty| ty.is_float());
        match self.cx.tree.expr(id).kind {
            ExprKind::Binary { op: Op::Mul, left, right, .. } if self.loose.contract && is_float() => {
                Some([left, right])
            }
            _ => None,
        }
    }

    fn product(&self, op: Op, left: ExprId, right: ExprId) -> Option<Product> {
        if !matches!(op, Op::Add | Op::Sub) {
            return None;
        }
        let at = |id: ExprId, is_left: bool| self.factors(id).map(|factors| Product { factors, is_left });
        at(left, true).or_else(|| at(right, false))
    }

    /// What `left op right` computes before itself, in order.
    pub(super) fn binary_operands(&self, op: Op, left: ExprId, right: ExprId) -> Vec<ExprId> {
        match self.product(op, left, right) {
            Some(Product { factors: [a, b], is_left: true }) => vec![a, b, right],
            Some(Product { factors: [a, b], is_left: false }) => vec![left, a, b],
            None => vec![left, right],
        }
    }

    /// What stands behind `op=`, before the operands of the place.
    pub(super) fn update_operands(&self, op: Op, value: ExprId) -> Vec<ExprId> {
        match self.factors(value) {
            Some(factors) if matches!(op, Op::Add | Op::Sub) => factors.to_vec(),
            _ => vec![value],
        }
    }

    /// `left op right` in one step, given the values of its operands; `None` where it is none.
    pub(super) fn contracted(
        &mut self,
        id: ExprId,
        op: Op,
        left: ExprId,
        right: ExprId,
        values: &[Val],
    ) -> Option<Val> {
        let product = self.product(op, left, right)?;
        let (span, ty) = (self.span(id), self.ty(id));
        let [first, second, third] = std::array::from_fn(|i| self.one(span, &values[i], ty));
        let value = match product.is_left {
            true => self.fused(span, op, [first, second], third, false),
            false => self.fused(span, op, [second, third], first, true),
        };
        Some(Val::One(value))
    }

    /// `a * b op c`, or `c op a * b`.
    pub(super) fn fused(&mut self, span: Span, op: Op, [a, b]: [ValueId; 2], c: ValueId, is_second: bool) -> ValueId {
        let negative = |lower: &mut Self, value| lower.op(span, Op::Neg, &[value]);
        let (a, c) = match (op, is_second) {
            (Op::Sub, true) => (negative(self, a), c),
            (Op::Sub, false) => (a, negative(self, c)),
            _ => (a, c),
        };
        self.op(span, Op::MulAdd, &[a, b, c])
    }
}
