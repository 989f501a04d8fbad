//! Which files a path names, and how they become a table.
//!
//! A path is a file, a folder or a glob. The format follows from the ending of the file, of the glob, or of
//! the folder's files, which must agree. Mistakes are told at once, not by an empty table.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::SessionContext;
use filbert_ir::{Code, KernelError};
use futures::TryStreamExt;

use crate::error::external;

/// Folders below the named one that are looked at.
const FOLDER_DEPTH_MAX: usize = 8;

/// The files that `path` names, as one table. Reads only what the schema needs.
pub async fn open(context: &SessionContext, path: &str) -> Result<Arc<ListingTable>> {
    let ending = ending(path)?;
    let format = format(context, &ending).ok_or_else(|| unreadable(path, unknown_ending(&ending)))?;
    let options = ListingOptions::new(format).with_file_extension(format!(".{ending}"));
    let url = ListingTableUrl::parse(path).map_err(|e| unreadable(path, e.strip_backtrace()))?;
    let state = context.state();
    let store = state.runtime_env().object_store(&url)?;
    let suffix = format!(".{ending}");
    let mut found = url.list_all_files(&state, store.as_ref(), &suffix).await?;
    if found.try_next().await.map_err(|e| unreadable(path, e.strip_backtrace()))?.is_none() {
        return Err(unreadable(path, format!("no {suffix} file is there")));
    }
    drop(found);
    let config = ListingTableConfig::new(url).with_listing_options(options);
    let config = config.infer_schema(&state).await.map_err(|e| unreadable(path, e.strip_backtrace()))?;
    if config.file_schema.as_ref().is_none_or(|schema| schema.fields().is_empty()) {
        return Err(unreadable(path, format!("its .{ending} files have no columns")));
    }
    let table = ListingTable::try_new(config)?;
    let statistics = context.runtime_env().cache_manager.get_file_statistic_cache();
    Ok(Arc::new(table.with_cache(statistics)))
}

fn format(context: &SessionContext, ending: &str) -> Option<Arc<dyn FileFormat>> {
    let defaults = context.state().default_table_options();
    Some(match ending.to_lowercase().as_str() {
        "parquet" => Arc::new(ParquetFormat::default().with_options(defaults.parquet)),
        "csv" => Arc::new(CsvFormat::default().with_options(defaults.csv).with_has_header(true)),
        "json" | "ndjson" | "jsonl" => Arc::new(JsonFormat::default().with_options(defaults.json)),
        "arrow" | "feather" => Arc::new(ArrowFormat),
        _ => return None,
    })
}

fn known(ending: &str) -> bool {
    matches!(ending.to_lowercase().as_str(), "parquet" | "csv" | "json" | "ndjson" | "jsonl" | "arrow" | "feather")
}

fn unknown_ending(ending: &str) -> String {
    let what = if ending.is_empty() { "it has no ending".to_string() } else { format!(".{ending} is not known") };
    format!("{what}; files end in .parquet, .csv, .json, .ndjson, .jsonl, .arrow or .feather")
}

fn unreadable(path: &str, why: impl std::fmt::Display) -> DataFusionError {
    external(KernelError::new(Code::Input, format!("{path}: {why}")))
}

/// The ending that all files of the path have, as it is written there.
fn ending(path: &str) -> Result<String> {
    let last = Path::new(path).extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    if path.contains("://") {
        return Ok(last);
    }
    let place = Path::new(path);
    if place.is_dir() {
        return folder_ending(path, place);
    }
    if place.exists() || path.contains(['*', '?', '[']) {
        return if known(&last) { Ok(last) } else { Err(unreadable(path, unknown_ending(&last))) };
    }
    Err(unreadable(path, "no such file or folder"))
}

fn folder_ending(path: &str, folder: &Path) -> Result<String> {
    let mut endings = BTreeMap::new();
    count_endings(folder, FOLDER_DEPTH_MAX, &mut endings).map_err(|e| unreadable(path, e))?;
    let found: Vec<String> = endings.iter().map(|(ending, files)| format!("{files} .{ending}")).collect();
    match endings.into_keys().collect::<Vec<_>>().as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(unreadable(path, "the folder has no .parquet, .csv, .json or .arrow file")),
        _ => Err(unreadable(
            path,
            format!("the folder has files of several kinds ({}); name one: {path}/*.parquet", found.join(", ")),
        )),
    }
}

fn count_endings(folder: &Path, depth: usize, endings: &mut BTreeMap<String, usize>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            count_endings(&path, depth - 1, endings)?;
        } else if let Some(ending) = path.extension().and_then(|e| e.to_str()).filter(|e| known(e)) {
            *endings.entry(ending.to_string()).or_default() += 1;
        }
    }
    Ok(())
}
