//! The error function and 1 less it.
//!
//! Below 3/4, erf(x) = x P(x^2). From there, erfc(x) = e^(-x^2) k(x) / x with k(x) = x e^(x^2) erfc(x), which
//! changes little, from 0.38 to 0.564, and is a polynomial in (x - 3/2) / (x + 3/2) up to where erfc is zero.
//! x^2, the exponential and the product are in two parts, and the division by x corrects itself, so that erfc
//! is rounded once before it is scaled, and once more where it is subnormal.

use super::coefficients::{ERF, ERFC, ERFC_SLOPE};
use super::exp::of_pair;
use super::lanes::Lanes;
use super::pair::{Pair, at_most, constant, polynomial, product, product_pair, sign_of, sum_ordered, with_sign};

/// Where the two meet.
const BORDER: f64 = 0.75;
/// ERF is a polynomial in x^2 less this, so that its leading coefficient is the greater part of it.
const CENTRE: f64 = 0.28125;
/// What the leading coefficients lack of the exact ones.
use super::coefficients::{ERF_LEAD, ERFC_LEAD};

/// erf of a magnitude below the border, in two parts.
#[inline(always)]
fn near<L: Lanes>(l: &L, x: L::F) -> Pair<L::F> {
    let (z, z_low) = product(l, x, x);
    let c = l.sub(z, l.float(CENTRE));
    let series = polynomial(l, c, &ERF);
    let lead = constant(l, ERF_LEAD);
    let (p, p_low) = sum_ordered(l, lead.0, l.mul(c, series));
    let p_low = l.add(p_low, l.fma(z_low, series, lead.1));
    product_pair(l, (x, l.float(0.0)), (p, p_low))
}

/// erfc of a magnitude from the border to 28.
#[inline(always)]
fn far<L: Lanes>(l: &L, x: L::F) -> L::F {
    let centre = l.float(1.5);
    let minus = l.sub(x, centre);
    let (plus, plus_low) = sum_ordered(l, centre, x);
    let both = l.div(l.float(1.0), l.mul(x, plus));
    let inverse = l.mul(both, plus);
    let inverse_plus = l.mul(both, x);
    let v = l.mul(minus, inverse_plus);
    let minus_v = l.neg(v);
    let v_low = l.mul(l.fma(minus_v, plus_low, l.fma(minus_v, plus, minus)), inverse_plus);
    let lead = constant(l, ERFC_LEAD);
    // One more coefficient by Horner's rule: where v is near 1 two of them matter.
    let [first, others @ ..] = &ERFC;
    let series = l.fma(polynomial(l, v, others), v, l.float(*first));
    let (k, k_low) = sum_ordered(l, lead.0, l.mul(v, series));
    let k_low = l.fma(polynomial(l, v, &ERFC_SLOPE), v_low, k_low);

    let (square, square_low) = product(l, x, x);
    let (e, n) = of_pair(l, (l.neg(square), l.neg(square_low)));
    let (top, top_low) = product_pair(l, e, (k, l.add(k_low, lead.1)));
    let (top, top_low) = sum_ordered(l, top, top_low);
    let q = l.mul(top, inverse);
    let rest = l.add(l.fma(l.neg(q), x, top), top_low);
    l.scale(l.fma(rest, inverse, q), n)
}

/// Magnitude, made to suit either part, and whether it is below the border.
#[inline(always)]
fn parts<L: Lanes>(l: &L, x: L::F) -> (L::F, L::F, L::M) {
    let magnitude = l.abs(x);
    let border = l.float(BORDER);
    let is_near = l.lt(magnitude, border);
    let far = at_most(l, l.select(is_near, border, magnitude), 28.0);
    (magnitude, far, is_near)
}

/// Error function.
#[inline(always)]
pub(super) fn erf<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (magnitude, beyond, is_near) = parts(l, x);
    let (near, near_low) = near(l, magnitude);
    let far = l.sub(l.float(1.0), far(l, beyond));
    with_sign(l, l.select(is_near, l.add(near, near_low), far), sign_of(l, x))
}

/// 1 - erf(x).
#[inline(always)]
pub(super) fn erfc<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (magnitude, beyond, is_near) = parts(l, x);
    let (near, near_low) = near(l, magnitude);
    let far = far(l, beyond);
    // base -+ a pair: 1 - erf, 0 + erfc or 2 - erfc, which is one number.
    let negative = l.lt(x, l.float(0.0));
    let base = l.select(is_near, l.float(1.0), l.select(negative, l.float(2.0), l.float(0.0)));
    let a = (l.select(is_near, near, far), l.select(is_near, near_low, l.float(0.0)));
    let turned = l.iselect(is_near, l.int(super::lanes::SIGN), l.int(0));
    let sign = l.ixor(sign_of(l, x), turned);
    let (hi, lo) = sum_ordered(l, base, with_sign(l, a.0, sign));
    l.add(hi, l.add(lo, with_sign(l, a.1, sign)))
}
