//! Results of a call as the caller gets them, before they become Arrow arrays or anything else.

use arrow_buffer::{Buffer, NullBuffer};
use filbert_ir::{Code, Datum, KernelError, Logical, ResultTy, Scalar, Type};

use crate::bind::Starts;
use crate::element::Element;
use crate::lend::read_scalar;
use crate::offsets::Offsets;
use crate::room::{self, Aligned, Room};

/// One result of a call: elements one after another, 64-byte aligned; a bool takes a byte. Elements of null
/// rows hold zero; a null list of any length is empty.
#[derive(Clone, Debug)]
pub struct OutColumn {
    pub(crate) result: ResultTy,
    pub(crate) rows: usize,
    pub(crate) values: Buffer,
    /// Bools are bits, for Arrow; nobody outside sees such a column.
    pub(crate) packed: bool,
    pub(crate) nulls: Option<NullBuffer>,
    /// Of a list of any length.
    pub(crate) offsets: Option<Offsets<'static>>,
}

impl OutColumn {
    /// What it is, as the kernel's signature has it.
    pub fn result(&self) -> &ResultTy {
        &self.result
    }

    /// The type of the elements.
    pub fn ty(&self) -> Type {
        match self.result {
            ResultTy::Scalar { ty, .. } => ty.storage(),
            ResultTy::Fixed { elem, .. } | ResultTy::List { elem, .. } => elem,
        }
    }

    /// What the elements mean.
    pub fn logical(&self) -> Logical {
        match self.result {
            ResultTy::Scalar { ty, .. } => ty,
            ResultTy::Fixed { elem, .. } | ResultTy::List { elem, .. } => elem.into(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Number of elements of all rows.
    pub(crate) fn elements(&self) -> usize {
        match (&self.result, &self.offsets) {
            (ResultTy::Fixed { len, .. }, _) => self.rows * *len as usize,
            (ResultTy::List { inner, .. }, Some(offsets)) => offsets.at(self.rows) * *inner as usize,
            _ => self.rows,
        }
    }

    /// The elements of all rows, if they have type `T`.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        room::elements(self)
    }

    /// The value of one row of a result that is no list, `None` where it is null.
    ///
    /// # Panics
    /// If there is no such row, or its value is a list.
    pub fn value(&self, row: usize) -> Option<Scalar> {
        match self.datum(row) {
            Datum::Null => None,
            Datum::Scalar(scalar) => Some(scalar),
            Datum::List(_) => panic!("row {row} is a list, which `datum` gives"),
        }
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn datum(&self, row: usize) -> Datum {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return Datum::Null;
        }
        let (ty, width) = (self.ty(), self.ty().bytes());
        let scalar = |at: usize| read_scalar(ty, &self.values[at * width..(at + 1) * width]);
        match (&self.result, &self.offsets) {
            (ResultTy::Fixed { len, .. }, _) => {
                let len = *len as usize;
                Datum::List((row * len..(row + 1) * len).map(scalar).collect())
            }
            (ResultTy::List { inner, .. }, Some(offsets)) => {
                let inner = *inner as usize;
                Datum::List((offsets.at(row) * inner..offsets.at(row + 1) * inner).map(scalar).collect())
            }
            _ => Datum::Scalar(scalar(row)),
        }
    }

    /// Which rows are null, if any is.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// Where the rows of a list of any length begin.
    pub fn offsets(&self) -> Option<&Offsets<'static>> {
        self.offsets.as_ref()
    }

    /// The elements as an Arrow buffer.
    pub fn values(&self) -> &Buffer {
        &self.values
    }
}

/// Room for one result: its elements, and the flags or the starts that go with them.
pub(crate) struct ResultRoom {
    result: ResultTy,
    values: Aligned,
    flags: Option<Aligned>,
    starts: Option<Starts>,
    packed: bool,
}

impl ResultRoom {
    /// Takes the next of `lists` if the result is one.
    pub(crate) fn reserve<'b>(
        result: &ResultTy,
        rows: usize,
        lists: &mut impl Iterator<Item = &'b Starts>,
        packed: bool,
    ) -> Result<ResultRoom, KernelError> {
        let too_many = || KernelError::new(Code::OutOfMemory, format!("no memory for {rows} results of type {result}"));
        let (ty, len, starts) = match result {
            ResultTy::Scalar { ty, .. } => (ty.storage(), rows, None),
            ResultTy::Fixed { elem, len } => (*elem, rows.checked_mul(*len as usize).ok_or_else(too_many)?, None),
            ResultTy::List { elem, .. } => {
                let starts = lists.next().expect("starts for each list").clone();
                (*elem, starts.at(rows), Some(starts))
            }
        };
        let packed = packed && ty == Type::Bool;
        let flags = matches!(result, ResultTy::Scalar { nullable: true, .. });
        Ok(ResultRoom {
            result: result.clone(),
            values: Aligned::reserve(ty, len, packed)?,
            flags: flags.then(|| Aligned::reserve(Type::Bool, rows, true)).transpose()?,
            starts,
            packed,
        })
    }

