//! The scalar types of kernel values, and one scalar with its type.
//!
//! `Type` is the type of a value in the IR; `Scalar` is one such value held in Rust, as it is passed to
//! the interpreter, written on a command line or kept as a constant. A scalar's *bits* are its own bit
//! pattern, zero-extended to 64: that form is used inside the IR, where NaN payloads must be exact.
//! Null is not a value here: nulls are columns' business (see `filbert-runtime`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Type {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Type {
    /// Every type, in the order of the enum.
    pub const ALL: [Type; 11] = [
        Type::Bool,
        Type::I8,
        Type::I16,
        Type::I32,
        Type::I64,
        Type::U8,
        Type::U16,
        Type::U32,
        Type::U64,
        Type::F32,
        Type::F64,
    ];

    /// The name as Rust writes it: `f64`, `bool`.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::I8 => "i8",
            Type::I16 => "i16",
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::F32 => "f32",
            Type::F64 => "f64",
        }
    }

    /// Size of one element of a column in bytes, as the call ABI sees it: a bool is one byte.
    pub fn bytes(self) -> usize {
        match self {
            Type::Bool | Type::I8 | Type::U8 => 1,
            Type::I16 | Type::U16 => 2,
            Type::I32 | Type::U32 | Type::F32 => 4,
            Type::I64 | Type::U64 | Type::F64 => 8,
        }
    }

    /// Width of the value in bits; a bool has one.
    pub fn bits(self) -> u32 {
        if self == Type::Bool { 1 } else { self.bytes() as u32 * 8 }
    }

    /// True for f32 and f64.
    pub fn is_float(self) -> bool {
        matches!(self, Type::F32 | Type::F64)
    }

    /// True for the eight integer types.
    pub fn is_int(self) -> bool {
        !self.is_float() && self != Type::Bool
    }

    /// True for i8 to i64.
    pub fn is_signed(self) -> bool {
        matches!(self, Type::I8 | Type::I16 | Type::I32 | Type::I64)
    }

    /// The unsigned integer of the same width; other types are themselves.
    pub fn unsigned(self) -> Type {
        match self {
            Type::I8 => Type::U8,
            Type::I16 => Type::U16,
            Type::I32 => Type::U32,
            Type::I64 => Type::U64,
            other => other,
        }
    }

    /// The bits that a value of this type may have set, as a mask.
    pub fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Type {
    type Err = ();

    fn from_str(s: &str) -> Result<Type, ()> {
        Type::ALL.into_iter().find(|ty| ty.name() == s).ok_or(())
    }
}

/// One value with its type.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    F32(f32),
    F64(f64),
}

impl Scalar {
    /// The type of the value.
    pub fn ty(self) -> Type {
        match self {
            Scalar::Bool(_) => Type::Bool,
            Scalar::I8(_) => Type::I8,
            Scalar::I16(_) => Type::I16,
            Scalar::I32(_) => Type::I32,
            Scalar::I64(_) => Type::I64,
            Scalar::U8(_) => Type::U8,
            Scalar::U16(_) => Type::U16,
            Scalar::U32(_) => Type::U32,
            Scalar::U64(_) => Type::U64,
            Scalar::F32(_) => Type::F32,
            Scalar::F64(_) => Type::F64,
        }
    }

    /// The value's own bit pattern, zero-extended.
    pub fn bits(self) -> u64 {
        match self {
            Scalar::Bool(v) => v as u64,
            Scalar::I8(v) => v as u8 as u64,
            Scalar::I16(v) => v as u16 as u64,
            Scalar::I32(v) => v as u32 as u64,
            Scalar::I64(v) => v as u64,
            Scalar::U8(v) => v as u64,
            Scalar::U16(v) => v as u64,
            Scalar::U32(v) => v as u64,
            Scalar::U64(v) => v,
            Scalar::F32(v) => v.to_bits() as u64,
            Scalar::F64(v) => v.to_bits(),
        }
    }

