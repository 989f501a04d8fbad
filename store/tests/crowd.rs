//! Many processes and threads at one folder: all find what others have made, nobody finds half of anything.
//!
//! `FILBERT_LONG=1` fills 1,600 kernels as the normal run does, in ten folders one after the other instead of one.

use std::process::Stdio;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use filbert_compiler::Target;
use filbert_ir::random::Rng;
use filbert_runtime::{CodeStore, Engine};
use filbert_store::Options;

use crate::support::{bounds, files, open, private};
use crate::tools::{distinct, is_distinct, normal_or_long, outcome, patient, plain_command};

const FOLDER: &str = "FILBERT_TEST_FOLDER";
const NUMBER: &str = "FILBERT_TEST_NUMBER";
const KERNELS: usize = 1600;
const PROCESSES: usize = 8;

#[test]
fn fault_27_eight_processes_fill_one_empty_folder() {
    for round in 0..normal_or_long(1, 10) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let begun = std::time::Instant::now();
        let start = |n: usize| {
            let mut command = plain_command("crowd::one_that_fills");
            command.env(FOLDER, &path).env(NUMBER, (round * PROCESSES + n).to_string());
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..PROCESSES).map(start).collect();
        let said: Vec<String> = children.into_iter().map(|child| outcome(child, "a process that fills")).collect();
        let compiles = said.iter().map(|said| number(said, "compiles")).sum::<usize>();
        let found = said.iter().map(|said| number(said, "found")).sum::<usize>();
        println!("{PROCESSES} processes, {KERNELS} kernels: {compiles} compiled, {found} found, {:?}", begun.elapsed());
        assert_eq!(compiles + found, PROCESSES * KERNELS);
        assert!((KERNELS..=PROCESSES * KERNELS).contains(&compiles));
        let names = files(&path);
        assert_eq!(names.len(), KERNELS, "an entry for each kernel, and no temporary file");
        assert!(names.iter().all(|file| file.extension().is_some_and(|end| end == "fbc")));
        // A ninth finds everything.
        let store = open(&private(&path));
        let cache = patient(64 << 20).with_store(store.clone());
        assert!((0..KERNELS).all(|n| is_distinct(&cache.load(&distinct(n), Engine::Native), n)));
        assert_eq!((cache.stats().compiles, store.stats().hits, store.stats().rejected), (0, KERNELS as u64, 0));
    }
}

/// The number behind a word that a child said.
fn number(said: &str, word: &str) -> usize {
    let rest = said.split(&format!("{word}=")).nth(1).unwrap_or_else(|| panic!("no {word} in {said}"));
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "a process of fault_27"]
fn one_that_fills() {
    let store = open(&private(&std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap())));
    let seed: u64 = std::env::var(NUMBER).unwrap().parse().unwrap();
    let cache = patient(64 << 20).with_store(store.clone());
    // Half of the processes go the same way, so that they meet; the others as they like.
    let mut order: Vec<usize> = (0..KERNELS).collect();
    if seed % 2 == 1 {
        let mut rng = Rng::new(seed);
        (1..KERNELS).for_each(|n| order.swap(n, rng.below(n + 1)));
    }
    for _ in 0..2 {
        for &n in &order {
            let loaded = cache.load(&distinct(n), Engine::Native);
            assert!(loaded.engine() == Engine::Native && is_distinct(&loaded, n), "kernel {n}");
        }
    }
    let (stats, of_store) = (cache.stats(), store.stats());
    let each_once = (stats.misses, stats.hits, stats.compiles + stats.store_hits);
    assert_eq!(each_once, (KERNELS as u64, KERNELS as u64, KERNELS as u64));
    assert_eq!((stats.evictions, stats.refusals, of_store.rejected, of_store.failures), (0, 0, 0, 0));
    assert_eq!((of_store.published, of_store.hits), (stats.compiles, stats.store_hits));
    println!("compiles={} found={}", stats.compiles, stats.store_hits);
}

