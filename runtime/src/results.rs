//! What `map` may give: vectors and `ndarray` arrays of values, of options and of lists, or a single value.

use arrow_buffer::NullBuffer;
use filbert_ir::{Code, KernelError, ResultTy};
use ndarray::{Array, Dimension, IxDyn};

use crate::bind::{Bound, Nulls, Starts};
use crate::column::Column;
use crate::element::Element;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;
use crate::room::{Aligned, Fresh, Room};

/// One result of a kernel over all rows of a call, as it leaves the call.
pub struct Produced<T> {
    /// Lengths of the axes that have rows.
    rows: Vec<usize>,
    /// Lengths of the axes of a row's list; none for a scalar. `Err` has what is known of lists that differ.
    core: Result<Vec<usize>, Starts>,
    values: Vec<T>,
    nulls: Option<NullBuffer>,
}

impl<T: Element> Produced<T> {
    fn shape(&self) -> Result<Vec<usize>, KernelError> {
        match &self.core {
            Ok(core) => Ok(self.rows.iter().chain(core).copied().collect()),
            Err(_) => {
                let detail = "the lists of the result differ in length; ask for a `Vec<Vec<_>>`";
                Err(KernelError::new(Code::LengthMismatch, detail))
            }
        }
    }

    fn count(&self) -> usize {
        self.rows.iter().product()
    }

    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// The elements of a row.
    fn row(&self, row: usize) -> &[T] {
        match &self.core {
            Ok(core) => {
                let len: usize = core.iter().product();
                &self.values[row * len..(row + 1) * len]
            }
            Err(starts) => &self.values[starts.at(row)..starts.at(row + 1)],
        }
    }

    /// The elements, each an option: all those of a null row are `None`.
    fn options(self) -> Vec<Option<T>> {
        let Some(nulls) = &self.nulls else { return self.values.into_iter().map(Some).collect() };
        let row = |row: usize| self.row(row).iter().map(move |&value| nulls.is_valid(row).then_some(value));
        (0..self.count()).flat_map(row).collect()
    }

    /// Each row as an array, if it has `N` elements.
    fn arrays<const N: usize>(&self) -> Result<impl Iterator<Item = Option<[T; N]>>, KernelError> {
        let len = self.core.as_ref().map(|core| core.iter().product::<usize>());
        if len.ok() != Some(N) && self.count() > 0 {
            let detail = format!("a row of the result has {} elements, asked for {N}", self.row(0).len());
            return Err(KernelError::new(Code::LengthMismatch, detail));
        }
        let row = |row: usize| {
            let mut array = [T::default(); N];
            array.copy_from_slice(self.row(row));
            (!self.is_null(row)).then_some(array)
        };
        Ok((0..self.count()).map(row))
    }
}

/// One result of `map`: a `Vec` of elements, or an `ndarray` array in standard layout; of options where rows
/// can be null; a `Vec` of vectors or of arrays for lists; or a single element, for a single row.
///
/// A list adds its axes behind those of the rows.
pub trait ResultColumn: Sized + sealed::Sealed {
    /// The elements.
    type Element: Element;

    /// Whether it can say that a row is null.
    #[doc(hidden)]
    const NULLS: bool = false;

    #[doc(hidden)]
    fn of(produced: Produced<Self::Element>) -> Result<Self, KernelError>;

    /// The same with the result's last axis moved to place `axis`, if it is an array of a list.
    #[doc(hidden)]
    fn with_axis(self, _axis: usize) -> Self {
        self
    }
}

/// The results of `map`: a `ResultColumn`, or a tuple of them, as many as the kernel has results.
pub trait Results: Sized {
    #[doc(hidden)]
    fn compute(
        loaded: &LoadedKernel,
        columns: &[Column<'_>],
        shape: &[usize],
        options: &CallOptions,
    ) -> Result<Self, KernelError>;

    #[doc(hidden)]
    fn with_axis(self, axis: usize, results: &[ResultTy]) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for Vec<T> {}
    impl<T, D> Sealed for ndarray::Array<T, D> {}
    impl<T: super::Element> Sealed for T {}
}

impl<T: Element> ResultColumn for Vec<T> {
    type Element = T;

    fn of(produced: Produced<T>) -> Result<Vec<T>, KernelError> {
        produced.shape()?;
        Ok(produced.values)
    }
}

impl<T: Element> ResultColumn for Vec<Option<T>> {
    type Element = T;
    const NULLS: bool = true;

    fn of(produced: Produced<T>) -> Result<Vec<Option<T>>, KernelError> {
        produced.shape()?;
        Ok(produced.options())
    }
}

impl<T: Element> ResultColumn for Vec<Vec<T>> {
    type Element = T;

