//! Memory that is lent to a call: elements to read, and what may be assumed of them.
//!
//! A `View` is made from a slice or an array view and lends its elements for `'a`, or owns the buffer that
//! they are in; `lists` has rows of such elements. An `Input` is what the strip loop reads one slot of the
//! kernel from. Where results go is `room`'s business, how rows are computed `call`'s.

#![allow(unsafe_code)]

use std::marker::PhantomData;

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_ir::{Code, KernelError, Scalar, Type};
use ndarray::{ArrayView, Dimension};
use smallvec::{SmallVec, smallvec};

use crate::column::{Column, Values};
use crate::element::{Element, Source, Storage};
use crate::lists::Lists;
use crate::offsets::Offsets;

// ----------------------------------------------------------------------------------------------- views

/// One axis of a view; the stride is in bytes, may be negative, and is 0 for an axis that repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Axis {
    pub(crate) len: usize,
    pub(crate) stride: isize,
}

/// Axes of a view; few of them need no memory of their own.
pub(crate) type Axes = SmallVec<[Axis; 2]>;

/// What keeps elements where they are.
#[derive(Clone)]
pub(crate) enum Keeper<'a> {
    /// The caller, for `'a`.
    Lender(PhantomData<&'a [u8]>),
    /// A buffer of our own; it is read only through its views.
    Buffer(#[allow(dead_code)] Buffer),
}

/// Elements lent for `'a`: every element that `axes` reaches from `first` may be read until then.
#[derive(Clone)]
pub(crate) struct View<'a> {
    pub(crate) first: *const u8,
    pub(crate) storage: Storage,
    pub(crate) axes: Axes,
    pub(crate) keeper: Keeper<'a>,
}

// SAFETY: a view reads shared memory only, as `&'a [T]` of a plain `T` does.
unsafe impl Send for View<'_> {}
// SAFETY: as above.
unsafe impl Sync for View<'_> {}

impl<'a> View<'a> {
    /// The elements of a slice.
    pub(crate) fn slice<T: Source>(values: &'a [T]) -> View<'a> {
        View::dense(T::STORAGE, values.as_ptr().cast(), values.len(), Keeper::Lender(PhantomData))
    }

    /// Bytes at any alignment; `None` if they are not elements of `ty`.
    pub(crate) fn bytes(ty: Type, bytes: &'a [u8]) -> Option<View<'a>> {
        let sound = bytes.len().is_multiple_of(ty.bytes()) && (ty != Type::Bool || bytes.iter().all(|&b| b < 2));
        let (first, len) = (bytes.as_ptr(), bytes.len() / ty.bytes());
        sound.then(|| View::dense(Storage::Plain(ty), first, len, Keeper::Lender(PhantomData)))
    }

    /// `len` elements in memory of the view's own.
    pub(crate) fn collect<T: Element>(len: usize, values: impl Iterator<Item = T>) -> View<'a> {
        let mut words = vec![0u64; (len * size_of::<T>()).div_ceil(8)];
        let first = words.as_mut_ptr().cast::<T>();
        for (index, value) in values.take(len).enumerate() {
            // SAFETY: there is room for `len` elements, and words are aligned for any; what the iterator does not
            // give stays zero, which every `Element` has.
            unsafe { first.add(index).write(value) };
        }
        let buffer = Buffer::from_vec(words);
        View::dense(T::STORAGE, buffer.as_ptr(), len, Keeper::Buffer(buffer))
    }

    /// The numbers that fill a buffer.
    pub(crate) fn buffer(storage: Storage, buffer: Buffer) -> View<'a> {
        assert!(storage != Storage::Plain(Type::Bool), "any byte is a number, but not a bool");
        let len = buffer.len() / storage.bytes();
        View::dense(storage, buffer.as_ptr(), len, Keeper::Buffer(buffer))
    }

