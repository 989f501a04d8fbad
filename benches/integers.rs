//! Integer operations that no CPU has for vectors: quotients, roots, checks of products; in AVX-512, in AVX2 and by the
//! scalar back end, which has instructions for them, one thread.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench integers
//! ```
//!
//! Rounds of the three alternate, and each cell is from the fastest round of each. Results are compared first.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use filbert_compiler::{Level, Target};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, LoadedKernel};

const ROWS: usize = 4096;
const ROUNDS: usize = 400;

/// What kernels that get numbers of all 64 bits begin with.
const ANY_SIZE: &str = "/* any size */";

/// Kernels of one operation, each with the type of its columns.
fn kernels() -> Vec<(String, &'static str)> {
    let mut kernels = Vec::new();
    for ty in ["i8", "u16", "i32", "u32", "i64", "u64"] {
        let two = |body: &str| format!("fn k(a: {ty}, b: {ty}) -> {ty} {{ {body} }}");
        kernels.push((two("a / b"), ty));
        kernels.push((two("a % b"), ty));
        kernels.push((two("a / 100"), ty));
        kernels.push((two("a % 60 + b / 7"), ty));
        kernels.push((two("a.isqrt()"), ty));
    }
    for ty in ["i64", "u64"] {
        kernels.push((format!("fn k(a: {ty}, b: {ty}) -> {ty} {{ a.saturating_mul(b) }}"), ty));
        kernels.push((format!("fn k(a: {ty}, b: {ty}) -> {ty} {{ a.rem_euclid(b) }}"), ty));
        kernels.push((format!("{ANY_SIZE} fn k(a: {ty}, b: {ty}) -> {ty} {{ a / b }}"), ty));
        kernels.push((format!("{ANY_SIZE} fn k(a: {ty}, b: {ty}) -> {ty} {{ a.saturating_mul(b) }}"), ty));
    }
    for ty in ["i32", "u32"] {
        kernels.push((format!("fn k(a: {ty}, b: {ty}) -> i64 {{ a as i64 * 1000 / (b as i64 + 7) }}"), ty));
    }
    kernels
}

/// Positive numbers of all sizes up to so many bits, the second column shorter than the first.
fn columns(bits: u32) -> [Vec<u64>; 2] {
    let number = |i: usize, by: u64, most: u32| {
        let z = (i as u64 + 1).wrapping_mul(by);
        let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let size = 2 + (z ^ (z >> 31)) as u32 % (most - 2);
        (z >> (64 - size)) | 1 << (size - 1)
    };
    let long = (0..ROWS).map(|i| number(i, 0x9e37_79b9_7f4a_7c15, bits - 1)).collect();
    let short = (0..ROWS).map(|i| number(i, 0x2545_f491_4f6c_dd1d, bits / 2 + 1)).collect();
    [long, short]
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    f();
    start.elapsed()
}

fn measure(source: &str, columns: &[Column<'_>]) {
    let module = filbert_syntax::parse(source, "integers").unwrap_or_else(|found| panic!("{source}: {found}"));
    let by = |target| KernelCache::new(1 << 20).with_target(target).load(&module.kernels[0], Engine::Native);
    let targets = [Target::host(), Target::level(Level::V3), Target::host().without_vectors()];
    let loaded: [LoadedKernel; 3] = targets.map(by);
    let columns = &columns[..module.kernels[0].core.signature.params.len()];
    let call = |kernel: &LoadedKernel| kernel.call(columns, ROWS, &CallOptions::default()).expect("no row fails");
    for kernel in &loaded {
        assert!(call(kernel)[0].values() == call(&loaded[2])[0].values(), "{source}");
    }
    let mut fastest = [Duration::MAX; 3];
    for _ in 0..ROUNDS {
        for (fastest, kernel) in fastest.iter_mut().zip(&loaded) {
            *fastest = (*fastest).min(time(&|| drop(black_box(call(kernel)))));
        }
    }
    let [avx512, avx2, scalar] = fastest.map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
    let name = loaded[0].backend().map_or("interpreter", |backend| backend.name());
    println!(
        "| `{source}` | {name} | {avx512:.2} | {avx2:.2} | {scalar:.2} | {:.1} | {:.1} |",
        scalar / avx512,
        scalar / avx2
    );
}

fn main() {
    println!(
        "| kernel | back end | ns/row | level V3 | scalar back end | scalar / vector | scalar / V3 |\n\
         |---|---|---|---|---|---|---|"
    );
    macro_rules! narrowed {
        ($source:expr, $rust:ident) => {{
            // AVX2 divides what is below 2^51.
            let bits = if $source.starts_with(ANY_SIZE) { $rust::BITS } else { $rust::BITS.min(51) };
            let [a, b] = columns(bits).map(|x| x.into_iter().map(|v| v as $rust).collect::<Vec<_>>());
            measure($source, &[Column::slice(&a), Column::slice(&b)]);
        }};
    }
    let wanted = std::env::args().nth(1).filter(|name| !name.starts_with('-'));
    for (source, ty) in kernels() {
        if wanted.as_ref().is_some_and(|wanted| !source.contains(wanted.as_str())) {
            continue;
        }
        match ty {
            "i8" => narrowed!(&source, i8),
            "u16" => narrowed!(&source, u16),
            "i32" => narrowed!(&source, i32),
            "u32" => narrowed!(&source, u32),
            "i64" => narrowed!(&source, i64),
            _ => narrowed!(&source, u64),
        }
    }
}
