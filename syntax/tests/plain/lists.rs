//! Lists, arrays, tables and iterators.

use std::fmt::Debug;

use filbert_ir::{Datum, Scalar, VerifiedKernel, interp};

use super::quietly;

text! {
    fn sum_by_index(x: &[f64]) -> f64 {
        let mut sum = 0.0;
        for i in 0..x.len() { sum += x[i]; }
        sum
    }

    fn sums(x: &[f64]) -> (f64, f64, f64, f64) {
        let mut by_ref = 0.0;
        for v in x { by_ref += v; }
        let mut by_value = 0.0;
        for &v in x.iter() { by_value += v; }
        (by_ref, by_value, x.iter().sum(), x.iter().copied().product::<f64>())
    }

    fn dot(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>()
    }

    fn cosine(x: &[f64], y: &[f64]) -> f64 {
        let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
        for (a, b) in x.iter().zip(y.iter()) {
            xy += a * b;
            xx += a * a;
            yy += b * b;
        }
        xy / (xx.sqrt() * yy.sqrt())
    }

    fn variance(x: &[f64]) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0)
    }

    fn extremes(x: &[f64]) -> (f64, f64, Option<f64>, f64) {
        (
            x.iter().copied().fold(f64::INFINITY, f64::min),
            x.iter().cloned().fold(f64::NEG_INFINITY, f64::max),
            x.iter().copied().reduce(f64::min),
            x.iter().fold(0.0, |acc, v| acc + v.abs()),
        )
    }

    fn ends(x: &[i32], n: i32) -> (bool, bool, Option<usize>, Option<i32>, usize) {
        (
            x.iter().any(|&v| v == n),
            x.iter().all(|v| *v < n),
            x.iter().position(|&v| v > n),
            x.iter().find(|v| **v % 2 == 0).copied(),
            x.iter().filter(|&&v| v > 0).count(),
        )
    }

    fn least_and_greatest(x: &[i32]) -> (Option<i32>, Option<i32>, Option<i32>) {
        (x.iter().copied().min(), x.iter().max().copied(), x.iter().map(|v| v / 2).max())
    }

    fn checked_sum(x: &[i32]) -> i32 {
        x.iter().sum()
    }

    fn checked_squares(x: &[i32]) -> (i32, i64) {
        (x.iter().map(|v| v * v).sum(), x.iter().map(|&v| v as i64 * v as i64).product())
    }

    fn reversed(x: &[i32]) -> (i32, i32, Option<i32>, Option<usize>) {
        let mut hash: i32 = 7;
        for v in x.iter().rev() { hash = hash.wrapping_mul(31).wrapping_add(*v); }
        let mut other: i32 = 7;
        for (i, v) in x.iter().enumerate().rev() { other = other.wrapping_mul(31).wrapping_add(*v ^ i as i32); }
        (hash, other, x.iter().rev().nth(1).copied(), x.iter().rev().position(|v| *v == 2))
    }

    fn steps(x: &[i32], n: usize, k: usize) -> (i64, i64, i64, i64, i64) {
        let sum = |a: i64, v: &i32| a.wrapping_mul(3).wrapping_add(*v as i64);
        (
            x.iter().skip(n).fold(1, sum),
            x.iter().take(n).fold(1, sum),
            x.iter().step_by(k).fold(1, sum),
            x.iter().skip(n).step_by(k).rev().fold(1, sum),
            x.iter().rev().skip(n).take(k).enumerate().fold(1, |a, (i, v)| a.wrapping_mul(5) + i as i64 * *v as i64),
        )
    }

    fn staged(x: &[i32], n: usize) -> (i64, i64, i64, i64, i64, i64) {
        let mix = |a: i64, v: i32| a.wrapping_mul(3).wrapping_add(v as i64);
        let odd = |v: &&i32| **v % 2 != 0;
        (
            x.iter().filter(odd).copied().fold(1, mix),
            x.iter().filter(odd).skip(n).copied().fold(1, mix),
            x.iter().filter(odd).take(n).copied().fold(1, mix),
            x.iter().take_while(|v| **v < 3).copied().fold(1, mix),
            x.iter().skip_while(|v| **v < 3).copied().fold(1, mix),
            x.iter().filter(odd).enumerate().fold(1, |a, (i, v)| mix(a, *v ^ i as i32)),
        )
    }

    fn staged_more(x: &[i32], y: &[i32], n: usize) -> (i64, i64, i64, i64, i64) {
        let mix = |a: i64, v: i32| a.wrapping_mul(3).wrapping_add(v as i64);
        (
            x.iter().filter(|v| **v > 0).zip(y).fold(1, |a, (v, w)| mix(mix(a, *v), *w)),
            x.iter().zip(y.iter().filter(|v| **v > 0)).fold(1, |a, (v, w)| mix(mix(a, *v), *w)),
            x.iter().filter(|v| **v > 0).step_by(n).copied().fold(1, mix),
            x.iter().filter_map(|v| v.checked_mul(1 << 20)).fold(1, mix),
            x.iter().rev().filter(|v| **v != 2).rev().map(|v| v ^ 5).fold(1, mix),
        )
    }

    fn fail_as_rust_does(x: &[i32], y: &[i32], n: usize) -> (i32, i32, usize, Option<i32>, i32) {
        (
            x.iter().map(|v| 60 / v).skip(n).sum::<i32>(),
            x.iter().map(|v| 60 / v).zip(y).map(|(a, b)| a ^ b).fold(0, |a, b| a ^ b),
            x.iter().map(|v| 60 % v).count(),
            x.iter().map(|v| 60 / v).nth(n),
            x.iter().take_while(|v| **v > 0).map(|v| 60 / v).take(n).sum(),
        )
    }

    fn state_of_closures(x: &[i32]) -> (i32, i32, i32) {
        let mut seen = 0;
        let sum: i32 = x.iter().map(|v| { seen += 1; v / 2 }).sum();
        let mut count = 0;
        x.iter().for_each(|v| if *v > 0 { count += 1 });
        let mut last = 0;
        let any = x.iter().any(|v| { last = *v; *v > 1 });
        (sum / 2 + seen, count, if any { last } else { -last })
    }

    fn jumps(x: &[i32], n: i32) -> i32 {
        let mut sum = 0;
        'outer: for (i, a) in x.iter().enumerate() {
            if *a == n { continue; }
            for b in x.iter().skip(i + 1) {
                if a == b { continue 'outer; }
                if *b == n { break; }
                if a / 2 > *b { return -1; }
                sum += 1;
            }
            if sum > 40 { break 'outer; }
        }
        sum
    }

    fn windows(x: &[f64], n: usize) -> (f64, f64, bool, usize) {
        let mut best = 0.0;
        for w in x.windows(3) { best += w[2] - 2.0 * w[1] + w[0]; }
        let sums = x.windows(n).map(|w| w.iter().sum::<f64>()).fold(0.0, f64::max);
        (best, sums, x.windows(2).all(|w| w[0] <= w[1]), x.windows(n).len())
    }

    fn chunks(x: &[i32], n: usize) -> (i64, usize, i64) {
        let mix = |a: i64, v: i64| a.wrapping_mul(3).wrapping_add(v);
        (
            x.chunks_exact(n).fold(1, |a, c| mix(a, c[0] as i64 - c[n - 1] as i64)),
            x.chunks_exact(n).count(),
            x.chunks_exact(2).rev().map(|c| c[0] as i64 * 10 + c[1] as i64).fold(1, mix),
        )
    }

    fn pieces(x: &[i32], n: usize, k: usize) -> (i32, usize, i32, bool, i32) {
        let (a, b) = x.split_at(n);
        let part = &x[n..k];
        let rest = &part[1..];
        (a.iter().fold(0, |s, v| s ^ v), b.len(), rest.iter().fold(0, |s, v| s ^ v), part.contains(&2), x[..=n][n])
    }

    fn options(x: &[i32], n: usize) -> (Option<i32>, Option<i32>, Option<i32>, i32, i32) {
        let rest = match x.split_first() {
            Some((head, tail)) => tail.iter().fold(*head, |a, b| a ^ b),
            None => -1,
        };
        let mut both = 0;
        if let (Some(a), Some(b)) = (x.get(n), x.last()) { both = a ^ b; }
        (x.first().copied(), x.get(n).map(|v| v / 2), x.iter().nth(n).copied(), rest, both)
    }

    fn compare_pairs(x: &[f64], y: &[f64]) -> (bool, usize) {
        let same = x.len() == y.len() && x.iter().zip(y).all(|(a, b)| a == b);
        (same, x.iter().zip(y).filter(|(a, b)| a < b).count())
    }

    fn ranges(a: i32, b: i32, k: usize) -> (i64, i64, i64, usize, i64) {
        let mix = |s: i64, v: i32| s.wrapping_mul(3).wrapping_add(v as i64);
        (
            (a..b).map(|v| v ^ 1).fold(1, mix),
            (a..=b).rev().step_by(k).fold(1, mix),
            (a..b).step_by(k).zip(a..=b).fold(1, |s, (v, w)| mix(mix(s, v), w)),
            (a..b).filter(|v| v % 3 == 0).count(),
            (a..b).rev().enumerate().map(|(i, v)| v.wrapping_sub(i as i32)).fold(1, mix),
        )
    }

    fn more_ranges(a: u8, b: u8, k: usize) -> (i64, i64, usize, Option<u8>) {
        let mix = |s: i64, v: u8| s.wrapping_mul(3).wrapping_add(v as i64);
        (
            (a..=b).skip(k).fold(1, mix),
            (a..=b).rev().zip((a..b).step_by(k)).fold(1, |s, (v, w)| mix(mix(s, v), w)),
            (a..b).len(),
            (a..=b).take(k).last(),
        )
    }

    fn arrays(x: f64, i: usize) -> (f64, f64, f64, f64) {
        let mut a = [x, 2.0 * x, 3.0];
        a[i] += 1.0;
        let mut sum = 0.0;
        for v in a { sum += v; }
        for v in a.iter_mut() { *v *= 2.0; }
        for (i, v) in a.iter_mut().enumerate() { if i > 0 { *v += i as f64; } }
        let b = a.map(|v| v - 1.0);
        let mut last = -1.0;
        for v in b { if v > 4.0 { last = v; break; } }
        (sum, a[i] + b[2], a.iter().product(), last)
    }

    fn longer_arrays(x: i32, i: usize) -> (i64, i32, i32) {
        let mut a = [x; 12];
        for (k, v) in a.iter_mut().enumerate() { *v = v.wrapping_add(k as i32 * 7); }
        a[i] = 5;
        a.swap(0, i);
        for v in &mut a { if *v % 2 == 0 { *v /= 2; } }
        (a.iter().rev().fold(1, |s: i64, v| s.wrapping_mul(3).wrapping_add(*v as i64)), a[11 - i], a[0])
    }

    fn matrix(m: [[f64; 3]; 2], v: &[f64; 3]) -> [f64; 2] {
        let mut out = [0.0; 2];
        for i in 0..2 {
            for j in 0..3 { out[i] += m[i][j] * v[j]; }
        }
        out
    }

    fn rows(points: &[[f64; 2]]) -> (f64, f64, usize) {
        let mut area = 0.0;
        for i in 0..points.len() {
            let [a, b] = points[i];
            let next = points[(i + 1) % points.len()];
            area += a * next[1] - next[0] * b;
        }
        let far = points.iter().map(|p| p[0] * p[0] + p[1] * p[1]).fold(0.0, f64::max);
        let mut count = 0;
        for row in points { if row[0] > row[1] { count += 1; } }
        (area / 2.0, far, count)
    }

    fn crc16(x: &[u8]) -> u16 {
        let mut crc = 0xffff_u16;
        for b in x {
            crc ^= (*b as u16) << 8;
            for _ in 0..8 {
                crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 };
            }
        }
        crc
    }

    fn polynomial(c: &[f64], x: f64) -> (f64, f64) {
        (c.iter().rev().fold(0.0, |acc, c| acc * x + c), c.iter().rev().fold(0.0, |acc: f64, &c| acc.mul_add(x, c)))
    }

    const PRIMES: [u32; 6] = [2, 3, 5, 7, 11, 13];
    const GRID: [[i16; 3]; 2] = [[1, 2, 3], [4, 5, 6]];
    static NAMES: &[u8] = &[65, 66, 67];

    fn tables(n: usize, k: usize) -> (u32, i16, u32, Option<usize>, i16) {
        let mut sum = 0;
        for row in &GRID { sum += row[k]; }
        (
            PRIMES[n] + NAMES[n % 3] as u32,
            GRID[k % 2][n % 3],
            PRIMES.iter().take(k).sum(),
            PRIMES.iter().position(|p| *p > n as u32 * 3),
            sum,
        )
    }

    #[cfg_attr(any(), kernel(out = "len(x)"))]
    fn softmax(x: &[f64], out: &mut [f64]) {
        let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for (o, v) in out.iter_mut().zip(x) {
            *o = (v - top).abs();
            sum += *o;
        }
        for o in out.iter_mut() { *o /= sum; }
    }

    #[cfg_attr(any(), kernel(out = "len(x) - 1"))]
    fn differences(x: &[i32], out: &mut [i32]) {
        for (o, w) in out.iter_mut().zip(x.windows(2)) { *o = w[1].wrapping_sub(w[0]); }
    }

    #[cfg_attr(any(), kernel(out = "len(x) + len(y)"))]
    fn merged(x: &[i32], y: &[i32], out: &mut [i32]) {
        let (mut i, mut j) = (0, 0);
        for o in out {
            if j >= y.len() || i < x.len() && x[i] <= y[j] {
                *o = x[i];
                i += 1;
            } else {
                *o = y[j];
                j += 1;
            }
        }
    }

    #[cfg_attr(any(), kernel(layout = "(n)->(n)"))]
    fn insertion_sort(x: &[f64], out: &mut [f64]) {
        out.copy_from_slice(x);
        for i in 1..out.len() {
            let mut j = i;
            while j > 0 && out[j - 1] > out[j] {
                out.swap(j - 1, j);
                j -= 1;
            }
        }
    }

    #[cfg_attr(any(), kernel(out = "2 * len(x)"))]
    fn rotated(x: &[[f64; 2]], out: &mut [[f64; 2]]) -> f64 {
        out.fill([1.0, -1.0]);
        for (i, p) in x.iter().enumerate() {
            out[i] = [-p[1], p[0]];
            out[2 * i][0] += 0.5;
        }
        let first = out[0];
        out[0][0] = 9.0;
        first[0]
    }
}

