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
//!
//! ```
//! let text = "
//!     const RADIUS: f64 = 3958.8;
//!     /// Miles along a circle around the Earth.
//!     fn arc(degrees: f64) -> f64 { RADIUS * degrees.to_radians() }
//! ";
//! let module = filbert_syntax::parse(text, "earth.rs")?;
//! assert_eq!(module.kernels[0].names.params, ["degrees"]);
//!
//! let error = filbert_syntax::parse("fn f(x: f64) -> f64 { x.sqr() + y }", "f.rs").unwrap_err();
//! assert_eq!(error.list.len(), 2);
//! assert_eq!(error.list[0].help.as_deref(), Some("did you mean `sqrt`?"));
//! # Ok::<(), filbert_ir::Diagnostics>(())
//! ```

#![forbid(unsafe_code)]

#[allow(dead_code)] // What reads all of it is being built.
mod ast;
mod attributes;
mod capture;
mod consts;
mod expand;
mod float_ext;
mod front;
mod generics;
mod habits;
#[allow(dead_code)]
mod infer;
mod items;
mod iters;
mod kernel_fn;
mod kleene_ext;
mod links;
mod lists;
#[allow(dead_code)]
mod lower;
mod methods;
mod module;
mod names;
mod options;
mod read;
#[cfg(test)]
mod reference;
mod scan;
pub mod time;
mod warnings;

pub use capture::{Capture, ConstantValue, Shape};
pub use expand::expand;
pub use float_ext::FloatExt;
pub use front::parse;
pub use generics::{ArgType, Bound, Template, TemplateParam, TemplateSource, TypeParam};
pub use kernel_fn::{Callee, Constant, Declaration, KernelFn, KernelTemplate};
pub use kleene_ext::KleeneExt;
pub use module::Module;
pub use scan::RUN_TOKENS_MAX;

#[doc(hidden)]
pub use capture::constant;

/// What the code that `#[kernel]` writes refers to. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::capture::constant;
    pub use crate::float_ext::FloatExt;
    pub use crate::kernel_fn::{Declaration, KernelFn, KernelTemplate};
    pub use crate::kleene_ext::KleeneExt;
}
