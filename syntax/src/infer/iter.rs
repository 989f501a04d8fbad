//! Iterators: what gives one, and what their methods make of them.

use filbert_ir::{Code, Diagnostic, Span, Type};

use super::array::Root;
use super::explain::Why;
use super::types::{BOOL, IterTy, Ty, Types};
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::iters::{self, IterMethod};
use crate::names;

impl<'a, 't> Infer<'a, 't> {
    /// What a value gives item by item, as `for` and `zip` take it; `None` if nothing.
    pub(super) fn items(&mut self, ty: Ty, span: Span) -> Option<IterTy> {
        let all = |item| IterTy { item, is_exact: true, is_double: true };
        match self.out.types.resolve(ty) {
            Ty::Iter(iter) => Some(self.out.types.iter_of(iter)),
            Ty::Range(range) => Some(all(self.out.types.range_of(range))),
            Ty::Array(array) => Some(all(self.out.types.array_of(array).0)),
            Ty::Slice(slice) => {
                let (elem, mutable) = self.out.types.slice_of(slice);
                Some(all(self.reference_to(elem, mutable, span)))
            }
            Ty::Ref(of) => {
                let (to, mutable) = self.out.types.ref_of(of);
                let Ty::Array(array) = self.out.types.resolve(to) else { return None };
                let elem = self.out.types.array_of(array).0;
                Some(all(self.reference_to(elem, mutable, span)))
            }
            _ => None,
        }
    }

