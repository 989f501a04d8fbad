//! Patterns.

use filbert_ir::{Code, Diagnostic, Op, Span};
use syn::visit::Visit;

use super::Reader;
use crate::ast::{Arm, ExprId, ExprKind, LocalId, Name, Pat};

impl<'t> Reader<'t, '_> {
    /// A whole pattern: its names are its own.
    pub(super) fn pattern(&mut self, pat: &syn::Pat) -> Pat<'t> {
        self.bound.clear();
        self.part(pat)
    }

    fn part(&mut self, pat: &syn::Pat) -> Pat<'t> {
        match pat {
            syn::Pat::Ident(ident) if ident.by_ref.is_none() => {
                let name = self.name(&ident.ident);
                if name.text == "None" && ident.subpat.is_none() {
                    return Pat::None(name.span);
                }
                let local = self.bind_name(name);
                let sub = ident.subpat.as_ref().map(|(_, sub)| Box::new(self.part(sub)));
                Pat::Bind { name, local, mutable: ident.mutability.is_some(), sub }
            }
            syn::Pat::Wild(_) => Pat::Wild,
            syn::Pat::Paren(inner) => self.part(&inner.pat),
            syn::Pat::Tuple(tuple) => {
                let span = self.span(tuple.paren_token.span.join());
                Pat::Tuple(self.parts(&tuple.elems), span)
            }
            syn::Pat::Slice(array) => {
                let span = self.span(array.bracket_token.span.join());
                Pat::Array(self.parts(&array.elems), span)
            }
            syn::Pat::Lit(lit) => Pat::Value(self.literal(&lit.lit)),
            syn::Pat::Path(path) => {
                let span = self.path_span(&path.path);
                match self.path(path) {
                    Some(segments) => Pat::Value(self.push(span, ExprKind::Path(segments))),
                    None => Pat::Error,
                }
            }
            syn::Pat::Range(range) => self.range_pattern(range),
            syn::Pat::Or(or) => self.alternatives(or),
            syn::Pat::TupleStruct(of) if of.path.is_ident("Some") && of.qself.is_none() => self.some_pattern(of),
            syn::Pat::Reference(inner) if inner.mutability.is_none() => {
                let sub = self.part(&inner.pat);
                Pat::Ref(Box::new(sub), self.spanned(pat))
            }
            syn::Pat::Struct(of) if of.qself.is_none() && of.path.get_ident().is_some() => self.struct_pattern(of),
            other => {
                self.reject_pattern(other);
                self.forgive(other);
                Pat::Error
            }
        }
    }

    /// The parts of a tuple or array, one of which may be `..`.
    fn parts(&mut self, pats: &syn::punctuated::Punctuated<syn::Pat, syn::Token![,]>) -> Vec<Pat<'t>> {
        let mut has_rest = false;
        let parts = pats.iter().map(|pat| match pat {
            syn::Pat::Rest(_) if !std::mem::replace(&mut has_rest, true) => Pat::Rest,
            pat => self.part(pat),
        });
        parts.collect()
    }

    /// The variable of a name: that of the first alternative, where there are several.
    fn bind_name(&mut self, name: Name<'t>) -> LocalId {
        if self.bound.iter().any(|(bound, _)| bound.text == name.text) {
            let message = format!("`{}` is bound twice in one pattern", name.text);
            let first = self.bound.iter().find(|(bound, _)| bound.text == name.text).map(|(bound, _)| bound.span);
            let finding = Diagnostic::new(Code::DuplicateName, name.span, message);
            let finding = finding.note(first.unwrap_or(name.span), "first bound here");
            self.report(finding.help("bind two names, and compare them in a guard: `(a, b) if a == b`"));
        }
        let known = self.shared.iter().rev().find(|(shared, _)| shared.text == name.text);
        let local = known.map(|&(_, local)| local).unwrap_or_else(|| self.fresh_local());
        self.bound.push((name, local));
        local
    }

    /// `a | b`: every alternative binds the names that the first one binds.
    fn alternatives(&mut self, or: &syn::PatOr) -> Pat<'t> {
        let span = self.spanned(or);
        let start = self.bound.len();
        let mut pats = Vec::new();
        let mut names: Option<Vec<(Name<'t>, LocalId)>> = None;
        for case in &or.cases {
            match &names {
                None => {
                    pats.push(self.part(case));
                    names = Some(self.bound[start..].to_vec());
                }
                Some(first) => {
                    let first = first.clone();
                    self.bound.truncate(start);
                    let outside = self.shared.len();
                    self.shared.extend(&first);
                    pats.push(self.part(case));
                    self.shared.truncate(outside);
                    let here = self.bound[start..].to_vec();
                    self.compare_alternatives(&first, &here);
                }
            }
        }
        self.bound.truncate(start);
        self.bound.extend(names.unwrap_or_default());
        Pat::Or(pats, span)
    }

    fn compare_alternatives(&mut self, first: &[(Name<'t>, LocalId)], here: &[(Name<'t>, LocalId)]) {
        // What is written in capitals may be a constant, which binds nothing.
        let is_variable = |name: &Name<'t>| name.text.chars().any(char::is_lowercase);
        let lacks = |list: &[(Name<'t>, LocalId)], name: &Name<'t>| !list.iter().any(|(n, _)| n.text == name.text);
        let missing = first.iter().filter(|(name, _)| lacks(here, name));
        let extra = here.iter().filter(|(name, _)| lacks(first, name));
        let odd: Vec<Name<'t>> = missing.chain(extra).map(|(name, _)| *name).filter(is_variable).collect();
        for name in odd {
            let message = format!("`{}` is not bound in every alternative of the pattern", name.text);
            let help = "bind it in each of them, or write two arms";
            self.report(Diagnostic::new(Code::UnknownName, name.span, message).help(help));
        }
    }

    fn range_pattern(&mut self, range: &syn::PatRange) -> Pat<'t> {
        let start = range.start.as_ref().and_then(|end| self.end_of_range(end));
        let end = range.end.as_ref().and_then(|end| self.end_of_range(end));
        let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
        Pat::Range { start, end, inclusive, span: self.spanned(range) }
    }

    /// A literal, perhaps negative, or a path.
    fn end_of_range(&mut self, expr: &syn::Expr) -> Option<ExprId> {
        match expr {
            syn::Expr::Lit(_) | syn::Expr::Path(_) => Some(self.expr(expr)),
            syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => Some(self.expr(expr)),
            other => {
                let span = self.spanned(other);
                self.unsupported(span, "a computed end of a pattern", "write a literal or a constant");
                None
            }
        }
    }

    fn some_pattern(&mut self, of: &syn::PatTupleStruct) -> Pat<'t> {
        let span = self.path_span(&of.path).join(self.span(of.paren_token.span.close()));
        match of.elems.len() {
            1 => Pat::Some(Box::new(self.part(&of.elems[0])), span),
            count => {
                let message = format!("`Some`: expected 1 pattern, got {count}");
                let help = "several values are a tuple: `Some((a, b))`";
                self.report(Diagnostic::new(Code::ArgumentCount, span, message).help(help));
                of.elems.iter().for_each(|pat| self.forgive(pat));
                Pat::Error
            }
        }
    }

    fn struct_pattern(&mut self, of: &syn::PatStruct) -> Pat<'t> {
        let name = of.path.get_ident().map(|ident| self.name(ident));
        let name = name.unwrap_or(Name { text: "", span: Span::default() });
        let mut fields = Vec::new();
        for field in &of.fields {
            if let syn::Member::Named(member) = &field.member {
                let member = self.name(member);
                fields.push((member, self.part(&field.pat)));
            } else {
                self.forgive(&field.pat);
            }
        }
        let span = name.span.join(self.span(of.brace_token.span.close()));
        Pat::Struct { name, fields, rest: of.rest.is_some(), span }
    }

    pub(super) fn arm(&mut self, arm: &syn::Arm) -> Arm<'t> {
        for attribute in &arm.attrs {
            self.outer_attribute(attribute);
        }
        let pat = self.pattern(&arm.pat);
        let pat_span = self.spanned(&arm.pat);
        let guard = arm.guard.as_ref().map(|(_, guard)| self.expr(guard));
        Arm { pat, pat_span, guard, body: self.expr(&arm.body) }
    }

    /// A minus before a literal belongs to it: `-128i8` is one.
    pub(super) fn negate(&mut self, arg: ExprId, span: Span) -> ExprId {
        let expr = &mut self.tree.exprs[arg.0 as usize];
        if let ExprKind::Int { negative, .. } | ExprKind::Float { negative, .. } = &mut expr.kind
            && !*negative
        {
            *negative = true;
            expr.span = span;
            return arg;
        }
        self.push(span, ExprKind::Unary { op: Op::Neg, arg })
    }

    /// Notes the names that a rejected pattern binds, so that their uses are not reported as well.
    pub(super) fn forgive(&mut self, pat: &syn::Pat) {
        let mut names = Names(Vec::new());
        names.visit_pat(pat);
        for ident in names.0 {
            let name = self.name(&ident).text;
            self.tree.forgiven.push(name);
        }
    }
}

/// The names that a pattern binds.
struct Names(Vec<proc_macro2::Ident>);

impl<'s> Visit<'s> for Names {
    fn visit_pat_ident(&mut self, pat: &'s syn::PatIdent) {
        self.0.push(pat.ident.clone());
        syn::visit::visit_pat_ident(self, pat);
    }
}
