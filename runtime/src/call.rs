//! The call: from checked columns to machine code or the interpreter, strip by strip.
//!
//! ```text
//!   columns ──bind──> Inputs ─┐            strip of 1,024 rows
//!                             ├─ Job ──> Pieces ──> Piece::run ──> Body::rows ──> entry(&mut CallFrame)
//!   outputs (Room) ─> Sinks ──┘  (disjoint row ranges)                    └────> Interpreter::row
//!
//!   what the code gets a pointer to, for strip s:
//!     dense elements     first + s * 1024 * width     in the caller's own memory
//!     a scalar           a scratch strip, filled once
//!     strided elements   a scratch strip, gathered for each strip
//!     bits               a scratch strip of bytes, unpacked for each strip
//! ```
//!
//! All unsafe code of calls is here. The code behind `entry` reads `width * rows` bytes from each input,
//! writes as many to each output, and assumes no alignment. So that this is so:
//! * a `View` is made from a slice or an array view, and lends it for `'a`;
//! * a `Sink` is made from memory of known length that is lent mutably; sinks cannot alias anything;
//! * a `Job` refuses inputs and sinks whose type or length does not fit, and splits into `Piece`s that
//!   share no row;
//! * a `NativeCode` is borrowed while it runs, and keeps its pages alive.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_compiler::abi::CallFrame;
use filbert_compiler::{Artifact, helpers};
use filbert_ir::interp::{Interpreter, RowFault};
use filbert_ir::{Code, Fault, KernelError, Scalar, Type, ValueId, VerifiedKernel};
use ndarray::{ArrayView, Dimension};

use crate::bits;
use crate::code_memory::{CodeMemory, Refused};
use crate::column::OutColumn;
use crate::element::Element;
use crate::options::StopFlag;

/// Rows between two looks at the stop flag; also the size of the scratch strips.
pub const STRIP_ROWS: usize = 1024;

/// Rows of a shadow check.
const SHADOW_ROWS: usize = 16;

// ---------------------------------------------------------------------------------------------- inputs

/// One axis of a view; the stride is in bytes, may be negative, and is 0 for an axis that repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Axis {
    len: usize,
    stride: isize,
}

/// Elements lent for `'a`: every element that `axes` reaches from `first` may be read until then.
#[derive(Clone)]
pub(crate) struct View<'a> {
    first: *const u8,
    ty: Type,
    axes: Box<[Axis]>,
    lent: PhantomData<&'a [u8]>,
}

// SAFETY: a view reads shared memory only, as `&'a [T]` of a plain `T` does.
unsafe impl Send for View<'_> {}
// SAFETY: as above.
unsafe impl Sync for View<'_> {}

impl<'a> View<'a> {
    /// The elements of a slice.
    pub(crate) fn slice<T: Element>(values: &'a [T]) -> View<'a> {
        View::dense(T::TYPE, values.as_ptr().cast(), values.len())
    }

    /// Bytes at any alignment; `None` if they are not elements of `ty`.
    pub(crate) fn bytes(ty: Type, bytes: &'a [u8]) -> Option<View<'a>> {
        let sound = bytes.len().is_multiple_of(ty.bytes()) && (ty != Type::Bool || bytes.iter().all(|&b| b < 2));
        sound.then(|| View::dense(ty, bytes.as_ptr(), bytes.len() / ty.bytes()))
    }

    /// The elements of an array view.
    pub(crate) fn array<T: Element, D: Dimension>(view: ArrayView<'a, T, D>) -> View<'a> {
        let width = size_of::<T>() as isize;
        let axes = view.shape().iter().zip(view.strides());
        let axes = axes.map(|(&len, &stride)| Axis { len, stride: stride * width }).collect();
        View { first: view.as_ptr().cast(), ty: T::TYPE, axes, lent: PhantomData }
    }

    fn dense(ty: Type, first: *const u8, len: usize) -> View<'a> {
        View { first, ty, axes: Box::new([Axis { len, stride: ty.bytes() as isize }]), lent: PhantomData }
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.len).collect()
    }

    /// Number of elements. A broadcast view may claim more than memory has; `bind` compares it with the rows
    /// of the call, whose outputs must exist.
    pub(crate) fn len(&self) -> usize {
        self.axes.iter().fold(1, |n, axis| n.saturating_mul(axis.len))
    }

    /// The view with repeated axes that has this shape.
    pub(crate) fn broadcast(&self, shape: &[usize]) -> Option<View<'a>> {
        let missing = shape.len().checked_sub(self.axes.len())?;
        let mut axes: Vec<Axis> = shape.iter().map(|&len| Axis { len, stride: 0 }).collect();
        for (axis, own) in axes[missing..].iter_mut().zip(&self.axes) {
            match own.len {
                len if len == axis.len => *axis = *own,
                1 => {}
                _ => return None,
            }
        }
        Some(View { axes: axes.into(), ..self.clone() })
    }

