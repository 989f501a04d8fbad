//! Options: a value and a flag.
//!
//! What a row does not need is not computed where that could fail or change a variable: then a method is an
//! `if`. Else both ways are computed and the flag chooses, or only the flag is.

use filbert_ir::{Op, Span};

use super::ends::Way;
use super::flow::{Rest, Yields};
use super::value::{Flag, Val};
use super::{Lower, Lowered};
use crate::ast::{ExprId, ExprKind};
use crate::infer::Meaning;
use crate::infer::types::{BOOL, Ty};
use crate::methods::Method;
use crate::options::OptionMethod;

impl<'c, 'a, 't> Lower<'c, 'a, 't> {
    /// `value?`
    pub(super) fn question(&mut self, id: ExprId, value: &Val, rest: Rest<'_, 'c, 'a, 't>) -> Lowered<Yields> {
        let span = self.span(id);
        let exit = self.exit(id);
        let (some, inner) = value.option();
        self.fork_flag(span, some, |lower, taken| match taken {
            true => rest(lower, inner.clone()),
            false => lower.finish(Way::Leaves(exit), Val::none()),
        })
    }

    /// A method of an option, or one of a bool that gives an option.
    pub(super) fn option_method(
        &mut self,
        id: ExprId,
        method: OptionMethod,
        receiver: ExprId,
        args: &[ExprId],
        values: &[Val],
    ) -> Lowered<Val> {
        let span = self.span(id);
        let ty = self.ty(id);
        let (some, inner) = match method {
            OptionMethod::Then | OptionMethod::ThenSome => {
                let cond = self.one(span, &values[0], BOOL);
                (self.known(cond), Val::Nothing)
            }
            _ => values[0].option(),
        };
        let inner_ty = self.inner_ty(self.ty(receiver));
        let given = |index: usize| values[index].clone();
        Ok(match method {
            OptionMethod::IsSome => Val::One(self.flag(span, some)),
            OptionMethod::IsNone => {
                let none = self.negated(span, some);
                Val::One(self.flag(span, none))
            }
            OptionMethod::IsSomeAnd => {
                let holds = self.apply_if(id, some, BOOL, &values[1], vec![inner])?;
                let holds = self.holds(span, &holds);
                let both = self.both(span, some, holds);
                Val::One(self.flag(span, both))
            }
            OptionMethod::IsNoneOr => {
                let holds = self.apply_if(id, some, BOOL, &values[1], vec![inner])?;
                let holds = self.holds(span, &holds);
                let none = self.negated(span, some);
                let either = self.either(span, none, holds);
                Val::One(self.flag(span, either))
            }
            OptionMethod::Unwrap | OptionMethod::Expect => {
                if some != Flag::Always {
                    let some = self.flag(span, some);
                    self.op(span, Op::Assert, &[some]);
                }
                inner
            }
            OptionMethod::UnwrapOr => self.select(span, some, &inner, &values[1], ty),
            OptionMethod::UnwrapOrDefault => {
                let mut zeros = Vec::new();
                self.flatten(span, &Val::Nothing, ty, &mut zeros);
                let default = self.build(ty, &mut zeros.into_iter());
                self.select(span, some, &inner, &default, ty)
            }
            OptionMethod::UnwrapOrElse => {
                let closure = given(1);
                self.choose_lazily(id, some, ty, &[args[0]], |lower, some| match some {
                    true => Ok(inner.clone()),
                    false => lower.apply(&closure, Vec::new()),
                })?
            }
            OptionMethod::Map => {
                let to = self.inner_ty(ty);
                let value = self.apply_if(id, some, to, &values[1], vec![inner])?;
                Val::Opt { some, value: Box::new(value) }
            }
            OptionMethod::MapOr => {
                let (default, closure) = (given(1), given(2));
                self.choose_lazily(id, some, ty, &[args[1]], |lower, some| match some {
                    true => lower.apply(&closure, vec![inner.clone()]),
                    false => Ok(default.clone()),
                })?
            }
            OptionMethod::MapOrElse => {
                let (default, closure) = (given(1), given(2));
                self.choose_lazily(id, some, ty, &[args[0], args[1]], |lower, some| match some {
                    true => lower.apply(&closure, vec![inner.clone()]),
                    false => lower.apply(&default, Vec::new()),
                })?
            }
            OptionMethod::AndThen => {
                let closure = given(1);
                self.choose_lazily(id, some, ty, &[args[0]], |lower, some| match some {
                    true => lower.apply(&closure, vec![inner.clone()]),
                    false => Ok(Val::none()),
                })?
            }
            OptionMethod::And => {
                let (other, value) = values[1].option();
                Val::Opt { some: self.both(span, some, other), value: Box::new(value) }
            }
            OptionMethod::Or => self.select(span, some, &values[0], &values[1], ty),
            OptionMethod::OrElse => {
                let (this, closure) = (given(0), given(1));
                self.choose_lazily(id, some, ty, &[args[0]], |lower, some| match some {
                    true => Ok(this.clone()),
                    false => lower.apply(&closure, Vec::new()),
                })?
            }
            OptionMethod::Xor => {
                let (other, value) = values[1].option();
                let value = Box::new(self.select(span, some, &inner, &value, inner_ty));
                Val::Opt { some: self.differ(span, some, other), value }
            }
            OptionMethod::Filter => {
                let holds = self.apply_if(id, some, BOOL, &values[1], vec![inner.clone()])?;
                let holds = self.holds(span, &holds);
                Val::Opt { some: self.both(span, some, holds), value: Box::new(inner) }
            }
            OptionMethod::Zip => {
                let (other, value) = values[1].option();
                Val::Opt { some: self.both(span, some, other), value: Box::new(Val::Many(vec![inner, value])) }
            }
            OptionMethod::Flatten => {
                let (deep, value) = inner.option();
                Val::Opt { some: self.both(span, some, deep), value: Box::new(value) }
            }
            OptionMethod::Copied => given(0),
            OptionMethod::KleeneNot => {
                let value = self.one(span, &inner, BOOL);
                Val::Opt { some, value: Box::new(Val::One(self.op(span, Op::Not, &[value]))) }
            }
            OptionMethod::KleeneAnd | OptionMethod::KleeneOr => {
                self.kleene(span, method == OptionMethod::KleeneAnd, (some, inner), values[1].option())
            }
            OptionMethod::Then => {
                let to = self.inner_ty(ty);
                let value = self.apply_if(id, some, to, &values[1], Vec::new())?;
                Val::Opt { some, value: Box::new(value) }
            }
            OptionMethod::ThenSome => Val::Opt { some, value: Box::new(given(1)) },
        })
    }

