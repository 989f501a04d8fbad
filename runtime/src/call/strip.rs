//! One strip of a job: the pointers that the code gets, and what happens to rows before and behind it.
//!
//! ```text
//!   what the code gets a pointer to, for strip s:
//!     dense elements     first + s * 1024 * width     in the caller's own memory
//!     a scalar           8 bytes, where the code takes one value; else a scratch strip, filled once
//!     anything else      a scratch strip, filled for each strip: gathered, unpacked, widened, or lengths
//!     addresses          a scratch strip of pointers for each list
//!     results            in their own memory; bools that become bits in a scratch strip, packed behind
//! ```

#![allow(unsafe_code)]

use filbert_compiler::abi::uniform_bits;
use filbert_ir::interp::{Control, Interpreter, Memory, RowEnd};
use filbert_ir::{Array, Fault};

use super::body::{Pointers, StripMemory};
use super::{Halt, Job};
use crate::bits;
use crate::lend::{Input, read_bits, write_bits};
use crate::room::Sink;

/// Rows of a shadow check.
const SHADOW_ROWS: usize = 16;

/// Loop iterations of a row that a shadow check spends at most: what takes longer is not compared.
const SHADOW_FUEL: u64 = 1 << 14;

/// Elements of a row's result lists that a shadow check holds at most.
const SHADOW_ELEMENTS: usize = 1 << 16;

pub(super) struct Strip {
    pub(super) pointers: Pointers,
    /// Scratch strips of values and flags: for each slot, column or flag that needs one, in order.
    words: Vec<u64>,
    /// Scratch strips of addresses, one a list.
    addresses: Vec<*mut u8>,
    /// Rows of a scratch strip.
    rows_max: usize,
    /// A byte a row: whether the row has not failed. Empty unless failing rows are null.
    valid: Vec<u8>,
}

impl Strip {
    /// For strips of at most so many rows.
    pub(super) fn new(job: &Job<'_>, rows_max: usize) -> Strip {
        let slots = || job.bound.slots.iter().enumerate().filter(|(_, slot)| slot.dense().is_none());
        let words_of = |slot: usize| if job.is_uniform(slot) { 1 } else { rows_max };
        let scratch = slots().map(|(index, _)| words_of(index)).sum::<usize>()
            + job
                .columns()
                .filter(|(_, sink)| sink.packed)
                .map(|(width, _)| packed_words(width, rows_max))
                .sum::<usize>();
        // It starts as zeros, so that a bool that is never written (its row failed under a null) is still one.
        let mut strip = Strip {
            pointers: Pointers {
                slots: vec![std::ptr::null(); job.bound.slots.len()],
                columns: vec![std::ptr::null_mut(); job.layout.columns.len()],
                lists: vec![std::ptr::null(); job.layout.lists.len()],
                tables: job.kernel.core.tables.iter().map(|table| table.bytes.as_ptr()).collect(),
            },
            words: vec![0; scratch],
            addresses: vec![std::ptr::null_mut(); job.layout.lists.len() * rows_max],
            rows_max,
            valid: if job.layout.forgives { vec![1; rows_max] } else { Vec::new() },
        };
        let mut free = strip.words.as_mut_ptr();
        for (index, slot) in slots() {
            match slot {
                // SAFETY: there is a word for it.
                Input::Scalar(value) if job.is_uniform(index) => unsafe {
                    free.write(uniform_bits(value.ty(), value.bits()));
                },
                // SAFETY: a scratch strip takes as many elements of any type.
                Input::Scalar(_) => unsafe { slot.copy(0, rows_max, free.cast()) },
                _ => {}
            }
            free = free.wrapping_add(words_of(index));
        }
        strip
    }

    /// Sets the pointers for rows `start..start + rows`, fills the scratch strips that change, and zeroes the
    /// lists that will be written.
    ///
    /// # Safety
    /// The rows must be the running piece's, and no more than this strip was made for.
    pub(super) unsafe fn set(&mut self, job: &Job<'_>, start: usize, rows: usize) {
        let mut free = self.words.as_mut_ptr();
        let mut take = |words: usize| {
            let place = free;
            free = free.wrapping_add(words);
            place.cast::<u8>()
        };
        for (index, (pointer, slot)) in self.pointers.slots.iter_mut().zip(&job.bound.slots).enumerate() {
            *pointer = match slot.dense() {
                None if job.is_uniform(index) => take(1),
                // SAFETY: the rows are in range.
                Some(view) => unsafe { view.first.add(start * view.storage.bytes()) },
                None => {
                    let place = take(self.rows_max);
                    if !matches!(slot, Input::Scalar(_)) {
                        // SAFETY: the rows are in range, and a scratch strip takes so many of any type.
                        unsafe { slot.copy(start, rows, place) };
                    }
                    place
                }
            };
        }
        for (pointer, (width, sink)) in self.pointers.columns.iter_mut().zip(job.columns()) {
            *pointer = match sink.packed {
                true => take(packed_words(width, self.rows_max)),
                // SAFETY: the rows are in range.
                false => unsafe { sink.first.add(start * width * sink.ty.bytes()) },
            };
        }
        self.valid.fill(1);
        if !job.layout.lists.is_empty() {
            // SAFETY: as above.
            unsafe { self.set_lists(job, start, rows) };
        }
    }

