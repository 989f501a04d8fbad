//! Zeros in the results of null rows: what a kernel made of the values that lie under nulls is nobody's business.

#![allow(unsafe_code)]

use std::ops::Range;

use arrow_buffer::NullBuffer;
use arrow_buffer::bit_chunk_iterator::BitChunks;

use super::STRIP_ROWS;
use crate::room::Sink;

/// Which rows have a value: a bit each, in the order of Arrow.
pub(crate) trait Bits {
    /// Whether there is a bit for each of so many rows, and no more than a byte holds.
    fn has_rows(&self, rows: usize) -> bool;

    /// The bits of some rows by words: bits behind the last row are anything.
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = u64>;
}

impl Bits for NullBuffer {
    fn has_rows(&self, rows: usize) -> bool {
        self.len() == rows
    }

    #[inline]
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = u64> {
        let chunks = BitChunks::new(self.buffer(), self.offset() + rows.start, rows.len());
        let rest = chunks.remainder_bits();
        chunks.iter().chain(std::iter::once(rest))
    }
}

/// A bitmap that begins with the first row.
pub(crate) struct Bitmap<'a>(pub(crate) &'a [u8]);

impl Bits for Bitmap<'_> {
    fn has_rows(&self, rows: usize) -> bool {
        self.0.len() == rows.div_ceil(8)
    }

    #[inline]
    fn words(&self, rows: Range<usize>) -> impl Iterator<Item = u64> {
        assert!(rows.start.is_multiple_of(8), "whole bytes");
        let (words, rest) = self.0[rows.start / 8..rows.end.div_ceil(8)].as_chunks();
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        words.iter().map(|&word| u64::from_le_bytes(word)).chain(std::iter::once(u64::from_le_bytes(last)))
    }
}

/// Words of null rows that are looked at together: those of a strip.
const WORDS: usize = STRIP_ROWS / 64;

/// Zeroes the results of null rows, looking only at words of the bitmap that have one. The columns come with the
/// number of elements of a row.
///
/// # Safety
/// Nobody else may use the elements of these rows, nor a byte that has the bit of one.
#[inline]
pub(crate) unsafe fn zero_nulls<'s>(
    columns: impl Iterator<Item = (usize, &'s Sink<'s>)> + Clone,
    nulls: &impl Bits,
    rows: Range<usize>,
) {
    for start in rows.clone().step_by(STRIP_ROWS) {
        let end = rows.end.min(start + STRIP_ROWS);
        // Null rows as set bits; no bit behind the last row is set.
        let mut words = [0; WORDS];
        for (word, valid) in words.iter_mut().zip(nulls.words(start..end)) {
            *word = !valid;
        }
        let words = &mut words[..(end - start).div_ceil(64)];
        if let (Some(last), left @ 1..) = (words.last_mut(), (end - start) % 64) {
            *last &= (1 << left) - 1;
        }
        for (width, sink) in columns.clone() {
            assert!(end * width <= sink.len, "rows of the column");
            // SAFETY: the rows are the sink's, by the caller's promise nobody else's, and each has `width` elements.
            unsafe { zero_column(sink, width, start, words) };
        }
    }
}

/// # Safety
/// As `zero_nulls`, for rows from `start` on.
unsafe fn zero_column(sink: &Sink<'_>, width: usize, start: usize, words: &[u64]) {
    let bytes = width * sink.ty.bytes();
    // SAFETY: the caller's promise.
    unsafe {
        match (sink.packed, width, sink.ty.bytes()) {
            (false, 1, 8) => zero_u64(sink.first.add(start * bytes).cast(), words),
            (false, 1, 4) => zero_u32(sink.first.add(start * bytes).cast(), words),
            (false, ..) => each(words, |row| sink.first.add((start + row) * bytes).write_bytes(0, bytes)),
            (true, ..) => each(words, |row| {
                for at in (start + row) * width..(start + row + 1) * width {
                    *sink.first.add(at / 8) &= !(1 << (at % 8));
                }
            }),
        }
    }
}

/// Calls `f` with each row whose bit is set.
#[inline(always)]
fn each(words: &[u64], mut f: impl FnMut(usize)) {
    for (index, &(mut word)) in words.iter().enumerate() {
        while word != 0 {
            f(64 * index + word.trailing_zeros() as usize);
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
        unsafe fn $name(first: *mut $int, words: &[u64]) {
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
        unsafe fn $avx512(first: *mut $int, words: &[u64]) {
            use std::arch::x86_64::{_mm512_setzero_si512, $store};

            for (index, &word) in words.iter().enumerate() {
                let zeros = |lane: usize| {
                    let place = first.wrapping_add(64 * index + lane).cast();
                    // SAFETY: the lanes whose bits are set are rows of the column; no other is written.
                    unsafe { $store(place, (word >> lane) as $mask, _mm512_setzero_si512()) };
                };
                // Up to the last set bit: a store whose mask is empty is slow where its page is not there.
                match word.leading_zeros() as usize {
                    64 => {}
                    0..$lanes => (0..64 / $lanes).for_each(|part| zeros(part * $lanes)),
                    empty => (0..64 - empty).step_by($lanes).for_each(zeros),
                }
            }
        }
    };
}

zero!(zero_u64 u64 8 u8 zero_u64_avx512 _mm512_mask_storeu_epi64);
zero!(zero_u32 u32 16 u16 zero_u32_avx512 _mm512_mask_storeu_epi32);
