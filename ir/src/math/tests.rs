//! A smoke test of accuracy: the standard library (the platform's libm) is an outside opinion, good to about
//! one ulp itself. The bounds are tested against a high-precision oracle elsewhere.

use super::{BINARY, POWI, TERNARY, UNARY};
use crate::op::{Op, Rule};
use crate::random::Rng;
use crate::types::Type;

/// Distance in units in the last place of `f64`; two NaNs are equal.
pub(super) fn distance_f64(a: f64, b: f64) -> f64 {
    let ordered = |v: f64| if v < 0.0 { -((v.to_bits() & !(1 << 63)) as i64) } else { v.abs().to_bits() as i64 };
    if a.is_nan() && b.is_nan() { 0.0 } else { ordered(a).abs_diff(ordered(b)) as f64 }
}

/// Distance of `got` from an almost exact `want`, in units in the last place of f32.
fn distance_f32(got: f32, want: f64) -> f64 {
    let rounded = want as f32;
    if got == rounded || (got.is_nan() && rounded.is_nan()) {
        return 0.0;
    }
    if !got.is_finite() || !rounded.is_finite() {
        // Just where one of them overflows.
        return if got.abs().max(rounded.abs()) == f32::INFINITY && got.abs().min(rounded.abs()) == f32::MAX {
            1.0
        } else {
            f64::INFINITY
        };
    }
    let ulp = (rounded.abs().next_up() as f64 - rounded.abs() as f64).abs();
    (got as f64 - want).abs() / ulp
}

fn bound_of(op: Op) -> f64 {
    op.row().ulp as f64
}

fn std_unary(op: Op) -> Option<fn(f64) -> f64> {
    let strict = Op::ALL.iter().find(|strict| strict.approximate() == Some(op));
    Some(match strict.copied().unwrap_or(op) {
        Op::Sqrt => f64::sqrt,
        Op::Floor => f64::floor,
        Op::Ceil => f64::ceil,
        Op::Trunc => f64::trunc,
        Op::Round => f64::round,
        Op::Cbrt => f64::cbrt,
        Op::Exp => f64::exp,
        Op::Exp2 => f64::exp2,
        Op::ExpM1 => f64::exp_m1,
        Op::Ln => f64::ln,
        Op::Log2 => f64::log2,
        Op::Log10 => f64::log10,
        Op::Ln1p => f64::ln_1p,
        Op::Sin => f64::sin,
        Op::Cos => f64::cos,
        Op::Tan => f64::tan,
        Op::Asin => f64::asin,
        Op::Acos => f64::acos,
        Op::Atan => f64::atan,
        Op::Sinh => f64::sinh,
        Op::Cosh => f64::cosh,
        Op::Tanh => f64::tanh,
        // The standard library computes these by formulas of its own, too coarse to judge by; it has no
        // stable erf, erfc, gamma and ln_gamma.
        _ => return None,
    })
}

/// Arguments where functions are interesting: near zero, ordinary, large, special.
pub(super) fn argument(rng: &mut Rng) -> f64 {
    let unit = rng.next_u64() as f64 / u64::MAX as f64 * 2.0 - 1.0;
    let x = match rng.below(8) {
        0 => unit * 1e-5,
        1 | 2 => unit,
        3 | 4 => unit * 10.0,
        5 => unit * 700.0,
        6 => f64::from_bits(rng.next_u64()),
        _ => match rng.special(Type::F64) {
            crate::Scalar::F64(v) => v,
            _ => 0.0,
        },
    };
    // Every NaN is the same to ours; glibc's pow(NaN, 0) is 1 for a quiet one only.
    if x.is_nan() { f64::NAN } else { x }
}

#[test]
fn unary_functions_are_close_to_the_platforms() {
    for &(op, f64_fn, f32_fn) in UNARY {
        let Some(other) = std_unary(op) else { continue };
        let mut rng = Rng::new(op as u64);
        let bound = bound_of(op);
        for _ in 0..20_000 {
            let x = argument(&mut rng);
            let (got, want) = (f64_fn(x), other(x));
            assert!(
                distance_f64(got, want) <= (bound + bound.min(1.0)).floor(),
                "{op} f64 {x:?}: {got:?}, platform {want:?}"
            );
            let x = x as f32;
            let (got, want) = (f32_fn(x), other(x as f64));
            assert!(distance_f32(got, want) <= bound.max(0.5), "{op} f32 {x:?}: {got:?}, platform {want:?}");
        }
    }
}

