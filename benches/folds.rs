//! Sums of what kernels give against the same loops in Rust, one thread, columns that the first caches hold.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench folds
//! RUSTFLAGS="-C target-cpu=native" cargo bench -p filbert-benches --bench folds --target-dir target/native
//! ```
//!
//! Rounds of the vector loop, the same without AVX-512, the scalar back end (whose results are folded strip by strip)
//! and two peers alternate, and each cell is from the fastest round of each. `strict` is the loop as one writes it,
//! which adds one row after the other; `lanes` is a loop over 32 lanes, which rustc makes vectors of. All of Filbert's
//! give the same bits, and those of `lanes`.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use filbert_compiler::{Level, Target};
use filbert_ir::Scalar;
use filbert_runtime::{Element, Engine, KernelCache, TypedKernel};

const ROWS: usize = 4096;
const ROUNDS: usize = 400;
/// Calls of a round.
const CALLS: usize = 20;

const SOURCE: &str = "
    #[kernel] fn sum(x: f64) -> f64 { x }
    #[kernel] fn dot(x: f64, y: f64) -> f64 { x * y }
    #[kernel] fn sum_f32(x: f32) -> f32 { x }
    #[kernel] fn dot_f32(x: f32, y: f32) -> f32 { x * y }
";

struct Case<'a> {
    name: &'static str,
    /// By kernel, the kernel without AVX-512, the scalar back end, and the peers.
    runs: [Box<dyn Fn() + 'a>; 5],
}

/// Sums of a kernel and of its peers, once they agree.
fn case<'a, T: Element + Into<Scalar> + 'a>(
    name: &'static str,
    sum: impl Fn(&Typed) -> Option<Scalar> + Copy + 'a,
    strict: impl Fn() -> T + 'a,
    lanes: impl Fn() -> T + 'a,
) -> Case<'a> {
    let module = filbert_syntax::parse(SOURCE, "benches").unwrap_or_else(|found| panic!("{found}"));
    let kernel = module.get(name).unwrap_or_else(|| panic!("no kernel {name}"));
    let targets = [Target::host(), Target::level(Level::V3), Target::host().without_vectors()];
    let ours = targets.map(|target| {
        let loaded = KernelCache::new(1 << 20).with_target(target).load(kernel, Engine::Native);
        let typed = Typed::new(&loaded);
        assert_eq!(sum(&typed), Some(lanes().into()), "{name} by {:?}", loaded.backend());
        let run: Box<dyn Fn() + 'a> = Box::new(move || {
            black_box(sum(&typed));
        });
        run
    });
    let [host, avx2, scalar] = ours;
    let strict = Box::new(move || {
        black_box(strict());
    });
    let lanes = Box::new(move || {
        black_box(lanes());
    });
    Case { name, runs: [host, avx2, scalar, strict, lanes] }
}

/// A kernel for slices of its types.
enum Typed {
    Sum(TypedKernel<(f64,), f64>),
    Dot(TypedKernel<(f64, f64), f64>),
    SumF32(TypedKernel<(f32,), f32>),
    DotF32(TypedKernel<(f32, f32), f32>),
}

impl Typed {
    fn new(loaded: &filbert_runtime::LoadedKernel) -> Typed {
        match loaded.kernel().name() {
            "sum" => Typed::Sum(loaded.typed().expect("its types")),
            "dot" => Typed::Dot(loaded.typed().expect("its types")),
            "sum_f32" => Typed::SumF32(loaded.typed().expect("its types")),
            _ => Typed::DotF32(loaded.typed().expect("its types")),
        }
    }
}

macro_rules! lanes {
    ($terms:expr, $len:expr, $float:ty) => {{
        let mut lanes = [-0.0 as $float; 32];
        for start in (0..$len).step_by(32) {
            for lane in 0..32 {
                lanes[lane] += $terms(start + lane);
            }
        }
        let mut half = 16;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] += lanes[lane + half];
            }
            half /= 2;
        }
        lanes[0]
    }};
}

fn time(f: &dyn Fn()) -> Duration {
    let start = Instant::now();
    for _ in 0..CALLS {
        f();
    }
    start.elapsed() / CALLS as u32
}

fn main() {
    let unit = |step: f64| (0..ROWS + 16).map(|i| (i as f64 * step).fract() - 0.5).collect::<Vec<f64>>();
    let (x, y) = (unit(0.618_034), unit(0.414_214));
    let narrow = |x: &[f64]| x.iter().map(|&v| v as f32).collect::<Vec<f32>>();
    let (x32, y32) = (narrow(&x), narrow(&y));
    // Where a cache line begins, as Arrow's columns do.
    fn aligned<T>(all: &[T]) -> &[T] {
        let first = all.as_ptr().align_offset(64);
        &all[first.min(all.len() - ROWS)..][..ROWS]
    }
    let (x, y) = (aligned(&x), aligned(&y));
    let (x32, y32) = (aligned(&x32), aligned(&y32));
    let sum = |typed: &Typed| match typed {
        Typed::Sum(kernel) => kernel.sum((x,)).expect("no row fails"),
        Typed::Dot(kernel) => kernel.sum((x, y)).expect("no row fails"),
        Typed::SumF32(kernel) => kernel.sum((x32,)).expect("no row fails"),
        Typed::DotF32(kernel) => kernel.sum((x32, y32)).expect("no row fails"),
    };
    let cases = [
        case::<f64>("sum", sum, || black_box(x).iter().sum(), || lanes!(|row: usize| x[row], ROWS, f64)),
        case::<f64>(
            "dot",
            sum,
            || black_box(x).iter().zip(y).map(|(x, y)| x * y).sum(),
            || lanes!(|row: usize| x[row] * y[row], ROWS, f64),
        ),
        case::<f32>("sum_f32", sum, || black_box(x32).iter().sum(), || lanes!(|row: usize| x32[row], ROWS, f32)),
        case::<f32>(
            "dot_f32",
            sum,
            || black_box(x32).iter().zip(y32).map(|(x, y)| x * y).sum(),
            || lanes!(|row: usize| x32[row] * y32[row], ROWS, f32),
        ),
    ];
    println!("| sum of | ns/row | level V3 | scalar back end | strict | lanes | strict / filbert | lanes / filbert |");
    println!("|---|---|---|---|---|---|---|---|");
    for Case { name, runs } in &cases {
        let mut fastest = [Duration::MAX; 5];
        for _ in 0..ROUNDS {
            for (fastest, run) in fastest.iter_mut().zip(runs) {
                *fastest = (*fastest).min(time(run));
            }
        }
        let [ours, avx2, scalar, strict, lanes] = fastest.map(|t| t.as_secs_f64() * 1e9 / ROWS as f64);
        println!(
            "| {name} | {ours:.4} | {avx2:.4} | {scalar:.4} | {strict:.4} | {lanes:.4} | {:.2} | {:.2} |",
            strict / ours,
            lanes / ours
        );
    }
}
