//! The one source of every floating-point function, as plain functions of `f64` and `f32`.
//!
//! The meanings in `eval` call these, and so do the helpers that machine code calls: one source, one set
//! of result bits. Where a function is not written here yet it is that of the crate `libm`, which is pure
//! Rust (translated from musl) and pinned exactly, because result bits depend on it; the platform's libm
//! is never called, for it gives other bits on other CPUs. What was checked in libm 0.2.16:
//!
//! * its paths per architecture are `sqrt`, `fma`, `rint`, and on wasm `ceil`, `floor`, `trunc`, `fabs`:
//!   all exact or correctly rounded, so the bits agree with the portable path;
//! * `fma` asks the CPU once and then is one instruction, or a correctly rounded routine on integers. It
//!   is preferred to `f64::mul_add`, which without the instruction calls the platform's `fma`. Inside
//!   libm only `cbrt` uses it;
//! * x87 code is compiled only for 32-bit x86 without SSE, which is no target of ours.
//!
//! Error bounds, in units in the last place, stand in the `ulp` column of `op.rs` and are the same for
//! both types; docs/accuracy.md has the greatest errors that were seen. Which NaN comes out of a function
//! is left open; no operation lets it show.
//!
//! The tables `UNARY`, `BINARY`, `TERNARY` and `POWI` name both functions of each operation, so that the
//! compiler's table of helpers needs no second list.

mod pow;

use crate::op::Op;

/// A function of one float, for both types.
pub type Unary = (Op, fn(f64) -> f64, fn(f32) -> f32);
/// A function of two floats, for both types.
pub type Binary = (Op, fn(f64, f64) -> f64, fn(f32, f32) -> f32);
/// A function of three floats, for both types.
pub type Ternary = (Op, fn(f64, f64, f64) -> f64, fn(f32, f32, f32) -> f32);
/// A function of a float and an i32, for both types.
pub type Powi = (Op, fn(f64, i32) -> f64, fn(f32, i32) -> f32);

macro_rules! function {
    ($name:ident $float:ty, ($($x:ident),+), $libm:path, $doc:literal) => {
        #[doc = $doc]
        pub fn $name($($x: $float),+) -> $float {
            $libm($($x),+)
        }
    };
}

macro_rules! functions {
    ($list:ident: $row:ident $params:tt, $list_doc:literal;
     $($op:ident $f64:ident $f32:ident = $libm64:path, $libm32:path, $doc:literal;)*) => {
        $(
            function!($f64 f64, $params, $libm64, $doc);
            function!($f32 f32, $params, $libm32, $doc);
        )*

        #[doc = $list_doc]
        pub const $list: &[$row] = &[$((Op::$op, $f64, $f32)),*];
    };
}

