//! Logarithms: x = 2^k m with m from sqrt(1/2) to sqrt(2), s = (m - 1) / (m + 1), and a series in s^2.
//!
//! `ln` and `ln_1p` put 2 s + ... together so that m - 1, which is exact, is the greatest term; the others
//! need the logarithm of m in two parts, for they multiply it.

use super::coefficients::{LN, LN_TAIL, LN2, LOG2_E, LOG10_2, LOG10_E, THIRD};
use super::lanes::{Lanes, MAGIC};
use super::pair::{Pair, constant, polynomial, product, product_pair, sum, sum_ordered};

/// The bits of sqrt(1/2).
const ROOT_HALF_BITS: i64 = 0x3fe6_a09e_667f_3bcd;

/// k and m of a positive normal x.
#[inline(always)]
fn split_normal<L: Lanes>(l: &L, x: L::F) -> (L::F, L::F) {
    let root = l.int(ROOT_HALF_BITS);
    // 1.0 becomes the least that has its exponent.
    let shifted = l.isub(l.bits(x), l.isub(root, l.int(super::lanes::ONE_BITS)));
    let m = l.iadd(l.iand(shifted, l.int(0x000f_ffff_ffff_ffff)), root);
    // The exponent as the low bits of a float of 2^52.
    let k = l.ior(l.shr(shifted, 52), l.int(0x4330_0000_0000_0000));
    (l.sub(l.of_bits(k), l.float(4_503_599_627_370_496.0 + 1023.0)), l.of_bits(m))
}

/// k and m of any positive x.
#[inline(always)]
pub(super) fn split<L: Lanes>(l: &L, x: L::F) -> (L::F, L::F) {
    let small = l.lt(x, l.float(f64::MIN_POSITIVE));
    let (k, m) = split_normal(l, l.select(small, l.mul(x, l.float(18_014_398_509_481_984.0)), x));
    (l.select(small, l.sub(k, l.float(54.0)), k), m)
}

/// The limits: infinity at infinity, -infinity at 0, NaN below and for NaN.
#[inline(always)]
pub(super) fn with_limits<L: Lanes>(l: &L, x: L::F, y: L::F) -> L::F {
    let (zero, infinity) = (l.float(0.0), l.float(f64::INFINITY));
    let y = l.select(l.lt(x, infinity), y, x);
    let below = l.select(l.eq(x, zero), l.neg(infinity), l.float(f64::NAN));
    l.select(l.le(x, zero), below, y)
}

/// ln((1 + f + rest) 2^k), a tiny rest.
#[inline(always)]
fn of_parts<L: Lanes>(l: &L, k: L::F, f: L::F, rest: Option<L::F>) -> L::F {
    let s = l.div(f, l.add(l.float(2.0), f));
    let z = l.mul(s, s);
    let half_square = l.mul(l.mul(f, f), l.float(0.5));
    let series = l.fma(z, polynomial(l, z, &LN), half_square);
    let mut low = l.mul(k, l.float(LN2.1));
    if let Some(rest) = rest {
        // Times 1 / (1 + f), near enough.
        let slope = l.sub(l.float(1.0), l.mul(f, l.sub(l.float(1.0), f)));
        low = l.fma(rest, slope, low);
    }
    let low = l.fma(s, series, low);
    l.fma(k, l.float(LN2.0), l.sub(f, l.sub(half_square, low)))
}

/// Natural logarithm.
#[inline(always)]
pub(super) fn ln<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (k, m) = split(l, x);
    let y = of_parts(l, k, l.sub(m, l.float(1.0)), None);
    with_limits(l, x, y)
}

/// ln(1 + x).
#[inline(always)]
pub(super) fn ln_1p<L: Lanes>(l: &L, x: L::F) -> L::F {
    let y = ln_one_plus(l, x, None);
    // Keeps the sign of a zero.
    l.select(l.eq(x, l.float(0.0)), x, y)
}

