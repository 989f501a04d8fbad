//! Closures: what they take along, and their body where they are called.

use std::rc::Rc;

use filbert_ir::ValueId;

use super::ends::Way;
use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::infer::Meaning;

/// A closure with what it took from around it.
#[derive(Debug)]
pub(crate) struct Captured {
    /// The closure's expression.
    pub(super) at: ExprId,
    /// The variables that it reads and does not assign, as they were when it was made. Those that it assigns
    /// are the variables themselves.
    pub(super) values: Vec<(LocalId, Val)>,
}

impl<'a, 't> Lower<'_, 'a, 't> {
    /// The value of a closure expression.
    pub(super) fn closure(&mut self, id: ExprId) -> Val {
        let reads = self.cx.typed.captures.get(&id.0).cloned().unwrap_or_default();
        let values = reads.into_iter().map(|local| (local, self.get(local))).collect();
        Val::Closure(Rc::new(Captured { at: id, values }))
    }

    /// A kernel or a function of a type, where a closure is wanted.
    pub(super) fn function(&self, id: ExprId) -> Val {
        Val::Closure(Rc::new(Captured { at: id, values: Vec::new() }))
    }

    /// Builds the body of a closure with these arguments.
    pub(super) fn apply(&mut self, closure: &Val, args: Vec<Val>) -> Lowered<Val> {
        let Val::Closure(captured) = closure else { unreachable!("inference lets only closures be called") };
        let tree = self.cx.tree;
        let ExprKind::Closure { params, body, .. } = &tree.expr(captured.at).kind else {
            return self.apply_function(captured.at, args);
        };
        let here: Vec<(LocalId, Val)> = captured.values.iter().map(|&(local, _)| (local, self.get(local))).collect();
        for (local, value) in &captured.values {
            self.set(*local, value.clone());
        }
        let types = self.closure_params(captured.at);
        for ((param, value), ty) in params.iter().zip(args).zip(types) {
            self.bind(&param.pat, value, ty);
        }
        let value = if self.leaves(*body) {
            let ty = self.frame_ty(captured.at);
            let outcome = self.join(*body, ty, Some(captured.at), |lower| {
                lower.then(*body, &mut |lower, value| lower.finish(Way::Falls, value))
            })?;
            self.settled(outcome)
        } else {
            self.expr(*body)?
        };
        for (local, value) in here {
            self.set(local, value);
        }
        Ok(value)
    }

    fn apply_function(&mut self, at: ExprId, args: Vec<Val>) -> Lowered<Val> {
        let span = self.span(at);
        let types = self.closure_params(at);
        match self.meaning(at) {
            Meaning::SomeValue => Ok(Val::some(args.into_iter().next().unwrap_or(Val::Nothing))),
            Meaning::Kernel(index) => {
                let callee = self.cx.kernels[index].clone().expect("kernels are lowered before their callers");
                let result = self.cx.typed.results[index];
                self.inline(span, &callee, args.iter().zip(types), result)
            }
            _ => {
                let args: Vec<ValueId> = args.iter().zip(types).map(|(arg, ty)| self.one(span, arg, ty)).collect();
                Ok(self.method(at, &args))
            }
        }
    }

    fn closure_params(&self, at: ExprId) -> Vec<crate::infer::types::Ty> {
        let types = &self.cx.typed.types;
        match self.ty(at) {
            crate::infer::types::Ty::Closure(closure) => types.closure_of(closure).params.clone(),
            _ => Vec::new(),
        }
    }
}
