//! asin, acos, atan and atan2.
//!
//! From 1/2 on, asin and acos go by asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)), the root in two parts. atan and
//! atan2 divide the lesser by the greater of two numbers; from tan(pi/8) on they turn the point back by pi/4,
//! (a - b) / (a + b), so that a short polynomial will do, with the quotient in two parts.

use super::coefficients::{ASIN, ATAN, HALF_PI, PI, QUARTER_PI};
use super::lanes::{Lanes, SIGN};
use super::pair::{Pair, constant, polynomial, quotient, root_of, sign_of, sum, sum_ordered, with_sign};

pub(super) const TAN_EIGHTH_PI: f64 = 0.414_213_562_373_095_03;

/// For an |x| below 1/2 asin(|x|) in two parts; else half of pi/2 - asin(|x|). And whether it is the first.
#[inline(always)]
fn asin_core<L: Lanes>(l: &L, magnitude: L::F) -> (Pair<L::F>, L::M) {
    let half = l.float(0.5);
    let zero = l.float(0.0);
    let small = l.lt(magnitude, half);
    let z = l.select(small, l.mul(magnitude, magnitude), l.mul(l.sub(l.float(1.0), magnitude), half));
    let (s, s_low) = root_of(l, z);
    let b = l.select(small, magnitude, s);
    let b_low = l.select(small, zero, s_low);
    ((b, l.fma(l.mul(b, z), polynomial(l, z, &ASIN), b_low)), small)
}

/// (base.0 - t.0) + (base.1 - t.1), |base.0| >= |t.0| or zero.
#[inline(always)]
fn difference<L: Lanes>(l: &L, base: Pair<L::F>, t: Pair<L::F>) -> L::F {
    let (hi, lo) = sum_ordered(l, base.0, l.neg(t.0));
    l.add(hi, l.add(lo, l.sub(base.1, t.1)))
}

/// (base.0 + t.0 * factor) + (base.1 + t.1 * factor), |base.0| >= |t.0 * factor|, with a factor of which the products
/// are exact.
#[inline(always)]
fn moved<L: Lanes>(l: &L, base: Pair<L::F>, t: Pair<L::F>, factor: L::F) -> L::F {
    let hi = l.fma(t.0, factor, base.0);
    let lo = l.fma(t.0, factor, l.sub(base.0, hi));
    l.add(hi, l.add(lo, l.fma(t.1, factor, base.1)))
}

/// Arc sine.
#[inline(always)]
pub(super) fn asin<L: Lanes>(l: &L, x: L::F) -> L::F {
    let ((v, v_low), small) = asin_core(l, l.abs(x));
    let large = moved(l, constant(l, (HALF_PI.0, HALF_PI.1)), (v, v_low), l.float(-2.0));
    with_sign(l, l.select(small, l.add(v, v_low), large), sign_of(l, x))
}

/// Arc cosine.
#[inline(always)]
pub(super) fn acos<L: Lanes>(l: &L, x: L::F) -> L::F {
    let ((v, v_low), small) = asin_core(l, l.abs(x));
    let zero = l.float(0.0);
    let negative = l.lt(x, zero);
    // pi/2 - asin(x), 2 v and pi - 2 v.
    let choose =
        |first, second, third| l.select(small, l.float(first), l.select(negative, l.float(second), l.float(third)));
    let base = (choose(HALF_PI.0, PI.0, 0.0), choose(HALF_PI.1, PI.1, 0.0));
    let factor = l.select(
        small,
        l.select(negative, l.float(1.0), l.float(-1.0)),
        l.select(negative, l.float(-2.0), l.float(2.0)),
    );
    moved(l, base, (v, v_low), factor)
}

