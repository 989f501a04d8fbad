//! Arrow arrays: nulls, offsets, bitmaps, scalars.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int16Array, Int32Array, Int64Array, StringArray, StructArray,
};
use filbert_ir::{Code, Datum, Scalar, Type};
use filbert_runtime::{ArrowArg, KernelCall, arrow_type, type_of_arrow};

use crate::support::{both, kernel, op};

/// `Some` where `every` does not divide the row.
fn ints(rows: usize, every: usize) -> Int64Array {
    (0..rows).map(|row| (row % every != 0).then_some(row as i64)).collect()
}

#[test]
fn nulls_and_offsets_at_the_edges_of_words_and_strips() {
    for loaded in both(&op("add", &["i64", "i64"], "i64")) {
        for rows in [0, 1, 7, 8, 63, 64, 65, 127, 1023, 1024, 1025, 3000] {
            for (a_from, b_from) in [(0, 0), (1, 0), (3, 64), (65, 7), (1024, 1025)] {
                let (a, b) = (ints(5000, 3).slice(a_from, rows), ints(5000, 7).slice(b_from, rows));
                let (left, right): (ArrayRef, ArrayRef) = (Arc::new(a.clone()), Arc::new(b.clone()));
                let got = loaded.call_arrow(&[(&left).into(), (&right).into()], rows).unwrap();
                let expected: Int64Array = a.iter().zip(&b).map(|(a, b)| Some(a? + b?)).collect();
                assert_eq!(got[0].as_primitive::<Int64Type>(), &expected, "{rows} rows from {a_from} and {b_from}");
            }
        }
    }
}

#[test]
fn columns_without_nulls_give_a_column_without_nulls() {
    for loaded in both(&op("sqrt", &["f64"], "f64")) {
        let x: ArrayRef = Arc::new(Float64Array::from(vec![4.0, 9.0]));
        let got = loaded.call_arrow(&[(&x).into()], 2).unwrap();
        assert_eq!(got[0].nulls(), None);
        // A slice of a column with nulls that has none itself.
        let x: ArrayRef = Arc::new(Float64Array::from(vec![None, Some(4.0), Some(9.0)]).slice(1, 2));
        let got = loaded.call_arrow(&[(&x).into()], 2).unwrap();
        assert_eq!(got[0].as_primitive::<Float64Type>(), &Float64Array::from(vec![2.0, 3.0]));
        assert_eq!(got[0].nulls(), None);
    }
}

#[test]
fn bools_are_bits_in_and_out() {
    let choose = kernel(
        "kernel choose(%0 a: bool, %1 b: bool, %2 x: i32) -> (both: bool, either: i32) {
           %3: bool = and %0, %1
           %4: i32 = const 0
           %5: i32 = select %0, %2, %4
           return %3, %5
         }",
    );
    for loaded in both(&choose) {
        for rows in [0, 1, 8, 9, 64, 1024, 1025, 2500] {
            for from in [0, 1, 5, 70] {
                let a: BooleanArray = (0..3000).map(|i| (i % 11 != 0).then_some(i % 3 == 0)).collect();
                let b: BooleanArray = (0..3000).map(|i| Some(i % 2 == 0)).collect();
                let x: Int32Array = (0..3000).map(Some).collect();
                let (a, b, x) = (a.slice(from, rows), b.slice(2 * from, rows), x.slice(from, rows));
                let arrays: [ArrayRef; 3] = [Arc::new(a.clone()), Arc::new(b.clone()), Arc::new(x.clone())];
                let got = loaded.call_arrow(&arrays.each_ref().map(ArrowArg::Array), rows).unwrap();
                let and: BooleanArray = a.iter().zip(&b).map(|(a, b)| Some(a? && b?)).collect();
                let select: Int32Array = a.iter().zip(&x).map(|(a, x)| Some(if a? { x? } else { 0 })).collect();
                assert_eq!(got[0].as_boolean(), &and, "{rows} rows from {from}");
                assert_eq!(got[1].as_primitive::<Int32Type>(), &select, "{rows} rows from {from}");
            }
        }
    }
}