/// The text, with the attributes that rustc does not see.
fn text() -> String {
    TEXT.replace("#[cfg_attr(any(), kernel(", "#[kernel(").replace("\"))]", "\")]")
}

trait Arg {
    fn datum(&self) -> Datum;
}

trait Outcome {
    fn data(&self) -> Vec<Datum>;
}

macro_rules! scalars {
    ($($ty:ty as $ir:ident),*) => {
        $(
            impl Arg for $ty {
                fn datum(&self) -> Datum {
                    Datum::Scalar(Scalar::$ir(*self as _))
                }
            }
            impl Outcome for $ty {
                fn data(&self) -> Vec<Datum> {
                    vec![Datum::Scalar(Scalar::$ir(*self as _).canonical())]
                }
            }
        )*
    };
}

scalars!(u8 as U8, i16 as I16, u16 as U16, i32 as I32, u32 as U32, i64 as I64, usize as U64, f64 as F64);

impl Outcome for bool {
    fn data(&self) -> Vec<Datum> {
        vec![Datum::Scalar(Scalar::Bool(*self))]
    }
}

impl<T: Arg> Arg for Vec<T> {
    fn datum(&self) -> Datum {
        let mut flat = Vec::new();
        for elem in self {
            match elem.datum() {
                Datum::Scalar(scalar) => flat.push(scalar),
                Datum::List(row) => flat.extend(row),
                Datum::Null => {}
            }
        }
        Datum::List(flat)
    }
}

