//! The call: from checked columns to machine code or the interpreter, strip by strip.
//!
//! ```text
//!   columns ──bind──> Inputs ─┐            strip of 1,024 rows
//!                             ├─ Job ──> Pieces ──> Piece::run ──> Body::rows ──> entry(&mut CallFrame)
//!   outputs (Room) ─> Sinks ──┘  (disjoint row ranges)                    └────> Interpreter::scalar_row
//!
//!   what the code gets a pointer to, for strip s:
//!     dense elements     first + s * 1024 * width     in the caller's own memory
//!     a scalar           a scratch strip, filled once
//!     strided elements   a scratch strip, gathered for each strip
//!     bits               a scratch strip of bytes, unpacked for each strip
//! ```
//!
//! The code behind `entry` reads `width * rows` bytes from each input,
//! writes as many to each output, and assumes no alignment. So that this is so:
//! * inputs and sinks are lent memory of known type and length (`lend`);
//! * a `Job` refuses inputs and sinks whose type or length does not fit, and splits into `Piece`s that
//!   share no row;
//! * a `NativeCode` is borrowed while it runs, and keeps its pages alive.

#![allow(unsafe_code)]

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_buffer::NullBuffer;
use filbert_compiler::abi::{CallFrame, POLL_ITERATIONS};
use filbert_compiler::{Artifact, helpers};
use filbert_ir::interp::{Interpreter, RowFault};
use filbert_ir::{Fault, Scalar, Type, ValueId, VerifiedKernel};

use crate::bits;
use crate::code_memory::{CodeMemory, Refused};
use crate::lend::{Input, Room, Sink, fill, read_bits, write_bits};
use crate::options::StopFlag;

/// Rows between two looks at the stop flag; also the size of the scratch strips.
pub const STRIP_ROWS: usize = 1024;

/// Rows of a shadow check.
const SHADOW_ROWS: usize = 16;

// ----------------------------------------------------------------------------------------------- bodies

/// A kernel's machine code, with what its faults mean.
pub(crate) struct NativeCode {
    memory: CodeMemory,
    sites: Vec<ValueId>,
    params: Vec<Type>,
    results: Vec<Type>,
}

impl NativeCode {
    /// Maps what the compiler made of `kernel`.
    pub(crate) fn load(kernel: &VerifiedKernel, artifact: &Artifact) -> Result<NativeCode, Refused> {
        Ok(NativeCode {
            memory: CodeMemory::load(&artifact.code, artifact.align, artifact.entry_offset)?,
            sites: artifact.sites.iter().map(|site| site.value).collect(),
            params: kernel.core.slot_types(),
            results: kernel.core.return_types(),
        })
    }

    /// Bytes of memory that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.memory.bytes() + self.sites.len() * size_of::<ValueId>()
    }
}

/// What computes the rows.
#[derive(Clone, Copy)]
pub(crate) enum Engine<'k> {
    Native(&'k NativeCode),
    Interp,
}

/// A row that failed.
struct Failed {
    row: usize,
    fault: RowFault,
}

enum Body<'k> {
    Native(&'k NativeCode),
    Interp(Interpreter),
}