#[test]
fn binary_functions_are_close_to_the_platforms() {
    for &(op, f64_fn, f32_fn) in BINARY {
        let other: fn(f64, f64) -> f64 = match op {
            Op::Rem => |x, y| x % y,
            Op::Powf => f64::powf,
            Op::Atan2 | Op::ApproxAtan2 => f64::atan2,
            Op::Hypot => f64::hypot,
            _ => unreachable!("{op}"),
        };
        let mut rng = Rng::new(op as u64);
        let bound = bound_of(op);
        for _ in 0..20_000 {
            let (x, y) = (argument(&mut rng), argument(&mut rng));
            let (got, want) = (f64_fn(x, y), other(x, y));
            assert!(
                distance_f64(got, want) <= (bound + bound.min(1.0)).floor(),
                "{op} f64 {x:?} {y:?}: {got:?}, {want:?}"
            );
            let (x, y) = (x as f32, y as f32);
            let (got, want) = (f32_fn(x, y), other(x as f64, y as f64));
            assert!(distance_f32(got, want) <= bound.max(0.5), "{op} f32 {x:?} {y:?}: {got:?}, {want:?}");
        }
    }
}

#[test]
fn fma_rounds_once() {
    let (_, f64_fn, f32_fn) = TERNARY[0];
    let mut rng = Rng::new(5);
    for _ in 0..100_000 {
        let [x, y, z] = [argument(&mut rng), argument(&mut rng), argument(&mut rng)];
        // Cancellation is where a second rounding would show.
        let z = if rng.chance(50) { -(x * y) } else { z };
        assert_eq!(distance_f64(f64_fn(x, y, z), x.mul_add(y, z)), 0.0, "{x:?} {y:?} {z:?}");
        let [x, y, z] = [x as f32, y as f32, z as f32];
        let (got, want) = (f32_fn(x, y, z), x.mul_add(y, z));
        assert!(got == want || got.is_nan() && want.is_nan(), "{x:?} {y:?} {z:?}");
    }
}

/// Known values of the functions that the standard library lacks or computes coarsely.
#[test]
fn known_values() {
    let rows: &[(Op, f64, f64)] = &[
        (Op::Asinh, 1.0, 0.881_373_587_019_543),
        (Op::Asinh, -1e-20, -1e-20),
        (Op::Acosh, 1.5, 0.962_423_650_119_206_9),
        (Op::Acosh, 0.5, f64::NAN),
        (Op::Atanh, 0.5, 0.549_306_144_334_054_8),
        (Op::Atanh, 1.0, f64::INFINITY),
        (Op::Erf, 0.5, 0.520_499_877_813_046_5),
        (Op::Erf, -7.0, -1.0),
        (Op::Erfc, 3.0, 2.209_049_699_858_544e-5),
        (Op::Gamma, 0.5, 1.772_453_850_905_516),
        (Op::Gamma, 171.0, 7.257_415_615_307_999e306),
        (Op::Gamma, -1.0, f64::NAN),
        (Op::Gamma, -0.0, f64::NEG_INFINITY),
        (Op::LnGamma, 10.5, 13.940_625_219_403_763),
        (Op::LnGamma, -2.0, f64::INFINITY),
        (Op::Exp, 1.0, std::f64::consts::E),
        // libm has a number for them.
        (Op::Acosh, -127.5, f64::NAN),
        (Op::Acosh, -2.0, f64::NAN),
    ];
    for &(op, x, want) in rows {
        let (_, f64_fn, f32_fn) = UNARY.iter().find(|row| row.0 == op).copied().unwrap_or_else(|| panic!("{op}"));
        let bound = bound_of(op);
        assert!(distance_f64(f64_fn(x), want) <= bound.ceil(), "{op} f64 {x:?}: {:?}, not {want:?}", f64_fn(x));
        let (got, want) = (f32_fn(x as f32), want);
        if x as f32 as f64 == x {
            assert!(distance_f32(got, want) <= bound.max(0.5), "{op} f32 {x:?}: {got:?}, not {want:?}");
        }
    }
}

