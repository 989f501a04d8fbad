//! Columns as a caller hands them in, before anything is known about the kernel.
//!
//! A `Column` lends elements: a slice, an `ndarray` view of any layout, an Arrow array, lists of these, or one
//! value that stands for every row. `bind` checks columns against a kernel; the pointers inside are `lend`'s
//! business.

use arrow_buffer::{BooleanBuffer, NullBuffer};
use filbert_ir::{Code, Datum, KernelError, Logical, Param, Scalar, Type};
use ndarray::{ArrayBase, ArrayRef, ArrayView, Data, Dimension};

use crate::element::{Element, Source, Storage};
use crate::lend::View;
use crate::lists::Lists;
use crate::offsets::Offsets;

/// One argument of a call: a value for each row, or one for every row.
///
/// ```
/// use filbert_runtime::Column;
/// let x = [1.0, 2.0, 3.0];
/// let m = ndarray::arr2(&[[1i64, 2], [3, 4]]);
/// assert_eq!(Column::from(&x[..]).rows(), Some(3));
/// assert_eq!(Column::from(&m.t()).rows(), Some(4));
/// assert_eq!(Column::from(2.5).rows(), None); // as many as the others have
/// ```
///
/// A parameter that is a list takes the last axis of an array as the list (the last two, if it is a list of
/// rows), and a row for each place of the other axes; a slice is one list, which every row gets. Lists of
/// different lengths come as a slice of vectors, or as elements with offsets:
///
/// ```
/// use filbert_runtime::Column;
/// let ragged = [vec![1.0, 2.0], vec![], vec![3.0]];
/// assert_eq!(Column::from(&ragged).rows(), Some(3));
/// let same = Column::lists(Column::from(&[1.0, 2.0, 3.0]), &[0i32, 2, 2, 3]).unwrap();
/// assert_eq!(same.rows(), Some(3));
/// assert!(Column::lists(Column::from(&[1.0, 2.0, 3.0]), &[0i32, 2, 4]).is_err());
/// ```
#[derive(Clone)]
pub struct Column<'a> {
    pub(crate) values: Values<'a>,
    /// What the elements mean, where that is not what they are.
    pub(crate) logical: Option<Logical>,
    /// Which rows are null.
    pub(crate) nulls: Option<NullBuffer>,
}

