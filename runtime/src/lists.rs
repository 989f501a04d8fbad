//! Lists that are lent to a call: for each row, where its elements are and how many there are.
//!
//! What offsets, lengths and pointers say is checked when `Lists` are made; the strip loop then hands out
//! addresses and lengths without looking again.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::sync::Arc;

use filbert_ir::Type;

use crate::element::{Element, Storage};
use crate::lend::{Axis, Keeper, View, offset_of, read_bits};
use crate::offsets::Offsets;

/// A list of elements for each row.
#[derive(Clone)]
pub(crate) struct Lists<'a> {
    /// Element 0 for `Offsets`, the first row's for `Equal`.
    first: *const u8,
    pub(crate) ty: Type,
    rows: Rows<'a>,
    #[allow(dead_code)]
    keeper: Keeper<'a>,
}

#[derive(Clone)]
enum Rows<'a> {
    /// Elements `inner * offsets[r]..inner * offsets[r + 1]`.
    Offsets { offsets: Offsets<'a>, inner: usize },
    /// `len` elements a row; the axes say where it begins.
    Equal { axes: Box<[Axis]>, rows: usize, len: usize },
    /// First element and length of each.
    Each(Arc<[(*const u8, usize)]>),
}

// SAFETY: lists read shared memory only, as views do.
unsafe impl Send for Lists<'_> {}
// SAFETY: as above.
unsafe impl Sync for Lists<'_> {}

impl<'a> Lists<'a> {
    /// Lists over dense elements, of `inner` elements for each step of the offsets. `Err` says why the offsets
    /// are not theirs.
    pub(crate) fn new(elements: &View<'a>, ty: Type, inner: usize, offsets: Offsets<'a>) -> Result<Lists<'a>, String> {
        assert!(elements.storage == Storage::Plain(ty) && elements.is_dense(elements.axes.len()), "dense elements");
        offsets.check(elements.len().checked_div(inner).unwrap_or(0))?;
        let rows = Rows::Offsets { offsets, inner };
        Ok(Lists { first: elements.first, ty, rows, keeper: elements.keeper.clone() })
    }

    /// Lists of `len` elements each, which begin where the axes reach from the view's first element; they must
    /// be the view's own, and its elements dense.
    pub(crate) fn equal(of: &View<'a>, ty: Type, axes: Box<[Axis]>, rows: usize, len: usize) -> Lists<'a> {
        assert!(of.storage == Storage::Plain(ty), "elements of type {ty}");
        Lists { first: of.first, ty, rows: Rows::Equal { axes, rows, len }, keeper: of.keeper.clone() }
    }

    /// Lists that nobody will look at.
    pub(crate) fn none(ty: Type, rows: usize) -> Lists<'a> {
        let keeper = Keeper::Lender(PhantomData);
        Lists { first: std::ptr::null(), ty, rows: Rows::Equal { axes: Box::default(), rows, len: 0 }, keeper }
    }

    /// A list for each slice.
    pub(crate) fn slices<T: Element>(slices: impl Iterator<Item = &'a [T]>) -> Lists<'a> {
        let rows = Rows::Each(slices.map(|slice| (slice.as_ptr().cast(), slice.len())).collect());
        Lists { first: std::ptr::null(), ty: T::TYPE, rows, keeper: Keeper::Lender(PhantomData) }
    }

    /// A list for each slice of bytes, which are elements of type `ty`.
    #[cfg(test)]
    pub(crate) fn bytes(ty: Type, slices: impl Iterator<Item = &'a [u8]>) -> Lists<'a> {
        let rows = Rows::Each(slices.map(|bytes| (bytes.as_ptr(), bytes.len() / ty.bytes())).collect());
        Lists { first: std::ptr::null(), ty, rows, keeper: Keeper::Lender(PhantomData) }
    }

    /// Number of lists.
    pub(crate) fn rows(&self) -> usize {
        match &self.rows {
            Rows::Offsets { offsets, .. } => offsets.rows(),
            Rows::Equal { rows, .. } => *rows,
            Rows::Each(each) => each.len(),
        }
    }

    /// First element and number of elements of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn at(&self, row: usize) -> (*const u8, usize) {
        match &self.rows {
            Rows::Offsets { offsets, inner } => {
                let first = self.first.wrapping_add(offsets.at(row) * inner * self.ty.bytes());
                (first, offsets.len_of(row) * inner)
            }
            Rows::Equal { axes, rows, len } => {
                assert!(row < *rows, "row {row} of {rows}");
                (self.first.wrapping_offset(offset_of(axes, row)), *len)
            }
            Rows::Each(each) => each[row],
        }
    }

    /// The number of elements that every row has, if it is one number.
    pub(crate) fn equal_len(&self) -> Option<usize> {
        match &self.rows {
            Rows::Equal { len, .. } => Some(*len),
            _ => None,
        }
    }

    /// Writes the address of the first element of each row from `start` on, as many as `to` takes.
    pub(crate) fn addresses(&self, start: usize, to: &mut [*mut u8]) {
        match &self.rows {
            Rows::Offsets { offsets, inner } => {
                let width = inner * self.ty.bytes();
                let mut places = to.iter_mut();
                offsets.for_each(start, places.len(), |begin, _| {
                    if let Some(place) = places.next() {
                        *place = self.first.wrapping_add(begin * width).cast_mut();
                    }
                });
            }
            Rows::Equal { axes, .. } => match &axes[..] {
                [] => to.fill(self.first.cast_mut()),
                [axis] => to.iter_mut().enumerate().for_each(|(index, place)| {
                    *place = self.first.wrapping_offset((start + index) as isize * axis.stride).cast_mut();
                }),
                _ => to.iter_mut().enumerate().for_each(|(index, place)| *place = self.at(start + index).0.cast_mut()),
            },
            Rows::Each(each) => {
                to.iter_mut().zip(&each[start..]).for_each(|(place, &(first, _))| *place = first.cast_mut());
            }
        }
    }

    /// The bits of the elements of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn elements(&self, row: usize) -> Vec<u64> {
        let (first, len) = self.at(row);
        // SAFETY: the row has so many elements.
        (0..len).map(|index| unsafe { read_bits(self.ty, first.add(index * self.ty.bytes())) }).collect()
    }
}