impl Body<'_> {
    /// Computes rows `start..end` of a strip. `Ok(None)`: all of them.
    ///
    /// # Safety
    /// Input `p` must have `end` elements of parameter `p`'s type at `inputs[p]`, and output `r` room for as
    /// many of result `r`'s at `outputs[r]`; types are those of the kernel that the body is of.
    unsafe fn rows(
        &mut self,
        kernel: &VerifiedKernel,
        inputs: &[*const u8],
        outputs: &[*mut u8],
        start: usize,
        end: usize,
    ) -> Result<Option<Failed>, String> {
        match self {
            Body::Native(code) => {
                let mut frame = CallFrame {
                    inputs: inputs.as_ptr(),
                    outputs: outputs.as_ptr(),
                    lists: std::ptr::null(),
                    tables: std::ptr::null(),
                    helpers: helpers::table().as_ptr(),
                    stop: &0,
                    start: start as u64,
                    end: end as u64,
                    fuel: kernel.core.signature.fuel,
                    poll: POLL_ITERATIONS,
                    fault_row: 0,
                    fault_site: 0,
                    zero: 0,
                    scratch: 0,
                };
                // SAFETY: the frame is as docs/abi.md wants it, by the caller's promise; `code` is borrowed,
                // so its pages stay mapped; the compiler's audit says that the code does not trap or unwind.
                let status = unsafe { (code.memory.entry())(&mut frame) };
                if status == 0 {
                    return Ok(None);
                }
                let row = frame.fault_row as usize;
                let fault = Fault::from_number(status).zip(code.sites.get(frame.fault_site as usize));
                match fault {
                    Some((fault, &value)) if (start..end).contains(&row) => {
                        Ok(Some(Failed { row, fault: RowFault { fault, value } }))
                    }
                    _ => Err(format!("machine code gave status {status} at site {} in row {row}", frame.fault_site)),
                }
            }
            Body::Interp(interpreter) => {
                let core = &kernel.core;
                let mut args = vec![0; inputs.len()];
                let mut results = vec![0; outputs.len()];
                for row in start..end {
                    for ((arg, value), &input) in args.iter_mut().zip(&core.values).zip(inputs) {
                        // SAFETY: the row is there, by the caller's promise.
                        *arg = unsafe { read_bits(value.ty, input.add(row * value.ty.bytes())) };
                    }
                    if let Err(fault) = interpreter.scalar_row(&args, &mut results) {
                        return Ok(Some(Failed { row, fault }));
                    }
                    for ((&bits, &id), &output) in results.iter().zip(&core.returns).zip(outputs) {
                        let ty = core.ty(id);
                        // SAFETY: there is room, by the caller's promise.
                        unsafe { write_bits(ty, bits, output.add(row * ty.bytes())) };
                    }
                }
                Ok(None)
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------- jobs

/// Why a job ended before its last row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
    /// A row that is not null failed; it is the lowest of its piece.
    Row { row: usize, fault: Fault, value: ValueId },
    /// Somebody raised the stop flag; `row` is the first that was not computed.
    Stopped { row: usize },
    /// Machine code broke its contract.
    Defect(String),
}

/// A kernel over all rows of a call. Inputs and outputs fit it, or it is not made.
pub(crate) struct Job<'j> {
    kernel: &'j VerifiedKernel,
    engine: Engine<'j>,
    inputs: &'j [Input<'j>],
    sinks: Vec<Sink<'j>>,
    nulls: Option<&'j NullBuffer>,
    stop: Option<&'j StopFlag>,
    shadow: bool,
    done: AtomicUsize,
}

/// What a job is made of.
#[derive(Clone, Copy)]
pub(crate) struct Order<'j> {
    pub(crate) kernel: &'j VerifiedKernel,
    pub(crate) engine: Engine<'j>,
    pub(crate) inputs: &'j [Input<'j>],
    pub(crate) rows: usize,
    pub(crate) nulls: Option<&'j NullBuffer>,
    pub(crate) stop: Option<&'j StopFlag>,
    /// Compare some rows of the first strip with the interpreter.
    pub(crate) shadow: bool,
}

impl Order<'_> {
    /// Fills the rooms: one for each result. `run` gets the pieces, of `piece_rows` rows each, and runs them
    /// all, in any order and on any threads, or returns why not.
    ///
    /// # Panics
    /// If inputs or rooms do not fit the kernel: `bind` has checked that they do.
    pub(crate) fn fill(
        self,
        rooms: &mut [&mut dyn Room],
        piece_rows: usize,
        run: impl FnOnce(Vec<Piece<'_, '_>>) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let Order { kernel, engine, inputs, rows, nulls, stop, shadow } = self;
        let params = kernel.core.slot_types();
        let results = kernel.core.return_types();
        let sinks: Vec<Sink<'_>> = rooms.iter_mut().map(|room| room.sink()).collect();
        assert!(inputs.iter().map(Input::ty).eq(params.iter().copied()), "inputs have the parameters' types");
        assert!(inputs.iter().all(|input| input.has_rows(rows)), "inputs have {rows} rows");
        assert!(sinks.iter().map(|sink| sink.ty).eq(results.iter().copied()), "rooms have the results' types");
        assert!(sinks.iter().all(|sink| sink.rows == rows), "rooms have {rows} rows");
        assert!(nulls.is_none_or(|nulls| nulls.len() == rows), "as many validity bits as rows");
        if let Engine::Native(code) = engine {
            assert!(code.params == params && code.results == results, "code is of a kernel with this signature");
        }
        assert!(piece_rows.is_multiple_of(STRIP_ROWS) && piece_rows > 0, "pieces are whole strips");
        let job = Job { kernel, engine, inputs, sinks, nulls, stop, shadow, done: AtomicUsize::new(0) };
        let starts = (0..rows).step_by(piece_rows);
        let pieces = starts.map(|start| Piece { job: &job, rows: start..rows.min(start.saturating_add(piece_rows)) });
        run(pieces.collect())?;
        assert_eq!(job.done.load(Ordering::Acquire), rows, "every piece was run");
        drop(job);
        for room in rooms {
            // SAFETY: every piece wrote all of its rows, and together they are all rows.
            unsafe { room.set_filled() };
        }
        Ok(())
    }
}

