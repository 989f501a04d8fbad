//! The Rust types that kernel values have: bool and the ten numbers.

use filbert_ir::{Scalar, Type};

/// A Rust type that columns are made of. Sealed: the call relies on `TYPE` being the truth about the bytes.
pub trait Element: Copy + Default + Send + Sync + Into<Scalar> + sealed::Sealed + 'static {
    /// The kernel type with the same bytes.
    const TYPE: Type;

    /// The value, if the scalar has this type.
    fn from_scalar(scalar: Scalar) -> Option<Self>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($rust:ty => $variant:ident),*) => {
        $(
            impl sealed::Sealed for $rust {}
            impl Element for $rust {
                const TYPE: Type = Type::$variant;

                fn from_scalar(scalar: Scalar) -> Option<$rust> {
                    match scalar {
                        Scalar::$variant(v) => Some(v),
                        _ => None,
                    }
                }
            }
        )*
    };
}

elements!(bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64, u8 => U8, u16 => U16, u32 => U32, u64 => U64, f32 => F32, f64 => F64);
