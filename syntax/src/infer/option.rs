//! Options: `Some`, their methods, what cannot be done with them.

use filbert_ir::{Code, Diagnostic, Op, Span, Type};

use super::check::in_parens;
use super::explain::Why;
use super::types::{BOOL, Ty};
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind};
use crate::options::{self, OptionMethod};

impl<'a, 't> Infer<'a, 't> {
    /// Whether an expression is `Some(x)` where an option is asked for.
    pub(super) fn is_some(&self, path: &[&'t str], args: &[ExprId], want: Ty) -> bool {
        path == ["Some"] && args.len() == 1 && matches!(self.out.types.resolve(want), Ty::Option(_))
    }

    /// `Some(x)`: what is asked of it is asked of `x`.
    pub(super) fn check_some(&mut self, id: ExprId, arg: ExprId, want: Ty, why: Why<'a, 't>) -> Ty {
        self.out.meanings[id.0 as usize] = Meaning::SomeValue;
        let inner = match self.out.types.resolve(want) {
            Ty::Option(option) => self.out.types.inner(option),
            _ => Ty::Error,
        };
        self.check(arg, inner, why);
        let inner = self.out.exprs[arg.0 as usize];
        self.handed_on(arg, inner);
        self.option(inner, self.tree.span(id))
    }

    /// `Some(x)` where nothing is asked for.
    pub(super) fn some(&mut self, id: ExprId, args: &'a [ExprId], span: Span) -> Ty {
        if !self.check_count("Some", 1, args, span, None) {
            return Ty::Error;
        }
        self.out.meanings[id.0 as usize] = Meaning::SomeValue;
        let inner = self.infer(args[0]);
        if let none @ (Ty::Error | Ty::Never) = self.out.types.resolve(inner) {
            return none;
        }
        self.handed_on(args[0], inner);
        self.option(inner, self.tree.span(id))
    }

    /// A method of an option.
    pub(super) fn option_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        (receiver, ty): (ExprId, Ty),
        args: &'a [ExprId],
    ) -> Ty {
        let Ty::Option(option) = self.out.types.resolve(ty) else { return Ty::Error };
        let inner = self.out.types.inner(option);
        let Some((method, count)) = options::method(name) else {
            self.infer_args(args);
            self.explain_unknown_option_method(id, name, span, receiver, inner);
            return Ty::Error;
        };
        if args.len() != count {
            self.infer_args(args);
            self.explain_method_count(name, span, count, args.len());
            return Ty::Error;
        }
        self.out.meanings[id.0 as usize] = Meaning::Option(method);
        let at = self.tree.span(id);
        let why = Why::MethodArg(name, receiver);
        let mark = self.assigned.len();
        let ty = match method {
            OptionMethod::IsSome | OptionMethod::IsNone => BOOL,
            OptionMethod::IsSomeAnd | OptionMethod::IsNoneOr => {
                self.apply_closure(args[0], &[inner], Some(BOOL), name);
                BOOL
            }
            OptionMethod::Unwrap => inner,
            OptionMethod::Expect => {
                if !matches!(self.tree.expr(args[0]).kind, ExprKind::Text) {
                    self.infer(args[0]);
                    let message = "`expect`: expected a string, got something else";
                    self.report(Diagnostic::new(Code::TypeMismatch, self.tree.span(args[0]), message));
                }
                inner
            }
            OptionMethod::UnwrapOr => {
                self.check(args[0], inner, why);
                self.first_known(inner, args[0])
            }
            OptionMethod::UnwrapOrElse => {
                self.apply_closure(args[0], &[], Some(inner), name);
                inner
            }
            OptionMethod::UnwrapOrDefault => {
                self.checks.push(super::check::Check::Default { at: id, ty: inner });
                inner
            }
            OptionMethod::Map => {
                let result = self.apply_closure(args[0], &[inner], None, name);
                self.handed_on(args[0], result);
                self.option(result, at)
            }
            OptionMethod::MapOr => {
                let default = self.infer(args[0]);
                self.apply_closure(args[1], &[inner], Some(default), name);
                default
            }
            OptionMethod::MapOrElse => {
                let default = self.apply_closure(args[0], &[], None, name);
                self.apply_closure(args[1], &[inner], Some(default), name);
                default
            }
            OptionMethod::AndThen => {
                let open = self.out.types.open(super::types::Open::Any);
                let result = self.option(open, at);
                self.apply_closure(args[0], &[inner], Some(result), name);
                result
            }
            OptionMethod::And => {
                let other = self.option_argument(args[0], name);
                self.option(other, at)
            }
            OptionMethod::Or | OptionMethod::Xor => {
                self.check(args[0], ty, why);
                ty
            }
            OptionMethod::OrElse => {
                self.apply_closure(args[0], &[], Some(ty), name);
                ty
            }
            OptionMethod::Filter => {
                let held = self.reference_to(inner, false, span);
                self.apply_closure(args[0], &[held], Some(BOOL), name);
                ty
            }
            OptionMethod::Zip => {
                let other = self.option_argument(args[0], name);
                let pair = self.tuple(vec![inner, other], at);
                self.option(pair, at)
            }
            OptionMethod::Flatten => match self.out.types.resolve(inner) {
                Ty::Option(_) | Ty::Error => inner,
                other => {
                    let message =
                        format!("`flatten`: expected an Option inside the Option, got {}", self.out.types.show(other));
                    self.report(Diagnostic::new(Code::OperandType, span, message).help("leave it out"));
                    Ty::Error
                }
            },
            OptionMethod::Copied => match self.out.types.resolve(inner) {
                Ty::Ref(of) => {
                    let to = self.out.types.ref_of(of).0;
                    self.option(to, at)
                }
                _ => ty,
            },
            OptionMethod::KleeneAnd | OptionMethod::KleeneOr | OptionMethod::KleeneNot => {
                let want = self.option(BOOL, at);
                if !self.out.types.unify(ty, want) {
                    let message = format!("`{name}`: expected Option<bool>, got {}", self.out.types.show(ty));
                    self.report(Diagnostic::new(Code::OperandType, self.tree.span(receiver), message));
                }
                for &arg in args {
                    self.check(arg, want, why);
                }
                want
            }
            OptionMethod::Then | OptionMethod::ThenSome => Ty::Error,
        };
        self.note_changes(id, mark);
        ty
    }

