//! Arrays, indexing, references, and places that are assigned.
//!
//! An array is a value like a tuple: its elements are scalars of the IR. An index that is not known chooses
//! among them. What stands in memory is read where it is used, so that a row of a list is not loaded for
//! one of its elements; what a write could change is read at once.

use std::rc::Rc;

use filbert_ir::{Array, Op, Scalar, Span, ValueId};

use super::value::{Flag, Val};
use super::view::{Base, Len, View};
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::infer::Meaning;
use crate::infer::types::Ty;
use crate::iters::IterMethod;

/// Where an assignment goes.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A variable, or a part of one.
    Variable { local: LocalId, way: Vec<Way> },
    /// An element of memory, at a checked index.
    Element { view: View, elem: Ty, index: ValueId },
    /// A value: something behind a reference, of which an element is meant.
    Value(Val),
}

/// From a value to a part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Part(usize),
    /// At a checked index.
    Index(ValueId),
}

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// `[a, b]`: the elements, read.
    pub(super) fn array(&mut self, _id: ExprId, values: Vec<Val>) -> Lowered<Val> {
        Ok(Val::Many(values))
    }

    /// `[value; len]`
    pub(super) fn repeat(&mut self, id: ExprId, values: Vec<Val>) -> Lowered<Val> {
        let len = match self.ty(id) {
            Ty::Array(array) => self.cx.typed.types.array_of(array).1,
            _ => 0,
        };
        let value = values.into_iter().next().unwrap_or(Val::Nothing);
        Ok(Val::Many(vec![value; len as usize]))
    }

    /// The value of a constant that is an array, or a reference to one.
    pub(super) fn table(&mut self, id: ExprId, scalars: Rc<Vec<Scalar>>) -> Val {
        let stride = self.stride(self.elem_ty(self.ty(id)));
        Val::view(View::of_table(scalars, stride))
    }

    /// The value of an index, field, `*` or `&`, whose operands do not leave.
    pub(super) fn place_value(&mut self, id: ExprId) -> Lowered<Val> {
        let value = self.peek(id)?;
        self.read_now(id, value)
    }

    /// Reads what a later write could change.
    fn read_now(&mut self, id: ExprId, value: Val) -> Lowered<Val> {
        let is_written = match &value {
            Val::View(view) => matches!(view.base, Base::Memory(Array::Result(_))),
            Val::Element(_) => true,
            _ => false,
        };
        let (span, ty) = (self.span(id), self.ty(id));
        if is_written { self.loaded(span, value, ty) } else { Ok(value) }
    }

    /// What stands at a place, memory not yet read.
    pub(super) fn peek(&mut self, id: ExprId) -> Lowered<Val> {
        let tree = self.cx.tree;
        match &tree.expr(id).kind {
            ExprKind::Index { of, index } => {
                let base = self.peek(*of)?;
                let mut at = Vec::new();
                for operand in self.index_operands(*index) {
                    at.push(self.expr(operand)?);
                }
                self.indexed(id, *of, *index, &base, &at)
            }
            ExprKind::Field { of, index } => {
                let value = self.peek(*of)?;
                Ok(value.parts(*index as usize + 1).swap_remove(*index as usize))
            }
            ExprKind::NamedField { of, name } => {
                let value = self.peek(*of)?;
                self.named_field(id, *of, *name, &[value])
            }
            ExprKind::Deref(of) => self.peek(*of),
            // An array that is a variable: inference lets only `for` and `zip` have it.
            ExprKind::Ref { of, mutable: true } if matches!(self.ty(*of), Ty::Array(_)) => {
                let mut operands = Vec::new();
                self.place_operands(*of, &mut operands);
                let mut values = Vec::new();
                for operand in operands {
                    values.push(self.expr(operand)?);
                }
                Ok(match self.place(*of, &mut values.iter())? {
                    Place::Value(value) => value,
                    place => Val::Element(Rc::new(place)),
                })
            }
            ExprKind::Ref { of, mutable } => {
                let value = self.peek(*of)?;
                self.reference(id, *of, *mutable, vec![value])
            }
            _ => self.expr(id),
        }
    }

    /// What an index computes: itself, or the ends of a range.
    pub(super) fn index_operands(&self, index: ExprId) -> Vec<ExprId> {
        match &self.cx.tree.expr(index).kind {
            ExprKind::Range { start, end, .. } => [*start, *end].into_iter().flatten().collect(),
            _ => vec![index],
        }
    }

    /// `of[index]`, given the values of both.
    pub(super) fn index(&mut self, id: ExprId, of: ExprId, index: ExprId, values: &[Val]) -> Lowered<Val> {
        let (base, at) = values.split_first().expect("an index has a base");
        let value = self.indexed(id, of, index, base, at)?;
        self.read_now(id, value)
    }

    fn indexed(&mut self, id: ExprId, of: ExprId, index: ExprId, base: &Val, at: &[Val]) -> Lowered<Val> {
        let span = self.span(id);
        let view = self.view(base);
        let elem = self.elem_ty(self.ty(of));
        if let Some(ends) = self.ends_of(span, index, at) {
            return Ok(Val::view(self.sub_view(span, &view, elem, ends)));
        }
        let index = self.one(span, at.first().unwrap_or(&Val::Nothing), USIZE);
        let index = self.checked_index(span, &view, index, elem);
        self.element(span, &view, elem, index)
    }

    /// The ends of a range that is an index, the upper one as the first index behind it.
    fn ends_of(&mut self, span: Span, index: ExprId, at: &[Val]) -> Option<(Option<ValueId>, Option<ValueId>)> {
        let ExprKind::Range { start, end, inclusive } = &self.cx.tree.expr(index).kind else { return None };
        let mut at = at.iter();
        let mut next = |lower: &mut Self, end: &Option<ExprId>| {
            end.map(|_| lower.one(span, at.next().unwrap_or(&Val::Nothing), USIZE))
        };
        let (start, mut end) = (next(self, start), next(self, end));
        if let (true, Some(last)) = (*inclusive, end) {
            end = Some(match self.known_u64(last) {
                Some(known) if known < u64::MAX => self.u64(span, known + 1),
                // The largest index has none behind it, and is out of range.
                _ => {
                    let largest = self.u64(span, u64::MAX);
                    let last = self.op(span, Op::Index, &[last, largest]);
                    let one = self.u64(span, 1);
                    self.op(span, Op::WrappingAdd, &[last, one])
                }
            });
        }
        Some((start, end))
    }

    pub(super) fn reference(&mut self, id: ExprId, of: ExprId, mutable: bool, values: Vec<Val>) -> Lowered<Val> {
        let value = values.into_iter().next().unwrap_or(Val::Nothing);
        match value {
            Val::Element(_) if !mutable => {
                let (span, ty) = (self.span(id), self.ty(of));
                self.loaded(span, value, ty)
            }
            _ => Ok(value),
        }
    }

    pub(super) fn deref(&mut self, id: ExprId, _of: ExprId, values: Vec<Val>) -> Lowered<Val> {
        let value = values.into_iter().next().unwrap_or(Val::Nothing);
        self.read_now(id, value)
    }

    /// Whether a method writes what it is called on, so that it needs the place and not the value.
    pub(super) fn takes_place(&self, id: ExprId, receiver: ExprId) -> bool {
        match self.meaning(id) {
            Meaning::List(method) => method.writes(),
            Meaning::Iter(IterMethod::IterMut) => matches!(self.ty(receiver), Ty::Array(_)),
            _ => false,
        }
    }

    /// What a place (`a[i]`, `p.x`, `t.0`, `*r`) computes before it is assigned: its indices.
    pub(super) fn place_operands(&self, place: ExprId, into: &mut Vec<ExprId>) {
        match &self.cx.tree.expr(place).kind {
            ExprKind::Index { of, index } => {
                self.place_operands(*of, into);
                into.extend(self.index_operands(*index));
            }
            ExprKind::Field { of, .. } | ExprKind::NamedField { of, .. } | ExprKind::Deref(of) => {
                self.place_operands(*of, into);
            }
            ExprKind::Path(_) => {}
            _ => into.push(place),
        }
    }

    /// Where a place is; `operands` are the values of what `place_operands` gave.
    pub(super) fn place<'v>(&mut self, place: ExprId, operands: &mut impl Iterator<Item = &'v Val>) -> Lowered<Place> {
        let tree = self.cx.tree;
        let span = self.span(place);
        match &tree.expr(place).kind {
            ExprKind::Path(_) => Ok(match self.meaning(place) {
                Meaning::Local(local) => Place::Variable { local, way: Vec::new() },
                _ => Place::Value(self.path(place)?),
            }),
            ExprKind::Index { of, index } => {
                let base = self.place(*of, operands)?;
                let elem = self.elem_ty(self.ty(*of));
                let count = self.index_operands(*index).len();
                let at: Vec<Val> = operands.take(count).cloned().collect();
                let is_value = matches!(self.ty(*of), Ty::Array(_));
                let base = match base {
                    Place::Variable { local, mut way } if is_value => {
                        let len = Len::Known(self.array_len(self.ty(*of)));
                        let index = self.one(span, at.first().unwrap_or(&Val::Nothing), USIZE);
                        way.push(Way::Index(self.bounded(span, index, len)));
                        return Ok(Place::Variable { local, way });
                    }
                    base => base,
                };
                let base = self.read_place(span, &base)?;
                let view = self.view(&base);
                if let Some(ends) = self.ends_of(span, *index, &at) {
                    return Ok(Place::Value(Val::view(self.sub_view(span, &view, elem, ends))));
                }
                let index = self.one(span, at.first().unwrap_or(&Val::Nothing), USIZE);
                let index = self.checked_index(span, &view, index, elem);
                Ok(Place::Element { view, elem, index })
            }
            ExprKind::Field { of, index } => {
                let base = self.place(*of, operands)?;
                self.part_place(span, *of, base, *index as usize)
            }
            ExprKind::NamedField { of, name } => {
                let base = self.place(*of, operands)?;
                let index = self.field_place(self.ty(*of), *name);
                self.part_place(span, *of, base, index)
            }
            ExprKind::Deref(of) => {
                let base = self.place(*of, operands)?;
                Ok(match self.read_place(span, &base)? {
                    Val::Element(place) => (*place).clone(),
                    value => Place::Value(value),
                })
            }
            _ => Ok(Place::Value(operands.next().cloned().unwrap_or(Val::Nothing))),
        }
    }

    /// A part of a tuple or struct at a place.
    fn part_place(&mut self, span: Span, of: ExprId, base: Place, index: usize) -> Lowered<Place> {
        Ok(match base {
            Place::Variable { local, mut way } if !matches!(self.ty(of), Ty::Ref(_)) => {
                way.push(Way::Part(index));
                Place::Variable { local, way }
            }
            base => {
                let value = self.read_place(span, &base)?;
                Place::Value(value.parts(index + 1).swap_remove(index))
            }
        })
    }

    /// The value at a place.
    pub(super) fn read_place(&mut self, span: Span, place: &Place) -> Lowered<Val> {
        match place {
            Place::Variable { local, way } => {
                let mut value = self.get(*local);
                let mut ty = self.local_ty(*local);
                for way in way {
                    (value, ty) = self.step(span, value, ty, *way)?;
                }
                Ok(value)
            }
            Place::Element { view, elem, index } => self.element(span, view, *elem, *index),
            Place::Value(value) => Ok(value.clone()),
        }
    }

    /// A part of a value, and its type.
    fn step(&mut self, span: Span, value: Val, ty: Ty, way: Way) -> Lowered<(Val, Ty)> {
        match way {
            Way::Part(index) => {
                let ty = self.element_tys(ty).get(index).copied().unwrap_or(Ty::Never);
                Ok((value.parts(index + 1).swap_remove(index), ty))
            }
            Way::Index(index) => {
                let elem = self.elem_ty(ty);
                let view = self.view(&value);
                Ok((self.element(span, &view, elem, index)?, elem))
            }
        }
    }

    /// Assigns a place; `operands` are the values of what `place_operands` gave.
    pub(super) fn store<'v>(
        &mut self,
        place: ExprId,
        value: Val,
        operands: &mut impl Iterator<Item = &'v Val>,
    ) -> Lowered<()> {
        let to = self.place(place, operands)?;
        self.write_place(self.span(place), to, self.ty(place), value)
    }

    pub(super) fn write_place(&mut self, span: Span, place: Place, ty: Ty, value: Val) -> Lowered<()> {
        match place {
            Place::Variable { local, way } => {
                let (old, ty) = (self.get(local), self.local_ty(local));
                let new = self.replaced(span, old, ty, &way, &value)?;
                self.set(local, new);
                Ok(())
            }
            Place::Element { view, elem, index } => {
                self.write(span, &view, elem, index, &value);
                Ok(())
            }
            // A whole array behind a reference: `*out = [1.0, 2.0]`.
            Place::Value(Val::View(view)) => {
                let elem = self.elem_ty(ty);
                let values = self.elements(span, &value, ty);
                for (index, value) in values.iter().enumerate() {
                    let index = self.u64(span, index as u64);
                    self.write(span, &view, elem, index, value);
                }
                Ok(())
            }
            Place::Value(_) => unreachable!("inference lets only places be assigned"),
        }
    }

    /// A value with one part replaced.
    pub(super) fn replaced(&mut self, span: Span, old: Val, ty: Ty, way: &[Way], value: &Val) -> Lowered<Val> {
        let Some((first, rest)) = way.split_first() else { return Ok(value.clone()) };
        match *first {
            Way::Part(at) => {
                let tys = self.element_tys(ty);
                let mut parts = old.parts(tys.len());
                let ty = tys.get(at).copied().unwrap_or(Ty::Never);
                parts[at] = self.replaced(span, parts[at].clone(), ty, rest, value)?;
                Ok(Val::Many(parts))
            }
            Way::Index(index) => {
                let elem = self.elem_ty(ty);
                let mut parts = self.elements(span, &old, ty);
                if let Some(known) = self.known_u64(index) {
                    // Beyond the end the row has failed.
                    if let Some(part) = parts.get(known as usize).cloned() {
                        parts[known as usize] = self.replaced(span, part, elem, rest, value)?;
                    }
                    return Ok(Val::Many(parts));
                }
                self.bound_dynamic(span, parts.len())?;
                let mut new = Vec::new();
                for (at, part) in parts.into_iter().enumerate() {
                    let here = self.is_at(span, index, at as u64);
                    let changed = self.replaced(span, part.clone(), elem, rest, value)?;
                    new.push(self.select(span, Flag::If(here), &changed, &part, elem));
                }
                Ok(Val::Many(new))
            }
        }
    }

    /// `target op= value`; `values` are the value's, then those of the place's operands.
    pub(super) fn update(&mut self, id: ExprId, op: Op, target: ExprId, value: ExprId, values: &[Val]) -> Lowered<()> {
        let span = self.span(id);
        let (by, operands) = values.split_at(self.update_operands(op, value).len());
        let place = self.place(target, &mut operands.iter())?;
        let old = self.read_place(self.span(target), &place)?;
        let old = self.one(span, &old, self.ty(target));
        let by: Vec<ValueId> = by.iter().map(|by| self.one(span, by, self.ty(value))).collect();
        let new = match by[..] {
            [a, b] => self.fused(span, op, [a, b], old, true),
            _ => self.op(span, op, &[old, by[0]]),
        };
        self.write_place(span, place, self.ty(target), Val::One(new))
    }

    /// The number of elements of an array type.
    pub(super) fn array_len(&self, ty: Ty) -> u64 {
        let types = &self.cx.typed.types;
        match types.peel(ty) {
            Ty::Array(array) => types.array_of(array).1,
            _ => 0,
        }
    }

    /// An index that is below a length, or the row has failed.
    pub(super) fn bounded(&mut self, span: Span, index: ValueId, len: Len) -> ValueId {
        if matches!((self.known_u64(index), len), (Some(index), Len::Known(len)) if index < len) {
            return index;
        }
        let len = self.len_value(span, len);
        self.op(span, Op::Index, &[index, len])
    }
}

/// The type of indexes.
pub(super) const USIZE: Ty = Ty::Scalar(filbert_ir::Type::U64);
