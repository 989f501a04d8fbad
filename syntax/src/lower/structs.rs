//! Structs.

use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, Name, Pat};
use crate::infer::types::Ty;

impl<'a, 't> Lower<'_, 'a, 't> {
    pub(super) fn named_field(&mut self, _id: ExprId, _of: ExprId, _name: Name<'t>, _values: &[Val]) -> Lowered<Val> {
        unreachable!("inference does not let it through")
    }

    pub(super) fn struct_value(
        &mut self,
        _id: ExprId,
        _name: Name<'t>,
        _fields: &[(Name<'t>, ExprId)],
        _values: Vec<Val>,
    ) -> Lowered<Val> {
        unreachable!("inference does not let it through")
    }

    /// The fields of a struct that a pattern names: the place of each in the type.
    pub(super) fn struct_parts(&self, _ty: Ty, _fields: &'a [(Name<'t>, Pat<'t>)]) -> Vec<(usize, &'a Pat<'t>)> {
        unreachable!("inference does not let it through")
    }
}
