//! Slices, arrays, tables: their types, indexing, references to parts, and the places that may be written.

use filbert_ir::limits::{FIXED_LEN_MAX, TABLE_BYTES_MAX};
use filbert_ir::{Code, Diagnostic, Span, Type};

use super::check::in_parens;
use super::explain::Why;
use super::types::{Open, Ty};
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind, LocalId, TypeNote};
use crate::capture::Shape;

/// What stands behind a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Root {
    /// A variable, of which the place is all or a part.
    Variable(LocalId),
    /// A list, or a part of one.
    Memory { mutable: bool },
    /// An element of an array that is a variable, behind a reference that may be written.
    Part(LocalId),
    /// A value that nothing holds.
    Value,
}

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn slice_note(&mut self, elem: &TypeNote<'t>, mutable: bool, span: Span) -> Ty {
        let elem = self.note(elem, span);
        self.out.types.slice(elem, mutable)
    }

    pub(super) fn array_note(&mut self, elem: &TypeNote<'t>, len: ExprId, span: Span) -> Ty {
        let elem = self.note(elem, span);
        let Some(len) = self.array_len(len) else { return Ty::Error };
        self.array_of(elem, len, span)
    }

    /// `&T` of anything but a slice.
    pub(super) fn ref_note(&mut self, of: &TypeNote<'t>, mutable: bool, span: Span) -> Ty {
        let of = self.note(of, span);
        self.reference_to(of, mutable, span)
    }

    pub(super) fn reference_to(&mut self, to: Ty, mutable: bool, span: Span) -> Ty {
        match self.out.types.reference(to, mutable) {
            Some(ty) => ty,
            None => self.too_large(span),
        }
    }

    /// A reference to an element of an array that is a variable, through which it is written.
    pub(super) fn reference_into(&mut self, elem: Ty, of: LocalId, span: Span) -> Ty {
        let ty = self.reference_to(elem, true, span);
        if let Ty::Ref(index) = ty {
            self.origins.insert(index, of);
        }
        ty
    }

    /// `[elem; len]`, unless that is too large to be the type of anything.
    pub(super) fn array_of(&mut self, elem: Ty, len: u64, span: Span) -> Ty {
        if len == 0 {
            let message = "an array of no elements";
            self.report(Diagnostic::new(Code::Unsupported, span, message).help("arrays have one element or more"));
            return Ty::Error;
        }
        let mut innermost = self.out.types.resolve(elem);
        while let Ty::Array(array) = innermost {
            innermost = self.out.types.resolve(self.out.types.array_of(array).0);
        }
        let width = if let Ty::Scalar(ty) = innermost { ty.bytes() as u64 } else { 1 };
        let bytes = self.out.types.scalars_in(elem).saturating_mul(len).saturating_mul(width);
        if bytes > TABLE_BYTES_MAX as u64 {
            let message =
                format!("an array of {bytes} bytes; the limit is {TABLE_BYTES_MAX} (limits::TABLE_BYTES_MAX)");
            self.report(Diagnostic::new(Code::KernelTooLarge, span, message).help("take a list as a parameter"));
            return Ty::Error;
        }
        match self.out.types.array(elem, len) {
            Some(ty) => ty,
            None => self.too_large(span),
        }
    }

    /// The type of a constant from outside.
    pub(super) fn shape_ty(&mut self, shape: &Shape, span: Span) -> Ty {
        match shape {
            Shape::Scalar(ty) => Ty::Scalar(*ty),
            Shape::Array(elem, len) => {
                let elem = self.shape_ty(elem, span);
                self.array_of(elem, *len as u64, span)
            }
            Shape::Slice(elem) => {
                let elem = self.shape_ty(elem, span);
                self.out.types.slice(elem, false)
            }
            Shape::Ref(to) => match (&**to, self.shape_ty(to, span)) {
                (Shape::Slice(_), slice) => slice,
                (_, to) => self.reference_to(to, false, span),
            },
        }
    }

    /// The length of an array as it is written: a constant expression of integers.
    pub(super) fn array_len(&mut self, len: ExprId) -> Option<u64> {
        if let Some(&known) = self.lengths.get(&len.0) {
            return known;
        }
        let known = match self.const_int(len) {
            Some(value) => match u64::try_from(value) {
                Ok(value) => Some(value),
                Err(_) => {
                    let message = format!("length of an array: expected a usize, got {value}");
                    self.report(Diagnostic::new(Code::LiteralRange, self.tree.span(len), message));
                    None
                }
            },
            None => None,
        };
        self.lengths.insert(len.0, known);
        known
    }

    pub(super) fn array(&mut self, id: ExprId, elems: &'a [ExprId]) -> Ty {
        let span = self.tree.span(id);
        let Some((&first, others)) = elems.split_first() else { return self.array_of(Ty::Error, 0, span) };
        let mut ty = self.infer(first);
        for &elem in others {
            if self.out.types.is_error(ty) {
                ty = self.infer(elem);
            } else {
                self.check(elem, ty, Why::Element(first));
            }
        }
        self.local_array(ty, elems.len() as u64, span)
    }

    /// The type that the elements of an array of `count` must have to be of type `want`.
    pub(super) fn wants_array(&self, want: Ty, count: usize) -> Option<Ty> {
        match self.out.types.resolve(want) {
            Ty::Array(array) => Some(self.out.types.array_of(array)).filter(|of| of.1 == count as u64).map(|of| of.0),
            _ => None,
        }
    }

    /// Whether Rust converts a value by itself: a reference to an array into a slice, a reference that may be
    /// written through into one that is read, a reference to a reference into the inner one.
    pub(super) fn coerces(&mut self, got: Ty, want: Ty) -> bool {
        let (mut got, want) = (self.out.types.resolve(got), self.out.types.resolve(want));
        let (to, want_mutable) = match want {
            Ty::Slice(slice) => self.out.types.slice_of(slice),
            Ty::Ref(of) => self.out.types.ref_of(of),
            _ => return false,
        };
        let (mut got_mutable, mut is_behind) = (true, false);
        loop {
            match (got, want) {
                (Ty::Slice(slice), Ty::Slice(_)) => {
                    let (elem, mutable) = self.out.types.slice_of(slice);
                    return (!want_mutable || (mutable && got_mutable)) && self.out.types.unify(to, elem);
                }
                (Ty::Array(array), Ty::Slice(_)) if is_behind => {
                    let (elem, _) = self.out.types.array_of(array);
                    return (!want_mutable || got_mutable) && self.out.types.unify(to, elem);
                }
                (Ty::Ref(of), _) => {
                    let (inner, mutable) = self.out.types.ref_of(of);
                    got_mutable &= mutable;
                    let is_last = !matches!(self.out.types.resolve(inner), Ty::Ref(_) | Ty::Slice(_));
                    if matches!(want, Ty::Ref(_)) && (is_last || !matches!(self.out.types.resolve(to), Ty::Scalar(_))) {
                        return (!want_mutable || got_mutable) && self.out.types.unify(to, inner);
                    }
                    got = self.out.types.resolve(inner);
                    is_behind = true;
                }
                _ => return false,
            }
        }
    }

    /// Elements of an array whose type is known.
    pub(super) fn check_array(&mut self, id: ExprId, elems: &'a [ExprId], want: Ty, why: Why<'a, 't>) -> Ty {
        for &elem in elems {
            self.check(elem, want, why);
        }
        self.local_array(want, elems.len() as u64, self.tree.span(id))
    }

    pub(super) fn repeat(&mut self, id: ExprId, value: ExprId, len: ExprId) -> Ty {
        let ty = self.infer(value);
        let Some(len) = self.array_len(len) else { return Ty::Error };
        self.local_array(ty, len, self.tree.span(id))
    }

    /// The type of an array that is made here.
    fn local_array(&mut self, elem: Ty, len: u64, span: Span) -> Ty {
        let scalars = self.out.types.scalars_in(elem).saturating_mul(len);
        if !self.in_const && scalars > u64::from(FIXED_LEN_MAX) {
            let message =
                format!("an array of {scalars} elements; the limit is {FIXED_LEN_MAX} (limits::FIXED_LEN_MAX)");
            let help = "write a table of constants as `const NAME: [f64; N] = ...`, or take a list as a parameter";
            self.report(Diagnostic::new(Code::KernelTooLarge, span, message).help(help));
            return Ty::Error;
        }
        self.array_of(elem, len, span)
    }

    /// What the pattern `&p` takes apart.
    pub(super) fn referent(&mut self, ty: Ty, span: Span) -> Ty {
        match self.out.types.resolve(ty) {
            Ty::Ref(of) => self.out.types.ref_of(of).0,
            none @ (Ty::Error | Ty::Never) => none,
            other => {
                let message = format!("pattern `&`: expected a reference, got {}", self.out.types.show(other));
                let help = "it is the value itself: leave the `&` out";
                self.report(Diagnostic::new(Code::TypeMismatch, span, message).help(help));
                Ty::Error
            }
        }
    }

    /// The elements of an array that is taken apart into `count`.
    pub(super) fn array_elements(&mut self, ty: Ty, count: usize, span: Span) -> Ty {
        let ty = self.out.types.resolve(ty);
        if let Ty::Array(array) = ty {
            let (elem, len) = self.out.types.array_of(array);
            if len == count as u64 {
                return elem;
            }
        }
        if matches!(ty, Ty::Error | Ty::Never) {
            return Ty::Error;
        }
        let message = format!("pattern of {count}: expected an array of {count}, got {}", self.out.types.show(ty));
        let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
        finding.help = match self.out.types.peel(ty) {
            Ty::Slice(_) => Some("a list may have any length: use its elements, `x[0]`, or `x.first()`".to_string()),
            Ty::Tuple(_) => Some("a tuple is taken apart with `(a, b)`".to_string()),
            Ty::Array(_) => Some("write `..` for the elements that are not named".to_string()),
            _ => None,
        };
        self.report(finding);
        Ty::Error
    }

    /// What a pattern that is no reference takes apart, behind a reference: parts are references then.
    pub(super) fn seen_through(&mut self, ty: Ty) -> Ty {
        let Ty::Ref(of) = self.out.types.resolve(ty) else { return ty };
        let (to, mutable) = self.out.types.ref_of(of);
        let to = self.seen_through(to);
        let span = Span::default();
        match self.out.types.resolve(to) {
            Ty::Tuple(tuple) => {
                let elems = self.out.types.elems(tuple).to_vec();
                let elems = elems.into_iter().map(|elem| self.reference_to(elem, mutable, span)).collect();
                self.tuple(elems, span)
            }
            Ty::Array(array) => {
                let (elem, len) = self.out.types.array_of(array);
                let elem = self.reference_to(elem, mutable, span);
                self.array_of(elem, len, span)
            }
            Ty::Option(option) => {
                let inner = self.reference_to(self.out.types.inner(option), mutable, span);
                self.option(inner, span)
            }
            other => other,
        }
    }

    /// A place that is read: a variable, an element, a part, what a reference refers to; any other
    /// expression is a place of its own.
    pub(super) fn place(&mut self, id: ExprId) -> (Ty, Root) {
        let begun = self.begin();
        let (ty, root) = self.place_kind(id);
        self.end(id, begun, ty);
        (ty, root)
    }

    /// `place`, without what is written down of the expression itself.
    pub(super) fn place_kind(&mut self, id: ExprId) -> (Ty, Root) {
        let tree = self.tree;
        match &tree.expr(id).kind {
            ExprKind::Path(path) => {
                let ty = self.path(id, path);
                match self.out.meanings[id.0 as usize] {
                    Meaning::Local(local) => (ty, Root::Variable(local)),
                    Meaning::Const(_) | Meaning::Given(_) => (ty, Root::Memory { mutable: false }),
                    _ => (ty, Root::Value),
                }
            }
            ExprKind::Index { of, index } => self.element(id, *of, *index),
            ExprKind::Field { of, index } => {
                let (ty, root) = self.place(*of);
                let (ty, root) = self.behind(ty, root);
                (self.part(id, ty, *index), root)
            }
            ExprKind::NamedField { of, name } => {
                let (ty, root) = self.place(*of);
                let (ty, root) = self.behind(ty, root);
                (self.field_of(id, ty, *name), root)
            }
            ExprKind::Deref(of) => self.deref(id, *of),
            _ => (self.infer_kind(id), Root::Value),
        }
    }

    /// What references refer to, as `.` and `[]` see it.
    pub(super) fn behind(&self, ty: Ty, root: Root) -> (Ty, Root) {
        let (mut ty, mut root) = (self.out.types.resolve(ty), root);
        while let Ty::Ref(of) = ty {
            let (to, mutable) = self.out.types.ref_of(of);
            ty = self.out.types.resolve(to);
            root = self.origins.get(&of).map_or(Root::Memory { mutable }, |&local| Root::Part(local));
        }
        (ty, root)
    }

    fn element(&mut self, id: ExprId, of: ExprId, index: ExprId) -> (Ty, Root) {
        let (ty, root) = self.place(of);
        let (ty, root) = self.behind(ty, root);
        let (elem, len, root) = match ty {
            Ty::Slice(slice) => {
                let (elem, mutable) = self.out.types.slice_of(slice);
                (elem, None, Root::Memory { mutable })
            }
            Ty::Array(array) => {
                let (elem, len) = self.out.types.array_of(array);
                (elem, Some(len), root)
            }
            _ => {
                self.explain_no_elements(of, ty, id);
                (Ty::Error, None, Root::Value)
            }
        };
        if let ExprKind::Range { start, end, .. } = &self.tree.expr(index).kind {
            for &end in [start, end].into_iter().flatten() {
                self.index(of, end, len.map(|len| len + 1));
            }
            let mutable = matches!(root, Root::Memory { mutable: true } | Root::Variable(_));
            return (self.out.types.slice(elem, mutable), root);
        }
        self.index(of, index, len);
        (elem, root)
    }

    /// An index, or an end of a range of indexes, which must be a usize. `len`: what it must be below, where
    /// that is known.
    pub(super) fn index(&mut self, of: ExprId, index: ExprId, len: Option<u64>) {
        let ty = self.infer(index);
        let is_literal = match &self.tree.expr(index).kind {
            ExprKind::Int { negative: true, .. } | ExprKind::Unary { op: filbert_ir::Op::Neg, .. } => {
                return self.explain_negative_index(of, index);
            }
            ExprKind::Int { magnitude, .. } => *magnitude,
            _ => None,
        };
        if !self.out.types.unify(Ty::Scalar(Type::U64), ty) {
            return self.explain_index(index, ty);
        }
        if let (Some(at), Some(len)) = (is_literal, len)
            && at >= u128::from(len)
        {
            let of = self.tree.slice(self.tree.span(of));
            let message = format!("index {at} is not below the length of `{}`", in_parens(of));
            let finding = Diagnostic::new(Code::LiteralRange, self.tree.span(index), message);
            self.report(finding.help(format!("indexes go from 0 to {}", len - 1)));
        }
    }

    /// Whether an expression is a part of a list that has no size of its own: `x[a..b]`, `*x`.
    pub(super) fn is_unsized(&self, id: ExprId) -> bool {
        match &self.tree.expr(id).kind {
            ExprKind::Index { index, .. } => matches!(self.tree.expr(*index).kind, ExprKind::Range { .. }),
            ExprKind::Deref(of) => {
                let ty = self.out.types.resolve(self.out.exprs[of.0 as usize]);
                matches!(ty, Ty::Slice(_))
            }
            _ => false,
        }
    }

    /// An element, part or referent as a value.
    pub(super) fn place_value(&mut self, id: ExprId) -> Ty {
        let (ty, _) = self.place_kind(id);
        if self.is_unsized(id) && !self.out.types.is_error(ty) {
            let span = self.tree.span(id);
            let source = self.tree.slice(span);
            let message = format!("`{source}` is a part of a list, and has no fixed size");
            self.report(Diagnostic::new(Code::TypeMismatch, span, message).help(format!("write `&{source}`")));
            return Ty::Error;
        }
        ty
    }

    /// The type of an operand, `looks` through one reference.
    pub(super) fn operand_ty(&self, arg: ExprId, looks: bool) -> Ty {
        let ty = self.out.types.resolve(self.out.exprs[arg.0 as usize]);
        match ty {
            Ty::Ref(of) if looks && !self.out.types.ref_of(of).1 => self.out.types.resolve(self.out.types.ref_of(of).0),
            _ => ty,
        }
    }

    /// What a method is called on.
    pub(super) fn receiver(&mut self, id: ExprId) -> Ty {
        let (ty, root) = self.place(id);
        if matches!(self.out.types.resolve(ty), Ty::Array(_)) {
            self.receiver_roots.insert(id.0, root);
        }
        ty
    }

    /// `&x`, `&mut x`
    pub(super) fn reference(&mut self, id: ExprId, of: ExprId, mutable: bool) -> Ty {
        let span = self.tree.span(id);
        let (ty, root) = self.place(of);
        if self.out.types.is_error(ty) {
            return Ty::Error;
        }
        if self.is_unsized(of) {
            if mutable {
                self.writable(of, root);
            }
            let Ty::Slice(slice) = self.out.types.resolve(ty) else { return Ty::Error };
            let (elem, _) = self.out.types.slice_of(slice);
            if mutable && matches!(root, Root::Variable(_)) {
                let message = "a kernel cannot have a part of an array that is written through a reference";
                let help = "assign the elements of the array itself: `a[i] = ...`";
                self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
            }
            return self.out.types.slice(elem, mutable);
        }
        let is_array = matches!(self.out.types.resolve(ty), Ty::Array(_));
        if mutable && !(is_array && matches!(root, Root::Memory { .. })) {
            let message = "a kernel cannot have a `&mut` of a variable";
            let help = match self.out.types.resolve(ty) {
                Ty::Slice(_) => "it is a reference already: leave `&mut` out",
                Ty::Array(_) => "assign the elements of the array itself: `a[i] = ...`",
                _ => "values are copied: assign the variable itself",
            };
            self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
            return Ty::Error;
        }
        if mutable {
            self.writable(of, root);
        }
        self.reference_to(ty, mutable, span)
    }

    fn deref(&mut self, id: ExprId, of: ExprId) -> (Ty, Root) {
        let (ty, root) = self.place(of);
        match self.out.types.resolve(ty) {
            Ty::Ref(of) => {
                let (to, mutable) = self.out.types.ref_of(of);
                (to, self.origins.get(&of).map_or(Root::Memory { mutable }, |&local| Root::Part(local)))
            }
            Ty::Slice(slice) => (ty, Root::Memory { mutable: self.out.types.slice_of(slice).1 }),
            Ty::Error | Ty::Never => (Ty::Error, root),
            Ty::Var(_) if self.out.types.openness(self.out.types.resolve(ty)) == Some(Open::Any) => {
                (self.explain_open_receiver(of, "*"), Root::Value)
            }
            other => {
                self.explain_no_reference(id, of, other);
                (Ty::Error, Root::Value)
            }
        }
    }

    /// The type of a place that is assigned or updated: `a[i]`, `*r`, `p.x`, `t.0`.
    pub(super) fn assigned_place(&mut self, id: ExprId) -> Ty {
        let (ty, root) = self.place(id);
        if self.out.types.is_error(ty) {
            return Ty::Error;
        }
        if self.is_unsized(id) {
            let source = self.tree.slice(self.tree.span(id));
            let message = format!("`{source}` is a part of a list, and cannot be assigned as a whole");
            let help = "assign its elements in a loop, or write `fill`";
            self.report(Diagnostic::new(Code::Unsupported, self.tree.span(id), message).help(help));
            return Ty::Error;
        }
        self.writable(id, root);
        ty
    }

    /// Notes that a place is written; reports why it cannot be.
    pub(super) fn writable(&mut self, id: ExprId, root: Root) {
        let span = self.tree.span(id);
        let source = self.tree.slice(span);
        match root {
            Root::Variable(local) => {
                self.check_mutable(local, id);
                self.assigned.push(local);
            }
            Root::Memory { mutable: true } => {}
            Root::Part(local) => self.assigned.push(local),
            Root::Memory { mutable: false } => {
                let message = format!("`{source}` cannot be assigned: it is read only");
                let help = "a kernel writes to a last parameter such as `out: &mut [f64]`, or to an array of its own";
                self.report(Diagnostic::new(Code::Immutable, span, message).help(help));
            }
            Root::Value => {
                let message = format!("`{source}` is not a variable and cannot be assigned");
                let help = "declare a variable: `let mut x = ...;`";
                self.report(Diagnostic::new(Code::Immutable, span, message).help(help));
            }
        }
    }

    fn explain_no_reference(&mut self, id: ExprId, of: ExprId, ty: Ty) {
        let span = self.tree.span(id);
        let source = self.tree.slice(self.tree.span(of));
        let before = self.tree.text.get(..span.start as usize).unwrap_or("");
        let finding = match before.ends_with('*') {
            true => {
                let span = Span { start: span.start - 1, ..span };
                let help = "write `x.powi(2)` for an integer power of a float, `x.powf(y)`, or `n.pow(2)` for integers";
                Diagnostic::new(Code::Unsupported, span, "`**` is no operator").help(help)
            }
            false => {
                let message = format!("`*`: expected a reference, got {}", self.out.types.show(ty));
                let help = format!("`{source}` is the value itself: leave the `*` out");
                Diagnostic::new(Code::OperandType, span, message).help(help)
            }
        };
        self.report(finding);
    }

    fn explain_no_elements(&mut self, of: ExprId, ty: Ty, id: ExprId) {
        if matches!(ty, Ty::Error | Ty::Never) {
            return;
        }
        let message = format!("`[...]`: expected a list or an array, got {}", self.out.types.show(ty));
        let source = self.tree.slice(self.tree.span(of));
        let help = match ty {
            Ty::Tuple(_) => format!("write `{source}.0` for the first element of a tuple"),
            Ty::Iter(_) | Ty::Range(_) => format!("write `{source}.nth(i)`"),
            _ => "a parameter that is a list has the type `&[f64]`".to_string(),
        };
        self.report(Diagnostic::new(Code::OperandType, self.tree.span(id), message).help(help));
    }

    fn explain_negative_index(&mut self, of: ExprId, index: ExprId) {
        let of = self.tree.slice(self.tree.span(of));
        let text = self.tree.slice(self.tree.span(index)).trim_start_matches('-').trim();
        let message = "an index below 0: indexes count from the start".to_string();
        let last = if text == "1" { format!(", or `{of}.last()`") } else { String::new() };
        let help = format!("write `{of}[{of}.len() - {}]`{last}", in_parens(text));
        self.report(Diagnostic::new(Code::OperandType, self.tree.span(index), message).help(help));
    }

    fn explain_index(&mut self, index: ExprId, ty: Ty) {
        if self.out.types.is_error(ty) {
            return;
        }
        let source = self.tree.slice(self.tree.span(index));
        let message = format!("index: expected usize, got {}", self.out.types.show(ty));
        let mut finding = Diagnostic::new(Code::TypeMismatch, self.tree.span(index), message);
        finding.label = format!("this is {}", self.out.types.show(ty));
        let is_open_float = self.out.types.openness(self.out.types.resolve(ty)) == Some(Open::Float);
        finding.help = match self.out.types.resolve(ty) {
            Ty::Ref(_) if self.out.types.scalar(self.out.types.peel(ty)) == Some(Type::U64) => {
                Some(format!("write `*{source}`"))
            }
            Ty::Tuple(_) => Some("write one pair of brackets for each dimension: `x[i][j]`".to_string()),
            _ if is_open_float => Some("an index is a whole number".to_string()),
            _ if self.out.types.scalar(ty) == Some(Type::Bool) => None,
            _ => self.out.types.scalar(ty).map(|_| format!("write `{} as usize`", in_parens(source))),
        };
        self.report(finding);
    }
}
