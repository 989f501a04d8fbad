//! Result files that are whole or absent.
//!
//! Rows go to a file beside the wanted one, which is renamed when the last row is in: a job that fails at row
//! one million leaves nothing that looks like a result, and a file that was there before stays as it was.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::{Array, UInt64Array};
use datafusion::arrow::json::WriterBuilder;
use datafusion::arrow::json::writer::LineDelimited;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::{DataFrame, DataFrameWriteOptions};
use filbert_ir::{Code, KernelError};
use futures::StreamExt;

use crate::error::{external, find_kernel_error};

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
    let partial = Partial::beside(target);
    // The engine makes the file when the first rows arrive, which may be after minutes of work, and makes
    // none for no rows at all. Making it here tests the permission before the work.
    fs::File::create(&partial.path).map_err(|e| refused(path, e))?;
    let rows = write_rows(dataframe, &partial.path, format).await.map_err(|e| failed(path, e))?;
    fs::rename(&partial.path, target).map_err(|e| refused(path, e))?;
    Ok(rows)
}

async fn write_rows(dataframe: DataFrame, path: &Path, format: Format) -> Result<u64> {
    let name = path.to_string_lossy();
    let options = DataFrameWriteOptions::new().with_single_file_output(true);
    let answer = match format {
        Format::Parquet => dataframe.write_parquet(&name, options, None).await?,
        Format::Csv => dataframe.write_csv(&name, options, None).await?,
        Format::Json => return write_json(dataframe, path).await,
    };
    Ok(rows(&answer))
}

/// One object a line. The engine's own writer leaves null fields out, so that a line's keys depend on its values.
async fn write_json(dataframe: DataFrame, path: &Path) -> Result<u64> {
    let mut batches = dataframe.execute_stream().await?;
    let file = BufWriter::new(fs::File::create(path)?);
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(file);
    let mut rows = 0;
    while let Some(batch) = batches.next().await.transpose()? {
        writer.write(&batch)?;
        rows += batch.num_rows() as u64;
    }
    writer.finish()?;
    writer.into_inner().flush()?;
    Ok(rows)
}

/// The engine answers a write with one column, the number of rows.
fn rows(answer: &[RecordBatch]) -> u64 {
    let counts = answer.iter().filter_map(|batch| batch.column(0).as_any().downcast_ref::<UInt64Array>());
    counts.map(|counts| counts.values().iter().sum::<u64>()).sum()
}

fn refused(path: &str, why: impl ToString) -> DataFusionError {
    external(KernelError::new(Code::Output, format!("cannot write {path}: {}", why.to_string())))
}

/// A failing row is the kernel's business and keeps its own message.
fn failed(path: &str, error: DataFusionError) -> DataFusionError {
    if find_kernel_error(&error).is_some() { error } else { error.context(format!("writing {path}")) }
}

/// A file that is removed unless it is renamed first.
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn beside(target: &Path) -> Partial {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Partial { path: target.with_file_name(format!(".{name}.{}-{number}.partial", std::process::id())) }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already after a rename; nothing can be done here about any other reason.
        let _ = fs::remove_file(&self.path);
    }
}
