//! Patterns: what they bind, and `match`.

use filbert_ir::{Code, Diagnostic, Span, Type};

use super::branch::Want;
use super::explain::Why;
use super::types::{BOOL, Open, Ty};
use super::{Entity, Infer, Meaning};
use crate::ast::{Arm, ExprId, ExprKind, LocalId, Name, Pat, spread};
use crate::links::Links;

impl<'a, 't> Infer<'a, 't> {
    /// Binds a pattern that every value must match: `must_match` says so.
    pub(super) fn bind_pattern(&mut self, pat: &'a Pat<'t>, ty: Ty, init: Option<ExprId>) {
        let mut bound = Vec::new();
        self.pattern(pat, ty, init, false, &mut bound);
    }

    /// Binds a pattern of a `match` or condition.
    pub(super) fn match_pattern(&mut self, pat: &'a Pat<'t>, ty: Ty, init: Option<ExprId>) {
        let mut bound = Vec::new();
        self.pattern(pat, ty, init, true, &mut bound);
    }

    /// Binds the names of a pattern that was reported.
    pub(super) fn forget_pattern(&mut self, pat: &'a Pat<'t>) {
        self.bind_pattern(pat, Ty::Error, None);
    }

    /// `bound`: the variables that the pattern has bound; alternatives bind them again.
    fn pattern(&mut self, pat: &'a Pat<'t>, ty: Ty, init: Option<ExprId>, refutable: bool, bound: &mut Vec<LocalId>) {
        let ty = match pat {
            Pat::Wild | Pat::Rest | Pat::Error | Pat::Bind { .. } | Pat::Ref(..) | Pat::Or(..) => ty,
            _ => self.seen_through(ty),
        };
        match pat {
            Pat::Wild | Pat::Rest | Pat::Error => {}
            Pat::Bind { name, local, mutable, sub } => {
                if let Some((meaning, of)) = self.constant_pattern(*name, sub.is_some() || !refutable) {
                    self.out.const_patterns.insert(*local, meaning);
                    self.pattern_type(name.span, of, ty, init);
                    return;
                }
                if bound.contains(local) {
                    let first = self.locals[local.0 as usize].ty;
                    self.pattern_type(name.span, ty, first, None);
                } else {
                    bound.push(*local);
                    self.declare(*local, name.text, name.span, *mutable, ty);
                }
                if let Some(sub) = sub {
                    self.pattern(sub, ty, init, refutable, bound);
                }
            }
            Pat::Tuple(pats, span) => {
                let count = match self.out.types.resolve(ty) {
                    Ty::Tuple(tuple) => self.out.types.elems(tuple).len(),
                    _ => pats.len(),
                };
                let pats = spread(pats, count);
                let elems = self.elements(ty, pats.len(), *span, init);
                for (pat, ty) in pats.into_iter().zip(elems) {
                    self.pattern(pat, ty, None, refutable, bound);
                }
            }
            Pat::Array(pats, span) => {
                let count = match self.out.types.resolve(ty) {
                    Ty::Array(array) => self.out.types.array_of(array).1 as usize,
                    _ => pats.len(),
                };
                let pats = spread(pats, count);
                let elem = self.array_elements(ty, pats.len(), *span);
                for pat in pats {
                    self.pattern(pat, elem, None, refutable, bound);
                }
            }
            Pat::Value(id) => {
                let of = self.infer(*id);
                self.pattern_type(self.tree.span(*id), of, ty, init);
                self.constant_value(*id);
            }
            Pat::Range { start, end, span, .. } => {
                let mut fits = true;
                for &id in [start, end].into_iter().flatten() {
                    let of = self.infer(id);
                    fits &= self.pattern_type(self.tree.span(id), of, ty, init);
                    self.constant_value(id);
                }
                if start.is_none() && end.is_none() {
                    self.report(Diagnostic::new(Code::Syntax, *span, "a range in a pattern needs an end"));
                }
                if fits {
                    self.checks.push(super::check::Check::Number { ty, span: *span });
                }
            }
            Pat::Or(pats, _) => {
                for pat in pats {
                    self.pattern(pat, ty, init, refutable, bound);
                }
            }
            Pat::Some(sub, span) => {
                let inner = self.option_inner(ty, *span, init);
                self.pattern(sub, inner, None, refutable, bound);
            }
            Pat::None(span) => {
                self.option_inner(ty, *span, init);
            }
            Pat::Ref(sub, span) => {
                let inner = self.referent(ty, *span);
                self.pattern(sub, inner, init, refutable, bound);
            }
            Pat::Struct { name, fields, rest, span } => {
                let tys = self.struct_pattern(*name, fields, *rest, *span, ty);
                for ((_, pat), ty) in fields.iter().zip(tys) {
                    self.pattern(pat, ty, None, refutable, bound);
                }
            }
        }
    }

