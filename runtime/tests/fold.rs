//! Folds against a reference that follows the documented shape word by word, on every engine, with nulls and threads.

use arrow_buffer::{BooleanBuffer, NullBuffer};
use filbert_compiler::{Backend, Level, Target};
use filbert_ir::{Code, Scalar, VerifiedKernel, text, verify};
use filbert_runtime::{CallOptions, Column, Engine, Fold, KernelCall, LoadedKernel, StopFlag};

use crate::support::patient;

/// Around a block of vectors, a strip of the call, a long one, and a block of the fold.
const LENGTHS: [usize; 30] = [
    0,
    1,
    2,
    3,
    7,
    8,
    9,
    15,
    16,
    17,
    31,
    32,
    33,
    63,
    64,
    65,
    1000,
    1023,
    1024,
    1025,
    2047,
    2049,
    16_383,
    16_385,
    65_535,
    65_536,
    65_537,
    2 * 65_536,
    3 * 65_536 + 1,
    3 * 65_536 + 40_000,
];

const ITSELF: &str = "kernel k(%0 x: f64) -> f64 {\n return %0\n}";

fn kernel(source: &str) -> VerifiedKernel {
    verify(text::parse(source).unwrap()).unwrap()
}

fn engines(kernel: &VerifiedKernel) -> Vec<(&'static str, LoadedKernel)> {
    let by = |target| patient(1 << 20).with_target(target);
    vec![
        ("AVX-512", by(Target::host()).load(kernel, Engine::Native)),
        ("AVX2", by(Target::level(Level::V3)).load(kernel, Engine::Native)),
        ("scalar", by(Target::host().without_vectors()).load(kernel, Engine::Native)),
        ("interpreter", by(Target::host()).load(kernel, Engine::Interp)),
    ]
}

/// Floats in which a sum, and its reference, are computed.
trait Float: Copy + PartialOrd + std::ops::Add<Output = Self> {
    const NONE: Self;
    fn scalar(self) -> Scalar;
    fn is_nan(self) -> bool;
    fn order(&self, other: &Self) -> std::cmp::Ordering;
}

macro_rules! floats {
    ($($float:ident $name:ident $nan:expr;)*) => {
        $(impl Float for $float {
            const NONE: $float = -0.0;

            fn scalar(self) -> Scalar {
                Scalar::$name(if self.is_nan() { $float::from_bits($nan) } else { self })
            }

            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }

            fn order(&self, other: &$float) -> std::cmp::Ordering {
                self.total_cmp(other)
            }
        })*
    };
}

floats! {
    f64 F64 0x7ff8 << 48;
    f32 F32 0x7fc0 << 16;
}

/// The sum of what is there, as the documentation has it.
fn reference_sum<T: Float>(values: &[Option<T>]) -> Option<T> {
    let mut blocks: Vec<T> = Vec::new();
    for block in values.chunks(65_536) {
        let mut lanes = [T::NONE; 32];
        for (row, value) in block.iter().enumerate() {
            lanes[row % 32] = lanes[row % 32] + value.unwrap_or(T::NONE);
        }
        for half in [16, 8, 4, 2, 1] {
            for lane in 0..half {
                lanes[lane] = lanes[lane] + lanes[lane + half];
            }
        }
        blocks.push(lanes[0]);
    }
    while blocks.len() > 1 {
        blocks = blocks.chunks(2).map(|pair| if let [a, b] = *pair { a + b } else { pair[0] }).collect();
    }
    values.iter().any(Option::is_some).then(|| blocks[0])
}

