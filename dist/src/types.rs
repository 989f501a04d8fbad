//! A kernel's types as SQL and Arrow have them, and Arrow's as SQL writes them.
//!
//! | kernel | Arrow | SQL |
//! |---|---|---|
//! | `f64`, `Option<f64>` | Float64 | DOUBLE |
//! | `Timestamp<Microsecond>` | Timestamp(µs), zone UTC counts as none | TIMESTAMP(6) |
//! | `Time<Millisecond>` | Time32(ms) | TIME(3) |
//! | `Duration<Nanosecond>` | Duration(ns) | DURATION(9) |
//! | `Date32`, `Date64` | Date32, Date64 | DATE, DATE64 |
//! | `&[f64]`, an output `&mut [f64]` | List(Float64) | `DOUBLE[]` |
//! | `&[f64; 3]`, a result `[f64; 3]` | FixedSizeList(3 x Float64) | `DOUBLE[3]` |
//! | `&[[f64; 3]]` | List(FixedSizeList(3 x Float64)) | `DOUBLE[3][]` |
//! | several results | Struct | STRUCT<x DOUBLE, y DOUBLE> |
//!
//! DataFusion's SQL has no TIME(3), DURATION(9) and DATE64: `KernelTypePlanner` adds them to a session.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as SqlType, TimezoneInfo};
use filbert_runtime::type_of_arrow;

/// Adds the words for types that kernels have and DataFusion's SQL has not. `Session` has it already.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelTypePlanner;

impl TypePlanner for KernelTypePlanner {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        let found = match sql_type {
            SqlType::Time(Some(digits), TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                Some(time(unit_of_digits(*digits, sql_type)?))
            }
            SqlType::Custom(name, modifiers) => custom(&name.to_string(), modifiers, sql_type)?,
            _ => None,
        };
        Ok(found.map(|ty| Field::new("", ty, true).into()))
    }
}

fn custom(name: &str, modifiers: &[String], sql_type: &SqlType) -> Result<Option<DataType>> {
    if name.eq_ignore_ascii_case("date64") && modifiers.is_empty() {
        return Ok(Some(DataType::Date64));
    }
    if !name.eq_ignore_ascii_case("duration") {
        return Ok(None);
    }
    match modifiers {
        [] => Ok(Some(DataType::Duration(TimeUnit::Nanosecond))),
        [digits] => {
            let unit = unit_of_digits(digits.parse().unwrap_or(u64::MAX), sql_type)?;
            Ok(Some(DataType::Duration(unit)))
        }
        _ => plan_err!("{sql_type}: expected one number of digits"),
    }
}

fn unit_of_digits(digits: u64, sql_type: &SqlType) -> Result<TimeUnit> {
    match digits {
        0 => Ok(TimeUnit::Second),
        3 => Ok(TimeUnit::Millisecond),
        6 => Ok(TimeUnit::Microsecond),
        9 => Ok(TimeUnit::Nanosecond),
        _ => plan_err!("{sql_type}: expected 0, 3, 6 or 9 digits of a second"),
    }
}

/// Digits of a second that a unit has, as SQL counts them.
fn digits(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// The type of a time of day.
fn time(unit: TimeUnit) -> DataType {
    match unit {
        TimeUnit::Second | TimeUnit::Millisecond => DataType::Time32(unit),
        TimeUnit::Microsecond | TimeUnit::Nanosecond => DataType::Time64(unit),
    }
}

/// What an encoding stands for: the values of a dictionary or of runs, else the type itself.
pub fn decoded(ty: &DataType) -> &DataType {
    match ty {
        DataType::Dictionary(_, values) => decoded(values),
        DataType::RunEndEncoded(_, values) => decoded(values.data_type()),
        ty => ty,
    }
}

/// The element field of a list of any kind.
pub fn elements(ty: &DataType) -> Option<&FieldRef> {
    match ty {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::ListView(field)
        | DataType::LargeListView(field) => Some(field),
        _ => None,
    }
}

/// Whether a list of this type can hold a null among its elements, at any depth.
pub fn has_nullable_elements(ty: &DataType) -> bool {
    elements(decoded(ty)).is_some_and(|field| field.is_nullable() || has_nullable_elements(field.data_type()))
}

/// Whether a zone is none or a name of UTC, so that the stored numbers mean the same.
pub fn is_utc(zone: Option<&str>) -> bool {
    zone.is_none_or(|zone| {
        const NAMES: [&str; 6] = ["UTC", "Z", "Etc/UTC", "+00:00", "+00", "+0000"];
        NAMES.iter().any(|name| zone.eq_ignore_ascii_case(name))
    })
}

/// A column type as SQL calls it, or as Arrow does where SQL has no word for it.
pub fn describe(ty: &DataType) -> String {
    match ty {
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INT".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::UInt8 => "TINYINT UNSIGNED".into(),
        DataType::UInt16 => "SMALLINT UNSIGNED".into(),
        DataType::UInt32 => "INT UNSIGNED".into(),
        DataType::UInt64 => "BIGINT UNSIGNED".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".into(),
        DataType::Date32 => "DATE".into(),
        DataType::Date64 => "DATE64".into(),
        DataType::Time32(unit) | DataType::Time64(unit) => format!("TIME({})", digits(*unit)),
        DataType::Timestamp(unit, None) => format!("TIMESTAMP({})", digits(*unit)),
        DataType::Timestamp(unit, Some(zone)) => format!("TIMESTAMP({}) in zone {zone}", digits(*unit)),
        DataType::Duration(unit) => format!("DURATION({})", digits(*unit)),
        DataType::Interval(_) => "INTERVAL".into(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        DataType::List(field) | DataType::LargeList(field) => format!("{}[]", describe(field.data_type())),
        DataType::FixedSizeList(field, len) => format!("{}[{len}]", describe(field.data_type())),
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| format!("{} {}", field.name(), describe(field.data_type())));
            format!("STRUCT<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Dictionary(_, values) => format!("{} (dictionary)", describe(values)),
        DataType::RunEndEncoded(_, values) => format!("{} (runs)", describe(values.data_type())),
        other => other.to_string(),
    }
}

/// The SQL that makes a value of type `to` of `value`, in any DataFusion session.
pub fn cast(value: &str, to: &DataType) -> String {
    if is_sql(to) { format!("CAST({value} AS {})", describe(to)) } else { format!("arrow_cast({value}, '{to}')") }
}

fn is_sql(ty: &DataType) -> bool {
    match ty {
        DataType::Date32 | DataType::Timestamp(_, None) | DataType::Time64(TimeUnit::Nanosecond) => true,
        DataType::List(field) | DataType::FixedSizeList(field, _) => is_sql(field.data_type()),
        ty => type_of_arrow(ty).is_some(),
    }
}

/// Equal but for what SQL does not say: names of list elements, and whether a field can be null.
pub fn same(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::Struct(a), DataType::Struct(b)) => {
            let same = |(a, b): (&FieldRef, &FieldRef)| a.name() == b.name() && same(a.data_type(), b.data_type());
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        (DataType::FixedSizeList(a, m), DataType::FixedSizeList(b, n)) => m == n && same(a.data_type(), b.data_type()),
        (DataType::List(a), DataType::List(b)) | (DataType::LargeList(a), DataType::LargeList(b)) => {
            same(a.data_type(), b.data_type())
        }
        (a, b) => a == b,
    }
}
