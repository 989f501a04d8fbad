//! Types during inference: scalars, what is made of them, and variables that literals, `None` and closures
//! leave open until a use decides.

use filbert_ir::limits::FIXED_LEN_MAX;
use filbert_ir::{Logical, Type};

use crate::ast::ExprId;

/// A type that may still be open. Composite types are indices into the tables of `Types`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ty {
    Scalar(Type),
    /// A date, a time of day, a point in time, a duration: an integer with a meaning.
    Time(Logical),
    /// An index into `Types::vars`.
    Var(u32),
    Tuple(u32),
    Option(u32),
    /// `&[T]`, `&mut [T]`
    Slice(u32),
    /// `[T; N]`
    Array(u32),
    /// `&T`, `&mut T` of anything but a slice.
    Ref(u32),
    /// By its place in `Tree::structs`.
    Struct(u32),
    /// `a..b`, `a..=b`, with `.rev()` and `.step_by()`: the type of what it counts.
    Range(u32),
    /// Any other iterator: the type of its items.
    Iter(u32),
    /// A closure: a type of its own for each.
    Closure(u32),
    /// Of what never has a value: `return`, `break`, a loop that nothing ends. Fits everywhere.
    Never,
    /// Unifies with everything, so that one mistake gives one message.
    Error,
}

/// What a variable may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    /// An integer; i32 if nothing else decides.
    Int,
    /// A float; f64 if nothing else decides.
    Float,
    /// A number, as an integer literal of a generic kernel is; i32 if nothing else decides.
    Number,
    /// Anything; an error if nothing else decides.
    Any,
}

#[derive(Clone, Copy, Debug)]
enum Var {
    Open(Open),
    Bound(Ty),
}

/// What is known of a closure.
#[derive(Clone, Debug)]
pub(crate) struct ClosureTy {
    pub(crate) at: ExprId,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
}

/// What is known of an iterator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IterTy {
    /// What it gives.
    pub(crate) item: Ty,
    /// Whether it knows how many items are left.
    pub(crate) is_exact: bool,
    /// Whether it can be walked from its end.
    pub(crate) is_double: bool,
}

/// All types of a text.
#[derive(Default)]
pub(crate) struct Types {
    vars: Vec<Var>,
    tuples: Vec<Vec<Ty>>,
    options: Vec<Ty>,
    slices: Vec<(Ty, bool)>,
    arrays: Vec<(Ty, u64)>,
    refs: Vec<(Ty, bool)>,
    ranges: Vec<Ty>,
    iters: Vec<IterTy>,
    closures: Vec<ClosureTy>,
    /// The fields of each struct of the text.
    structs: Vec<(String, Vec<Ty>)>,
    /// How often, in the kernel at hand, an open type became one that has an open part.
    open_bindings: usize,
}

/// Elements of a tuple, those of its elements and the tuples themselves counted: tuples of tuples could
/// grow without bound.
pub(crate) const TUPLE_ELEMENTS_MAX: usize = 256;

/// Weight of what may take the place of an open `Any`, so that types stay small when it does.
const OPEN_WEIGHT_MAX: usize = 32;

/// How often in a kernel an open type may become one with an open part, such as the `Option` of a `None`:
/// types nest deeper with each.
const OPEN_BINDINGS_MAX: usize = 64;

/// The type of conditions.
pub(crate) const BOOL: Ty = Ty::Scalar(Type::Bool);

impl Types {
    /// Fresh tables, in which the first tuple is the unit.
    pub(crate) fn new() -> Types {
        Types { tuples: vec![Vec::new()], ..Types::default() }
    }

    /// `()`
    pub(crate) fn unit() -> Ty {
        Ty::Tuple(0)
    }

    pub(crate) fn open(&mut self, open: Open) -> Ty {
        self.vars.push(Var::Open(open));
        Ty::Var(self.vars.len() as u32 - 1)
    }

    /// A tuple; `None` if it would be too large.
    pub(crate) fn tuple(&mut self, elems: Vec<Ty>) -> Option<Ty> {
        if elems.is_empty() {
            return Some(Types::unit());
        }
        let mut weight = 1;
        for &elem in &elems {
            weight += self.weight(elem);
            if weight > TUPLE_ELEMENTS_MAX {
                return None;
            }
        }
        let scalars = elems.iter().fold(0, |sum: u64, &elem| sum.saturating_add(self.scalars_in(elem)));
        if scalars > u64::from(FIXED_LEN_MAX) {
            return None;
        }
        Some(Ty::Tuple(push(&mut self.tuples, elems)))
    }

    /// `Option<inner>`; `None` if it would be too large.
    pub(crate) fn option(&mut self, inner: Ty) -> Option<Ty> {
        (self.weight(inner) < TUPLE_ELEMENTS_MAX).then(|| Ty::Option(push(&mut self.options, inner)))
    }

