//! Where the rows of a list column begin, as Arrow says it: one offset more than there are rows.

use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use filbert_ir::{Code, KernelError};

/// Offsets of lists: row `r` holds the elements from offset `r` up to offset `r + 1`. For lists of rows they
/// count rows.
#[derive(Clone, Debug)]
pub struct Offsets<'a>(Repr<'a>);

#[derive(Clone, Debug)]
enum Repr<'a> {
    Slice32(&'a [i32]),
    Slice64(&'a [i64]),
    Buffer32(ScalarBuffer<i32>),
    Buffer64(ScalarBuffer<i64>),
}

/// The numbers, whoever owns them.
enum Numbers<'s> {
    I32(&'s [i32]),
    I64(&'s [i64]),
}

impl Offsets<'_> {
    fn numbers(&self) -> Numbers<'_> {
        match &self.0 {
            Repr::Slice32(offsets) => Numbers::I32(offsets),
            Repr::Slice64(offsets) => Numbers::I64(offsets),
            Repr::Buffer32(offsets) => Numbers::I32(offsets),
            Repr::Buffer64(offsets) => Numbers::I64(offsets),
        }
    }

    /// Number of lists.
    pub fn rows(&self) -> usize {
        let count = match self.numbers() {
            Numbers::I32(offsets) => offsets.len(),
            Numbers::I64(offsets) => offsets.len(),
        };
        count.saturating_sub(1)
    }

    /// Why these are not the offsets of lists over `total` elements, if they are not. Nothing else here looks
    /// at offsets that were not checked.
    pub(crate) fn check(&self, total: usize) -> Result<(), String> {
        fn fault<T: Copy + PartialOrd + Into<i64>>(offsets: &[T], total: usize) -> Option<String> {
            let Some((first, last)) = offsets.first().zip(offsets.last()) else {
                return Some("there is no offset; lists of no rows have one".into());
            };
            let (first, last): (i64, i64) = ((*first).into(), (*last).into());
            if first < 0 {
                return Some(format!("the first offset is {first}"));
            }
            if let Some(row) = offsets.windows(2).position(|pair| pair[1] < pair[0]) {
                return Some(format!("the offset behind row {row} is less than the one before it"));
            }
            (last as u64 > total as u64).then(|| format!("the last offset is {last}, of {total} elements"))
        }
        let fault = match self.numbers() {
            Numbers::I32(offsets) => fault(offsets, total),
            Numbers::I64(offsets) => fault(offsets, total),
        };
        fault.map_or(Ok(()), Err)
    }

    /// Where row `row` begins; there is one more than rows.
    pub fn at(&self, row: usize) -> usize {
        match self.numbers() {
            Numbers::I32(offsets) => offsets[row] as usize,
            Numbers::I64(offsets) => offsets[row] as usize,
        }
    }

    /// How long row `row` is.
    pub(crate) fn len_of(&self, row: usize) -> usize {
        self.at(row + 1) - self.at(row)
    }

    /// Calls `each` with begin and end of `rows` rows from row `start` on.
    pub(crate) fn for_each(&self, start: usize, rows: usize, mut each: impl FnMut(usize, usize)) {
        match self.numbers() {
            Numbers::I32(offsets) => {
                offsets[start..=start + rows].windows(2).for_each(|pair| each(pair[0] as usize, pair[1] as usize));
            }
            Numbers::I64(offsets) => {
                offsets[start..=start + rows].windows(2).for_each(|pair| each(pair[0] as usize, pair[1] as usize));
            }
        }
    }

    /// The lists of these lengths, one behind another: i32 where the total fits, as most of Arrow wants it.
    pub(crate) fn of_lengths(
        rows: usize,
        length: impl Fn(usize) -> Option<usize>,
    ) -> Result<Offsets<'static>, KernelError> {
        let too_many =
            || KernelError::new(Code::OutOfMemory, format!("the lists of {rows} rows have too many elements"));
        let no_memory = || KernelError::new(Code::OutOfMemory, format!("no memory for the offsets of {rows} lists"));
        let mut total = Some(0usize);
        for row in 0..rows {
            total = total.zip(length(row)).and_then(|(sum, len)| sum.checked_add(len));
        }
        let total = total.filter(|&total| i64::try_from(total).is_ok()).ok_or_else(too_many)?;
        let mut at = 0;
        let mut ends = std::iter::once(0).chain((0..rows).map(|row| {
            at += length(row).unwrap_or(0);
            at
        }));
        let repr = match i32::try_from(total) {
            Ok(_) => {
                let mut offsets = Vec::new();
                offsets.try_reserve_exact(rows.saturating_add(1)).map_err(|_| no_memory())?;
                offsets.extend(ends.by_ref().map(|end| end as i32));
                Repr::Buffer32(offsets.into())
            }
            Err(_) => {
                let mut offsets = Vec::new();
                offsets.try_reserve_exact(rows.saturating_add(1)).map_err(|_| no_memory())?;
                offsets.extend(ends.by_ref().map(|end| end as i64));
                Repr::Buffer64(offsets.into())
            }
        };
        Ok(Offsets(repr))
    }

    /// `rows` lists of `len` each, of which `rows * len` elements exist.
    pub(crate) fn equal(rows: usize, len: usize) -> Result<Offsets<'static>, KernelError> {
        Offsets::of_lengths(rows, |_| Some(len))
    }

    /// As Arrow has them: i32, or i64 where they are. They must have been checked.
    pub(crate) fn into_arrow(self) -> Result<OffsetBuffer<i32>, OffsetBuffer<i64>> {
        match self.0 {
            Repr::Slice32(offsets) => Ok(OffsetBuffer::new(offsets.to_vec().into())),
            Repr::Slice64(offsets) => Err(OffsetBuffer::new(offsets.to_vec().into())),
            Repr::Buffer32(offsets) => Ok(OffsetBuffer::new(offsets)),
            Repr::Buffer64(offsets) => Err(OffsetBuffer::new(offsets)),
        }
    }
}

