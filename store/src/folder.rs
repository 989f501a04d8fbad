//! Whether a folder may hold the cache of this process, and whose keys are believed.
//!
//! A private folder is believed because of where it is: nobody but us and root could have put it there, or put
//! something in. A shared folder is not believed at all; its entries are, by their seals. Errors are sentences for
//! the log: what is wrong with which path.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode};

use crate::files::Files;
use crate::seal::{KeyText, hex};

/// Largest file that can be a key.
const KEY_FILE_BYTES_MAX: usize = 256;
const KEY: &str = "key";
const TAG: &str = "CACHEDIR.TAG";
/// See bford.info/cachedir.
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# Compiled kernels of filbert. It can be removed at \
any time.\n";

/// Write permission for group and others.
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// A name for a file that nobody else makes.
pub(crate) fn temporary_name() -> io::Result<String> {
    Ok(format!("{TEMPORARY}{}", hex(&random::<8>()?)))
}

/// How names of files begin that are being written.
pub(crate) const TEMPORARY: &str = ".tmp-";

/// From the system.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let count = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    if count == N { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Opens a folder that is ours alone, and makes it if it is not there.
pub(crate) fn open_private(files: &Files, path: &Path) -> Result<OwnedFd, String> {
    let path = std::path::absolute(path).map_err(|error| said(path, &error))?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(format!("{} is no folder for a cache", path.display()));
    };
    files.make_folders(parent).map_err(|error| said(parent, &error))?;
    // Links on the way are followed here, once; what they lead to is judged and used.
    let parent = parent.canonicalize().map_err(|error| said(parent, &error))?;
    for folder in parent.ancestors() {
        judge_parent(files, folder)?;
    }
    let path: PathBuf = parent.join(name);
    let folder = match files.open_folder(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            files.make_folders(&path).and_then(|()| files.open_folder(&path))
        }
        opened => opened,
    };
    let folder = folder.map_err(|error| match error.raw_os_error() {
        Some(code)
            if code == rustix::io::Errno::LOOP.raw_os_error() || code == rustix::io::Errno::NOTDIR.raw_os_error() =>
        {
            format!("{} is a symbolic link, or no folder", path.display())
        }
        _ => said(&path, &error),
    })?;
    let stat = files.stat(&folder).map_err(|error| said(&path, &error))?;
    let mode = Mode::from_raw_mode(stat.st_mode).bits();
    if stat.st_uid != euid() {
        return Err(format!(
            "{} belongs to user {}, not to user {} who runs this",
            path.display(),
            stat.st_uid,
            euid()
        ));
    }
    if mode & OTHERS_WRITE != 0 {
        return Err(format!("{} can be written by others (mode {:o}): chmod go-w", path.display(), mode & 0o7777));
    }
    // Who removes it from backups is welcome; nobody needs it.
    let _ = files.create(&folder, TAG, 0o600, &[TAG_TEXT.as_bytes()]);
    Ok(folder)
}

fn judge_parent(files: &Files, folder: &Path) -> Result<(), String> {
    let stat = files.stat_path(folder).map_err(|error| said(folder, &error))?;
    let mode = Mode::from_raw_mode(stat.st_mode).bits();
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Err(format!("{} is no folder any more", folder.display()));
    }
    if stat.st_uid != euid() && stat.st_uid != 0 {
        return Err(format!("{}, above the cache, belongs to user {}", folder.display(), stat.st_uid));
    }
    if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
        let mode = mode & 0o7777;
        return Err(format!("{}, above the cache, can be written by others (mode {mode:o})", folder.display()));
    }
    Ok(())
}

/// Opens a folder whose owner does not matter.
pub(crate) fn open_shared(files: &Files, path: &Path) -> Result<OwnedFd, String> {
    let found = path.canonicalize().map_err(|error| said(path, &error))?;
    files.open_folder(&found).map_err(|error| said(path, &error))
}

/// The secret of a private folder, made if there is none, or none that can be read as one.
pub(crate) fn own_key(files: &Files, folder: &OwnedFd) -> Result<KeyText, String> {
    let failed = |error: io::Error| format!("its key: {error}");
    match read_own_key(files, folder) {
        Ok(Some(key)) => return Ok(key),
        Ok(None) => files.remove(folder, OsStr::new(KEY)).map_err(failed)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        // Another file type, or too large.
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            files.remove(folder, OsStr::new(KEY)).map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    }
    let key = KeyText::Secret(random().map_err(failed)?);
    let temporary = temporary_name().map_err(failed)?;
    let made = files
        .create(folder, &temporary, 0o600, &[key.line().as_bytes()])
        .and_then(|()| files.link(folder, &temporary, KEY));
    let _ = files.remove(folder, OsStr::new(&temporary));
    match made {
        Ok(()) => Ok(key),
        // Somebody else was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let theirs = read_own_key(files, folder).map_err(failed)?;
            theirs.ok_or_else(|| "its key is not a secret of filbert".to_string())
        }
        Err(error) => Err(failed(error)),
    }
}

/// The key; nothing if the file holds none, or others may have seen or made it.
fn read_own_key(files: &Files, folder: &OwnedFd) -> io::Result<Option<KeyText>> {
    let (file, stat) = files.open_file(folder, KEY, KEY_FILE_BYTES_MAX)?;
    let is_ours = stat.st_uid == euid() && Mode::from_raw_mode(stat.st_mode).bits() & 0o077 == 0;
    let bytes = files.read(&file, stat.st_size as usize)?;
    let key = std::str::from_utf8(&bytes).ok().and_then(KeyText::parse);
    Ok(key.filter(|key| is_ours && matches!(key, KeyText::Secret(_))))
}

/// The key in a file that somebody named. It may be a symbolic link, as secrets that are mounted are.
pub fn read_key(path: &Path) -> Result<KeyText, String> {
    let open = || -> io::Result<(std::fs::Metadata, String)> {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let facts = file.metadata()?;
        let mut text = String::new();
        if facts.is_file() {
            file.take(KEY_FILE_BYTES_MAX as u64).read_to_string(&mut text)?;
        }
        Ok((facts, text))
    };
    let (facts, text) = open().map_err(|error| said(path, &error))?;
    if facts.uid() != euid() && facts.uid() != 0 {
        return Err(format!("the key {} belongs to user {}", path.display(), facts.uid()));
    }
    if facts.mode() & OTHERS_WRITE != 0 {
        return Err(format!("the key {} can be written by others: chmod go-w", path.display()));
    }
    let wrong = "holds no key: one line is wanted, as `filbert cache key` writes it";
    KeyText::parse(&text).ok_or_else(|| format!("{} {wrong}", path.display()))
}

fn euid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn said(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
