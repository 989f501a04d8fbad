//! Loops, `match`, closures, and the macros that kernels have.

use filbert_ir::{Code, Diagnostic, Span};
use syn::Token;
use syn::punctuated::Punctuated;

use super::Reader;
use crate::ast::{Arm, ClosureParam, ExprId, ExprKind, Macro, Name, Pat, TypeNote};

impl<'t> Reader<'t, '_> {
    pub(super) fn while_loop(&mut self, expr: &syn::ExprWhile) -> ExprId {
        let label = self.label(expr.label.as_ref());
        let cond = self.expr(&expr.cond);
        let body = self.block(&expr.body, false);
        let span = self.span(expr.while_token.span).join(self.tree.span(body));
        self.push(span, ExprKind::While { cond, body, label })
    }

    pub(super) fn endless_loop(&mut self, expr: &syn::ExprLoop) -> ExprId {
        let label = self.label(expr.label.as_ref());
        let body = self.block(&expr.body, false);
        let span = self.span(expr.loop_token.span).join(self.tree.span(body));
        self.push(span, ExprKind::Loop { body, label })
    }

    pub(super) fn for_loop(&mut self, expr: &syn::ExprForLoop) -> ExprId {
        let label = self.label(expr.label.as_ref());
        let iter = self.expr(&expr.expr);
        let pat = self.pattern(&expr.pat);
        let body = self.block(&expr.body, false);
        let span = self.span(expr.for_token.span).join(self.tree.span(body));
        self.push(span, ExprKind::For { pat, iter, body, label })
    }

    pub(super) fn label(&self, label: Option<&syn::Label>) -> Option<Name<'t>> {
        label.map(|label| self.lifetime(&label.name))
    }

    /// A label with its tick.
    fn lifetime(&self, label: &syn::Lifetime) -> Name<'t> {
        let span = self.span(label.apostrophe).join(self.span(label.ident.span()));
        Name { text: self.tree.slice(span), span }
    }

    pub(super) fn break_expr(&mut self, expr: &syn::ExprBreak) -> ExprId {
        let label = expr.label.as_ref().map(|label| self.lifetime(label));
        let value = expr.expr.as_ref().map(|value| self.expr(value));
        let mut span = self.span(expr.break_token.span);
        span = label.map_or(span, |label| span.join(label.span));
        span = value.map_or(span, |value| span.join(self.tree.span(value)));
        self.push(span, ExprKind::Break { label, value })
    }

    pub(super) fn continue_expr(&mut self, expr: &syn::ExprContinue) -> ExprId {
        let label = expr.label.as_ref().map(|label| self.lifetime(label));
        let span = self.span(expr.continue_token.span);
        let span = label.map_or(span, |label| span.join(label.span));
        self.push(span, ExprKind::Continue { label })
    }

    pub(super) fn match_expr(&mut self, expr: &syn::ExprMatch) -> ExprId {
        let scrutinee = self.expr(&expr.expr);
        let arms = expr.arms.iter().map(|arm| self.arm(arm)).collect();
        let span = self.span(expr.match_token.span).join(self.span(expr.brace_token.span.close()));
        self.push(span, ExprKind::Match { scrutinee, arms })
    }

    /// `let` as a condition.
    pub(super) fn let_expr(&mut self, expr: &syn::ExprLet) -> ExprId {
        let value = self.expr(&expr.expr);
        let pat = self.pattern(&expr.pat);
        let span = self.span(expr.let_token.span).join(self.tree.span(value));
        self.push(span, ExprKind::Let { pat, value })
    }

    pub(super) fn closure(&mut self, closure: &syn::ExprClosure) -> ExprId {
        if let Some(token) = &closure.asyncness {
            let span = self.span(token.span);
            self.unsupported(span, "`async`", "a kernel computes one row, at once: leave it out");
        }
        let mut params = Vec::new();
        for param in &closure.inputs {
            let span = self.spanned(param);
            let (pat, note) = match param {
                syn::Pat::Type(typed) => (self.pattern(&typed.pat), self.note(&typed.ty)),
                pat => (self.pattern(pat), TypeNote::Infer),
            };
            params.push(ClosureParam { pat, note, span });
        }
        let result = match &closure.output {
            syn::ReturnType::Default => TypeNote::Infer,
            syn::ReturnType::Type(_, ty) => self.note(ty),
        };
        let body = self.expr(&closure.body);
        let span = self.span(closure.or1_token.spans[0]).join(self.tree.span(body));
        self.push(span, ExprKind::Closure { params, result, body, is_move: closure.capture.is_some() })
    }

    pub(super) fn range(&mut self, range: &syn::ExprRange) -> ExprId {
        let start = range.start.as_ref().map(|end| self.expr(end));
        let end = range.end.as_ref().map(|end| self.expr(end));
        let mut span = match &range.limits {
            syn::RangeLimits::HalfOpen(token) => self.span(token.spans[0]).join(self.span(token.spans[1])),
            syn::RangeLimits::Closed(token) => self.span(token.spans[0]).join(self.span(token.spans[2])),
        };
        for end in [start, end].into_iter().flatten() {
            span = span.join(self.tree.span(end));
        }
        let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
        self.push(span, ExprKind::Range { start, end, inclusive })
    }

    /// The macros that kernels have; what else they would print is read for its errors, and left out.
    pub(super) fn macro_call(&mut self, mac: &syn::Macro) -> ExprId {
        let path_span = self.spanned(&mac.path);
        let close = match &mac.delimiter {
            syn::MacroDelimiter::Paren(token) => token.span.close(),
            syn::MacroDelimiter::Brace(token) => token.span.close(),
            syn::MacroDelimiter::Bracket(token) => token.span.close(),
        };
        let span = path_span.join(self.span(close));
        let ident = mac.path.get_ident().map(|ident| ident.to_string()).unwrap_or_default();
        let (name, count) = match ident.as_str() {
            "matches" => return self.matches_call(mac, span),
            "assert" | "debug_assert" => (Macro::Assert, 1),
            "assert_eq" | "debug_assert_eq" => (Macro::AssertEq, 2),
            "assert_ne" | "debug_assert_ne" => (Macro::AssertNe, 2),
            "panic" | "unreachable" | "todo" | "unimplemented" => (Macro::Panic, 0),
            _ => {
                self.reject_macro(mac);
                return self.push(path_span, ExprKind::Error);
            }
        };
        let args = match mac.parse_body_with(Punctuated::<syn::Expr, Token![,]>::parse_terminated) {
            Ok(args) => args,
            Err(error) => return self.unread_macro(&ident, span, &error),
        };
        if args.len() < count {
            let plural = if count == 1 { "argument" } else { "arguments" };
            let message = format!("`{ident}!`: expected {count} {plural}, got {}", args.len());
            self.report(Diagnostic::new(Code::ArgumentCount, span, message));
            return self.push(span, ExprKind::Error);
        }
        if let Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(_), .. })) = args.iter().take(count).next() {
            let at = self.spanned(&args[0]);
            self.report(Diagnostic::new(Code::TypeMismatch, at, format!("`{ident}!`: expected a bool, got a string")));
            return self.push(span, ExprKind::Error);
        }
        let args = args.iter().take(count).map(|arg| self.expr(arg)).collect();
        self.push(span, ExprKind::Macro { name, args })
    }
    /// `matches!(x, 1..=5 | 9 if c)`: a `match` that gives true for this pattern and false for the rest.
    fn matches_call(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let parts = mac.parse_body_with(|input: syn::parse::ParseStream| {
            let value: syn::Expr = input.parse()?;
            input.parse::<Token![,]>()?;
            let pat = syn::Pat::parse_multi_with_leading_vert(input)?;
            let guard = match input.parse::<Option<Token![if]>>()? {
                Some(_) => Some(input.parse::<syn::Expr>()?),
                None => None,
            };
            input.parse::<Option<Token![,]>>()?;
            Ok((value, pat, guard))
        });
        let (value, pat, guard) = match parts {
            Ok(parts) => parts,
            Err(error) => return self.unread_macro("matches", span, &error),
        };
        let scrutinee = self.expr(&value);
        let pat_span = self.spanned(&pat);
        let pat = self.pattern(&pat);
        let guard = guard.map(|guard| self.expr(&guard));
        let (yes, no) = (self.push(pat_span, ExprKind::Bool(true)), self.push(pat_span, ExprKind::Bool(false)));
        let rest = Arm { pat: Pat::Wild, pat_span, guard: None, body: no };
        let arms = vec![Arm { pat, pat_span, guard, body: yes }, rest];
        self.push(span, ExprKind::Match { scrutinee, arms })
    }

    fn unread_macro(&mut self, name: &str, span: Span, error: &syn::Error) -> ExprId {
        let at = self.span(error.span());
        let at = if at.start < span.start || at.end > span.end { span } else { at };
        self.report(Diagnostic::new(Code::Syntax, at, format!("`{name}!`: {error}")));
        self.push(span, ExprKind::Error)
    }
}
