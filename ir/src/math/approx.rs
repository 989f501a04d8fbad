//! The looser functions, at most 3.5 units in the last place, for kernels that consent by `approx`.
//!
//! They leave out the low parts that the others carry along, and what costs a division where a longer series
//! will do: sine and cosine reduce by pi and need one series, the logarithms divide nothing, arcs take their
//! root or quotient as it was rounded. Limits (zeros, infinities, NaN, the domain) are those of the others, and
//! so is what is rare.

use super::arc::{TAN_EIGHTH_PI, atan2_by};
use super::coefficients::{
    ASIN, ATAN, COS, EXP, HALF_PI, LN_DIRECT, LN2, LOG2_E, LOG10_2, LOG10_E, PI, QUARTER_PI, SIN, SIN_WIDE,
};
use super::exp::{clamped, nearest};
use super::lanes::{Lanes, MAGIC};
use super::log::{split, with_limits};
use super::pair::{at_most, polynomial, sign_of, with_sign};
use super::trig::LIMIT;

// --- exponentials

/// 2^n e^r, |r| up to ln 2 / 2.
#[inline(always)]
fn exp_of<L: Lanes>(l: &L, r: L::F, n: L::F) -> L::F {
    let one = l.float(1.0);
    let y = l.fma(l.fma(polynomial(l, r, &EXP), r, one), r, one);
    l.scale(y, n)
}

/// e^x.
#[inline(always)]
pub(super) fn exp<L: Lanes>(l: &L, x: L::F) -> L::F {
    let x = clamped(l, x, -760.0, 720.0);
    let n = nearest(l, x, std::f64::consts::LOG2_E);
    let r = l.fma(n, l.float(-LN2.0), x);
    exp_of(l, l.fma(n, l.float(-LN2.1), r), n)
}

/// 2^x.
#[inline(always)]
pub(super) fn exp2<L: Lanes>(l: &L, x: L::F) -> L::F {
    let x = clamped(l, x, -1080.0, 1030.0);
    let n = nearest(l, x, 1.0);
    exp_of(l, l.mul(l.sub(x, n), l.float(LN2.0)), n)
}

// --- logarithms

/// k and ln(m) of a positive x = 2^k m.
#[inline(always)]
fn ln_parts<L: Lanes>(l: &L, x: L::F) -> (L::F, L::F) {
    let (k, m) = split(l, x);
    let f = l.sub(m, l.float(1.0));
    (k, l.fma(l.mul(f, f), polynomial(l, f, &LN_DIRECT), f))
}

/// Natural logarithm.
#[inline(always)]
pub(super) fn ln<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (k, part) = ln_parts(l, x);
    let y = l.fma(k, l.float(LN2.0), l.fma(k, l.float(LN2.1), part));
    with_limits(l, x, y)
}

/// Logarithm to base 2.
#[inline(always)]
pub(super) fn log2<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (k, part) = ln_parts(l, x);
    with_limits(l, x, l.fma(part, l.float(LOG2_E.0), k))
}

/// Logarithm to base 10.
#[inline(always)]
pub(super) fn log10<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (k, part) = ln_parts(l, x);
    let low = l.fma(part, l.float(LOG10_E.0), l.mul(k, l.float(LOG10_2.1)));
    with_limits(l, x, l.fma(k, l.float(LOG10_2.0), low))
}

// --- angles

/// |x| - turns * (a + b + c), the first product taken off exactly.
#[inline(always)]
fn reduced<L: Lanes>(l: &L, x: L::F, turns: L::F, (a, b, c): (f64, f64, f64)) -> L::F {
    let r = l.fma(turns, l.float(-a), x);
    let r = l.fma(turns, l.float(-b), r);
    l.fma(turns, l.float(-c), r)
}

/// sin(r) of an |r| up to pi/2, with the sign turned for each whole turn by pi, whose number is in the lowest bit.
#[inline(always)]
fn sin_of<L: Lanes>(l: &L, r: L::F, turns: L::I) -> L::F {
    let z = l.mul(r, r);
    let y = l.fma(l.mul(r, z), polynomial(l, z, &SIN_WIDE), r);
    // Rounded up from 1, it would be no sine, and the arc sine of it NaN.
    with_sign(l, clamped(l, y, -1.0, 1.0), l.shl(turns, 63))
}

/// Sine.
#[inline(always)]
pub(super) fn sin<L: Lanes>(l: &L, x: L::F) -> L::F {
    l.rare(l.lt(l.float(LIMIT), l.abs(x)));
    let magic = l.float(MAGIC);
    let shifted = l.fma(x, l.float(std::f64::consts::FRAC_1_PI), magic);
    let r = reduced(l, x, l.sub(shifted, magic), PI);
    let y = sin_of(l, r, l.bits(shifted));
    // Keeps the sign of a zero.
    l.select(l.eq(x, l.float(0.0)), x, y)
}

