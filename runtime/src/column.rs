//! Columns as a caller hands them in and gets them back, before anything is known about the kernel.
//!
//! A `Column` lends elements: a slice, an `ndarray` view of any layout, an Arrow array, or one scalar that
//! stands for every row. `bind` checks columns against a kernel; the pointers inside are `lend`'s business.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use filbert_ir::{Code, KernelError, Scalar, Type};
use ndarray::{ArrayBase, ArrayRef, ArrayView, Data, Dimension};

use crate::element::Element;
use crate::lend::{self, View};

/// One argument of a call: the elements of all rows, or one scalar for every row.
///
/// ```
/// use filbert_runtime::Column;
/// let x = [1.0, 2.0, 3.0];
/// let m = ndarray::arr2(&[[1i64, 2], [3, 4]]);
/// assert_eq!(Column::from(&x[..]).rows(), Some(3));
/// assert_eq!(Column::from(&m.t()).rows(), Some(4));
/// assert_eq!(Column::from(2.5).rows(), None); // as many as the others have
/// ```
#[derive(Clone)]
pub struct Column<'a> {
    pub(crate) values: Values<'a>,
    pub(crate) nulls: Option<NullBuffer>,
}

#[derive(Clone)]
pub(crate) enum Values<'a> {
    /// The same for every row.
    Scalar(Scalar),
    /// SQL's NULL for every row, of whatever type the kernel wants.
    Null,
    /// Elements in memory.
    View(View<'a>),
    /// Bools, a bit each.
    Bits(BooleanBuffer),
}

impl<'a> Column<'a> {
    /// The elements of a slice.
    pub fn slice<T: Element>(values: &'a [T]) -> Column<'a> {
        Column::of(Values::View(View::slice(values)))
    }

    /// The elements of an array view of any layout and number of axes, in its logical (row-major) order.
    pub fn array<T: Element, D: Dimension>(view: ArrayView<'a, T, D>) -> Column<'a> {
        Column::of(Values::View(View::array(view)))
    }

    /// One value for every row.
    pub fn scalar(value: impl Into<Scalar>) -> Column<'a> {
        Column::of(Values::Scalar(value.into()))
    }

    /// NULL for every row.
    pub fn null() -> Column<'a> {
        Column::of(Values::Null)
    }

    /// Bools, a bit each, as Arrow keeps them.
    pub fn bits(bits: BooleanBuffer) -> Column<'a> {
        Column::of(Values::Bits(bits))
    }

    /// Raw bytes in native byte order, at any alignment: a buffer from elsewhere. `None` if the length is not
    /// a whole number of elements, or if a bool is neither 0 nor 1.
    pub fn bytes(ty: Type, bytes: &'a [u8]) -> Option<Column<'a>> {
        View::bytes(ty, bytes).map(|view| Column::of(Values::View(view)))
    }

    /// The same elements, of which some are null; a null's own element is never looked at. The length must be
    /// that of the column, which is checked when it is used.
    pub fn with_nulls(mut self, nulls: Option<NullBuffer>) -> Column<'a> {
        self.nulls = nulls;
        self
    }

    /// The type of the elements; NULL has none of its own.
    pub fn ty(&self) -> Option<Type> {
        match &self.values {
            Values::Scalar(scalar) => Some(scalar.ty()),
            Values::Null => None,
            Values::View(view) => Some(view.ty()),
            Values::Bits(_) => Some(Type::Bool),
        }
    }

    /// Number of elements; a scalar has as many as the other columns.
    pub fn rows(&self) -> Option<usize> {
        match &self.values {
            Values::Scalar(_) | Values::Null => None,
            Values::View(view) => Some(view.len()),
            Values::Bits(bits) => Some(bits.len()),
        }
    }

    /// Lengths of the axes; none for a scalar.
    pub fn shape(&self) -> Option<Vec<usize>> {
        match &self.values {
            Values::Scalar(_) | Values::Null => None,
            Values::View(view) => Some(view.shape()),
            Values::Bits(bits) => Some(vec![bits.len()]),
        }
    }

    /// The same elements, repeated to fill `shape` as `ndarray` and NumPy do it: an axis of length 1 and an
    /// axis that is not there repeat. Nulls do not broadcast.
    pub(crate) fn broadcast(&self, shape: &[usize]) -> Option<Column<'a>> {
        match &self.values {
            Values::Scalar(_) | Values::Null => Some(self.clone()),
            Values::View(view) if self.nulls.is_none() => view.broadcast(shape).map(|v| Column::of(Values::View(v))),
            _ => (self.shape().as_deref() == Some(shape)).then(|| self.clone()),
        }
    }

    fn of(values: Values<'a>) -> Column<'a> {
        Column { values, nulls: None }
    }
}

