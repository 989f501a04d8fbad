//! Which column may reach a kernel parameter of another type; `literal` has the rules for constants.
//!
//! | what the query passes | rule |
//! |---|---|
//! | a column or expression | converted only where every value of its type survives unchanged |
//! | a literal | converted where this one value survives |
//! | a constant expression of times or lists (`TIMESTAMP '...'`, `[1, 2]`) | as a literal, once it is one |
//! | NULL | fits every parameter |
//!
//! SQL calls every integer literal BIGINT, every literal with a point DOUBLE and every time literal one of
//! nanoseconds, so a rule by type alone would either refuse `f(1)` or let a BIGINT column lose digits. What
//! may not be converted stays as it is, and `KernelUdf` refuses it with the constant in hand.

use datafusion::arrow::datatypes::DataType;
use filbert_ir::{Logical, Param, Type};
use filbert_runtime::{Accept, accepts, param_data_type, type_of_arrow};

use crate::types::{decoded, elements, is_utc};

/// How a column gets to a parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// As it is: of the parameter's type, or encoded, or of a narrower float that the call widens.
    AsIs,
    /// Converted to this type, which no value can lose by.
    Cast(DataType),
    /// Only if it is a constant whose value survives.
    Constant,
    /// Not at all.
    Refused,
}

/// How a column of type `from` gets to a parameter.
pub fn way(from: &DataType, to: &Param) -> Way {
    let wanted = param_data_type(to);
    if !from.is_null() && !matches!(accepts(to, from), Accept::Refuse { .. }) {
        return Way::AsIs;
    }
    if from.is_null() {
        return Way::Cast(wanted);
    }
    match to {
        Param::Scalar { ty: Logical::Plain(ty), .. } if widens(decoded(from), *ty) => Way::Cast(wanted),
        Param::Scalar { ty: Logical::Plain(_), .. } => Way::Refused,
        Param::Scalar { .. } => time(from, wanted),
        Param::List { elem, inner, len } => list(from, *elem, *inner, *len),
    }
}

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

/// Whether the engine can be asked for the conversion while it plans: it knows those between plain numbers.
pub(crate) fn engine_casts(from: &DataType, to: &Param) -> bool {
    matches!(to, Param::Scalar { ty: Logical::Plain(_), .. }) && (from.is_null() || type_of_arrow(from).is_some())
}

/// Times must agree in what they count and, but for constants, in the unit: a change of it could lose digits
/// or overflow.
fn time(from: &DataType, wanted: DataType) -> Way {
    use DataType::*;
    let kind_of = decoded(from);
    match (kind_of, &wanted) {
        (Timestamp(_, zone), Timestamp(..)) if !is_utc(zone.as_deref()) => Way::Refused,
        (Timestamp(given, _), Timestamp(unit, _)) if given == unit => Way::Cast(wanted),
        (Timestamp(..), Timestamp(..))
        | (Time32(_) | Time64(_), Time32(_) | Time64(_))
        | (Duration(_) | Interval(_), Duration(_))
        | (Date32 | Date64, Date32 | Date64) => Way::Constant,
        _ => Way::Refused,
    }
}

