//! The direct call: machine code over whole columns where they are, which allocates nothing.
//!
//! Whatever is not plain, and each row that may fail, is left to the call in strips.

#![allow(unsafe_code)]

use std::ops::Range;
use std::ptr::{null, null_mut};

use filbert_compiler::abi::{CallFrame, POLL_ITERATIONS, uniform_bits};
use smallvec::SmallVec;

use super::body::Limits;
use super::native::NativeCode;
use super::nulls::{Bits, zero_nulls};
use super::{Engine, LONG_STRIP_ROWS, Order, STRIP_ROWS};
use crate::bind::Nulls;
use crate::crash;
use crate::fold::{Fold, SumLanes, float_sum};
use crate::lend::Lent;
use crate::options::StopFlag;
use crate::room::{Room, Sink};

/// Columns of a direct call: what has more is called in strips.
const DIRECT_MAX: usize = 8;

/// Rows after which the results of null rows become zeros: the first cache has them still.
const NULLS_ROWS: usize = STRIP_ROWS;

/// How a direct call ended.
pub(crate) enum Direct {
    /// Every row is written.
    All,
    /// The rows from this one on are not.
    Left(usize),
}

impl Order<'_> {
    /// Fills the rooms by calls of machine code alone, if that is all there is to do: a short call of plain columns.
    /// What is left is for `fill`.
    pub(crate) fn direct(&self, rooms: &mut [&mut dyn Room]) -> Direct {
        let Engine::Native(code) = self.engine else { return Direct::Left(0) };
        let rows = self.bound.rows;
        let is_short = rows <= LONG_STRIP_ROWS
            && self.limits.streams != Some(true)
            && !self.limits.stop.is_some_and(StopFlag::is_raised);
        let nulls = match &self.bound.nulls {
            Nulls::None => None,
            Nulls::Some(nulls) if self.folding.is_none() => Some(nulls),
            _ => return Direct::Left(0),
        };
        if self.shadow || !is_short {
            return Direct::Left(0);
        }
        let inputs: SmallVec<[Lent<'_>; 8]> = self.bound.slots.iter().map_while(Lent::input).collect();
        if let Some(folding) = self.folding {
            // What was added is as good as nothing if not all rows were.
            let total = float_sum(self.layout.columns[0].ty, rows, |lanes| {
                let is_sum = folding.fold == Fold::Sum;
                is_sum && matches!(direct_sum(code, self.limits, &inputs, lanes, rows), Direct::All)
            });
            return match total {
                Some(total) => {
                    folding.all(total);
                    Direct::All
                }
                None => Direct::Left(0),
            };
        }
        let sinks: SmallVec<[Sink<'_>; 8]> = rooms.iter_mut().map(|room| room.sink()).collect();
        let ran = match nulls {
            None => direct(code, self.limits, &inputs, &sinks, rows),
            Some(nulls) => direct_nulls(code, self.limits, &inputs, &sinks, rows, nulls),
        };
        if matches!(ran, Direct::All) {
            drop(sinks);
            for room in rooms {
                // SAFETY: the code has written all rows.
                unsafe { room.set_filled() };
            }
        }
        ran
    }
}

/// Calls machine code once, over whole columns that it reads and writes where they are.
#[inline]
pub(crate) fn direct(
    code: &NativeCode,
    limits: Limits<'_>,
    inputs: &[Lent<'_>],
    outputs: &[Sink<'_>],
    rows: usize,
) -> Direct {
    let Some(columns) = columns(code, outputs, rows) else { return Direct::Left(0) };
    // SAFETY: there are columns of `rows` elements for all results, of their types, lent to us.
    unsafe { enter_direct(code, limits, inputs, &columns, rows, usize::MAX, |_| {}) }
}

/// The same where some rows are null, whose results become zeros. They are computed as others are, if nothing but
/// time is lost by that.
#[inline]
pub(crate) fn direct_nulls(
    code: &NativeCode,
    limits: Limits<'_>,
    inputs: &[Lent<'_>],
    outputs: &[Sink<'_>],
    rows: usize,
    nulls: &impl Bits,
) -> Direct {
    let columns = columns(code, outputs, rows).filter(|_| !code.layout().skips_nulls && nulls.has_rows(rows));
    let Some(columns) = columns else { return Direct::Left(0) };
    let zero = |rows: Range<usize>| {
        // SAFETY: the rows are some of those of the outputs, one element each, that are lent to us.
        unsafe { zero_nulls(outputs.iter().map(|output| (1, output)), nulls, rows) }
    };
    // SAFETY: there are columns of `rows` elements for all results, of their types, lent to us.
    unsafe { enter_direct(code, limits, inputs, &columns, rows, NULLS_ROWS, zero) }
}

/// The output columns of code that stores its results, if these sinks are such.
#[inline]
fn columns(code: &NativeCode, outputs: &[Sink<'_>], rows: usize) -> Option<[*mut u8; DIRECT_MAX]> {
    let layout = code.layout();
    let mut columns = [null_mut(); DIRECT_MAX];
    let mut fits = !code.sums() && outputs.len() == layout.columns.len() && outputs.len() <= DIRECT_MAX;
    for ((slot, output), column) in columns.iter_mut().zip(outputs).zip(&layout.columns) {
        fits &= output.ty == column.ty && column.width == 1 && output.len == rows && !output.packed;
        *slot = output.first;
    }
    fits.then_some(columns)
}

/// Calls code that adds its results to the lanes of a sum, once; the rows begin the block.
#[inline]
pub(crate) fn direct_sum(
    code: &NativeCode,
    limits: Limits<'_>,
    inputs: &[Lent<'_>],
    lanes: SumLanes<'_>,
    rows: usize,
) -> Direct {
    let ty = code.layout().columns.first().map(|column| column.ty);
    if !code.sums() || ty != Some(lanes.ty) {
        return Direct::Left(0);
    }
    // SAFETY: these are lanes of the result's type, lent to us.
    unsafe { enter_direct(code, limits, inputs, &[lanes.first], rows, usize::MAX, |_| {}) }
}

/// Calls machine code over whole columns, so many rows at a time, if the inputs are such; `after` gets the rows that
/// were just computed.
///
/// # Safety
/// `columns` must be the output columns that the code wants for `rows` rows, and nobody else may use them.
#[inline(always)]
unsafe fn enter_direct(
    code: &NativeCode,
    limits: Limits<'_>,
    inputs: &[Lent<'_>],
    columns: &[*mut u8],
    rows: usize,
    step: usize,
    after: impl Fn(Range<usize>),
) -> Direct {
    let layout = code.layout();
    let (mut slots, mut uniform) = ([null(); DIRECT_MAX], [0u64; DIRECT_MAX]);
    let mut fits = layout.is_plain && inputs.len() == layout.slots.len() && inputs.len() <= DIRECT_MAX;
    for (index, ((slot, input), &ty)) in slots.iter_mut().zip(inputs).zip(&layout.slots).enumerate() {
        fits &= input.ty == ty && input.len == if code.is_uniform(index) { None } else { Some(rows) };
        *slot = match input.len {
            Some(_) => input.first,
            None => {
                uniform[index] = uniform_bits(ty, input.bits);
                (&raw const uniform[index]).cast()
            }
        };
    }
    if !fits {
        return Direct::Left(0);
    }
    let mut frame = CallFrame {
        inputs: slots.as_ptr(),
        outputs: columns.as_ptr(),
        lists: null(),
        tables: null(),
        helpers: code.helpers.as_ptr(),
        stop: limits.stop.map_or(&0, StopFlag::as_ptr),
        start: 0,
        end: rows.min(step) as u64,
        fuel: limits.fuel,
        poll: POLL_ITERATIONS,
        fault_row: 0,
        fault_site: 0,
        zero: 0,
        scratch: 0,
        streams: 0,
    };
    let running = crash::running(&code.id);
    let mut start = 0usize;
    loop {
        let end = rows.min(start.saturating_add(step));
        (frame.start, frame.end) = (start as u64, end as u64);
        // SAFETY: there are columns of `rows` elements for all slots, of their types, lent to us, or one value where
        // the code takes one, places for the results by the caller's promise, and no lists nor tables; `code` is
        // borrowed, so its pages stay mapped; the compiler's audit says that the code does not trap or unwind.
        let status = unsafe { (code.memory.entry())(&mut frame) };
        if status != 0 {
            drop(running);
            let row = frame.fault_row as usize;
            // A row that cannot be is for the call in strips to find: it computes all of them again, and judges.
            if !(start..end).contains(&row) {
                return Direct::Left(0);
            }
            after(start..row);
            return Direct::Left(row);
        }
        after(start..end);
        if end == rows {
            drop(running);
            return Direct::All;
        }
        start = end;
    }
}
