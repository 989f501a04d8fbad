//! The cache on disk: finds, publishes and removes entries in one folder, as docs/cache-format.md says.
//!
//! It keeps nothing in memory but the open folder, the key and counters, holds no lock that another thread or
//! process could wait for, and starts no thread. So it works on in a forked child, and whoever is killed leaves at
//! most a temporary file. Every failure is a miss or an entry less, and is counted; the first is logged. What keeps
//! the folder in order, and shows it, is in `upkeep`.

mod upkeep;

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use filbert_compiler::{Artifact, Target};
use filbert_ir::{KernelId, VerifiedKernel};
use filbert_runtime::CodeStore;

use crate::entry::{self, ENTRY_BYTES_MAX, Key};
use crate::files::Files;
use crate::folder::{TEMPORARY, temporary_name};
use crate::seal::Seal;

/// Names of entries end so.
const SUFFIX: &str = ".fbc";
const DIED: &str = "died";
/// A file may be so much newer than now, in seconds.
const CLOCK_SECONDS_MAX: i64 = 3600;
/// A use that is noted holds so long, in seconds.
const USE_SECONDS: i64 = 3600;
/// One publication in so many looks through the folder.
const PUBLISHED_PER_SWEEP: u64 = 64;

pub use upkeep::{Content, Listed};

/// What a folder may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Bytes of all entries.
    pub bytes_max: u64,
    /// Number of entries.
    pub entries_max: u64,
}

impl Default for Bounds {
    /// 512 MiB, 65,536 entries.
    fn default() -> Bounds {
        Bounds { bytes_max: 512 << 20, entries_max: 65_536 }
    }
}

/// What a store did so far in this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StoreStats {
    /// Entries that were found and beyond doubt.
    pub hits: u64,
    /// Entries that were not there.
    pub misses: u64,
    /// Entries that were there, and were not believed.
    pub rejected: u64,
    /// Entries that were written.
    pub published: u64,
    /// Operations that failed: a full disk, no permission, a folder that went away.
    pub failures: u64,
    /// Entries and temporary files that were removed to stay within bounds.
    pub removed: u64,
}

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    rejected: AtomicU64,
    published: AtomicU64,
    published_bytes: AtomicU64,
    failures: AtomicU64,
    removed: AtomicU64,
}

/// A cache folder.
pub struct DiskStore {
    files: Files,
    path: PathBuf,
    folder: OwnedFd,
    seal: Seal,
    /// The folder is ours alone: what is wrong in it is removed.
    is_private: bool,
    tenant: [u8; 32],
    bounds: Bounds,
    counters: Counters,
    /// The log has a line about what is wrong here; the rest is counted.
    has_warned: AtomicBool,
}

/// Why an entry is not given out.
enum Doubt {
    /// It is not there.
    Missing,
    /// It is not what it should be.
    Wrong,
    Failed(io::Error),
}

impl From<io::Error> for Doubt {
    fn from(error: io::Error) -> Doubt {
        match error.kind() {
            ErrorKind::NotFound => Doubt::Missing,
            ErrorKind::InvalidData => Doubt::Wrong,
            // A file that another machine has replaced, on a file system of the network.
            _ if error.raw_os_error() == Some(rustix::io::Errno::STALE.raw_os_error()) => Doubt::Missing,
            _ => Doubt::Failed(error),
        }
    }
}

impl DiskStore {
    pub(crate) fn new(files: Files, path: &Path, folder: OwnedFd, seal: Seal, is_private: bool) -> DiskStore {
        DiskStore {
            files,
            path: path.to_path_buf(),
            folder,
            seal,
            is_private,
            tenant: [0; 32],
            bounds: Bounds::default(),
            counters: Counters::default(),
            has_warned: AtomicBool::new(false),
        }
    }

    pub(crate) fn with_tenant(self, tenant: Option<&str>) -> DiskStore {
        let tenant = tenant.map_or([0; 32], |name| *blake3::hash(name.as_bytes()).as_bytes());
        DiskStore { tenant, ..self }
    }

    pub(crate) fn with_bounds(self, bounds: Bounds) -> DiskStore {
        DiskStore { bounds, ..self }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it publishes what was compiled, or only reads.
    pub fn is_writer(&self) -> bool {
        self.seal.can_seal()
    }

    /// What it may hold.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// What it did in this process.
    pub fn stats(&self) -> StoreStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreStats {
            hits: read(&self.counters.hits),
            misses: read(&self.counters.misses),
            rejected: read(&self.counters.rejected),
            published: read(&self.counters.published),
            failures: read(&self.counters.failures),
            removed: read(&self.counters.removed),
        }
    }

    fn key(&self, kernel: &KernelId, target: &str) -> Key {
        Key { tenant: self.tenant, kernel: *kernel, target: target.to_string() }
    }

    fn read(&self, key: &Key, kernel: &VerifiedKernel) -> Result<Artifact, Doubt> {
        let key_bytes = key.bytes();
        let name = file_name(&key_bytes);
        let folder = self.files.open_sub(&self.folder, &name[..2])?;
        let read = || {
            let (file, stat) = self.files.open_file(&folder, &name, ENTRY_BYTES_MAX)?;
            let bytes = self.files.read(&file, stat.st_size as usize)?;
            let artifact = self.judge(&bytes, &key_bytes, kernel, &key.target).ok_or(Doubt::Wrong)?;
            let age = now().saturating_sub(stat.st_mtime);
            if self.is_writer() && !(-CLOCK_SECONDS_MAX..=USE_SECONDS).contains(&age) {
                // Only what is removed first depends on it.
                let _ = self.files.touch(&file);
            }
            Ok(artifact)
        };
        let result = read();
        if matches!(result, Err(Doubt::Wrong)) && self.is_private {
            self.remove(&folder, OsStr::new(&name));
        }
        result
    }

