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

use crate::call::zero_nulls;
use crate::element::Element;
use crate::fold::{Block, Folds};
use crate::lend::{out_of_memory, read_scalar};
use crate::out_column::OutColumn;

/// Where the elements of one result go: memory for `len` of them, lent mutably for `'a`.
pub struct Sink<'a> {
    pub(crate) first: *mut u8,
    pub(crate) ty: Type,
    pub(crate) len: usize,
    /// Bools go out a bit each.
    pub(crate) packed: bool,
    pub(crate) lent: PhantomData<&'a mut [u8]>,
}

// SAFETY: threads share a sink only through pieces, which write disjoint rows.
unsafe impl Sync for Sink<'_> {}

impl<'a> Sink<'a> {
    /// The elements of a slice.
    #[inline]
    pub(crate) fn slice<T: Element>(values: &'a mut [T]) -> Sink<'a> {
        let (first, len) = (values.as_mut_ptr().cast(), values.len());
        Sink { first, ty: T::TYPE, len, packed: false, lent: PhantomData }
    }

    /// The elements from number `from` on.
    pub(crate) fn rest(&mut self, from: usize) -> Sink<'_> {
        assert!(from <= self.len && !self.packed, "whole elements from {from} of {}", self.len);
        // SAFETY: the element is one of the sink's, or its end.
        let first = unsafe { self.first.add(from * self.ty.bytes()) };
        Sink { first, ty: self.ty, len: self.len - from, packed: false, lent: PhantomData }
    }
}

impl Room for Sink<'_> {
    fn sink(&mut self) -> Sink<'_> {
        Sink { first: self.first, ty: self.ty, len: self.len, packed: self.packed, lent: PhantomData }
    }
}

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

/// Where results begin: what vector code and Arrow want.
const ALIGN: usize = 64;

/// Uninitialised memory for the elements of one result; becomes an Arrow buffer without a copy. Not a
/// `MutableBuffer`, because that one aborts the process where memory is refused.
pub(crate) struct Aligned {
    /// Room for the elements from the first multiple of `ALIGN` on: asking the allocator for the alignment costs
    /// a small call a third of its time.
    memory: Vec<u8>,
    ty: Type,
    len: usize,
    packed: bool,
    filled: bool,
}

impl Aligned {
    pub(crate) fn reserve(ty: Type, len: usize, packed: bool) -> Result<Aligned, KernelError> {
        let mut memory = Vec::new();
        let bytes = if packed { Some(len.div_ceil(8)) } else { len.checked_mul(ty.bytes()) };
        let bytes = bytes.and_then(|bytes| bytes.checked_add(ALIGN));
        let reserved = bytes.and_then(|bytes| memory.try_reserve_exact(bytes).ok());
        reserved.ok_or_else(|| out_of_memory("results", ty, len))?;
        Ok(Aligned { memory, ty, len, packed, filled: false })
    }

    /// The first element: `bytes()` bytes from there on are the allocation's.
    fn first(&mut self) -> *mut u8 {
        let first = self.memory.as_mut_ptr();
        let skipped = first.align_offset(ALIGN);
        assert!(skipped + self.bytes() <= self.memory.capacity(), "an aligned place for all elements");
        first.wrapping_add(skipped)
    }

    fn bytes(&self) -> usize {
        if self.packed { self.len.div_ceil(8) } else { self.len * self.ty.bytes() }
    }

    /// The elements, once a job has filled them.
    pub(crate) fn into_buffer(mut self) -> Buffer {
        assert!(self.filled, "a result is read before a job has filled it");
        let len = self.bytes();
        let first = NonNull::new(self.first()).expect("a Vec's pointer is never null");
        // SAFETY: the first `len` bytes of the allocation are initialised, by `set_filled`; the buffer keeps
        // the allocation, which nobody else refers to.
        unsafe { Buffer::from_custom_allocation(first, len, Arc::new(self.memory)) }
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
        let first = self.first();
        for (begin, end) in pieces {
            assert!(kept <= begin && begin <= end && end <= len, "elements {begin}..{end} of {len} behind {kept}");
            // SAFETY: both ranges lie in the allocation, as was just checked.
            unsafe { std::ptr::copy(first.add(begin * width), first.add(kept * width), (end - begin) * width) };
            kept += end - begin;
        }
        self.len = kept;
    }