#[test]
fn fault_22_what_fails_under_a_null_is_no_error() {
    for loaded in both(&op("add", &["i32", "i32"], "i32")) {
        // Every null slot holds what overflows; so does every slot of rows whose other argument is null.
        for rows in [1, 5, 64, 1024, 2000] {
            let nulls: Vec<bool> = (0..rows).map(|row| row % 3 == 0 || row % 64 > 50).collect();
            let valid = |null: bool| arrow_buffer::NullBuffer::from_iter(nulls.iter().map(|&n| n != null));
            let values: Vec<i32> = nulls.iter().map(|&null| if null { i32::MAX } else { 1 }).collect();
            let a: ArrayRef = Arc::new(Int32Array::new(values.clone().into(), Some(valid(true))));
            let b: ArrayRef = Arc::new(Int32Array::new(values.clone().into(), None));
            for args in [[&a, &b], [&b, &a], [&a, &a]] {
                let got = loaded.call_arrow(&args.map(ArrowArg::Array), rows).unwrap();
                let expected: Int32Array = nulls.iter().map(|&null| (!null).then_some(2)).collect();
                assert_eq!(got[0].as_primitive::<Int32Type>(), &expected);
            }
            if rows > 1 {
                let error = loaded.call_arrow(&[ArrowArg::Array(&b), ArrowArg::Array(&b)], rows).unwrap_err();
                assert_eq!((error.code, error.row), (Code::Overflow, Some(0)));
            }
        }
    }
}

#[test]
fn fault_22_a_branch_that_is_not_taken_does_not_fail() {
    let guarded = kernel(
        "kernel guarded(%0 a: i64, %1 b: i64) -> i64 {
           %2: i64 = const 0
           %3: bool = ne %1, %2
           %4: i64 = if %3 {
             %5: i64 = div %0, %1
             yield %5
           } else {
             yield %2
           }
           return %4
         }",
    );
    for loaded in both(&guarded) {
        let (a, b): (ArrayRef, ArrayRef) =
            (Arc::new(Int64Array::from(vec![7, 7, 7])), Arc::new(Int64Array::from(vec![2, 0, -1])));
        let got = loaded.call_arrow(&[(&a).into(), (&b).into()], 3).unwrap();
        assert_eq!(got[0].as_primitive::<Int64Type>().values()[..], [3, 0, -7]);
    }
}

#[test]
fn fault_23_slots_under_nulls_hold_zero() {
    let four = kernel(
        "kernel four(%0 x: f64, %1 y: f64, %2 i: i32, %3 s: i16) -> (f64, bool, i32, i16) {
           %4: f64 = add %0, %1
           %5: bool = lt %0, %1
           return %4, %5, %2, %3
         }",
    );
    for loaded in both(&four) {
        for rows in (3..150).chain([1025, 70_000]) {
            let x: Float64Array = Float64Array::new(
                vec![6.5; rows].into(),
                Some((0..rows).map(|row| row % 5 != 1 && row % 1000 < 990).collect()),
            );
            let x: ArrayRef = Arc::new(x);
            let y = ArrowArg::Scalar(Some(7.0.into()));
            let i: ArrayRef = Arc::new(Int32Array::from(vec![-3; rows]));
            let s: ArrayRef = Arc::new(Int16Array::from(vec![5; rows]));
            let got = loaded.call_arrow(&[(&x).into(), y, (&i).into(), (&s).into()], rows).unwrap();
            let (sums, less) = (got[0].as_primitive::<Float64Type>(), got[1].as_boolean());
            let (ints, shorts) = (got[2].as_primitive::<Int32Type>(), got[3].as_primitive::<Int16Type>());
            assert!(sums.null_count() > 0);
            for row in 0..rows {
                let is_null = sums.is_null(row);
                let expected = if is_null { (0, false, 0, 0) } else { (13.5f64.to_bits(), true, -3, 5) };
                let row_is = (sums.value(row).to_bits(), less.value(row), ints.value(row), shorts.value(row));
                assert_eq!(row_is, expected, "row {row} of {rows}");
            }
        }
    }
}