    pub(crate) fn slice(&mut self, elem: Ty, mutable: bool) -> Ty {
        Ty::Slice(push(&mut self.slices, (elem, mutable)))
    }

    /// `[elem; len]`; `None` if it would be too large.
    pub(crate) fn array(&mut self, elem: Ty, len: u64) -> Option<Ty> {
        (self.weight(elem) < TUPLE_ELEMENTS_MAX).then(|| Ty::Array(push(&mut self.arrays, (elem, len))))
    }

    /// A range of numbers of this type.
    pub(crate) fn range(&mut self, of: Ty) -> Ty {
        Ty::Range(push(&mut self.ranges, of))
    }

    /// `&to`, `&mut to`; `None` if it would be too large.
    pub(crate) fn reference(&mut self, to: Ty, mutable: bool) -> Option<Ty> {
        (self.weight(to) < TUPLE_ELEMENTS_MAX).then(|| Ty::Ref(push(&mut self.refs, (to, mutable))))
    }

    pub(crate) fn iter(&mut self, iter: IterTy) -> Ty {
        Ty::Iter(push(&mut self.iters, iter))
    }

    pub(crate) fn closure(&mut self, closure: ClosureTy) -> Ty {
        Ty::Closure(push(&mut self.closures, closure))
    }

    /// The struct that the text defines next.
    pub(crate) fn add_struct(&mut self, name: &str, fields: Vec<Ty>) {
        self.structs.push((name.to_string(), fields));
    }

    /// The number of scalars and composites in a type, at most a little more than `TUPLE_ELEMENTS_MAX`.
    fn weight(&self, ty: Ty) -> usize {
        let mut waiting = vec![ty];
        let mut weight = 0;
        while let Some(ty) = waiting.pop() {
            weight += 1;
            if weight > TUPLE_ELEMENTS_MAX {
                break;
            }
            waiting.extend(self.parts(self.resolve(ty)));
        }
        weight
    }

    /// The number of scalars in a value, arrays counted by their length.
    pub(crate) fn scalars_in(&self, ty: Ty) -> u64 {
        match self.resolve(ty) {
            Ty::Array(array) => {
                let (elem, len) = self.array_of(array);
                self.scalars_in(elem).saturating_mul(len)
            }
            other => {
                let parts = self.parts(other);
                let sum = parts.iter().fold(0, |sum: u64, &part| sum.saturating_add(self.scalars_in(part)));
                sum.max(1)
            }
        }
    }

    /// What a resolved type is made of.
    fn parts(&self, ty: Ty) -> Vec<Ty> {
        match ty {
            Ty::Tuple(tuple) => self.elems(tuple).to_vec(),
            Ty::Option(option) => vec![self.inner(option)],
            Ty::Slice(slice) => vec![self.slices[slice as usize].0],
            Ty::Array(array) => vec![self.arrays[array as usize].0],
            Ty::Struct(of) => self.structs.get(of as usize).map_or(Vec::new(), |(_, fields)| fields.clone()),
            Ty::Ref(of) => vec![self.refs[of as usize].0],
            Ty::Range(range) => vec![self.ranges[range as usize]],
            Ty::Iter(iter) => vec![self.iters[iter as usize].item],
            Ty::Scalar(_) | Ty::Time(_) | Ty::Var(_) | Ty::Closure(_) | Ty::Never | Ty::Error => Vec::new(),
        }
    }

    /// How many open parts a type has that may become anything, and whether `of` is among them.
    fn open_parts(&self, ty: Ty, of: Ty) -> (usize, bool) {
        let ty = self.resolve(ty);
        if self.openness(ty) == Some(Open::Any) {
            return (1, ty == of);
        }
        self.parts(ty).into_iter().fold((0, false), |(count, is_in), part| {
            let (more, is_too) = self.open_parts(part, of);
            (count + more, is_in || is_too)
        })
    }

    /// What a type leaves open was part of a mistake that is reported.
    pub(crate) fn give_up(&mut self, ty: Ty) {
        match self.resolve(ty) {
            open @ Ty::Var(var) if self.openness(open) == Some(Open::Any) => {
                self.vars[var as usize] = Var::Bound(Ty::Error)
            }
            resolved => self.parts(resolved).into_iter().for_each(|part| self.give_up(part)),
        }
    }

    /// The type of a variable that was reported: nothing more is to be said of it.
    pub(crate) fn set_reported(&mut self, ty: Ty) {
        if let Ty::Var(var) = self.resolve(ty) {
            self.vars[var as usize] = Var::Bound(Ty::Error);
        }
    }

    /// A new kernel begins, in which types may nest anew.
    pub(crate) fn forget_bindings(&mut self) {
        self.open_bindings = 0;
    }

