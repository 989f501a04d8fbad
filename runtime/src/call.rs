//! The call: from checked columns to machine code or the interpreter, strip by strip.
//!
//! ```text
//!   columns ──bind──> Bound ──┐            strip of 1,024 rows or more
//!                             ├─ Job ──> Pieces ──> Piece::run ──> Body::rows ──> entry(&mut CallFrame)
//!   outputs (Room) ─> Sinks ──┘  (disjoint row ranges)                    └────> Interpreter::row
//! ```
//!
//! `strip` sets the pointers that the code gets, `body` calls it, `native` holds it. The code behind `entry` reads
//! and writes what docs/abi.md says, and assumes no alignment. So that this is so:
//! * inputs and sinks are lent memory of known type and length (`lend`, `lists`, `room`);
//! * a `Job` refuses inputs and sinks whose type or length does not fit, and splits into `Piece`s that
//!   share no row;
//! * a `NativeCode` is borrowed while it runs, and keeps its pages alive.

#![allow(unsafe_code)]

mod body;
mod direct;
mod folding;
mod native;
mod nulls;
mod strip;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_buffer::NullBuffer;
use filbert_ir::interp::{Control, RowFault};
use filbert_ir::{Fault, Type, ValueId, VerifiedKernel};

use crate::bind::{Bound, Nulls, Starts};
use crate::fold::{BLOCK_ROWS, Fold};
use crate::layout::Layout;
use crate::lend::Input;
use crate::machine;
use crate::options::StopFlag;
use crate::room::{Aligned, Room, Sink};
use body::{Body, Ran};
use folding::Folded;

use strip::Strip;

pub(crate) use body::Limits;
pub(crate) use direct::{Direct, direct, direct_nulls, direct_sum};
pub(crate) use folding::Folding;
pub(crate) use native::{Form, NativeCode, panic_text};
pub(crate) use nulls::{Bitmap, zero_nulls};

/// Rows between two looks at the stop flag; also the size of the scratch strips.
pub const STRIP_ROWS: usize = 1024;

/// Rows of a strip where it costs nothing to have more of them: vector code over memory that it reads and writes
/// in place. A strip costs about 100 ns besides its rows, and so many rows are computed well within the time in
/// which a call must stop.
const LONG_STRIP_ROWS: usize = 16 * STRIP_ROWS;

/// What computes the rows.
#[derive(Clone, Copy)]
pub(crate) enum Engine<'k> {
    Native(&'k NativeCode),
    Interp,
}

/// Why a job ended before its last row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
    /// A row that is not null failed; it is the lowest of its piece.
    Row { row: usize, fault: Fault, value: ValueId },
    /// Somebody raised the stop flag; `row` is the first that was not computed.
    Stopped { row: usize },
    /// Machine code broke its contract.
    Defect(String),
}

/// A kernel over all rows of a call. Inputs and outputs fit it, or it is not made.
pub(crate) struct Job<'j> {
    kernel: &'j VerifiedKernel,
    layout: &'j Layout,
    engine: Engine<'j>,
    bound: &'j Bound<'j>,
    /// Of the columns, then of the lists.
    sinks: Vec<Sink<'j>>,
    /// Which rows have not failed, where that makes them null.
    valid: Option<Sink<'j>>,
    limits: Limits<'j>,
    shadow: bool,
    folding: Option<&'j Folding>,
    done: AtomicUsize,
    looked_at: AtomicUsize,
}

impl<'j> Job<'j> {
    /// The sinks of columns, each with the number of elements of a row.
    fn columns(&self) -> impl Iterator<Item = (usize, &Sink<'j>)> + Clone {
        self.layout.columns.iter().map(|column| column.width as usize).zip(&self.sinks)
    }

    /// The sinks of lists, each with where its rows begin.
    fn lists(&self) -> impl Iterator<Item = (&Starts, &Sink<'j>)> {
        self.bound.results.iter().zip(&self.sinks[self.layout.columns.len()..])
    }

    fn nulls(&self) -> Option<&NullBuffer> {
        self.bound.nulls.some()
    }

