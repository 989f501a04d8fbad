//! Patterns and assignments: tuples taken apart, variables that may be assigned.

use filbert_ir::{Code, Diagnostic, Op, Span};

use super::explain::Why;
use super::types::Ty;
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind, LocalId, Target};

impl<'a, 't> Infer<'a, 't> {
    /// The types of a tuple that is taken apart into `count`.
    pub(super) fn elements(&mut self, ty: Ty, count: usize, span: Span, init: Option<ExprId>) -> Vec<Ty> {
        match self.out.types.resolve(ty) {
            Ty::Tuple(tuple) if self.out.types.elems(tuple).len() == count => self.out.types.elems(tuple).to_vec(),
            Ty::Error => vec![Ty::Error; count],
            other => {
                let names = if count == 1 { "name" } else { "names" };
                let message = format!(
                    "pattern of {count} {names}: expected a tuple of {count}, got {}",
                    self.out.types.show(other)
                );
                let mut diagnostic = Diagnostic::new(Code::TypeMismatch, span, message);
                if let Some(init) = init {
                    diagnostic =
                        diagnostic.note(self.tree.span(init), format!("this is {}", self.out.types.show(other)));
                }
                self.report(diagnostic);
                vec![Ty::Error; count]
            }
        }
    }

    pub(super) fn assign(&mut self, target: &'a Target, value: ExprId) {
        match target {
            Target::Variable(variable) => {
                // The value is computed before the variable has it.
                let want = self.target_type(*variable);
                match want {
                    Some((local, ty)) => {
                        self.check(value, ty, Why::Assign(self.tree.slice(self.tree.span(*variable)), local));
                    }
                    None => {
                        self.infer(value);
                    }
                }
                if let Some(local) = self.assignable(*variable) {
                    self.check_crosses(*variable, local);
                    self.assigned.push(local);
                }
            }
            Target::Place(place) => {
                let ty = self.assigned_place(*place);
                self.check(value, ty, Why::Place(*place));
            }
            Target::Wild | Target::Error => {
                self.infer(value);
            }
            Target::Tuple(targets, span) => {
                let ty = self.infer(value);
                let elems = self.elements(ty, targets.len(), *span, Some(value));
                self.assign_elements(targets, elems, value);
            }
        }
    }

