//! The interpreter: the definition of what a kernel gives for a row.
//!
//! A kernel is flattened once into steps over registers, one register a value (`flatten.rs`), and then run
//! row by row without recursion or allocation. It knows nothing of columns or nulls; `filbert-runtime` loops
//! over rows, and `row.rs` computes one whole row by the signature. Speed is not its aim, but it must serve
//! wherever native code cannot run.
//!
//! Memory is the caller's: `Memory` is asked for an element only after its index was found below the length
//! that the slot says. The tables are the kernel's own.
//!
//! What a row may cost is bounded: each time a loop goes on costs 1 of the row's fuel, and every
//! `POLL_ITERATIONS` of them, counted across rows, the caller is asked whether to stop.

mod flatten;
mod row;

use std::fmt;

use crate::kernel::{ValueId, VerifiedKernel};
use crate::op::{Fault, Meaning, Sig};
use crate::signature::{Array, Table};
use crate::types::{Scalar, Type};

pub use row::{LIST_ELEMENTS_MAX, Row, RowMemory, run, run_scalars, run_with_fuel};

/// Loop iterations between two looks at the stop flag.
pub const POLL_ITERATIONS: u32 = 16_384;

/// Why a row has no result: the first value in program order that failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RowFault {
    /// What happened.
    pub fault: Fault,
    /// The operation that it happened to.
    pub value: ValueId,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.fault.code(), self.fault.code().title(), self.value)
    }
}

impl std::error::Error for RowFault {}

/// Why a row was not computed to its end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RowEnd {
    /// It failed.
    Fault(RowFault),
    /// The caller said stop.
    Stopped,
}

/// A row's lists. Indexes that the interpreter gives are below the length that the list's slot says, so the
/// slots must say the truth.
pub trait Memory {
    /// The bits of an element of a list parameter or result, zero-extended.
    fn load(&self, array: Array, index: u64) -> u64;
    /// Sets an element of a list result; a NaN is canonical already.
    fn store(&mut self, array: Array, index: u64, bits: u64);
}

/// The memory of a kernel without lists.
struct NoMemory;

impl Memory for NoMemory {
    fn load(&self, array: Array, _: u64) -> u64 {
        unreachable!("nobody lent {array}")
    }

    fn store(&mut self, array: Array, _: u64, _: u64) {
        unreachable!("nobody lent {array}")
    }
}

/// How far rows may go. One serves all rows of a call.
pub struct Control<'a> {
    /// Iterations that each row may spend; the kernel's own fuel counts too, the lesser wins.
    pub fuel: u64,
    /// Asked every `POLL_ITERATIONS` iterations; true ends the row.
    pub stop: Option<&'a dyn Fn() -> bool>,
    /// Iterations left until it is asked next.
    until_poll: u32,
}

impl<'a> Control<'a> {
    /// As far as the kernel's own fuel goes, without a look at anything.
    pub fn free() -> Control<'a> {
        Control::new(u64::MAX, None)
    }

    /// At most `fuel` iterations a row, and `stop` is asked now and then.
    pub fn new(fuel: u64, stop: Option<&'a dyn Fn() -> bool>) -> Control<'a> {
        Control { fuel, stop, until_poll: POLL_ITERATIONS }
    }
}

/// A kernel made ready to run over many rows.
#[derive(Clone)]
pub struct Interpreter {
    /// Keeps the tables.
    kernel: VerifiedKernel,
    slots: usize,
    steps: Vec<Step>,
    /// One for each value, then what `flatten` adds. Constants are in place from the start and nothing
    /// overwrites them.
    registers: Vec<u64>,
    /// Type and register of each of the values that make the results.
    returns: Vec<(Type, u32)>,
}

#[derive(Clone)]
enum Step {
    /// Computes an operation.
    Op { meaning: Meaning, tys: [Type; 3], args: [u32; 3], arity: u8, ret: Type, out: u32 },
    /// Goes on if the condition holds, else jumps.
    Branch { cond: u32, otherwise: u32 },
    /// Copies a value to where an `if` or `loop` wants it.
    Copy { from: u32, to: u32 },
    /// Jumps ahead.
    Jump { to: u32 },
    /// Jumps back for another iteration of a loop, if there is fuel.
    Again { to: u32, owner: u32 },
    /// Reads an element of the caller's memory.
    Load { array: Array, index: u32, length: u32, out: u32 },
    /// Reads an element of a table.
    Lookup { table: u32, index: u32, out: u32 },
    /// Writes an element of the caller's memory.
    Store { array: Array, index: u32, length: u32, value: u32, elem: Type, owner: u32 },
}

