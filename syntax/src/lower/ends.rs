//! Where paths end: the results of the kernel, the next turn of a loop, a join of several paths; and what
//! they hand on there.

use filbert_ir::{Op, Scalar, Span, ValueId};

use super::flow::{Rest, Yields};
use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, LocalId};
use crate::infer::types::Ty;
use crate::infer::{Exit, Meaning};

/// How a path ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// At its end.
    Falls,
    Leaves(Exit),
    /// Nowhere: control does not come here.
    Dead,
}

/// What the regions being built hand on.
pub(super) enum End {
    /// The results of a kernel or constant.
    Kernel(Ty),
    /// The next values of a loop.
    Loop(LoopEnd),
    Join(Join),
}

pub(super) struct LoopEnd {
    pub(super) at: ExprId,
    /// What the loop itself carries, at the start of this turn, and for the next one.
    pub(super) state: Vec<ValueId>,
    pub(super) next: Vec<ValueId>,
    /// The variables that it changes.
    pub(super) changed: Vec<LocalId>,
    /// What else is carried: the value of `break`, then `out`.
    pub(super) value: Ty,
    pub(super) carried_value: Vec<ValueId>,
    pub(super) out: Out,
    pub(super) carried_out: Vec<ValueId>,
}

/// A place where several paths go on with the same rest.
pub(super) struct Join {
    /// Type of the value that they bring.
    pub(super) ty: Ty,
    /// The exits that lead here.
    pub(super) lands: Option<ExprId>,
    pub(super) changed: Vec<LocalId>,
    pub(super) out: Out,
}

/// The exits that lead farther out than the end of a region, and their values.
///
/// They are handed on as a number (for one exit a bool), 0 for none, and a value for each.
#[derive(Clone, Default)]
pub(super) struct Out {
    pub(super) exits: Vec<(Exit, Ty)>,
}

/// What came out of a join or a loop.
pub(super) struct Outcome {
    pub(super) value: Val,
    /// Where it was left for, and the values that go there.
    left: Option<(ValueId, Vec<(Exit, Val)>)>,
    span: Span,
    /// Whether it has an end that it is not left by.
    falls: bool,
}

