//! Operations: operators, casts, fields, methods.

use filbert_ir::op::Class;
use filbert_ir::{Code, Diagnostic, Logical, Op, Span, Type};

use super::check::Check;
use super::explain::Why;
use super::types::{BOOL, Open, Ty};
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind};
use crate::methods::{Arg, Method, Ret, signed};

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn binary(&mut self, id: ExprId, op: Op, symbol: &'t str, left: ExprId, right: ExprId) -> Ty {
        self.infer(left);
        let ty = self.operands(id, (op, symbol), left, right, false);
        match op {
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => BOOL,
            _ => ty,
        }
    }

    /// Types the right operand of a binary operation whose left one is typed. The left one of an update
    /// is a variable, which does not change its type.
    pub(super) fn operands(
        &mut self,
        id: ExprId,
        op: (Op, &'t str),
        left: ExprId,
        right: ExprId,
        is_update: bool,
    ) -> Ty {
        let (op, symbol) = op;
        let right_ty = self.infer(right);
        if let Some(ty) = self.list_operands((op, symbol), left, right) {
            return ty;
        }
        let class = match op {
            Op::And | Op::Or | Op::Xor => Class::IntOrBool,
            Op::Shl | Op::Shr => Class::Int,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => Class::Any,
            _ => Class::Num,
        };
        // As in Rust, arithmetic looks through one reference, and comparisons want the same on both sides.
        let looks = class != Class::Any;
        let left_ty = self.operand_ty(left, looks && !is_update);
        let right_ty = if looks { self.operand_ty(right, true) } else { right_ty };
        let is_time = |ty: Ty| matches!(self.out.types.resolve(ty), Ty::Time(_));
        if is_time(left_ty) || is_time(right_ty) {
            return match self.time_operation(op, left_ty, right_ty) {
                Some(ty) if !is_update || self.out.types.unify(left_ty, ty) => ty,
                _ => {
                    self.explain_time_operation(symbol, (left, left_ty), (right, right_ty));
                    Ty::Error
                }
            };
        }
        if matches!(op, Op::Shl | Op::Shr) {
            let is_left = self.operand(id, left, class, symbol);
            let is_right = self.operand(id, right, class, symbol);
            return if is_left && is_right { left_ty } else { Ty::Error };
        }
        let is_option = |infer: &Self, ty: Ty| matches!(infer.out.types.resolve(ty), Ty::Option(_));
        if is_option(self, left_ty) || is_option(self, right_ty) {
            return self.option_operands(id, (op, symbol), (left, left_ty), (right, right_ty));
        }
        if !self.out.types.unify(left_ty, right_ty) {
            self.explain_operands(symbol, (left, left_ty), (right, right_ty), is_update);
            return Ty::Error;
        }
        // One side may have been reported: then the other one is the type.
        let is_left_error = self.out.types.is_error(left_ty);
        let (ty, arg) = if is_left_error { (right_ty, right) } else { (left_ty, left) };
        let is_fit = self.operand(id, arg, class, symbol);
        let is_error = is_left_error || self.out.types.is_error(right_ty);
        if is_fit && !is_error { ty } else { Ty::Error }
    }

    /// Whether an operand may be of a type that the operation has: reports at once if it is decided and is
    /// not, else leaves it to the checks at the end.
    pub(super) fn operand(&mut self, at: ExprId, arg: ExprId, class: Class, symbol: &'t str) -> bool {
        let ty = self.out.types.peel(self.out.exprs[arg.0 as usize]);
        match ty {
            Ty::Scalar(scalar) if class.contains(scalar) => true,
            Ty::Error | Ty::Never => true,
            // The sign of a duration; its binary operators do not come here.
            Ty::Time(Logical::Duration(_)) if symbol == "-" => true,
            Ty::Var(_) => {
                self.checks.push(Check::Operand { at, arg, class, symbol });
                true
            }
            _ => {
                self.check_operand(at, arg, class, symbol);
                false
            }
        }
    }

    pub(super) fn cast(&mut self, id: ExprId, arg: ExprId, to: Ty) -> Ty {
        let from = self.infer(arg);
        let Ty::Scalar(to) = to else { return Ty::Error };
        // As in Rust, a literal that is cast to a type of its own kind is of that type from the start, also
        // under a sign and at the end of a block.
        let mut innermost = arg;
        let is_literal = loop {
            match &self.tree.expr(innermost).kind {
                ExprKind::Int { .. } | ExprKind::Float { .. } => break true,
                ExprKind::Unary { arg, .. } => innermost = *arg,
                ExprKind::Block(block) if block.tail.is_some() => innermost = block.tail.unwrap_or(arg),
                _ => break false,
            }
        };
        let same_kind = match self.out.types.openness(from) {
            Some(Open::Int) => to.is_int(),
            Some(Open::Float) => to.is_float(),
            Some(Open::Number) => to != Type::Bool,
            Some(Open::Any) | None => false,
        };
        if is_literal && same_kind {
            self.out.types.unify(from, Ty::Scalar(to));
        }
        self.checks.push(Check::Cast { at: id, arg, to });
        Ty::Scalar(to)
    }

    /// The element of a tuple, also behind references.
    pub(super) fn part(&mut self, id: ExprId, ty: Ty, index: u32) -> Ty {
        match self.out.types.peel(ty) {
            Ty::Tuple(tuple) if (index as usize) < self.out.types.elems(tuple).len() => {
                self.out.types.elems(tuple)[index as usize]
            }
            Ty::Error => Ty::Error,
            other => {
                let message =
                    format!("`.{index}`: expected a tuple with such an element, got {}", self.out.types.show(other));
                self.report(Diagnostic::new(Code::OperandType, self.tree.span(id), message));
                Ty::Error
            }
        }
    }

    /// A method, or `f64::method` with the receiver as its first argument.
    pub(super) fn method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        receiver: (ExprId, Ty),
        args: &'a [ExprId],
    ) -> Ty {
        let (receiver, ty) = receiver;
        if let Some(ty) = self.list_method(id, name, span, (receiver, ty), args) {
            return ty;
        }
        let ty = self.out.types.peel(ty);
        match self.out.types.resolve(ty) {
            Ty::Option(_) => return self.option_method(id, name, span, (receiver, ty), args),
            Ty::Range(_) => {
                if let Some(ty) = self.range_method(id, name, span, (receiver, ty), args) {
                    return ty;
                }
                return self.iter_method(id, name, span, (receiver, ty), args);
            }
            Ty::Iter(_) => return self.iter_method(id, name, span, (receiver, ty), args),
            Ty::Scalar(Type::Bool) => {
                if let Some(method) = crate::options::bool_method(name) {
                    return self.bool_method(id, name, span, method, args);
                }
            }
            open @ Ty::Var(_) if self.out.types.openness(open) == Some(Open::Any) => {
                self.infer_args(args);
                return self.explain_open_receiver(receiver, name);
            }
            Ty::Time(time) => return self.time_method(id, name, span, (receiver, time), args),
            // Nothing is called where control does not come.
            Ty::Never => {
                self.infer_args(args);
                return Ty::Never;
            }
            _ => {}
        }
        let Some(method) = crate::methods::method(name) else {
            self.infer_args(args);
            if !self.out.types.is_error(ty) {
                self.explain_unknown_method(name, span, ty);
            }
            return Ty::Error;
        };
        self.out.meanings[id.0 as usize] = Meaning::Method(method);
        // The method is asked of the receiver before its arguments are, so that is reported first.
        let is_fit = self.operand(id, receiver, method.class(), name);
        let params = method.args();
        if params.len() != args.len() {
            self.infer_args(args);
            if !self.out.types.is_error(ty) {
                self.explain_method_count(name, span, params.len(), args.len());
            }
        } else {
            for (&arg, param) in args.iter().zip(params) {
                let want = match param {
                    Arg::Same if !is_fit => Ty::Error,
                    Arg::Same => ty,
                    Arg::I32 => Ty::Scalar(Type::I32),
                    Arg::U32 => Ty::Scalar(Type::U32),
                };
                self.check(arg, want, Why::MethodArg(name, receiver));
            }
        }
        self.method_result(method, ty, is_fit, span)
    }

    /// A method as a function: all of its arguments are of this type.
    pub(super) fn function_of_type(&mut self, at: ExprId, name: (&'t str, Span), method: Method, ty: Ty) -> Ty {
        self.out.meanings[at.0 as usize] = Meaning::Method(method);
        let is_fit = self.operand(at, at, method.class(), name.0);
        self.method_result(method, ty, is_fit, name.1)
    }

    fn method_result(&mut self, method: Method, ty: Ty, is_fit: bool, span: Span) -> Ty {
        match method.ret() {
            Ret::Bool => BOOL,
            _ if !is_fit => Ty::Error,
            Ret::Same => ty,
            Ret::U32 => Ty::Scalar(Type::U32),
            Ret::Unsigned => self.out.types.scalar(ty).map_or(Ty::Error, |ty| Ty::Scalar(ty.unsigned())),
            Ret::Signed => self.out.types.scalar(ty).map_or(Ty::Error, |ty| Ty::Scalar(signed(ty))),
            Ret::Pair => self.tuple(vec![ty, ty], span),
            Ret::Option => self.option(ty, span),
            Ret::OptionU32 => self.option(Ty::Scalar(Type::U32), span),
            Ret::WithBool => self.tuple(vec![ty, BOOL], span),
        }
    }
}