    /// Whether the code takes one value for all rows of this slot.
    fn is_uniform(&self, slot: usize) -> bool {
        matches!(self.engine, Engine::Native(code) if code.is_uniform(slot))
    }

    /// Whether the code adds to the lanes of a sum.
    fn sums(&self) -> bool {
        matches!(self.engine, Engine::Native(code) if code.sums())
    }

    /// Whether somebody asks of each row whether it has a value.
    fn has_valid(&self) -> bool {
        let may_be_null = self.nulls().is_some() || !self.layout.optional.is_empty();
        self.layout.forgives || (self.folding.is_some() && may_be_null)
    }

    fn strip_rows(&self) -> usize {
        let is_vector = matches!(self.engine, Engine::Native(code) if code.is_vector());
        let mut slots = self.bound.slots.iter().enumerate();
        let in_place = slots.all(|(index, slot)| slot.dense().is_some() || self.is_uniform(index))
            && self.sinks.iter().all(|sink| !sink.packed)
            // What is folded is read again while the first cache has it.
            && (self.folding.is_none() || self.sums())
            && self.layout.lists.is_empty()
            && !self.layout.forgives;
        match () {
            () if !is_vector || !in_place => STRIP_ROWS,
            // The results of null rows become zeros while the first cache has them.
            () if self.nulls().is_some() => 2 * STRIP_ROWS,
            () => LONG_STRIP_ROWS,
        }
    }
}

/// What a job is made of.
#[derive(Clone, Copy)]
pub(crate) struct Order<'j> {
    pub(crate) kernel: &'j VerifiedKernel,
    pub(crate) layout: &'j Layout,
    pub(crate) engine: Engine<'j>,
    pub(crate) bound: &'j Bound<'j>,
    pub(crate) limits: Limits<'j>,
    /// Compare some rows with the interpreter.
    pub(crate) shadow: bool,
    /// The results are folded strip by strip, and the rooms stay as they are.
    pub(crate) folding: Option<&'j Folding>,
}

