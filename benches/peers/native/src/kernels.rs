//! The kernels as one writes them in Rust: loops over slices, once for f64 and f32, left to the optimiser. With two
//! threads rayon shares out pieces of them.

use rayon::prelude::*;

use crate::shared::array::{Array, Element};
use crate::shared::protocol::Load;
use crate::shared::serve::{Data, Run};

/// Rows of a piece where threads share.
const PIECE: usize = 1 << 16;

/// A loop over columns into a result.
type Map<T, R> = fn(&[&[T]], &mut [R]);
/// A loop over columns of which only a number comes.
type Fold<T> = fn(&[&[T]]) -> T;

/// Float types, each with its loops.
trait Float: Element + Send + Sync + std::iter::Sum + 'static {
    fn map(function: &str) -> Option<Map<Self, Self>>;
    fn count(function: &str) -> Option<Map<Self, i32>>;
    fn fold(function: &str) -> Option<Fold<Self>>;
}

macro_rules! kernels {
    ($float:ident, $erfc:path) => {
        mod $float {
            type T = $float;

            const RATE: T = 0.02;
            const VOLATILITY: T = 0.3;
            const CENTRES: [[T; 3]; 8] = [
                [0.1, 0.2, 0.5],
                [0.9, 0.4, 0.3],
                [0.3, 0.9, 0.2],
                [0.7, 0.1, 0.9],
                [0.5, 0.6, 0.1],
                [0.2, 0.8, 0.7],
                [0.8, 0.3, 0.6],
                [0.4, 0.7, 0.4],
            ];

            fn map1(x: &[T], out: &mut [T], row: impl Fn(T) -> T) {
                out.iter_mut().zip(x).for_each(|(out, &x)| *out = row(x));
            }

            fn map2(columns: &[&[T]], out: &mut [T], row: impl Fn(T, T) -> T) {
                let (x, y) = (&columns[0][..out.len()], &columns[1][..out.len()]);
                (0..out.len()).for_each(|i| out[i] = row(x[i], y[i]));
            }

            fn map3(columns: &[&[T]], out: &mut [T], row: impl Fn(T, T, T) -> T) {
                let n = out.len();
                let (x, y, z) = (&columns[0][..n], &columns[1][..n], &columns[2][..n]);
                (0..n).for_each(|i| out[i] = row(x[i], y[i], z[i]));
            }

            #[inline(never)]
            pub(super) fn saxpy(columns: &[&[T]], out: &mut [T]) {
                map2(columns, out, |x, y| 2.5 * x + y);
            }

            #[inline(never)]
            pub(super) fn poly7(columns: &[&[T]], out: &mut [T]) {
                map1(columns[0], out, |x| {
                    ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + 0.88
                });
            }

            #[inline(never)]
            pub(super) fn sum(columns: &[&[T]]) -> T {
                columns[0].iter().sum()
            }

            #[inline(never)]
            pub(super) fn dot(columns: &[&[T]]) -> T {
                columns[0].iter().zip(columns[1]).map(|(x, y)| x * y).sum()
            }

            #[inline(never)]
            pub(super) fn haversine(columns: &[&[T]], out: &mut [T]) {
                let n = out.len();
                let (lat1, lon1, lat2, lon2) = (&columns[0][..n], &columns[1][..n], &columns[2][..n], &columns[3][..n]);
                for i in 0..n {
                    let s1 = ((lat2[i] - lat1[i]) * 0.5).sin();
                    let s2 = ((lon2[i] - lon1[i]) * 0.5).sin();
                    let a = s1 * s1 + lat1[i].cos() * lat2[i].cos() * (s2 * s2);
                    out[i] = 12742.0 * a.sqrt().asin();
                }
            }

            fn normal(d: T) -> T {
                let k = 1.0 / (1.0 + 0.2316419 * d.abs());
                let p =
                    k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
                let tail = 0.3989422804014327 * (-0.5 * d * d).exp() * p;
                if d > 0.0 { 1.0 - tail } else { tail }
            }

            fn price(spot: T, strike: T, years: T, normal: impl Fn(T) -> T) -> T {
                let spread = VOLATILITY * years.sqrt();
                let d1 = ((spot / strike).ln() + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / spread;
                let d2 = d1 - spread;
                spot * normal(d1) - strike * (-RATE * years).exp() * normal(d2)
            }

            #[inline(never)]
            pub(super) fn black_scholes(columns: &[&[T]], out: &mut [T]) {
                map3(columns, out, |spot, strike, years| price(spot, strike, years, normal));
            }

            #[inline(never)]
            pub(super) fn black_scholes_erfc(columns: &[&[T]], out: &mut [T]) {
                let normal = |d: T| 0.5 * $erfc(d * -std::$float::consts::FRAC_1_SQRT_2);
                map3(columns, out, |spot, strike, years| price(spot, strike, years, normal));
            }

            #[inline(never)]
            pub(super) fn mandelbrot(columns: &[&[T]], out: &mut [i32]) {
                let (cx, cy) = (&columns[0][..out.len()], &columns[1][..out.len()]);
                for i in 0..out.len() {
                    let (mut x, mut y, mut n): (T, T, i32) = (0.0, 0.0, 0);
                    while n < 256 && x * x + y * y <= 4.0 {
                        (x, y) = (x * x - y * y + cx[i], x * y + x * y + cy[i]);
                        n += 1;
                    }
                    out[i] = n;
                }
            }

            #[inline(never)]
            pub(super) fn branch(columns: &[&[T]], out: &mut [T]) {
                map1(columns[0], out, |x| if x > 0.5 { 2.0 * x.sqrt() } else { x * x - 1.0 });
            }

            #[inline(never)]
            pub(super) fn stencil(columns: &[&[T]], out: &mut [T]) {
                let x = &columns[0][..out.len() + 2];
                for (out, w) in out.iter_mut().zip(x.windows(3)) {
                    *out = 0.25 * w[0] + 0.5 * w[1] + 0.25 * w[2];
                }
            }

            #[inline(never)]
            pub(super) fn add(columns: &[&[T]], out: &mut [T]) {
                map2(columns, out, |x, y| x + y);
            }

            #[inline(never)]
            pub(super) fn rational(columns: &[&[T]], out: &mut [T]) {
                map2(columns, out, |x, y| ((x * y + x) * y + 1.5) / (x * x + y * y + 2.0));
            }

            #[inline(never)]
            pub(super) fn celsius(columns: &[&[T]], out: &mut [T]) {
                map1(columns[0], out, |x| (x - 32.0) / 1.8);
            }

            #[inline(never)]
            pub(super) fn lennard_jones(columns: &[&[T]], out: &mut [T]) {
                map3(columns, out, |x, y, z| {
                    let inverse = 1.0 / (x * x + y * y + z * z);
                    let six = inverse * inverse * inverse;
                    4.0 * six * (six - 1.0)
                });
            }

            #[inline(never)]
            pub(super) fn logistic(columns: &[&[T]], out: &mut [T]) {
                map2(columns, out, |r, start| (0..200).fold(start, |x, _| r * x * (1.0 - x)));
            }

            #[inline(never)]
            pub(super) fn softmax(columns: &[&[T]], out: &mut [T]) {
                for (x, out) in columns[0].as_chunks::<16>().0.iter().zip(out.as_chunks_mut::<16>().0) {
                    let top = x.iter().copied().fold(x[0], T::max);
                    let mut total = 0.0;
                    for (out, x) in out.iter_mut().zip(x) {
                        *out = (x - top).exp();
                        total += *out;
                    }
                    out.iter_mut().for_each(|out| *out /= total);
                }
            }

            #[inline(never)]
            pub(super) fn nearest(columns: &[&[T]], out: &mut [T]) {
                map3(columns, out, |x, y, z| {
                    let squared = |c: &[T; 3]| {
                        let (dx, dy, dz) = (x - c[0], y - c[1], z - c[2]);
                        dx * dx + dy * dy + dz * dz
                    };
                    // Not `f64::min`, which is several instructions: none of these is NaN.
                    let less = |best: T, next: T| if next < best { next } else { best };
                    CENTRES.iter().map(squared).fold(100.0, less).sqrt()
                });
            }
        }

        impl Float for $float {
            fn map(function: &str) -> Option<Map<Self, Self>> {
                Some(match function {
                    "saxpy" => $float::saxpy,
                    "poly7" => $float::poly7,
                    "haversine" => $float::haversine,
                    "black_scholes" => $float::black_scholes,
                    "black_scholes_erfc" => $float::black_scholes_erfc,
                    "branch" => $float::branch,
                    "stencil" => $float::stencil,
                    "add" => $float::add,
                    "rational" => $float::rational,
                    "celsius" => $float::celsius,
                    "lennard_jones" => $float::lennard_jones,
                    "logistic" => $float::logistic,
                    "softmax" => $float::softmax,
                    "nearest" => $float::nearest,
                    _ => return None,
                })
            }

            fn count(function: &str) -> Option<Map<Self, i32>> {
                (function == "mandelbrot").then_some($float::mandelbrot)
            }

            fn fold(function: &str) -> Option<Fold<Self>> {
                match function {
                    "sum" => Some($float::sum),
                    "dot" => Some($float::dot),
                    _ => None,
                }
            }
        }
    };
}

kernels!(f64, libm::erfc);
kernels!(f32, libm::erfcf);

#[inline(never)]
fn mix(columns: &[&[i64]], out: &mut [i64]) {
    for (out, &key) in out.iter_mut().zip(columns[0]) {
        let mut z = (key as u64).wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        *out = (z ^ (z >> 29)) as i64;
    }
}

/// The bits of a result: a row is there if it is in both columns.
#[inline(never)]
fn both(valid: &[Vec<u8>], out: &mut [u8]) {
    let (x, y) = (&valid[0][..out.len()], &valid[1][..out.len()]);
    (0..out.len()).for_each(|i| out[i] = x[i] & y[i]);
}

/// The kernel of this name, on one thread or on all of rayon's.
pub(crate) fn find(load: &Load, threads: usize) -> Option<Run> {
    use crate::shared::protocol::Ty;
    match load.ty {
        Ty::F64 => of_floats::<f64>(&load.function, threads > 1),
        Ty::F32 => of_floats::<f32>(&load.function, threads > 1),
        Ty::I64 if load.function == "mix" => Some(Box::new(move |data: &mut Data, repeats: u64| {
            let Data { inputs, out: Array::I64(out), .. } = data else { unreachable!("a column of i64") };
            let Array::I64(keys) = &inputs[0] else { unreachable!("a column of i64") };
            repeat(&[keys], out, mix, threads > 1, repeats);
            Ok(())
        })),
        _ => None,
    }
}

fn of_floats<T: Float>(function: &str, shared: bool) -> Option<Run> {
    if let Some(map) = T::map(function) {
        return Some(Box::new(move |data: &mut Data, repeats: u64| {
            let columns: Vec<&[T]> = data.inputs.iter().map(T::slice).collect();
            let out = T::slice_mut(&mut data.out);
            if data.valid.is_empty() {
                repeat(&columns, out, map, shared, repeats);
            }
            for _ in 0..repeats * u64::from(!data.valid.is_empty()) {
                repeat(&columns, out, map, shared, 1);
                both(&data.valid, &mut data.out_valid);
            }
            Ok(())
        }));
    }
    if let Some(count) = T::count(function) {
        return Some(Box::new(move |data: &mut Data, repeats: u64| {
            let columns: Vec<&[T]> = data.inputs.iter().map(T::slice).collect();
            let Array::I32(out) = &mut data.out else { unreachable!("counts are i32") };
            repeat(&columns, out, count, shared, repeats);
            Ok(())
        }));
    }
    let fold = T::fold(function)?;
    Some(Box::new(move |data: &mut Data, repeats: u64| {
        let columns: Vec<&[T]> = data.inputs.iter().map(T::slice).collect();
        let out = T::slice_mut(&mut data.out);
        let rows = columns[0].len();
        for _ in 0..repeats {
            let columns = std::hint::black_box(&columns);
            out[0] = match shared {
                false => fold(columns),
                true => (0..rows.div_ceil(PIECE)).into_par_iter().map(|piece| fold(&cut(columns, piece, 0))).sum(),
            };
        }
        Ok(())
    }))
}

/// Runs a loop so many times.
fn repeat<T: Sync, R: Send>(columns: &[&[T]], out: &mut [R], map: Map<T, R>, shared: bool, repeats: u64) {
    // A column that is longer than the result has this many rows around each.
    let around = columns[0].len() - out.len();
    for _ in 0..repeats {
        let (columns, out) = std::hint::black_box((columns, &mut *out));
        match shared {
            false => map(columns, out),
            true => {
                let pieces = out.par_chunks_mut(PIECE).enumerate();
                pieces.for_each(|(piece, out)| map(&cut(columns, piece, around), out));
            }
        }
    }
}

/// A piece of each column.
fn cut<'a, T>(columns: &[&'a [T]], piece: usize, around: usize) -> Vec<&'a [T]> {
    let start = piece * PIECE;
    columns.iter().map(|column| &column[start..column.len().min(start + PIECE + around)]).collect()
}
