//! `map`: kernels called on a user's own data, by methods on whatever stands for a kernel.

use arrow_array::ArrayRef;
use filbert_ir::{AsKernel, Code, KernelError, Scalar, Type};
use ndarray::{Array, Dimension};

use crate::arrow::{ArrowArg, struct_of};
use crate::bind::bind;
use crate::column::{Column, Values, common_shape};
use crate::element::Element;
use crate::lend::{Fresh, Lent, Room};
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// Calling a kernel on one's own data. Every kernel has these methods: the static that `#[kernel]` makes, a
/// verified kernel, and a `LoadedKernel` has the first step behind it.
///
/// ```
/// use filbert_ir::{text, verify};
/// use filbert_runtime::KernelCall;
/// use ndarray::{Array1, Array2, arr2};
///
/// let axpy = text::parse(
///     "kernel axpy(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {
///        %3: f64 = mul %0, %1
///        %4: f64 = add %3, %2
///        return %4
///      }",
/// ).unwrap();
/// let axpy = verify(axpy).unwrap();
///
/// // slices and vectors
/// let x = vec![1.0, 2.0, 3.0];
/// let y: Vec<f64> = axpy.map((2.0, &x, &[10.0, 20.0, 30.0])).unwrap();
/// assert_eq!(y, [12.0, 24.0, 36.0]);
///
/// // arrays of any layout; shapes broadcast as in ndarray
/// let m = arr2(&[[1.0, 2.0], [3.0, 4.0]]);
/// let t: Array2<f64> = axpy.map((2.0, &m.t(), &ndarray::arr1(&[0.5, 0.25]))).unwrap();
/// assert_eq!(t, arr2(&[[2.5, 6.25], [4.5, 8.25]]));
///
/// // the wrong element type is an error, not a conversion
/// assert!(axpy.map::<Array1<f64>>((2.0, &[1i32, 2, 3], 0.0)).is_err());
/// ```
///
/// Several results come as a tuple:
///
/// ```
/// use filbert_ir::{text, verify};
/// use filbert_runtime::KernelCall;
///
/// let divide = text::parse(
///     "kernel divide(%0 a: i64, %1 b: i64) -> (i64, i64) {
///        %2: i64 = div %0, %1
///        %3: i64 = rem %0, %1
///        return %2, %3
///      }",
/// ).unwrap();
/// let divide = verify(divide).unwrap();
/// let (q, r): (Vec<i64>, Vec<i64>) = divide.map((&[7i64, 8, 9], 4i64)).unwrap();
/// assert_eq!((q, r), (vec![1, 2, 2], vec![3, 0, 1]));
///
/// let error = divide.map::<(Vec<i64>, Vec<i64>)>((&[7i64, 8, 9], &[1i64, 0, 0])).unwrap_err();
/// assert_eq!(error.row, Some(1));
/// assert_eq!(error.detail, "8 / 0 divides i64 by zero");
/// ```
pub trait KernelCall: AsKernel {
    /// The kernel, ready to run. Loading again is a look-up; a loop over many small calls should still do
    /// it once, outside.
    fn loaded(&self) -> Result<LoadedKernel, KernelError> {
        let kernel = self.as_kernel().map_err(|diagnostics| {
            let code = diagnostics.list.first().map_or(Code::Malformed, |first| first.code);
            KernelError::new(code, diagnostics.to_string())
        })?;
        Ok(LoadedKernel::load(&kernel))
    }

    /// Computes one row.
    fn call_row(&self, args: &[Scalar]) -> Result<Vec<Scalar>, KernelError> {
        self.loaded()?.call_row(args)
    }

