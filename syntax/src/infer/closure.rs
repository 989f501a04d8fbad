//! Closures, and what is passed in their place.
//!
//! A closure is inlined where it is called. It takes along the variables that it reads; those that it
//! assigns are the variables themselves. A kernel and a method can stand where a closure is wanted.

use filbert_ir::{Code, Diagnostic, Span};

use super::explain::Why;
use super::types::{ClosureTy, Open, Ty};
use super::{Call, Entity, Infer, Meaning};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::methods::Arg;
use crate::names::{self, StdPath};

impl<'a, 't> Infer<'a, 't> {
    /// A closure expression; `wanted` are the types of its parameters and of its result, as far as they are
    /// known where it stands.
    pub(super) fn closure(&mut self, id: ExprId, wanted: Option<(&[Ty], Option<Ty>)>) -> Ty {
        let tree = self.tree;
        let ExprKind::Closure { params, result, body, is_move } = &tree.expr(id).kind else { return Ty::Error };
        let mut tys = Vec::new();
        for (index, param) in params.iter().enumerate() {
            let mut ty = self.note(&param.note, param.span);
            match wanted.and_then(|(wanted, _)| wanted.get(index)) {
                Some(&want) if ty == Ty::Error => ty = want,
                Some(&want) if !self.out.types.unify(want, ty) => {
                    let (want, got) = (self.out.types.show(want), self.out.types.show(ty));
                    let message = format!("parameter of a closure: expected {want}, got {got}");
                    self.report(Diagnostic::new(Code::TypeMismatch, param.span, message));
                }
                None if ty == Ty::Error => ty = self.out.types.open(Open::Any),
                _ => {}
            }
            tys.push(ty);
        }
        let mut result = self.note(result, tree.span(id));
        if result == Ty::Error {
            result = wanted.and_then(|(_, result)| result).unwrap_or_else(|| self.out.types.open(Open::Any));
        }
        let (outside, is_reached) = (self.reach(), !self.dead);
        let (assigned, reads, clock, scope) = (self.assigned.len(), self.reads.len(), self.clock, self.undo.len());
        self.push_closure(id, result, clock);
        for (param, &ty) in params.iter().zip(&tys) {
            self.bind_pattern(&param.pat, ty, None);
            self.must_match(&param.pat, ty, "closure");
            if is_reached && self.out.types.openness(self.out.types.resolve(ty)) == Some(Open::Any) {
                self.checks.push(super::check::Check::Known { ty, span: param.span });
            }
        }
        self.check(*body, result, Why::ClosureResult);
        self.leave(scope);
        if self.exits.contains(&super::Exit::Closure(id)) {
            self.must_cross(*body, result);
        }
        self.pop_frame();
        self.resume(outside);
        let is_outer = |infer: &Self, local: &LocalId| infer.locals[local.0 as usize].clock <= clock;
        let mut changed: Vec<LocalId> = self.assigned[assigned..].to_vec();
        changed.retain(|local| is_outer(self, local));
        self.note_changes(*body, assigned);
        let mut captured: Vec<LocalId> = self.reads[reads..].to_vec();
        captured.retain(|local| is_outer(self, local) && !changed.contains(local));
        captured.sort_unstable();
        captured.dedup();
        if *is_move && !changed.is_empty() {
            let message = "a `move` closure cannot assign a variable from outside in a kernel";
            let help = "leave `move` out: then the variable itself changes";
            self.report(Diagnostic::new(Code::Unsupported, tree.span(id), message).help(help));
        }
        self.out.captures.insert(id.0, captured);
        self.out.frames.insert(id.0, result);
        self.closure_changes.insert(id.0, changed);
        self.out.types.closure(ClosureTy { at: id, params: tys, result })
    }

    /// What an argument gives that is called with values of these types: a closure, a variable with one, a
    /// kernel, a function of a type. `want` is the type that its result must have. `name` is who calls it.
    pub(super) fn apply_closure(&mut self, arg: ExprId, params: &[Ty], want: Option<Ty>, name: &'t str) -> Ty {
        let tree = self.tree;
        let span = tree.span(arg);
        if let ExprKind::Closure { params: written, .. } = &tree.expr(arg).kind {
            if written.len() != params.len() {
                self.infer(arg);
                self.explain_params(span, name, params.len(), written.len());
                return Ty::Error;
            }
            let begun = self.begin();
            let ty = self.closure(arg, Some((params, want)));
            self.end(arg, begun, ty);
            let Ty::Closure(closure) = ty else { return Ty::Error };
            return self.out.types.closure_of(closure).result;
        }
        if let ExprKind::Path(path) = &tree.expr(arg).kind
            && let Some(result) = self.function_value(arg, path, params, name)
        {
            self.result_of(arg, result, want, name);
            return result;
        }
        let ty = self.infer(arg);
        match self.out.types.resolve(ty) {
            Ty::Closure(closure) => {
                let closure = self.out.types.closure_of(closure).clone();
                if closure.params.len() != params.len() {
                    self.explain_params(span, name, params.len(), closure.params.len());
                    return Ty::Error;
                }
                for (&want, &got) in params.iter().zip(&closure.params) {
                    self.param_of(arg, want, got, name);
                }
                self.assigned.extend(self.closure_changes.get(&closure.at.0).cloned().unwrap_or_default());
                self.result_of(arg, closure.result, want, name);
                closure.result
            }
            none @ (Ty::Error | Ty::Never) => none,
            other => {
                let message = format!("argument of `{name}`: expected a closure, got {}", self.out.types.show(other));
                let vars = if params.is_empty() { "||" } else { "|v|" };
                let help = format!("write `{vars} {}`", tree.slice(span));
                self.report(Diagnostic::new(Code::TypeMismatch, span, message).help(help));
                Ty::Error
            }
        }
    }

