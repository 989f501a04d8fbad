//! Why a kernel could not be compiled. Never the user's fault: the runtime falls back to the interpreter.

use filbert_ir::VerifiedKernel;
use thiserror::Error;

/// Why there is no machine code.
#[derive(Clone, PartialEq, Eq, Error, Debug)]
pub enum CompileError {
    /// No back end knows this machine.
    #[error("no native code on this machine: {0}")]
    Unsupported(String),
    /// The kernel passed the verifier but is more than the back end takes.
    #[error("kernel {kernel} is too large for native code: {detail}")]
    TooLarge {
        /// The kernel's name.
        kernel: String,
        /// Which bound, and by how much.
        detail: String,
    },
    /// A defect of Filbert or Cranelift.
    #[error("cannot compile kernel {kernel}: {detail} (a defect of Filbert; please report it with this kernel)\n{ir}")]
    Internal {
        /// The kernel's name.
        kernel: String,
        /// What went wrong.
        detail: String,
        /// The kernel in the text form.
        ir: String,
    },
}

impl CompileError {
    /// A defect met while compiling `kernel`.
    pub(crate) fn internal(kernel: &VerifiedKernel, detail: impl Into<String>) -> CompileError {
        CompileError::Internal {
            kernel: kernel.name().to_string(),
            detail: detail.into(),
            ir: filbert_ir::text::print(kernel),
        }
    }
}