    /// `b.then(|| x)`, `b.then_some(x)`
    pub(super) fn bool_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        method: OptionMethod,
        args: &'a [ExprId],
    ) -> Ty {
        if args.len() != 1 {
            self.infer_args(args);
            self.explain_method_count(name, span, 1, args.len());
            return Ty::Error;
        }
        self.out.meanings[id.0 as usize] = Meaning::Option(method);
        let mark = self.assigned.len();
        let inner = match method {
            OptionMethod::Then => self.apply_closure(args[0], &[], None, name),
            _ => self.infer(args[0]),
        };
        self.handed_on(args[0], inner);
        self.note_changes(id, mark);
        self.option(inner, self.tree.span(id))
    }

    /// What an argument holds that must be an option.
    fn option_argument(&mut self, arg: ExprId, name: &str) -> Ty {
        let ty = self.infer(arg);
        match self.out.types.resolve(ty) {
            Ty::Option(option) => self.out.types.inner(option),
            none @ (Ty::Error | Ty::Never) => none,
            other => {
                let message = format!("argument of `{name}`: expected an Option, got {}", self.out.types.show(other));
                let source = self.tree.slice(self.tree.span(arg));
                let finding = Diagnostic::new(Code::TypeMismatch, self.tree.span(arg), message);
                self.report(finding.help(format!("write `Some({source})`")));
                Ty::Error
            }
        }
    }

    /// Reports a value that cannot be inside an option, such as a closure.
    fn handed_on(&mut self, at: ExprId, ty: Ty) {
        let resolved = self.out.types.resolve(ty);
        if !self.out.types.can_cross(resolved) {
            let message = format!("an Option cannot hold {}", self.out.types.show(resolved));
            self.report(Diagnostic::new(Code::Unsupported, self.tree.span(at), message));
        }
    }

    /// A type, or where it was reported that of an expression.
    fn first_known(&self, ty: Ty, other: ExprId) -> Ty {
        if self.out.types.is_error(ty) { self.out.exprs[other.0 as usize] } else { ty }
    }

    /// A binary operation on options: they can be compared, and nothing else.
    pub(super) fn option_operands(
        &mut self,
        id: ExprId,
        (op, symbol): (Op, &'t str),
        left: (ExprId, Ty),
        right: (ExprId, Ty),
    ) -> Ty {
        let is_option = |infer: &Self, ty: Ty| matches!(infer.out.types.resolve(ty), Ty::Option(_));
        if matches!(op, Op::Eq | Op::Ne) {
            return self.compare_options(id, op, symbol, left, right);
        }
        let odd = if is_option(self, left.1) { left } else { right };
        self.explain_option_operand(odd.0, odd.1, symbol);
        self.out.types.give_up(left.1);
        self.out.types.give_up(right.1);
        Ty::Error
    }

    /// A method of a value whose type nothing has decided.
    pub(super) fn explain_open_receiver(&mut self, receiver: ExprId, name: &str) -> Ty {
        let span = self.tree.span(receiver);
        let source = self.tree.slice(span);
        let message = format!("`{name}`: the type of `{source}` must be known here");
        let help = format!("write it where `{source}` is declared, for example `{source}: f64`");
        self.report(Diagnostic::new(Code::UnknownType, span, message).help(help));
        Ty::Error
    }

    /// `==` and `!=` of options, where what they hold can be compared.
    pub(super) fn compare_options(
        &mut self,
        id: ExprId,
        op: Op,
        symbol: &'t str,
        sides: (ExprId, Ty),
        right: (ExprId, Ty),
    ) -> Ty {
        let (left, left_ty) = sides;
        if !self.out.types.unify(left_ty, right.1) {
            self.explain_unlike(symbol, (left, left_ty), right);
            return BOOL;
        }
        if !matches!(op, Op::Eq | Op::Ne) {
            self.explain_option_operand(left, left_ty, symbol);
            return BOOL;
        }
        let Ty::Option(option) = self.out.types.resolve(left_ty) else { return BOOL };
        let inner = self.out.types.peel(self.out.types.inner(option));
        let is_open = self.out.types.openness(inner).is_some();
        if self.out.types.scalar(inner).is_none() && !is_open && !matches!(inner, Ty::Time(_) | Ty::Error) {
            let message = format!("`{symbol}`: expected options of scalars, got {}", self.out.types.show(left_ty));
            let help = "take them apart with `match` and compare the parts";
            self.report(Diagnostic::new(Code::OperandType, self.tree.span(id), message).help(help));
        }
        BOOL
    }

    /// Options of two types are compared, or an option and a value.
    fn explain_unlike(&mut self, symbol: &'t str, left: (ExprId, Ty), right: (ExprId, Ty)) {
        let is_none = |infer: &Self, id: ExprId| matches!(infer.out.meanings[id.0 as usize], Meaning::NoneValue);
        let (none, other) = if is_none(self, left.0) { (left, right) } else { (right, left) };
        if !is_none(self, none.0) {
            return self.explain_operands(symbol, left, right, false);
        }
        let shown = self.out.types.show(other.1);
        let source = self.tree.slice(self.tree.span(other.0));
        let message = format!("`{symbol}`: {shown} is never null, so it cannot be compared with `None`");
        let help =
            format!("make it an `Option<{shown}>`, and write `{source}.is_none()`; a NaN is found by `is_nan()`");
        let finding = Diagnostic::new(Code::TypeMismatch, self.tree.span(none.0), message);
        self.report(finding.note(self.tree.span(other.0), format!("this is {shown}")).help(help));
        self.out.types.give_up(none.1);
    }

    /// An option where a number is needed.
    pub(super) fn explain_option_operand(&mut self, arg: ExprId, ty: Ty, symbol: &str) {
        let Ty::Option(option) = self.out.types.resolve(ty) else { return };
        let inner = self.out.types.inner(option);
        let shown = self.out.types.show(ty);
        let source = self.tree.slice(self.tree.span(arg));
        let source = in_parens(source);
        let is_bool = self.out.types.scalar(inner) == Some(Type::Bool);
        let help = match symbol {
            "&" | "&&" | "|" | "||" | "!" if is_bool => {
                let (name, call) = match symbol {
                    "&" | "&&" => ("kleene_and", format!("{source}.kleene_and(other)")),
                    "|" | "||" => ("kleene_or", format!("{source}.kleene_or(other)")),
                    _ => ("kleene_not", format!("{source}.kleene_not()")),
                };
                format!("for three-valued logic as in SQL write `{call}`: `{name}` knows `None`")
            }
            _ => {
                let source = self.tree.slice(self.tree.span(arg));
                self.null_help(source, self.out.types.scalar(inner))
            }
        };
        let message = format!("`{symbol}`: expected a value, got {shown}");
        let finding = Diagnostic::new(Code::OperandType, self.tree.span(arg), message);
        self.report(finding.label(format!("this is {shown}")).help(help));
    }

    fn explain_unknown_option_method(&mut self, id: ExprId, name: &'t str, span: Span, receiver: ExprId, inner: Ty) {
        let shown = self.out.types.show(self.out.exprs[receiver.0 as usize]);
        let source = in_parens(self.tree.slice(self.tree.span(receiver)));
        let message = format!("{shown} has no method `{name}`");
        let has_inner = self.out.types.scalar(inner).is_some() && crate::methods::method(name).is_some();
        let args = match &self.tree.expr(id).kind {
            ExprKind::Method { args, .. } if args.is_empty() => "",
            _ => "...",
        };
        let mut diagnostic = Diagnostic::new(Code::UnknownFunction, span, message);
        diagnostic.help = match name {
            "ok_or" | "ok_or_else" => Some("a kernel has no `Result`: keep the Option".to_string()),
            _ if has_inner => Some(format!("what it holds has one: write `{source}.map(|v| v.{name}({args}))`")),
            _ => crate::names::nearest(name, options::names()).map(|near| format!("did you mean `{near}`?")),
        };
        self.report(diagnostic);
    }

    /// `unwrap_or_default` has a default for scalars.
    pub(super) fn check_default(&mut self, at: ExprId, ty: Ty) {
        if !self.out.types.is_error(ty) && !self.has_default(ty) {
            let message = format!("`unwrap_or_default`: {} has no default", self.out.types.show(ty));
            self.report(Diagnostic::new(Code::OperandType, self.tree.span(at), message).help("write `unwrap_or(...)`"));
        }
    }

    fn has_default(&self, ty: Ty) -> bool {
        match self.out.types.resolve(ty) {
            Ty::Option(_) => true,
            Ty::Tuple(tuple) => self.out.types.elems(tuple).iter().all(|&elem| self.has_default(elem)),
            other => self.out.types.scalar(other).is_some(),
        }
    }
}
