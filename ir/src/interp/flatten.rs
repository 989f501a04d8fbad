//! From a table with regions to steps over registers.
//!
//! ```text
//!   %3: f64 = if %2 {                 branch %2, else to A
//!     %4: f64 = mul %0, %0            %4 <- mul %0 %0
//!     yield %4                        %3 <- %4; jump to B
//!   } else {                       A:
//!     yield %1                        %3 <- %1
//!   }                              B:
//!
//!   %3: i64 = loop %1, %2 {           %4 <- %1; %5 <- %2
//!     %4: i64 = carried 0          A:
//!     %5: i64 = carried 1
//!     %6: i64 = add %4, %5            %6 <- add %4 %5
//!     %7: bool = lt %6, %0            %7 <- lt %6 %0
//!     yield %7, %6, %4                branch %7, else to B
//!   }                                 t <- %4; %4 <- %6; %5 <- t; again from A
//!   %8: i64 = output %3, 1         B: %3 <- %6; %8 <- %4
//! ```
//!
//! The next values of the carried ones come about all at once: one that is overwritten before it is read
//! goes through a register of its own (`t`).

use super::{Interpreter, Step};
use crate::kernel::{Core, Def, Region, ValueId, VerifiedKernel};
use crate::signature::Array;
use crate::types::Type;

impl Interpreter {
    /// Flattens a kernel.
    pub fn new(kernel: &VerifiedKernel) -> Interpreter {
        let core = &kernel.core;
        let mut registers = vec![0; core.values.len()];
        let mut outputs = vec![Vec::new(); core.values.len()];
        for (index, value) in core.values.iter().enumerate() {
            match value.def {
                Def::Const(bits) => registers[index] = bits,
                Def::Output { of, index: nth } => outputs[of.index()].push((nth as usize, index as u32)),
                _ => {}
            }
        }
        let mut flatten = Flatten { core, outputs, registers, steps: Vec::new() };
        flatten.range(core.slots() as usize, core.values.len());
        Interpreter {
            kernel: kernel.clone(),
            slots: core.slots() as usize,
            steps: flatten.steps,
            registers: flatten.registers,
            returns: core.returns.iter().map(|&id| (core.ty(id), id.0)).collect(),
        }
    }
}

struct Flatten<'a> {
    core: &'a Core,
    /// For each `if` and `loop`: which of its results goes to which value besides the first.
    outputs: Vec<Vec<(usize, u32)>>,
    registers: Vec<u64>,
    steps: Vec<Step>,
}

impl Flatten<'_> {
    /// The steps of the values `start..end`. Recursion is as deep as regions nest, which the verifier limits.
    fn range(&mut self, start: usize, end: usize) {
        let core = self.core;
        let mut index = start;
        while index < end {
            let id = ValueId(index as u32);
            index += 1;
            match &core.value(id).def {
                Def::Op(op, args) => {
                    let (mut tys, mut ids) = ([Type::Bool; 3], [0; 3]);
                    for (place, &arg) in args.iter().enumerate() {
                        (tys[place], ids[place]) = (core.ty(arg), arg.0);
                    }
                    let (meaning, arity, ret) = (op.row().meaning, args.len() as u8, core.ty(id));
                    self.steps.push(Step::Op { meaning, tys, args: ids, arity, ret, out: id.0 });
                }
                Def::If { cond, then, otherwise } => {
                    let branch = self.steps.len();
                    self.steps.push(Step::Branch { cond: cond.0, otherwise: 0 });
                    self.range(then.start.index(), then.end.index());
                    self.results(id, &then.yields);
                    let jump = self.steps.len();
                    self.steps.push(Step::Jump { to: 0 });
                    self.steps[branch] = Step::Branch { cond: cond.0, otherwise: self.here() };
                    self.range(otherwise.start.index(), otherwise.end.index());
                    self.results(id, &otherwise.yields);
                    self.steps[jump] = Step::Jump { to: self.here() };
                    index = otherwise.end.index();
                }
                Def::Loop { inits, body } => {
                    self.looped(id, inits, body);
                    index = body.end.index();
                }
                Def::Load { array: Array::Table(table), index } => {
                    self.steps.push(Step::Lookup { table: *table, index: index.0, out: id.0 });
                }
                Def::Load { array, index } => {
                    self.steps.push(Step::Load {
                        array: *array,
                        index: index.0,
                        length: self.length(*array),
                        out: id.0,
                    });
                }
                Def::Store { array, index, value } => {
                    let (length, elem) = (self.length(*array), core.ty(*value));
                    let (array, index, value) = (*array, index.0, value.0);
                    self.steps.push(Step::Store { array, index, length, value, elem, owner: id.0 });
                }
                // A register that is there from the start, or that an `if` or a `loop` writes.
                Def::Param(_) | Def::Const(_) | Def::Output { .. } | Def::Carried(_) => {}
            }
        }
    }

    fn looped(&mut self, id: ValueId, inits: &[ValueId], body: &Region) {
        // Initial values stand before the loop, so none is a carried value of it.
        for (place, init) in inits.iter().enumerate() {
            self.steps.push(Step::Copy { from: init.0, to: body.start.0 + place as u32 });
        }
        let top = self.here();
        self.range(body.start.index() + inits.len(), body.end.index());
        let (go_on, next) = (body.yields[0], &body.yields[1..]);
        let branch = self.steps.len();
        self.steps.push(Step::Branch { cond: go_on.0, otherwise: 0 });
        self.next_values(body.start.0, next);
        self.steps.push(Step::Again { to: top, owner: id.0 });
        self.steps[branch] = Step::Branch { cond: go_on.0, otherwise: self.here() };
        self.results(id, next);
    }

    /// Copies the next values to the carried ones, which begin at `first`, as if all at once.
    fn next_values(&mut self, first: u32, next: &[ValueId]) {
        let mut sources: Vec<u32> = next.iter().map(|id| id.0).collect();
        for (place, source) in sources.iter_mut().enumerate() {
            let is_overwritten = (first..first + place as u32).contains(source);
            if is_overwritten {
                let kept = self.registers.len() as u32;
                self.registers.push(0);
                self.steps.push(Step::Copy { from: *source, to: kept });
                *source = kept;
            }
        }
        for (place, from) in sources.into_iter().enumerate() {
            let to = first + place as u32;
            if from != to {
                self.steps.push(Step::Copy { from, to });
            }
        }
    }

    /// Copies what a region gives to its owner and the owner's outputs.
    fn results(&mut self, owner: ValueId, given: &[ValueId]) {
        self.steps.push(Step::Copy { from: given[0].0, to: owner.0 });
        for &(nth, to) in &self.outputs[owner.index()] {
            self.steps.push(Step::Copy { from: given[nth].0, to });
        }
    }

    /// The register that holds the length of a list.
    fn length(&self, array: Array) -> u32 {
        let signature = &self.core.signature;
        match array {
            Array::Param(index) => signature.param_slot(index as usize).0,
            Array::Result(index) => signature.length_slot(index as usize).0,
            Array::Table(_) => unreachable!("a table knows its length"),
        }
    }

    fn here(&self) -> u32 {
        self.steps.len() as u32
    }
}