    /// The constant that a name in a pattern is, if it is one. Where a pattern must bind, it is not looked for.
    fn constant_pattern(&mut self, name: Name<'t>, binds: bool) -> Option<(Meaning, Ty)> {
        if binds {
            return None;
        }
        if let Some(Entity::Const(id)) = self.names.get(name.text) {
            let (id, constant) = (*id, self.tree.constant(*id));
            return Some((Meaning::Const(id), self.note(&constant.ty, constant.ty_span)));
        }
        if let Some(scalar) = self.links.constant(name.text).and_then(|(_, value)| value.scalar()) {
            return Some((Meaning::Scalar(scalar), Ty::Scalar(scalar.ty())));
        }
        // While nobody knows what is around a text, what is written as a constant is taken for one.
        let is_shouted = name.text.chars().any(char::is_uppercase) && !name.text.chars().any(char::is_lowercase);
        if matches!(self.links, Links::Open) && is_shouted && !self.names.contains_key(name.text) {
            self.out.wanted.push(super::Wanted { path: vec![name.text], span: name.span, is_kernel: false });
            return Some((Meaning::None, Ty::Error));
        }
        None
    }

    /// A path in a pattern must be a constant.
    fn constant_value(&mut self, id: ExprId) {
        let ExprKind::Path(path) = &self.tree.expr(id).kind else { return };
        let is_known =
            matches!(self.out.meanings[id.0 as usize], Meaning::Const(_) | Meaning::Scalar(_) | Meaning::None);
        if !is_known {
            let message =
                format!("`{}` is not a constant, and a pattern compares with constants only", path.join("::"));
            let help = "compare in a guard: `n if n == x => ...`";
            self.report(Diagnostic::new(Code::ConstEval, self.tree.span(id), message).help(help));
        }
    }

    /// Whether what a pattern compares with is of the type of the value; reports it if not.
    fn pattern_type(&mut self, span: Span, got: Ty, want: Ty, init: Option<ExprId>) -> bool {
        if self.out.types.unify(want, got) || self.out.types.is_error(want) || self.out.types.is_error(got) {
            return true;
        }
        let types = &self.out.types;
        let message = format!("pattern: expected {}, got {}", types.show(want), types.show(got));
        let mut diagnostic = Diagnostic::new(Code::TypeMismatch, span, message);
        diagnostic.label = format!("this is {}", types.show(got));
        if let Some(init) = init {
            diagnostic = diagnostic.note(self.tree.span(init), format!("this is {}", self.out.types.show(want)));
        }
        if let (Ty::Option(_), false) =
            (self.out.types.resolve(want), matches!(self.out.types.resolve(got), Ty::Option(_)))
        {
            let source = self.tree.slice(span);
            diagnostic = diagnostic.help(format!("write `Some({source})`"));
        }
        self.report(diagnostic);
        false
    }

