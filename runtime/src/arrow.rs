//! Arrow arrays in and out. Types must match the kernel's exactly but for what `arrow_types::accepts` says:
//! what else may be converted is decided before, where SQL's rules are known.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeListArray, LargeListArray, ListArray, PrimitiveArray, StructArray,
    UInt64Array, downcast_primitive_array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use arrow_select::take::take;
use filbert_ir::{Code, Datum, KernelError, Logical, Param, ResultTy, Scalar, Type, Unit, VerifiedKernel};

use crate::arrow_types::{Accept, accepts, element_field, result_fields, storage_of_arrow};
use crate::column::{Column, Values};
use crate::lend::View;
use crate::loaded::LoadedKernel;
use crate::offsets::Offsets;
use crate::options::CallOptions;
use crate::out_column::OutColumn;

/// One argument of a call on Arrow data.
#[derive(Clone, Debug)]
pub enum ArrowArg<'a> {
    /// One element a row; a null gives a null, or is seen by a parameter that is an `Option`.
    Array(&'a ArrayRef),
    /// The same for every row; `None` is NULL. What stands for a date or time is the number that stores it.
    Scalar(Option<Scalar>),
    /// The same for every row, a list perhaps.
    Datum(&'a Datum),
}

impl<'a> From<&'a ArrayRef> for ArrowArg<'a> {
    fn from(array: &'a ArrayRef) -> ArrowArg<'a> {
        ArrowArg::Array(array)
    }
}

// ------------------------------------------------------------------------------------------------- in

impl<'a> Column<'a> {
    /// The elements and nulls of an Arrow array; `None` if kernels have no such type. Dictionaries and runs are
    /// decoded here, everything else is read where it is.
    pub fn arrow(array: &dyn Array) -> Option<Column<'a>> {
        let nulls = array.nulls().cloned();
        match array.data_type() {
            DataType::Null => Some(Column::null()),
            DataType::Boolean => Some(Column::bits(array.as_boolean_opt()?.values().clone()).with_nulls(nulls)),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                storage_of_arrow(dictionary.values().data_type())?;
                Column::arrow(&take(dictionary.values(), dictionary.keys(), None).ok()?)
            }
            DataType::RunEndEncoded(..) => Column::arrow(&runs(array)?),
            DataType::List(_) => {
                let lists = array.as_list_opt::<i32>()?;
                ragged(lists.values(), lists.offsets().clone().into()).map(|column| column.with_nulls(nulls))
            }
            DataType::LargeList(_) => {
                let lists = array.as_list_opt::<i64>()?;
                ragged(lists.values(), lists.offsets().clone().into()).map(|column| column.with_nulls(nulls))
            }
            DataType::FixedSizeList(_, len) => {
                let elements = Elements::of(array.as_fixed_size_list_opt()?.values())?;
                let len = usize::try_from(*len).ok()?;
                let shape: &[usize] = match elements.inner {
                    1 => &[array.len(), len],
                    inner => &[array.len(), len, inner],
                };
                let values = Values::Equal { elements: elements.numbers.with_axes(shape), valid: elements.valid };
                Some(Column::of(values).with_nulls(nulls))
            }
            _ => {
                let (view, logical) = numbers(array)?;
                Some(Column::of(Values::View(view)).with_type(logical).with_nulls(nulls))
            }
        }
    }
}

/// The numbers of a primitive array, and what they mean.
fn numbers<'a>(array: &dyn Array) -> Option<(View<'a>, Logical)> {
    let (storage, logical) = storage_of_arrow(array.data_type())?;
    let buffer: Buffer = downcast_primitive_array!(
        array => array.values().inner().clone(),
        _ => return None
    );
    Some((View::buffer(storage, buffer), logical))
}

/// The elements of lists: numbers, or rows of `inner` of them.
struct Elements<'a> {
    numbers: View<'a>,
    valid: Option<NullBuffer>,
    inner: usize,
}

impl Elements<'_> {
    fn of<'a>(array: &ArrayRef) -> Option<Elements<'a>> {
        let Some(rows) = array.as_fixed_size_list_opt() else {
            let (numbers, logical) = numbers(array)?;
            logical.plain()?;
            return Some(Elements { numbers, valid: nulls_of(array), inner: 1 });
        };
        let inner = usize::try_from(rows.value_length()).ok().filter(|&inner| inner > 1)?;
        let (numbers, logical) = numbers(rows.values())?;
        logical.plain()?;
        // A row that is null has null elements.
        let of_rows = nulls_of(array).map(|nulls| nulls.expand(inner));
        Some(Elements { numbers, valid: NullBuffer::union(nulls_of(rows.values()).as_ref(), of_rows.as_ref()), inner })
    }
}

