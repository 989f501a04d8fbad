//! Operators and assignments.

use filbert_ir::{Op, Span};

use super::Reader;
use crate::ast::{ExprId, ExprKind, Logic, Name, Target};

impl<'t> Reader<'t, '_> {
    pub(super) fn unary(&mut self, unary: &syn::ExprUnary) -> ExprId {
        let (op, sign) = match &unary.op {
            syn::UnOp::Neg(token) => (Op::Neg, token.spans[0]),
            syn::UnOp::Not(token) => (Op::Not, token.spans[0]),
            syn::UnOp::Deref(token) => {
                let star = self.span(token.spans[0]);
                let of = self.expr(&unary.expr);
                return self.push(star.join(self.tree.span(of)), ExprKind::Deref(of));
            }
            other => {
                let span = self.spanned(other);
                self.unsupported(span, "this operator", "the unary operators are `-` and `!`");
                return self.push(span, ExprKind::Error);
            }
        };
        let arg = self.expr(&unary.expr);
        let span = self.span(sign).join(self.tree.span(arg));
        if op == Op::Neg {
            return self.negate(arg, span);
        }
        self.push(span, ExprKind::Unary { op, arg })
    }

    pub(super) fn binary(&mut self, binary: &syn::ExprBinary) -> ExprId {
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
                Target::Variable(target) | Target::Place(target) => {
                    self.push(span, ExprKind::Update { op, symbol, target, value })
                }
                Target::Error => self.push(span, ExprKind::Error),
                Target::Wild | Target::Tuple(..) => {
                    self.unsupported(symbol_span, "an update of anything but a variable", "write one update for each");
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
    pub(super) fn target(&mut self, left: &syn::Expr) -> Target {
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
            syn::Expr::Field(_) | syn::Expr::Index(_) => Target::Place(self.expr(left)),
            syn::Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => Target::Place(self.expr(left)),
            other => {
                let span = self.spanned(other);
                let message = "only a variable can be assigned";
                self.report(filbert_ir::Diagnostic::new(filbert_ir::Code::Syntax, span, message));
                Target::Error
            }
        }
    }

    pub(super) fn symbol_span(&self, op: &syn::BinOp) -> Span {
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