    /// What an option holds that a pattern takes apart.
    fn option_inner(&mut self, ty: Ty, span: Span, init: Option<ExprId>) -> Ty {
        let resolved = self.out.types.resolve(ty);
        match resolved {
            Ty::Option(option) => self.out.types.inner(option),
            none @ (Ty::Error | Ty::Never) => none,
            Ty::Var(_) if self.out.types.openness(resolved) == Some(Open::Any) => {
                let inner = self.out.types.open(Open::Any);
                let option = self.option(inner, span);
                self.out.types.unify(ty, option);
                inner
            }
            other => {
                let shown = self.out.types.show(other);
                let message = format!("pattern: expected {shown}, got an Option");
                let mut diagnostic = Diagnostic::new(Code::TypeMismatch, span, message).label("this is an Option");
                if let Some(init) = init {
                    diagnostic = diagnostic.note(self.tree.span(init), format!("this is {shown}"));
                }
                self.report(diagnostic.help("the value is always there: bind it with its name"));
                Ty::Error
            }
        }
    }

    pub(super) fn match_expr(&mut self, id: ExprId, scrutinee: ExprId, arms: &'a [Arm<'t>], want: Want<'a, 't>) -> Ty {
        let ty = self.infer(scrutinee);
        let before = self.reach();
        let mark = self.assigned.len();
        let mut behind: Option<super::branch::Reach> = None;
        let mut bodies: Vec<ExprId> = Vec::new();
        for arm in arms {
            self.resume(before.clone());
            let scope = self.undo.len();
            self.match_pattern(&arm.pat, ty, Some(scrutinee));
            if let Some(guard) = arm.guard {
                let mark = self.assigned.len();
                self.check(guard, BOOL, Why::Guard);
                self.note_changes(guard, mark);
            }
            match want {
                Some((want, why)) => self.check(arm.body, want, why),
                None => match self.one_of(&bodies) {
                    Ty::Never | Ty::Error => {
                        self.infer(arm.body);
                    }
                    first => {
                        let from = bodies.iter().copied().find(|&body| {
                            !self.out.types.is_error(self.out.exprs[body.0 as usize])
                                && self.out.exprs[body.0 as usize] != Ty::Never
                        });
                        self.check(arm.body, first, Why::Arms(from.unwrap_or(arm.body)));
                    }
                },
            }
            self.leave(scope);
            bodies.push(arm.body);
            if let Some(behind) = behind.take() {
                self.meet(behind);
            }
            behind = Some(self.reach());
        }
        match behind {
            Some(reach) => self.resume(reach),
            None => self.dead = true,
        }
        self.note_changes(id, mark);
        if !self.out.types.is_error(ty) {
            self.checks.push(super::check::Check::Match(id));
        }
        let ty = if bodies.is_empty() { Ty::Never } else { self.one_of(&bodies) };
        self.must_cross(id, ty);
        ty
    }

    /// A pattern behind which there is no other way: `word` is what it belongs to.
    pub(super) fn must_match(&mut self, pat: &'a Pat<'t>, ty: Ty, word: &'static str) {
        if !matches!(pat, Pat::Bind { sub: None, .. } | Pat::Wild | Pat::Error) {
            self.checks.push(super::check::Check::Irrefutable { pat, ty, word });
        }
    }

    pub(super) fn pat_span(&self, pat: &Pat<'t>) -> Span {
        match pat {
            Pat::Bind { name, sub: None, .. } => name.span,
            Pat::Bind { name, sub: Some(sub), .. } => name.span.join(self.pat_span(sub)),
            Pat::Value(id) => self.tree.span(*id),
            Pat::Tuple(_, span)
            | Pat::Array(_, span)
            | Pat::Range { span, .. }
            | Pat::Or(_, span)
            | Pat::Some(_, span)
            | Pat::None(span)
            | Pat::Ref(_, span)
            | Pat::Struct { span, .. } => *span,
            Pat::Wild | Pat::Rest | Pat::Error => Span::default(),
        }
    }

    /// A range pattern is one of numbers.
    pub(super) fn check_number(&mut self, ty: Ty, span: Span) {
        let resolved = self.out.types.resolve(ty);
        let is_number = self.out.types.scalar(resolved).is_some_and(|ty| ty != Type::Bool);
        if !is_number && !self.out.types.is_error(resolved) && !matches!(resolved, Ty::Never | Ty::Time(_)) {
            let message = format!("pattern: expected a number, got {}", self.out.types.show(resolved));
            self.report(Diagnostic::new(Code::TypeMismatch, span, message));
        }
    }
}
