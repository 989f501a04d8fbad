//! Lists: from Arrow, from offsets, from vectors and arrays; fixed and written by the kernel.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Float64Builder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, Int64Array, LargeListArray, ListArray, UInt64Array,
};
use arrow_schema::DataType;
use filbert_ir::{Code, Datum, text, verify};
use filbert_runtime::{ArrowArg, CallOptions, Column, KernelCall, result_data_type};
use ndarray::{Array1, Array2, Array3, arr1, arr2, arr3};

use crate::samples::*;
use crate::support::{both, kernel};

/// Lists with a null list, a null element and an empty list.
fn ragged() -> ListArray {
    let mut lists = ListBuilder::new(Float64Builder::new());
    for list in
        [Some(vec![Some(1.0), Some(2.0)]), Some(vec![]), None, Some(vec![Some(3.0), None]), Some(vec![Some(4.0)])]
    {
        match list {
            Some(elements) => {
                lists.values().extend(elements);
                lists.append(true);
            }
            None => lists.append(false),
        }
    }
    lists.finish()
}

#[test]
fn arrow_lists_of_every_kind_are_summed() {
    let small = ragged();
    let large: LargeListArray = {
        let offsets: Vec<i64> = small.value_offsets().iter().map(|&offset| offset.into()).collect();
        let DataType::List(field) = small.data_type().clone() else { unreachable!() };
        LargeListArray::new(
            field,
            arrow_buffer::OffsetBuffer::new(offsets.into()),
            small.values().clone(),
            small.nulls().cloned(),
        )
    };
    let expected = Float64Array::from(vec![Some(3.0), Some(0.0), None, None, Some(4.0)]);
    for loaded in both(&kernel(SUM)) {
        for lists in [Arc::new(small.clone()) as ArrayRef, Arc::new(large.clone())] {
            let got = loaded.call_arrow(&[(&lists).into()], 5).unwrap();
            assert_eq!(got[0].as_primitive::<Float64Type>(), &expected);
            for (from, rows) in [(1, 4), (3, 2), (0, 0), (4, 1)] {
                let sliced = lists.slice(from, rows);
                let got = loaded.call_arrow(&[(&sliced).into()], rows).unwrap();
                assert_eq!(got[0].as_primitive::<Float64Type>(), &expected.slice(from, rows), "{rows} from {from}");
            }
        }
    }
}

#[test]
fn arrow_lists_longer_than_strips() {
    let rows = 5000;
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(
        (0..rows).map(|row| (row % 11 != 0).then_some((0..row % 7).map(move |i| Some((row + i) as f64)))),
    );
    let expected: Float64Array =
        (0..rows).map(|row| (row % 11 != 0).then(|| (0..row % 7).fold(0.0, |sum, i| sum + (row + i) as f64))).collect();
    let scaled: Vec<Option<Vec<f64>>> =
        (0..rows).map(|row| (row % 11 != 0).then(|| (0..row % 7).map(|i| 2.0 * (row + i) as f64).collect())).collect();
    let lists: ArrayRef = Arc::new(lists);
    for loaded in both(&kernel(SUM)) {
        let sliced = lists.slice(700, 4000);
        let got = loaded.call_arrow(&[(&sliced).into()], 4000).unwrap();
        assert_eq!(got[0].as_primitive::<Float64Type>(), &expected.slice(700, 4000));
    }
    for loaded in both(&kernel(SCALED)) {
        let got = loaded.call_arrow(&[(&lists).into(), ArrowArg::Scalar(Some(2.0.into()))], rows).unwrap();
        let got = got[0].as_list::<i32>();
        assert_eq!(got.null_count(), rows.div_ceil(11));
        for (row, expected) in scaled.iter().enumerate() {
            let own = got.is_valid(row).then(|| got.value(row).as_primitive::<Float64Type>().values().to_vec());
            assert_eq!(&own, expected, "row {row}");
            assert!(got.is_valid(row) || got.value_length(row) == 0, "a null list is empty");
        }
    }
}