impl<T: Arg + Clone, const N: usize> Arg for [T; N] {
    fn datum(&self) -> Datum {
        self.to_vec().datum()
    }
}

fn canonical(list: Datum) -> Datum {
    match list {
        Datum::List(elems) => Datum::List(elems.into_iter().map(Scalar::canonical).collect()),
        other => other,
    }
}

impl<T: Arg> Outcome for Vec<T> {
    fn data(&self) -> Vec<Datum> {
        vec![canonical(self.datum())]
    }
}

impl<T: Arg + Clone, const N: usize> Outcome for [T; N] {
    fn data(&self) -> Vec<Datum> {
        self.to_vec().data()
    }
}

impl<T: Outcome> Outcome for Option<T> {
    fn data(&self) -> Vec<Datum> {
        self.as_ref().map_or(vec![Datum::Null], T::data)
    }
}

macro_rules! tuples {
    ($(($($t:ident $n:tt),*))*) => {
        $(impl<$($t: Outcome),*> Outcome for ($($t,)*) {
            fn data(&self) -> Vec<Datum> {
                [$(self.$n.data()),*].concat()
            }
        })*
    };
}

tuples!((A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) (A 0, B 1, C 2, D 3, E 4, F 5));

/// Compares a call with the kernel of its name, over all combinations of the arguments.
macro_rules! rows {
    ($module:ident, $name:literal, [$($done:ident)*] => $call:expr) => {
        check($module.get($name).unwrap(), format!("{:?}", ($(&$done,)*)), vec![$($done.datum()),*], || $call.data())
    };
    ($module:ident, $name:literal, [$($done:ident)*] $arg:ident: $values:expr $(, $more:ident: $others:expr)* => $call:expr) => {
        for $arg in &$values {
            rows!($module, $name, [$($done)* $arg] $($more: $others),* => $call);
        }
    };
    ($module:ident, $name:literal, $($arg:ident: $values:expr),* => $call:expr) => {
        rows!($module, $name, [] $($arg: $values),* => $call)
    };
}

