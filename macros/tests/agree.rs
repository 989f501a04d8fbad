//! The plain function, as rustc compiles it, and the kernel, as the interpreter runs it, agree in every bit
//! and in every failure: rustc is the second opinion on scopes, types, order and control flow. Only
//! operations that Rust defines exactly are used.

use std::panic::{AssertUnwindSafe, catch_unwind};

use filbert_ir::{AsKernel, Scalar, Type, interp, random};
use filbert_macros::kernel;

/// Runs both over adversarial rows. A panic of the plain function is a fault of the kernel.
fn agree<const N: usize>(kernel: &impl AsKernel, tys: [Type; N], plain: impl Fn([Scalar; N]) -> Vec<Scalar>) {
    let kernel = kernel.as_kernel().unwrap();
    assert_eq!(kernel.core.slot_types(), tys);
    let (mut failed, mut worked) = (0, 0);
    for row in random::rows(7, &tys, 4000) {
        let args: [Scalar; N] = row.try_into().unwrap();
        let expected = catch_unwind(AssertUnwindSafe(|| plain(args))).ok();
        let expected: Option<Vec<Scalar>> = expected.map(|row| row.into_iter().map(Scalar::canonical).collect());
        let got = interp::run_scalars(&kernel, &args).ok();
        assert_eq!(got, expected, "{} of {args:?}", kernel.name());
        if got.is_some() { worked += 1 } else { failed += 1 }
    }
    assert!(worked > 100, "{}: {worked} rows worked, {failed} failed", kernel.name());
}

macro_rules! get {
    ($scalar:expr, $variant:ident) => {
        match $scalar {
            Scalar::$variant(value) => value,
            other => panic!("{other:?} is no {}", stringify!($variant)),
        }
    };
}

#[kernel(crate = filbert_syntax)]
fn branches(x: f64, y: f64, n: i32, b: bool) -> (f64, f64, i32) {
    let mut s = 0.0;
    let (mut p, mut k) = (x, n);
    if x > y || b && n / 3 > 1 {
        s += x * y - 1.5;
        if !b {
            (p, s) = (s, p);
            k = k.wrapping_mul(31);
        } else if n % 7 == 3 {
            let s = y / x;
            p = s;
        }
    } else {
        k = -(k / 2);
        p = if n > 0 && 100 / n > 3 { s - y } else { (s + y).sqrt() };
    }
    let s = {
        let t = s;
        s += t;
        t * 2.0 + s
    };
    (s, p.abs() % 1e3, k)
}

#[kernel(crate = filbert_syntax)]
fn integers(a: i64, b: i64, n: u8) -> (i64, u64, i8, bool) {
    const STEP: i64 = 1 << 5;
    let mut c = a / 3 - b % 1000;
    c ^= (a & b) | !STEP;
    c >>= n & 63;
    c += (n as i64) << 3;
    let d = (c as u64).wrapping_add(u64::from(n)).rem_euclid(97);
    let e = (d as i8).wrapping_sub(100).signum() * 2 + (n / 3) as i8;
    (c, d.pow(2), e, a.max(b).clamp(-STEP, STEP) > c.min(7) || e == i8::MIN)
}

#[test]
fn control_flow() {
    agree(&branches, [Type::F64, Type::F64, Type::I32, Type::Bool], |[x, y, n, b]| {
        let (s, p, k) = branches(get!(x, F64), get!(y, F64), get!(n, I32), get!(b, Bool));
        vec![s.into(), p.into(), k.into()]
    });
}

#[test]
fn integer_arithmetic() {
    agree(&integers, [Type::I64, Type::I64, Type::U8], |[a, b, n]| {
        let (c, d, e, f) = integers(get!(a, I64), get!(b, I64), get!(n, U8));
        vec![c.into(), d.into(), e.into(), f.into()]
    });
}

#[kernel(crate = filbert_syntax)]
fn casts(x: f64, y: f32, n: i16, u: u64) -> (i32, u8, f32, f64, i64, u16) {
    let wide = x as f32 + y * 0.5;
    let small = (n as u8) as f32 - 1e3;
    (x as i32, y as u8, wide, u as f64 - n as f64, (u as i64).wrapping_neg(), small as u16 | (n as u16) << 3)
}

#[test]
fn conversions() {
    agree(&casts, [Type::F64, Type::F32, Type::I16, Type::U64], |[x, y, n, u]| {
        let (a, b, c, d, e, f) = casts(get!(x, F64), get!(y, F32), get!(n, I16), get!(u, U64));
        vec![a.into(), b.into(), c.into(), d.into(), e.into(), f.into()]
    });
}

