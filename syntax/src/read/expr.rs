//! Expressions and statements.

use filbert_ir::{Op, Span, Type};

use super::Reader;
use crate::ast::{Block, ExprId, ExprKind, Logic, Name, Stmt, Target, TypeNote};

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
        use syn::Expr;
        for attribute in attributes(expr) {
            self.outer_attribute(attribute);
        }
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
                let ty = match self.note(&cast.ty) {
                    TypeNote::Scalar(ty) => Some(ty),
                    TypeNote::Error => None,
                    TypeNote::Infer | TypeNote::Tuple(_) => {
                        let span = self.spanned(&*cast.ty);
                        self.unsupported(span, "a cast to this type", "write a scalar type, for example `f64`");
                        None
                    }
                };
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
                if let Some(label) = &block.label {
                    let span = self.span(label.name.span());
                    self.unsupported(span, "a labelled block", "write `if` and `else` instead of `break`");
                }
                self.block(&block.block, last)
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
                self.reject_early_return(ret);
                // Its value is still looked at, for the errors in it.
                if let Some(value) = &ret.expr {
                    self.expr(value);
                }
                let span = self.span(ret.return_token.span);
                self.push(span, ExprKind::Error)
            }
            other => {
                self.reject_expr(other);
                let span = self.spanned(other);
                self.push(span, ExprKind::Error)
            }
        }
    }

    pub(super) fn block(&mut self, block: &syn::Block, last: bool) -> ExprId {
        let mut out = Block { consts: Vec::new(), stmts: Vec::new(), tail: None };
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
                syn::Stmt::Item(syn::Item::Use(item)) => self.import(item),
                syn::Stmt::Item(item) => self.reject_item(item),
                syn::Stmt::Macro(stmt) => {
                    self.reject_macro(&stmt.mac);
                    // It may have been the block's value.
                    if is_last && stmt.semi_token.is_none() {
                        let span = self.spanned(&stmt.mac.path);
                        out.tail = Some(self.push(span, ExprKind::Error));
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
        let init = local.init.as_ref().map(|init| {
            if let Some((token, _)) = &init.diverge {
                let span = self.span(token.span);
                self.unsupported(span, "`let ... else`", "bind the value, and choose with `if`");
            }
            self.expr(&init.expr)
        });
        if init.is_none() {
            let span = self.span(local.let_token.span);
            self.unsupported(
                span,
                "`let` without a value",
                "give it its value here: `let y = if c { a } else { b };`",
            );
        }
        Stmt::Let { pat, note, note_span, init }
    }

    fn literal(&mut self, lit: &syn::Lit) -> ExprId {
        let span = self.span(lit.span());
        let kind = match lit {
            syn::Lit::Bool(lit) => ExprKind::Bool(lit.value),
            syn::Lit::Int(lit) => match self.suffix(lit.suffix(), span) {
                Ok(Some(ty)) if ty.is_float() => {
                    ExprKind::Float { digits: lit.base10_digits().to_string(), negative: false, suffix: Some(ty) }
                }
                Ok(suffix) => {
                    ExprKind::Int { magnitude: lit.base10_digits().parse().ok(), negative: false, suffix }
                }
                Err(()) => ExprKind::Error,
            },
            syn::Lit::Float(lit) => match self.suffix(lit.suffix(), span) {
                Ok(suffix) => {
                    ExprKind::Float { digits: lit.base10_digits().to_string(), negative: false, suffix }
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
        match suffix.parse::<Type>() {
            Ok(ty) if ty != Type::Bool => Ok(Some(ty)),
            _ => {
                let code = filbert_ir::Code::UnknownType;
                let message = format!("a literal cannot have the type `{suffix}`");
                let help = "the suffixes are i8 to i64, u8 to u64, f32 and f64";
                self.report(filbert_ir::Diagnostic::new(code, span, message).help(help));
                Err(())
            }
        }
    }

    fn unary(&mut self, unary: &syn::ExprUnary) -> ExprId {
        let (op, sign) = match &unary.op {
            syn::UnOp::Neg(token) => (Op::Neg, token.spans[0]),
            syn::UnOp::Not(token) => (Op::Not, token.spans[0]),
            syn::UnOp::Deref(token) => {
                let span = self.span(token.spans[0]);
                self.unsupported(span, "`*` before a value", "values are copied: use the value itself");
                self.expr(&unary.expr);
                return self.push(span, ExprKind::Error);
            }
            other => {
                let span = self.spanned(other);
                self.unsupported(span, "this operator", "the unary operators are `-` and `!`");
                return self.push(span, ExprKind::Error);
            }
        };
        let arg = self.expr(&unary.expr);
        let span = self.span(sign).join(self.tree.span(arg));
        // A minus before a literal belongs to it: `-128i8` is one.
        if op == Op::Neg {
            let expr = &mut self.tree.exprs[arg.0 as usize];
            if let ExprKind::Int { negative, .. } | ExprKind::Float { negative, .. } = &mut expr.kind
                && !*negative
            {
                *negative = true;
                expr.span = span;
                return arg;
            }
        }
        self.push(span, ExprKind::Unary { op, arg })
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> ExprId {
        use syn::BinOp::*;
        let (op, updates) = match &binary.op {
            Add(_) => (Op::Add, false),
            Sub(_) => (Op::Sub, false),
            Mul(_) => (Op::Mul, false),
            Div(_) => (Op::Div, false),
            Rem(_) => (Op::Rem, false),
            BitXor(_) => (Op::Xor, false),
            BitAnd(_) => (Op::And, false),
            BitOr(_) => (Op::Or, false),
            Shl(_) => (Op::Shl, false),
            Shr(_) => (Op::Shr, false),
            Eq(_) => (Op::Eq, false),
            Lt(_) => (Op::Lt, false),
            Le(_) => (Op::Le, false),
            Ne(_) => (Op::Ne, false),
            Ge(_) => (Op::Ge, false),
            Gt(_) => (Op::Gt, false),
            AddAssign(_) => (Op::Add, true),
            SubAssign(_) => (Op::Sub, true),
            MulAssign(_) => (Op::Mul, true),
            DivAssign(_) => (Op::Div, true),
            RemAssign(_) => (Op::Rem, true),
            BitXorAssign(_) => (Op::Xor, true),
            BitAndAssign(_) => (Op::And, true),
            BitOrAssign(_) => (Op::Or, true),
            ShlAssign(_) => (Op::Shl, true),
            ShrAssign(_) => (Op::Shr, true),
            And(_) | Or(_) => {
                let logic = if matches!(binary.op, And(_)) { Logic::And } else { Logic::Or };
                let left = self.expr(&binary.left);
                let right = self.expr(&binary.right);
                let span = self.tree.span(left).join(self.tree.span(right));
                return self.push(span, ExprKind::Logic { logic, left, right });
            }
            other => {
                let span = self.spanned(other);
                self.unsupported(span, "this operator", "see the list of operators in docs/language.md");
                return self.push(span, ExprKind::Error);
            }
        };
        let symbol_span = self.symbol_span(&binary.op);
        let symbol = Name { text: self.tree.slice(symbol_span), span: symbol_span };
        if updates {
            let target = self.target(&binary.left);
            let value = self.expr(&binary.right);
            let span = self.spanned_from(&binary.left, value);
            return match target {
                Target::Variable(target) => self.push(span, ExprKind::Update { op, symbol, target, value }),
                Target::Error => self.push(span, ExprKind::Error),
                Target::Wild | Target::Tuple(..) => {
                    self.unsupported(symbol_span, "updating anything but a variable", "write one update for each");
                    self.push(span, ExprKind::Error)
                }
            };
        }
        let left = self.expr(&binary.left);
        let right = self.expr(&binary.right);
        let span = self.tree.span(left).join(self.tree.span(right));
        self.push(span, ExprKind::Binary { op, symbol, left, right })
    }

    /// What an assignment may assign: a variable, `_`, or a tuple of these.
    fn target(&mut self, left: &syn::Expr) -> Target {
        match left {
            syn::Expr::Path(path) if path.path.get_ident().is_some() && path.qself.is_none() => {
                Target::Variable(self.expr(left))
            }
            syn::Expr::Paren(inner) => self.target(&inner.expr),
            syn::Expr::Group(inner) => self.target(&inner.expr),
            syn::Expr::Infer(_) => Target::Wild,
            syn::Expr::Tuple(tuple) => {
                let span = self.span(tuple.paren_token.span.join());
                Target::Tuple(tuple.elems.iter().map(|e| self.target(e)).collect(), span)
            }
            syn::Expr::Field(_) => {
                let span = self.spanned(left);
                self.unsupported(span, "assigning one element of a tuple", "assign the whole tuple");
                Target::Error
            }
            syn::Expr::Index(_) | syn::Expr::Unary(_) => {
                self.expr(left);
                Target::Error
            }
            other => {
                let span = self.spanned(other);
                let message = "only a variable can be assigned";
                self.report(filbert_ir::Diagnostic::new(filbert_ir::Code::Syntax, span, message));
                Target::Error
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
                let span = self.span(name.span());
                self.unsupported(
                    span,
                    "a named field",
                    "write `.0`, `.1` for the elements of a tuple; a method needs `()`",
                );
                let span = self.tree.span(of).join(span);
                self.push(span, ExprKind::Error)
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
        if let Some(generics) = &call.turbofish {
            let span = self.span(generics.lt_token.spans[0]);
            self.unsupported(span, "generic arguments", "methods of scalars have none: leave them out");
        }
        let args = call.args.iter().map(|arg| self.expr(arg)).collect();
        let span = self.tree.span(receiver).join(self.span(call.paren_token.span.close()));
        self.push(span, ExprKind::Method { receiver, name, args })
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
    fn path(&mut self, path: &syn::ExprPath) -> Option<Vec<&'t str>> {
        if let Some(qself) = &path.qself {
            let span = self.span(qself.lt_token.spans[0]);
            self.unsupported(span, "a path in `<...>`", "write `f64::sqrt(x)` or `x.sqrt()`");
            return None;
        }
        for segment in &path.path.segments {
            if !segment.arguments.is_none() {
                let span = self.spanned(&segment.arguments);
                self.unsupported(span, "generic arguments", "kernels are not generic: leave them out");
                return None;
            }
        }
        Some(path.path.segments.iter().map(|segment| self.name(&segment.ident).text).collect())
    }

    fn path_span(&self, path: &syn::Path) -> Span {
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
    fn spanned_from(&self, first: &syn::Expr, last: ExprId) -> Span {
        let start = match first {
            syn::Expr::Path(path) if path.qself.is_none() => self.path_span(&path.path),
            other => self.spanned(other),
        };
        start.join(self.tree.span(last))
    }

    fn symbol_span(&self, op: &syn::BinOp) -> Span {
        use syn::BinOp::*;
        let spans: &[proc_macro2::Span] = match op {
            Add(t) => &t.spans,
            Sub(t) => &t.spans,
            Mul(t) => &t.spans,
            Div(t) => &t.spans,
            Rem(t) => &t.spans,
            BitXor(t) => &t.spans,
            BitAnd(t) => &t.spans,
            BitOr(t) => &t.spans,
            Lt(t) => &t.spans,
            Gt(t) => &t.spans,
            Shl(t) => &t.spans,
            Shr(t) => &t.spans,
            Eq(t) => &t.spans,
            Le(t) => &t.spans,
            Ne(t) => &t.spans,
            Ge(t) => &t.spans,
            other => return self.spanned(other),
        };
        let first = self.span(spans[0]);
        spans.iter().fold(first, |all, &span| all.join(self.span(span)))
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
        _ => &[],
    }
}
