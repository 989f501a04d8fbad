//! Expressions and statements.

use filbert_ir::{Span, Type};

use super::Reader;
use crate::ast::{Block, ExprId, ExprKind, Name, Stmt, TypeNote};
use crate::names;

impl<'t> Reader<'t, '_> {
    /// The body of a kernel, in which a `return` at the end is what it returns.
    pub(super) fn body(&mut self, block: &syn::Block) -> ExprId {
        self.block(block, true)
    }

    pub(super) fn expr(&mut self, expr: &syn::Expr) -> ExprId {
        self.tail_expr(expr, false)
    }

    /// `last`: the value of this expression is the kernel's result.
    fn tail_expr(&mut self, expr: &syn::Expr, last: bool) -> ExprId {
        let attributes = attributes(expr);
        for attribute in attributes {
            self.outer_attribute(attribute);
        }
        let id = self.kind_of_expr(expr, last);
        self.allow(attributes, self.tree.span(id));
        id
    }

    fn kind_of_expr(&mut self, expr: &syn::Expr, last: bool) -> ExprId {
        use syn::Expr;
        match expr {
            Expr::Lit(lit) => self.literal(&lit.lit),
            Expr::Path(path) => {
                let span = self.path_span(&path.path);
                match self.path(path) {
                    Some(segments) => self.push(span, ExprKind::Path(segments)),
                    None => self.push(span, ExprKind::Error),
                }
            }
            // The parentheses are part of the span, so that `(a + b) * c` is underlined as it stands.
            Expr::Paren(paren) => {
                let inner = self.tail_expr(&paren.expr, last);
                let span = self.span(paren.paren_token.span.join());
                self.tree.exprs[inner.0 as usize].span = span;
                inner
            }
            Expr::Group(group) => self.tail_expr(&group.expr, last),
            Expr::Unary(unary) => self.unary(unary),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Cast(cast) => {
                let arg = self.expr(&cast.expr);
                let span = self.tree.span(arg).join(self.type_span(&cast.ty));
                let mut ty = self.note(&cast.ty);
                if !matches!(ty, TypeNote::Scalar(_) | TypeNote::Named { .. } | TypeNote::Error) {
                    let span = self.spanned(&*cast.ty);
                    self.unsupported(span, "a cast to this type", "write a scalar type, for example `f64`");
                    ty = TypeNote::Error;
                }
                self.push(span, ExprKind::Cast { arg, ty })
            }
            Expr::Tuple(tuple) => {
                let span = self.span(tuple.paren_token.span.join());
                let elems = tuple.elems.iter().map(|e| self.expr(e)).collect();
                self.push(span, ExprKind::Tuple(elems))
            }
            Expr::Field(field) => self.field(field),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            Expr::If(expr) => self.if_expr(expr, last),
            Expr::Block(block) => {
                let label = self.label(block.label.as_ref());
                self.labelled_block(&block.block, label, last)
            }
            Expr::Assign(assign) => {
                let target = self.target(&assign.left);
                let value = self.expr(&assign.right);
                let span = self.spanned_from(&assign.left, value);
                self.push(span, ExprKind::Assign { target, value })
            }
            Expr::Return(ret) if last => match &ret.expr {
                Some(value) => self.tail_expr(value, true),
                None => {
                    let span = self.span(ret.return_token.span);
                    self.push(span, ExprKind::Tuple(Vec::new()))
                }
            },
            Expr::Return(ret) => {
                let value = ret.expr.as_ref().map(|value| self.expr(value));
                let span = self.span(ret.return_token.span);
                let span = value.map_or(span, |value| span.join(self.tree.span(value)));
                self.push(span, ExprKind::Return { value })
            }
            Expr::While(expr) => self.while_loop(expr),
            Expr::Loop(expr) => self.endless_loop(expr),
            Expr::ForLoop(expr) => self.for_loop(expr),
            Expr::Break(expr) => self.break_expr(expr),
            Expr::Continue(expr) => self.continue_expr(expr),
            Expr::Match(expr) => self.match_expr(expr),
            Expr::Let(expr) => self.let_expr(expr),
            Expr::Closure(closure) => self.closure(closure),
            Expr::Range(range) => self.range(range),
            Expr::Macro(expr) => self.macro_call(&expr.mac),
            Expr::Try(expr) => {
                let of = self.expr(&expr.expr);
                let span = self.tree.span(of).join(self.span(expr.question_token.span));
                self.push(span, ExprKind::Try(of))
            }
            Expr::Index(index) => {
                let of = self.expr(&index.expr);
                let at = self.expr(&index.index);
                let span = self.tree.span(of).join(self.span(index.bracket_token.span.close()));
                self.push(span, ExprKind::Index { of, index: at })
            }
            Expr::Reference(reference) => {
                let of = self.expr(&reference.expr);
                let span = self.span(reference.and_token.span).join(self.tree.span(of));
                self.push(span, ExprKind::Ref { of, mutable: reference.mutability.is_some() })
            }
            Expr::Array(array) => {
                let span = self.span(array.bracket_token.span.join());
                let elems = array.elems.iter().map(|e| self.expr(e)).collect();
                self.push(span, ExprKind::Array(elems))
            }
            Expr::Repeat(repeat) => {
                let value = self.expr(&repeat.expr);
                let len = self.expr(&repeat.len);
                let span = self.span(repeat.bracket_token.span.join());
                self.push(span, ExprKind::Repeat { value, len })
            }
            Expr::Struct(expr) => self.struct_value(expr),
            other => {
                self.reject_expr(other);
                let span = self.spanned(other);
                self.push(span, ExprKind::Error)
            }
        }
    }

    pub(super) fn block(&mut self, block: &syn::Block, last: bool) -> ExprId {
        self.labelled_block(block, None, last)
    }

    fn labelled_block(&mut self, block: &syn::Block, label: Option<Name<'t>>, last: bool) -> ExprId {
        let mut out = Block { label, consts: Vec::new(), stmts: Vec::new(), tail: None };
        let count = block.stmts.len();
        for (index, stmt) in block.stmts.iter().enumerate() {
            let is_last = index + 1 == count;
            match stmt {
                syn::Stmt::Expr(expr, None) if is_last => out.tail = Some(self.tail_expr(expr, last)),
                syn::Stmt::Expr(expr @ syn::Expr::Return(_), _) if is_last && last => {
                    out.tail = Some(self.tail_expr(expr, last));
                }
                syn::Stmt::Expr(expr, semi) => {
                    let semi = semi.as_ref().map(|token| self.span(token.spans[0]));
                    let expr = self.expr(expr);
                    out.stmts.push(Stmt::Expr { expr, semi });
                }
                syn::Stmt::Local(local) => out.stmts.push(self.local(local)),
                syn::Stmt::Item(syn::Item::Const(item)) => {
                    let id = self.constant(item);
                    out.consts.push(id);
                }
                syn::Stmt::Item(syn::Item::Static(item)) => {
                    let id = self.static_item(item);
                    out.consts.push(id);
                }
                syn::Stmt::Item(syn::Item::Use(item)) => self.import(item),
                syn::Stmt::Item(item) => self.reject_item(item),
                syn::Stmt::Macro(stmt) => {
                    let expr = self.macro_call(&stmt.mac);
                    match &stmt.semi_token {
                        None if is_last => out.tail = Some(expr),
                        semi => {
                            let semi = semi.as_ref().map(|token| self.span(token.spans[0]));
                            out.stmts.push(Stmt::Expr { expr, semi });
                        }
                    }
                }
            }
        }
        let span = self.span(block.brace_token.span.join());
        self.push(span, ExprKind::Block(out))
    }

    fn local(&mut self, local: &syn::Local) -> Stmt<'t> {
        for attribute in &local.attrs {
            self.outer_attribute(attribute);
        }
        let (pat, note, note_span) = match &local.pat {
            syn::Pat::Type(typed) => {
                let note = self.note(&typed.ty);
                (self.pattern(&typed.pat), note, Some(self.spanned(&*typed.ty)))
            }
            other => (self.pattern(other), TypeNote::Infer, None),
        };
        let init = local.init.as_ref().map(|init| self.expr(&init.expr));
        let otherwise = local.init.as_ref().and_then(|init| init.diverge.as_ref());
        let otherwise = otherwise.map(|(_, otherwise)| self.expr(otherwise));
        if !local.attrs.is_empty() {
            let span = self.spanned(local);
            self.allow(&local.attrs, span);
        }
        Stmt::Let { pat, note, note_span, init, otherwise }
    }

    fn struct_value(&mut self, expr: &syn::ExprStruct) -> ExprId {
        let Some(ident) = expr.path.get_ident().filter(|_| expr.qself.is_none()) else {
            let span = self.path_span(&expr.path);
            self.unsupported(span, "a struct value of this path", "name a struct of the text");
            return self.push(span, ExprKind::Error);
        };
        let name = self.name(ident);
        let span = name.span.join(self.span(expr.brace_token.span.close()));
        if let Some(rest) = &expr.rest {
            let at = self.spanned(&**rest);
            self.unsupported(at, "the rest of another struct value", "write every field");
        }
        let mut fields = Vec::new();
        for field in &expr.fields {
            let value = self.expr(&field.expr);
            match &field.member {
                syn::Member::Named(member) => fields.push((self.name(member), value)),
                syn::Member::Unnamed(index) => {
                    let at = self.span(index.span);
                    self.unsupported(at, "a numbered field", "name the fields of the struct");
                }
            }
        }
        self.push(span, ExprKind::StructLit { name, fields })
    }

    pub(super) fn literal(&mut self, lit: &syn::Lit) -> ExprId {
        let span = self.span(lit.span());
        let kind = match lit {
            syn::Lit::Bool(lit) => ExprKind::Bool(lit.value),
            syn::Lit::Int(lit) => match self.suffix(lit.suffix(), span) {
                Ok(Some(ty)) if ty.is_float() => {
                    let (digits, negative) = sign(lit.base10_digits());
                    ExprKind::Float { digits: digits.to_string(), negative, suffix: Some(ty) }
                }
                Ok(suffix) => {
                    let (digits, negative) = sign(lit.base10_digits());
                    ExprKind::Int { magnitude: digits.parse().ok(), negative, suffix }
                }
                Err(()) => ExprKind::Error,
            },
            syn::Lit::Float(lit) => match self.suffix(lit.suffix(), span) {
                Ok(suffix) => {
                    let (digits, negative) = sign(lit.base10_digits());
                    ExprKind::Float { digits: digits.to_string(), negative, suffix }
                }
                Err(()) => ExprKind::Error,
            },
            syn::Lit::Byte(lit) => {
                ExprKind::Int { magnitude: Some(lit.value() as u128), negative: false, suffix: Some(Type::U8) }
            }
            other => {
                self.reject_literal(other);
                ExprKind::Error
            }
        };
        self.push(span, kind)
    }

    fn suffix(&mut self, suffix: &str, span: Span) -> Result<Option<Type>, ()> {
        if suffix.is_empty() {
            return Ok(None);
        }
        match names::scalar_type(suffix) {
            Some(ty) if ty != Type::Bool => Ok(Some(ty)),
            _ => {
                let code = filbert_ir::Code::UnknownType;
                let message = format!("a literal cannot have the type `{suffix}`");
                let help = "the suffixes are i8 to i64, u8 to u64, f32 and f64";
                self.report(filbert_ir::Diagnostic::new(code, span, message).help(help));
                Err(())
            }
        }
    }

    fn field(&mut self, field: &syn::ExprField) -> ExprId {
        let of = self.expr(&field.base);
        match &field.member {
            syn::Member::Unnamed(index) => {
                let span = self.tree.span(of).join(self.span(index.span));
                self.push(span, ExprKind::Field { of, index: index.index })
            }
            syn::Member::Named(name) => {
                let name = self.name(name);
                let span = self.tree.span(of).join(name.span);
                self.push(span, ExprKind::NamedField { of, name })
            }
        }
    }

    fn call(&mut self, call: &syn::ExprCall) -> ExprId {
        let mut func = &*call.func;
        while let syn::Expr::Paren(syn::ExprParen { expr, .. }) | syn::Expr::Group(syn::ExprGroup { expr, .. }) = func {
            func = expr;
        }
        let close = self.span(call.paren_token.span.close());
        let syn::Expr::Path(path) = func else {
            let callee = self.expr(func);
            let span = self.tree.span(callee);
            self.unsupported(span, "a call of a computed function", "call a kernel by its name");
            for arg in &call.args {
                self.expr(arg);
            }
            return self.push(span.join(close), ExprKind::Error);
        };
        let path_span = self.path_span(&path.path);
        let segments = self.path(path);
        let args = call.args.iter().map(|arg| self.expr(arg)).collect();
        let kind = match segments {
            Some(path) => ExprKind::Call { path, path_span, args },
            None => ExprKind::Error,
        };
        self.push(path_span.join(close), kind)
    }

    fn method(&mut self, call: &syn::ExprMethodCall) -> ExprId {
        let receiver = self.expr(&call.receiver);
        let name = self.name(&call.method);
        let turbofish = call.turbofish.as_ref().and_then(|generics| self.turbofish(generics, name.text));
        let is_message = |arg: &syn::Expr| {
            matches!(arg, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(_), .. })) && call.method == "expect"
        };
        let args = call.args.iter().map(|arg| match arg {
            syn::Expr::Lit(message) if is_message(arg) => {
                let span = self.span(message.lit.span());
                self.push(span, ExprKind::Text)
            }
            arg => self.expr(arg),
        });
        let args = args.collect();
        let span = self.tree.span(receiver).join(self.span(call.paren_token.span.close()));
        let id = self.push(span, ExprKind::Method { receiver, name, args });
        if let Some(turbofish) = turbofish {
            self.tree.turbofish.insert(id.0, turbofish);
        }
        id
    }

    /// `::<f64>` behind the name of a method that may have it, with its place.
    fn turbofish(
        &mut self,
        generics: &syn::AngleBracketedGenericArguments,
        method: &str,
    ) -> Option<(TypeNote<'t>, Span)> {
        let ty = match generics.args.first() {
            Some(syn::GenericArgument::Type(ty)) if generics.args.len() == 1 => Some(ty),
            _ => None,
        };
        let Some(ty) = ty.filter(|_| matches!(method, "sum" | "product")) else {
            let span = self.span(generics.lt_token.spans[0]);
            self.unsupported(span, "generic arguments", "only `sum` and `product` have one: leave them out");
            return None;
        };
        let span = self.spanned(ty);
        Some((self.note(ty), span))
    }

    fn if_expr(&mut self, expr: &syn::ExprIf, last: bool) -> ExprId {
        let cond = self.expr(&expr.cond);
        let then = self.block(&expr.then_branch, last);
        let otherwise = expr.else_branch.as_ref().map(|(_, otherwise)| self.tail_expr(otherwise, last));
        let end = self.tree.span(otherwise.unwrap_or(then));
        let span = self.span(expr.if_token.span).join(end);
        self.push(span, ExprKind::If { cond, then, otherwise })
    }

    /// The segments of a plain path; others are reported.
    pub(super) fn path(&mut self, path: &syn::ExprPath) -> Option<Vec<&'t str>> {
        if let Some(qself) = &path.qself {
            let span = self.span(qself.lt_token.spans[0]);
            self.unsupported(span, "a path in `<...>`", "write `f64::sqrt(x)` or `x.sqrt()`");
            return None;
        }
        let mut segments = Vec::new();
        if let Some(name) = path.path.get_ident()
            && let Some((_, kernel)) = self.functions.iter().find(|(param, _)| name == param)
        {
            return Some(vec![kernel]);
        }
        for (index, segment) in path.path.segments.iter().enumerate() {
            let text = self.name(&segment.ident).text;
            // `T::MAX` is that of the type which `T` is.
            match self.type_of_param(text).filter(|_| index == 0 && path.path.segments.len() > 1) {
                Some(ty) => segments.push(ty.name()),
                None => segments.push(text),
            }
            if segment.arguments.is_none() {
                continue;
            }
            // The unit of a time type becomes a segment: `Timestamp::<Second>::new`.
            match self.type_arguments(segment).as_slice() {
                [syn::Type::Path(unit)] if super::TIMES.iter().any(|(time, _)| segment.ident == time) => {
                    segments.extend(unit.path.get_ident().map(|unit| self.name(unit).text));
                }
                _ => {
                    let span = self.spanned(&segment.arguments);
                    self.unsupported(span, "generic arguments", "leave them out: the arguments decide");
                    return None;
                }
            }
        }
        Some(segments)
    }

    pub(super) fn path_span(&self, path: &syn::Path) -> Span {
        let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
            return Span::default();
        };
        let start = match &path.leading_colon {
            Some(colon) => colon.spans[0],
            None => first.ident.span(),
        };
        self.span(start).join(self.span(last.ident.span()))
    }

    fn type_span(&self, ty: &syn::Type) -> Span {
        match ty {
            syn::Type::Path(path) if path.qself.is_none() => self.path_span(&path.path),
            other => self.spanned(other),
        }
    }

    /// From the start of `first` to the end of `last`.
    pub(super) fn spanned_from(&self, first: &syn::Expr, last: ExprId) -> Span {
        let start = match first {
            syn::Expr::Path(path) if path.qself.is_none() => self.path_span(&path.path),
            other => self.spanned(other),
        };
        start.join(self.tree.span(last))
    }
}

/// In a pattern, a minus is part of the literal.
fn sign(digits: &str) -> (&str, bool) {
    match digits.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (digits, false),
    }
}

/// The attributes of the expressions that kernels have.
fn attributes(expr: &syn::Expr) -> &[syn::Attribute] {
    use syn::Expr::*;
    match expr {
        Lit(e) => &e.attrs,
        Path(e) => &e.attrs,
        Paren(e) => &e.attrs,
        Unary(e) => &e.attrs,
        Binary(e) => &e.attrs,
        Cast(e) => &e.attrs,
        Tuple(e) => &e.attrs,
        Call(e) => &e.attrs,
        MethodCall(e) => &e.attrs,
        If(e) => &e.attrs,
        Block(e) => &e.attrs,
        Assign(e) => &e.attrs,
        Return(e) => &e.attrs,
        Field(e) => &e.attrs,
        While(e) => &e.attrs,
        Loop(e) => &e.attrs,
        ForLoop(e) => &e.attrs,
        Match(e) => &e.attrs,
        Closure(e) => &e.attrs,
        Index(e) => &e.attrs,
        Array(e) => &e.attrs,
        Macro(e) => &e.attrs,
        _ => &[],
    }
}
