//! Structs: tuples whose elements have names.

use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, Name, Pat};
use crate::infer::types::Ty;

impl<'a, 't> Lower<'_, 'a, 't> {
    pub(super) fn named_field(&mut self, _id: ExprId, of: ExprId, name: Name<'t>, values: &[Val]) -> Lowered<Val> {
        let ty = self.ty(of);
        let count = self.element_tys(ty).len();
        Ok(values[0].parts(count).swap_remove(self.field_place(ty, name)))
    }

    /// The fields in the order of the struct, whatever that of the literal.
    pub(super) fn struct_value(
        &mut self,
        id: ExprId,
        _name: Name<'t>,
        fields: &[(Name<'t>, ExprId)],
        values: Vec<Val>,
    ) -> Lowered<Val> {
        let ty = self.ty(id);
        let mut parts = vec![Val::Nothing; self.element_tys(ty).len()];
        for ((name, _), value) in fields.iter().zip(values) {
            parts[self.field_place(ty, *name)] = value;
        }
        Ok(Val::Many(parts))
    }

    /// The fields of a struct that a pattern names: the place of each in the type.
    pub(super) fn struct_parts(&self, ty: Ty, fields: &'a [(Name<'t>, Pat<'t>)]) -> Vec<(usize, &'a Pat<'t>)> {
        fields.iter().map(|(name, pat)| (self.field_place(ty, *name), pat)).collect()
    }

    /// The place of a field among those of the struct.
    pub(super) fn field_place(&self, ty: Ty, name: Name<'t>) -> usize {
        let Ty::Struct(of) = self.cx.typed.types.peel(ty) else { unreachable!("only structs have named fields") };
        let fields = &self.cx.tree.structs[of as usize].fields;
        fields.iter().position(|(field, _)| field.text == name.text).expect("inference saw the field")
    }
}