/// A range of a job's rows that no other piece has.
pub(crate) struct Piece<'j, 'o> {
    job: &'j Job<'o>,
    rows: Range<usize>,
}

impl Piece<'_, '_> {
    /// Computes the piece.
    pub(crate) fn run(self) -> Result<(), Halt> {
        let job = self.job;
        let mut body = match job.engine {
            Engine::Native(code) => Body::Native(code),
            Engine::Interp => Body::Interp(Interpreter::new(job.kernel)),
        };
        let mut scratch = Scratch::new(job, self.rows.len());
        for start in self.rows.clone().step_by(STRIP_ROWS) {
            if job.stop.is_some_and(StopFlag::is_raised) {
                return Err(Halt::Stopped { row: start });
            }
            let rows = STRIP_ROWS.min(self.rows.end - start);
            // SAFETY: `start..start + rows` lies in this piece.
            unsafe { scratch.strip(job, start, rows) };
            let mut next = 0;
            while next < rows {
                // SAFETY: `scratch.strip` has set the pointers for `rows` rows of the right types.
                let failed = unsafe { body.rows(job.kernel, &scratch.inputs, &scratch.outputs, next, rows) };
                match failed.map_err(Halt::Defect)? {
                    None => break,
                    // What a null slot holds is nobody's fault; its result is zeroed below.
                    Some(failed) if job.nulls.is_some_and(|n| n.is_null(start + failed.row)) => next = failed.row + 1,
                    Some(Failed { row, fault: RowFault { fault, value } }) => {
                        return Err(Halt::Row { row: start + row, fault, value });
                    }
                }
            }
            if job.shadow && start == 0 {
                // SAFETY: as above; all rows that are not null were just written.
                unsafe { scratch.shadow(job, rows) }?;
            }
            // SAFETY: as above.
            unsafe { scratch.pack(job, start, rows) };
        }
        if let Some(nulls) = job.nulls {
            // SAFETY: the rows are this piece's.
            unsafe { zero_nulls(&job.sinks, nulls, self.rows.clone()) };
        }
        job.done.fetch_add(self.rows.len(), Ordering::Release);
        Ok(())
    }
}

/// The pointers for one strip, and the strips of those columns that cannot be read or written in place.
struct Scratch {
    inputs: Vec<*const u8>,
    outputs: Vec<*mut u8>,
    /// One slot of `slot` words for each input or output that needs one, in order.
    words: Vec<u64>,
    slot: usize,
}

impl Scratch {
    fn new(job: &Job<'_>, rows: usize) -> Scratch {
        // A slot holds a strip of the widest type. It starts as zeros, so that a bool that is never written
        // (its row failed under a null) is still a bool.
        let slot = rows.min(STRIP_ROWS);
        let slots = job.inputs.iter().filter(|input| !input.is_dense()).count()
            + job.sinks.iter().filter(|sink| sink.packed).count();
        let mut words = vec![0u64; slots * slot];
        let mut free = words.chunks_exact_mut(slot.max(1));
        let mut inputs = Vec::with_capacity(job.inputs.len());
        for input in job.inputs {
            inputs.push(match input {
                Input::Elements { view, .. } if input.is_dense() => view.first,
                _ => {
                    let place = free.next().expect("a slot for each input that needs one");
                    if let Input::Scalar(scalar) = input {
                        repeat(*scalar, place);
                    }
                    place.as_ptr().cast()
                }
            });
        }
        let outputs = job.sinks.iter().map(|sink| match sink.packed {
            true => free.next().expect("a slot for each packed output").as_mut_ptr().cast(),
            false => sink.first,
        });
        let outputs = outputs.collect();
        Scratch { inputs, outputs, words, slot }
    }

