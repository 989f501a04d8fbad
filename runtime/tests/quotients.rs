//! Quotients of floats that vectors make without the divider, against the processor's own division: at quotients as
//! close to the middle between two floats as there are, where a step that is not quite right would show.
//!
//! `FILBERT_LONG=1` asks for a thousand times as many.

use filbert_compiler::{Backend, Level, Target};
use filbert_ir::kernel::Args;
use filbert_ir::random::{Rng, specials};
use filbert_ir::{Builder, Def, Kernel, Names, Op, Scalar, Type, ValueId, verify};
use filbert_runtime::{CallOptions, Column, Engine, LoadedKernel, Uniform};

use crate::differential::applied;
use crate::support::{is_long_run, patient};

/// Rows of a call: turns and a partial block.
const ROWS: usize = 64 * 60 + 5;

/// The code for each machine, whole registers where there is AVX-512.
fn code(ty: Type, constant: Option<(usize, Scalar)>) -> Vec<LoadedKernel> {
    let kernel = applied(Op::Div, &[ty, ty], ty, constant);
    let load = |level| patient(1 << 20).with_target(Target::level(level)).load(&kernel, Engine::Native);
    let made: Vec<LoadedKernel> = [Level::V3, Level::V4].into_iter().map(load).collect();
    match made[1].backend() {
        Some(Backend::Vector { lanes, .. }) if Target::level(Level::V4).features().contains(&"avx512dq") => {
            // Of floats of 32 bits, and by what is just below a power of two, they are the divider's.
            let is_near_two =
                |(_, c): (usize, Scalar)| matches!(c, Scalar::F64(c) if c.to_bits() << 12 > u64::MAX / 1000 * 999);
            let is_whole = lanes == if ty == Type::F64 { 8 } else { 16 };
            assert!(is_whole || ty == Type::F32 || constant.is_some_and(is_near_two), "{lanes} lanes");
        }
        _ => println!("SKIPPED: this CPU has no AVX-512, whose quotients are not tested"),
    }
    made
}

/// Calls of `ROWS` rows.
fn calls(usual: usize) -> usize {
    if is_long_run() { usual * 1000 } else { usual }
}

/// A float by its parts: 2^exponent (1 + fraction / 2^52).
fn float(negative: bool, exponent: i64, fraction: u64) -> f64 {
    f64::from_bits(u64::from(negative) << 63 | ((exponent + 1023) as u64) << 52 | fraction & 0x000f_ffff_ffff_ffff)
}

/// A significand: anywhere, of few bits, or next to a power of two.
fn fraction(rng: &mut Rng) -> u64 {
    let any = rng.next_u64() >> 12;
    match rng.below(6) {
        0 => any >> rng.below(52) << rng.below(52),
        1 => rng.below(64) as u64,
        2 => u64::MAX - rng.below(64) as u64,
        _ => any,
    }
}

/// The inverse of an odd number, modulo 2^64 (Newton).
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
}

/// A dividend for which the quotient by this one, whose significand has so many bits, is all but in the middle between
/// two floats: a 2^n = b m + j, for an m of one bit more and a small j.
fn hard_dividend(rng: &mut Rng, b: f64, bits: u32) -> f64 {
    let whole = b.to_bits() & 0x000f_ffff_ffff_ffff | 1 << 52;
    let divisor = whole >> whole.trailing_zeros();
    let j = [1i64, -1, 2, -2, 3, -3, 5, -7][rng.below(8)];
    // The bits of m, which is odd, below which a is none.
    let n = bits + 1 - rng.below(2) as u32;
    let middle = (j as u64).wrapping_neg().wrapping_mul(inverse(divisor)) & ((1 << n) - 1);
    let product = i128::from(divisor) * i128::from(middle) + i128::from(j);
    let a = product >> n;
    let scale = rng.below(40) as i32 - 20;
    (a as f64) * 2f64.powi(scale)
}

/// A pair: hard, ordinary, with a special one, or of any bits.
fn pair(rng: &mut Rng, specials: &[f64]) -> [f64; 2] {
    let usual = |rng: &mut Rng| {
        let (negative, exponent) = (rng.chance(50), rng.below(600) as i64 - 300);
        float(negative, exponent, fraction(rng))
    };
    let (a, b) = (usual(rng), usual(rng));
    match rng.below(200) {
        0 => [rng.pick(specials), b],
        1 => [a, rng.pick(specials)],
        2 => [f64::from_bits(rng.next_u64()), f64::from_bits(rng.next_u64())],
        3..60 => [a, b],
        60..70 => [float(rng.chance(50), rng.below(9) as i64, 0), b],
        _ => [hard_dividend(rng, b, 53), b],
    }
}

