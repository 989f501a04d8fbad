//! Nulls that kernels see and make, and rows that are null because they failed.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, StructArray};
use filbert_ir::{Code, Datum, Scalar};
use filbert_runtime::{ArrowArg, CallOptions, Column, KernelCall};
use ndarray::Array1;

use crate::samples::*;
use crate::support::{both, kernel};

#[test]
fn an_option_sees_nulls_and_the_row_lives() {
    for loaded in both(&kernel(OR_ELSE)) {
        for rows in [0, 1, 64, 1023, 1024, 1025, 3000] {
            for from in [0, 1, 70] {
                // What stands under a null must not be seen: the kernel is given zero.
                let x = Int32Array::new(
                    (0..4000).collect::<Vec<i32>>().into(),
                    Some((0..4000).map(|row| row % 3 != 0).collect()),
                );
                let x: ArrayRef = Arc::new(x.slice(from, rows));
                let got = loaded.call_arrow(&[(&x).into(), ArrowArg::Scalar(Some((-1).into()))], rows).unwrap();
                assert_eq!(got[0].null_count(), 0);
                let expected: Int32Array =
                    x.as_primitive::<Int32Type>().iter().map(|x| Some(x.unwrap_or(-1))).collect();
                assert_eq!(got[0].as_primitive::<Int32Type>(), &expected);
            }
        }
        let y = Int32Array::from(vec![Some(1), None, Some(3)]);
        let y: ArrayRef = Arc::new(y);
        let got = loaded.call_arrow(&[ArrowArg::Scalar(None), (&y).into()], 3).unwrap();
        assert_eq!(&got[0], &y, "a strict parameter is null as ever");
        assert_eq!(loaded.call_row(&[Datum::Null, 5.into()]).unwrap(), [Datum::from(5)]);
        assert_eq!(loaded.call_row(&[Some(4).into(), 5.into()]).unwrap(), [Datum::from(4)]);
        assert_eq!(loaded.call_row(&[4.into(), Datum::Null]).unwrap(), [Datum::Null]);
    }
}

#[test]
fn under_a_null_the_kernel_sees_zero() {
    let peek = kernel("kernel peek(%0 %1 x: Option<i32>) -> i32 {\n  return %0\n}\n");
    for loaded in both(&peek) {
        let valid: arrow_buffer::NullBuffer = (0..2500).map(|row| row % 2 == 0).collect();
        let values = vec![7i32; 5000];
        let dense = Column::from(&values[..2500]).with_nulls(Some(valid.clone()));
        let strided = ndarray::Array2::from_shape_vec((2500, 2), values.clone()).unwrap();
        let column = strided.column(1);
        let strided = Column::from(&column).with_nulls(Some(valid));
        for argument in [dense, strided] {
            let got = loaded.call(&[argument], 2500, &CallOptions::default()).unwrap();
            let expected: Vec<i32> = (0..2500).map(|row| if row % 2 == 0 { 7 } else { 0 }).collect();
            assert_eq!((got[0].as_slice::<i32>().unwrap(), got[0].nulls()), (&expected[..], None));
        }
    }
}

#[test]
fn an_option_makes_nulls_over_zeros() {
    for loaded in both(&kernel(HALF)) {
        let x: Int64Array = (0..3000).map(|row| (row % 5 != 0).then_some(row)).collect();
        let x: ArrayRef = Arc::new(x);
        let got = loaded.call_arrow(&[(&x).into()], 3000).unwrap();
        let halves = got[0].as_primitive::<Int64Type>();
        for row in 0..3000 {
            let expected = (row % 5 != 0 && row % 2 == 0).then_some(row as i64 / 2);
            assert_eq!(halves.is_valid(row).then(|| halves.value(row)), expected);
            assert!(halves.is_valid(row) || halves.values()[row] == 0, "zero under a null");
        }
        let there: BooleanArray = (0..3000).map(|row| Some(row % 5 != 0)).collect();
        assert_eq!(got[1].as_boolean(), &there);
        let (halves, there): (Vec<Option<i64>>, Vec<bool>) = loaded.map((&[Some(4i64), None, Some(3)],)).unwrap();
        assert_eq!((halves, there), (vec![Some(2), None, None], vec![true, false, true]));
        let (halves, _): (Array1<Option<i64>>, Array1<bool>) = loaded.map((&[8i64, 9],)).unwrap();
        assert_eq!(halves, ndarray::arr1(&[Some(4), None]));
        let error = loaded.map::<(Vec<i64>, Vec<bool>)>((&[8i64],)).unwrap_err();
        assert_eq!(error.detail, "result half is an Option; ask for options, a `Vec<Option<i64>>` say");
        assert_eq!(loaded.call_row(&[3i64.into()]).unwrap(), [Datum::Null, true.into()]);
    }
}

