//! The same kernel through each door: a plain call, slices, `ndarray`, Arrow, a file, SQL, a pipeline. One
//! identity, the same bits.

mod constructs;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array};
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use filbert::{AsKernel, Code, Datum, KernelCall, Session, kernel};
use ndarray::{Array1, Array2, Array3, Axis, s};

use crate::examples::flights::great_circle;

/// Doc comments are kept.
#[kernel]
fn ratio(part: i32, whole: i32) -> i32 {
    100 * part / whole
}

mod inner {
    /// In a module, and called from another.
    #[filbert::kernel]
    pub(crate) fn twice(x: f64) -> f64 {
        x + x
    }
}

#[kernel]
fn calls_across_modules(x: f64) -> f64 {
    inner::twice(x).max(great_circle(x, 0.0, 0.0, x))
}

/// Points all over the sphere, and the distances that a plain call gives.
fn points() -> ([Vec<f64>; 4], Vec<f64>) {
    let wave = |scale: f64, step: f64| (0..3000).map(|i| scale * (i as f64 * step).sin()).collect::<Vec<f64>>();
    let columns = [wave(90.0, 0.7), wave(180.0, 0.31), wave(90.0, 1.3), wave(180.0, 0.17)];
    let distance = |i: usize| great_circle(columns[0][i], columns[1][i], columns[2][i], columns[3][i]);
    let expected = (0..3000).map(distance).collect();
    (columns, expected)
}

/// The plain function calls the system's math: near, not equal.
fn assert_near(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-6, "{got} and {expected}");
    }
}

#[test]
fn scalars_slices_and_arrays() {
    let ([a, b, c, d], expected) = points();
    let slices: Vec<f64> = great_circle.map((&a, &b, &c, &d)).unwrap();
    assert_near(&slices, &expected);

    let scalars = great_circle.call_row(&[a[7], b[7], c[7], d[7]].map(Datum::from)).unwrap();
    assert_eq!(scalars, [Datum::from(slices[7])]);

    // n-D, strided, reversed and transposed views give the bits of the slices.
    let array = |x: &Vec<f64>| Array3::from_shape_vec((10, 20, 15), x.clone()).unwrap();
    let (a3, b3, c3, d3) = (array(&a), array(&b), array(&c), array(&d));
    let cube: Array3<f64> = great_circle.map((&a3, &b3, &c3, &d3)).unwrap();
    assert_eq!(cube.iter().copied().collect::<Vec<f64>>(), slices);
    let pick = s![..;-1, 3..17;2, ..];
    let strided: Array3<f64> =
        great_circle.map((&a3.slice(pick), &b3.slice(pick), &c3.slice(pick), &d3.slice(pick))).unwrap();
    assert_eq!(strided, cube.slice(pick));
    let turned: Array3<f64> = great_circle.map((&a3.t(), &b3.t(), &c3.t(), &d3.t())).unwrap();
    assert_eq!(turned, cube.t());

    // One dimension is repeated against another.
    let grid: Array2<f64> = inner::twice.map((&Array1::from(vec![1.0, 2.0]).insert_axis(Axis(0)),)).unwrap();
    assert_eq!(grid, ndarray::arr2(&[[2.0, 4.0]]));
    let empty: Vec<f64> = inner::twice.map((&Vec::<f64>::new(),)).unwrap();
    assert!(empty.is_empty());
}

#[test]
fn arrow_arrays_with_nulls_and_an_offset() {
    let ([a, b, c, d], _) = points();
    let slices: Vec<f64> = great_circle.map((&a, &b, &c, &d)).unwrap();
    let nulls = |x: &[f64], every: usize| -> ArrayRef {
        Arc::new(Float64Array::from_iter(x.iter().enumerate().map(|(i, &v)| (i % every != 0).then_some(v))))
    };
    let columns = [nulls(&a, 7), nulls(&b, usize::MAX), nulls(&c, 5), Arc::new(Float64Array::from(d))];
    let sliced = columns.map(|column| column.slice(3, 2900));
    let result = great_circle.map_arrow(&sliced).unwrap();
    let result = result.as_primitive::<Float64Type>();
    for i in 0..2900 {
        let row = i + 3;
        let null = row % 7 == 0 || row % 5 == 0;
        assert_eq!(result.is_null(i), null, "row {row}");
        assert!(null || result.value(i) == slices[row], "row {row}");
    }
}

