//! Faults that only a stand-in for the compiler can provoke, and locks that are left behind.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicUsize;

use filbert_compiler::{Artifact, Backend, CompileError, Defect};
use filbert_ir::{Datum, Scalar, text, verify};

use super::*;

use crate::column::Column;
use crate::options::CallOptions;
use crate::quarantine::QUARANTINED_MAX;

fn kernel(op: &str) -> VerifiedKernel {
    let text = format!("kernel k(%0 a: i64, %1 b: i64) -> i64 {{\n  %2: i64 = {op} %0, %1\n  return %2\n}}\n");
    verify(text::parse(&text).unwrap()).unwrap()
}

/// A kernel of more values than are compiled on the caller's thread.
fn large() -> VerifiedKernel {
    let mut text = "kernel k(%0 a: i64, %1 b: i64) -> i64 {\n".to_string();
    for n in 2..400 {
        text.push_str(&format!("  %{n}: i64 = wrapping_add %{}, %1\n", n - 1));
    }
    text.push_str("  return %399\n}\n");
    verify(text::parse(&text).unwrap()).unwrap()
}

fn patient(compile: CompileFn) -> KernelCache {
    KernelCache::with_compiler(1 << 20, compile).with_budget(Duration::from_secs(60))
}

fn add_one_two(cache: &KernelCache, engine: Engine) {
    let loaded = cache.load(&kernel("add"), Engine::Native);
    assert_eq!(loaded.engine(), engine);
    assert_eq!(loaded.call_row(&[1i64.into(), 2i64.into()]).unwrap(), [Datum::from(Scalar::I64(3))]);
}

#[test]
fn fault_37_a_compiler_that_panics_costs_only_speed() {
    for kernel in [kernel("add"), large()] {
        let cache = patient(|_, _| panic!("a defect"));
        for _ in 0..3 {
            let loaded = cache.load(&kernel, Engine::Native);
            assert_eq!(loaded.engine(), Engine::Interp);
            loaded.call_row(&[1i64.into(), 2i64.into()]).unwrap();
        }
        // The same every time, so it is not tried again.
        assert_eq!((cache.stats().misses, cache.stats().refusals), (1, 1));
    }
}

#[test]
fn fault_50_a_compile_over_its_budget_is_dropped() {
    fn slow(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        std::thread::sleep(Duration::from_millis(300));
        filbert_compiler::compile(kernel, target)
    }
    let cache = KernelCache::with_compiler(1 << 20, slow).with_budget(Duration::from_millis(20));
    let (kernel, started) = (large(), Instant::now());
    let loaded = cache.load(&kernel, Engine::Native);
    assert!(started.elapsed() < Duration::from_millis(290), "the caller does not wait for the end");
    assert_eq!(loaded.engine(), Engine::Interp);
    assert_eq!(loaded.call_row(&[1i64.into(), 2i64.into()]).unwrap(), [Datum::from(Scalar::I64(798))]);
    // Not tried again at once, but not for ever either.
    cache.load(&kernel, Engine::Native);
    let entries = &lock(&cache.shards[0]).entries;
    assert!(matches!(entries.values().next().unwrap().state, State::Refused { until: Some(_) }));
    assert_eq!(cache.counters.misses.load(Ordering::Relaxed), 1);
}

#[test]
fn fault_14_wrong_machine_code_is_found_and_put_aside() {
    // The code subtracts, or fails otherwise, where the kernel adds.
    fn divides(_: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        filbert_compiler::compile(&kernel("div"), target)
    }
    for (wrong, b) in [(subtracts as CompileFn, 2i64), (divides, 2), (divides, 0)] {
        let cache = patient(wrong);
        let loaded = cache.load(&kernel("add"), Engine::Native);
        assert_eq!(loaded.engine(), Engine::Native);
        let columns = [Column::from(&[1i64, 2, 3]), Column::from(b)];
        let results = loaded.call(&columns, 3, &CallOptions::default()).unwrap();
        assert_eq!(results[0].as_slice::<i64>().unwrap(), [1 + b, 2 + b, 3 + b]);
        assert_eq!(loaded.engine(), Engine::Interp, "the code is put aside");
        assert_eq!(cache.load(&kernel("add"), Engine::Native).engine(), Engine::Interp, "for later loads too");
    }
}

