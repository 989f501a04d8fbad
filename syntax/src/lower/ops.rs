//! Literals, methods, and which expressions can fail.

use filbert_ir::{Op, Scalar, Type, ValueId};

use super::value::Val;
use super::{Lower, Lowered, Lowering};
use crate::ast::{ExprId, ExprKind, Macro, Stmt};
use crate::infer::types::Ty;
use crate::infer::{Meaning, RangeMethod, int_bits};
use crate::links::Links;
use crate::methods::Method;
use crate::options::OptionMethod;

impl Lower<'_, '_, '_> {
    pub(super) fn unary(&mut self, id: ExprId, op: Op, values: &[Val]) -> Lowered<Val> {
        let span = self.span(id);
        let arg = self.one(span, &values[0], self.ty(id));
        Ok(Val::One(self.op(span, op, &[arg])))
    }

    pub(super) fn binary(
        &mut self,
        id: ExprId,
        op: Op,
        (left, right): (ExprId, ExprId),
        values: &[Val],
    ) -> Lowered<Val> {
        let span = self.span(id);
        if self.is_option(left) || self.is_option(right) {
            return Ok(Val::One(self.compare_options(span, op == Op::Eq, values, self.ty(left))));
        }
        let ty = self.ty(left);
        if self.is_list(ty) {
            return Ok(Val::One(self.compare_lists(span, op == Op::Eq, values, ty)?));
        }
        let left = self.one(span, &values[0], ty);
        let right = self.one(span, &values[1], self.ty(right));
        if let Ty::Time(time) = ty {
            return Ok(Val::One(self.time_operator(span, op, time, &[left, right])));
        }
        Ok(Val::One(self.op(span, op, &[left, right])))
    }

    fn compare_options(&mut self, span: filbert_ir::Span, is_eq: bool, sides: &[Val], ty: Ty) -> ValueId {
        let equal = self.options_equal(span, &sides[0], &sides[1], ty);
        let result = if is_eq { equal } else { self.negated(span, equal) };
        self.flag(span, result)
    }

    pub(super) fn cast_value(&mut self, id: ExprId, arg: ExprId, values: &[Val]) -> Lowered<Val> {
        let span = self.span(id);
        let arg = self.one(span, &values[0], self.ty(arg));
        let ty = self.cx.typed.types.scalar(self.ty(id)).unwrap_or(Type::F64);
        Ok(Val::One(if self.b.ty(arg) == ty { arg } else { self.cast(span, arg, ty) }))
    }

    /// `assert!` and its like.
    pub(super) fn macro_value(&mut self, id: ExprId, name: Macro, args: &[ExprId], values: &[Val]) -> Lowered<Val> {
        let span = self.span(id);
        let scalar = |lower: &mut Self, index: usize| lower.one(span, &values[index], lower.ty(args[index]));
        let holds = match name {
            Macro::Assert => scalar(self, 0),
            Macro::Panic => self.constant(span, Scalar::Bool(false)),
            Macro::AssertEq | Macro::AssertNe if self.is_option(args[0]) => {
                self.compare_options(span, name == Macro::AssertEq, values, self.ty(args[0]))
            }
            Macro::AssertEq | Macro::AssertNe if self.is_list(self.ty(args[0])) => {
                self.compare_lists(span, name == Macro::AssertEq, values, self.ty(args[0]))?
            }
            Macro::AssertEq | Macro::AssertNe => {
                let sides = [scalar(self, 0), scalar(self, 1)];
                self.op(span, if name == Macro::AssertEq { Op::Eq } else { Op::Ne }, &sides)
            }
        };
        self.op(span, Op::Assert, &[holds]);
        Ok(if name == Macro::Panic { Val::Nothing } else { Val::unit() })
    }

    /// A method, or a function of a type with the receiver as its first argument.
    pub(super) fn method_call(
        &mut self,
        id: ExprId,
        receiver: ExprId,
        args: &[ExprId],
        values: Vec<Val>,
    ) -> Lowered<Val> {
        match self.meaning(id) {
            Meaning::Option(method) => return self.option_method(id, method, receiver, args, &values),
            Meaning::Range(method) => return self.range_method(id, method, args, &values),
            Meaning::List(method) => return self.list_method(id, method, receiver, args, values),
            Meaning::Iter(method) => return self.iter_method(id, method, receiver, args, values),
            _ => {}
        }
        let span = self.span(id);
        let ids = std::iter::once(&receiver).chain(args);
        let scalars: Vec<ValueId> =
            values.iter().zip(ids).map(|(value, &arg)| self.one(span, value, self.ty(arg))).collect();
        if let Meaning::Time(method, ty) = self.meaning(id) {
            return self.time_value(span, (method, ty), &scalars);
        }
        Ok(self.method(id, &scalars))
    }

    /// A method on its receiver and arguments.
    pub(super) fn method(&mut self, id: ExprId, args: &[ValueId]) -> Val {
        let Meaning::Method(method) = self.meaning(id) else { unreachable!("inference resolves methods") };
        let span = self.cx.tree.span(id);
        let x = args[0];
        let ty = self.b.ty(x);
        let value = match method {
            Method::Op(op) => self.op(span, op, args),
            Method::Recip => {
                let one = self.constant(span, float(ty, 1.0));
                self.op(span, Op::Div, &[one, x])
            }
            Method::SinCos => {
                let sin = self.op(span, Op::Sin, &[x]);
                let cos = self.op(span, Op::Cos, &[x]);
                return Val::Many(vec![Val::One(sin), Val::One(cos)]);
            }
            Method::Log => {
                let value = self.op(span, Op::Ln, &[x]);
                let base = self.op(span, Op::Ln, &[args[1]]);
                self.op(span, Op::Div, &[value, base])
            }
            Method::IsSignPositive | Method::IsSignNegative => {
                let one = self.constant(span, float(ty, 1.0));
                let signed = self.op(span, Op::CopySign, &[one, x]);
                let zero = self.constant(span, float(ty, 0.0));
                self.op(span, if method == Method::IsSignPositive { Op::Gt } else { Op::Lt }, &[signed, zero])
            }
            Method::Arith(mode, arith) => {
                self.b.span = span;
                return self.arith(mode, arith, args);
            }
            Method::Int(method) => {
                self.b.span = span;
                return self.int_method(method, args);
            }
        };
        Val::One(value)
    }
}

