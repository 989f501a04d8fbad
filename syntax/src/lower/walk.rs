//! The loop that a chain of iterators becomes.
//!
//! ```text
//!   x.iter().filter(p).sum()      %k, %sum = loop (0, -0.0) {
//!                                   if lt %k, len {
//!                                     %v = load x, %k
//!                                     if p(%v) { yield true, %k + 1, %sum + %v } else { yield true, %k + 1, %sum }
//!                                   } else { yield false, %k, %sum } }
//! ```
//!
//! The state of the loop is that of its driver, the counts of the stages, and what the walk is for.

use filbert_ir::{Op, Scalar, Span, ValueId};

use super::ends::{End, Outcome, Way};
use super::flow::Yields;
use super::stream::{Driver, Stage, Stream};
use super::value::Val;
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind};
use crate::infer::Exit;
use crate::infer::types::BOOL;

/// A turn of the loop, at an item that has passed every stage.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// The loop.
    at: ExprId,
    /// The state of the driver and the counts behind this item.
    next: Vec<ValueId>,
    /// What the walk is for, before this item.
    pub(super) acc: Vec<ValueId>,
}

/// What is done with an item.
type Consume<'k, 'c, 'a, 't> = &'k mut dyn FnMut(&mut Lower<'c, 'a, 't>, Val, &Turn) -> Lowered<Yields>;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// Walks over items for the method `id`; `first` is what the walk is for, at the start. Gives it at the
    /// end.
    pub(super) fn walk(
        &mut self,
        id: ExprId,
        stream: Stream,
        first: Vec<ValueId>,
        consume: Consume<'_, 'c, 'a, 't>,
    ) -> Lowered<Vec<ValueId>> {
        let count = first.len();
        let (_, state) = self.items_loop(id, stream, first, false, consume)?;
        Ok(state[state.len() - count..].to_vec())
    }

    /// `for pat in iter`, the iterator computed.
    pub(super) fn for_items(&mut self, id: ExprId, iter: &Val) -> Lowered<Outcome> {
        let tree = self.cx.tree;
        let ExprKind::For { pat, iter: of, body, .. } = &tree.expr(id).kind else {
            unreachable!("only `for` comes here")
        };
        let span = self.span(*of);
        let ty = self.ty(*of);
        let item_ty = self.item_ty(*of);
        if let Val::Element(_) = iter {
            self.bound_dynamic(span, self.array_len(ty) as usize)?;
        }
        let stream = self.stream(span, iter, ty);
        if let Some(items) = self.unrolled(&stream).filter(|_| !self.leaves(*body) && !self.diverges(*body)) {
            for k in items {
                let k = self.u64(span, k);
                let item = self.item_at(span, &stream.node, k, None)?;
                self.bind(pat, item, item_ty);
                self.expr(*body)?;
            }
            return Ok(Outcome::plain(Val::unit(), span));
        }
        self.items_loop(id, stream, Vec::new(), true, &mut |lower, item, turn| {
            lower.set_next(turn.next.clone());
            lower.bind(pat, item, item_ty);
            lower.then(*body, &mut |lower, _| lower.finish(Way::Falls, Val::Nothing))
        })
        .map(|(outcome, _)| outcome)
    }

    /// Ends a turn with what the walk is for behind this item.
    pub(super) fn again(&mut self, turn: &Turn, acc: Vec<ValueId>) -> Lowered<Yields> {
        let mut next = turn.next.clone();
        next.extend(acc);
        self.set_next(next);
        self.finish(Way::Falls, Val::Nothing)
    }

    /// Ends the walk.
    pub(super) fn stop(&mut self, turn: &Turn, acc: Vec<ValueId>) -> Lowered<Yields> {
        let Some(End::Loop(end)) = self.ends.last_mut() else { unreachable!("a turn ends in its loop") };
        let kept = end.state.len() - acc.len();
        let state = end.state[..kept].iter().copied().chain(acc).collect();
        let before = std::mem::replace(&mut end.state, state);
        let yields = self.finish(Way::Leaves(Exit::Break(turn.at)), Val::Nothing)?;
        if let Some(End::Loop(end)) = self.ends.last_mut() {
            end.state = before;
        }
        Ok(yields)
    }

    fn items_loop(
        &mut self,
        id: ExprId,
        stream: Stream,
        first: Vec<ValueId>,
        is_text: bool,
        consume: Consume<'_, 'c, 'a, 't>,
    ) -> Lowered<(Outcome, Vec<ValueId>)> {
        let span = self.span(id);
        let Stream { driver, node, stages } = stream;
        let (cursor, mut state) = match &driver {
            Driver::Count(_) => (None, vec![self.u64(span, 0)]),
            Driver::Range(range) => {
                let (cursor, state) = self.start(span, &Val::Range(range.clone()));
                (Some(cursor), state)
            }
        };
        let driven = state.len();
        state.extend(self.counts(span, &stages));
        let counts = driven..state.len();
        state.extend(first);
        self.turns_with(id, state, is_text, |lower, state| {
            let (driver_state, counted) = (&state[..driven], &state[counts.clone()]);
            let mut more = match (&driver, &cursor) {
                (Driver::Count(count), _) => {
                    let count = lower.len_value(span, *count);
                    lower.op(span, Op::Lt, &[driver_state[0], count])
                }
                (_, Some(cursor)) => lower.more(span, cursor, driver_state),
                _ => unreachable!("a range has a cursor"),
            };
            for (stage, &count) in stages.iter().filter(|stage| stage.start().is_some()).zip(counted) {
                if let Some(test) = lower.wants_more(span, stage, count) {
                    more = lower.op(span, Op::And, &[more, test]);
                }
            }
            let more = lower.known(more);
            lower.fork_flag(span, more, |lower, taken| {
                let acc = state[counts.end..].to_vec();
                if !taken {
                    let turn = Turn { at: id, next: Vec::new(), acc };
                    return lower.stop(&turn, turn.acc.clone());
                }
                let (item, mut next) = match &cursor {
                    Some(cursor) => {
                        let (number, next) = lower.item(span, cursor, driver_state)?;
                        let Val::One(number) = number else { unreachable!("a range gives numbers") };
                        (lower.item_at(span, &node, number, Some(number))?, next)
                    }
                    None => {
                        let one = lower.u64(span, 1);
                        let next = lower.op(span, Op::WrappingAdd, &[driver_state[0], one]);
                        (lower.item_at(span, &node, driver_state[0], None)?, vec![next])
                    }
                };
                next.extend(counted);
                lower.pass(span, &stages, driven, item, Turn { at: id, next, acc }, consume)
            })
        })
    }

    /// What a stage asks for before the next item is computed.
    fn wants_more(&mut self, span: Span, stage: &Stage, count: ValueId) -> Option<ValueId> {
        match stage {
            Stage::Take(_) => {
                let zero = self.u64(span, 0);
                Some(self.op(span, Op::Ne, &[count, zero]))
            }
            Stage::Zip { count: len, left: true, .. } => {
                let len = self.len_value(span, *len);
                Some(self.op(span, Op::Lt, &[count, len]))
            }
            _ => None,
        }
    }

    /// Takes an item through the stages; the count of the first of them stands at `slot` of the state.
    fn pass(
        &mut self,
        span: Span,
        stages: &[Stage],
        slot: usize,
        item: Val,
        mut turn: Turn,
        consume: Consume<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let Some((stage, rest)) = stages.split_first() else { return consume(self, item, &turn) };
        let behind = slot + usize::from(stage.start().is_some());
        match stage {
            Stage::Map(closure) => {
                let item = self.apply(closure, vec![item])?;
                self.pass(span, rest, behind, item, turn, consume)
            }
            Stage::Copied(ty) => {
                let item = self.loaded(span, item, *ty)?;
                self.pass(span, rest, behind, item, turn, consume)
            }
            Stage::Filter(closure) | Stage::TakeWhile(closure) => {
                let test = self.apply(closure, vec![item.clone()])?;
                let test = self.one(span, &test, BOOL);
                let test = self.known(test);
                let ends = matches!(stage, Stage::TakeWhile(_));
                self.fork_flag(span, test, |lower, taken| match taken {
                    true => lower.pass(span, rest, behind, item.clone(), turn.clone(), &mut *consume),
                    false if ends => lower.stop(&turn, turn.acc.clone()),
                    false => lower.again(&turn, turn.acc.clone()),
                })
            }
            Stage::FilterMap(closure) => {
                let value = self.apply(closure, vec![item])?;
                let (some, inner) = value.option();
                self.fork_flag(span, some, |lower, taken| match taken {
                    true => lower.pass(span, rest, behind, inner.clone(), turn.clone(), &mut *consume),
                    false => lower.again(&turn, turn.acc.clone()),
                })
            }
            Stage::SkipWhile(closure) => self.skip_while(span, closure, (rest, slot), item, turn, consume),
            Stage::Skip(_) | Stage::StepBy(_) => {
                let count = turn.next[slot];
                let zero = self.u64(span, 0);
                let is_here = self.op(span, Op::Eq, &[count, zero]);
                self.fork(span, is_here, |lower, taken| {
                    let mut turn = turn.clone();
                    if !taken {
                        turn.next[slot] = lower.below(span, count, 1);
                        return lower.again(&turn, turn.acc.clone());
                    }
                    if let Stage::StepBy(step) = stage {
                        turn.next[slot] = lower.below(span, *step, 1);
                    }
                    lower.pass(span, rest, behind, item.clone(), turn, &mut *consume)
                })
            }
            Stage::Take(_) => {
                turn.next[slot] = self.below(span, turn.next[slot], 1);
                self.pass(span, rest, behind, item, turn, consume)
            }
            Stage::Enumerate => {
                let number = turn.next[slot];
                let one = self.u64(span, 1);
                turn.next[slot] = self.op(span, Op::WrappingAdd, &[number, one]);
                let item = Val::Many(vec![Val::One(number), item]);
                self.pass(span, rest, behind, item, turn, consume)
            }
            Stage::Zip { node, count, left } => {
                let k = turn.next[slot];
                let pair = |lower: &mut Self, mut turn: Turn, consume: Consume<'_, 'c, 'a, 't>| {
                    let other = lower.item_at(span, node, k, None)?;
                    let one = lower.u64(span, 1);
                    turn.next[slot] = lower.op(span, Op::WrappingAdd, &[k, one]);
                    let both = if *left { vec![other, item.clone()] } else { vec![item.clone(), other] };
                    lower.pass(span, rest, behind, Val::Many(both), turn, consume)
                };
                if *left {
                    return pair(self, turn, consume);
                }
                let count = self.len_value(span, *count);
                let some = self.op(span, Op::Lt, &[k, count]);
                self.fork(span, some, |lower, taken| match taken {
                    true => pair(lower, turn.clone(), &mut *consume),
                    false => lower.stop(&turn, turn.acc.clone()),
                })
            }
        }
    }

    /// `skip_while`: the count says whether an item has passed; from then on nothing is asked.
    fn skip_while(
        &mut self,
        span: Span,
        closure: &Val,
        (rest, slot): (&[Stage], usize),
        item: Val,
        turn: Turn,
        consume: Consume<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let begun = turn.next[slot];
        let passes = |lower: &mut Self, consume: Consume<'_, 'c, 'a, 't>| {
            let mut turn = turn.clone();
            turn.next[slot] = lower.constant(span, Scalar::Bool(true));
            lower.pass(span, rest, slot + 1, item.clone(), turn, consume)
        };
        if !self.closure_acts(closure) {
            let test = self.apply(closure, vec![item.clone()])?;
            let test = self.one(span, &test, BOOL);
            let not = self.op(span, Op::Not, &[test]);
            let here = self.op(span, Op::Or, &[begun, not]);
            return self.fork(span, here, |lower, taken| match taken {
                true => passes(lower, &mut *consume),
                false => lower.again(&turn, turn.acc.clone()),
            });
        }
        self.fork(span, begun, |lower, taken| {
            if taken {
                return passes(lower, &mut *consume);
            }
            let test = lower.apply(closure, vec![item.clone()])?;
            let test = lower.one(span, &test, BOOL);
            lower.fork(span, test, |lower, skips| match skips {
                true => lower.again(&turn, turn.acc.clone()),
                false => passes(lower, &mut *consume),
            })
        })
    }
}
