//! The one source of every floating-point function, as plain functions of `f64` and `f32`.
//!
//! The meanings in `eval` call these, and so do the helpers that machine code calls: one source, one set
//! of result bits. Most are written here, each once and generic over what computes it (`lanes`), in steps
//! that every CPU rounds in the same way; a compiler that wants one inline runs the same source with
//! `expand`. The f32 functions are the f64 ones on the widened argument, rounded once more.
//!
//! The exact ones, and the sine of a huge angle, are those of the crate `libm`, which is pure Rust (translated
//! from musl) and pinned exactly, because result bits depend on it; the platform's libm is never asked for more
//! than `fma`, which has one result. What was checked in libm 0.2.16:
//!
//! * its paths per architecture are `sqrt`, `fma`, `rint`, and on wasm `ceil`, `floor`, `trunc`, `fabs`:
//!   all exact or correctly rounded, so the bits agree with the portable path;
//! * `fma` asks the CPU once and then is one instruction behind a call, or a correctly rounded routine on
//!   integers. `FUSED_UNARY` and `FUSED_BINARY` have the functions for callers that are compiled for a CPU
//!   with the instruction: the same bits, without the calls;
//! * x87 code is compiled only for 32-bit x86 without SSE, which is no target of ours.
//!
//! Error bounds, in units in the last place, stand in the `ulp` column of `op.rs` and are the same for
//! both types; docs/accuracy.md has the greatest errors that were seen. Which NaN comes out of a function
//! is left open; no operation lets it show.
//!
//! The tables `UNARY`, `BINARY`, `TERNARY` and `POWI` name both functions of each operation, so that the
//! compiler's table of helpers needs no second list.

mod approx;
mod arc;
mod coefficients;
mod erf;
mod exp;
mod expand;
mod gamma;
mod hyperbolic;
pub mod lanes;
mod log;
mod pair;
mod power;
mod trig;

pub use expand::expand;

use crate::op::Op;
use lanes::{Baseline, Inline, Scalar};

/// A function of one float, for both types.
pub type Unary = (Op, fn(f64) -> f64, fn(f32) -> f32);
/// A function of two floats, for both types.
pub type Binary = (Op, fn(f64, f64) -> f64, fn(f32, f32) -> f32);
/// A function of three floats, for both types.
pub type Ternary = (Op, fn(f64, f64, f64) -> f64, fn(f32, f32, f32) -> f32);
/// A function of a float and an i32, for both types.
pub type Powi = (Op, fn(f64, i32) -> f64, fn(f32, i32) -> f32);

/// One row: a function that is written here, which may have arguments that it leaves to libm's, or libm's two.
macro_rules! function {
    ($name64:ident $name32:ident ($($x:ident),+) {$own:path, rare: $rare:path} $fuse:ty, $doc:literal) => {
        #[doc = $doc]
        #[inline(always)]
        pub fn $name64($($x: f64),+) -> f64 {
            let lane = Scalar::<$fuse>::new();
            let y = $own(&lane, $($x),+);
            if lane.is_rare() { $rare($($x),+) } else { y }
        }

        #[doc = $doc]
        #[inline(always)]
        pub fn $name32($($x: f32),+) -> f32 {
            $name64($($x as f64),+) as f32
        }
    };
    ($name64:ident $name32:ident ($($x:ident),+) {$own:path} $fuse:ty, $doc:literal) => {
        #[doc = $doc]
        #[inline(always)]
        pub fn $name64($($x: f64),+) -> f64 {
            $own(&Scalar::<$fuse>::new(), $($x),+)
        }

        #[doc = $doc]
        #[inline(always)]
        pub fn $name32($($x: f32),+) -> f32 {
            $name64($($x as f64),+) as f32
        }
    };
    ($name64:ident $name32:ident ($($x:ident),+) {$libm64:path, $libm32:path} $fuse:ty, $doc:literal) => {
        #[doc = $doc]
        #[inline]
        pub fn $name64($($x: f64),+) -> f64 {
            $libm64($($x),+)
        }

        #[doc = $doc]
        #[inline]
        pub fn $name32($($x: f32),+) -> f32 {
            $libm32($($x),+)
        }
    };
}

macro_rules! functions {
    ($list:ident $fused_list:ident $fused:ident: $row:ident $params:tt, $doc:literal;
     $($op:ident $f64:ident $f32:ident = $body:tt, $function_doc:literal;)*) => {
        $(function!($f64 $f32 $params $body Baseline, $function_doc);)*

        mod $fused {
            #![allow(unreachable_pub)] // the same text as above

            use super::*;

            $(function!($f64 $f32 $params $body Inline, $function_doc);)*
        }

        #[doc = $doc]
        pub const $list: &[$row] = &[$((Op::$op, $f64, $f32)),*];

        #[doc = $doc]
        ///
        /// To be called, by name, from functions that are compiled for a CPU with the fma instruction.
        pub const $fused_list: &[$row] = &[$((Op::$op, $fused::$f64, $fused::$f32)),*];
    };
}

