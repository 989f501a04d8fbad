// IEEE 754 without liberties: zeros, infinities, NaN, rounding.

#[kernel]
fn arithmetic(a: f64, b: f64) -> (f64, f64, f64, f64) {
    (a + b, a - b, a * b, a / b)
}
//~ arithmetic(0.1, 0.2) = (0.30000000000000004, -0.1, 0.020000000000000004, 0.5)
//~ arithmetic(1.0, 0.0) = (1.0, 1.0, 0.0, inf)
//~ arithmetic(0.0, -0.0) = (0.0, 0.0, -0.0, nan)
//~ arithmetic(inf, inf) = (inf, nan, inf, nan)
//~ arithmetic(5e-324, 0.5) = (0.5, -0.5, 0.0, 1e-323)

#[kernel]
fn remainder(a: f64, b: f64) -> (f64, f64) {
    (a % b, a.rem_euclid(b))
}
//~ remainder(5.5, 2.0) = (1.5, 1.5)
//~ remainder(-5.5, 2.0) = (-1.5, 0.5)
//~ remainder(5.5, -2.0) = (1.5, 1.5)
//~ remainder(1e300, 3.0) = (0.0, 0.0)
//~ remainder(1.0, 0.0) = (nan, nan)
//~ remainder(1.0, inf) = (1.0, 1.0)

#[kernel]
fn no_contraction(a: f64, b: f64, c: f64) -> (f64, f64) {
    (a * b + c, a.mul_add(b, c))
}
//~ no_contraction(0.1, 10.0, -1.0) = (0.0, 5.551115123125783e-17)

#[kernel]
fn rounding(x: f64) -> (f64, f64, f64, f64, f64) {
    (x.floor(), x.ceil(), x.trunc(), x.round(), x.fract())
}
//~ rounding(2.5) = (2.0, 3.0, 2.0, 3.0, 0.5)
//~ rounding(-2.5) = (-3.0, -2.0, -2.0, -3.0, -0.5)
//~ rounding(0.49999999999999994) = (0.0, 1.0, 0.0, 0.0, 0.49999999999999994)
//~ rounding(-0.2) = (-1.0, -0.0, -0.0, -0.0, -0.2)
//~ rounding(4503599627370495.5) = (4503599627370495.0, 4503599627370496.0, 4503599627370495.0, 4503599627370496.0, 0.5)
//~ rounding(inf) = (inf, inf, inf, inf, nan)

#[kernel]
fn rounding32(x: f32) -> (f32, f32) {
    (x.round(), x.fract())
}
//~ rounding32(0.49999997) = (0.0, 0.49999997)
//~ rounding32(-1.5) = (-2.0, -0.5)

#[kernel]
fn extremes(a: f64, b: f64) -> (f64, f64) {
    (a.min(b), a.max(b))
}
//~ extremes(1.0, 2.0) = (1.0, 2.0)
//~ extremes(nan, 2.0) = (2.0, 2.0)
//~ extremes(1.0, nan) = (1.0, 1.0)
//~ extremes(nan, nan) = (nan, nan)
//~ extremes(0.0, -0.0) = (-0.0, 0.0)
//~ extremes(-0.0, 0.0) = (-0.0, 0.0)
//~ extremes(-inf, inf) = (-inf, inf)

#[kernel]
fn signs(x: f64, y: f64) -> (f64, f64, f64, f64) {
    (x.signum(), x.abs(), -x, x.copysign(y))
}
//~ signs(-3.0, 1.0) = (-1.0, 3.0, 3.0, 3.0)
//~ signs(0.0, -0.0) = (1.0, 0.0, -0.0, -0.0)
//~ signs(-0.0, 2.0) = (-1.0, 0.0, 0.0, 0.0)
//~ signs(nan, -1.0) = (nan, nan, nan, nan)
//~ signs(-7.0, nan) = (-1.0, 7.0, 7.0, 7.0)

#[kernel]
fn limited(x: f64, lo: f64, hi: f64) -> f64 {
    x.clamp(lo, hi)
}
//~ limited(2.0, 0.0, 1.0) = 1.0
//~ limited(nan, 0.0, 1.0) = nan
//~ limited(-0.0, 0.0, 1.0) = -0.0
//~ limited(0.5, 1.0, 0.0) = FB-0504
//~ limited(0.5, nan, 1.0) = FB-0504

#[kernel]
fn classes(x: f64) -> (bool, bool, bool) {
    (x.is_nan(), x.is_finite(), x.is_infinite())
}
//~ classes(1.0) = (false, true, false)
//~ classes(nan) = (true, false, false)
//~ classes(-inf) = (false, false, true)

#[kernel]
fn comparisons(a: f64, b: f64) -> (bool, bool, bool, bool, bool, bool) {
    (a == b, a != b, a < b, a <= b, a > b, a >= b)
}
//~ comparisons(1.0, 2.0) = (false, true, true, true, false, false)
//~ comparisons(0.0, -0.0) = (true, false, false, true, false, true)
//~ comparisons(nan, 1.0) = (false, true, false, false, false, false)
//~ comparisons(nan, nan) = (false, true, false, false, false, false)

#[kernel]
fn roots(x: f64) -> (f64, f64) {
    (x.sqrt(), x.cbrt())
}
//~ roots(2.0) = (1.4142135623730951, 1.2599210498948732)
//~ roots(-0.0) = (-0.0, -0.0)
//~ roots(-8.0) = (nan, -2.0)

#[kernel]
fn angles(x: f64, y: f32) -> (f64, f64, f32, f32) {
    (x.to_radians(), x.to_degrees(), y.to_radians(), y.to_degrees())
}
//~ angles(180.0, 1.0) = (3.141592653589793, 10313.240312354817, 0.017453292, 57.29578)

#[kernel]
fn constants() -> (f64, f64, f32, f64) {
    (std::f64::consts::PI, f64::MAX, f32::EPSILON, -f64::INFINITY)
}
//~ constants() = (3.141592653589793, 1.7976931348623157e308, 1.1920929e-7, -inf)