    /// Whether values of a resolved type can be handed out of a branch.
    pub(crate) fn can_cross(&self, ty: Ty) -> bool {
        let ty = self.resolve(ty);
        let is_bound = match ty {
            Ty::Slice(_) | Ty::Range(_) | Ty::Iter(_) | Ty::Closure(_) => true,
            Ty::Ref(of) => self.ref_of(of).1,
            _ => false,
        };
        !is_bound && self.parts(ty).into_iter().all(|part| self.can_cross(part))
    }

    /// The elements of a tuple.
    pub(crate) fn elems(&self, tuple: u32) -> &[Ty] {
        &self.tuples[tuple as usize]
    }

    /// What an option holds.
    pub(crate) fn inner(&self, option: u32) -> Ty {
        self.options[option as usize]
    }

    /// The element of a slice, and whether it may be written.
    pub(crate) fn slice_of(&self, slice: u32) -> (Ty, bool) {
        self.slices[slice as usize]
    }

    /// The element of an array, and its length.
    pub(crate) fn array_of(&self, array: u32) -> (Ty, u64) {
        self.arrays[array as usize]
    }

    /// What a reference refers to, and whether it may be written through.
    pub(crate) fn ref_of(&self, of: u32) -> (Ty, bool) {
        self.refs[of as usize]
    }

    /// The type behind all references.
    pub(crate) fn peel(&self, ty: Ty) -> Ty {
        let mut ty = self.resolve(ty);
        while let Ty::Ref(of) = ty {
            ty = self.resolve(self.ref_of(of).0);
        }
        ty
    }

    /// What a range counts.
    pub(crate) fn range_of(&self, range: u32) -> Ty {
        self.ranges[range as usize]
    }

    pub(crate) fn iter_of(&self, iter: u32) -> IterTy {
        self.iters[iter as usize]
    }

    /// What an iterator gives.
    pub(crate) fn item_of(&self, iter: u32) -> Ty {
        self.iter_of(iter).item
    }

    pub(crate) fn closure_of(&self, closure: u32) -> &ClosureTy {
        &self.closures[closure as usize]
    }

    /// The fields of a struct.
    pub(crate) fn fields(&self, of: u32) -> &[Ty] {
        self.structs.get(of as usize).map_or(&[], |(_, fields)| fields)
    }

    /// The type, with what is known of a variable. Parts of composites are left as they are.
    pub(crate) fn resolve(&self, mut ty: Ty) -> Ty {
        while let Ty::Var(var) = ty {
            match self.vars[var as usize] {
                Var::Bound(to) => ty = to,
                Var::Open(_) => break,
            }
        }
        ty
    }

    /// What a resolved type may still become, if it is open.
    pub(crate) fn openness(&self, ty: Ty) -> Option<Open> {
        match ty {
            Ty::Var(var) => match self.vars[var as usize] {
                Var::Open(open) => Some(open),
                Var::Bound(_) => None,
            },
            _ => None,
        }
    }

    /// The scalar that a type is, or becomes when nothing else decides.
    pub(crate) fn scalar(&self, ty: Ty) -> Option<Type> {
        match self.resolve(ty) {
            Ty::Scalar(ty) => Some(ty),
            open @ Ty::Var(_) => match self.openness(open) {
                Some(Open::Float) => Some(Type::F64),
                Some(Open::Int | Open::Number) => Some(Type::I32),
                _ => None,
            },
            _ => None,
        }
    }

    /// The scalar that stores a value of a type, if one does.
    pub(crate) fn storage(&self, ty: Ty) -> Option<Type> {
        match self.resolve(ty) {
            Ty::Time(time) => Some(time.storage()),
            ty => self.scalar(ty),
        }
    }

    /// What a column of a type means to the caller.
    pub(crate) fn logical(&self, ty: Ty) -> Option<Logical> {
        match self.resolve(ty) {
            Ty::Time(time) => Some(time),
            ty => self.scalar(ty).map(Logical::Plain),
        }
    }