fn float(ty: Type, value: f64) -> Scalar {
    if ty == Type::F32 { Scalar::F32(value as f32) } else { Scalar::F64(value) }
}

impl Lowering<'_, '_> {
    /// The value of a literal; inference saw that it fits.
    pub(crate) fn literal(&self, id: ExprId) -> Scalar {
        let typed = self.typed;
        let ty = typed.types.scalar(typed.exprs[id.0 as usize]).unwrap_or(Type::F64);
        match &self.tree.expr(id).kind {
            ExprKind::Int { magnitude: Some(magnitude), negative, .. } if ty.is_float() => {
                let magnitude = *magnitude as f64;
                float(ty, if *negative { -magnitude } else { magnitude })
            }
            ExprKind::Int { magnitude, negative, .. } => {
                Scalar::from_bits(ty, int_bits(*magnitude, *negative, ty).expect("inference checks the range"))
            }
            ExprKind::Float { digits, negative, .. } => {
                let digits = digits.as_str();
                match ty {
                    Type::F32 => {
                        let value: f32 = digits.parse().expect("the lexer takes only what parses");
                        Scalar::F32(if *negative { -value } else { value })
                    }
                    _ => {
                        let value: f64 = digits.parse().expect("the lexer takes only what parses");
                        Scalar::F64(if *negative { -value } else { value })
                    }
                }
            }
            _ => unreachable!("only literals come here"),
        }
    }