macro_rules! column_from_scalar {
    ($($rust:ty),*) => {
        $(impl<'a> From<$rust> for Column<'a> {
            fn from(value: $rust) -> Column<'a> {
                Column::scalar(value)
            }
        })*
    };
}

column_from_scalar!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl<'a> From<Scalar> for Column<'a> {
    fn from(value: Scalar) -> Column<'a> {
        Column::scalar(value)
    }
}

impl<'a, T: Element> From<&'a [T]> for Column<'a> {
    fn from(values: &'a [T]) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Element, const N: usize> From<&'a [T; N]> for Column<'a> {
    fn from(values: &'a [T; N]) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Element> From<&'a Vec<T>> for Column<'a> {
    fn from(values: &'a Vec<T>) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Element, S: Data<Elem = T>, D: Dimension> From<&'a ArrayBase<S, D>> for Column<'a> {
    fn from(array: &'a ArrayBase<S, D>) -> Column<'a> {
        Column::array(array.view())
    }
}

impl<'a, T: Element, D: Dimension> From<&'a ArrayRef<T, D>> for Column<'a> {
    fn from(array: &'a ArrayRef<T, D>) -> Column<'a> {
        Column::array(array.view())
    }
}

impl<'a, T: Element, D: Dimension> From<ArrayView<'a, T, D>> for Column<'a> {
    fn from(view: ArrayView<'a, T, D>) -> Column<'a> {
        Column::array(view)
    }
}

impl<'a> From<&Column<'a>> for Column<'a> {
    fn from(column: &Column<'a>) -> Column<'a> {
        column.clone()
    }
}

/// One result of a call: elements one after another, 64-byte aligned; a bool takes a byte. Slots of null
/// rows hold zero.
#[derive(Clone, Debug)]
pub struct OutColumn {
    pub(crate) ty: Type,
    pub(crate) rows: usize,
    pub(crate) values: Buffer,
    pub(crate) nulls: Option<NullBuffer>,
}

impl OutColumn {
    /// The type of the elements.
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The elements, if they have type `T`.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        lend::elements(self)
    }

    /// The element of one row, `None` where it is null.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn value(&self, row: usize) -> Option<Scalar> {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        let width = self.ty.bytes();
        let valid = self.nulls.as_ref().is_none_or(|n| n.is_valid(row));
        valid.then(|| lend::read_scalar(self.ty, &self.values[row * width..(row + 1) * width]))
    }

    /// Which rows are null, if any is.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// The elements as an Arrow buffer.
    pub fn values(&self) -> &Buffer {
        &self.values
    }
}

/// The shape that all columns broadcast to; `None` inside if all are scalars.
pub(crate) fn common_shape(columns: &[Column<'_>]) -> Result<Option<Vec<usize>>, KernelError> {
    let mut common: Option<Vec<usize>> = None;
    for (index, shape) in columns.iter().enumerate().filter_map(|(i, c)| Some((i, c.shape()?))) {
        let Some(so_far) = &mut common else {
            common = Some(shape);
            continue;
        };
        let axes = so_far.len().max(shape.len());
        let padded =
            |s: &[usize]| -> Vec<usize> { std::iter::repeat_n(1, axes - s.len()).chain(s.iter().copied()).collect() };
        let (a, b) = (padded(so_far), padded(&shape));
        let joined: Option<Vec<usize>> = a
            .iter()
            .zip(&b)
            .map(|(&a, &b)| match (a, b) {
                (a, b) if a == b => Some(a),
                (1, other) | (other, 1) => Some(other),
                _ => None,
            })
            .collect();
        *so_far = joined.ok_or_else(|| {
            let detail = format!("argument {index} has shape {shape:?}, the arguments before it {so_far:?}");
            KernelError::new(Code::LengthMismatch, detail)
        })?;
    }
    Ok(common)
}