    /// Computes every element: the arguments are a tuple (or a slice of `Column`s) of scalars, slices,
    /// vectors and `ndarray` arrays or views; the result is a `Vec` or an `ndarray` array in standard
    /// layout, or a tuple of them. Shapes broadcast.
    fn map<'a, R: Results>(&self, args: impl Arguments<'a>) -> Result<R, KernelError> {
        self.map_with(args, &CallOptions::default())
    }

    /// `map` with options; `parallel` uses all cores for large arrays.
    fn map_with<'a, R: Results>(&self, args: impl Arguments<'a>, options: &CallOptions) -> Result<R, KernelError> {
        self.loaded()?.map_with(args, options)
    }

    /// `map` into a slice of the caller's, for a kernel with one result. After an error the slice holds
    /// anything.
    fn map_into<'a, T: Element>(&self, args: impl Arguments<'a>, results: &mut [T]) -> Result<(), KernelError> {
        self.loaded()?.map_into(args, results)
    }

    /// Computes every row of Arrow arrays, null where an argument is null: one array, or for several results
    /// a struct array of them. Without arguments there is one row.
    fn map_arrow(&self, args: &[ArrayRef]) -> Result<ArrayRef, KernelError> {
        self.loaded()?.map_arrow(args)
    }
}

impl<K: AsKernel + ?Sized> KernelCall for K {}

impl LoadedKernel {
    /// See `KernelCall::map`.
    pub fn map<'a, R: Results>(&self, args: impl Arguments<'a>) -> Result<R, KernelError> {
        self.map_with(args, &CallOptions::default())
    }

    /// See `KernelCall::map_with`.
    pub fn map_with<'a, R: Results>(&self, args: impl Arguments<'a>, options: &CallOptions) -> Result<R, KernelError> {
        let columns = args.columns();
        let shape = common_shape(&columns).map_err(|e| self.about(e))?.unwrap_or_else(|| vec![1]);
        R::compute(self, &columns, &shape, options)
    }

    /// See `KernelCall::map_into`.
    pub fn map_into<'a, T: Element>(&self, args: impl Arguments<'a>, results: &mut [T]) -> Result<(), KernelError> {
        let columns = args.columns();
        check_results(self, &[T::TYPE])?;
        self.map_rooms(&columns, &[results.len()], &mut [&mut Lent(results)], &CallOptions::default())
    }

    /// See `KernelCall::map_arrow`.
    pub fn map_arrow(&self, args: &[ArrayRef]) -> Result<ArrayRef, KernelError> {
        let rows = args.first().map_or(1, |array| array.len());
        let args: Vec<ArrowArg<'_>> = args.iter().map(ArrowArg::Array).collect();
        let mut columns = self.call_arrow(&args, rows)?;
        Ok(match columns.len() {
            1 => columns.remove(0),
            _ => std::sync::Arc::new(struct_of(self.kernel(), columns)),
        })
    }

    /// Runs over columns that broadcast to `shape`, into rooms of so many rows.
    fn map_rooms(
        &self,
        columns: &[Column<'_>],
        shape: &[usize],
        rooms: &mut [&mut dyn Room],
        options: &CallOptions,
    ) -> Result<(), KernelError> {
        let error = |code, detail: String| self.about(KernelError::new(code, detail));
        if columns.iter().any(|column| column.nulls.is_some() || matches!(column.values, Values::Null)) {
            return Err(error(
                Code::SignatureMismatch,
                "`map` has no place for nulls; use `map_arrow` or `call`".into(),
            ));
        }
        let spread = columns.iter().enumerate().map(|(index, column)| {
            let misfit = || {
                error(Code::LengthMismatch, format!("argument {index} has shape {:?}, not {shape:?}", column.shape()))
            };
            column.broadcast(shape).ok_or_else(misfit)
        });
        let spread = spread.collect::<Result<Vec<_>, _>>()?;
        let rows = rows_of(shape).map_err(|e| self.about(e))?;
        self.run(&bind(self.kernel(), &spread, rows)?, rooms, options)
    }
}

