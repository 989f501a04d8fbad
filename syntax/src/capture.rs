//! The constants of Rust around a `#[kernel]`, as the kernel sees them: scalars, arrays, and references to
//! these.

use filbert_ir::{Scalar, Type};

/// The value of a constant outside a kernel.
#[derive(Clone, Debug)]
pub struct ConstantValue {
    pub(crate) shape: Shape,
    /// Its scalars, one after the other.
    pub(crate) scalars: Vec<Scalar>,
}

/// The type of a constant.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A number or a bool; `usize` is `u64`.
    Scalar(Type),
    /// `[T; N]`
    Array(Box<Shape>, usize),
    /// `[T]`
    Slice(Box<Shape>),
    /// `&T`
    Ref(Box<Shape>),
}

/// What may be a constant that a kernel uses.
#[diagnostic::on_unimplemented(
    message = "a kernel can use constants that are numbers, bools, and arrays of these",
    label = "this is another type"
)]
pub trait Capture {
    /// Its type.
    fn shape() -> Shape;
    /// Appends its scalars.
    fn scalars(&self, into: &mut Vec<Scalar>);
}

/// The value of a constant outside a kernel.
pub fn constant<T: Capture + ?Sized>(value: &T) -> ConstantValue {
    let mut scalars = Vec::new();
    value.scalars(&mut scalars);
    ConstantValue { shape: T::shape(), scalars }
}

impl ConstantValue {
    /// A constant of this type, if the scalars are those of one: so many as it has, and of its type.
    pub fn new(shape: Shape, scalars: Vec<Scalar>) -> Option<ConstantValue> {
        // Elements of an array, or of one element of a slice, which is as long as it is.
        let (mut inner, mut count, mut is_slice) = (&shape, 1usize, false);
        let ty = loop {
            inner = match inner {
                Shape::Scalar(ty) => break *ty,
                Shape::Ref(inner) => inner,
                Shape::Array(inner, len) => {
                    count = count.checked_mul(*len)?;
                    inner
                }
                Shape::Slice(inner) => {
                    (count, is_slice) = (1, true);
                    inner
                }
            };
        };
        let fits = scalars.len() == count || (is_slice && scalars.len().checked_rem(count) == Some(0));
        (fits && scalars.iter().all(|scalar| scalar.ty() == ty)).then_some(ConstantValue { shape, scalars })
    }

    /// Its type.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Its scalars, one after the other.
    pub fn scalars(&self) -> &[Scalar] {
        &self.scalars
    }

    /// The scalar that it is, if it is one.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match self.shape {
            Shape::Scalar(_) => self.scalars.first().copied(),
            _ => None,
        }
    }
}

macro_rules! scalars {
    ($($rust:ty as $stored:ty: $ty:ident),*) => {
        $(impl Capture for $rust {
            fn shape() -> Shape {
                Shape::Scalar(Type::$ty)
            }

            fn scalars(&self, into: &mut Vec<Scalar>) {
                into.push(Scalar::$ty(*self as $stored));
            }
        })*
    };
}

scalars!(
    bool as bool: Bool, i8 as i8: I8, i16 as i16: I16, i32 as i32: I32, i64 as i64: I64, isize as i64: I64,
    u8 as u8: U8, u16 as u16: U16, u32 as u32: U32, u64 as u64: U64, usize as u64: U64, f32 as f32: F32, f64 as f64: F64
);

impl<T: Capture, const N: usize> Capture for [T; N] {
    fn shape() -> Shape {
        Shape::Array(Box::new(T::shape()), N)
    }

    fn scalars(&self, into: &mut Vec<Scalar>) {
        self.iter().for_each(|elem| elem.scalars(into));
    }
}

impl<T: Capture> Capture for [T] {
    fn shape() -> Shape {
        Shape::Slice(Box::new(T::shape()))
    }

    fn scalars(&self, into: &mut Vec<Scalar>) {
        self.iter().for_each(|elem| elem.scalars(into));
    }
}

impl<T: Capture + ?Sized> Capture for &T {
    fn shape() -> Shape {
        Shape::Ref(Box::new(T::shape()))
    }

    fn scalars(&self, into: &mut Vec<Scalar>) {
        (**self).scalars(into);
    }
}
