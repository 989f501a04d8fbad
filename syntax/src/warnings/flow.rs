//! Loops that only the fuel ends, and code that nothing reaches.

use std::collections::HashSet;

use filbert_ir::{Code, Diagnostic, Span};

use super::{Lint, Search};
use crate::ast::{Arm, Block, ExprId, ExprKind, LocalId, Macro, Name, Pat, Stmt};
use crate::infer::Meaning;

impl Search<'_, '_> {
    pub(super) fn flow(&mut self) {
        for id in self.exprs() {
            match self.kind(id) {
                ExprKind::Loop { body, label } => self.endless(id, *body, *label),
                ExprKind::While { cond, body, label } => self.endless_while(id, *cond, *body, *label),
                ExprKind::Block(_) => self.unreachable_stmt(id),
                ExprKind::Match { .. } => self.unreachable_arms(id),
                _ => {}
            }
        }
    }

    fn endless(&mut self, id: ExprId, body: ExprId, label: Option<Name<'_>>) {
        if !self.leaves(body, label.map(|name| name.text), false) {
            let help = "leave it with `break` or `return`";
            self.warn_endless(id, "nothing leaves this loop: it runs until the row's fuel is spent", help);
        }
    }

    fn endless_while(&mut self, id: ExprId, cond: ExprId, body: ExprId, label: Option<Name<'_>>) {
        if self.leaves(body, label.map(|name| name.text), false) {
            return;
        }
        if let ExprKind::Bool(true) = self.kind(cond) {
            let help = "leave it with `break` or `return`, or write a condition";
            self.warn_endless(id, "nothing leaves this loop: it runs until the row's fuel is spent", help);
            return;
        }
        let Some(read) = self.variables_of(cond) else { return };
        if read.is_empty() || read.iter().any(|&local| self.changes(body, local)) {
            return;
        }
        let help = "change a variable of the condition in the body, or leave it with `break`";
        self.warn_endless(id, "the condition never changes: once true, it runs until the row's fuel is spent", help);
    }

    fn warn_endless(&mut self, id: ExprId, message: &str, help: &str) {
        let span = self.tree.span(id);
        // The keyword and the condition are enough to find it.
        let end = match self.kind(id) {
            ExprKind::While { cond, .. } => self.tree.span(*cond).end,
            _ => span.start + "loop".len() as u32,
        };
        let span = Span { end: end.min(span.end), ..span };
        self.warn(Lint::InfiniteLoop, Diagnostic::new(Code::WarnUnboundedLoop, span, message).help(help));
    }

    /// The variables that a condition reads; `None` if it may change by itself, because it writes or reads
    /// memory.
    fn variables_of(&self, cond: ExprId) -> Option<Vec<LocalId>> {
        let mut locals = Vec::new();
        for id in self.below(cond) {
            match self.kind(id) {
                ExprKind::Assign { .. }
                | ExprKind::Update { .. }
                | ExprKind::Index { .. }
                | ExprKind::Closure { .. } => {
                    return None;
                }
                _ => {}
            }
            if let Meaning::Local(local) = self.typed.meanings[id.0 as usize] {
                locals.push(local);
            }
        }
        Some(locals)
    }

    /// Whether something in `body` assigns the variable, or a part of it.
    fn changes(&self, body: ExprId, local: LocalId) -> bool {
        let is_local = |id: ExprId| matches!(self.typed.meanings[id.0 as usize], Meaning::Local(at) if at == local);
        self.below(body).into_iter().any(|id| {
            let places = match self.kind(id) {
                ExprKind::Assign { target, .. } => target.places(),
                ExprKind::Update { target, .. } => vec![*target],
                ExprKind::Ref { of, mutable: true } => vec![*of],
                // An iterator goes on by itself.
                ExprKind::Method { receiver, .. } => vec![*receiver],
                _ => return false,
            };
            places.into_iter().any(|place| self.below(place).into_iter().any(is_local))
        })
    }

    /// The expression and all inside it.
    fn below(&self, id: ExprId) -> Vec<ExprId> {
        let mut all = vec![id];
        let mut next = 0;
        while let Some(&id) = all.get(next) {
            all.extend(self.kind(id).parts());
            next += 1;
        }
        all
    }

    /// Whether something inside leaves the loop that this is the body of; `nested`: a loop inside it.
    fn leaves(&self, id: ExprId, label: Option<&str>, nested: bool) -> bool {
        match self.kind(id) {
            ExprKind::Return { .. } | ExprKind::Try(_) | ExprKind::Macro { .. } => return true,
            ExprKind::Break { label: None, .. } if !nested => return true,
            // Leaving a construct around the loop leaves the loop; one inside it is given the benefit of doubt.
            ExprKind::Break { label: Some(_), .. } => return true,
            ExprKind::Continue { label: Some(to) } if label != Some(to.text) => return true,
            ExprKind::Closure { .. } => return false,
            _ => {}
        }
        let nested =
            nested || matches!(self.kind(id), ExprKind::Loop { .. } | ExprKind::While { .. } | ExprKind::For { .. });
        self.kind(id).parts().into_iter().any(|part| self.leaves(part, label, nested))
    }

