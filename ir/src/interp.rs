//! The interpreter: the definition of what a kernel gives for a row.
//!
//! A kernel is flattened once into steps over registers, one register a value, and then run row by row
//! without recursion or allocation. It knows nothing of columns or nulls; `filbert-runtime` loops over
//! rows. Speed is not its aim, but it must serve wherever native code cannot run.
//!
//! ```text
//!   %3: f64 = if %2 {                 branch %2, else to A
//!     %4: f64 = mul %0, %0            %4 <- mul %0 %0
//!     yield %4                        %3 <- %4; jump to B
//!   } else {                       A:
//!     yield %1                        %3 <- %1
//!   }                              B:
//! ```

use std::fmt;

use crate::kernel::{Core, Def, Region, ValueId, VerifiedKernel};
use crate::op::{Fault, Meaning, Sig};
use crate::types::{Scalar, Type};

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

/// Computes one row. Results are canonical.
///
/// # Panics
/// If the arguments do not match the kernel's parameters in number and type: whoever has values from
/// outside checks them against `Core::param_types` first.
pub fn run(kernel: &VerifiedKernel, args: &[Scalar]) -> Result<Vec<Scalar>, RowFault> {
    let core = &kernel.core;
    let given: Vec<Type> = args.iter().map(|arg| arg.ty()).collect();
    assert!(
        given == core.slot_types(),
        "kernel {} takes {:?}, called with {given:?}",
        kernel.name(),
        core.slot_types()
    );
    let bits: Vec<u64> = args.iter().map(|arg| arg.bits()).collect();
    let mut out = vec![0; core.returns.len()];
    Interpreter::new(kernel).row(&bits, &mut out)?;
    Ok(core.returns.iter().zip(out).map(|(&id, bits)| Scalar::from_bits(core.ty(id), bits)).collect())
}

/// A kernel made ready to run over many rows.
#[derive(Clone)]
pub struct Interpreter {
    params: usize,
    steps: Vec<Step>,
    /// One for each value. Constants are in place from the start and nothing overwrites them.
    registers: Vec<u64>,
    /// Type and register of each result.
    results: Vec<(Type, usize)>,
}

#[derive(Clone)]
enum Step {
    /// Computes an operation.
    Op { meaning: Meaning, tys: [Type; 3], args: [u32; 3], arity: u8, ret: Type, out: ValueId },
    /// Goes on if the condition holds, else jumps.
    Branch { cond: u32, otherwise: usize },
    /// Copies a yielded value to the `if` or to one of its outputs.
    Copy { from: u32, to: u32 },
    /// Jumps.
    Jump { to: usize },
}

impl Interpreter {
    /// Flattens a kernel.
    pub fn new(kernel: &VerifiedKernel) -> Interpreter {
        let core = &kernel.core;
        let mut flatten = Flatten { core, outputs: vec![Vec::new(); core.values.len()], steps: Vec::new() };
        let mut registers = vec![0; core.values.len()];
        for (index, value) in core.values.iter().enumerate() {
            match value.def {
                Def::Const(bits) => registers[index] = bits,
                Def::Output { of, index: nth } => flatten.outputs[of.index()].push((nth as usize, index as u32)),
                _ => {}
            }
        }
        flatten.range(core.slots() as usize, core.values.len());
        Interpreter {
            params: core.slots() as usize,
            steps: flatten.steps,
            registers,
            results: core.returns.iter().map(|&id| (core.ty(id), id.index())).collect(),
        }
    }

    /// Computes one row: argument bits in, canonical result bits out. `out` is written only on success.
    ///
    /// # Panics
    /// If `args` or `out` has not the length of the kernel's parameters or results.
    pub fn row(&mut self, args: &[u64], out: &mut [u64]) -> Result<(), RowFault> {
        assert_eq!(out.len(), self.results.len(), "one place for each result");
        self.registers[..self.params].copy_from_slice(args);
        self.execute()?;
        for (place, &(ty, register)) in out.iter_mut().zip(&self.results) {
            *place = Scalar::from_bits(ty, self.registers[register]).canonical().bits();
        }
        Ok(())
    }

    /// The bits that a value had in the last row. Stale where that row did not compute the value: it failed
    /// before, or the value's region was not taken.
    ///
    /// # Panics
    /// If the kernel has no such value.
    pub fn bits(&self, id: ValueId) -> u64 {
        self.registers[id.index()]
    }

    fn execute(&mut self) -> Result<(), RowFault> {
        let registers = &mut self.registers[..];
        let mut at = 0;
        // Jumps lead forward only, so that this ends.
        while let Some(step) = self.steps.get(at) {
            at += 1;
            match step {
                Step::Op { meaning, tys, args, arity, ret, out } => {
                    let arity = *arity as usize;
                    let operands = args.map(|arg| registers[arg as usize]);
                    let sig = Sig { args: &tys[..arity], ret: *ret };
                    let result = meaning(sig, &operands[..arity]);
                    registers[out.index()] = result.map_err(|fault| RowFault { fault, value: *out })?;
                }
                Step::Branch { cond, otherwise } => {
                    if registers[*cond as usize] & 1 == 0 {
                        at = *otherwise;
                    }
                }
                Step::Copy { from, to } => registers[*to as usize] = registers[*from as usize],
                Step::Jump { to } => at = *to,
            }
        }
        Ok(())
    }
}

/// Turns regions into steps.
struct Flatten<'a> {
    core: &'a Core,
    /// For each `if`: which of its yields goes to which value besides the first.
    outputs: Vec<Vec<(usize, u32)>>,
    steps: Vec<Step>,
}

impl Flatten<'_> {
    /// The steps of the values `start..end`. Recursion is as deep as regions nest, which the verifier limits.
    fn range(&mut self, start: usize, end: usize) {
        let mut index = start;
        while index < end {
            let id = ValueId(index as u32);
            index += 1;
            match &self.core.value(id).def {
                Def::Op(op, args) => {
                    let (mut tys, mut ids) = ([Type::Bool; 3], [0; 3]);
                    for (place, &arg) in args.iter().enumerate() {
                        (tys[place], ids[place]) = (self.core.ty(arg), arg.0);
                    }
                    let (meaning, arity, ret) = (op.row().meaning, args.len() as u8, self.core.ty(id));
                    self.steps.push(Step::Op { meaning, tys, args: ids, arity, ret, out: id });
                }
                Def::If { cond, then, otherwise } => {
                    let branch = self.steps.len();
                    self.steps.push(Step::Branch { cond: cond.0, otherwise: 0 });
                    self.region(id, then);
                    let jump = self.steps.len();
                    self.steps.push(Step::Jump { to: 0 });
                    self.steps[branch] = Step::Branch { cond: cond.0, otherwise: self.steps.len() };
                    self.region(id, otherwise);
                    self.steps[jump] = Step::Jump { to: self.steps.len() };
                    index = otherwise.end.index();
                }
                // A register that is there from the start, or that the end of an `if` has written.
                Def::Param(_) | Def::Const(_) | Def::Output { .. } => {}
                Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                    unreachable!("the verifier lets none through yet")
                }
            }
        }
    }

    fn region(&mut self, owner: ValueId, region: &Region) {
        self.range(region.start.index(), region.end.index());
        self.steps.push(Step::Copy { from: region.yields[0].0, to: owner.0 });
        for &(nth, to) in &self.outputs[owner.index()] {
            self.steps.push(Step::Copy { from: region.yields[nth].0, to });
        }
    }
}

#[cfg(test)]
mod tests;
