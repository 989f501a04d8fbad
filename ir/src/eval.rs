//! The scalar meaning of each operation: operand bits in, result bits or a fault out.
//!
//! One function for each row of the table in `op.rs`, named as there. They are total: any bits of the
//! operand types give a value or a `Fault`, in debug builds too, and operand types that the row's rule
//! refuses give 0, which the verifier keeps from happening. What a row says is written once and
//! instantiated for each Rust type of its class; how machine code does the same is written apart, in
//! `filbert-compiler`. Floating-point functions proper are in `math.rs`.
//!
//! The sign and the payload of a NaN never show: a NaN result is *a* NaN, and every operation treats all
//! NaNs alike. The canonical one appears at the kernel's edge only, see `Scalar::canonical`.

use crate::math;
use crate::op::{Fault, Sig};
use crate::types::Type;

/// A Rust type that stands for one `Type`.
trait Value: Copy {
    /// The value of these bits; bits beyond the width do not count.
    fn load(bits: u64) -> Self;
    /// Its bits, zero-extended.
    fn store(self) -> u64;
}

macro_rules! values {
    ($($ty:ident $load:expr, $store:expr;)*) => {
        $(impl Value for $ty {
            fn load(bits: u64) -> $ty {
                $load(bits)
            }

            fn store(self) -> u64 {
                $store(self)
            }
        })*
    };
}

values! {
    bool |bits| bits & 1 != 0, |v| v as u64;
    i8 |bits| bits as i8, |v| v as u8 as u64;
    i16 |bits| bits as i16, |v| v as u16 as u64;
    i32 |bits| bits as i32, |v| v as u32 as u64;
    i64 |bits| bits as i64, |v| v as u64;
    u8 |bits| bits as u8, |v| v as u64;
    u16 |bits| bits as u16, |v| v as u64;
    u32 |bits| bits as u32, |v| v as u64;
    u64 |bits| bits, |v| v;
    f32 |bits| f32::from_bits(bits as u32), |v: f32| v.to_bits() as u64;
    f64 f64::from_bits, f64::to_bits;
}

/// What the body of a meaning may give: a value, or a value or a fault.
trait Outcome {
    fn bits(self) -> Result<u64, Fault>;
}

impl<V: Value> Outcome for V {
    fn bits(self) -> Result<u64, Fault> {
        Ok(self.store())
    }
}

impl<V: Value> Outcome for Result<V, Fault> {
    fn bits(self) -> Result<u64, Fault> {
        self.map(V::store)
    }
}

