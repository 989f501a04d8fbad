//! Throughput of compiled kernels against the same loop in Rust, both into a new column, one thread.
//!
//! ```sh
//! RUSTFLAGS="-C no-vectorize-loops -C no-vectorize-slp" \
//!     cargo bench -p filbert-benches --bench throughput --target-dir target/scalar
//! ```
//!
//! compares with scalar Rust, which is what the scalar back end can be compared with; without the flags
//! rustc vectorises what it can. After criterion's figures a table of ratios follows: rounds of kernel and
//! peer alternate, and each cell is from the fastest round of each.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use filbert_benches as peer;
use filbert_runtime::{CallOptions, Column, LoadedKernel};

const ROWS: usize = 8192;
const ROUNDS: usize = 400;

/// A kernel on its columns, and its peer.
type Pair<'a> = (&'static str, Box<dyn Fn() + 'a>, Box<dyn Fn() + 'a>);

struct Data {
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
    d: Vec<f64>,
    keys: Vec<u64>,
    m: Vec<i64>,
    n: Vec<i64>,
    small: Vec<i32>,
}

impl Data {
    fn new() -> Data {
        let wave = |scale: f64, step: f64| (0..ROWS).map(|i| scale * (i as f64 * step).sin()).collect::<Vec<f64>>();
        Data {
            a: wave(80.0, 0.7),
            b: wave(170.0, 0.31),
            c: wave(75.0, 1.3),
            d: wave(160.0, 0.17),
            keys: (0..ROWS as u64).map(|i| i.wrapping_mul(0x2545_f491_4f6c_dd1d)).collect(),
            m: (0..ROWS as i64).map(|i| i * 7919 % 100_003 - 50_000).collect(),
            small: (0..ROWS as i32).map(|i| i * 7919 % 10_003 - 5_000).collect(),
            n: (0..ROWS as i64).map(|i| i * 104_729 % 50_021 + 1).collect(),
        }
    }

    fn pairs(&self) -> Vec<Pair<'_>> {
        let (a, b, c, d) = (&self.a[..], &self.b[..], &self.c[..], &self.d[..]);
        let (keys, m, n) = (&self.keys[..], &self.m[..], &self.n[..]);
        let small = &self.small[..];
        let positive = |x: &[f64]| x.iter().map(|v| v.abs() + 1.0).collect::<Vec<f64>>();
        let (spot, strike, years) = (positive(a), positive(b), positive(c));
        let columns = [spot.clone(), strike.clone(), years.clone()];
        vec![
            ("axpy", ours("axpy", vec![a, b]), Box::new(move || drop(black_box(peer::axpy(a, b))))),
            ("poly7", ours("poly7", vec![a]), Box::new(move || drop(black_box(peer::poly7(a))))),
            ("branch", ours("branch", vec![a, b]), Box::new(move || drop(black_box(peer::branch(a, b))))),
            ("mix", ours("mix", vec![keys]), Box::new(move || drop(black_box(peer::mix(keys))))),
            ("checked", ours("checked", vec![m, n]), Box::new(move || drop(black_box(peer::checked(m, n))))),
            (
                "checked32",
                ours("checked32", vec![small, small]),
                Box::new(move || drop(black_box(peer::checked32(small, small)))),
            ),
            (
                "great_circle",
                ours("great_circle", vec![a, b, c, d]),
                Box::new(move || drop(black_box(peer::great_circle(a, b, c, d)))),
            ),
            (
                "black_scholes",
                owned("black_scholes", columns.to_vec()),
                Box::new(move || drop(black_box(peer::black_scholes(&spot, &strike, &years)))),
            ),
        ]
    }
}

/// A call of the compiled kernel on these columns.
fn ours<'a, T: filbert_runtime::Element>(name: &str, columns: Vec<&'a [T]>) -> Box<dyn Fn() + 'a> {
    let kernel = LoadedKernel::load(&peer::kernel(name));
    Box::new(move || {
        let columns: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
        drop(black_box(kernel.call(&columns, ROWS, &CallOptions::default()).expect("no row fails")));
    })
}

fn owned<'a>(name: &str, columns: Vec<Vec<f64>>) -> Box<dyn Fn() + 'a> {
    let kernel = LoadedKernel::load(&peer::kernel(name));
    Box::new(move || {
        let columns: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
        drop(black_box(kernel.call(&columns, ROWS, &CallOptions::default()).expect("no row fails")));
    })
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn main() {
    let data = Data::new();
    let pairs = data.pairs();
    let mut criterion = Criterion::default().configure_from_args();
    for (name, kernel, rust) in &pairs {
        let mut group = criterion.benchmark_group(*name);
        group.throughput(Throughput::Elements(ROWS as u64));
        group.bench_function("filbert", |b| b.iter(kernel));
        group.bench_function("rust", |b| b.iter(rust));
        group.finish();
    }
    criterion.final_summary();
    println!("\n| kernel | filbert, ns/row | Rust, ns/row | Rust / filbert |\n|---|---|---|---|");
    for (name, kernel, rust) in &pairs {
        let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            ours = ours.min(time(kernel));
            theirs = theirs.min(time(rust));
        }
        let [ours, theirs] = [ours, theirs].map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
        println!("| {name} | {ours:.3} | {theirs:.3} | {:.2} |", theirs / ours);
    }
}
