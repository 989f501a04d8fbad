//! Elements one after another: lists in memory, tables, and arrays of values, looked at through a view.
//!
//! A view names its memory: the IR has no pointers. An index that a view gets is checked here; where the
//! view is a whole list of scalars, the check of the load itself is enough.

use std::rc::Rc;

use filbert_ir::{Array, Def, Op, Scalar, Span, Table, Type, ValueId};

use super::value::{Flag, Val};
use super::{Lower, Lowered, TooLarge};
use crate::infer::types::Ty;

/// Longest array of values that an index which is not known can be used on: each access takes an operation
/// or two for every element.
pub(crate) const DYNAMIC_LEN_MAX: usize = 64;

/// Elements one after another.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(super) base: Base,
    /// Where it begins in the base; `None` for 0.
    pub(super) offset: Option<ValueId>,
    /// Number of its elements, which may be arrays themselves.
    pub(super) len: Len,
    /// Whether it is all of a memory, so that the memory's own check of an index is enough.
    pub(super) is_whole: bool,
}

/// What a view looks at. Offsets count scalars in memory and tables, and elements among values.
#[derive(Clone, Debug)]
pub(super) enum Base {
    Memory(Array),
    /// A table, which is in the kernel once an index is used that is not known.
    Table(Rc<Vec<Scalar>>),
    Values(Rc<Vec<Val>>),
}

/// A number of elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Len {
    Known(u64),
    Value(ValueId),
}

impl View {
    /// All of the values of an array.
    pub(super) fn of_values(values: Vec<Val>) -> View {
        let len = Len::Known(values.len() as u64);
        View { base: Base::Values(Rc::new(values)), offset: None, len, is_whole: true }
    }