#[test]
fn fault_45_of_64_threads_with_a_store_one_compiles_and_publishes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&private(folder.path()));
    for round in 0..normal_or_long(5, 100) {
        let (made, found) = (patient(1 << 20).with_store(store.clone()), patient(1 << 20).with_store(store.clone()));
        for (cache, wanted) in [(&made, (1, 0)), (&found, (0, 1))] {
            let start = Barrier::new(64);
            std::thread::scope(|scope| {
                for _ in 0..64 {
                    scope.spawn(|| {
                        start.wait();
                        assert!(is_distinct(&cache.load(&distinct(round), Engine::Native), round));
                    });
                }
            });
            assert_eq!((cache.stats().compiles, cache.stats().store_hits), wanted);
        }
        assert_eq!((store.stats().published, store.stats().hits), (round as u64 + 1, round as u64 + 1));
    }
}

#[test]
fn fault_27_writers_of_one_key_race_and_readers_see_a_whole_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (kernel, target) = (distinct(1), Target::host());
    let artifact = filbert_compiler::compile(&kernel, &target).unwrap();
    let first = open(&private(folder.path()));
    first.keep(&kernel, &target, &artifact);
    let (reads, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let store = open(&private(folder.path()));
                    (0..normal_or_long(300, 20_000)).for_each(|_| store.keep(&kernel, &target, &artifact));
                    assert_eq!(store.stats().failures, 0);
                })
            })
            .collect();
        for _ in 0..3 {
            scope.spawn(|| {
                let store = open(&private(folder.path()));
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(store.find(&kernel, &target), Some(artifact.clone()), "old or new, but whole");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let results: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok));
    });
    assert!(reads.into_inner() > 0);
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn fault_54_who_removes_entries_races_readers_writers_and_others_who_remove() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::host();
    let made: Vec<_> =
        (0..32).map(|n| (distinct(n), filbert_compiler::compile(&distinct(n), &target).unwrap())).collect();
    let options = Options { bounds: bounds(1 << 30, 12), ..private(folder.path()) };
    let first = open(&options);
    let (removed, hits, misses) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let (writing, start) = (AtomicU64::new(2), Barrier::new(6));
    std::thread::scope(|scope| {
        for seed in 0..6 {
            let (options, made, target, writing, start) = (&options, &made, &target, &writing, &start);
            let (removed, hits, misses) = (&removed, &hits, &misses);
            scope.spawn(move || {
                let store = open(options);
                let mut rng = Rng::new(seed);
                start.wait();
                for round in 0.. {
                    let (kernel, artifact) = &made[rng.below(made.len())];
                    match seed {
                        0 | 1 if round == normal_or_long(400, 20_000) => {
                            writing.fetch_sub(1, Ordering::Relaxed);
                            break;
                        }
                        0 | 1 => store.keep(kernel, target, artifact),
                        _ if writing.load(Ordering::Relaxed) == 0 => break,
                        2 | 3 => drop(removed.fetch_add(store.prune(bounds(0, 4)).unwrap(), Ordering::Relaxed)),
                        _ => match store.find(kernel, target) {
                            Some(found) => {
                                assert_eq!(found, *artifact);
                                hits.fetch_add(1, Ordering::Relaxed);
                            }
                            None => drop(misses.fetch_add(1, Ordering::Relaxed)),
                        },
                    }
                }
                assert_eq!((store.stats().rejected, store.stats().failures), (0, 0), "{seed}");
            });
        }
    });
    println!("{removed:?} removed, {hits:?} found, {misses:?} not found");
    assert!(removed.into_inner() > 0 && misses.into_inner() > 0);
    made.iter().for_each(|(kernel, artifact)| first.keep(kernel, &target, artifact));
    first.prune(first.bounds()).unwrap();
    assert!(files(folder.path()).len() <= 12);
}