    /// Zeroes the elements, so many a row, of the rows that are null.
    ///
    /// # Panics
    /// If it has not elements for so many rows, all of them filled.
    pub(crate) fn zero_rows(&mut self, nulls: &NullBuffer, width: usize) {
        assert!(self.filled && Some(self.len) == nulls.len().checked_mul(width), "elements of all rows");
        // SAFETY: the sink has `width` elements for each row, and nobody else has it.
        unsafe { zero_nulls(std::iter::once((width, &self.sink())), nulls, 0..nulls.len()) };
    }

    /// Fills it with zeros.
    pub(crate) fn zero(&mut self) {
        self.memory.spare_capacity_mut().fill(MaybeUninit::new(0));
        self.filled = true;
    }
}

impl Room for Aligned {
    fn sink(&mut self) -> Sink<'_> {
        let first = self.first();
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
        Sink::slice(self.0)
    }
}

/// No memory at all: of results that are folded strip by strip.
pub(crate) struct Nowhere {
    pub(crate) ty: Type,
    pub(crate) len: usize,
}

impl Room for Nowhere {
    fn sink(&mut self) -> Sink<'_> {
        let (ty, len) = (self.ty, self.len);
        // Flags are bits, in memory; here they never get there.
        Sink { first: NonNull::dangling().as_ptr(), ty, len, packed: ty == Type::Bool, lent: PhantomData }
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

/// Adds elements to a block of a fold, in the widest registers that there are; those of rows that are not `valid` are
/// overwritten.
///
/// # Safety
/// There must be `rows` elements of type `ty`, aligned for it, that nobody else uses.
pub(crate) unsafe fn fold(block: &mut Block, ty: Type, first: *mut u8, rows: usize, valid: Option<&[u8]>) {
    macro_rules! elements {
        ($($variant:ident $rust:ty),*) => {
            match ty {
                $(Type::$variant => {
                    // SAFETY: the caller's promise.
                    let values = unsafe { std::slice::from_raw_parts_mut(first.cast::<$rust>(), rows) };
                    #[cfg(target_arch = "x86_64")]
                    if std::is_x86_feature_detected!("avx512f") {
                        // SAFETY: the CPU has it.
                        return unsafe { add_avx512(block, values, valid) };
                    }
                    #[cfg(target_arch = "x86_64")]
                    if std::is_x86_feature_detected!("avx2") {
                        // SAFETY: the CPU has it.
                        return unsafe { add_avx2(block, values, valid) };
                    }
                    add(block, values, valid);
                })*
            }
        };
    }
    elements!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64);
}

#[inline(always)]
fn add<T: Folds>(block: &mut Block, values: &mut [T], valid: Option<&[u8]>) {
    match valid {
        None => block.add(values),
        Some(valid) => block.add_some(values, valid),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn add_avx512<T: Folds>(block: &mut Block, values: &mut [T], valid: Option<&[u8]>) {
    add(block, values, valid);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_avx2<T: Folds>(block: &mut Block, values: &mut [T], valid: Option<&[u8]>) {
    add(block, values, valid);
}

/// The elements of a result as a slice, if they have type `T`.
pub(crate) fn elements<T: Element>(column: &OutColumn) -> Option<&[T]> {
    let (first, len) = (column.values.as_ptr().cast::<T>(), column.elements());
    let fits = len.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= column.values.len());
    // SAFETY: type, length and alignment are checked here; a bool of ours is 0 or 1.
    (T::TYPE == column.ty() && fits && first.is_aligned()).then(|| unsafe { std::slice::from_raw_parts(first, len) })
}
