//! Strict expressions: those that compute all their operands, in order, and then their value.

use std::rc::Rc;

use filbert_ir::Scalar;

use super::value::Val;
use super::{ConstVal, Lower, Lowered};
use crate::ast::{ExprId, ExprKind, Target};
use crate::infer::Meaning;

impl<'a, 't> Lower<'_, 'a, 't> {
    /// What a strict expression computes before itself, in order.
    pub(super) fn operands(&self, id: ExprId) -> Vec<ExprId> {
        match &self.cx.tree.expr(id).kind {
            ExprKind::Unary { arg, .. } | ExprKind::Cast { arg, .. } => vec![*arg],
            ExprKind::Binary { op, left, right, .. } => self.binary_operands(*op, *left, *right),
            ExprKind::Tuple(elems) | ExprKind::Array(elems) => elems.clone(),
            ExprKind::Field { of, .. } | ExprKind::NamedField { of, .. } => vec![*of],
            ExprKind::Ref { of, .. } | ExprKind::Deref(of) => vec![*of],
            ExprKind::Index { of, index } => std::iter::once(*of).chain(self.index_operands(*index)).collect(),
            ExprKind::Repeat { value, .. } => vec![*value],
            ExprKind::StructLit { fields, .. } => fields.iter().map(|&(_, value)| value).collect(),
            ExprKind::Call { args, .. } | ExprKind::Macro { args, .. } => args.clone(),
            ExprKind::Method { receiver, args, .. } if self.takes_place(id, *receiver) => {
                let mut operands = Vec::new();
                self.place_operands(*receiver, &mut operands);
                operands.extend(args);
                operands
            }
            ExprKind::Method { receiver, args, .. } => std::iter::once(receiver).chain(args).copied().collect(),
            ExprKind::Let { value, .. } => vec![*value],
            ExprKind::Range { start, end, .. } => [*start, *end].into_iter().flatten().collect(),
            // The value comes before the place, as in Rust where both are scalars.
            ExprKind::Assign { target, value } => {
                let mut operands = vec![*value];
                self.target_operands(target, &mut operands);
                operands
            }
            ExprKind::Update { op, target, value, .. } => {
                let mut operands = self.update_operands(*op, *value);
                self.place_operands(*target, &mut operands);
                operands
            }
            _ => Vec::new(),
        }
    }

    /// The value of a strict expression, given those of its operands.
    pub(super) fn combine(&mut self, id: ExprId, values: Vec<Val>) -> Lowered<Val> {
        let tree = self.cx.tree;
        let span = tree.span(id);
        let value = match &tree.expr(id).kind {
            ExprKind::Int { .. } | ExprKind::Float { .. } => {
                let scalar = self.cx.literal(id);
                self.constant(span, scalar)
            }
            ExprKind::Bool(value) => self.constant(span, Scalar::Bool(*value)),
            ExprKind::Path(_) => return self.path(id),
            ExprKind::Unary { op, .. } => return self.unary(id, *op, &values),
            ExprKind::Binary { op, left, right, .. } => {
                return match self.contracted(id, *op, *left, *right, &values) {
                    Some(value) => Ok(value),
                    None => self.binary(id, *op, (*left, *right), &values),
                };
            }
            ExprKind::Cast { arg, .. } => return self.cast_value(id, *arg, &values),
            ExprKind::Tuple(_) => return Ok(Val::Many(values)),
            ExprKind::Field { index, .. } => {
                return Ok(values[0].parts(*index as usize + 1).swap_remove(*index as usize));
            }
            ExprKind::NamedField { of, name } => return self.named_field(id, *of, *name, &values),
            ExprKind::StructLit { name, fields } => return self.struct_value(id, *name, fields, values),
            ExprKind::Array(_) => return self.array(id, values),
            ExprKind::Repeat { .. } => return self.repeat(id, values),
            ExprKind::Index { of, index } => return self.index(id, *of, *index, &values),
            ExprKind::Ref { of, mutable } => return self.reference(id, *of, *mutable, values),
            ExprKind::Deref(of) => return self.deref(id, *of, values),
            ExprKind::Call { args, .. } => return self.call(id, args, values),
            ExprKind::Method { receiver, args, .. } => return self.method_call(id, *receiver, args, values),
            ExprKind::Let { pat, value } => {
                let ty = self.ty(*value);
                let test = self.test(span, pat, &values[0], ty);
                self.bind(pat, values.into_iter().next().unwrap_or(Val::Nothing), ty);
                self.flag(span, test)
            }
            ExprKind::Range { .. } => return self.range(id, &values),
            ExprKind::Text => return Ok(Val::unit()),
            ExprKind::Closure { .. } => return Ok(self.closure(id)),
            ExprKind::Macro { name, args } => return self.macro_value(id, *name, args, &values),
            ExprKind::Assign { target, .. } => {
                let (value, places) = values.split_first().expect("an assignment has a value");
                self.assign(target, value.clone(), &mut places.iter())?;
                return Ok(Val::unit());
            }
            ExprKind::Update { op, target, value, .. } => {
                self.update(id, *op, *target, *value, &values)?;
                return Ok(Val::unit());
            }
            _ => unreachable!("what has its own control flow does not come here"),
        };
        Ok(Val::One(value))
    }

    pub(super) fn path(&mut self, id: ExprId) -> Lowered<Val> {
        let span = self.cx.tree.span(id);
        Ok(match self.meaning(id) {
            Meaning::Local(local) => self.get(local),
            Meaning::Scalar(scalar) => Val::One(self.constant(span, scalar)),
            Meaning::Const(constant) => {
                match self.cx.consts[constant.0 as usize].clone().expect("constants are computed before their users") {
                    ConstVal::One(scalar) => Val::One(self.constant(span, scalar)),
                    ConstVal::Table(scalars) => self.table(id, scalars),
                }
            }
            Meaning::Given(index) => {
                let given = self.cx.given().expect("what is given stands in linked text only");
                let scalars = Rc::new(given.consts[index].1.scalars.clone());
                self.table(id, scalars)
            }
            Meaning::NoneValue => Val::none(),
            Meaning::KernelName => Val::unit(),
            // A kernel or function where a closure is wanted.
            Meaning::Kernel(_) | Meaning::Method(_) | Meaning::SomeValue => self.function(id),
            _ => unreachable!("inference gives every path a value"),
        })
    }

    /// Assigns; `places` are the operands of the places in it, in order.
    pub(super) fn assign<'v>(
        &mut self,
        target: &Target,
        value: Val,
        places: &mut impl Iterator<Item = &'v Val>,
    ) -> Lowered<()> {
        match target {
            Target::Variable(variable) => {
                if let Meaning::Local(local) = self.meaning(*variable) {
                    self.set(local, value);
                }
            }
            Target::Place(place) => self.store(*place, value, places)?,
            Target::Tuple(targets, _) => {
                for (target, value) in targets.iter().zip(value.parts(targets.len())) {
                    self.assign(target, value, places)?;
                }
            }
            Target::Wild | Target::Error => {}
        }
        Ok(())
    }

    pub(super) fn target_operands(&self, target: &Target, into: &mut Vec<ExprId>) {
        match target {
            Target::Place(place) => self.place_operands(*place, into),
            Target::Tuple(targets, _) => targets.iter().for_each(|target| self.target_operands(target, into)),
            Target::Variable(_) | Target::Wild | Target::Error => {}
        }
    }
}
