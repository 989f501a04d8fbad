//! How long a running call lives after its stop flag is raised: machine code and interpreter, inside the loop
//! of one row and between rows.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench cancel
//! ```
//!
//! Each cancel is a call on a thread of its own, which runs for a millisecond before the flag is raised. The
//! time ends when that thread has the error in hand, so that waking another thread is no part of it.
#![allow(missing_docs)]

use std::sync::Barrier;
use std::time::{Duration, Instant};

use filbert_ir::{Code, Datum, VerifiedKernel, text, verify};
use filbert_runtime::{CallOptions, Column, Engine, LoadedKernel, StopFlag};

const CANCELS: usize = 1000;
const ROWS: usize = 1 << 24;

/// One row that runs until its fuel is spent, in a minute or so.
const LOOP: &str = "
kernel endless(%0 n: i64) -> i64 fuel 1000000000000 {
  %1: i64 = const 0
  %2: i64 = loop %1 {
    %3: i64 = carried 0
    %4: i64 = const 1
    %5: i64 = wrapping_add %3, %4
    %6: bool = lt %5, %0
    yield %6, %5
  }
  return %2
}";

/// Many rows without a loop.
const ROWS_OF_MATH: &str = "
kernel power(%0 n: i64) -> f64 {
  %1: f64 = cast %0
  %2: f64 = powf %1, %1
  return %2
}";

fn kernel(source: &str) -> VerifiedKernel {
    let kernel = text::parse(source).unwrap_or_else(|found| panic!("{found}"));
    verify(kernel).unwrap_or_else(|found| panic!("{found}"))
}

/// Times from raising the flag to the error, sorted.
fn cancels(loaded: &LoadedKernel, rows: usize) -> Vec<Duration> {
    let column = Column::scalar(i64::MAX);
    let once = |_| {
        let stop = StopFlag::new();
        let options = CallOptions { stop: Some(stop.clone()), ..CallOptions::default() };
        let started = Barrier::new(2);
        std::thread::scope(|scope| {
            let call = scope.spawn(|| {
                started.wait();
                let error =
                    loaded.call(std::slice::from_ref(&column), rows, &options).expect_err("only the flag ends it");
                (error, Instant::now())
            });
            started.wait();
            std::thread::sleep(Duration::from_millis(1));
            let raised = Instant::now();
            stop.raise();
            let (error, ended) = call.join().expect("the call does not panic");
            assert_eq!(error.code, Code::Cancelled, "{error}");
            ended.saturating_duration_since(raised)
        })
    };
    let mut times: Vec<Duration> = (0..CANCELS).map(once).collect();
    times.sort();
    times
}

fn main() {
    println!("{CANCELS} cancels each       p50         p99         longest");
    for (name, source, rows) in [("one row's loop", LOOP, 1), ("rows of powf", ROWS_OF_MATH, ROWS)] {
        let kernel = kernel(source);
        for engine in [Engine::Native, Engine::Interp] {
            let loaded = LoadedKernel::load_with(&kernel, engine);
            assert_eq!(loaded.engine(), engine);
            // The first call compares engines, which is no part of a cancel.
            loaded.call_row(&[Datum::from(5i64)]).expect("five is soon reached");
            let times = cancels(&loaded, rows);
            let at = |percent: usize| format!("{:.1?}", times[(CANCELS * percent / 100).min(CANCELS - 1)]);
            println!("{name:<15} {engine:<7} {:>11} {:>11} {:>11}", at(50), at(99), at(100));
        }
    }
}
