//! What a Filbert kernel is, how it is written and encoded, and what it computes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`types`] | scalar types and scalars |
//! | [`op`] | the one table of operations |
//! | [`eval`], [`math`] | the scalar meaning of each operation |
//! | [`kernel`], [`builder`] | the typed SSA table with regions, and how one is built |
//! | [`signature`] | what a kernel takes and gives: options, lists, times, tables |
//! | [`fuse`] | several kernels over the same columns as one |
//! | [mod@verify] | the rules, and the only maker of a [`VerifiedKernel`] |
//! | [`interp`] | the interpreter: the definition of results |
//! | [`text`], [`wire`] | the canonical text and the bytes that travel |
//! | [`code`], [`diagnostic`], [`error`], [`limits`] | what can go wrong |
//! | [`random`] | well-typed random kernels and adversarial rows, for differential tests |
//!
//! No unsafe code, no input or output, no knowledge of Cranelift or Arrow. Same input, same bytes.

#![forbid(unsafe_code)]

pub mod builder;
pub mod code;
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod fuse;
pub mod interp;
pub mod kernel;
pub mod limits;
pub mod math;
pub mod op;
pub mod random;
pub mod signature;
pub mod text;
pub mod types;
pub mod verify;
pub mod wire;

pub use builder::Builder;
pub use code::{Class, Code, Severity};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use error::KernelError;
pub use kernel::{AsKernel, Core, Def, Kernel, KernelId, Names, Region, Source, Span, Value, ValueId, VerifiedKernel};
pub use op::{Fault, Op};
pub use signature::{Array, Datum, Length, Logical, OnError, Param, ResultTy, Signature, Table, Unit};
pub use types::{Scalar, Type};
pub use verify::verify;