impl Interpreter {
    /// Computes one row: bits of the slots in, canonical bits of the values that make the results out. `out`
    /// is written only on success; what was stored into lists before a fault stays there.
    ///
    /// # Panics
    /// If `slots` or `out` has not the length that the kernel's signature says.
    pub fn row(
        &mut self,
        slots: &[u64],
        memory: &mut dyn Memory,
        control: &mut Control<'_>,
        out: &mut [u64],
    ) -> Result<(), RowEnd> {
        assert_eq!(out.len(), self.returns.len(), "one place for each returned value");
        self.registers[..self.slots].copy_from_slice(slots);
        self.execute(memory, control)?;
        for (place, &(ty, register)) in out.iter_mut().zip(&self.returns) {
            *place = Scalar::from_bits(ty, self.registers[register as usize]).canonical().bits();
        }
        Ok(())
    }

    /// `row` for a kernel without lists, as far as its own fuel goes.
    ///
    /// # Panics
    /// As `row`, and if the kernel reads or writes a list.
    pub fn scalar_row(&mut self, slots: &[u64], out: &mut [u64]) -> Result<(), RowFault> {
        match self.row(slots, &mut NoMemory, &mut Control::free(), out) {
            Ok(()) => Ok(()),
            Err(RowEnd::Fault(fault)) => Err(fault),
            Err(RowEnd::Stopped) => unreachable!("nobody asks to stop"),
        }
    }

    /// The bits that a value had last in the last row. Stale where that row did not compute the value: it
    /// failed before, or the value's region was not taken.
    ///
    /// # Panics
    /// If the kernel has no such value.
    pub fn bits(&self, id: ValueId) -> u64 {
        self.registers[id.index()]
    }

    fn execute(&mut self, memory: &mut dyn Memory, control: &mut Control<'_>) -> Result<(), RowEnd> {
        let tables: &[Table] = &self.kernel.core.tables;
        let registers = &mut self.registers[..];
        let mut fuel = control.fuel.min(self.kernel.core.signature.fuel);
        let failed = |fault: Fault, value: u32| RowEnd::Fault(RowFault { fault, value: ValueId(value) });
        let mut at = 0;
        // Jumps back cost fuel, so that this ends.
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Op { meaning, tys, args, arity, ret, out } => {
                    let arity = *arity as usize;
                    let operands = args.map(|arg| registers[arg as usize]);
                    let sig = Sig { args: &tys[..arity], ret: *ret };
                    let result = meaning(sig, &operands[..arity]);
                    registers[*out as usize] = result.map_err(|fault| failed(fault, *out))?;
                }
                Step::Branch { cond, otherwise } => {
                    if registers[*cond as usize] & 1 == 0 {
                        at = *otherwise as usize;
                    }
                }
                Step::Copy { from, to } => registers[*to as usize] = registers[*from as usize],
                Step::Jump { to } => at = *to as usize,
                Step::Again { to, owner } => {
                    if fuel == 0 {
                        return Err(failed(Fault::Fuel, *owner));
                    }
                    fuel -= 1;
                    control.until_poll -= 1;
                    if control.until_poll == 0 {
                        control.until_poll = POLL_ITERATIONS;
                        if control.stop.is_some_and(|stop| stop()) {
                            return Err(RowEnd::Stopped);
                        }
                    }
                    at = *to as usize;
                }
                Step::Load { array, index, length, out } => {
                    let index = registers[*index as usize];
                    if index >= registers[*length as usize] {
                        return Err(failed(Fault::IndexRange, *out));
                    }
                    registers[*out as usize] = memory.load(*array, index);
                }
                Step::Lookup { table, index, out } => {
                    let element = tables[*table as usize].get(registers[*index as usize]);
                    registers[*out as usize] = element.ok_or(failed(Fault::IndexRange, *out))?;
                }
                Step::Store { array, index, length, value, elem, owner } => {
                    let index = registers[*index as usize];
                    if index >= registers[*length as usize] {
                        return Err(failed(Fault::IndexRange, *owner));
                    }
                    let value = Scalar::from_bits(*elem, registers[*value as usize]);
                    memory.store(*array, index, value.canonical().bits());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