#[test]
fn pieces_of_a_parallel_call_write_their_own_lists() {
    let rows = 200_000;
    let offsets: Vec<i32> = (0..=rows).map(|row| row * 3).collect();
    let elements: Vec<f64> = (0..rows * 3).map(f64::from).collect();
    let parallel = CallOptions { parallel: true, ..CallOptions::default() };
    let [native, _] = both(&kernel(SCALED));
    let lists = Column::lists(Column::from(&elements), &offsets).unwrap();
    let valid: arrow_buffer::NullBuffer = (0..rows).map(|row| row % 1000 != 3).collect();
    let got = native.call(&[lists.with_nulls(Some(valid)), 0.5.into()], rows as usize, &parallel).unwrap();
    for row in 0..rows as usize {
        let first = 3.0 * row as f64;
        let expected = [first * 0.5, (first + 1.0) * 0.5, (first + 2.0) * 0.5];
        assert_eq!(got[0].datum(row), if row % 1000 == 3 { Datum::Null } else { expected.into() });
    }
}

#[test]
fn fixed_size_lists_and_lists_of_rows() {
    let mut rows = ListBuilder::new(FixedSizeListBuilder::new(Float32Builder::new(), 3));
    for count in [1, 2] {
        for row in 0..count {
            rows.values().values().append_slice(&[row as f32, 1.0, 2.0 + row as f32]);
            rows.values().append(true);
        }
        rows.append(true);
    }
    let rows: ArrayRef = Arc::new(rows.finish());
    let cube: ArrayRef = {
        let inner = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
            (0..4).map(|row| Some([row as f32, 0.5, 0.25].map(Some))),
            3,
        );
        let field = Arc::new(arrow_schema::Field::new("item", inner.data_type().clone(), true));
        Arc::new(FixedSizeListArray::new(field, 2, Arc::new(inner), None))
    };
    for loaded in both(&kernel(LAST)) {
        let got = loaded.call_arrow(&[(&rows).into()], 2).unwrap();
        assert_eq!(got[0].as_primitive::<Float32Type>().values()[..], [2.0, 3.0]);
        assert_eq!(got[1].as_primitive::<UInt64Type>().values()[..], [3, 6]);
        let got = loaded.call_arrow(&[(&cube).into()], 2).unwrap();
        assert_eq!(got[0].as_primitive::<Float32Type>().values()[..], [0.25, 0.25]);
        let got = loaded.call_arrow(&[(&cube.slice(1, 1)).into()], 1).unwrap();
        assert_eq!(got[1].as_primitive::<UInt64Type>().values()[..], [6]);
        // One list for every row.
        let got = loaded.call_arrow(&[ArrowArg::Datum(&[1f32, 2.0, 3.0].into())], 3).unwrap();
        assert_eq!(got[0].as_primitive::<Float32Type>().values()[..], [3.0, 3.0, 3.0]);
    }
    for loaded in both(&kernel(ROWS)) {
        let two = |len: i32| -> ArrayRef {
            let rows = [Some([Some(5), Some(6)]), None, Some([Some(7), Some(8)])];
            let all = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(rows, 2);
            if len == 2 { Arc::new(all) } else { Arc::new(all.values().clone()) }
        };
        let lists = two(2);
        let got = loaded.call_arrow(&[(&lists).into()], 3).unwrap();
        assert_eq!(*got[0].data_type(), result_data_type(&loaded.kernel().core.signature.results[0]));
        let got = got[0].as_list::<i32>();
        assert_eq!(got.value_offsets(), [0, 2, 2, 4]);
        let inner = got.value(2);
        assert_eq!(inner.as_fixed_size_list().value(0).as_primitive::<Int32Type>().values()[..], [1, 2]);
        let ints = two(1);
        assert_eq!(loaded.call_arrow(&[(&ints).into()], 6).unwrap_err().code, Code::SignatureMismatch);
    }
    for loaded in both(&kernel(PAIR)) {
        let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.5), None, Some(2.0)]));
        let got = loaded.call_arrow(&[(&x).into()], 3).unwrap();
        let got = got[0].as_fixed_size_list();
        assert!(got.is_null(1));
        assert_eq!(got.values().as_primitive::<Float64Type>().values()[..], [1.5, -1.5, 0.0, 0.0, 2.0, -2.0]);
    }
}

