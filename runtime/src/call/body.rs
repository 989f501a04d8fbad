//! What computes rows: machine code, or the interpreter, over the pointers of one strip.

#![allow(unsafe_code)]

use std::ops::Range;

use filbert_compiler::abi::{CallFrame, POLL_ITERATIONS, SCALAR, STOPPED};
use filbert_ir::interp::{Control, Interpreter, Memory, RowEnd, RowFault};
use filbert_ir::{Array, Fault, Type, VerifiedKernel};

use super::STRIP_ROWS;
use super::native::{NativeCode, Vector};
use crate::crash;
use crate::layout::Layout;
use crate::lend::{read_bits, write_bits};
use crate::options::StopFlag;

/// How far rows may go.
#[derive(Clone, Copy)]
pub(crate) struct Limits<'l> {
    /// Loop iterations of a row.
    pub(crate) fuel: u64,
    pub(crate) stop: Option<&'l StopFlag>,
    /// Whether results may go past the caches; nothing where that is found by their size.
    pub(crate) streams: Option<bool>,
}

/// What is at the addresses that the strip loop has set: see the tables of `CallFrame`.
pub(crate) struct Pointers {
    pub(crate) slots: Vec<*const u8>,
    pub(crate) columns: Vec<*mut u8>,
    pub(crate) lists: Vec<*const *mut u8>,
    pub(crate) tables: Vec<*const u8>,
}

/// How the rows of a range ended.
pub(crate) enum Ran {
    All,
    /// At the lowest row that fails.
    Failed {
        row: usize,
        fault: RowFault,
    },
    /// Somebody raised the flag; `row` is not computed.
    Stopped {
        row: usize,
    },
}

pub(crate) enum Body<'b> {
    Native(Native<'b>),
    Interp { interpreter: Interpreter, layout: &'b Layout, control: Control<'b>, slots: Vec<u64>, returns: Vec<u64> },
}

impl<'b> Body<'b> {
    pub(crate) fn native(code: &'b NativeCode, limits: Limits<'b>) -> Body<'b> {
        let streams = limits.streams == Some(true);
        Body::Native(Native { code, limits, streams, poll: POLL_ITERATIONS, patience: PATIENCE_MAX, scalar_calls: 0 })
    }

    pub(crate) fn interp(kernel: &VerifiedKernel, layout: &'b Layout, control: Control<'b>) -> Body<'b> {
        let (slots, returns) = (vec![0; layout.slots.len()], vec![0; kernel.core.returns.len()]);
        Body::Interp { interpreter: Interpreter::new(kernel), layout, control, slots, returns }
    }

    /// Computes rows `start..end` of a strip. `Err` if machine code broke its contract.
    ///
    /// # Safety
    /// For rows `start..end` the pointers must be those that docs/abi.md wants for the code that the body is
    /// of: slots and addresses to read, columns to write, elements of the lengths that the slots say. Nobody
    /// else may use the memory that is written.
    pub(crate) unsafe fn rows(&mut self, pointers: &Pointers, start: usize, end: usize) -> Result<Ran, String> {
        match self {
            // SAFETY: the caller's promise.
            Body::Native(native) => unsafe { native.rows(pointers, start, end) },
            Body::Interp { interpreter, layout, control, slots, returns } => {
                for row in start..end {
                    for ((slot, ty), &column) in slots.iter_mut().zip(&layout.slots).zip(&pointers.slots) {
                        // SAFETY: the row is there, by the caller's promise.
                        *slot = unsafe { read_bits(*ty, column.add(row * ty.bytes())) };
                    }
                    let mut memory = StripMemory { layout, lists: &pointers.lists, row };
                    match interpreter.row(slots, &mut memory, control, returns) {
                        Ok(()) => {}
                        Err(RowEnd::Fault(fault)) => return Ok(Ran::Failed { row, fault }),
                        Err(RowEnd::Stopped) => return Ok(Ran::Stopped { row }),
                    }
                    let mut values = returns.iter();
                    for (column, &first) in layout.columns.iter().zip(&pointers.columns) {
                        let width = column.width as usize;
                        for (index, &bits) in values.by_ref().take(width).enumerate() {
                            // SAFETY: there is room, by the caller's promise.
                            unsafe {
                                write_bits(column.ty, bits, first.add((row * width + index) * column.ty.bytes()))
                            };
                        }
                    }
                }
                Ok(Ran::All)
            }
        }
    }
}

