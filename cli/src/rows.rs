//! Result rows as text. Tables are for people; CSV and JSON for programs: a null is an empty field or `null`,
//! floats have all their digits, and nothing else is written. The plans of EXPLAIN are no table but text.

use datafusion::arrow::csv::WriterBuilder as CsvBuilder;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::WriterBuilder as JsonBuilder;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;
use filbert_ir::Code;

use crate::failure::{Failure, print};

/// How rows are written to standard output.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    Table,
    /// One line of names, then one for each row
    Csv,
    /// One JSON object for each row, each on its own line (NDJSON); NaN and infinities are null
    Json,
}

/// Writes rows to standard output, batch by batch where the format allows.
pub(crate) fn show(schema: &SchemaRef, batches: &[RecordBatch], format: Format) -> Result<(), Failure> {
    if schema.fields().is_empty() {
        return Ok(());
    }
    let wrong = |error: ArrowError| Failure::new(Code::Output, format!("cannot write the result: {error}"));
    let empty = [RecordBatch::new_empty(schema.clone())];
    let batches = if batches.is_empty() { &empty } else { batches };
    match format {
        Format::Table if is_plan(schema) => print(plans(batches).map_err(wrong)?),
        Format::Table => {
            let options = FormatOptions::default().with_null("null");
            print(format_args!("{}\n", pretty_format_batches_with_options(batches, &options).map_err(wrong)?))
        }
        Format::Csv => batches.iter().enumerate().try_for_each(|(i, batch)| {
            let mut text = Vec::new();
            CsvBuilder::new().with_header(i == 0).build(&mut text).write(batch).map_err(wrong)?;
            print(String::from_utf8_lossy(&text))
        }),
        Format::Json => batches.iter().try_for_each(|batch| {
            let mut text = Vec::new();
            let mut writer = JsonBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut text);
            writer.write(batch).and_then(|()| writer.finish()).map_err(wrong)?;
            drop(writer);
            print(String::from_utf8_lossy(&text))
        }),
    }
}

/// Whether these are the columns of EXPLAIN.
fn is_plan(schema: &SchemaRef) -> bool {
    schema.fields().iter().map(|field| field.name().as_str()).eq(["plan_type", "plan"])
}

/// Plans as the text that they are: in a table each line would be as wide as the longest.
fn plans(batches: &[RecordBatch]) -> Result<String, ArrowError> {
    let mut out = String::new();
    for batch in batches {
        let options = FormatOptions::default();
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            out.push_str(&format!("{}\n", cells.join(":\n").trim_end()));
        }
    }
    Ok(out)
}
