//! Machine code against the interpreter, which is the definition: random kernels over adversarial rows, and
//! every operation at the values where it changes its mind.
//!
//! `FILBERT_LONG=1` runs a million kernels of 64 rows instead of some thousands of a few; `FILBERT_SEED=n`
//! runs only that one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_buffer::NullBuffer;
use filbert_compiler::{Backend, Isa, Level, Target, explain};
use filbert_ir::interp::{RowFault, run};
use filbert_ir::kernel::Args;
use filbert_ir::op::Rule;
use filbert_ir::{
    Builder, Datum, Def, Kernel, Names, OnError, Op, Param, Scalar, Type, ValueId, VerifiedKernel, random, text, verify,
};
use filbert_runtime::{CallOptions, Column, Engine, KernelCache, LoadedKernel, OutColumn};

use crate::support::{data, is_long_run, patient};

#[test]
fn fault_15_machine_code_gives_the_bits_faults_and_rows_of_the_interpreter() {
    let one_seed = std::env::var("FILBERT_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let count = if is_long_run() { 1_000_000 } else { 20_000 };
    let seeds = one_seed.map_or(0..count, |seed| seed..seed + 1);
    let (next, faults, results) = (AtomicU64::new(seeds.start), AtomicU64::new(0), AtomicU64::new(0));
    let (taken, looping, reaching) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let engines = Engines::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let (failed, computed) = compare(seed, &engines);
            faults.fetch_add(failed, Ordering::Relaxed);
            results.fetch_add(computed, Ordering::Relaxed);
        }
        taken.fetch_add(engines.taken.get(), Ordering::Relaxed);
        looping.fetch_add(engines.looping.get(), Ordering::Relaxed);
        reaching.fetch_add(engines.reaching.get(), Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread.join().expect("a kernel differs; its seed and text stand above");
        }
    });
    let (faults, results) = (faults.into_inner(), results.into_inner());
    let [taken, looping, reaching] = [taken, looping, reaching].map(AtomicU64::into_inner);
    println!(
        "{} kernels: {results} results and {faults} faults compared, no difference; {taken} times in vectors, \
         {looping} with loops, {reaching} with lists or tables",
        seeds.end - seeds.start
    );
    if one_seed.is_none() {
        assert!(faults > seeds.end / 4 && results > 5 * seeds.end, "both kinds of rows are met");
        let enough = taken > seeds.end / 10 && looping > seeds.end / 50 && reaching > seeds.end / 50;
        assert!(enough || Engines::new().vector.is_empty(), "vectors are met: {taken}, {looping}, {reaching}");
    }
}

/// Random kernels seldom put the one value beside the other that shows a mistake, so every operation of the
/// table runs on all combinations of special values: as parameters, and in the long run with each of them as
/// a constant in each place.
#[test]
fn fault_15_every_operation_agrees_at_its_edges() {
    let engines = Engines::new();
    let mut kernels = 0;
    for &op in Op::ALL {
        for (tys, ty) in typings(op) {
            let mut shapes = vec![applied(op, &tys, ty, None)];
            // Without a parameter left there is no column that a null could stand in.
            if is_long_run() && tys.len() > 1 {
                let places = (0..tys.len()).flat_map(|p| random::specials(tys[p]).into_iter().map(move |c| (p, c)));
                shapes.extend(places.map(|constant| applied(op, &tys, ty, Some(constant))));
            }
            for kernel in shapes {
                let none: Vec<Vec<Scalar>> = vec![vec![]];
                let rows = kernel.core.slot_types().iter().fold(none, |rows, &ty| {
                    let pairs = rows.iter().flat_map(|row| random::specials(ty).into_iter().map(move |s| (row, s)));
                    pairs.map(|(row, special)| [&row[..], &[special]].concat()).collect()
                });
                let rows: Vec<Vec<Datum>> = rows.iter().map(|row| data(row)).collect();
                compare_rows(&format!("{op} of {tys:?}"), &kernel, &rows, &engines);
                kernels += 1;
            }
        }
    }
    assert!(kernels > 400, "only {kernels} kernels");
    let taken = engines.taken.get();
    assert!(taken > 500 * engines.vector.len() as u64 / 2, "only {taken} times in vectors");
    println!("{kernels} kernels of one operation compared, no difference; {taken} times in vectors");
}