functions! {
    UNARY FUSED_UNARY fused_unary: Unary (x), "Operations with one float operand, in table order, with the functions for f64 and f32.";
    Sqrt sqrt_f64 sqrt_f32 = {libm::sqrt, libm::sqrtf}, "Square root, correctly rounded.";
    Floor floor_f64 floor_f32 = {libm::floor, libm::floorf}, "Largest integer not above; exact.";
    Ceil ceil_f64 ceil_f32 = {libm::ceil, libm::ceilf}, "Smallest integer not below; exact.";
    Trunc trunc_f64 trunc_f32 = {libm::trunc, libm::truncf}, "Integer part; exact.";
    Round round_f64 round_f32 = {libm::round, libm::roundf}, "Nearest integer, halves away from zero; exact.";
    Cbrt cbrt_f64 cbrt_f32 = {power::cbrt}, "Cube root.";
    Exp exp_f64 exp_f32 = {exp::exp}, "e^x.";
    Exp2 exp2_f64 exp2_f32 = {exp::exp2}, "2^x.";
    ExpM1 exp_m1_f64 exp_m1_f32 = {exp::exp_m1}, "e^x - 1.";
    Ln ln_f64 ln_f32 = {log::ln}, "Natural logarithm.";
    Log2 log2_f64 log2_f32 = {log::log2}, "Logarithm to base 2.";
    Log10 log10_f64 log10_f32 = {log::log10}, "Logarithm to base 10.";
    Ln1p ln_1p_f64 ln_1p_f32 = {log::ln_1p}, "ln(1 + x).";
    Sin sin_f64 sin_f32 = {trig::sin, rare: libm::sin}, "Sine; beyond 1e8 libm's, FreeBSD's with full argument reduction.";
    Cos cos_f64 cos_f32 = {trig::cos, rare: libm::cos}, "Cosine; beyond 1e8 libm's, FreeBSD's with full argument reduction.";
    Tan tan_f64 tan_f32 = {trig::tan, rare: libm::tan}, "Tangent; beyond 1e8 libm's, FreeBSD's with full argument reduction.";
    Asin asin_f64 asin_f32 = {arc::asin}, "Arc sine.";
    Acos acos_f64 acos_f32 = {arc::acos}, "Arc cosine.";
    Atan atan_f64 atan_f32 = {arc::atan}, "Arc tangent.";
    Sinh sinh_f64 sinh_f32 = {hyperbolic::sinh}, "Hyperbolic sine.";
    Cosh cosh_f64 cosh_f32 = {hyperbolic::cosh}, "Hyperbolic cosine.";
    Tanh tanh_f64 tanh_f32 = {hyperbolic::tanh}, "Hyperbolic tangent.";
    Asinh asinh_f64 asinh_f32 = {hyperbolic::asinh}, "Inverse hyperbolic sine.";
    Acosh acosh_f64 acosh_f32 = {hyperbolic::acosh}, "Inverse hyperbolic cosine.";
    Atanh atanh_f64 atanh_f32 = {hyperbolic::atanh}, "Inverse hyperbolic tangent.";
    Erf erf_f64 erf_f32 = {erf::erf}, "Error function.";
    Erfc erfc_f64 erfc_f32 = {erf::erfc}, "1 - erf(x).";
    Gamma gamma_f64 gamma_f32 = {gamma::gamma}, "Gamma function.";
    LnGamma ln_gamma_f64 ln_gamma_f32 = {gamma::ln_gamma}, "ln |gamma(x)|; below 0 a difference of terms, of which the bound holds for the greatest.";
    ApproxExp approx_exp_f64 approx_exp_f32 = {approx::exp}, "e^x, looser.";
    ApproxExp2 approx_exp2_f64 approx_exp2_f32 = {approx::exp2}, "2^x, looser.";
    ApproxLn approx_ln_f64 approx_ln_f32 = {approx::ln}, "Natural logarithm, looser.";
    ApproxLog2 approx_log2_f64 approx_log2_f32 = {approx::log2}, "Logarithm to base 2, looser.";
    ApproxLog10 approx_log10_f64 approx_log10_f32 = {approx::log10}, "Logarithm to base 10, looser.";
    ApproxSin approx_sin_f64 approx_sin_f32 = {approx::sin, rare: libm::sin}, "Sine, looser.";
    ApproxCos approx_cos_f64 approx_cos_f32 = {approx::cos, rare: libm::cos}, "Cosine, looser.";
    ApproxTan approx_tan_f64 approx_tan_f32 = {approx::tan, rare: libm::tan}, "Tangent, looser.";
    ApproxAsin approx_asin_f64 approx_asin_f32 = {approx::asin}, "Arc sine, looser.";
    ApproxAcos approx_acos_f64 approx_acos_f32 = {approx::acos}, "Arc cosine, looser.";
    ApproxAtan approx_atan_f64 approx_atan_f32 = {approx::atan}, "Arc tangent, looser.";
}

functions! {
    BINARY FUSED_BINARY fused_binary: Binary (x, y), "Operations with two float operands, in table order, with the functions for f64 and f32.";
    Rem rem_f64 rem_f32 = {libm::fmod, libm::fmodf}, "fmod: remainder with the sign of `x`; exact.";
    Powf powf_f64 powf_f32 = {power::powf}, "x^y.";
    Atan2 atan2_f64 atan2_f32 = {arc::atan2}, "Angle of the point (y, x): `x` is the ordinate, as in `y.atan2(x)`.";
    Hypot hypot_f64 hypot_f32 = {power::hypot}, "sqrt(x^2 + y^2).";
    ApproxAtan2 approx_atan2_f64 approx_atan2_f32 = {approx::atan2}, "Angle of the point (y, x), looser.";
}

/// x * y + z with one rounding.
pub fn mul_add_f64(x: f64, y: f64, z: f64) -> f64 {
    libm::fma(x, y, z)
}

/// x * y + z with one rounding.
pub fn mul_add_f32(x: f32, y: f32, z: f32) -> f32 {
    libm::fmaf(x, y, z)
}

/// The operation with three float operands, with the functions for f64 and f32.
pub const TERNARY: &[Ternary] = &[(Op::MulAdd, mul_add_f64, mul_add_f32)];

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
mod gamma_tests;
#[cfg(test)]
mod lanes_tests;
#[cfg(test)]
mod tests;