    pub(crate) fn rooms(&mut self) -> impl Iterator<Item = &mut Aligned> {
        std::iter::once(&mut self.values).chain(&mut self.flags)
    }

    /// Makes the lists of failing rows empty: how long they would be was known before they failed.
    pub(crate) fn drop_lists(&mut self, rows: usize, valid: &NullBuffer) -> Result<(), KernelError> {
        let (Some(starts), ResultTy::List { inner, .. }) = (&self.starts, &self.result) else { return Ok(()) };
        let inner = (*inner as usize).max(1);
        let length = |row: usize| if valid.is_valid(row) { (starts.at(row + 1) - starts.at(row)) / inner } else { 0 };
        let offsets = Offsets::of_lengths(rows, |row| Some(length(row)))?;
        self.values.keep((0..rows).filter(|&row| valid.is_valid(row)).map(|row| (starts.at(row), starts.at(row + 1))));
        self.starts = Some(Starts::Offsets(offsets, inner));
        Ok(())
    }

    /// Zeroes the values of the rows that are null; the result is no list of any length.
    pub(crate) fn zero_rows(&mut self, nulls: &NullBuffer) {
        let width = match self.result {
            ResultTy::Fixed { len, .. } => len as usize,
            ResultTy::Scalar { .. } | ResultTy::List { .. } => 1,
        };
        self.values.zero_rows(nulls, width);
    }

    /// The result, once a job has filled the room; `nulls` are the rows that have none.
    pub(crate) fn into_column(self, rows: usize, nulls: Option<&NullBuffer>) -> Result<OutColumn, KernelError> {
        let own = self.flags.map(Aligned::into_nulls).filter(|own| own.null_count() > 0);
        let offsets = match (self.starts, &self.result) {
            (Some(Starts::Offsets(offsets, _)), _) => Some(offsets),
            (Some(Starts::Equal(len)), ResultTy::List { inner, .. }) => {
                Some(Offsets::equal(rows, len / *inner as usize)?)
            }
            _ => None,
        };
        Ok(OutColumn {
            result: self.result,
            rows,
            values: self.values.into_buffer(),
            packed: self.packed,
            nulls: NullBuffer::union(nulls, own.as_ref()),
            offsets,
        })
    }
}

/// The rooms of all results in the order that a job wants: columns, then lists.
pub(crate) fn rooms_of(results: &mut [ResultRoom]) -> Vec<&mut dyn Room> {
    let (mut columns, mut lists): (Vec<&mut dyn Room>, Vec<&mut dyn Room>) = (Vec::new(), Vec::new());
    for result in results {
        let of = if result.starts.is_some() { &mut lists } else { &mut columns };
        of.extend(result.rooms().map(|room| room as &mut dyn Room));
    }
    columns.extend(lists);
    columns
}