/// A stand-in for a miscompile of `add`.
fn subtracts(_: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
    filbert_compiler::compile(&kernel("sub"), target)
}

#[test]
fn fault_14_wrong_machine_code_stays_away_when_the_cache_forgets_it() {
    let cache = patient(subtracts);
    add_one_two(&cache, Engine::Native);
    cache.clear();
    add_one_two(&cache, Engine::Interp);
    assert_eq!((cache.stats().misses, cache.stats().entries), (1, 0), "it is not even compiled again");
    // Found wrong by a handle whose entry was gone by then.
    let cache = patient(subtracts);
    let loaded = cache.load(&kernel("add"), Engine::Native);
    cache.clear();
    assert_eq!(loaded.call_row(&[1i64.into(), 2i64.into()]).unwrap(), [Datum::from(3i64)]);
    add_one_two(&cache, Engine::Interp);
}

#[test]
fn fault_14_a_call_of_nulls_does_not_count_as_a_check() {
    let cache = patient(subtracts);
    let loaded = cache.load(&kernel("add"), Engine::Native);
    let call = |valid: &dyn Fn(usize) -> bool| {
        let nulls: arrow_buffer::NullBuffer = (0..5000).map(valid).collect();
        let column = vec![2i64; 5000];
        let columns = [Column::from(&column).with_nulls(Some(nulls)), Column::from(1i64)];
        loaded.call(&columns, 5000, &CallOptions::default()).unwrap()[0].value(4999)
    };
    assert_eq!(call(&|_| false), None);
    assert_eq!(loaded.engine(), Engine::Native, "nothing was compared");
    // The first rows that are not null are in the last strip.
    assert_eq!(call(&|row| row == 4999), Some(3i64.into()));
    assert_eq!(loaded.engine(), Engine::Interp);
}

#[test]
fn a_full_quarantine_trusts_nobody() {
    let quarantine = Quarantine::default();
    let key = |n: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&n.to_le_bytes());
        Key { kernel: KernelId(id), target: "here".into() }
    };
    assert!(!quarantine.has(&key(0)));
    quarantine.add(&key(7));
    assert!(quarantine.has(&key(7)) && !quarantine.has(&key(8)));
    (0..QUARANTINED_MAX as u32).for_each(|n| quarantine.add(&key(n)));
    assert!(quarantine.has(&key(1 << 20)));
}

#[test]
fn fault_46_a_panic_under_the_lock_does_not_spread() {
    let cache = patient(filbert_compiler::compile);
    add_one_two(&cache, Engine::Native);
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _guard = cache.shards[0].lock().unwrap();
                panic!("while holding the cache's lock");
            })
            .join()
    });
    assert!(panicked.is_err() && cache.shards[0].is_poisoned());
    // The shard's entries are given up, and all goes on.
    add_one_two(&cache, Engine::Native);
    assert_eq!((cache.stats().misses, cache.stats().entries), (2, 1));
    assert!(!cache.shards[0].is_poisoned());
}

#[test]
fn fault_46_waiters_go_on_when_the_compiling_thread_dies() {
    let cache = patient(filbert_compiler::compile);
    let key = Key { kernel: kernel("add").id(), target: cache.target.fingerprint().clone() };
    let flight = Arc::new(Flight::default());
    lock(&cache.shards[0]).insert(key.clone(), State::Flight(flight.clone()), 0, 0);
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| cache.load(&kernel("add"), Engine::Native).engine());
        let leader = Leader { shard: &cache.shards[0], key, flight };
        let dies = scope.spawn(move || {
            let _leader = leader;
            std::thread::sleep(Duration::from_millis(50));
            panic!("while compiling");
        });
        assert!(dies.join().is_err());
        assert_eq!(waiter.join().unwrap(), Engine::Interp);
    });
    add_one_two(&cache, Engine::Native);
}