    fn of(produced: Produced<T>) -> Result<Vec<Vec<T>>, KernelError> {
        Ok((0..produced.count()).map(|row| produced.row(row).to_vec()).collect())
    }
}

impl<T: Element> ResultColumn for Vec<Option<Vec<T>>> {
    type Element = T;
    const NULLS: bool = true;

    fn of(produced: Produced<T>) -> Result<Vec<Option<Vec<T>>>, KernelError> {
        let row = |row: usize| (!produced.is_null(row)).then(|| produced.row(row).to_vec());
        Ok((0..produced.count()).map(row).collect())
    }
}

impl<T: Element, const N: usize> ResultColumn for Vec<[T; N]> {
    type Element = T;

    fn of(produced: Produced<T>) -> Result<Vec<[T; N]>, KernelError> {
        Ok(produced.arrays()?.map(|row| row.unwrap_or([T::default(); N])).collect())
    }
}

impl<T: Element, const N: usize> ResultColumn for Vec<Option<[T; N]>> {
    type Element = T;
    const NULLS: bool = true;

    fn of(produced: Produced<T>) -> Result<Vec<Option<[T; N]>>, KernelError> {
        Ok(produced.arrays()?.collect())
    }
}

fn array<T, D: Dimension>(shape: Vec<usize>, values: Vec<T>) -> Result<Array<T, D>, KernelError> {
    let array = Array::from_shape_vec(IxDyn(&shape), values);
    let array = array.and_then(|array| array.into_dimensionality::<D>());
    array.map_err(|e| KernelError::new(Code::LengthMismatch, format!("a result of shape {shape:?}: {e}")))
}

/// Moves the last axis of an array.
fn moved<T, D: Dimension>(array: Array<T, D>, to: usize) -> Array<T, D> {
    let mut order: Vec<usize> = (0..array.ndim()).collect();
    let Some(last) = order.pop().filter(|&last| to <= last) else { return array };
    order.insert(to, last);
    let moved = array.into_dyn().permuted_axes(IxDyn(&order));
    moved.into_dimensionality::<D>().expect("as many axes as before")
}

impl<T: Element, D: Dimension> ResultColumn for Array<T, D> {
    type Element = T;

    fn of(produced: Produced<T>) -> Result<Array<T, D>, KernelError> {
        array(produced.shape()?, produced.values)
    }

    fn with_axis(self, axis: usize) -> Array<T, D> {
        moved(self, axis)
    }
}

impl<T: Element, D: Dimension> ResultColumn for Array<Option<T>, D> {
    type Element = T;
    const NULLS: bool = true;

    fn of(produced: Produced<T>) -> Result<Array<Option<T>, D>, KernelError> {
        array(produced.shape()?, produced.options())
    }

    fn with_axis(self, axis: usize) -> Array<Option<T>, D> {
        moved(self, axis)
    }
}

impl<T: Element> ResultColumn for T {
    type Element = T;

