//! Where machine code comes from: somebody who has it from before (`CodeStore`: a folder, a bundle), or the
//! compiler, whose code the stores are then offered.
//!
//! A store may be slow, wrong or broken, and nothing comes of it but a compile: its panics are caught, and now and
//! then what it gave is compiled anyway and compared (`set_stored_per_check`).

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Instant;

use filbert_compiler::{Artifact, CompileError, Target};
use filbert_ir::{KernelId, VerifiedKernel};

use crate::stats::{Counters, count};

/// Machine code that outlives a cache, or was made before there was one. Methods are called from any thread, also in
/// a forked child of the process that made the store.
pub trait CodeStore: Send + Sync {
    /// The code of a kernel for a target, if it is there and beyond doubt: it will be executed. Code for a target
    /// that uses less of the same machine will do.
    fn find(&self, kernel: &VerifiedKernel, target: &Target) -> Option<Artifact>;

    /// Takes note of what was compiled.
    fn keep(&self, kernel: &VerifiedKernel, target: &Target, artifact: &Artifact);

    /// What it gave for this kernel and the target with this fingerprint was wrong; it shall not give it again.
    fn reject(&self, kernel: &KernelId, target: &str);

    /// Whether a process died in this kernel's machine code. Such a kernel is interpreted.
    fn has_died(&self, kernel: &KernelId) -> bool;

    /// What it counted so far, by name, for metrics.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// What compiles: the compiler, or a test's stand-in.
pub(crate) type CompileFn = fn(&VerifiedKernel, &Target) -> Result<Artifact, CompileError>;

/// One artifact in so many from stores is compared with what the compiler makes, unless somebody says otherwise.
const STORED_PER_CHECK: u64 = 64;

/// What `set_stored_per_check` said last.
static PER_CHECK: AtomicU64 = AtomicU64::new(STORED_PER_CHECK);

/// From now on one artifact in so many that stores give to this process is compared with what the compiler makes; with
/// 0, none. It is 64 else. Which ones is a matter of chance.
pub fn set_stored_per_check(stored_per_check: u64) {
    PER_CHECK.store(stored_per_check, Ordering::Relaxed);
}

/// Makes artifacts. Clones share everything.
#[derive(Clone)]
pub(crate) struct Maker {
    compile: CompileFn,
    stores: Stores,
    /// Nothing: that of the process.
    stored_per_check: Option<u64>,
    /// Where the count of those that are compared begins, so that short processes do not all compare their first.
    phase: u64,
    counters: Arc<Counters>,
}

/// An artifact, and what is still to be done with it.
pub(crate) struct Made {
    pub(crate) artifact: Artifact,
    /// It was compiled here, and not found.
    pub(crate) is_new: bool,
}

#[derive(Clone)]
enum Stores {
    /// Those of the process.
    Process,
    Own(Arc<[Arc<dyn CodeStore>]>),
}

static PROCESS: Mutex<Vec<Arc<dyn CodeStore>>> = Mutex::new(Vec::new());

/// Looks at a lock that is held before it is given up. Its owner may be gone, in a forked child.
const PATIENCE: usize = 1000;

/// Adds a store for all kernels that this process loads from now on. It is asked behind those that are there.
pub fn add_store(store: Arc<dyn CodeStore>) {
    with_process_stores(|stores| stores.push(store));
}

/// What the stores of this process counted so far, by name.
pub fn store_counters() -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    for store in Stores::Process.list() {
        for (name, count) in contained(|| store.counters()).unwrap_or_default() {
            *sums.entry(name).or_default() += count;
        }
    }
    sums
}

