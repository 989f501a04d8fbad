//! What compiling gives: relocation-free bytes and what is needed to run and to judge them.

use std::sync::Arc;

use filbert_ir::{KernelId, ValueId};

use crate::audit::Audit;
use crate::vector::Isa;

/// Which back end made the code. A back end is chosen by kernel and target; see `compile`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Backend {
    /// Cranelift, one row at a time: every kernel, every target.
    Scalar,
    /// Blocks of rows in vector registers. Code of this kind may leave rows to scalar code, see `abi::SCALAR`.
    Vector {
        /// The instructions that it uses.
        isa: Isa,
        /// Rows of a block.
        lanes: u32,
        /// Rows that are computed before any of them is stored.
        turn_rows: u32,
    },
}

impl Backend {
    /// The name in `explain` and in logs.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Scalar => "scalar (Cranelift)",
            Backend::Vector { isa: Isa::Avx2, .. } => "vector (AVX2)",
            Backend::Vector { isa: Isa::Avx512, .. } => "vector (AVX-512)",
        }
    }
}

/// A place in the code that can fail a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Site {
    /// The value that fails, of the kernel as it was given to `compile` (before any pass).
    pub value: ValueId,
}

/// Machine code of one kernel for one target. Position-independent: copy the bytes to executable memory
/// aligned to `align` and call the entry as `abi` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    /// The kernel.
    pub kernel: KernelId,
    /// Fingerprint of the target; see `Target::fingerprint`.
    pub target: Arc<str>,
    /// Which back end made it.
    pub backend: Backend,
    /// Code and its constants. The same kernel and target always give the same bytes.
    pub code: Vec<u8>,
    /// Alignment that the code needs, in bytes; a power of two.
    pub align: u32,
    /// Where in `code` the entry is.
    pub entry_offset: u32,
    /// What each fault site stands for, by `CallFrame::fault_site`. Vector code never says at which one a row
    /// fails.
    pub sites: Vec<Site>,
    /// What was counted when the code was checked.
    pub audit: Audit,
    /// What went wrong in the vector back end, if it took the kernel and failed: a defect of Filbert, because of
    /// which there is scalar code only. Not the same as a kernel that it does not take.
    pub defect: Option<String>,
}
