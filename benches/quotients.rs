//! Quotients of f64, of which vectors make some without the divider: over usual numbers, and where those are among the
//! columns that such quotients do not suit; one thread.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench quotients
//! ```
//!
//! The peer is the same loop in Rust as rustc compiles it for any x86-64, which is bound by the divider like a loop
//! for this CPU. Rounds alternate, and each cell is from the fastest round. Results are compared first.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use filbert_compiler::{Level, Target};
use filbert_runtime::{Engine, KernelCache, LoadedKernel, Uniform};

/// More than a CPU remembers the branches of.
const ROWS: usize = 1 << 14;
const ROUNDS: usize = 300;
const MEAN: f64 = 0.25;
const DEVIATION: f64 = 0.7;

const SOURCE: &str = "
    #[kernel] fn quotient(a: f64, b: f64) -> f64 { a / b }
    #[kernel] fn reciprocal(a: f64, b: f64) -> f64 { 1.0 / (a * b) }
    #[kernel] fn by_constant(a: f64, b: f64) -> f64 { (a - b) / 1.8 }
    #[kernel] fn by_scalar(a: f64, mean: f64, deviation: f64) -> f64 { (a - mean) / deviation }";

/// A kernel, how it is called with two columns, and its peer.
struct Case {
    name: &'static str,
    call: fn(&LoadedKernel, [&[f64]; 2], &mut [f64]),
    peer: fn([&[f64]; 2], &mut [f64]),
}

fn call_columns(kernel: &LoadedKernel, [a, b]: [&[f64]; 2], out: &mut [f64]) {
    let kernel = kernel.typed::<(f64, f64), f64>().expect("two columns");
    kernel.call((a, b), out).expect("no row fails");
}

fn call_scalars(kernel: &LoadedKernel, [a, _]: [&[f64]; 2], out: &mut [f64]) {
    let kernel = kernel.typed::<(f64, Uniform<f64>, Uniform<f64>), f64>().expect("a column and two numbers");
    kernel.call((a, MEAN, DEVIATION), out).expect("no row fails");
}

macro_rules! peer {
    ($name:ident, |$a:ident, $b:ident| $value:expr) => {
        fn $name([a, b]: [&[f64]; 2], out: &mut [f64]) {
            for ((out, &$a), &$b) in out.iter_mut().zip(a).zip(b) {
                *out = $value;
            }
        }
    };
}

peer!(quotient, |a, b| a / b);
peer!(reciprocal, |a, b| 1.0 / (a * b));
peer!(by_constant, |a, b| (a - b) / 1.8);

fn by_scalar([a, _]: [&[f64]; 2], out: &mut [f64]) {
    let (mean, deviation) = (black_box(MEAN), black_box(DEVIATION));
    for (out, a) in out.iter_mut().zip(a) {
        *out = (a - mean) / deviation;
    }
}

const CASES: [Case; 4] = [
    Case { name: "quotient", call: call_columns, peer: quotient },
    Case { name: "reciprocal", call: call_columns, peer: reciprocal },
    Case { name: "by_constant", call: call_columns, peer: by_constant },
    Case { name: "by_scalar", call: call_scalars, peer: by_scalar },
];

/// Numbers from 0.1 to 1.1, so many in a thousand of them replaced.
fn column(seed: u64, replaced: u64, by: f64) -> Vec<f64> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..ROWS).map(|_| if next() % 1000 < replaced { by } else { next() as f64 / 2f64.powi(31) + 0.1 }).collect()
}

fn measure(case: &Case, what: &str, columns: [&[f64]; 2]) {
    let module = filbert_syntax::parse(SOURCE, "quotients").unwrap_or_else(|found| panic!("{found}"));
    let kernel = module.kernels.iter().find(|kernel| kernel.name() == case.name).expect("it is in the source");
    let load = |target| KernelCache::new(1 << 20).with_target(target).load(kernel, Engine::Native);
    let loaded = [Target::host(), Target::level(Level::V3)].map(load);
    let mut theirs = vec![0.0; ROWS];
    (case.peer)(columns, &mut theirs);
    let mut out = vec![0.0; ROWS];
    for kernel in &loaded {
        (case.call)(kernel, columns, &mut out);
        let same =
            |(ours, theirs): (&f64, &f64)| ours.to_bits() == theirs.to_bits() || theirs.is_nan() && ours.is_nan();
        assert!(out.iter().zip(&theirs).all(same), "{}, {what}", case.name);
    }
    let mut fastest = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        for (index, fastest) in fastest.iter_mut().enumerate() {
            let start = Instant::now();
            match loaded.get(index) {
                Some(kernel) => (case.call)(kernel, columns, &mut out),
                None => (case.peer)(columns, &mut out),
            }
            *fastest = fastest.min(start.elapsed().as_secs_f64() * 1e9 / ROWS as f64);
            black_box(&mut out);
        }
    }
    let [host, avx2, rust] = fastest;
    let name = loaded[0].backend().map_or("interpreter", |backend| backend.name());
    println!("| {} | {what} | {name} | {host:.3} | {avx2:.3} | {rust:.3} | {:.2} |", case.name, rust / host);
}

fn main() {
    println!("| kernel | columns | back end | ns/row | level V3 | Rust | Rust / ours |\n|---|---|---|---|---|---|---|");
    for case in &CASES {
        measure(case, "usual", [&column(1, 0, 0.0), &column(2, 0, 0.0)]);
        for (name, special) in
            [("zeros", 0.0), ("infinities", f64::INFINITY), ("NaNs", f64::NAN), ("subnormals", 1e-310)]
        {
            for thousandths in [10, 100] {
                let of = |part: &str| format!("{} % {name} {part}", thousandths / 10);
                let (usual, some) = (column(1, 0, 0.0), column(2, thousandths, special));
                measure(case, &of("in the first"), [&some, &usual]);
                if case.name == "quotient" {
                    measure(case, &of("in the second"), [&usual, &some]);
                }
            }
        }
    }
}