fn same(ours: f64, theirs: f64) -> bool {
    ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan()
}

fn doubles() -> Vec<f64> {
    let float = |scalar| match scalar {
        Scalar::F64(x) => x,
        _ => unreachable!("asked for this type"),
    };
    specials(Type::F64).into_iter().map(float).collect()
}

#[test]
fn hard_quotients_are_rounded_right() {
    let codes = code(Type::F64, None);
    let specials = doubles();
    for seed in 0..calls(200) {
        let mut rng = Rng::new(seed as u64);
        let (a, b): (Vec<f64>, Vec<f64>) = (0..ROWS).map(|_| pair(&mut rng, &specials).into()).unzip();
        let mut out = vec![0.0; ROWS];
        for code in &codes {
            code.typed::<(f64, f64), f64>().unwrap().call((&a, &b), &mut out).unwrap();
            for ((a, b), ours) in a.iter().zip(&b).zip(&out) {
                assert!(same(*ours, a / b), "{a:e} / {b:e} is {:e}, not {ours:e}", a / b);
            }
        }
    }
}

/// Reciprocals next to the middle: 1 2^106 = b m + j has the solutions that factors of 2^106 - j are; here those that
/// are known, and their neighbours.
#[test]
fn hard_reciprocals_are_rounded_right() {
    let codes = code(Type::F64, Some((0, Scalar::F64(1.0))));
    for seed in 0..calls(100) {
        let mut rng = Rng::new(seed as u64);
        let b: Vec<f64> = (0..ROWS)
            .map(|_| {
                let known = [9_007_199_120_523_265, 9_007_199_254_740_991, 9_007_199_388_958_721u64 >> 1][rng.below(3)];
                let near = known.wrapping_add_signed(rng.below(9) as i64 - 4);
                let fraction = if rng.chance(30) { near } else { fraction(&mut rng) };
                float(rng.chance(50), rng.below(800) as i64 - 400, fraction)
            })
            .collect();
        let mut out = vec![0.0; ROWS];
        for code in &codes {
            code.typed::<(f64,), f64>().unwrap().call((&b,), &mut out).unwrap();
            for (b, ours) in b.iter().zip(&out) {
                assert!(same(*ours, 1.0 / b), "1 / {b:e} is {:e}, not {ours:e}", 1.0 / b);
            }
        }
    }
}

#[test]
fn hard_quotients_by_constants_are_rounded_right() {
    let specials = doubles();
    let mut rng = Rng::new(7);
    let mut constants: Vec<f64> = (3..40).map(f64::from).collect();
    constants.extend([100.0, 365.25, 3600.0, 86_400.0, 2.54, 0.1, 1e-3, -1.8, 1e5, 9.81, std::f64::consts::PI]);
    constants.extend((0..60).map(|_| float(rng.chance(50), rng.below(30) as i64 - 15, fraction(&mut rng))));
    for c in constants {
        let codes = code(Type::F64, Some((1, Scalar::F64(c))));
        for _ in 0..calls(3) {
            let a: Vec<f64> = (0..ROWS)
                .map(|_| match rng.below(200) {
                    0 => rng.pick(&specials),
                    1 => f64::from_bits(rng.next_u64()),
                    2..60 => float(rng.chance(50), rng.below(600) as i64 - 300, fraction(&mut rng)),
                    _ => hard_dividend(&mut rng, c, 53),
                })
                .collect();
            let mut out = vec![0.0; ROWS];
            for code in &codes {
                code.typed::<(f64,), f64>().unwrap().call((&a,), &mut out).unwrap();
                for (a, ours) in a.iter().zip(&out) {
                    assert!(same(*ours, a / c), "{a:e} / {c:e} is {:e}, not {ours:e}", a / c);
                }
            }
        }
    }
}