impl<'a> From<&'a [i32]> for Offsets<'a> {
    fn from(offsets: &'a [i32]) -> Offsets<'a> {
        Offsets(Repr::Slice32(offsets))
    }
}

impl<'a> From<&'a [i64]> for Offsets<'a> {
    fn from(offsets: &'a [i64]) -> Offsets<'a> {
        Offsets(Repr::Slice64(offsets))
    }
}

impl<'a> From<&'a Vec<i32>> for Offsets<'a> {
    fn from(offsets: &'a Vec<i32>) -> Offsets<'a> {
        Offsets(Repr::Slice32(offsets))
    }
}

impl<'a> From<&'a Vec<i64>> for Offsets<'a> {
    fn from(offsets: &'a Vec<i64>) -> Offsets<'a> {
        Offsets(Repr::Slice64(offsets))
    }
}

impl<'a, const N: usize> From<&'a [i32; N]> for Offsets<'a> {
    fn from(offsets: &'a [i32; N]) -> Offsets<'a> {
        Offsets(Repr::Slice32(offsets))
    }
}

impl From<OffsetBuffer<i32>> for Offsets<'_> {
    fn from(offsets: OffsetBuffer<i32>) -> Self {
        Offsets(Repr::Buffer32(offsets.into_inner()))
    }
}

impl From<OffsetBuffer<i64>> for Offsets<'_> {
    fn from(offsets: OffsetBuffer<i64>) -> Self {
        Offsets(Repr::Buffer64(offsets.into_inner()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_as_wide_as_they_must_be() {
        let small = Offsets::of_lengths(3, |row| Some(row * 2)).unwrap();
        assert_eq!(small.into_arrow().unwrap()[..], [0, 0, 2, 6]);
        let most = Offsets::of_lengths(2, |_| Some(i32::MAX as usize / 2)).unwrap();
        assert!(most.into_arrow().is_ok());
        let large = Offsets::of_lengths(2, |_| Some(1 << 30)).unwrap();
        assert_eq!(large.into_arrow().unwrap_err()[..], [0, 1 << 30, 1 << 31]);
        assert_eq!(Offsets::of_lengths(0, |_| None).unwrap().rows(), 0);
    }

    #[test]
    fn lists_that_cannot_be_counted_are_an_error() {
        for length in [usize::MAX, usize::MAX / 2, 1 << 62] {
            assert_eq!(Offsets::of_lengths(3, |_| Some(length)).unwrap_err().code, Code::OutOfMemory);
        }
        assert_eq!(Offsets::of_lengths(1, |_| None).unwrap_err().code, Code::OutOfMemory);
    }

    #[test]
    fn what_are_no_offsets_is_said() {
        let why = |offsets: &[i64], total| Offsets::from(offsets).check(total).err();
        assert_eq!(why(&[0, 2, 2], 2), None);
        assert_eq!(why(&[1, 2], 2), None, "lists may begin later, as those of a slice do");
        assert_eq!(why(&[], 0).unwrap(), "there is no offset; lists of no rows have one");
        assert_eq!(why(&[-1, 2], 2).unwrap(), "the first offset is -1");
        assert_eq!(why(&[0, 2, 1], 2).unwrap(), "the offset behind row 1 is less than the one before it");
        assert_eq!(why(&[0, 3], 2).unwrap(), "the last offset is 3, of 2 elements");
        assert_eq!(why(&[0, i64::MIN], 2).unwrap(), "the offset behind row 0 is less than the one before it");
    }
}
