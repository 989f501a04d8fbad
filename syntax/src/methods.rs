//! The methods of scalars: those that are operations of the table under Rust's name, and a few that are
//! made of several operations.

use filbert_ir::op::{Class, Rule};
use filbert_ir::{Op, Type};

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
    /// True for `+0` and NaN.
    IsSignPositive,
    /// True for `-0`; false for NaN, whose sign does not show.
    IsSignNegative,
    /// Integer arithmetic that says what becomes of a result that does not fit.
    Arith(Mode, Arith),
    /// Any other of integers.
    Int(IntMethod),
}

/// What becomes of a result that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// It is taken modulo 2^width.
    Wrapping,
    /// It is the nearest value that fits.
    Saturating,
    /// It is `None`, also where there is no result at all.
    Checked,
    /// It wraps, and a bool says so.
    Overflowing,
}

/// Integer arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arith {
    Add,
    Sub,
    Mul,
    Neg,
    Abs,
    Pow,
    Shl,
    Shr,
    Div,
    Rem,
    DivEuclid,
    RemEuclid,
}

impl Arith {
    /// Whether there is no result for a second operand of zero.
    pub(crate) fn divides(self) -> bool {
        matches!(self, Arith::Div | Arith::Rem | Arith::DivEuclid | Arith::RemEuclid)
    }
}

/// Methods of integers without a mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IntMethod {
    /// `x > 0`
    IsPositive,
    /// `x < 0`
    IsNegative,
    CountZeros,
    LeadingOnes,
    TrailingOnes,
    UnsignedAbs,
    CastSigned,
    CastUnsigned,
    Midpoint,
    Ilog2,
    Ilog10,
    CheckedIlog2,
    CheckedIlog10,
    CheckedIsqrt,
    IsPowerOfTwo,
    NextPowerOfTwo,
    CheckedNextPowerOfTwo,
    DivCeil,
    IsMultipleOf,
}

impl IntMethod {
    /// Whether a row can fail in it.
    pub(crate) fn can_fail(self) -> bool {
        matches!(self, IntMethod::Ilog2 | IntMethod::Ilog10 | IntMethod::NextPowerOfTwo | IntMethod::DivCeil)
    }
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
    /// The signed integer of the receiver's width.
    Signed,
    /// The receiver's, or none.
    Option,
    OptionU32,
    /// The receiver's, and a bool.
    WithBool,
}

/// A method that is made of several operations.
struct Row {
    name: &'static str,
    method: Method,
    class: Class,
    args: &'static [Arg],
    ret: Ret,
}

macro_rules! composed {
    ($($name:literal $method:expr, $class:ident $args:tt $ret:ident;)*) => {
        &[$(Row {
            name: $name,
            method: {
                #[allow(unused_imports)]
                use {self::Arith::*, IntMethod::*, Method::*, Mode::*};
                $method
            },
            class: Class::$class,
            args: {
                #[allow(unused_imports)]
                use Arg::*;
                &$args
            },
            ret: Ret::$ret,
        }),*]
    };
}

