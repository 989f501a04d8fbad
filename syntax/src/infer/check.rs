//! What can be checked only when every type is decided: ranges of literals, operands, casts.

use filbert_ir::op::Class;
use filbert_ir::{Code, Diagnostic, Span, Type};

use super::Infer;
use super::generics::GenericCall;
use super::types::{Open, Ty};
use crate::ast::{ExprId, ExprKind, Pat};
use crate::methods;

/// A check that waits.
pub(super) enum Check<'a, 't> {
    /// A literal fits its type.
    Literal(ExprId),
    /// The operand `arg` of `at` is of a type that the operation has. `symbol` is an operator or a method.
    Operand { at: ExprId, arg: ExprId, class: Class, symbol: &'t str },
    /// The instance that a call wants.
    Generic(GenericCall),
    /// `arg as to`
    Cast { at: ExprId, arg: ExprId, to: Type },
    /// `to::from(arg)`
    From { at: ExprId, arg: ExprId, to: Type },
    /// A pattern compares numbers.
    Number { ty: Ty, span: Span },
    /// The arms of a `match` take every value.
    Match(ExprId),
    /// A pattern takes every value; `word` is what it belongs to.
    Irrefutable { pat: &'a Pat<'t>, ty: Ty, word: &'static str },
    /// A type was decided by some use.
    Known { ty: Ty, span: Span },
    /// A type has a default.
    Default { at: ExprId, ty: Ty },
    /// A range that is walked over counts integers.
    Counts { iter: ExprId, of: Ty },
}

impl<'a, 't> Infer<'a, 't> {
    pub(super) fn run_checks(&mut self) {
        for check in std::mem::take(&mut self.checks) {
            match check {
                Check::Literal(id) => self.check_literal(id),
                Check::Generic(call) => self.check_generic(call),
                Check::Operand { at, arg, class, symbol } => self.check_operand(at, arg, class, symbol),
                Check::Cast { at, arg, to } => self.check_cast(at, arg, to),
                Check::From { at, arg, to } => self.check_from(at, arg, to),
                Check::Number { ty, span } => self.check_number(ty, span),
                Check::Match(id) => self.check_match(id),
                Check::Irrefutable { pat, ty, word } => self.check_irrefutable(pat, ty, word),
                Check::Known { ty, span } => self.check_known(ty, span),
                Check::Default { at, ty } => self.check_default(at, ty),
                Check::Counts { iter, of } => self.check_counts(iter, of),
            }
        }
    }

    fn check_literal(&mut self, id: ExprId) {
        let Some(ty) = self.out.types.scalar(self.out.exprs[id.0 as usize]) else { return };
        let span = self.tree.span(id);
        match &self.tree.expr(id).kind {
            ExprKind::Int { magnitude, negative, .. } => {
                // In a generic kernel a whole number may be a float.
                let is_float = ty.is_float() && magnitude.is_some();
                if is_float || int_bits(*magnitude, *negative, ty).is_some() {
                    return;
                }
                let text = self.tree.slice(span);
                let message = format!("the literal {text} does not fit {ty} ({})", int_range(ty));
                let help = match *magnitude {
                    Some(_) if *negative && !ty.is_signed() => {
                        format!("write `{ty}::MAX` if all bits are meant, or use a signed type")
                    }
                    Some(magnitude) if magnitude <= i64::MAX as u128 => {
                        "write it with the suffix of a wider type, for example `i64`".to_string()
                    }
                    Some(magnitude) if magnitude <= u64::MAX as u128 && !*negative => {
                        "write it with the suffix `u64`".to_string()
                    }
                    _ => "no integer type holds it: write it as a float".to_string(),
                };
                self.report(Diagnostic::new(Code::LiteralRange, span, message).help(help));
            }
            ExprKind::Float { digits, .. } => {
                let is_finite = match ty {
                    Type::F32 => digits.parse::<f32>().is_ok_and(f32::is_finite),
                    _ => digits.parse::<f64>().is_ok_and(f64::is_finite),
                };
                if !is_finite {
                    let message = format!("the literal {} does not fit {ty}", self.tree.slice(span));
                    let help = format!("write `{ty}::INFINITY` if that is meant");
                    self.report(Diagnostic::new(Code::LiteralRange, span, message).help(help));
                }
            }
            _ => {}
        }
    }

    pub(super) fn check_operand(&mut self, at: ExprId, arg: ExprId, class: Class, symbol: &str) {
        let ty = self.out.exprs[arg.0 as usize];
        if self.out.types.is_error(ty) {
            return;
        }
        if let Ty::Option(_) = self.out.types.resolve(ty) {
            return self.explain_option_operand(arg, ty, symbol);
        }
        let is_method = symbol.starts_with(|c: char| c.is_ascii_alphabetic());
        let span = if is_method { self.tree.span(at) } else { self.tree.span(arg) };
        let Some(scalar) = self.out.types.scalar(self.out.types.peel(ty)) else {
            let message = format!("`{symbol}`: expected a scalar, got {}", self.out.types.show(ty));
            let mut finding = Diagnostic::new(Code::OperandType, span, message);
            let is_tuple = matches!(self.out.types.resolve(self.out.types.peel(ty)), Ty::Tuple(_));
            if is_tuple && class == Class::Any {
                finding.help = Some("compare part by part: `a.0 == b.0 && a.1 == b.1`".to_string());
            }
            self.report(finding);
            return;
        };
        if class.contains(scalar) {
            return;
        }
        let message = format!("`{symbol}`: expected {}, got {scalar}", class.describe());
        let source = self.tree.slice(self.tree.span(arg));
        let mut diagnostic = Diagnostic::new(Code::OperandType, span, message);
        diagnostic.help = operand_help(symbol, class, scalar, source);
        self.report(diagnostic);
    }

    /// A type that nothing decided.
    fn check_known(&mut self, ty: Ty, span: Span) {
        let resolved = self.out.types.resolve(ty);
        if self.out.types.openness(resolved) != Some(Open::Any) {
            return;
        }
        let source = self.tree.slice(span);
        let (message, help) = match source {
            "None" => (
                "the type of this `None` is not known".to_string(),
                "say what it could hold: `let x: Option<f64> = None;`".to_string(),
            ),
            _ => (format!("the type of `{source}` is not known"), format!("write it: `{source}: f64`")),
        };
        self.report(Diagnostic::new(Code::UnknownType, span, message).help(help));
    }

    fn check_cast(&mut self, at: ExprId, arg: ExprId, to: Type) {
        let ty = self.out.exprs[arg.0 as usize];
        if self.out.types.is_error(ty) {
            return;
        }
        if let Ty::Option(_) = self.out.types.resolve(ty) {
            return self.explain_option_operand(arg, ty, "as");
        }
        let span = self.tree.span(at);
        let source = self.tree.slice(self.tree.span(arg));
        let help = match self.out.types.scalar(ty) {
            None if matches!(self.out.types.resolve(ty), Ty::Time(_)) => {
                Some(format!("write `{}.value() as {to}`", in_parens(source)))
            }
            None if matches!(self.out.types.resolve(ty), Ty::Ref(_)) => Some(format!("write `*{source} as {to}`")),
            None => Some("take the tuple apart first: `let (a, b) = ...;`".to_string()),
            Some(Type::Bool) if to.is_float() => Some(format!("write `if {source} {{ 1.0 }} else {{ 0.0 }}`")),
            Some(from) if from != Type::Bool && to == Type::Bool => {
                let zero = if from.is_float() { "0.0" } else { "0" };
                Some(format!("write `{source} != {zero}`"))
            }
            Some(_) => return,
        };
        let message = format!("`as`: cannot cast {} to {to}", self.out.types.show(ty));
        let mut diagnostic = Diagnostic::new(Code::OperandType, span, message);
        diagnostic.help = help;
        self.report(diagnostic);
    }

    /// `from` is there where Rust has it: for casts that lose nothing.
    fn check_from(&mut self, at: ExprId, arg: ExprId, to: Type) {
        let ty = self.out.exprs[arg.0 as usize];
        // An open literal takes the type asked for, where it can. Anything else that is open has been checked
        // with its default by now.
        let is_literal = matches!(self.tree.expr(arg).kind, ExprKind::Int { .. } | ExprKind::Float { .. });
        if is_literal
            && self.out.types.openness(self.out.types.resolve(ty)).is_some()
            && self.out.types.unify(ty, Ty::Scalar(to))
        {
            return self.check_literal(arg);
        }
        if self.out.types.is_error(ty) || self.out.types.scalar(ty).is_some_and(|from| is_lossless(from, to)) {
            return;
        }
        let message = format!("`{to}::from`: expected a type that always fits, got {}", self.out.types.show(ty));
        let source = self.tree.slice(self.tree.span(arg));
        let help = format!("write `{} as {to}` if rounding or truncating is meant", in_parens(source));
        self.report(Diagnostic::new(Code::OperandType, self.tree.span(at), message).help(help));
    }
}

/// Whether every value of `from` is one of `to`, where Rust has `From`.
fn is_lossless(from: Type, to: Type) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (Type::Bool, _) => to.is_int(),
        (Type::F32, Type::F64) => true,
        _ if from.is_int() && to.is_float() => from.bits() * 2 <= to.bits(),
        _ if from.is_int() && to.is_int() => {
            from.bits() < to.bits() && (from.is_signed() == to.is_signed() || to.is_signed())
        }
        _ => false,
    }
}

