//! Which Arrow types are those of parameters and results, and what a call makes of others.

use arrow_array::types::*;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use filbert_ir::{Logical, Param, ResultTy, Type, Unit, VerifiedKernel};
use std::sync::Arc;

use crate::element::Storage;

/// What a call makes of a column of some Arrow type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accept {
    /// It is read where it is.
    Exact,
    /// 16-bit floats are widened while they are read.
    Widen,
    /// A dictionary or runs: decoded once a call.
    Decode,
    /// It is refused.
    Refuse {
        /// What is wrong: `a column of Utf8, which kernels do not have`.
        why: String,
        /// What would help, if anything does.
        hint: Option<String>,
    },
}

/// The Arrow type of columns of `ty`.
pub fn arrow_type(ty: Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::I8 => Int8Type::DATA_TYPE,
        Type::I16 => Int16Type::DATA_TYPE,
        Type::I32 => Int32Type::DATA_TYPE,
        Type::I64 => Int64Type::DATA_TYPE,
        Type::U8 => UInt8Type::DATA_TYPE,
        Type::U16 => UInt16Type::DATA_TYPE,
        Type::U32 => UInt32Type::DATA_TYPE,
        Type::U64 => UInt64Type::DATA_TYPE,
        Type::F32 => Float32Type::DATA_TYPE,
        Type::F64 => Float64Type::DATA_TYPE,
    }
}

/// The Arrow type of columns of scalars that mean this.
pub fn logical_data_type(ty: Logical) -> DataType {
    match ty {
        Logical::Plain(ty) => arrow_type(ty),
        Logical::Date32 => DataType::Date32,
        Logical::Date64 => DataType::Date64,
        Logical::Time(unit @ (Unit::Second | Unit::Millisecond)) => DataType::Time32(arrow_unit(unit)),
        Logical::Time(unit) => DataType::Time64(arrow_unit(unit)),
        Logical::Timestamp(unit) => DataType::Timestamp(arrow_unit(unit), None),
        Logical::Duration(unit) => DataType::Duration(arrow_unit(unit)),
    }
}

fn arrow_unit(unit: Unit) -> TimeUnit {
    match unit {
        Unit::Second => TimeUnit::Second,
        Unit::Millisecond => TimeUnit::Millisecond,
        Unit::Microsecond => TimeUnit::Microsecond,
        Unit::Nanosecond => TimeUnit::Nanosecond,
    }
}

/// The kernel type of columns of this Arrow type, if kernels have it as a plain one.
pub fn type_of_arrow(ty: &DataType) -> Option<Type> {
    Type::ALL.into_iter().find(|&own| arrow_type(own) == *ty)
}

/// What a column of this Arrow type means to kernels, if they have it. A timestamp has no zone, or is in UTC.
pub fn logical_of_arrow(ty: &DataType) -> Option<Logical> {
    if let DataType::Timestamp(unit, Some(zone)) = ty {
        return is_utc(zone).then(|| logical_of_arrow(&DataType::Timestamp(*unit, None))).flatten();
    }
    let plain = Type::ALL.into_iter().map(Logical::Plain);
    plain.chain(Logical::times()).find(|&own| logical_data_type(own) == *ty)
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "utc" | "Z" | "z" | "Etc/UTC" | "+00:00" | "-00:00" | "+00" | "+0000")
}

/// How the elements of a column of this Arrow type are stored, if they are numbers, and what they mean.
pub(crate) fn storage_of_arrow(ty: &DataType) -> Option<(Storage, Logical)> {
    match ty {
        DataType::Float16 => Some((Storage::F16, Logical::Plain(Type::F32))),
        _ => logical_of_arrow(ty).map(|logical| (Storage::Plain(logical.storage()), logical)),
    }
}

fn item(ty: DataType) -> Arc<Field> {
    Arc::new(Field::new_list_field(ty, true))
}

/// The elements of a list: numbers, or rows of `inner` numbers.
pub(crate) fn element_field(elem: Type, inner: u32) -> Arc<Field> {
    match inner {
        1 => item(arrow_type(elem)),
        _ => item(DataType::FixedSizeList(item(arrow_type(elem)), inner as i32)),
    }
}

/// The Arrow type that a parameter takes as it is. A list of any length is a `List`.
pub fn param_data_type(param: &Param) -> DataType {
    match param {
        Param::Scalar { ty, .. } => logical_data_type(*ty),
        Param::List { elem, inner, len: None } => DataType::List(element_field(*elem, *inner)),
        Param::List { elem, inner, len: Some(len) } => {
            DataType::FixedSizeList(element_field(*elem, *inner), *len as i32)
        }
    }
}

