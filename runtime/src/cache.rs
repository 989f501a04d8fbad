//! The kernel cache: code by kernel and target, in memory, shared by the whole process. What it has not, stores
//! may have (`maker`): folders, bundles.
//!
//! * Single flight: of many threads that want the same kernel, one compiles and the others wait for it.
//! * Bounded by bytes; the least recently loaded kernel goes first. Code that runs stays mapped: whoever
//!   runs it holds a handle, and the pages go with the last one.
//! * What cannot be compiled is remembered: for good if the reason lasts, for a while if it may pass.
//! * A kernel whose code was wrong is interpreted for good; that is remembered outside the bound.
//! * A panic under a lock costs the entries of that shard, never more.
//! * A forked child starts with an empty cache: it must not wait for a lock whose owner it lacks.

use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use filbert_compiler::Target;
use filbert_ir::{KernelId, VerifiedKernel};

use crate::engine::Engine;
use crate::kept::Kept;
use crate::ladder::{self, LoadedCode, Mapped, Refusal, Report};
use crate::loaded::LoadedKernel;
use crate::maker::{CodeStore, CompileFn, Maker};
use crate::quarantine::Quarantine;
use crate::stats::{CacheStats, Counters, count};

/// Bytes of code and tables that the process's cache keeps at most.
pub const CACHE_BYTES_MAX: usize = 64 << 20;

/// What an entry costs besides its code: the tables of this cache and of the loader, roughly.
const ENTRY_BYTES: usize = 4 << 10;

/// How long a reason that may pass is believed: long enough that a job's partitions do not each try again.
const REFUSAL_LASTS: Duration = Duration::from_secs(10);

const SHARDS: usize = 16;

/// A cache of loaded kernels. Engines share `KernelCache::process`; one of its own is for tests and for
/// whoever must keep tenants apart.
pub struct KernelCache {
    shards: Box<[Mutex<Shard>]>,
    shard_bytes_max: usize,
    target: Target,
    maker: Maker,
    budget: Duration,
    counters: Arc<Counters>,
    clock: AtomicU64,
    quarantine: Arc<Quarantine>,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Key, Entry>,
    /// Keys of entries that hold memory, by when they were last loaded.
    order: BTreeMap<u64, Key>,
    bytes: usize,
}

struct Entry {
    state: State,
    /// Place in `order`; 0 for a flight, which has none.
    tick: u64,
    bytes: usize,
}

#[derive(Clone)]
enum State {
    Ready(Arc<LoadedCode>),
    /// Somebody compiles it.
    Flight(Arc<Flight>),
    /// The interpreter runs it, until then or for good.
    Refused {
        until: Option<Instant>,
    },
}

/// What decides the bytes of code.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kernel: KernelId,
    pub(crate) target: Arc<str>,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A process has one target, or a few: the kernel tells entries apart.
        self.kernel.hash(state);
    }
}

/// A compile that others wait for.
#[derive(Default)]
struct Flight {
    landed: Mutex<Option<Option<Arc<LoadedCode>>>>,
    bell: Condvar,
}

impl KernelCache {
    /// An empty cache for this machine, of at most so many bytes, without stores.
    pub fn new(bytes_max: usize) -> KernelCache {
        KernelCache::with_compiler(bytes_max, filbert_compiler::compile)
    }

    /// The same, with another limit on the time of one compile.
    pub fn with_budget(mut self, budget: Duration) -> KernelCache {
        self.budget = budget;
        self
    }

    /// The same, for another target; it must be one that this machine can run.
    pub fn with_target(mut self, target: Target) -> KernelCache {
        self.target = target;
        self
    }

    /// The same, which asks this store, behind those that it has, before it compiles.
    pub fn with_store(mut self, store: Arc<dyn CodeStore>) -> KernelCache {
        self.maker = self.maker.with_store(store);
        self
    }

    /// The same, but one artifact of so many from stores is compared with what the compiler makes; with 0, none.
    pub fn with_stored_per_check(mut self, stored_per_check: u64) -> KernelCache {
        self.maker = self.maker.with_stored_per_check(stored_per_check);
        self
    }

