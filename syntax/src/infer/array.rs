//! Slices, arrays, tables, indexing.

use filbert_ir::Span;

use super::Infer;
use super::types::Ty;
use crate::ast::{ExprId, TypeNote};

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn slice_note(&mut self, _elem: &TypeNote<'t>, _mutable: bool, span: Span) -> Ty {
        self.not_yet(span, "a slice type")
    }

    pub(super) fn array_note(&mut self, _elem: &TypeNote<'t>, _len: ExprId, span: Span) -> Ty {
        self.not_yet(span, "an array type")
    }

    /// `&[T; N]`
    pub(super) fn ref_note(&mut self, _of: &TypeNote<'t>, _mutable: bool, span: Span) -> Ty {
        self.not_yet(span, "a reference type")
    }

    pub(super) fn array(&mut self, id: ExprId, elems: &'a [ExprId]) -> Ty {
        for &elem in elems {
            self.infer(elem);
        }
        self.not_yet(self.tree.span(id), "an array")
    }

    pub(super) fn repeat(&mut self, id: ExprId, value: ExprId, _len: ExprId) -> Ty {
        self.infer(value);
        self.not_yet(self.tree.span(id), "an array")
    }

    pub(super) fn index(&mut self, id: ExprId, of: ExprId, index: ExprId) -> Ty {
        self.infer(of);
        self.infer(index);
        self.not_yet(self.tree.span(id), "indexing")
    }

    /// `&x`: references to scalars are the values themselves.
    pub(super) fn reference(&mut self, id: ExprId, of: ExprId, mutable: bool) -> Ty {
        let ty = self.infer(of);
        match self.out.types.scalar(ty) {
            Some(_) if mutable => self.not_yet(self.tree.span(id), "a reference that may be written"),
            Some(_) => ty,
            None => self.not_yet(self.tree.span(id), "a reference"),
        }
    }

    pub(super) fn deref(&mut self, id: ExprId, of: ExprId) -> Ty {
        let ty = self.infer(of);
        let span = self.tree.span(id);
        if self.tree.text[..span.start as usize].ends_with('*') {
            let message = "`**` is no operator";
            let help = "write `x.powi(2)` for an integer power of a float, `x.powf(y)`, or `n.pow(2)` for integers";
            let span = filbert_ir::Span { start: span.start - 1, ..span };
            self.report(filbert_ir::Diagnostic::new(filbert_ir::Code::Unsupported, span, message).help(help));
            return Ty::Error;
        }
        match self.out.types.scalar(ty) {
            Some(_) => ty,
            None => self.not_yet(self.tree.span(id), "`*` before a value"),
        }
    }

    /// What the pattern `&p` takes apart.
    pub(super) fn referent(&mut self, ty: Ty, _span: Span) -> Ty {
        ty
    }

    /// The type of a place that is assigned or updated: `a[i]`, `*r`, `p.x`, `t.0`.
    pub(super) fn place(&mut self, id: ExprId) -> Ty {
        self.infer(id);
        self.not_yet(self.tree.span(id), "an assignment to a part of a value")
    }
}
