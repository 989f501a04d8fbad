//! Patterns: whether a value matches, and what its names stand for; `match`.
//!
//! Matching computes nothing that can fail, so a test looks at every part of a value, also at what a `None`
//! holds, and needs no branch.

use filbert_ir::{Op, Scalar, Span, ValueId};

use super::ends::{Join, Way};
use super::flow::{LEVELS_MAX, Rest, Yields};
use super::value::{Flag, Val};
use super::{Lower, Lowered};
use crate::ast::{Arm, ExprId, ExprKind, LocalId, Pat, spread};
use crate::consts::ConstVal;
use crate::infer::Exit;
use crate::infer::Meaning;
use crate::infer::types::Ty;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// Whether a value matches.
    pub(super) fn test(&mut self, span: Span, pat: &'a Pat<'t>, value: &Val, ty: Ty) -> Flag {
        match pat {
            Pat::Wild | Pat::Rest | Pat::Error => Flag::Always,
            Pat::Bind { local, sub, .. } => match self.cx.typed.const_patterns.get(local) {
                Some(&meaning) => self.equals(span, self.meaning_scalar(meaning), value, ty),
                None => sub.as_ref().map_or(Flag::Always, |sub| self.test(span, sub, value, ty)),
            },
            Pat::Value(id) => self.equals(span, self.pattern_scalar(*id), value, ty),
            Pat::Range { start, end, inclusive, .. } => {
                let value = self.one(span, value, ty);
                let mut all = Flag::Always;
                if let Some(start) = start {
                    all = self.compare(span, all, Op::Ge, value, *start);
                }
                if let Some(end) = end {
                    all = self.compare(span, all, if *inclusive { Op::Le } else { Op::Lt }, value, *end);
                }
                all
            }
            Pat::Or(pats, _) => pats.iter().fold(Flag::Never, |any, pat| {
                let test = self.test(span, pat, value, ty);
                self.either(span, any, test)
            }),
            Pat::Tuple(pats, _) | Pat::Array(pats, _) => {
                let tys = self.element_tys(ty);
                let parts = self.parts_of(span, value, ty, tys.len());
                let parts = spread(pats, tys.len()).into_iter().zip(parts).zip(tys);
                parts.fold(Flag::Always, |all, ((pat, part), ty)| {
                    let test = self.test(span, pat, &part, ty);
                    self.both(span, all, test)
                })
            }
            Pat::Some(sub, _) => {
                let (some, inner) = value.option();
                let ty = self.inner_ty(ty);
                let test = self.test(span, sub, &inner, ty);
                self.both(span, some, test)
            }
            Pat::None(_) => self.negated(span, value.option().0),
            Pat::Ref(sub, _) => self.test(span, sub, value, ty),
            Pat::Struct { fields, .. } => {
                let parts: Vec<(usize, &'a Pat<'t>)> = self.struct_parts(ty, fields);
                let tys = self.element_tys(ty);
                let values = value.parts(tys.len());
                parts.into_iter().fold(Flag::Always, |all, (index, pat)| {
                    let test = self.test(span, pat, &values[index], tys[index]);
                    self.both(span, all, test)
                })
            }
        }
    }

    /// Gives the names of a pattern their values, whether it matches or not.
    pub(super) fn bind(&mut self, pat: &'a Pat<'t>, value: Val, ty: Ty) {
        match pat {
            Pat::Bind { local, sub, .. } => {
                if self.cx.typed.const_patterns.contains_key(local) {
                    return;
                }
                if let Some(sub) = sub {
                    self.bind(sub, value.clone(), ty);
                }
                self.set(*local, value);
            }
            Pat::Tuple(pats, _) | Pat::Array(pats, _) => {
                let tys = self.element_tys(ty);
                // A value that there is not may have no type either.
                let count = if tys.is_empty() { pats.len() } else { tys.len() };
                let parts = self.parts_of(self.b.span, &value, ty, count);
                for (index, (pat, part)) in spread(pats, count).into_iter().zip(parts).enumerate() {
                    self.bind(pat, part, tys.get(index).copied().unwrap_or(Ty::Never));
                }
            }
            Pat::Some(sub, _) => {
                let ty = self.inner_ty(ty);
                self.bind(sub, value.option().1, ty);
            }
            Pat::Ref(sub, _) => self.bind(sub, value, ty),
            Pat::Or(pats, span) => self.bind_alternatives(*span, pats, value, ty),
            Pat::Struct { fields, .. } => {
                let tys = self.element_tys(ty);
                let values = value.parts(tys.len());
                for (index, pat) in self.struct_parts(ty, fields) {
                    self.bind(pat, values[index].clone(), tys[index]);
                }
            }
            Pat::Wild | Pat::Rest | Pat::Error | Pat::Value(_) | Pat::Range { .. } | Pat::None(_) => {}
        }
    }

    /// Names that each alternative binds get the value of the first one that matches.
    fn bind_alternatives(&mut self, span: Span, pats: &'a [Pat<'t>], value: Val, ty: Ty) {
        let first = pats.first().map_or(Vec::new(), Pat::bound);
        let mut names: Vec<LocalId> = first.into_iter().map(|(_, local)| local).collect();
        names.retain(|local| !self.cx.typed.const_patterns.contains_key(local));
        if names.is_empty() {
            return;
        }
        let Some((last, others)) = pats.split_last() else { return };
        self.bind(last, value.clone(), ty);
        for pat in others.iter().rev() {
            let later: Vec<Val> = names.iter().map(|&local| self.get(local)).collect();
            let test = self.test(span, pat, &value, ty);
            self.bind(pat, value.clone(), ty);
            for (&local, later) in names.iter().zip(later) {
                let first = self.get(local);
                let ty = self.local_ty(local);
                let chosen = self.select(span, test, &first, &later, ty);
                self.set(local, chosen);
            }
        }
    }

    /// One of two values, both of which are there.
    pub(super) fn select(&mut self, span: Span, flag: Flag, then: &Val, otherwise: &Val, ty: Ty) -> Val {
        let cond = match flag {
            Flag::Always => return then.clone(),
            Flag::Never => return otherwise.clone(),
            Flag::If(cond) => cond,
        };
        match (then, otherwise) {
            (Val::Nothing, other) | (other, Val::Nothing) => return other.clone(),
            (Val::One(a), Val::One(b)) if a == b => return then.clone(),
            (Val::Opt { some: a, value: x }, Val::Opt { some: b, value: y }) => {
                let inner = self.inner_ty(ty);
                let value = Box::new(self.select(span, flag, x, y, inner));
                return Val::Opt { some: self.select_flag(span, cond, *a, *b), value };
            }
            _ => {}
        }
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        self.flatten(span, then, ty, &mut xs);
        self.flatten(span, otherwise, ty, &mut ys);
        let mut chosen = Vec::new();
        for (x, y) in xs.into_iter().zip(ys) {
            chosen.push(if x == y { x } else { self.op(span, Op::Select, &[cond, x, y]) });
        }
        self.build(ty, &mut chosen.into_iter())
    }

    fn select_flag(&mut self, span: Span, cond: ValueId, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            _ if a == b => a,
            // The flag itself is known on each side of it.
            (Flag::If(a), other) if a == cond => self.either(span, Flag::If(cond), other),
            (other, Flag::If(b)) if b == cond => self.both(span, Flag::If(cond), other),
            (Flag::Always, other) => self.either(span, Flag::If(cond), other),
            (Flag::Never, other) => {
                let not = self.negated(span, Flag::If(cond));
                self.both(span, not, other)
            }
            (other, Flag::Never) => self.both(span, Flag::If(cond), other),
            (other, Flag::Always) => {
                let not = self.negated(span, Flag::If(cond));
                self.either(span, not, other)
            }
            (Flag::If(a), Flag::If(b)) => Flag::If(self.op(span, Op::Select, &[cond, a, b])),
        }
    }

    /// The arms of a `match` on a value: each is the other branch of the one before.
    pub(super) fn match_then(
        &mut self,
        id: ExprId,
        arms: &'a [Arm<'t>],
        value: Val,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let falling = arms.iter().filter(|arm| !self.diverges(arm.body)).count();
        let has_leaving_guard = arms.iter().any(|arm| arm.guard.is_some_and(|guard| self.leaves(guard)));
        if falling > 1 || has_leaving_guard || arms.len() > LEVELS_MAX {
            let ty = self.ty(id);
            let outcome = self.join(id, ty, None, |lower| lower.ladder(id, arms, &value))?;
            return self.go_on(outcome, rest);
        }
        self.arms(id, arms, true, &value, rest)
    }

    /// Arms that all end in the join around them, a long row of them in parts.
    pub(super) fn ladder(&mut self, id: ExprId, arms: &'a [Arm<'t>], value: &Val) -> Lowered<Yields> {
        let falls: Rest<'_, 'c, 'a, 't> = &mut |lower, value| lower.finish(Way::Falls, value);
        if arms.len() <= LEVELS_MAX {
            return self.arms(id, arms, true, value, falls);
        }
        let (first, later) = arms.split_at(LEVELS_MAX);
        let mut out = self.out(id);
        out.exits.push((Exit::Next(id), Ty::Never));
        let join = Join { ty: self.ty(id), lands: None, changed: self.changes(id), out };
        let outcome = self.join_with(join, self.span(id), true, &mut |lower| {
            lower.arms(id, first, false, value, &mut |lower, value| lower.finish(Way::Falls, value))
        })?;
        self.go_on_or(outcome, falls, &mut |lower| lower.ladder(id, later, value))
    }

    /// Arms one inside the other; `all` if nothing comes behind the last one.
    fn arms(
        &mut self,
        id: ExprId,
        arms: &'a [Arm<'t>],
        all: bool,
        value: &Val,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let Some((arm, others)) = arms.split_first() else {
            let way = if all { Way::Dead } else { Way::Leaves(Exit::Next(id)) };
            return self.finish(way, Val::Nothing);
        };
        let ExprKind::Match { scrutinee, .. } = &self.cx.tree.expr(id).kind else {
            unreachable!("arms belong to a match")
        };
        let ty = self.ty(*scrutinee);
        let span = arm.pat_span;
        // Every value matches one of the arms, so the last one needs no test.
        let test = match (others.is_empty() && all, arm.guard) {
            (true, None) => Flag::Always,
            _ => self.test(span, &arm.pat, value, ty),
        };
        if test == Flag::Never {
            return self.arms(id, others, all, value, rest);
        }
        self.bind(&arm.pat, value.clone(), ty);
        let Some(guard) = arm.guard else {
            return self.fork_flag(span, test, |lower, taken| match taken {
                true => lower.then(arm.body, &mut *rest),
                false => lower.arms(id, others, all, value, &mut *rest),
            });
        };
        self.guard(span, test, guard, &mut |lower, cond| {
            lower.fork_flag(span, cond, |lower, taken| match taken {
                true => lower.then(arm.body, &mut *rest),
                false => lower.arms(id, others, all, value, &mut *rest),
            })
        })
    }

    /// Whether a test holds and then a guard.
    fn guard(
        &mut self,
        span: Span,
        test: Flag,
        guard: ExprId,
        rest: &mut dyn FnMut(&mut Self, Flag) -> Lowered<Yields>,
    ) -> Lowered<Yields> {
        if self.leaves(guard) {
            // Only where the pattern matches may the guard leave.
            let (ty, changed) = (crate::infer::types::BOOL, self.changes(guard));
            let join = Join { ty, lands: None, changed, out: self.out(guard) };
            // Where the pattern does not match, it falls, whatever the guard does.
            let outcome = self.join_with(join, span, true, &mut |lower| {
                lower.fork_flag(span, test, |lower, taken| match taken {
                    true => lower.then(guard, &mut |lower, value| lower.finish(Way::Falls, value)),
                    false => {
                        let value = lower.constant(span, Scalar::Bool(false));
                        lower.finish(Way::Falls, Val::One(value))
                    }
                })
            })?;
            let is_reached = !self.diverges(guard);
            return self.go_on(outcome, &mut |lower, value| {
                let value = lower.one(span, &value, crate::infer::types::BOOL);
                rest(lower, if is_reached { Flag::If(value) } else { Flag::Never })
            });
        }
        let is_free = !self.cx.can_fault(guard) && self.changes(guard).is_empty();
        let holds = match test {
            Flag::If(test) if !is_free => {
                let outcome = self.join(guard, crate::infer::types::BOOL, None, |lower| {
                    lower.fork(span, test, |lower, taken| {
                        let value = match taken {
                            true => lower.expr(guard)?,
                            false => Val::One(lower.constant(span, Scalar::Bool(false))),
                        };
                        lower.finish(Way::Falls, value)
                    })
                })?;
                let value = self.settled(outcome);
                Flag::If(self.one(span, &value, crate::infer::types::BOOL))
            }
            test => {
                let value = self.scalar(guard)?;
                let value = self.known(value);
                self.both(span, test, value)
            }
        };
        // A guard that fails whatever happens lets nothing through.
        rest(self, if self.diverges(guard) { Flag::Never } else { holds })
    }

    fn equals(&mut self, span: Span, scalar: Scalar, value: &Val, ty: Ty) -> Flag {
        let value = self.one(span, value, ty);
        match scalar {
            Scalar::Bool(true) => Flag::If(value),
            Scalar::Bool(false) => self.negated(span, Flag::If(value)),
            scalar => {
                let scalar = self.constant(span, scalar);
                Flag::If(self.op(span, Op::Eq, &[value, scalar]))
            }
        }
    }

    fn compare(&mut self, span: Span, all: Flag, op: Op, value: ValueId, end: ExprId) -> Flag {
        let end = self.pattern_scalar(end);
        let end = self.constant(span, end);
        let test = self.op(span, op, &[value, end]);
        self.both(span, all, Flag::If(test))
    }

    /// The constant that a pattern compares with.
    fn pattern_scalar(&self, id: ExprId) -> Scalar {
        match &self.cx.tree.expr(id).kind {
            ExprKind::Bool(value) => Scalar::Bool(*value),
            ExprKind::Path(_) => self.meaning_scalar(self.meaning(id)),
            ExprKind::Unary { arg, .. } => {
                let scalar = self.pattern_scalar(*arg);
                Scalar::from_bits(scalar.ty(), scalar.bits().wrapping_neg() & scalar.ty().mask())
            }
            _ => self.cx.literal(id),
        }
    }

    fn meaning_scalar(&self, meaning: Meaning) -> Scalar {
        match meaning {
            Meaning::Scalar(scalar) => scalar,
            Meaning::Const(id) => match self.cx.consts[id.0 as usize] {
                Some(ConstVal::One(scalar)) => scalar,
                _ => unreachable!("constants are computed before their users, and patterns are scalars"),
            },
            _ => unreachable!("inference lets patterns compare with constants only"),
        }
    }

    pub(super) fn both(&mut self, span: Span, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            (Flag::Never, _) | (_, Flag::Never) => Flag::Never,
            (Flag::Always, other) | (other, Flag::Always) => other,
            (Flag::If(a), Flag::If(b)) => Flag::If(self.op(span, Op::And, &[a, b])),
        }
    }

    pub(super) fn either(&mut self, span: Span, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            (Flag::Always, _) | (_, Flag::Always) => Flag::Always,
            (Flag::Never, other) | (other, Flag::Never) => other,
            (Flag::If(a), Flag::If(b)) => Flag::If(self.op(span, Op::Or, &[a, b])),
        }
    }

    pub(super) fn negated(&mut self, span: Span, flag: Flag) -> Flag {
        match flag {
            Flag::Always => Flag::Never,
            Flag::Never => Flag::Always,
            Flag::If(value) => Flag::If(self.op(span, Op::Not, &[value])),
        }
    }

    /// The parts of a tuple, struct or array of `count` parts.
    fn parts_of(&mut self, span: Span, value: &Val, ty: Ty, count: usize) -> Vec<Val> {
        match self.cx.typed.types.peel(ty) {
            array @ Ty::Array(_) => self.elements(span, value, array),
            _ => value.parts(count),
        }
    }

    /// The types of the parts of a tuple, struct or array.
    pub(super) fn element_tys(&self, ty: Ty) -> Vec<Ty> {
        let types = &self.cx.typed.types;
        match types.peel(ty) {
            Ty::Tuple(tuple) => types.elems(tuple).to_vec(),
            Ty::Struct(of) => types.fields(of).to_vec(),
            Ty::Array(array) => {
                let (elem, len) = types.array_of(array);
                vec![elem; len as usize]
            }
            _ => Vec::new(),
        }
    }

    /// What an option holds.
    pub(super) fn inner_ty(&self, ty: Ty) -> Ty {
        let types = &self.cx.typed.types;
        match types.peel(ty) {
            Ty::Option(option) => types.inner(option),
            _ => Ty::Never,
        }
    }
}
