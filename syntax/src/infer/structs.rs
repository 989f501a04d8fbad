//! Structs, and the other types that have a name.

use super::Infer;
use super::types::Ty;
use crate::ast::{ExprId, Name};

impl<'a, 't> Infer<'a, 't> {
    /// A struct, a type parameter, or a time type with its unit.
    pub(super) fn named_note(&mut self, name: Name<'t>, unit: Option<Name<'t>>) -> Ty {
        // Structs and type parameters were reported where they are declared.
        if self.tree.structs.iter().any(|item| item.name.text == name.text) || name.text.len() == 1 {
            return Ty::Error;
        }
        self.time_note(name, unit)
    }

    pub(super) fn named_field(&mut self, id: ExprId, of: ExprId, name: Name<'t>) -> Ty {
        let ty = self.infer(of);
        if self.out.types.is_error(ty) {
            return Ty::Error;
        }
        let _ = id;
        self.not_yet(name.span, "a named field")
    }

    pub(super) fn struct_value(&mut self, name: Name<'t>, fields: &'a [(Name<'t>, ExprId)]) -> Ty {
        for (_, value) in fields {
            self.infer(*value);
        }
        self.not_yet(name.span, "a struct value")
    }
}
