//! Slices and `ndarray` arrays of every layout.

use filbert_ir::Code;
use filbert_runtime::CallOptions;
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, arr0, arr1, arr2, s};

use crate::support::{both, kernel, op};

/// Twice the first plus the second.
fn axpy() -> filbert_ir::VerifiedKernel {
    kernel(
        "kernel axpy(%0 x: f64, %1 y: f64) -> f64 {
           %2: f64 = add %0, %0
           %3: f64 = add %2, %1
           return %3
         }",
    )
}

#[test]
fn slices_and_scalars() {
    for loaded in both(&axpy()) {
        let x: Vec<f64> = (0..3000).map(f64::from).collect();
        let got: Vec<f64> = loaded.map((&x, 1.0)).unwrap();
        assert!(got.iter().zip(&x).all(|(got, x)| *got == 2.0 * x + 1.0));
        let mut out = vec![0.0; 3000];
        loaded.map_into((&x, &x), &mut out).unwrap();
        assert!(out.iter().zip(&x).all(|(got, x)| *got == 3.0 * x));
        let one: Vec<f64> = loaded.map((1.0, 2.0)).unwrap();
        assert_eq!(one, [4.0]);
        let none: Vec<f64> = loaded.map((&[0.0; 0], 2.0)).unwrap();
        assert!(none.is_empty());
        let parallel = CallOptions { parallel: true, ..CallOptions::default() };
        let long: Vec<f64> = (0..300_000).map(f64::from).collect();
        let got: Array1<f64> = loaded.map_with((&long, &long), &parallel).unwrap();
        assert!(got.iter().zip(&long).all(|(got, x)| *got == 3.0 * x));
    }
}

#[test]
fn every_layout_of_an_array() {
    let x = Array3::from_shape_fn((7, 30, 11), |(i, j, k)| (i * 10_000 + j * 100 + k) as f64);
    let expected = |view: ndarray::ArrayView3<'_, f64>| view.mapv(|x| 2.0 * x + 0.5);
    for loaded in both(&axpy()) {
        for view in [
            x.view(),
            x.t(),
            x.view().permuted_axes([1, 0, 2]),
            x.view().permuted_axes([0, 2, 1]),
            x.slice(s![..;2, ..;-1, ..]),
            x.slice(s![..;-1, 3..;3, ..;-2]),
            x.slice(s![2..3, .., ..]),
            x.slice(s![.., 5..6, ..;-1]),
            x.slice(s![..0, .., ..]),
        ] {
            let got: Array3<f64> = loaded.map((&view, 0.5)).unwrap();
            assert_eq!(got, expected(view));
            assert!(got.is_standard_layout());
        }
        let columns = x.index_axis(Axis(0), 3);
        let got: Array1<f64> = loaded.map((&columns.column(4), &columns.column(5).slice(s![..;-1]))).unwrap();
        let reversed = columns.column(5).slice(s![..;-1]).to_owned();
        assert_eq!(got, 2.0 * &columns.column(4) + reversed);
        let point: ArrayD<f64> = loaded.map((&arr0(1.0), 0.5)).unwrap();
        assert_eq!(point, arr0(2.5).into_dyn());
    }
}

#[test]
fn strided_columns_longer_than_a_strip() {
    let x = Array2::from_shape_fn((5000, 3), |(i, j)| (i * 3 + j) as f64);
    for loaded in both(&axpy()) {
        let got: Array1<f64> = loaded.map((&x.column(1), &x.column(2))).unwrap();
        assert_eq!(got, 2.0 * &x.column(1) + x.column(2));
        let got: Array2<f64> = loaded.map((&x.t(), 0.0)).unwrap();
        assert_eq!(got, 2.0 * &x.t());
    }
    // The narrow types take other paths of the gather.
    let bytes = Array2::from_shape_fn((2000, 3), |(i, j)| (i % 100 + j) as u8);
    for loaded in both(&op("add", &["u8", "u8"], "u8")) {
        let got: Array1<u8> = loaded.map((&bytes.column(1), &bytes.column(2).slice(s![..;-1]))).unwrap();
        assert_eq!(got, &bytes.column(1) + &bytes.column(2).slice(s![..;-1]));
    }
    let shorts = bytes.mapv(i16::from);
    for loaded in both(&op("neg", &["i16"], "i16")) {
        let got: Array1<i16> = loaded.map((&shorts.column(0),)).unwrap();
        assert_eq!(got, -&shorts.column(0));
    }
    let flags = bytes.mapv(|b| b % 3 == 0);
    for loaded in both(&op("not", &["bool"], "bool")) {
        let got: Array2<bool> = loaded.map((&flags.t(),)).unwrap();
        assert_eq!(got, !&flags.t());
    }
}

#[test]
fn shapes_broadcast_as_in_ndarray() {
    let (row, column) = (arr1(&[1.0, 2.0, 3.0]), arr2(&[[10.0], [20.0]]));
    for loaded in both(&axpy()) {
        let got: Array2<f64> = loaded.map((&row, &column)).unwrap();
        assert_eq!(got, arr2(&[[12.0, 14.0, 16.0], [22.0, 24.0, 26.0]]));
        let error = loaded.map::<Array1<f64>>((&row, &[1.0, 2.0])).unwrap_err();
        assert_eq!(error.detail, "argument 1 has shape [2], the arguments before it [3]");
        let error = loaded.map::<Array1<f64>>((&row, &column)).unwrap_err();
        assert_eq!(error.code, Code::LengthMismatch, "{error}");
    }
}

#[test]
fn results_must_be_asked_for_with_their_types() {
    for loaded in both(&axpy()) {
        let error = loaded.map::<Vec<f32>>((1.0, 2.0)).unwrap_err();
        assert_eq!(error.detail, "gives (f64), asked for (f32)");
        let error = loaded.map::<(Vec<f64>, Vec<f64>)>((1.0, 2.0)).unwrap_err();
        assert_eq!(error.detail, "gives (f64), asked for (f64, f64)");
        let error = loaded.map_into((&[1.0, 2.0], 2.0), &mut [0.0; 3]).unwrap_err();
        assert_eq!(error.code, Code::LengthMismatch, "{error}");
    }
}
