//! Typed calls: a kernel whose parameters and results were compared with Rust types once, for many small calls on
//! slices.
//!
//! A call allocates nothing: columns are the caller's slices, read and written where they are by one call of the
//! machine code. What that call does not finish (a row that fails, say) goes on as any other call, in strips.

mod slices;

use std::marker::PhantomData;

use filbert_ir::{Code, KernelError, Param, ResultTy, Scalar, Type};

use crate::call::Form;
use crate::element::Element;
use crate::lend::Lent;
use crate::loaded::LoadedKernel;
use crate::room::Sink;

/// A kernel that takes slices of the types `P` and writes slices of the types `R`, without lists.
///
/// ```
/// use filbert_ir::{text, verify};
/// use filbert_runtime::{LoadedKernel, Uniform};
///
/// let axpy = text::parse(
///     "kernel axpy(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {
///        %3: f64 = mul %0, %1
///        %4: f64 = add %3, %2
///        return %4
///      }",
/// ).unwrap();
/// let axpy = LoadedKernel::load(&verify(axpy).unwrap());
///
/// // One value for every row is `Uniform`, a value for each row a slice.
/// let axpy = axpy.typed::<(Uniform<f64>, f64, f64), f64>().unwrap();
/// let mut result = [0.0; 3];
/// axpy.call((2.0, &[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]), &mut result).unwrap();
/// assert_eq!(result, [12.0, 24.0, 36.0]);
///
/// // What does not fit is found before the first call.
/// let error = axpy.loaded().typed::<(f64, f64, i32), f64>().unwrap_err();
/// assert_eq!(error.detail, "takes (f64, f64, f64), asked to take (f64, f64, i32)");
/// ```
pub struct TypedKernel<P, R> {
    loaded: LoadedKernel,
    types: PhantomData<fn(P) -> R>,
}

impl<P: ParamTypes, R: ResultTypes> TypedKernel<P, R> {
    fn new(loaded: LoadedKernel) -> Result<TypedKernel<P, R>, KernelError> {
        let signature = &loaded.kernel().core.signature;
        let mismatch = |detail| Err(loaded.about(KernelError::new(Code::SignatureMismatch, detail)));
        let takes = signature.params.iter().map(|param| match param {
            Param::Scalar { ty, nullable: false } => Some(ty.storage()),
            _ => None,
        });
        if !takes.eq(P::TYPES.iter().map(|&ty| Some(ty))) {
            let own = names(signature.params.iter());
            return mismatch(format!("takes {own}, asked to take {}", names(P::TYPES.iter())));
        }
        let gives = signature.results.iter().map(|result| match result {
            ResultTy::Scalar { ty, nullable: false } => Some(ty.storage()),
            _ => None,
        });
        if !gives.eq(R::TYPES.iter().map(|&ty| Some(ty))) {
            let own = names(signature.results.iter());
            return mismatch(format!("gives {own}, asked to give {}", names(R::TYPES.iter())));
        }
        if signature.makes_nulls() {
            return mismatch("a slice has no place for a row that fails and is null; use `map`".into());
        }
        if let Some(code) = loaded.native() {
            code.native.variant(Form { uniform: P::UNIFORM, sums: false }, 0, true);
        }
        Ok(TypedKernel { loaded, types: PhantomData })
    }

    /// The kernel without its types.
    pub fn loaded(&self) -> &LoadedKernel {
        &self.loaded
    }

    /// Computes every row: a slice, or one value for every row, for each parameter; a slice for each result. All
    /// slices have one length. After an error the results hold anything.
    #[inline]
    pub fn call(&self, arguments: P::Given<'_>, mut results: R::Given<'_>) -> Result<(), KernelError> {
        self.loaded.call_slices(P::UNIFORM, P::lend(&arguments).as_ref(), R::lend(&mut results).as_mut(), None)
    }

    /// `call` where some rows are null: the arguments come with the bits that say which rows have a value, one bitmap
    /// for each parameter or none where all have, and the bits of the results go to `results_valid`. A row has a
    /// result if it has all arguments; the others hold zero. Bitmaps are as in Arrow, from its first bit on: eight
    /// rows a byte, the first one in the lowest bit. This allocates nothing either.
    ///
    /// ```
    /// # use filbert_ir::{text, verify};
    /// # use filbert_runtime::LoadedKernel;
    /// # let add = "kernel add(%0 x: f64, %1 y: f64) -> f64 {
    /// #   %2: f64 = add %0, %1
    /// #   return %2
    /// # }";
    /// # let add = LoadedKernel::load(&verify(text::parse(add).unwrap()).unwrap());
    /// let add = add.typed::<(f64, f64), f64>().unwrap();
    /// let (mut results, mut valid) = ([9.0; 3], [0]);
    /// add.call_nulls((&[1.0, 2.0, 3.0], &[10.0; 3]), &[Some(&[0b101]), None], &mut results, &mut valid).unwrap();
    /// assert_eq!((results, valid), ([11.0, 0.0, 13.0], [0b101]));
    /// ```
    #[inline]
    pub fn call_nulls(
        &self,
        arguments: P::Given<'_>,
        valid: &[Option<&[u8]>],
        mut results: R::Given<'_>,
        results_valid: &mut [u8],
    ) -> Result<(), KernelError> {
        let mut outputs = R::lend(&mut results);
        let outputs = outputs.as_mut();
        self.loaded.all_valid(P::TYPES.len(), valid, outputs.first().map_or(0, |output| output.len), results_valid)?;
        self.loaded.call_slices(P::UNIFORM, P::lend(&arguments).as_ref(), outputs, Some(results_valid))
    }

