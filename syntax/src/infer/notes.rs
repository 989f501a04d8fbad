//! What written types mean.

use filbert_ir::{Code, Diagnostic, Span};

use super::Infer;
use super::types::{self, Ty};
use crate::ast::TypeNote;

impl<'a, 't> Infer<'a, 't> {
    /// The type that a written one means; each `_` in it is open, but to scalars decided by use only.
    pub(super) fn note(&mut self, note: &TypeNote<'t>, span: Span) -> Ty {
        match note {
            TypeNote::Scalar(ty) => Ty::Scalar(*ty),
            TypeNote::Tuple(elems) => {
                let elems = elems.iter().map(|note| self.note(note, span)).collect();
                self.tuple(elems, span)
            }
            TypeNote::Option(inner) => {
                let inner = self.note(inner, span);
                if let Ty::Error = inner {
                    return Ty::Error;
                }
                self.option(inner, span)
            }
            TypeNote::Slice { elem, mutable } => self.slice_note(elem, *mutable, span),
            TypeNote::Array { elem, len } => self.array_note(elem, *len, span),
            TypeNote::Ref { of, mutable } => self.ref_note(of, *mutable, span),
            TypeNote::Named { name, unit } => self.named_note(*name, *unit),
            // Looked at where an argument is given.
            TypeNote::Function { .. } => Ty::Error,
            // A note that leaves a part open is no note at all: the value's own type counts.
            TypeNote::Infer | TypeNote::Error => Ty::Error,
        }
    }

    pub(super) fn tuple(&mut self, elems: Vec<Ty>, span: Span) -> Ty {
        match self.out.types.tuple(elems) {
            Some(ty) => ty,
            None => self.too_large(span),
        }
    }

    pub(super) fn option(&mut self, inner: Ty, span: Span) -> Ty {
        match self.out.types.option(inner) {
            Some(ty) => ty,
            None => self.too_large(span),
        }
    }

    /// A parameter is a column.
    pub(super) fn check_param_type(&mut self, ty: Ty, span: Span) {
        let resolved = self.out.types.resolve(ty);
        if self.is_column(resolved) || self.out.types.is_error(resolved) || self.is_struct(resolved) {
            return;
        }
        let message = format!("a kernel cannot have a parameter of the type {}", self.out.types.show(resolved));
        let help = "a parameter is a scalar, an `Option` of one, or a list: take one parameter for each part";
        self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
    }

    /// A result is a column, or a tuple of columns.
    pub(super) fn check_result_type(&mut self, ty: Ty, span: Span) {
        let resolved = self.out.types.resolve(ty);
        let columns = match resolved {
            Ty::Tuple(tuple) => self.out.types.elems(tuple).to_vec(),
            Ty::Struct(of) => self.out.types.fields(of).to_vec(),
            _ => vec![resolved],
        };
        let Some(&odd) = columns.iter().find(|&&column| !self.is_column(column)) else { return };
        if self.out.types.is_error(odd) || self.is_struct(odd) || matches!(self.out.types.resolve(odd), Ty::Tuple(_)) {
            return;
        }
        let message = format!("a kernel cannot have a result of the type {}", self.out.types.show(odd));
        let help = match self.out.types.resolve(odd) {
            Ty::Option(_) => "write `(Option<f64>, Option<f64>)`: each element is a column with its own nulls",
            _ => "a result is a scalar, an `Option` of one, or a tuple of these",
        };
        self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
    }

    /// A struct, or an option of one, which `check_columns` judges.
    fn is_struct(&self, ty: Ty) -> bool {
        match self.out.types.resolve(ty) {
            Ty::Struct(_) => true,
            Ty::Option(option) => matches!(self.out.types.resolve(self.out.types.inner(option)), Ty::Struct(_)),
            _ => false,
        }
    }

    /// Whether a type is one that a column has.
    fn is_column(&self, ty: Ty) -> bool {
        match self.out.types.resolve(ty) {
            Ty::Scalar(_) | Ty::Time(_) => true,
            // `lists` judges these.
            Ty::Slice(_) | Ty::Array(_) | Ty::Ref(_) => true,
            Ty::Option(option) => {
                matches!(self.out.types.resolve(self.out.types.inner(option)), Ty::Scalar(_) | Ty::Time(_))
            }
            _ => false,
        }
    }

    pub(super) fn too_large(&mut self, span: Span) -> Ty {
        let message = format!("a tuple holds more than {} elements (TUPLE_ELEMENTS_MAX)", types::TUPLE_ELEMENTS_MAX);
        self.report(Diagnostic::new(Code::KernelTooLarge, span, message).help("keep several variables"));
        Ty::Error
    }
}
