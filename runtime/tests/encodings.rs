//! Arrow types beside numbers: dates and times, dictionaries, runs, 16-bit floats.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, Date32Array, DictionaryArray, DurationSecondArray, Float16Array, Float32Array, Float64Array,
    Int32Array, Int64Array, ListArray, NullArray, RunArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use filbert_ir::{Code, Logical, Param, Type, Unit};
use filbert_runtime::{
    Accept, ArrowArg, Column, KernelCall, accepts, logical_data_type, logical_of_arrow, param_data_type,
};
use half::{bf16, f16};

use crate::samples::*;
use crate::support::{both, kernel, op};

#[test]
fn dates_and_times_come_and_go_with_their_types() {
    for loaded in both(&kernel(NEXT_DAY)) {
        let days: ArrayRef = Arc::new(Date32Array::from(vec![Some(0), None, Some(19_782)]));
        let got = loaded.call_arrow(&[(&days).into()], 3).unwrap();
        assert_eq!(got[0].as_primitive::<Date32Type>(), &Date32Array::from(vec![Some(1), None, Some(19_783)]));
        let ints: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let error = loaded.call_arrow(&[(&ints).into()], 1).unwrap_err();
        assert_eq!(error.detail, "parameter `d` is Date32, the column is i32; takes d: Date32");
        let days = Column::from(&[7i32]).with_type(Logical::Date32);
        assert_eq!(loaded.map::<Vec<i32>>((days,)).unwrap(), [8]);
        let error = loaded.call_row(&[i32::MAX.into()]).unwrap_err();
        assert_eq!(error.args[0].1, "2147483647");
    }
    for loaded in both(&kernel(TWICE)) {
        let call = |at: TimestampMicrosecondArray| {
            let (at, span): (ArrayRef, ArrayRef) = (Arc::new(at), Arc::new(DurationSecondArray::from(vec![21])));
            loaded.call_arrow(&[(&at).into(), (&span).into()], 1)
        };
        for zone in ["UTC", "+00:00", "Z", "Etc/UTC"] {
            let got = call(TimestampMicrosecondArray::from(vec![5]).with_timezone(zone)).unwrap();
            assert_eq!(got[0].as_primitive::<DurationSecondType>(), &DurationSecondArray::from(vec![42]));
            assert_eq!(got[1].as_primitive::<TimestampMicrosecondType>(), &TimestampMicrosecondArray::from(vec![5]));
        }
        let error = call(TimestampMicrosecondArray::from(vec![5]).with_timezone("Europe/Berlin")).unwrap_err();
        assert_eq!(
            error.detail,
            "argument 0 is a column of timestamps in zone Europe/Berlin, and kernels have UTC only; convert it: \
             arrow_cast(x, 'Timestamp(Microsecond, Some(\"UTC\"))')"
        );
        let millis: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![5]));
        let error = loaded.call_arrow(&[(&millis).into(), ArrowArg::Scalar(Some(1i64.into()))], 1).unwrap_err();
        assert!(
            error.detail.starts_with("parameter `t` is Timestamp<Microsecond>, the column is Timestamp<Millisecond>"),
            "{error}"
        );
        let fails = loaded.call_row(&[1_700_000_000_000_001i64.into(), i64::MAX.into()]).unwrap_err();
        assert_eq!(fails.args[0].1, "2023-11-14 22:13:20.000001");
    }
}

#[test]
fn every_logical_type_is_an_arrow_type() {
    for logical in Type::ALL.into_iter().map(Logical::Plain).chain(Logical::times()) {
        let ty = logical_data_type(logical);
        assert_eq!(logical_of_arrow(&ty), Some(logical));
        let param = Param::strict(logical);
        assert_eq!(accepts(&param, &param_data_type(&param)), Accept::Exact);
        assert_eq!(ty.to_string().parse::<DataType>().unwrap(), ty, "a hint can be written");
    }
    let zoned = DataType::Timestamp(TimeUnit::Second, Some("UTC".into()));
    assert_eq!(logical_of_arrow(&zoned), Some(Logical::Timestamp(Unit::Second)));
    assert_eq!(zoned.to_string().parse::<DataType>().unwrap(), zoned);
}

#[test]
fn dictionaries_and_runs_are_decoded() {
    let twice = kernel("kernel twice(%0 x: i64) -> i64 {\n  %1: i64 = add %0, %0\n  return %1\n}\n");
    let keys = Int32Array::from(vec![Some(0), Some(1), None, Some(1), Some(2)]);
    let values = Arc::new(Int64Array::from(vec![Some(5), Some(7), None]));
    let dictionary = DictionaryArray::<Int32Type>::new(keys, values);
    let runs = RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![2, 3, 6]),
        &Int64Array::from(vec![Some(1), None, Some(3)]),
    )
    .unwrap();
    let bools = RunArray::<Int16Type>::try_new(
        &arrow_array::Int16Array::from(vec![1, 3]),
        &arrow_array::BooleanArray::from(vec![true, false]),
    )
    .unwrap();
    for loaded in both(&twice) {
        let dictionary: ArrayRef = Arc::new(dictionary.clone());
        let expected: Int64Array = [Some(10), Some(14), None, Some(14), None].into_iter().collect();
        let runs: ArrayRef = Arc::new(runs.clone());
        let of_runs: Int64Array = [Some(2), Some(2), None, Some(6), Some(6), Some(6)].into_iter().collect();
        for (array, expected) in [(dictionary, expected), (runs, of_runs)] {
            for from in 0..array.len() {
                for rows in 0..array.len() - from {
                    let sliced = array.slice(from, rows);
                    let got = loaded.call_arrow(&[(&sliced).into()], rows).unwrap();
                    assert_eq!(got[0].as_primitive::<Int64Type>(), &expected.slice(from, rows), "{from} {rows}");
                }
            }
        }
        let words: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter(["a", "b"]));
        let error = loaded.call_arrow(&[(&words).into()], 2).unwrap_err();
        assert_eq!(error.detail, "argument 0 is a column of Utf8, which kernels do not have");
    }
    for loaded in both(&op("not", &["bool"], "bool")) {
        let bools: ArrayRef = Arc::new(bools.clone());
        let got = loaded.call_arrow(&[(&bools).into()], 3).unwrap();
        assert_eq!(got[0].as_boolean(), &arrow_array::BooleanArray::from(vec![false, true, true]));
        let nulls: ArrayRef = Arc::new(NullArray::new(2));
        assert_eq!(loaded.call_arrow(&[(&nulls).into()], 2).unwrap()[0].null_count(), 2);
    }
}

