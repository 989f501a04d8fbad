//! The methods of lists and arrays.

use filbert_ir::{Code, Diagnostic, Op, Span, Type};

use super::array::Root;
use super::check::in_parens;
use super::explain::Why;
use super::lists::list_of;
use super::types::{BOOL, Ty, Types};
use super::{Infer, Meaning};
use crate::ast::ExprId;
use crate::iters;
use crate::lists::{self, ListMethod};
use crate::names;

impl<'a, 't> Infer<'a, 't> {
    /// A method of a list or array; `None` if the receiver is none.
    pub(super) fn list_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        (receiver, ty): (ExprId, Ty),
        args: &'a [ExprId],
    ) -> Option<Ty> {
        let (elem, len) = match self.out.types.peel(ty) {
            Ty::Slice(slice) => (self.out.types.slice_of(slice).0, None),
            Ty::Array(array) => {
                let (elem, len) = self.out.types.array_of(array);
                (elem, Some(len))
            }
            _ => return None,
        };
        if let Some(ty) = self.list_iterator(id, (name, span), (receiver, ty), elem, args) {
            return Some(ty);
        }
        let Some(method) = lists::method(name) else {
            for &arg in args {
                self.infer(arg);
            }
            self.explain_list_method(receiver, name, span, ty);
            return Some(Ty::Error);
        };
        self.out.meanings[id.0 as usize] = Meaning::List(method);
        if method.args() != args.len() {
            for &arg in args {
                self.infer(arg);
            }
            self.explain_method_count(name, span, method.args(), args.len());
            return Some(Ty::Error);
        }
        if method.writes() {
            let root = self.root_of(receiver, ty);
            self.writable(receiver, root);
        }
        let usize_ty = Ty::Scalar(Type::U64);
        Some(match method {
            ListMethod::Len => usize_ty,
            ListMethod::IsEmpty => BOOL,
            ListMethod::First | ListMethod::Last => self.option_of_ref(elem, span),
            ListMethod::Get => {
                self.index(receiver, args[0], None);
                self.option_of_ref(elem, span)
            }
            ListMethod::Contains => {
                let want = self.reference_to(elem, false, span);
                self.check(args[0], want, Why::MethodArg(name, receiver));
                if !matches!(self.out.types.resolve(elem), Ty::Scalar(_) | Ty::Var(_)) {
                    let message = format!("`contains`: expected a list of numbers, got {}", self.out.types.show(ty));
                    self.report(Diagnostic::new(Code::OperandType, span, message));
                }
                BOOL
            }
            ListMethod::SplitAt => {
                self.index(receiver, args[0], len.map(|len| len + 1));
                let mutable = false;
                let (left, right) = (self.out.types.slice(elem, mutable), self.out.types.slice(elem, mutable));
                self.tuple(vec![left, right], span)
            }
            ListMethod::SplitFirst | ListMethod::SplitLast => {
                let one = self.reference_to(elem, false, span);
                let rest = self.out.types.slice(elem, false);
                let both = self.tuple(vec![one, rest], span);
                self.option(both, span)
            }
            ListMethod::Fill => {
                self.check(args[0], elem, Why::MethodArg(name, receiver));
                Types::unit()
            }
            ListMethod::Swap => {
                self.index(receiver, args[0], len);
                self.index(receiver, args[1], len);
                Types::unit()
            }
            ListMethod::CopyFrom => {
                let want = self.out.types.slice(elem, false);
                self.check(args[0], want, Why::MethodArg(name, receiver));
                Types::unit()
            }
        })
    }

    /// A binary operation on lists: they can be compared for equality; `None` if neither side is one.
    pub(super) fn list_operands(&mut self, (op, symbol): (Op, &str), left: ExprId, right: ExprId) -> Option<Ty> {
        let side = |infer: &Self, id: ExprId| {
            let ty = infer.out.exprs[id.0 as usize];
            let list = list_of(&infer.out.types, infer.out.types.peel(ty));
            (ty, list)
        };
        let ((left_ty, left_list), (right_ty, right_list)) = (side(self, left), side(self, right));
        if left_list.is_none() && right_list.is_none() {
            return None;
        }
        if self.out.types.is_error(left_ty) || self.out.types.is_error(right_ty) {
            return Some(Ty::Error);
        }
        let (Some(a), Some(b)) = (left_list, right_list) else {
            self.explain_list_operand(symbol, (left, left_ty), (right, right_ty), left_list.is_some());
            return Some(Ty::Error);
        };
        let is_equality = matches!(op, Op::Eq | Op::Ne);
        let of_scalars = matches!(self.out.types.resolve(a.elem), Ty::Scalar(_) | Ty::Var(_) | Ty::Time(_));
        let fits = self.out.types.unify(a.elem, b.elem) && (a.len.is_none() || b.len.is_none() || a.len == b.len);
        if is_equality && of_scalars && fits {
            return Some(BOOL);
        }
        let (a, b) = (self.out.types.show(left_ty), self.out.types.show(right_ty));
        let message = format!("`{symbol}`: expected numbers, got {a} and {b}");
        let help = match (is_equality, fits) {
            (true, true) => "compare row by row: `a.iter().zip(b).all(|(a, b)| ...)`".to_string(),
            (true, false) => "only lists of one type can be equal".to_string(),
            (false, _) => format!(
                "a kernel computes element by element: `for (o, (a, b)) in out.iter_mut().zip(x.iter().zip(y)) {{ *o = a {symbol} b; }}`"
            ),
        };
        self.report(Diagnostic::new(Code::OperandType, self.tree.span(left), message).help(help));
        Some(Ty::Error)
    }

    fn explain_list_operand(&mut self, symbol: &str, left: (ExprId, Ty), right: (ExprId, Ty), is_left: bool) {
        let (list, other) = if is_left { (left, right) } else { (right, left) };
        let source = self.tree.slice(self.tree.span(list.0));
        let shown = self.out.types.show(list.1);
        let message = format!("`{symbol}`: expected a number, got {shown}");
        let help = match self.out.types.scalar(other.1) {
            Some(_) => format!(
                "there is no arithmetic on whole lists: write a loop, or `{}.iter().map(|v| ...)`",
                in_parens(source)
            ),
            None => "take the elements: `x[i]`".to_string(),
        };
        let finding = Diagnostic::new(Code::OperandType, self.tree.span(list.0), message);
        self.report(finding.label(format!("this is {shown}")).help(help));
    }

    /// `Option<&elem>`
    fn option_of_ref(&mut self, elem: Ty, span: Span) -> Ty {
        let of = self.reference_to(elem, false, span);
        self.option(of, span)
    }

    /// What stands behind a receiver that has been looked at.
    pub(super) fn root_of(&self, receiver: ExprId, ty: Ty) -> Root {
        match self.out.types.resolve(ty) {
            Ty::Slice(slice) => Root::Memory { mutable: self.out.types.slice_of(slice).1 },
            Ty::Ref(of) => Root::Memory { mutable: self.out.types.ref_of(of).1 },
            _ => self.receiver_roots.get(&receiver.0).copied().unwrap_or(Root::Value),
        }
    }

    fn explain_list_method(&mut self, receiver: ExprId, name: &str, span: Span, ty: Ty) {
        if self.out.types.is_error(ty) {
            return;
        }
        let list = in_parens(self.tree.slice(self.tree.span(receiver)));
        let message = format!("{} has no method `{name}`", self.out.types.show(ty));
        let mut finding = Diagnostic::new(Code::UnknownFunction, span, message);
        finding.help = lists::instead(name, &list).or_else(|| {
            names::nearest(name, lists::names().chain(iters::list_names()))
                .map(|near| format!("did you mean `{near}`?"))
        });
        if finding.help.is_none() && crate::methods::method(name).is_some() {
            finding.help = Some(format!("call it on each element: `{list}.iter().map(|v| v.{name}())`"));
        }
        self.report(finding);
    }
}