    /// The view as the strip loop reads it: with axes merged that lie behind one another in memory.
    pub(crate) fn input(&self) -> Input<'a> {
        let mut walk: Vec<Axis> = Vec::new();
        for &axis in self.axes.iter().filter(|axis| axis.len != 1) {
            match walk.last_mut() {
                Some(outer) if outer.stride == axis.stride * axis.len as isize => {
                    *outer = Axis { len: outer.len * axis.len, stride: axis.stride };
                }
                _ => walk.push(axis),
            }
        }
        let dense = match walk.as_slice() {
            [] => true,
            [axis] => axis.stride == self.ty.bytes() as isize,
            _ => self.len() == 0,
        };
        let walk = if dense { Box::default() } else { walk.into() };
        Input::Elements { len: self.len(), view: View { axes: walk, ..self.clone() } }
    }
}

/// One parameter's values, of the parameter's type.
pub(crate) enum Input<'a> {
    /// The same for every row.
    Scalar(Scalar),
    /// Elements; without axes they lie one behind another.
    Elements { len: usize, view: View<'a> },
    /// Bools, a bit each.
    Bits(BooleanBuffer),
}

impl Input<'_> {
    fn ty(&self) -> Type {
        match self {
            Input::Scalar(scalar) => scalar.ty(),
            Input::Elements { view, .. } => view.ty,
            Input::Bits(_) => Type::Bool,
        }
    }

    fn has_rows(&self, rows: usize) -> bool {
        match self {
            Input::Scalar(_) => true,
            Input::Elements { len, .. } => *len == rows,
            Input::Bits(bits) => bits.len() == rows,
        }
    }

    fn is_dense(&self) -> bool {
        matches!(self, Input::Elements { view, .. } if view.axes.is_empty())
    }

    /// The value of one row.
    pub(crate) fn value(&self, row: usize) -> Scalar {
        match self {
            Input::Scalar(scalar) => *scalar,
            Input::Bits(bits) => Scalar::Bool(bits.value(row)),
            Input::Elements { len, view } => {
                assert!(row < *len, "row {row} of {len}");
                let mut cell = 0u64;
                // SAFETY: the row is in range and a cell holds any element.
                unsafe { fill(view, row, 1, (&raw mut cell).cast()) };
                read_scalar(view.ty, &cell.to_ne_bytes()[..view.ty.bytes()])
            }
        }
    }
}

/// Copies `rows` elements from row `row` on.
///
/// # Safety
/// The rows must exist and `to` must take them.
unsafe fn fill(view: &View<'_>, row: usize, rows: usize, to: *mut u8) {
    let width = view.ty.bytes();
    // SAFETY: by the caller's promise and the view's own; the unsigned types stand for any of that width.
    unsafe {
        if view.axes.is_empty() {
            return std::ptr::copy_nonoverlapping(view.first.add(row * width), to, rows * width);
        }
        match width {
            1 => gather::<u8>(view, row, rows, to.cast()),
            2 => gather::<u16>(view, row, rows, to.cast()),
            4 => gather::<u32>(view, row, rows, to.cast()),
            _ => gather::<u64>(view, row, rows, to.cast()),
        }
    }
}

/// `fill` for strided elements: whole runs of the innermost axis.
///
/// # Safety
/// As `fill`; `T` has the view's width.
unsafe fn gather<T: Copy>(view: &View<'_>, row: usize, rows: usize, to: *mut T) {
    let Some((inner, outer)) = view.axes.split_last() else { return };
    let (mut run, mut at, mut done) = (row / inner.len, row % inner.len, 0);
    while done < rows {
        let (mut offset, mut rest) = (0, run);
        for axis in outer.iter().rev() {
            offset += (rest % axis.len) as isize * axis.stride;
            rest /= axis.len;
        }
        let count = (inner.len - at).min(rows - done);
        for k in 0..count {
            // SAFETY: the offset is that of an element of the view; `to` takes `rows` of them.
            unsafe {
                let from = view.first.offset(offset + (at + k) as isize * inner.stride).cast::<T>();
                to.add(done + k).write_unaligned(from.read_unaligned());
            }
        }
        (run, at, done) = (run + 1, 0, done + count);
    }
}

