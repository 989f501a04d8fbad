//! Looking after a cache's folder: what is in it, what goes, and the kernels that processes died in.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::Ordering;

use filbert_ir::KernelId;

use super::{Bounds, CLOCK_SECONDS_MAX, DIED, DiskStore, SUFFIX, file_name, now};
use crate::entry::{self, ENTRY_BYTES_MAX};
use crate::folder::TEMPORARY;
use crate::seal::{from_hex, hex};

const LOCK: &str = "lock";
/// A temporary file of this age has lost its writer, in seconds.
const TEMPORARY_SECONDS_MAX: i64 = 3600;
/// Names that are looked at, at most, by whoever removes.
const NAMES_MAX: usize = 1_000_000;
/// And in one folder, so that junk in one does not hide the others.
const NAMES_OF_SUB_MAX: usize = 65_536;

/// An entry as `filbert cache ls` shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Name of the file.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// Seconds since it was last used, roughly.
    pub age_seconds: u64,
    /// What is in it; nothing if it would be refused.
    pub content: Option<Content>,
}

/// What an entry says of itself.
#[derive(Clone, Debug)]
pub struct Content {
    /// The kernel's name.
    pub name: String,
    /// The kernel's id.
    pub kernel: KernelId,
    /// 16 bytes of the digest of its source, in hexadecimal digits; nothing if it had none.
    pub source: Option<String>,
    /// Fingerprint of the target.
    pub target: String,
    /// Name of the back end.
    pub backend: &'static str,
    /// Bytes of code.
    pub code_bytes: usize,
    /// Whether it is of this cache's tenant.
    pub is_ours: bool,
}

impl DiskStore {
    /// Removes temporary files without a writer, and, if the folder holds more than `bounds`, the entries that were
    /// used longest ago until 70 % are left. Returns how many files went; none if somebody else is at it.
    pub fn prune(&self, bounds: Bounds) -> io::Result<u64> {
        let lock_mode = if self.is_private { 0o600 } else { 0o666 };
        let Some(_lock) = self.files.try_lock(&self.folder, LOCK, lock_mode)? else { return Ok(0) };
        let (mut entries, mut bytes, mut removed) = (Vec::new(), 0, 0);
        let now = now();
        self.each_file(&mut |folder, name| {
            let is_temporary = is_temporary(name.as_bytes());
            let Ok(facts) = self.files.facts(folder, name) else { return };
            // Clocks of machines that share a folder differ a little. A file from further ahead is as old as any.
            let modified = if facts.modified > now + CLOCK_SECONDS_MAX { 0 } else { facts.modified };
            let is_dead = is_temporary && modified.saturating_add(TEMPORARY_SECONDS_MAX) < now;
            if is_dead || facts.bytes > ENTRY_BYTES_MAX as u64 {
                removed += u64::from(self.files.remove(folder, name).is_ok());
            } else if !is_temporary {
                bytes += facts.bytes;
                entries.push(((modified, facts.nanos), facts.bytes, name.to_os_string()));
            }
        })?;
        let mut count = entries.len() as u64;
        if bytes > bounds.bytes_max || count > bounds.entries_max {
            entries.sort_unstable();
            for (_, size, name) in entries {
                if bytes <= bounds.bytes_max / 10 * 7 && count <= bounds.entries_max / 10 * 7 {
                    break;
                }
                let sub = name.to_string_lossy()[..2].to_string();
                let Ok(folder) = self.files.open_sub(&self.folder, &sub) else { continue };
                if self.files.remove(&folder, &name).is_ok() {
                    (bytes, count, removed) = (bytes - size, count - 1, removed + 1);
                }
            }
        }
        self.counters.removed.fetch_add(removed, Ordering::Relaxed);
        Ok(removed)
    }

