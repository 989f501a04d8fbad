//! Pieces of a call on rayon's threads. Borders of pieces depend on the number of rows alone, so the same
//! call does the same however many threads there are; no thread is started before the first such call.
//!
//! A child made by `fork` inherits rayon's pool without its threads and would wait for them for ever, so a
//! process whose parent has made such a call runs the pieces one after another, with the same result. A
//! pool that somebody else started before the fork cannot be seen from here.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::call::{Halt, Piece, STRIP_ROWS};
use crate::fold::BLOCK_ROWS;

/// Rows of a piece. A piece of eight-byte columns is half a megabyte: small enough to share well, large
/// enough that its scheduling (a microsecond or so) does not show.
pub const PIECE_ROWS: usize = 64 * STRIP_ROWS;

// What a block of a fold gives comes from one piece.
const _: () = assert!(PIECE_ROWS.is_multiple_of(BLOCK_ROWS));

/// The process that made the first parallel call, or 0.
static POOL_OWNER: AtomicU32 = AtomicU32::new(0);

/// Runs all pieces; of several failures the lowest counts. A piece behind a failed one need not run, one
/// before it must: it may hold a lower failing row.
pub(crate) fn run(pieces: Vec<Piece<'_, '_>>) -> Result<(), Halt> {
    let here = std::process::id();
    let owner = POOL_OWNER.compare_exchange(0, here, Ordering::Relaxed, Ordering::Relaxed);
    if owner.is_err_and(|owner| owner != here) {
        return pieces.into_iter().try_for_each(|piece| piece.run());
    }
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