#[kernel(crate = filbert_syntax)]
fn exact(x: f64, y: f64) -> (f64, f64, f64, f64, bool) {
    let (lo, hi) = if x < y { (x, y) } else { (y, x) };
    let a = x.mul_add(y, -x) / y.fract();
    let b = x.floor() + y.ceil() - x.trunc() * y.round();
    let c = if lo <= hi { (x * 0.5 + y).clamp(lo, hi) } else { f64::NAN };
    let d = x.to_radians() + y.to_degrees() + x.recip().powi(3) + y.rem_euclid(2.5);
    let e = a.is_nan() | b.is_finite() ^ (c.is_infinite() && d.is_nan()) || x.copysign(y) >= -0.0;
    (a, b, c, d, e)
}

#[test]
fn exact_functions_of_floats() {
    agree(&exact, [Type::F64, Type::F64], |[x, y]| {
        let (x, y) = (get!(x, F64), get!(y, F64));
        let (a, b, c, d, e) = exact(x, y);
        vec![a.into(), b.into(), c.into(), d.into(), e.into()]
    });
}

#[kernel(crate = filbert_syntax)]
fn inferred(x: f32, k: u8, n: i64) -> (f32, u8, i64, i32) {
    let mut sum = 0.0;
    let one = 1;
    let two = one + one;
    let big = 0x7fff_ffff;
    let (left, right) = (2.5, -3);
    if x >= sum {
        sum = x * left;
    }
    let more = if n > right { n - right } else { right };
    (sum, k / two, more.wrapping_mul(1 << 40), big - (k > one) as i32)
}

#[test]
fn inference() {
    agree(&inferred, [Type::F32, Type::U8, Type::I64], |[x, k, n]| {
        let (a, b, c, d) = inferred(get!(x, F32), get!(k, U8), get!(n, I64));
        vec![a.into(), b.into(), c.into(), d.into()]
    });
}

const LIMIT: i32 = 40;
const STEPS: u32 = 7;

#[kernel(crate = filbert_syntax)]
fn loops(n: i32, k: u8, b: bool) -> (i64, u32) {
    let mut sum = 0i64;
    let mut turns = 0;
    'rows: for row in (0..=k).rev().step_by(3) {
        let mut left = n % 50;
        while left > -5 {
            turns += 1;
            left -= match (row, left) {
                (0..=9, LIMIT) => continue 'rows,
                (_, 7 | 9) if b => 4,
                (r @ 200..=255, _) => 11 + i32::from(r % 3),
                _ => 5,
            };
            if turns > STEPS * 100 {
                break 'rows;
            }
        }
        let add = |by: i64| sum + by;
        sum = add(i64::from(left)) * 3 % 1_000_003;
        if sum == 77 {
            return (-1, turns);
        }
    }
    let last = loop {
        turns += 1;
        if turns % 10 == 0 {
            break sum - i64::from(turns);
        }
    };
    (last, turns)
}

#[test]
fn loops_and_matches() {
    agree(&loops, [Type::I32, Type::U8, Type::Bool], |[n, k, b]| {
        let (sum, turns) = loops(get!(n, I32), get!(k, U8), get!(b, Bool));
        vec![sum.into(), turns.into()]
    });
}

#[kernel(crate = filbert_syntax)]
fn half(x: Option<i32>) -> Option<i32> {
    let x = x?;
    (x % 2 == 0).then_some(x / 2)
}

#[kernel(crate = filbert_syntax)]
fn options(x: Option<i32>, b: Option<bool>) -> (i32, bool, bool, bool) {
    let y = half(x).or(x.map(|v| v.wrapping_add(1)));
    let seen = if let (Some(y), Some(true)) = (y, b) { y > 3 } else { x.is_none() };
    let both = b.kleene_and(Some(seen)).kleene_not();
    (y.filter(|v| *v != 5).unwrap_or(-9), both.is_some(), both.unwrap_or_default(), y.is_some_and(|v| v < 0))
}

#[test]
fn options_of_kernels() {
    agree(&options, [Type::I32, Type::Bool, Type::Bool, Type::Bool], |[x, is_x, b, is_b]| {
        let x = get!(is_x, Bool).then_some(get!(x, I32));
        let b = get!(is_b, Bool).then_some(get!(b, Bool));
        let (y, is_known, both, n) = options(x, b);
        vec![y.into(), is_known.into(), both.into(), n.into()]
    });
}
