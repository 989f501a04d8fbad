//! Fused kernels on every engine: results, nulls and errors are those of the kernels alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float64Array, Int64Array};
use filbert_compiler::{Backend, passes};
use filbert_ir::fuse::{Part, fuse};
use filbert_ir::{Code, Datum, KernelError, Op, Signature, VerifiedKernel, random};
use filbert_runtime::{ArrowArg, CallOptions, Column, Engine, KernelCache, LoadedFusion, OutColumn, StopFlag};

use crate::differential::{Engines, Memory};
use crate::support::{is_long_run, kernel, patient};

fn part(kernel: &VerifiedKernel, columns: &[usize]) -> Part {
    Part { kernel: kernel.clone(), columns: columns.to_vec() }
}

/// The parts one after another, up to the first that fails.
fn alone(
    cache: &KernelCache,
    parts: &[Part],
    columns: &[Column<'_>],
    rows: usize,
) -> Result<Vec<Vec<OutColumn>>, KernelError> {
    let call = |part: &Part| {
        let columns: Vec<Column<'_>> = part.columns.iter().map(|&column| columns[column].clone()).collect();
        cache.load(&part.kernel, Engine::Interp).call(&columns, rows, &CallOptions::default())
    };
    parts.iter().map(call).collect()
}

/// Everything that can be seen of results.
fn seen(results: &[Vec<OutColumn>], rows: usize) -> Vec<(String, Vec<Datum>, Vec<u8>)> {
    let of = |column: &OutColumn| {
        let data = (0..rows).map(|row| column.datum(row)).collect();
        (format!("{:?}", column.result()), data, column.values().to_vec())
    };
    results.iter().flatten().map(of).collect()
}

#[test]
fn fused_random_kernels_give_the_bits_nulls_and_errors_of_the_parts() {
    let count = if is_long_run() { 100_000 } else { 2_500 };
    let next = AtomicU64::new(0);
    let [fused, vectors, failed] = [0, 0, 0].map(AtomicU64::new);
    let work = || {
        let engines = Engines::new();
        let native = engines.vector.iter().map(|(_, cache)| cache).chain([&engines.scalar]);
        let caches: Vec<(&KernelCache, Engine)> =
            native.map(|cache| (cache, Engine::Native)).chain([(&engines.scalar, Engine::Interp)]).collect();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                break;
            }
            let (parts, columns) = random::parts(seed);
            let Ok(fusion) = fuse(&parts) else { continue };
            let signature = Signature { params: columns, ..Signature::default() };
            // A failing row ends a call, so that few rows see more, and many reach whole turns of vectors.
            let mut rows = random::datum_rows(seed, &signature, [1, 20, 150][(seed % 3) as usize]);
            if seed % 3 == 2 {
                let fails = |row: &Vec<Datum>, part: &Part| {
                    let args: Vec<Datum> = part.columns.iter().map(|&column| row[column].clone()).collect();
                    filbert_ir::interp::run(&part.kernel, &args).is_err()
                };
                rows.retain(|row| !parts.iter().any(|part| fails(row, part)));
            }
            let memory: Vec<Memory> = (0..signature.params.len())
                .map(|index| Memory::of(&signature.params[index], rows.iter().map(|row| &row[index])))
                .collect();
            let columns: Vec<Column<'_>> = memory.iter().map(Memory::column).collect();
            let expected = alone(&engines.scalar, &parts, &columns, rows.len());
            for &(cache, engine) in &caches {
                let loaded = LoadedFusion::load_from(cache, &fusion, engine);
                let got = loaded.call(&columns, rows.len(), &CallOptions::default());
                match (&got, &expected) {
                    (Ok(got), Ok(expected)) => {
                        assert_eq!(seen(got, rows.len()), seen(expected, rows.len()), "seed {seed} {engine}");
                    }
                    // The error of the kernel alone: name, row, arguments, text.
                    (Err(got), Err(expected)) => assert_eq!(got, expected, "seed {seed} {engine}"),
                    _ => panic!("seed {seed} {engine}: {got:?}, expected {expected:?}"),
                }
                let is_vector = matches!(loaded.fused().backend(), Some(Backend::Vector { .. }));
                vectors.fetch_add(u64::from(is_vector && got.is_ok()), Ordering::Relaxed);
            }
            fused.fetch_add(1, Ordering::Relaxed);
            failed.fetch_add(u64::from(expected.is_err()), Ordering::Relaxed);
        }
        engines.vector.len() as u64
    };
    let levels = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("fusions that differ stand above")).max()
    });
    let [fused, vectors, failed] = [fused, vectors, failed].map(AtomicU64::into_inner);
    println!("{fused} fusions, {failed} with a failing row; {vectors} times in vectors");
    assert!(fused > count / 4 && failed > count / 40, "{fused}, {failed}");
    assert!(vectors > levels.unwrap() * count / 50, "{vectors}");
}