    /// The artifact of a file's bytes, if they are beyond doubt.
    fn judge(&self, bytes: &[u8], key: &[u8], kernel: &VerifiedKernel, target: &str) -> Option<Artifact> {
        let entry = entry::decode(bytes, self.seal.kind()).filter(|entry| entry.key == key)?;
        self.seal.is_of(entry.seal, entry.sealed).then(|| entry.artifact(kernel, target))?
    }

    /// What would become of these bytes, were they in the file of this kernel and target. For tests.
    #[doc(hidden)]
    pub fn would_give(&self, bytes: &[u8], kernel: &VerifiedKernel, target: &Target) -> Option<Artifact> {
        let key = self.key(&kernel.id(), target.fingerprint());
        self.judge(bytes, &key.bytes(), kernel, &key.target)
    }

    /// The file of this kernel and target.
    pub fn file_of(&self, kernel: &KernelId, target: &Target) -> PathBuf {
        let name = file_name(&self.key(kernel, target.fingerprint()).bytes());
        self.path.join(&name[..2]).join(name)
    }

    fn remove(&self, folder: &OwnedFd, name: &OsStr) {
        let removed = match self.files.remove(folder, name) {
            // A folder where a file should be; one with something in it stays.
            Err(error) if error.kind() == ErrorKind::IsADirectory => self.files.remove_sub(folder, name),
            other => other,
        };
        if let Err(error) = removed {
            self.failed("removing an entry", &error);
        }
    }

    fn publish(&self, key: &Key, kernel: &VerifiedKernel, artifact: &Artifact) -> io::Result<()> {
        let encoded = entry::encode(key, kernel, artifact, self.seal.kind());
        let sealed = encoded.and_then(|bytes| Some((self.seal.seal(&bytes)?, bytes)));
        let Some((seal, bytes)) = sealed else { return Ok(()) };
        let name = file_name(&key.bytes());
        let sub = &name[..2];
        let (folder_mode, mode) = if self.is_private { (0o700, 0o600) } else { (0o777, 0o644) };
        let folder = match self.files.open_sub(&self.folder, sub) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.files.make_sub(&self.folder, sub, folder_mode)?;
                self.files.open_sub(&self.folder, sub)
            }
            opened => opened,
        }?;
        let temporary = temporary_name()?;
        let written = self
            .files
            .create(&folder, &temporary, mode, &[&bytes, &seal])
            .and_then(|()| self.files.rename(&folder, &temporary, &name));
        if let Err(error) = written {
            let _ = self.files.remove(&folder, OsStr::new(&temporary));
            return Err(error);
        }
        let count = self.counters.published.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = (bytes.len() + seal.len()) as u64;
        let published = self.counters.published_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Of many short processes one in 256 looks through the folder, by chance.
        let is_drawn = temporary[TEMPORARY.len()..].starts_with("00");
        let is_due =
            published > self.bounds.bytes_max / 16 || count.is_multiple_of((self.bounds.entries_max / 16).max(1));
        if is_drawn || is_due || count.is_multiple_of(PUBLISHED_PER_SWEEP) {
            self.counters.published_bytes.store(0, Ordering::Relaxed);
            if let Err(error) = self.prune(self.bounds) {
                self.failed("looking through the folder", &error);
            }
        }
        Ok(())
    }

    fn failed(&self, what: &str, error: &io::Error) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            let path = self.path.display();
            tracing::warn!("the kernel cache in {path}, {what}: {error}; kernels are compiled where it does not help");
        }
    }
}

impl CodeStore for DiskStore {
    fn find(&self, kernel: &VerifiedKernel, target: &Target) -> Option<Artifact> {
        let key = self.key(&kernel.id(), target.fingerprint());
        let counters = &self.counters;
        let (counter, found) = match self.read(&key, kernel) {
            Ok(artifact) => (&counters.hits, Some(artifact)),
            Err(Doubt::Missing) => (&counters.misses, None),
            Err(Doubt::Wrong) => {
                if !self.has_warned.swap(true, Ordering::Relaxed) {
                    let (name, path) = (kernel.name(), self.path.display());
                    tracing::warn!(
                        kernel = name,
                        "an entry of the kernel cache in {path} is damaged or foreign: not used"
                    );
                }
                (&counters.rejected, None)
            }
            Err(Doubt::Failed(error)) => {
                self.failed("reading", &error);
                (&counters.misses, None)
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn keep(&self, kernel: &VerifiedKernel, target: &Target, artifact: &Artifact) {
        if !self.is_writer() {
            return;
        }
        let key = self.key(&kernel.id(), target.fingerprint());
        if let Err(error) = self.publish(&key, kernel, artifact) {
            self.failed("publishing", &error);
        }
    }

    fn reject(&self, kernel: &KernelId, target: &str) {
        let name = file_name(&self.key(kernel, target).bytes());
        if let Ok(folder) = self.files.open_sub(&self.folder, &name[..2])
            && self.is_writer()
        {
            self.remove(&folder, OsStr::new(&name));
        }
    }

    fn has_died(&self, kernel: &KernelId) -> bool {
        self.files.facts(&self.folder, OsStr::new(&format!("{DIED}/{kernel}"))).is_ok()
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let StoreStats { hits: _, misses: _, rejected, published, failures, removed } = self.stats();
        vec![
            ("disk_rejected", rejected),
            ("disk_published", published),
            ("disk_failed", failures),
            ("disk_removed", removed),
        ]
    }
}

impl fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel cache in {}", self.path.display())
    }
}

/// The name of a key's file.
fn file_name(key: &[u8]) -> String {
    format!("{}{SUFFIX}", blake3::hash(key).to_hex())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}
