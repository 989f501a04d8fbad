//! The one table of operations.
//!
//! A row per operation: variant, name, typing rule, flags, error bound, scalar meaning, doc line. The
//! enum, the parser and printer of the text form, the verifier, the constant folder, the interpreter and
//! the reference in docs/language.md are all made from it. How an operation becomes machine code is
//! written apart, in `filbert-compiler`, and that is what the differential tests compare with this table.
//!
//! Rules every row keeps:
//! * the meaning is a total function of the operands' bits: it returns a value or a `Fault`, never panics;
//! * no meaning lets the sign or the payload of a NaN show (`copysign` takes a NaN's sign as positive);
//! * an operation that may fault for some operand type is marked `fails` and is never removed, moved
//!   across another fallible operation or out of a region, unless it was proved not to fault.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::eval;
use crate::types::Type;

/// A set of operand types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// f32, f64.
    Float,
    /// i8 to u64.
    Int,
    /// i8 to i64.
    SignedInt,
    /// u8 to u64.
    UnsignedInt,
    /// Integers and floats.
    Num,
    /// Signed integers and floats.
    SignedNum,
    /// bool and integers.
    IntOrBool,
    /// Every type.
    Any,
}

impl Class {
    /// Every class, the narrowest first.
    pub const ALL: [Class; 7] =
        [Class::Float, Class::SignedInt, Class::Int, Class::SignedNum, Class::Num, Class::IntOrBool, Class::Any];

    /// Whether `ty` belongs to the set.
    pub fn contains(self, ty: Type) -> bool {
        match self {
            Class::Float => ty.is_float(),
            Class::Int => ty.is_int(),
            Class::SignedInt => ty.is_signed(),
            Class::UnsignedInt => ty.is_int() && !ty.is_signed(),
            Class::Num => ty != Type::Bool,
            Class::SignedNum => ty.is_float() || ty.is_signed(),
            Class::IntOrBool => !ty.is_float(),
            Class::Any => true,
        }
    }

    /// The set in words, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Class::Float => "a float (f32 or f64)",
            Class::Int => "an integer",
            Class::SignedInt => "a signed integer",
            Class::UnsignedInt => "an unsigned integer",
            Class::Num => "a number",
            Class::SignedNum => "a signed number",
            Class::IntOrBool => "an integer or bool",
            Class::Any => "any type",
        }
    }
}

/// How an operation is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// `(T) -> T`
    Unary(Class),
    /// `(T, T) -> T`
    Binary(Class),
    /// `(T, T, T) -> T`
    Ternary(Class),
    /// `(T, T) -> bool`
    Compare(Class),
    /// `(T) -> bool`
    Test(Class),
    /// `(T, U) -> T`, both integers: shifts.
    Shift,
    /// `(T, i32) -> T`, T float.
    FloatPowInt,
    /// `(T, u32) -> T`, T integer: powers, rotations, shifts that mask their amount.
    IntPow,
    /// `(T) -> u32`, T integer.
    Count,
    /// `(T, T) -> U`, both integers, U the unsigned one of that width.
    AbsDiff,
    /// `(u64, u64) -> bool`
    Lengths,
    /// `(u64, u64) -> u64`
    Index,
    /// `(bool) -> bool`
    Assert,
    /// `(bool, T, T) -> T`
    Select,
    /// `(T) -> U` for any two types but float to bool or integer to bool: U is the value's own type.
    Cast,
}

impl Rule {
    /// Number of operands.
    pub fn arity(self) -> usize {
        match self {
            Rule::Unary(_) | Rule::Test(_) | Rule::Cast | Rule::Count | Rule::Assert => 1,
            Rule::Binary(_) | Rule::Compare(_) | Rule::Shift | Rule::FloatPowInt | Rule::IntPow => 2,
            Rule::AbsDiff | Rule::Lengths | Rule::Index => 2,
            Rule::Ternary(_) | Rule::Select => 3,
        }
    }
}