/// Cosine, the sine a quarter of a turn later.
#[inline(always)]
pub(super) fn cos<L: Lanes>(l: &L, x: L::F) -> L::F {
    let magnitude = l.abs(x);
    l.rare(l.lt(l.float(LIMIT), magnitude));
    let magic = l.float(MAGIC);
    let half = l.float(0.5);
    let shifted = l.add(l.fma(magnitude, l.float(std::f64::consts::FRAC_1_PI), half), magic);
    let r = reduced(l, magnitude, l.sub(l.sub(shifted, magic), half), PI);
    sin_of(l, r, l.bits(shifted))
}

/// Tangent.
#[inline(always)]
pub(super) fn tan<L: Lanes>(l: &L, x: L::F) -> L::F {
    let magnitude = l.abs(x);
    l.rare(l.lt(l.float(LIMIT), magnitude));
    let magic = l.float(MAGIC);
    let shifted = l.fma(magnitude, l.float(std::f64::consts::FRAC_2_PI), magic);
    let r = reduced(l, magnitude, l.sub(shifted, magic), HALF_PI);
    let z = l.mul(r, r);
    let sin = l.fma(l.mul(r, z), polynomial(l, z, &SIN), r);
    let cos = l.fma(z, l.fma(z, polynomial(l, z, &COS), l.float(-0.5)), l.float(1.0));
    let turns = l.bits(shifted);
    let even = l.ieq(l.iand(turns, l.int(1)), l.int(0));
    let y = l.div(l.select(even, sin, cos), l.select(even, cos, sin));
    // In odd quadrants it is -cos / sin.
    with_sign(l, y, l.ixor(sign_of(l, x), l.shl(turns, 63)))
}

// --- arcs

/// For an |x| below 1/2 asin(|x|); else half of pi/2 - asin(|x|). And whether it is the first.
#[inline(always)]
fn asin_core<L: Lanes>(l: &L, magnitude: L::F) -> (L::F, L::M) {
    let half = l.float(0.5);
    let small = l.lt(magnitude, half);
    let z = l.select(small, l.mul(magnitude, magnitude), l.fma(magnitude, l.float(-0.5), half));
    let b = l.select(small, magnitude, l.sqrt(z));
    (l.fma(l.mul(b, z), polynomial(l, z, &ASIN), b), small)
}

/// Arc sine.
#[inline(always)]
pub(super) fn asin<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (v, small) = asin_core(l, l.abs(x));
    let large = l.add(l.fma(v, l.float(-2.0), l.float(HALF_PI.0)), l.float(HALF_PI.1));
    with_sign(l, l.select(small, v, large), sign_of(l, x))
}

/// Arc cosine.
#[inline(always)]
pub(super) fn acos<L: Lanes>(l: &L, x: L::F) -> L::F {
    let (v, small) = asin_core(l, l.abs(x));
    // pi/2 - asin(x), 2 v and pi - 2 v.
    let v = with_sign(l, v, sign_of(l, x));
    let twice = l.add(v, v);
    let left = l.lt(x, l.float(0.0));
    let large = l.select(left, l.add(l.float(PI.0), twice), twice);
    l.select(small, l.sub(l.float(HALF_PI.0), v), large)
}

/// atan(a / b), 0 <= a <= b, with b from 2^-900 to 2^1000.
#[inline(always)]
fn atan_core<L: Lanes>(l: &L, a: L::F, b: L::F) -> L::F {
    let turn = l.lt(l.mul(b, l.float(TAN_EIGHTH_PI)), a);
    let t = l.div(l.select(turn, l.sub(a, b), a), l.select(turn, l.add(a, b), b));
    let z = l.mul(t, t);
    let y = l.fma(l.mul(t, z), polynomial(l, z, &ATAN), t);
    l.add(y, l.select(turn, l.float(QUARTER_PI.0), l.float(0.0)))
}

/// Arc tangent.
#[inline(always)]
pub(super) fn atan<L: Lanes>(l: &L, x: L::F) -> L::F {
    // Beyond 2^60 the result is pi/2 and the rest does not count.
    let magnitude = at_most(l, l.abs(x), 1_152_921_504_606_846_976.0);
    let one = l.float(1.0);
    let large = l.lt(one, magnitude);
    let y = atan_core(l, l.select(large, one, magnitude), l.select(large, magnitude, one));
    with_sign(l, l.select(large, l.sub(l.float(HALF_PI.0), y), y), sign_of(l, x))
}

/// The angle of the point (x, y).
#[inline(always)]
pub(super) fn atan2<L: Lanes>(l: &L, y: L::F, x: L::F) -> L::F {
    atan2_by(l, y, x, |a, b| atan_core(l, a, b), |base, angle, sign| l.sub(base.0, with_sign(l, angle, sign)))
}
