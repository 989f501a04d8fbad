//! The gamma function and its logarithm.
//!
//! From 8 on by Stirling's formula, ln gamma(x) = (x - 1/2) (ln x - 1) + ln sqrt(2 pi) - 1/2 + P(1 / x^2) / x, in
//! two parts. Below, gamma(x) = (x - 1) gamma(x - 1) leads to the interval from 1 to 2, without a rounding of
//! x, and there both functions are polynomials: gamma itself, and ln gamma without its zeros at 1 and 2. A
//! negative x is reflected: gamma(-a) = -pi / (sin(pi a) gamma(1 + a)).
//!
//! These two are for one lane: their parts have nothing in common, so that a vector which computes all of
//! them would be slower than a branch. Hence plain operators, each rounded once as the steps of `Lanes` are.

use super::coefficients::{GAMMA, GAMMA_LEAD, LN_GAMMA, LN_GAMMA_LEAD, LN_PI, PI, STIRLING, STIRLING_LEAD};
use super::exp::of_pair;
use super::lanes::{Fuse, Lanes, Scalar};
use super::log::{ln, ln_pair};
use super::pair::{Pair, polynomial, product, product_pair, quotient, sum, sum_ordered};
use super::trig::of_remainder;

/// From here on Stirling's formula.
const LARGE: f64 = 8.0;
/// 2^-60: below, gamma(x) is 1 / x.
const TINY: f64 = 8.673617379884035e-19;
/// 2^52: from here on all are whole.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// lead + t (first + t P(t)), t = f - 1/2, for an f from 0 to 1. The slope is that of the sum, roughly, for an f
/// below 1/4, where t is rounded. The first coefficient stands apart, for at the ends of the interval two matter.
#[inline(always)]
fn around_half<S: Fuse, const N: usize>(
    l: &Scalar<S>,
    f: f64,
    (lead, first, slope): (Pair<f64>, f64, f64),
    others: &[f64; N],
) -> Pair<f64> {
    let (t, t_low) = sum_ordered(l, -0.5, f);
    let series = l.fma(polynomial(l, t, others), t, first);
    let (hi, lo) = sum_ordered(l, lead.0, t * series);
    (hi, l.fma(t_low, slope, lo + lead.1))
}

/// gamma(1 + f), f from 0 to 1.
#[inline(always)]
fn gamma_near<S: Fuse>(l: &Scalar<S>, f: f64) -> Pair<f64> {
    let [first, others @ ..] = &GAMMA;
    around_half(l, f, (GAMMA_LEAD, *first, -0.4), others)
}

/// ln gamma(1 + f), f from 0 to 1; it is zero at both ends.
#[inline(always)]
fn ln_gamma_near<S: Fuse>(l: &Scalar<S>, f: f64) -> Pair<f64> {
    let (g, g_low) = sum(l, f, -1.0);
    let (zeros, zeros_low) = product(l, f, g);
    let zeros_low = l.fma(f, g_low, zeros_low);
    let [first, others @ ..] = &LN_GAMMA;
    let others = around_half(l, f, (LN_GAMMA_LEAD, *first, -0.2), others);
    let (hi, lo) = product_pair(l, (zeros, zeros_low), others);
    sum_ordered(l, hi, lo)
}

/// The factor and the f of gamma(a) = factor * gamma(1 + f), for an a from 1 to `LARGE`; and of gamma(1 + a) for
/// an a below 1. Each a - k is exact.
#[inline(always)]
fn descended<S: Fuse>(l: &Scalar<S>, a: f64) -> (Pair<f64>, f64) {
    if a < 1.0 {
        return ((1.0, 0.0), a);
    }
    let (mut factor, mut y) = ((1.0, 0.0), a);
    while y >= 2.0 {
        y -= 1.0;
        factor = times(l, factor, y);
    }
    (factor, y - 1.0)
}

/// A pair times a float.
#[inline(always)]
fn times<S: Fuse>(l: &Scalar<S>, (hi, lo): Pair<f64>, by: f64) -> Pair<f64> {
    let (p, p_low) = product(l, hi, by);
    (p, l.fma(lo, by, p_low))
}

/// ln gamma(a) for an a from `LARGE` to `WHOLE`.
#[inline(always)]
fn stirling<S: Fuse>(l: &Scalar<S>, a: f64) -> Pair<f64> {
    let (ln, ln_low) = ln_pair(l, a);
    let (d, d_low) = sum_ordered(l, ln, -1.0);
    let (main, main_low) = times(l, (d, d_low + ln_low), a - 0.5);
    let inverse = 1.0 / a;
    let series = inverse * polynomial(l, inverse * inverse, &STIRLING);
    let (hi, lo) = sum_ordered(l, main, STIRLING_LEAD.0);
    sum_ordered(l, hi, lo + (main_low + (STIRLING_LEAD.1 + series)))
}

/// ln of a pair that is positive and normal.
#[inline(always)]
fn ln_of<S: Fuse>(l: &Scalar<S>, (hi, lo): Pair<f64>) -> Pair<f64> {
    let (ln, ln_low) = ln_pair(l, hi);
    (ln, ln_low + lo / hi)
}

