//! Where results go: memory that a call fills, and what it becomes then.
//!
//! A `Sink` is made from memory of known length that is lent mutably, so it aliases nothing. A `Room` is
//! where a sink comes from, and becomes a result once every row is written. How rows are computed is `call`'s
//! business.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_ir::{KernelError, Scalar, Type};

use crate::element::Element;
use crate::lend::{out_of_memory, read_scalar};
use crate::out_column::OutColumn;

/// Where the elements of one result go: memory for `len` of them, lent mutably for `'a`.
pub(crate) struct Sink<'a> {
    pub(crate) first: *mut u8,
    pub(crate) ty: Type,
    pub(crate) len: usize,
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

/// Uninitialised memory for the elements of one result; becomes an Arrow buffer without a copy. Not a
/// `MutableBuffer`, because that one aborts the process where memory is refused.
pub(crate) struct Aligned {
    lines: Vec<Line>,
    ty: Type,
    len: usize,
    packed: bool,
    filled: bool,
}

impl Aligned {
    pub(crate) fn reserve(ty: Type, len: usize, packed: bool) -> Result<Aligned, KernelError> {
        let mut lines = Vec::new();
        let bytes = if packed { Some(len.div_ceil(8)) } else { len.checked_mul(ty.bytes()) };
        let reserved = bytes.and_then(|bytes| lines.try_reserve_exact(bytes.div_ceil(64)).ok());
        reserved.ok_or_else(|| out_of_memory("results", ty, len))?;
        Ok(Aligned { lines, ty, len, packed, filled: false })
    }

    fn bytes(&self) -> usize {
        if self.packed { self.len.div_ceil(8) } else { self.len * self.ty.bytes() }
    }

    /// The elements, once a job has filled them.
    pub(crate) fn into_buffer(mut self) -> Buffer {
        assert!(self.filled, "a result is read before a job has filled it");
        let len = self.bytes();
        let first = NonNull::new(self.lines.as_mut_ptr().cast::<u8>()).expect("a Vec's pointer is never null");
        // SAFETY: the first `len` bytes of the allocation are initialised, by `set_filled`; the buffer keeps
        // the allocation, which nobody else refers to.
        unsafe { Buffer::from_custom_allocation(first, len, Arc::new(self.lines)) }
    }

    /// Bits that a job has filled, as validity.
    pub(crate) fn into_nulls(self) -> NullBuffer {
        assert!(self.packed, "a bit a row");
        let rows = self.len;
        NullBuffer::new(BooleanBuffer::new(self.into_buffer(), 0, rows))
    }

    /// Moves elements to the front and drops what is behind the last: `pieces` are begin and end of what stays,
    /// in order.
    pub(crate) fn keep(&mut self, pieces: impl Iterator<Item = (usize, usize)>) {
        assert!(self.filled && !self.packed, "whole elements that a job has filled");
        let (width, len, mut kept) = (self.ty.bytes(), self.len, 0);
        let first = self.lines.as_mut_ptr().cast::<u8>();
        for (begin, end) in pieces {
            assert!(kept <= begin && begin <= end && end <= len, "elements {begin}..{end} of {len} behind {kept}");
            // SAFETY: both ranges lie in the allocation, as was just checked.
            unsafe { std::ptr::copy(first.add(begin * width), first.add(kept * width), (end - begin) * width) };
            kept += end - begin;
        }
        self.len = kept;
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
        Sink { first, ty: self.ty, len: self.len, packed: self.packed, lent: PhantomData }
    }

    unsafe fn set_filled(&mut self) {
        self.filled = true;
    }
}

/// Uninitialised memory that becomes a vector.
pub(crate) struct Fresh<T> {
    vec: Vec<T>,
    len: usize,
}

impl<T: Element> Fresh<T> {
    pub(crate) fn reserve(len: usize) -> Result<Fresh<T>, KernelError> {
        let mut vec = Vec::new();
        vec.try_reserve_exact(len).map_err(|_| out_of_memory("results", T::TYPE, len))?;
        Ok(Fresh { vec, len })
    }

    /// Fills it with zeros.
    pub(crate) fn zero(&mut self) {
        self.vec.resize(self.len, T::default());
    }

    /// The elements, once a job has filled them; none before.
    pub(crate) fn into_vec(self) -> Vec<T> {
        self.vec
    }
}

impl<T: Element> Room for Fresh<T> {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.vec.as_mut_ptr().cast();
        Sink { first, ty: T::TYPE, len: self.len, packed: false, lent: PhantomData }
    }

    unsafe fn set_filled(&mut self) {
        // SAFETY: so many were reserved, and filled by the caller's promise.
        unsafe { self.vec.set_len(self.len) };
    }
}

/// A caller's own slice.
pub(crate) struct Given<'a, T>(pub(crate) &'a mut [T]);

impl<T: Element> Room for Given<'_, T> {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.0.as_mut_ptr().cast();
        Sink { first, ty: T::TYPE, len: self.0.len(), packed: false, lent: PhantomData }
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
        Sink { first: (&raw mut self.bits).cast(), ty: self.ty, len: 1, packed: false, lent: PhantomData }
    }
}

/// The elements of a result as a slice, if they have type `T`.
pub(crate) fn elements<T: Element>(column: &OutColumn) -> Option<&[T]> {
    let (first, len) = (column.values.as_ptr().cast::<T>(), column.elements());
    let fits = len.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= column.values.len());
    // SAFETY: type, length and alignment are checked here; a bool of ours is 0 or 1.
    (T::TYPE == column.ty() && fits && first.is_aligned()).then(|| unsafe { std::slice::from_raw_parts(first, len) })
}