static COMPOSED: &[Row] = composed! {
    "recip" Method::Recip, Float [] Same;
    "sin_cos" Method::SinCos, Float [] Pair;
    "log" Method::Log, Float [Same] Same;
    "is_sign_positive" Method::IsSignPositive, Float [] Bool;
    "is_sign_negative" Method::IsSignNegative, Float [] Bool;

    "wrapping_neg" Arith(Wrapping, Neg), Int [] Same;
    "wrapping_abs" Arith(Wrapping, Abs), SignedInt [] Same;
    "wrapping_div_euclid" Arith(Wrapping, DivEuclid), Int [Same] Same;
    "wrapping_rem_euclid" Arith(Wrapping, RemEuclid), Int [Same] Same;

    "saturating_add" Arith(Saturating, Add), Int [Same] Same;
    "saturating_sub" Arith(Saturating, Sub), Int [Same] Same;
    "saturating_mul" Arith(Saturating, Mul), Int [Same] Same;
    "saturating_neg" Arith(Saturating, Neg), SignedInt [] Same;
    "saturating_abs" Arith(Saturating, Abs), SignedInt [] Same;
    "saturating_pow" Arith(Saturating, Pow), Int [U32] Same;
    "saturating_div" Arith(Saturating, Div), Int [Same] Same;

    "checked_add" Arith(Checked, Add), Int [Same] Option;
    "checked_sub" Arith(Checked, Sub), Int [Same] Option;
    "checked_mul" Arith(Checked, Mul), Int [Same] Option;
    "checked_neg" Arith(Checked, Neg), Int [] Option;
    "checked_abs" Arith(Checked, Abs), SignedInt [] Option;
    "checked_pow" Arith(Checked, Pow), Int [U32] Option;
    "checked_shl" Arith(Checked, Shl), Int [U32] Option;
    "checked_shr" Arith(Checked, Shr), Int [U32] Option;
    "checked_div" Arith(Checked, Div), Int [Same] Option;
    "checked_rem" Arith(Checked, Rem), Int [Same] Option;
    "checked_div_euclid" Arith(Checked, DivEuclid), Int [Same] Option;
    "checked_rem_euclid" Arith(Checked, RemEuclid), Int [Same] Option;

    "overflowing_add" Arith(Overflowing, Add), Int [Same] WithBool;
    "overflowing_sub" Arith(Overflowing, Sub), Int [Same] WithBool;
    "overflowing_mul" Arith(Overflowing, Mul), Int [Same] WithBool;
    "overflowing_neg" Arith(Overflowing, Neg), Int [] WithBool;
    "overflowing_abs" Arith(Overflowing, Abs), SignedInt [] WithBool;
    "overflowing_pow" Arith(Overflowing, Pow), Int [U32] WithBool;
    "overflowing_shl" Arith(Overflowing, Shl), Int [U32] WithBool;
    "overflowing_shr" Arith(Overflowing, Shr), Int [U32] WithBool;
    "overflowing_div" Arith(Overflowing, Div), Int [Same] WithBool;
    "overflowing_rem" Arith(Overflowing, Rem), Int [Same] WithBool;
    "overflowing_div_euclid" Arith(Overflowing, DivEuclid), Int [Same] WithBool;
    "overflowing_rem_euclid" Arith(Overflowing, RemEuclid), Int [Same] WithBool;

    "is_positive" Int(IsPositive), SignedInt [] Bool;
    "is_negative" Int(IsNegative), SignedInt [] Bool;
    "count_zeros" Int(CountZeros), Int [] U32;
    "leading_ones" Int(LeadingOnes), Int [] U32;
    "trailing_ones" Int(TrailingOnes), Int [] U32;
    "unsigned_abs" Int(UnsignedAbs), SignedInt [] Unsigned;
    "cast_unsigned" Int(CastUnsigned), SignedInt [] Unsigned;
    "cast_signed" Int(CastSigned), UnsignedInt [] Signed;
    "midpoint" Int(Midpoint), Int [Same] Same;
    "ilog2" Int(Ilog2), Int [] U32;
    "ilog10" Int(Ilog10), Int [] U32;
    "checked_ilog2" Int(CheckedIlog2), Int [] OptionU32;
    "checked_ilog10" Int(CheckedIlog10), Int [] OptionU32;
    "checked_isqrt" Int(CheckedIsqrt), SignedInt [] Option;
    "checked_next_power_of_two" Int(CheckedNextPowerOfTwo), UnsignedInt [] Option;
    "is_power_of_two" Int(IsPowerOfTwo), UnsignedInt [] Bool;
    "next_power_of_two" Int(NextPowerOfTwo), UnsignedInt [] Same;
    "div_ceil" Int(DivCeil), UnsignedInt [Same] Same;
    "is_multiple_of" Int(IsMultipleOf), UnsignedInt [Same] Bool;
};

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

/// Operations that have no name in Rust, or are no method there.
fn is_method(op: Op) -> bool {
    let is_hidden = matches!(op.rule(), Rule::Select | Rule::Cast | Rule::Lengths | Rule::Index | Rule::Assert)
        || matches!(op, Op::AddOverflows | Op::SubOverflows | Op::MulOverflows);
    !is_hidden && !op.is_approximate() && !OPERATORS.iter().any(|&(other, _)| other == op)
}

/// The method of this name.
pub(crate) fn method(name: &str) -> Option<Method> {
    match name.parse::<Op>() {
        Ok(op) if is_method(op) => Some(Method::Op(op)),
        _ => COMPOSED.iter().find(|row| row.name == name).map(|row| row.method),
    }
}

/// The names of all methods, to suggest one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let ops = Op::ALL.iter().filter(|&&op| is_method(op)).map(|op| op.name());
    ops.chain(COMPOSED.iter().map(|row| row.name))
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
            composed => composed.row().class,
        }
    }

    fn row(self) -> &'static Row {
        COMPOSED.iter().find(|row| row.method == self).expect("what is no operation has a row")
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
            composed => composed.row().args,
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
            composed => composed.row().ret,
        }
    }
}

/// The signed integer of the same width.
pub(crate) fn signed(ty: Type) -> Type {
    match ty {
        Type::U8 => Type::I8,
        Type::U16 => Type::I16,
        Type::U32 => Type::I32,
        Type::U64 => Type::I64,
        other => other,
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
        _ if starts(&["strict_"]) => "write the operator: it reports overflow as an error of the row",
        _ if starts(&["unchecked_"]) => {
            "write the operator: overflow is an error of the row, or `wrapping_add` and its like"
        }
        _ if starts(&["unwrap", "is_some", "is_none", "ok_or", "and_then", "map_or"]) => {
            "this is a value and never null: leave the method out, or make the parameter an `Option`"
        }
        "iter" | "into_iter" | "len" | "sum" | "push" | "map" | "fold" | "get" => {
            "this is one value; a column of lists is a parameter `x: &[f64]`"
        }
        "to_bits" | "from_bits" | "to_le_bytes" | "to_be_bytes" | "to_ne_bytes" => {
            "bit patterns of floats do not show in kernels, so that every engine gives the same results"
        }
        "into" | "try_into" => "write `x as f64`, with the type you want",
        "clone" | "to_owned" | "borrow" | "as_ref" => "values are copied: leave it out",
        "fabs" => "write `x.abs()`",
        "square" => "write `x * x`",
        "is_null" | "isnull" | "isna" | "is_na" => {
            "this is a value and never null: an `Option` parameter can be asked, `x.is_none()`"
        }
        "then" | "then_some" => "bools have it: write `(x > 0).then_some(y)`, or `if`",
        "is_nan_or_inf" => "write `!x.is_finite()`",
        _ => return None,
    };
    Some(text.to_string())
}