    /// Whether computing an expression can fail a row. May say yes of one that cannot.
    pub(super) fn can_fault(&self, id: ExprId) -> bool {
        let ty = |id: ExprId| self.typed.types.storage(self.typed.exprs[id.0 as usize]);
        let any = |ids: &[ExprId]| ids.iter().any(|&id| self.can_fault(id));
        let op_faults = |op: Op, on: ExprId| ty(on).is_none_or(|ty| op.may_fault(ty));
        match &self.tree.expr(id).kind {
            ExprKind::Int { .. } | ExprKind::Float { .. } | ExprKind::Bool(_) => false,
            ExprKind::Path(_) | ExprKind::Text => false,
            ExprKind::Closure { .. } => self.closure_can_fault(id),
            ExprKind::Let { value, .. } | ExprKind::Ref { of: value, .. } | ExprKind::Deref(value) => {
                self.can_fault(*value)
            }
            ExprKind::Range { start, end, .. } => any(&[*start, *end].into_iter().flatten().collect::<Vec<_>>()),
            ExprKind::Match { scrutinee, arms } => {
                self.can_fault(*scrutinee)
                    || arms.iter().any(|arm| any(&[arm.body]) || arm.guard.is_some_and(|guard| self.can_fault(guard)))
            }
            ExprKind::Unary { op, arg } => op_faults(*op, *arg) || self.can_fault(*arg),
            ExprKind::Binary { op, left, right, .. } => op_faults(*op, *left) || any(&[*left, *right]),
            ExprKind::Logic { left, right, .. } => any(&[*left, *right]),
            ExprKind::Cast { arg, .. } => self.can_fault(*arg),
            ExprKind::Tuple(elems) => any(elems),
            ExprKind::Field { of, .. } => self.can_fault(*of),
            ExprKind::Call { args, .. } => self.callee_can_fault(id, args) || any(args),
            ExprKind::Method { receiver, args, .. } => {
                self.method_can_fault(id, *receiver) || self.can_fault(*receiver) || any(args)
            }
            ExprKind::If { cond, then, otherwise } => {
                any(&[*cond, *then]) || otherwise.is_some_and(|e| self.can_fault(e))
            }
            ExprKind::Block(block) => {
                let stmts = block.stmts.iter().any(|stmt| match stmt {
                    Stmt::Let { init, .. } => init.is_some_and(|init| self.can_fault(init)),
                    Stmt::Expr { expr, .. } => self.can_fault(*expr),
                });
                stmts || block.tail.is_some_and(|tail| self.can_fault(tail))
            }
            ExprKind::Assign { value, .. } => self.can_fault(*value),
            ExprKind::Update { op, target, value, .. } => op_faults(*op, *target) || self.can_fault(*value),
            _ => true,
        }
    }

    fn callee_can_fault(&self, id: ExprId, args: &[ExprId]) -> bool {
        match (self.typed.meanings[id.0 as usize], self.links) {
            (Meaning::Kernel(index), _) => self.kernels[index].as_ref().is_none_or(|kernel| kernel.core.is_fallible()),
            (Meaning::Linked(index), Links::Given(given)) => given.kernels[index].1.core.is_fallible(),
            (Meaning::Method(_), _) => args.first().is_none_or(|&receiver| self.method_can_fault(id, receiver)),
            (Meaning::From(_) | Meaning::SomeValue, _) => false,
            (Meaning::Time(method, _), _) => method.can_fail(),
            _ => true,
        }
    }

    fn method_can_fault(&self, id: ExprId, receiver: ExprId) -> bool {
        match (self.typed.meanings[id.0 as usize], self.typed.types.storage(self.typed.exprs[receiver.0 as usize])) {
            (Meaning::Time(method, _), _) => method.can_fail(),
            (Meaning::Option(method), _) => matches!(method, OptionMethod::Unwrap | OptionMethod::Expect),
            (Meaning::Range(method), _) => method == RangeMethod::StepBy,
            (Meaning::Method(Method::Op(op)), Some(ty)) => op.may_fault(ty),
            (Meaning::Method(Method::Arith(_, arith)), Some(_)) => arith.divides(),
            (Meaning::Method(Method::Int(method)), Some(_)) => method.can_fail(),
            (Meaning::Method(_), Some(_)) => false,
            _ => true,
        }
    }
}
