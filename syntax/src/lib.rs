//! Kernel source, a subset of Rust, to Filbert's IR.
//!
//! | stage | what it does |
//! |---|---|
//! | `scan` | bounds the text before anything recurses over it |
//! | syn | parses it |
//! | `read` | takes what kernels have into a flat tree, and rejects the rest by name |
//! | `infer` | gives names their meaning and expressions their type |
//! | `lower` | builds the IR; `filbert_ir::verify` checks it |
//!
//! Every stage goes on after a mistake, and all findings come back together, each with its span. [`parse`]
//! takes the text of a file; [`KernelFn`] is the static that `#[kernel]` makes, which carries its text and
//! lowers it on first use; [`expand`] is that macro. No input or output, no unsafe code.

#![forbid(unsafe_code)]

mod ast;
mod expand;
mod float_ext;
mod front;
mod infer;
mod kernel_fn;
mod links;
mod lower;
mod methods;
mod module;
mod names;
mod read;
mod scan;

pub use expand::expand;
pub use float_ext::FloatExt;
pub use front::parse;
pub use kernel_fn::{Callee, Constant, Declaration, KernelFn};
pub use module::Module;
pub use scan::RUN_TOKENS_MAX;

/// What the code that `#[kernel]` writes refers to. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::float_ext::FloatExt;
    pub use crate::kernel_fn::{Declaration, KernelFn};

    /// A constant outside the kernel that uses it.
    pub fn constant(value: impl Into<filbert_ir::Scalar>) -> filbert_ir::Scalar {
        value.into()
    }
}
