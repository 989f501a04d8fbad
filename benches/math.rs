//! Nanoseconds a call of our math functions beside libm's, over the same random arguments, the two in turns.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench math
//! ```
//!
//! Ours are called as kernels do it: a compiled loop of the scalar back end that calls the helper. libm's are
//! called by a Rust loop through a pointer. A call waits for no other, so that the CPU may overlap them, as it
//! does in a loop over rows. Each cell is the median of the rounds, with the least in brackets.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use filbert_ir::random::Rng;
use filbert_ir::{Builder, Op, Type, VerifiedKernel, kernel, verify};
use filbert_runtime::{CallOptions, Column, LoadedKernel};

const ROWS: usize = 8192;
const ROUNDS: usize = 301;

type Range = (f64, f64);
type Unary = (Op, fn(f64) -> f64, Range);
type Binary = (Op, fn(f64, f64) -> f64, Range, Range);

/// Operation, libm's function, and the range of the arguments.
const UNARY: &[Unary] = &[
    (Op::Exp, libm::exp, (-20.0, 20.0)),
    (Op::Ln, libm::log, (0.01, 100.0)),
    (Op::Sin, libm::sin, (-10.0, 10.0)),
    (Op::Cos, libm::cos, (-10.0, 10.0)),
    (Op::Asin, libm::asin, (-1.0, 1.0)),
    (Op::Acos, libm::acos, (-1.0, 1.0)),
    (Op::Atan, libm::atan, (-5.0, 5.0)),
    (Op::Exp2, libm::exp2, (-20.0, 20.0)),
    (Op::ExpM1, libm::expm1, (-5.0, 5.0)),
    (Op::Log2, libm::log2, (0.01, 100.0)),
    (Op::Log10, libm::log10, (0.01, 100.0)),
    (Op::Ln1p, libm::log1p, (-0.9, 10.0)),
    (Op::Tan, libm::tan, (-10.0, 10.0)),
    (Op::Sinh, libm::sinh, (-5.0, 5.0)),
    (Op::Cosh, libm::cosh, (-5.0, 5.0)),
    (Op::Tanh, libm::tanh, (-5.0, 5.0)),
    (Op::Asinh, libm::asinh, (-5.0, 5.0)),
    (Op::Acosh, libm::acosh, (1.0, 10.0)),
    (Op::Atanh, libm::atanh, (-1.0, 1.0)),
    (Op::Erf, libm::erf, (-3.0, 3.0)),
    (Op::Erfc, libm::erfc, (-3.0, 3.0)),
    (Op::Cbrt, libm::cbrt, (-10.0, 10.0)),
    (Op::Gamma, libm::tgamma, (0.0, 170.0)),
    (Op::LnGamma, libm::lgamma, (0.0, 100.0)),
];

/// The same of two arguments.
const BINARY: &[Binary] = &[
    (Op::Powf, libm::pow, (0.01, 100.0), (-10.0, 10.0)),
    (Op::Atan2, libm::atan2, (-5.0, 5.0), (-5.0, 5.0)),
    (Op::Hypot, libm::hypot, (-5.0, 5.0), (-5.0, 5.0)),
];

/// A kernel that is one operation on f64.
fn kernel_of(op: Op) -> VerifiedKernel {
    let mut builder = Builder::new();
    let params: Vec<_> = (0..op.rule().arity()).map(|_| builder.param(Type::F64)).collect();
    let result = builder.op(op, &params);
    let (core, _) = builder.finish(vec![result]);
    let names = (0..params.len()).map(|i| format!("x{i}")).collect();
    let names = kernel::Names { kernel: op.name().into(), params: names, ..kernel::Names::default() };
    verify(kernel::Kernel { core, names, source: None }).expect("one operation is a kernel")
}

fn column((low, high): Range, seed: u64) -> Vec<f64> {
    let mut rng = Rng::new(seed);
    let mut unit = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    (0..ROWS).map(|_| low + (high - low) * unit()).collect()
}

/// Nanoseconds a row of each round.
fn timed(f: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    f();
    start.elapsed().as_secs_f64() * 1e9 / ROWS as f64
}

fn compare(op: Op, columns: &[Vec<f64>], libm: &mut dyn FnMut(&mut [f64])) {
    let kernel = LoadedKernel::load(&kernel_of(op));
    let mut out = vec![0.0; ROWS];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let columns: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
        ours.push(timed(&mut || {
            drop(black_box(kernel.call(&columns, ROWS, &CallOptions::default()).expect("no row fails")));
        }));
        theirs.push(timed(&mut || libm(black_box(&mut out))));
    }
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let [a, b] = [&ours, &theirs].map(|times| (times[ROUNDS / 2], times[0]));
    println!("| {op} | {:.2} ({:.2}) | {:.2} ({:.2}) | {:.2} |", a.0, a.1, b.0, b.1, b.0 / a.0);
}

fn main() {
    println!("| function, f64 | ours, ns | libm, ns | libm / ours |\n|---|---|---|---|");
    for &(op, libm, range) in UNARY {
        let libm = black_box(libm);
        let x = column(range, op as u64);
        compare(op, std::slice::from_ref(&x), &mut |out| {
            out.iter_mut().zip(&x).for_each(|(out, &x)| *out = libm(x));
        });
    }
    for &(op, libm, first, second) in BINARY {
        let libm = black_box(libm);
        let (x, y) = (column(first, op as u64), column(second, 1000 + op as u64));
        compare(op, &[x.clone(), y.clone()], &mut |out| {
            out.iter_mut().zip(x.iter().zip(&y)).for_each(|(out, (&x, &y))| *out = libm(x, y));
        });
    }
}
