//! What a text may use that it does not define.
//!
//! A file stands alone. The text of a `#[kernel]` function does not: it names other kernels and constants
//! of the Rust around it. While rustc expands the macro nobody knows them, so they are only listed; when
//! the kernel is first used, they are given.

use filbert_ir::VerifiedKernel;

use crate::capture::ConstantValue;

/// What stands behind the names that a text does not define.
pub(crate) enum Links<'l> {
    /// Nothing: such a name is an error.
    None,
    /// Not known yet: calls and names in capitals are listed and fit everywhere.
    Open,
    /// These, by their path as it is written.
    Given(&'l Given),
}

/// Kernels and constants by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) kernels: Vec<(String, VerifiedKernel)>,
    pub(crate) consts: Vec<(String, ConstantValue)>,
}

impl Links<'_> {
    /// The place of a linked kernel in the list.
    pub(crate) fn kernel(&self, path: &str) -> Option<(usize, &VerifiedKernel)> {
        let Links::Given(given) = self else { return None };
        let index = given.kernels.iter().position(|(name, _)| name == path)?;
        Some((index, &given.kernels[index].1))
    }

    /// The place of a linked constant in the list.
    pub(crate) fn constant(&self, path: &str) -> Option<(usize, &ConstantValue)> {
        let Links::Given(given) = self else { return None };
        let index = given.consts.iter().position(|(name, _)| name == path)?;
        Some((index, &given.consts[index].1))
    }
}