/// The least and greatest of two values of which something is known (a square is neither below zero nor -0, and so
/// on): both are made of parameters in every way that the vector back end draws conclusions from.
#[test]
fn the_least_and_greatest_of_what_is_known_keep_their_bits() {
    let engines = Engines::new();
    for ty in [Type::F64, Type::F32] {
        let constants = random::specials(ty);
        let makers = 11 + constants.len();
        for (first, second) in (0..makers).flat_map(|first| (0..makers).map(move |second| (first, second))) {
            let mut builder = Builder::new();
            let [x, y] = [0, 1].map(|_| builder.param(ty));
            let mut made = |maker: usize, v: ValueId, w: ValueId| match maker {
                0 => v,
                1 => builder.op(Op::Mul, &[v, v]),
                2 => builder.op(Op::Abs, &[v]),
                3 => builder.op(Op::Sqrt, &[v]),
                4 => builder.op(Op::Add, &[v, w]),
                5 => builder.op(Op::Sub, &[v, w]),
                6 => builder.op(Op::Neg, &[v]),
                7 => builder.op(Op::Ceil, &[v]),
                8 => builder.op(Op::Div, &[v, w]),
                9 => {
                    let [a, b] = [v, w].map(|v| builder.op(Op::Mul, &[v, v]));
                    builder.op(Op::Add, &[a, b])
                }
                10 => {
                    let size = builder.op(Op::Abs, &[w]);
                    builder.op(Op::MulAdd, &[v, v, size])
                }
                _ => builder.constant(constants[maker - 11]),
            };
            let (a, b) = (made(first, x, y), made(second, y, x));
            let [least, greatest] = [Op::Min, Op::Max].map(|op| builder.op(op, &[a, b]));
            // Once more, of what is known of those.
            let again = [builder.op(Op::Min, &[greatest, a]), builder.op(Op::Max, &[b, least])];
            let sum = builder.op(Op::Mul, &[least, least]);
            let root = builder.op(Op::Sqrt, &[sum]);
            let (core, _) = builder.finish(vec![least, greatest, again[0], again[1], root]);
            let names = Names { kernel: "k".into(), params: vec!["x".into(), "y".into()], ..Names::default() };
            let kernel = verify(Kernel { core, names, source: None }).unwrap();
            let specials = random::specials(ty);
            let pairs = specials.iter().flat_map(|&x| specials.iter().map(move |&y| data(&[x, y])));
            let rows: Vec<Vec<Datum>> = pairs.collect();
            compare_rows(&format!("{ty}, {first} and {second}"), &kernel, &rows, &engines);
        }
    }
}

/// More values alive at once than there are registers, numbers and bools, in both widths: they go to the stack and
/// come back.
#[test]
fn values_that_have_no_register_keep_their_bits() {
    let engines = Engines::new();
    for (ty, numbers, bools) in [(Type::F64, 45, 4), (Type::F32, 45, 4), (Type::I64, 6, 24), (Type::I32, 30, 12)] {
        let mut builder = Builder::new();
        let [x, y] = [0, 1].map(|_| builder.param(ty));
        let by = |n: usize| match ty {
            Type::F64 => Scalar::F64(n as f64 + 0.5),
            Type::F32 => Scalar::F32(n as f32 + 0.5),
            Type::I64 => Scalar::I64(n as i64 * 3 - 20),
            _ => Scalar::I32(n as i32 * 3 - 20),
        };
        let product = if ty.is_float() { Op::Mul } else { Op::WrappingMul };
        let mut values = Vec::new();
        let mut tests = Vec::new();
        for n in 0..numbers {
            let constant = builder.constant(by(n));
            values.push(builder.op(product, &[x, constant]));
        }
        for n in 0..bools {
            let constant = builder.constant(by(n));
            tests.push(builder.op(Op::Lt, &[y, constant]));
        }
        let mut last = values[0];
        for (index, &value) in values.iter().enumerate().rev() {
            let difference = if ty.is_float() { Op::Sub } else { Op::WrappingSub };
            last = builder.op(difference, &[value, last]);
            if let Some(&test) = tests.get(index) {
                last = builder.op(Op::Select, &[test, last, value]);
            }
        }
        let mut any = tests[0];
        for &test in tests.iter().rev() {
            any = builder.op(Op::Xor, &[any, test]);
        }
        let (core, _) = builder.finish(vec![last, any]);
        let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
        let names = Names { kernel: "k".into(), params, ..Names::default() };
        let kernel = verify(Kernel { core, names, source: None }).unwrap();
        let rows = random::datum_rows(7, &kernel.core.signature, 100);
        compare_rows(&format!("{numbers} {ty} and {bools} bools"), &kernel, &rows, &engines);
    }
    assert_eq!(engines.taken.get(), 4 * engines.vector.len() as u64, "every kernel is taken");
}