// --------------------------------------------------------------------------------------------- outputs

/// Where one result goes: memory for `rows` elements, lent mutably for `'a`.
pub(crate) struct Sink<'a> {
    first: *mut u8,
    ty: Type,
    rows: usize,
    /// Bools go out a bit each.
    packed: bool,
    lent: PhantomData<&'a mut [u8]>,
}

// SAFETY: threads share a sink only through pieces, which write disjoint rows.
unsafe impl Sync for Sink<'_> {}

/// Memory that a job fills.
pub(crate) trait Room {
    /// The memory, as a sink.
    fn sink(&mut self) -> Sink<'_>;

    /// Says that every row was written.
    ///
    /// # Safety
    /// Every element of the sink must have been.
    unsafe fn set_filled(&mut self) {}
}

/// A 64-byte line: an allocation of these has the alignment that vector code and Arrow want.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Uninitialised memory for one result column; becomes an Arrow buffer without a copy. Not a
/// `MutableBuffer`, because that one aborts the process where memory is refused.
pub(crate) struct Aligned {
    lines: Vec<Line>,
    ty: Type,
    rows: usize,
    packed: bool,
    filled: bool,
}

impl Aligned {
    pub(crate) fn reserve(ty: Type, rows: usize, packed: bool) -> Result<Aligned, KernelError> {
        let mut lines = Vec::new();
        let bytes = if packed { Some(rows.div_ceil(8)) } else { rows.checked_mul(ty.bytes()) };
        bytes
            .and_then(|bytes| lines.try_reserve_exact(bytes.div_ceil(64)).ok())
            .ok_or_else(|| out_of_memory(ty, rows))?;
        Ok(Aligned { lines, ty, rows, packed, filled: false })
    }

    /// The elements, once a job has filled them.
    pub(crate) fn into_buffer(mut self) -> Buffer {
        assert!(self.filled, "a result is read before a job has filled it");
        let len = if self.packed { self.rows.div_ceil(8) } else { self.rows * self.ty.bytes() };
        let first = NonNull::new(self.lines.as_mut_ptr().cast::<u8>()).expect("a Vec's pointer is never null");
        // SAFETY: the first `len` bytes of the allocation are initialised, by `set_filled`; the buffer keeps
        // the allocation, which nobody else refers to.
        unsafe { Buffer::from_custom_allocation(first, len, Arc::new(self.lines)) }
    }

    /// Fills it with zeros.
    pub(crate) fn zero(&mut self) {
        let bytes = self.lines.spare_capacity_mut();
        bytes.fill(MaybeUninit::new(Line([0; 64])));
        self.filled = true;
    }
}

impl Room for Aligned {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.lines.as_mut_ptr().cast();
        Sink { first, ty: self.ty, rows: self.rows, packed: self.packed, lent: PhantomData }
    }

    unsafe fn set_filled(&mut self) {
        self.filled = true;
    }
}

/// The spare capacity of an empty vector; filled, it is the vector's contents.
impl<T: Element> Room for Vec<T> {
    fn sink(&mut self) -> Sink<'_> {
        let spare = self.spare_capacity_mut();
        Sink { first: spare.as_mut_ptr().cast(), ty: T::TYPE, rows: spare.len(), packed: false, lent: PhantomData }
    }

    unsafe fn set_filled(&mut self) {
        // SAFETY: the spare capacity was filled, by the caller's promise.
        unsafe { self.set_len(self.capacity()) };
    }
}

/// An empty vector with room for exactly `rows` elements.
pub(crate) fn reserve_vec<T: Element>(rows: usize) -> Result<Vec<T>, KernelError> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(rows).map_err(|_| out_of_memory(T::TYPE, rows))?;
    // `try_reserve_exact` may give more, and the rows of a sink are its capacity.
    if vec.capacity() != rows { Err(KernelError::new(Code::OutOfMemory, "the allocator rounded up")) } else { Ok(vec) }
}