impl Outcome {
    /// That of what nothing leaves.
    pub(super) fn plain(value: Val, span: Span) -> Outcome {
        Outcome { value, left: None, span, falls: true }
    }
}

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// Builds `paths`, all of which end at one place. `lands`: the expression whose exits lead there too.
    pub(super) fn join(
        &mut self,
        id: ExprId,
        ty: Ty,
        lands: Option<ExprId>,
        mut paths: impl FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Outcome> {
        let mut out = self.out(id);
        out.exits.retain(|(exit, _)| lands.is_none() || exit.frame() != lands);
        self.join_out(id, ty, lands, out, &mut paths)
    }

    /// A join inside a strict expression, whose operands may leave, but nothing in `paths` does.
    pub(super) fn join_inside(
        &mut self,
        id: ExprId,
        ty: Ty,
        mut paths: impl FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Outcome> {
        self.join_out(id, ty, None, Out::default(), &mut paths)
    }

    fn join_out(
        &mut self,
        id: ExprId,
        ty: Ty,
        lands: Option<ExprId>,
        out: Out,
        paths: &mut dyn FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Outcome> {
        let join = Join { ty, lands, changed: self.changes(id), out };
        self.join_with(join, self.span(id), !self.diverges(id), paths)
    }

    /// `falls`: whether some path comes to the join.
    pub(super) fn join_with(
        &mut self,
        join: Join,
        span: Span,
        falls: bool,
        paths: &mut dyn FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Outcome> {
        let (ty, changed, out) = (join.ty, join.changed.clone(), join.out.clone());
        self.ends.push(End::Join(join));
        let mark = self.mark();
        let yields = paths(self)?;
        self.rewind(mark);
        self.ends.pop();
        let mut yields = yields.into_iter();
        let value = self.build(ty, &mut yields);
        self.rebuild_all(&changed, &mut yields);
        let left = self.read_out(&out, &mut yields);
        Ok(Outcome { value, left, span, falls })
    }

    /// Gives variables their values from the next scalars.
    pub(super) fn rebuild_all(&mut self, changed: &[LocalId], from: &mut impl Iterator<Item = ValueId>) {
        for &local in changed {
            let value = self.build(self.local_ty(local), from);
            self.set(local, value);
        }
    }

    /// What came out of a loop, from its final values.
    pub(super) fn outcome(&mut self, id: ExprId, end: &LoopEnd, values: Vec<ValueId>) -> Outcome {
        let mut values = values.into_iter().skip(end.state.len());
        self.rebuild_all(&end.changed, &mut values);
        let value = self.build(end.value, &mut values);
        let left = self.read_out(&end.out, &mut values);
        Outcome { value, left, span: self.span(id), falls: !self.diverges(id) }
    }

    fn read_out(&self, out: &Out, from: &mut impl Iterator<Item = ValueId>) -> Option<(ValueId, Vec<(Exit, Val)>)> {
        if out.exits.is_empty() {
            return None;
        }
        let number = from.next()?;
        Some((number, out.exits.iter().map(|&(exit, ty)| (exit, self.build(ty, from))).collect()))
    }

    /// Goes on behind a join or a loop: to where it was left for, or to the rest.
    pub(super) fn go_on(&mut self, outcome: Outcome, rest: Rest<'_, 'c, 'a, 't>) -> Lowered<Yields> {
        self.go_on_or(outcome, rest, &mut |lower| lower.finish(Way::Dead, Val::Nothing))
    }

    /// `go_on`, where `next` is what `Exit::Next` leads to.
    pub(super) fn go_on_or(
        &mut self,
        outcome: Outcome,
        rest: Rest<'_, 'c, 'a, 't>,
        next: &mut dyn FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Yields> {
        let Outcome { value, left, span, falls } = outcome;
        let Some((number, exits)) = left else {
            return if falls { rest(self, value) } else { self.finish(Way::Dead, Val::Nothing) };
        };
        if !falls {
            return self.leave_by(span, number, &exits, 1, next);
        }
        if exits.len() == 1 {
            return self.fork(span, number, |lower, taken| match taken {
                true => lower.leave_by(span, number, &exits, 1, next),
                false => rest(lower, value.clone()),
            });
        }
        let zero = self.constant(span, Scalar::U8(0));
        let stays = self.op(span, Op::Eq, &[number, zero]);
        self.fork(span, stays, |lower, taken| match taken {
            true => rest(lower, value.clone()),
            false => lower.leave_by(span, number, &exits, 1, next),
        })
    }

    /// Leaves by the exit of this number among `exits`, the first of which is `first`.
    fn leave_by(
        &mut self,
        span: Span,
        number: ValueId,
        exits: &[(Exit, Val)],
        first: u8,
        next: &mut dyn FnMut(&mut Self) -> Lowered<Yields>,
    ) -> Lowered<Yields> {
        let Some(((exit, payload), others)) = exits.split_first() else {
            return self.finish(Way::Dead, Val::Nothing);
        };
        let leave = |lower: &mut Self, next: &mut dyn FnMut(&mut Self) -> Lowered<Yields>| match exit {
            Exit::Next(_) => next(lower),
            exit => lower.finish(Way::Leaves(*exit), payload.clone()),
        };
        if others.is_empty() {
            return leave(self, next);
        }
        let this = self.constant(span, Scalar::U8(first));
        let is_this = self.op(span, Op::Eq, &[number, this]);
        self.fork(span, is_this, |lower, taken| match taken {
            true => leave(lower, next),
            false => lower.leave_by(span, number, others, first + 1, next),
        })
    }

    /// The value of what has one, where nothing is left for.
    pub(super) fn settled(&self, outcome: Outcome) -> Val {
        debug_assert!(outcome.left.is_none(), "what leaves is built with its rest");
        outcome.value
    }

    /// Ends a path: the scalars that the region around it hands on.
    pub(super) fn finish(&mut self, way: Way, value: Val) -> Lowered<Yields> {
        let span = self.b.span;
        let mut yields = Vec::new();
        // Taken out while it is read; nothing in between can end a path.
        let Some(end) = self.ends.pop() else { unreachable!("a path ends inside something") };
        match &end {
            End::Kernel(ty) => self.flatten(span, &value, *ty, &mut yields),
            End::Join(join) => {
                let lands = match way {
                    Way::Leaves(exit) => join.lands.is_some() && exit.frame() == join.lands,
                    Way::Falls | Way::Dead => true,
                };
                let here = if lands { &value } else { &Val::Nothing };
                self.flatten(span, here, join.ty, &mut yields);
                self.flatten_all(span, &join.changed, &mut yields);
                self.write_out(span, &join.out, way, lands, &value, &mut yields);
            }
            End::Loop(end) => self.finish_turn(span, end, way, &value, &mut yields),
        }
        self.ends.push(end);
        if yields.is_empty() {
            // A region must hand on something.
            yields.push(self.constant(span, Scalar::Bool(false)));
        }
        Ok(yields)
    }

    fn finish_turn(&mut self, span: Span, end: &LoopEnd, way: Way, value: &Val, yields: &mut Yields) {
        let (goes_on, breaks) = match way {
            Way::Falls => (true, false),
            Way::Leaves(Exit::Continue(at)) if at == end.at => (true, false),
            Way::Leaves(Exit::Break(at)) if at == end.at => (false, true),
            Way::Leaves(_) | Way::Dead => (false, false),
        };
        yields.push(self.constant(span, Scalar::Bool(goes_on)));
        yields.extend(if goes_on { &end.next } else { &end.state });
        self.flatten_all(span, &end.changed, yields);
        match breaks {
            true => self.flatten(span, value, end.value, yields),
            false => yields.extend(&end.carried_value),
        }
        match way {
            Way::Leaves(_) if !goes_on && !breaks => self.write_out(span, &end.out, way, false, value, yields),
            _ => yields.extend(&end.carried_out),
        }
    }

    pub(super) fn flatten_all(&mut self, span: Span, locals: &[LocalId], into: &mut Yields) {
        for &local in locals {
            let value = self.get(local);
            self.flatten(span, &value, self.local_ty(local), into);
        }
    }

    fn write_out(&mut self, span: Span, out: &Out, way: Way, lands: bool, value: &Val, into: &mut Yields) {
        if out.exits.is_empty() {
            return;
        }
        let taken = match way {
            Way::Leaves(exit) if !lands => out.exits.iter().position(|(other, _)| *other == exit),
            _ => None,
        };
        let number = match (out.exits.len(), taken) {
            (1, taken) => Scalar::Bool(taken.is_some()),
            (_, None) => Scalar::U8(0),
            (_, Some(index)) => Scalar::U8(index as u8 + 1),
        };
        into.push(self.constant(span, number));
        for (index, &(_, ty)) in out.exits.iter().enumerate() {
            let value = if taken == Some(index) { value } else { &Val::Nothing };
            self.flatten(span, value, ty, into);
        }
    }

    /// The scalars of `Out` for no exit.
    pub(super) fn no_exit(&mut self, span: Span, out: &Out) -> Vec<ValueId> {
        let mut into = Vec::new();
        self.write_out(span, out, Way::Dead, true, &Val::Nothing, &mut into);
        into
    }

    /// The exits of an expression that lead out of it.
    pub(super) fn out(&self, id: ExprId) -> Out {
        let exits = self.cx.typed.exits.get(&id.0).map_or(&[][..], Vec::as_slice);
        Out { exits: exits.iter().map(|&exit| (exit, self.exit_ty(exit))).collect() }
    }

    /// The type of the value that goes with an exit.
    fn exit_ty(&self, exit: Exit) -> Ty {
        match exit {
            Exit::Kernel => self.result,
            Exit::Continue(_) | Exit::Next(_) => Ty::Never,
            Exit::Break(at) | Exit::Closure(at) => self.frame_ty(at),
        }
    }

    /// The type of the value that `break` takes out of a loop or block, or `return` out of a closure.
    pub(super) fn frame_ty(&self, at: ExprId) -> Ty {
        self.cx.typed.frames.get(&at.0).copied().unwrap_or(Ty::Never)
    }

    pub(super) fn exit(&self, id: ExprId) -> Exit {
        match self.meaning(id) {
            Meaning::Exit(exit) => exit,
            _ => unreachable!("inference knows where every jump leads"),
        }
    }

    pub(super) fn leaves(&self, id: ExprId) -> bool {
        self.cx.typed.exits.contains_key(&id.0)
    }

    pub(super) fn diverges(&self, id: ExprId) -> bool {
        self.cx.typed.diverges[id.0 as usize]
    }

    /// The variables from outside that an expression changes.
    pub(super) fn changes(&self, id: ExprId) -> Vec<LocalId> {
        self.cx.typed.changes.get(&id.0).cloned().unwrap_or_default()
    }
}