#[test]
fn fault_45_deterministic_errors_are_shared_and_remembered() {
    static COMPILES: AtomicUsize = AtomicUsize::new(0);
    fn refuses(_: &VerifiedKernel, _: &Target) -> Result<Artifact, CompileError> {
        COMPILES.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        Err(CompileError::Unsupported("a test".into()))
    }
    let cache = patient(refuses);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| add_one_two(&cache, Engine::Interp));
        }
    });
    add_one_two(&cache, Engine::Interp);
    assert_eq!(COMPILES.load(Ordering::SeqCst), 1);
}

#[test]
fn fault_43_a_forked_child_does_not_wait_for_its_parents_locks() {
    // A fork while another thread holds a lock leaves the child with a lock that nobody will release. Here
    // the lock is held by this very thread, and another process id stands for the child.
    let parent = process_cache(std::process::id());
    let _held: Vec<_> = parent.shards.iter().map(|shard| shard.lock().unwrap()).collect();
    let child = process_cache(u32::MAX);
    assert!(!std::ptr::eq(parent, child));
    add_one_two(child, Engine::Native);
    assert!(std::ptr::eq(child, process_cache(u32::MAX)));
    assert!(std::ptr::eq(parent, process_cache(std::process::id())));
}

/// Sums of a column and itself: the row at 77 overflows.
fn sums(loaded: &LoadedKernel) -> Result<Vec<i64>, filbert_ir::KernelError> {
    let mut a: Vec<i64> = (0..200).collect();
    a[77] = i64::MAX;
    let results = loaded.call(&[Column::from(&a), Column::from(&a)], a.len(), &CallOptions::default())?;
    Ok(results[0].as_slice::<i64>().unwrap().to_vec())
}

#[test]
fn scalar_code_is_made_beside_vector_code_when_a_row_wants_it() {
    let cache = patient(filbert_compiler::compile);
    let loaded = cache.load(&kernel("add"), Engine::Native);
    if !matches!(loaded.backend(), Some(filbert_compiler::Backend::Vector { .. })) {
        return println!("SKIPPED: this CPU has no vectors that the kernel could use");
    }
    let before = loaded.code_bytes();
    add_one_two(&cache, Engine::Native);
    assert_eq!(loaded.companion_bytes(), 0, "one row that does not fail is for the vector code");
    assert_eq!(sums(&loaded).unwrap_err().row, Some(77));
    assert!(loaded.companion_bytes() > 0 && loaded.code_bytes() == before);
}

#[test]
fn fault_37_the_interpreter_computes_what_scalar_code_cannot() {
    fn vectors_only(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        match target.is_vectorised() {
            true => filbert_compiler::compile(kernel, target),
            false => panic!("a defect"),
        }
    }
    let cache = patient(vectors_only);
    let loaded = cache.load(&kernel("add"), Engine::Native);
    assert_eq!(loaded.engine(), Engine::Native);
    assert_eq!(sums(&loaded).unwrap_err().row, Some(77));
    assert_eq!((loaded.companion_bytes(), loaded.engine()), (0, Engine::Native));
}

