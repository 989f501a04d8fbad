//! A process that forks while its other threads load kernels and call them: the child has none of these
//! threads, and whatever lock they held is held for ever.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use filbert_ir::{Builder, Datum, Kernel, Names, Op, Type, VerifiedKernel, verify};
use filbert_runtime::{CallOptions, Column, Engine, LoadedKernel};

use crate::support::child;

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn _exit(status: i32) -> !;
}

/// A kernel that no other number gives: `x + n`.
fn distinct(n: u64) -> VerifiedKernel {
    let mut builder = Builder::new();
    let x = builder.param(Type::F64);
    let n = builder.constant(n as f64);
    let sum = builder.op(Op::Add, &[x, n]);
    let (core, _) = builder.finish(vec![sum]);
    verify(Kernel {
        core,
        names: Names { kernel: "k".into(), params: vec!["x".into()], ..Names::default() },
        source: None,
    })
    .unwrap()
}

/// Everything that a child may want: a kernel that the parent has loaded, one that it has not, more threads.
fn works(loaded: &LoadedKernel, fresh: u64) -> bool {
    let old = loaded.call_row(&[1.0.into()]).is_ok_and(|row| row == [Datum::from(1.0)]);
    let own = LoadedKernel::load_with(&distinct(fresh), Engine::Native);
    let column = vec![1.0; 200_000];
    let parallel = CallOptions { parallel: true, ..CallOptions::default() };
    let sums = own.call(&[Column::from(&column)], column.len(), &parallel);
    let right = sums.is_ok_and(|sums| sums[0].as_slice::<f64>().is_some_and(|s| s[199_999] == 1.0 + fresh as f64));
    old && right && own.engine() == Engine::Native
}

#[test]
fn fault_43_a_child_of_a_busy_process_loads_and_calls() {
    child("fork::forking_child", "true", &[]);
}

#[test]
#[ignore = "run by fault_43 in a process of its own"]
fn forking_child() {
    let loaded = LoadedKernel::load_with(&distinct(0), Engine::Native);
    let (stop, next) = (AtomicBool::new(false), AtomicU64::new(1));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(works(&loaded, next.fetch_add(1, Ordering::Relaxed)));
                }
            });
        }
        let mut wrong = Vec::new();
        for n in 0..40 {
            std::thread::sleep(std::time::Duration::from_millis(n % 5));
            // SAFETY: the child calls what it tests and then leaves without running anything of the parent's.
            let pid = unsafe { fork() };
            if pid == 0 {
                // SAFETY: sets a timer of this process, which is the child.
                unsafe { alarm(60) };
                let right = std::panic::catch_unwind(|| works(&loaded, 1_000_000 + n)).unwrap_or(false);
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
        assert!(wrong.is_empty(), "children that hung or failed: {wrong:?}");
    });
}
