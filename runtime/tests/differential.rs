//! Machine code against the interpreter, which is the definition: random kernels over adversarial rows, and
//! every operation at the values where it changes its mind.
//!
//! `FILBERT_LONG=1` runs 200,000 kernels instead of 2,000; `FILBERT_SEED=n` runs only that one.

use std::sync::atomic::{AtomicU64, Ordering};

use arrow_buffer::NullBuffer;
use filbert_ir::interp::{Interpreter, RowFault};
use filbert_ir::kernel::Args;
use filbert_ir::op::Rule;
use filbert_ir::{Builder, Def, Kernel, Names, Op, Scalar, Type, ValueId, VerifiedKernel, random, text, verify};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache};

use crate::support::{is_long_run, patient};

/// Rows in a call: few enough that kernels, not rows, take the time.
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

/// Random kernels seldom put the one value beside the other that shows a mistake, so every operation of the
/// table runs on all combinations of special values: as parameters, and in the long run with each of them as
/// a constant in each place.
#[test]
fn fault_15_every_operation_agrees_at_its_edges() {
    let cache = patient(256 << 10);
    let mut kernels = 0;
    for &op in Op::ALL {
        for (first, second) in Type::ALL.into_iter().flat_map(|a| Type::ALL.map(|b| (a, b))) {
            let tys: &[Type] = match op.rule() {
                Rule::Select if first == second => &[Type::Bool, first, first],
                Rule::Select => continue,
                rule => &[first, second, second][..rule.arity()],
            };
            let Some(ty) = op.result_type(tys, second) else { continue };
            let mut shapes = vec![applied(op, tys, ty, None)];
            // Without a parameter left there is no column that a null could stand in.
            if is_long_run() && tys.len() > 1 {
                let places = (0..tys.len()).flat_map(|p| random::specials(tys[p]).into_iter().map(move |c| (p, c)));
                shapes.extend(places.map(|constant| applied(op, tys, ty, Some(constant))));
            }
            for kernel in shapes {
                let none: Vec<Vec<Scalar>> = vec![vec![]];
                let rows = kernel.core.slot_types().iter().fold(none, |rows, &ty| {
                    let pairs = rows.iter().flat_map(|row| random::specials(ty).into_iter().map(move |s| (row, s)));
                    pairs.map(|(row, special)| [&row[..], &[special]].concat()).collect()
                });
                compare_rows(&format!("{op} of {tys:?}"), &kernel, &rows, &cache);
                kernels += 1;
            }
        }
    }
    assert!(kernels > 400, "only {kernels} kernels");
    println!("{kernels} kernels of one operation compared, no difference");
}

/// One operation on parameters, of which one may be a constant.
fn applied(op: Op, tys: &[Type], ty: Type, constant: Option<(usize, Scalar)>) -> VerifiedKernel {
    let mut builder = Builder::new();
    let fixed = |index: usize| constant.filter(|(place, _)| *place == index).map(|(_, scalar)| scalar);
    let params: Vec<Option<ValueId>> =
        tys.iter().enumerate().map(|(i, &ty)| fixed(i).is_none().then(|| builder.param(ty))).collect();
    let args: Vec<ValueId> = params
        .into_iter()
        .enumerate()
        .map(|(i, param)| {
            param.unwrap_or_else(|| builder.constant(fixed(i).expect("what is no parameter is constant")))
        })
        .collect();
    let result = builder.push(ty, Def::Op(op, Args::new(&args)));
    let (core, _) = builder.finish(vec![result]);
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    verify(Kernel { core, names: Names { kernel: "k".into(), params, ..Names::default() }, source: None }).unwrap()
}

/// Compares a random kernel; counts failing rows and results.
fn compare(seed: u64, cache: &KernelCache) -> (u64, u64) {
    let size = 4 + (seed * 7919 % 97) as usize;
    let kernel = verify(random::kernel(seed, size)).unwrap();
    let rows = random::rows(seed, &kernel.core.slot_types(), ROWS);
    compare_rows(&format!("FILBERT_SEED={seed}"), &kernel, &rows, cache)
}

/// Compares one kernel on all of these rows.
fn compare_rows(name: &str, kernel: &VerifiedKernel, rows: &[Vec<Scalar>], cache: &KernelCache) -> (u64, u64) {
    let differs = |what: String| -> ! { panic!("{name}: {what}\n{}", text::print(kernel)) };
    let native = cache.load(kernel, Engine::Native);
    if native.engine() != Engine::Native {
        differs("no machine code".into());
    }
    let params = kernel.core.slot_types();
    let judged = judge(kernel, rows);
    let bytes: Vec<Vec<u8>> = (0..params.len()).map(|p| column_bytes(rows.iter().map(|row| row[p]))).collect();
    let columns: Vec<Column<'_>> =
        params.iter().zip(&bytes).map(|(&ty, bytes)| Column::bytes(ty, bytes).unwrap()).collect();

    // All rows at once: the lowest failing row is the error.
    let all = native.call(&columns, rows.len(), &CallOptions::default());
    match (all, judged.iter().position(Result::is_err)) {
        (Ok(_), None) => {}
        (Err(error), Some(lowest)) if error.row == Some(lowest as u64) => {}
        (got, lowest) => differs(format!("lowest failing row {lowest:?}, got {got:?}")),
    }
    // Failing rows made null: the others have their results, to the bit.
    let valid: NullBuffer = judged.iter().map(Result::is_ok).collect();
    let masked: Vec<Column<'_>> = columns.iter().map(|column| column.clone().with_nulls(Some(valid.clone()))).collect();
    match native.call(&masked, rows.len(), &CallOptions::default()) {
        Err(error) => differs(format!("a null row fails: {error}")),
        Ok(results) => {
            for (row, expected) in judged.iter().enumerate() {
                let got: Option<Vec<Scalar>> = results.iter().map(|column| column.value(row)).collect();
                if got != expected.clone().ok() {
                    differs(format!("row {row} {:?}: got {got:?}, expected {expected:?}", rows[row]));
                }
            }
        }
    }
    // Failing rows one by one: code and value.
    let mut failing = 0;
    for (row, fault) in rows.iter().zip(&judged).filter_map(|(row, judged)| Some((row, judged.as_ref().err()?))) {
        failing += 1;
        match native.call_row(row) {
            Err(error) if (error.code, error.value) == (fault.fault.code(), Some(fault.value)) => {}
            got => differs(format!("row {row:?}: got {got:?}, expected {fault:?}")),
        }
    }
    // A wrong claim of machine code is caught by the runtime itself, which then answers rightly.
    if native.engine() != Engine::Native {
        differs("the runtime's own check has put the code aside".into());
    }
    (failing, (rows.len() as u64 - failing) * kernel.core.returns.len() as u64)
}

fn judge(kernel: &VerifiedKernel, rows: &[Vec<Scalar>]) -> Vec<Result<Vec<Scalar>, RowFault>> {
    let mut interpreter = Interpreter::new(kernel);
    let types = kernel.core.return_types();
    let judge = |row: &Vec<Scalar>| {
        let args: Vec<u64> = row.iter().map(|arg| arg.bits()).collect();
        let mut out = vec![0; types.len()];
        interpreter.scalar_row(&args, &mut out)?;
        Ok(types.iter().zip(out).map(|(&ty, bits)| Scalar::from_bits(ty, bits)).collect())
    };
    rows.iter().map(judge).collect()
}

fn column_bytes(scalars: impl Iterator<Item = Scalar>) -> Vec<u8> {
    scalars.flat_map(|scalar| scalar.bits().to_le_bytes()[..scalar.ty().bytes()].to_vec()).collect()
}