/// |sin(pi a)| and whether the integer part of a is even, for an a from 0 to `WHOLE` that is not whole.
#[inline(always)]
fn sin_pi<S: Fuse>(l: &Scalar<S>, a: f64) -> (Pair<f64>, bool) {
    let shifted = a + WHOLE;
    let rest = a - (shifted - WHOLE);
    let distance = rest.abs();
    let is_near_half = distance > 0.25;
    let turns = if is_near_half { 0.5 - distance } else { distance };
    let (sin, cos) = of_remainder(l, times(l, (PI.0, PI.1), turns));
    let (hi, lo) = if is_near_half { cos } else { sin };
    let is_even = (l.bits(shifted) & 1 == 0) == (rest > 0.0);
    (sum_ordered(l, hi, lo), is_even)
}

/// Gamma function.
#[inline(always)]
pub(super) fn gamma<S: Fuse>(l: &Scalar<S>, x: f64) -> f64 {
    let a = x.abs();
    if a < TINY {
        return 1.0 / x;
    }
    if x < 0.0 {
        return reflected(l, a);
    }
    if x < 1.0 {
        let (hi, lo) = quotient(l, gamma_near(l, x), (x, 0.0));
        hi + lo
    } else if x < LARGE {
        let (factor, f) = descended(l, x);
        let (hi, lo) = product_pair(l, factor, gamma_near(l, f));
        hi + lo
    } else if x < 172.0 {
        let ((hi, lo), n) = of_pair(l, stirling(l, x));
        l.scale(hi + lo, n)
    } else {
        // Out of range, or NaN.
        x * f64::INFINITY
    }
}

/// gamma(-a) for an a from `TINY`.
#[inline(always)]
fn reflected<S: Fuse>(l: &Scalar<S>, a: f64) -> f64 {
    if a >= WHOLE || (a + WHOLE) - WHOLE == a {
        return f64::NAN;
    }
    let (sin, is_even) = sin_pi(l, a);
    let magnitude = if a < LARGE {
        let (factor, f) = descended(l, a);
        let factor = if a < 1.0 { factor } else { times(l, factor, a) };
        over_pi(l, sin, product_pair(l, factor, gamma_near(l, f)))
    } else if a < 200.0 {
        let (power, n) = of_pair(l, stirling(l, a));
        l.scale(over_pi(l, sin, times(l, power, a)), -n)
    } else {
        0.0
    };
    if is_even { -magnitude } else { magnitude }
}

/// pi / (a * b).
#[inline(always)]
fn over_pi<S: Fuse>(l: &Scalar<S>, a: Pair<f64>, b: Pair<f64>) -> f64 {
    let (hi, lo) = product_pair(l, a, b);
    let (q, q_low) = quotient(l, (PI.0, PI.1), sum_ordered(l, hi, lo));
    q + q_low
}

/// ln |gamma(x)|.
#[inline(always)]
pub(super) fn ln_gamma<S: Fuse>(l: &Scalar<S>, x: f64) -> f64 {
    let a = x.abs();
    if a < TINY {
        return -ln(l, a);
    }
    if x < 0.0 {
        return ln_reflected(l, a);
    }
    if x < 1.0 {
        let (near, near_low) = ln_gamma_near(l, x);
        let (ln, ln_low) = ln_pair(l, x);
        let (hi, lo) = sum(l, near, -ln);
        hi + (lo + (near_low - ln_low))
    } else if x < LARGE {
        let (factor, f) = descended(l, x);
        let (near, near_low) = ln_gamma_near(l, f);
        if x < 2.0 {
            return near + near_low;
        }
        let (ln, ln_low) = ln_of(l, factor);
        let (hi, lo) = sum(l, ln, near);
        hi + (lo + (ln_low + near_low))
    } else if x < WHOLE {
        let (hi, lo) = stirling(l, x);
        hi + lo
    } else if x < f64::INFINITY {
        // As in `stirling`, but an exact product might have no low part.
        let (ln, ln_low) = ln_pair(l, x);
        let (d, d_low) = sum_ordered(l, ln, -1.0);
        let rest = l.fma(d, -0.5, STIRLING_LEAD.0);
        l.fma(x, d, l.fma(x, d_low + ln_low, rest))
    } else {
        a
    }
}

/// ln |gamma(-a)| = ln pi - ln |sin(pi a)| - ln gamma(1 + a), for an a from `TINY`.
#[inline(always)]
fn ln_reflected<S: Fuse>(l: &Scalar<S>, a: f64) -> f64 {
    if a >= WHOLE || (a + WHOLE) - WHOLE == a {
        return f64::INFINITY;
    }
    let (sin, _) = sin_pi(l, a);
    // gamma(1 + a) is a factor, and another of which the logarithm is known.
    let (factor, (other, other_low)) = if a < LARGE {
        let (factor, f) = descended(l, a);
        (if a < 1.0 { factor } else { times(l, factor, a) }, ln_gamma_near(l, f))
    } else {
        ((a, 0.0), stirling(l, a))
    };
    let (hi, lo) = product_pair(l, sin, factor);
    let (ln, ln_low) = ln_of(l, sum_ordered(l, hi, lo));
    let (hi, low) = sum(l, LN_PI.0, -ln);
    let (hi, lower) = sum(l, hi, -other);
    hi + (low + lower + (LN_PI.1 - ln_low - other_low))
}
