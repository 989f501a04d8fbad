//! NaNs that vector code makes canonical a turn at once: one at every place of a turn, many, and none.

#![allow(clippy::unwrap_used)]

use filbert_compiler::{Backend, Level, Target};
use filbert_ir::{VerifiedKernel, text, verify};

use crate::cache::KernelCache;
use crate::column::Column;
use crate::engine::Engine as Wanted;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// Few operations on f64, on f32, and a result of each.
const SOURCES: [&str; 3] = [
    "kernel k(%0 x: f64, %1 y: f32) -> f64 {\n %2: f64 = mul %0, %0\n %3: f64 = add %2, %0\n return %3\n}\n",
    "kernel k(%0 x: f64, %1 y: f32) -> f32 {\n %2: f32 = mul %1, %1\n %3: f32 = sub %2, %1\n return %3\n}\n",
    "kernel k(%0 x: f64, %1 y: f32) -> (f64, f32, f64) {\n %2: f64 = mul %0, %0\n %3: f32 = cast %2\n\
     %4: f32 = add %3, %1\n %5: f64 = sub %2, %0\n return %2, %4, %5\n}\n",
];

/// A NaN that is not canonical: negative, with a payload.
const NAN: f64 = f64::from_bits(0xfff8_0000_0000_1234);

/// The bits of all results.
fn results(loaded: &LoadedKernel, x: &[f64], y: &[f32], streams: bool) -> Vec<Vec<u64>> {
    let options = CallOptions { streams: Some(streams), ..CallOptions::default() };
    let columns = [Column::slice(x), Column::slice(y)];
    let results = loaded.call(&columns, x.len(), &options).unwrap();
    let bits = |wide: Option<&[f64]>, narrow: Option<&[f32]>| match (wide, narrow) {
        (Some(wide), _) => wide.iter().map(|v| v.to_bits()).collect(),
        (_, Some(narrow)) => narrow.iter().map(|v| u64::from(v.to_bits())).collect(),
        _ => panic!("a column of floats"),
    };
    results.iter().map(|column| bits(column.as_slice::<f64>(), column.as_slice::<f32>())).collect()
}

#[test]
fn nans_are_canonical_wherever_they_stand_in_a_turn() {
    let kernel = |source: &str| -> VerifiedKernel { verify(text::parse(source).unwrap()).unwrap() };
    for (level, feature) in [(Level::V4, "avx512dq"), (Level::V3, "avx2")] {
        let target = Target::level(level);
        if !target.features().contains(&feature) {
            println!("SKIPPED: this CPU has no {feature}");
            continue;
        }
        let cache = KernelCache::new(1 << 20).with_target(target);
        for kernel in SOURCES.map(kernel) {
            let native = cache.load(&kernel, Wanted::Native);
            let interp = cache.load(&kernel, Wanted::Interp);
            let Some(Backend::Vector { turn_rows, .. }) = native.backend() else { panic!("{kernel:?} is taken") };
            let rows = 4 * turn_rows as usize + 3;
            let mut x: Vec<f64> = (0..rows).map(|row| row as f64 - 7.5).collect();
            let mut y: Vec<f32> = x.iter().map(|&x| x as f32 / 3.0).collect();
            let agree = |x: &[f64], y: &[f32], what: &str| {
                let expected = results(&interp, x, y, false);
                for streams in [false, true] {
                    assert_eq!(results(&native, x, y, streams), expected, "{level:?} {kernel:?} {what} {streams}");
                }
            };
            agree(&x, &y, "no NaN");
            for row in turn_rows as usize..2 * turn_rows as usize {
                let (old_x, old_y) = (x[row], y[row]);
                (x[row], y[row]) = (NAN, NAN as f32);
                agree(&x, &y, &format!("a NaN in row {row}"));
                (x[row], y[row]) = (f64::INFINITY, f32::INFINITY);
                agree(&x, &y, &format!("infinity less itself in row {row}"));
                (x[row], y[row]) = (old_x, old_y);
            }
            for step in [1, 3, 64] {
                x.iter_mut().step_by(step).for_each(|x| *x = NAN);
                y.iter_mut().rev().step_by(step).for_each(|y| *y = NAN as f32);
                agree(&x, &y, &format!("a NaN in each {step} rows"));
            }
            assert!(native.backend().is_some(), "the code was not put aside");
        }
    }
}
