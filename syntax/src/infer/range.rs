//! Ranges.

use filbert_ir::op::Class;
use filbert_ir::{Code, Diagnostic, Span, Type};

use super::explain::Why;
use super::types::{BOOL, Ty};
use super::{Infer, Meaning};
use crate::ast::{ExprId, ExprKind};

/// A method of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RangeMethod {
    Rev,
    StepBy,
    Contains,
}

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn range(&mut self, id: ExprId, start: Option<ExprId>, end: Option<ExprId>, inclusive: bool) -> Ty {
        let (Some(start), Some(end)) = (start, end) else {
            for end in [start, end].into_iter().flatten() {
                self.infer(end);
            }
            let (message, help) = match (start, inclusive) {
                (Some(_), _) => ("a range without an end", "write the end, or `loop` with a variable that counts"),
                (None, _) => ("a range without a start", "write the start, for example `0`"),
            };
            self.report(Diagnostic::new(Code::Unsupported, self.tree.span(id), message).help(help));
            return Ty::Error;
        };
        let left = self.infer(start);
        let right = self.infer(end);
        if !self.out.types.unify(left, right) {
            self.explain_operands(if inclusive { "..=" } else { ".." }, (start, left), (end, right), false);
            return Ty::Error;
        }
        let (of, arg) = if self.out.types.is_error(left) { (right, end) } else { (left, start) };
        if !self.operand(id, arg, Class::Num, if inclusive { "..=" } else { ".." }) {
            return Ty::Error;
        }
        self.out.types.range(of)
    }

    /// A method of a range, if it is one of those that ranges alone have.
    pub(super) fn range_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        (receiver, ty): (ExprId, Ty),
        args: &'a [ExprId],
    ) -> Option<Ty> {
        let Ty::Range(range) = self.out.types.resolve(ty) else { return None };
        let of = self.out.types.range_of(range);
        let (method, count) = match name {
            "rev" => (RangeMethod::Rev, 0),
            "step_by" => (RangeMethod::StepBy, 1),
            "contains" => (RangeMethod::Contains, 1),
            _ => return None,
        };
        if args.len() != count {
            self.infer_args(args);
            self.explain_method_count(name, span, count, args.len());
            return Some(Ty::Error);
        }
        self.out.meanings[id.0 as usize] = Meaning::Range(method);
        Some(match method {
            RangeMethod::Contains => {
                self.check(args[0], of, Why::MethodArg(name, receiver));
                BOOL
            }
            RangeMethod::Rev => {
                if self.has_method(receiver, "rev") {
                    let message = "`rev` twice on one range";
                    self.report(Diagnostic::new(Code::Unsupported, span, message).help("leave both out"));
                }
                ty
            }
            RangeMethod::StepBy => {
                self.check(args[0], Ty::Scalar(Type::U64), Why::MethodArg(name, receiver));
                if let ExprKind::Int { magnitude: Some(0), .. } = self.tree.expr(args[0]).kind {
                    let message = "`step_by(0)` never gets on";
                    let help = "write a step of 1 or more; `.rev()` counts down";
                    self.report(Diagnostic::new(Code::OperandType, self.tree.span(args[0]), message).help(help));
                }
                if self.has_method(receiver, "step_by") {
                    let message = "`step_by` twice on one range";
                    let help = "multiply the steps";
                    self.report(Diagnostic::new(Code::Unsupported, span, message).help(help));
                }
                ty
            }
        })
    }

    /// Whether a method was called on the way to a range.
    fn has_method(&self, mut id: ExprId, method: &str) -> bool {
        while let ExprKind::Method { receiver, name, .. } = &self.tree.expr(id).kind {
            if name.text == method {
                return true;
            }
            id = *receiver;
        }
        false
    }

    /// A range that is walked over must be one of integers.
    pub(super) fn check_counts(&mut self, iter: ExprId, of: Ty) {
        let resolved = self.out.types.resolve(of);
        if self.out.types.scalar(resolved).is_none_or(|ty| ty.is_int()) {
            return;
        }
        let message = format!("`for`: expected a range of integers, got one of {}", self.out.types.show(resolved));
        let help = "count with an integer, and compute from it: `let x = i as f64 * step;`";
        self.report(Diagnostic::new(Code::OperandType, self.tree.span(iter), message).help(help));
    }
}
