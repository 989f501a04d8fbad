//! The fold of a job's results: what the pieces give, block by block.

use std::sync::{Mutex, MutexGuard, PoisonError};

use filbert_ir::Type;

use crate::fold::{BLOCK_ROWS, Block, Fold, Total};

/// The folds of the blocks of a job, in any order.
pub(crate) struct Folding {
    pub(crate) fold: Fold,
    totals: Mutex<Vec<(usize, Total)>>,
}

impl Folding {
    pub(crate) fn new(fold: Fold) -> Folding {
        Folding { fold, totals: Mutex::new(Vec::new()) }
    }

    fn totals(&self) -> MutexGuard<'_, Vec<(usize, Total)>> {
        // Whoever panicked here had pushed a whole total, or none.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what all rows of a call gave, which are one block.
    pub(super) fn all(&self, total: Total) {
        self.totals().push((0, total));
    }

    /// Forgets what was folded.
    pub(crate) fn clear(&self) {
        self.totals().clear();
    }

    /// The totals of all blocks in the order of their rows.
    pub(crate) fn into_totals(self) -> Vec<Total> {
        let mut totals = self.totals.into_inner().unwrap_or_else(PoisonError::into_inner);
        totals.sort_unstable_by_key(|(block, _)| *block);
        totals.into_iter().map(|(_, total)| total).collect()
    }
}

/// The block that a piece is folding.
pub(super) struct Folded<'f> {
    folding: &'f Folding,
    ty: Type,
    /// One past the piece's last row.
    end: usize,
    pub(super) block: Block,
}

impl<'f> Folded<'f> {
    pub(super) fn new(folding: &'f Folding, ty: Type, end: usize) -> Folded<'f> {
        Folded { folding, ty, end, block: Block::new(folding.fold, ty) }
    }

    /// The lanes of the block, which is one of a sum.
    pub(super) fn lanes(&mut self) -> *mut u8 {
        self.block.lanes(Some(self.ty)).expect("a sum of floats has lanes")
    }

    /// All rows up to this one are folded: ends the block if they are all of it, or of the piece.
    pub(super) fn to(&mut self, row: usize) {
        if row.is_multiple_of(BLOCK_ROWS) || row == self.end {
            self.folding.totals().push(((row - 1) / BLOCK_ROWS, self.block.end()));
            self.block = Block::new(self.folding.fold, self.ty);
        }
    }
}