/// Failing rows are null here, so the call goes on behind each: vectors are tried again, and given up for a while.
#[test]
fn rows_that_fail_one_after_another_are_all_found() {
    let text = "kernel k(%0 a: i64, %1 b: i64) -> i64 on_error null {\n  %2: i64 = add %0, %1\n  return %2\n}\n";
    let Ok(parsed) = text::parse(text) else { panic!("the text form has on_error") };
    let kernel = verify(parsed).unwrap();
    let cache = patient(filbert_compiler::compile);
    for every in [1, 2, 3, 50, 1000, 5000] {
        let a: Vec<i64> = (0..100_000).map(|row| if row % every == 0 { i64::MAX } else { row }).collect();
        let b = vec![1i64; a.len()];
        let loaded = cache.load(&kernel, Engine::Native);
        let results = loaded.call(&[Column::from(&a), Column::from(&b)], a.len(), &CallOptions::default()).unwrap();
        let nulls = results[0].nulls().unwrap();
        assert!((0..a.len()).all(|row| nulls.is_null(row) == (row as i64 % every == 0)), "every {every}");
        let values = results[0].as_slice::<i64>().unwrap();
        assert!((0..a.len()).all(|row| nulls.is_null(row) || values[row] == row as i64 + 1), "every {every}");
        assert_eq!(loaded.engine(), Engine::Native);
    }
}

#[test]
fn fault_37_a_defect_of_code_of_a_form_is_counted_and_costs_only_that_code() {
    fn broken(target: &Target, defect: Defect) -> Target {
        let of_form = target.sums() || target.uniform() != 0;
        let broken = if of_form { target.with_defect(defect) } else { target.clone() };
        let broken = if target.sums() { broken.with_sums() } else { broken };
        if of_form { broken.with_uniform(target.uniform()) } else { broken }
    }
    fn only_first(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        filbert_compiler::compile(kernel, &broken(target, Defect::Error))
    }
    fn only_first_panics(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        filbert_compiler::compile(kernel, &broken(target, Defect::Panic))
    }
    fn only_first_dies(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        assert!(!target.sums() && target.uniform() == 0, "a defect");
        filbert_compiler::compile(kernel, target)
    }
    let text = "kernel k(%0 a: f64, %1 b: f64) -> f64 {\n  %2: f64 = mul %0, %1\n  return %2\n}\n";
    let kernel = verify(text::parse(text).unwrap()).unwrap();
    let is_vector =
        matches!(KernelCache::new(1 << 20).load(&kernel, Engine::Native).backend(), Some(Backend::Vector { .. }));
    let rows: Vec<f64> = (0..2000).map(f64::from).collect();
    for compile in [only_first as CompileFn, only_first_panics, only_first_dies] {
        let cache = patient(compile);
        let loaded = cache.load(&kernel, Engine::Native);
        for _ in 0..3 {
            let sum = loaded.sum((&rows[..], 2.0)).unwrap();
            assert_eq!(sum, Some(Scalar::F64(2000.0 * 1999.0)));
            let doubled = loaded.call(&[Column::from(&rows[..]), Column::from(2.0)], 2000, &CallOptions::default());
            assert_eq!(doubled.unwrap()[0].as_slice::<f64>().unwrap()[1999], 3998.0);
        }
        // One for sums and one for an argument of one value, each tried once; the kernel's own code stays.
        let stats = cache.stats();
        assert_eq!((stats.compiles, stats.refusals, stats.vector_defects), (1, 0, 0));
        assert_eq!(stats.form_defects, if is_vector { 2 } else { 0 });
        assert_eq!(loaded.engine(), Engine::Native);
    }
}

#[test]
fn a_form_that_the_back_end_does_not_take_is_no_defect() {
    fn takes_no_form(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        match target.sums() || target.uniform() != 0 {
            true => Err(CompileError::Unsupported("a test".into())),
            false => filbert_compiler::compile(kernel, target),
        }
    }
    let text = "kernel k(%0 a: f64) -> f64 {\n  %1: f64 = sqrt %0\n  return %1\n}\n";
    let cache = patient(takes_no_form);
    let loaded = cache.load(&verify(text::parse(text).unwrap()).unwrap(), Engine::Native);
    assert_eq!(loaded.sum((&[4.0; 1500][..],)).unwrap(), Some(Scalar::F64(3000.0)));
    assert_eq!(cache.stats().form_defects, 0);
}
