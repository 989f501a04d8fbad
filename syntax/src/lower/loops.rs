//! Loops and labelled blocks.
//!
//! A loop carries its own state, the variables that it changes, and what goes out with jumps. The
//! condition of a `while` becomes an `if` around the body that says itself whether to go on, and is the
//! last thing in the loop, so that the compiler can make it a jump:
//!
//! ```text
//!   while x > 1 { x /= 2; }    %x, = loop (%x0) { %c = gt %x, 1
//!                                                 %g, %n = if %c { ... yield true, %half } else { yield false, %x }
//!                                                 yield %g, %n }
//! ```

use filbert_ir::{Scalar, ValueId};

use super::ends::{End, LoopEnd, Outcome, Way};
use super::flow::Yields;
use super::value::{Flag, Val};
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind};
use crate::infer::types::{BOOL, Ty};

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// A loop other than `for`, or a labelled block.
    pub(super) fn framed(&mut self, id: ExprId) -> Lowered<Outcome> {
        let tree = self.cx.tree;
        match &tree.expr(id).kind {
            ExprKind::While { cond, body, .. } => self.turns(id, Vec::new(), |lower, _| {
                lower.then(*cond, &mut |lower, cond| {
                    let span = lower.span(id);
                    let cond = lower.one(span, &cond, BOOL);
                    let cond = lower.known(cond);
                    lower.fork_flag(span, cond, |lower, taken| match taken {
                        true => lower.then(*body, &mut |lower, _| lower.finish(Way::Falls, Val::Nothing)),
                        false => lower.finish(Way::Leaves(crate::infer::Exit::Break(id)), Val::Nothing),
                    })
                })
            }),
            ExprKind::Loop { body, .. } => self.turns(id, Vec::new(), |lower, _| {
                lower.then(*body, &mut |lower, _| lower.finish(Way::Falls, Val::Nothing))
            }),
            ExprKind::Block(block) => {
                let ty = self.ty(id);
                self.join(id, ty, Some(id), |lower| {
                    lower.statements_from(block, 0, &mut |lower, value| lower.finish(Way::Falls, value))
                })
            }
            _ => unreachable!("only these are frames"),
        }
    }

    /// `for pat in iter`, the iterator computed.
    pub(super) fn for_loop(&mut self, id: ExprId, iter: Val) -> Lowered<Outcome> {
        let tree = self.cx.tree;
        let ExprKind::For { pat, iter: of, body, .. } = &tree.expr(id).kind else {
            unreachable!("only `for` comes here")
        };
        if !matches!(iter, Val::Range(_)) {
            return self.for_items(id, &iter);
        }
        let span = self.span(*of);
        let item_ty = self.item_ty(*of);
        let (cursor, state) = self.start(span, &iter);
        self.turns(id, state, |lower, state| {
            let more = lower.more(span, &cursor, state);
            let more = lower.known(more);
            lower.fork_flag(span, more, |lower, taken| {
                if !taken {
                    return lower.finish(Way::Leaves(crate::infer::Exit::Break(id)), Val::Nothing);
                }
                let (item, next) = lower.item(span, &cursor, state)?;
                lower.set_next(next);
                lower.bind(pat, item, item_ty);
                lower.then(*body, &mut |lower, _| lower.finish(Way::Falls, Val::Nothing))
            })
        })
    }

    /// A loop with a state of its own, first `state`. `turn` builds a turn, given the state; it says how the
    /// state goes on with `set_next`, and ends by falling (for another turn), or by a break.
    pub(super) fn turns(
        &mut self,
        id: ExprId,
        state: Vec<ValueId>,
        turn: impl FnMut(&mut Self, &[ValueId]) -> Lowered<Yields>,
    ) -> Lowered<Outcome> {
        self.turns_with(id, state, true, turn).map(|(outcome, _)| outcome)
    }

    /// `turns`, with the last state. A loop that is not in the text has no jumps out of it.
    pub(super) fn turns_with(
        &mut self,
        id: ExprId,
        state: Vec<ValueId>,
        is_text: bool,
        mut turn: impl FnMut(&mut Self, &[ValueId]) -> Lowered<Yields>,
    ) -> Lowered<(Outcome, Vec<ValueId>)> {
        let span = self.span(id);
        let value = self.frame_ty(id);
        let mut end = LoopEnd {
            at: id,
            state: Vec::new(),
            next: Vec::new(),
            changed: self.changes(id),
            value,
            carried_value: Vec::new(),
            out: if is_text { self.out(id) } else { super::ends::Out::default() },
            carried_out: Vec::new(),
        };
        let count = state.len();
        let mut inits = state;
        self.flatten_all(span, &end.changed, &mut inits);
        let at_value = inits.len();
        self.flatten(span, &Val::Nothing, value, &mut inits);
        let at_out = inits.len();
        inits.extend(self.no_exit(span, &end.out));
        if inits.is_empty() {
            // A loop carries something.
            inits.push(self.constant(span, Scalar::Bool(false)));
        }
        self.enter(span)?;
        self.b.span = span;
        let (open, carried) = self.b.begin_loop(&inits);
        let mark = self.mark();
        end.state = carried[..count].to_vec();
        end.next = end.state.clone();
        end.carried_value = carried[at_value..at_out].to_vec();
        // The dummy of a loop that carries nothing is handed on with this.
        end.carried_out = carried[at_out..].to_vec();
        self.rebuild_all(&end.changed.clone(), &mut carried[count..].iter().copied());
        self.ends.push(End::Loop(end));
        let yields = turn(self, &carried[..count])?;
        let Some(End::Loop(end)) = self.ends.pop() else { unreachable!("ends are popped where they were pushed") };
        self.rewind(mark);
        self.depth -= 1;
        self.b.span = span;
        let values = self.b.end_loop(open, yields[0], &yields[1..]);
        let last = values[..count].to_vec();
        Ok((self.outcome(id, &end, values), last))
    }

    /// How the innermost loop's own state goes on.
    pub(super) fn set_next(&mut self, next: Vec<ValueId>) {
        match self.ends.last_mut() {
            Some(End::Loop(end)) => end.next = next,
            _ => unreachable!("a turn begins in its loop"),
        }
    }

    /// What is known of a bool.
    pub(super) fn known(&self, value: ValueId) -> Flag {
        match self.b.value(value).def {
            filbert_ir::Def::Const(bits) => {
                if bits & 1 == 1 {
                    Flag::Always
                } else {
                    Flag::Never
                }
            }
            _ => Flag::If(value),
        }
    }

    /// The type of what a range or iterator gives.
    pub(super) fn item_ty(&self, iter: ExprId) -> Ty {
        let types = &self.cx.typed.types;
        match self.ty(iter) {
            Ty::Range(range) => types.range_of(range),
            Ty::Iter(iter) => types.item_of(iter),
            other => self.elem_ty(other),
        }
    }
}
