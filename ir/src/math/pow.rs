//! x^y for f64: libm's, but for one corner.
//!
//! FreeBSD's `pow` multiplies t = |x| - 1 by 24 bits of 1/ln 2 and takes the product for exact, where |y| is
//! beyond 2^31 and |t| within 2^-20. Between 2^-24 and 2^-20 it is not, and the rounding grows with y: 567 ulp
//! were seen at 1.000000181415009^3518795075.78. Here the logarithm keeps its low part.

use std::f64::consts::{LN_2, LOG2_E};

/// What 1/ln 2 has beyond its f64.
const LOG2_E_LOW: f64 = 2.035_527_374_093_103_3e-17;

/// x^y.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    let power = libm::pow(x, y);
    let t = x.abs() - 1.0;
    let is_corner = y.is_finite() && y.abs() > 2_147_483_648.0 && t.abs() < 9.6e-7 && t != 0.0;
    // The sign, and whether a negative x has a power at all, are right already.
    if is_corner && !power.is_nan() { near_one(t, y).copysign(power) } else { power }
}

/// (1 + t)^y for a small t: 2^(y log2(1 + t)), with products in two parts.
fn near_one(t: f64, y: f64) -> f64 {
    // ln(1 + t) = t + low; |low| is within 2^-20 of |t|, so that its own rounding does not count.
    let low = -t * t * (0.5 - t * (1.0 / 3.0 - t * (0.25 - t * 0.2)));
    let log = t * LOG2_E;
    let log_low = libm::fma(t, LOG2_E, -log) + (low * LOG2_E + t * LOG2_E_LOW);
    let product = y * log;
    let rest = libm::fma(y, log, -product) + y * log_low;
    if product.is_infinite() {
        return libm::exp2(product);
    }
    let exponent = product + rest;
    let exponent_low = rest - (exponent - product);
    let power = libm::exp2(exponent);
    if power.is_infinite() || power == 0.0 { power } else { libm::fma(power, exponent_low * LN_2, power) }
}