/// Functions behind one another, with quotients and roots anywhere: many of these turns begin the next one, whose
/// values pass over the border between two turns.
#[test]
fn long_chains_keep_their_bits() {
    const UNARY: [Op; 11] =
        [Op::Ln, Op::Exp, Op::Sqrt, Op::Asinh, Op::Tanh, Op::Atan, Op::Erfc, Op::Cbrt, Op::Ln1p, Op::ExpM1, Op::Log2];
    const BINARY: [Op; 6] = [Op::Div, Op::Hypot, Op::Powf, Op::Mul, Op::Add, Op::Div];
    let engines = Engines::new();
    let kernels = if is_long_run() { 3000 } else { 60 };
    let mut halved = 0;
    for seed in 0..kernels {
        let mut rng = random::Rng::new(seed);
        let ty = if seed % 4 == 3 { Type::F32 } else { Type::F64 };
        let mut builder = Builder::new();
        let mut values: Vec<ValueId> = (0..2 + rng.below(2)).map(|_| builder.param(ty)).collect();
        for _ in 0..4 + rng.below(6) {
            // Mostly of what was made last, so that chains become long.
            let last = values[values.len() - 1];
            let other = values[rng.below(values.len())];
            let made = match rng.below(5) {
                0 | 1 => builder.op(BINARY[rng.below(BINARY.len())], &[last, other]),
                _ => builder.op(UNARY[rng.below(UNARY.len())], &[last]),
            };
            values.push(made);
        }
        let results = values[values.len() - 1 - rng.below(2)..].to_vec();
        let (core, _) = builder.finish(results);
        let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
        let names = Names { kernel: "k".into(), params, ..Names::default() };
        let kernel = verify(Kernel { core, names, source: None }).unwrap();
        for (isa, _) in &engines.vector {
            let level = if *isa == Isa::Avx512 { Level::V4 } else { Level::V3 };
            let made = explain(&kernel, &Target::level(level)).unwrap();
            halved += u64::from(made.clif.contains("before the first turn"));
        }
        let rows = random::datum_rows(seed, &kernel.core.signature, 40);
        compare_rows(&format!("chain {seed}"), &kernel, &rows, &engines);
    }
    println!("{halved} turns in halves");
    assert!(halved >= kernels * engines.vector.len() as u64 / 10, "{halved} turns of {kernels} kernels begin the next");
}

/// The operand types that an operation takes, each with its result type.
pub(crate) fn typings(op: Op) -> Vec<(Vec<Type>, Type)> {
    let pairs = Type::ALL.into_iter().flat_map(|a| Type::ALL.map(|b| (a, b)));
    let mut typings = Vec::new();
    for (first, second) in pairs {
        let tys = match op.rule() {
            Rule::Select if first == second => vec![Type::Bool, first, first],
            Rule::Select => continue,
            rule => vec![first, second, second][..rule.arity()].to_vec(),
        };
        match op.result_type(&tys, second) {
            // The second type is nothing to an operation of one operand, but to a cast.
            Some(ty) if !typings.contains(&(tys.clone(), ty)) => typings.push((tys, ty)),
            _ => {}
        }
    }
    typings
}

