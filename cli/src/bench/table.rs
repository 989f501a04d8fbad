//! The columns of a Parquet file that a kernel is measured on: read once, in the order of the file.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatchReader};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use filbert_dist::coercion::{Way, way};
use filbert_ir::{Code, Diagnostic, Diagnostics, VerifiedKernel};
use filbert_measure::Inputs;
use filbert_runtime::{Column, param_data_type};

use crate::failure::Failure;
use crate::input;

/// Names that are shown of a table that lacks one.
const NAMES_SHOWN_MAX: usize = 20;
/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 64 << 10;

/// One array for each parameter.
pub(super) struct Table {
    arrays: Vec<ArrayRef>,
    rows: usize,
    described: String,
}

impl Table {
    /// Reads the columns that the kernel's parameters name. What SQL would convert without loss is converted.
    pub(super) fn read(path: &Path, kernel: &VerifiedKernel) -> Result<Table, Failure> {
        let shown = path.display();
        let file = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
            true => Err(std::io::Error::from(std::io::ErrorKind::IsADirectory)),
            false => Ok(file),
        });
        let file = file.map_err(|error| Failure::input(path, &error))?;
        let broken = |why: String| {
            let seen = path.to_str().and_then(input::broken_parquet);
            seen.unwrap_or_else(|| Failure::new(Code::Input, format!("cannot read {shown}: {why}")))
        };
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| broken(error.to_string()))?;
        let schema = reader.schema().clone();
        let names = &kernel.names.params;
        let missing = names.iter().filter(|name| schema.index_of(name).is_err());
        let missing: Vec<Diagnostic> = missing
            .map(|name| {
                let message = format!("{shown} has no column `{name}`, which {} takes", kernel.name());
                Diagnostic::unplaced(Code::UnknownName, message)
            })
            .collect();
        if !missing.is_empty() {
            let all = schema.fields().iter().map(|field| field.name().as_str());
            let some: Vec<&str> = all.take(NAMES_SHOWN_MAX).collect();
            let more = if schema.fields().len() > some.len() { ", ..." } else { "" };
            return Err(told(
                missing,
                &format!("it has {}{more}; columns go by the names of parameters", some.join(", ")),
            ));
        }
        let roots = names.iter().filter_map(|name| schema.index_of(name).ok());
        let mask = ProjectionMask::roots(reader.parquet_schema(), roots);
        let rows = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        let reader = reader.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        let reader = reader.map_err(|error| broken(error.to_string()))?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<RecordBatch>, ArrowError>>();
        let batches = batches.map_err(|error| broken(error.to_string()))?;
        let all = concat_batches(&schema, &batches).map_err(|error| broken(error.to_string()))?;
        let arrays = fitting(&shown.to_string(), &all, kernel)?;
        let described = match names.is_empty() {
            true => format!("no parameters, for each row of {shown}"),
            false => format!("{} of {shown}", names.join(", ")),
        };
        Ok(Table { arrays, rows, described })
    }
}

/// The columns as the parameters want them. All mistakes are told together.
fn fitting(table: &str, all: &RecordBatch, kernel: &VerifiedKernel) -> Result<Vec<ArrayRef>, Failure> {
    let (mut arrays, mut wrong) = (Vec::new(), Vec::new());
    for (name, param) in kernel.names.params.iter().zip(&kernel.core.signature.params) {
        let Some(array) = all.column_by_name(name) else { continue };
        let fits = match way(array.data_type(), param) {
            Way::AsIs => Some(array.clone()),
            Way::Cast(wanted) => cast(array, &wanted).ok(),
            Way::Constant | Way::Refused => None,
        };
        // Dictionaries and runs are decoded here, once.
        let plain = fits.filter(|array| Column::arrow(array).is_some());
        match plain {
            Some(array) => arrays.push(array),
            None => {
                let (given, wanted) = (array.data_type(), param_data_type(param));
                let message = format!("column `{name}` of {table} is {given}, the parameter is {param} ({wanted})");
                wrong.push(Diagnostic::unplaced(Code::SignatureMismatch, message));
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(arrays),
        false => Err(told(wrong, "change the parameter's type, or write the table with columns of these types")),
    }
}

fn told(mut found: Vec<Diagnostic>, help: &str) -> Failure {
    if let Some(last) = found.last_mut() {
        last.help = Some(help.to_string());
    }
    Diagnostics::without_text(found).into()
}

impl Inputs for Table {
    fn rows(&self) -> usize {
        self.rows
    }

    fn columns(&self, rows: usize) -> Vec<Column<'_>> {
        let column = |array: &ArrayRef| Column::arrow(&array.slice(0, rows)).expect("columns that kernels have");
        self.arrays.iter().map(column).collect()
    }

    fn bytes(&self, rows: usize) -> usize {
        let bytes = |array: &ArrayRef| array.slice(0, rows).to_data().get_slice_memory_size().unwrap_or(0);
        self.arrays.iter().map(bytes).sum()
    }

    fn has_nulls(&self) -> bool {
        self.arrays.iter().any(|array| array.null_count() > 0)
    }

    fn describe(&self) -> String {
        self.described.clone()
    }
}
