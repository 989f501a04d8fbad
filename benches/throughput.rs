//! Throughput of compiled kernels against the same loop in Rust, both into a new column, one thread.
//!
//! ```sh
//! RUSTFLAGS="-C no-vectorize-loops -C no-vectorize-slp" \
//!     cargo bench -p filbert-benches --bench throughput --target-dir target/scalar
//! ```
//!
//! compares with scalar Rust, which is what the scalar back end can be compared with; with
//! `RUSTFLAGS="-C target-cpu=native"` rustc makes of the loop what this CPU can. After criterion's figures a table
//! of ratios follows: rounds of kernel, scalar back end and peer alternate, and each cell is from the fastest round
//! of each.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use filbert_benches as peer;
use filbert_compiler::{Level, Target};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, LoadedKernel};

const ROWS: usize = 8192;
const ROUNDS: usize = 400;

/// A kernel on its columns, the same by the scalar back end, and its peer.
struct Case<'a> {
    name: &'static str,
    /// Who compiled it.
    backend: &'static str,
    ours: Box<dyn Fn() + 'a>,
    /// The same without AVX-512.
    avx2: Box<dyn Fn() + 'a>,
    scalar: Box<dyn Fn() + 'a>,
    rust: Box<dyn Fn() + 'a>,
}

/// Columns begin where Arrow's do, at a multiple of 64 bytes.
struct Aligned<T> {
    values: Vec<T>,
    first: usize,
}

impl<T: Copy> Aligned<T> {
    fn new(values: &[T]) -> Aligned<T> {
        let mut aligned: Vec<T> = Vec::with_capacity(values.len() + 64);
        let first = aligned.as_ptr().align_offset(64);
        aligned.extend(values.iter().copied().cycle().take(first));
        aligned.extend_from_slice(values);
        Aligned { values: aligned, first }
    }
}

impl<T> std::ops::Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[self.first..]
    }
}

struct Data {
    a: Aligned<f64>,
    b: Aligned<f64>,
    c: Aligned<f64>,
    d: Aligned<f64>,
    keys: Aligned<u64>,
    m: Aligned<i64>,
    n: Aligned<i64>,
    small: Aligned<i32>,
    /// Three columns of numbers above 1.
    positive: [Aligned<f64>; 3],
}

impl Data {
    fn new() -> Data {
        let wave = |scale: f64, step: f64| (0..ROWS).map(|i| scale * (i as f64 * step).sin()).collect::<Vec<f64>>();
        let [a, b, c, d] = [(80.0, 0.7), (170.0, 0.31), (75.0, 1.3), (160.0, 0.17)].map(|(s, t)| wave(s, t));
        let positive = |x: &Vec<f64>| Aligned::new(&x.iter().map(|v| v.abs() + 1.0).collect::<Vec<f64>>());
        let whole = |of: &dyn Fn(i64) -> i64| (0..ROWS as i64).map(of).collect::<Vec<i64>>();
        let keys: Vec<u64> = (0..ROWS as u64).map(|i| i.wrapping_mul(0x2545_f491_4f6c_dd1d)).collect();
        let small: Vec<i32> = (0..ROWS as i32).map(|i| i * 7919 % 10_003 - 5_000).collect();
        Data {
            positive: [&a, &b, &c].map(positive),
            a: Aligned::new(&a),
            b: Aligned::new(&b),
            c: Aligned::new(&c),
            d: Aligned::new(&d),
            keys: Aligned::new(&keys),
            m: Aligned::new(&whole(&|i| i * 7919 % 100_003 - 50_000)),
            n: Aligned::new(&whole(&|i| i * 104_729 % 50_021 + 1)),
            small: Aligned::new(&small),
        }
    }

    fn cases(&self) -> Vec<Case<'_>> {
        let (a, b, c, d) = (&self.a[..], &self.b[..], &self.c[..], &self.d[..]);
        let (keys, m, n) = (&self.keys[..], &self.m[..], &self.n[..]);
        let small = &self.small[..];
        let [spot, strike, years] = &self.positive;
        vec![
            case("axpy", vec![a, b], move || peer::axpy(a, b)),
            case("poly7", vec![a], move || peer::poly7(a)),
            case("branch", vec![a, b], move || peer::branch(a, b)),
            case("mix", vec![keys], move || peer::mix(keys)),
            case("checked", vec![m, n], move || peer::checked(m, n)),
            case("checked32", vec![small, small], move || peer::checked32(small, small)),
            case("great_circle", vec![a, b, c, d], move || peer::great_circle(a, b, c, d)),
            case("black_scholes", vec![spot, strike, years], move || peer::black_scholes(spot, strike, years)),
        ]
    }
}

/// Calls of a kernel on these columns, and of its peer.
fn case<'a, T: filbert_runtime::Element, R>(
    name: &'static str,
    columns: Vec<&'a [T]>,
    rust: impl Fn() -> R + 'a,
) -> Case<'a> {
    let kernel = peer::kernel(name);
    let host = LoadedKernel::load(&kernel);
    let by = |target| KernelCache::new(1 << 20).with_target(target).load(&kernel, Engine::Native);
    let (avx2, scalar) = (by(Target::level(Level::V3)), by(Target::host().without_vectors()));
    let backend = host.backend().map_or("interpreter", |backend| backend.name());
    let call = |kernel: LoadedKernel, columns: Vec<&'a [T]>| -> Box<dyn Fn() + 'a> {
        Box::new(move || {
            let columns: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
            drop(black_box(kernel.call(&columns, ROWS, &CallOptions::default()).expect("no row fails")));
        })
    };
    Case {
        name,
        backend,
        ours: call(host, columns.clone()),
        avx2: call(avx2, columns.clone()),
        scalar: call(scalar, columns),
        rust: Box::new(move || drop(black_box(rust()))),
    }
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn main() {
    let data = Data::new();
    let cases = data.cases();
    let mut criterion = Criterion::default().configure_from_args();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function("filbert", |b| b.iter(&case.ours));
        group.bench_function("rust", |b| b.iter(&case.rust));
        group.finish();
    }
    criterion.final_summary();
    println!(
        "\n| kernel | back end | ns/row | level V3 | scalar back end | Rust | Rust / filbert |\n|---|---|---|---|---|---|---|"
    );
    for Case { name, backend, ours, avx2, scalar, rust } in &cases {
        let mut fastest = [Duration::MAX; 4];
        for _ in 0..ROUNDS {
            for (fastest, run) in fastest.iter_mut().zip([ours, avx2, scalar, rust]) {
                *fastest = (*fastest).min(time(run));
            }
        }
        let [ours, avx2, scalar, rust] = fastest.map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
        println!("| {name} | {backend} | {ours:.3} | {avx2:.3} | {scalar:.3} | {rust:.3} | {:.2} |", rust / ours);
    }
}
