//! Numbers in two parts, hi + lo, for the steps where one rounding too many would show, and polynomials.
//!
//! With an fma the error of a product is one step, and the error of a sum three. No part of a pair is ever
//! rounded into the other before the end of a function.

use super::lanes::Lanes;

/// hi + lo, |lo| small against |hi|.
pub(super) type Pair<F> = (F, F);

/// a + b exactly, for |a| >= |b|, or where a is zero or a multiple of b's last place.
#[inline(always)]
pub(super) fn sum_ordered<L: Lanes>(l: &L, a: L::F, b: L::F) -> Pair<L::F> {
    let hi = l.add(a, b);
    (hi, l.sub(b, l.sub(hi, a)))
}

/// a + b exactly.
#[inline(always)]
pub(super) fn sum<L: Lanes>(l: &L, a: L::F, b: L::F) -> Pair<L::F> {
    let hi = l.add(a, b);
    let b_part = l.sub(hi, a);
    let a_part = l.sub(hi, b_part);
    (hi, l.add(l.sub(a, a_part), l.sub(b, b_part)))
}

/// a * b exactly.
#[inline(always)]
pub(super) fn product<L: Lanes>(l: &L, a: L::F, b: L::F) -> Pair<L::F> {
    let hi = l.mul(a, b);
    (hi, l.fma(a, b, l.neg(hi)))
}

/// (a.hi + a.lo) * b, but for the rounding of the low part.
#[inline(always)]
pub(super) fn product_pair<L: Lanes>(l: &L, a: Pair<L::F>, b: Pair<L::F>) -> Pair<L::F> {
    let (hi, lo) = product(l, a.0, b.0);
    (hi, l.fma(a.0, b.1, l.fma(a.1, b.0, lo)))
}

/// A constant in two parts.
#[inline(always)]
pub(super) fn constant<L: Lanes>(l: &L, value: (f64, f64)) -> Pair<L::F> {
    (l.float(value.0), l.float(value.1))
}

/// 1 / a to within 5.1 %, for an a > 0 from 2^-1000 to 2^1000: enough to weigh the remainder of a division.
#[inline(always)]
pub(super) fn rough_reciprocal<L: Lanes>(l: &L, a: L::F) -> L::F {
    l.of_bits(l.isub(l.int(0x7fde_6238_22fc_16e6), l.bits(a)))
}

/// The quotient of two pairs, as a pair: its low part corrects the first quotient. The divisor is positive, and
/// the low parts are no more than a rounding.
#[inline(always)]
pub(super) fn quotient<L: Lanes>(l: &L, a: Pair<L::F>, b: Pair<L::F>) -> Pair<L::F> {
    let q = l.div(a.0, b.0);
    let rest = l.fma(l.neg(q), b.0, a.0);
    let rest = l.add(rest, l.fma(l.neg(q), b.1, a.1));
    (q, l.mul(rest, rough_reciprocal(l, b.0)))
}

/// sqrt(a.hi + a.lo) as a pair, a.hi >= 0.
#[inline(always)]
pub(super) fn root<L: Lanes>(l: &L, a: Pair<L::F>) -> Pair<L::F> {
    let s = l.sqrt(a.0);
    let rest = l.add(l.fma(l.neg(s), s, a.0), a.1);
    (s, l.mul(rest, half_reciprocal_of_root(l, a.0)))
}

/// sqrt(a) as a pair, a >= 0.
#[inline(always)]
pub(super) fn root_of<L: Lanes>(l: &L, a: L::F) -> Pair<L::F> {
    let s = l.sqrt(a);
    let rest = l.fma(l.neg(s), s, a);
    (s, l.mul(rest, half_reciprocal_of_root(l, a)))
}

/// 0.5 / sqrt(a) to within 4 %, by halving the exponent; finite where a is zero.
#[inline(always)]
fn half_reciprocal_of_root<L: Lanes>(l: &L, a: L::F) -> L::F {
    l.of_bits(l.isub(l.int(0x5fd6_eb50_c7b5_37a9), l.shr(l.bits(a), 1)))
}

/// A polynomial, lowest coefficient first. All but that one: fours of coefficients by twos of twos, the fours by
/// Horner's rule in x^4, which is half as deep as Horner's rule throughout. The lowest, which is the greatest
/// part of the sum, is added by the last step, so that it is rounded with one step and not with three.
#[inline(always)]
pub(super) fn polynomial<L: Lanes, const N: usize>(l: &L, x: L::F, c: &[f64; N]) -> L::F {
    let x2 = l.mul(x, x);
    let two = |i: usize| {
        let low = l.float(c[i]);
        if i + 1 < N { l.fma(l.float(c[i + 1]), x, low) } else { low }
    };
    let four = |i: usize| if i + 2 < N { l.fma(two(i + 2), x2, two(i)) } else { two(i) };
    let mut i = (N - 2) / 4 * 4 + 1;
    let mut total = four(i);
    if i > 1 {
        let x4 = l.mul(x2, x2);
        while i > 1 {
            i -= 4;
            total = l.fma(total, x4, four(i));
        }
    }
    l.fma(total, x, l.float(c[0]))
}

/// A polynomial, lowest coefficient first, of an x whose square is at hand: the even and the odd coefficients,
/// each by Horner's rule in the square. Not as deep as Horner's rule throughout, and no step more.
#[inline(always)]
pub(super) fn polynomial_by_square<L: Lanes, const N: usize>(l: &L, x: L::F, square: L::F, c: &[f64; N]) -> L::F {
    let mut chains = [l.float(c[(N - 1) / 2 * 2]), l.float(c[N / 2 * 2 - 1])];
    for i in (0..N - 2).rev() {
        chains[i % 2] = l.fma(chains[i % 2], square, l.float(c[i]));
    }
    l.fma(chains[1], x, chains[0])
}

/// `value` with the sign bit turned where `sign` has it set.
#[inline(always)]
pub(super) fn with_sign<L: Lanes>(l: &L, value: L::F, sign: L::I) -> L::F {
    l.of_bits(l.ixor(l.bits(value), sign))
}

/// The sign bit of a float.
#[inline(always)]
pub(super) fn sign_of<L: Lanes>(l: &L, a: L::F) -> L::I {
    l.iand(l.bits(a), l.int(super::lanes::SIGN))
}

/// The float where it is below the limit (or NaN), else the limit.
#[inline(always)]
pub(super) fn at_most<L: Lanes>(l: &L, a: L::F, limit: f64) -> L::F {
    let limit = l.float(limit);
    l.select(l.lt(limit, a), limit, a)
}

/// The float where it is above the limit (or NaN), else the limit.
#[inline(always)]
pub(super) fn at_least<L: Lanes>(l: &L, a: L::F, limit: f64) -> L::F {
    let limit = l.float(limit);
    l.select(l.lt(a, limit), limit, a)
}
