//! Methods of floats that kernels have and stable Rust lacks, so that a `#[kernel]` function that uses
//! them compiles as a plain function too. The functions are those that the interpreter calls.

use filbert_ir::math;

/// Mathematical functions that `f32` and `f64` of stable Rust do not have.
///
/// `#[kernel]` brings it into scope in the function that it stands before.
pub trait FloatExt: Copy {
    /// The error function.
    fn erf(self) -> Self;
    /// `1 - erf(x)`, accurate for large values.
    fn erfc(self) -> Self;
    /// The gamma function.
    fn gamma(self) -> Self;
    /// The natural logarithm of the absolute value of the gamma function. (Rust's unstable method of this
    /// name also gives the sign.)
    fn ln_gamma(self) -> Self;
}

impl FloatExt for f32 {
    fn erf(self) -> f32 {
        math::erf_f32(self)
    }

    fn erfc(self) -> f32 {
        math::erfc_f32(self)
    }

    fn gamma(self) -> f32 {
        math::gamma_f32(self)
    }

    fn ln_gamma(self) -> f32 {
        math::ln_gamma_f32(self)
    }
}

impl FloatExt for f64 {
    fn erf(self) -> f64 {
        math::erf_f64(self)
    }

    fn erfc(self) -> f64 {
        math::erfc_f64(self)
    }

    fn gamma(self) -> f64 {
        math::gamma_f64(self)
    }

    fn ln_gamma(self) -> f64 {
        math::ln_gamma_f64(self)
    }
}