/// A failure of one row, decided by operands alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[repr(u32)]
pub enum Fault {
    /// The result of integer arithmetic does not fit its type.
    Overflow = 1,
    /// Integer division or remainder by zero.
    DivideByZero = 2,
    /// A shift amount that is negative or not below the width of the type.
    ShiftRange = 3,
    /// `clamp` with a lower bound above the upper one, or a NaN bound.
    ClampBounds = 4,
    /// An index that is not below the length, or a range that does not lie inside.
    IndexRange = 5,
    /// More loop iterations than the row may spend.
    Fuel = 6,
    /// Two lists that must have one length, and do not.
    UnequalLengths = 7,
    /// An argument for which a function has no value.
    Domain = 8,
    /// `assert!` of something false, `unwrap` of `None`, `panic!`.
    Assertion = 9,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 9] = [
        Fault::Overflow,
        Fault::DivideByZero,
        Fault::ShiftRange,
        Fault::ClampBounds,
        Fault::IndexRange,
        Fault::Fuel,
        Fault::UnequalLengths,
        Fault::Domain,
        Fault::Assertion,
    ];

    /// The number that machine code stores; 0 means "no fault".
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The fault with this number.
    pub fn from_number(number: u32) -> Option<Fault> {
        Fault::ALL.into_iter().find(|f| f.number() == number)
    }
}

/// What the scalar meaning of an operation is given: operand types and result type.
#[derive(Clone, Copy, Debug)]
pub struct Sig<'a> {
    /// Types of the operands.
    pub args: &'a [Type],
    /// Type of the result.
    pub ret: Type,
}