    /// The value of type `ty` with this bit pattern; bits beyond the type's width are dropped.
    pub fn from_bits(ty: Type, bits: u64) -> Scalar {
        match ty {
            Type::Bool => Scalar::Bool(bits & 1 != 0),
            Type::I8 => Scalar::I8(bits as i8),
            Type::I16 => Scalar::I16(bits as i16),
            Type::I32 => Scalar::I32(bits as i32),
            Type::I64 => Scalar::I64(bits as i64),
            Type::U8 => Scalar::U8(bits as u8),
            Type::U16 => Scalar::U16(bits as u16),
            Type::U32 => Scalar::U32(bits as u32),
            Type::U64 => Scalar::U64(bits),
            Type::F32 => Scalar::F32(f32::from_bits(bits as u32)),
            Type::F64 => Scalar::F64(f64::from_bits(bits)),
        }
    }

    /// The whole number `v` as a value of type `ty`, if that type has exactly this value. A bool is no number.
    pub fn from_integer(ty: Type, v: i128) -> Option<Scalar> {
        match ty {
            Type::Bool => None,
            Type::I8 => i8::try_from(v).ok().map(Scalar::I8),
            Type::I16 => i16::try_from(v).ok().map(Scalar::I16),
            Type::I32 => i32::try_from(v).ok().map(Scalar::I32),
            Type::I64 => i64::try_from(v).ok().map(Scalar::I64),
            Type::U8 => u8::try_from(v).ok().map(Scalar::U8),
            Type::U16 => u16::try_from(v).ok().map(Scalar::U16),
            Type::U32 => u32::try_from(v).ok().map(Scalar::U32),
            Type::U64 => u64::try_from(v).ok().map(Scalar::U64),
            Type::F32 => Some(v as f32).filter(|&f| f as i128 == v).map(Scalar::F32),
            Type::F64 => Some(v as f64).filter(|&f| f as i128 == v).map(Scalar::F64),
        }
    }

    /// The value that leaves a kernel: a NaN becomes the canonical quiet NaN (positive, payload zero), so
    /// that results do not show which instruction made it.
    pub fn canonical(self) -> Scalar {
        match self {
            Scalar::F32(v) if v.is_nan() => Scalar::F32(f32::from_bits(0x7fc0_0000)),
            Scalar::F64(v) if v.is_nan() => Scalar::F64(f64::from_bits(0x7ff8_0000_0000_0000)),
            other => other,
        }
    }
}

/// Equal type and equal bits: NaN equals itself, -0 differs from +0.
impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.ty() == other.ty() && self.bits() == other.bits()
    }
}

impl Eq for Scalar {}

/// Without the type; floats in the shortest form that parses back (`2.0`, `1e300`, `inf`, `NaN`).
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(v) => write!(f, "{v}"),
            Scalar::I8(v) => write!(f, "{v}"),
            Scalar::I16(v) => write!(f, "{v}"),
            Scalar::I32(v) => write!(f, "{v}"),
            Scalar::I64(v) => write!(f, "{v}"),
            Scalar::U8(v) => write!(f, "{v}"),
            Scalar::U16(v) => write!(f, "{v}"),
            Scalar::U32(v) => write!(f, "{v}"),
            Scalar::U64(v) => write!(f, "{v}"),
            Scalar::F32(v) => write!(f, "{v:?}"),
            Scalar::F64(v) => write!(f, "{v:?}"),
        }
    }
}

macro_rules! scalar_from {
    ($($rust:ty => $variant:ident),*) => {
        $(impl From<$rust> for Scalar {
            fn from(v: $rust) -> Scalar {
                Scalar::$variant(v)
            }
        }

        /// The value, if it has this type; else the scalar again.
        impl TryFrom<Scalar> for $rust {
            type Error = Scalar;

            fn try_from(scalar: Scalar) -> Result<$rust, Scalar> {
                if let Scalar::$variant(v) = scalar { Ok(v) } else { Err(scalar) }
            }
        })*
    };
}

scalar_from!(bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64, u8 => U8, u16 => U16, u32 => U32, u64 => U64, f32 => F32, f64 => F64);