fn check(kernel: &VerifiedKernel, row: impl Debug, args: Vec<Datum>, function: impl FnOnce() -> Vec<Datum>) {
    let want = quietly(function);
    let got = interp::run(kernel, &args);
    match (&want, &got) {
        (None, Err(_)) => {}
        (Some(want), Ok(got)) if want == got => {}
        _ => panic!(
            "{}{row:?}: Rust gives {want:?}, the kernel {got:?}\n{}",
            kernel.name(),
            filbert_ir::text::print(kernel)
        ),
    }
}

fn floats() -> Vec<Vec<f64>> {
    let mut lists: Vec<Vec<f64>> = vec![vec![], vec![-0.0], vec![f64::NAN, 1.0], vec![1.0, f64::INFINITY, -0.0]];
    lists.extend((1..10).map(|n| (0..n).map(|i| (i * i * 7 % 11) as f64 / 4.0 - 1.0).collect()));
    lists
}

fn ints() -> Vec<Vec<i32>> {
    let mut lists = vec![
        vec![],
        vec![0],
        vec![3, 1, 2],
        vec![i32::MAX, 1],
        vec![i32::MIN, -1, 2, 2],
        vec![1, 2, 3, 4, 5, 6, 7],
        vec![4, 4, 2, 0, 3, 1],
        vec![5, -3, 2, 1, -1, 8, 7, 2, 9],
    ];
    lists.extend((1..9).map(|n| (0..n).map(|i| i * i * 5 % 7).collect::<Vec<i32>>()));
    lists
}

