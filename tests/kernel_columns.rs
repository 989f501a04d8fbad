//! Rows of kernel files as Arrow columns, and back.
//!
//! What may differ without a difference in the result differs on purpose: every second column is a slice behind
//! an offset, every second list is a LargeList, and a slot under a null holds something.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, LargeListArray, ListArray, PrimitiveArray, make_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit};
use filbert_ir::{Datum, Logical, Param, Scalar, Type, Unit};

/// One column for each parameter.
pub(crate) fn columns(params: &[Param], rows: &[&[Datum]]) -> Vec<ArrayRef> {
    let column = |(index, param): (usize, &Param)| {
        let before = index % 2 * 3;
        let mut data: Vec<Datum> = vec![Datum::Null; before];
        data.extend(rows.iter().map(|row| row[index].clone()));
        let array = match param {
            Param::Scalar { ty, .. } => scalars(*ty, &data),
            Param::List { elem, inner, len } => lists(*elem, *inner, *len, index % 2 == 1, &data),
        };
        array.slice(before, rows.len())
    };
    params.iter().enumerate().map(column).collect()
}

/// The rows of result columns.
pub(crate) fn rows(columns: &[ArrayRef], count: usize) -> Vec<Vec<Datum>> {
    (0..count).map(|row| columns.iter().map(|column| datum(column, row)).collect()).collect()
}

/// The Arrow type of a scalar.
pub(crate) fn arrow_type(ty: Logical) -> DataType {
    let unit = |unit| match unit {
        Unit::Second => TimeUnit::Second,
        Unit::Millisecond => TimeUnit::Millisecond,
        Unit::Microsecond => TimeUnit::Microsecond,
        Unit::Nanosecond => TimeUnit::Nanosecond,
    };
    match ty {
        Logical::Plain(ty) => plain_type(ty),
        Logical::Date32 => DataType::Date32,
        Logical::Date64 => DataType::Date64,
        Logical::Time(u @ (Unit::Second | Unit::Millisecond)) => DataType::Time32(unit(u)),
        Logical::Time(u) => DataType::Time64(unit(u)),
        Logical::Timestamp(u) => DataType::Timestamp(unit(u), None),
        Logical::Duration(u) => DataType::Duration(unit(u)),
    }
}

fn scalars(ty: Logical, data: &[Datum]) -> ArrayRef {
    let valid: NullBuffer = data.iter().map(|datum| *datum != Datum::Null).collect();
    let values = data.iter().map(|datum| match datum {
        Datum::Scalar(scalar) => *scalar,
        // What stands under a null is anything.
        _ => Scalar::from_bits(ty.storage(), u64::MAX),
    });
    let array = plain(ty.storage(), &values.collect::<Vec<_>>(), Some(valid));
    as_type(array, arrow_type(ty))
}

fn lists(elem: Type, inner: u32, len: Option<u32>, large: bool, data: &[Datum]) -> ArrayRef {
    let nulls: NullBuffer = data.iter().map(|datum| *datum != Datum::Null).collect();
    let mut elements = Vec::new();
    let mut lengths = Vec::new();
    for datum in data {
        let before = elements.len();
        match (datum, len) {
            (Datum::List(list), _) => elements.extend_from_slice(list),
            // A fixed list has its elements under a null as well.
            (_, Some(len)) => elements.extend((0..len * inner).map(|_| Scalar::from_bits(elem, u64::MAX))),
            _ => {}
        }
        lengths.push((elements.len() - before) / inner as usize);
    }
    let mut values = plain(elem, &elements, None);
    if inner > 1 {
        let field = Arc::new(Field::new("item", values.data_type().clone(), true));
        values = Arc::new(FixedSizeListArray::new(field, inner as i32, values, None));
    }
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    match len {
        Some(len) => Arc::new(FixedSizeListArray::new(field, len as i32, values, Some(nulls))),
        None if large => Arc::new(LargeListArray::new(field, OffsetBuffer::from_lengths(lengths), values, Some(nulls))),
        None => Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), values, Some(nulls))),
    }
}

/// The same buffers under another type of the same width.
fn as_type(array: ArrayRef, ty: DataType) -> ArrayRef {
    make_array(array.to_data().into_builder().data_type(ty).build().unwrap())
}

fn datum(column: &ArrayRef, row: usize) -> Datum {
    if column.is_null(row) {
        return Datum::Null;
    }
    match column.data_type() {
        DataType::List(_) => list(&column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&column.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&column.as_fixed_size_list().value(row)),
        DataType::Date32 | DataType::Time32(_) => scalar(&as_type(column.slice(row, 1), DataType::Int32), 0),
        DataType::Date64 | DataType::Time64(_) | DataType::Timestamp(..) | DataType::Duration(_) => {
            scalar(&as_type(column.slice(row, 1), DataType::Int64), 0)
        }
        _ => scalar(column, row),
    }
}

fn list(values: &ArrayRef) -> Datum {
    let mut elements = Vec::new();
    for at in 0..values.len() {
        match datum(values, at) {
            Datum::Scalar(element) => elements.push(element),
            Datum::List(row) => elements.extend(row),
            Datum::Null => panic!("no kernel gives a null in a list"),
        }
    }
    Datum::List(elements)
}

macro_rules! by_type {
    ($($variant:ident $data:ident $arrow:ident;)*) => {
        fn plain_type(ty: Type) -> DataType {
            match ty { Type::Bool => DataType::Boolean, $(Type::$variant => DataType::$data,)* }
        }

        fn plain(ty: Type, scalars: &[Scalar], nulls: Option<NullBuffer>) -> ArrayRef {
            match ty {
                Type::Bool => {
                    let bits: BooleanBuffer = scalars.iter().map(|scalar| scalar.bits() != 0).collect();
                    Arc::new(BooleanArray::new(bits, nulls))
                }
                $(Type::$variant => {
                    let value = |scalar: &Scalar| match scalar {
                        Scalar::$variant(value) => *value,
                        other => panic!("{other} is no {ty}"),
                    };
                    let values: ScalarBuffer<_> = scalars.iter().map(value).collect();
                    Arc::new(PrimitiveArray::<$arrow>::new(values, nulls))
                })*
            }
        }

        fn scalar(column: &ArrayRef, row: usize) -> Datum {
            match column.data_type() {
                DataType::Boolean => column.as_boolean().value(row).into(),
                $(DataType::$data => column.as_primitive::<$arrow>().value(row).into(),)*
                other => panic!("no kernel gives {other}"),
            }
        }
    };
}

by_type! {
    I8 Int8 Int8Type; I16 Int16 Int16Type; I32 Int32 Int32Type; I64 Int64 Int64Type;
    U8 UInt8 UInt8Type; U16 UInt16 UInt16Type; U32 UInt32 UInt32Type; U64 UInt64 UInt64Type;
    F32 Float32 Float32Type; F64 Float64 Float64Type;
}
