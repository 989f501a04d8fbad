//! e^x, 2^x and e^x - 1, and the core they share: x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial.
//!
//! The first step of the reduction, x - n * LN2.0, is exact: n ln 2 is a multiple of 2^-53, so is x where n is
//! not zero, and what is left has no more than 53 bits. 1 + r is summed in two parts, for r is rounded in the
//! last place of itself and the result would otherwise be rounded twice in a row.

use super::coefficients::{EXP, EXP_M1, LN2};
use super::lanes::{Lanes, MAGIC};
use super::pair::{Pair, at_least, at_most, polynomial, product, sum_ordered};

/// e^x.
#[inline(always)]
pub(super) fn exp<L: Lanes>(l: &L, x: L::F) -> L::F {
    // Beyond, the result is 0 or infinity, and stays so.
    let x = clamped(l, x, -760.0, 720.0);
    let n = nearest(l, x, std::f64::consts::LOG2_E);
    let r = l.fma(n, l.float(-LN2.0), x);
    let r = l.fma(n, l.float(-LN2.1), r);
    let (hi, lo) = sum_ordered(l, l.float(1.0), r);
    let low = l.fma(polynomial(l, r, &EXP), l.mul(r, r), lo);
    l.scale(l.add(hi, low), n)
}

/// 2^x.
#[inline(always)]
pub(super) fn exp2<L: Lanes>(l: &L, x: L::F) -> L::F {
    let x = clamped(l, x, -1080.0, 1030.0);
    let n = nearest(l, x, 1.0);
    let f = l.sub(x, n);
    let (r, rest) = product(l, f, l.float(LN2.0));
    let r_low = l.fma(f, l.float(LN2.1), rest);
    let (hi, lo) = of_small(l, (r, r_low));
    l.scale(l.add(hi, lo), n)
}

/// e^x - 1.
#[inline(always)]
pub(super) fn exp_m1<L: Lanes>(l: &L, x: L::F) -> L::F {
    let limited = clamped(l, x, -50.0, 720.0);
    let n = nearest(l, limited, std::f64::consts::LOG2_E);
    let (r, r_low) = reduced(l, (limited, l.float(0.0)), n);
    // 2^n ((1 - 2^-n) + (e^r - 1)); from n = 60 on, 2^-n does not count.
    let one = l.float(1.0);
    let bits_60 = l.float(MAGIC - 60.0);
    let minus_n = l.sub(l.float(MAGIC), n);
    let power = l.power(l.select(l.lt(minus_n, bits_60), bits_60, minus_n));
    // And e^r - 1 = r + r^2 / 2 + r^3 P(r), each part no greater than the one before.
    let (less, less_low) = sum_ordered(l, one, l.neg(power));
    let (hi, lo) = sum_ordered(l, less, r);
    let (square, square_low) = product(l, r, r);
    let half = l.float(0.5);
    let (hi, middle) = sum_ordered(l, hi, l.mul(square, half));
    let low = l.fma(l.mul(square, r), polynomial(l, r, &EXP_M1), l.mul(square_low, half));
    let low = l.fma(r_low, l.add(one, r), low);
    let y = l.scale(l.add(hi, l.add(l.add(l.add(lo, less_low), middle), low)), n);
    // Keeps the sign of a zero.
    l.select(l.eq(x, l.float(0.0)), x, y)
}

/// x limited to low..high; NaN stays.
#[inline(always)]
pub(super) fn clamped<L: Lanes>(l: &L, x: L::F, low: f64, high: f64) -> L::F {
    at_least(l, at_most(l, x, high), low)
}

/// The whole number nearest to x * factor.
#[inline(always)]
pub(super) fn nearest<L: Lanes>(l: &L, x: L::F, factor: f64) -> L::F {
    let magic = l.float(MAGIC);
    l.sub(l.fma(x, l.float(factor), magic), magic)
}

/// x - n ln 2 in two parts.
#[inline(always)]
pub(super) fn reduced<L: Lanes>(l: &L, x: Pair<L::F>, n: L::F) -> Pair<L::F> {
    let high = l.fma(n, l.float(-LN2.0), x.0);
    let part = l.fma(n, l.float(-LN2.1), x.1);
    sum_ordered(l, high, part)
}

/// e^(r.hi + r.lo), |r| <= ln 2 / 2, in two parts: 1 + r, and the rest with r^2 / 2 apart from r^3 P(r).
#[inline(always)]
fn of_small<L: Lanes>(l: &L, r: Pair<L::F>) -> Pair<L::F> {
    let (r, r_low) = r;
    let (hi, lo) = sum_ordered(l, l.float(1.0), r);
    let square = l.mul(r, r);
    let middle = l.fma(square, l.float(0.5), l.fma(r_low, hi, lo));
    (hi, l.fma(l.mul(square, r), polynomial(l, r, &EXP_M1), middle))
}

/// e^(x.hi + x.lo) as a pair times 2^n, for an x in -760..720.
#[inline(always)]
pub(super) fn of_pair<L: Lanes>(l: &L, x: Pair<L::F>) -> (Pair<L::F>, L::F) {
    let n = nearest(l, x.0, std::f64::consts::LOG2_E);
    let (r, r_low) = reduced(l, x, n);
    (of_small(l, (r, r_low)), n)
}
