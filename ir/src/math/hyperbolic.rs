//! sinh, cosh and tanh, and their inverses.
//!
//! With x = n ln 2 + r: sinh(x) = 2^(n-1) ((1 - 2^-2n) cosh(r) + (1 + 2^-2n) sinh(r)), and cosh with the two
//! series exchanged; in two parts, so that sinh and tanh keep all digits near zero, where n is 0. The inverses
//! are logarithms of 1 + w, with w in two parts.

use super::coefficients::{COSH, SINH};
use super::exp::{nearest, reduced};
use super::lanes::{Lanes, MAGIC};
use super::log::ln_one_plus;
use super::pair::{Pair, at_most, polynomial, product, quotient, root, sign_of, sum, sum_ordered, with_sign};

/// 2^(1-n) sinh(x) and 2^(1-n) cosh(x) in two parts, and n - 1, for a magnitude x up to 712.
#[inline(always)]
fn both<L: Lanes>(l: &L, x: L::F) -> (Pair<L::F>, Pair<L::F>, L::F) {
    let one = l.float(1.0);
    let n = nearest(l, x, std::f64::consts::LOG2_E);
    let (r, r_low) = reduced(l, (x, l.float(0.0)), n);
    // From n = 60 on, 2^-2n does not count.
    let twice = at_most(l, l.add(n, n), 120.0);
    let power = l.power(l.sub(l.float(MAGIC), twice));
    let (minus, minus_low) = sum_ordered(l, one, l.neg(power));
    let (plus, plus_low) = sum_ordered(l, one, power);
    let z = l.mul(r, r);
    let sinh_low = l.fma(l.mul(r, z), polynomial(l, z, &SINH), r_low);
    let cosh_rest = l.fma(z, polynomial(l, z, &COSH), l.mul(r, r_low));
    // a (1 + cosh_rest) + b (r + sinh_low)
    let join = |a: Pair<L::F>, b: Pair<L::F>| {
        let (part, part_low) = product(l, b.0, r);
        let (hi, lo) = sum_ordered(l, a.0, part);
        let lo = l.add(l.add(lo, a.1), l.fma(b.1, r, part_low));
        (hi, l.add(lo, l.fma(a.0, cosh_rest, l.mul(b.0, sinh_low))))
    };
    let (minus, plus) = ((minus, minus_low), (plus, plus_low));
    (join(minus, plus), join(plus, minus), l.sub(n, one))
}

/// Hyperbolic sine.
#[inline(always)]
pub(super) fn sinh<L: Lanes>(l: &L, x: L::F) -> L::F {
    let ((hi, lo), _, n) = both(l, at_most(l, l.abs(x), 712.0));
    with_sign(l, l.scale(l.add(hi, lo), n), sign_of(l, x))
}

/// Hyperbolic cosine.
#[inline(always)]
pub(super) fn cosh<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (_, (hi, lo), n) = both(l, at_most(l, l.abs(x), 712.0));
    l.scale(l.add(hi, lo), n)
}

/// Hyperbolic tangent.
#[inline(always)]
pub(super) fn tanh<L: Lanes>(l: &L, x: L::F) -> L::F {
    // Beyond 20 it is 1 in all digits.
    let (sinh, cosh, _) = both(l, at_most(l, l.abs(x), 22.0));
    let sinh = sum_ordered(l, sinh.0, sinh.1);
    let cosh = sum_ordered(l, cosh.0, cosh.1);
    let (q, q_low) = quotient(l, sinh, cosh);
    with_sign(l, l.add(q, q_low), sign_of(l, x))
}

/// Arguments from which asinh(x) and acosh(x) are ln(2 x) in all digits.
const LARGE: f64 = 1_152_921_504_606_846_976.0;

/// ln(1 + w), or ln(2 x) for a large x, which is ln(1 + x) + ln 2.
#[inline(always)]
fn or_large<L: Lanes>(l: &L, x: L::F, w: Pair<L::F>) -> L::F {
    let (zero, large) = (l.float(0.0), l.le(l.float(LARGE), x));
    let w = (l.select(large, x, w.0), l.select(large, zero, w.1));
    ln_one_plus(l, w.0, Some((w.1, l.select(large, l.float(1.0), zero))))
}

/// Inverse hyperbolic sine: ln(1 + x + x^2 / (1 + sqrt(1 + x^2))).
#[inline(always)]
pub(super) fn asinh<L: Lanes>(l: &L, x: L::F) -> L::F {
    let one = l.float(1.0);
    let magnitude = l.abs(x);
    let square = l.mul(magnitude, magnitude);
    let rest = l.div(square, l.add(one, l.sqrt(l.add(one, square))));
    let y = or_large(l, magnitude, sum_ordered(l, magnitude, rest));
    let y = l.select(l.eq(magnitude, l.float(0.0)), magnitude, y);
    with_sign(l, y, sign_of(l, x))
}

/// Inverse hyperbolic cosine: ln(1 + t + sqrt(t (t + 2))), t = x - 1.
#[inline(always)]
pub(super) fn acosh<L: Lanes>(l: &L, x: L::F) -> L::F {
    let t = l.sub(x, l.float(1.0));
    let (square, square_low) = product(l, t, t);
    let (p, p_low) = sum(l, square, l.add(t, t));
    let (s, s_low) = root(l, (p, l.add(p_low, square_low)));
    let (w, w_low) = sum(l, s, t);
    let y = or_large(l, x, (w, l.add(w_low, s_low)));
    let y = l.select(l.eq(t, l.float(0.0)), t, y);
    l.select(l.lt(x, l.float(1.0)), l.float(f64::NAN), y)
}

/// Inverse hyperbolic tangent: ln(1 + 2 x / (1 - x)) / 2.
#[inline(always)]
pub(super) fn atanh<L: Lanes>(l: &L, x: L::F) -> L::F {
    let magnitude = l.abs(x);
    let (one, zero) = (l.float(1.0), l.float(0.0));
    let (d, d_low) = sum_ordered(l, one, l.neg(magnitude));
    let (w, w_low) = quotient(l, (l.add(magnitude, magnitude), zero), (d, d_low));
    // At 1 the quotient is infinite and has no rest.
    let w_low = l.select(l.eq(d, zero), zero, w_low);
    let y = l.mul(ln_one_plus(l, w, Some((w_low, zero))), l.float(0.5));
    let y = l.select(l.eq(x, zero), magnitude, y);
    with_sign(l, y, sign_of(l, x))
}