fn nulls_of(array: &dyn Array) -> Option<NullBuffer> {
    array.nulls().filter(|nulls| nulls.null_count() > 0).cloned()
}

fn ragged<'a>(values: &ArrayRef, offsets: Offsets<'a>) -> Option<Column<'a>> {
    let Elements { numbers, valid, inner } = Elements::of(values)?;
    offsets.check(numbers.len() / inner).ok()?;
    Some(Column::of(Values::Ragged { elements: numbers, valid, inner, offsets }))
}

/// An array of runs as a plain one.
fn runs(array: &dyn Array) -> Option<ArrayRef> {
    fn decode<R: RunEndIndexType>(array: &dyn Array) -> Option<ArrayRef> {
        let runs = array.as_run_opt::<R>()?;
        storage_of_arrow(runs.values().data_type())?;
        let (ends, first) = (runs.run_ends(), runs.get_start_physical_index());
        let (begin, end) = (ends.offset(), ends.offset() + ends.len());
        let mut indices: Vec<u64> = Vec::with_capacity(ends.len());
        for (run, run_end) in ends.values().iter().enumerate().skip(first) {
            let until = run_end.to_usize()?.clamp(begin, end) - begin;
            indices.resize(until, run as u64);
        }
        take(runs.values(), &UInt64Array::from(indices), None).ok()
    }
    match array.data_type() {
        DataType::RunEndEncoded(ends, _) => match ends.data_type() {
            DataType::Int16 => decode::<Int16Type>(array),
            DataType::Int32 => decode::<Int32Type>(array),
            _ => decode::<Int64Type>(array),
        },
        _ => None,
    }
}

// ------------------------------------------------------------------------------------------------ out

impl OutColumn {
    /// The result as an Arrow array, without a copy but for bools that are bytes.
    pub fn into_arrow(self) -> ArrayRef {
        let (elements, nulls) = (self.elements(), self.nulls);
        let scalars = |ty: Logical, nulls| primitive(ty, self.values, elements, self.packed, nulls);
        match self.result {
            ResultTy::Scalar { ty, .. } => scalars(ty, nulls),
            ResultTy::Fixed { elem, len } => {
                let field = element_field(elem, 1);
                Arc::new(FixedSizeListArray::new(field, len as i32, scalars(elem.into(), None), nulls))
            }
            ResultTy::List { elem, inner, .. } => {
                let numbers = scalars(elem.into(), None);
                let field = element_field(elem, inner);
                let values: ArrayRef = match inner {
                    1 => numbers,
                    _ => Arc::new(FixedSizeListArray::new(element_field(elem, 1), inner as i32, numbers, None)),
                };
                match self.offsets.expect("lists have offsets").into_arrow() {
                    Ok(offsets) => Arc::new(ListArray::new(field, offsets, values, nulls)),
                    Err(offsets) => Arc::new(LargeListArray::new(field, offsets, values, nulls)),
                }
            }
        }
    }
}

/// A buffer of so many elements as an array; bools are bits if `packed`.
fn primitive(ty: Logical, values: Buffer, len: usize, packed: bool, nulls: Option<NullBuffer>) -> ArrayRef {
    macro_rules! array {
        ($arrow:ident) => {
            Arc::new(PrimitiveArray::<$arrow>::new(ScalarBuffer::new(values, 0, len), nulls))
        };
    }
    macro_rules! of_unit {
        ($unit:expr, $s:ident, $ms:ident, $us:ident, $ns:ident) => {
            match $unit {
                Unit::Second => array!($s),
                Unit::Millisecond => array!($ms),
                Unit::Microsecond => array!($us),
                Unit::Nanosecond => array!($ns),
            }
        };
    }
    match ty {
        Logical::Plain(Type::Bool) if packed => Arc::new(BooleanArray::new(BooleanBuffer::new(values, 0, len), nulls)),
        Logical::Plain(Type::Bool) => {
            let bits: BooleanBuffer = values[..len].iter().map(|&byte| byte != 0).collect();
            Arc::new(BooleanArray::new(bits, nulls))
        }
        Logical::Plain(Type::I8) => array!(Int8Type),
        Logical::Plain(Type::I16) => array!(Int16Type),
        Logical::Plain(Type::I32) => array!(Int32Type),
        Logical::Plain(Type::I64) => array!(Int64Type),
        Logical::Plain(Type::U8) => array!(UInt8Type),
        Logical::Plain(Type::U16) => array!(UInt16Type),
        Logical::Plain(Type::U32) => array!(UInt32Type),
        Logical::Plain(Type::U64) => array!(UInt64Type),
        Logical::Plain(Type::F32) => array!(Float32Type),
        Logical::Plain(Type::F64) => array!(Float64Type),
        Logical::Date32 => array!(Date32Type),
        Logical::Date64 => array!(Date64Type),
        Logical::Time(unit) => {
            of_unit!(unit, Time32SecondType, Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType)
        }
        Logical::Timestamp(unit) => of_unit!(
            unit,
            TimestampSecondType,
            TimestampMillisecondType,
            TimestampMicrosecondType,
            TimestampNanosecondType
        ),
        Logical::Duration(unit) => {
            of_unit!(unit, DurationSecondType, DurationMillisecondType, DurationMicrosecondType, DurationNanosecondType)
        }
    }
}