#[test]
fn lists_whose_length_the_kernel_fixes_have_it() {
    for loaded in both(&kernel(ROWS)) {
        let call = |offsets: &[i32], valid: Option<Vec<bool>>| {
            let lists = Column::lists(Column::from(&[1i32, 2, 3, 4, 5]), offsets).unwrap();
            loaded.call(&[lists.with_nulls(valid.map(Into::into))], 2, &CallOptions::default()).map(|_| ())
        };
        call(&[0, 2, 4], None).unwrap();
        let error = call(&[0, 2, 5], None).unwrap_err();
        assert_eq!((error.code, error.row), (Code::LengthMismatch, Some(1)));
        assert_eq!(error.detail, "parameter `x` is &[i32; 2], the list has length 3");
        // A null list may have any length, and is not looked at.
        call(&[0, 2, 5], Some(vec![true, false])).unwrap();
        call(&[0, 0, 2], Some(vec![false, true])).unwrap();
    }
}

#[test]
fn fault_08_an_index_out_of_range_is_an_error_of_its_row() {
    for loaded in both(&kernel(AT)) {
        let lists = [vec![1.0, 2.0, 3.0], (0..1000).map(f64::from).collect(), vec![]];
        for (i, row) in [([2u64, 999, 0], 2), ([2, 1000, 0], 1), ([u64::MAX, 0, 0], 0), ([1 << 61, 0, 0], 0)] {
            let error = loaded.call(&[(&lists).into(), (&i).into()], 3, &CallOptions::default()).unwrap_err();
            assert_eq!((error.code, error.row), (Code::IndexRange, Some(row as u64)));
        }
        let error = loaded.call(&[(&lists).into(), (&[2u64, 1000, 0]).into()], 3, &CallOptions::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FB-0505: index out of range in kernel at, row 1 of the batch: the index 1000 is not below the length 1000 \
             (x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, ... 1,000 in all], i = 1000)"
        );
        let error = loaded.call_row(&[[1.0, 2.0, 3.0].into(), 7u64.into()]).unwrap_err();
        assert_eq!(error.detail, "the index 7 is not below the length 3");
    }
}

#[test]
fn failing_rows_that_are_null_leave_no_list_behind() {
    let x = [vec![1i64, 2], vec![3], vec![], vec![4, 5, 6]];
    let i = [1u64, 5, 0, 2];
    for loaded in both(&kernel(PUT)) {
        let got = loaded.call(&[(&x).into(), (&i).into()], 4, &CallOptions::default()).unwrap();
        let lists: Vec<Datum> = (0..4).map(|row| got[0].datum(row)).collect();
        assert_eq!(lists, [[0i64, 7].into(), Datum::Null, Datum::Null, [0i64, 0, 7].into()]);
        assert_eq!(got[0].as_slice::<i64>().unwrap(), [0, 7, 0, 0, 7]);
        assert_eq!(got[1].as_slice::<i64>().unwrap(), [1, 0, 0, 2]);
        let (lists, _): (Vec<Option<Vec<i64>>>, Vec<Option<i64>>) = loaded.map((&x, &i)).unwrap();
        assert_eq!(lists, [Some(vec![0, 7]), None, None, Some(vec![0, 0, 7])]);
        assert_eq!(loaded.call_row(&[[1i64].into(), 3u64.into()]).unwrap(), [Datum::Null, Datum::Null]);
    }
}