/// atan(a / b) in two parts, 0 <= a <= b, with b from 2^-900 to 2^1000.
#[inline(always)]
fn atan_core<L: Lanes>(l: &L, a: L::F, b: L::F) -> Pair<L::F> {
    let zero = l.float(0.0);
    let turn = l.lt(l.mul(b, l.float(TAN_EIGHTH_PI)), a);
    let (minus, minus_low) = sum(l, a, l.neg(b));
    let (plus, plus_low) = sum_ordered(l, b, a);
    let above = (l.select(turn, minus, a), l.select(turn, minus_low, zero));
    let below = (l.select(turn, plus, b), l.select(turn, plus_low, zero));
    let (t, t_low) = quotient(l, above, below);
    let z = l.mul(t, t);
    let t_low = l.fma(l.neg(t_low), z, t_low);
    let low = l.fma(l.mul(t, z), polynomial(l, z, &ATAN), t_low);
    let base = (l.select(turn, l.float(QUARTER_PI.0), zero), l.select(turn, l.float(QUARTER_PI.1), zero));
    let (hi, rest) = sum_ordered(l, base.0, t);
    (hi, l.add(rest, l.add(base.1, low)))
}

/// Arc tangent.
#[inline(always)]
pub(super) fn atan<L: Lanes>(l: &L, x: L::F) -> L::F {
    // Beyond 2^60 the result is pi/2 and the rest does not count.
    let magnitude = super::pair::at_most(l, l.abs(x), 1_152_921_504_606_846_976.0);
    let one = l.float(1.0);
    let large = l.lt(one, magnitude);
    let core = atan_core(l, l.select(large, one, magnitude), l.select(large, magnitude, one));
    let turned = difference(l, constant(l, (HALF_PI.0, HALF_PI.1)), core);
    with_sign(l, l.select(large, turned, l.add(core.0, core.1)), sign_of(l, x))
}

/// The angle of the point (x, y).
#[inline(always)]
pub(super) fn atan2<L: Lanes>(l: &L, y: L::F, x: L::F) -> L::F {
    let add = |base, (hi, lo), sign| difference(l, base, (with_sign(l, hi, sign), with_sign(l, lo, sign)));
    atan2_by(l, y, x, |a, b| atan_core(l, a, b), add)
}

/// The angle of the point (x, y), given how to compute atan(a / b) as `atan_core` does, and a base less such an
/// angle whose sign bit is turned where the third operand has it set.
#[inline(always)]
pub(super) fn atan2_by<L: Lanes, A>(
    l: &L,
    y: L::F,
    x: L::F,
    atan: impl Fn(L::F, L::F) -> A,
    less: impl Fn(Pair<L::F>, A, L::I) -> L::F,
) -> L::F {
    let (zero, one) = (l.float(0.0), l.float(1.0));
    let (tall, wide) = (l.abs(y), l.abs(x));
    let steep = l.lt(wide, tall);
    let (a, b) = (l.select(steep, wide, tall), l.select(steep, tall, wide));
    // Zeros and infinities: any point in that direction.
    let infinity = l.float(f64::INFINITY);
    let endless = l.eq(b, infinity);
    let a = l.select(endless, l.select(l.eq(a, infinity), one, zero), a);
    let b = l.select(l.or(endless, l.eq(b, zero)), one, b);
    // Away from where the remainder of the division would be rounded.
    let up = l.float(f64::from_bits(0x54f0_0000_0000_0000)); // 2^336
    let down = l.float(f64::from_bits(0x2af0_0000_0000_0000)); // 2^-336
    let factor = l.select(l.lt(b, l.float(1e-200)), up, l.select(l.lt(l.float(1e200), b), down, one));
    let part = atan(l.mul(a, factor), l.mul(b, factor));

    // Between 0 and pi it is atan, pi/2 -+ atan or pi - atan.
    let left = l.ilt(l.bits(x), l.int(0));
    let base = |half: f64, whole: f64| l.select(steep, l.float(half), l.select(left, l.float(whole), zero));
    let base = (base(HALF_PI.0, PI.0), base(HALF_PI.1, PI.1));
    // Steep or left, but not both: it is taken off.
    let minus = l.or(l.and(steep, l.not(left)), l.and(left, l.not(steep)));
    let sign = l.iselect(minus, l.int(0), l.int(SIGN));
    let angle = less(base, part, sign);
    let angle = with_sign(l, angle, sign_of(l, y));
    let ordered = l.and(l.eq(x, x), l.eq(y, y));
    l.select(ordered, angle, l.add(x, y))
}
