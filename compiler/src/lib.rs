//! From a verified kernel to audited, position-independent machine code.
//!
//! ```text
//!   VerifiedKernel --passes--> VerifiedKernel --vector--------------------------> bytes --audit--> Artifact
//!                                     or        --lower--> CLIF --Cranelift--> bytes --audit--> Artifact
//! ```
//!
//! Compiling is a pure function of kernel and target: no clock, no files, no addresses, no hash-map order;
//! the same input gives the same bytes. The result runs rows of whole columns as [`abi`] says; loading and
//! calling it is `filbert-runtime`'s part, and the only place for unsafe code.
//!
//! | module | what it holds |
//! |---|---|
//! | [`abi`] | the call frame |
//! | [`target`] | what code is made for |
//! | [`passes`] | rewriting of kernels before lowering |
//! | [`proof`] | what never fails, and needs no check |
//! | [`mod@compile`] | the steps from kernel to artifact |
//! | [`helpers`] | the math functions that code may call |
//! | [`audit`] | what code must show before it may run |
//! | [`mod@explain`] | every stage as text |

#![forbid(unsafe_code)]

pub mod abi;
pub mod artifact;
pub mod audit;
pub mod compile;
pub mod error;
pub mod explain;
mod first_use;
pub mod helpers;
mod lower;
pub mod passes;
pub mod proof;
pub mod target;
mod vector;

pub use artifact::{Artifact, Backend, Site};
pub use compile::compile;
pub use error::CompileError;
pub use explain::{Explanation, explain};
#[doc(hidden)]
pub use target::Defect;
pub use target::{Level, Platform, Target, UnknownPlatform};
pub use vector::Isa;