#[test]
fn lists_too_long_for_memory_are_an_error() {
    let text = "kernel k(%0 x: &[u8]) -> %1 &mut [f64] of 1000000007 * param 0 {\n  return\n}\n";
    let huge = verify(text::parse(text).unwrap()).unwrap();
    for loaded in both(&huge) {
        let bytes = vec![1u8; 1 << 20];
        for rows in [1, 2] {
            let error = loaded.call(&[(&bytes).into()], rows, &CallOptions::default()).unwrap_err();
            assert_eq!((error.code, error.class().is_retryable()), (Code::OutOfMemory, true), "{error}");
        }
        let ragged = [bytes.clone(), bytes];
        let error = loaded.map::<Vec<Vec<f64>>>((&ragged,)).unwrap_err();
        assert_eq!(error.code, Code::OutOfMemory, "{error}");
        assert_eq!(loaded.map::<Vec<Vec<f64>>>((&[vec![], vec![0u8; 0]],)).unwrap(), [Vec::<f64>::new(), Vec::new()]);
    }
}

// -------------------------------------------------------------------------------------------- slices, arrays

#[test]
fn slices_vectors_and_rows() {
    for loaded in both(&kernel(SUM)) {
        let one: f64 = loaded.map((&[1.0, 2.0, 3.5],)).unwrap();
        assert_eq!(one, 6.5);
        let ragged: Vec<f64> = loaded.map((&[vec![1.0], vec![], vec![2.0, 3.0]],)).unwrap();
        assert_eq!(ragged, [1.0, 0.0, 5.0]);
        let rows: Vec<f64> = loaded.map((&[[1.0, 2.0], [3.0, 4.0]],)).unwrap();
        assert_eq!(rows, [3.0, 7.0]);
        assert_eq!(loaded.call_row(&[vec![1.0, 2.0].into()]).unwrap(), [Datum::from(3.0)]);
        assert_eq!(loaded.call_row(&[Datum::List(vec![])]).unwrap(), [Datum::from(0.0)]);
        assert_eq!(loaded.call_row(&[Datum::Null]).unwrap(), [Datum::Null]);
        let error = loaded.call_row(&[[1i32, 2].into()]).unwrap_err();
        assert_eq!(error.detail, "parameter `x` is &[f64], the column is lists of i32; takes x: &[f64]");
    }
    for loaded in both(&kernel(SCALED)) {
        let one: Vec<f64> = loaded.map((&[1.0, 2.0], 10.0)).unwrap();
        assert_eq!(one, [10.0, 20.0]);
        let lists: Vec<Vec<f64>> = loaded.map((&[vec![1.0], vec![], vec![2.0, 3.0]], &[1.0, 2.0, 3.0])).unwrap();
        assert_eq!(lists, [vec![1.0], vec![], vec![6.0, 9.0]]);
        let error = loaded.map::<Array2<f64>>((&[vec![1.0], vec![]], 1.0)).unwrap_err();
        assert_eq!(error.detail, "the lists of the result differ in length; ask for a `Vec<Vec<_>>`");
    }
    for loaded in both(&kernel(PAIR)) {
        let pairs: Vec<[f64; 2]> = loaded.map((&[1.0, 2.0],)).unwrap();
        assert_eq!(pairs, [[1.0, -1.0], [2.0, -2.0]]);
        let pairs: Array2<f64> = loaded.map((&[1.0, 2.0],)).unwrap();
        assert_eq!(pairs, arr2(&[[1.0, -1.0], [2.0, -2.0]]));
        let error = loaded.map::<Vec<[f64; 3]>>((&[1.0],)).unwrap_err();
        assert_eq!(error.detail, "a row of the result has 2 elements, asked for 3");
    }
}