    /// What a closure gives where the flag is true; arbitrary where it is not.
    fn apply_if(&mut self, id: ExprId, flag: Flag, ty: Ty, closure: &Val, args: Vec<Val>) -> Lowered<Val> {
        match flag {
            Flag::Always => self.apply(closure, args),
            Flag::Never => Ok(Val::Nothing),
            Flag::If(_) if self.is_free(id, closure) => self.apply(closure, args),
            Flag::If(_) => self.branch_on(id, flag, ty, |lower, some| match some {
                true => lower.apply(closure, args.clone()),
                false => Ok(Val::Nothing),
            }),
        }
    }

    /// One of two ways; `closures` are the arguments that one of them calls.
    fn choose_lazily(
        &mut self,
        id: ExprId,
        flag: Flag,
        ty: Ty,
        closures: &[ExprId],
        mut way: impl FnMut(&mut Self, bool) -> Lowered<Val>,
    ) -> Lowered<Val> {
        match flag {
            Flag::Always => way(self, true),
            Flag::Never => way(self, false),
            Flag::If(_) if self.changes(id).is_empty() && !closures.iter().any(|&at| self.call_can_fault(at)) => {
                let (then, otherwise) = (way(self, true)?, way(self, false)?);
                let span = self.span(id);
                Ok(self.select(span, flag, &then, &otherwise, ty))
            }
            Flag::If(_) => self.branch_on(id, flag, ty, way),
        }
    }

    /// An `if` on a flag. Nothing in the branches leaves.
    pub(super) fn branch_on(
        &mut self,
        id: ExprId,
        flag: Flag,
        ty: Ty,
        mut way: impl FnMut(&mut Self, bool) -> Lowered<Val>,
    ) -> Lowered<Val> {
        let span = self.span(id);
        let outcome = self.join_inside(id, ty, |lower| {
            lower.fork_flag(span, flag, |lower, taken| {
                let value = way(lower, taken)?;
                lower.finish(Way::Falls, value)
            })
        })?;
        Ok(self.settled(outcome))
    }