    /// The sum of the result over all rows, as `KernelCall::sum`; nothing if there is no row.
    #[inline]
    pub fn sum(&self, arguments: P::Given<'_>) -> Result<Option<Scalar>, KernelError> {
        self.loaded.sum_slices(P::UNIFORM, P::lend(&arguments).as_ref())
    }
}

impl<P, R> Clone for TypedKernel<P, R> {
    fn clone(&self) -> Self {
        TypedKernel { loaded: self.loaded.clone(), types: PhantomData }
    }
}

impl<P, R> std::fmt::Debug for TypedKernel<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.loaded.fmt(f)
    }
}

/// `(f64, &[i32])`
fn names<T: std::fmt::Display>(types: impl Iterator<Item = T>) -> String {
    format!("({})", types.map(|ty| ty.to_string()).collect::<Vec<_>>().join(", "))
}

impl LoadedKernel {
    /// The kernel for calls on slices of these types: an element type for each parameter, in a tuple, or `Uniform`
    /// of one; an element type for each result, in a tuple if there are several.
    pub fn typed<P: ParamTypes, R: ResultTypes>(&self) -> Result<TypedKernel<P, R>, KernelError> {
        TypedKernel::new(self.clone())
    }
}

/// Stands for a parameter that has one value for all rows of a call, of type `T`.
pub struct Uniform<T>(PhantomData<T>);

/// What stands for one parameter: an `Element` for a slice of it, or `Uniform` of one.
pub trait ParamType: sealed::Sealed {
    /// What a call gives for it.
    type Given<'a>: Copy;

    #[doc(hidden)]
    const TYPE: Type;

    /// 1 for one value.
    #[doc(hidden)]
    const UNIFORM: u64;

    #[doc(hidden)]
    fn lend<'a>(given: &'a Self::Given<'_>) -> Lent<'a>;
}

impl<T: Element> ParamType for T {
    type Given<'a> = &'a [T];

    const TYPE: Type = <T as Element>::TYPE;
    const UNIFORM: u64 = 0;

    #[inline]
    fn lend<'a>(given: &'a &'_ [T]) -> Lent<'a> {
        Lent::slice(given)
    }
}

impl<T: Element> ParamType for Uniform<T> {
    type Given<'a> = T;

    const TYPE: Type = <T as Element>::TYPE;
    const UNIFORM: u64 = 1;

    #[inline]
    fn lend<'a>(given: &'a T) -> Lent<'a> {
        Lent::uniform((*given).into())
    }
}

/// The types of all parameters: a tuple of `ParamType`s.
pub trait ParamTypes: sealed::Sealed {
    /// The arguments of a call.
    type Given<'a>;

    #[doc(hidden)]
    type Lent<'a>: AsRef<[Lent<'a>]>;

    #[doc(hidden)]
    const TYPES: &'static [Type];

    /// A bit for each of one value.
    #[doc(hidden)]
    const UNIFORM: u64;

    #[doc(hidden)]
    fn lend<'a>(given: &'a Self::Given<'_>) -> Self::Lent<'a>;
}

/// The types of all results: an `Element`, or a tuple of them.
pub trait ResultTypes: sealed::Sealed {
    /// The places for the results of a call.
    type Given<'a>;

    #[doc(hidden)]
    type Lent<'a>: AsMut<[Sink<'a>]>;

    #[doc(hidden)]
    const TYPES: &'static [Type];

    #[doc(hidden)]
    fn lend<'a>(given: &'a mut Self::Given<'_>) -> Self::Lent<'a>;
}

impl<T: Element> ResultTypes for T {
    type Given<'a> = &'a mut [T];
    type Lent<'a> = [Sink<'a>; 1];

    const TYPES: &'static [Type] = &[<T as Element>::TYPE];

    #[inline]
    fn lend<'a>(given: &'a mut &'_ mut [T]) -> [Sink<'a>; 1] {
        [Sink::slice(given)]
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: super::Element> Sealed for T {}
    impl<T: super::Element> Sealed for super::Uniform<T> {}
}

macro_rules! tuples {
    ($(($count:literal $($part:ident)*))*) => {
        $(
            impl<$($part),*> sealed::Sealed for ($($part,)*) {}

            #[allow(non_snake_case, clippy::unused_unit)]
            impl<$($part: ParamType),*> ParamTypes for ($($part,)*) {
                type Given<'a> = ($($part::Given<'a>,)*);
                type Lent<'a> = [Lent<'a>; $count];

                const TYPES: &'static [Type] = &[$(<$part as ParamType>::TYPE),*];
                const UNIFORM: u64 = {
                    let (mut mask, mut place) = (0, 0);
                    $(
                        mask |= <$part as ParamType>::UNIFORM << place;
                        place += 1;
                    )*
                    let _ = place;
                    mask
                };

                #[inline]
                fn lend<'a>(given: &'a Self::Given<'_>) -> Self::Lent<'a> {
                    let ($($part,)*) = given;
                    [$(<$part as ParamType>::lend($part)),*]
                }
            }

            #[allow(non_snake_case)]
            impl<$($part: Element),*> ResultTypes for ($($part,)*) {
                type Given<'a> = ($(&'a mut [$part],)*);
                type Lent<'a> = [Sink<'a>; $count];

                const TYPES: &'static [Type] = &[$(<$part as Element>::TYPE),*];

                #[inline]
                fn lend<'a>(given: &'a mut Self::Given<'_>) -> Self::Lent<'a> {
                    let ($($part,)*) = given;
                    [$(Sink::slice($part)),*]
                }
            }
        )*
    };
}

tuples! {
    (1 A) (2 A B) (3 A B C) (4 A B C D) (5 A B C D E) (6 A B C D E F) (7 A B C D E F G) (8 A B C D E F G H)
}
