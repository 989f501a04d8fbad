//! The methods of lists and arrays.

use filbert_ir::{Code, Diagnostic, Span, Type};

use super::array::Root;
use super::check::in_parens;
use super::explain::Why;
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