/// One operation on parameters, of which one may be a constant.
pub(crate) fn applied(op: Op, tys: &[Type], ty: Type, constant: Option<(usize, Scalar)>) -> VerifiedKernel {
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

/// Compares a random kernel; counts failing rows and results. Half of them have everything that kernels can
/// have; the others are strict, which shows other paths of the call, half of those with nothing that vectors
/// cannot do.
fn compare(seed: u64, engines: &Engines) -> (u64, u64) {
    let size = 4 + (seed * 7919 % 97) as usize;
    let rows = if is_long_run() { 64 } else { 12 };
    let kernel = match seed % 4 {
        0 => random::kernel(seed, size),
        1 => random::plain_kernel(seed, size),
        _ => random::rich_kernel(seed, size),
    };
    let kernel = verify(kernel).unwrap();
    let rows = random::datum_rows(seed, &kernel.core.signature, rows);
    compare_rows(&format!("FILBERT_SEED={seed}"), &kernel, &rows, engines)
}

/// What the definition gives for a row.
type Judged = Result<Vec<Datum>, RowFault>;

/// The caches of the engines that are compared.
pub(crate) struct Engines {
    /// Cranelift, row by row. A small cache: the evictions are part of the test.
    pub(crate) scalar: KernelCache,
    /// The vector back end on what this machine has, and on less.
    pub(crate) vector: Vec<(Isa, KernelCache)>,
    /// Kernels that ran in vectors, on either machine.
    pub(crate) taken: Cell<u64>,
    /// Those of them that have loops.
    looping: Cell<u64>,
    /// Those that read or write elements of lists or tables.
    reaching: Cell<u64>,
}

impl Engines {
    pub(crate) fn new() -> Engines {
        let has = |feature: &str| Target::host().features().contains(&feature);
        let mut vector = Vec::new();
        for (isa, level, features) in [
            (Isa::Avx512, Level::V4, ["avx512f", "avx512dq", "avx512vl"]),
            (Isa::Avx2, Level::V3, ["avx2", "fma", "bmi2"]),
        ] {
            match features.iter().all(|feature| has(feature)) {
                true => vector.push((isa, patient(256 << 10).with_target(Target::level(level)))),
                false => println!("SKIPPED: this CPU has no {isa:?}, whose code is not tested"),
            }
        }
        let scalar = patient(256 << 10).with_target(Target::host().without_vectors());
        Engines { scalar, vector, taken: Cell::new(0), looping: Cell::new(0), reaching: Cell::new(0) }
    }
}

/// Compares one kernel on all of these rows, by its machine code, in vectors if it is taken, and by the runtime's
/// interpreter.
pub(crate) fn compare_rows(name: &str, kernel: &VerifiedKernel, rows: &[Vec<Datum>], engines: &Engines) -> (u64, u64) {
    let differs = |what: String| panic!("{name}: {what}\n{}", text::print(kernel));
    let judged: Vec<Judged> = rows.iter().map(|row| run(kernel, row)).collect();
    compare_code(&engines.scalar.load(kernel, Engine::Native), rows, &judged, &differs);
    for (isa, cache) in &engines.vector {
        let loaded = cache.load(kernel, Engine::Native);
        let Some(Backend::Vector { turn_rows, .. }) = loaded.backend() else { continue };
        let count = |cell: &Cell<u64>, is: bool| cell.set(cell.get() + u64::from(is));
        count(&engines.taken, true);
        count(&engines.looping, kernel.core.has_loops());
        let reaches = |def: &Def| matches!(def, Def::Load { .. } | Def::Store { .. });
        count(&engines.reaching, kernel.core.values.iter().any(|value| reaches(&value.def)));
        let differs = |what: String| differs(format!("{isa:?}: {what}"));
        compare_code(&loaded, rows, &judged, &differs);
        // Rows enough for whole turns and a rest, with and without failing ones.
        let many = 3 * turn_rows as usize + 5;
        let good = (0..rows.len()).filter(|&row| judged[row].is_ok());
        for chosen in [(0..rows.len()).collect::<Vec<_>>(), good.collect()] {
            let chosen: Vec<usize> = chosen.iter().copied().cycle().take(many).collect();
            let rows: Vec<Vec<Datum>> = chosen.iter().map(|&row| rows[row].clone()).collect();
            let judged: Vec<Judged> = chosen.iter().map(|&row| judged[row].clone()).collect();
            compare_code(&loaded, &rows, &judged, &differs);
        }
    }
    compare_engine(&engines.scalar.load(kernel, Engine::Interp), rows, &judged, &differs);
    let failing = judged.iter().filter(|judged| judged.is_err()).count() as u64;
    (failing, (rows.len() as u64 - failing) * kernel.core.signature.results.len() as u64)
}

/// Compares machine code, which there must be.
fn compare_code(native: &LoadedKernel, rows: &[Vec<Datum>], judged: &[Judged], differs: &dyn Fn(String)) {
    if native.engine() != Engine::Native {
        // TODO machine code of loops and lists
        differs("no machine code".into());
    }
    compare_engine(native, rows, judged, differs);
    // A wrong claim of machine code is caught by the runtime itself, which then answers rightly.
    if native.engine() != Engine::Native {
        differs("the runtime's own check has put the code aside".into());
    }
}

fn compare_engine(loaded: &LoadedKernel, rows: &[Vec<Datum>], judged: &[Judged], differs: &dyn Fn(String)) {
    let kernel = loaded.kernel();
    let engine = loaded.engine();
    let params = &kernel.core.signature.params;
    let memory: Vec<Memory> =
        (0..params.len()).map(|param| Memory::of(&params[param], rows.iter().map(|row| &row[param]))).collect();
    let columns: Vec<Column<'_>> = memory.iter().map(Memory::column).collect();

    // All rows at once: the lowest failing row is the error.
    let all = loaded.call(&columns, rows.len(), &CallOptions::default());
    match (all, judged.iter().position(Result::is_err)) {
        (Ok(results), None) => compare_results(&results, rows, judged, &|what| differs(format!("{engine}: {what}"))),
        (Err(error), Some(lowest)) if error.row == Some(lowest as u64) => {}
        (got, lowest) => differs(format!("{engine}: lowest failing row {lowest:?}, got {got:?}")),
    }
    // Failing rows made null: the others have their results, to the bit.
    let valid: NullBuffer = judged.iter().map(Result::is_ok).collect();
    let strict = params.iter().position(|param| !matches!(param, Param::Scalar { nullable: true, .. }));
    if let Some(strict) = strict.filter(|_| valid.null_count() > 0) {
        let mut masked = columns.clone();
        let own = memory[strict].nulls();
        masked[strict] = columns[strict].clone().with_nulls(NullBuffer::union(own.as_ref(), Some(&valid)));
        match loaded.call(&masked, rows.len(), &CallOptions::default()) {
            Err(error) => differs(format!("{engine}: a null row fails: {error}")),
            Ok(results) => compare_results(&results, rows, judged, &|what| differs(format!("{engine}: {what}"))),
        }
    }
    // Failing rows one by one: code and value.
    for (row, fault) in
        rows.iter().zip(judged).take(ROWS_ALONE).filter_map(|(row, judged)| Some((row, judged.as_ref().err()?)))
    {
        match loaded.call_row(row) {
            Err(error) if (error.code, error.value) == (fault.fault.code(), Some(fault.value)) => {}
            got => differs(format!("{engine}: row {row:?}: got {got:?}, expected {fault:?}")),
        }
    }
    if kernel.core.signature.on_error == OnError::Null && judged.iter().any(Result::is_err) {
        differs("the definition fails where a failing row is null".into());
    }
}

/// Rows that are also called one by one, if they fail.
const ROWS_ALONE: usize = 16;

fn compare_results(results: &[OutColumn], rows: &[Vec<Datum>], judged: &[Judged], differs: &dyn Fn(String)) {
    for (row, expected) in judged.iter().enumerate() {
        let got: Vec<Datum> = results.iter().map(|column| column.datum(row)).collect();
        let expected = expected.clone().unwrap_or_else(|_| vec![Datum::Null; results.len()]);
        if got != expected {
            differs(format!("row {row} {:?}: got {got:?}, expected {expected:?}", rows[row]));
        }
    }
}

/// A column of data in the form that callers have it.
pub(crate) struct Memory {
    param: Param,
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Memory {
    pub(crate) fn of<'a>(param: &Param, data: impl Iterator<Item = &'a Datum>) -> Memory {
        let mut memory = Memory { param: param.clone(), bytes: Vec::new(), offsets: vec![0], valid: Vec::new() };
        let (elem, inner, len) = match param {
            Param::Scalar { ty, .. } => (ty.storage(), 1, 1),
            Param::List { elem, inner, len } => (*elem, *inner, len.unwrap_or(0)),
        };
        for datum in data {
            let missing;
            let elements = match datum {
                Datum::Scalar(scalar) => std::slice::from_ref(scalar),
                Datum::List(elements) => elements,
                // What stands under a null may be anything: the worst there is.
                Datum::Null => {
                    missing = vec![*random::specials(elem).last().unwrap(); (len * inner) as usize];
                    &missing
                }
            };
            memory.valid.push(*datum != Datum::Null);
            memory.bytes.extend(elements.iter().flat_map(|e| e.bits().to_le_bytes()[..elem.bytes()].to_vec()));
            memory.offsets.push((memory.bytes.len() / elem.bytes() / inner as usize) as i32);
        }
        memory
    }

    fn nulls(&self) -> Option<NullBuffer> {
        Some(NullBuffer::from(self.valid.clone())).filter(|nulls| nulls.null_count() > 0)
    }

    pub(crate) fn column(&self) -> Column<'_> {
        let elements = |ty| Column::bytes(ty, &self.bytes).unwrap();
        let column = match &self.param {
            Param::Scalar { ty, .. } => elements(ty.storage()).with_type(*ty),
            Param::List { elem, inner, .. } => {
                Column::lists_of_rows(elements(*elem), *inner as usize, &self.offsets).unwrap()
            }
        };
        column.with_nulls(self.nulls())
    }
}
