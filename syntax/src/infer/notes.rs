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
                self.note(inner, span);
                self.not_yet(span, "the type `Option`")
            }
            TypeNote::Slice { elem, mutable } => self.slice_note(elem, *mutable, span),
            TypeNote::Array { elem, len } => self.array_note(elem, *len, span),
            TypeNote::Ref { of, mutable } => self.ref_note(of, *mutable, span),
            TypeNote::Named { name, unit } => self.named_note(*name, *unit),
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

    #[allow(dead_code)]
    pub(super) fn option(&mut self, inner: Ty, span: Span) -> Ty {
        match self.out.types.option(inner) {
            Some(ty) => ty,
            None => self.too_large(span),
        }
    }

    fn too_large(&mut self, span: Span) -> Ty {
        let message = format!("a tuple holds more than {} elements (TUPLE_ELEMENTS_MAX)", types::TUPLE_ELEMENTS_MAX);
        self.report(Diagnostic::new(Code::KernelTooLarge, span, message).help("keep several variables"));
        Ty::Error
    }
}
