//! Rows that would run for ever: fuel ends them, and so does the stop flag.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Array, ArrayRef, Int64Array};
use filbert_compiler::{Backend, Level, Target};
use filbert_ir::{Code, Fault};
use filbert_runtime::{CallOptions, Column, Engine, StopFlag};

use crate::samples::*;
use crate::support::{both, kernel, patient};

#[test]
fn fault_47_fuel_ends_a_row_at_the_same_iteration_everywhere() {
    for loaded in both(&kernel(&SPIN.replace("-> i64 {", "-> i64 fuel 1000 {"))) {
        let call = |n: i64, fuel| {
            let options = CallOptions { fuel, ..CallOptions::default() };
            loaded.call(&[n.into()], 3, &options).map(|results| results[0].value(2).unwrap().bits())
        };
        assert_eq!(call(1001, None).unwrap(), 1001);
        let error = call(1002, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FB-0506: loop ran out of fuel in kernel spin, row 0 of the batch: spent 1,000 loop iterations (fuel) (n = 1002)"
        );
        assert_eq!(error.code, Fault::Fuel.code());
        // A call may allow less than the kernel, not more.
        assert_eq!(call(8, Some(7)).unwrap(), 8);
        assert!(call(9, Some(7)).unwrap_err().detail.contains("spent 7 loop iterations"));
        assert!(call(1002, Some(1_000_000)).is_err());
        // The rows before stay, each with its own fuel.
        let rows: Vec<i64> = (0..3000).map(|row| if row == 2100 { 2000 } else { 900 }).collect();
        let error = loaded.call(&[Column::from(&rows)], 3000, &CallOptions::default()).unwrap_err();
        assert_eq!(error.row, Some(2100));
    }
}

/// The interpreter that finds the operands would take minutes.
#[test]
fn fault_47_a_row_that_ran_long_gives_its_error_at_once() {
    let late =
        SPIN.replace("%5: i64 = wrapping_add %3, %4", "%5: i64 = add %3, %4").replace("const 0", "const -100000000");
    let [native, _] = both(&kernel(&late.replace("lt %5, %0", "ne %5, %0").replace("add %3, %4", "mul %3, %4")));
    let error = native.call(&[1i64.into()], 1, &CallOptions { fuel: Some(20_000_000), ..CallOptions::default() });
    assert_eq!(error.unwrap_err().detail, "spent 20,000,000 loop iterations (fuel)");
}

#[test]
fn fault_48_a_raised_flag_stops_a_row() {
    for loaded in both(&kernel(SPIN)) {
        for rows in [1, 5000] {
            let stop = StopFlag::new();
            let options = CallOptions { stop: Some(stop.clone()), ..CallOptions::default() };
            let error = std::thread::scope(|scope| {
                let (options, loaded) = (&options, &loaded);
                let call = scope.spawn(move || loaded.call(&[i64::MAX.into()], rows, options).unwrap_err());
                std::thread::sleep(Duration::from_millis(20));
                stop.raise();
                call.join().unwrap()
            });
            assert_eq!(error.code, Code::Cancelled, "{error}");
        }
    }
}

/// Vector code counts the iterations of a block; who it was that made too many, and when a flag was raised, is seen as
/// in scalar code. Rows before the one that fails are those of a call without it.
#[test]
fn fault_47_a_block_has_the_fuel_of_its_rows() {
    for level in [Level::V4, Level::V3] {
        let cache = patient(1 << 20).with_target(Target::level(level));
        for (source, turns) in [(SPIN.replace("-> i64 {", "-> i64 fuel 1000 {"), 1), (COUNTED.to_string(), 8)] {
            let loaded = cache.load(&kernel(&source), Engine::Native);
            let Some(Backend::Vector { lanes, .. }) = loaded.backend() else {
                println!("SKIPPED: no vectors of {level:?}");
                continue;
            };
            let lanes = lanes as usize * turns;
            for bad in [0, 1, lanes - 1, lanes, 5 * lanes + 3, 6 * lanes] {
                let rows: Vec<i64> = (0..6 * lanes + 1).map(|row| if row == bad { 2000 } else { 900 }).collect();
                let options = CallOptions { fuel: Some(950), ..CallOptions::default() };
                let error = loaded.call(&[Column::from(&rows)], rows.len(), &options).map(drop);
                if turns == 1 {
                    assert_eq!(error.unwrap_err().row, Some(bad as u64), "{level:?}");
                } else {
                    assert_eq!(error, Ok(()), "each row makes 900 iterations");
                }
                let fewer = CallOptions { fuel: Some(800), ..CallOptions::default() };
                let error = loaded.call(&[Column::from(&rows)], rows.len(), &fewer).unwrap_err();
                assert_eq!((error.code, error.row), (Fault::Fuel.code(), Some(0)), "{level:?}");
            }
            assert!(loaded.backend().is_some(), "the code was not put aside");
        }
    }
}

/// 900 iterations, whatever the row.
const COUNTED: &str = "kernel counted(%0 n: i64) -> i64 {
  %1: i64 = const 900
  %2: i64 = const 0
  %3: i64 = loop %2, %0 {
    %4: i64 = carried 0
    %5: i64 = carried 1
    %6: i64 = const 1
    %7: i64 = wrapping_add %4, %6
    %8: i64 = xor %5, %7
    %9: bool = le %7, %1
    yield %9, %7, %8
  }
  %10: i64 = output %3, 1
  return %10
}";

#[test]
fn what_stands_under_a_null_does_not_run() {
    for loaded in both(&kernel(SPIN)) {
        let n = Int64Array::new(vec![5, i64::MAX, 6].into(), Some(vec![true, false, true].into()));
        let n: ArrayRef = Arc::new(n);
        let got = loaded.call_arrow(&[(&n).into()], 3).unwrap();
        let expected: Int64Array = [Some(5), None, Some(6)].into_iter().collect();
        assert_eq!(got[0].to_data(), expected.to_data());
    }
}