/// The Arrow type of a result. A list that a kernel writes is a `LargeList` instead where the elements of one
/// call are more than an i32 counts.
pub fn result_data_type(result: &ResultTy) -> DataType {
    match result {
        ResultTy::Scalar { ty, .. } => logical_data_type(*ty),
        ResultTy::Fixed { elem, len } => DataType::FixedSizeList(item(arrow_type(*elem)), *len as i32),
        ResultTy::List { elem, inner, .. } => DataType::List(element_field(*elem, *inner)),
    }
}

/// The fields of a kernel's result columns, as a struct has them.
pub fn result_fields(kernel: &VerifiedKernel) -> Fields {
    let results = kernel.core.signature.results.iter().enumerate();
    results.map(|(index, result)| Field::new(kernel.names.result(index), result_data_type(result), true)).collect()
}

/// What a call makes of a column of type `given` for a parameter.
pub fn accepts(param: &Param, given: &DataType) -> Accept {
    match (param, given) {
        (_, DataType::Null) => Accept::Decode,
        (Param::Scalar { .. }, DataType::Dictionary(_, values)) => decoded(param, values, given),
        (Param::Scalar { .. }, DataType::RunEndEncoded(_, values)) => decoded(param, values.data_type(), given),
        (Param::Scalar { ty, .. }, _) => accepts_scalar(*ty, given),
        (Param::List { elem, inner, len }, _) => accepts_list(*elem, *inner, *len, given),
    }
}

fn decoded(param: &Param, values: &DataType, given: &DataType) -> Accept {
    match accepts(param, values) {
        Accept::Exact | Accept::Widen => Accept::Decode,
        Accept::Decode => refuse(given, "dictionaries of dictionaries are not decoded"),
        refused => refused,
    }
}

fn accepts_scalar(ty: Logical, given: &DataType) -> Accept {
    let wanted = logical_data_type(ty);
    match given {
        _ if logical_of_arrow(given) == Some(ty) => Accept::Exact,
        DataType::Float16 if matches!(ty, Logical::Plain(Type::F32 | Type::F64)) => Accept::Widen,
        DataType::Timestamp(unit, Some(zone)) if !is_utc(zone) => Accept::Refuse {
            why: format!("a column of timestamps in zone {zone}, and kernels have UTC only"),
            hint: Some(format!("convert it: arrow_cast(x, 'Timestamp({unit:?}, Some(\"UTC\"))')")),
        },
        DataType::Timestamp(..) | DataType::Time32(_) | DataType::Time64(_) | DataType::Duration(_)
            if ty.plain().is_none() =>
        {
            refuse(given, &format!("convert it to {ty}: arrow_cast(x, '{}')", shown(&wanted)))
        }
        _ if storage_of_arrow(given).is_some() => Accept::Refuse {
            why: format!("a column of {}, where the kernel takes {ty}", shown(given)),
            hint: Some(format!("convert it: arrow_cast(x, '{}')", shown(&wanted))),
        },
        _ => Accept::Refuse { why: format!("a column of {}, which kernels do not have", shown(given)), hint: None },
    }
}

fn accepts_list(elem: Type, inner: u32, len: Option<u32>, given: &DataType) -> Accept {
    let wanted = shown(&param_data_type(&Param::List { elem, inner, len }));
    let hint = format!("convert it: arrow_cast(x, '{wanted}')");
    let (child, rows) = match given {
        DataType::List(child) | DataType::LargeList(child) => (child.data_type(), None),
        DataType::FixedSizeList(child, rows) => (child.data_type(), Some(*rows)),
        _ => return refuse(given, &hint),
    };
    let numbers = match (inner, child) {
        (1, child) => child,
        (_, DataType::FixedSizeList(numbers, own)) if *own as u32 == inner => numbers.data_type(),
        _ => return refuse(given, &hint),
    };
    if rows.zip(len).is_some_and(|(own, wanted)| own as u32 != wanted) {
        return refuse(given, &format!("the kernel takes lists of length {}", len.unwrap_or(0)));
    }
    match numbers {
        _ if *numbers == arrow_type(elem) => Accept::Exact,
        DataType::Float16 if elem.is_float() => Accept::Widen,
        _ => refuse(given, &hint),
    }
}

fn refuse(given: &DataType, hint: &str) -> Accept {
    Accept::Refuse { why: format!("a column of {}", shown(given)), hint: Some(hint.to_string()) }
}

/// A type as `arrow_cast` and messages write it.
fn shown(ty: &DataType) -> String {
    ty.to_string()
}