#[test]
fn a_struct_is_null_where_all_its_fields_are() {
    let x: ArrayRef = Arc::new(Int64Array::from(vec![Some(4), None, Some(3)]));
    let got = kernel(HALF).map_arrow(&[x]).unwrap();
    let got: &StructArray = got.as_struct();
    assert_eq!((got.null_count(), got.column(0).null_count()), (0, 2));
    let (a, b): (ArrayRef, ArrayRef) =
        (Arc::new(Int64Array::from(vec![Some(4), None, Some(3)])), Arc::new(Int64Array::from(vec![0, 1, 1])));
    let got = kernel(DIVIDE).map_arrow(&[a, b]).unwrap();
    let got: &StructArray = got.as_struct();
    assert_eq!((0..3).map(|row| got.is_null(row)).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn failing_rows_are_null_and_the_others_stay() {
    for loaded in both(&kernel(DIVIDE)) {
        for parallel in [false, true] {
            let rows = 200_000;
            let b: Vec<i64> = (0..rows).map(|row| if row % 7 == 3 || row % 1024 > 1020 { 0 } else { 2 }).collect();
            let a: Int64Array = (0..rows).map(|row| (row % 11 != 0).then_some(row)).collect();
            let (a, b): (ArrayRef, ArrayRef) = (Arc::new(a), Arc::new(Int64Array::from(b.clone())));
            let rows = if loaded.engine() == filbert_runtime::Engine::Interp { 5000 } else { rows as usize };
            let (a, b) = (a.slice(0, rows), b.slice(0, rows));
            let options = CallOptions { parallel, ..CallOptions::default() };
            let got = loaded.call_arrow_with(&[(&a).into(), (&b).into()], rows, &options).unwrap();
            let (quotients, even) = (got[0].as_primitive::<Int64Type>(), got[1].as_boolean());
            for row in 0..rows {
                let fails = row % 7 == 3 || row % 1024 > 1020;
                let expected = (row % 11 != 0 && !fails).then_some(row as i64 / 2);
                assert_eq!(quotients.is_valid(row).then(|| quotients.value(row)), expected, "row {row}");
                assert_eq!(even.is_valid(row), expected.is_some());
                let under = expected.map_or((0, false), |q| (q, q % 2 == 0));
                assert_eq!((quotients.values()[row], even.value(row)), under, "zeros under a null");
            }
        }
        let error = loaded.map::<(Vec<i64>, Vec<bool>)>((&[1i64], &[1i64])).unwrap_err();
        assert_eq!(error.detail, "result q is null for a row that fails; ask for options, a `Vec<Option<i64>>` say");
        let (q, _): (Vec<Option<i64>>, Vec<Option<bool>>) = loaded.map((&[9i64, 9, 9], &[2i64, 0, 3])).unwrap();
        assert_eq!(q, [Some(4), None, Some(3)]);
        assert_eq!(loaded.call_row(&[1i64.into(), 0i64.into()]).unwrap(), [Datum::Null, Datum::Null]);
    }
}

#[test]
fn map_gives_options_for_nulls_in_strict_parameters() {
    let text = "kernel add(%0 x: f64, %1 y: f64) -> f64 {\n  %2: f64 = add %0, %1\n  return %2\n}\n";
    for loaded in both(&kernel(text)) {
        let sums: Vec<Option<f64>> = loaded.map((&[Some(1.0), None, Some(2.0)], 0.5)).unwrap();
        assert_eq!(sums, [Some(1.5), None, Some(2.5)]);
        let none: Vec<Option<f64>> = loaded.map((None::<f64>, &[1.0, 2.0])).unwrap();
        assert_eq!(none, [None, None]);
        let error = loaded.map::<Vec<f64>>((&[Some(1.0), None], 0.5)).unwrap_err();
        assert_eq!(error.detail, "result c0 is null for a row with a null; ask for options, a `Vec<Option<f64>>` say");
        assert_eq!(loaded.map::<Vec<f64>>((&[Some(1.0), Some(2.0)], 0.5)).unwrap(), [1.5, 2.5]);
        let error = loaded.map_into((&[Some(1.0), None], 0.5), &mut [0.0; 2]).unwrap_err();
        assert_eq!(error.code, Code::SignatureMismatch, "{error}");
        assert_eq!(loaded.call_row(&[Datum::Null, Scalar::F64(1.0).into()]).unwrap(), [Datum::Null]);
    }
}