    pub(crate) fn with_compiler(bytes_max: usize, compile: CompileFn) -> KernelCache {
        // A small cache is one shard, so that its bound means something.
        let shards = if bytes_max >= 16 << 20 { SHARDS } else { 1 };
        let counters: Arc<Counters> = Arc::default();
        KernelCache {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            shard_bytes_max: bytes_max / shards,
            target: Target::host(),
            maker: Maker::new(compile, counters.clone()),
            budget: ladder::COMPILE_BUDGET,
            counters,
            clock: AtomicU64::new(1),
            quarantine: Arc::default(),
        }
    }

    /// The cache of this process.
    pub fn process() -> &'static KernelCache {
        process_cache(std::process::id())
    }

    fn of_process() -> KernelCache {
        let cache = KernelCache::new(CACHE_BYTES_MAX);
        KernelCache { maker: cache.maker.clone().with_process_stores(), ..cache }
    }

    /// A handle that runs `kernel`: with machine code if `engine` wants it and it can be had.
    pub fn load(&self, kernel: &VerifiedKernel, engine: Engine) -> LoadedKernel {
        let (code, compile_time) = match engine {
            Engine::Native => self.code(kernel),
            Engine::Interp => (None, None),
        };
        if code.as_ref().is_none_or(|code| code.is_quarantined()) {
            count(&self.counters.interpreted);
        }
        LoadedKernel::new(kernel.clone(), code, compile_time)
    }

    /// What the cache did and holds.
    pub fn stats(&self) -> CacheStats {
        let mut stats = self.counters.snapshot();
        for shard in &self.shards {
            let shard = lock(shard);
            stats.code_bytes += shard.bytes as u64;
            stats.entries += shard.entries.values().filter(|e| matches!(e.state, State::Ready(_))).count() as u64;
        }
        stats
    }

    /// Gives up all entries; running code stays until its last handle goes, and code that was wrong is not
    /// made again.
    pub fn clear(&self) {
        for shard in &self.shards {
            let _dropped_unlocked = std::mem::take(&mut *lock(shard));
        }
    }

    /// Bytes that are kept at most.
    pub fn bytes_max(&self) -> usize {
        self.shard_bytes_max * self.shards.len()
    }

    /// The code of a kernel, and how long it took to make, if that was done here.
    fn code(&self, kernel: &VerifiedKernel) -> (Option<Arc<LoadedCode>>, Option<Duration>) {
        let key = Key { kernel: kernel.id(), target: self.target.fingerprint().clone() };
        if self.quarantine.has(&key) {
            return (None, None);
        }
        let shard = &self.shards[usize::from(key.kernel.0[0]) % self.shards.len()];
        let flight = Arc::new(Flight::default());
        let first_time = {
            let mut shard = lock(shard);
            let found = shard.entries.get(&key).map(|entry| entry.state.clone());
            match found {
                Some(State::Ready(code)) => {
                    count(&self.counters.hits);
                    shard.touch(&key, self.tick());
                    return (Some(code), None);
                }
                Some(State::Refused { until }) if until.is_none_or(|until| Instant::now() < until) => {
                    shard.touch(&key, self.tick());
                    return (None, None);
                }
                Some(State::Flight(flight)) => {
                    drop(shard);
                    count(&self.counters.hits);
                    return (flight.wait(self.budget), None);
                }
                refused_long_ago => {
                    count(&self.counters.misses);
                    shard.remove(&key);
                    shard.insert(key.clone(), State::Flight(flight.clone()), 0, 0);
                    refused_long_ago.is_none()
                }
            }
        };
        let report = Report { quarantine: self.quarantine.clone(), key: key.clone(), maker: self.maker.clone() };
        let leader = Leader { shard, key, flight };
        let started = Instant::now();
        let result = match self.maker.has_died(kernel) {
            true => Err(Refusal::Lasting("a process died in its machine code (`filbert cache ls --died`)".into())),
            false => ladder::load(kernel, &self.target, self.budget, report),
        };
        let time = started.elapsed();
        let state = match &result {
            Ok(Mapped { code, is_new, .. }) => {
                if *is_new {
                    count(&self.counters.compiles);
                }
                if let Some(defect) = code.native.defect() {
                    count(&self.counters.vector_defects);
                    tracing::warn!(kernel = kernel.name(), id = %kernel.id(), "runs in scalar code: {defect}");
                }
                State::Ready(code.clone())
            }
            Err(refusal) => {
                count(&self.counters.refusals);
                if first_time {
                    tracing::warn!(kernel = kernel.name(), id = %kernel.id(), "runs in the interpreter: {refusal}");
                }
                let until = matches!(refusal, Refusal::Passing(_)).then(|| Instant::now() + REFUSAL_LASTS);
                State::Refused { until }
            }
        };
        let evicted = leader.land(state, self.tick(), self.shard_bytes_max);
        self.counters.evictions.fetch_add(evicted, Ordering::Relaxed);
        match result {
            Ok(Mapped { code, is_new, made }) => {
                if let Some(made) = made {
                    self.maker.keep(kernel, &self.target, &made);
                }
                (Some(code), is_new.then_some(time))
            }
            Err(_) => (None, Some(time)),
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}

impl Shard {
    fn insert(&mut self, key: Key, state: State, bytes: usize, tick: u64) {
        self.bytes += bytes;
        if tick != 0 {
            self.order.insert(tick, key.clone());
        }
        self.entries.insert(key, Entry { state, tick, bytes });
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.tick);
        self.bytes -= entry.bytes;
        Some(entry)
    }

    fn touch(&mut self, key: &Key, tick: u64) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.order.remove(&entry.tick);
            entry.tick = tick;
            self.order.insert(tick, key.clone());
        }
    }
}