fn with_process_stores<T>(with: impl FnOnce(&mut Vec<Arc<dyn CodeStore>>) -> T) -> Option<T> {
    for _ in 0..PATIENCE {
        match PROCESS.try_lock() {
            Ok(mut stores) => return Some(with(&mut stores)),
            Err(TryLockError::Poisoned(poisoned)) => return Some(with(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

impl Maker {
    pub(crate) fn new(compile: CompileFn, counters: Arc<Counters>) -> Maker {
        let phase = RandomState::new().hash_one(0) >> 32;
        Maker { compile, stores: Stores::Own(Arc::new([])), stored_per_check: None, phase, counters }
    }

    /// The same with the process's stores.
    pub(crate) fn with_process_stores(self) -> Maker {
        Maker { stores: Stores::Process, ..self }
    }

    /// The same with one store more, of its own.
    pub(crate) fn with_store(self, store: Arc<dyn CodeStore>) -> Maker {
        let stores = self.stores.list().into_iter().chain([store]).collect();
        Maker { stores: Stores::Own(stores), ..self }
    }

    /// The same, but one artifact of so many from stores is compared with the compiler's; with 0, none.
    pub(crate) fn with_stored_per_check(self, stored_per_check: u64) -> Maker {
        Maker { stored_per_check: Some(stored_per_check), ..self }
    }

    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Whether a store knows that a process died in this kernel's code.
    pub(crate) fn has_died(&self, kernel: &VerifiedKernel) -> bool {
        self.stores.list().iter().any(|store| contained(|| store.has_died(&kernel.id())).unwrap_or(false))
    }

    /// Code for this target, from a store or the compiler.
    pub(crate) fn make(&self, kernel: &VerifiedKernel, target: &Target) -> Result<Made, CompileError> {
        let stores = self.stores.list();
        let found = stores.iter().find_map(|store| {
            let artifact = contained(|| store.find(kernel, target)).flatten()?;
            Some((store, artifact)).filter(|(_, artifact)| artifact.kernel == kernel.id())
        });
        let Some((store, artifact)) = found else {
            if !stores.is_empty() {
                count(&self.counters.store_misses);
            }
            return Ok(Made { artifact: self.compile(kernel, target)?, is_new: true });
        };
        let hits = self.phase + self.counters.store_hits.fetch_add(1, Ordering::Relaxed);
        let per_check = self.stored_per_check.unwrap_or_else(|| PER_CHECK.load(Ordering::Relaxed));
        // Code for less of the machine is right without being the same.
        let is_same_target = artifact.target == *target.fingerprint();
        if is_same_target && per_check != 0 && hits.is_multiple_of(per_check) {
            count(&self.counters.store_checks);
            match self.compile(kernel, target) {
                Ok(made) if made != artifact => {
                    count(&self.counters.store_differences);
                    tracing::warn!(
                        kernel = kernel.name(), id = %kernel.id(),
                        "its code from the cache is not what the compiler makes: compiled anew"
                    );
                    contained(|| store.reject(&kernel.id(), target.fingerprint()));
                    return Ok(Made { artifact: made, is_new: true });
                }
                _ => {}
            }
        }
        Ok(Made { artifact, is_new: false })
    }

    /// Tells all stores that code was found to be wrong.
    pub(crate) fn reject(&self, kernel: &KernelId, target: &str) {
        for store in self.stores.list() {
            contained(|| store.reject(kernel, target));
        }
    }

    /// Offers code that was compiled here to the stores. Code that is scalar because of a defect is not worth it.
    pub(crate) fn keep(&self, kernel: &VerifiedKernel, target: &Target, made: &Made) {
        if made.is_new && made.artifact.defect.is_none() {
            for store in self.stores.list() {
                contained(|| store.keep(kernel, target, &made.artifact));
            }
        }
    }

    fn compile(&self, kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        let started = Instant::now();
        let result = (self.compile)(kernel, target);
        add_nanos(&self.counters.compile_nanos, started);
        result
    }
}

fn add_nanos(counter: &AtomicU64, since: Instant) {
    counter.fetch_add(since.elapsed().as_nanos() as u64, Ordering::Relaxed);
}

// A store's panic is caught where it happens, and stores keep nothing half changed that others rely on.
impl std::panic::UnwindSafe for Maker {}
impl std::panic::RefUnwindSafe for Maker {}

/// What a store says; nothing if it panics.
fn contained<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).inspect_err(|_| tracing::warn!("the store of compiled code panicked")).ok()
}

impl Stores {
    /// A copy; empty where the list cannot be had.
    fn list(&self) -> Vec<Arc<dyn CodeStore>> {
        match self {
            Stores::Own(stores) => stores.to_vec(),
            Stores::Process => with_process_stores(|stores| stores.clone()).unwrap_or_default(),
        }
    }
}
