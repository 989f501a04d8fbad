//! Counters for the line on standard error, for metrics and for `filbert doctor`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a kernel cache did so far, and what it holds now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CacheStats {
    /// Loads that found code, or waited for another thread's compile of it.
    pub hits: u64,
    /// Loads that found nothing in memory.
    pub misses: u64,
    /// Compiles that gave code.
    pub compiles: u64,
    /// Time spent in the compiler, where it gave no code included.
    pub compile_time: Duration,
    /// Bytes of code pages and tables held now.
    pub code_bytes: u64,
    /// Kernels with code held now.
    pub entries: u64,
    /// Kernels whose code was given up to stay within the bound.
    pub evictions: u64,
    /// Loads that ended in the interpreter, by wish or by need.
    pub interpreted: u64,
    /// Compiles that gave no code: refused, failed, or over the budget.
    pub refusals: u64,
    /// Compiles in which the vector back end failed, so that there is scalar code: defects.
    pub vector_defects: u64,
    /// Compiles of code beside that of a loaded kernel (for sums, for arguments of one value, scalar beside vectors)
    /// in which the compiler failed, so that the kernel runs slower without: defects.
    pub form_defects: u64,
    /// Artifacts that a store (the cache on disk, a bundle) had, the code beside that of a loaded kernel included.
    pub store_hits: u64,
    /// Artifacts that no store had, where there are stores.
    pub store_misses: u64,
    /// Artifacts from stores that were compiled anyway, to compare them.
    pub store_checks: u64,
    /// Those of them that were not what the compiler makes: defects, or somebody's work.
    pub store_differences: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) compiles: AtomicU64,
    pub(crate) compile_nanos: AtomicU64,
    pub(crate) evictions: AtomicU64,
    pub(crate) interpreted: AtomicU64,
    pub(crate) refusals: AtomicU64,
    pub(crate) vector_defects: AtomicU64,
    pub(crate) form_defects: AtomicU64,
    pub(crate) store_hits: AtomicU64,
    pub(crate) store_misses: AtomicU64,
    pub(crate) store_checks: AtomicU64,
    pub(crate) store_differences: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn snapshot(&self) -> CacheStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheStats {
            hits: read(&self.hits),
            misses: read(&self.misses),
            compiles: read(&self.compiles),
            compile_time: Duration::from_nanos(read(&self.compile_nanos)),
            evictions: read(&self.evictions),
            interpreted: read(&self.interpreted),
            refusals: read(&self.refusals),
            vector_defects: read(&self.vector_defects),
            form_defects: read(&self.form_defects),
            store_hits: read(&self.store_hits),
            store_misses: read(&self.store_misses),
            store_checks: read(&self.store_checks),
            store_differences: read(&self.store_differences),
            code_bytes: 0,
            entries: 0,
        }
    }
}