    /// A table whose elements are of so many scalars.
    pub(super) fn of_table(scalars: Rc<Vec<Scalar>>, stride: u64) -> View {
        let len = Len::Known(scalars.len() as u64 / stride.max(1));
        View { base: Base::Table(scalars), offset: None, len, is_whole: true }
    }
}

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// The elements of a slice or array.
    pub(super) fn view(&mut self, value: &Val) -> View {
        match value {
            Val::View(view) => (**view).clone(),
            Val::Many(values) => View::of_values(values.clone()),
            // Where control never comes.
            _ => View::of_values(Vec::new()),
        }
    }

    /// Type of the elements of a slice or array, also behind references.
    pub(super) fn elem_ty(&self, of: Ty) -> Ty {
        let types = &self.cx.typed.types;
        match types.peel(of) {
            Ty::Slice(slice) => types.resolve(types.slice_of(slice).0),
            Ty::Array(array) => types.resolve(types.array_of(array).0),
            _ => Ty::Never,
        }
    }

    /// Number of scalars in a value of a type that stands in memory.
    pub(super) fn stride(&self, ty: Ty) -> u64 {
        let types = &self.cx.typed.types;
        match types.resolve(ty) {
            Ty::Array(array) => {
                let (elem, len) = types.array_of(array);
                self.stride(elem).saturating_mul(len)
            }
            _ => 1,
        }
    }

    /// Type of the scalars that a value in memory is made of.
    pub(super) fn storage(&self, ty: Ty) -> Type {
        let types = &self.cx.typed.types;
        match types.resolve(ty) {
            Ty::Array(array) => self.storage(types.array_of(array).0),
            Ty::Time(ty) => ty.storage(),
            other => types.scalar(other).unwrap_or(Type::F64),
        }
    }

    pub(super) fn known_u64(&self, id: ValueId) -> Option<u64> {
        match self.b.value(id).def {
            Def::Const(bits) => Some(bits),
            _ => None,
        }
    }

    pub(super) fn u64(&mut self, span: Span, value: u64) -> ValueId {
        self.constant(span, Scalar::U64(value))
    }

    pub(super) fn len_value(&mut self, span: Span, len: Len) -> ValueId {
        match len {
            Len::Known(len) => self.u64(span, len),
            Len::Value(len) => len,
        }
    }

    /// The sum of two offsets.
    pub(super) fn offset_by(&mut self, span: Span, offset: Option<ValueId>, by: ValueId) -> ValueId {
        let Some(offset) = offset else { return by };
        match (self.known_u64(offset), self.known_u64(by)) {
            (Some(0), _) => by,
            (_, Some(0)) => offset,
            (Some(a), Some(b)) => self.u64(span, a.wrapping_add(b)),
            _ => self.op(span, Op::WrappingAdd, &[offset, by]),
        }
    }

    /// Where element `index` begins, in units of `stride`.
    pub(super) fn scaled(&mut self, span: Span, index: ValueId, stride: u64) -> ValueId {
        match self.known_u64(index) {
            _ if stride == 1 => index,
            Some(index) => self.u64(span, index.wrapping_mul(stride)),
            None => {
                let stride = self.u64(span, stride);
                self.op(span, Op::WrappingMul, &[index, stride])
            }
        }
    }

    /// Where a part of a view that starts at this element begins in its base.
    pub(super) fn offset_of(&mut self, span: Span, view: &View, elem: Ty, start: ValueId) -> Option<ValueId> {
        if self.known_u64(start) == Some(0) {
            return view.offset;
        }
        let stride = if matches!(view.base, Base::Values(_)) { 1 } else { self.stride(elem) };
        let scaled = self.scaled(span, start, stride);
        Some(self.offset_by(span, view.offset, scaled))
    }

    /// An index that is below the length, or the row has failed; where the load checks it is left to that.
    pub(super) fn checked_index(&mut self, span: Span, view: &View, index: ValueId, elem: Ty) -> ValueId {
        let is_left = view.is_whole && !matches!(view.base, Base::Values(_)) && self.stride(elem) == 1;
        let is_known = matches!((self.known_u64(index), view.len), (Some(index), Len::Known(len)) if index < len);
        if is_known || is_left {
            return index;
        }
        let len = self.len_value(span, view.len);
        self.op(span, Op::Index, &[index, len])
    }

    /// The element at a checked index; of memory, an element that is an array is a view of it.
    pub(super) fn element(&mut self, span: Span, view: &View, elem: Ty, index: ValueId) -> Lowered<Val> {
        if let Base::Values(values) = &view.base {
            let index = self.offset_by(span, view.offset, index);
            return self.pick(span, values, elem, index);
        }
        let stride = self.stride(elem);
        let scaled = self.scaled(span, index, stride);
        let at = self.offset_by(span, view.offset, scaled);
        if let Ty::Array(array) = self.cx.typed.types.resolve(elem) {
            let len = Len::Known(self.cx.typed.types.array_of(array).1);
            return Ok(Val::view(View { base: view.base.clone(), offset: Some(at), len, is_whole: false }));
        }
        let array = match &view.base {
            Base::Memory(array) => *array,
            Base::Table(scalars) => match self.known_u64(at).and_then(|at| scalars.get(at as usize)) {
                Some(&scalar) => return Ok(Val::One(self.constant(span, scalar))),
                None => return Ok(Val::One(self.table_load(span, scalars, at))),
            },
            Base::Values(_) => unreachable!("values are picked"),
        };
        let ty = self.storage(elem);
        self.b.span = span;
        Ok(Val::One(self.b.load(ty, array, at)))
    }

    /// An element of a table. A table of bools is one of bytes.
    fn table_load(&mut self, span: Span, scalars: &[Scalar], at: ValueId) -> ValueId {
        let ty = scalars.first().map_or(Type::U8, |first| first.ty());
        if ty != Type::Bool {
            let array = self.table_of(scalars);
            self.b.span = span;
            return self.b.load(ty, array, at);
        }
        let bytes: Vec<Scalar> = scalars.iter().map(|scalar| Scalar::U8(scalar.bits() as u8)).collect();
        let array = self.table_of(&bytes);
        self.b.span = span;
        let byte = self.b.load(Type::U8, array, at);
        let zero = self.constant(span, Scalar::U8(0));
        self.op(span, Op::Ne, &[byte, zero])
    }

    /// The table of the kernel that holds these numbers.
    pub(super) fn table_of(&mut self, scalars: &[Scalar]) -> Array {
        let ty = scalars.first().map_or(Type::U8, |first| first.ty());
        self.b.table(Table::new(ty, scalars))
    }

    /// One of some values, by an index that is below their number.
    fn pick(&mut self, span: Span, values: &[Val], elem: Ty, index: ValueId) -> Lowered<Val> {
        let Some((last, others)) = values.split_last() else { return Ok(Val::Nothing) };
        if let Some(known) = self.known_u64(index) {
            return Ok(values.get(known as usize).unwrap_or(last).clone());
        }
        if let Some(scalars) = self.all_known(values) {
            return Ok(Val::One(self.table_load(span, &scalars, index)));
        }
        self.bound_dynamic(span, values.len())?;
        let mut chosen = last.clone();
        for (at, value) in others.iter().enumerate().rev() {
            let here = self.is_at(span, index, at as u64);
            chosen = self.select(span, Flag::If(here), value, &chosen, elem);
        }
        Ok(chosen)
    }

    /// The scalars that values are, if all are known and of one type.
    pub(super) fn all_known(&self, values: &[Val]) -> Option<Vec<Scalar>> {
        let scalar = |value: &Val| match value {
            Val::One(id) => match self.b.value(*id).def {
                Def::Const(bits) => Some(Scalar::from_bits(self.b.ty(*id), bits)),
                _ => None,
            },
            _ => None,
        };
        values.iter().map(scalar).collect()
    }

    pub(super) fn is_at(&mut self, span: Span, index: ValueId, at: u64) -> ValueId {
        let at = self.u64(span, at);
        self.op(span, Op::Eq, &[index, at])
    }

    /// Whether an array of values may be used with an index that is not known.
    pub(super) fn bound_dynamic(&self, span: Span, len: usize) -> Lowered<()> {
        if len > DYNAMIC_LEN_MAX { Err(TooLarge::Dynamic(span, len)) } else { Ok(()) }
    }

    /// The values of an array, loaded if it stands in memory.
    pub(super) fn elements(&mut self, span: Span, value: &Val, ty: Ty) -> Vec<Val> {
        let view = match value {
            Val::View(view) => view,
            Val::Many(values) => return values.clone(),
            _ => return vec![Val::Nothing; self.array_len(ty) as usize],
        };
        let elem = self.elem_ty(ty);
        let Len::Known(len) = view.len else { return Vec::new() };
        let mut values = Vec::new();
        for index in 0..len {
            let index = self.u64(span, index);
            // The index is known, so nothing is refused.
            let value = self.element(span, view, elem, index).unwrap_or(Val::Nothing);
            let is_array = matches!(self.cx.typed.types.resolve(elem), Ty::Array(_));
            values.push(if is_array { Val::Many(self.elements(span, &value, elem)) } else { value });
        }
        values
    }

    /// A value that no later write to memory changes: an array as its elements, an element that may be
    /// written as what it is now.
    pub(super) fn loaded(&mut self, span: Span, value: Val, ty: Ty) -> Lowered<Val> {
        let types = &self.cx.typed.types;
        match (&value, types.resolve(ty)) {
            (Val::View(_), Ty::Array(_)) => Ok(Val::Many(self.elements(span, &value, ty))),
            (Val::Element(place), ty) if !matches!(ty, Ty::Ref(_)) => {
                let value = self.read_place(span, place)?;
                self.loaded(span, value, ty)
            }
            _ => Ok(value),
        }
    }

    /// Writes an element, at a checked index.
    pub(super) fn write(&mut self, span: Span, view: &View, elem: Ty, index: ValueId, value: &Val) {
        let Base::Memory(array) = view.base else { unreachable!("only lists are written through views") };
        let mut scalars = Vec::new();
        self.flatten(span, value, elem, &mut scalars);
        let stride = self.stride(elem);
        let scaled = self.scaled(span, index, stride);
        let at = self.offset_by(span, view.offset, scaled);
        for (part, scalar) in scalars.into_iter().enumerate() {
            let part = self.u64_unless_zero(span, part as u64);
            let at = part.map_or(at, |part| self.offset_by(span, Some(at), part));
            self.b.span = span;
            self.b.store(array, at, scalar);
        }
    }

    fn u64_unless_zero(&mut self, span: Span, value: u64) -> Option<ValueId> {
        (value > 0).then(|| self.u64(span, value))
    }

    /// A part of a view: from `start` up to `end`, an end of the view itself where there is none. The row has
    /// failed unless `start <= end <= len`.
    pub(super) fn sub_view(
        &mut self,
        span: Span,
        view: &View,
        elem: Ty,
        (start, end): (Option<ValueId>, Option<ValueId>),
    ) -> View {
        let known = |lower: &Self, len: Len| match len {
            Len::Known(len) => Some(len),
            Len::Value(value) => lower.known_u64(value),
        };
        let outer = known(self, view.len);
        // Index(i, n) is i < n, so that i <= n is checked against n + 1; a length is far below the largest u64.
        let within = |lower: &mut Self, at: ValueId, end: Len| {
            let (a, b) = (lower.known_u64(at), known(lower, end));
            if !matches!((a, b), (Some(a), Some(b)) if a <= b) && a != Some(0) {
                let end = lower.len_value(span, end);
                let one = lower.u64(span, 1);
                let beyond = lower.offset_by(span, Some(end), one);
                lower.op(span, Op::Index, &[at, beyond]);
            }
        };
        let end_len = match end {
            Some(end) => {
                within(self, end, view.len);
                self.known_u64(end).map_or(Len::Value(end), Len::Known)
            }
            None => view.len,
        };
        let Some(start) = start.filter(|&start| self.known_u64(start) != Some(0)) else {
            let is_whole = view.is_whole && (end.is_none() || (outer.is_some() && known(self, end_len) == outer));
            return View { base: view.base.clone(), offset: view.offset, len: end_len, is_whole };
        };
        within(self, start, end_len);
        let len = match (self.known_u64(start), known(self, end_len)) {
            (Some(start), Some(end)) => Len::Known(end.saturating_sub(start)),
            _ => {
                let end = self.len_value(span, end_len);
                Len::Value(self.op(span, Op::WrappingSub, &[end, start]))
            }
        };
        let offset = self.offset_of(span, view, elem, start);
        View { base: view.base.clone(), offset, len, is_whole: false }
    }
}