    /// The bits of scalars, as elements of type `ty`.
    pub(crate) fn scalars(ty: Type, scalars: &[Scalar]) -> View<'a> {
        let mut words = vec![0u64; (scalars.len() * ty.bytes()).div_ceil(8)];
        let first = words.as_mut_ptr().cast::<u8>();
        for (index, scalar) in scalars.iter().enumerate() {
            // SAFETY: there is room for as many elements.
            unsafe { write_bits(ty, scalar.bits() & ty.mask(), first.add(index * ty.bytes())) };
        }
        let buffer = Buffer::from_vec(words);
        View::dense(Storage::Plain(ty), buffer.as_ptr(), scalars.len(), Keeper::Buffer(buffer))
    }

    /// The elements of a view of numbers as an array has them.
    pub(crate) fn array<T: Source, D: Dimension>(view: ArrayView<'a, T, D>) -> View<'a> {
        let width = size_of::<T>() as isize;
        let axes = view.shape().iter().zip(view.strides());
        let axes = axes.map(|(&len, &stride)| Axis { len, stride: stride * width }).collect();
        View { first: view.as_ptr().cast(), storage: T::STORAGE, axes, keeper: Keeper::Lender(PhantomData) }
    }

    fn dense(storage: Storage, first: *const u8, len: usize, keeper: Keeper<'a>) -> View<'a> {
        View { first, storage, axes: smallvec![Axis { len, stride: storage.bytes() as isize }], keeper }
    }

    /// The elements of a view of one axis under axes of these lengths.
    pub(crate) fn with_axes(&self, shape: &[usize]) -> View<'a> {
        let [own] = self.axes[..] else { panic!("elements in one dimension") };
        assert_eq!(elements_of_shape(shape), own.len, "as many elements");
        let mut stride = own.stride;
        let mut axes: Axes = shape.iter().map(|&len| Axis { len, stride }).collect();
        for axis in axes.iter_mut().rev() {
            axis.stride = stride;
            stride *= axis.len as isize;
        }
        View { axes, ..self.clone() }
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.len).collect()
    }

    /// Number of elements. A broadcast view may claim more than memory has; `bind` compares it with the rows
    /// of the call, whose outputs must exist.
    pub(crate) fn len(&self) -> usize {
        elements_of(&self.axes)
    }

    /// The view with repeated axes whose leading axes have this shape; the last `core` axes stay as they are.
    pub(crate) fn broadcast(&self, shape: &[usize], core: usize) -> Option<View<'a>> {
        let (own, cores) = self.axes.split_at(self.axes.len().checked_sub(core)?);
        let missing = shape.len().checked_sub(own.len())?;
        let mut axes: Axes = shape.iter().map(|&len| Axis { len, stride: 0 }).collect();
        for (axis, own) in axes[missing..].iter_mut().zip(own) {
            match own.len {
                len if len == axis.len => *axis = *own,
                1 => {}
                _ => return None,
            }
        }
        axes.extend_from_slice(cores);
        Some(View { axes, ..self.clone() })
    }

    /// The same view with axis `from` last; `None` if there is no such axis.
    pub(crate) fn with_last(&self, from: usize) -> Option<View<'a>> {
        let mut axes = self.axes.clone();
        let behind = axes.get_mut(from..).filter(|behind| !behind.is_empty())?;
        behind.rotate_left(1);
        Some(View { axes, ..self.clone() })
    }

    /// Whether the elements of the last `core` axes lie one behind another.
    pub(crate) fn is_dense(&self, core: usize) -> bool {
        let mut stride = self.storage.bytes() as isize;
        self.axes.iter().rev().take(core).all(|axis| {
            let fits = axis.len == 1 || axis.stride == stride;
            stride *= axis.len as isize;
            fits
        }) || self.axes.iter().rev().take(core).any(|axis| axis.len == 0)
    }

    /// The view, or a copy of its elements as type `ty`, in which those of the last `core` axes lie one behind
    /// another.
    pub(crate) fn with_dense_core(&self, core: usize, ty: Type) -> Result<View<'a>, KernelError> {
        if self.storage == Storage::Plain(ty) && self.is_dense(core) {
            return Ok(self.clone());
        }
        let elements = self.len();
        let mut words: Vec<u64> = Vec::new();
        let bytes = elements.checked_mul(ty.bytes());
        let reserved = bytes.and_then(|bytes| words.try_reserve_exact(bytes.div_ceil(8)).ok());
        reserved.ok_or_else(|| out_of_memory("elements", ty, elements))?;
        words.resize((elements * ty.bytes()).div_ceil(8), 0);
        let input = self.input(ty);
        for row in (0..elements).step_by(crate::STRIP_ROWS) {
            let rows = crate::STRIP_ROWS.min(elements - row);
            // SAFETY: `words` has room for all elements.
            unsafe { input.copy(row, rows, words.as_mut_ptr().cast::<u8>().add(row * ty.bytes())) };
        }
        let buffer = Buffer::from_vec(words);
        let mut stride = ty.bytes() as isize;
        let mut axes = self.axes.clone();
        for axis in axes.iter_mut().rev() {
            axis.stride = stride;
            stride *= axis.len as isize;
        }
        Ok(View { first: buffer.as_ptr(), storage: Storage::Plain(ty), axes, keeper: Keeper::Buffer(buffer) })
    }

    /// The view as the strip loop reads values of type `ty` from it, which its storage gives.
    pub(crate) fn input(&self, ty: Type) -> Input<'a> {
        let walk = merged(&self.axes);
        let dense = match walk.as_slice() {
            [] => true,
            [axis] => axis.stride == self.storage.bytes() as isize,
            _ => self.len() == 0,
        };
        let walk = if dense { Axes::new() } else { walk };
        let (len, view) = (self.len(), View { axes: walk, ..self.clone() });
        match view.storage {
            Storage::Plain(_) => Input::Elements { len, view },
            _ => Input::Half { len, view, ty },
        }
    }

    /// The view as lists: a row for each place of all but its last `core` axes, whose elements are dense.
    pub(crate) fn lists(&self, core: usize, ty: Type) -> Lists<'a> {
        let (leading, cores) = self.axes.split_at(self.axes.len() - core);
        let (rows, len) = (elements_of(leading), elements_of(cores));
        Lists::equal(self, ty, merged(leading).into_vec().into(), rows, len)
    }
}

