//! Calls of generic kernels. Each type parameter is open until the arguments decide it; then the call wants
//! an instance, which the tree has or the next reading will have.

use filbert_ir::{Code, Diagnostic, Span};

use super::explain::Why;
use super::types::{Open, Ty, Types};
use super::{Call, Infer, Meaning};
use crate::ast::{ExprId, ExprKind, KernelItem, Param, Role, TypeNote};
use crate::generics::{Instance, Origin};

/// A call whose types are known at the end of its kernel.
pub(super) struct GenericCall {
    pub(super) at: ExprId,
    callee: usize,
    span: Span,
    /// What stands for each type parameter.
    types: Vec<Ty>,
    functions: Vec<String>,
}

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn call_generic(&mut self, id: ExprId, callee: usize, span: Span, args: &'a [ExprId]) -> Ty {
        let tree = self.tree;
        let kernel: &'a KernelItem<'t> = &tree.kernels[callee];
        self.refuse_in_const(kernel.name.text, span);
        if !self.check_count(kernel.name.text, kernel.params.len(), args, span, Some(kernel.name.span)) {
            return Ty::Error;
        }
        let open = |infer: &mut Self| infer.out.types.open(Open::Any);
        let types: Vec<Ty> = kernel.generics.iter().map(|_| open(self)).collect();
        let names = kernel.generics.iter().map(|generic| generic.name.text);
        let outside = std::mem::replace(&mut self.type_params, names.zip(types.iter().copied()).collect());
        let wants: Vec<Ty> = kernel.params.iter().map(|param| self.note(&param.ty, param.ty_span)).collect();
        let result = self.note(&kernel.result, span);
        self.type_params = outside;

        let mut functions = Vec::new();
        for (index, (&arg, param)) in args.iter().zip(&kernel.params).enumerate() {
            if let TypeNote::Function { .. } = param.ty {
                functions.extend(self.kernel_as_arg(arg, kernel, param, &types));
                continue;
            }
            // What a parameter of the same type decided is part of the message.
            let first = kernel.params[..index].iter().find(|first| is_same(first, param));
            let why = first.map_or(Why::Arg(kernel, param), |first| Why::SameType(kernel, first, param));
            self.check(arg, wants[index], why);
        }
        let takes = kernel.params.iter().filter(|param| matches!(param.ty, TypeNote::Function { .. })).count();
        if functions.len() < takes {
            return Ty::Error;
        }
        self.checks.push(super::check::Check::Generic(GenericCall { at: id, callee, span, types, functions }));
        result
    }

    /// A kernel's name where a kernel is wanted. It is no value: it takes no slot of the call.
    fn kernel_as_arg(
        &mut self,
        arg: ExprId,
        callee: &'a KernelItem<'t>,
        param: &'a Param<'t>,
        types: &[Ty],
    ) -> Option<String> {
        let tree = self.tree;
        let TypeNote::Function { params, result } = &param.ty else { return None };
        let span = tree.span(arg);
        let what = format!("parameter `{}` of `{}`", param.name.text, callee.name.text);
        let given = match &tree.expr(arg).kind {
            ExprKind::Path(path) => match path.as_slice() {
                [name] if !self.names.contains_key(name) => self.kernels.get(name).copied(),
                _ => None,
            },
            _ => None,
        };
        let Some(given) = given else {
            let message = format!("{what}: expected the name of a kernel of this text");
            let help = "write a kernel of its own, and pass its name without parentheses";
            let finding = Diagnostic::new(Code::Unsupported, span, message).note(param.ty_span, "the parameter");
            self.report(finding.help(help));
            return None;
        };
        let kernel = &tree.kernels[given];
        if !matches!(kernel.role, Role::Plain) {
            let message = format!("{what}: expected a kernel whose types are written out, got `{}`", kernel.name.text);
            self.report(Diagnostic::new(Code::Unsupported, span, message).note(kernel.name.span, "defined here"));
            return None;
        }
        let names = callee.generics.iter().map(|generic| generic.name.text);
        let outside = std::mem::replace(&mut self.type_params, names.zip(types.iter().copied()).collect());
        let wants: Vec<Ty> = params.iter().chain([&**result]).map(|note| self.note(note, param.ty_span)).collect();
        self.type_params = outside;
        let notes = kernel.params.iter().map(|param| (&param.ty, param.ty_span));
        let notes: Vec<_> = notes.chain([(&kernel.result, kernel.result_span)]).collect();
        let gots: Vec<Ty> = notes.into_iter().map(|(note, span)| self.note(note, span)).collect();
        let fits =
            wants.len() == gots.len() && wants.iter().zip(&gots).all(|(&want, &got)| self.out.types.unify(want, got));
        if !fits {
            let show = |types: &Types, all: &[Ty]| match all.split_last() {
                Some((result, params)) => {
                    let params: Vec<String> = params.iter().map(|&ty| types.show(ty)).collect();
                    format!("Fn({}) -> {}", params.join(", "), types.show(*result))
                }
                None => String::new(),
            };
            let (want, got) = (show(&self.out.types, &wants), show(&self.out.types, &gots));
            let message = format!("{what}: expected {want}, got {got}");
            let finding = Diagnostic::new(Code::TypeMismatch, span, message);
            self.report(finding.note(param.ty_span, "the parameter").note(kernel.name.span, "the kernel"));
            return None;
        }
        self.out.meanings[arg.0 as usize] = Meaning::KernelName;
        self.out.exprs[arg.0 as usize] = Types::unit();
        Some(kernel.name.text.to_string())
    }

    /// What the call calls, now that its types are known.
    pub(super) fn check_generic(&mut self, call: GenericCall) {
        let tree = self.tree;
        let kernel = &tree.kernels[call.callee];
        let mut types = Vec::new();
        for (generic, &ty) in kernel.generics.iter().zip(&call.types) {
            let resolved = self.out.types.resolve(ty);
            if self.out.types.is_error(resolved) {
                return;
            }
            let Some(bound) = generic.bound else { return };
            let (name, t) = (kernel.name.text, generic.name.text);
            match self.out.types.scalar(resolved) {
                Some(ty) if bound.contains(ty) => types.push(ty),
                None if self.out.types.openness(resolved).is_some() => {
                    let message = format!("`{name}`: nothing tells what `{t}` is");
                    let help = "give a literal its suffix, or bind the argument with its type";
                    let finding = Diagnostic::new(Code::UnknownType, call.span, message);
                    return self.report(finding.note(generic.name.span, "the type parameter").help(help));
                }
                _ => {
                    let shown = self.out.types.show(resolved);
                    let message = format!("`{name}`: {t} was tried as {shown}, which is not `{}`", bound.name());
                    let finding = Diagnostic::new(Code::OperandType, call.span, message);
                    let help = format!("`{}` is {}", bound.name(), bound.describe());
                    return self.report(finding.note(generic.name.span, "the type parameter").help(help));
                }
            }
        }
        let origin = Origin::Call(call.span);
        let wanted = Instance { kernel: kernel.name.text.to_string(), types, functions: call.functions, origin };
        let Some(&callee) = self.instances.get(&wanted.key()) else {
            // Few: beyond a limit the text is refused.
            if !self.out.instances.iter().any(|other| other.key() == wanted.key()) {
                self.out.instances.push(wanted);
            }
            return;
        };
        self.out.meanings[call.at.0 as usize] = Meaning::Kernel(callee);
        if let Some(caller) = self.kernel {
            self.out.calls.push(Call { caller, callee, span: call.span });
        }
    }

    /// Findings about an instance say which one it is; those that another instance gave too are left out.
    pub(super) fn explain_instance(&mut self, place: usize, from: usize) {
        let instance = &self.tree.instances[place];
        let Some(kernel) = self.kernels.get(instance.kernel.as_str()).map(|&index| &self.tree.kernels[index]) else {
            return;
        };
        let names = kernel.generics.iter().map(|generic| generic.name.text);
        let types: Vec<String> = names.zip(&instance.types).map(|(name, ty)| format!("{name} = {ty}")).collect();
        let new = self.found.split_off(from);
        for finding in new {
            if self.found.iter().any(|old| old.span == finding.span && old.code == finding.code) {
                continue;
            }
            let with = types.join(", ");
            let finding = match (instance.origin, kernel.generics.first()) {
                (Origin::Call(at), _) if with.is_empty() => finding.note(at, "called here"),
                (Origin::Call(at), _) => finding.note(at, format!("called with {with}")),
                (Origin::Sample, Some(first)) => finding.note(first.name.span, format!("for example {with}")),
                (Origin::Sample | Origin::Asked, _) => finding,
            };
            self.found.push(finding);
        }
    }
}

/// Whether two parameters are of one type parameter.
fn is_same(a: &Param<'_>, b: &Param<'_>) -> bool {
    match (&a.ty, &b.ty) {
        (TypeNote::Named { name: a, .. }, TypeNote::Named { name: b, .. }) => a.text == b.text,
        _ => false,
    }
}