    /// The variables that taking items of an iterator changes.
    pub(super) fn iter_changes(&self, ty: Ty) -> Vec<LocalId> {
        match self.out.types.resolve(ty) {
            Ty::Iter(iter) => self.iter_changes.get(&iter).cloned().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn new_iter(&mut self, iter: IterTy, changes: Vec<LocalId>) -> Ty {
        let ty = self.out.types.iter(iter);
        if let (Ty::Iter(index), false) = (ty, changes.is_empty()) {
            self.iter_changes.insert(index, changes);
        }
        ty
    }

    /// `for v in &mut a` over an array of the kernel's own: the item, and the array.
    pub(super) fn own_array(&mut self, iter: ExprId) -> Option<(Ty, LocalId)> {
        let ExprKind::Ref { of, mutable: true } = self.tree.expr(iter).kind else { return None };
        let (ty, root) = self.place(of);
        let (Ty::Array(array), Root::Variable(local)) = (self.out.types.resolve(ty), root) else {
            return None;
        };
        self.writable(of, root);
        let elem = self.out.types.array_of(array).0;
        let span = self.tree.span(iter);
        let to = self.reference_to(ty, true, span);
        self.out.exprs[iter.0 as usize] = to;
        Some((self.reference_into(elem, local, span), local))
    }

    /// A method of a list that gives an iterator; `None` if it is none.
    pub(super) fn list_iterator(
        &mut self,
        id: ExprId,
        (name, span): (&'t str, Span),
        (receiver, ty): (ExprId, Ty),
        elem: Ty,
        args: &'a [ExprId],
    ) -> Option<Ty> {
        if let (Ty::Array(array), "map") = (self.out.types.resolve(ty), name) {
            return Some(self.map_array(id, (name, span), self.out.types.array_of(array), args));
        }
        let (method, count) = iters::list_method(name)?;
        if !self.has_count(name, span, count, args) {
            return Some(Ty::Error);
        }
        self.out.meanings[id.0 as usize] = Meaning::Iter(method);
        let mut changes = Vec::new();
        let item = match method {
            IterMethod::Iter => self.reference_to(elem, false, span),
            IterMethod::IterMut => {
                let root = self.root_of(receiver, ty);
                self.writable(receiver, root);
                match root {
                    Root::Variable(local) => {
                        changes.push(local);
                        self.reference_into(elem, local, span)
                    }
                    _ => self.reference_to(elem, true, span),
                }
            }
            IterMethod::IntoIter => self.items(ty, span)?.item,
            _ => {
                self.check(args[0], Ty::Scalar(Type::U64), Why::MethodArg(name, receiver));
                if let ExprKind::Int { magnitude: Some(0), .. } = self.tree.expr(args[0]).kind {
                    let message = format!("`{name}(0)`: a part has one element or more");
                    self.report(Diagnostic::new(Code::OperandType, self.tree.span(args[0]), message));
                }
                self.out.types.slice(elem, false)
            }
        };
        Some(self.new_iter(IterTy { item, is_exact: true, is_double: true }, changes))
    }

    /// `a.map(f)` of an array.
    fn map_array(&mut self, id: ExprId, (name, span): (&'t str, Span), of: (Ty, u64), args: &'a [ExprId]) -> Ty {
        if !self.has_count(name, span, 1, args) {
            return Ty::Error;
        }
        self.out.meanings[id.0 as usize] = Meaning::Iter(IterMethod::MapArray);
        let mark = self.assigned.len();
        let elem = self.apply_closure(args[0], &[of.0], None, name);
        self.note_changes(id, mark);
        self.kept(args[0], elem, name);
        self.array_of(elem, of.1, span)
    }

    /// A method of an iterator or range.
    pub(super) fn iter_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        (receiver, ty): (ExprId, Ty),
        args: &'a [ExprId],
    ) -> Ty {
        let Some(iter) = self.items(ty, span) else { return Ty::Error };
        let Some((method, count)) = iters::method(name) else {
            self.infer_args(args);
            self.explain_iter_method(name, span, ty);
            return Ty::Error;
        };
        if !self.has_count(name, span, count, args) {
            return Ty::Error;
        }
        if let Ty::Range(_) = self.out.types.resolve(ty) {
            self.checks.push(super::check::Check::Counts { iter: receiver, of: iter.item });
        }
        self.out.meanings[id.0 as usize] = Meaning::Iter(method);
        let mark = self.assigned.len();
        let changes = self.iter_changes(ty);
        self.assigned.extend_from_slice(&changes);
        let result = match self.adapted(method, (name, span), (receiver, ty), iter, args) {
            Some(next) => {
                let changes = self.assigned[mark..].to_vec();
                self.new_iter(next, changes)
            }
            None => self.taken(id, method, (name, span), (receiver, ty), iter, args),
        };
        self.note_changes(id, mark);
        result
    }

    fn has_count(&mut self, name: &str, span: Span, count: usize, args: &'a [ExprId]) -> bool {
        if args.len() != count {
            self.infer_args(args);
            self.explain_method_count(name, span, count, args.len());
        }
        args.len() == count
    }

    /// The iterator that a method makes of one; `None` for methods that take the items.
    fn adapted(
        &mut self,
        method: IterMethod,
        (name, span): (&'t str, Span),
        (receiver, ty): (ExprId, Ty),
        iter: IterTy,
        args: &'a [ExprId],
    ) -> Option<IterTy> {
        let IterTy { item, is_exact, is_double } = iter;
        let ends = IterTy { item, is_exact, is_double: is_double && is_exact };
        let usize_ty = Ty::Scalar(Type::U64);
        Some(match method {
            IterMethod::IntoIter => iter,
            IterMethod::Copied => {
                let item = match self.out.types.resolve(item) {
                    Ty::Ref(of) if !self.out.types.ref_of(of).1 => self.out.types.ref_of(of).0,
                    Ty::Error => Ty::Error,
                    other => {
                        let shown = self.out.types.show(other);
                        let message = format!("`{name}`: expected an iterator over references, got one over {shown}");
                        let finding = Diagnostic::new(Code::OperandType, span, message);
                        self.report(finding.help("the items are values already: leave it out"));
                        other
                    }
                };
                IterTy { item, ..iter }
            }
            IterMethod::Rev => {
                if !is_double {
                    let message = "`rev`: this iterator cannot be walked from its end".to_string();
                    let help = "write `rev()` first, behind `iter()` or the range";
                    self.report(Diagnostic::new(Code::OperandType, span, message).help(help));
                }
                iter
            }
            IterMethod::Enumerate => {
                let item = self.tuple(vec![usize_ty, item], span);
                IterTy { item, ..ends }
            }
            IterMethod::Zip => {
                let other = self.infer(args[0]);
                let Some(with) = self.items(other, span) else {
                    self.explain_no_items(args[0], other, "zip");
                    return Some(IterTy { item: Ty::Error, ..iter });
                };
                if let Ty::Range(_) = self.out.types.resolve(other) {
                    self.checks.push(super::check::Check::Counts { iter: args[0], of: with.item });
                }
                let changes = self.iter_changes(other);
                self.assigned.extend(changes);
                let item = self.tuple(vec![item, with.item], span);
                let is_exact = is_exact && with.is_exact;
                IterTy { item, is_exact, is_double: is_exact && is_double && with.is_double }
            }
            IterMethod::Skip | IterMethod::Take | IterMethod::StepBy => {
                self.check(args[0], usize_ty, Why::MethodArg(name, receiver));
                if let (IterMethod::StepBy, ExprKind::Int { magnitude: Some(0), .. }) =
                    (method, &self.tree.expr(args[0]).kind)
                {
                    let message = "`step_by(0)` never gets on";
                    let help = "write a step of 1 or more; `.rev()` counts down";
                    self.report(Diagnostic::new(Code::OperandType, self.tree.span(args[0]), message).help(help));
                }
                ends
            }
            IterMethod::Map => {
                let item = self.apply_closure(args[0], &[item], None, name);
                IterTy { item, ..iter }
            }
            IterMethod::Filter | IterMethod::TakeWhile | IterMethod::SkipWhile => {
                let seen = self.reference_to(item, false, span);
                self.apply_closure(args[0], &[seen], Some(BOOL), name);
                IterTy { item, is_exact: false, is_double: is_double && method == IterMethod::Filter }
            }
            IterMethod::FilterMap => {
                let inner = self.out.types.open(super::types::Open::Any);
                let option = self.option(inner, span);
                self.apply_closure(args[0], &[item], Some(option), name);
                IterTy { item: inner, is_exact: false, is_double }
            }
            _ => {
                let _ = ty;
                return None;
            }
        })
    }

    /// What a method gives that takes the items.
    fn taken(
        &mut self,
        id: ExprId,
        method: IterMethod,
        (name, span): (&'t str, Span),
        (receiver, _): (ExprId, Ty),
        iter: IterTy,
        args: &'a [ExprId],
    ) -> Ty {
        let item = iter.item;
        match method {
            IterMethod::Sum | IterMethod::Product => {
                let number = self.number_item(item, name, span);
                self.written_result(id, number);
                number
            }
            IterMethod::Min | IterMethod::Max => {
                let number = self.out.types.peel(item);
                if self.out.types.scalar(number).is_some_and(|ty| !ty.is_int()) {
                    let message = format!("`{name}`: expected integers, got {}", self.out.types.show(item));
                    let (best, of) = if name == "min" { ("INFINITY", "min") } else { ("NEG_INFINITY", "max") };
                    let copied = if matches!(self.out.types.resolve(item), Ty::Ref(_)) { ".copied()" } else { "" };
                    let help = match self.out.types.scalar(number) {
                        Some(ty) if ty.is_float() => format!(
                            "a NaN has no place among floats: write `{copied}.fold({ty}::{best}, {ty}::{of})` or `{copied}.reduce({ty}::{of})`"
                        ),
                        _ => "write `any` or `all`".to_string(),
                    };
                    self.report(Diagnostic::new(Code::OperandType, span, message).help(help));
                } else if self.out.types.scalar(number).is_none() && !self.out.types.is_error(number) {
                    let message = format!("`{name}`: expected integers, got {}", self.out.types.show(item));
                    let help = "write the comparison in a fold: `fold(first, |best, v| if ... { v } else { best })`";
                    self.report(Diagnostic::new(Code::OperandType, span, message).help(help));
                }
                self.option(item, span)
            }
            IterMethod::Count => {
                if name == "len" && !iter.is_exact {
                    let message = "`len`: this iterator does not know its length";
                    self.report(Diagnostic::new(Code::OperandType, span, message).help("write `count()`"));
                }
                Ty::Scalar(Type::U64)
            }
            IterMethod::Fold => {
                let acc = self.infer(args[0]);
                self.apply_closure(args[1], &[acc, item], Some(acc), name);
                self.kept(args[0], acc, name);
                acc
            }
            IterMethod::Reduce => {
                self.apply_closure(args[0], &[item, item], Some(item), name);
                self.kept(receiver, item, name);
                self.option(item, span)
            }
            IterMethod::Any | IterMethod::All | IterMethod::Position => {
                self.apply_closure(args[0], &[item], Some(BOOL), name);
                match method {
                    IterMethod::Position => self.option(Ty::Scalar(Type::U64), span),
                    _ => BOOL,
                }
            }
            IterMethod::Find => {
                let seen = self.reference_to(item, false, span);
                self.apply_closure(args[0], &[seen], Some(BOOL), name);
                self.kept(receiver, item, name);
                self.option(item, span)
            }
            IterMethod::Last => {
                self.kept(receiver, item, name);
                self.option(item, span)
            }
            IterMethod::Nth => {
                self.check(args[0], Ty::Scalar(Type::U64), Why::MethodArg(name, receiver));
                self.kept(receiver, item, name);
                self.option(item, span)
            }
            IterMethod::ForEach => {
                self.apply_closure(args[0], &[item], Some(Types::unit()), name);
                Types::unit()
            }
            _ => Ty::Error,
        }
    }

    /// The numbers that items are, also behind a reference.
    fn number_item(&mut self, item: Ty, name: &str, span: Span) -> Ty {
        let number = match self.out.types.resolve(item) {
            Ty::Ref(of) => self.out.types.resolve(self.out.types.ref_of(of).0),
            other => other,
        };
        let is_number = match self.out.types.scalar(number) {
            Some(ty) => ty != Type::Bool,
            None => self.out.types.is_error(number),
        };
        if !is_number {
            let message = format!("`{name}`: expected numbers, got {}", self.out.types.show(item));
            let mut finding = Diagnostic::new(Code::OperandType, span, message);
            finding.help = match number {
                Ty::Scalar(Type::Bool) => Some("write `.filter(...).count()` to count those that are true".to_string()),
                Ty::Ref(_) => Some("write `.copied()` before it".to_string()),
                Ty::Option(_) => Some("write `.map(|v| v.unwrap_or(0.0))` before it".to_string()),
                _ => Some(format!("write `.map(|v| ...).{name}()` with the number of each item")),
            };
            self.report(finding);
            return Ty::Error;
        }
        number
    }

    /// `sum::<f64>()`: what is written must be what the items are.
    fn written_result(&mut self, id: ExprId, number: Ty) {
        let Some((note, span)) = self.tree.turbofish.get(&id.0) else { return };
        let want = self.note(note, *span);
        if !self.out.types.unify(want, number) && !self.out.types.is_error(want) && !self.out.types.is_error(number) {
            let (want, got) = (self.out.types.show(want), self.out.types.show(number));
            let message = format!("expected a sum of {want}, got items of {got}");
            let help = format!("write `.map(|v| *v as {want})` before it");
            self.report(Diagnostic::new(Code::TypeMismatch, *span, message).help(help));
        }
    }

    /// Reports what cannot be kept from turn to turn: a slice, a closure, a reference that is written through.
    fn kept(&mut self, at: ExprId, ty: Ty, name: &str) {
        let ty = self.out.types.resolve(ty);
        if !self.out.types.is_error(ty) && !self.out.types.can_cross(ty) {
            let message = format!("`{name}` cannot keep {} from item to item", self.out.types.show(ty));
            let help = "map the items to numbers before it";
            self.report(Diagnostic::new(Code::Unsupported, self.tree.span(at), message).help(help));
        }
    }

    pub(super) fn explain_no_items(&mut self, at: ExprId, ty: Ty, what: &str) {
        if matches!(self.out.types.resolve(ty), Ty::Error | Ty::Never) {
            return;
        }
        let shown = self.out.types.show(ty);
        let source = self.tree.slice(self.tree.span(at));
        let message = format!("`{what}`: expected a range, a list or an iterator, got {shown}");
        let mut finding = Diagnostic::new(Code::TypeMismatch, self.tree.span(at), message);
        finding.help = match self.out.types.peel(ty) {
            _ if self.out.types.scalar(ty).is_some_and(Type::is_int) => {
                Some(format!("write `0..{source}` to count up to it"))
            }
            Ty::Slice(_) | Ty::Array(_) => Some(format!("write `{}.iter()`", source.trim_start_matches('&'))),
            _ => Some("write a range, for example `0..n`".to_string()),
        };
        self.report(finding);
    }

    fn explain_iter_method(&mut self, name: &str, span: Span, ty: Ty) {
        let shown = self.out.types.show(ty);
        let message = format!("{shown} has no method `{name}`");
        let mut finding = Diagnostic::new(Code::UnknownFunction, span, message);
        finding.help = iters::instead(name).map(str::to_string);
        if finding.help.is_none() {
            finding.help = names::nearest(name, iters::names()).map(|near| format!("did you mean `{near}`?"));
        }
        if finding.help.is_none() && crate::methods::method(name).is_some() {
            finding.help = Some(format!("call it on each item: `.map(|v| v.{name}())`"));
        }
        self.report(finding);
    }
}
