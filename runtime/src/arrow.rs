//! Arrow arrays in and out. Types must match the kernel's exactly: what may be converted is decided before,
//! where SQL's rules are known.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StructArray};
use arrow_buffer::{BooleanBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Fields};
use filbert_ir::{Code, KernelError, Scalar, Type, VerifiedKernel};

use crate::column::{Column, OutColumn};
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// One argument of a call on Arrow data.
#[derive(Clone, Debug)]
pub enum ArrowArg<'a> {
    /// One element a row; a null gives a null.
    Array(&'a ArrayRef),
    /// The same for every row; `None` is NULL, which makes every result null.
    Scalar(Option<Scalar>),
}

impl<'a> From<&'a ArrayRef> for ArrowArg<'a> {
    fn from(array: &'a ArrayRef) -> ArrowArg<'a> {
        ArrowArg::Array(array)
    }
}

/// Applies a macro to every numeric type: kernel type and Arrow type.
macro_rules! for_each_number {
    ($macro:ident) => {
        $macro!(
            I8 => Int8Type, I16 => Int16Type, I32 => Int32Type, I64 => Int64Type, U8 => UInt8Type, U16 => UInt16Type,
            U32 => UInt32Type, U64 => UInt64Type, F32 => Float32Type, F64 => Float64Type
        )
    };
}

/// The Arrow type of columns of `ty`.
pub fn arrow_type(ty: Type) -> DataType {
    macro_rules! table {
        ($($kernel:ident => $arrow:ident),*) => {
            match ty { Type::Bool => DataType::Boolean, $(Type::$kernel => $arrow::DATA_TYPE),* }
        };
    }
    for_each_number!(table)
}

/// The kernel type of columns of this Arrow type, if kernels have it.
pub fn type_of_arrow(ty: &DataType) -> Option<Type> {
    Type::ALL.into_iter().find(|&own| arrow_type(own) == *ty)
}

impl<'a> Column<'a> {
    /// The elements and nulls of an Arrow array; `None` if kernels have no such type.
    pub fn arrow(array: &'a dyn Array) -> Option<Column<'a>> {
        macro_rules! primitive {
            ($($kernel:ident => $arrow:ident),*) => {
                match type_of_arrow(array.data_type())? {
                    Type::Bool => Column::bits(array.as_boolean_opt()?.values().clone()),
                    $(Type::$kernel => Column::slice(&array.as_primitive_opt::<$arrow>()?.values()[..]),)*
                }
            };
        }
        let column = for_each_number!(primitive);
        Some(column.with_nulls(array.nulls().cloned()))
    }
}

impl OutColumn {
    /// The result as an Arrow array, without a copy but for bools.
    pub fn into_arrow(self) -> ArrayRef {
        if self.ty != Type::Bool {
            return self.into_array();
        }
        let bits: BooleanBuffer = self.values[..self.rows].iter().map(|&byte| byte != 0).collect();
        Arc::new(BooleanArray::new(bits, self.nulls))
    }

    /// The same for a column whose bools are bits.
    fn into_array(self) -> ArrayRef {
        macro_rules! primitive {
            ($($kernel:ident => $arrow:ident),*) => {
                match self.ty {
                    Type::Bool => Arc::new(BooleanArray::new(BooleanBuffer::new(self.values, 0, self.rows), self.nulls)),
                    $(Type::$kernel => {
                        let values = ScalarBuffer::new(self.values, 0, self.rows);
                        Arc::new(PrimitiveArray::<$arrow>::new(values, self.nulls))
                    })*
                }
            };
        }
        for_each_number!(primitive)
    }
}

impl LoadedKernel {
    /// Computes all rows of Arrow arguments: one array for each result, null where an argument is. A fault in
    /// a null row is no error.
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
        let columns = args.iter().enumerate().map(|(index, arg)| match arg {
            ArrowArg::Scalar(None) => Ok(Column::null()),
            ArrowArg::Scalar(Some(scalar)) => Ok(Column::scalar(*scalar)),
            ArrowArg::Array(array) => Column::arrow(array).ok_or_else(|| {
                let detail =
                    format!("argument {index} is a column of {}, which kernels do not have", array.data_type());
                self.about(KernelError::new(Code::SignatureMismatch, detail))
            }),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let results = self.call_packed(&columns, rows, options, true)?;
        Ok(results.into_iter().map(OutColumn::into_array).collect())
    }
}

/// The fields of a kernel's result columns, as a struct has them.
pub fn result_fields(kernel: &VerifiedKernel) -> Fields {
    let types = kernel.core.return_types().into_iter().enumerate();
    types.map(|(index, ty)| Field::new(kernel.names.result(index), arrow_type(ty), true)).collect()
}

/// Several results as one struct array, with the kernel's names for them; a row is null where they are.
///
/// # Panics
/// If the columns are not results of this kernel.
pub fn struct_of(kernel: &VerifiedKernel, columns: Vec<ArrayRef>) -> StructArray {
    let nulls = columns.first().and_then(|column| column.nulls().cloned());
    StructArray::new(result_fields(kernel), columns, nulls)
}