fn quotient() -> VerifiedKernel {
    kernel("kernel quotient(%0 a: i64, %1 b: i64) -> i64 {\n  %2: i64 = div %0, %1\n  return %2\n}\n")
}

fn product() -> VerifiedKernel {
    kernel("kernel product(%0 x: i64, %1 y: i64) -> i64 {\n  %2: i64 = mul %0, %1\n  return %2\n}\n")
}

#[test]
fn the_error_is_that_of_the_first_kernel_that_fails_alone() {
    let fusion = fuse(&[part(&product(), &[0, 1]), part(&quotient(), &[0, 1])]).unwrap();
    let loaded = LoadedFusion::load(&fusion);
    // The quotient fails in an earlier row, but the product is asked for first.
    let (a, b) = ([1, 2, i64::MAX], [1, 0, 2i64]);
    let columns = [Column::from(&a), Column::from(&b)];
    let error = loaded.call(&columns, 3, &CallOptions::default()).unwrap_err();
    assert_eq!((&*error.kernel, error.row, error.code), ("product", Some(2), Code::Overflow));
    assert_eq!(error.args[0], ("x".into(), i64::MAX.to_string()));
    let error = loaded.call(&columns[..1], 3, &CallOptions::default()).unwrap_err();
    assert_eq!(error.code, Code::SignatureMismatch);
    let stop = StopFlag::new();
    stop.raise();
    let options = CallOptions { stop: Some(stop), ..CallOptions::default() };
    assert_eq!(loaded.call(&columns, 3, &options).unwrap_err().code, Code::Cancelled);
}

#[test]
fn loops_that_together_spend_too_much_run_alone() {
    let counted = |steps: u64| {
        kernel(&format!(
            "kernel counted(%0 a: u64) -> u64 fuel 9 {{
  %1: u64 = const 1
  %2: u64 = const {steps}
  %3: u64 = loop %0 {{
    %4: u64 = carried 0
    %5: u64 = wrapping_add %4, %1
    %6: bool = lt %5, %2
    yield %6, %5
  }}
  return %3
}}
"
        ))
    };
    let fusion = fuse(&[part(&counted(7), &[0]), part(&counted(8), &[0])]).unwrap();
    let loaded = LoadedFusion::load(&fusion);
    let zeros = [0u64; 40];
    let results = loaded.call(&[Column::from(&zeros)], 40, &CallOptions::default()).unwrap();
    assert_eq!((results[0][0].datum(39), results[1][0].datum(39)), (7u64.into(), 8u64.into()));
    let options = CallOptions { fuel: Some(6), ..CallOptions::default() };
    let error = loaded.call(&[Column::from(&zeros)], 40, &options).unwrap_err();
    assert_eq!((error.code, error.row), (Code::FuelExhausted, Some(0)));
    assert_eq!(error.detail, "spent 6 loop iterations (fuel)");
}