    /// The variable that a path means, if it is one, and its type.
    fn target_type(&self, variable: ExprId) -> Option<(LocalId, Ty)> {
        let ExprKind::Path(path) = &self.tree.expr(variable).kind else { return None };
        match path.as_slice() {
            [name] => match self.names.get(name) {
                Some(&super::Entity::Local(local)) => Some((local, self.locals[local.0 as usize].ty)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn assign_elements(&mut self, targets: &'a [Target], elems: Vec<Ty>, value: ExprId) {
        for (target, ty) in targets.iter().zip(elems) {
            match target {
                Target::Variable(variable) => {
                    let Some(local) = self.assignable(*variable) else { continue };
                    let want = self.locals[local.0 as usize].ty;
                    if !self.out.types.unify(want, ty) {
                        let name = self.tree.slice(self.tree.span(*variable));
                        self.explain_mismatch(*variable, want, ty, Why::Assign(name, local));
                    }
                    self.check_crosses(*variable, local);
                    self.assigned.push(local);
                }
                Target::Tuple(targets, span) => {
                    let elems = self.elements(ty, targets.len(), *span, Some(value));
                    self.assign_elements(targets, elems, value);
                }
                Target::Place(place) => {
                    let want = self.assigned_place(*place);
                    if !self.out.types.unify(want, ty) {
                        self.explain_mismatch(*place, want, ty, Why::Place(*place));
                    }
                }
                Target::Wild | Target::Error => {}
            }
        }
    }

    pub(super) fn update(&mut self, id: ExprId, op: Op, symbol: &'t str, target: ExprId, value: ExprId) {
        // The symbol of the operator itself, without its `=`.
        let symbol = symbol.strip_suffix('=').unwrap_or(symbol);
        if !matches!(self.tree.expr(target).kind, ExprKind::Path(_)) {
            self.assigned_place(target);
            self.operands(id, (op, symbol), target, value, true);
            return;
        }
        let begun = self.begin();
        let ty = self.infer(target);
        let Some(local) = self.assignable_local(target, ty) else {
            self.infer(value);
            return;
        };
        self.end(target, begun, ty);
        self.check_mutable(local, target);
        self.operands(id, (op, symbol), target, value, true);
        self.assigned.push(local);
    }

    /// The variable that an assignment to this path changes; reports why not if it cannot.
    pub(super) fn assignable(&mut self, variable: ExprId) -> Option<LocalId> {
        let ExprKind::Path(path) = &self.tree.expr(variable).kind else { return None };
        let ty = self.path_type(variable, path);
        self.out.exprs[variable.0 as usize] = ty;
        let local = self.assignable_local(variable, ty)?;
        if self.locals[local.0 as usize].is_late {
            self.check_late(variable, local);
        } else {
            self.check_mutable(local, variable);
        }
        Some(local)
    }

    fn assignable_local(&mut self, variable: ExprId, ty: Ty) -> Option<LocalId> {
        if let Meaning::Local(local) = self.out.meanings[variable.0 as usize] {
            return Some(local);
        }
        if !self.out.types.is_error(ty) {
            let span = self.tree.span(variable);
            let message = format!("`{}` is not a variable and cannot be assigned", self.tree.slice(span));
            let help = "declare a variable: `let mut x = ...;`";
            self.report(Diagnostic::new(Code::Immutable, span, message).help(help));
        }
        None
    }

    /// What a branch cannot hand on stays what it was.
    fn check_crosses(&mut self, variable: ExprId, local: LocalId) {
        let ty = self.out.types.resolve(self.locals[local.0 as usize].ty);
        if !self.out.types.can_cross(ty) {
            let message = format!("a variable that holds {} cannot be assigned", self.out.types.show(ty));
            let finding = Diagnostic::new(Code::Unsupported, self.tree.span(variable), message);
            self.report(finding.help("bind it to a new name with `let`"));
        }
    }

    /// A variable that was declared without a value gets one; without `mut` only once.
    fn check_late(&mut self, variable: ExprId, local: LocalId) {
        let info = self.locals[local.0 as usize];
        let in_loop = self.frames.iter().any(|frame| frame.can_repeat() && info.clock <= frame.clock);
        if (self.touched.contains(&local) || in_loop) && !info.mutable {
            let span = self.tree.span(variable);
            let name = self.tree.slice(span);
            let message = format!("`{name}` may be assigned twice, but was not declared `mut`");
            let diagnostic = Diagnostic::new(Code::Immutable, span, message)
                .note(info.span, "declared here")
                .help(format!("write `mut {name}` where it is declared"));
            self.report(diagnostic);
        }
        self.touched.push(local);
        // What a closure assigns may never run.
        if !self.frames.iter().any(|frame| frame.is_closure() && info.clock <= frame.clock) {
            self.unset.retain(|other| *other != local);
        }
    }

    /// A variable that is read must have a value.
    pub(super) fn check_set(&mut self, id: ExprId, local: LocalId) {
        if self.dead || !self.unset.contains(&local) {
            return;
        }
        let span = self.tree.span(id);
        let name = self.tree.slice(span);
        let info = self.locals[local.0 as usize];
        let message = format!("`{name}` may have no value here");
        let help = format!("assign `{name}` on every way that leads here, or give it a value where it is declared");
        self.report(Diagnostic::new(Code::Unset, span, message).note(info.span, "declared without a value").help(help));
        self.unset.retain(|other| *other != local);
    }

    /// Reports an assignment at `place` of a variable that was not declared for it.
    pub(super) fn check_mutable(&mut self, local: LocalId, place: ExprId) {
        let info = self.locals[local.0 as usize];
        if !info.mutable {
            let declared = self.tree.slice(info.span);
            let message =
                format!("`{}` is assigned but was not declared `mut`", self.tree.slice(self.tree.span(place)));
            let diagnostic = Diagnostic::new(Code::Immutable, self.tree.span(place), message)
                .note(info.span, "declared here")
                .help(format!("write `mut {declared}` where it is declared"));
            self.report(diagnostic);
        }
    }
}
