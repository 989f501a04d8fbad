//! Comparisons with NaN, divisions of integers that were meant to have a fraction, casts that lose digits.

use filbert_ir::{Code, Diagnostic, Op, Scalar, Type};

use super::{Lint, Search, Value};
use crate::ast::{ExprId, ExprKind, LocalId};
use crate::infer::{Meaning, in_parens};

/// How far a value is followed to where it comes from.
const STEPS_MAX: usize = 8;

impl Search<'_, '_> {
    pub(super) fn numbers(&mut self) {
        for id in self.exprs() {
            match self.kind(id) {
                &ExprKind::Binary { op, left, right, .. } => {
                    self.nan_comparison(id, op, left, right);
                    self.literal_division(id, op, left, right);
                }
                &ExprKind::Cast { arg, .. } => {
                    self.float_of_division(id, arg);
                    self.lossy_cast(id, arg);
                }
                ExprKind::Call { args, .. } if matches!(self.typed.meanings[id.0 as usize], Meaning::From(_)) => {
                    if let &[arg] = args.as_slice() {
                        self.float_of_division(id, arg);
                    }
                }
                _ => {}
            }
        }
    }

    fn nan_comparison(&mut self, id: ExprId, op: Op, left: ExprId, right: ExprId) {
        if !matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge) {
            return;
        }
        let is_nan = |id: ExprId| match self.typed.meanings[id.0 as usize] {
            Meaning::Scalar(Scalar::F64(value)) => value.is_nan(),
            Meaning::Scalar(Scalar::F32(value)) => value.is_nan(),
            _ => false,
        };
        let other = match (is_nan(left), is_nan(right)) {
            (false, true) => left,
            (true, _) => right,
            (false, false) => return,
        };
        let span = self.tree.span(id);
        let source = in_parens(self.tree.slice(self.tree.span(other)));
        let answer = if op == Op::Ne { "true" } else { "false" };
        let message = format!("`{}` is always {answer}: NaN equals nothing", self.tree.slice(span));
        let not = if op == Op::Ne { "!" } else { "" };
        let finding = Diagnostic::new(Code::WarnNanComparison, span, message);
        self.warn(Lint::NanComparison, finding.help(format!("write `{not}{source}.is_nan()`")));
    }

    /// `1 / 2`
    fn literal_division(&mut self, id: ExprId, op: Op, left: ExprId, right: ExprId) {
        let literal = |id: ExprId| match self.kind(id) {
            &ExprKind::Int { magnitude: Some(magnitude), .. } => Some(magnitude),
            _ => None,
        };
        let (Some(a), Some(b)) = (literal(left), literal(right)) else { return };
        if op != Op::Div || b == 0 || a % b == 0 || self.scalar(id).is_none_or(Type::is_float) {
            return;
        }
        let span = self.tree.span(id);
        let text = self.tree.slice(span);
        let message = format!("`{text}` is a division of integers: it drops the fraction and gives {}", a / b);
        let (a, b) = (self.tree.slice(self.tree.span(left)), self.tree.slice(self.tree.span(right)));
        let finding = Diagnostic::new(Code::WarnIntegerDivision, span, message);
        self.warn(Lint::IntegerDivision, finding.help(format!("write `{a}.0 / {b}.0` for a fraction")));
    }

    /// `(a / b) as f64`, where the fraction is lost before there is a float to hold it.
    fn float_of_division(&mut self, id: ExprId, arg: ExprId) {
        let Some(to) = self.scalar(id).filter(|ty| ty.is_float()) else { return };
        let Some(division) = self.division_in(arg, STEPS_MAX) else { return };
        let ExprKind::Binary { left, right, .. } = self.kind(division) else { return };
        let is_literal = |id: ExprId| matches!(self.kind(id), ExprKind::Int { .. });
        if is_literal(*left) && is_literal(*right) {
            return;
        }
        let part = |id: ExprId| {
            let source = self.tree.slice(self.tree.span(id));
            if is_literal(id) { format!("{source}.0") } else { format!("{} as {to}", in_parens(source)) }
        };
        let help = format!("divide as {to}: `{} / {}`", part(*left), part(*right));
        let (span, at) = (self.tree.span(division), self.tree.span(id));
        let message = format!("a division of integers drops the fraction before it becomes {to}");
        let mut finding = Diagnostic::new(Code::WarnIntegerDivision, span, message);
        if at.end < span.start || span.end < at.start {
            finding = finding.note(at, format!("here it becomes {to}"));
        }
        self.warn(Lint::IntegerDivision, finding.help(help));
    }

    /// A division of integers that is part of this sum or product, or what a variable in it stands for.
    fn division_in(&self, id: ExprId, steps: usize) -> Option<ExprId> {
        let steps = steps.checked_sub(1)?;
        if self.scalar(id).is_none_or(|ty| !ty.is_int()) {
            return None;
        }
        match self.kind(id) {
            ExprKind::Binary { op: Op::Div, .. } => Some(id),
            ExprKind::Binary { op: Op::Add | Op::Sub | Op::Mul, left, right, .. } => {
                self.division_in(*left, steps).or_else(|| self.division_in(*right, steps))
            }
            ExprKind::Unary { arg, .. } => self.division_in(*arg, steps),
            ExprKind::Block(block) => self.division_in(block.tail?, steps),
            ExprKind::Path(_) => match self.typed.meanings[id.0 as usize] {
                Meaning::Local(LocalId(local)) => {
                    let Value::Of(value) = self.values[local as usize] else { return None };
                    let is_division = matches!(self.kind(value), ExprKind::Binary { op: Op::Div, .. });
                    self.division_in(value, steps).filter(|_| is_division)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn lossy_cast(&mut self, id: ExprId, arg: ExprId) {
        let (Some(from), Some(to)) = (self.scalar(arg), self.scalar(id)) else { return };
        // A named number is what it is: whoever casts it knows it.
        if matches!(self.typed.meanings[arg.0 as usize], Meaning::Scalar(_) | Meaning::Const(_)) {
            return;
        }
        // That is the worse loss, and has its own warning.
        if to.is_float() && self.division_in(arg, STEPS_MAX).is_some() {
            return;
        }
        let span = self.tree.span(id);
        let source = in_parens(self.tree.slice(self.tree.span(arg)));
        let (lint, message, help) = match (from.is_float(), to.is_float()) {
            (true, true) if from.bits() > to.bits() => {
                let message =
                    format!("`{from}` to `{to}` keeps 7 digits of 16, and numbers above 3.4e38 become infinite");
                (Lint::CastTruncation, message, "compute in `f64`, or take the parameter as `f32`".to_string())
            }
            (false, true) if from.is_int() => {
                let digits = if to == Type::F64 { 53 } else { 24 };
                let (low, high) = self.range(arg, STEPS_MAX);
                let exact = 1i128 << digits;
                if -exact <= low && high <= exact {
                    return;
                }
                let message = format!("`{from}` to `{to}` rounds numbers above 2^{digits}");
                let help = match to {
                    Type::F32 if from.bits() <= 32 => "write `as f64`, which holds them all".to_string(),
                    _ => format!("keep the number in `{from}` as long as every digit counts"),
                };
                (Lint::CastPrecision, message, help)
            }
            (false, false) if from.is_int() && to.is_int() && to.bits() < from.bits() => {
                let (low, high) = self.range(arg, STEPS_MAX);
                let (least, most) = super::range::of_type(to);
                if least <= low && high <= most {
                    return;
                }
                let message = format!("`{from}` to `{to}` drops the upper bits of numbers outside {least} to {most}");
                let least = least.max(super::range::of_type(from).0);
                let mask = if to.is_signed() { String::new() } else { format!(", or `({source} & {most}) as {to}`") };
                (Lint::CastTruncation, message, format!("write `{source}.clamp({least}, {most}) as {to}`{mask}"))
            }
            _ => return,
        };
        self.warn(lint, Diagnostic::new(Code::WarnPrecisionLoss, span, message).help(help));
    }
}