/// Lists widen as their elements do. The lengths of `[[1, 2], [3, 4]]` are known only of a constant.
fn list(from: &DataType, elem: Type, inner: u32, len: Option<u32>) -> Way {
    let Some(field) = elements(decoded(from)) else { return Way::Refused };
    if let (Some(len), DataType::FixedSizeList(_, given)) = (len, decoded(from))
        && *given != len as i32
    {
        return Way::Refused;
    }
    let row = decoded(field.data_type());
    let number = match (inner, row) {
        (1, row) => row,
        (_, DataType::FixedSizeList(_, given)) if *given != inner as i32 => return Way::Refused,
        (_, row) => match elements(row) {
            Some(field) => decoded(field.data_type()),
            None => return Way::Refused,
        },
    };
    let fixed = inner == 1 || matches!(row, DataType::FixedSizeList(..));
    let fixed = fixed && (len.is_none() || matches!(decoded(from), DataType::FixedSizeList(..)));
    match widens(number, elem) {
        true if fixed => Way::Cast(param_data_type(&Param::List { elem, inner, len })),
        _ if number.is_numeric() || number.is_null() => Way::Constant,
        _ => Way::Refused,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::TimeUnit;
    use datafusion::common::ScalarValue;
    use filbert_ir::Unit;
    use filbert_runtime::arrow_type;

    use super::*;
    use crate::literal::literal;

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
                let values = extremes(from).iter().all(|v| literal(v, &Param::strict(to)).is_ok());
                assert_eq!(widens(&arrow_type(from), to), values, "{from} to {to}");
            }
        }
    }

    fn list_of(ty: DataType) -> DataType {
        DataType::new_list(ty, true)
    }

    fn fixed(ty: DataType, len: i32) -> DataType {
        DataType::new_fixed_size_list(ty, len, true)
    }

    fn rows_of(elem: Type, inner: u32, len: Option<u32>) -> Param {
        Param::List { elem, inner, len }
    }

    #[test]
    fn columns() {
        use DataType::{Date32, Date64, Duration, Float16, Float32, Float64, Int32, Int64, Interval, Time64, Utf8};
        let dictionary = |ty| DataType::Dictionary(Box::new(Int32), Box::new(ty));
        let timestamp = |unit, zone: Option<&str>| DataType::Timestamp(unit, zone.map(Into::into));
        let micros = Param::strict(Logical::Timestamp(Unit::Microsecond));
        let f64s = Param::list(Type::F64);
        let rows: &[(DataType, Param, &str)] = &[
            (Float64, Param::strict(Type::F64), "as is"),
            (Float64, Param::nullable(Type::F64), "as is"),
            (Float32, Param::nullable(Type::F64), "DOUBLE"),
            (Float16, Param::strict(Type::F32), "as is"),
            (dictionary(Float64), Param::strict(Type::F64), "as is"),
            (dictionary(Float32), Param::strict(Type::F64), "DOUBLE"),
            (dictionary(Int64), Param::strict(Type::F64), "refused"),
            (Utf8, Param::strict(Type::F64), "refused"),
            (timestamp(TimeUnit::Microsecond, None), micros.clone(), "as is"),
            (timestamp(TimeUnit::Microsecond, Some("UTC")), micros.clone(), "as is"),
            (timestamp(TimeUnit::Microsecond, Some("+00:00")), micros.clone(), "as is"),
            (timestamp(TimeUnit::Microsecond, Some("Europe/Paris")), micros.clone(), "refused"),
            (timestamp(TimeUnit::Nanosecond, None), micros.clone(), "constant"),
            (Date32, micros.clone(), "refused"),
            (Int64, micros, "refused"),
            (Date64, Param::strict(Logical::Date32), "constant"),
            (Time64(TimeUnit::Nanosecond), Param::strict(Logical::Time(Unit::Second)), "constant"),
            (Duration(TimeUnit::Second), Param::strict(Logical::Duration(Unit::Second)), "as is"),
            (
                Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano),
                Param::strict(Logical::Duration(Unit::Second)),
                "constant",
            ),
            (list_of(Float64), f64s.clone(), "as is"),
            (list_of(Float32), f64s.clone(), "DOUBLE[]"),
            (list_of(Int64), f64s.clone(), "constant"),
            (list_of(Utf8), f64s.clone(), "refused"),
            (list_of(dictionary(Float32)), f64s.clone(), "DOUBLE[]"),
            (dictionary(list_of(Float64)), f64s.clone(), "DOUBLE[]"),
            (Float64, f64s.clone(), "refused"),
            (list_of(list_of(Float64)), f64s, "refused"),
            (fixed(Float32, 3), rows_of(Type::F64, 1, Some(3)), "DOUBLE[3]"),
            (fixed(Float64, 2), rows_of(Type::F64, 1, Some(3)), "refused"),
            (list_of(Float64), rows_of(Type::F64, 1, Some(3)), "as is"),
            (list_of(fixed(Float64, 3)), rows_of(Type::F64, 3, None), "as is"),
            (list_of(fixed(Int32, 3)), rows_of(Type::F64, 3, None), "DOUBLE[3][]"),
            (list_of(fixed(Float64, 2)), rows_of(Type::F64, 3, None), "refused"),
            (list_of(list_of(Float64)), rows_of(Type::F64, 3, None), "constant"),
            (list_of(Float64), rows_of(Type::F64, 3, None), "refused"),
            (DataType::Null, rows_of(Type::F64, 1, None), "DOUBLE[]"),
        ];
        for (from, to, expected) in rows {
            let got = match way(from, to) {
                Way::AsIs => "as is".to_string(),
                Way::Cast(ty) => crate::types::describe(&ty),
                Way::Constant => "constant".to_string(),
                Way::Refused => "refused".to_string(),
            };
            assert_eq!(got, *expected, "{from} to {to}");
        }
    }
}