#[test]
fn lists_give_what_rust_gives() {
    let m = super::module(&text());
    rows!(m, "sum_by_index", x: floats() => sum_by_index(x));
    rows!(m, "sums", x: floats() => sums(x));
    rows!(m, "dot", x: floats(), y: floats() => dot(x, y));
    rows!(m, "cosine", x: floats(), y: floats() => cosine(x, y));
    rows!(m, "variance", x: floats() => variance(x));
    rows!(m, "extremes", x: floats() => extremes(x));
    rows!(m, "ends", x: ints(), n: [0, 1, 3, 100] => ends(x, *n));
    rows!(m, "least_and_greatest", x: ints() => least_and_greatest(x));
    rows!(m, "checked_sum", x: ints() => checked_sum(x));
    rows!(m, "checked_squares", x: ints() => checked_squares(x));
    rows!(m, "reversed", x: ints() => reversed(x));
    rows!(m, "steps", x: ints(), n: [0, 1, 2, 5, 100, usize::MAX], k: [0, 1, 2, 3, 9] => steps(x, *n, *k));
    rows!(m, "staged", x: ints(), n: [0, 1, 2, 5, usize::MAX] => staged(x, *n));
    rows!(m, "staged_more", x: ints(), y: ints(), n: [0, 1, 2, 5] => staged_more(x, y, *n));
    rows!(m, "fail_as_rust_does", x: ints(), y: ints(), n: [0, 1, 2, 4] => fail_as_rust_does(x, y, *n));
    rows!(m, "state_of_closures", x: ints() => state_of_closures(x));
    rows!(m, "jumps", x: ints(), n: [0, 2, 4, 7] => jumps(x, *n));
    rows!(m, "windows", x: floats(), n: [0, 1, 2, 4, 20] => windows(x, *n));
    rows!(m, "chunks", x: ints(), n: [0, 1, 2, 3, 20] => chunks(x, *n));
    rows!(m, "pieces", x: ints(), n: [0, 1, 2, 7], k: [0, 1, 2, 4, 9] => pieces(x, *n, *k));
    rows!(m, "options", x: ints(), n: [0, 1, 2, 7, usize::MAX] => options(x, *n));
    rows!(m, "compare_pairs", x: floats(), y: floats() => compare_pairs(x, y));
    let ends = [-5, -1, 0, 1, 2, 6];
    rows!(m, "ranges", a: ends, b: ends, k: [0, 1, 2, 5] => ranges(*a, *b, *k));
    let ends = [0, 1, 5, 254, 255];
    rows!(m, "more_ranges", a: ends, b: ends, k: [0, 1, 2, 300] => more_ranges(*a, *b, *k));
    rows!(m, "arrays", x: [0.0, 1.5, -2.0, f64::NAN], i: [0, 1, 2, 3] => arrays(*x, *i));
    rows!(m, "longer_arrays", x: [0, 1, -7, i32::MAX], i: [0, 1, 5, 11, 12] => longer_arrays(*x, *i));
    let m3 = [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.5; 3], [f64::INFINITY; 3]]];
    rows!(m, "matrix", a: m3, v: [[1.0, 0.0, -1.0], [0.25, f64::NAN, 3.0]] => matrix(*a, v));
    let points = vec![vec![], vec![[1.0, 2.0]], vec![[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]], vec![[1.0, 0.5]; 7]];
    rows!(m, "rows", p: points => rows(p));
    let bytes = vec![vec![], vec![0_u8], b"123456789".to_vec(), (0..=255).collect()];
    rows!(m, "crc16", x: bytes => crc16(x));
    rows!(m, "polynomial", c: floats(), x: [0.0, 1.5, -2.0, f64::INFINITY] => polynomial(c, *x));
    rows!(m, "tables", n: [0, 1, 2, 4, 5, 6], k: [0, 1, 2, 3] => tables(*n, *k));
}

#[test]
fn written_lists_are_what_rust_writes() {
    let m = super::module(&text());
    rows!(m, "softmax", x: floats() => { let mut out = vec![0.0; x.len()]; softmax(x, &mut out); out });
    rows!(m, "differences", x: ints() => {
        let mut out = vec![0; x.len().saturating_sub(1)];
        differences(x, &mut out);
        out
    });
    rows!(m, "merged", x: ints(), y: ints() => {
        let mut out = vec![0; x.len() + y.len()];
        merged(x, y, &mut out);
        out
    });
    rows!(m, "insertion_sort", x: floats() => { let mut out = x.clone(); insertion_sort(x, &mut out); out });
    let points = vec![vec![], vec![[1.0, 2.0]], vec![[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]];
    rows!(m, "rotated", x: points => {
        let mut out = vec![[0.0; 2]; 2 * x.len()];
        let first = rotated(x, &mut out);
        (first, out)
    });
}
