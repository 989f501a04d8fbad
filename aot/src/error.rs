//! Why kernels do not become an object.

use filbert_compiler::CompileError;
use filbert_ir::{Code, Diagnostic, Diagnostics, VerifiedKernel};
use thiserror::Error;

/// Why there is no object or archive.
#[derive(Clone, PartialEq, Eq, Error, Debug)]
pub enum AotError {
    /// Kernels that C or an object cannot have: the user's to change.
    #[error("{0}")]
    Refused(Diagnostics),
    /// Nothing was asked for.
    #[error("no target to build for")]
    NoPlatform,
    /// An object has one architecture.
    #[error("an object is of one architecture: build one for each")]
    Architectures,
    /// The compiler has no code.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A defect.
    #[error("cannot write the object: {0} (a defect of Filbert; please report it)")]
    Internal(String),
}

impl AotError {
    /// Findings about kernels, with their text where they have one.
    pub(crate) fn refused(kernels: &[VerifiedKernel], list: Vec<Diagnostic>) -> AotError {
        AotError::Refused(match kernels.iter().find_map(|kernel| kernel.source.as_ref()) {
            Some(source) => Diagnostics::new(list, source.name.clone(), source.text.clone()),
            None => Diagnostics::without_text(list),
        })
    }

    pub(crate) fn internal(why: impl std::fmt::Display) -> AotError {
        AotError::Internal(why.to_string())
    }

    /// As one screen.
    pub fn diagnostics(self) -> Diagnostics {
        let of = |code, message: String| Diagnostics::without_text(vec![Diagnostic::unplaced(code, message)]);
        match self {
            AotError::Refused(diagnostics) => diagnostics,
            AotError::NoPlatform | AotError::Architectures => of(Code::NotForObject, self.to_string()),
            AotError::Compile(CompileError::TooLarge { .. }) => of(Code::KernelTooLarge, self.to_string()),
            AotError::Compile(_) | AotError::Internal(_) => of(Code::Internal, self.to_string()),
        }
    }
}