    /// Makes two types one; false if they cannot be.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> bool {
        let (a, b) = (self.resolve(a), self.resolve(b));
        match (a, b) {
            (Ty::Error | Ty::Never, _) | (_, Ty::Error | Ty::Never) => true,
            (Ty::Var(x), Ty::Var(y)) if x == y => true,
            (Ty::Var(x), _) if self.takes(a, b) => self.bind(x, b),
            (_, Ty::Var(y)) if self.takes(b, a) => self.bind(y, a),
            (Ty::Tuple(x), Ty::Tuple(y)) => {
                let (xs, ys) = (self.tuples[x as usize].clone(), self.tuples[y as usize].clone());
                xs.len() == ys.len() && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y))
            }
            (Ty::Option(x), Ty::Option(y)) => self.unify(self.inner(x), self.inner(y)),
            (Ty::Slice(x), Ty::Slice(y)) => {
                let ((x, x_mutable), (y, y_mutable)) = (self.slice_of(x), self.slice_of(y));
                x_mutable == y_mutable && self.unify(x, y)
            }
            (Ty::Array(x), Ty::Array(y)) => {
                let ((x, x_len), (y, y_len)) = (self.array_of(x), self.array_of(y));
                x_len == y_len && self.unify(x, y)
            }
            (Ty::Ref(x), Ty::Ref(y)) => {
                let ((x, x_mutable), (y, y_mutable)) = (self.ref_of(x), self.ref_of(y));
                x_mutable == y_mutable && self.unify(x, y)
            }
            (Ty::Range(x), Ty::Range(y)) => self.unify(self.range_of(x), self.range_of(y)),
            // Iterators and closures have a type of their own each.
            (a, b) => a == b,
        }
    }

    /// Whether the open type `open` may become `ty`.
    fn takes(&self, open: Ty, ty: Ty) -> bool {
        match (self.openness(open), self.openness(ty), ty) {
            (Some(Open::Any), Some(_), _) => true,
            (Some(Open::Any), None, ty) if self.weight(ty) <= OPEN_WEIGHT_MAX => match self.open_parts(ty, open) {
                (_, true) => false,
                (0, _) => true,
                (parts, _) => parts == 1 && self.open_bindings < OPEN_BINDINGS_MAX,
            },
            (Some(Open::Number), Some(Open::Int | Open::Float), _) => true,
            (Some(a), Some(b), _) => a == b,
            (Some(Open::Number), None, Ty::Scalar(ty)) => ty != Type::Bool,
            (Some(Open::Int), None, Ty::Scalar(ty)) => ty.is_int(),
            (Some(Open::Float), None, Ty::Scalar(ty)) => ty.is_float(),
            _ => false,
        }
    }

    fn bind(&mut self, var: u32, to: Ty) -> bool {
        if self.openness(to).is_none() && self.open_parts(to, Ty::Never).0 > 0 {
            self.open_bindings += 1;
        }
        self.vars[var as usize] = Var::Bound(to);
        true
    }

    /// The type in words.
    pub(crate) fn show(&self, ty: Ty) -> String {
        match self.resolve(ty) {
            Ty::Scalar(ty) => ty.to_string(),
            Ty::Time(ty) => ty.to_string(),
            open @ Ty::Var(_) => match self.openness(open) {
                Some(Open::Float) => "a float literal".to_string(),
                Some(Open::Int) => "an integer literal".to_string(),
                Some(Open::Number) => "a literal".to_string(),
                _ => "a type not known yet".to_string(),
            },
            Ty::Tuple(0) => "no value".to_string(),
            Ty::Tuple(tuple) => {
                let elems: Vec<String> = self.elems(tuple).iter().map(|&ty| self.element(ty)).collect();
                match elems.as_slice() {
                    [one] => format!("({one},)"),
                    several => format!("({})", several.join(", ")),
                }
            }
            Ty::Option(option) => format!("Option<{}>", self.element(self.inner(option))),
            Ty::Slice(slice) => {
                let (elem, mutable) = self.slice_of(slice);
                format!("&{}[{}]", if mutable { "mut " } else { "" }, self.element(elem))
            }
            Ty::Array(array) => {
                let (elem, len) = self.array_of(array);
                format!("[{}; {len}]", self.element(elem))
            }
            Ty::Ref(of) => {
                let (to, mutable) = self.ref_of(of);
                format!("&{}{}", if mutable { "mut " } else { "" }, self.element(to))
            }
            Ty::Struct(of) => self.structs.get(of as usize).map_or("a struct".to_string(), |(name, _)| name.clone()),
            Ty::Range(range) => format!("a range of {}", self.element(self.range_of(range))),
            Ty::Iter(iter) => format!("an iterator over {}", self.element(self.item_of(iter))),
            Ty::Closure(_) => "a closure".to_string(),
            Ty::Never => "no value".to_string(),
            Ty::Error => "_".to_string(),
        }
    }

    /// Inside a composite, a literal shows the type that it will get.
    fn element(&self, ty: Ty) -> String {
        match (self.scalar(ty), self.openness(self.resolve(ty))) {
            (Some(scalar), _) => scalar.to_string(),
            (None, Some(_)) => "_".to_string(),
            (None, None) => self.show(ty),
        }
    }

    /// Whether a type says that something was reported.
    pub(crate) fn is_error(&self, ty: Ty) -> bool {
        let ty = self.resolve(ty);
        ty == Ty::Error || self.parts(ty).into_iter().any(|part| self.is_error(part))
    }
}

/// Appends to a table; returns the place.
fn push<T>(table: &mut Vec<T>, entry: T) -> u32 {
    table.push(entry);
    table.len() as u32 - 1
}