/// The scalar meaning: operand bits in, result bits out.
pub type Meaning = fn(Sig<'_>, &[u64]) -> Result<u64, Fault>;

/// One row of the table.
pub struct OpRow {
    /// The variant.
    pub op: Op,
    /// Name in the text form, and, where there is one, of the Rust method.
    pub name: &'static str,
    /// Typing rule.
    pub rule: Rule,
    /// Operand order does not matter for any bit of the result (NaN is canonical at the edge).
    pub commutes: bool,
    /// May fault when the first operand is an integer.
    pub fails_on_int: bool,
    /// May fault when the first operand is a float.
    pub fails_on_float: bool,
    /// May fault when the first operand is a bool.
    pub fails_on_bool: bool,
    /// Largest error in units in the last place for floats; 0.5 is correctly rounded, 0 exact, and infinity
    /// says that the steps are defined and no bound follows from them.
    pub ulp: f32,
    /// What it computes.
    pub meaning: Meaning,
    /// One line for the reference.
    pub doc: &'static str,
}

macro_rules! ops {
    ($( $op:ident $name:literal $rule:expr; [$($flag:ident)*] $ulp:tt $meaning:path, $doc:literal; )*) => {
        /// An operation. See the table in this file, or docs/language.md.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Op {
            $( #[doc = $doc] $op, )*
        }

        impl Op {
            /// Every operation, in table order.
            pub const ALL: &'static [Op] = &[$(Op::$op),*];
        }

        static ROWS: &[OpRow] = &[
            $( OpRow {
                op: Op::$op,
                name: $name,
                rule: {
                    #[allow(unused_imports)]
                    use Class::*;
                    use Rule::*;
                    $rule
                },
                commutes: flag!(commutes $($flag)*),
                fails_on_int: flag!(fails_int $($flag)*),
                fails_on_float: flag!(fails_float $($flag)*),
                fails_on_bool: flag!(fails_bool $($flag)*),
                ulp: bound!($ulp),
                meaning: $meaning,
                doc: $doc,
            }, )*
        ];
    };
}

macro_rules! bound {
    (none) => {
        f32::INFINITY
    };
    ($ulp:literal) => {
        $ulp
    };
}

macro_rules! flag {
    (commutes commutes $($rest:ident)*) => { true };
    (fails_int fails_int $($rest:ident)*) => { true };
    (fails_float fails_float $($rest:ident)*) => { true };
    (fails_bool fails_bool $($rest:ident)*) => { true };
    ($want:ident $other:ident $($rest:ident)*) => { flag!($want $($rest)*) };
    ($want:ident) => { false };
}

ops! {
    // arithmetic
    Add "add" Binary(Num); [commutes fails_int] 0.5 eval::add, "Sum. Integers: overflow is an error.";
    Sub "sub" Binary(Num); [fails_int] 0.5 eval::sub, "Difference. Integers: overflow is an error.";
    Mul "mul" Binary(Num); [commutes fails_int] 0.5 eval::mul, "Product. Integers: overflow is an error.";
    Div "div" Binary(Num); [fails_int] 0.5 eval::div, "Quotient. Integers: truncates; division by zero and MIN / -1 are errors.";
    Rem "rem" Binary(Num); [fails_int] 0.0 eval::rem, "Remainder with the sign of the dividend (fmod for floats). Integers: zero divisor and MIN % -1 are errors.";
    RemEuclid "rem_euclid" Binary(Num); [fails_int] 0.5 eval::rem_euclid, "Least non-negative remainder. Integers: zero divisor and MIN by -1 are errors.";
    Neg "neg" Unary(SignedNum); [fails_int] 0.0 eval::neg, "Negation. Integers: -MIN is an error.";
    Abs "abs" Unary(SignedNum); [fails_int] 0.0 eval::abs, "Absolute value. Integers: |MIN| is an error.";
    Signum "signum" Unary(SignedNum); [] 0.0 eval::signum, "Integers: -1, 0 or 1. Floats: 1.0 with the sign of the value (also of zero), NaN for NaN.";
    WrappingAdd "wrapping_add" Binary(Int); [commutes] 0.0 eval::wrapping_add, "Sum modulo 2^width.";
    WrappingSub "wrapping_sub" Binary(Int); [] 0.0 eval::wrapping_sub, "Difference modulo 2^width.";
    WrappingMul "wrapping_mul" Binary(Int); [commutes] 0.0 eval::wrapping_mul, "Product modulo 2^width.";
    WrappingDiv "wrapping_div" Binary(Int); [fails_int] 0.0 eval::wrapping_div, "Quotient; MIN / -1 is MIN. Division by zero is an error.";
    WrappingRem "wrapping_rem" Binary(Int); [fails_int] 0.0 eval::wrapping_rem, "Remainder; MIN % -1 is 0. Division by zero is an error.";
    WrappingPow "wrapping_pow" IntPow; [] 0.0 eval::wrapping_pow, "Integer power modulo 2^width.";
    DivEuclid "div_euclid" Binary(Num); [fails_int] none eval::div_euclid, "Quotient that goes with rem_euclid. Integers: zero divisor and MIN by -1 are errors. Floats: trunc(a / b), and one further from zero if the remainder is negative, as Rust's is; where a / b rounds to a whole number that is one off.";
    AddOverflows "add_overflows" Compare(Int); [commutes] 0.0 eval::add_overflows, "Whether the sum does not fit.";
    SubOverflows "sub_overflows" Compare(Int); [] 0.0 eval::sub_overflows, "Whether the difference does not fit.";
    MulOverflows "mul_overflows" Compare(Int); [commutes] 0.0 eval::mul_overflows, "Whether the product does not fit.";
    AbsDiff "abs_diff" AbsDiff; [commutes] 0.0 eval::abs_diff, "|a - b| as the unsigned type, always exact.";
    Isqrt "isqrt" Unary(Int); [fails_int] 0.0 eval::isqrt, "Largest integer whose square is not above; a negative value is an error.";
    Min "min" Binary(Num); [commutes] 0.0 eval::min, "Lesser of two. Floats: NaN is ignored, -0 is below +0.";
    Max "max" Binary(Num); [commutes] 0.0 eval::max, "Greater of two. Floats: NaN is ignored, -0 is below +0.";
    Clamp "clamp" Ternary(Num); [fails_int fails_float] 0.0 eval::clamp, "Value limited to [lo, hi]; lo > hi or a NaN bound is an error, a NaN value stays NaN.";
    IntPow "pow" IntPow; [fails_int] 0.0 eval::int_pow, "Integer power; overflow is an error.";
    // bits
    And "and" Binary(IntOrBool); [commutes] 0.0 eval::and, "Bitwise and.";
    Or "or" Binary(IntOrBool); [commutes] 0.0 eval::or, "Bitwise or.";
    Xor "xor" Binary(IntOrBool); [commutes] 0.0 eval::xor, "Bitwise exclusive or.";
    Not "not" Unary(IntOrBool); [] 0.0 eval::not, "Bitwise complement.";
    Shl "shl" Shift; [fails_int] 0.0 eval::shl, "Left shift; an amount outside 0..width is an error.";
    Shr "shr" Shift; [fails_int] 0.0 eval::shr, "Right shift, arithmetic for signed integers; an amount outside 0..width is an error.";
    WrappingShl "wrapping_shl" IntPow; [] 0.0 eval::wrapping_shl, "Left shift by the amount modulo the width.";
    WrappingShr "wrapping_shr" IntPow; [] 0.0 eval::wrapping_shr, "Right shift by the amount modulo the width.";
    RotateLeft "rotate_left" IntPow; [] 0.0 eval::rotate_left, "Bits moved left by the amount modulo the width, around the end.";
    RotateRight "rotate_right" IntPow; [] 0.0 eval::rotate_right, "Bits moved right by the amount modulo the width, around the end.";
    CountOnes "count_ones" Count; [] 0.0 eval::count_ones, "Number of one bits.";
    LeadingZeros "leading_zeros" Count; [] 0.0 eval::leading_zeros, "Zero bits above the highest one; the width for 0.";
    TrailingZeros "trailing_zeros" Count; [] 0.0 eval::trailing_zeros, "Zero bits below the lowest one; the width for 0.";
    SwapBytes "swap_bytes" Unary(Int); [] 0.0 eval::swap_bytes, "Bytes in reverse order.";
    ReverseBits "reverse_bits" Unary(Int); [] 0.0 eval::reverse_bits, "Bits in reverse order.";
    // comparison and choice
    Eq "eq" Compare(Any); [commutes] 0.0 eval::eq, "Equal; NaN equals nothing.";
    Ne "ne" Compare(Any); [commutes] 0.0 eval::ne, "Not equal; true if an operand is NaN.";
    Lt "lt" Compare(Any); [] 0.0 eval::lt, "Less; false if an operand is NaN.";
    Le "le" Compare(Any); [] 0.0 eval::le, "Less or equal; false if an operand is NaN.";
    Gt "gt" Compare(Any); [] 0.0 eval::gt, "Greater; false if an operand is NaN.";
    Ge "ge" Compare(Any); [] 0.0 eval::ge, "Greater or equal; false if an operand is NaN.";
    IsNan "is_nan" Test(Float); [] 0.0 eval::is_nan, "Whether the value is NaN.";
    IsFinite "is_finite" Test(Float); [] 0.0 eval::is_finite, "Whether the value is neither infinite nor NaN.";
    IsInfinite "is_infinite" Test(Float); [] 0.0 eval::is_infinite, "Whether the value is an infinity.";
    Select "select" Select; [] 0.0 eval::select, "The second operand where the first is true, else the third; both are computed.";
    Cast "cast" Cast; [] 0.5 eval::cast, "`as`: integers truncate, floats to integers saturate (NaN gives 0), the rest rounds to nearest even.";
    // conditions that a row must meet
    Assert "assert" Assert; [fails_bool] 0.0 eval::assert, "True; anything else is an error.";
    Index "index" Index; [fails_int] 0.0 eval::index, "The first operand, an index; not being below the second, a length, is an error.";
    SameLength "same_length" Lengths; [fails_int] 0.0 eval::same_length, "True; two lengths that differ are an error.";
    // floats: exact or correctly rounded
    Sqrt "sqrt" Unary(Float); [] 0.5 eval::sqrt, "Square root; NaN below -0.";
    MulAdd "mul_add" Ternary(Float); [] 0.5 eval::mul_add, "a * b + c with one rounding.";
    Floor "floor" Unary(Float); [] 0.0 eval::floor, "Largest integer not above.";
    Ceil "ceil" Unary(Float); [] 0.0 eval::ceil, "Smallest integer not below.";
    Trunc "trunc" Unary(Float); [] 0.0 eval::trunc, "Integer part.";
    Round "round" Unary(Float); [] 0.0 eval::round, "Nearest integer, halves away from zero.";
    Fract "fract" Unary(Float); [] 0.0 eval::fract, "x - trunc(x).";
    CopySign "copysign" Binary(Float); [] 0.0 eval::copysign, "Magnitude of the first, sign of the second; a NaN counts as positive.";
    ToRadians "to_radians" Unary(Float); [] 1.0 eval::to_radians, "Degrees to radians: x * (PI / 180), rounded as Rust's does.";
    ToDegrees "to_degrees" Unary(Float); [] 1.0 eval::to_degrees, "Radians to degrees: x * (180 / PI), rounded as Rust's does.";
    // floats: functions
    Cbrt "cbrt" Unary(Float); [] 1.0 eval::cbrt, "Cube root.";
    Exp "exp" Unary(Float); [] 1.0 eval::exp, "e^x.";
    Exp2 "exp2" Unary(Float); [] 1.0 eval::exp2, "2^x.";
    ExpM1 "exp_m1" Unary(Float); [] 1.0 eval::exp_m1, "e^x - 1, accurate near zero.";
    Ln "ln" Unary(Float); [] 1.0 eval::ln, "Natural logarithm; -inf at 0, NaN below.";
    Log2 "log2" Unary(Float); [] 1.0 eval::log2, "Logarithm to base 2.";
    Log10 "log10" Unary(Float); [] 1.0 eval::log10, "Logarithm to base 10.";
    Ln1p "ln_1p" Unary(Float); [] 1.0 eval::ln_1p, "ln(1 + x), accurate near zero.";
    Powf "powf" Binary(Float); [] 1.0 eval::powf, "x^y for a float y.";
    Powi "powi" FloatPowInt; [] none eval::powi, "x^n for an i32 n, by a fixed square-and-multiply; one rounding a step, which makes an error of about |n| ULP at most, and x^-n is 1 / x^n, also where x^n is out of range.";
    Sin "sin" Unary(Float); [] 1.0 eval::sin, "Sine of radians.";
    Cos "cos" Unary(Float); [] 1.0 eval::cos, "Cosine of radians.";
    Tan "tan" Unary(Float); [] 1.0 eval::tan, "Tangent of radians.";
    Asin "asin" Unary(Float); [] 1.0 eval::asin, "Arc sine; NaN outside [-1, 1].";
    Acos "acos" Unary(Float); [] 1.0 eval::acos, "Arc cosine; NaN outside [-1, 1].";
    Atan "atan" Unary(Float); [] 1.0 eval::atan, "Arc tangent.";
    Atan2 "atan2" Binary(Float); [] 1.0 eval::atan2, "Angle of the point (x = second, y = first).";
    Sinh "sinh" Unary(Float); [] 1.0 eval::sinh, "Hyperbolic sine.";
    Cosh "cosh" Unary(Float); [] 1.0 eval::cosh, "Hyperbolic cosine.";
    Tanh "tanh" Unary(Float); [] 1.0 eval::tanh, "Hyperbolic tangent.";
    Asinh "asinh" Unary(Float); [] 2.0 eval::asinh, "Inverse hyperbolic sine.";
    Acosh "acosh" Unary(Float); [] 1.0 eval::acosh, "Inverse hyperbolic cosine; NaN below 1.";
    Atanh "atanh" Unary(Float); [] 1.0 eval::atanh, "Inverse hyperbolic tangent; NaN outside [-1, 1].";
    Hypot "hypot" Binary(Float); [commutes] 1.0 eval::hypot, "sqrt(x^2 + y^2) without overflow on the way.";
    Erf "erf" Unary(Float); [] 1.0 eval::erf, "Error function.";
    Erfc "erfc" Unary(Float); [] 1.0 eval::erfc, "1 - erf(x), accurate for large x.";
    Gamma "gamma" Unary(Float); [] 1.0 eval::gamma, "Gamma function; NaN at the whole numbers below 0.";
    LnGamma "ln_gamma" Unary(Float); [] 1.0 eval::ln_gamma, "Natural logarithm of |gamma(x)|; below 0, where it is a difference, the error bound is in the last place of the greatest term.";
    // floats: the looser functions of kernels that consent; no method, see `Op::approximate`
    ApproxExp "approx_exp" Unary(Float); [] 3.5 eval::approx_exp, "e^x: what `exp` is in a kernel with `approx`.";
    ApproxExp2 "approx_exp2" Unary(Float); [] 3.5 eval::approx_exp2, "2^x: what `exp2` is in a kernel with `approx`.";
    ApproxLn "approx_ln" Unary(Float); [] 3.5 eval::approx_ln, "Natural logarithm: what `ln` is in a kernel with `approx`.";
    ApproxLog2 "approx_log2" Unary(Float); [] 3.5 eval::approx_log2, "Logarithm to base 2: what `log2` is in a kernel with `approx`.";
    ApproxLog10 "approx_log10" Unary(Float); [] 3.5 eval::approx_log10, "Logarithm to base 10: what `log10` is in a kernel with `approx`.";
    ApproxSin "approx_sin" Unary(Float); [] 3.5 eval::approx_sin, "Sine: what `sin` is in a kernel with `approx`.";
    ApproxCos "approx_cos" Unary(Float); [] 3.5 eval::approx_cos, "Cosine: what `cos` is in a kernel with `approx`.";
    ApproxTan "approx_tan" Unary(Float); [] 3.5 eval::approx_tan, "Tangent: what `tan` is in a kernel with `approx`.";
    ApproxAsin "approx_asin" Unary(Float); [] 3.5 eval::approx_asin, "Arc sine: what `asin` is in a kernel with `approx`.";
    ApproxAcos "approx_acos" Unary(Float); [] 3.5 eval::approx_acos, "Arc cosine: what `acos` is in a kernel with `approx`.";
    ApproxAtan "approx_atan" Unary(Float); [] 3.5 eval::approx_atan, "Arc tangent: what `atan` is in a kernel with `approx`.";
    ApproxAtan2 "approx_atan2" Binary(Float); [] 3.5 eval::approx_atan2, "Angle of a point: what `atan2` is in a kernel with `approx`.";
}

/// Functions with a looser one beside them.
const APPROXIMATE: [(Op, Op); 12] = [
    (Op::Exp, Op::ApproxExp),
    (Op::Exp2, Op::ApproxExp2),
    (Op::Ln, Op::ApproxLn),
    (Op::Log2, Op::ApproxLog2),
    (Op::Log10, Op::ApproxLog10),
    (Op::Sin, Op::ApproxSin),
    (Op::Cos, Op::ApproxCos),
    (Op::Tan, Op::ApproxTan),
    (Op::Asin, Op::ApproxAsin),
    (Op::Acos, Op::ApproxAcos),
    (Op::Atan, Op::ApproxAtan),
    (Op::Atan2, Op::ApproxAtan2),
];

impl Op {
    /// The operation's row.
    pub fn row(self) -> &'static OpRow {
        &ROWS[self as usize]
    }

    /// Name in the text form.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The looser operation that `approx` puts in its place, if there is one.
    pub fn approximate(self) -> Option<Op> {
        APPROXIMATE.iter().find(|(strict, _)| *strict == self).map(|&(_, looser)| looser)
    }

    /// Whether it is a looser one: no kernel's text names it.
    pub fn is_approximate(self) -> bool {
        APPROXIMATE.iter().any(|&(_, looser)| looser == self)
    }

    /// Typing rule.
    pub fn rule(self) -> Rule {
        self.row().rule
    }

    /// Whether the operation may fault when its first operand has type `ty`.
    pub fn may_fault(self, ty: Type) -> bool {
        let row = self.row();
        match ty {
            Type::F32 | Type::F64 => row.fails_on_float,
            Type::Bool => row.fails_on_bool,
            _ => row.fails_on_int,
        }
    }

    /// The result type for these operand types, or `None` where the rule refuses them. For `Cast`, where
    /// the operand does not decide, `wanted` is the result type.
    pub fn result_type(self, args: &[Type], wanted: Type) -> Option<Type> {
        let same = |class: Class| args.iter().all(|&ty| ty == args[0] && class.contains(ty)).then_some(args[0]);
        if args.len() != self.rule().arity() {
            return None;
        }
        match self.rule() {
            Rule::Unary(class) | Rule::Binary(class) | Rule::Ternary(class) => same(class),
            Rule::Compare(class) | Rule::Test(class) => same(class).map(|_| Type::Bool),
            Rule::Shift => (args[0].is_int() && args[1].is_int()).then_some(args[0]),
            Rule::FloatPowInt => (args[0].is_float() && args[1] == Type::I32).then_some(args[0]),
            Rule::IntPow => (args[0].is_int() && args[1] == Type::U32).then_some(args[0]),
            Rule::Count => args[0].is_int().then_some(Type::U32),
            Rule::AbsDiff => same(Class::Int).map(Type::unsigned),
            Rule::Lengths => (args == [Type::U64, Type::U64]).then_some(Type::Bool),
            Rule::Index => (args == [Type::U64, Type::U64]).then_some(Type::U64),
            Rule::Assert => (args[0] == Type::Bool).then_some(Type::Bool),
            Rule::Select => (args[0] == Type::Bool && args[1] == args[2]).then_some(args[1]),
            Rule::Cast => {
                let to_bool = wanted == Type::Bool && args[0] != Type::Bool;
                let bool_to_float = args[0] == Type::Bool && wanted.is_float();
                (!to_bool && !bool_to_float).then_some(wanted)
            }
        }
    }

    /// Computes the operation on one row.
    pub fn eval(self, sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
        (self.row().meaning)(sig, args)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Op {
    type Err = ();

    fn from_str(s: &str) -> Result<Op, ()> {
        ROWS.iter().find(|row| row.name == s).map(|row| row.op).ok_or(())
    }
}