#[test]
fn arrow_columns_with_nulls_in_one_of_them() {
    let root = kernel("kernel root(%0 x: f64) -> f64 {\n  %1: f64 = sqrt %0\n  return %1\n}\n");
    let fusion = fuse(&[part(&quotient(), &[0, 1]), part(&root, &[2])]).unwrap();
    let a: ArrayRef = Arc::new(Int64Array::from(vec![Some(6), Some(7), None, None]));
    let b: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None, Some(0), None]));
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(4.0), Some(9.0), None, Some(16.0)]));
    let args = [&a, &b, &x].map(ArrowArg::from);
    let results = LoadedFusion::load(&fusion).call_arrow(&args, 4, &CallOptions::default()).unwrap();
    let quotients: Vec<Option<i64>> = results[0][0].as_primitive::<Int64Type>().iter().collect();
    assert_eq!(quotients, [Some(3), None, None, None]);
    let roots: Vec<Option<f64>> = results[1][0].as_primitive::<Float64Type>().iter().collect();
    assert_eq!(roots, [Some(2.0), Some(3.0), None, Some(4.0)]);
}

#[test]
fn what_kernels_have_in_common_is_computed_once() {
    let waves = |op: &str| {
        kernel(&format!(
            "kernel waves(%0 a: f64, %1 b: f64) -> f64 {{
  %2: f64 = sin %0
  %3: f64 = {op} %2, %1
  return %3
}}
"
        ))
    };
    let fusion = fuse(&[part(&waves("add"), &[0, 1]), part(&waves("mul"), &[0, 1])]).unwrap();
    let ran = passes::optimize(&fusion.kernel).kernel;
    let is_sine = |value: &&filbert_ir::Value| matches!(value.def, filbert_ir::Def::Op(Op::Sin, _));
    assert_eq!(ran.core.values.iter().filter(is_sine).count(), 1);
}

/// A fused kernel beyond the vector back end's size is no gain over its parts.
#[test]
fn parts_that_have_vectors_are_not_fused_into_scalar_code() {
    let step = |by: usize| {
        let mut text = String::from("kernel long(%0 x: f64) -> f64 {\n");
        let mut last = 0;
        for n in 0..120 {
            text += &format!(
                "  %{}: f64 = const {}.5\n  %{}: f64 = sub %{last}, %{}\n",
                2 * n + 1,
                n * by,
                2 * n + 2,
                2 * n + 1
            );
            last = 2 * n + 2;
        }
        kernel(&format!("{text}  return %{last}\n}}\n"))
    };
    let cache = patient(1 << 20);
    let parts: Vec<Part> = (1..=20).map(|by| part(&step(by), &[0])).collect();
    let is_vector = |kernel| matches!(cache.load(kernel, Engine::Native).backend(), Some(Backend::Vector { .. }));
    if !is_vector(&parts[0].kernel) {
        return println!("SKIPPED: this CPU has no vectors");
    }
    let fusion = fuse(&parts[..]).unwrap_err();
    assert!(fusion.to_string().contains("the limit is 4096"), "{fusion}");
    let fusion = fuse(&parts[..12]).unwrap();
    let loaded = LoadedFusion::load_from(&cache, &fusion, Engine::Native);
    assert!(!is_vector(&fusion.kernel) && !loaded.is_fused());
    let x = [1.0, 2.0];
    let results = loaded.call(&[Column::from(&x)], 2, &CallOptions::default()).unwrap();
    assert_eq!(results[0][0].datum(0), alone(&cache, &parts[..1], &[Column::from(&x)], 2).unwrap()[0][0].datum(0));
    let root = kernel("kernel root(%0 x: f64) -> f64 {\n  %1: f64 = sqrt %0\n  return %1\n}\n");
    let fusion = fuse(&[parts[0].clone(), part(&root, &[0])]).unwrap();
    assert!(LoadedFusion::load_from(&cache, &fusion, Engine::Native).is_fused());
}