fn elements_of_shape(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n: usize, &len| n.saturating_mul(len))
}

/// Elements that axes reach.
fn elements_of(axes: &[Axis]) -> usize {
    axes.iter().fold(1, |n, axis| n.saturating_mul(axis.len))
}

/// The axes with those merged that lie behind one another in memory.
fn merged(axes: &[Axis]) -> Axes {
    let mut walk = Axes::new();
    for &axis in axes.iter().filter(|axis| axis.len != 1) {
        match walk.last_mut() {
            Some(outer) if outer.stride == axis.stride * axis.len as isize => {
                *outer = Axis { len: outer.len * axis.len, stride: axis.stride };
            }
            _ => walk.push(axis),
        }
    }
    walk
}

// ------------------------------------------------------------------------------------------------ lent

/// The elements of one slot of a direct call: a slice, or one value for every row.
#[derive(Clone, Copy)]
pub struct Lent<'a> {
    pub(crate) first: *const u8,
    pub(crate) ty: Type,
    /// Number of elements; `None` for one value that every row gets.
    pub(crate) len: Option<usize>,
    /// The bits of that value.
    pub(crate) bits: u64,
    lent: PhantomData<&'a [u8]>,
}

impl<'a> Lent<'a> {
    /// The elements of a slice.
    #[inline]
    pub(crate) fn slice<T: Element>(values: &'a [T]) -> Lent<'a> {
        Lent { first: values.as_ptr().cast(), ty: T::TYPE, len: Some(values.len()), bits: 0, lent: PhantomData }
    }

    /// One value for every row.
    #[inline]
    pub(crate) fn uniform(value: Scalar) -> Lent<'a> {
        Lent { first: std::ptr::null(), ty: value.ty(), len: None, bits: value.bits(), lent: PhantomData }
    }

    /// The elements of an input, if they are plain values that lie one behind another, or one.
    pub(crate) fn input(input: &'a Input<'_>) -> Option<Lent<'a>> {
        match input {
            Input::Elements { len, view: View { first, storage: Storage::Plain(ty), axes, .. } } if axes.is_empty() => {
                Some(Lent { first: *first, ty: *ty, len: Some(*len), bits: 0, lent: PhantomData })
            }
            Input::Scalar(value) => Some(Lent::uniform(*value)),
            _ => None,
        }
    }

    /// The elements from row `row` on, as an argument of a general call.
    pub(crate) fn column(&self, row: usize) -> Column<'a> {
        let Some(len) = self.len else { return Column::scalar(Scalar::from_bits(self.ty, self.bits)) };
        assert!(row <= len, "row {row} of {len}");
        // SAFETY: the row is one of the slice's, or its end.
        let first = unsafe { self.first.add(row * self.ty.bytes()) };
        let keeper = Keeper::Lender(PhantomData);
        Column::of(Values::View(View::dense(Storage::Plain(self.ty), first, len - row, keeper)))
    }
}

// ---------------------------------------------------------------------------------------------- inputs

