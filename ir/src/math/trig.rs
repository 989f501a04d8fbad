//! Sine, cosine and tangent: |x| = n pi/2 + r, |r| <= pi/4, and both polynomials.
//!
//! The first step, |x| - n * HALF_PI.0, is exact as in `exp`, for both are multiples of 2^-53. The next part of
//! pi/2 is multiplied in two parts, or else the remainder would be wrong just where it matters, close to a
//! multiple of pi/2. Three parts of pi/2 are enough up to `LIMIT`; beyond, the lane is rare and computed
//! by libm, which has as many digits as it takes.

use super::coefficients::{COS, HALF_PI, SIN};
use super::lanes::{Lanes, MAGIC};
use super::pair::{Pair, polynomial, product, quotient, sign_of, sum_ordered, with_sign};

/// Arguments beyond are rare.
pub(super) const LIMIT: f64 = 1e8;

/// Sine and cosine of the remainder in two parts, and the quadrant in the low bits.
struct Turned<L: Lanes> {
    sin: Pair<L::F>,
    cos: Pair<L::F>,
    quadrant: L::I,
}

#[inline(always)]
fn turned<L: Lanes>(l: &L, magnitude: L::F) -> Turned<L> {
    l.rare(l.lt(l.float(LIMIT), magnitude));
    let magic = l.float(MAGIC);
    let shifted = l.fma(magnitude, l.float(std::f64::consts::FRAC_2_PI), magic);
    let minus_n = l.sub(magic, shifted);
    let high = l.fma(minus_n, l.float(HALF_PI.0), magnitude);
    let (part, part_low) = product(l, minus_n, l.float(HALF_PI.1));
    let (r, r_low) = sum_ordered(l, high, part);
    let low = l.fma(minus_n, l.float(HALF_PI.2), l.add(r_low, part_low));
    let (sin, cos) = of_remainder(l, (r, low));
    Turned { sin, cos, quadrant: l.bits(shifted) }
}

/// Sine and cosine of an angle up to pi/4, each in two parts that may have to be put in order.
#[inline(always)]
pub(super) fn of_remainder<L: Lanes>(l: &L, (r, low): Pair<L::F>) -> (Pair<L::F>, Pair<L::F>) {
    let (z, z_low) = product(l, r, r);
    // 1 - z / 2 in two parts: half of z is exact, so it need not be a step of its own.
    let (one, minus_half) = (l.float(1.0), l.float(-0.5));
    let cos = l.fma(z, minus_half, one);
    let cos_low = l.fma(z, minus_half, l.sub(one, cos));
    let cos_low = l.fma(z_low, minus_half, cos_low);
    let sin_series = l.mul(l.mul(r, z), polynomial(l, z, &SIN));
    let cos_series = l.fma(l.mul(z, z), polynomial(l, z, &COS), cos_low);
    ((r, l.fma(low, cos, sin_series)), (cos, l.sub(cos_series, l.mul(r, low))))
}

/// Bit 1 of the quadrant as a sign.
#[inline(always)]
fn half_turn<L: Lanes>(l: &L, quadrant: L::I) -> L::I {
    l.shl(l.iand(quadrant, l.int(2)), 62)
}

/// Whether the quadrant is 0 or 2.
#[inline(always)]
fn is_even<L: Lanes>(l: &L, quadrant: L::I) -> L::M {
    l.ieq(l.iand(quadrant, l.int(1)), l.int(0))
}

/// Sine.
#[inline(always)]
pub(super) fn sin<L: Lanes>(l: &L, x: L::F) -> L::F {
    let t = turned(l, l.abs(x));
    let even = is_even(l, t.quadrant);
    let y = l.select(even, l.add(t.sin.0, t.sin.1), l.add(t.cos.0, t.cos.1));
    with_sign(l, y, l.ixor(sign_of(l, x), half_turn(l, t.quadrant)))
}

/// Cosine.
#[inline(always)]
pub(super) fn cos<L: Lanes>(l: &L, x: L::F) -> L::F {
    let t = turned(l, l.abs(x));
    let even = is_even(l, t.quadrant);
    let y = l.select(even, l.add(t.cos.0, t.cos.1), l.add(t.sin.0, t.sin.1));
    with_sign(l, y, half_turn(l, l.iadd(t.quadrant, l.int(1))))
}

/// Tangent.
#[inline(always)]
pub(super) fn tan<L: Lanes>(l: &L, x: L::F) -> L::F {
    let t = turned(l, l.abs(x));
    let even = is_even(l, t.quadrant);
    let (sin, sin_low) = sum_ordered(l, t.sin.0, t.sin.1);
    let (cos, cos_low) = sum_ordered(l, t.cos.0, t.cos.1);
    let sign = sign_of(l, sin);
    let (sin, sin_low) = (with_sign(l, sin, sign), with_sign(l, sin_low, sign));
    let above = (l.select(even, sin, cos), l.select(even, sin_low, cos_low));
    let below = (l.select(even, cos, sin), l.select(even, cos_low, sin_low));
    let (q, q_low) = quotient(l, above, below);
    // In odd quadrants it is -cos / sin.
    let turn = l.shl(t.quadrant, 63);
    with_sign(l, l.add(q, q_low), l.ixor(l.ixor(sign_of(l, x), sign), turn))
}
