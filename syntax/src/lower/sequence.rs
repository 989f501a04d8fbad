//! The methods of lists and arrays.

use filbert_ir::{Array, Op, Scalar, Span, ValueId};

use super::array::{USIZE, Way};
use super::value::{Flag, Val};
use super::view::{Base, Len, View};
use super::{Lower, Lowered};
use crate::ast::ExprId;
use crate::infer::types::Ty;
use crate::lists::ListMethod;

/// Longest lists that are compared without a loop.
const SPELLED_OUT_MAX: u64 = 16;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// A method of a list or array, the receiver and the arguments computed.
    pub(super) fn list_method(
        &mut self,
        id: ExprId,
        method: ListMethod,
        receiver: ExprId,
        args: &[ExprId],
        values: Vec<Val>,
    ) -> Lowered<Val> {
        if method.writes() {
            return self.write_method(id, method, receiver, args, &values);
        }
        let span = self.span(id);
        let of = self.ty(receiver);
        let elem = self.elem_ty(of);
        let view = self.view(&values[0]);
        let arg = |lower: &mut Self, at: usize| lower.one(span, &values[at], USIZE);
        Ok(match method {
            ListMethod::Len => Val::One(self.len_value(span, view.len)),
            ListMethod::IsEmpty => {
                let len = self.len_value(span, view.len);
                let zero = self.u64(span, 0);
                Val::One(self.op(span, Op::Eq, &[len, zero]))
            }
            ListMethod::First => {
                let zero = self.u64(span, 0);
                self.get_element(span, &view, elem, zero)?
            }
            ListMethod::Last => {
                let len = self.len_value(span, view.len);
                let last = self.below(span, len, 1);
                self.get_element(span, &view, elem, last)?
            }
            ListMethod::Get => {
                let index = arg(self, 1);
                self.get_element(span, &view, elem, index)?
            }
            ListMethod::SplitAt => {
                let at = arg(self, 1);
                let left = self.sub_view(span, &view, elem, (None, Some(at)));
                let right = self.sub_view(span, &view, elem, (Some(at), None));
                Val::Many(vec![Val::view(left), Val::view(right)])
            }
            ListMethod::SplitFirst => {
                let zero = self.u64(span, 0);
                let one = self.u64(span, 1);
                let rest = self.unchecked_part(span, &view, elem, one, 1);
                self.split_one(span, &view, elem, zero, rest)?
            }
            ListMethod::SplitLast => {
                let len = self.len_value(span, view.len);
                let last = self.below(span, len, 1);
                let zero = self.u64(span, 0);
                let rest = self.unchecked_part(span, &view, elem, zero, 1);
                self.split_one(span, &view, elem, last, rest)?
            }
            ListMethod::Contains => {
                let ty = self.ty(args[0]);
                let value = self.one(span, &values[1], ty);
                Val::One(self.contains(span, &view, elem, value)?)
            }
            ListMethod::Fill | ListMethod::Swap | ListMethod::CopyFrom => {
                unreachable!("what writes gets a place")
            }
        })
    }

    /// An element if there is one at this index.
    fn get_element(&mut self, span: Span, view: &View, elem: Ty, index: ValueId) -> Lowered<Val> {
        if let (Some(at), Len::Known(len)) = (self.known_u64(index), view.len) {
            if at >= len {
                return Ok(Val::none());
            }
            let value = self.element(span, view, elem, index)?;
            return Ok(Val::some(self.loaded(span, value, elem)?));
        }
        let len = self.len_value(span, view.len);
        let some = self.op(span, Op::Lt, &[index, len]);
        let value = self.when(span, some, elem, |lower| {
            let value = lower.element(span, view, elem, index)?;
            lower.loaded(span, value, elem)
        })?;
        Ok(Val::Opt { some: Flag::If(some), value: Box::new(value) })
    }

    /// `Some((element, rest))` if there is an element.
    fn split_one(&mut self, span: Span, view: &View, elem: Ty, index: ValueId, rest: View) -> Lowered<Val> {
        let (some, value) = self.get_element(span, view, elem, index)?.option();
        Ok(Val::Opt { some, value: Box::new(Val::Many(vec![value, Val::view(rest)])) })
    }

    /// A view that begins farther behind and is `less` elements shorter; its ends are not checked.
    pub(super) fn unchecked_part(&mut self, span: Span, view: &View, elem: Ty, start: ValueId, less: u64) -> View {
        let len = match view.len {
            Len::Known(len) => Len::Known(len.saturating_sub(less)),
            Len::Value(len) => Len::Value(self.below(span, len, less)),
        };
        let offset = self.offset_of(span, view, elem, start);
        View { base: view.base.clone(), offset, len, is_whole: false }
    }

    /// Whether one of the elements equals a value.
    fn contains(&mut self, span: Span, view: &View, elem: Ty, value: ValueId) -> Lowered<ValueId> {
        if let (Base::Values(_), Len::Known(len)) = (&view.base, view.len) {
            let mut any = Flag::Never;
            for at in 0..len {
                let at = self.u64(span, at);
                let element = self.element(span, view, elem, at)?;
                let element = self.one(span, &element, elem);
                let same = self.op(span, Op::Eq, &[element, value]);
                any = self.either(span, any, Flag::If(same));
            }
            return Ok(self.flag(span, any));
        }
        let len = self.len_value(span, view.len);
        let no = self.constant(span, Scalar::Bool(false));
        let found = self.count_up(span, len, &[no], |lower, index, _| {
            let element = lower.element(span, view, elem, index)?;
            let element = lower.one(span, &element, elem);
            let same = lower.op(span, Op::Eq, &[element, value]);
            Ok((lower.op(span, Op::Not, &[same]), vec![same]))
        })?;
        Ok(found[0])
    }

    pub(super) fn is_list(&self, ty: Ty) -> bool {
        matches!(self.cx.typed.types.peel(ty), Ty::Slice(_) | Ty::Array(_))
    }

    /// Whether two lists are equal, or whether they are not.
    pub(super) fn compare_lists(&mut self, span: Span, is_eq: bool, sides: &[Val], of: Ty) -> Lowered<ValueId> {
        let elem = self.elem_ty(of);
        let (a, b) = (self.view(&sides[0]), self.view(&sides[1]));
        let equal = match (a.len, b.len) {
            (Len::Known(len), Len::Known(other)) if len == other && len <= SPELLED_OUT_MAX => {
                let mut all = Flag::Always;
                for at in 0..len {
                    let at = self.u64(span, at);
                    let same = self.equal_elements(span, (&a, &b), elem, at)?;
                    all = self.both(span, all, Flag::If(same));
                }
                self.flag(span, all)
            }
            _ => {
                let (count, other) = (self.len_value(span, a.len), self.len_value(span, b.len));
                let same_length = self.op(span, Op::Eq, &[count, other]);
                // Of lists that differ in length no element is looked at.
                let zero = self.u64(span, 0);
                let count = self.op(span, Op::Select, &[same_length, count, zero]);
                let all = self.count_up(span, count, &[same_length], |lower, at, _| {
                    let same = lower.equal_elements(span, (&a, &b), elem, at)?;
                    Ok((same, vec![same]))
                })?;
                all[0]
            }
        };
        Ok(if is_eq { equal } else { self.op(span, Op::Not, &[equal]) })
    }

    fn equal_elements(&mut self, span: Span, (a, b): (&View, &View), elem: Ty, at: ValueId) -> Lowered<ValueId> {
        let a = self.element(span, a, elem, at)?;
        let b = self.element(span, b, elem, at)?;
        let (a, b) = (self.one(span, &a, elem), self.one(span, &b, elem));
        Ok(self.op(span, Op::Eq, &[a, b]))
    }

    /// `fill`, `swap` and the like; `values` are those of the operands of the place, then of the arguments.
    fn write_method(
        &mut self,
        id: ExprId,
        method: ListMethod,
        receiver: ExprId,
        args: &[ExprId],
        values: &[Val],
    ) -> Lowered<Val> {
        let span = self.span(id);
        let of = self.ty(receiver);
        let elem = self.elem_ty(of);
        let (places, args_values) = values.split_at(values.len() - args.len());
        let place = self.place(receiver, &mut places.iter())?;
        let old = self.read_place(span, &place)?;
        let view = match &old {
            Val::View(view) if matches!(view.base, Base::Memory(Array::Result(_))) => (**view).clone(),
            _ => {
                let new = self.changed_array(span, method, (of, elem), &old, args_values)?;
                self.write_place(span, place, of, new)?;
                return Ok(Val::unit());
            }
        };
        match method {
            ListMethod::Fill => {
                let len = self.len_value(span, view.len);
                self.count_up(span, len, &[], |lower, index, _| {
                    lower.write(span, &view, elem, index, &args_values[0]);
                    Ok((lower.constant(span, Scalar::Bool(true)), Vec::new()))
                })?;
            }
            ListMethod::CopyFrom => {
                let from = self.view(&args_values[0]);
                let (want, got) = (self.len_value(span, view.len), self.len_value(span, from.len));
                if want != got && !(view.len == from.len && matches!(view.len, Len::Known(_))) {
                    self.op(span, Op::SameLength, &[want, got]);
                }
                self.count_up(span, want, &[], |lower, index, _| {
                    let value = lower.element(span, &from, elem, index)?;
                    lower.write(span, &view, elem, index, &value);
                    Ok((lower.constant(span, Scalar::Bool(true)), Vec::new()))
                })?;
            }
            _ => {
                let index = |lower: &mut Self, value: &Val| {
                    let index = lower.one(span, value, USIZE);
                    lower.checked_index(span, &view, index, elem)
                };
                let (i, j) = (index(self, &args_values[0]), index(self, &args_values[1]));
                let a = self.element(span, &view, elem, i)?;
                let a = self.loaded(span, a, elem)?;
                let b = self.element(span, &view, elem, j)?;
                let b = self.loaded(span, b, elem)?;
                self.write(span, &view, elem, i, &b);
                self.write(span, &view, elem, j, &a);
            }
        }
        Ok(Val::unit())
    }

    /// What an array of values is after a method that writes it.
    fn changed_array(
        &mut self,
        span: Span,
        method: ListMethod,
        (of, elem): (Ty, Ty),
        old: &Val,
        args: &[Val],
    ) -> Lowered<Val> {
        let len = self.array_len(of);
        match method {
            ListMethod::Fill => Ok(Val::Many(vec![args[0].clone(); len as usize])),
            ListMethod::CopyFrom => {
                let from = self.view(&args[0]);
                if from.len != Len::Known(len) {
                    let (want, got) = (self.u64(span, len), self.len_value(span, from.len));
                    self.op(span, Op::SameLength, &[want, got]);
                }
                let mut values = Vec::new();
                for at in 0..len {
                    let at = self.u64(span, at);
                    let value = self.element(span, &from, elem, at)?;
                    values.push(self.loaded(span, value, elem)?);
                }
                Ok(Val::Many(values))
            }
            _ => {
                let index = |lower: &mut Self, value: &Val| {
                    let index = lower.one(span, value, USIZE);
                    lower.bounded(span, index, Len::Known(len))
                };
                let (i, j) = (index(self, &args[0]), index(self, &args[1]));
                let view = self.view(old);
                let a = self.element(span, &view, elem, i)?;
                let b = self.element(span, &view, elem, j)?;
                let half = self.replaced(span, old.clone(), of, &[Way::Index(i)], &b)?;
                self.replaced(span, half, of, &[Way::Index(j)], &a)
            }
        }
    }

    /// `len - by`, wrapping below 0: an index that is out of range then.
    pub(super) fn below(&mut self, span: Span, len: ValueId, by: u64) -> ValueId {
        match self.known_u64(len) {
            Some(len) => self.u64(span, len.wrapping_sub(by)),
            None => {
                let by = self.u64(span, by);
                self.op(span, Op::WrappingSub, &[len, by])
            }
        }
    }
}