/// One slot's values, of the slot's type.
#[derive(Clone)]
pub(crate) enum Input<'a> {
    /// The same for every row.
    Scalar(Scalar),
    /// Elements; without axes they lie one behind another.
    Elements { len: usize, view: View<'a> },
    /// Elements of 16 bits, widened to a float of this type.
    Half { len: usize, view: View<'a>, ty: Type },
    /// Bools, a bit each.
    Bits(BooleanBuffer),
    /// Elements that are 0 where they are null.
    Optional { values: Box<Input<'a>>, valid: NullBuffer },
    /// Number of elements of each list.
    Lengths(Lists<'a>),
    /// `inner` times the length of each row.
    Counts { offsets: Offsets<'a>, inner: usize },
}

impl Input<'_> {
    pub(crate) fn ty(&self) -> Type {
        match self {
            Input::Scalar(scalar) => scalar.ty(),
            Input::Elements { view, .. } => match view.storage {
                Storage::Plain(ty) => ty,
                Storage::F16 | Storage::Bf16 => unreachable!("these are `Half`"),
            },
            Input::Half { ty, .. } => *ty,
            Input::Bits(_) => Type::Bool,
            Input::Optional { values, .. } => values.ty(),
            Input::Lengths(_) | Input::Counts { .. } => Type::U64,
        }
    }

    /// Number of rows; a scalar has any number.
    pub(crate) fn rows(&self) -> Option<usize> {
        match self {
            Input::Scalar(_) => None,
            Input::Elements { len, .. } | Input::Half { len, .. } => Some(*len),
            Input::Bits(bits) => Some(bits.len()),
            Input::Optional { values, valid } => values.rows().map(|rows| rows.min(valid.len())),
            Input::Lengths(lists) => Some(lists.rows()),
            Input::Counts { offsets, .. } => Some(offsets.rows()),
        }
    }

    pub(crate) fn has_rows(&self, rows: usize) -> bool {
        self.rows().is_none_or(|own| own == rows)
    }

    /// The elements themselves, if they can be read where they are.
    pub(crate) fn dense(&self) -> Option<&View<'_>> {
        match self {
            Input::Elements { view, .. } if view.axes.is_empty() => Some(view),
            _ => None,
        }
    }

    /// The value of one row.
    pub(crate) fn value(&self, row: usize) -> Scalar {
        let mut cell = 0u64;
        let ty = self.ty();
        assert!(self.rows().is_none_or(|rows| row < rows), "row {row} of {:?}", self.rows());
        // SAFETY: the row is in range and a cell holds any element.
        unsafe { self.copy(row, 1, (&raw mut cell).cast()) };
        // SAFETY: the cell's first bytes are the element's.
        Scalar::from_bits(ty, unsafe { read_bits(ty, (&raw const cell).cast()) })
    }

    /// Copies `rows` values from row `row` on.
    ///
    /// # Safety
    /// The rows must exist and `to` must take them; no alignment is assumed. There are at most `STRIP_ROWS`.
    pub(crate) unsafe fn copy(&self, row: usize, rows: usize, to: *mut u8) {
        let ty = self.ty();
        let write = |index: usize, bits: u64| {
            // SAFETY: `to` takes `rows` values.
            unsafe { write_bits(ty, bits, to.add(index * ty.bytes())) };
        };
        match self {
            Input::Scalar(scalar) => (0..rows).for_each(|index| write(index, scalar.bits())),
            // SAFETY: by the caller's promise.
            Input::Elements { view, .. } => unsafe { fill(view, row, rows, to) },
            Input::Half { view, .. } => {
                let mut halves = [0u16; crate::STRIP_ROWS];
                let halves = &mut halves[..rows];
                // SAFETY: the rows exist by the caller's promise, and `halves` takes them.
                unsafe { fill(view, row, rows, halves.as_mut_ptr().cast()) };
                for (index, &half) in halves.iter().enumerate() {
                    let number = view.storage.widen(half);
                    write(index, if ty == Type::F64 { f64::from(number).to_bits() } else { number.to_bits().into() });
                }
            }
            // SAFETY: `to` takes `rows` bytes; they need not be initialised to be written.
            Input::Bits(bits) => unsafe {
                to.write_bytes(0, rows);
                crate::bits::unpack(bits, row, std::slice::from_raw_parts_mut(to, rows));
            },
            Input::Optional { values, valid } => {
                // SAFETY: by the caller's promise.
                unsafe { values.copy(row, rows, to) };
                (0..rows).filter(|&index| valid.is_null(row + index)).for_each(|index| write(index, 0));
            }
            Input::Lengths(lists) => (0..rows).for_each(|index| write(index, lists.at(row + index).1 as u64)),
            Input::Counts { offsets, inner } => {
                let mut index = 0;
                offsets.for_each(row, rows, |start, end| {
                    write(index, ((end - start) * inner) as u64);
                    index += 1;
                });
            }
        }
    }
}

/// Copies `rows` elements from row `row` on.
///
/// # Safety
/// The rows must exist and `to` must take them.
unsafe fn fill(view: &View<'_>, row: usize, rows: usize, to: *mut u8) {
    let width = view.storage.bytes();
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
        let offset = offset_of(outer, run);
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

/// How far the place with this number, in row-major order, lies from the first one.
pub(crate) fn offset_of(axes: &[Axis], place: usize) -> isize {
    let (mut offset, mut rest) = (0, place);
    for axis in axes.iter().rev() {
        offset += (rest % axis.len) as isize * axis.stride;
        rest /= axis.len;
    }
    offset
}

// ---------------------------------------------------------------------------------------------- memory

/// The error for memory that is not there.
pub(crate) fn out_of_memory(of: &str, ty: Type, count: usize) -> KernelError {
    KernelError::new(Code::OutOfMemory, format!("no memory for {count} {of} of type {ty}"))
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