fn check<T: Float>(name: &str, loaded: &LoadedKernel, columns: &[Column<'_>], values: &[Option<T>]) {
    let there = || values.iter().flatten().copied();
    let numbers = || there().filter(|value| !value.is_nan());
    let any = there().next();
    let expected = [
        (Fold::Sum, reference_sum(values).map(T::scalar)),
        (Fold::Min, numbers().min_by(T::order).or(any).map(T::scalar)),
        (Fold::Max, numbers().max_by(T::order).or(any).map(T::scalar)),
        (Fold::Count, Some(Scalar::U64(there().count() as u64))),
    ];
    for (fold, expected) in expected {
        for parallel in [false, true] {
            let options = CallOptions { parallel, ..CallOptions::default() };
            // The first call is compared with the interpreter, row by row, and goes another way.
            for call in 0..2 {
                let got = loaded.fold(fold, columns, &options).unwrap();
                let same = got.map(|got| (got.ty(), got.bits())) == expected.map(|value| (value.ty(), value.bits()));
                assert!(same, "{name}, {fold:?} of {} rows, call {call}: {got:?}, not {expected:?}", values.len());
            }
        }
    }
}

/// Numbers whose sum depends on the order in which they are added.
fn numbers(rows: usize) -> Vec<f64> {
    (0..rows).map(|row| (row as f64 * 0.7).sin() * 10f64.powi(row as i32 % 9)).collect()
}

#[test]
fn fault_20_folds_have_the_shape_that_is_written_down() {
    let product = kernel("kernel k(%0 x: f64, %1 y: f64) -> f64 {\n %2: f64 = mul %0, %1\n return %2\n}");
    let single = kernel("kernel k(%0 x: f32, %1 y: f32) -> f32 {\n %2: f32 = mul %0, %1\n return %2\n}");
    let (products, singles, itself) = (engines(&product), engines(&single), engines(&kernel(ITSELF)));
    for rows in LENGTHS {
        let x = numbers(rows);
        let y: Vec<f64> = (0..rows).map(|row| (row as f64 * 0.3).cos()).collect();
        let expected: Vec<Option<f64>> = x.iter().zip(&y).map(|(x, y)| Some(x * y)).collect();
        for (name, loaded) in &products {
            check(name, loaded, &[Column::from(&x), Column::from(&y)], &expected);
        }
        let [x32, y32] = [&x, &y].map(|column| column.iter().map(|&x| x as f32).collect::<Vec<f32>>());
        let expected: Vec<Option<f32>> = x32.iter().zip(&y32).map(|(x, y)| Some(x * y)).collect();
        for (name, loaded) in &singles {
            check(name, loaded, &[Column::from(&x32), Column::from(&y32)], &expected);
        }
        let all: Vec<Option<f64>> = x.iter().map(|&x| Some(x)).collect();
        let some: Vec<Option<f64>> = x.iter().enumerate().map(|(row, &x)| (row % 7 != 3).then_some(x)).collect();
        for (name, loaded) in &itself {
            check(name, loaded, &[Column::from(&x)], &all);
            check(name, loaded, &[Column::from(&some)], &some);
            check::<f64>(name, loaded, &[Column::from(&vec![None::<f64>; rows])], &vec![None; rows]);
        }
    }
}

#[test]
fn the_shape_is_that_of_every_vector_kernel() {
    // A sum of functions has few copies of its loop, divisions have narrow ones, f32 beside f64 has half registers.
    let sources = [
        ("sin", "%1: f64 = sin %0\n %2: f64 = exp %1\n %3: f64 = ln %2\n return %3"),
        ("div", "%1: f64 = const 3.0\n %2: f64 = div %1, %0\n return %2"),
        ("sqrt", "%1: f64 = abs %0\n %2: f64 = sqrt %1\n return %2"),
        ("constant", "%1: f64 = const 0.1\n return %1"),
        (
            "if",
            "%1: f64 = const 0.5\n %2: bool = lt %0, %1\n %3: f64 = neg %0\n %4: f64 = select %2, %3, %0\n return %4",
        ),
    ];
    for (what, source) in sources {
        let kernel = kernel(&format!("kernel k(%0 x: f64) -> f64 {{\n {source}\n}}"));
        for rows in [1, 5, 40, 1000, 4099, 70_001] {
            let x = numbers(rows);
            let values: Vec<f64> = LoadedKernel::load_with(&kernel, Engine::Interp).map((&x,)).unwrap();
            let expected: Vec<Option<f64>> = values.into_iter().map(Some).collect();
            for (name, loaded) in engines(&kernel) {
                check(&format!("{what}, {name}"), &loaded, &[Column::from(&x)], &expected);
            }
        }
    }
    let mixed = kernel(
        "kernel k(%0 x: f32, %1 y: f64) -> f32 {\n %2: f64 = cast %0\n %3: f64 = mul %2, %1\n %4: f32 = cast %3\n return %4\n}",
    );
    for rows in [1, 33, 4099] {
        let y = numbers(rows);
        let x: Vec<f32> = y.iter().map(|&y| (y * 0.3) as f32).collect();
        let values = x.iter().zip(&y).map(|(&x, &y)| Some((f64::from(x) * y) as f32)).collect::<Vec<_>>();
        for (name, loaded) in engines(&mixed) {
            check(name, &loaded, &[Column::from(&x), Column::from(&y)], &values);
        }
    }
}

#[test]
fn columns_may_begin_anywhere_and_be_of_one_value() {
    let axpy = kernel(
        "kernel k(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {\n %3: f64 = mul %0, %1\n %4: f64 = add %3, %2\n return %4\n}",
    );
    let (x, y) = (numbers(70_020), numbers(70_020));
    for (name, loaded) in engines(&axpy) {
        for (from_x, from_y) in [(0, 1), (1, 0), (3, 5), (7, 8)] {
            for rows in [100, 5000, 70_000] {
                let (x, y) = (&x[from_x..from_x + rows], &y[from_y..from_y + rows]);
                let values: Vec<Option<f64>> = x.iter().zip(y).map(|(x, y)| Some(0.3 * x + y)).collect();
                check(name, &loaded, &[Column::from(0.3), Column::from(x), Column::from(y)], &values);
            }
        }
        // A call of scalars alone has one row.
        let [a, b, c] = [0.5, 3.0, 1.0].map(Column::from);
        assert_eq!(loaded.sum([a, b, c]).unwrap(), Some(Scalar::F64(2.5)), "{name}");
    }
}

#[test]
fn every_kind_of_column_is_folded() {
    for (name, loaded) in engines(&kernel(ITSELF)) {
        // Every other element, and elements back to front: neither lies as the code reads it.
        let all = ndarray::Array1::from(numbers(9000));
        let values = |view: ndarray::ArrayView1<'_, f64>| view.iter().map(|&x| Some(x)).collect::<Vec<_>>();
        let spread = all.slice(ndarray::s![..;2]);
        check(name, &loaded, &[Column::from(&spread)], &values(spread));
        let back = all.slice(ndarray::s![..;-1]);
        check(name, &loaded, &[Column::from(&back)], &values(back));
    }
    // Half floats are widened strip by strip.
    let halves: Vec<half::f16> = (0..5000).map(|row| half::f16::from_f64(f64::from(row % 100) * 0.25)).collect();
    let single = kernel("kernel k(%0 x: f32) -> f32 {\n return %0\n}");
    for (name, loaded) in engines(&single) {
        let values: Vec<Option<f32>> = halves.iter().map(|&half| Some(half.to_f32())).collect();
        check(name, &loaded, &[Column::from(&halves)], &values);
    }
    // Lists: the sum of their first elements.
    let first =
        kernel("kernel k(%0 x: &[f64]) -> f64 {\n %1: u64 = const 0\n %2: f64 = load param 0, %1\n return %2\n}");
    let lists: Vec<Vec<f64>> = numbers(3000).into_iter().map(|x| vec![x, 1e99]).collect();
    let values: Vec<Option<f64>> = lists.iter().map(|list| Some(list[0])).collect();
    for (name, loaded) in engines(&first) {
        check(name, &loaded, &[Column::from(&lists)], &values);
    }
}

#[test]
fn the_order_of_floats_is_that_of_min_and_max() {
    let itself = engines(&kernel(ITSELF));
    for values in [
        vec![f64::NAN, f64::NAN],
        vec![-f64::NAN],
        vec![f64::NAN, 1.0, f64::NEG_INFINITY],
        vec![0.0, -0.0, 0.0],
        vec![-0.0],
        vec![-0.0; 100],
        vec![f64::INFINITY, f64::NEG_INFINITY],
        vec![f64::INFINITY; 3],
        vec![f64::MIN_POSITIVE / 2.0, -1e300, f64::MAX],
        vec![f64::MAX, f64::MAX],
    ] {
        let some: Vec<Option<f64>> = values.iter().map(|&value| Some(value)).collect();
        // Long enough for whole turns of vectors, too.
        for times in [1, 700] {
            let (values, some) = (values.repeat(times), some.repeat(times));
            for (name, loaded) in &itself {
                check(name, loaded, &[Column::from(&values)], &some);
            }
        }
    }
}

#[test]
fn integers_are_summed_exactly() {
    let wide = kernel("kernel k(%0 x: i64) -> i64 {\n return %0\n}");
    let narrow = kernel("kernel k(%0 x: i8) -> i8 {\n return %0\n}");
    let unsigned = kernel("kernel k(%0 x: u64, %1 y: u64) -> u64 {\n %2: u64 = or %0, %1\n return %2\n}");
    for (name, loaded) in engines(&wide) {
        // Partial sums beyond 64 bits do no harm, a total does.
        let x = [i64::MAX, i64::MAX, i64::MIN, i64::MIN, 5, 2];
        assert_eq!(loaded.sum((&x,)).unwrap(), Some(Scalar::I64(5)), "{name}");
        let error = loaded.sum((&x[..2],)).unwrap_err();
        assert_eq!((error.code, error.row), (Code::Overflow, None), "{name}");
        let detail = "the sum of all rows is 18446744073709551614, which does not fit i64; a sum of `f64` has room";
        assert_eq!(error.detail, detail, "{name}");
        assert_eq!(loaded.min((&x,)).unwrap(), Some(Scalar::I64(i64::MIN)), "{name}");
        assert_eq!(loaded.max((&x,)).unwrap(), Some(Scalar::I64(i64::MAX)), "{name}");
        let rows: Vec<i64> = (0..200_000).map(|row| row * row - 7).collect();
        assert_eq!(loaded.sum((&rows,)).unwrap(), Some(Scalar::I64(rows.iter().sum())), "{name}");
        let none: [i64; 0] = [];
        assert_eq!(loaded.sum((&none,)).unwrap(), None, "{name}");
        assert_eq!(loaded.count((&none,)).unwrap(), 0, "{name}");
    }
    for (name, loaded) in engines(&narrow) {
        let x = vec![-128i8; 100_000];
        assert_eq!(loaded.sum((&x,)).unwrap(), Some(Scalar::I64(-12_800_000)), "{name}");
        assert_eq!(loaded.max((&x,)).unwrap(), Some(Scalar::I8(-128)), "{name}");
    }
    for (name, loaded) in engines(&unsigned) {
        let (x, y) = ([u64::MAX - 3, 1, 2], [0u64; 3]);
        assert_eq!(loaded.sum((&x, &y)).unwrap(), Some(Scalar::U64(u64::MAX)), "{name}");
        assert_eq!(loaded.sum((&x, &[0u64, 2, 0])).unwrap_err().code, Code::Overflow, "{name}");
        assert_eq!(loaded.max((&x, &y)).unwrap(), Some(Scalar::U64(u64::MAX - 3)), "{name}");
        assert_eq!(loaded.min((&x, &y)).unwrap(), Some(Scalar::U64(1)), "{name}");
    }
}

#[test]
fn nulls_of_every_kind_do_not_count() {
    let positive = kernel("kernel k(%0 x: f32) -> bool {\n %1: f32 = const 0.0\n %2: bool = gt %0, %1\n return %2\n}");
    for (name, loaded) in engines(&positive) {
        let x: Vec<Option<f32>> = (0..70_000).map(|row| (row % 5 != 0).then_some((row % 3) as f32 - 1.0)).collect();
        let expected = x.iter().filter(|x| x.is_some_and(|x| x > 0.0)).count() as u64;
        let options = CallOptions { parallel: true, ..CallOptions::default() };
        assert_eq!(loaded.fold(Fold::Count, (&x,), &options).unwrap(), Some(Scalar::U64(expected)), "{name}");
        assert_eq!(loaded.count((&x,)).unwrap(), expected, "{name}");
    }
    // Rows that fail, and rows that are null and would fail.
    let forgiving =
        kernel("kernel k(%0 x: i32, %1 y: i32) -> i32 on_error null {\n %2: i32 = div %0, %1\n return %2\n}");
    let strict = kernel("kernel k(%0 x: i32, %1 y: i32) -> i32 {\n %2: i32 = div %0, %1\n return %2\n}");
    let x: Vec<i32> = (0..70_000).collect();
    let y: Vec<i32> = (0..70_000).map(|row| row % 4).collect();
    let is_there = |row: usize| !row.is_multiple_of(4) && !row.is_multiple_of(9);
    let there = NullBuffer::new(BooleanBuffer::collect_bool(70_000, is_there));
    let sum = |is_there: &dyn Fn(usize) -> bool| -> i64 {
        (0..70_000).filter(|&row| is_there(row)).map(|row| i64::from(x[row] / y[row])).sum()
    };
    let some = || [Column::from(&x), Column::from(&y).with_nulls(Some(there.clone()))];
    for (name, loaded) in engines(&forgiving) {
        let all = sum(&|row| !row.is_multiple_of(4));
        assert_eq!(loaded.sum((&x, &y)).unwrap(), Some(Scalar::I64(all)), "{name}");
        assert_eq!(loaded.count((&x, &y)).unwrap(), 52_500, "{name}");
        assert_eq!(loaded.sum(some()).unwrap(), Some(Scalar::I64(sum(&is_there))), "{name}");
    }
    for (name, loaded) in engines(&strict) {
        assert_eq!(loaded.sum(some()).unwrap(), Some(Scalar::I64(sum(&is_there))), "{name}");
        assert_eq!(loaded.sum((&x, &y)).unwrap_err().row, Some(0), "{name}");
    }
}

#[test]
fn rows_that_the_kernel_calls_null_do_not_count() {
    let source = "#[kernel]\nfn k(x: Option<f64>) -> Option<f64> {\n    match x { Some(x) if x > 0.0 => Some(x * 2.0), _ => None }\n}";
    let module = filbert_syntax::parse(source, "k.rs").unwrap_or_else(|found| panic!("{found}"));
    let x: Vec<Option<f64>> =
        numbers(5000).into_iter().enumerate().map(|(row, x)| (row % 3 != 1).then_some(x)).collect();
    let values: Vec<Option<f64>> = x.iter().map(|x| x.filter(|&x| x > 0.0).map(|x| x * 2.0)).collect();
    for (name, loaded) in engines(module.get("k").unwrap()) {
        check(name, &loaded, &[Column::from(&x)], &values);
    }
}

#[test]
fn the_lowest_failing_row_ends_a_fold() {
    let checked = kernel("kernel k(%0 x: i32, %1 y: i32) -> i32 {\n %2: i32 = add %0, %1\n return %2\n}");
    for (name, loaded) in engines(&checked) {
        let (mut x, y) = (vec![1; 200_000], vec![1; 200_000]);
        assert_eq!(loaded.sum((&x, &y)).unwrap(), Some(Scalar::I64(400_000)), "{name}");
        (x[131_500], x[199_999]) = (i32::MAX, i32::MAX);
        for parallel in [false, true] {
            let options = CallOptions { parallel, ..CallOptions::default() };
            let error = loaded.fold(Fold::Sum, (&x, &y), &options).unwrap_err();
            assert_eq!(error.row, Some(131_500), "{name}");
        }
    }
}

#[test]
fn a_raised_flag_stops_a_fold() {
    let x = numbers(300_000);
    for (name, loaded) in engines(&kernel(ITSELF)) {
        let stop = StopFlag::default();
        let options = CallOptions { stop: Some(stop.clone()), ..CallOptions::default() };
        assert!(loaded.fold(Fold::Sum, (&x,), &options).is_ok(), "{name}");
        stop.raise();
        assert_eq!(loaded.fold(Fold::Sum, (&x,), &options).unwrap_err().code, Code::Cancelled, "{name}");
    }
}

#[test]
fn what_cannot_be_folded_is_told() {
    let cases = [
        ("kernel k(%0 x: f64) -> bool {\n %1: bool = lt %0, %0\n return %1\n}", Fold::Sum),
        ("kernel k(%0 x: f64) -> bool {\n %1: bool = lt %0, %0\n return %1\n}", Fold::Min),
        ("kernel k(%0 x: f64) -> (f64, f64) {\n return %0, %0\n}", Fold::Count),
        ("kernel k(%0 x: Timestamp<Second>) -> Timestamp<Second> {\n return %0\n}", Fold::Sum),
    ];
    for (source, fold) in cases {
        let kernel = kernel(source);
        let error = kernel.fold(fold, [Column::from(1.0)], &CallOptions::default()).unwrap_err();
        assert_eq!(error.code, Code::SignatureMismatch, "{source}");
        assert!(error.detail.contains("is of one result"), "{}", error.detail);
    }
    let later = kernel("kernel k(%0 x: Timestamp<Second>) -> Timestamp<Second> {\n return %0\n}");
    let stamps = [7i64, 3, 5];
    let second = filbert_ir::Logical::Timestamp(filbert_ir::Unit::Second);
    assert_eq!(later.min([Column::slice(&stamps).with_type(second)]).unwrap(), Some(Scalar::I64(3)));
}

#[test]
fn the_engines_are_what_they_say() {
    let engines = engines(&kernel(ITSELF));
    let backends: Vec<Option<Backend>> = engines.iter().map(|(_, loaded)| loaded.backend()).collect();
    assert_eq!(backends[2], Some(Backend::Scalar));
    assert_eq!(backends[3], None);
    let is_vector = |backend: &Option<Backend>| matches!(backend, Some(Backend::Vector { .. }));
    if !backends[..2].iter().all(is_vector) {
        eprintln!("SKIPPED: this machine has not all vectors: {backends:?}");
    }
}
