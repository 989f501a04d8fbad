//! Each operation of the cache on the file system fails in turn, with each error that a file system has, once and
//! for good: kernels are right all the same, and when it is over the folder is as good as before.
//!
//! `FILBERT_LONG=1` fails every operation; the normal run one in five of them, others for each error.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use filbert_compiler::Target;
use filbert_ir::random::Rng;
use filbert_runtime::{CodeStore, Engine};
use filbert_store::files::{Faults, Files, Op};
use filbert_store::{DiskStore, Options};
use rustix::io::Errno;

use crate::support::{files, open, private};
use crate::tools::{Log, distinct, is_distinct, is_long_run, normal_or_long, outcome, patient, plain_command};

const FOLDER: &str = "FILBERT_TEST_FOLDER";
const ERRORS: [Errno; 6] = [Errno::NOSPC, Errno::IO, Errno::ROFS, Errno::ACCESS, Errno::NOENT, Errno::STALE];

/// Fails operations: the `first`th, those behind it if it is for good, or by chance.
struct Failing {
    count: AtomicU64,
    first: u64,
    is_for_good: bool,
    /// In so many of a hundred.
    chance: usize,
    error: Errno,
}

impl Failing {
    fn at(first: u64, error: Errno, is_for_good: bool) -> Failing {
        Failing { count: AtomicU64::new(0), first, is_for_good, chance: 0, error }
    }

    fn files(self) -> (Files, Arc<Failing>) {
        let failing = Arc::new(self);
        (Files::with_faults(failing.clone()), failing)
    }
}

impl Faults for Failing {
    fn before(&self, _: Op) -> io::Result<()> {
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let is_drawn = self.chance > 0 && Rng::new(self.first ^ (n << 20)).chance(self.chance);
        if n == self.first || (self.is_for_good && n > self.first) || is_drawn {
            return Err(self.error.into());
        }
        Ok(())
    }
}

/// What a job does with a store, or without.
fn job(store: Option<Arc<DiskStore>>, kernels: std::ops::Range<usize>) {
    let cache = patient(1 << 20);
    let cache = match &store {
        Some(store) => cache.with_store(store.clone()),
        None => cache,
    };
    for n in kernels {
        let loaded = cache.load(&distinct(n), Engine::Native);
        assert!(loaded.engine() == Engine::Native && is_distinct(&loaded, n));
    }
}

/// Opens the cache, if it can be opened, and uses all of it, two processes one after the other. Returns how many
/// caches were opened. What a user asked for (to list, to clean) may fail, and say so.
fn session(options: &Options) -> usize {
    let target = Target::host();
    let mut opened = 0;
    for from in [0, 1] {
        // The sentence that says why not is `use_from_env`'s to log.
        let store = options.open().map(|store| Arc::new(store.unwrap()));
        let Ok(store) = store else {
            job(None, from..from + 2);
            continue;
        };
        opened += 1;
        let ((), warnings) = Log::of(|| {
            job(Some(store.clone()), from..from + 2);
            let _ = store.note_death(&distinct(90).id());
            let _ = store.died();
            let _ = store.forget_deaths();
            let _ = store.list();
            let _ = store.prune(store.bounds());
            store.reject(&distinct(from).id(), target.fingerprint());
            job(Some(store.clone()), from..from + 2);
            let _ = store.remove_where(|entry| entry.bytes % 2 == 0);
        });
        assert!(warnings.len() <= 1, "{warnings:?}");
        assert!(!warnings.iter().any(|warning| warning.contains("panicked")), "{warnings:?}");
        assert_eq!(store.stats().rejected, 0, "what fails to be written is not there");
    }
    opened
}

/// The temporary files of a folder: those of entries and those of its key.
fn temporaries(path: &Path) -> impl Iterator<Item = PathBuf> {
    let own = std::fs::read_dir(path).unwrap().flatten().map(|entry| entry.path());
    let is_temporary = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().starts_with(".tmp-");
    files(path).into_iter().chain(own).filter(is_temporary)
}

/// What a session without faults must find, whatever was before: a folder that takes and gives.
fn works_again(path: &Path) {
    let store = open(&private(path));
    let ((), warnings) = Log::of(|| {
        job(Some(store.clone()), 0..3);
        let cache = patient(1 << 20).with_store(store.clone());
        (0..3).for_each(|n| assert!(is_distinct(&cache.load(&distinct(n), Engine::Native), n)));
        assert_eq!((cache.stats().compiles, cache.stats().store_hits), (0, 3));
    });
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!((store.stats().rejected, store.stats().failures), (0, 0));
    assert_eq!(store.list().unwrap().iter().filter(|entry| entry.content.is_none()).count(), 0);
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    for file in temporaries(path) {
        std::fs::File::open(&file).unwrap().set_modified(long_ago).unwrap();
    }
    store.prune(store.bounds()).unwrap();
    assert!(!temporaries(path).any(|file| file.exists()), "no temporary file is left");
}