/// By one value for all rows, usual or not.
#[test]
fn hard_quotients_by_one_value_are_rounded_right() {
    let codes = code(Type::F64, None);
    let specials = doubles();
    let mut rng = Rng::new(11);
    for round in 0..calls(300) {
        let b = match round % 4 {
            0 => rng.pick(&specials),
            1 => float(rng.chance(50), rng.below(2046) as i64 - 1022, fraction(&mut rng)),
            _ => float(rng.chance(50), rng.below(60) as i64 - 30, fraction(&mut rng)),
        };
        let hard = b.is_normal();
        let a: Vec<f64> = (0..ROWS)
            .map(|_| match rng.below(100) {
                0 => rng.pick(&specials),
                1 => f64::from_bits(rng.next_u64()),
                2..40 => float(rng.chance(50), rng.below(600) as i64 - 300, fraction(&mut rng)),
                _ if hard => hard_dividend(&mut rng, b, 53),
                _ => rng.below(100) as f64,
            })
            .collect();
        let mut out = vec![0.0; ROWS];
        for code in &codes {
            let kernel = code.typed::<(f64, Uniform<f64>), f64>().unwrap();
            kernel.call((&a, b), &mut out).unwrap();
            for (a, ours) in a.iter().zip(&out) {
                assert!(same(*ours, a / b), "{a:e} / {b:e} is {:e}, not {ours:e}", a / b);
            }
        }
    }
}

/// So many quotients that are wanted at once that AVX2 has no registers for them, nor for what they need.
#[test]
fn quotients_beyond_the_registers_are_rounded_right() {
    const INPUTS: usize = 24;
    let by = |i: usize| 1.1 + i as f64 * 0.7;
    let mut builder = Builder::new();
    let inputs: Vec<ValueId> = (0..INPUTS).map(|_| builder.param(Type::F64)).collect();
    let op = |builder: &mut Builder, op, a, b| builder.push(Type::F64, Def::Op(op, Args::new(&[a, b])));
    let quotients: Vec<ValueId> = inputs
        .iter()
        .enumerate()
        .map(|(i, &input)| {
            let constant = builder.constant(Scalar::F64(by(i)));
            op(&mut builder, Op::Div, input, constant)
        })
        .collect();
    // Each beside the one as far from the end as it is from the begin, so that all are there first.
    let mut sum = quotients[0];
    for i in 0..INPUTS {
        let product = op(&mut builder, Op::Mul, quotients[i], quotients[INPUTS - 1 - i]);
        sum = op(&mut builder, Op::Add, sum, product);
    }
    let (core, _) = builder.finish(vec![sum]);
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    let names = Names { kernel: "k".into(), params, ..Names::default() };
    let kernel = verify(Kernel { core, names, source: None }).unwrap();
    let mut rng = Rng::new(5);
    let columns: Vec<Vec<f64>> = (0..INPUTS)
        .map(|_| (0..ROWS).map(|_| if rng.chance(2) { 1e-310 } else { rng.below(1000) as f64 / 7.0 }).collect())
        .collect();
    let given: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
    for level in [Level::V3, Level::V4] {
        let loaded = patient(1 << 20).with_target(Target::level(level)).load(&kernel, Engine::Native);
        let out = loaded.call(&given, ROWS, &CallOptions::default()).unwrap();
        for row in 0..ROWS {
            let q: Vec<f64> = columns.iter().enumerate().map(|(i, column)| column[row] / by(i)).collect();
            let theirs = (0..INPUTS).fold(q[0], |sum, i| sum + q[i] * q[INPUTS - 1 - i]);
            let Some(Scalar::F64(ours)) = out[0].value(row) else { panic!("row {row} is null") };
            assert!(same(ours, theirs), "{level:?}, row {row}: {ours:e}, not {theirs:e}");
        }
    }
}

/// Of f32 each significand, by some constants; the long run has all floats.
#[test]
fn narrow_quotients_by_constants_are_rounded_right() {
    let all: u32 = if is_long_run() { 1 } else { 509 };
    for c in [3.0f32, 7.0, 10.0, 1.9, 1.999, 60.0, 1e-3, 1e5, -1.8, 0.1, std::f32::consts::PI, 1.0f32.next_up()] {
        let codes = code(Type::F32, Some((1, Scalar::F32(c))));
        let mut next = 0u32;
        let mut is_done = false;
        while !is_done {
            let a: Vec<f32> = (0..1 << 16)
                .map(|_| {
                    let a = f32::from_bits(next);
                    let (after, wraps) = next.overflowing_add(all);
                    (next, is_done) = (after, is_done || wraps);
                    a
                })
                .collect();
            let mut out = vec![0.0f32; a.len()];
            for code in &codes {
                code.typed::<(f32,), f32>().unwrap().call((&a,), &mut out).unwrap();
                for (a, ours) in a.iter().zip(&out) {
                    let theirs = a / c;
                    let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
                    assert!(same, "{a:e} / {c:e} is {theirs:e}, not {ours:e}");
                }
            }
        }
    }
}
