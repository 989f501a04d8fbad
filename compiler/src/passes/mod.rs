//! Rewriting kernels before lowering.

use filbert_ir::{ValueId, VerifiedKernel};

/// A rewritten kernel.
pub struct Optimized {
    /// The kernel after all passes.
    pub kernel: VerifiedKernel,
    /// For each of its values, the value of the original kernel that it comes from.
    pub origins: Vec<ValueId>,
}

/// Runs every pass.
pub fn optimize(kernel: &VerifiedKernel) -> Optimized {
    Optimized { kernel: kernel.clone(), origins: (0..kernel.core.values.len() as u32).map(ValueId).collect() }
}