#[test]
fn fault_51_every_operation_fails_in_turn_and_jobs_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = |name: &str| Options { files: Files::default(), ..private(&folder.path().join(name)) };
    let (files, counted) = Failing::at(u64::MAX, Errno::IO, false).files();
    assert_eq!(session(&Options { files, ..fresh("counted") }), 2);
    let operations = counted.count.load(Ordering::Relaxed);
    assert!(operations > 60, "a session has {operations} operations");
    let (mut sessions, mut without) = (0, 0);
    for (e, error) in ERRORS.into_iter().enumerate() {
        for is_for_good in [false, true] {
            for n in 0..operations {
                let turn = 2 * e as u64 + u64::from(is_for_good);
                if !is_long_run() && !(n + turn).is_multiple_of(5) {
                    continue;
                }
                let options = fresh(&format!("{e}-{is_for_good}-{n}"));
                let (files, failing) = Failing::at(n, error, is_for_good).files();
                let opened = session(&Options { files, ..options.clone() });
                assert!(failing.count.load(Ordering::Relaxed) > n);
                (sessions, without) = (sessions + 1, without + usize::from(opened == 0));
                works_again(options.folder.as_deref().unwrap());
                std::fs::remove_dir_all(options.folder.unwrap()).unwrap();
            }
        }
    }
    println!("{operations} operations, {sessions} sessions, {without} of them without a cache");
}

#[test]
fn fault_51_operations_that_fail_by_chance_cost_only_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(51);
    for round in 0..normal_or_long(60, 5_000) {
        let options = private(&folder.path().join("cache"));
        let failing =
            Failing { chance: [2, 10, 50][round % 3], ..Failing::at(rng.next_u64(), rng.pick(&ERRORS), false) };
        session(&Options { files: failing.files().0, ..options.clone() });
        works_again(options.folder.as_deref().unwrap());
    }
}

/// Changes an entry's file just before its bytes are read, or just after.
struct Swapping {
    file: PathBuf,
    other: Vec<u8>,
    reads: AtomicU64,
    at: u64,
}

impl Faults for Swapping {
    fn before(&self, op: Op) -> io::Result<()> {
        if op == Op::Read && self.reads.fetch_add(1, Ordering::Relaxed) == self.at {
            // In place: whoever has the file open sees it.
            use std::os::unix::fs::FileExt;
            let file = std::fs::OpenOptions::new().write(true).open(&self.file)?;
            file.write_all_at(&self.other, 0)?;
        }
        Ok(())
    }
}

#[test]
fn fault_06_a_file_that_changes_under_its_reader_is_refused_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(&folder.path().join("cache"));
    let store = open(&options);
    let (kernel, other, target) = (distinct(1), distinct(2), Target::host());
    let artifact = filbert_compiler::compile(&kernel, &target).unwrap();
    store.keep(&kernel, &target, &artifact);
    store.keep(&other, &target, &filbert_compiler::compile(&other, &target).unwrap());
    let file = store.file_of(&kernel.id(), &target);
    let good = std::fs::read(&file).unwrap();
    // Good code of another kernel, and the same code with one bit changed.
    let mut foreign = std::fs::read(store.file_of(&other.id(), &target)).unwrap();
    foreign.truncate(good.len());
    let mut flipped = good.clone();
    let last = flipped.len() - 40;
    flipped[last] ^= 1;
    for other in [foreign, flipped] {
        // A new process reads its key first, and sees that file's end. Then come the entry and its end.
        for (at, is_found) in [(2, false), (3, true)] {
            std::fs::write(&file, &good).unwrap();
            let swapping = Swapping { file: file.clone(), other: other.clone(), reads: AtomicU64::new(0), at };
            let swapping = Arc::new(swapping);
            let store = open(&Options { files: Files::with_faults(swapping.clone()), ..options.clone() });
            let found = store.find(&kernel, &target);
            assert!(swapping.reads.load(Ordering::Relaxed) > at);
            let is_right = found.as_ref() == is_found.then_some(&artifact);
            assert!(is_right, "the bytes that were checked are those that run: read {at}");
            assert_eq!(store.stats().rejected, u64::from(!is_found));
            assert_ne!(std::fs::read(&file).unwrap_or_default(), good);
        }
    }
    // It grows, or shrinks, while it is read.
    for len in [0, good.len() as u64 / 2, good.len() as u64 + 1, 1 << 20] {
        std::fs::write(&file, &good).unwrap();
        struct Sizing(PathBuf, u64, AtomicU64);
        impl Faults for Sizing {
            fn before(&self, op: Op) -> io::Result<()> {
                if op == Op::Read && self.2.fetch_add(1, Ordering::Relaxed) == 2 {
                    std::fs::OpenOptions::new().write(true).open(&self.0)?.set_len(self.1)?;
                }
                Ok(())
            }
        }
        let sizing = Arc::new(Sizing(file.clone(), len, AtomicU64::new(0)));
        let store = open(&Options { files: Files::with_faults(sizing), ..options.clone() });
        assert_eq!((store.find(&kernel, &target), store.stats().rejected), (None, 1), "{len} bytes");
    }
}

