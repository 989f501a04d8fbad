//! The helpers that machine code may call: `filbert_ir::math` behind the C calling convention.
//!
//! Both lists, the rows and their places, follow from the tables of `math`, so interpreter and machine code
//! share one source for every function. Code reaches a helper by its index through the call frame and
//! never by address or name. A helper is a pure function of its operands and does not panic.
//!
//! There are two tables of addresses: functions for any CPU of the architecture, and the same functions compiled
//! for one with the fma instruction, where each step of theirs is that instruction and not a call. `table`
//! asks the CPU. The bits are the same.
//!
//! The order of the table is part of the ABI: it changes only together with `abi::ABI_VERSION`.

use std::sync::atomic::AtomicPtr;

use filbert_ir::math::{BINARY, FUSED_BINARY, FUSED_UNARY, POWI, TERNARY, UNARY};
use filbert_ir::{Op, Type};

/// A function pointer by its shape.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub enum Function {
    F64(extern "C" fn(f64) -> f64),
    F32(extern "C" fn(f32) -> f32),
    F64x2(extern "C" fn(f64, f64) -> f64),
    F32x2(extern "C" fn(f32, f32) -> f32),
    F64x3(extern "C" fn(f64, f64, f64) -> f64),
    F32x3(extern "C" fn(f32, f32, f32) -> f32),
    F64I32(extern "C" fn(f64, i32) -> f64),
    F32I32(extern "C" fn(f32, i32) -> f32),
}

/// One helper: what operation it is, for which float type.
pub struct Helper {
    /// The operation.
    pub op: Op,
    /// Type of its first operand and of its result.
    pub ty: Type,
    /// The function.
    pub function: Function,
}

impl Helper {
    /// Types of the operands.
    pub fn params(&self) -> &'static [Type] {
        use Type::{F32, F64, I32};
        match self.function {
            Function::F64(_) => &[F64],
            Function::F32(_) => &[F32],
            Function::F64x2(_) => &[F64, F64],
            Function::F32x2(_) => &[F32, F32],
            Function::F64x3(_) => &[F64, F64, F64],
            Function::F32x3(_) => &[F32, F32, F32],
            Function::F64I32(_) => &[F64, I32],
            Function::F32I32(_) => &[F32, I32],
        }
    }
}

// Row `I` of a table of `math`, as C functions. The index is a constant, so the call behind it is direct.

macro_rules! wrap {
    ($(#[$feature:meta])? $f64:ident $f32:ident $table:ident ($($x:ident: $t64:ty, $t32:ty);*)) => {
        $(#[$feature])?
        pub(super) extern "C" fn $f64<const I: usize>($($x: $t64),*) -> f64 {
            (const { $table[I].1 })($($x),*)
        }

        $(#[$feature])?
        pub(super) extern "C" fn $f32<const I: usize>($($x: $t32),*) -> f32 {
            (const { $table[I].2 })($($x),*)
        }
    };
}

wrap!(unary_f64 unary_f32 UNARY (x: f64, f32));
wrap!(binary_f64 binary_f32 BINARY (x: f64, f32; y: f64, f32));
wrap!(ternary_f64 ternary_f32 TERNARY (x: f64, f32; y: f64, f32; z: f64, f32));
wrap!(powi_f64 powi_f32 POWI (x: f64, f32; n: i32, i32));

#[cfg(target_arch = "x86_64")]
mod fused {
    use super::{FUSED_BINARY, FUSED_UNARY};

    wrap!(#[target_feature(enable = "fma")] unary_f64 unary_f32 FUSED_UNARY (x: f64, f32));
    wrap!(#[target_feature(enable = "fma")] binary_f64 binary_f32 FUSED_BINARY (x: f64, f32; y: f64, f32));
    pub(super) use super::{powi_f32, powi_f64, ternary_f32, ternary_f64};
}

macro_rules! helpers {
    ($($table:ident $f64:ident $shape64:ident $f32:ident $shape32:ident: $($i:literal)*;)*) => {
        /// Every helper; its index here is its index in the table that code is given.
        pub static HELPERS: &[Helper] = &[$($(
            Helper { op: $table[$i].0, ty: Type::F64, function: Function::$shape64($f64::<$i>) },
            Helper { op: $table[$i].0, ty: Type::F32, function: Function::$shape32($f32::<$i>) },
        )*)*];

        /// The loader fills it in, so that no thread has to, and none can be forked away while it does.
        static ADDRESSES: [AtomicPtr<()>; HELPERS_LEN] = [$($(
            AtomicPtr::new($f64::<$i> as *mut ()), AtomicPtr::new($f32::<$i> as *mut ()),
        )*)*];

        /// The same for a CPU with fma: nobody else is given it.
        #[cfg(target_arch = "x86_64")]
        static FUSED_ADDRESSES: [AtomicPtr<()>; HELPERS_LEN] = [$($(
            AtomicPtr::new(fused::$f64::<$i> as *mut ()), AtomicPtr::new(fused::$f32::<$i> as *mut ()),
        )*)*];

        const HELPERS_LEN: usize = 2 * ($([$($i),*].len() +)* 0);

        $(const _: () = assert!($table.len() == [$($i),*].len(), "a row of `math` has no helper");)*
    };
}

helpers! {
    UNARY unary_f64 F64 unary_f32 F32: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39;
    BINARY binary_f64 F64x2 binary_f32 F32x2: 0 1 2 3 4;
    TERNARY ternary_f64 F64x3 ternary_f32 F32x3: 0;
    POWI powi_f64 F64I32 powi_f32 F32I32: 0;
}

/// Addresses of the helpers in this process, in the order of `HELPERS`: what `CallFrame::helpers` points to.
/// An entry is a pointer like any other; atomic only because plain ones cannot be shared.
pub fn table() -> &'static [AtomicPtr<()>] {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("fma") {
        return &FUSED_ADDRESSES;
    }
    &ADDRESSES
}

/// The index of the helper for an operation on a float type.
pub fn find(op: Op, ty: Type) -> Option<usize> {
    HELPERS.iter().position(|helper| helper.op == op && helper.ty == ty)
}