fn rows_of(shape: &[usize]) -> Result<usize, KernelError> {
    let rows = shape.iter().try_fold(1usize, |n, &len| n.checked_mul(len));
    rows.ok_or_else(|| {
        KernelError::new(Code::OutOfMemory, format!("an array of shape {shape:?} has too many elements"))
    })
}

fn check_results(loaded: &LoadedKernel, asked: &[Type]) -> Result<(), KernelError> {
    let own = loaded.kernel().core.return_types();
    if own == asked {
        return Ok(());
    }
    let list = |types: &[Type]| types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
    let detail = format!("gives ({}), asked for ({})", list(&own), list(asked));
    Err(loaded.about(KernelError::new(Code::SignatureMismatch, detail)))
}

/// What a kernel can be mapped over: a tuple whose parts convert to `Column`, or columns. Sealed by its
/// purpose: there is nothing to gain from another implementation.
pub trait Arguments<'a> {
    /// The arguments as columns, in order.
    fn columns(self) -> Vec<Column<'a>>;
}

impl<'a> Arguments<'a> for Vec<Column<'a>> {
    fn columns(self) -> Vec<Column<'a>> {
        self
    }
}

impl<'a> Arguments<'a> for &[Column<'a>] {
    fn columns(self) -> Vec<Column<'a>> {
        self.to_vec()
    }
}

impl<'a, const N: usize> Arguments<'a> for [Column<'a>; N] {
    fn columns(self) -> Vec<Column<'a>> {
        self.into()
    }
}

macro_rules! arguments {
    ($(($($part:ident)*))*) => {
        $(
            #[allow(non_snake_case)]
            impl<'a, $($part: Into<Column<'a>>),*> Arguments<'a> for ($($part,)*) {
                fn columns(self) -> Vec<Column<'a>> {
                    let ($($part,)*) = self;
                    vec![$($part.into()),*]
                }
            }
        )*
    };
}

arguments! {
    () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

/// One result of `map`: a `Vec`, or an `ndarray` array in standard layout.
pub trait ResultColumn: Sized + sealed::Sealed {
    /// The elements.
    type Element: Element;

    #[doc(hidden)]
    fn of_vec(shape: &[usize], values: Vec<Self::Element>) -> Result<Self, KernelError>;
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
}

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for Vec<T> {}
    impl<T, D> Sealed for ndarray::Array<T, D> {}
}

impl<T: Element> ResultColumn for Vec<T> {
    type Element = T;

    fn of_vec(_: &[usize], values: Vec<T>) -> Result<Vec<T>, KernelError> {
        Ok(values)
    }
}

impl<T: Element, D: Dimension> ResultColumn for Array<T, D> {
    type Element = T;

    fn of_vec(shape: &[usize], values: Vec<T>) -> Result<Array<T, D>, KernelError> {
        let array = Array::from_shape_vec(shape, values);
        let array = array.and_then(|array| array.into_dimensionality::<D>());
        array.map_err(|e| KernelError::new(Code::LengthMismatch, format!("a result of shape {shape:?}: {e}")))
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
}

macro_rules! results {
    ($(($($part:ident)*))*) => {
        $(
            #[allow(non_snake_case)]
            impl<$($part: ResultColumn),*> Results for ($($part,)*) {
                fn compute(
                    loaded: &LoadedKernel,
                    columns: &[Column<'_>],
                    shape: &[usize],
                    options: &CallOptions,
                ) -> Result<Self, KernelError> {
                    check_results(loaded, &[$($part::Element::TYPE),*])?;
                    let rows = rows_of(shape).map_err(|e| loaded.about(e))?;
                    $(let mut $part = Fresh::<$part::Element>::reserve(rows).map_err(|e| loaded.about(e))?;)*
                    loaded.map_rooms(columns, shape, &mut [$(&mut $part),*], options)?;
                    Ok(($($part::of_vec(shape, $part.into_vec()).map_err(|e| loaded.about(e))?,)*))
                }
            }
        )*
    };
}

results! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
