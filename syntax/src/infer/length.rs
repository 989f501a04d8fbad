//! The lengths of arrays: constant expressions of integers, which types need before anything is computed.

use filbert_ir::{Code, Diagnostic, Op, Scalar, Span};

use super::{Entity, Infer};
use crate::ast::{ConstId, ExprId, ExprKind, TypeNote};
use crate::links::Links;
use crate::names::{self, StdPath};

/// Constants that may need each other's values one after the other.
const CHAIN_MAX: usize = 64;

impl<'a, 't> Infer<'a, 't> {
    /// The value of a constant expression of integers, every intermediate result within 64 bits; reports
    /// what it cannot compute.
    pub(super) fn const_int(&mut self, id: ExprId) -> Option<i128> {
        let tree = self.tree;
        let span = tree.span(id);
        let value = match &tree.expr(id).kind {
            ExprKind::Error => return None,
            ExprKind::Int { magnitude, negative, .. } => {
                let magnitude = magnitude.and_then(|magnitude| i128::try_from(magnitude).ok());
                magnitude.map(|magnitude| if *negative { -magnitude } else { magnitude })
            }
            ExprKind::Path(path) => return self.const_path(path, span),
            ExprKind::Binary { op, left, right, .. } => {
                let (left, right) = (self.const_int(*left)?, self.const_int(*right)?);
                match op {
                    Op::Add => left.checked_add(right),
                    Op::Sub => left.checked_sub(right),
                    Op::Mul => left.checked_mul(right),
                    Op::Div => left.checked_div(right),
                    Op::Rem => left.checked_rem(right),
                    Op::Shl => u32::try_from(right).ok().and_then(|by| left.checked_shl(by)),
                    _ => None,
                }
            }
            ExprKind::Cast { arg, ty: TypeNote::Scalar(ty) } if ty.is_int() => Some(self.const_int(*arg)?),
            ExprKind::Block(block) if block.stmts.is_empty() && block.consts.is_empty() => match block.tail {
                Some(tail) => Some(self.const_int(tail)?),
                None => None,
            },
            ExprKind::Method { receiver, name, args } if name.text == "len" && args.is_empty() => {
                self.const_len(*receiver)
            }
            _ => None,
        };
        let fits = |value: &i128| i64::try_from(*value).is_ok() || u64::try_from(*value).is_ok();
        value.filter(fits).or_else(|| self.explain_length(span))
    }

    fn explain_length(&mut self, span: Span) -> Option<i128> {
        if matches!(self.links, Links::Open) && !self.out.wanted.is_empty() {
            return None; // It may need a constant that is not known yet.
        }
        let message = format!("length of an array: cannot compute `{}`", self.tree.slice(span));
        let help = "write a whole number, a constant, or `+ - * /` of these";
        self.report(Diagnostic::new(Code::ConstEval, span, message).help(help));
        None
    }

    fn const_path(&mut self, path: &[&'t str], span: Span) -> Option<i128> {
        if let [name] = path {
            match self.names.get(name) {
                Some(&Entity::Const(id)) => return self.const_value(id, span),
                Some(&Entity::Local(local)) => {
                    let message = format!("length of an array: `{name}` is a variable, and lengths are constants");
                    let finding = Diagnostic::new(Code::ConstEval, span, message);
                    let at = self.locals[local.0 as usize].span;
                    self.report(finding.note(at, "the variable").help("write `const` instead of `let`"));
                    return None;
                }
                None => {}
            }
        }
        if let StdPath::Constant(scalar) = names::std_path(&self.tree.uses, path) {
            return integer(scalar).or_else(|| self.explain_length(span));
        }
        if let Some((_, value)) = self.links.constant(&path.join("::")) {
            return value.scalar().and_then(integer).or_else(|| self.explain_length(span));
        }
        if matches!(self.links, Links::Open) {
            self.want_constant(path, span);
        } else {
            self.explain_unknown_name(path, span);
        }
        None
    }

    fn const_value(&mut self, id: ConstId, span: Span) -> Option<i128> {
        match self.const_ints.get(&id.0) {
            Some(Some(value)) => Some(*value),
            Some(None) => self.explain_length(span),
            None if self.const_depth < CHAIN_MAX => {
                self.compute_const_int(id);
                self.const_ints.get(&id.0).copied().flatten()
            }
            None => self.explain_length(span),
        }
    }

    /// `TABLE.len()`
    fn const_len(&mut self, receiver: ExprId) -> Option<i128> {
        let ExprKind::Path(path) = &self.tree.expr(receiver).kind else { return None };
        let [name] = path.as_slice() else { return None };
        let Some(&Entity::Const(id)) = self.names.get(name) else { return None };
        match &self.tree.constant(id).ty {
            TypeNote::Array { len, .. } => self.array_len(*len).map(i128::from),
            _ => None,
        }
    }

    /// Computes the integers among constants that have just become known: their names mean something else
    /// where they are used.
    pub(super) fn compute_const_ints(&mut self, ids: &[ConstId]) {
        for &id in ids {
            if !self.const_ints.contains_key(&id.0) {
                self.compute_const_int(id);
            }
        }
    }

    fn compute_const_int(&mut self, id: ConstId) {
        // What needs its own value has none.
        self.const_ints.insert(id.0, None);
        let constant = self.tree.constant(id);
        if !matches!(&constant.ty, TypeNote::Scalar(ty) if ty.is_int()) {
            return;
        }
        let mark = self.found.len();
        self.const_depth += 1;
        let value = self.const_int(constant.init);
        self.const_depth -= 1;
        // Whatever is wrong is found again when the constant itself is looked at, or it is fit for a constant
        // but not for a length.
        self.found.truncate(mark);
        self.const_ints.insert(id.0, value);
    }
}

fn integer(scalar: Scalar) -> Option<i128> {
    let ty = scalar.ty();
    if !ty.is_int() {
        return None;
    }
    let unused = 64 - ty.bits();
    let bits = scalar.bits() << unused;
    Some(if ty.is_signed() { i128::from(bits as i64 >> unused) } else { i128::from(bits >> unused) })
}
