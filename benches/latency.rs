//! From source text to a callable kernel: parse, check, verify, optimise, compile, load, first call.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench latency
//! ```
//!
//! Every iteration compiles a kernel that this process has not seen (a constant of it is new), so no cache
//! takes part.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use filbert_compiler::{Target, compile};
use filbert_ir::{Datum, Param};
use filbert_runtime::LoadedKernel;

const THREE_OPERATIONS: &str = "fn f(x: f64, y: f64) -> f64 { (x - y) * 0.5 + CONSTANT }";

const POLYNOMIAL: &str = "
fn f(x: f64) -> f64 {
    ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + CONSTANT
}";

const CHECKED: &str = "
fn f(a: i32, b: i32, c: f64) -> f64 {
    if c > CONSTANT { (a * b + a - b) as f64 } else { c.sqrt() * (a + 1) as f64 }
}";

const GREAT_CIRCLE: &str = "
fn f(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * CONSTANT * a.sqrt().min(1.0).asin()
}";

/// Some 500 values, of which about 80 are calls of functions.
fn large() -> String {
    let step = |n: usize| format!("    let v{} = v{n} * {n}.5 + (v{n} - x).sin() / (x * x + {n}.25).sqrt();\n", n + 1);
    let steps: String = (0..80).map(step).collect();
    format!("fn f(x: f64) -> f64 {{\n    let v0 = x + CONSTANT;\n{steps}    v80\n}}")
}

/// Loops over a list of 16, written out.
const SOFTMAX: &str = "
fn f(x: &[f64; 16]) -> [f64; 16] {
    let mut top = -CONSTANT;
    for i in 0..16 {
        top = top.max(x[i]);
    }
    let mut weights = [0.0; 16];
    let mut sum = 0.0;
    for i in 0..16 {
        let weight = (x[i] - top).exp();
        weights[i] = weight;
        sum += weight;
    }
    for i in 0..16 {
        weights[i] /= sum;
    }
    weights
}";

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The source with a constant that was never used before.
fn fresh(source: &str) -> String {
    let constant = 3958.8 + COUNTER.fetch_add(1, Ordering::Relaxed) as f64 * 1e-3;
    source.replace("CONSTANT", &format!("{constant:?}"))
}

fn parse(source: &str) -> filbert_ir::VerifiedKernel {
    let module = filbert_syntax::parse(source, "bench").unwrap_or_else(|found| panic!("{found}"));
    module.kernels[0].clone()
}

fn argument(param: &Param) -> Datum {
    match param {
        Param::Scalar { .. } => 0.5.into(),
        Param::List { .. } => [0.5; 16].into(),
    }
}

fn latency(c: &mut Criterion) {
    let large = large();
    let sources = [
        ("three_operations", THREE_OPERATIONS),
        ("polynomial", POLYNOMIAL),
        ("checked", CHECKED),
        ("great_circle", GREAT_CIRCLE),
        ("softmax", SOFTMAX),
        ("large", &large),
    ];
    for (name, source) in sources {
        let mut group = c.benchmark_group(name);
        group.bench_function("parse_to_verified", |b| {
            b.iter_with_setup(|| fresh(source), |source| black_box(parse(&source)));
        });
        for (who, target) in [("artifact", Target::host()), ("scalar_artifact", Target::host().without_vectors())] {
            let made = compile(&parse(&fresh(source)), &target).expect("it compiles");
            println!("{name}/{who}: {}, {} bytes", made.backend.name(), made.code.len());
            group.bench_function(format!("verified_to_{who}"), |b| {
                b.iter_with_setup(|| parse(&fresh(source)), |kernel| black_box(compile(&kernel, &target)).is_ok());
            });
        }
        group.bench_function("parse_to_first_row", |b| {
            b.iter_with_setup(
                || fresh(source),
                |source| {
                    let loaded = LoadedKernel::load(&parse(&source));
                    let params = loaded.kernel().core.signature.params.iter();
                    let args: Vec<Datum> = params.map(argument).collect();
                    black_box(loaded.call_row(&args))
                },
            );
        });
        group.finish();
    }
}

criterion_group!(benches, latency);
criterion_main!(benches);