/// A caller's own slice.
pub(crate) struct Lent<'a, T>(pub(crate) &'a mut [T]);

impl<T: Element> Room for Lent<'_, T> {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.0.as_mut_ptr().cast();
        Sink { first, ty: T::TYPE, rows: self.0.len(), packed: false, lent: PhantomData }
    }
}

/// One value.
pub(crate) struct Cell {
    pub(crate) ty: Type,
    bits: u64,
}

impl Cell {
    pub(crate) fn new(ty: Type) -> Cell {
        Cell { ty, bits: 0 }
    }

    pub(crate) fn value(&self) -> Scalar {
        read_scalar(self.ty, &self.bits.to_ne_bytes()[..self.ty.bytes()])
    }
}

impl Room for Cell {
    fn sink(&mut self) -> Sink<'_> {
        Sink { first: (&raw mut self.bits).cast(), ty: self.ty, rows: 1, packed: false, lent: PhantomData }
    }
}

fn out_of_memory(ty: Type, rows: usize) -> KernelError {
    KernelError::new(Code::OutOfMemory, format!("no memory for {rows} results of type {ty}"))
}

/// The elements of a result as a slice, if they have type `T`.
pub(crate) fn elements<T: Element>(column: &OutColumn) -> Option<&[T]> {
    let first = column.values.as_ptr().cast::<T>();
    let fits = T::TYPE == column.ty && column.values.len() >= column.rows * size_of::<T>() && first.is_aligned();
    // SAFETY: type, length and alignment were just checked; a bool of ours is 0 or 1.
    fits.then(|| unsafe { std::slice::from_raw_parts(first, column.rows) })
}

/// The scalar with these bytes, in native order; there are `ty.bytes()` of them.
pub(crate) fn read_scalar(ty: Type, bytes: &[u8]) -> Scalar {
    assert_eq!(bytes.len(), ty.bytes(), "bytes of one {ty}");
    // SAFETY: so many bytes are there.
    Scalar::from_bits(ty, unsafe { read_bits(ty, bytes.as_ptr()) })
}

/// # Safety
/// `ty.bytes()` bytes must be readable.
unsafe fn read_bits(ty: Type, from: *const u8) -> u64 {
    // SAFETY: by the caller's promise; no alignment is assumed.
    unsafe {
        match ty.bytes() {
            1 => from.read() as u64,
            2 => from.cast::<u16>().read_unaligned() as u64,
            4 => from.cast::<u32>().read_unaligned() as u64,
            _ => from.cast::<u64>().read_unaligned(),
        }
    }
}

/// # Safety
/// `ty.bytes()` bytes must be writable.
unsafe fn write_bits(ty: Type, bits: u64, to: *mut u8) {
    // SAFETY: by the caller's promise; no alignment is assumed.
    unsafe {
        match ty.bytes() {
            1 => to.write(bits as u8),
            2 => to.cast::<u16>().write_unaligned(bits as u16),
            4 => to.cast::<u32>().write_unaligned(bits as u32),
            _ => to.cast::<u64>().write_unaligned(bits),
        }
    }
}

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
            params: kernel.core.param_types(),
            results: kernel.core.result_types(),
        })
    }

    /// Bytes of memory that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.memory.bytes() + self.sites.len() * size_of::<ValueId>()
    }

    #[cfg(test)]
    pub(crate) fn address(&self) -> usize {
        self.memory.entry() as usize
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
                    helpers: helpers::table().as_ptr(),
                    start: start as u64,
                    end: end as u64,
                    fault_row: 0,
                    fault_site: 0,
                    reserved: 0,
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
                    if let Err(fault) = interpreter.row(&args, &mut results) {
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
        let params = kernel.core.param_types();
        let results = kernel.core.result_types();
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
            let verdict = interpreter.row(&args.collect::<Vec<_>>(), &mut judged);
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
            // SAFETY: `pointer` is a slot with `rows` bytes; a strip starts on a byte of the bitmap, which
            // has room for all rows of the call, and no other piece has a row in these bytes.
            unsafe {
                let bytes = std::slice::from_raw_parts(pointer, rows);
                let to = sink.first.add(start / 8).cast::<MaybeUninit<u8>>();
                bits::pack(bytes, std::slice::from_raw_parts_mut(to, rows.div_ceil(8)));
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
