//! Calls of kernels, and what a kernel takes and gives.

use filbert_ir::builder::View as IrView;
use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Array, Length, Op, Param as IrParam, ResultTy, Span, Type, ValueId, VerifiedKernel};

use super::value::Val;
use super::view::{Base, Len, View};
use super::{Lower, Lowered, TooLarge};
use crate::ast::{ExprId, KernelItem, Param};
use crate::infer::Meaning;
use crate::infer::lists::{Extent, ListTy, list_of};
use crate::infer::types::Ty;

impl<'a, 't> Lower<'_, 'a, 't> {
    /// Declares the parameters, and gives the variables their values.
    pub(super) fn params(&mut self, item: &'a KernelItem<'t>, index: usize) {
        let mut lists = Vec::new();
        for param in &item.params {
            self.b.span = param.name.span;
            let ty = self.local_ty(param.local);
            match list_of(&self.cx.typed.types, ty) {
                Some(list) if list.is_out => {}
                Some(list) => {
                    let array = Array::Param(self.b.signature.params.len() as u32);
                    let param_ty = self.list_param(list);
                    let slots = self.b.declare(param_ty);
                    lists.push((param, list, array, slots[0]));
                }
                None => {
                    let slots = self.b.declare(self.param_of(ty));
                    let value = self.slot_value(ty, &slots);
                    self.set(param.local, value);
                }
            }
        }
        let returned = self.result_types(self.result).len() as u32;
        let outs = item.params.iter().filter_map(|param| {
            let list = list_of(&self.cx.typed.types, self.local_ty(param.local))?;
            list.is_out.then_some((param, list))
        });
        let outs: Vec<_> = outs.collect();
        for (nth, (param, list)) in outs.into_iter().enumerate() {
            self.b.span = param.name.span;
            let slot = self.b.slot(Type::U64);
            lists.push((param, list, Array::Result(returned + nth as u32), slot));
        }
        for (param, list, array, slot) in lists {
            self.start_list(param, list, array, slot);
        }
        self.check_lengths(item, index);
    }

    /// Gives the variable of a list its value; checks the length that it must have.
    fn start_list(&mut self, param: &'a Param<'t>, list: ListTy, array: Array, slot: ValueId) {
        let span = param.name.span;
        let stride = self.stride(list.elem);
        let len = match list.len {
            Some(len) => {
                if !list.is_out {
                    let want = self.u64(span, len.saturating_mul(stride));
                    self.op(span, Op::SameLength, &[slot, want]);
                }
                Len::Known(len)
            }
            None if stride == 1 => Len::Value(slot),
            None => {
                let stride = self.u64(span, stride);
                Len::Value(self.op(span, Op::Div, &[slot, stride]))
            }
        };
        let view = View { base: Base::Memory(array), offset: None, len, is_whole: true };
        self.set(param.local, Val::view(view));
    }

    /// Checks that lengths which the layout makes equal are.
    fn check_lengths(&mut self, item: &'a KernelItem<'t>, index: usize) {
        let typed = self.cx.typed;
        for &(a, b, span) in &typed.lists[index].same {
            let rows = |lower: &mut Self, extent: Extent| match extent {
                Extent::Known(len) => lower.u64(span, len),
                Extent::Rows(of) => {
                    let value = lower.get(item.params[of].local);
                    let len = lower.view(&value).len;
                    lower.len_value(span, len)
                }
            };
            let (a, b) = (rows(self, a), rows(self, b));
            self.op(span, Op::SameLength, &[a, b]);
        }
    }

    fn list_param(&self, list: ListTy) -> IrParam {
        let len = list.len.map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        IrParam::List { elem: self.storage(list.elem), inner: self.stride(list.elem) as u32, len }
    }

    fn param_of(&self, ty: Ty) -> IrParam {
        let types = &self.cx.typed.types;
        let logical = |ty: Ty| types.logical(ty).unwrap_or(Type::F64.into());
        match types.resolve(ty) {
            Ty::Option(option) => IrParam::nullable(logical(types.inner(option))),
            ty => IrParam::strict(logical(ty)),
        }
    }

    /// What a parameter is inside the kernel, given its slots.
    fn slot_value(&self, ty: Ty, slots: &[ValueId]) -> Val {
        self.build(ty, &mut slots.iter().copied())
    }

    /// The result columns of the lists that a kernel writes.
    pub(super) fn out_types(&self, item: &'a KernelItem<'t>, index: usize) -> Vec<ResultTy> {
        let types = &self.cx.typed.types;
        let lists = item.params.iter().filter_map(|param| list_of(types, self.local_ty(param.local)));
        let outs = lists.filter(|list| list.is_out).zip(&self.cx.typed.lists[index].out);
        let column = |(list, len): (ListTy, &Length)| ResultTy::List {
            elem: self.storage(list.elem),
            inner: self.stride(list.elem) as u32,
            len: len.clone(),
        };
        outs.map(column).collect()
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
            Ty::Array(array) => {
                let (elem, len) = types.array_of(array);
                ResultTy::Fixed { elem: self.storage(elem), len: len as u32 }
            }
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

    /// A list that a callee reads, and the number of its scalars.
    fn lent(&mut self, span: Span, value: &Val, ty: Ty) -> Lowered<(IrView, ValueId)> {
        let view = self.view(value);
        let elem = self.elem_ty(ty);
        let array = match &view.base {
            Base::Memory(array) => *array,
            Base::Table(scalars) => self.table_of(scalars),
            // Values have no place in memory, but where all are known a table has.
            Base::Values(values) => match self.all_known(values) {
                Some(scalars) => self.table_of(&scalars),
                None => return Err(TooLarge::NoMemory(span)),
            },
        };
        let stride = self.stride(elem);
        let len = match view.len {
            Len::Known(len) => self.u64(span, len * stride),
            Len::Value(len) => self.scaled(span, len, stride),
        };
        Ok((IrView { array, offset: view.offset, is_whole: view.is_whole }, len))
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
        let mut views = Vec::new();
        // A kernel that a kernel takes is in its body already, and no parameter any more.
        let args: Vec<_> = args.filter(|&(_, ty)| self.is_list(ty) || !self.scalars(ty).is_empty()).collect();
        for ((value, ty), param) in args.into_iter().zip(&callee.core.signature.params) {
            match param {
                IrParam::Scalar { .. } => {
                    self.flatten(span, value, ty, &mut slots);
                    views.push(None);
                }
                IrParam::List { .. } => {
                    let (view, len) = self.lent(span, value, ty)?;
                    slots.push(len);
                    views.push(Some(view));
                }
            }
        }
        self.b.span = span;
        let results = self.b.inline(&callee.core, &slots, &views);
        Ok(self.build(result, &mut results.into_iter()))
    }
}
