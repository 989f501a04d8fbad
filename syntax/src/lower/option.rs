//! Options: a value and a flag.

use super::flow::{Rest, Way, Yields};
use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::ExprId;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// `value?`
    pub(super) fn question(&mut self, id: ExprId, value: &Val, rest: Rest<'_, 'c, 'a, 't>) -> Lowered<Yields> {
        let span = self.span(id);
        let exit = self.exit(id);
        let (some, inner) = value.option();
        self.fork_flag(span, some, |lower, taken| match taken {
            true => rest(lower, inner.clone()),
            false => lower.finish(Way::Leaves(exit), Val::none()),
        })
    }
}
