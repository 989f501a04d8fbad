//! Pieces of a call on rayon's threads. Borders of pieces depend on the number of rows alone, so the same
//! call does the same however many threads there are; no thread is started before the first such call.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::call::{Halt, Piece, STRIP_ROWS};

/// Rows of a piece. A piece of eight-byte columns is half a megabyte: small enough to share well, large
/// enough that its scheduling (a microsecond or so) does not show.
pub const PIECE_ROWS: usize = 64 * STRIP_ROWS;

/// Runs all pieces; of several failures the lowest counts. A piece behind a failed one need not run, one
/// before it must: it may hold a lower failing row.
pub(crate) fn run(pieces: Vec<Piece<'_, '_>>) -> Result<(), Halt> {
    let lowest = AtomicUsize::new(usize::MAX);
    let ends: Vec<Result<(), Halt>> = pieces
        .into_par_iter()
        .enumerate()
        .map(|(index, piece)| {
            if index > lowest.load(Ordering::Relaxed) {
                return Ok(());
            }
            piece.run().inspect_err(|_| {
                lowest.fetch_min(index, Ordering::Relaxed);
            })
        })
        .collect();
    ends.into_iter().collect()
}
