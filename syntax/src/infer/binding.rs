//! Patterns and assignments: tuples taken apart, variables that may be assigned.

use filbert_ir::{Code, Diagnostic, Op, Span};

use super::explain::Why;
use super::types::Ty;
use super::{Infer, Meaning};
use crate::ast::{ExprId, LocalId, Pat, Target};

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn bind_pattern(&mut self, pat: &'a Pat<'t>, ty: Ty, init: Option<ExprId>) {
        match pat {
            Pat::Bind { name, local, mutable, sub } => {
                if sub.is_some() {
                    self.not_yet(name.span, "an `@` pattern");
                }
                self.declare(*local, name.text, name.span, *mutable, ty);
            }
            Pat::Wild | Pat::Error => {}
            Pat::Tuple(pats, span) => {
                let elems = self.elements(ty, pats.len(), *span, init);
                for (pat, ty) in pats.iter().zip(elems) {
                    self.bind_pattern(pat, ty, None);
                }
            }
            Pat::Value(id) => {
                let span = self.tree.span(*id);
                self.not_yet(span, "a constant as a pattern");
            }
            Pat::Range { span, .. } => {
                self.not_yet(*span, "a range as a pattern");
            }
            Pat::Or(_, span) | Pat::Some(_, span) | Pat::None(span) | Pat::Ref(_, span) => {
                self.not_yet(*span, "this pattern");
            }
            Pat::Struct { span, .. } => {
                self.not_yet(*span, "a struct pattern");
            }
        }
    }

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
            Target::Variable(variable) => match self.assignable(*variable) {
                Some(local) => {
                    let ty = self.locals[local.0 as usize].ty;
                    self.check(value, ty, Why::Assign(self.tree.slice(self.tree.span(*variable)), local));
                    self.assigned.push(local);
                }
                None => {
                    self.infer(value);
                }
            },
            Target::Place(place) => {
                self.place(*place);
                self.infer(value);
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
                    self.assigned.push(local);
                }
                Target::Tuple(targets, span) => {
                    let elems = self.elements(ty, targets.len(), *span, Some(value));
                    self.assign_elements(targets, elems, value);
                }
                Target::Place(place) => {
                    self.place(*place);
                }
                Target::Wild | Target::Error => {}
            }
        }
    }

    pub(super) fn update(&mut self, id: ExprId, op: Op, symbol: &'t str, target: ExprId, value: ExprId) {
        // The symbol of the operator itself, without its `=`.
        let symbol = symbol.strip_suffix('=').unwrap_or(symbol);
        let Some(local) = self.assignable(target) else {
            self.infer(value);
            return;
        };
        self.operands(id, (op, symbol), target, value, true);
        self.assigned.push(local);
    }

    /// The variable that an assignment to this path changes; reports why not if it cannot.
    pub(super) fn assignable(&mut self, variable: ExprId) -> Option<LocalId> {
        let ty = self.infer(variable);
        let Meaning::Local(local) = self.out.meanings[variable.0 as usize] else {
            if !self.out.types.is_error(ty) {
                let span = self.tree.span(variable);
                let message = format!("`{}` is not a variable and cannot be assigned", self.tree.slice(span));
                self.report(
                    Diagnostic::new(Code::Immutable, span, message).help("declare a variable: `let mut x = ...;`"),
                );
            }
            return None;
        };
        let info = self.locals[local.0 as usize];
        if !info.mutable {
            let span = self.tree.span(variable);
            let name = self.tree.slice(span);
            let message = format!("`{name}` is assigned but was not declared `mut`");
            let diagnostic = Diagnostic::new(Code::Immutable, span, message)
                .note(info.span, "declared here")
                .help(format!("write `mut {name}` where it is declared"));
            self.report(diagnostic);
        }
        Some(local)
    }
}