    fn of(produced: Produced<T>) -> Result<T, KernelError> {
        match produced.values[..] {
            [value] => Ok(value),
            _ => {
                let detail = format!("the result has shape {:?}, asked for one value", produced.shape()?);
                Err(KernelError::new(Code::LengthMismatch, detail))
            }
        }
    }
}

impl<R: ResultColumn> Results for R {
    fn compute(
        loaded: &LoadedKernel,
        columns: &[Column<'_>],
        shape: &[usize],
        options: &CallOptions,
    ) -> Result<R, KernelError> {
        <(R,)>::compute(loaded, columns, shape, options).map(|(result,)| result)
    }

    fn with_axis(self, axis: usize, results: &[ResultTy]) -> R {
        <(R,)>::with_axis((self,), axis, results).0
    }
}

/// What a result needs besides its values.
struct Part {
    flags: Option<Aligned>,
    /// Number of its elements.
    len: usize,
    core: Result<Vec<usize>, Starts>,
    is_list: bool,
}

impl Part {
    fn of(result: &ResultTy, bound: &Bound<'_>, starts: Option<&Starts>) -> Result<Part, KernelError> {
        let rows = bound.rows;
        let too_many = || KernelError::new(Code::OutOfMemory, format!("no memory for {rows} results of type {result}"));
        let (len, core) = match (result, starts) {
            (ResultTy::Fixed { len, .. }, _) => {
                (rows.checked_mul(*len as usize).ok_or_else(too_many)?, Ok(vec![*len as usize]))
            }
            (ResultTy::List { inner, .. }, Some(starts)) => {
                let inner = *inner as usize;
                let of_row = |row: usize| starts.at(row + 1) - starts.at(row);
                let first = if rows == 0 { 0 } else { of_row(0) };
                let core = match inner {
                    1 => vec![first],
                    _ => vec![first / inner, inner],
                };
                let equal = matches!(starts, Starts::Equal(_)) || (1..rows).all(|row| of_row(row) == first);
                (starts.at(rows), if equal { Ok(core) } else { Err(starts.clone()) })
            }
            _ => (rows, Ok(Vec::new())),
        };
        let flags = matches!(result, ResultTy::Scalar { nullable: true, .. });
        let flags = flags.then(|| Aligned::reserve(filbert_ir::Type::Bool, rows, true)).transpose()?;
        Ok(Part { flags, len, core, is_list: starts.is_some() })
    }
}

/// A part for each result.
fn parts(loaded: &LoadedKernel, bound: &Bound<'_>) -> Result<Vec<Part>, KernelError> {
    let mut starts = bound.results.iter();
    let results = loaded.kernel().core.signature.results.iter();
    let part = |result: &ResultTy| {
        let starts = matches!(result, ResultTy::List { .. }).then(|| starts.next()).flatten();
        Part::of(result, bound, starts)
    };
    results.map(part).collect()
}

/// Checks that a result of this type can be had as the elements and nulls that were asked for.
fn check<R: ResultColumn>(loaded: &LoadedKernel, index: usize, bound: &Bound<'_>) -> Result<(), KernelError> {
    let signature = &loaded.kernel().core.signature;
    let nullable = matches!(signature.results[index], ResultTy::Scalar { nullable: true, .. });
    let why = match (nullable, signature.on_error, &bound.nulls) {
        _ if R::NULLS => return Ok(()),
        (true, ..) => "is an Option",
        (_, filbert_ir::OnError::Null, _) => "is null for a row that fails",
        (_, _, Nulls::None) => return Ok(()),
        _ => "is null for a row with a null",
    };
    let name = loaded.kernel().names.result(index);
    let ty = <R::Element as Element>::TYPE;
    let detail = format!("result {name} {why}; ask for options, a `Vec<Option<{ty}>>` say");
    Err(KernelError::new(Code::SignatureMismatch, detail))
}

macro_rules! results {
    ($(($($part:ident $place:tt)*))*) => {
        $(
            #[allow(non_snake_case)]
            impl<$($part: ResultColumn),*> Results for ($($part,)*) {
                fn compute(
                    loaded: &LoadedKernel,
                    columns: &[Column<'_>],
                    shape: &[usize],
                    options: &CallOptions,
                ) -> Result<Self, KernelError> {
                    let about = |error| loaded.about(error);
                    loaded.check_results(&[$(<$part::Element as Element>::TYPE),*])?;
                    let bound = loaded.bind_shape(columns, shape)?;
                    $(check::<$part>(loaded, $place, &bound).map_err(about)?;)*
                    let mut parts = parts(loaded, &bound).map_err(about)?.into_iter();
                    $(let mut $part = parts.next().expect("a part for each result");)*
                    $(let mut $part = (Fresh::<$part::Element>::reserve($part.len).map_err(about)?, &mut $part);)*
                    let mut valid = None;
                    if !matches!(bound.nulls, Nulls::All) {
                        valid = loaded.valid_room(bound.rows)?;
                        let (mut rooms, mut lists): (Vec<&mut dyn Room>, Vec<&mut dyn Room>) = (Vec::new(), Vec::new());
                        $(
                            let of = if $part.1.is_list { &mut lists } else { &mut rooms };
                            of.push(&mut $part.0);
                            of.extend($part.1.flags.as_mut().map(|flags| flags as &mut dyn Room));
                        )*
                        rooms.extend(lists);
                        loaded.run(&bound, &mut rooms, valid.as_mut(), options)?;
                    } else {
                        $($part.0.zero();)*
                        $($part.1.flags.iter_mut().for_each(Aligned::zero);)*
                    }
                    let failing = valid.map(Aligned::into_nulls);
                    let nulls = match &bound.nulls {
                        Nulls::All => Some(NullBuffer::new_null(bound.rows)),
                        nulls => NullBuffer::union(nulls.some(), failing.as_ref()),
                    };
                    Ok(($(
                        {
                            let (values, part) = $part;
                            let own = part.flags.take().map(Aligned::into_nulls);
                            let nulls = NullBuffer::union(nulls.as_ref(), own.as_ref());
                            let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
                            let core = std::mem::replace(&mut part.core, Ok(Vec::new()));
                            let values = values.into_vec();
                            $part::of(Produced { rows: shape.to_vec(), core, values, nulls }).map_err(about)?
                        },
                    )*))
                }

                fn with_axis(self, axis: usize, results: &[ResultTy]) -> Self {
                    ($(
                        match results.get($place) {
                            Some(ResultTy::Fixed { .. } | ResultTy::List { inner: 1, .. }) => {
                                ResultColumn::with_axis(self.$place, axis)
                            }
                            _ => self.$place,
                        },
                    )*)
                }
            }
        )*
    };
}

results! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
}