#[test]
fn kernels_call_kernels_of_other_modules() {
    let x = [0.0, 1.0, -3.0];
    let got: Vec<f64> = calls_across_modules.map((&x,)).unwrap();
    assert_near(&got, &x.map(*calls_across_modules));
}

#[test]
fn a_kernel_has_one_identity_through_every_door() {
    let source = std::fs::read_to_string("examples/flights.rs").unwrap();
    let start = source.find("#[kernel]\npub(crate) fn great_circle").unwrap();
    let text = &source[start..start + source[start..].find("\n}\n").unwrap() + 3];
    let from_file = filbert::parse(text, "a file").unwrap().kernels[0].clone();
    let from_macro = great_circle.as_kernel().unwrap();
    assert_eq!(from_file.id(), from_macro.id());
    assert_eq!(from_macro.names.doc, "Great-circle distance in miles between two points given in degrees.");
    assert_eq!(ratio.as_kernel().unwrap().names.doc, "Doc comments are kept.");
}

#[tokio::test]
async fn sql_and_pipeline() {
    let session = Session::local();
    session.register(&ratio).unwrap();
    let part: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    let whole: ArrayRef = Arc::new(Int32Array::from(vec![2, 0, 4]));
    let batch = RecordBatch::try_from_iter_with_nullable([("part", part, true), ("whole", whole, false)]).unwrap();
    session.context().register_batch("t", batch).unwrap();

    let sql = session.sql("SELECT ratio(part, whole) AS percent FROM t").await.unwrap().collect().await.unwrap();
    let frame = session.sql("SELECT * FROM t").await.unwrap();
    let mapped = frame.with_column("percent", &ratio, ["part", "whole"]).unwrap().select(["percent"]).unwrap();
    let pipeline = mapped.clone().collect().await.unwrap();
    let expected: ArrayRef = Arc::new(Int32Array::from(vec![Some(50), None, Some(75)]));
    assert_eq!(sql[0].column(0), &expected);
    assert_eq!(pipeline[0].column(0), &expected);
    assert_eq!(mapped.filter("percent > 50").unwrap().dataframe().count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_failing_row_names_row_arguments_and_place() {
    let session = Session::local();
    session.register(&ratio).unwrap();
    let sql = "SELECT ratio(part, whole) FROM (VALUES (1, 2), (5, 0), (7, 0)) AS t(part, whole)";
    let sql = sql.replace("ratio(part, whole)", "ratio(part::int, whole::int)");
    let error = session.sql(&sql).await.unwrap().collect().await.unwrap_err();
    let kernel_error = filbert::kernel_error(&error).expect("a kernel error inside");
    assert_eq!((kernel_error.code, kernel_error.row), (Code::DivideByZero, Some(1)));
    assert!(error.to_string().contains("FB-0502"), "{error}");
    let screen = session.render(&error);
    assert!(screen.contains("100 * part / whole") && screen.contains("part = 5, whole = 0"), "{screen}");
}

#[test]
fn interpreter_and_native_code_agree_on_every_bit() {
    let ([a, b, c, d], _) = points();
    let kernel = great_circle.as_kernel().unwrap();
    let [native, interp] = [filbert::Engine::Native, filbert::Engine::Interp].map(|engine| {
        let loaded = filbert::LoadedKernel::load_with(&kernel, engine);
        let column: Vec<f64> = loaded.map((&a, &b, &c, &d)).unwrap();
        column.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
    });
    assert_eq!(native, interp);
}