#[derive(Clone)]
pub(crate) enum Values<'a> {
    /// The same for every row, whatever it means.
    Scalar(Scalar),
    /// SQL's NULL for every row, of whatever type the kernel wants.
    Null,
    /// Elements in memory; each is a row, or lists are cut from them.
    View(View<'a>),
    /// Bools, a bit each.
    Bits(BooleanBuffer),
    /// Lists of equal length: the first axis has the rows.
    Equal { elements: View<'a>, valid: Option<NullBuffer> },
    /// Lists of any length: the elements of rows of `inner` elements, one after another.
    Ragged { elements: View<'a>, valid: Option<NullBuffer>, inner: usize, offsets: Offsets<'a> },
    /// Lists of any length, each somewhere, of rows of so many elements.
    Each(Lists<'a>, usize),
}

impl<'a> Column<'a> {
    /// The elements of a slice.
    pub fn slice<T: Source>(values: &'a [T]) -> Column<'a> {
        Column::of(Values::View(View::slice(values)))
    }

    /// The elements of an array view of any layout and number of axes, in its logical (row-major) order.
    pub fn array<T: Source, D: Dimension>(view: ArrayView<'a, T, D>) -> Column<'a> {
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

    /// Lists: row `r` has the elements from offset `r` up to offset `r + 1`, as in Arrow. `elements` is a
    /// column of numbers; a null among a row's elements makes the row null. The error says which offset is
    /// wrong.
    pub fn lists(elements: Column<'a>, offsets: impl Into<Offsets<'a>>) -> Result<Column<'a>, KernelError> {
        Column::lists_of_rows(elements, 1, offsets)
    }

    /// Lists of rows of `inner` elements each; the offsets count rows.
    pub fn lists_of_rows(
        elements: Column<'a>,
        inner: usize,
        offsets: impl Into<Offsets<'a>>,
    ) -> Result<Column<'a>, KernelError> {
        let offsets = offsets.into();
        let (view, valid) = elements.into_elements()?;
        let total = view.len().checked_div(inner).unwrap_or(0);
        offsets.check(total).map_err(|why| KernelError::new(Code::LengthMismatch, why))?;
        Ok(Column::of(Values::Ragged { elements: view, valid, inner, offsets }))
    }

    /// `rows` lists of the same length: together the elements of a column of numbers.
    pub fn equal_lists(elements: Column<'a>, rows: usize) -> Result<Column<'a>, KernelError> {
        let (view, valid) = elements.into_elements()?;
        let len = view.len().checked_div(rows).unwrap_or(0);
        if rows * len != view.len() {
            let detail = format!("{} elements are not {rows} lists of one length", view.len());
            return Err(KernelError::new(Code::LengthMismatch, detail));
        }
        Ok(Column::of(Values::Equal { elements: view.with_axes(&[rows, len]), valid }))
    }

    /// The same elements, of which some rows are null; a null's own element is never looked at. The length must
    /// be that of the column, which is checked when it is used.
    pub fn with_nulls(mut self, nulls: Option<NullBuffer>) -> Column<'a> {
        self.nulls = nulls;
        self
    }

    /// The same numbers as what they stand for: days as `Date32`, say.
    pub fn with_type(mut self, logical: Logical) -> Column<'a> {
        self.logical = logical.plain().is_none().then_some(logical);
        self
    }

    /// The same array with its axis `axis` last, so that lists run along it. A column that is no array, or has
    /// no such axis, stays as it is.
    pub fn along(mut self, axis: usize) -> Column<'a> {
        if let Values::View(view) = &mut self.values {
            *view = view.with_last(axis).unwrap_or_else(|| view.clone());
        }
        self
    }

    /// The type of the elements; NULL has none of its own, nor have 16-bit floats.
    pub fn ty(&self) -> Option<Type> {
        match self.storage()? {
            Storage::Plain(ty) => Some(ty),
            Storage::F16 | Storage::Bf16 => None,
        }
    }

    /// Which of so many rows are null, if any is: `Some(None)` for none. `None` where that is not a matter of rows
    /// alone (a NULL, lists with nulls among their elements), or the nulls do not fit.
    pub(crate) fn known_nulls(&self, rows: usize) -> Option<Option<&NullBuffer>> {
        let within = match &self.values {
            Values::Null => return None,
            Values::Scalar(_) if self.nulls.is_some() => return None,
            Values::Equal { valid, .. } | Values::Ragged { valid, .. } => valid.as_ref(),
            Values::Scalar(_) | Values::View(_) | Values::Bits(_) | Values::Each(..) => None,
        };
        let fits = self.nulls.as_ref().is_none_or(|nulls| nulls.len() == rows);
        if !fits || within.is_some_and(|valid| valid.null_count() > 0) {
            return None;
        }
        Some(self.nulls.as_ref().filter(|nulls| nulls.null_count() > 0))
    }

    /// How the elements are stored.
    pub(crate) fn storage(&self) -> Option<Storage> {
        match &self.values {
            Values::Scalar(scalar) => Some(Storage::Plain(scalar.ty())),
            Values::Null => None,
            Values::View(view) => Some(view.storage),
            Values::Bits(_) => Some(Storage::Plain(Type::Bool)),
            Values::Equal { elements, .. } | Values::Ragged { elements, .. } => Some(elements.storage),
            Values::Each(lists, _) => Some(Storage::Plain(lists.ty)),
        }
    }

    /// Number of rows, where each element of an array is one; a scalar has as many as the other columns.
    pub fn rows(&self) -> Option<usize> {
        self.shape().map(|shape| shape.iter().fold(1, |n: usize, &len| n.saturating_mul(len)))
    }

    /// Lengths of the axes that have the rows; none for a scalar.
    pub fn shape(&self) -> Option<Vec<usize>> {
        match &self.values {
            Values::Scalar(_) | Values::Null => None,
            Values::View(view) => Some(view.shape()),
            Values::Bits(bits) => Some(vec![bits.len()]),
            Values::Equal { elements, .. } => Some(vec![elements.axes[0].len]),
            Values::Ragged { offsets, .. } => Some(vec![offsets.rows()]),
            Values::Each(lists, _) => Some(vec![lists.rows()]),
        }
    }

    /// What the column is, for messages: `i64`, `Date32`, `lists of f64`.
    pub(crate) fn describe(&self) -> String {
        let element = match (self.logical, self.storage()) {
            (Some(logical), _) => logical.to_string(),
            (None, Some(storage)) => storage.to_string(),
            (None, None) => "NULL".into(),
        };
        match &self.values {
            Values::Equal { elements, .. } if elements.axes.len() == 3 => {
                format!("lists of [{element}; {}]", elements.axes[2].len)
            }
            Values::Ragged { inner, .. } | Values::Each(_, inner) if *inner != 1 => {
                format!("lists of [{element}; {inner}]")
            }
            Values::Equal { .. } | Values::Ragged { .. } | Values::Each(..) => format!("lists of {element}"),
            _ => element,
        }
    }

    /// The elements of a column of numbers that lists are made of, and which of them are valid.
    fn into_elements(self) -> Result<(View<'a>, Option<NullBuffer>), KernelError> {
        match self.values {
            Values::View(view) if view.axes.len() == 1 && self.logical.is_none() => {
                let valid = self.nulls.filter(|nulls| nulls.null_count() > 0);
                if valid.as_ref().is_some_and(|valid| valid.len() != view.len()) {
                    let detail = "validity of the elements has another length than they";
                    return Err(KernelError::new(Code::LengthMismatch, detail));
                }
                Ok((view, valid))
            }
            _ => {
                let detail = format!("elements of lists are numbers in one dimension, not {}", self.describe());
                Err(KernelError::new(Code::SignatureMismatch, detail))
            }
        }
    }

    /// The one list that a column holds, for each of `rows` rows; other columns as they are.
    pub(crate) fn spread(mut self, rows: usize) -> Column<'a> {
        if let Values::Equal { elements, .. } = &mut self.values {
            *elements = elements.broadcast(&[rows], elements.axes.len() - 1).unwrap_or_else(|| elements.clone());
        }
        self
    }

    /// One datum for every row, bound to this parameter.
    pub(crate) fn of_datum(datum: &Datum, param: Option<&Param>) -> Column<'a> {
        let elements = match datum {
            Datum::Null => return Column::null(),
            Datum::Scalar(scalar) => return Column::scalar(*scalar),
            Datum::List(elements) => elements,
        };
        let (elem, inner) = match param {
            Some(Param::List { elem, inner, .. }) => (*elem, *inner as usize),
            _ => (elements.first().map_or(Type::F64, |first| first.ty()), 1),
        };
        // A list of another type is refused as such.
        let ty = elements.iter().map(|element| element.ty()).find(|&ty| ty != elem).unwrap_or(elem);
        let view = View::scalars(ty, elements);
        let rows = elements.len().checked_div(inner).unwrap_or(0);
        let shape = if inner == 1 || rows * inner != elements.len() { vec![elements.len()] } else { vec![rows, inner] };
        Column::of(Values::Equal { elements: view.with_axes(&[&[1], &shape[..]].concat()), valid: None })
    }

    pub(crate) fn of(values: Values<'a>) -> Column<'a> {
        Column { values, logical: None, nulls: None }
    }
}