/// The bits of an integer literal of type `ty`, if it fits.
pub(crate) fn int_bits(magnitude: Option<u128>, negative: bool, ty: Type) -> Option<u64> {
    let magnitude = magnitude?;
    let max = if ty.is_signed() { (ty.mask() >> 1) as u128 } else { ty.mask() as u128 };
    if !negative {
        return (magnitude <= max).then_some(magnitude as u64);
    }
    let fits = ty.is_signed() && magnitude <= max + 1 || magnitude == 0;
    fits.then_some((magnitude as u64).wrapping_neg() & ty.mask())
}

fn int_range(ty: Type) -> String {
    let max = if ty.is_signed() { ty.mask() >> 1 } else { ty.mask() };
    let min = if ty.is_signed() { format!("-{}", max as u128 + 1) } else { "0".to_string() };
    format!("{min} to {max}")
}

/// `^`, as spreadsheets and SQL have it.
pub(super) const POWER: &str = "`^` is exclusive or: a power is `x.powi(2)`, or `x.powf(y)`";

fn operand_help(symbol: &str, class: Class, got: Type, source: &str) -> Option<String> {
    let arg = in_parens(source);
    match symbol {
        "pow" if got.is_float() => Some("write `x.powf(y)`, or `x.powi(n)` for an i32 `n`".to_string()),
        "powf" | "powi" if got.is_int() => {
            Some(format!("write `x.pow(n)` for a u32 `n`, or `({arg} as f64).{symbol}(...)`"))
        }
        "-" if !got.is_signed() && got.is_int() => {
            Some(format!("write `0 - {arg}`, which is an error below zero, or cast to a signed type"))
        }
        "abs" | "signum" if got.is_int() => Some("a value of an unsigned type is never negative".to_string()),
        "^" if got.is_float() => Some(POWER.to_string()),
        "!" if got.is_float() => Some("`!` turns bits round; write `-` for the negative".to_string()),
        "+" | "-" | "*" | "/" | "%" if got == Type::Bool => Some(format!("write `{arg} as i32` to count it as 0 or 1")),
        "&" | "|" | "^" | "<<" | ">>" if got.is_float() => Some(format!("write `{arg} as i64` for its integer part")),
        _ if got == Type::Bool => None,
        _ if class == Class::Float => {
            let takes_none = methods::method(symbol).is_some_and(|method| method.args().is_empty());
            let args = if takes_none { "" } else { "..." };
            Some(format!("write `({arg} as f64).{symbol}({args})`"))
        }
        _ if got.is_float() => Some(format!("write `{arg} as i64` for its integer part")),
        _ => None,
    }
}

/// The text of an expression, in parentheses unless it is a name, a literal, a call or an element, or has
/// some already.
pub(crate) fn in_parens(source: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
    let wrapped = source.starts_with('(') && source.ends_with(')') && source.matches('(').count() == 1;
    let binds = source.starts_with(|c: char| c.is_alphabetic() || c == '_') && source.ends_with([')', ']']);
    // Spaces stand around most operators, and in most of what else would be split.
    let is_split = source.contains([' ', '+', '-', '*', '/', '%', '&', '|', '^', '!', '=', '<', '>', '\n'])
        || source.contains("..");
    let is_one = source.chars().all(plain) || wrapped || binds && !is_split;
    if is_one { source.to_string() } else { format!("({source})") }
}