/// Leaves the function with the body's outcome if `$ty` is one of a class; the operands are then values of
/// that type, which the body may call `T`.
macro_rules! case {
    (signed $($rest:tt)*) => { case!(@ $($rest)*; I8 i8, I16 i16, I32 i32, I64 i64) };
    (unsigned $($rest:tt)*) => { case!(@ $($rest)*; U8 u8, U16 u16, U32 u32, U64 u64) };
    (int $($rest:tt)*) => { case!(signed $($rest)*); case!(unsigned $($rest)*) };
    (float $($rest:tt)*) => { case!(f32 $($rest)*); case!(f64 $($rest)*) };
    (bool $($rest:tt)*) => { case!(@ $($rest)*; Bool bool) };
    (f32 $($rest:tt)*) => { case!(@ $($rest)*; F32 f32) };
    (f64 $($rest:tt)*) => { case!(@ $($rest)*; F64 f64) };
    (number $($rest:tt)*) => { case!(int $($rest)*); case!(float $($rest)*) };
    (bits $($rest:tt)*) => { case!(int $($rest)*); case!(bool $($rest)*) };
    (any $($rest:tt)*) => { case!(number $($rest)*); case!(bool $($rest)*) };
    (@ $ty:ident $args:ident $params:tt $body:block; $($variant:ident $rust:ident),+) => {
        match $ty {
            $(Type::$variant => case!(# $rust $args $params $body),)+
            _ => {}
        }
    };
    (# $rust:ident $args:ident ($($x:ident),+) $body:block) => {{
        #[allow(dead_code)]
        type T = $rust;
        if let [$($x),+] = *$args {
            $(let $x = <T as Value>::load($x);)+
            return Outcome::bits($body);
        }
    }};
}

/// Meanings of operations whose operands all have one type: name, operands, and a body for each class.
macro_rules! meanings {
    ($($name:ident $params:tt { $($class:ident => $body:block)+ })*) => {
        $(
            #[doc = concat!("The meaning of the row with `eval::", stringify!($name), "` in the table of operations.")]
            pub fn $name(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
                let ty = sig.args[0];
                $(case!($class ty args $params $body);)+
                Ok(0)
            }
        )*
    };
}

/// Meanings that are a function of `math` for either float type.
macro_rules! functions {
    ($($name:ident $params:tt $f64:ident $f32:ident;)*) => {
        meanings! {
            $($name $params {
                f64 => { functions!(@ $f64 $params) }
                f32 => { functions!(@ $f32 $params) }
            })*
        }
    };
    (@ $f:ident ($($x:ident),+)) => { math::$f($($x),+) };
}

// Arithmetic. The operators of Rust on floats are strict IEEE 754, one rounding each.
meanings! {
    add(a, b) {
        int => { a.checked_add(b).ok_or(Fault::Overflow) }
        float => { a + b }
    }
    sub(a, b) {
        int => { a.checked_sub(b).ok_or(Fault::Overflow) }
        float => { a - b }
    }
    mul(a, b) {
        int => { a.checked_mul(b).ok_or(Fault::Overflow) }
        float => { a * b }
    }
    div(a, b) {
        int => { if b == 0 { Err(Fault::DivideByZero) } else { a.checked_div(b).ok_or(Fault::Overflow) } }
        float => { a / b }
    }
    rem(a, b) {
        int => { if b == 0 { Err(Fault::DivideByZero) } else { a.checked_rem(b).ok_or(Fault::Overflow) } }
        f64 => { math::rem_f64(a, b) }
        f32 => { math::rem_f32(a, b) }
    }
    rem_euclid(a, b) {
        int => { if b == 0 { Err(Fault::DivideByZero) } else { a.checked_rem_euclid(b).ok_or(Fault::Overflow) } }
        f64 => { let r = math::rem_f64(a, b); if r < 0.0 { r + b.abs() } else { r } }
        f32 => { let r = math::rem_f32(a, b); if r < 0.0 { r + b.abs() } else { r } }
    }
    neg(a) {
        signed => { a.checked_neg().ok_or(Fault::Overflow) }
        float => { -a }
    }
    abs(a) {
        signed => { a.checked_abs().ok_or(Fault::Overflow) }
        float => { a.abs() }
    }
    signum(a) {
        signed => { a.signum() }
        float => { if a.is_nan() { a } else { T::copysign(1.0, a) } }
    }
    wrapping_add(a, b) { int => { a.wrapping_add(b) } }
    wrapping_sub(a, b) { int => { a.wrapping_sub(b) } }
    wrapping_mul(a, b) { int => { a.wrapping_mul(b) } }
    wrapping_div(a, b) { int => { if b == 0 { Err(Fault::DivideByZero) } else { Ok(a.wrapping_div(b)) } } }
    wrapping_rem(a, b) { int => { if b == 0 { Err(Fault::DivideByZero) } else { Ok(a.wrapping_rem(b)) } } }
    div_euclid(a, b) {
        int => { if b == 0 { Err(Fault::DivideByZero) } else { a.checked_div_euclid(b).ok_or(Fault::Overflow) } }
        f64 => { euclid_quotient(math::trunc_f64(a / b), math::rem_f64(a, b) < 0.0, b > 0.0) }
        f32 => { euclid_quotient(math::trunc_f32(a / b), math::rem_f32(a, b) < 0.0, b > 0.0) }
    }
    add_overflows(a, b) { int => { a.overflowing_add(b).1 } }
    sub_overflows(a, b) { int => { a.overflowing_sub(b).1 } }
    mul_overflows(a, b) { int => { a.overflowing_mul(b).1 } }
    abs_diff(a, b) { int => { a.abs_diff(b) } }
    isqrt(a) {
        signed => { a.checked_isqrt().ok_or(Fault::Domain) }
        unsigned => { a.isqrt() }
    }
    min(a, b) {
        int => { a.min(b) }
        float => {
            // Neither less: both are zeros or the same, and a sign bit, if there is one, wins.
            if a.is_nan() || b < a { b } else if b.is_nan() || a < b || a.is_sign_negative() { a } else { b }
        }
    }
    max(a, b) {
        int => { a.max(b) }
        float => {
            if a.is_nan() || b > a { b } else if b.is_nan() || a > b || a.is_sign_positive() { a } else { b }
        }
    }
    clamp(x, lo, hi) {
        number => {
            // A NaN bound is below nothing, hence this way round.
            let in_order = lo <= hi;
            if !in_order { Err(Fault::ClampBounds) } else { Ok(if x < lo { lo } else if x > hi { hi } else { x }) }
        }
    }
}

/// The quotient truncated, made to go with a remainder that is not negative, as Rust's `div_euclid` does it.
fn euclid_quotient<F: std::ops::Sub<Output = F> + std::ops::Add<Output = F> + From<u8>>(
    quotient: F,
    remainder_is_negative: bool,
    divisor_is_positive: bool,
) -> F {
    match (remainder_is_negative, divisor_is_positive) {
        (false, _) => quotient,
        (true, true) => quotient - F::from(1),
        (true, false) => quotient + F::from(1),
    }
}

// Bits.
meanings! {
    and(a, b) { bits => { a & b } }
    or(a, b) { bits => { a | b } }
    xor(a, b) { bits => { a ^ b } }
    not(a) { bits => { !a } }
    count_ones(a) { int => { a.count_ones() } }
    leading_zeros(a) { int => { a.leading_zeros() } }
    trailing_zeros(a) { int => { a.trailing_zeros() } }
    swap_bytes(a) { int => { a.swap_bytes() } }
    reverse_bits(a) { int => { a.reverse_bits() } }
}

// Conditions that a row must meet.
meanings! {
    assert(a) { bool => { if a { Ok(true) } else { Err(Fault::Assertion) } } }
    index(a, b) { unsigned => { if a < b { Ok(a) } else { Err(Fault::IndexRange) } } }
    same_length(a, b) { unsigned => { if a == b { Ok(true) } else { Err(Fault::UnequalLengths) } } }
}

// Comparisons and tests.
meanings! {
    eq(a, b) { any => { a == b } }
    ne(a, b) { any => { a != b } }
    lt(a, b) { number => { a < b } bool => { !a & b } }
    le(a, b) { any => { a <= b } }
    gt(a, b) { number => { a > b } bool => { a & !b } }
    ge(a, b) { any => { a >= b } }
    is_nan(a) { float => { a.is_nan() } }
    is_finite(a) { float => { a.is_finite() } }
    is_infinite(a) { float => { a.is_infinite() } }
}

// Floats: by rule rather than by function.
meanings! {
    fract(a) {
        f64 => { a - math::trunc_f64(a) }
        f32 => { a - math::trunc_f32(a) }
    }
    copysign(a, b) {
        float => { if b.is_nan() { a.abs() } else { a.copysign(b) } }
    }
    to_radians(a) {
        f64 => { a * (std::f64::consts::PI / 180.0) }
        f32 => { a * (std::f32::consts::PI / 180.0) }
    }
    to_degrees(a) {
        f64 => { a * (180.0 / std::f64::consts::PI) }
        f32 => { a * DEGREES_F32 }
    }
}

/// 180 / PI rounded once; the quotient in f32 would be off by one ulp.
const DEGREES_F32: f32 = 57.295_78;

functions! {
    sqrt(a) sqrt_f64 sqrt_f32;
    mul_add(a, b, c) mul_add_f64 mul_add_f32;
    floor(a) floor_f64 floor_f32;
    ceil(a) ceil_f64 ceil_f32;
    trunc(a) trunc_f64 trunc_f32;
    round(a) round_f64 round_f32;
    cbrt(a) cbrt_f64 cbrt_f32;
    exp(a) exp_f64 exp_f32;
    exp2(a) exp2_f64 exp2_f32;
    exp_m1(a) exp_m1_f64 exp_m1_f32;
    ln(a) ln_f64 ln_f32;
    log2(a) log2_f64 log2_f32;
    log10(a) log10_f64 log10_f32;
    ln_1p(a) ln_1p_f64 ln_1p_f32;
    powf(a, b) powf_f64 powf_f32;
    sin(a) sin_f64 sin_f32;
    cos(a) cos_f64 cos_f32;
    tan(a) tan_f64 tan_f32;
    asin(a) asin_f64 asin_f32;
    acos(a) acos_f64 acos_f32;
    atan(a) atan_f64 atan_f32;
    atan2(a, b) atan2_f64 atan2_f32;
    sinh(a) sinh_f64 sinh_f32;
    cosh(a) cosh_f64 cosh_f32;
    tanh(a) tanh_f64 tanh_f32;
    asinh(a) asinh_f64 asinh_f32;
    acosh(a) acosh_f64 acosh_f32;
    atanh(a) atanh_f64 atanh_f32;
    hypot(a, b) hypot_f64 hypot_f32;
    erf(a) erf_f64 erf_f32;
    erfc(a) erfc_f64 erfc_f32;
    gamma(a) gamma_f64 gamma_f32;
    ln_gamma(a) ln_gamma_f64 ln_gamma_f32;
    approx_exp(a) approx_exp_f64 approx_exp_f32;
    approx_exp2(a) approx_exp2_f64 approx_exp2_f32;
    approx_ln(a) approx_ln_f64 approx_ln_f32;
    approx_log2(a) approx_log2_f64 approx_log2_f32;
    approx_log10(a) approx_log10_f64 approx_log10_f32;
    approx_sin(a) approx_sin_f64 approx_sin_f32;
    approx_cos(a) approx_cos_f64 approx_cos_f32;
    approx_tan(a) approx_tan_f64 approx_tan_f32;
    approx_asin(a) approx_asin_f64 approx_asin_f32;
    approx_acos(a) approx_acos_f64 approx_acos_f32;
    approx_atan(a) approx_atan_f64 approx_atan_f32;
    approx_atan2(a, b) approx_atan2_f64 approx_atan2_f32;
}

/// Left shift; an amount outside `0..width` is a fault.
pub fn shl(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    let (ty, amount) = (sig.args[0], shift_amount(sig, args)?);
    let args = &args[..1];
    case!(int ty args (a) { a.wrapping_shl(amount) });
    Ok(0)
}

/// Right shift, arithmetic for signed types; an amount outside `0..width` is a fault.
pub fn shr(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    let (ty, amount) = (sig.args[0], shift_amount(sig, args)?);
    let args = &args[..1];
    case!(int ty args (a) { a.wrapping_shr(amount) });
    Ok(0)
}

/// The second operand, of any integer type, if it is below the width of the first.
fn shift_amount(sig: Sig<'_>, args: &[u64]) -> Result<u32, Fault> {
    // Zero-extended, a negative amount of any width is at least 128.
    let amount = args[1] & sig.args[1].mask();
    if amount < sig.args[0].bits() as u64 { Ok(amount as u32) } else { Err(Fault::ShiftRange) }
}

/// Integer operations with a u32 as second operand that never fault.
macro_rules! amounts {
    ($($name:ident $method:ident;)*) => {
        $(
            #[doc = concat!("The meaning of the row with `eval::", stringify!($name), "` in the table of operations.")]
            pub fn $name(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
                let (ty, amount) = (sig.args[0], u32::load(args[1]));
                let args = &args[..1];
                case!(int ty args (a) { a.$method(amount) });
                Ok(0)
            }
        )*
    };
}

amounts! {
    wrapping_pow wrapping_pow;
    wrapping_shl wrapping_shl;
    wrapping_shr wrapping_shr;
    rotate_left rotate_left;
    rotate_right rotate_right;
}

/// Integer power with a u32 exponent.
pub fn int_pow(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    let (ty, exponent) = (sig.args[0], u32::load(args[1]));
    let args = &args[..1];
    case!(int ty args (a) { a.checked_pow(exponent).ok_or(Fault::Overflow) });
    Ok(0)
}

/// Float power with an i32 exponent.
pub fn powi(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    let (ty, exponent) = (sig.args[0], i32::load(args[1]));
    let args = &args[..1];
    case!(f64 ty args (a) { math::powi_f64(a, exponent) });
    case!(f32 ty args (a) { math::powi_f32(a, exponent) });
    Ok(0)
}

/// The second operand where the first is true, else the third.
pub fn select(_sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    Ok(if bool::load(args[0]) { args[1] } else { args[2] })
}

/// `as`, from the operand's type to the result's. Each operand is widened exactly first, so that the
/// conversion itself wraps, saturates or rounds once.
pub fn cast(sig: Sig<'_>, args: &[u64]) -> Result<u64, Fault> {
    let (ty, to) = (sig.args[0], sig.ret);
    case!(signed ty args (a) { from_int(a as i64 as u64, a as f64, a as f32, to) });
    case!(unsigned ty args (a) { from_int(a as u64, a as f64, a as f32, to) });
    case!(bool ty args (a) { from_int(a as u64, 0.0, 0.0, to) });
    case!(float ty args (a) { from_float(a as f64, to) });
    Ok(0)
}

/// An integer in every form that a cast can want: extended to 64 bits, and rounded to either float.
fn from_int(extended: u64, double: f64, single: f32, to: Type) -> u64 {
    match to {
        Type::F64 => double.store(),
        Type::F32 => single.store(),
        _ => extended & to.mask(),
    }
}

/// A float of either type, as the f64 that equals it.
fn from_float(value: f64, to: Type) -> u64 {
    match to {
        Type::Bool => 0,
        Type::I8 => (value as i8).store(),
        Type::I16 => (value as i16).store(),
        Type::I32 => (value as i32).store(),
        Type::I64 => (value as i64).store(),
        Type::U8 => (value as u8).store(),
        Type::U16 => (value as u16).store(),
        Type::U32 => (value as u32).store(),
        Type::U64 => (value as u64).store(),
        Type::F32 => (value as f32).store(),
        Type::F64 => value.store(),
    }
}

#[cfg(test)]
mod tests;
