//! A process that forks while its other threads fill and read the cache: the child has none of these threads, and
//! whatever lock they held is held for ever.

#![allow(unsafe_code)]

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use filbert_runtime::{Engine, LoadedKernel, add_store};

use crate::support::{bounds, files, open, private};
use crate::tools::{distinct, is_distinct, normal_or_long, outcome, plain_command};

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn _exit(status: i32) -> !;
}

/// Loads kernels of the folder and one that nobody has, through the cache of the process and its store. A child that
/// was forked while its parent compiled for the first time may interpret them.
fn works(n: usize, engine: Option<Engine>) -> bool {
    [n, n % 16].into_iter().all(|n| {
        let loaded = LoadedKernel::load_with(&distinct(n), Engine::Native);
        engine.is_none_or(|engine| loaded.engine() == engine) && is_distinct(&loaded, n)
    })
}

#[test]
fn fault_43_a_child_of_a_busy_process_finds_and_publishes() {
    let command = &mut plain_command("fork::forking_child");
    outcome(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), "a process that forks");
}

#[test]
#[ignore = "run by fault_43 in a process of its own"]
fn forking_child() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let options = filbert_store::Options { bounds: bounds(1 << 30, 100), ..private(&path) };
    let store = open(&options);
    add_store(store.clone());
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut wrong = Vec::new();
    let forks = normal_or_long(40, 2_000);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(works(next.fetch_add(1, Ordering::Relaxed), Some(Engine::Native)));
                    // Whoever forks holds the lock of those who remove now and then.
                    store.prune(store.bounds()).unwrap();
                }
            });
        }
        for n in 0..forks {
            std::thread::sleep(std::time::Duration::from_millis(n % 5));
            // SAFETY: the child calls what it tests and then leaves without running anything of the parent's.
            let pid = unsafe { fork() };
            if pid == 0 {
                // SAFETY: sets a timer of this process, which is the child.
                unsafe { alarm(60) };
                let right = std::panic::catch_unwind(|| works(1_000_000 + n as usize, None)).unwrap_or(false);
                // SAFETY: ends the child and nothing else.
                unsafe { _exit(i32::from(!right)) };
            }
            let mut status = -1;
            // SAFETY: `status` is a place for the status.
            let waited = unsafe { waitpid(pid, &mut status, 0) };
            if (waited, status) != (pid, 0) {
                wrong.push((n, waited, status));
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((store.stats().rejected, store.stats().failures), (0, 0));
    store.prune(store.bounds()).unwrap();
    assert!(files(&path).len() <= 100 && store.list().unwrap().iter().all(|entry| entry.content.is_some()));
    println!("{forks} forks");
}
