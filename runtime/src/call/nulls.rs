//! Zeros in the results of null rows: what a kernel made of the values that lie under nulls is nobody's business.

#![allow(unsafe_code)]

use std::ops::Range;

use arrow_buffer::NullBuffer;

use super::Job;
use crate::room::Sink;

/// Zeroes the results of null rows.
///
/// # Safety
/// The rows must be the running piece's.
pub(super) unsafe fn zero_nulls(job: &Job<'_>, nulls: &NullBuffer, rows: Range<usize>) {
    for (width, sink) in job.columns() {
        // SAFETY: the rows are this piece's, the sink has `width` elements of its type for each of them, and no
        // other piece has a row in a byte of a bitmap.
        unsafe { zero_rows(sink, nulls, width, rows.clone()) };
    }
}

/// Zeroes the elements, `width` a row, of those of these rows that are null, looking only at words of the bitmap that
/// have one.
///
/// # Safety
/// The sink must have elements for these rows, and no other thread may touch them or, where they are bits, the bytes
/// that they stand in.
pub(crate) unsafe fn zero_rows(sink: &Sink<'_>, nulls: &NullBuffer, width: usize, rows: Range<usize>) {
    let valid = nulls.inner().slice(rows.start, rows.len());
    // Of each 64 rows the first one, and those that are null as set bits; no bit behind the last row is set.
    let words = valid.bit_chunks().iter_padded().zip(rows.clone().step_by(64)).map(|(word, first)| {
        let left = rows.end - first;
        (first, if left < 64 { !word & ((1 << left) - 1) } else { !word })
    });
    let null_rows = words.filter(|&(_, word)| word != 0);
    // SAFETY: the elements are there, by the caller's promise.
    unsafe {
        match (sink.packed, width, sink.ty.bytes()) {
            (false, 1, 8) => zero_u64(sink.first.cast(), null_rows),
            (false, 1, 4) => zero_u32(sink.first.cast(), null_rows),
            (false, ..) => {
                let bytes = width * sink.ty.bytes();
                each(null_rows, |row| sink.first.add(row * bytes).write_bytes(0, bytes));
            }
            (true, ..) => each(null_rows, |row| {
                for at in row * width..(row + 1) * width {
                    *sink.first.add(at / 8) &= !(1 << (at % 8));
                }
            }),
        }
    }
}

/// Calls `f` with each row whose bit is set.
#[inline(always)]
fn each(words: impl Iterator<Item = (usize, u64)>, mut f: impl FnMut(usize)) {
    for (first, mut word) in words {
        while word != 0 {
            f(first + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

/// Zeroes elements of one width, with masked stores where the CPU has them: row by row, the zeros of a tenth of the
/// rows cost more than a polynomial over all of them.
macro_rules! zero {
    ($name:ident $int:ident $lanes:literal $mask:ident $avx512:ident $store:ident) => {
        /// # Safety
        /// Every row whose bit is set must be one of the column's, and nobody else's.
        unsafe fn $name(first: *mut $int, words: impl Iterator<Item = (usize, u64)>) {
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("avx512f") {
                // SAFETY: the caller's promise, on a CPU that has the instructions.
                return unsafe { $avx512(first, words) };
            }
            // SAFETY: the caller's promise.
            each(words, |row| unsafe { first.add(row).write_unaligned(0) });
        }

        /// # Safety
        /// As above.
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn $avx512(first: *mut $int, words: impl Iterator<Item = (usize, u64)>) {
            use std::arch::x86_64::{_mm512_setzero_si512, $store};

            for (row, word) in words {
                // Up to the last set bit: a store whose mask is empty is slow where its page is not there.
                for lane in (0..64 - word.leading_zeros() as usize).step_by($lanes) {
                    let place = first.wrapping_add(row + lane).cast();
                    // SAFETY: the lanes whose bits are set are rows of the column; no other is written.
                    unsafe { $store(place, (word >> lane) as $mask, _mm512_setzero_si512()) };
                }
            }
        }
    };
}

zero!(zero_u64 u64 8 u8 zero_u64_avx512 _mm512_mask_storeu_epi64);
zero!(zero_u32 u32 16 u16 zero_u32_avx512 _mm512_mask_storeu_epi32);