    /// Addresses and zeros, of `set`.
    ///
    /// # Safety
    /// As `set`.
    unsafe fn set_lists(&mut self, job: &Job<'_>, start: usize, rows: usize) {
        let (params, results) = self.addresses.split_at_mut(job.layout.param_lists * self.rows_max);
        for (lists, addresses) in job.bound.lists.iter().zip(params.chunks_mut(self.rows_max.max(1))) {
            lists.addresses(start, &mut addresses[..rows]);
        }
        for ((starts, sink), addresses) in job.lists().zip(results.chunks_mut(self.rows_max.max(1))) {
            let width = sink.ty.bytes();
            let (begin, end) = (starts.at(start), starts.at(start + rows));
            // SAFETY: these elements are those of the piece's rows.
            unsafe { sink.first.add(begin * width).write_bytes(0, (end - begin) * width) };
            for (row, address) in addresses[..rows].iter_mut().enumerate() {
                *address = sink.first.wrapping_add(starts.at(start + row) * width);
            }
        }
        let first = self.addresses.as_ptr();
        for (list, pointer) in self.pointers.lists.iter_mut().enumerate() {
            *pointer = first.wrapping_add(list * self.rows_max);
        }
    }

    /// Makes a failing row null: zeros, and a note.
    ///
    /// # Safety
    /// As `set`, which must have been called for a strip with this row.
    pub(super) unsafe fn forgive(&mut self, job: &Job<'_>, row: usize) {
        self.valid[row] = 0;
        for (&first, (width, sink)) in self.pointers.columns.iter().zip(job.columns()) {
            let bytes = width * sink.ty.bytes();
            // SAFETY: the row has so many bytes there, packed or not.
            unsafe { first.add(row * bytes).write_bytes(0, bytes) };
        }
    }

    /// Computes some rows of the strip with the interpreter and compares the bits. Returns how many rows
    /// were looked at; those that would take long count, although only their beginning was seen.
    ///
    /// # Safety
    /// `set` must have been called with the same rows, and those that are not null must be computed.
    pub(super) unsafe fn shadow(&self, job: &Job<'_>, start: usize, rows: usize) -> Result<usize, Halt> {
        let core = &job.kernel.core;
        let mut interpreter = Interpreter::new(job.kernel);
        let mut judged = vec![0; core.returns.len()];
        let is_stopped = || job.limits.stop.is_some_and(|stop| stop.is_raised());
        let mut looked_at = 0;
        let step = rows.div_ceil(SHADOW_ROWS);
        for sample in (0..rows).step_by(step) {
            let is_null = |&row: &usize| job.nulls().is_some_and(|nulls| nulls.is_null(start + row));
            let Some(row) = (sample..rows.min(sample + step)).find(|row| !is_null(row)) else { continue };
            looked_at += 1;
            let slots = job.layout.slots.iter().zip(&self.pointers.slots).enumerate();
            let place = |index: usize| if job.is_uniform(index) { 0 } else { row };
            // SAFETY: the row is there, by the caller's promise, or one value for all of them.
            let slots = slots.map(|(i, (ty, column))| unsafe { read_bits(*ty, column.add(place(i) * ty.bytes())) });
            let lengths: Vec<usize> =
                job.lists().map(|(starts, _)| starts.at(start + row + 1) - starts.at(start + row)).collect();
            if lengths.iter().sum::<usize>() > SHADOW_ELEMENTS {
                continue;
            }
            let mut memory = ShadowMemory {
                params: StripMemory { layout: job.layout, lists: &self.pointers.lists, row },
                results: lengths.iter().map(|&len| vec![0; len]).collect(),
            };
            let mut control = Control::new(job.limits.fuel.min(SHADOW_FUEL), Some(&is_stopped));
            let verdict = interpreter.row(&slots.collect::<Vec<_>>(), &mut memory, &mut control, &mut judged);
            match verdict {
                Err(RowEnd::Stopped) => return Err(Halt::Stopped { row: start + row }),
                Err(RowEnd::Fault(fault)) if fault.fault == Fault::Fuel && job.limits.fuel > SHADOW_FUEL => continue,
                _ => {}
            }
            // SAFETY: as above.
            let native = unsafe { self.written(job, start, row) };
            let failed = self.valid.get(row) == Some(&0);
            let same = match &verdict {
                Ok(()) => !failed && judged.iter().chain(memory.results.iter().flatten()).eq(&native),
                Err(_) => failed,
            };
            if !same {
                let native = if failed { "a fault".into() } else { format!("{native:x?}") };
                let verdict = verdict.map(|()| (&judged, &memory.results));
                let row = start + row;
                return Err(Halt::Defect(format!("row {row}: machine code gives {native}, interpreter {verdict:x?}")));
            }
        }
        Ok(looked_at)
    }

