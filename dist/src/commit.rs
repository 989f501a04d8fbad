//! A COPY whose target holds the whole result or nothing of it.
//!
//! The rows go to a place beside the target that no other attempt knows, and whoever asked for the job, not
//! the executors, renames it when the last row is in. A writer that was given up and wakes later finds its own
//! attempt's place and harms nobody. Renaming is what file systems do at once, so a target with another scheme
//! than `file` is refused, and so is a folder that has files already: they could not be changed at once.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::{Array, UInt64Array};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::dml::CopyTo;
use filbert_ir::{Code, KernelError};

use crate::error::external;

/// What one attempt writes, until it is committed. Dropped before, it is removed.
pub(crate) struct Staged {
    place: Partial,
    target: PathBuf,
    is_folder: bool,
}

impl Staged {
    /// The query with its COPY, if it is one, led to a place of its own. That place is made here: a missing
    /// permission is told before the work.
    pub(crate) fn of(frame: DataFrame) -> Result<(DataFrame, Option<Staged>)> {
        let (state, plan) = frame.into_parts();
        let (plan, staged) = match plan {
            LogicalPlan::Copy(copy) => {
                let (copy, staged) = stage(copy)?;
                (LogicalPlan::Copy(copy), Some(staged))
            }
            // EXPLAIN ANALYZE runs what it explains.
            LogicalPlan::Analyze(mut analyze) => match Arc::unwrap_or_clone(analyze.input) {
                LogicalPlan::Copy(copy) => {
                    let (copy, staged) = stage(copy)?;
                    analyze.input = Arc::new(LogicalPlan::Copy(copy));
                    (LogicalPlan::Analyze(analyze), Some(staged))
                }
                input => {
                    analyze.input = Arc::new(input);
                    (LogicalPlan::Analyze(analyze), None)
                }
            },
            other => (other, None),
        };
        Ok((DataFrame::new(state, plan), staged))
    }

    /// The rows that a batch of the engine's answer to COPY counts.
    pub(crate) fn rows(answer: &RecordBatch) -> u64 {
        let counts = answer.columns().first().and_then(|column| column.as_any().downcast_ref::<UInt64Array>());
        counts.map_or(0, |counts| counts.values().iter().sum())
    }

    /// Makes what was written the target, at once.
    pub(crate) fn commit(self, written: u64) -> Result<()> {
        let (place, target) = (&self.place.path, &self.target);
        if written > 0 && is_empty(place, self.is_folder) {
            let detail = format!(
                "{written} rows were written to {}, but not on this machine: executors on other machines need a file \
                 system that they share with this one",
                place.display()
            );
            return Err(refused(target, detail));
        }
        fs::rename(place, target).map_err(|error| refused(target, error))
    }
}

fn is_empty(place: &Path, is_folder: bool) -> bool {
    match is_folder {
        true => fs::read_dir(place).map_or(true, |mut files| files.next().is_none()),
        false => fs::metadata(place).map_or(true, |file| file.len() == 0),
    }
}

/// The COPY to a place beside its target.
fn stage(mut copy: CopyTo) -> Result<(CopyTo, Staged)> {
    let wanted = copy.output_url.clone();
    let url = ListingTableUrl::parse(&wanted)?;
    if url.scheme() != "file" {
        let detail =
            format!("a {} store cannot take a result at once; write to a file system and move it there", url.scheme());
        return Err(refused(Path::new(&wanted), detail));
    }
    if url.get_glob().is_some() {
        return Err(refused(Path::new(&wanted), "it is a pattern; name a file or a folder"));
    }
    let is_folder = is_folder(&copy, &url);
    let target = url.get_url().to_file_path().map_err(|()| refused(Path::new(&wanted), "it names no file here"))?;
    // `components` drops the separator at the end.
    let target: PathBuf = target.components().collect();
    check(&target, is_folder)?;
    let place = Partial::beside(&target);
    let made = match target.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    };
    let made = made.and_then(|()| match is_folder {
        true => fs::create_dir(&place.path),
        false => fs::File::create(&place.path).map(drop),
    });
    made.map_err(|error| refused(&target, error))?;
    copy.output_url = place_url(&url, &place.path, is_folder)?;
    copy.options.insert("single_file_output".into(), (!is_folder).to_string());
    Ok((copy, Staged { place, target, is_folder }))
}

/// What the engine would make of the target: a file, or a folder of files.
fn is_folder(copy: &CopyTo, url: &ListingTableUrl) -> bool {
    match copy.options.get("single_file_output").map(|value| value.trim()) {
        _ if !copy.partition_by.is_empty() => true,
        Some("true") => false,
        Some("false") => true,
        _ => url.is_collection() || url.file_extension().is_none(),
    }
}

fn check(target: &Path, is_folder: bool) -> Result<()> {
    match (is_folder, fs::metadata(target)) {
        (_, Err(_)) => Ok(()),
        (false, Ok(found)) if found.is_dir() => Err(refused(target, "it is a folder; name a file in it")),
        (false, Ok(_)) => Ok(()),
        (true, Ok(found)) if !found.is_dir() => Err(refused(target, "it is a file; name a folder")),
        (true, Ok(_)) if is_empty(target, true) => Ok(()),
        (true, Ok(_)) => {
            Err(refused(target, "the folder has files already, which cannot be replaced at once; name a new folder"))
        }
    }
}

/// As a URL, whose special characters no engine takes for a pattern.
fn place_url(url: &ListingTableUrl, place: &Path, is_folder: bool) -> Result<String> {
    let mut place_url = url.get_url().clone();
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match place_url.path_segments_mut() {
        Ok(mut segments) => {
            segments.pop_if_empty().pop().push(&name);
            if is_folder {
                segments.push("");
            }
        }
        Err(()) => return Err(refused(place, "it names no file here")),
    }
    Ok(place_url.into())
}

fn refused(target: &Path, why: impl ToString) -> DataFusionError {
    external(KernelError::new(Code::Output, format!("cannot write {}: {}", target.display(), why.to_string())))
}

/// A file or folder that is removed unless it is renamed first.
pub(crate) struct Partial {
    pub(crate) path: PathBuf,
}

impl Partial {
    /// A place beside the target that nobody else names, in this process or in another.
    pub(crate) fn beside(target: &Path) -> Partial {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // The hasher's keys are random: two machines that share the folder may have the same process number.
        let unique = RandomState::new().hash_one((std::process::id(), number));
        Partial { path: target.with_file_name(format!(".{name}.{unique:016x}.partial")) }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already after a rename; nothing can be done here about any other reason.
        if fs::remove_file(&self.path).is_err() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
