//! Every touch of the file system, each at one place: relative to an open folder, never through a symbolic link,
//! never waiting for anybody. Tests make any of them fail (`Faults`).

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

/// What is about to be done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Op {
    OpenFolder,
    MakeFolder,
    Open,
    Stat,
    Read,
    Create,
    Write,
    Rename,
    Link,
    Remove,
    List,
    Lock,
    Touch,
}

/// Decides which operations fail. For tests.
pub trait Faults: Send + Sync {
    /// Called before each operation; an error is what the operation then gives.
    fn before(&self, op: Op) -> io::Result<()>;
}

/// The file system, or one that fails.
#[derive(Clone, Default)]
pub struct Files {
    faults: Option<Arc<dyn Faults>>,
}

/// One name in a folder.
pub(crate) struct Listed {
    pub(crate) name: Vec<u8>,
    /// Not every file system says.
    pub(crate) is_folder: Option<bool>,
}

/// Size and age of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) bytes: u64,
    /// Seconds since 1970.
    pub(crate) modified: i64,
    /// And so much more, as exactly as the file system knows it.
    pub(crate) nanos: u32,
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::RDONLY);

impl Files {
    /// A file system in which operations fail as told.
    pub fn with_faults(faults: Arc<dyn Faults>) -> Files {
        Files { faults: Some(faults) }
    }

    fn before(&self, op: Op) -> io::Result<()> {
        self.faults.as_ref().map_or(Ok(()), |faults| faults.before(op))
    }

    /// Opens a folder; its last name must not be a symbolic link.
    pub(crate) fn open_folder(&self, path: &Path) -> io::Result<OwnedFd> {
        self.before(Op::OpenFolder)?;
        Ok(fs::open(path, FOLDER, Mode::empty())?)
    }

    /// Opens a folder in a folder.
    pub(crate) fn open_sub(&self, folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
        self.before(Op::OpenFolder)?;
        Ok(fs::openat(folder, name, FOLDER, Mode::empty())?)
    }

    /// Makes a folder in a folder, if it is not there.
    pub(crate) fn make_sub(&self, folder: &OwnedFd, name: &str, mode: u32) -> io::Result<()> {
        self.before(Op::MakeFolder)?;
        match fs::mkdirat(folder, name, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a folder and those above it that are missing, for their owner alone.
    pub(crate) fn make_folders(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        self.before(Op::MakeFolder)?;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// What an open file or folder is.
    pub(crate) fn stat(&self, file: impl AsFd) -> io::Result<Stat> {
        self.before(Op::Stat)?;
        Ok(fs::fstat(file)?)
    }

    /// What a path is; of a symbolic link, itself.
    pub(crate) fn stat_path(&self, path: &Path) -> io::Result<Stat> {
        self.before(Op::Stat)?;
        Ok(fs::lstat(path)?)
    }

    /// What a name in a folder is.
    pub(crate) fn facts(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<Facts> {
        self.before(Op::Stat)?;
        let stat = fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Facts { bytes: stat.st_size as u64, modified: stat.st_mtime as i64, nanos: stat.st_mtime_nsec as u32 })
    }

    /// Opens a regular file of at most so many bytes for reading, and says what it is. `InvalidData` for all that is
    /// not such a file; nothing waits, not even for the other end of a FIFO.
    pub(crate) fn open_file(&self, folder: &OwnedFd, name: &str, bytes_max: usize) -> io::Result<(OwnedFd, Stat)> {
        self.before(Op::Open)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = fs::openat(folder, name, flags, Mode::empty()).map_err(|error| match error {
            // A symbolic link, a device without a driver, a socket.
            Errno::LOOP | Errno::NXIO | Errno::NODEV => io::ErrorKind::InvalidData.into(),
            error => io::Error::from(error),
        })?;
        let stat = self.stat(&file)?;
        let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !is_regular || stat.st_size < 0 || stat.st_size as u64 > bytes_max as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok((file, stat))
    }

    /// Reads an open file of `bytes` bytes, once. `InvalidData` if it has fewer or more.
    pub(crate) fn read(&self, file: &OwnedFd, bytes: usize) -> io::Result<Vec<u8>> {
        // One more, to see the end.
        let mut buffer = vec![0; bytes + 1];
        let mut filled = 0;
        while filled < buffer.len() {
            self.before(Op::Read)?;
            match rustix::io::read(file, &mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if filled != bytes {
            return Err(io::ErrorKind::InvalidData.into());
        }
        buffer.truncate(filled);
        Ok(buffer)
    }

    /// Makes a file that was not there, and writes all of it.
    pub(crate) fn create(&self, folder: &OwnedFd, name: &str, mode: u32, bytes: &[&[u8]]) -> io::Result<()> {
        self.before(Op::Create)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(folder, name, flags, Mode::from_raw_mode(mode))?;
        for part in bytes {
            let mut rest = *part;
            while !rest.is_empty() {
                self.before(Op::Write)?;
                match rustix::io::write(&file, rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => rest = &rest[count..],
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Gives a file another name, whose file it replaces.
    pub(crate) fn rename(&self, folder: &OwnedFd, from: &str, to: &str) -> io::Result<()> {
        self.before(Op::Rename)?;
        Ok(fs::renameat(folder, from, folder, to)?)
    }

    /// Gives a file a second name that nobody has: `AlreadyExists` if somebody has.
    pub(crate) fn link(&self, folder: &OwnedFd, from: &str, to: &str) -> io::Result<()> {
        self.before(Op::Link)?;
        Ok(fs::linkat(folder, from, folder, to, AtFlags::empty())?)
    }

    /// Removes a file; one that is not there is no error.
    pub(crate) fn remove(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.before(Op::Remove)?;
        match fs::unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an empty folder, if it is one.
    pub(crate) fn remove_sub(&self, folder: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.before(Op::Remove)?;
        Ok(fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
    }

    /// At most so many names of a folder, in no order.
    pub(crate) fn list(&self, folder: &OwnedFd, names_max: usize) -> io::Result<Vec<Listed>> {
        self.before(Op::List)?;
        let mut listed = Vec::new();
        for entry in fs::Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let ty = entry.file_type();
                let is_folder = (ty != FileType::Unknown).then_some(ty == FileType::Directory);
                listed.push(Listed { name: name.to_vec(), is_folder });
            }
            if listed.len() >= names_max {
                break;
            }
        }
        Ok(listed)
    }

    /// Opens a file, makes it if need be, and locks it without waiting; nothing if another process has the lock.
    /// The lock goes with what is returned.
    pub(crate) fn try_lock(&self, folder: &OwnedFd, name: &str, mode: u32) -> io::Result<Option<OwnedFd>> {
        self.before(Op::Lock)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = fs::openat(folder, name, flags, Mode::from_raw_mode(mode))?;
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets the time of modification to now.
    pub(crate) fn touch(&self, file: &OwnedFd) -> io::Result<()> {
        self.before(Op::Touch)?;
        let now = Timespec { tv_sec: 0, tv_nsec: fs::UTIME_NOW as _ };
        Ok(fs::futimens(file, &Timestamps { last_access: now, last_modification: now })?)
    }
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