functions! {
    UNARY: Unary (x), "Operations with one float operand, in table order, with the functions for f64 and f32.";
    Sqrt sqrt_f64 sqrt_f32 = libm::sqrt, libm::sqrtf, "Square root, correctly rounded.";
    Floor floor_f64 floor_f32 = libm::floor, libm::floorf, "Largest integer not above; exact.";
    Ceil ceil_f64 ceil_f32 = libm::ceil, libm::ceilf, "Smallest integer not below; exact.";
    Trunc trunc_f64 trunc_f32 = libm::trunc, libm::truncf, "Integer part; exact.";
    Round round_f64 round_f32 = libm::round, libm::roundf, "Nearest integer, halves away from zero; exact.";
    Cbrt cbrt_f64 cbrt_f32 = libm::cbrt, libm::cbrtf, "Cube root. f64: CORE-MATH's, correctly rounded. f32: FreeBSD's.";
    Exp exp_f64 exp_f32 = libm::exp, libm::expf, "e^x. FreeBSD's.";
    Exp2 exp2_f64 exp2_f32 = libm::exp2, libm::exp2f, "2^x. FreeBSD's.";
    ExpM1 exp_m1_f64 exp_m1_f32 = libm::expm1, libm::expm1f, "e^x - 1. FreeBSD's.";
    Ln ln_f64 ln_f32 = libm::log, libm::logf, "Natural logarithm. FreeBSD's.";
    Log2 log2_f64 log2_f32 = libm::log2, libm::log2f, "Logarithm to base 2. FreeBSD's.";
    Log10 log10_f64 log10_f32 = libm::log10, libm::log10f, "Logarithm to base 10. FreeBSD's.";
    Ln1p ln_1p_f64 ln_1p_f32 = libm::log1p, libm::log1pf, "ln(1 + x). FreeBSD's.";
    Sin sin_f64 sin_f32 = libm::sin, libm::sinf, "Sine. FreeBSD's with full argument reduction.";
    Cos cos_f64 cos_f32 = libm::cos, libm::cosf, "Cosine. FreeBSD's with full argument reduction.";
    Tan tan_f64 tan_f32 = libm::tan, libm::tanf, "Tangent. FreeBSD's with full argument reduction.";
    Asin asin_f64 asin_f32 = libm::asin, libm::asinf, "Arc sine. FreeBSD's.";
    Acos acos_f64 acos_f32 = libm::acos, libm::acosf, "Arc cosine. FreeBSD's.";
    Atan atan_f64 atan_f32 = libm::atan, libm::atanf, "Arc tangent. FreeBSD's.";
    Sinh sinh_f64 sinh_f32 = libm::sinh, libm::sinhf, "Hyperbolic sine. musl's.";
    Cosh cosh_f64 cosh_f32 = libm::cosh, libm::coshf, "Hyperbolic cosine. musl's.";
    Tanh tanh_f64 tanh_f32 = libm::tanh, libm::tanhf, "Hyperbolic tangent. musl's.";
    Asinh asinh_f64 asinh_f32 = libm::asinh, libm::asinhf, "Inverse hyperbolic sine. musl's.";
    Acosh acosh_f64 acosh_f32 = acosh, acoshf, "Inverse hyperbolic cosine. musl's.";
    Atanh atanh_f64 atanh_f32 = libm::atanh, libm::atanhf, "Inverse hyperbolic tangent. musl's.";
    Erf erf_f64 erf_f32 = libm::erf, libm::erff, "Error function. FreeBSD's.";
    Erfc erfc_f64 erfc_f32 = libm::erfc, libm::erfcf, "1 - erf(x). FreeBSD's.";
    Gamma gamma_f64 gamma_f32 = libm::tgamma, libm::tgammaf, "Gamma function. musl's Lanczos sum; f32 is the f64 function, rounded.";
    LnGamma ln_gamma_f64 ln_gamma_f32 = libm::lgamma, libm::lgammaf, "ln |gamma(x)|. FreeBSD's; below 0 a difference of two terms, of which the bound holds for the greater.";
}

functions! {
    BINARY: Binary (x, y), "Operations with two float operands, in table order, with the functions for f64 and f32.";
    Rem rem_f64 rem_f32 = libm::fmod, libm::fmodf, "fmod: remainder with the sign of `x`; exact.";
    Powf powf_f64 powf_f32 = pow::pow, libm::powf, "x^y. FreeBSD's, repaired near 1 for huge y.";
    Atan2 atan2_f64 atan2_f32 = libm::atan2, libm::atan2f, "Angle of the point (y, x): `x` is the ordinate, as in `y.atan2(x)`. FreeBSD's.";
    Hypot hypot_f64 hypot_f32 = libm::hypot, libm::hypotf, "sqrt(x^2 + y^2). musl's with a split square.";
}

functions! {
    TERNARY: Ternary (x, y, z), "Operations with three float operands, with the functions for f64 and f32.";
    MulAdd mul_add_f64 mul_add_f32 = libm::fma, libm::fmaf, "x * y + z with one rounding.";
}

/// musl leaves arguments below 1 to the logarithm it ends in, which between -2^26 and -2 gets a positive one.
fn acosh(x: f64) -> f64 {
    if x < 1.0 { f64::NAN } else { libm::acosh(x) }
}

fn acoshf(x: f32) -> f32 {
    if x < 1.0 { f32::NAN } else { libm::acoshf(x) }
}

macro_rules! powi {
    ($name:ident, $float:ty) => {
        /// x^n by square and multiply from the lowest bit; a negative power is the reciprocal at the end.
        /// The order of steps is part of the meaning: about one rounding a step.
        pub fn $name(x: $float, n: i32) -> $float {
            let (mut base, mut left, mut power) = (x, n.unsigned_abs(), 1.0);
            loop {
                if left & 1 == 1 {
                    power *= base;
                }
                left >>= 1;
                if left == 0 {
                    break;
                }
                base *= base;
            }
            if n < 0 { 1.0 / power } else { power }
        }
    };
}

powi!(powi_f64, f64);
powi!(powi_f32, f32);

/// The operation with a float and an i32 operand, with the functions for f64 and f32.
pub const POWI: &[Powi] = &[(Op::Powi, powi_f64, powi_f32)];

#[cfg(test)]
mod tests;