/// Machine code, with what it remembers from one range of rows to the next.
pub(crate) struct Native<'b> {
    code: &'b NativeCode,
    limits: Limits<'b>,
    /// Results may go past the caches.
    streams: bool,
    /// Iterations until the code's next look at the flag.
    poll: u64,
    /// Turns that vector code may still lose to a row that may fail.
    patience: u32,
    /// Ranges that are still to be left to scalar code, whole.
    scalar_calls: u32,
}

/// Turns in a row that vector code may lose. A turn that is lost is computed twice.
const PATIENCE_MAX: u32 = 4;

/// Ranges that are left to scalar code once patience has ended; ranges are strips, if no nulls divide them.
const SCALAR_CALLS: u32 = 32;

/// Bytes to a multiple of which results must be aligned to go past the caches.
const STREAM_ALIGN: usize = 64;

/// How a call of machine code ended.
enum Ended {
    Ran(Ran),
    /// Vector code has left the rows from this one on to others.
    Left(usize),
}

impl Native<'_> {
    /// As `Body::rows`.
    ///
    /// # Safety
    /// As there.
    unsafe fn rows(&mut self, pointers: &Pointers, start: usize, end: usize) -> Result<Ran, String> {
        let code = self.code;
        let Some(vector) = &code.vector else {
            // SAFETY: the caller's promise.
            return match unsafe { self.enter(code, pointers, start, end, 0) }? {
                Ended::Ran(ran) => Ok(ran),
                Ended::Left(row) => Err(format!("scalar code left row {row} to others")),
            };
        };
        let mut next = start;
        let mut was_lost = false;
        while next < end {
            let mut rest = next..end;
            if self.scalar_calls == 0 {
                // SAFETY: the caller's promise.
                match unsafe { self.enter_aligned(vector, pointers, next, end) }? {
                    Ended::Ran(ran) => {
                        self.patience = if was_lost { self.patience } else { PATIENCE_MAX };
                        return Ok(ran);
                    }
                    Ended::Left(row) if code.sums() => return Err(format!("a sum left row {row} to others")),
                    Ended::Left(row) => rest = row..end.min(row + vector.turn_rows),
                }
                // SAFETY: the caller's promise, for some of its rows.
                unsafe { clear_lists(code, vector, pointers, rest.clone()) };
                if end - rest.start >= vector.lanes {
                    was_lost = true;
                    self.patience -= 1;
                    self.scalar_calls = if self.patience == 0 { SCALAR_CALLS } else { 0 };
                }
            } else {
                self.scalar_calls -= 1;
                self.patience = if self.scalar_calls == 0 { 1 } else { 0 };
            }
            next = rest.end;
            // SAFETY: the caller's promise, for some of its rows.
            match unsafe { self.spread(vector, pointers, rest) }? {
                Ran::All => {}
                other => return Ok(other),
            }
        }
        Ok(Ran::All)
    }

    /// Rows for scalar code, which takes a column for every slot: one value becomes a strip of it.
    ///
    /// # Safety
    /// As `rows`.
    unsafe fn spread(&mut self, vector: &Vector, pointers: &Pointers, rows: Range<usize>) -> Result<Ran, String> {
        if self.code.form.uniform == 0 {
            // SAFETY: the caller's promise.
            return unsafe { self.scalar(vector, pointers, rows.start, rows.end) };
        }
        for start in rows.clone().step_by(STRIP_ROWS) {
            let end = rows.end.min(start + STRIP_ROWS);
            let mut strips: Vec<Vec<u64>> = Vec::new();
            let mut slots = pointers.slots.clone();
            for (index, (slot, ty)) in slots.iter_mut().zip(&self.code.layout().slots).enumerate() {
                if !self.code.is_uniform(index) {
                    continue;
                }
                // SAFETY: one value stands there, by the caller's promise.
                let bits = unsafe { read_bits(*ty, *slot) };
                let mut strip = vec![0u64; end - start];
                let first = strip.as_mut_ptr().cast::<u8>();
                // SAFETY: the strip has a word for each row, which is as wide as any element.
                (0..end - start).for_each(|row| unsafe { write_bits(*ty, bits, first.add(row * ty.bytes())) });
                // Row `start` is the strip's first: the code adds what is taken off here.
                *slot = first.wrapping_sub(start * ty.bytes());
                strips.push(strip);
            }
            let (columns, lists, tables) = (pointers.columns.clone(), pointers.lists.clone(), pointers.tables.clone());
            let pointers = Pointers { slots, columns, lists, tables };
            // SAFETY: the caller's promise; slots of one value have the rows of a strip, which lives on.
            match unsafe { self.scalar(vector, &pointers, start, end) }? {
                Ran::All => {}
                other => return Ok(other),
            }
        }
        Ok(Ran::All)
    }

    /// Rows for the scalar code of a kernel with vector code.
    ///
    /// # Safety
    /// As `rows`.
    unsafe fn scalar(&mut self, vector: &Vector, pointers: &Pointers, start: usize, end: usize) -> Result<Ran, String> {
        if let Some(code) = vector.companion() {
            // SAFETY: the caller's promise; the code is of the same kernel.
            return match unsafe { self.enter(&code, pointers, start, end, 0) }? {
                Ended::Ran(ran) => Ok(ran),
                Ended::Left(row) => Err(format!("scalar code left row {row} to others")),
            };
        }
        let stop = self.limits.stop;
        let is_stopped = || stop.is_some_and(StopFlag::is_raised);
        let control = Control::new(self.limits.fuel, Some(&is_stopped));
        let mut body = Body::interp(&vector.kernel, self.code.layout(), control);
        // SAFETY: as above.
        unsafe { body.rows(pointers, start, end) }
    }

    /// Calls vector code: once, or where its results may go past the caches first for the rows before a place at
    /// which all of them are aligned.
    ///
    /// # Safety
    /// As `rows`.
    unsafe fn enter_aligned(
        &mut self,
        vector: &Vector,
        pointers: &Pointers,
        start: usize,
        end: usize,
    ) -> Result<Ended, String> {
        let code = self.code;
        let rows = start..end.min(start + STREAM_ALIGN);
        let widths = || pointers.columns.iter().zip(&code.layout().columns);
        let is_aligned = |&row: &usize| {
            widths().all(|(first, column)| {
                (first.addr() + row * column.width as usize * column.ty.bytes()).is_multiple_of(STREAM_ALIGN)
            })
        };
        let is_long = self.streams && end - start > STREAM_ALIGN + vector.turn_rows;
        let first = if is_long { rows.into_iter().find(is_aligned) } else { None };
        let Some(first) = first else {
            // SAFETY: the caller's promise.
            return unsafe { self.enter(code, pointers, start, end, 0) };
        };
        if first > start {
            // SAFETY: the caller's promise, for some of its rows.
            match unsafe { self.enter(code, pointers, start, first, 0) }? {
                Ended::Ran(Ran::All) => {}
                other => return Ok(other),
            }
        }
        // SAFETY: the caller's promise; the outputs are aligned at this row.
        unsafe { self.enter(code, pointers, first, end, 1) }
    }

    /// Calls machine code once.
    ///
    /// # Safety
    /// As `rows`; the code must be of the body's kernel. With `streams` all outputs must be aligned at row `start`.
    unsafe fn enter(
        &mut self,
        code: &NativeCode,
        pointers: &Pointers,
        start: usize,
        end: usize,
        streams: u64,
    ) -> Result<Ended, String> {
        let mut frame = CallFrame {
            inputs: pointers.slots.as_ptr(),
            outputs: pointers.columns.as_ptr(),
            lists: pointers.lists.as_ptr(),
            tables: pointers.tables.as_ptr(),
            helpers: code.helpers.as_ptr(),
            stop: self.limits.stop.map_or(&0, StopFlag::as_ptr),
            start: start as u64,
            end: end as u64,
            fuel: self.limits.fuel,
            poll: self.poll,
            fault_row: 0,
            fault_site: 0,
            zero: 0,
            scratch: 0,
            streams,
        };
        let running = crash::running(&code.id);
        // SAFETY: the frame is as docs/abi.md wants it, by the caller's promise; `code` is borrowed, so its
        // pages stay mapped; the compiler's audit says that the code does not trap or unwind.
        let status = unsafe { (code.memory.entry())(&mut frame) };
        drop(running);
        self.poll = frame.poll.clamp(1, POLL_ITERATIONS);
        if status == 0 {
            return Ok(Ended::Ran(Ran::All));
        }
        let row = frame.fault_row as usize;
        let site = code.sites.get(frame.fault_site as usize);
        let is_vector = code.vector.is_some();
        match (Fault::from_number(status).zip(site), (start..end).contains(&row)) {
            (_, true) if status == STOPPED => Ok(Ended::Ran(Ran::Stopped { row })),
            (_, true) if status == SCALAR && is_vector => Ok(Ended::Left(row)),
            (Some((fault, &value)), true) => Ok(Ended::Ran(Ran::Failed { row, fault: RowFault { fault, value } })),
            _ => Err(format!("machine code gave status {status} at site {} in row {row}", frame.fault_site)),
        }
    }
}