    /// The bits of a row's results: of its columns, then of its lists.
    ///
    /// # Safety
    /// As `shadow`.
    unsafe fn written(&self, job: &Job<'_>, start: usize, row: usize) -> Vec<u64> {
        let mut bits = Vec::new();
        for (column, &first) in job.layout.columns.iter().zip(&self.pointers.columns) {
            let width = column.width as usize;
            // SAFETY: the row is there, by the caller's promise.
            bits.extend(
                (row * width..(row + 1) * width)
                    .map(|at| unsafe { read_bits(column.ty, first.add(at * column.ty.bytes())) }),
            );
        }
        for (starts, sink) in job.lists() {
            // SAFETY: these elements are the row's.
            bits.extend(
                (starts.at(start + row)..starts.at(start + row + 1))
                    .map(|at| unsafe { read_bits(sink.ty, sink.first.add(at * sink.ty.bytes())) }),
            );
        }
        bits
    }

    /// Zeroes values that the kernel calls null, and packs the bools that were just computed.
    ///
    /// # Safety
    /// As `set`, which must have been called with the same rows.
    pub(super) unsafe fn finish(&mut self, job: &Job<'_>, start: usize, rows: usize) {
        for &(values, flags) in &job.layout.optional {
            let (first, ty) = (self.pointers.columns[values], job.layout.columns[values].ty);
            // SAFETY: there are flags of so many rows: written by the code, or the zeros of the scratch strip.
            let flags = unsafe { std::slice::from_raw_parts(self.pointers.columns[flags], rows) };
            for (row, _) in flags.iter().enumerate().filter(|&(_, &flag)| flag == 0) {
                // SAFETY: the row has a value.
                unsafe { write_bits(ty, 0, first.add(row * ty.bytes())) };
            }
        }
        for (&pointer, (width, sink)) in self.pointers.columns.iter().zip(job.columns()) {
            if sink.packed {
                // SAFETY: `pointer` is a scratch strip with so many bytes.
                let bytes = unsafe { std::slice::from_raw_parts(pointer, rows * width) };
                // SAFETY: the rows are this piece's.
                unsafe { pack(bytes, sink, start * width) };
            }
        }
        if let Some(sink) = &job.valid {
            // SAFETY: the rows are this piece's.
            unsafe { pack(&self.valid[..rows], sink, start) };
        }
    }
}

/// Words of a scratch strip of bytes.
fn packed_words(width: usize, rows: usize) -> usize {
    (width * rows).div_ceil(8)
}

/// # Safety
/// The elements must be the running piece's, from the first row of a strip on: that begins with a byte of the
/// bitmap, and no other piece has a row in these bytes.
unsafe fn pack(bytes: &[u8], sink: &Sink<'_>, start: usize) {
    for (index, octet) in bits::octets(bytes).enumerate() {
        // SAFETY: the bitmap has room for all elements of the call.
        unsafe { sink.first.add(start / 8 + index).write(octet) };
    }
}

/// A row's list parameters where they are, and its list results apart from those of the machine code.
struct ShadowMemory<'s> {
    params: StripMemory<'s>,
    results: Vec<Vec<u64>>,
}

impl ShadowMemory<'_> {
    fn index(&self, array: Array) -> usize {
        self.params.layout.list(array).0 - self.params.layout.param_lists
    }
}

impl Memory for ShadowMemory<'_> {
    fn load(&self, array: Array, index: u64) -> u64 {
        match array {
            Array::Result(_) => self.results[self.index(array)][index as usize],
            _ => self.params.load(array, index),
        }
    }

    fn store(&mut self, array: Array, index: u64, bits: u64) {
        let list = self.index(array);
        self.results[list][index as usize] = bits;
    }
}