/// Several results as one struct array, with the kernel's names for them; a row is null where all of them are.
///
/// # Panics
/// If the columns are not results of this kernel.
pub fn struct_of(kernel: &VerifiedKernel, columns: Vec<ArrayRef>) -> StructArray {
    let all = columns.iter().map(|column| column.nulls().map(|nulls| nulls.inner().clone()));
    // Valid where any column is; a column without nulls makes every row valid.
    let any = all.reduce(|a, b| Some(&a? | &b?)).flatten().map(NullBuffer::new);
    StructArray::new(result_fields(kernel), columns, any.filter(|nulls| nulls.null_count() > 0))
}

// ----------------------------------------------------------------------------------------------- call

impl LoadedKernel {
    /// Computes all rows of Arrow arguments: one array for each result. A row is null where the argument of a
    /// strict parameter is; a fault in such a row is no error.
    pub fn call_arrow(&self, args: &[ArrowArg<'_>], rows: usize) -> Result<Vec<ArrayRef>, KernelError> {
        self.call_arrow_with(args, rows, &CallOptions::default())
    }

    /// `call_arrow` with options.
    pub fn call_arrow_with(
        &self,
        args: &[ArrowArg<'_>],
        rows: usize,
        options: &CallOptions,
    ) -> Result<Vec<ArrayRef>, KernelError> {
        let columns = args.iter().enumerate().map(|(index, arg)| self.arrow_argument(index, arg, rows));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let results = self.call_packed(&columns, rows, options, true)?;
        Ok(results.into_iter().map(OutColumn::into_arrow).collect())
    }

    /// An argument as the column for a parameter.
    pub(crate) fn arrow_argument<'a>(
        &self,
        index: usize,
        arg: &ArrowArg<'a>,
        rows: usize,
    ) -> Result<Column<'a>, KernelError> {
        match arg {
            ArrowArg::Scalar(None) => Ok(Column::null()),
            ArrowArg::Scalar(Some(scalar)) => Ok(Column::scalar(*scalar)),
            ArrowArg::Array(array) => self.arrow_column(index, array),
            ArrowArg::Datum(datum) => {
                Ok(Column::of_datum(datum, self.kernel().core.signature.params.get(index)).spread(rows))
            }
        }
    }

    fn arrow_column(&self, index: usize, array: &ArrayRef) -> Result<Column<'static>, KernelError> {
        let given = array.data_type();
        let param = self.kernel().core.signature.params.get(index);
        let refusal = param.map_or(Accept::Exact, |param| accepts(param, given));
        // A column of numbers is no list that every row gets, as a slice would be.
        let is_row = |column: &Column<'_>| match param {
            Some(Param::List { .. }) => !matches!(column.values, Values::View(_) | Values::Bits(_)),
            _ => true,
        };
        match (Column::arrow(array).filter(is_row), refusal) {
            // Two types that kernels have: `bind` names both.
            (Some(column), _) => Ok(column),
            (None, Accept::Refuse { why, hint: Some(hint) }) => Err(format!("argument {index} is {why}; {hint}")),
            (None, Accept::Refuse { why, hint: None }) => Err(format!("argument {index} is {why}")),
            (None, _) => Err(format!("argument {index} is a column of {given}, which kernels do not have")),
        }
        .map_err(|detail| self.about(KernelError::new(Code::SignatureMismatch, detail)))
    }
}
