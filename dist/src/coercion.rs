//! Which SQL value may reach a kernel parameter of another type.
//!
//! | what the query passes | rule |
//! |---|---|
//! | a column or expression | converted only where every value of its type survives unchanged ([`widens`]) |
//! | a literal | converted where this one value survives; a float literal is rounded to an f32 parameter, as Rust reads `0.1f32` |
//! | NULL | fits every parameter |
//!
//! SQL calls every integer literal BIGINT and every literal with a point DOUBLE, so a rule by type alone would
//! either refuse `f(1)` or let a BIGINT column lose digits. What may not be converted stays as it is, and
//! `KernelUdf` refuses it with the literal in hand.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use filbert_ir::{Scalar, Type};

/// Whether every value of the column type `from` is a value of `to`. All pairs are also among those that
/// DataFusion itself coerces, which `KernelUdf`'s signature relies on.
pub fn widens(from: &DataType, to: Type) -> bool {
    use DataType::*;
    match from {
        Null => true,
        Boolean => to == Type::Bool,
        Int8 => matches!(to, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::F32 | Type::F64),
        Int16 => matches!(to, Type::I16 | Type::I32 | Type::I64 | Type::F32 | Type::F64),
        Int32 => matches!(to, Type::I32 | Type::I64 | Type::F64),
        Int64 => to == Type::I64,
        UInt8 => to != Type::Bool && to != Type::I8,
        UInt16 => {
            matches!(to, Type::U16 | Type::U32 | Type::U64 | Type::I32 | Type::I64 | Type::F32 | Type::F64)
        }
        UInt32 => matches!(to, Type::U32 | Type::U64 | Type::I64 | Type::F64),
        UInt64 => to == Type::U64,
        Float16 => to.is_float(),
        Float32 => to.is_float(),
        Float64 => to == Type::F64,
        _ => false,
    }
}

/// Why a literal does not reach a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The types could be converted, this value cannot.
    Inexact,
    /// No value of this type is converted.
    Type,
}

/// The literal as a value of the parameter's type; `None` for NULL.
pub fn literal(value: &ScalarValue, to: Type) -> Result<Option<Scalar>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    let scalar = match value {
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
    };
    scalar.map(Some)
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

/// The type's name in SQL, as it stands in a `CAST`.
pub fn sql_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "BOOLEAN",
        Type::I8 => "TINYINT",
        Type::I16 => "SMALLINT",
        Type::I32 => "INT",
        Type::I64 => "BIGINT",
        Type::U8 => "TINYINT UNSIGNED",
        Type::U16 => "SMALLINT UNSIGNED",
        Type::U32 => "INT UNSIGNED",
        Type::U64 => "BIGINT UNSIGNED",
        Type::F32 => "FLOAT",
        Type::F64 => "DOUBLE",
    }
}

/// A column type as SQL calls it, or as Arrow does where SQL has no word for it.
pub fn describe(ty: &DataType) -> String {
    match filbert_runtime::type_of_arrow(ty) {
        Some(ty) => sql_name(ty).to_string(),
        None if matches!(ty, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => "VARCHAR".to_string(),
        None => ty.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbert_runtime::arrow_type;

    #[test]
    fn a_column_widens_exactly_where_each_extreme_survives() {
        // The extremes of each numeric type, asked of the literal rule, must agree with the column rule.
        let extremes = |ty: Type| -> Vec<ScalarValue> {
            match ty {
                Type::Bool => vec![true.into()],
                Type::I8 => vec![i8::MIN.into(), i8::MAX.into()],
                Type::I16 => vec![i16::MIN.into(), i16::MAX.into()],
                Type::I32 => vec![i32::MIN.into(), i32::MAX.into()],
                Type::I64 => vec![i64::MIN.into(), i64::MAX.into()],
                Type::U8 => vec![0u8.into(), u8::MAX.into()],
                Type::U16 => vec![0u16.into(), u16::MAX.into()],
                Type::U32 => vec![0u32.into(), u32::MAX.into()],
                Type::U64 => vec![0u64.into(), u64::MAX.into()],
                Type::F32 => vec![f32::MAX.into()],
                Type::F64 => vec![f64::MAX.into()],
            }
        };
        for from in Type::ALL {
            for to in Type::ALL {
                let values = extremes(from).iter().all(|v| literal(v, to).is_ok());
                assert_eq!(widens(&arrow_type(from), to), values, "{from} to {to}");
            }
        }
    }

    #[test]
    fn literals() {
        type Row = (ScalarValue, Type, Result<Option<Scalar>, Refusal>);
        let rows: &[Row] = &[
            (1i64.into(), Type::F64, Ok(Some(Scalar::F64(1.0)))),
            (1i64.into(), Type::U8, Ok(Some(Scalar::U8(1)))),
            ((-1i64).into(), Type::U8, Err(Refusal::Inexact)),
            (((1i64 << 53) + 1).into(), Type::F64, Err(Refusal::Inexact)),
            (i64::MAX.into(), Type::F64, Err(Refusal::Inexact)),
            ((1i64 << 53).into(), Type::F64, Ok(Some(Scalar::F64(9007199254740992.0)))),
            (16_777_217i64.into(), Type::F32, Err(Refusal::Inexact)),
            (0.1f64.into(), Type::F32, Ok(Some(Scalar::F32(0.1)))),
            (1e300f64.into(), Type::F32, Err(Refusal::Inexact)),
            (f64::INFINITY.into(), Type::F32, Ok(Some(Scalar::F32(f32::INFINITY)))),
            (1.0f64.into(), Type::I32, Err(Refusal::Type)),
            (1i64.into(), Type::Bool, Err(Refusal::Type)),
            (ScalarValue::Decimal128(Some(15), 2, 1), Type::F64, Ok(Some(Scalar::F64(1.5)))),
            (ScalarValue::Null, Type::F64, Ok(None)),
            (ScalarValue::Int64(None), Type::F64, Ok(None)),
            ("1".into(), Type::F64, Err(Refusal::Type)),
        ];
        for (value, to, expected) in rows {
            assert_eq!(literal(value, *to), *expected, "{value} to {to}");
        }
    }
}