/// ln(1 + x), or ln((1 + x + rest) 2^shift) with a rest that is tiny against x.
#[inline(always)]
pub(super) fn ln_one_plus<L: Lanes>(l: &L, x: L::F, more: Option<Pair<L::F>>) -> L::F {
    let (one, zero) = (l.float(1.0), l.float(0.0));
    let (u, mut u_low) = sum(l, one, x);
    if let Some((rest, _)) = more {
        u_low = l.add(u_low, rest);
    }
    let (k, m) = split_normal(l, u);
    let near = l.eq(k, zero);
    let f = l.select(near, x, l.sub(m, one));
    // 2^-k times what u has lost; from 2^60 on that does not count, and might be an infinity.
    let far = l.lt(l.float(60.0), k);
    let lost = l.mul(u_low, l.power(l.sub(l.float(MAGIC), l.select(far, zero, k))));
    let lost = l.select(far, zero, lost);
    let y = match more {
        None => of_parts(l, k, f, Some(l.select(near, zero, lost))),
        Some((rest, shift)) => of_parts(l, l.add(k, shift), f, Some(l.select(near, rest, lost))),
    };
    with_limits(l, u, y)
}

/// k and ln(m) in two parts, good to 2^-64 of it, of a positive x.
#[inline(always)]
pub(super) fn ln_mantissa<L: Lanes>(l: &L, x: L::F) -> (L::F, Pair<L::F>) {
    let (k, m) = split(l, x);
    let (one, two) = (l.float(1.0), l.float(2.0));
    let f = l.sub(m, one);
    let (d, d_low) = sum_ordered(l, two, f);
    let s = l.div(f, d);
    let minus_s = l.neg(s);
    // 1 / (2 + f) = (1 - s) / 2.
    let inverse = l.fma(minus_s, l.float(0.5), l.float(0.5));
    let s_low = l.mul(l.fma(minus_s, d_low, l.fma(minus_s, d, f)), inverse);
    let (z, z_low) = product(l, s, s);
    let z_low = l.fma(l.add(s, s), s_low, z_low);
    // atanh(s) / s = 1 + z (1/3 + z P(z)).
    let third = constant(l, THIRD);
    let (c, c_low) = sum_ordered(l, third.0, l.mul(z, polynomial(l, z, &LN_TAIL)));
    let (w, w_low) = product_pair(l, (z, z_low), (c, l.add(c_low, third.1)));
    let (t, t_low) = product_pair(l, (s, s_low), (w, w_low));
    let (hi, lo) = sum_ordered(l, s, t);
    let lo = l.add(lo, l.add(s_low, t_low));
    (k, (l.mul(hi, two), l.mul(lo, two)))
}

/// k * unit + factor * ln(m).
#[inline(always)]
fn of_base<L: Lanes>(l: &L, x: L::F, unit: Pair<L::F>, factor: Pair<L::F>) -> Pair<L::F> {
    let (k, ln) = ln_mantissa(l, x);
    let (whole, whole_low) = product(l, k, unit.0);
    let (part, part_low) = product_pair(l, ln, factor);
    let (hi, lo) = sum_ordered(l, whole, part);
    (hi, l.add(lo, l.add(part_low, l.fma(k, unit.1, whole_low))))
}

/// Logarithm to base 2.
#[inline(always)]
pub(super) fn log2<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (hi, lo) = of_base(l, x, constant(l, (1.0, 0.0)), constant(l, LOG2_E));
    with_limits(l, x, l.add(hi, lo))
}

/// Logarithm to base 10.
#[inline(always)]
pub(super) fn log10<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (hi, lo) = of_base(l, x, constant(l, LOG10_2), constant(l, LOG10_E));
    with_limits(l, x, l.add(hi, lo))
}

/// ln(x) in two parts, of a positive finite x.
#[inline(always)]
pub(super) fn ln_pair<L: Lanes>(l: &L, x: L::F) -> Pair<L::F> {
    let (k, (part, part_low)) = ln_mantissa(l, x);
    let unit = constant(l, LN2);
    let (whole, whole_low) = product(l, k, unit.0);
    let (hi, lo) = sum_ordered(l, whole, part);
    (hi, l.add(lo, l.add(part_low, l.fma(k, unit.1, whole_low))))
}
