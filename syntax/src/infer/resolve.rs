//! What names mean: paths and calls.

use filbert_ir::{Code, Diagnostic, Logical, Param, ResultTy, Span, Type};

use super::explain::Why;
use super::lists::list_of;
use super::types::{Open, Ty};
use super::{Call, Entity, Infer, Meaning, Wanted};
use crate::ast::{ExprId, KernelItem, Role};
use crate::links::Links;
use crate::names::{self, StdPath};

impl<'a, 't> Infer<'a, 't> {
    /// A path that stands for a value.
    pub(super) fn path(&mut self, id: ExprId, path: &[&'t str]) -> Ty {
        let ty = self.path_type(id, path);
        if let Meaning::Local(local) = self.out.meanings[id.0 as usize] {
            self.check_set(id, local);
            self.note_read(local);
        }
        ty
    }

    /// What a path means, and the type of that.
    pub(super) fn path_type(&mut self, id: ExprId, path: &[&'t str]) -> Ty {
        let span = self.tree.span(id);
        let (meaning, ty) = match self.path_meaning(path, span) {
            Some(found) => found,
            None => (Meaning::None, Ty::Error),
        };
        self.out.meanings[id.0 as usize] = meaning;
        ty
    }

    fn path_meaning(&mut self, path: &[&'t str], span: Span) -> Option<(Meaning, Ty)> {
        if let [name] = path {
            match self.names.get(name) {
                Some(&Entity::Local(local)) if self.in_const => {
                    let message = format!("a constant cannot use the variable `{name}`");
                    let diagnostic = Diagnostic::new(Code::ConstEval, span, message)
                        .note(self.locals[local.0 as usize].span, "the variable")
                        .help("write `let` instead of `const`");
                    self.report(diagnostic);
                    return None;
                }
                Some(&Entity::Local(local)) => {
                    return Some((Meaning::Local(local), self.locals[local.0 as usize].ty));
                }
                Some(&Entity::Const(id)) => {
                    let constant = self.tree.constant(id);
                    let ty = self.note(&constant.ty, constant.ty_span);
                    return Some((Meaning::Const(id), ty));
                }
                None => {}
            }
        }
        if path == ["None"] {
            let inner = self.out.types.open(Open::Any);
            // What is never reached needs no type.
            if !self.dead {
                self.checks.push(super::check::Check::Known { ty: inner, span });
            }
            return Some((Meaning::NoneValue, self.option(inner, span)));
        }
        match names::std_path(&self.tree.uses, path) {
            StdPath::Constant(scalar) => return Some((Meaning::Scalar(scalar), Ty::Scalar(scalar.ty()))),
            StdPath::OfType(ty, name) => {
                self.explain_type_member(ty, name, span, false);
                return None;
            }
            StdPath::NoConstant(name) => {
                let message = format!("unknown constant `{name}`");
                let near = names::nearest(name, names::MATH_CONSTANTS.into_iter());
                let mut diagnostic = Diagnostic::new(Code::UnknownName, span, message);
                diagnostic.help = near.map(|near| format!("did you mean `{near}`?"));
                self.report(diagnostic);
                return None;
            }
            StdPath::Other => {}
        }
        let joined = path.join("::");
        if let Some((index, value)) = self.links.constant(&joined) {
            return Some(match value.scalar() {
                Some(scalar) => (Meaning::Scalar(scalar), Ty::Scalar(scalar.ty())),
                None => (Meaning::Given(index), self.shape_ty(&value.shape, span)),
            });
        }
        // Outside the text, only what is written as a constant is taken for one: a misspelt variable
        // gets its message here, with the name that was meant.
        let last = path.last().copied().unwrap_or_default();
        let is_shouted = last.chars().any(char::is_uppercase) && !last.chars().any(char::is_lowercase);
        if matches!(self.links, Links::Open) && (is_shouted || path.len() > 1) {
            self.want_constant(path, span);
            return None;
        }
        self.explain_unknown_name(path, span);
        None
    }

    /// Leaves a constant to whoever links the text.
    pub(super) fn want_constant(&mut self, path: &[&'t str], span: Span) {
        self.out.wanted.push(Wanted { path: path.to_vec(), span, is_kernel: false });
    }

    /// A call by path.
    pub(super) fn call(&mut self, id: ExprId, path: &'a [&'t str], path_span: Span, args: &'a [ExprId]) -> Ty {
        if let [name] = path
            && let Some(&entity) = self.names.get(name)
        {
            if let Entity::Local(local) = entity
                && let Ty::Closure(closure) = self.out.types.resolve(self.locals[local.0 as usize].ty)
            {
                return self.call_closure(id, local, closure, args, path_span);
            }
            if let Entity::Local(local) = entity
                && self.out.types.is_error(self.locals[local.0 as usize].ty)
            {
                return self.infer_args(args);
            }
            let (what, at) = match entity {
                Entity::Local(local) => ("variable", self.locals[local.0 as usize].span),
                Entity::Const(id) => ("constant", self.tree.constant(id).name.span),
            };
            let message = format!("`{name}` is a {what} and cannot be called");
            self.report(Diagnostic::new(Code::UnknownFunction, path_span, message).note(at, "defined here"));
            return self.infer_args(args);
        }
        if let [name] = path
            && let Some(&callee) = self.kernels.get(name)
        {
            return self.call_kernel(id, callee, path_span, args);
        }
        if let Some(ty) = self.time_call(id, path, path_span, args) {
            return ty;
        }
        if path == ["Some"] {
            return self.some(id, args, path_span);
        }
        if let StdPath::OfType(ty, name) = names::std_path(&self.tree.uses, path) {
            return self.call_of_type(id, ty, name, path_span, args);
        }
        let joined = path.join("::");
        if let Some((index, kernel)) = self.links.kernel(&joined) {
            self.refuse_in_const(&joined, path_span);
            let signature = kernel.core.signature.clone();
            let params: Vec<Ty> = signature.params.iter().map(|param| self.linked_param(param, path_span)).collect();
            let results: Vec<Ty> = signature.results.iter().map(|ty| self.linked_result(ty, path_span)).collect();
            if self.check_count(&joined, params.len(), args, path_span, None) {
                for (i, (&arg, ty)) in args.iter().zip(params).enumerate() {
                    self.check_linked(arg, ty, Why::LinkedArg(path, i));
                }
            }
            self.out.meanings[id.0 as usize] = Meaning::Linked(index);
            return match results.as_slice() {
                [one] => *one,
                _ => self.tuple(results, path_span),
            };
        }
        if matches!(self.links, Links::Open) {
            self.refuse_in_const(&joined, path_span);
            self.out.wanted.push(Wanted { path: path.to_vec(), span: path_span, is_kernel: true });
            return self.infer_args(args);
        }
        self.explain_unknown_function(path, path_span, args);
        self.infer_args(args)
    }

    /// What a kernel from outside takes.
    fn linked_param(&mut self, param: &Param, span: Span) -> Ty {
        match param {
            Param::Scalar { ty, nullable } => self.linked_scalar(*ty, *nullable, span),
            Param::List { elem, inner, len } => {
                let elem = match inner {
                    1 => Ty::Scalar(*elem),
                    inner => self.array_of(Ty::Scalar(*elem), u64::from(*inner), span),
                };
                match len {
                    Some(len) => {
                        let array = self.array_of(elem, u64::from(*len), span);
                        self.reference_to(array, false, span)
                    }
                    None => self.out.types.slice(elem, false),
                }
            }
        }
    }

    /// What a kernel from outside gives.
    fn linked_result(&mut self, result: &ResultTy, span: Span) -> Ty {
        match result {
            ResultTy::Scalar { ty, nullable } => self.linked_scalar(*ty, *nullable, span),
            ResultTy::Fixed { elem, len } => self.array_of(Ty::Scalar(*elem), u64::from(*len), span),
            ResultTy::List { .. } => self.writes_lists(span),
        }
    }

    fn linked_scalar(&mut self, ty: Logical, nullable: bool, span: Span) -> Ty {
        let ty = match ty.plain() {
            Some(ty) => Ty::Scalar(ty),
            None => Ty::Time(ty),
        };
        if nullable { self.option(ty, span) } else { ty }
    }

    /// A kernel that writes lists can only be called from outside.
    fn writes_lists(&mut self, span: Span) -> Ty {
        let message = "a kernel cannot call one that writes a list";
        let help = "a list that a kernel writes is a column: compute its elements in a kernel that returns one";
        self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
        Ty::Error
    }

    /// An argument of a kernel from outside, which does not say whether it takes an array or a reference to one.
    fn check_linked(&mut self, arg: ExprId, want: Ty, why: Why<'a, 't>) {
        let array = match self.out.types.resolve(want) {
            Ty::Ref(of) => self.out.types.ref_of(of).0,
            _ => return self.check(arg, want, why),
        };
        let got = self.infer(arg);
        if !(self.coerces(got, want) || self.out.types.unify(want, got) || self.out.types.unify(array, got)) {
            self.explain_mismatch(arg, want, got, why);
        }
    }

    /// A kernel of this text.
    fn call_kernel(&mut self, id: ExprId, callee: usize, path_span: Span, args: &'a [ExprId]) -> Ty {
        let tree = self.tree;
        let kernel: &'a KernelItem<'t> = &tree.kernels[callee];
        if let Role::Template = kernel.role {
            return self.call_generic(id, callee, path_span, args);
        }
        self.refuse_in_const(kernel.name.text, path_span);
        if let Some(caller) = self.kernel.filter(|_| !self.in_const) {
            self.out.calls.push(Call { caller, callee, span: path_span });
        }
        if self.check_count(kernel.name.text, kernel.params.len(), args, path_span, Some(kernel.name.span)) {
            for (&arg, param) in args.iter().zip(&kernel.params) {
                let ty = self.note(&param.ty, param.ty_span);
                if list_of(&self.out.types, ty).is_some_and(|list| list.is_out) {
                    self.writes_lists(path_span);
                    return self.infer_args(args);
                }
                self.check(arg, ty, Why::Arg(kernel, param));
            }
        }
        self.out.meanings[id.0 as usize] = Meaning::Kernel(callee);
        self.note(&kernel.result, path_span)
    }

    /// `f64::sqrt(x)`, `f64::from(n)`.
    fn call_of_type(&mut self, id: ExprId, ty: Type, name: &'t str, span: Span, args: &'a [ExprId]) -> Ty {
        if name == "from" {
            if self.check_count("from", 1, args, span, None) {
                let arg = args[0];
                self.infer(arg);
                self.out.meanings[id.0 as usize] = Meaning::From(ty);
                self.checks.push(super::check::Check::From { at: id, arg, to: ty });
            }
            return Ty::Scalar(ty);
        }
        if crate::methods::method(name).is_none() {
            self.infer_args(args);
            self.explain_type_member(ty, name, span, true);
            return Ty::Error;
        }
        match args.split_first() {
            Some((&receiver, rest)) => {
                self.check(receiver, Ty::Scalar(ty), Why::Receiver(name));
                self.method(id, name, span, (receiver, Ty::Scalar(ty)), rest)
            }
            None => {
                let message = format!("`{name}`: expected the value as its first argument, got none");
                self.report(Diagnostic::new(Code::ArgumentCount, span, message));
                Ty::Error
            }
        }
    }

    /// Types the arguments of a call that means nothing, for the errors in them.
    pub(super) fn infer_args(&mut self, args: &'a [ExprId]) -> Ty {
        for &arg in args {
            self.check(arg, Ty::Error, Why::Statement);
        }
        Ty::Error
    }

    pub(super) fn refuse_in_const(&mut self, name: &str, span: Span) {
        if self.in_const {
            let message = format!("a constant cannot call the kernel `{name}`");
            self.report(Diagnostic::new(Code::ConstEval, span, message).help("write `let` inside a kernel instead"));
        }
    }

    /// Whether a call has as many arguments as it needs.
    pub(super) fn check_count(
        &mut self,
        name: &str,
        want: usize,
        args: &'a [ExprId],
        span: Span,
        at: Option<Span>,
    ) -> bool {
        if args.len() == want {
            return true;
        }
        let plural = if want == 1 { "argument" } else { "arguments" };
        let message = format!("`{name}`: expected {want} {plural}, got {}", args.len());
        let mut diagnostic = Diagnostic::new(Code::ArgumentCount, span, message);
        if let Some(at) = at {
            diagnostic = diagnostic.note(at, "defined here");
        }
        self.report(diagnostic);
        self.infer_args(args);
        false
    }
}
