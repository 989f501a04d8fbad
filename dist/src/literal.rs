//! Constants of a query as arguments of a kernel: converted where this one value survives. A float literal is
//! rounded to an f32 parameter, as Rust reads `0.1f32`; times change their unit if no digit is lost; lists
//! are converted element by element.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, ListArray, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{
    DataType, FieldRef, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use datafusion::common::{Result as EngineResult, ScalarValue, internal_err};
use filbert_ir::{Datum, Logical, Param, Scalar, Type, Unit};
use filbert_runtime::{arrow_type, param_data_type};

use crate::types::is_utc;

/// Why a literal does not reach a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The types could be converted, this value cannot.
    Inexact,
    /// No value of this type is converted.
    Type,
}

/// The literal as an argument for the parameter.
pub fn literal(value: &ScalarValue, to: &Param) -> Result<Datum, Refusal> {
    let value = unencoded(value);
    if value.is_null() {
        return Ok(Datum::Null);
    }
    match to {
        Param::Scalar { ty: Logical::Plain(ty), .. } => number(value, *ty).map(Datum::Scalar),
        Param::Scalar { ty, .. } => time(value, *ty).map(Datum::Scalar),
        Param::List { elem, inner, len } => list(value, *elem, *inner, *len),
    }
}

/// What an encoded constant stands for.
fn unencoded(value: &ScalarValue) -> &ScalarValue {
    match value {
        ScalarValue::Dictionary(_, value) => unencoded(value),
        ScalarValue::RunEndEncoded(_, _, value) => unencoded(value),
        value => value,
    }
}

/// A number that is not null.
fn number(value: &ScalarValue, to: Type) -> Result<Scalar, Refusal> {
    match value {
        ScalarValue::Boolean(Some(v)) if to == Type::Bool => Ok(Scalar::Bool(*v)),
        ScalarValue::Int8(Some(v)) => integer((*v).into(), to),
        ScalarValue::Int16(Some(v)) => integer((*v).into(), to),
        ScalarValue::Int32(Some(v)) => integer((*v).into(), to),
        ScalarValue::Int64(Some(v)) => integer((*v).into(), to),
        ScalarValue::UInt8(Some(v)) => integer((*v).into(), to),
        ScalarValue::UInt16(Some(v)) => integer((*v).into(), to),
        ScalarValue::UInt32(Some(v)) => integer((*v).into(), to),
        ScalarValue::UInt64(Some(v)) => integer((*v).into(), to),
        ScalarValue::Float16(Some(v)) => float(v.to_f64(), to),
        ScalarValue::Float32(Some(v)) if to == Type::F32 => Ok(Scalar::F32(*v)),
        ScalarValue::Float32(Some(v)) => float((*v).into(), to),
        ScalarValue::Float64(Some(v)) => float(*v, to),
        ScalarValue::Decimal128(Some(v), _, scale) => decimal(*v, *scale, to),
        _ => Err(Refusal::Type),
    }
}

fn integer(v: i128, to: Type) -> Result<Scalar, Refusal> {
    let refusal = if to == Type::Bool { Refusal::Type } else { Refusal::Inexact };
    Scalar::from_integer(to, v).ok_or(refusal)
}

fn float(v: f64, to: Type) -> Result<Scalar, Refusal> {
    match to {
        Type::F64 => Ok(Scalar::F64(v)),
        Type::F32 if v.is_finite() && (v as f32).is_infinite() => Err(Refusal::Inexact),
        Type::F32 => Ok(Scalar::F32(v as f32)),
        _ => Err(Refusal::Type),
    }
}

/// A decimal literal (SQL text with a point, where the session reads such text as decimals) is read as the
/// float literal of the same digits.
fn decimal(digits: i128, scale: i8, to: Type) -> Result<Scalar, Refusal> {
    let text = format!("{digits}e{}", -i32::from(scale));
    match to {
        Type::F32 => text.parse().map(Scalar::F32).map_err(|_| Refusal::Inexact),
        Type::F64 => text.parse().map(Scalar::F64).map_err(|_| Refusal::Inexact),
        _ => Err(Refusal::Type),
    }
}

