//! The bandwidth of this machine's memory, as programs here can have it: the best of reading a column, copying
//! one, and adding two, over columns that no cache holds.

use std::convert::Infallible;
use std::fs;
use std::time::Duration;

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

use crate::aligned::Aligned;
use crate::rounds::{Call, Plan, measure};

/// Elements that one thread works on at a time.
const PIECE: usize = 1 << 16;

/// Bytes of one of the three columns: twice the last-level cache, within these bounds.
const COLUMN_BYTES: std::ops::RangeInclusive<usize> = 64 << 20..=192 << 20;

/// What was measured, in bytes a second. Each byte counts once for being read and once for being written, not
/// for what the caches move besides.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bandwidth {
    /// Adding up one column.
    pub read: f64,
    /// Copying one.
    pub copy: f64,
    /// `a[i] = b[i] + 3 c[i]`.
    pub triad: f64,
    /// Bytes of a column.
    pub column_bytes: usize,
}

impl Bandwidth {
    /// Measures, on the threads of the pool that it is called in.
    pub fn measure() -> Bandwidth {
        let bytes = (2 * last_level_cache().unwrap_or(0)).clamp(*COLUMN_BYTES.start(), *COLUMN_BYTES.end());
        Bandwidth::measure_over(bytes)
    }

    /// Measures over three columns of so many bytes; of fewer, where there is no memory for them.
    pub fn measure_over(column_bytes: usize) -> Bandwidth {
        let len = (column_bytes / size_of::<f64>()).max(1);
        let bytes = (len * size_of::<f64>()) as f64;
        let columns = [0.0, 1.0, 2.0].map(|value| Aligned::filled(len, value));
        let [Some(mut a), Some(b), Some(c)] = columns else { return Bandwidth::measure_over(column_bytes / 2) };
        let plan = Plan { total: Duration::from_millis(200), rounds_min: 4, ..Plan::default() };
        let best = |call: Call<'_, Infallible>| match measure(&mut [call], plan) {
            Ok(samples) => samples[0].min(),
            Err(never) => match never {},
        };
        let read = best(Box::new(|| {
            let sum: f64 = b.par_chunks(PIECE).map(sum).sum();
            std::hint::black_box(sum);
            Ok(())
        }));
        let copy = best(Box::new(|| {
            a.par_chunks_mut(PIECE).zip(b.par_chunks(PIECE)).for_each(|(a, b)| a.copy_from_slice(b));
            std::hint::black_box(&mut a[0]);
            Ok(())
        }));
        let triad = best(Box::new(|| {
            let pieces = a.par_chunks_mut(PIECE).zip(b.par_chunks(PIECE)).zip(c.par_chunks(PIECE));
            pieces.for_each(|((a, b), c)| {
                a.iter_mut().zip(b).zip(c).for_each(|((a, b), c)| *a = b + 3.0 * c);
            });
            std::hint::black_box(&mut a[0]);
            Ok(())
        }));
        Bandwidth { read: bytes / read, copy: 2.0 * bytes / copy, triad: 3.0 * bytes / triad, column_bytes: len * 8 }
    }

    /// The best of the three.
    pub fn best(&self) -> f64 {
        self.read.max(self.copy).max(self.triad)
    }
}

/// The sum in 32 parts, which the compiler makes vectors of; what is left over is not worth a place here.
fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 32];
    for chunk in values.chunks_exact(32) {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().sum()
}

/// Bytes of the largest cache of the first core, where the system says so.
fn last_level_cache() -> Option<usize> {
    let sizes = (0..8).map_while(|index| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
        cache_bytes(&fs::read_to_string(path).ok()?)
    });
    sizes.max()
}

/// `32K`, `480M` as bytes.
fn cache_bytes(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidth_is_measured() {
        let found = Bandwidth::measure_over(1 << 20);
        assert_eq!(found.column_bytes, 1 << 20);
        // Somewhere between a disk and a thousand times a register's width.
        for rate in [found.read, found.copy, found.triad, found.best()] {
            assert!(rate > 1e8 && rate < 1e14, "{found:?}");
        }
    }

    #[test]
    fn sizes_of_caches() {
        assert_eq!(cache_bytes("480M\n"), Some(480 << 20));
        assert_eq!(cache_bytes("32K"), Some(32 << 10));
        assert_eq!(cache_bytes("many"), None);
    }

    #[test]
    fn sums() {
        assert_eq!(sum(&[1.0; 320]), 320.0);
    }
}