#[test]
fn fault_54_a_stale_handle_is_a_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(&folder.path().join("cache"));
    job(Some(open(&options)), 0..1);
    struct Stale;
    impl Faults for Stale {
        fn before(&self, op: Op) -> io::Result<()> {
            if op == Op::Open { Err(Errno::STALE.into()) } else { Ok(()) }
        }
    }
    // The key is read before.
    let key = std::fs::read_to_string(folder.path().join("cache/key")).unwrap();
    std::fs::write(folder.path().join("secret"), key).unwrap();
    let shared = Options {
        mode: filbert_store::Mode::Keyed,
        key: Some(folder.path().join("secret")),
        files: Files::with_faults(Arc::new(Stale)),
        ..options
    };
    let store = open(&shared);
    let ((), warnings) = Log::of(|| job(Some(store.clone()), 0..1));
    assert_eq!((warnings.len(), store.stats().misses, store.stats().failures), (0, 1, 0));
}

#[test]
fn fault_55_no_result_and_no_entry_depends_on_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let options = private(&path);
    job(Some(open(&options)), 0..10);
    let now = std::time::SystemTime::now();
    let (day, years) = (std::time::Duration::from_secs(86_400), std::time::Duration::from_secs(40 * 31_557_600));
    let times = [now - day, now + day, now + years, std::time::UNIX_EPOCH, std::time::UNIX_EPOCH - day];
    for time in times {
        for file in files(&path) {
            std::fs::File::open(file).unwrap().set_modified(time).unwrap();
        }
        let store = open(&options);
        assert!(store.list().unwrap().iter().all(|entry| entry.content.is_some()));
        assert_eq!(store.prune(store.bounds()).unwrap(), 0);
        job(Some(store.clone()), 0..10);
        assert_eq!((store.stats().hits, store.stats().failures), (10, 0));
        let is_now = |file: &Path| file.metadata().unwrap().modified().unwrap().duration_since(now - day / 2).is_ok();
        assert!(files(&path).iter().all(|file| is_now(file)), "a use is noted");
        assert!(store.list().unwrap().iter().all(|entry| entry.age_seconds < 3600));
    }
    // A writer whose clock is a little ahead keeps its temporary file; one from tomorrow is nobody's.
    let sub = files(&path)[0].parent().unwrap().to_path_buf();
    let (soon, tomorrow) = (sub.join(".tmp-0123456789abcdef"), sub.join(".tmp-0123456789abcdee"));
    for (path, ahead) in [(&soon, day / 100), (&tomorrow, day)] {
        std::fs::write(path, "half").unwrap();
        std::fs::File::open(path).unwrap().set_modified(now + ahead).unwrap();
    }
    let store = open(&options);
    store.prune(store.bounds()).unwrap();
    assert!(soon.exists() && !tomorrow.exists());
}

#[test]
fn fault_41_refused_code_memory_leaves_the_cache_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let options = private(folder.path());
    job(Some(open(&options)), 0..5);
    let before: Vec<_> = files(folder.path()).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(before.len(), 5);
    let mut command = plain_command("faults::one_without_code_memory");
    command.env(FOLDER, folder.path()).env(filbert_runtime::code_memory::REFUSE_VARIABLE, "refuse");
    outcome(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), "a job without code memory");
    let after: Vec<_> = files(folder.path()).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(before == after);
    let store = open(&options);
    job(Some(store.clone()), 0..5);
    assert_eq!(store.stats().hits, 5);
}

#[test]
#[ignore = "a process of fault_41"]
fn one_without_code_memory() {
    let store = open(&private(Path::new(&std::env::var_os(FOLDER).unwrap())));
    let cache = patient(1 << 20).with_store(store.clone());
    for n in 0..10 {
        let loaded = cache.load(&distinct(n), Engine::Native);
        assert!(loaded.engine() == Engine::Interp && is_distinct(&loaded, n));
    }
    assert_eq!((store.stats().rejected, store.stats().failures), (0, 0));
}
