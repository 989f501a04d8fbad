//! The error function and 1 less it.
//!
//! erfc(x) = e^(-x^2) w(x) for x from 0 to where it is zero, with w(x) = e^(x^2) erfc(x), which falls like
//! 1 / (1 + x): it is u (1 + g), u = 1 / (LEVEL + RISE x), with a g below a tenth, which is the quotient of two
//! polynomials. One division serves u and g. Nothing cancels in any of it, so that erfc needs no part of its
//! own near 0; for a negative x it is 2 - erfc(-x).
//!
//! Where the digits are: the exponential is a number of few bits, 1 + r, and a rest below a tenth, and so is the
//! factor 1 + g. What those rests lack after some roundings is a tenth of that of the whole. The sum of all is
//! parted once more, the product with u is exact, and what u lacks is added: that, and the last sum, round.
//! x^2 is in two parts too, of which the first is a multiple of 2^-41: then 1 + r is exact.
//!
//! erf(x) is x P(x^2) below 3/4, and 1 - erfc(x) from there.

use super::coefficients::{ERF, ERF_LEAD, ERFC_BOTTOM, ERFC_LEVEL, ERFC_RISE, ERFC_TOP, EXP_M1, LN2_GRAINS};
use super::exp::nearest;
use super::lanes::Lanes;
use super::pair::{
    Pair, at_most, constant, polynomial, polynomial_by_square, product, product_pair, sign_of, sum_ordered, with_sign,
};

/// Where erf changes from one to the other.
const BORDER: f64 = 0.75;
/// ERF is a polynomial in x^2 less this, so that its leading coefficient is the greater part of it.
const CENTRE: f64 = 0.28125;
/// From here on erfc is zero, and so is the formula.
const END: f64 = 28.0;
/// 1.5 * 2^11: added to a float below 2^10 it leaves a multiple of 2^-41.
const GRAINS: f64 = 3072.0;

/// erf of a magnitude below the border.
#[inline(always)]
fn near<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (z, z_low) = product(l, x, x);
    let c = l.sub(z, l.float(CENTRE));
    let series = polynomial(l, c, &ERF);
    let lead = constant(l, ERF_LEAD);
    let (p, p_low) = sum_ordered(l, lead.0, l.mul(c, series));
    let p_low = l.add(p_low, l.fma(z_low, series, lead.1));
    let (hi, lo) = product_pair(l, (x, l.float(0.0)), (p, p_low));
    l.add(hi, lo)
}

/// e^(-x^2) for an x from 0 to the end, as a pair times 2^n; the low part is below a tenth.
#[inline(always)]
fn bell<L: Lanes>(l: &L, x: L::F) -> (Pair<L::F>, L::F) {
    let grains = l.float(GRAINS);
    let square = l.sub(l.fma(x, x, grains), grains);
    let square_low = l.fma(x, x, l.neg(square));
    let n = nearest(l, square, -std::f64::consts::LOG2_E);
    // n times the first part of ln 2 is a multiple of 2^-52: this is exact, and so is 1 + r.
    let r = l.fma(n, l.float(-LN2_GRAINS.0), l.neg(square));
    let r_low = l.fma(n, l.float(-LN2_GRAINS.1), l.neg(square_low));
    let all = l.add(r, r_low);
    let all_square = l.mul(all, all);
    // r / 2 + r^2 P(r), times r.
    let series = polynomial_by_square(l, all, all_square, &EXP_M1);
    let low = l.fma(all, l.fma(all_square, series, l.mul(all, l.float(0.5))), r_low);
    ((l.add(l.float(1.0), r), low), n)
}

/// erfc of a magnitude up to the end.
#[inline(always)]
fn far<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (e, n) = bell(l, x);

    let (level, rise, one) = (l.float(ERFC_LEVEL), l.float(ERFC_RISE), l.float(1.0));
    let d = l.fma(x, rise, level);
    let d_low = l.fma(x, rise, l.sub(level, d));
    let square = l.mul(x, x);
    let top = polynomial_by_square(l, x, square, &ERFC_TOP);
    let bottom = polynomial_by_square(l, x, square, &ERFC_BOTTOM);
    let both = l.div(one, l.mul(d, bottom));
    // 1 / d, and what it lacks, as a part of it.
    let u = l.mul(both, bottom);
    let minus_u = l.neg(u);
    let lack = l.fma(minus_u, d_low, l.fma(minus_u, d, one));

    // e (1 + g), in two parts.
    let g = l.mul(top, both);
    let (hi, lo) = sum_ordered(l, e.0, l.fma(l.add(e.0, e.1), g, e.1));
    let (y, y_low) = product(l, hi, u);
    let y_low = l.fma(y, lack, l.fma(lo, u, y_low));
    l.scale(l.add(y, y_low), n)
}

/// Error function.
#[inline(always)]
pub(super) fn erf<L: Lanes>(l: &L, x: L::F) -> L::F {
    let magnitude = l.abs(x);
    let is_near = l.lt(magnitude, l.float(BORDER));
    let far = l.sub(l.float(1.0), far(l, at_most(l, magnitude, END)));
    with_sign(l, l.select(is_near, near(l, magnitude), far), sign_of(l, x))
}

/// 1 - erf(x).
#[inline(always)]
pub(super) fn erfc<L: Lanes>(l: &L, x: L::F) -> L::F {
    let y = far(l, at_most(l, l.abs(x), END));
    l.select(l.lt(x, l.float(0.0)), l.sub(l.float(2.0), y), y)
}