const SECONDS_PER_DAY: i128 = 86_400;

/// A time that is not null, in the parameter's unit.
fn time(value: &ScalarValue, to: Logical) -> Result<Scalar, Refusal> {
    use ScalarValue as V;
    let nanos_per = |unit| 1_000_000_000 / i128::from(Unit::per_second(unit));
    let day = SECONDS_PER_DAY * 1_000_000_000;
    // Every literal as a number of nanoseconds, every target as their divisor.
    let (nanos, divisor) = match (value, to) {
        (V::Date32(Some(v)), Logical::Date32 | Logical::Date64) => (i128::from(*v) * day, divisor_of_date(to)),
        (V::Date64(Some(v)), Logical::Date32 | Logical::Date64) => (i128::from(*v) * 1_000_000, divisor_of_date(to)),
        (V::Time32Second(Some(v)), Logical::Time(unit)) => (i128::from(*v) * 1_000_000_000, nanos_per(unit)),
        (V::Time32Millisecond(Some(v)), Logical::Time(unit)) => (i128::from(*v) * 1_000_000, nanos_per(unit)),
        (V::Time64Microsecond(Some(v)), Logical::Time(unit)) => (i128::from(*v) * 1_000, nanos_per(unit)),
        (V::Time64Nanosecond(Some(v)), Logical::Time(unit)) => (i128::from(*v), nanos_per(unit)),
        (V::TimestampSecond(Some(v), zone), Logical::Timestamp(unit)) if is_utc(zone.as_deref()) => {
            (i128::from(*v) * 1_000_000_000, nanos_per(unit))
        }
        (V::TimestampMillisecond(Some(v), zone), Logical::Timestamp(unit)) if is_utc(zone.as_deref()) => {
            (i128::from(*v) * 1_000_000, nanos_per(unit))
        }
        (V::TimestampMicrosecond(Some(v), zone), Logical::Timestamp(unit)) if is_utc(zone.as_deref()) => {
            (i128::from(*v) * 1_000, nanos_per(unit))
        }
        (V::TimestampNanosecond(Some(v), zone), Logical::Timestamp(unit)) if is_utc(zone.as_deref()) => {
            (i128::from(*v), nanos_per(unit))
        }
        (V::DurationSecond(Some(v)), Logical::Duration(unit)) => (i128::from(*v) * 1_000_000_000, nanos_per(unit)),
        (V::DurationMillisecond(Some(v)), Logical::Duration(unit)) => (i128::from(*v) * 1_000_000, nanos_per(unit)),
        (V::DurationMicrosecond(Some(v)), Logical::Duration(unit)) => (i128::from(*v) * 1_000, nanos_per(unit)),
        (V::DurationNanosecond(Some(v)), Logical::Duration(unit)) => (i128::from(*v), nanos_per(unit)),
        (V::IntervalDayTime(Some(v)), Logical::Duration(unit)) => {
            (i128::from(v.days) * day + i128::from(v.milliseconds) * 1_000_000, nanos_per(unit))
        }
        // A month has no length.
        (V::IntervalMonthDayNano(Some(v)), Logical::Duration(_)) if v.months != 0 => return Err(Refusal::Inexact),
        (V::IntervalMonthDayNano(Some(v)), Logical::Duration(unit)) => {
            (i128::from(v.days) * day + i128::from(v.nanoseconds), nanos_per(unit))
        }
        _ => return Err(Refusal::Type),
    };
    if nanos % divisor != 0 {
        return Err(Refusal::Inexact);
    }
    Scalar::from_integer(to.storage(), nanos / divisor).ok_or(Refusal::Inexact)
}

fn divisor_of_date(to: Logical) -> i128 {
    if to == Logical::Date32 { SECONDS_PER_DAY * 1_000_000_000 } else { 1_000_000 }
}