#[test]
fn the_last_axis_is_the_list_and_the_others_broadcast() {
    let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as f64);
    for loaded in both(&kernel(SUM)) {
        let sums: Array2<f64> = loaded.map((&cube,)).unwrap();
        assert_eq!(sums, cube.sum_axis(ndarray::Axis(2)));
        // Any layout: transposed, reversed, with steps.
        let turned: Array2<f64> = loaded.map((&cube.t(),)).unwrap();
        assert_eq!(turned, cube.t().sum_axis(ndarray::Axis(2)));
        let view = cube.slice(ndarray::s![..;-1, 1.., ..;-2]);
        let picked: Array2<f64> = loaded.map((&view,)).unwrap();
        assert_eq!(picked, view.sum_axis(ndarray::Axis(2)));
        for axis in 0..3 {
            let along: Array2<f64> = loaded.map_axis(axis, (&cube,)).unwrap();
            assert_eq!(along, cube.sum_axis(ndarray::Axis(axis)));
        }
        let row: f64 = loaded.map((&arr1(&[1.0, 2.0]),)).unwrap();
        assert_eq!(row, 3.0);
        let empty: Array1<f64> = loaded.map((&Array2::<f64>::zeros((3, 0)),)).unwrap();
        assert_eq!(empty, arr1(&[0.0, 0.0, 0.0]));
    }
    for loaded in both(&kernel(SCALED)) {
        // Lists of shape (2, 1), factors of shape (3): results of (2, 3) and the list's own axis.
        let lists = arr3(&[[[1.0, 2.0]], [[3.0, 4.0]]]);
        let got: Array3<f64> = loaded.map((&lists, &arr1(&[1.0, 10.0, 100.0]))).unwrap();
        let expected = Array3::from_shape_fn((2, 3, 2), |(i, j, k)| lists[[i, 0, k]] * [1.0, 10.0, 100.0][j]);
        assert_eq!(got, expected);
        let columns: Array2<f64> =
            loaded.map_axis(0, (&arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), &[1.0, 10.0])).unwrap();
        assert_eq!(columns, arr2(&[[1.0, 20.0], [3.0, 40.0], [5.0, 60.0]]));
        let error = loaded.map::<Array2<f64>>((&cube, &arr1(&[1.0, 2.0]))).unwrap_err();
        assert_eq!(error.detail, "argument 1 has shape [2], the arguments before it [2, 3]");
    }
    for loaded in both(&kernel(LAST)) {
        let table = Array3::from_shape_fn((4, 2, 3), |(i, j, k)| (100 * i + 10 * j + k) as f32);
        let (last, _): (Array1<f32>, Array1<u64>) = loaded.map((&table,)).unwrap();
        assert_eq!(last, arr1(&[12.0, 112.0, 212.0, 312.0]));
        let error = loaded.map::<(Array1<f32>, Array1<u64>)>((&arr1(&[1f32, 2.0, 3.0]),)).unwrap_err();
        assert_eq!(error.detail, "argument 0 has shape [3], and &[[f32; 3]] takes 2 axes");
        let error = loaded.map::<(Array1<f32>, Array1<u64>)>((&arr2(&[[1f32, 2.0]]),)).unwrap_err();
        assert_eq!(error.detail, "parameter `m` is &[[f32; 3]], the array has shape [1, 2]");
    }
}

#[test]
fn lists_of_int64_in_a_builder_are_what_an_arrow_user_has() {
    let mut lists = ListBuilder::new(Int64Builder::new());
    lists.values().append_slice(&[1, 2, 3]);
    lists.append(true);
    let lists: ArrayRef = Arc::new(lists.finish());
    let i: ArrayRef = Arc::new(UInt64Array::from(vec![0]));
    for loaded in both(&kernel(PUT)) {
        let got = loaded.call_arrow(&[(&lists).into(), (&i).into()], 1).unwrap();
        assert_eq!(got[0].as_list::<i32>().value(0).as_primitive::<Int64Type>(), &Int64Array::from(vec![7, 0, 0]));
        let floats: ArrayRef = Arc::new(ragged().slice(0, 1));
        let error = loaded.call_arrow(&[(&floats).into(), (&i).into()], 1).unwrap_err();
        assert!(error.detail.starts_with("parameter `x` is &[i64], the column is lists of f64"), "{error}");
    }
    let error = kernel(SUM).map_arrow(&[i]).unwrap_err();
    assert_eq!(error.detail, "argument 0 is a column of UInt64; convert it: arrow_cast(x, 'List(Float64)')");
}