#[test]
fn tables_name_each_operation_once_and_with_its_arity() {
    let mut seen = Vec::new();
    let groups = [
        (1, UNARY.iter().map(|row| row.0).collect::<Vec<_>>()),
        (2, BINARY.iter().map(|row| row.0).collect()),
        (2, POWI.iter().map(|row| row.0).collect()),
        (3, TERNARY.iter().map(|row| row.0).collect()),
    ];
    for (arity, ops) in groups {
        for op in ops {
            assert_eq!(op.rule().arity(), arity, "{op}");
            assert!(!seen.contains(&op), "{op} stands twice");
            seen.push(op);
        }
    }
    // Whatever is a float function by its typing stands in a table, but for the few that are rules over bits.
    let rules = [Op::Fract, Op::CopySign, Op::ToRadians, Op::ToDegrees];
    for &op in Op::ALL {
        use crate::op::Class::Float;
        let is_float =
            matches!(op.rule(), Rule::Unary(Float) | Rule::Binary(Float) | Rule::Ternary(Float) | Rule::FloatPowInt);
        assert!(!is_float || rules.contains(&op) || seen.contains(&op), "{op} is in no table of math");
    }
}

#[test]
fn powers_of_numbers_near_1_keep_their_bits_when_the_exponent_is_huge() {
    // From mpmath; libm's `pow` is hundreds of ulp away from the first four.
    let rows = [
        (1.000000181415009, 3518795075.7784705, 1.726526749466259e277),
        (1.0000002869418447, -2229458923.976484, 1.4824427592724853e-278),
        (1.0000001740038738, 2310368432.705701, 3.9087433681178428e174),
        (-1.0000001740038738, 2310368433.0, -3.908743568281404e174),
        (1.0000001740038738, 1e300, f64::INFINITY),
        (1.0000001740038738, -1e300, 0.0),
        (-1.0000001740038738, 2310368432.5, f64::NAN),
        (1.0, 1e300, 1.0),
        (1.0000001740038738, f64::INFINITY, f64::INFINITY),
    ];
    for (x, y, want) in rows {
        let got = super::powf_f64(x, y);
        assert!(distance_f64(got, want) <= 1.0, "{x:?}^{y:?}: {got:?}, not {want:?}");
    }
}

/// The logarithm of the base is multiplied by the exponent, error and all.
#[test]
fn a_power_of_a_huge_base_has_all_digits() {
    let power = super::powf_f64(1.0454451478868285e281, -0.5201194184323465);
    assert!(distance_f64(power, 6.861269291906495e-147) <= 1.0, "{power:?}");
}

/// From mpmath: where erfc leaves 1, below the normal range and at its end, at powers of two, where a unit in
/// the last place is the smallest part of the result, and where errors were greatest.
#[test]
fn erfc_at_its_ends_and_where_a_last_place_is_small() {
    let rows = [
        (f64::NAN, f64::NAN),
        (f64::INFINITY, 0.0),
        (f64::NEG_INFINITY, 2.0),
        (f64::MAX, 0.0),
        (f64::MIN, 2.0),
        (0.0, 1.0),
        (-0.0, 1.0),
        (1e-300, 1.0),
        (-1e-300, 1.0),
        (1e-17, 1.0),
        (-6.0, 2.0),
        (28.0, 0.0),
        (27.23, 0.0),
    ];
    for (x, want) in rows {
        assert_eq!(distance_f64(super::erfc_f64(x), want), 0.0, "{x:?}: {:?}, not {want:?}", super::erfc_f64(x));
    }
    let rows = [
        (5.551115123125783e-17, 0.9999999999999999),
        (-3.6197619123831583e-6, 1.0000040844639317),
        (-0.4152888439335236, 1.4430025367915638),
        (-5.86, 1.9999999999999998),
        (0.4769362762044699, 0.5),
        (0.8134198475976185, 0.25),
        (17.42796640078335, 3.9761301186135767e-134),
        (23.455107247249526, 2.8650661076034538e-241),
        (26.5, 2.2109076642637343e-307),
        (26.543258, 2.225127553951042e-308),
        (26.6, 1.088512588544227e-309),
        (27.0, 5.23705e-319),
        (27.2, 1e-323),
        (27.226017111108362, 5e-324),
    ];
    for (x, want) in rows {
        let got = super::erfc_f64(x);
        assert!(distance_f64(got, want) <= 1.0, "{x:?}: {got:?}, not {want:?}");
    }
}