#[test]
fn halves_widen_exactly() {
    let numbers = [0.0, -0.0, 1.5, 65504.0, 6e-8, f32::INFINITY, f32::NEG_INFINITY];
    let halves: Vec<f16> = (0..3000).map(|row| f16::from_f32(numbers[row % 7])).collect();
    let brains: Vec<bf16> = (0..3000).map(|row| bf16::from_f32(numbers[row % 7])).collect();
    for loaded in both(&op("neg", &["f64"], "f64")) {
        let array: ArrayRef = Arc::new(Float16Array::from(halves.clone()));
        let got = loaded.call_arrow(&[(&array.slice(1, 2500)).into()], 2500).unwrap();
        let expected: Float64Array = halves[1..2501].iter().map(|h| Some(-h.to_f64())).collect();
        assert_eq!(got[0].as_primitive::<Float64Type>(), &expected);
        let got: Vec<f64> = loaded.map((&brains,)).unwrap();
        assert!(got.iter().zip(&brains).all(|(got, b)| got.to_bits() == (-b.to_f64()).to_bits()));
        let nan: Vec<f64> = loaded.map((&[f16::NAN],)).unwrap();
        assert_eq!(nan[0].to_bits(), 0x7ff8_0000_0000_0000);
    }
    for loaded in both(&op("neg", &["f32"], "f32")) {
        let grid = ndarray::Array2::from_shape_vec((1500, 2), halves.clone()).unwrap();
        let got: ndarray::Array2<f32> = loaded.map((&grid.t(),)).unwrap();
        assert_eq!(got, grid.t().mapv(|h| -h.to_f32()));
        let array: ArrayRef = Arc::new(Float16Array::from(vec![Some(halves[2]), None]));
        let got = loaded.call_arrow(&[(&array).into()], 2).unwrap();
        assert_eq!(got[0].as_primitive::<Float32Type>(), &Float32Array::from(vec![Some(-1.5), None]));
    }
    for loaded in both(&kernel(SUM)) {
        let sum: f64 = loaded.map((&[f16::from_f32(1.5), f16::from_f32(2.0)],)).unwrap();
        assert_eq!(sum, 3.5);
        let lists = ListArray::from_iter_primitive::<Float16Type, _, _>([Some(vec![Some(f16::ONE)]), None]);
        let lists: ArrayRef = Arc::new(lists);
        let got = loaded.call_arrow(&[(&lists).into()], 2).unwrap();
        assert_eq!(got[0].as_primitive::<Float64Type>(), &Float64Array::from(vec![Some(1.0), None]));
    }
    let error = op("neg", &["i32"], "i32").map::<Vec<i32>>((&[f16::ONE],)).unwrap_err();
    assert!(error.detail.starts_with("parameter `p0` is i32, the column is f16"), "{error}");
}

#[test]
fn what_is_taken_can_be_asked_before() {
    let dictionary = |values| DataType::Dictionary(Box::new(DataType::Int8), Box::new(values));
    let float = Param::strict(Type::F64);
    assert_eq!(accepts(&float, &DataType::Float16), Accept::Widen);
    assert_eq!(accepts(&float, &dictionary(DataType::Float64)), Accept::Decode);
    assert_eq!(accepts(&float, &dictionary(DataType::Float16)), Accept::Decode);
    let Accept::Refuse { why, hint } = accepts(&float, &DataType::Int32) else { panic!("i32 is not f64") };
    assert_eq!(why, "a column of Int32, where the kernel takes f64");
    assert_eq!(hint.unwrap(), "convert it: arrow_cast(x, 'Float64')");
    let Accept::Refuse { hint: None, .. } = accepts(&float, &DataType::Utf8) else { panic!("nothing helps text") };
    let list = Param::list(Type::F32);
    assert_eq!(accepts(&list, &DataType::new_list(DataType::Float32, true)), Accept::Exact);
    assert_eq!(accepts(&list, &DataType::new_large_list(DataType::Float16, true)), Accept::Widen);
    assert_eq!(accepts(&list, &DataType::new_fixed_size_list(DataType::Float32, 4, false)), Accept::Exact);
    let three = Param::List { elem: Type::F32, inner: 1, len: Some(3) };
    let Accept::Refuse { hint, .. } = accepts(&three, &DataType::new_fixed_size_list(DataType::Float32, 4, false))
    else {
        panic!("four are not three")
    };
    assert_eq!(hint.unwrap(), "the kernel takes lists of length 3");
    for param in [&list, &three, &Param::List { elem: Type::I8, inner: 5, len: None }] {
        let ty = param_data_type(param);
        assert_eq!(accepts(param, &ty), Accept::Exact);
        assert_eq!(ty.to_string().parse::<DataType>().unwrap(), ty);
    }
    let dates = kernel(NEXT_DAY).map_arrow(&[Arc::new(Int64Array::from(vec![1])) as ArrayRef]).unwrap_err();
    assert_eq!(dates.code, Code::SignatureMismatch);
}
