//! Memory that is lent to a call: elements to read, room to write, and what may be assumed of either.
//!
//! A `View` is made from a slice or an array view and lends its elements for `'a`. A `Sink` is made from
//! memory of known length that is lent mutably, so it aliases nothing. A `Room` is where a sink comes from,
//! and becomes a result once every row is written. How rows are computed is `call`'s business.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_buffer::{BooleanBuffer, Buffer};
use filbert_ir::{Code, KernelError, Scalar, Type};
use ndarray::{ArrayView, Dimension};

use crate::column::OutColumn;
use crate::element::Element;

// ---------------------------------------------------------------------------------------------- inputs

/// One axis of a view; the stride is in bytes, may be negative, and is 0 for an axis that repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Axis {
    pub(crate) len: usize,
    pub(crate) stride: isize,
}

/// Elements lent for `'a`: every element that `axes` reaches from `first` may be read until then.
#[derive(Clone)]
pub(crate) struct View<'a> {
    pub(crate) first: *const u8,
    pub(crate) ty: Type,
    pub(crate) axes: Box<[Axis]>,
    pub(crate) lent: PhantomData<&'a [u8]>,
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
    pub(crate) fn ty(&self) -> Type {
        match self {
            Input::Scalar(scalar) => scalar.ty(),
            Input::Elements { view, .. } => view.ty,
            Input::Bits(_) => Type::Bool,
        }
    }

    pub(crate) fn has_rows(&self, rows: usize) -> bool {
        match self {
            Input::Scalar(_) => true,
            Input::Elements { len, .. } => *len == rows,
            Input::Bits(bits) => bits.len() == rows,
        }
    }

    pub(crate) fn is_dense(&self) -> bool {
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
pub(crate) unsafe fn fill(view: &View<'_>, row: usize, rows: usize, to: *mut u8) {
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
    pub(crate) first: *mut u8,
    pub(crate) ty: Type,
    pub(crate) rows: usize,
    /// Bools go out a bit each.
    pub(crate) packed: bool,
    pub(crate) lent: PhantomData<&'a mut [u8]>,
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

/// Uninitialised memory that becomes a vector.
pub(crate) struct Fresh<T> {
    vec: Vec<T>,
    rows: usize,
}

impl<T: Element> Fresh<T> {
    pub(crate) fn reserve(rows: usize) -> Result<Fresh<T>, KernelError> {
        let mut vec = Vec::new();
        vec.try_reserve_exact(rows).map_err(|_| out_of_memory(T::TYPE, rows))?;
        Ok(Fresh { vec, rows })
    }

    /// The elements, once a job has filled them; none before.
    pub(crate) fn into_vec(self) -> Vec<T> {
        self.vec
    }
}

impl<T: Element> Room for Fresh<T> {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.vec.as_mut_ptr().cast();
        Sink { first, ty: T::TYPE, rows: self.rows, packed: false, lent: PhantomData }
    }

    unsafe fn set_filled(&mut self) {
        // SAFETY: so many were reserved, and filled by the caller's promise.
        unsafe { self.vec.set_len(self.rows) };
    }
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
pub(crate) unsafe fn read_bits(ty: Type, from: *const u8) -> u64 {
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
pub(crate) unsafe fn write_bits(ty: Type, bits: u64, to: *mut u8) {
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
