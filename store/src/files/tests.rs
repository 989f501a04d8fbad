//! Each touch of the file system, on a real one.
#![allow(clippy::unwrap_used)]

use std::io::ErrorKind;
use std::sync::Mutex;

use super::*;

fn folder() -> (tempfile::TempDir, Files, OwnedFd) {
    let (dir, files) = (tempfile::tempdir().unwrap(), Files::default());
    let folder = files.open_folder(dir.path()).unwrap();
    (dir, files, folder)
}

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("it must fail").kind()
}

#[test]
fn a_file_is_made_once_renamed_and_read_once() {
    let (dir, files, folder) = folder();
    files.create(&folder, "new", 0o600, &[b"some ", b"", b"bytes"]).unwrap();
    assert_eq!(kind(files.create(&folder, "new", 0o600, &[b"other"])), ErrorKind::AlreadyExists);
    files.rename(&folder, "new", "name").unwrap();
    let (file, stat) = files.open_file(&folder, "name", 10).unwrap();
    assert_eq!((stat.st_size, stat.st_mode & 0o777), (10, 0o600));
    assert_eq!(files.read(&file, 10).unwrap(), b"some bytes");
    // Read at its end: it has fewer bytes than it should.
    assert_eq!(kind(files.read(&file, 10)), ErrorKind::InvalidData);
    for bytes in [0, 9, 11] {
        let (file, _) = files.open_file(&folder, "name", 10).unwrap();
        assert_eq!(kind(files.read(&file, bytes)), ErrorKind::InvalidData, "{bytes}");
    }
    assert_eq!(kind(files.open_file(&folder, "name", 9)), ErrorKind::InvalidData, "too large");
    assert_eq!(kind(files.open_file(&folder, "none", 9)), ErrorKind::NotFound);
    files.link(&folder, "name", "second").unwrap();
    assert_eq!(kind(files.link(&folder, "name", "second")), ErrorKind::AlreadyExists);
    files.remove(&folder, OsStr::new("name")).unwrap();
    files.remove(&folder, OsStr::new("name")).unwrap();
    assert_eq!(std::fs::read(dir.path().join("second")).unwrap(), b"some bytes");
}

#[test]
fn links_folders_and_fifos_are_no_files_and_links_no_folders() {
    let (dir, files, folder) = folder();
    files.make_sub(&folder, "sub", 0o700).unwrap();
    files.make_sub(&folder, "sub", 0o700).unwrap();
    std::os::unix::fs::symlink("sub", dir.path().join("link")).unwrap();
    fs::mknodat(&folder, "fifo", FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    for name in ["sub", "link", "fifo"] {
        assert_eq!(kind(files.open_file(&folder, name, 100)), ErrorKind::InvalidData, "{name}");
    }
    assert!(files.open_sub(&folder, "sub").is_ok());
    for name in ["link", "fifo", "none"] {
        assert!(files.open_sub(&folder, name).is_err(), "{name}");
    }
    assert!(files.open_folder(&dir.path().join("link")).is_err());
    assert!(files.create(&folder, "link", 0o600, &[]).is_err());
    assert_eq!(kind(files.remove(&folder, OsStr::new("sub"))), ErrorKind::IsADirectory);
    files.remove_sub(&folder, OsStr::new("sub")).unwrap();
}

#[test]
fn names_are_listed_up_to_a_number() {
    let (_dir, files, folder) = folder();
    files.make_sub(&folder, "sub", 0o700).unwrap();
    for name in ["a", "b", ".c"] {
        files.create(&folder, name, 0o600, &[]).unwrap();
    }
    let mut names: Vec<_> = files.list(&folder, 100).unwrap().into_iter().map(|l| (l.name, l.is_folder)).collect();
    names.sort();
    let wanted: [(&[u8], bool); 4] = [(b".c", false), (b"a", false), (b"b", false), (b"sub", true)];
    assert_eq!(names, wanted.map(|(name, is_folder)| (name.to_vec(), Some(is_folder))));
    assert_eq!(files.list(&folder, 2).unwrap().len(), 2);
}

#[test]
fn a_lock_is_for_one_and_nobody_waits() {
    let (dir, files, folder) = folder();
    let other = files.open_folder(dir.path()).unwrap();
    let lock = files.try_lock(&folder, "lock", 0o600).unwrap();
    assert!(lock.is_some() && files.try_lock(&other, "lock", 0o600).unwrap().is_none());
    drop(lock);
    assert!(files.try_lock(&other, "lock", 0o600).unwrap().is_some());
}

#[test]
fn a_touch_sets_the_time_to_now() {
    let (dir, files, folder) = folder();
    files.create(&folder, "a", 0o600, &[b"x"]).unwrap();
    std::fs::File::open(dir.path().join("a")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(files.facts(&folder, OsStr::new("a")).unwrap().modified, 0);
    let (file, _) = files.open_file(&folder, "a", 1).unwrap();
    files.touch(&file).unwrap();
    let facts = files.facts(&folder, OsStr::new("a")).unwrap();
    assert!(facts.modified > 1_700_000_000 && facts.bytes == 1);
}

/// Takes note of operations, and fails one kind of them.
struct Noted(Mutex<Vec<Op>>, Option<Op>);

impl Faults for Noted {
    fn before(&self, op: Op) -> io::Result<()> {
        self.0.lock().unwrap().push(op);
        if self.1 == Some(op) { Err(Errno::NOSPC.into()) } else { Ok(()) }
    }
}

#[test]
fn every_operation_can_be_made_to_fail() {
    let dir = tempfile::tempdir().unwrap();
    let all = |fail: Option<Op>| {
        let noted = Arc::new(Noted(Mutex::default(), fail));
        let files = Files::with_faults(noted.clone());
        let real = Files::default().open_folder(dir.path()).unwrap();
        let name = OsStr::new("a");
        let mut failed = 0;
        let mut note = |is_ok: bool| failed += usize::from(!is_ok);
        note(files.open_folder(dir.path()).is_ok());
        note(files.make_folders(dir.path()).is_ok());
        note(files.make_sub(&real, "sub", 0o700).is_ok());
        note(files.open_sub(&real, "sub").is_ok());
        note(files.create(&real, "a", 0o600, &[b"x"]).is_ok());
        note(files.stat_path(dir.path()).is_ok());
        note(files.open_file(&real, "a", 1).and_then(|(file, _)| files.read(&file, 1)).is_ok());
        note(files.open_file(&real, "a", 1).and_then(|(file, _)| files.touch(&file)).is_ok());
        note(files.facts(&real, name).is_ok());
        note(files.rename(&real, "a", "b").is_ok());
        note(files.link(&real, "b", "a").is_ok());
        note(files.list(&real, 9).is_ok());
        note(files.try_lock(&real, "lock", 0o600).is_ok());
        note(files.remove(&real, name).is_ok());
        note(files.remove_sub(&real, OsStr::new("sub")).is_ok());
        for left in ["a", "b"] {
            let _ = std::fs::remove_file(dir.path().join(left));
        }
        let ops = noted.0.lock().unwrap().clone();
        (failed, ops)
    };
    let (failed, ops) = all(None);
    assert_eq!(failed, 0);
    let every = [
        Op::OpenFolder,
        Op::MakeFolder,
        Op::Open,
        Op::Stat,
        Op::Read,
        Op::Create,
        Op::Write,
        Op::Rename,
        Op::Link,
        Op::Remove,
        Op::List,
        Op::Lock,
        Op::Touch,
    ];
    for op in every {
        assert!(ops.contains(&op), "{op:?}");
        assert!(all(Some(op)).0 > 0, "{op:?} does not fail");
    }
}
