//! The Rust types that columns are made of: bool, the ten numbers of kernels, and the 16-bit floats, which
//! columns may hold and kernels see widened.

use std::fmt;

use filbert_ir::{Scalar, Type};
use half::{bf16, f16};

/// How one element of a column lies in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storage {
    /// As kernels have it.
    Plain(Type),
    /// IEEE 754 binary16.
    F16,
    /// The upper half of an f32.
    Bf16,
}

impl Storage {
    /// Size of an element.
    pub fn bytes(self) -> usize {
        match self {
            Storage::Plain(ty) => ty.bytes(),
            Storage::F16 | Storage::Bf16 => 2,
        }
    }

    /// Whether a parameter of type `ty` may read it: as it is, or widened.
    pub(crate) fn gives(self, ty: Type) -> bool {
        self == Storage::Plain(ty) || (self.is_half() && ty.is_float())
    }

    pub(crate) fn is_half(self) -> bool {
        matches!(self, Storage::F16 | Storage::Bf16)
    }

    /// The number with these bits, of a storage that is not a kernel's own; exact.
    pub(crate) fn widen(self, bits: u16) -> f32 {
        match self {
            Storage::Bf16 => bf16::from_bits(bits).to_f32(),
            _ => f16::from_bits(bits).to_f32(),
        }
    }
}

/// `f64`, `f16`, `bf16`.
impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Plain(ty) => ty.fmt(f),
            Storage::F16 => f.pad("f16"),
            Storage::Bf16 => f.pad("bf16"),
        }
    }
}

/// A Rust type that arguments may be made of: every `Element`, and `half::f16` and `half::bf16`, which
/// parameters of type f32 and f64 take. Sealed: the call relies on `STORAGE` being the truth about the bytes.
pub trait Source: Copy + Send + Sync + sealed::Sealed + 'static {
    /// What the bytes are.
    const STORAGE: Storage;
}

/// A Rust type that a kernel's values have. Sealed as `Source` is.
pub trait Element: Source + Default + Into<Scalar> {
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
            impl Source for $rust {
                const STORAGE: Storage = Storage::Plain(Type::$variant);
            }
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

macro_rules! halves {
    ($($rust:ty => $storage:ident),*) => {
        $(
            impl sealed::Sealed for $rust {}
            impl Source for $rust {
                const STORAGE: Storage = Storage::$storage;
            }
        )*
    };
}

halves!(f16 => F16, bf16 => Bf16);
