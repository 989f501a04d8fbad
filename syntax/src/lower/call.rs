//! Calls of kernels, and what a kernel takes and gives.

use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Param, ResultTy, Span, Type, VerifiedKernel};

use super::value::Val;
use super::{Lower, Lowered, TooLarge};
use crate::ast::{ExprId, KernelItem};
use crate::infer::Meaning;
use crate::infer::types::Ty;

impl<'a, 't> Lower<'_, 'a, 't> {
    /// Declares the parameters, and gives the variables their values.
    pub(super) fn params(&mut self, item: &'a KernelItem<'t>) {
        for param in &item.params {
            self.b.span = param.name.span;
            let ty = self.local_ty(param.local);
            let slots = self.b.declare(self.param_of(ty));
            let value = self.slot_value(ty, &slots);
            self.set(param.local, value);
        }
    }

    fn param_of(&self, ty: Ty) -> Param {
        let types = &self.cx.typed.types;
        let logical = |ty: Ty| types.logical(ty).unwrap_or(Type::F64.into());
        match types.resolve(ty) {
            Ty::Option(option) => Param::nullable(logical(types.inner(option))),
            ty => Param::strict(logical(ty)),
        }
    }

    /// What a parameter is inside the kernel, given its slots.
    fn slot_value(&self, ty: Ty, slots: &[filbert_ir::ValueId]) -> Val {
        self.build(ty, &mut slots.iter().copied())
    }

    /// The result columns of a kernel that returns this type.
    pub(super) fn result_types(&self, ty: Ty) -> Vec<ResultTy> {
        let types = &self.cx.typed.types;
        match types.resolve(ty) {
            Ty::Tuple(tuple) => types.elems(tuple).iter().map(|&elem| self.result_of(elem)).collect(),
            Ty::Struct(of) => types.fields(of).iter().map(|&field| self.result_of(field)).collect(),
            ty => vec![self.result_of(ty)],
        }
    }

    fn result_of(&self, ty: Ty) -> ResultTy {
        let types = &self.cx.typed.types;
        let logical = |ty: Ty| types.logical(ty).unwrap_or(Type::F64.into());
        match types.resolve(ty) {
            Ty::Option(option) => ResultTy::Scalar { ty: logical(types.inner(option)), nullable: true },
            ty => ResultTy::strict(logical(ty)),
        }
    }

    pub(super) fn call(&mut self, id: ExprId, args: &[ExprId], values: Vec<Val>) -> Lowered<Val> {
        let span = self.span(id);
        let callee = match self.meaning(id) {
            Meaning::Kernel(index) => self.cx.kernels[index].clone().expect("kernels are lowered before their callers"),
            Meaning::Linked(index) => match self.cx.given() {
                Some(given) => given.kernels[index].1.clone(),
                None => unreachable!("a linked call stands in linked text only"),
            },
            Meaning::From(ty) => {
                let arg = self.one(span, &values[0], self.ty(args[0]));
                return Ok(Val::One(if self.b.ty(arg) == ty { arg } else { self.cast(span, arg, ty) }));
            }
            Meaning::SomeValue => return Ok(Val::some(values.into_iter().next().unwrap_or(Val::Nothing))),
            Meaning::Local(local) => {
                let closure = self.get(local);
                return self.apply(&closure, values);
            }
            // `f64::sqrt(x)`
            _ => return self.method_call(id, args[0], &args[1..], values),
        };
        let args: Vec<Ty> = args.iter().map(|&arg| self.ty(arg)).collect();
        let ty = self.ty(id);
        self.inline(span, &callee, values.iter().zip(args), ty)
    }

    /// Copies a kernel's body; gives its result, which is of type `result`.
    pub(super) fn inline<'v>(
        &mut self,
        span: Span,
        callee: &VerifiedKernel,
        args: impl Iterator<Item = (&'v Val, Ty)>,
        result: Ty,
    ) -> Lowered<Val> {
        if self.b.next_id().index() + callee.core.values.len() > VALUES_MAX + callee.core.slots() as usize {
            return Err(TooLarge::Values(span));
        }
        let mut slots = Vec::new();
        for (value, ty) in args {
            self.flatten(span, value, ty, &mut slots);
        }
        self.b.span = span;
        let results = self.b.inline(&callee.core, &slots, &[]);
        Ok(self.build(result, &mut results.into_iter()))
    }
}
