//! The methods of scalars: those that are operations of the table under Rust's name, and a few that are
//! made of several operations.

use filbert_ir::Op;
use filbert_ir::op::{Class, Rule};

/// A method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Method {
    /// One operation.
    Op(Op),
    /// `1 / x`
    Recip,
    /// `(x.sin(), x.cos())`
    SinCos,
    /// `x.ln() / base.ln()`
    Log,
    /// `x > 0`
    IsPositive,
    /// `x < 0`
    IsNegative,
    /// True for `+0` and NaN.
    IsSignPositive,
    /// True for `-0`; false for NaN, whose sign does not show.
    IsSignNegative,
    /// `0.wrapping_sub(x)`
    WrappingNeg,
}

/// The type of an argument behind the receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arg {
    /// The receiver's.
    Same,
    I32,
    U32,
}

/// The type of the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ret {
    /// The receiver's.
    Same,
    /// Two of the receiver's.
    Pair,
    Bool,
    U32,
    /// The unsigned integer of the receiver's width.
    Unsigned,
}

const COMPOSED: [(&str, Method); 8] = [
    ("recip", Method::Recip),
    ("sin_cos", Method::SinCos),
    ("log", Method::Log),
    ("is_positive", Method::IsPositive),
    ("is_negative", Method::IsNegative),
    ("is_sign_positive", Method::IsSignPositive),
    ("is_sign_negative", Method::IsSignNegative),
    ("wrapping_neg", Method::WrappingNeg),
];

/// Operations that Rust writes as operators. Their methods belong to traits that are not in scope.
pub(crate) const OPERATORS: [(Op, &str); 18] = [
    (Op::Add, "+"),
    (Op::Sub, "-"),
    (Op::Mul, "*"),
    (Op::Div, "/"),
    (Op::Rem, "%"),
    (Op::Neg, "-"),
    (Op::And, "&"),
    (Op::Or, "|"),
    (Op::Xor, "^"),
    (Op::Not, "!"),
    (Op::Shl, "<<"),
    (Op::Shr, ">>"),
    (Op::Eq, "=="),
    (Op::Ne, "!="),
    (Op::Lt, "<"),
    (Op::Le, "<="),
    (Op::Gt, ">"),
    (Op::Ge, ">="),
];

fn is_method(op: Op) -> bool {
    !matches!(op.rule(), Rule::Select | Rule::Cast | Rule::Lengths | Rule::Index | Rule::Assert) && !OPERATORS.iter().any(|&(other, _)| other == op)
}

/// The method of this name.
pub(crate) fn method(name: &str) -> Option<Method> {
    match name.parse::<Op>() {
        Ok(op) if is_method(op) => Some(Method::Op(op)),
        _ => COMPOSED.iter().find(|(composed, _)| *composed == name).map(|&(_, method)| method),
    }
}

/// The names of all methods, to suggest one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let ops = Op::ALL.iter().filter(|&&op| is_method(op)).map(|op| op.name());
    ops.chain(COMPOSED.iter().map(|&(name, _)| name))
}

impl Method {
    /// The receivers that have it.
    pub(crate) fn class(self) -> Class {
        match self {
            Method::Op(op) => match op.rule() {
                Rule::Unary(class)
                | Rule::Binary(class)
                | Rule::Ternary(class)
                | Rule::Compare(class)
                | Rule::Test(class) => class,
                Rule::FloatPowInt => Class::Float,
                Rule::Shift | Rule::IntPow | Rule::Count | Rule::AbsDiff => Class::Int,
                Rule::Select | Rule::Cast | Rule::Lengths | Rule::Index | Rule::Assert => Class::Any,
            },
            Method::Recip | Method::SinCos | Method::Log | Method::IsSignPositive | Method::IsSignNegative => {
                Class::Float
            }
            Method::IsPositive | Method::IsNegative => Class::SignedInt,
            Method::WrappingNeg => Class::Int,
        }
    }

    /// The arguments behind the receiver.
    pub(crate) fn args(self) -> &'static [Arg] {
        match self {
            Method::Op(op) => match op.rule() {
                Rule::Unary(_) | Rule::Test(_) | Rule::Cast | Rule::Count | Rule::Assert => &[],
                Rule::Binary(_) | Rule::Compare(_) | Rule::Shift | Rule::AbsDiff => &[Arg::Same],
                Rule::Lengths | Rule::Index => &[Arg::Same],
                Rule::Ternary(_) | Rule::Select => &[Arg::Same, Arg::Same],
                Rule::FloatPowInt => &[Arg::I32],
                Rule::IntPow => &[Arg::U32],
            },
            Method::Log => &[Arg::Same],
            _ => &[],
        }
    }

    /// The result.
    pub(crate) fn ret(self) -> Ret {
        match self {
            Method::Op(op) => match op.rule() {
                Rule::Compare(_) | Rule::Test(_) => Ret::Bool,
                Rule::Count => Ret::U32,
                Rule::AbsDiff => Ret::Unsigned,
                _ => Ret::Same,
            },
            Method::SinCos => Ret::Pair,
            Method::Recip | Method::Log | Method::WrappingNeg => Ret::Same,
            Method::IsPositive | Method::IsNegative | Method::IsSignPositive | Method::IsSignNegative => Ret::Bool,
        }
    }
}

/// What to write instead of a method that scalars do not have, where more can be said than a near name.
pub(crate) fn instead(name: &str) -> Option<String> {
    if let Ok(op) = name.parse::<Op>()
        && let Some((_, symbol)) = OPERATORS.iter().find(|&&(other, _)| other == op)
    {
        return Some(match op {
            Op::Neg | Op::Not => format!("write `{symbol}x`"),
            _ => format!("write `a {symbol} b`"),
        });
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let text = match name {
        _ if starts(&["checked_", "saturating_", "overflowing_", "strict_"]) => {
            "not in this version: `+ - *` report overflow as an error of the row, `wrapping_add` and its like wrap"
        }
        _ if starts(&["unwrap", "is_some", "is_none", "ok_or", "and_then", "map_or"]) => {
            "`Option` is not in this version: a row with a null argument gives null without asking the kernel"
        }
        "iter" | "into_iter" | "len" | "sum" | "push" | "map" | "fold" | "get" => {
            "arrays are not in this version: take one parameter for each element"
        }
        "to_bits" | "from_bits" | "to_le_bytes" | "to_be_bytes" | "to_ne_bytes" => {
            "bit patterns of floats do not show in kernels, so that every engine gives the same results"
        }
        "into" | "try_into" => "write `x as f64`, with the type you want",
        "clone" | "to_owned" | "borrow" | "as_ref" => "values are copied: leave it out",
        "fabs" => "write `x.abs()`",
        "wrapping_shl" => "not in this version: write `x << (n & 31)`, with the width less one",
        "wrapping_shr" => "not in this version: write `x >> (n & 31)`, with the width less one",
        "div_euclid" => "write `(a - a.rem_euclid(b)) / b`",
        "then" | "then_some" => "write `if b { x } else { y }`",
        "is_nan_or_inf" => "write `!x.is_finite()`",
        _ => return None,
    };
    Some(text.to_string())
}
