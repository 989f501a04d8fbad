//! Result files that are whole or absent.
//!
//! Rows go to a file beside the wanted one, which is renamed when the last row is in (see `commit`): a job that
//! fails at row one million leaves nothing that looks like a result, and a file that was there before stays as
//! it was.

use std::collections::HashMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::json::{Writer, WriterBuilder};
use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::csv::CsvFormatFactory;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::datasource::file_format::{FileFormatFactory, format_as_file_type};
use datafusion::logical_expr::LogicalPlanBuilder;
use filbert_ir::{Code, KernelError};

use crate::commit::{Partial, Staged};
use crate::error::{external, find_kernel_error};
use crate::runner;

/// Formats that results are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Format {
    Parquet,
    Csv,
    Json,
}

impl Format {
    /// The format that the path's ending says.
    pub fn of_path(path: &str) -> Result<Format> {
        match Path::new(path).extension().and_then(|e| e.to_str()).map(str::to_lowercase).as_deref() {
            Some("parquet") => Ok(Format::Parquet),
            Some("csv") => Ok(Format::Csv),
            Some("json" | "ndjson" | "jsonl") => Ok(Format::Json),
            _ => Err(refused(path, "its name must end in .parquet, .csv or .json")),
        }
    }
}

/// Runs the query and writes its rows as one file. Returns the number of rows.
pub async fn write(dataframe: DataFrame, path: &str, format: Format) -> Result<u64> {
    let target = Path::new(path);
    if target.is_dir() {
        return Err(refused(path, "it is a folder; name a file in it"));
    }
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(refused(path, format!("there is no folder {}", folder.display())));
    }
    let written = match format {
        Format::Parquet => copy(dataframe, path, Arc::new(ParquetFormatFactory::new())).await,
        Format::Csv => copy(dataframe, path, Arc::new(CsvFormatFactory::new())).await,
        Format::Json => write_json(dataframe, path).await,
    };
    written.map_err(|error| failed(path, error))
}

/// The engine's own writer.
async fn copy(dataframe: DataFrame, path: &str, format: Arc<dyn FileFormatFactory>) -> Result<u64> {
    let (state, plan) = dataframe.into_parts();
    let file = format_as_file_type(format);
    let options = HashMap::from([("single_file_output".to_string(), "true".to_string())]);
    let plan = LogicalPlanBuilder::copy_to(plan, path.to_string(), file, options, Vec::new())?.build()?;
    let answer = runner::collect(DataFrame::new(state, plan)).await?;
    Ok(answer.iter().map(Staged::rows).sum())
}

/// One object a line. The engine's own writer leaves null fields out, so that a line's keys depend on its values.
async fn write_json(dataframe: DataFrame, path: &str) -> Result<u64> {
    let begin = || {
        let place = Partial::beside(Path::new(path));
        let file = BufWriter::new(fs::File::create(&place.path).map_err(|error| refused(path, error))?);
        let writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(file);
        Ok(Lines { place, writer, rows: 0 })
    };
    let lines = runner::run(dataframe, begin, |lines: &mut Lines, batch| {
        lines.rows += batch.num_rows() as u64;
        Ok(lines.writer.write(&batch)?)
    });
    let Lines { place, mut writer, rows } = lines.await?;
    writer.finish()?;
    writer.into_inner().flush()?;
    fs::rename(&place.path, path).map_err(|error| refused(path, error))?;
    Ok(rows)
}

/// A file of lines that is being written.
struct Lines {
    place: Partial,
    writer: Writer<BufWriter<fs::File>, LineDelimited>,
    rows: u64,
}

fn refused(path: &str, why: impl ToString) -> DataFusionError {
    external(KernelError::new(Code::Output, format!("cannot write {path}: {}", why.to_string())))
}

/// A failing row is the kernel's business and keeps its own message.
fn failed(path: &str, error: DataFusionError) -> DataFusionError {
    if find_kernel_error(&error).is_some() { error } else { error.context(format!("writing {path}")) }
}