macro_rules! column_from_scalar {
    ($($rust:ty),*) => {
        $(impl<'a> From<$rust> for Column<'a> {
            fn from(value: $rust) -> Column<'a> {
                Column::scalar(value)
            }
        }

        impl<'a> From<Option<$rust>> for Column<'a> {
            fn from(value: Option<$rust>) -> Column<'a> {
                value.map_or_else(Column::null, Column::scalar)
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

impl<'a, T: Source> From<&'a [T]> for Column<'a> {
    fn from(values: &'a [T]) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Source, const N: usize> From<&'a [T; N]> for Column<'a> {
    fn from(values: &'a [T; N]) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Source> From<&'a Vec<T>> for Column<'a> {
    fn from(values: &'a Vec<T>) -> Column<'a> {
        Column::slice(values)
    }
}

impl<'a, T: Source, S: Data<Elem = T>, D: Dimension> From<&'a ArrayBase<S, D>> for Column<'a> {
    fn from(array: &'a ArrayBase<S, D>) -> Column<'a> {
        Column::array(array.view())
    }
}

impl<'a, T: Source, D: Dimension> From<&'a ArrayRef<T, D>> for Column<'a> {
    fn from(array: &'a ArrayRef<T, D>) -> Column<'a> {
        Column::array(array.view())
    }
}

impl<'a, T: Source, D: Dimension> From<ArrayView<'a, T, D>> for Column<'a> {
    fn from(view: ArrayView<'a, T, D>) -> Column<'a> {
        Column::array(view)
    }
}

impl<'a> From<&Column<'a>> for Column<'a> {
    fn from(column: &Column<'a>) -> Column<'a> {
        column.clone()
    }
}

/// Rows of which some are null; copied, because the elements of an `Option` do not lie one behind another.
impl<'a, T: Element> From<&'a [Option<T>]> for Column<'a> {
    fn from(values: &'a [Option<T>]) -> Column<'a> {
        let nulls: NullBuffer = values.iter().map(Option::is_some).collect();
        let view = View::collect(values.len(), values.iter().map(|value| value.unwrap_or_default()));
        Column::of(Values::View(view)).with_nulls((nulls.null_count() > 0).then_some(nulls))
    }
}

/// A list for each vector.
impl<'a, T: Element> From<&'a [Vec<T>]> for Column<'a> {
    fn from(lists: &'a [Vec<T>]) -> Column<'a> {
        Column::of(Values::Each(Lists::slices(lists.iter().map(Vec::as_slice)), 1))
    }
}

/// A list of rows for each vector.
impl<'a, T: Element, const N: usize> From<&'a [Vec<[T; N]>]> for Column<'a> {
    fn from(lists: &'a [Vec<[T; N]>]) -> Column<'a> {
        Column::of(Values::Each(Lists::slices(lists.iter().map(|rows| rows.as_flattened())), N))
    }
}

/// An array of two axes.
impl<'a, T: Source, const N: usize> From<&'a [[T; N]]> for Column<'a> {
    fn from(rows: &'a [[T; N]]) -> Column<'a> {
        Column::of(Values::View(View::slice(rows.as_flattened()).with_axes(&[rows.len(), N])))
    }
}

macro_rules! column_from_slice_of {
    ($([$($generics:tt)*] $element:ty;)*) => {
        $(
            impl<'a, $($generics)*> From<&'a Vec<$element>> for Column<'a> {
                fn from(values: &'a Vec<$element>) -> Column<'a> {
                    Column::from(&values[..])
                }
            }

            impl<'a, $($generics)*, const ROWS: usize> From<&'a [$element; ROWS]> for Column<'a> {
                fn from(values: &'a [$element; ROWS]) -> Column<'a> {
                    Column::from(&values[..])
                }
            }
        )*
    };
}

column_from_slice_of! {
    [T: Element] Option<T>;
    [T: Element] Vec<T>;
    [T: Element, const N: usize] Vec<[T; N]>;
    [T: Source, const N: usize] [T; N];
}
