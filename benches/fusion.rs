//! Several kernels over the same columns, fused into one and called one after another, one thread.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench fusion
//! ```
//!
//! Rounds of both alternate, and each cell is from the fastest round of each. Results are compared first.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use arrow_buffer::NullBuffer;
use filbert_ir::fuse::{Part, fuse};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, LoadedFusion, LoadedKernel};

/// A batch as engines have it.
const ROWS: usize = 8192;
const ROUNDS: usize = 400;

const SOURCE: &str = r#"
fn net(price: f64, discount: f64) -> f64 { price * (1.0 - discount) }
fn gross(price: f64, discount: f64, tax: f64) -> f64 { price * (1.0 - discount) * (1.0 + tax) }
fn taxed(price: f64, discount: f64, tax: f64) -> f64 { price * (1.0 - discount) * tax }

fn square(x: f64) -> f64 { x * x }
fn half(x: f64) -> f64 { x / 2.0 }
fn shifted(x: f64) -> f64 { x + 1.0 }
fn cubed(x: f64) -> f64 { x * x * x }

fn distance(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let a = ((lat2 - lat1).to_radians() / 2.0).sin();
    let b = ((lon2 - lon1).to_radians() / 2.0).sin();
    let c = a * a + lat1.to_radians().cos() * lat2.to_radians().cos() * b * b;
    2.0 * 3958.8 * c.sqrt().min(1.0).asin()
}
fn bearing(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let turn = (lon2 - lon1).to_radians();
    let y = turn.sin() * lat2.to_radians().cos();
    let x = lat1.to_radians().cos() * lat2.to_radians().sin()
        - lat1.to_radians().sin() * lat2.to_radians().cos() * turn.cos();
    y.atan2(x)
}

fn total(a: i64, b: i64) -> i64 { a + b }
fn excess(a: i64, b: i64) -> i64 { if a > b { a - b } else { 0 } }
fn area(a: i64, b: i64) -> i64 { a * b }
"#;

struct Case<'a> {
    name: &'static str,
    /// Each with its columns.
    parts: Vec<(&'static str, Vec<usize>)>,
    columns: Vec<Column<'a>>,
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn main() {
    let module = filbert_syntax::parse(SOURCE, "fusion").unwrap_or_else(|found| panic!("{found}"));
    let unit = |step: f64| (0..ROWS).map(|i| (i as f64 * step).fract()).collect::<Vec<f64>>();
    let [x, y, z, w] = [0.618_034, 0.414_214, 0.236_068, 0.732_051].map(unit);
    let degrees = |x: &[f64], by: f64| x.iter().map(|v| (v - 0.5) * by).collect::<Vec<f64>>();
    let places = [degrees(&x, 170.0), degrees(&y, 350.0), degrees(&z, 170.0), degrees(&w, 350.0)];
    let [m, n] = [7919, 104_729].map(|by: i64| (0..ROWS as i64).map(|i| i * by % 100_003).collect::<Vec<i64>>());
    let nulls: NullBuffer = (0..ROWS).map(|row| row % 10 != 3).collect();
    let all = |columns: usize| (0..columns).collect::<Vec<usize>>();
    let sales = || vec![("net", vec![0, 1]), ("gross", all(3)), ("taxed", all(3))];
    let units = || [&x, &y, &z].map(|x| Column::slice(x)).to_vec();
    let mut sparse = units();
    sparse[2] = sparse[2].clone().with_nulls(Some(nulls));
    let cases = [
        Case { name: "prices, 3 results", parts: sales(), columns: units() },
        Case { name: "the same, 10 % of tax is null", parts: sales(), columns: sparse },
        Case {
            name: "one column, 4 results",
            parts: ["square", "half", "shifted", "cubed"].map(|name| (name, vec![0])).to_vec(),
            columns: vec![Column::slice(&x)],
        },
        Case {
            name: "distance and bearing",
            parts: vec![("distance", all(4)), ("bearing", all(4))],
            columns: places.iter().map(|place| Column::slice(place)).collect(),
        },
        Case {
            name: "checked i64, 3 results",
            parts: ["total", "excess", "area"].map(|name| (name, all(2))).to_vec(),
            columns: vec![Column::slice(&m), Column::slice(&n)],
        },
    ];
    let cache = KernelCache::new(1 << 20);
    println!("| kernels | back end | fused ns/row | separate ns/row | separate / fused |\n|---|---|---|---|---|");
    for Case { name, parts, columns } in &cases {
        let kernel = |name: &str| module.get(name).unwrap_or_else(|| panic!("no kernel {name}")).clone();
        let parts: Vec<Part> =
            parts.iter().map(|(name, columns)| Part { kernel: kernel(name), columns: columns.clone() }).collect();
        let fusion = fuse(&parts).unwrap_or_else(|why| panic!("{name}: {why}"));
        let fused = LoadedFusion::load_from(&cache, &fusion, Engine::Native);
        let load = |part: &Part| {
            let columns: Vec<Column<'_>> = part.columns.iter().map(|&column| columns[column].clone()).collect();
            (cache.load(&part.kernel, Engine::Native), columns)
        };
        let separate: Vec<(LoadedKernel, Vec<Column<'_>>)> = parts.iter().map(load).collect();
        let options = CallOptions::default();
        let together = || fused.call(columns, ROWS, &options).expect("no row fails");
        let alone = || {
            let call = |(kernel, columns): &(LoadedKernel, Vec<Column<'_>>)| kernel.call(columns, ROWS, &options);
            separate.iter().map(call).collect::<Result<Vec<_>, _>>().expect("no row fails")
        };
        for (one, other) in together().iter().flatten().zip(alone().iter().flatten()) {
            assert!(one.values() == other.values() && one.nulls() == other.nulls(), "{name}");
        }
        let runs: [&dyn Fn(); 2] = [&|| drop(black_box(together())), &|| drop(black_box(alone()))];
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..ROUNDS {
            for (fastest, run) in fastest.iter_mut().zip(runs) {
                *fastest = (*fastest).min(time(run));
            }
        }
        let [ours, theirs] = fastest.map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
        let backend = fused.fused().backend().map_or("interpreter", |backend| backend.name());
        println!("| {name} | {backend} | {ours:.2} | {theirs:.2} | {:.2} |", theirs / ours);
    }
}
