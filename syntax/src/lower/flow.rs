//! Branches, and jumps that lead out of them.
//!
//! The IR has no jumps: a region ends where its owner says. So whatever follows a jump is moved: what
//! comes behind `if c { return x }` becomes the other branch. While it is built, lowering passes on *the
//! rest*, what is to be done with the value of an expression, and what comes back are the scalars that the
//! region around it hands on:
//!
//! ```text
//!   if c { return 1.0 }           %r = if %c { yield 1.0 } else {
//!   let y = x / 2.0;      =>        %y = div %x, 2.0
//!   y * y                           %v = mul %y, %y
//!                                   yield %v }
//! ```
//!
//! What a region hands on is said by the innermost *end*: the results of the kernel, the next values of a
//! loop, or the values of a *join*, where several paths go on with the same rest. Of a join, paths that
//! leave come out too, with a number that says where to.

use filbert_ir::limits::NESTING_MAX;
use filbert_ir::{Scalar, Span, Type, ValueId};

use super::ends::{Join, Out, Way};
use super::value::{Flag, Val};
use super::{Lower, Lowered, TooLarge};
use crate::ast::{Block, ExprId, ExprKind, LocalId, Logic, Stmt};
use crate::infer::Exit;
use crate::infer::types::{BOOL, Ty, Types};

/// Statements that may leave, and arms of a `match`, that are built one inside the other before a join.
pub(super) const LEVELS_MAX: usize = 16;

/// The scalars that a region hands on.
pub(super) type Yields = Vec<ValueId>;