    /// Calls `with` for the entries and temporary files, in no order. What else is there is left alone.
    fn each_file(&self, with: &mut dyn FnMut(&OwnedFd, &OsStr)) -> io::Result<()> {
        let mut left = NAMES_MAX;
        for sub in self.files.list(&self.folder, left)? {
            // Of keys that were being made.
            if is_temporary(&sub.name) {
                with(&self.folder, OsStr::from_bytes(&sub.name));
            }
            let name = std::str::from_utf8(&sub.name).ok().filter(|name| is_sub(name));
            let Some(name) = name.filter(|_| sub.is_folder != Some(false)) else { continue };
            let Ok(folder) = self.files.open_sub(&self.folder, name) else { continue };
            let Ok(listed) = self.files.list(&folder, left.min(NAMES_OF_SUB_MAX)) else { continue };
            left = left.saturating_sub(listed.len());
            for file in listed {
                let is_ours = is_temporary(&file.name) || is_entry(&file.name, name);
                if is_ours && file.is_folder != Some(true) {
                    with(&folder, OsStr::from_bytes(&file.name));
                }
            }
        }
        Ok(())
    }

    /// Every entry, by file name, with what is in it.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut found = Vec::new();
        let now = now();
        self.each_file(&mut |folder, name| {
            let Some(file) = name.to_str().filter(|name| !is_temporary(name.as_bytes())) else { return };
            let Ok(facts) = self.files.facts(folder, name) else { return };
            found.push(Listed {
                file: file.to_string(),
                bytes: facts.bytes,
                age_seconds: u64::try_from(now.saturating_sub(facts.modified)).unwrap_or(0),
                content: self.content(folder, file),
            });
        })?;
        found.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(found)
    }

    /// What is in an entry that would be believed.
    fn content(&self, folder: &OwnedFd, name: &str) -> Option<Content> {
        let (file, stat) = self.files.open_file(folder, name, ENTRY_BYTES_MAX).ok()?;
        let bytes = self.files.read(&file, stat.st_size as usize).ok()?;
        let entry = entry::decode(&bytes, self.seal.kind())?;
        let key = entry.key_parts().filter(|_| file_name(entry.key) == name)?;
        self.seal.is_of(entry.seal, entry.sealed).then(|| Content {
            name: entry.name.to_string(),
            kernel: key.kernel,
            source: (entry.source != [0; 16]).then(|| hex(&entry.source)),
            target: key.target,
            backend: entry.backend.name(),
            code_bytes: entry.code.len(),
            is_ours: key.tenant == self.tenant,
        })
    }

    /// Removes the entries of which `which` says so; returns how many.
    pub fn remove_where(&self, which: impl Fn(&Listed) -> bool) -> io::Result<u64> {
        let mut removed = 0;
        for entry in self.list()?.iter().filter(|entry| which(entry)) {
            let folder = self.files.open_sub(&self.folder, &entry.file[..2])?;
            self.files.remove(&folder, OsStr::new(&entry.file))?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Kernels in whose code a process died.
    pub fn died(&self) -> io::Result<Vec<KernelId>> {
        let folder = match self.files.open_sub(&self.folder, DIED) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened?,
        };
        let names = self.files.list(&folder, NAMES_MAX)?;
        let ids = names.iter().filter_map(|listed| from_hex(std::str::from_utf8(&listed.name).ok()?));
        let mut ids: Vec<KernelId> = ids.map(KernelId).collect();
        ids.sort_unstable_by_key(|id| id.0);
        Ok(ids)
    }

    /// The folder of `note_death`, for `runtime::crash::mark`.
    pub fn deaths(&self) -> io::Result<OwnedFd> {
        self.files.make_sub(&self.folder, DIED, if self.is_private { 0o700 } else { 0o777 })?;
        self.files.open_sub(&self.folder, DIED)
    }

    /// Notes that a process died in this kernel's code: from now on, whoever has this cache interprets it.
    pub fn note_death(&self, kernel: &KernelId) -> io::Result<()> {
        let folder = self.deaths()?;
        match self.files.create(&folder, &kernel.to_string(), 0o600, &[]) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    /// Forgets all deaths; returns how many.
    pub fn forget_deaths(&self) -> io::Result<u64> {
        let died = self.died()?;
        for kernel in &died {
            let folder = self.files.open_sub(&self.folder, DIED)?;
            self.files.remove(&folder, OsStr::new(&kernel.to_string()))?;
        }
        Ok(died.len() as u64)
    }
}

fn is_temporary(name: &[u8]) -> bool {
    name.starts_with(TEMPORARY.as_bytes())
}

fn is_sub(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn is_entry(name: &[u8], sub: &str) -> bool {
    name.len() == 64 + SUFFIX.len() && name.starts_with(sub.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
}