/// The thread that compiles for all who wait. If it unwinds, those go on without code and nothing is kept.
struct Leader<'c> {
    shard: &'c Mutex<Shard>,
    key: Key,
    flight: Arc<Flight>,
}

impl Leader<'_> {
    /// Publishes the result. Returns how many entries had to go.
    fn land(self, state: State, tick: u64, bytes_max: usize) -> u64 {
        let mut gone = Vec::new();
        {
            let mut shard = lock(self.shard);
            shard.remove(&self.key);
            let code_bytes = match &state {
                State::Ready(code) => code.native.bytes(),
                _ => 0,
            };
            shard.insert(self.key.clone(), state.clone(), ENTRY_BYTES + code_bytes, tick);
            while shard.bytes > bytes_max {
                let Some((_, key)) = shard.order.first_key_value() else { break };
                let key = key.clone();
                gone.extend(shard.remove(&key));
            }
        }
        self.flight.land(match state {
            State::Ready(code) => Some(code),
            _ => None,
        });
        // Unmapping happens here, outside the lock.
        gone.iter().filter(|entry| matches!(entry.state, State::Ready(_))).count() as u64
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.shard).remove(&self.key);
            self.flight.land(None);
        }
    }
}

impl Flight {
    fn land(&self, code: Option<Arc<LoadedCode>>) {
        *self.landed.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        self.bell.notify_all();
    }

    /// Waits for the result, but not much longer than the leader may take.
    fn wait(&self, budget: Duration) -> Option<Arc<LoadedCode>> {
        let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = budget + Duration::from_secs(1);
        let waited = self.bell.wait_timeout_while(landed, patience, |landed| landed.is_none());
        let (landed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        landed.clone().flatten()
    }
}

/// Locks a shard. One that a panic left behind may be half changed: it is emptied and goes on.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        *guard = Shard::default();
        shard.clear_poison();
        guard
    })
}

/// The cache of the process with this id. A forked child has another id than the process that made the cache
/// it inherits, and makes its own in the next place; a line of more forks than places shares the last one.
fn process_cache(pid: u32) -> &'static KernelCache {
    const GENERATIONS: usize = 16;
    static CACHES: [Kept<(u32, KernelCache)>; GENERATIONS] = [const { Kept::new() }; GENERATIONS];
    let mut last = None;
    for place in &CACHES {
        let kept = place.get().or_else(|| place.keep((pid, KernelCache::of_process())));
        match kept.or_else(|| soon(place)) {
            Some((owner, cache)) if *owner == pid => return cache,
            Some((_, cache)) => last = Some(cache),
            None => {}
        }
    }
    // Nowhere to keep one: forks upon forks, each in the middle of this.
    last.unwrap_or_else(|| Box::leak(Box::new(KernelCache::of_process())))
}

/// What another thread is about to keep; `None` if it seems to be gone, in a forked child.
fn soon<T>(place: &Kept<T>) -> Option<&T> {
    (0..1000).find_map(|_| {
        std::thread::yield_now();
        place.get()
    })
}

/// What the process's cache did and holds.
pub fn stats() -> CacheStats {
    KernelCache::process().stats()
}

#[cfg(test)]
#[path = "cache/tests.rs"]
mod tests;
