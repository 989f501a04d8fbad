//! The vector back end: whole blocks of rows in vector registers, for the kernels that it takes.
//!
//! ```text
//!   VerifiedKernel --take--> shape --convert--> block --schedule--> bodies --registers--> places --emit--> bytes
//!                                                                                                  --audit--> code
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `take` | which kernels, on which machines, in blocks of how many rows |
//! | `ir`, `machine` | values of all lanes; the instructions that there are |
//! | `build` | what has no instruction, in several |
//! | `convert` | the kernel's operations; `if`s and loops by masks, faults as a mask |
//! | `fuse` | several steps as one instruction |
//! | `schedule` | copies of the block, interleaved |
//! | `quotients` | divisions without the divider |
//! | `nans` | canonical NaNs of a whole turn |
//! | `order` | the order of a turn's instructions |
//! | `registers` | registers and slots |
//! | `assembler`, `emit` | bytes, the loop over blocks |
//! | `audit` | what the bytes must show |
//!
//! Obligations of all of it: the bits of a result are those of the operation's meaning, but for the sign and
//! payload of a NaN; a row that fails is never stored, nor is a row of its turn; no instruction traps; nothing
//! is read or written beyond the rows of the call. What fails, and where, is found by the scalar code (see
//! `abi::SCALAR`), which is made only when it is wanted.

mod ahead;
mod assembler;
mod audit;
mod build;
mod convert;
mod emit;
mod fuse;
mod ir;
mod machine;
mod nans;
mod order;
mod quotients;
mod registers;
mod schedule;
mod take;

pub use ir::Isa;

use crate::audit::{Audit, CODE_BYTES_MAX};
use filbert_ir::{ValueId, VerifiedKernel};

use crate::passes::Optimized;
use crate::target::{Defect, Target};
use emit::Placed;
use ir::{Body, Shape};
use schedule::Turn;

/// A kernel that this back end takes.
pub(crate) struct Plan {
    pub(crate) isa: Isa,
    /// Rows of a block.
    pub(crate) lanes: u32,
    /// Rows that are computed before any of them is stored: those of the widest turn.
    pub(crate) turn_rows: u32,
    /// Original values at which rows are found to fail.
    pub(crate) sites: Vec<ValueId>,
    loops: Vec<Placed>,
    /// Iterations that a row may make.
    fuel: u64,
}

/// Machine code of a plan.
pub(crate) struct Made {
    pub(crate) code: Vec<u8>,
    pub(crate) align: u32,
    pub(crate) audit: Audit,
}

/// How to compute the kernel in vectors, or a line that says why not.
pub(crate) fn plan(kernel: &VerifiedKernel, optimized: &Optimized, target: &Target) -> Result<Plan, String> {
    take::size(kernel)?;
    let shape = take::shape(&optimized.kernel.core, target)?;
    // A loop that is too much when it is written out may be a loop.
    let planned = planned(optimized, shape, target, true);
    let planned = if optimized.kernel.core.has_loops() {
        planned.or_else(|_| self::planned(optimized, shape, target, false))
    } else {
        planned
    };
    let (loops, sites) = planned?;
    let turn = &loops[0].body;
    Ok(Plan {
        isa: shape.isa,
        lanes: turn.shape.lanes,
        turn_rows: turn.shape.lanes * turn.copies,
        sites,
        loops,
        fuel: kernel.core.signature.fuel,
    })
}

/// The loops over blocks, and the values that they check.
fn planned(
    optimized: &Optimized,
    shape: Shape,
    target: &Target,
    writes_out: bool,
) -> Result<(Vec<Placed>, Vec<ValueId>), String> {
    let (mut block, mut sites) = convert::convert(optimized, shape, target, writes_out)?;
    if let Some(half) = take::half(&block) {
        (block, sites) = convert::convert(optimized, half, target, writes_out)?;
    }
    let shape = block.shape;
    if target.sums() {
        take::sums(&optimized.kernel.core, &block)?;
    }
    let block = fuse::fused(block);
    let has_masked_tail = take::has_masked_tail(&optimized.kernel.core, shape);
    let wanted = schedule::copies(&block);
    if has_masked_tail && wanted == 1 && schedule::is_one_loop(&block) {
        return Ok((vec![placed(schedule::one_loop(&block))?], sites));
    }
    // Where copies beside one another are too much for the stack, one alone may not be.
    let (copies, turn) = match turn(schedule::turn(&block, wanted)) {
        Err(_) if wanted > 1 => (1, placed(schedule::interleaved(&block, 1))?),
        turn => (wanted, turn?),
    };
    let mut loops = vec![turn];
    if has_masked_tail {
        loops.push(placed(schedule::tail(&block))?);
    } else if copies > 1 {
        loops.push(placed(schedule::interleaved(&block, 1))?);
    }
    Ok((loops, sites))
}

/// A turn, with its NaNs looked at together where that is as good.
fn turn(turn: Turn) -> Result<Placed, String> {
    let Turn { body, before } = turn;
    if let Some(before) = before {
        return Ok(Placed { before: Some(Box::new(placed(before)?)), ..placed(body)? });
    }
    if let Some(Ok(placed)) = nans::together(&body).map(placed)
        && nans::looked_at(&placed.body, &placed.places).is_some()
    {
        return Ok(placed);
    }
    placed(body)
}

fn placed(body: Body) -> Result<Placed, String> {
    let places = registers::allocate(&body)?;
    Ok(Placed { body, places, before: None })
}

impl Plan {
    /// The IR of the loops, for people.
    pub(crate) fn text(&self) -> String {
        let text = |placed: &Placed| match &placed.before {
            Some(before) => format!("{}\nbefore the first turn\n{}", placed.body, before.body),
            None => placed.body.to_string(),
        };
        self.loops.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    /// Makes the code and audits it. An error is a defect.
    pub(crate) fn make(&self, target: &Target) -> Result<Made, String> {
        match target.defect() {
            Some(Defect::Error) => return Err("asked to fail".into()),
            Some(Defect::Panic) => panic!("asked to panic"),
            None => {}
        }
        let made = emit::emit(&self.loops, self.fuel)?;
        if made.code.len() > CODE_BYTES_MAX {
            return Err(format!("{} bytes of code, more than {CODE_BYTES_MAX}", made.code.len()));
        }
        audit::audit(&made.code, made.text_bytes, target)?;
        Ok(Made { code: made.code, align: assembler::ALIGN as u32, audit: Audit::default() })
    }
}
