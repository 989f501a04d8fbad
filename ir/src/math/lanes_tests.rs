//! The functions in other lanes than the ones that the tables use: the bits must not depend on who computes.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write;

use expect_test::expect;

use super::lanes::{Fuse, Inline, Lanes, Scalar};
use super::tests::argument;
use super::{BINARY, FUSED_BINARY, FUSED_UNARY, UNARY, expand};
use crate::op::Op;
use crate::random::Rng;

/// An fma made of nothing but what a CPU without it has: the exact product and sum as whole numbers, rounded
/// once. Only for magnitudes from 2^-300 to 2^300, where the numbers are not too long.
struct Integers;

impl Fuse for Integers {
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        exact(a, b, c).unwrap_or_else(|| libm::fma(a, b, c))
    }
}

/// a * b + c for operands whose sum fits 128 bits, else `None`.
fn exact(a: f64, b: f64, c: f64) -> Option<f64> {
    let parts = |x: f64| -> Option<(i128, i32)> {
        if !x.is_normal() {
            return None;
        }
        let bits = x.to_bits();
        let mantissa = (bits & ((1 << 52) - 1) | 1 << 52) as i128;
        Some((if x < 0.0 { -mantissa } else { mantissa }, (bits >> 52 & 0x7ff) as i32 - 1075))
    };
    let ((a, ea), (b, eb), (c, ec)) = (parts(a)?, parts(b)?, parts(c)?);
    let (product, low) = (a * b, ea + eb);
    let shift = ec - low;
    let (sum, exponent) = match shift {
        0..=70 => (product + (c << shift), low),
        -20..0 => ((product << -shift) + c, ec),
        _ => return None,
    };
    let magnitude = sum.unsigned_abs();
    let long = 128 - magnitude.leading_zeros() as i32;
    if sum == 0 || exponent + long < -900 || exponent + long > 900 {
        return None;
    }
    // To 53 bits, ties to even; then the scaling is exact.
    let spare = (long - 53).max(0);
    let (kept, lost) = (magnitude >> spare, magnitude & ((1 << spare) - 1));
    let half = (1u128 << spare) >> 1;
    let up = spare > 0 && (lost > half || lost == half && kept & 1 == 1);
    let scale = |e: i32| f64::from_bits(((1023 + e) as u64) << 52);
    let rounded = (kept + u128::from(up)) as f64;
    let total = exponent + spare;
    let value = rounded * scale(total / 2) * scale(total - total / 2);
    Some(if sum < 0 { -value } else { value })
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

#[test]
fn the_exact_fma_is_the_fma() {
    let mut rng = Rng::new(1);
    let mut asked = 0;
    for _ in 0..200_000 {
        let mut next =
            || (rng.next_u64() as f64 / u64::MAX as f64 * 2.0 - 1.0) * libm::exp2(rng.below(20) as f64 - 10.0);
        let [a, b, c] = [next(), next(), next()];
        // Also where it cancels.
        let c = if asked % 3 == 0 { -a * b } else { c };
        if let Some(value) = exact(a, b, c) {
            assert!(same(value, libm::fma(a, b, c)), "{a:?} {b:?} {c:?}");
            asked += 1;
        }
    }
    assert!(asked > 100_000, "{asked}");
}

#[test]
fn bits_do_not_depend_on_how_it_is_fused() {
    let mut rng = Rng::new(7);
    for (row, fused) in UNARY.iter().zip(FUSED_UNARY) {
        assert_eq!(row.0, fused.0);
        for _ in 0..5_000 {
            let x = argument(&mut rng);
            let (ours, theirs) = ((row.1)(x), (fused.1)(x));
            assert!(same(ours, theirs), "{} {x:?}: {ours:?}, {theirs:?}", row.0);
            let lane = Scalar::<Integers>::new();
            if let Some(y) = expand(&lane, row.0, &[x])
                && !lane.is_rare()
            {
                assert!(same(ours, y), "{} {x:?}: {ours:?}, from integers {y:?}", row.0);
            }
            let x = x as f32;
            let (ours, theirs) = ((row.2)(x), (fused.2)(x));
            assert!(same(ours.into(), theirs.into()), "{} {x:?}: {ours:?}, {theirs:?}", row.0);
        }
    }
    for (row, fused) in BINARY.iter().zip(FUSED_BINARY) {
        assert_eq!(row.0, fused.0);
        for _ in 0..5_000 {
            let (x, y) = (argument(&mut rng), argument(&mut rng));
            let (ours, theirs) = ((row.1)(x, y), (fused.1)(x, y));
            assert!(same(ours, theirs), "{} {x:?} {y:?}: {ours:?}, {theirs:?}", row.0);
            if let Some(z) = expand(&Scalar::<Integers>::new(), row.0, &[x, y]) {
                assert!(same(ours, z), "{} {x:?} {y:?}: {ours:?}, from integers {z:?}", row.0);
            }
        }
    }
}

#[test]
fn only_huge_angles_are_rare() {
    for &(op, f, _) in UNARY {
        for x in [0.0, 1.0, -1e8, 1e8, 1e8 + 1.0, -1e22, f64::MAX, f64::INFINITY, f64::NAN, 5e-324] {
            let lane = Scalar::<Inline>::new();
            let Some(y) = expand(&lane, op, &[x]) else { continue };
            let turns = [Op::Sin, Op::Cos, Op::Tan];
            let turns = turns.iter().any(|&turn| turn == op || turn.approximate() == Some(op));
            let rare = turns && x.abs() > 1e8;
            assert_eq!(lane.is_rare(), rare, "{op} {x:?}");
            assert!(rare || same(y, f(x)), "{op} {x:?}");
        }
    }
}

/// Lanes that compute nothing and count the steps: additions, multiplications and fused ones; divisions and
/// roots; everything else.
#[derive(Default)]
struct Count([Cell<usize>; 3]);

impl Count {
    fn one(&self, kind: usize) {
        self.0[kind].set(self.0[kind].get() + 1);
    }
}

macro_rules! counted {
    ($($kind:literal: $($name:ident($($x:ident),*))*;)*) => {
        $($(
            fn $name(&self, $($x: ()),*) {
                let _ = ($($x),*);
                self.one($kind);
            }
        )*)*
    };
}

#[allow(clippy::unused_unit)]
impl Lanes for Count {
    type F = ();
    type I = ();
    type M = ();

    fn float(&self, _: f64) {}
    fn int(&self, _: i64) {}
    fn bits(&self, (): ()) {}
    fn of_bits(&self, (): ()) {}
    fn shl(&self, (): (), _: u32) {
        self.one(2);
    }
    fn shr(&self, (): (), _: u32) {
        self.one(2);
    }

    counted! {
        0: add(a, b) sub(a, b) mul(a, b) fma(a, b, c);
        1: div(a, b) sqrt(a);
        2: neg(a) abs(a) iadd(a, b) isub(a, b) iand(a, b) ior(a, b) ixor(a, b) lt(a, b) le(a, b) eq(a, b)
           ieq(a, b) ilt(a, b) and(a, b) or(a, b) not(a) select(m, a, b) iselect(m, a, b) rare(m);
    }
}

#[test]
fn steps_of_each_function() {
    let mut table = String::new();
    let mut seen = BTreeSet::new();
    for &op in UNARY.iter().map(|(op, ..)| op).chain(BINARY.iter().map(|(op, ..)| op)) {
        let count = Count::default();
        if expand(&count, op, &[(), ()]).is_some() {
            let [arithmetic, slow, other] = count.0.each_ref().map(Cell::get);
            let _ = writeln!(table, "{:12} {arithmetic:3} {slow} {other:3}", op.name());
            seen.insert(op.name());
        }
    }
    assert_eq!(seen.len(), 37);
    expect![[r#"
        cbrt          38 0  32
        exp           27 0   8
        exp2          32 0   9
        exp_m1        46 0  16
        ln            22 1  16
        log2          56 1  22
        log10         56 1  22
        ln_1p         32 1  23
        sin           39 0  13
        cos           39 0  12
        tan           48 1  22
        asin          28 1  11
        acos          27 1  16
        atan          42 1  22
        sinh          60 0  16
        cosh          60 0  14
        tanh          64 1  15
        asinh         40 3  30
        acosh         55 2  33
        atanh         43 2  32
        erf           96 1  18
        erfc          71 1  14
        approx_exp    23 0   8
        approx_exp2   23 0   8
        approx_ln     28 0  16
        approx_log2   27 0  16
        approx_log10  29 0  16
        approx_sin    17 0  11
        approx_cos    19 0   9
        approx_tan    24 1  11
        approx_asin   20 1   7
        approx_acos   21 1   9
        approx_atan   20 1  13
        powf          89 1  58
        atan2         44 1  48
        hypot         16 1  20
        approx_atan2  23 1  38
    "#]]
    .assert_eq(&table);
}
