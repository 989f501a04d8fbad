//! The kernel cache: what is kept, shared, bounded and given back.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use filbert_ir::{Code, Datum, Kernel, Names, Op, Scalar, Type, VerifiedKernel, verify};
use filbert_runtime::{CallOptions, Column, Engine, StopFlag, code_memory};

use crate::support::{child, is_long_run, op, patient, resident_bytes};

/// A small kernel that no other number gives: `x * n + x`.
fn distinct(n: u64) -> VerifiedKernel {
    let mut builder = filbert_ir::Builder::new();
    let x = builder.param(Type::F64);
    let n = builder.constant(n as f64);
    let product = builder.op(Op::Mul, &[x, n]);
    let sum = builder.op(Op::Add, &[product, x]);
    let (core, _) = builder.finish(vec![sum]);
    let names = Names { kernel: "distinct".into(), params: vec!["x".into()], ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}

#[test]
fn the_same_computation_is_compiled_once_under_any_name() {
    let cache = patient(1 << 20);
    let kernel = distinct(1);
    let first = cache.load(&kernel, Engine::Native);
    let other = cache.load(&kernel.with_name("other"), Engine::Native);
    let stats = cache.stats();
    assert_eq!((stats.misses, stats.hits, stats.compiles, stats.entries), (1, 1, 1, 1));
    assert!(stats.compile_time > Duration::ZERO && stats.code_bytes >= first.code_bytes() as u64);
    assert_eq!((first.kernel().name(), other.kernel().name()), ("distinct", "other"));
    assert_eq!(other.call_row(&[2.0.into()]).unwrap(), [Datum::from(Scalar::F64(4.0))]);
}

#[test]
fn fault_45_of_64_threads_one_compiles() {
    let cache = patient(1 << 20);
    for round in 0..20 {
        let (kernel, start) = (distinct(1000 + round), Barrier::new(64));
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    start.wait();
                    let loaded = cache.load(&kernel, Engine::Native);
                    assert_eq!(loaded.engine(), Engine::Native);
                    assert_eq!(
                        loaded.call_row(&[1.0.into()]).unwrap(),
                        [Datum::from(Scalar::F64(1001.0 + round as f64))]
                    );
                });
            }
        });
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.hits, stats.compiles), (round + 1, 63 * (round + 1), round + 1));
    }
}

#[test]
fn fault_44_eviction_leaves_running_code_alone() {
    let cache = patient(64 << 10);
    // A remainder goes bit by bit from one exponent to the other.
    let slow = op("rem", &["f64", "f64"], "f64");
    let column = vec![1e300; 1 << 22];
    let stop = StopFlag::new();
    let options = CallOptions { stop: Some(stop.clone()), ..CallOptions::default() };
    std::thread::scope(|scope| {
        let loaded = cache.load(&slow, Engine::Native);
        // The thread holds the only handle.
        let running = scope.spawn(|| {
            let loaded = loaded;
            loaded.call(&[Column::from(&column), Column::from(3.3)], column.len(), &options).map(|_| ())
        });
        std::thread::sleep(Duration::from_millis(10));
        for n in 0..100 {
            cache.load(&distinct(n), Engine::Native);
        }
        assert!(cache.stats().evictions >= 90, "{:?}", cache.stats());
        assert!(cache.stats().code_bytes <= 64 << 10);
        // The kernel is gone from the cache, and yet it ran until now: only the flag ends it.
        assert_eq!(cache.load(&slow, Engine::Native).engine(), Engine::Native);
        assert_eq!(cache.stats().misses, 102);
        stop.raise();
        assert_eq!(running.join().unwrap().unwrap_err().code, Code::Cancelled);
    });
}

#[test]
fn the_least_recently_loaded_goes_first() {
    let cache = patient(64 << 10);
    let favourite = distinct(0);
    for n in 0..200 {
        cache.load(&distinct(n), Engine::Native);
        cache.load(&favourite, Engine::Native);
    }
    assert_eq!(cache.stats().misses, 200, "the favourite was compiled once");
}

/// Both runs in a process of their own, so that nothing else moves its memory.
#[test]
fn fault_49_endless_distinct_kernels_leave_memory_flat() {
    print!("{}", child("cache::churn_child", "true", &[]));
}

#[test]
#[ignore = "run by fault_49 in a process of its own"]
fn churn_child() {
    let (cycles, patience) = if is_long_run() { (1_000_000, 7200) } else { (100_000, 25) };
    let cache = patient(1 << 20);
    let (started, mut done, mut settled) = (Instant::now(), 0u64, 0);
    while done < cycles && started.elapsed().as_secs() < patience {
        let loaded = cache.load(&distinct(done), Engine::Native);
        assert_eq!(loaded.engine(), Engine::Native);
        if done % 97 == 0 {
            let got = loaded.call_row(&[2.0.into()]).unwrap();
            assert_eq!(got, [Datum::from(2.0 * done as f64 + 2.0)]);
        }
        done += 1;
        if done == 1000 {
            settled = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(settled);
    let stats = cache.stats();
    println!(
        "{done} kernels compiled and dropped in {:?}, {:?} a compile; grown by {grown} bytes; {} mappings",
        started.elapsed(),
        stats.compile_time / stats.compiles as u32,
        code_memory::mappings()
    );
    assert!(done >= 2000, "too few for a verdict");
    assert!(grown < 4 << 20, "grown by {grown} bytes over {done} kernels");
    assert!(stats.code_bytes <= 1 << 20 && code_memory::mappings() as u64 == stats.entries);
    drop(cache);
    assert_eq!(code_memory::mappings(), 0);
}
