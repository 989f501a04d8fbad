//! Loops, jumps, `match`, `?`.

use filbert_ir::{Code, Diagnostic, Span};

use super::Infer;
use super::types::Ty;

impl<'a, 't> Infer<'a, 't> {
    /// A construct that the reader takes and that nothing behind it knows.
    pub(super) fn not_yet(&mut self, span: Span, what: &str) -> Ty {
        let message = format!("a kernel cannot have {what}");
        self.report(Diagnostic::new(Code::Unsupported, span, message).help("it is not in this version"));
        Ty::Error
    }
}
