//! Blocks, `if`, conditions, and `let`.

use filbert_ir::{Code, Diagnostic, Span};

use super::explain::Why;
use super::types::{BOOL, Open, Ty, Types};
use super::{Entity, Infer};
use crate::ast::{Block, ExprId, ExprKind, LocalId, Logic, Pat, Stmt, TypeNote};

/// The type that is asked for, and by whom.
pub(super) type Want<'a, 't> = Option<(Ty, Why<'a, 't>)>;

/// Which late variables may have no value, which may have one, and whether control comes here.
#[derive(Clone, Default)]
pub(super) struct Reach {
    unset: Vec<LocalId>,
    touched: Vec<LocalId>,
    dead: bool,
}

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn block(&mut self, id: ExprId, block: &'a Block<'t>, want: Want<'a, 't>) -> Ty {
        match block.label {
            Some(label) => self.labelled_block(id, block, label, want),
            None => self.plain_block(id, block, want),
        }
    }

    pub(super) fn plain_block(&mut self, id: ExprId, block: &'a Block<'t>, want: Want<'a, 't>) -> Ty {
        let scope = self.undo.len();
        self.declare_consts(&block.consts);
        let mut was_dead = self.dead;
        for stmt in &block.stmts {
            if self.dead && !was_dead {
                self.note_unreachable(stmt);
                was_dead = true;
            }
            match stmt {
                Stmt::Let { pat, note, note_span, init, otherwise } => {
                    self.let_statement(pat, note, *note_span, *init, *otherwise);
                }
                Stmt::Expr { expr, semi } => {
                    let mark = self.assigned.len();
                    match semi {
                        Some(_) => {
                            self.infer(*expr);
                        }
                        None => self.check(*expr, Types::unit(), Why::Statement),
                    }
                    self.note_changes(*expr, mark);
                }
            }
        }
        let ty = match (block.tail, want) {
            (Some(tail), want) => {
                if self.dead && !was_dead {
                    let span = self.tree.span(tail);
                    self.out.unreachable.push(span);
                }
                match want {
                    Some((want, why)) => {
                        self.check(tail, want, why);
                        self.out.exprs[tail.0 as usize]
                    }
                    None => self.infer(tail),
                }
            }
            // Control does not come to the end, so no value is missing.
            (None, _) if self.dead => Ty::Never,
            (None, Some((want, why))) if !self.out.types.unify(want, Types::unit()) => {
                self.explain_missing(id, block, want, why);
                Ty::Error
            }
            (None, _) => Types::unit(),
        };
        self.leave(scope);
        ty
    }

    fn note_unreachable(&mut self, stmt: &Stmt<'t>) {
        let span = match stmt {
            Stmt::Expr { expr, .. } | Stmt::Let { init: Some(expr), .. } => self.tree.span(*expr),
            Stmt::Let { .. } => return,
        };
        self.out.unreachable.push(span);
    }

    fn let_statement(
        &mut self,
        pat: &'a Pat<'t>,
        note: &'a TypeNote<'t>,
        note_span: Option<Span>,
        init: Option<ExprId>,
        otherwise: Option<ExprId>,
    ) {
        let Some(init) = init else { return self.late(pat, note, note_span) };
        let mark = self.assigned.len();
        let ty = match self.note(note, note_span.unwrap_or_default()) {
            Ty::Error => self.infer(init),
            noted => {
                self.check(init, noted, Why::Let(pat));
                // Where the note has a `_`, the value's own type says more.
                let got = self.out.exprs[init.0 as usize];
                if self.out.types.is_error(got) { noted } else { got }
            }
        };
        self.note_changes(init, mark);
        let Some(otherwise) = otherwise else {
            self.bind_pattern(pat, ty, Some(init));
            return self.must_match(pat, ty, "let");
        };
        let reach = self.reach();
        let mark = self.assigned.len();
        self.check(otherwise, Ty::Never, Why::Statement);
        self.note_changes(otherwise, mark);
        if !self.dead {
            let span = self.tree.span(otherwise);
            let close = Span { start: span.end.saturating_sub(1), end: span.end };
            let message =
                "the block of `let ... else` must leave: expected `return`, `break` or `continue`, got its end";
            self.report(
                Diagnostic::new(Code::TypeMismatch, close, message)
                    .label("the block ends here")
                    .help("what comes behind has no value to bind: leave, or use `if let` or `match`"),
            );
        }
        self.resume(reach);
        self.match_pattern(pat, ty, Some(init));
    }

    /// `let x;`: the value comes later.
    fn late(&mut self, pat: &'a Pat<'t>, note: &'a TypeNote<'t>, note_span: Option<Span>) {
        let noted = self.note(note, note_span.unwrap_or_default());
        let is_written = !matches!(note, TypeNote::Infer);
        let ty = if is_written { noted } else { self.out.types.open(Open::Any) };
        match pat {
            Pat::Bind { local, sub: None, .. } => {
                self.bind_pattern(pat, ty, None);
                self.locals[local.0 as usize].is_late = true;
                self.unset.push(*local);
                self.touched.retain(|other| other != local);
            }
            Pat::Error => {}
            other => {
                let span = self.pat_span(other);
                let message = "a kernel cannot have a pattern without a value";
                let help = "declare each variable: `let a;`, or give the pattern its value here";
                self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
                self.bind_pattern(other, Ty::Error, None);
            }
        }
    }

    pub(super) fn if_expr(
        &mut self,
        id: ExprId,
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
        want: Want<'a, 't>,
    ) -> Ty {
        // What the condition binds is known in the first branch.
        let scope = self.undo.len();
        self.condition(cond, Why::Condition);
        let before = self.reach();
        let mark = self.assigned.len();
        let ty = match (otherwise, want) {
            (None, Some((want, why))) if !self.out.types.unify(want, Types::unit()) => {
                self.infer(then);
                self.leave(scope);
                self.explain_no_else(id, want, why);
                Ty::Error
            }
            (None, _) => {
                self.check(then, Types::unit(), Why::NoElse);
                self.leave(scope);
                Types::unit()
            }
            (Some(otherwise), want) => {
                let first = match want {
                    Some((want, why)) => {
                        self.check(then, want, why);
                        None
                    }
                    None => Some(self.infer(then)),
                };
                self.leave(scope);
                let behind = self.reach();
                self.resume(before);
                match (want, first) {
                    (Some((want, why)), _) => self.check(otherwise, want, why),
                    // A branch without a value decides nothing.
                    (None, Some(Ty::Never | Ty::Error)) => {
                        self.infer(otherwise);
                    }
                    (None, Some(first)) => self.check(otherwise, first, Why::Branches(then)),
                    (None, None) => {}
                }
                self.meet(behind);
                let ty = self.one_of(&[then, otherwise]);
                self.must_cross(id, ty);
                self.note_changes(id, mark);
                return ty;
            }
        };
        self.meet(before);
        self.note_changes(id, mark);
        ty
    }

    /// The type of whichever branch has one.
    pub(super) fn one_of(&self, branches: &[ExprId]) -> Ty {
        let mut ty = Ty::Never;
        for branch in branches {
            let branch = self.out.types.resolve(self.out.exprs[branch.0 as usize]);
            match branch {
                Ty::Never => {}
                _ if self.out.types.is_error(branch) => {
                    if ty == Ty::Never {
                        ty = Ty::Error;
                    }
                }
                _ => return branch,
            }
        }
        ty
    }

    /// Reports a value that no branch can hand on: a closure, an iterator, a slice.
    pub(super) fn must_cross(&mut self, id: ExprId, ty: Ty) {
        let resolved = self.out.types.resolve(ty);
        if !self.out.types.can_cross(resolved) {
            let message = format!("a kernel cannot choose {} at run time", self.out.types.show(resolved));
            let help = "use it inside each branch, and choose between the results";
            self.report(Diagnostic::new(Code::Unsupported, self.tree.span(id), message).help(help));
        }
    }

    /// The condition of an `if`, a `while`: a bool, in which `let` may stand.
    pub(super) fn condition(&mut self, id: ExprId, why: Why<'a, 't>) {
        let tree = self.tree;
        match &tree.expr(id).kind {
            ExprKind::Let { pat, value } => {
                let begun = self.begin();
                let ty = self.infer(*value);
                self.match_pattern(pat, ty, Some(*value));
                self.end(id, begun, BOOL);
            }
            ExprKind::Logic { logic: Logic::And, left, right } if self.holds_let(id) => {
                let begun = self.begin();
                self.logic(id, *left, *right, true);
                self.end(id, begun, BOOL);
            }
            _ => self.check(id, BOOL, why),
        }
    }

    /// Whether `let` stands in a chain of `&&`.
    fn holds_let(&self, mut id: ExprId) -> bool {
        loop {
            match &self.tree.expr(id).kind {
                ExprKind::Let { .. } => return true,
                ExprKind::Logic { logic: Logic::And, left, right } => {
                    if let ExprKind::Let { .. } = self.tree.expr(*right).kind {
                        return true;
                    }
                    id = *left;
                }
                _ => return false,
            }
        }
    }

    /// `&&` and `||`. Where `let` may stand, what the right side binds is known behind.
    pub(super) fn logic(&mut self, id: ExprId, left: ExprId, right: ExprId, lets: bool) -> Ty {
        match lets {
            true => self.condition(left, Why::Logic(id)),
            false => self.check(left, BOOL, Why::Logic(id)),
        }
        let before = self.reach();
        let mark = self.assigned.len();
        let scope = self.undo.len();
        match lets {
            true => self.condition(right, Why::Logic(id)),
            false => self.check(right, BOOL, Why::Logic(id)),
        }
        let bound: Vec<LocalId> = self.undo[scope..]
            .iter()
            .filter_map(|(name, _)| match self.names.get(name) {
                Some(&Entity::Local(local)) => Some(local),
                _ => None,
            })
            .collect();
        for &local in &bound {
            let ty = self.out.types.resolve(self.locals[local.0 as usize].ty);
            if !self.out.types.can_cross(ty) {
                let message = format!("a condition cannot bind {} behind `&&`", self.out.types.show(ty));
                let span = self.locals[local.0 as usize].span;
                self.report(Diagnostic::new(Code::Unsupported, span, message).help("bind it before, with `let`"));
            }
        }
        self.assigned.extend(bound);
        self.meet(before);
        self.note_changes(id, mark);
        BOOL
    }

    pub(super) fn misplaced_let(&mut self, id: ExprId, pat: &'a Pat<'t>, value: ExprId) -> Ty {
        self.infer(value);
        self.forget_pattern(pat);
        let message = "`let` stands where no pattern can be matched";
        let help = "write it in the condition of `if` or `while`, alone or joined with `&&`; or use `is_some_and`";
        self.report(Diagnostic::new(Code::Unsupported, self.tree.span(id), message).help(help));
        Ty::Error
    }

    /// The state that a branch begins with.
    pub(super) fn reach(&self) -> Reach {
        Reach { unset: self.unset.clone(), touched: self.touched.clone(), dead: self.dead }
    }

    /// Goes on from an earlier state.
    pub(super) fn resume(&mut self, reach: Reach) {
        self.unset = reach.unset;
        self.touched = reach.touched;
        self.dead = reach.dead;
    }

    /// Control comes here from the state at hand and from another one.
    pub(super) fn meet(&mut self, other: Reach) {
        if self.dead && !other.dead {
            return self.resume(other);
        }
        if !other.dead {
            unite(&mut self.unset, other.unset);
            unite(&mut self.touched, other.touched);
        }
        self.dead &= other.dead;
    }
}

fn unite(all: &mut Vec<LocalId>, more: Vec<LocalId>) {
    for local in more {
        if !all.contains(&local) {
            all.push(local);
        }
    }
}