    /// A call of a variable that holds a closure.
    pub(super) fn call_closure(
        &mut self,
        id: ExprId,
        local: LocalId,
        closure: u32,
        args: &'a [ExprId],
        span: Span,
    ) -> Ty {
        let closure = self.out.types.closure_of(closure).clone();
        let at = self.tree.span(closure.at);
        self.note_read(local);
        self.out.meanings[id.0 as usize] = Meaning::Local(local);
        if !self.check_count(self.tree.slice(span), closure.params.len(), args, span, Some(at)) {
            return Ty::Error;
        }
        for (&arg, &ty) in args.iter().zip(&closure.params) {
            self.check(arg, ty, Why::ClosureArg(closure.at));
        }
        self.assigned.extend(self.closure_changes.get(&closure.at.0).cloned().unwrap_or_default());
        closure.result
    }

    /// A kernel or a function of a type where a closure is wanted: its result.
    fn function_value(&mut self, arg: ExprId, path: &'a [&'t str], params: &[Ty], name: &'t str) -> Option<Ty> {
        let tree = self.tree;
        let span = tree.span(arg);
        if let [name] = path
            && matches!(self.names.get(name), Some(Entity::Local(_) | Entity::Const(_)))
        {
            return None;
        }
        if let [one] = path
            && let Some(&callee) = self.kernels.get(one)
        {
            let kernel = &tree.kernels[callee];
            self.refuse_in_const(one, span);
            if let Some(caller) = self.kernel.filter(|_| !self.in_const) {
                self.out.calls.push(Call { caller, callee, span });
            }
            if kernel.params.len() != params.len() {
                self.explain_params(span, name, params.len(), kernel.params.len());
                return Some(Ty::Error);
            }
            for (&want, param) in params.iter().zip(&kernel.params) {
                let got = self.note(&param.ty, param.ty_span);
                self.param_of(arg, want, got, name);
            }
            let result = self.note(&kernel.result, span);
            let tys = params.to_vec();
            self.out.meanings[arg.0 as usize] = Meaning::Kernel(callee);
            self.out.exprs[arg.0 as usize] = self.out.types.closure(ClosureTy { at: arg, params: tys, result });
            return Some(result);
        }
        if let StdPath::OfType(ty, method) = names::std_path(&tree.uses, path)
            && let Some(found) = crate::methods::method(method)
        {
            let args = found.args();
            if params.len() != 1 + args.len() || args.iter().any(|arg| *arg != Arg::Same) {
                self.explain_params(span, name, params.len(), 1 + args.len());
                return Some(Ty::Error);
            }
            for &param in params {
                self.param_of(arg, param, Ty::Scalar(ty), name);
            }
            let closure =
                self.out.types.closure(ClosureTy { at: arg, params: params.to_vec(), result: Ty::Scalar(ty) });
            self.out.exprs[arg.0 as usize] = Ty::Scalar(ty);
            let result = self.function_of_type(arg, (method, span), found, Ty::Scalar(ty));
            self.out.exprs[arg.0 as usize] = closure;
            return Some(result);
        }
        if path == ["Some"] && params.len() == 1 {
            let result = self.option(params[0], span);
            self.out.meanings[arg.0 as usize] = Meaning::SomeValue;
            self.out.exprs[arg.0 as usize] =
                self.out.types.closure(ClosureTy { at: arg, params: params.to_vec(), result });
            return Some(result);
        }
        None
    }

    fn param_of(&mut self, arg: ExprId, want: Ty, got: Ty, name: &str) {
        if !self.out.types.unify(want, got) {
            let (want, got) = (self.out.types.show(want), self.out.types.show(got));
            let message = format!("argument of `{name}`: it is called with {want}, and takes {got}");
            self.report(Diagnostic::new(Code::TypeMismatch, self.tree.span(arg), message));
        }
    }

    fn result_of(&mut self, arg: ExprId, got: Ty, want: Option<Ty>, name: &str) {
        let Some(want) = want else { return };
        if !self.out.types.unify(want, got) {
            let (want, got) = (self.out.types.show(want), self.out.types.show(got));
            let message = format!("argument of `{name}`: it must give {want}, and gives {got}");
            self.report(Diagnostic::new(Code::TypeMismatch, self.tree.span(arg), message));
        }
    }

    fn explain_params(&mut self, span: Span, name: &str, want: usize, got: usize) {
        let plural = if want == 1 { "parameter" } else { "parameters" };
        let message = format!("argument of `{name}`: expected a closure with {want} {plural}, got one with {got}");
        self.report(Diagnostic::new(Code::ArgumentCount, span, message));
    }

    /// A variable was read; closures around it take it along.
    pub(super) fn note_read(&mut self, local: LocalId) {
        if self.frames.iter().any(|frame| frame.kind == super::flow::FrameKind::Closure) {
            self.reads.push(local);
        }
    }
}
