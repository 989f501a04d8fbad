//! `map`: kernels called on a user's own data, by methods on whatever stands for a kernel.

use arrow_array::ArrayRef;
use filbert_ir::{AsKernel, Code, Datum, KernelError, Param, ResultTy, Scalar, Type};

use crate::arrow::{ArrowArg, struct_of};
use crate::bind::{Bound, Nulls, bind};
use crate::column::{Column, Values};
use crate::element::Element;
use crate::fold::Fold;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;
use crate::results::Results;
use crate::room::Given;
use crate::shape;

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
///
/// A list takes the last axis of an array, or is an argument that every row gets; rows that are null come and
/// go as options:
///
/// ```
/// use filbert_ir::{text, verify};
/// use filbert_runtime::KernelCall;
/// use ndarray::{Array1, arr2};
///
/// let at = text::parse(
///     "kernel at(%0 x: &[f64], %1 i: u64) -> f64 {
///        %2: f64 = load param 0, %1
///        return %2
///      }",
/// ).unwrap();
/// let at = verify(at).unwrap();
/// let m = arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let second: Array1<f64> = at.map((&m, 1u64)).unwrap();
/// assert_eq!(second, ndarray::arr1(&[2.0, 4.0, 6.0]));
/// let picked: Vec<f64> = at.map((&[10.0, 20.0, 30.0], &[2u64, 0])).unwrap();
/// assert_eq!(picked, [30.0, 10.0]);
/// let some: Vec<Option<f64>> = at.map((&m.row(0), &[Some(1u64), None])).unwrap();
/// assert_eq!(some, [Some(2.0), None]);
/// let down: Array1<f64> = at.map_axis(0, (&m, 2u64)).unwrap();
/// assert_eq!(down, ndarray::arr1(&[5.0, 6.0]));
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

    /// Computes one row: a datum for each parameter in, one for each result out.
    fn call_row(&self, args: &[Datum]) -> Result<Vec<Datum>, KernelError> {
        self.loaded()?.call_row(args)
    }

    /// Computes every row: the arguments are a tuple (or a slice of `Column`s) of scalars, slices, vectors and
    /// `ndarray` arrays or views; the result is a `Vec` or an `ndarray` array in standard layout, or a tuple of
    /// them. A list parameter takes the last axis of an array, and the axes before it have the rows. Shapes of
    /// rows broadcast.
    fn map<'a, R: Results>(&self, args: impl Arguments<'a>) -> Result<R, KernelError> {
        self.map_with(args, &CallOptions::default())
    }

    /// `map` with options; `parallel` uses all cores for large arrays.
    fn map_with<'a, R: Results>(&self, args: impl Arguments<'a>, options: &CallOptions) -> Result<R, KernelError> {
        self.loaded()?.map_with(args, options)
    }

    /// `map` with lists that run along another axis than the last: those of arguments and those of results.
    fn map_axis<'a, R: Results>(&self, axis: usize, args: impl Arguments<'a>) -> Result<R, KernelError> {
        self.loaded()?.map_axis(axis, args)
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

    /// The sum of all results; nothing if no row has one. Its bits are the same on every machine and for any number
    /// of threads: the order of additions is that of [`crate::fold`]. A sum of integers that does not fit 64 bits is
    /// an error.
    ///
    /// ```
    /// use filbert_ir::{Scalar, text, verify};
    /// use filbert_runtime::KernelCall;
    ///
    /// let product = text::parse(
    ///     "kernel product(%0 x: f64, %1 y: f64) -> f64 {
    ///        %2: f64 = mul %0, %1
    ///        return %2
    ///      }",
    /// ).unwrap();
    /// let product = verify(product).unwrap();
    /// let (x, y) = ([1.0, 2.0, 3.0], [4.0, -5.0, 6.0]);
    /// assert_eq!(product.sum((&x, &y)).unwrap(), Some(Scalar::F64(12.0)));
    /// assert_eq!(product.min((&x, &y)).unwrap(), Some(Scalar::F64(-10.0)));
    /// assert_eq!(product.max((&x, &[Some(1.0), Some(1.5), None])).unwrap(), Some(Scalar::F64(3.0)));
    /// assert_eq!(product.count((&x, &[Some(1.0), None, None])).unwrap(), 1);
    /// let none: [f64; 0] = [];
    /// assert_eq!(product.sum((&none, &none)).unwrap(), None);
    /// ```
    fn sum<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.loaded()?.sum(args)
    }

    /// The least result, as `min` in a kernel has it: NaN only if there is nothing else; nothing if no row has a
    /// result.
    fn min<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.loaded()?.min(args)
    }

    /// The greatest result, likewise.
    fn max<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.loaded()?.max(args)
    }

    /// How many results are true, of bools; of others how many rows have one.
    fn count<'a>(&self, args: impl Arguments<'a>) -> Result<u64, KernelError> {
        self.loaded()?.count(args)
    }

    /// Any of these with options; `parallel` uses all cores for large arrays, and gives the same bits.
    fn fold<'a>(
        &self,
        fold: Fold,
        args: impl Arguments<'a>,
        options: &CallOptions,
    ) -> Result<Option<Scalar>, KernelError> {
        self.loaded()?.fold(fold, args, options)
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
        let shape = self.shape_of(&columns)?;
        R::compute(self, &columns, &shape, options)
    }

    /// See `KernelCall::map_axis`.
    pub fn map_axis<'a, R: Results>(&self, axis: usize, args: impl Arguments<'a>) -> Result<R, KernelError> {
        let signature = &self.kernel().core.signature;
        let params = signature.params.iter().map(Some).chain(std::iter::repeat(None));
        let turned = args.columns().into_iter().zip(params).map(|(column, param)| match (&column.values, param) {
            (Values::View(view), Some(Param::List { inner: 1, .. })) if view.axes.len() > 1 => column.along(axis),
            _ => column,
        });
        let columns: Vec<Column<'_>> = turned.collect();
        let shape = self.shape_of(&columns)?;
        Ok(R::compute(self, &columns, &shape, &CallOptions::default())?.with_axis(axis, &signature.results))
    }

    /// See `KernelCall::map_into`.
    pub fn map_into<'a, T: Element>(&self, args: impl Arguments<'a>, results: &mut [T]) -> Result<(), KernelError> {
        self.map_into_with(args, results, &CallOptions::default())
    }

    /// `map_into` with options; `parallel` uses all cores for large slices.
    pub fn map_into_with<'a, T: Element>(
        &self,
        args: impl Arguments<'a>,
        results: &mut [T],
        options: &CallOptions,
    ) -> Result<(), KernelError> {
        let columns = args.columns();
        self.check_results(&[T::TYPE])?;
        let signature = &self.kernel().core.signature;
        if !matches!(signature.results[..], [ResultTy::Scalar { .. }]) || signature.makes_nulls() {
            let detail = format!("a slice has no place for results that are lists or null; gives {}", self.gives());
            return Err(self.about(KernelError::new(Code::SignatureMismatch, detail)));
        }
        let bound = self.bind_shape(&columns, &[results.len()])?;
        if !matches!(bound.nulls, Nulls::None) {
            let detail = "a slice has no place for nulls; use `map` with options, or `map_arrow`";
            return Err(self.about(KernelError::new(Code::SignatureMismatch, detail)));
        }
        self.run(&bound, &mut [&mut Given(results)], None, options)
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

    /// The shape of the rows of a call. A call of scalars alone has one row, in one dimension as a vector has;
    /// where lists are what every row gets there is no dimension but the lists' own.
    pub(crate) fn shape_of(&self, columns: &[Column<'_>]) -> Result<Vec<usize>, KernelError> {
        let common = shape::common(columns, &self.kernel().core.signature.params).map_err(|e| self.about(e))?;
        let lists = self.kernel().core.signature.params.iter().any(|param| matches!(param, Param::List { .. }));
        Ok(common.unwrap_or_else(|| if lists { Vec::new() } else { vec![1] }))
    }

    /// Binds columns whose rows broadcast to `shape`.
    pub(crate) fn bind_shape<'a>(&self, columns: &[Column<'a>], shape: &[usize]) -> Result<Bound<'a>, KernelError> {
        let params = &self.kernel().core.signature.params;
        let rows = shape::places(shape).map_err(|e| self.about(e))?;
        if columns.len() != params.len() {
            return bind(self.kernel(), columns, rows);
        }
        if columns.iter().zip(params).all(|(column, param)| shape::is_spread(column, param, shape)) {
            return bind(self.kernel(), columns, rows);
        }
        let spread = columns.iter().zip(params).enumerate();
        let spread = spread.map(|(index, (column, param))| shape::broadcast(index, column, param, shape));
        let spread = spread.collect::<Result<Vec<_>, _>>().map_err(|e| self.about(e))?;
        bind(self.kernel(), &spread, rows)
    }

    /// Checks that the results have elements of these types.
    pub(crate) fn check_results(&self, asked: &[Type]) -> Result<(), KernelError> {
        let own = self.kernel().core.signature.results.iter().map(|result| match result {
            ResultTy::Scalar { ty, .. } => ty.storage(),
            ResultTy::Fixed { elem, .. } | ResultTy::List { elem, .. } => *elem,
        });
        if own.eq(asked.iter().copied()) {
            return Ok(());
        }
        let asked = asked.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
        let detail = format!("gives {}, asked for ({asked})", self.gives());
        Err(self.about(KernelError::new(Code::SignatureMismatch, detail)))
    }

    /// The results as `(f64, Option<i32>)`.
    pub(crate) fn gives(&self) -> String {
        let results = self.kernel().core.signature.results.iter();
        format!("({})", results.map(ResultTy::to_string).collect::<Vec<_>>().join(", "))
    }
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
