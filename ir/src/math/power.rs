//! Powers and roots: x^y, the cube root and the length of a vector.
//!
//! x^y is e^(y ln x), where y multiplies the error of the logarithm by up to 745: hence the logarithm, the
//! product and the exponential are in two parts.

use super::coefficients::CBRT;
use super::exp::{nearest, of_pair};
use super::lanes::Lanes;
use super::log::{ln_pair, split};
use super::pair::{polynomial, product, root, sign_of, sum_ordered, with_sign};

/// x^y.
#[inline(always)]
pub(super) fn powf<L: Lanes>(l: &L, x: L::F, y: L::F) -> L::F {
    let (zero, one, infinity) = (l.float(0.0), l.float(1.0), l.float(f64::INFINITY));
    let magnitude = l.abs(x);
    let (ln, ln_low) = ln_pair(l, magnitude);
    let at_zero = l.eq(magnitude, zero);
    let ln = l.select(l.lt(magnitude, infinity), ln, magnitude);
    let ln = l.select(at_zero, l.neg(infinity), ln);
    let (e, e_low) = product(l, y, ln);
    let e_low = l.fma(y, ln_low, e_low);
    // Beyond these the result is infinite or zero; the low part may be anything there.
    let (low, high) = (l.float(-760.0), l.float(720.0));
    let under = l.le(e, low);
    let over = l.le(high, e);
    let e_low = l.select(l.or(under, over), zero, e_low);
    let e = l.select(under, low, l.select(over, high, e));
    let ((hi, lo), n) = of_pair(l, (e, e_low));
    let power = l.scale(l.add(hi, lo), n);
    // 1 to any power, also an infinite one, is 1.
    let power = l.select(l.eq(magnitude, one), l.select(l.eq(y, y), one, y), power);

    // A negative x has powers that are whole, and odd ones are negative. From 2^53 on all are even.
    let rank = l.abs(y);
    let two_52 = l.float(4_503_599_627_370_496.0);
    let is_short = l.lt(rank, two_52);
    let counted = l.select(is_short, l.add(rank, two_52), rank);
    let is_whole = l.or(l.not(is_short), l.eq(l.sub(counted, two_52), rank));
    let last = l.shl(l.bits(counted), 63);
    let odd = l.iselect(l.and(is_whole, l.lt(rank, l.float(9_007_199_254_740_992.0))), last, l.int(0));
    let power = with_sign(l, power, l.iand(odd, sign_of(l, x)));
    let is_finite_negative = l.and(l.lt(x, zero), l.lt(magnitude, infinity));
    let power = l.select(l.and(is_finite_negative, l.not(is_whole)), l.float(f64::NAN), power);
    l.select(l.or(l.eq(y, zero), l.eq(x, one)), one, power)
}

/// Cube root: 1 / cbrt(a) from a polynomial, made exact to 2^-60 by one step of the fourth order, and then
/// a times its square, corrected.
#[inline(always)]
pub(super) fn cbrt<L: Lanes>(l: &L, x: L::F) -> L::F {
    let zero = l.float(0.0);
    let magnitude = l.abs(x);
    let (k, m) = split(l, magnitude);
    let q = nearest(l, k, 1.0 / 3.0);
    let j = l.fma(q, l.float(-3.0), k);
    let choose = |below: f64, at: f64, above: f64| {
        let or_above = l.select(l.lt(zero, j), l.float(above), l.float(at));
        l.select(l.lt(j, zero), l.float(below), or_above)
    };
    let a = l.mul(m, choose(0.5, 1.0, 2.0));
    // 2^(1/3), 1, 2^(-1/3).
    let factor = choose(1.259_921_049_894_873_2, 1.0, 0.793_700_525_984_099_7);
    let y = l.mul(polynomial(l, m, &CBRT), factor);
    let h = l.fma(l.neg(l.mul(a, y)), l.mul(y, y), l.float(1.0));
    let series = l.fma(l.fma(h, l.float(14.0 / 81.0), l.float(2.0 / 9.0)), h, l.float(1.0 / 3.0));
    let y = l.fma(l.mul(y, h), series, y);
    let square = l.mul(y, y);
    let c = l.mul(a, square);
    let (c2, c2_low) = product(l, c, c);
    let rest = l.fma(l.neg(c2_low), c, l.fma(l.neg(c2), c, a));
    let c = l.fma(rest, l.mul(square, l.float(1.0 / 3.0)), c);
    let y = with_sign(l, l.scale(c, q), sign_of(l, x));
    let is_ordinary = l.and(l.lt(zero, magnitude), l.lt(magnitude, l.float(f64::INFINITY)));
    l.select(is_ordinary, y, l.add(x, x))
}

/// sqrt(x^2 + y^2).
#[inline(always)]
pub(super) fn hypot<L: Lanes>(l: &L, x: L::F, y: L::F) -> L::F {
    let (x, y) = (l.abs(x), l.abs(y));
    let (one, infinity) = (l.float(1.0), l.float(f64::INFINITY));
    let swap = l.lt(x, y);
    let (a, b) = (l.select(swap, y, x), l.select(swap, x, y));
    let is_large = l.lt(l.float(1e150), a);
    let is_small = l.lt(a, l.float(1e-130));
    let up = l.float(f64::from_bits(0x6570_0000_0000_0000)); // 2^600
    let down = l.float(f64::from_bits(0x1a70_0000_0000_0000)); // 2^-600
    let factor = l.select(is_large, down, l.select(is_small, up, one));
    let back = l.select(is_large, up, l.select(is_small, down, one));
    let (a, b) = (l.mul(a, factor), l.mul(b, factor));
    let (a2, a2_low) = product(l, a, a);
    let (b2, b2_low) = product(l, b, b);
    let (hi, lo) = sum_ordered(l, a2, b2);
    let (s, s_low) = root(l, (hi, l.add(lo, l.add(a2_low, b2_low))));
    let length = l.mul(l.add(s, s_low), back);
    let is_infinite = l.or(l.eq(x, infinity), l.eq(y, infinity));
    l.select(is_infinite, infinity, length)
}