/// What is to be done with the value of an expression. It is called once, or not at all where control does
/// not come back.
pub(super) type Rest<'k, 'c, 'a, 't> = &'k mut dyn FnMut(&mut Lower<'c, 'a, 't>, Val) -> Lowered<Yields>;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// The value of an expression goes to the rest; what it leaves for ends the path.
    pub(super) fn then(&mut self, id: ExprId, rest: Rest<'_, 'c, 'a, 't>) -> Lowered<Yields> {
        if !self.leaves(id) {
            let value = self.expr(id)?;
            return if self.diverges(id) { self.finish(Way::Dead, Val::Nothing) } else { rest(self, value) };
        }
        let tree = self.cx.tree;
        match &tree.expr(id).kind {
            ExprKind::Return { value } | ExprKind::Break { value, .. } => {
                let exit = self.exit(id);
                match value {
                    Some(value) => self.then(*value, &mut |lower, value| lower.finish(Way::Leaves(exit), value)),
                    None => self.finish(Way::Leaves(exit), Val::unit()),
                }
            }
            ExprKind::Continue { .. } => {
                let exit = self.exit(id);
                self.finish(Way::Leaves(exit), Val::unit())
            }
            ExprKind::Block(block) if block.label.is_none() => self.statements_from(block, 0, rest),
            ExprKind::If { cond, then, otherwise } => self.then(*cond, &mut |lower, cond| {
                let branch = |taken: bool| if taken { Some(*then) } else { *otherwise };
                lower.choose(id, &cond, branch, rest)
            }),
            ExprKind::Logic { logic, left, right } => self.then(*left, &mut |lower, left| {
                let goes_right = *logic == Logic::And;
                let outcome = lower.join(id, BOOL, None, |lower| {
                    let span = lower.span(id);
                    let cond = lower.one(span, &left, BOOL);
                    lower.fork(span, cond, |lower, taken| match taken == goes_right {
                        true => lower.then(*right, &mut |lower, value| lower.finish(Way::Falls, value)),
                        false => {
                            let value = lower.constant(span, Scalar::Bool(taken));
                            lower.finish(Way::Falls, Val::One(value))
                        }
                    })
                })?;
                lower.go_on(outcome, rest)
            }),
            ExprKind::Try(of) => self.then(*of, &mut |lower, value| lower.question(id, &value, rest)),
            ExprKind::Match { scrutinee, arms } => {
                self.then(*scrutinee, &mut |lower, value| lower.match_then(id, arms, value, rest))
            }
            ExprKind::While { .. } | ExprKind::Loop { .. } | ExprKind::Block(_) => {
                let outcome = self.framed(id)?;
                self.go_on(outcome, rest)
            }
            ExprKind::For { iter, .. } => self.then(*iter, &mut |lower, iter| {
                let outcome = lower.for_loop(id, iter)?;
                lower.go_on(outcome, rest)
            }),
            _ => {
                let operands = self.operands(id);
                self.operands_then(id, &operands, Vec::new(), rest)
            }
        }
    }

    /// The operands of a strict expression one after the other, then its value.
    fn operands_then(
        &mut self,
        id: ExprId,
        operands: &[ExprId],
        done: Vec<Val>,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let Some((&first, others)) = operands.split_first() else {
            let value = self.combine(id, done)?;
            return rest(self, value);
        };
        self.then(first, &mut |lower, value| {
            let mut done = done.clone();
            done.push(value);
            lower.operands_then(id, others, done, rest)
        })
    }

    /// The statements of a block from number `from` on, and its value. What follows a statement that may
    /// leave is one level deeper, so a long block is built in parts that end in a join.
    pub(super) fn statements_from(
        &mut self,
        block: &'a Block<'t>,
        from: usize,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let leaving = |index: &usize| block.stmts[*index].expr().is_some_and(|expr| self.leaves(expr));
        let Some(last) = (from..block.stmts.len()).filter(leaving).nth(LEVELS_MAX) else {
            return self.statements(block, from, block.stmts.len(), rest);
        };
        let part = &block.stmts[from..last];
        let changed = self.part_changes(part);
        let types = &self.cx.typed.types;
        if !changed.iter().all(|&local| types.can_cross(self.local_ty(local))) {
            return self.statements(block, from, block.stmts.len(), rest);
        }
        let mut out = Out::default();
        for expr in part.iter().filter_map(Stmt::expr) {
            let more = self.out(expr).exits.into_iter();
            let new: Vec<(Exit, Ty)> =
                more.filter(|(exit, _)| !out.exits.iter().any(|(other, _)| other == exit)).collect();
            out.exits.extend(new);
        }
        let falls = !part.iter().filter_map(Stmt::expr).any(|expr| self.diverges(expr));
        let span = part.iter().find_map(Stmt::expr).map_or(self.b.span, |expr| self.span(expr));
        let join = Join { ty: Types::unit(), lands: None, changed, out };
        let outcome = self.join_with(join, span, falls, &mut |lower| {
            lower.statements(block, from, last, &mut |lower, value| lower.finish(Way::Falls, value))
        })?;
        self.go_on(outcome, &mut |lower, _| lower.statements_from(block, last, rest))
    }

    /// The variables that statements change, and those that they declare.
    fn part_changes(&self, part: &'a [Stmt<'t>]) -> Vec<LocalId> {
        let mut changed: Vec<LocalId> = part.iter().filter_map(Stmt::expr).flat_map(|e| self.changes(e)).collect();
        for stmt in part {
            if let Stmt::Let { pat, .. } = stmt {
                changed.extend(pat.bound().into_iter().map(|(_, local)| local));
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// The statements of a block from number `from` to `to`, and its value if that is all.
    fn statements(
        &mut self,
        block: &'a Block<'t>,
        from: usize,
        to: usize,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        for (index, stmt) in block.stmts.iter().enumerate().take(to).skip(from) {
            let next = index + 1;
            match stmt {
                Stmt::Let { pat, init: Some(init), otherwise: Some(otherwise), .. } => {
                    return self.then(*init, &mut |lower, value| {
                        let span = lower.span(*init);
                        let ty = lower.ty(*init);
                        let test = lower.test(span, pat, &value, ty);
                        lower.bind(pat, value, ty);
                        lower.fork_flag(span, test, |lower, taken| match taken {
                            true => lower.statements(block, next, to, rest),
                            false => lower.then(*otherwise, &mut |lower, _| lower.finish(Way::Dead, Val::Nothing)),
                        })
                    });
                }
                Stmt::Let { pat, init: Some(init), .. } => {
                    if self.leaves(*init) || self.diverges(*init) {
                        return self.then(*init, &mut |lower, value| {
                            let ty = lower.ty(*init);
                            lower.bind(pat, value, ty);
                            lower.statements(block, next, to, rest)
                        });
                    }
                    let value = self.expr(*init)?;
                    let ty = self.ty(*init);
                    self.bind(pat, value, ty);
                }
                Stmt::Let { pat, init: None, .. } => self.bind(pat, Val::Nothing, Ty::Never),
                Stmt::Expr { expr, .. } => {
                    if self.leaves(*expr) || self.diverges(*expr) {
                        return self.then(*expr, &mut |lower, _| lower.statements(block, next, to, rest));
                    }
                    self.expr(*expr)?;
                }
            }
        }
        match block.tail {
            Some(tail) if to == block.stmts.len() => self.then(tail, rest),
            _ => rest(self, Val::unit()),
        }
    }

    /// An `if` of which a branch may leave. Where only one branch comes to the rest, the rest is built in it.
    fn choose(
        &mut self,
        id: ExprId,
        cond: &Val,
        branch: impl Fn(bool) -> Option<ExprId>,
        rest: Rest<'_, 'c, 'a, 't>,
    ) -> Lowered<Yields> {
        let span = self.span(id);
        let cond = self.one(span, cond, BOOL);
        let falls = |lower: &Self, taken: bool| branch(taken).is_none_or(|branch| !lower.diverges(branch));
        if falls(self, true) && falls(self, false) {
            let ty = self.ty(id);
            let outcome = self.join(id, ty, None, |lower| {
                lower.fork(span, cond, |lower, taken| match branch(taken) {
                    Some(branch) => lower.then(branch, &mut |lower, value| lower.finish(Way::Falls, value)),
                    None => lower.finish(Way::Falls, Val::unit()),
                })
            })?;
            return self.go_on(outcome, rest);
        }
        self.fork(span, cond, |lower, taken| match branch(taken) {
            Some(branch) => lower.then(branch, &mut *rest),
            None => rest(lower, Val::unit()),
        })
    }

    /// An `if`, each branch with its own path. What one does to the variables the other does not see.
    pub(super) fn fork(
        &mut self,
        span: Span,
        cond: ValueId,
        mut branch: impl FnMut(&mut Self, bool) -> Lowered<Yields>,
    ) -> Lowered<Yields> {
        self.enter(span)?;
        self.b.span = span;
        let open = self.b.begin_if(cond);
        let mark = self.mark();
        let yields = branch(self, true)?;
        self.rewind(mark);
        let open = self.b.begin_else(open, &yields);
        let yields = branch(self, false)?;
        self.rewind(mark);
        self.b.span = span;
        self.depth -= 1;
        Ok(self.b.end_if(open, &yields))
    }

    /// `fork` on a condition that may be known: then there is no `if`.
    pub(super) fn fork_flag(
        &mut self,
        span: Span,
        cond: Flag,
        mut branch: impl FnMut(&mut Self, bool) -> Lowered<Yields>,
    ) -> Lowered<Yields> {
        match cond {
            Flag::Always => branch(self, true),
            Flag::Never => branch(self, false),
            Flag::If(cond) => self.fork(span, cond, branch),
        }
    }

    /// Counts a level of regions; the verifier would refuse more, and recursion must end.
    pub(super) fn enter(&mut self, span: Span) -> Lowered<()> {
        self.depth += 1;
        if self.depth > NESTING_MAX { Err(TooLarge::Nesting(span)) } else { Ok(()) }
    }

    /// A value that is one scalar.
    pub(super) fn one(&mut self, span: Span, value: &Val, ty: Ty) -> ValueId {
        match value {
            Val::One(id) => *id,
            // A reference that is read where a number is needed. What cannot be read was refused before.
            Val::Element(place) => match self.read_place(span, place) {
                Ok(value) => self.one(span, &value, ty),
                Err(_) => self.one(span, &Val::Nothing, ty),
            },
            _ => {
                let ty = self.cx.typed.types.scalar(ty).unwrap_or(Type::Bool);
                self.constant(span, Scalar::from_bits(ty, 0))
            }
        }
    }
}