    /// Sets the pointers for a strip, and fills the scratch strips that change.
    ///
    /// # Safety
    /// The rows must be the running piece's.
    unsafe fn strip(&mut self, job: &Job<'_>, start: usize, rows: usize) {
        let base = self.words.as_mut_ptr();
        let mut slots = 0;
        let mut slot = || {
            // SAFETY: there are as many slots as inputs and outputs that ask for one.
            let place = unsafe { base.add(slots * self.slot) };
            slots += 1;
            place.cast::<u8>()
        };
        for (pointer, input) in self.inputs.iter_mut().zip(job.inputs) {
            *pointer = match input {
                // SAFETY: the rows are in range.
                Input::Elements { view, .. } if input.is_dense() => unsafe { view.first.add(start * view.ty.bytes()) },
                Input::Elements { view, .. } => {
                    let place = slot();
                    // SAFETY: the rows are in range, and a slot takes a strip of any type.
                    unsafe { fill(view, start, rows, place) };
                    place
                }
                Input::Scalar(_) => slot(),
                Input::Bits(bits) => {
                    let place = slot();
                    // SAFETY: a slot has at least `rows` initialised bytes.
                    bits::unpack(bits, start, unsafe { std::slice::from_raw_parts_mut(place, rows) });
                    place
                }
            };
        }
        for (pointer, sink) in self.outputs.iter_mut().zip(&job.sinks) {
            // SAFETY: the rows are in range.
            *pointer = if sink.packed { slot() } else { unsafe { sink.first.add(start * sink.ty.bytes()) } };
        }
    }

    /// Computes some rows of the first strip with the interpreter and compares the bits.
    ///
    /// # Safety
    /// `strip` must have been called with the same rows, and rows that are not null must be written.
    unsafe fn shadow(&self, job: &Job<'_>, rows: usize) -> Result<(), Halt> {
        let core = &job.kernel.core;
        let mut interpreter = Interpreter::new(job.kernel);
        let mut judged = vec![0; core.returns.len()];
        for row in (0..rows).step_by(rows.div_ceil(SHADOW_ROWS)) {
            if job.nulls.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let args = core.values.iter().zip(&self.inputs);
            // SAFETY: the row is there, by the caller's promise.
            let args = args.map(|(value, input)| unsafe { read_bits(value.ty, input.add(row * value.ty.bytes())) });
            let verdict = interpreter.scalar_row(&args.collect::<Vec<_>>(), &mut judged);
            let native = core.returns.iter().zip(&self.outputs).map(|(&id, output)| {
                let ty = core.ty(id);
                // SAFETY: as above.
                unsafe { read_bits(ty, output.add(row * ty.bytes())) }
            });
            let native: Vec<u64> = native.collect();
            if verdict.is_err() || native != judged {
                let verdict = verdict.map(|()| &judged);
                return Err(Halt::Defect(format!(
                    "row {row}: machine code gives {native:x?}, interpreter {verdict:x?}"
                )));
            }
        }
        Ok(())
    }

    /// Packs the bools that were just computed.
    ///
    /// # Safety
    /// As `strip`, which must have been called with the same rows.
    unsafe fn pack(&mut self, job: &Job<'_>, start: usize, rows: usize) {
        for (&pointer, sink) in self.outputs.iter().zip(&job.sinks).filter(|(_, sink)| sink.packed) {
            // SAFETY: `pointer` is a slot with `rows` bytes.
            let bytes = unsafe { std::slice::from_raw_parts(pointer, rows) };
            for (index, octet) in bits::octets(bytes).enumerate() {
                // SAFETY: a strip starts on a byte of the bitmap, which has room for all rows of the call, and
                // no other piece has a row in these bytes.
                unsafe { sink.first.add(start / 8 + index).write(octet) };
            }
        }
    }
}

/// Fills a scratch strip with one value.
fn repeat(scalar: Scalar, place: &mut [u64]) {
    let (ty, bits) = (scalar.ty(), scalar.bits());
    let first = place.as_mut_ptr().cast::<u8>();
    for row in 0..place.len() {
        // SAFETY: a strip of `u64` words takes as many elements of any type.
        unsafe { write_bits(ty, bits, first.add(row * ty.bytes())) };
    }
}

/// Zeroes the results of null rows, looking only at words of the bitmap that have one.
///
/// # Safety
/// The rows must be the running piece's.
unsafe fn zero_nulls(sinks: &[Sink<'_>], nulls: &NullBuffer, rows: Range<usize>) {
    let valid = nulls.inner().slice(rows.start, rows.len());
    let words = valid.bit_chunks();
    for (word, first) in words.iter_padded().zip(rows.clone().step_by(64)) {
        let mut null = !word;
        while null != 0 {
            let row = first + null.trailing_zeros() as usize;
            null &= null - 1;
            if row >= rows.end {
                break;
            }
            for sink in sinks {
                // SAFETY: the row is this piece's, and no other piece has a row in a byte of its bitmap.
                unsafe {
                    match sink.packed {
                        true => *sink.first.add(row / 8) &= !(1 << (row % 8)),
                        false => write_bits(sink.ty, 0, sink.first.add(row * sink.ty.bytes())),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "call/tests.rs"]
mod tests;