impl Order<'_> {
    /// Fills the rooms from row `from` on, those before it being written: one for each column of the layout, then
    /// one for each list. `valid` gets a bit a row,
    /// and must be there if the kernel's failing rows are null. `run` gets the pieces, of `piece_rows` rows
    /// each, and runs them all, in any order and on any threads, or returns why not. Gives the number of rows
    /// that were compared.
    ///
    /// # Panics
    /// If inputs or rooms do not fit the kernel: `bind` has checked that they do.
    pub(crate) fn fill(
        self,
        from: usize,
        rooms: &mut [&mut dyn Room],
        mut valid: Option<&mut Aligned>,
        piece_rows: usize,
        run: impl FnOnce(Vec<Piece<'_, '_>>) -> Result<(), Halt>,
    ) -> Result<usize, Halt> {
        let Order { kernel, layout, engine, bound, limits, shadow, folding } = self;
        let rows = bound.rows;
        let sinks: Vec<Sink<'_>> = rooms.iter_mut().map(|room| room.sink()).collect();
        let valid_sink = valid.as_mut().map(|room| room.sink());
        assert!(
            bound.slots.iter().map(|slot| slot.ty()).eq(layout.slots.iter().copied()),
            "inputs have the slots' types"
        );
        assert!(bound.slots.iter().all(|input| input.has_rows(rows)), "inputs have {rows} rows");
        assert!(bound.lists.iter().all(|lists| lists.rows() == rows), "lists have {rows} rows");
        assert!(bound.nulls.some().is_none_or(|nulls| nulls.len() == rows), "as many validity bits as rows");
        let columns = layout.columns.iter().map(|column| (column.ty, rows.checked_mul(column.width as usize)));
        let results = layout.lists[layout.param_lists..].iter().zip(&bound.results);
        let wanted = columns.chain(results.map(|(&ty, starts)| (ty, Some(starts.at(rows)))));
        assert!(
            wanted.eq(sinks.iter().map(|sink| (sink.ty, Some(sink.len)))),
            "rooms have the results' types and lengths"
        );
        let lists = bound.lists.iter().map(|lists| lists.ty);
        assert!(lists.eq(layout.lists[..layout.param_lists].iter().copied()), "lists have the parameters' types");
        let bitmap = |sink: &Sink<'_>| sink.packed && sink.ty == Type::Bool && sink.len == rows;
        let is_told = layout.forgives && folding.is_none();
        assert!(valid_sink.as_ref().map_or(!is_told, bitmap), "a place for failing rows");
        let flags = |&(_, flags): &(usize, usize)| sinks[flags].packed;
        assert!(layout.optional.iter().all(flags), "flags are bits");
        if let Engine::Native(code) = engine {
            assert!(std::ptr::eq(&**code.layout(), layout), "code is of a kernel with this signature");
            let one = |(slot, input): (usize, &Input<'_>)| !code.is_uniform(slot) || matches!(input, Input::Scalar(_));
            assert!(bound.slots.iter().enumerate().all(one), "code for these slots of one value");
        }
        if let Engine::Native(code) = engine
            && code.sums()
        {
            let is_sum = folding.is_some_and(|folding| folding.fold == Fold::Sum);
            let is_plain = layout.is_plain && matches!(bound.nulls, Nulls::None);
            assert!(is_sum && is_plain, "code for a sum of all rows");
        }
        assert!(piece_rows.is_multiple_of(STRIP_ROWS) && piece_rows > 0, "pieces begin with a strip");
        let (done, looked_at) = (AtomicUsize::new(0), AtomicUsize::new(0));
        // What is folded is read again at once.
        let streams = folding.is_none() && limits.streams.unwrap_or_else(|| streams(layout, rows));
        let limits = Limits { streams: Some(streams), ..limits };
        let one = layout.lists.len() == layout.param_lists && layout.columns.iter().all(|column| column.width == 1);
        assert!(folding.is_none() || (one && from == 0), "one value a row is folded, from the first on");
        let job =
            Job { kernel, layout, engine, bound, sinks, valid: valid_sink, limits, shadow, folding, done, looked_at };
        let starts = (from..rows).step_by(piece_rows);
        let pieces = starts.map(|start| Piece { job: &job, rows: start..rows.min(start.saturating_add(piece_rows)) });
        run(pieces.collect())?;
        assert_eq!(from + job.done.load(Ordering::Acquire), rows, "every piece was run");
        let looked_at = job.looked_at.load(Ordering::Relaxed);
        drop(job);
        for room in rooms.iter_mut().filter(|_| folding.is_none()) {
            // SAFETY: every piece wrote all of its rows, and together they are all rows.
            unsafe { room.set_filled() };
        }
        if let Some(valid) = valid {
            // SAFETY: as above.
            unsafe { valid.set_filled() };
        }
        Ok(looked_at)
    }
}

/// Whether the columns of a call are so large that no cache has room for them: then nobody will find the results in
/// one, and storing past the caches spares reading each line before it is written.
fn streams(layout: &Layout, rows: usize) -> bool {
    let bytes = |ty: &Type| ty.bytes();
    let inputs: usize = layout.slots.iter().map(bytes).sum();
    let outputs: usize = layout.columns.iter().map(|column| column.width as usize * column.ty.bytes()).sum();
    rows.saturating_mul(inputs + outputs) > machine::last_cache_bytes()
}

/// A range of a job's rows that no other piece has.
pub(crate) struct Piece<'j, 'o> {
    job: &'j Job<'o>,
    rows: Range<usize>,
}