#[test]
fn null_scalars_and_columns_of_nulls_call_nothing() {
    for loaded in both(&op("div", &["i64", "i64"], "i64")) {
        let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; 100]));
        for args in [
            [ArrowArg::Scalar(None), ArrowArg::Array(&zeros)],
            [ArrowArg::Scalar(Some(1i64.into())), ArrowArg::Array(&(Arc::new(Int64Array::new_null(100)) as ArrayRef))],
            [ArrowArg::Scalar(None), ArrowArg::Scalar(Some(0i64.into()))],
        ] {
            let got = loaded.call_arrow(&args, 100).unwrap();
            assert_eq!((got[0].len(), got[0].null_count()), (100, 100));
            assert!(got[0].as_primitive::<Int64Type>().values().iter().all(|&v| v == 0));
        }
        let error = loaded.call_arrow(&[ArrowArg::Scalar(Some(1i64.into())), ArrowArg::Array(&zeros)], 100);
        assert_eq!(error.unwrap_err().code, Code::DivideByZero);
    }
}

#[test]
fn no_parameters_and_no_rows() {
    let answer = kernel("kernel answer() -> i32 {\n  %0: i32 = const 42\n  return %0\n}\n");
    for loaded in both(&answer) {
        for rows in [0, 1, 1500] {
            let got = loaded.call_arrow(&[], rows).unwrap();
            assert_eq!(got[0].as_primitive::<Int32Type>().values()[..], vec![42; rows]);
        }
        assert_eq!(loaded.call_row(&[]).unwrap(), [Datum::from(Scalar::I32(42))]);
    }
    for loaded in both(&op("div", &["i64", "i64"], "i64")) {
        let one = ArrowArg::Scalar(Some(1i64.into()));
        assert_eq!(loaded.call_arrow(&[one.clone(), ArrowArg::Scalar(Some(0i64.into()))], 0).unwrap()[0].len(), 0);
        assert_eq!(loaded.call_arrow(&[one, ArrowArg::Scalar(None)], 0).unwrap()[0].len(), 0);
    }
}

#[test]
fn several_results_make_a_struct_with_the_kernels_names() {
    let divide = kernel(
        "kernel divide(%0 a: i64, %1 b: i64) -> (quotient: i64, rest: i64) {
           %2: i64 = div %0, %1
           %3: i64 = rem %0, %1
           return %2, %3
         }",
    );
    let (a, b): (ArrayRef, ArrayRef) =
        (Arc::new(Int64Array::from(vec![Some(7), None])), Arc::new(Int64Array::from(vec![2, 2])));
    let got = divide.map_arrow(&[a, b]).unwrap();
    let got: &StructArray = got.as_struct();
    assert_eq!(got.column_names(), ["quotient", "rest"]);
    assert_eq!(got.column(1).as_primitive::<Int64Type>(), &Int64Array::from(vec![Some(1), None]));
    assert!(got.is_null(1));
}

#[test]
fn fault_10_arrow_types_must_match_exactly() {
    for ty in Type::ALL {
        assert_eq!(type_of_arrow(&arrow_type(ty)), Some(ty));
    }
    let sqrt = op("sqrt", &["f64"], "f64");
    let text: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    assert_eq!(
        sqrt.map_arrow(&[text]).unwrap_err().detail,
        "argument 0 is a column of Utf8, which kernels do not have"
    );
    let ints: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let error = sqrt.map_arrow(&[ints]).unwrap_err();
    assert_eq!(error.code, Code::SignatureMismatch);
    assert!(error.detail.starts_with("parameter `p0` is f64, the column is i32"), "{error}");
}
