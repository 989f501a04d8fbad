//! Processes that are killed at any point of reading, writing, removing and of making the folder's key: no entry is
//! worse for it, no key is blocked, no junk grows.
//!
//! 500 kills in a normal run, 10,000 with `FILBERT_LONG=1`.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use filbert_compiler::{Artifact, Target};
use filbert_ir::VerifiedKernel;
use filbert_ir::random::Rng;
use filbert_runtime::CodeStore;
use filbert_store::{DiskStore, Options};

use crate::support::{bounds, open, private};
use crate::tools::{distinct, normal_or_long, plain_command};

const FOLDER: &str = "FILBERT_TEST_FOLDER";
const ROLE: &str = "FILBERT_TEST_ROLE";
const ROLES: [&str; 4] = ["writer", "reader", "evictor", "opener"];
const KERNELS: usize = 24;

fn options(folder: &Path) -> Options {
    // So small that writers look through the folder, too.
    Options { bounds: bounds(1 << 20, 48), ..private(&folder.join("cache")) }
}

/// The kernels with their code, which a folder of the test's keeps from one process to the next.
fn made(folder: &Path) -> Vec<(VerifiedKernel, Artifact)> {
    let (target, known) = (Target::host(), open(&private(&folder.join("known"))));
    let make = |n| {
        let kernel = distinct(n);
        let artifact = known.find(&kernel, &target).unwrap_or_else(|| {
            let artifact = filbert_compiler::compile(&kernel, &target).unwrap();
            known.keep(&kernel, &target, &artifact);
            artifact
        });
        (kernel, artifact)
    };
    (0..KERNELS).map(make).collect()
}

#[test]
#[ignore = "a process of fault_53"]
fn one_that_is_killed() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let role = std::env::var(ROLE).unwrap();
    let (target, made) = (Target::host(), made(&folder));
    let mut rng = Rng::new(std::process::id().into());
    let store = open(&options(&folder));
    let opened = folder.join("opened");
    // From here on it may be killed.
    println!("begin");
    loop {
        let (kernel, artifact) = &made[rng.below(KERNELS)];
        match role.as_str() {
            "writer" => store.keep(kernel, &target, artifact),
            "reader" => {
                let found = store.find(kernel, &target);
                assert!(found.is_none_or(|found| found == *artifact));
            }
            "evictor" => drop(store.prune(bounds(0, rng.below(KERNELS) as u64)).unwrap()),
            _ => {
                let opened = private(&opened).open();
                assert!(opened.is_ok(), "{opened:?}");
                let _ = std::fs::remove_file(folder.join("opened/key"));
            }
        }
        let stats = store.stats();
        assert_eq!((stats.rejected, stats.failures), (0, 0), "{role}");
    }
}

fn start(role: &str, folder: &Path) -> Child {
    let mut command = plain_command("kills::one_that_is_killed");
    command.env(FOLDER, folder).env(ROLE, role).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Waits until a child does what it is there for.
fn await_begin(child: &mut Child) {
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"begin\n") {
        let count = child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
        assert!(count == 1, "a child ended before it began: {}", said_of(child));
        said.push(byte[0]);
    }
}

/// Kills a child, which must have been alive.
fn kill((role, mut child): (&str, Child)) {
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "{role}: {status}: {}", said_of(&mut child));
}

fn said_of(child: &mut Child) -> String {
    let mut said = String::new();
    child.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    said
}

/// Every file under a folder, and how many of them are temporary ones.
fn count(folder: &Path) -> (usize, usize) {
    let (mut files, mut temporary) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().is_ok_and(|ty| ty.is_dir()) {
            let (more, more_temporary) = count(&entry.path());
            (files, temporary) = (files + more, temporary + more_temporary);
        } else {
            files += 1;
            temporary += usize::from(entry.file_name().to_string_lossy().starts_with(".tmp-"));
        }
    }
    (files, temporary)
}

fn age_temporaries(folder: &Path) {
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            age_temporaries(&entry.path());
        } else if entry.file_name().to_string_lossy().starts_with(".tmp-") {
            std::fs::File::open(entry.path()).unwrap().set_modified(long_ago).unwrap();
        }
    }
}

/// Whether the folder is as good as new: what is there is right, and everything can be published and found.
fn inspect(folder: &Path, made: &[(VerifiedKernel, Artifact)]) -> (Arc<DiskStore>, usize) {
    let (target, store) = (Target::host(), open(&Options { bounds: bounds(1 << 30, 1000), ..options(folder) }));
    for (kernel, artifact) in made {
        assert!(store.find(kernel, &target).is_none_or(|found| found == *artifact));
    }
    for (kernel, artifact) in made {
        store.keep(kernel, &target, artifact);
        assert_eq!(store.find(kernel, &target).as_ref(), Some(artifact), "no key is blocked");
    }
    assert_eq!((store.stats().rejected, store.stats().failures), (0, 0));
    let temporary = count(&folder.join("cache")).1;
    age_temporaries(&folder.join("cache"));
    // Whoever looks through the folder must get the lock of one that was killed.
    let removed = store.prune(store.bounds()).unwrap();
    assert_eq!(removed as usize, temporary);
    // The entries, the key, the lock, the tag.
    assert_eq!(count(&folder.join("cache")), (KERNELS + 3, 0), "no junk is left");
    (store, temporary)
}

#[test]
fn fault_53_killed_writers_readers_and_evictors_leave_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = made(folder);
    let begun = std::time::Instant::now();
    let mut rng = Rng::new(53);
    let mut left = 0;
    let (kills, round) = (normal_or_long(500, 10_000), 100);
    for killed in (0..kills).step_by(round) {
        // Two are at work, whichever they are, while one is killed and another is on its way.
        let mut alive = std::collections::VecDeque::new();
        for n in 0..round + 2 {
            let role = rng.pick(&ROLES);
            let mut next = start(role, folder);
            await_begin(&mut next);
            alive.push_back((role, next));
            if n >= 2 {
                std::thread::sleep(Duration::from_micros(rng.below(5000) as u64));
                kill(alive.pop_front().unwrap());
            }
        }
        alive.into_iter().for_each(kill);
        left += inspect(folder, &made).1;
        // The folder whose key was made and lost opens, and what is left there goes, too.
        let opened = folder.join("opened");
        let store = open(&private(&opened));
        left += count(&opened).1;
        age_temporaries(&opened);
        store.prune(store.bounds()).unwrap();
        assert_eq!(count(&opened), (3, 0), "key, lock, tag; {killed} kills");
    }
    println!("{kills} kills, {left} temporary files left and removed, {:?}", begun.elapsed());
}