    /// Whether calling a closure changes nothing and cannot fail.
    fn is_free(&self, id: ExprId, closure: &Val) -> bool {
        let Val::Closure(captured) = closure else { return false };
        self.changes(id).is_empty() && !self.cx.closure_can_fault(captured.at)
    }

    /// Whether calling what an argument stands for can fail.
    fn call_can_fault(&self, arg: ExprId) -> bool {
        let types = &self.cx.typed.types;
        match self.ty(arg) {
            Ty::Closure(closure) => self.cx.closure_can_fault(types.closure_of(closure).at),
            _ => true,
        }
    }

    fn holds(&mut self, span: Span, value: &Val) -> Flag {
        let value = self.one(span, value, BOOL);
        self.known(value)
    }

    fn differ(&mut self, span: Span, a: Flag, b: Flag) -> Flag {
        match (a, b) {
            (Flag::Never, other) | (other, Flag::Never) => other,
            (Flag::Always, other) | (other, Flag::Always) => self.negated(span, other),
            (Flag::If(a), Flag::If(b)) => Flag::If(self.op(span, Op::Xor, &[a, b])),
        }
    }

    /// Kleene's logic: false and anything is false, true or anything is true, else `None` stays `None`.
    fn kleene(&mut self, span: Span, is_and: bool, a: (Flag, Val), b: (Flag, Val)) -> Val {
        let (x, y) = (self.one(span, &a.1, BOOL), self.one(span, &b.1, BOOL));
        let value = self.op(span, if is_and { Op::And } else { Op::Or }, &[x, y]);
        // A side decides alone where it is there and false (for `and`), or true.
        let decides = |lower: &mut Self, some: Flag, value| {
            let value = Flag::If(value);
            let value = if is_and { lower.negated(span, value) } else { value };
            lower.both(span, some, value)
        };
        let both = self.both(span, a.0, b.0);
        if both == Flag::Always {
            return Val::some(Val::One(value));
        }
        let (left, right) = (decides(self, a.0, x), decides(self, b.0, y));
        let one = self.either(span, left, right);
        Val::Opt { some: self.either(span, both, one), value: Box::new(Val::One(value)) }
    }

    /// `==` of options.
    pub(super) fn options_equal(&mut self, span: Span, a: &Val, b: &Val, ty: Ty) -> Flag {
        let ((a, x), (b, y)) = (a.option(), b.option());
        let inner = self.inner_ty(ty);
        if a == Flag::Never || b == Flag::Never {
            let either = self.either(span, a, b);
            return self.negated(span, either);
        }
        let (x, y) = (self.one(span, &x, inner), self.one(span, &y, inner));
        let equal = Flag::If(self.op(span, Op::Eq, &[x, y]));
        match (a, b) {
            (Flag::Always, other) | (other, Flag::Always) => self.both(span, other, equal),
            _ => {
                let differ = self.differ(span, a, b);
                let same = self.negated(span, differ);
                let none = self.negated(span, a);
                let equal = self.either(span, none, equal);
                self.both(span, same, equal)
            }
        }
    }

    /// Whether an expression is of an option type.
    pub(super) fn is_option(&self, id: ExprId) -> bool {
        matches!(self.ty(id), Ty::Option(_))
    }
}

impl super::Lowering<'_, '_> {
    /// Whether calling a closure, a kernel or a function that stands here can fail a row.
    pub(super) fn closure_can_fault(&self, id: ExprId) -> bool {
        match &self.tree.expr(id).kind {
            ExprKind::Closure { body, .. } => self.can_fault(*body),
            _ => match self.typed.meanings[id.0 as usize] {
                Meaning::Kernel(index) => self.kernels[index].as_ref().is_none_or(|kernel| kernel.core.is_fallible()),
                Meaning::Method(Method::Op(op)) => match self.typed.types.resolve(self.typed.exprs[id.0 as usize]) {
                    Ty::Closure(closure) => {
                        let params = &self.typed.types.closure_of(closure).params;
                        params.first().and_then(|&ty| self.typed.types.scalar(ty)).is_none_or(|ty| op.may_fault(ty))
                    }
                    _ => true,
                },
                Meaning::SomeValue => false,
                _ => true,
            },
        }
    }
}
