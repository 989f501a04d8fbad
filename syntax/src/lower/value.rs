//! Values of the source language, and the scalars that they are in the IR.
//!
//! What crosses a region (the result of an `if`, a variable that a loop changes) does so as scalars, in an
//! order that the type alone decides: `flatten` takes a value apart, `build` puts one together again. An
//! option is its value and a flag; while the flag is known, there is none.

use std::rc::Rc;

use filbert_ir::{Scalar, Span, Type, ValueId};

use super::Lower;
use super::array::Place;
use super::closure::Captured;
use super::ranges::Range;
use super::stream::Stream;
use super::view::View;
use crate::infer::types::{Ty, Types};

/// A value of the source language.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// A number, a bool, a time.
    One(ValueId),
    /// A tuple, a struct, an array.
    Many(Vec<Val>),
    /// An option. Where it is `None`, what it holds is arbitrary, but computed.
    Opt { some: Flag, value: Box<Val> },
    /// A slice, or an array in memory.
    View(Rc<View>),
    /// A reference through which a place is written: an element, or an array that is a variable.
    Element(Rc<Place>),
    /// An iterator.
    Iter(Rc<Stream>),
    /// A range with its steps.
    Range(Rc<Range>),
    /// A closure, with what it took from around it.
    Closure(Rc<Captured>),
    /// What has no value: where control never comes, in a variable before its first assignment, and inside
    /// `None`. Zeros where scalars are needed.
    Nothing,
}

/// A bool that may be known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flag {
    Always,
    Never,
    If(ValueId),
}

impl Val {
    pub(crate) fn unit() -> Val {
        Val::Many(Vec::new())
    }

    pub(crate) fn view(view: View) -> Val {
        Val::View(Rc::new(view))
    }

    pub(crate) fn some(value: Val) -> Val {
        Val::Opt { some: Flag::Always, value: Box::new(value) }
    }

    pub(crate) fn none() -> Val {
        Val::Opt { some: Flag::Never, value: Box::new(Val::Nothing) }
    }

    /// The parts of a tuple, a struct or an array of `count` parts.
    pub(crate) fn parts(&self, count: usize) -> Vec<Val> {
        match self {
            Val::Many(parts) => parts.clone(),
            _ => vec![Val::Nothing; count],
        }
    }

    /// The flag of an option, and what it holds.
    pub(crate) fn option(&self) -> (Flag, Val) {
        match self {
            Val::Opt { some, value } => (*some, (**value).clone()),
            _ => (Flag::Never, Val::Nothing),
        }
    }
}

/// The types of the scalars that values of a type are made of; `None` where a value cannot cross a region.
pub(crate) fn scalars(types: &Types, ty: Ty, into: &mut Vec<Type>) -> Option<()> {
    match types.resolve(ty) {
        Ty::Scalar(ty) => into.push(ty),
        Ty::Time(ty) => into.push(ty.storage()),
        open @ Ty::Var(_) => into.push(types.scalar(open)?),
        Ty::Tuple(tuple) => return types.elems(tuple).iter().try_for_each(|&elem| scalars(types, elem, into)),
        Ty::Struct(of) => return types.fields(of).iter().try_for_each(|&field| scalars(types, field, into)),
        Ty::Option(option) => {
            scalars(types, types.inner(option), into)?;
            into.push(Type::Bool);
        }
        Ty::Array(array) => {
            let (elem, len) = types.array_of(array);
            let mut one = Vec::new();
            scalars(types, elem, &mut one)?;
            for _ in 0..len {
                into.extend(&one);
            }
        }
        // What is only read is copied.
        Ty::Ref(of) if !types.ref_of(of).1 => return scalars(types, types.ref_of(of).0, into),
        Ty::Never | Ty::Error => {}
        Ty::Ref(_) | Ty::Slice(_) | Ty::Range(_) | Ty::Iter(_) | Ty::Closure(_) => return None,
    }
    Some(())
}

impl Lower<'_, '_, '_> {
    /// The types of the scalars of a type. Inference lets nothing else cross a region.
    pub(super) fn scalars(&self, ty: Ty) -> Vec<Type> {
        let mut into = Vec::new();
        let _ = scalars(&self.cx.typed.types, ty, &mut into);
        into
    }

    /// Appends the scalars of a value of type `ty`.
    pub(super) fn flatten(&mut self, span: Span, val: &Val, ty: Ty, into: &mut Vec<ValueId>) {
        let types = &self.cx.typed.types;
        let ty = types.resolve(ty);
        match (val, ty) {
            (_, Ty::Never | Ty::Error) => {}
            (_, Ty::Ref(of)) => self.flatten(span, val, types.ref_of(of).0, into),
            (Val::One(id), _) => into.push(*id),
            (Val::View(_), Ty::Array(array)) => {
                let elem = types.array_of(array).0;
                for part in self.elements(span, val, ty) {
                    self.flatten(span, &part, elem, into);
                }
            }
            (Val::Many(parts), Ty::Tuple(tuple)) => {
                for (part, &ty) in parts.iter().zip(types.elems(tuple)) {
                    self.flatten(span, part, ty, into);
                }
            }
            (Val::Many(parts), Ty::Struct(of)) => {
                for (part, &ty) in parts.iter().zip(types.fields(of)) {
                    self.flatten(span, part, ty, into);
                }
            }
            (Val::Many(parts), Ty::Array(array)) => {
                let elem = types.array_of(array).0;
                for part in parts {
                    self.flatten(span, part, elem, into);
                }
            }
            (Val::Opt { some, value }, Ty::Option(option)) => {
                self.flatten(span, value, types.inner(option), into);
                let some = self.flag(span, *some);
                into.push(some);
            }
            _ => {
                for ty in self.scalars(ty) {
                    let zero = self.constant(span, Scalar::from_bits(ty, 0));
                    into.push(zero);
                }
            }
        }
    }

    /// A value of type `ty` from the next scalars.
    pub(super) fn build(&self, ty: Ty, from: &mut impl Iterator<Item = ValueId>) -> Val {
        let types = &self.cx.typed.types;
        let next = |from: &mut dyn Iterator<Item = ValueId>| from.next().map_or(Val::Nothing, Val::One);
        match types.resolve(ty) {
            Ty::Scalar(_) | Ty::Time(_) | Ty::Var(_) => next(from),
            Ty::Tuple(tuple) => Val::Many(types.elems(tuple).iter().map(|&elem| self.build(elem, from)).collect()),
            Ty::Struct(of) => Val::Many(types.fields(of).iter().map(|&field| self.build(field, from)).collect()),
            Ty::Array(array) => {
                let (elem, len) = types.array_of(array);
                Val::Many((0..len).map(|_| self.build(elem, from)).collect())
            }
            Ty::Option(option) => {
                let value = Box::new(self.build(types.inner(option), from));
                let some = from.next().map_or(Flag::Never, Flag::If);
                Val::Opt { some, value }
            }
            Ty::Ref(of) => self.build(types.ref_of(of).0, from),
            Ty::Slice(_) | Ty::Range(_) | Ty::Iter(_) | Ty::Closure(_) | Ty::Never | Ty::Error => Val::Nothing,
        }
    }

    /// A flag as a bool of the IR.
    pub(super) fn flag(&mut self, span: Span, flag: Flag) -> ValueId {
        match flag {
            Flag::Always => self.constant(span, Scalar::Bool(true)),
            Flag::Never => self.constant(span, Scalar::Bool(false)),
            Flag::If(value) => value,
        }
    }
}
