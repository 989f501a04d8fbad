//! Kernels with loops, lists and tables against the same loop in Rust, both into a new column, one thread.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench loops
//! RUSTFLAGS="-C target-cpu=native" cargo bench -p filbert-benches --bench loops --target-dir target/native
//! ```
//!
//! Rounds of kernel, the same without AVX-512, scalar back end and peer alternate, and each cell is from the fastest
//! round of each. Every result is compared with the peer's first.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use filbert_benches::repeated as peer;
use filbert_compiler::{Level, Target};
use filbert_runtime::{CallOptions, Column, Element, Engine, KernelCache, LoadedKernel};

/// A grid of 64 x 64.
const ROWS: usize = 4096;
const ROUNDS: usize = 200;

struct Case<'a> {
    name: &'static str,
    backend: String,
    /// By kernel, the kernel without AVX-512, the scalar back end, and the peer.
    runs: [Box<dyn Fn() + 'a>; 4],
}

/// Calls of a kernel and of its peer, once they agree.
fn case<'a, R: Element + PartialEq>(
    name: &'static str,
    kernel: &str,
    columns: &'a [Column<'a>],
    rust: impl Fn() -> Vec<R> + 'a,
) -> Case<'a> {
    let module = filbert_syntax::parse(peer::SOURCE, "benches").unwrap_or_else(|found| panic!("{found}"));
    let kernel = module.get(kernel).unwrap_or_else(|| panic!("no kernel {kernel}"));
    let by = |target| KernelCache::new(1 << 20).with_target(target).load(kernel, Engine::Native);
    let loaded = [Target::host(), Target::level(Level::V3), Target::host().without_vectors()].map(by);
    let backend = loaded[0].backend().map_or("interpreter", |backend| backend.name()).to_string();
    let expected = rust();
    for loaded in &loaded {
        let results = loaded.call(columns, ROWS, &CallOptions::default()).expect("no row fails");
        assert!(results[0].as_slice::<R>() == Some(&expected), "{name} by {:?}", loaded.backend());
    }
    let call = |loaded: LoadedKernel| -> Box<dyn Fn() + 'a> {
        Box::new(move || drop(black_box(loaded.call(columns, ROWS, &CallOptions::default()).expect("no row fails"))))
    };
    let [host, avx2, scalar] = loaded.map(call);
    Case { name, backend, runs: [host, avx2, scalar, Box::new(move || drop(black_box(rust())))] }
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn main() {
    // The grid that fits the set, in row order, and the same points in disorder.
    let at = |row: usize| (-2.0 + (row % 64) as f64 * 2.5 / 63.0, -1.25 + (row / 64) as f64 * 2.5 / 63.0);
    let grid: Vec<(f64, f64)> = (0..ROWS).map(at).collect();
    let random: Vec<(f64, f64)> = (0..ROWS).map(|row| at(row * 2_654_435_761 % ROWS)).collect();
    let split = |points: &[(f64, f64)]| -> (Vec<f64>, Vec<f64>) { points.iter().copied().unzip() };
    let ((re, im), (far, away)) = (split(&grid), split(&random));
    let narrow = |x: &[f64]| x.iter().map(|&v| v as f32).collect::<Vec<f32>>();
    let [re32, im32, far32, away32] = [&re, &im, &far, &away].map(|x| narrow(x));
    let unit = |step: f64| (0..ROWS).map(|i| (i as f64 * step).fract()).collect::<Vec<f64>>();
    let [x, y, z] = [0.618_034, 0.414_214, 0.236_068].map(unit);
    let index: Vec<u64> = (0..ROWS as u64).map(|i| i * 2_654_435_761 % 64).collect();
    let atoms: Vec<f64> = (0..ROWS * 24).map(|i| (i as f64 * 0.732_051).fract() * 3.0).collect();
    let logits: Vec<f64> = (0..ROWS * 16).map(|i| (i as f64 * 0.732_051).fract() * 8.0 - 4.0).collect();
    let offsets: Vec<i32> = (0..=ROWS as i32).map(|row| row * 8).collect();
    let column = |x| Column::slice(x);
    let lists = |x| Column::equal_lists(Column::slice(x), ROWS).expect("as many elements in each row");
    let points = [column(&re), column(&im)];
    let scattered = [column(&far), column(&away)];
    let points32 = [Column::slice(&re32), Column::slice(&im32)];
    let scattered32 = [Column::slice(&far32), Column::slice(&away32)];
    let one = [column(&x)];
    let two = [column(&x), column(&y)];
    let table = [Column::slice(&index), column(&x)];
    let molecule = [
        column(&x),
        column(&y),
        column(&z),
        Column::lists_of_rows(column(&atoms), 3, &offsets).expect("as many atoms in each row"),
    ];
    let weights = [lists(&logits)];
    let mut cases = vec![
        case("mandelbrot, grid", "mandelbrot", &points, || peer::mandelbrot(&re, &im)),
        case("mandelbrot, random", "mandelbrot", &scattered, || peer::mandelbrot(&far, &away)),
        case("mandelbrot f32, grid", "mandelbrot_f32", &points32, || peer::mandelbrot_f32(&re32, &im32)),
        case("mandelbrot f32, random", "mandelbrot_f32", &scattered32, || peer::mandelbrot_f32(&far32, &away32)),
        case("logistic map", "logistic", &one, || peer::logistic(&x)),
        case("nearest of 8", "nearest", &two, || peer::nearest(&x, &y)),
        case("table", "looked_up", &table, || peer::looked_up(&index, &x).expect("no row fails")),
        case("Lennard-Jones", "lennard_jones", &molecule, || peer::lennard_jones(&x, &y, &z, &atoms)),
        case("softmax of 16", "softmax", &weights, || peer::softmax(&logits)),
    ];
    let wanted = std::env::args().nth(1).filter(|name| !name.starts_with('-'));
    cases.retain(|case| wanted.as_ref().is_none_or(|wanted| case.name.contains(wanted.as_str())));
    println!(
        "| kernel | back end | ns/row | level V3 | scalar back end | Rust | Rust / filbert |\n|---|---|---|---|---|---|---|"
    );
    for Case { name, backend, runs } in &cases {
        let mut fastest = [Duration::MAX; 4];
        for _ in 0..ROUNDS {
            for (fastest, run) in fastest.iter_mut().zip(runs) {
                *fastest = (*fastest).min(time(run));
            }
        }
        let [ours, avx2, scalar, rust] = fastest.map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
        println!("| {name} | {backend} | {ours:.2} | {avx2:.2} | {scalar:.2} | {rust:.2} | {:.2} |", rust / ours);
    }
}
