//! The folder of an executor's shuffle files: its own, and gone with it.
//!
//! A process that is killed leaves its folder behind. So each holds a lock on a file in there, which the system
//! gives up with the process, and the next executor that makes a folder beside it removes those that nobody
//! holds any more.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use datafusion::common::Result;
use filbert_ir::Code;
use tempfile::TempDir;

use crate::fault::refuse;

const PREFIX: &str = "filbert-executor-";

const LOCK: &str = "lock";

/// A folder this young may be about to get its lock.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder that is removed when this is dropped.
pub(crate) struct WorkDir {
    dir: TempDir,
    _lock: File,
}

impl WorkDir {
    /// Makes a fresh folder in `parent`, or in the system's place for temporary files.
    pub(crate) fn make(parent: Option<&Path>) -> Result<WorkDir> {
        let parent = place(parent);
        let cannot =
            |e: std::io::Error| refuse(Code::Output, format!("cannot make a folder in {}: {e}", parent.display()));
        fs::create_dir_all(&parent).map_err(cannot)?;
        remove_orphans(&parent);
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent).map_err(cannot)?;
        let lock = File::create(dir.path().join(LOCK)).map_err(cannot)?;
        lock.lock().map_err(cannot)?;
        Ok(WorkDir { dir, _lock: lock })
    }

    /// Whether a folder can be made.
    pub(crate) fn check(parent: Option<&Path>) -> Result<()> {
        WorkDir::make(parent).map(drop)
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

fn place(parent: Option<&Path>) -> PathBuf {
    parent.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// Removes the folders of executors that are gone.
fn remove_orphans(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours && is_orphan(&entry.path()) {
            match fs::remove_dir_all(entry.path()) {
                Ok(()) => tracing::info!("removed {}, whose executor is gone", entry.path().display()),
                Err(error) => tracing::warn!("cannot remove {}: {error}", entry.path().display()),
            }
        }
    }
}

fn is_orphan(dir: &Path) -> bool {
    let is_dir = fs::symlink_metadata(dir).is_ok_and(|metadata| metadata.is_dir());
    is_dir && is_old(dir) && File::open(dir.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Whether its lock has been there for a while: between making and locking it there is a moment.
fn is_old(dir: &Path) -> bool {
    let modified = fs::metadata(dir.join(LOCK)).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > YOUNG))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let parent = tempfile::tempdir().expect("a folder");
        let make = |name: &str, age: u64| {
            let dir = parent.path().join(name);
            fs::create_dir_all(dir.join("job/1")).expect("a folder");
            let lock = File::create(dir.join(LOCK)).expect("a file");
            lock.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("a time");
            (dir, lock)
        };
        let (dead, _) = make("filbert-executor-dead", 100);
        let (young, _) = make("filbert-executor-young", 1);
        let (other, _) = make("other", 100);
        let (living, lock) = make("filbert-executor-living", 100);
        lock.lock().expect("a lock");
        let own = WorkDir::make(Some(parent.path())).expect("a folder");
        assert!(!dead.exists() && young.exists() && other.exists() && living.exists());
        let path = own.path().to_path_buf();
        assert!(path.exists());
        drop(own);
        assert!(!path.exists());
    }

    #[test]
    fn a_place_that_is_no_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = WorkDir::check(Some(file.path())).expect_err("a file is no folder");
        assert!(error.to_string().contains("FB-0704"), "{error}");
    }
}