impl Piece<'_, '_> {
    /// Computes the piece.
    pub(crate) fn run(self) -> Result<(), Halt> {
        let job = self.job;
        let is_stopped = || job.limits.stop.is_some_and(StopFlag::is_raised);
        let mut body = match job.engine {
            Engine::Native(code) => Body::native(code, job.limits),
            Engine::Interp => Body::interp(job.kernel, job.layout, Control::new(job.limits.fuel, Some(&is_stopped))),
        };
        let strip_rows = job.strip_rows();
        let mut strip = Strip::new(job, self.rows.len().min(strip_rows));
        let mut folded = job.folding.map(|folding| Folded::new(folding, job.layout.columns[0].ty, self.rows.end));
        // The first rows that are not null are compared.
        let mut shadow = job.shadow && self.rows.start == 0;
        for start in self.rows.clone().step_by(strip_rows) {
            if is_stopped() {
                return Err(Halt::Stopped { row: start });
            }
            let rows = strip_rows.min(self.rows.end - start);
            // SAFETY: `start..start + rows` lies in this piece.
            unsafe { strip.set(job, start, rows) };
            if let Some(folded) = folded.as_mut().filter(|_| job.sums()) {
                if shadow {
                    // SAFETY: as above.
                    let looked_at = unsafe { strip.shadow_sum(job, &mut body, start, rows) }?;
                    job.looked_at.store(looked_at, Ordering::Relaxed);
                    shadow = false;
                }
                strip.pointers.columns[0] = folded.lanes();
            }
            match job.nulls().filter(|_| job.layout.skips_nulls) {
                None => range(job, &mut body, &mut strip, start, 0..rows)?,
                Some(nulls) => {
                    for (first, end) in nulls.slice(start, rows).valid_slices() {
                        range(job, &mut body, &mut strip, start, first..end)?;
                    }
                }
            }
            if shadow {
                // SAFETY: as above; all rows that are not null were just written.
                let looked_at = unsafe { strip.shadow(job, start, rows) }?;
                job.looked_at.store(looked_at, Ordering::Relaxed);
                shadow = looked_at == 0;
            }
            match &mut folded {
                None => {
                    // SAFETY: as above.
                    unsafe { strip.finish(job, start, rows) };
                    if let Some(nulls) = job.nulls() {
                        // SAFETY: as above.
                        unsafe { zero_nulls(job.columns(), nulls, start..start + rows) };
                    }
                }
                Some(folded) => {
                    match job.sums() {
                        true => folded.block.count(rows),
                        // SAFETY: as above; all rows that have a value were just written.
                        false => unsafe { strip.fold(job, &mut folded.block, start, rows) },
                    }
                    folded.to(start + rows);
                }
            }
        }
        job.done.fetch_add(self.rows.len(), Ordering::Release);
        Ok(())
    }
}

/// Computes a range of the rows of the strip that begins at `start`.
fn range(job: &Job<'_>, body: &mut Body<'_>, strip: &mut Strip, start: usize, rows: Range<usize>) -> Result<(), Halt> {
    let mut next = rows.start;
    while next < rows.end {
        // SAFETY: `strip.set` has set the pointers for the rows of this strip, of the right types.
        let ran = unsafe { body.rows(&strip.pointers, next, rows.end) };
        match ran.map_err(Halt::Defect)? {
            Ran::All => break,
            Ran::Stopped { row } => return Err(Halt::Stopped { row: start + row }),
            // What a null slot holds is nobody's fault; its result is zeroed in the end.
            Ran::Failed { row, .. } if job.nulls().is_some_and(|n| n.is_null(start + row)) => next = row + 1,
            Ran::Failed { row, .. } if job.layout.forgives => {
                // SAFETY: the row is one of this strip.
                unsafe { strip.forgive(job, row) };
                next = row + 1;
            }
            Ran::Failed { row, fault: RowFault { fault, value } } => {
                return Err(Halt::Row { row: start + row, fault, value });
            }
        }
    }
    Ok(())
}

// A block ends with a strip.
const _: () = assert!(BLOCK_ROWS.is_multiple_of(STRIP_ROWS));

#[cfg(test)]
#[path = "call/block_tests.rs"]
mod block_tests;
#[cfg(test)]
#[path = "call/guard_tests.rs"]
mod guard_tests;
#[cfg(test)]
#[path = "call/nan_tests.rs"]
mod nan_tests;
#[cfg(test)]
#[path = "call/sum_tests.rs"]
mod sum_tests;
#[cfg(test)]
#[path = "call/tests.rs"]
mod tests;
#[cfg(test)]
#[path = "call/uniform_tests.rs"]
mod uniform_tests;