/// A list that is not null; null if one of its elements is.
fn list(value: &ScalarValue, elem: Type, inner: u32, len: Option<u32>) -> Result<Datum, Refusal> {
    let rows = row(value).ok_or(Refusal::Type)?;
    if len.is_some_and(|len| rows.len() != len as usize) {
        return Err(Refusal::Inexact);
    }
    if inner == 1 {
        return numbers(&rows, elem).map(|flat| flat.map_or(Datum::Null, Datum::List));
    }
    let mut flat = Some(Vec::new());
    for index in 0..rows.len() {
        let row = ScalarValue::try_from_array(&rows, index).map_err(|_| Refusal::Type)?;
        let numbers = match row {
            row if row.is_null() => None,
            row => {
                let row = self::row(&row).ok_or(Refusal::Type)?;
                if row.len() != inner as usize {
                    return Err(Refusal::Inexact);
                }
                numbers(&row, elem)?
            }
        };
        flat = flat.zip(numbers).map(|(flat, numbers)| [flat, numbers].concat());
    }
    Ok(flat.map_or(Datum::Null, Datum::List))
}

/// The elements of a list of one row.
fn row(value: &ScalarValue) -> Option<ArrayRef> {
    match value {
        ScalarValue::List(list) => Some(list.value(0)),
        ScalarValue::LargeList(list) => Some(list.value(0)),
        ScalarValue::FixedSizeList(list) => Some(list.value(0)),
        _ => None,
    }
}

/// The elements as numbers of one type; `None` if one is null.
fn numbers(elements: &ArrayRef, elem: Type) -> Result<Option<Vec<Scalar>>, Refusal> {
    if let Some(numbers) = own(elements, elem) {
        return Ok(Some(numbers));
    }
    let mut numbers = Some(Vec::with_capacity(elements.len()));
    for index in 0..elements.len() {
        let value = ScalarValue::try_from_array(elements, index).map_err(|_| Refusal::Type)?;
        let value = unencoded(&value);
        match (value.is_null(), &mut numbers) {
            (true, numbers) => *numbers = None,
            (false, numbers) => {
                let number = self::number(value, elem)?;
                numbers.iter_mut().for_each(|all| all.push(number));
            }
        }
    }
    Ok(numbers)
}

/// Elements that have the type already, as `simplify` leaves them: a lookup table comes by with every batch.
fn own(elements: &ArrayRef, elem: Type) -> Option<Vec<Scalar>> {
    macro_rules! table {
        ($($kernel:ident $arrow:ident),*) => {
            match elem {
                Type::Bool => None,
                $(Type::$kernel => {
                    let elements = elements.as_primitive_opt::<$arrow>()?;
                    Some(elements.values().iter().map(|&v| Scalar::$kernel(v)).collect())
                })*
            }
        };
    }
    if elements.null_count() > 0 {
        return None;
    }
    table!(
        I8 Int8Type, I16 Int16Type, I32 Int32Type, I64 Int64Type, U8 UInt8Type, U16 UInt16Type, U32 UInt32Type,
        U64 UInt64Type, F32 Float32Type, F64 Float64Type
    )
}

/// An argument as a literal of the parameter's own type.
pub(crate) fn engine_value(datum: &Datum, param: &Param) -> EngineResult<ScalarValue> {
    let ty = param_data_type(param);
    let numbers = match (datum, param) {
        (Datum::Null, _) => return ScalarValue::try_from(&ty),
        (Datum::Scalar(scalar), _) => return engine_scalar(*scalar).cast_to(&ty),
        (Datum::List(flat), Param::List { elem, .. }) if flat.is_empty() => new_empty_array(&arrow_type(*elem)),
        (Datum::List(flat), _) => ScalarValue::iter_to_array(flat.iter().copied().map(engine_scalar))?,
    };
    Ok(match &ty {
        DataType::List(field) => {
            let rows = rows(field, numbers)?;
            let offsets = OffsetBuffer::from_lengths([rows.len()]);
            ScalarValue::List(Arc::new(ListArray::try_new(field.clone(), offsets, rows, None)?))
        }
        DataType::FixedSizeList(field, len) => {
            let rows = rows(field, numbers)?;
            ScalarValue::FixedSizeList(Arc::new(FixedSizeListArray::try_new(field.clone(), *len, rows, None)?))
        }
        ty => return internal_err!("a list for a parameter of type {ty}"),
    })
}