    /// Whether nothing behind the expression runs.
    fn diverges(&self, id: ExprId) -> bool {
        match self.kind(id) {
            ExprKind::Return { .. } | ExprKind::Break { .. } | ExprKind::Continue { .. } => true,
            ExprKind::Macro { name: Macro::Panic, .. } => true,
            ExprKind::Loop { body, label } => !self.breaks(*body, label.map(|name| name.text), false),
            ExprKind::If { cond, then, otherwise } => {
                let both = otherwise.is_some_and(|otherwise| self.diverges(*then) && self.diverges(otherwise));
                self.diverges(*cond) || both
            }
            ExprKind::Match { scrutinee, arms } => {
                let all = !arms.is_empty() && arms.iter().all(|arm| self.diverges(arm.body));
                self.diverges(*scrutinee) || all
            }
            ExprKind::Block(block) if block.label.is_none() => {
                let stmts = block.stmts.iter().any(|stmt| self.stmt_diverges(stmt));
                stmts || block.tail.is_some_and(|tail| self.diverges(tail))
            }
            _ => false,
        }
    }

    /// Whether a `break` inside ends the loop that this is the body of.
    fn breaks(&self, id: ExprId, label: Option<&str>, nested: bool) -> bool {
        match self.kind(id) {
            ExprKind::Break { label: None, .. } if !nested => return true,
            ExprKind::Break { label: Some(to), .. } if label == Some(to.text) => return true,
            ExprKind::Closure { .. } => return false,
            _ => {}
        }
        let nested =
            nested || matches!(self.kind(id), ExprKind::Loop { .. } | ExprKind::While { .. } | ExprKind::For { .. });
        self.kind(id).parts().into_iter().any(|part| self.breaks(part, label, nested))
    }

    fn stmt_diverges(&self, stmt: &Stmt<'_>) -> bool {
        match stmt {
            Stmt::Let { init, .. } => init.is_some_and(|init| self.diverges(init)),
            Stmt::Expr { expr, .. } => self.diverges(*expr),
        }
    }

    fn unreachable_stmt(&mut self, id: ExprId) {
        let ExprKind::Block(block) = &self.tree.expr(id).kind else { return };
        let Some(last) = block.stmts.iter().position(|stmt| self.stmt_diverges(stmt)) else { return };
        let Some(next) = behind(block, last).map(|behind| self.place(behind)) else { return };
        let end = match &block.stmts[last] {
            Stmt::Let { init, .. } => init.map(|init| self.tree.span(init)),
            Stmt::Expr { expr, .. } => Some(self.tree.span(*expr)),
        };
        let mut finding = Diagnostic::new(Code::WarnUnreachable, next, "nothing reaches this");
        if let Some(end) = end {
            finding = finding.note(end, "no row goes on behind this");
        }
        self.warn(Lint::UnreachableCode, finding);
    }

    fn place(&self, behind: Behind<'_>) -> Span {
        match behind {
            Behind::Stmt(Stmt::Let { pat, init, .. }) => {
                let name = pat.bound().first().map(|(name, _)| name.span);
                name.or(init.map(|init| self.tree.span(init))).unwrap_or_default()
            }
            Behind::Stmt(Stmt::Expr { expr, .. }) => self.tree.span(*expr),
            Behind::Tail(tail) => self.tree.span(tail),
        }
    }

    /// Arms behind one that takes everything, and literals that an arm before takes.
    fn unreachable_arms(&mut self, id: ExprId) {
        let ExprKind::Match { arms, .. } = &self.tree.expr(id).kind else { return };
        let mut all: Option<Span> = None;
        let mut seen: HashSet<String> = HashSet::new();
        for Arm { pat, pat_span, guard, .. } in arms {
            let values = self.values_of(pat);
            let taken = values.as_ref().is_some_and(|values| values.iter().all(|value| seen.contains(value)));
            if all.is_some() || taken {
                let finding = Diagnostic::new(Code::WarnUnreachable, *pat_span, "nothing reaches this arm");
                let finding = match all {
                    Some(all) => finding.note(all, "this takes every value"),
                    None => finding.label("an arm before takes these values"),
                };
                self.warn(Lint::UnreachablePattern, finding);
            }
            if guard.is_none() {
                seen.extend(values.unwrap_or_default());
                if self.takes_all(pat) {
                    all = all.or(Some(*pat_span));
                }
            }
        }
    }

    fn takes_all(&self, pat: &Pat<'_>) -> bool {
        match pat {
            Pat::Wild | Pat::Rest => true,
            Pat::Bind { name, sub: None, .. } => {
                !self.tree.consts.iter().any(|constant| constant.name.text == name.text)
            }
            Pat::Tuple(pats, _) | Pat::Array(pats, _) => pats.iter().all(|pat| self.takes_all(pat)),
            Pat::Or(pats, _) => pats.iter().any(|pat| self.takes_all(pat)),
            _ => false,
        }
    }

    /// The literals that a pattern is, as text without blanks and underlines.
    fn values_of(&self, pat: &Pat<'_>) -> Option<Vec<String>> {
        match pat {
            Pat::Value(value) => {
                let text = self.tree.slice(self.tree.span(*value));
                Some(vec![text.chars().filter(|c| !c.is_whitespace() && *c != '_').collect()])
            }
            Pat::Or(pats, _) => {
                let values = pats.iter().map(|pat| self.values_of(pat)).collect::<Option<Vec<_>>>()?;
                Some(values.concat())
            }
            _ => None,
        }
    }
}

/// What stands behind a statement.
enum Behind<'b> {
    Stmt(&'b Stmt<'b>),
    Tail(ExprId),
}

fn behind<'b>(block: &'b Block<'b>, stmt: usize) -> Option<Behind<'b>> {
    match block.stmts.get(stmt + 1) {
        Some(next) => Some(Behind::Stmt(next)),
        None => block.tail.map(Behind::Tail),
    }
}