/// Zeroes the lists that rows write: those who compute them again begin with what the first one began with.
///
/// # Safety
/// As `Body::rows`; the code must be that of the body.
unsafe fn clear_lists(code: &NativeCode, vector: &Vector, pointers: &Pointers, rows: Range<usize>) {
    let layout = code.layout();
    let lists = layout.lists.iter().zip(&pointers.lists).skip(layout.param_lists);
    let signature = &vector.kernel.core.signature;
    // Their lengths stand behind all parameters.
    for ((ty, addresses), slot) in lists.zip(signature.param_slot(signature.params.len()).index()..) {
        for row in rows.clone() {
            // SAFETY: the column of lengths and that of addresses have the row, and the list so many elements, by
            // the caller's promise.
            unsafe {
                let place = if code.is_uniform(slot) { 0 } else { row };
                let length = read_bits(Type::U64, pointers.slots[slot].add(place * 8)) as usize;
                (*addresses.add(row)).write_bytes(0, length * ty.bytes());
            }
        }
    }
}

/// The lists of one row of a strip. Whoever makes one promises that its addresses are those of the kernel's
/// lists, and that the interpreter gets the slots that say their lengths: it then asks for no other element.
pub(super) struct StripMemory<'s> {
    pub(super) layout: &'s Layout,
    pub(super) lists: &'s [*const *mut u8],
    pub(super) row: usize,
}

impl StripMemory<'_> {
    fn place(&self, array: Array, index: u64) -> (*mut u8, filbert_ir::Type) {
        let (list, ty) = self.layout.list(array);
        // SAFETY: the column of addresses has the row, and the list the element, by the maker's promise.
        (unsafe { (*self.lists[list].add(self.row)).add(index as usize * ty.bytes()) }, ty)
    }
}

impl Memory for StripMemory<'_> {
    fn load(&self, array: Array, index: u64) -> u64 {
        let (place, ty) = self.place(array, index);
        // SAFETY: it is an element of that type, by the maker's promise.
        unsafe { read_bits(ty, place) }
    }

    fn store(&mut self, array: Array, index: u64, bits: u64) {
        let (place, ty) = self.place(array, index);
        // SAFETY: as above, and only results are written.
        unsafe { write_bits(ty, bits, place) }
    }
}