/// The numbers of a list, in rows if it has those.
fn rows(field: &FieldRef, numbers: ArrayRef) -> EngineResult<ArrayRef> {
    match field.data_type() {
        DataType::FixedSizeList(field, inner) => {
            Ok(Arc::new(FixedSizeListArray::try_new(field.clone(), *inner, numbers, None)?))
        }
        _ => Ok(numbers),
    }
}

fn engine_scalar(scalar: Scalar) -> ScalarValue {
    match scalar {
        Scalar::Bool(v) => v.into(),
        Scalar::I8(v) => v.into(),
        Scalar::I16(v) => v.into(),
        Scalar::I32(v) => v.into(),
        Scalar::I64(v) => v.into(),
        Scalar::U8(v) => v.into(),
        Scalar::U16(v) => v.into(),
        Scalar::U32(v) => v.into(),
        Scalar::U64(v) => v.into(),
        Scalar::F32(v) => v.into(),
        Scalar::F64(v) => v.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn list_of(values: &[ScalarValue]) -> ScalarValue {
        ScalarValue::List(ScalarValue::new_list_nullable(values, &values[0].data_type()))
    }

    #[test]
    fn numbers() {
        type Row = (ScalarValue, Type, Result<Datum, Refusal>);
        let datum = |scalar| Ok(Datum::Scalar(scalar));
        let rows: &[Row] = &[
            (1i64.into(), Type::F64, datum(Scalar::F64(1.0))),
            (1i64.into(), Type::U8, datum(Scalar::U8(1))),
            ((-1i64).into(), Type::U8, Err(Refusal::Inexact)),
            (((1i64 << 53) + 1).into(), Type::F64, Err(Refusal::Inexact)),
            (i64::MAX.into(), Type::F64, Err(Refusal::Inexact)),
            ((1i64 << 53).into(), Type::F64, datum(Scalar::F64(9007199254740992.0))),
            (16_777_217i64.into(), Type::F32, Err(Refusal::Inexact)),
            (0.1f64.into(), Type::F32, datum(Scalar::F32(0.1))),
            (1e300f64.into(), Type::F32, Err(Refusal::Inexact)),
            (f64::INFINITY.into(), Type::F32, datum(Scalar::F32(f32::INFINITY))),
            (1.0f64.into(), Type::I32, Err(Refusal::Type)),
            (1i64.into(), Type::Bool, Err(Refusal::Type)),
            (ScalarValue::Decimal128(Some(15), 2, 1), Type::F64, datum(Scalar::F64(1.5))),
            (ScalarValue::Null, Type::F64, Ok(Datum::Null)),
            (ScalarValue::Int64(None), Type::F64, Ok(Datum::Null)),
            ("1".into(), Type::F64, Err(Refusal::Type)),
        ];
        for (value, to, expected) in rows {
            for param in [Param::strict(*to), Param::nullable(*to)] {
                assert_eq!(literal(value, &param), *expected, "{value} to {to}");
            }
        }
    }

    #[test]
    fn times() {
        use Logical::{Date32, Date64, Duration, Time, Timestamp};
        use Unit::{Microsecond, Millisecond, Nanosecond, Second};
        let (day, interval) = (86_400_000_000_000, ScalarValue::new_interval_mdn);
        let rows: &[(ScalarValue, Logical, Result<i64, Refusal>)] = &[
            (ScalarValue::TimestampNanosecond(Some(1_500_000), None), Timestamp(Microsecond), Ok(1_500)),
            (ScalarValue::TimestampNanosecond(Some(1_500_001), None), Timestamp(Microsecond), Err(Refusal::Inexact)),
            (ScalarValue::TimestampNanosecond(Some(-1_000), Some("UTC".into())), Timestamp(Microsecond), Ok(-1)),
            (ScalarValue::TimestampNanosecond(Some(0), Some("+01:00".into())), Timestamp(Second), Err(Refusal::Type)),
            (ScalarValue::TimestampSecond(Some(i64::MAX), None), Timestamp(Nanosecond), Err(Refusal::Inexact)),
            (ScalarValue::Date32(Some(2)), Timestamp(Second), Err(Refusal::Type)),
            (ScalarValue::Date32(Some(2)), Date32, Ok(2)),
            (ScalarValue::Date32(Some(2)), Date64, Ok(172_800_000)),
            (ScalarValue::Date64(Some(-86_400_000)), Date32, Ok(-1)),
            (ScalarValue::Date64(Some(1)), Date32, Err(Refusal::Inexact)),
            (ScalarValue::Time64Nanosecond(Some(3_000_000)), Time(Millisecond), Ok(3)),
            (interval(0, 1, 90_000_000_000), Duration(Second), Ok(86_490)),
            (interval(0, -1, 0), Duration(Nanosecond), Ok(-day)),
            (interval(1, 0, 0), Duration(Second), Err(Refusal::Inexact)),
            (interval(0, 0, 1), Duration(Second), Err(Refusal::Inexact)),
            (ScalarValue::DurationMillisecond(Some(2)), Duration(Microsecond), Ok(2_000)),
            (1i64.into(), Duration(Second), Err(Refusal::Type)),
        ];
        for (value, to, expected) in rows {
            let param = Param::strict(*to);
            let expected = expected.map(|v| Datum::Scalar(Scalar::from_integer(to.storage(), v.into()).unwrap()));
            let got = literal(value, &param);
            assert_eq!(got, expected, "{value} to {to}");
            if let Ok(datum) = got {
                assert_eq!(literal(&engine_value(&datum, &param).unwrap(), &param), Ok(datum));
            }
        }
    }

    #[test]
    fn lists() {
        let of = |values: &[i64]| list_of(&values.iter().map(|&v| v.into()).collect::<Vec<_>>());
        let floats = |values: &[f64]| Datum::List(values.iter().map(|&v| Scalar::F64(v)).collect());
        let rows = |elem, inner, len| Param::List { elem, inner, len };
        let holes = list_of(&[ScalarValue::Int64(Some(1)), ScalarValue::Int64(None)]);
        let square = list_of(&[of(&[1, 2]), of(&[3, 4])]);
        let table: &[(ScalarValue, Param, Result<Datum, Refusal>)] = &[
            (of(&[1, 2]), rows(Type::F64, 1, None), Ok(floats(&[1.0, 2.0]))),
            (of(&[1, (1 << 53) + 1]), rows(Type::F64, 1, None), Err(Refusal::Inexact)),
            (of(&[1, -1]), rows(Type::U8, 1, None), Err(Refusal::Inexact)),
            (of(&[1, 2]), rows(Type::F64, 1, Some(2)), Ok(floats(&[1.0, 2.0]))),
            (of(&[1, 2]), rows(Type::F64, 1, Some(3)), Err(Refusal::Inexact)),
            (holes, rows(Type::F64, 1, None), Ok(Datum::Null)),
            (square.clone(), rows(Type::F64, 2, None), Ok(floats(&[1.0, 2.0, 3.0, 4.0]))),
            (square.clone(), rows(Type::F64, 3, None), Err(Refusal::Inexact)),
            (square.clone(), rows(Type::F64, 1, None), Err(Refusal::Type)),
            (1i64.into(), rows(Type::F64, 1, None), Err(Refusal::Type)),
            (list_of(&["a".into()]), rows(Type::F64, 1, None), Err(Refusal::Type)),
        ];
        for (value, param, expected) in table {
            let got = literal(value, param);
            assert_eq!(got, *expected, "{value} to {param}");
            if let Ok(datum) = got {
                assert_eq!(literal(&engine_value(&datum, param).unwrap(), param), Ok(datum));
            }
        }
        let none = Datum::List(Vec::new());
        let param = rows(Type::F64, 3, None);
        assert_eq!(literal(&engine_value(&none, &param).unwrap(), &param), Ok(none));
    }
}
