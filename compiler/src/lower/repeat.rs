//! Loops.
//!
//! ```text
//!   loop %1, %2 {                              jump head(%1, %2)
//!     %4 = carried 0                         head(%4, %5):
//!     %5 = carried 1                           brif %6, body, done(%4)
//!     %6 = lt %5, %0                         body:
//!     %7 = if %6 {                             left' = left - 1
//!       ..                                     brif left', head(%9, %10), settle
//!       yield true, %9, %10                  settle:                       (cold)
//!     } else {                                 counts, looks at the stop flag, refills;
//!       yield false, %4, %5                    jump head(%9, %10)
//!     }                                      done(%3):
//!     yield %7, %8, ..
//!   }
//! ```
//!
//! The last `if` of a body that decides whether to go on is not joined: where a region of it yields a
//! constant, it jumps to the head or out of the loop by itself, and so on in the `if`s at its end.
//!
//! **Fuel and the stop flag.** One counter in a register counts down to whatever comes first, the end of the
//! row's fuel or the next look at the flag. It holds one more than the iterations that may be made: it is
//! taken down before each, and 0 means that this one has to be settled first. What is behind the counter
//! stands in the frame:
//!
//! ```text
//!   poll      iterations until the next look, beyond those in the counter
//!   scratch   the counter as the row began, plus what it was refilled with in this row: one more than the
//!             row was given. What the row may still be given is its fuel + 1 - scratch.
//! ```
//!
//! The counter goes on from row to row; a row begins by writing it to `scratch`. A call that fails leaves
//! `poll` without what is in the counter, so that the next look comes early.

use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value, types};
use cranelift_frontend::Variable;
use filbert_ir::{Def, Fault, Op, Region, Scalar, ValueId};

use super::float::float_condition;
use super::int::int_condition;
use super::{Lower, clif_type, memory};
use crate::abi::{CallFrame, POLL_ITERATIONS};

/// How iterations are counted.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// One more than the iterations left before the next settling.
    counter: Variable,
}

/// A loop whose body is being lowered.
struct Around {
    id: ValueId,
    head: Block,
    done: Block,
    /// Which carried values are read after the loop: the parameters of `done`.
    finals: Vec<usize>,
}

const FUEL: i32 = std::mem::offset_of!(CallFrame, fuel) as i32;
const POLL: i32 = std::mem::offset_of!(CallFrame, poll) as i32;
const SCRATCH: i32 = std::mem::offset_of!(CallFrame, scratch) as i32;

impl Lower<'_> {
    /// A loop: a block for its head, whose parameters are the carried values, and one for what follows, whose
    /// parameters are the final values that somebody reads.
    pub(super) fn repeat(&mut self, id: ValueId, inits: &[ValueId], body: &Region) {
        self.flush();
        let [head, done] = std::array::from_fn(|_| self.b.create_block());
        let starts: Vec<BlockArg> = inits.iter().map(|&init| self.value(init).into()).collect();
        self.b.ins().jump(head, &starts);
        for (index, &init) in inits.iter().enumerate() {
            let carried = self.b.append_block_param(head, clif_type(self.core.ty(init)));
            self.values[body.start.index() + index] = Some(carried);
        }
        let mut results = vec![None; inits.len()];
        let finals: Vec<usize> = self.finals(id, body, inits.len());
        for &index in &finals {
            results[index] = Some(self.b.append_block_param(done, clif_type(self.core.ty(inits[index]))));
        }
        self.b.switch_to_block(head);
        let around = Around { id, head, done, finals };
        self.tail(body.start.0 + inits.len() as u32, body.end.0, &body.yields, &around);
        self.b.switch_to_block(done);
        self.values[id.index()] = results[0];
        self.outputs[id.index()] = results;
    }

    /// Which final values somebody reads.
    fn finals(&self, id: ValueId, body: &Region, count: usize) -> Vec<usize> {
        let mut read = vec![false; count];
        read[0] = self.used[id.index()];
        // Outputs stand in the region of their loop, behind it.
        for value in &self.core.values[body.end.index()..] {
            match value.def {
                Def::Output { of, index } if of == id => read[index as usize] = true,
                _ => {}
            }
        }
        (0..count).filter(|&index| read[index]).collect()
    }

    /// Lowers a range at whose end the loop goes on or ends, by these yields.
    fn tail(&mut self, start: u32, end: u32, yields: &[ValueId], around: &Around) {
        let Some(last) = self.deciding_if(start, end, yields[0]) else {
            self.region(start, end);
            return self.decide(yields, around);
        };
        let Def::If { cond, then, otherwise } = &self.core.value(last).def else { unreachable!("it is an if") };
        self.region(start, last.0);
        // What stands behind depends on it in no other way than by being its outputs.
        self.behind(otherwise.end.0, end, last);
        let [then_block, else_block] = std::array::from_fn(|_| self.b.create_block());
        // Cranelift lays the second of two blocks out next: the one in which the loop goes on.
        let index = if yields[0] == last { 0 } else { self.output_index(yields[0]) };
        if self.core.as_const(otherwise.yields[index]) == Some(Scalar::Bool(false)) {
            let inverse = self.inverse(*cond);
            self.flush();
            self.b.ins().brif(inverse, else_block, &[], then_block, &[]);
        } else {
            let cond = self.value(*cond);
            self.flush();
            self.b.ins().brif(cond, then_block, &[], else_block, &[]);
        }
        for (block, region) in [(then_block, then), (else_block, otherwise)] {
            self.b.switch_to_block(block);
            let resolve = |&id: &ValueId| match self.core.value(id).def {
                _ if id == last => region.yields[0],
                Def::Output { of, index } if of == last => region.yields[index as usize],
                _ => id,
            };
            let yields: Vec<ValueId> = yields.iter().map(resolve).collect();
            self.tail(region.start.0, region.end.0, &yields, around);
        }
    }

    fn output_index(&self, id: ValueId) -> usize {
        let Def::Output { index, .. } = self.core.value(id).def else { unreachable!("it is an output") };
        index as usize
    }

    /// Whether a condition does not hold, as a compare of its own where it is one: that and a branch are one
    /// instruction.
    fn inverse(&mut self, cond: ValueId) -> Value {
        if let Def::Op(op, args) = &self.core.value(cond).def {
            let ty = self.core.ty(args[0]);
            if *op == Op::Not {
                return self.value(args[0]);
            }
            if matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge) {
                let (x, y) = (self.value(args[0]), self.value(args[1]));
                return match float_condition(*op) {
                    Some(cc) if ty.is_float() => self.fcmp(cc.complement(), x, y),
                    _ => self.icmp(int_condition(*op, ty.is_signed()).complement(), x, y),
                };
            }
        }
        let (cond, zero) = (self.value(cond), self.b.ins().iconst(types::I8, 0));
        self.icmp(IntCC::Equal, cond, zero)
    }

    /// The `if` at the end of a range that decides whether to go on, if there is one: with nothing but
    /// outputs and constants behind it, and a constant decision in one of its regions.
    fn deciding_if(&self, start: u32, end: u32, go_on: ValueId) -> Option<ValueId> {
        let mut last = None;
        let mut next = start;
        while next < end {
            let id = ValueId(next);
            next += 1;
            match &self.core.value(id).def {
                Def::Output { .. } | Def::Const(_) => continue,
                Def::If { otherwise, .. } => next = otherwise.end.0,
                Def::Loop { body, .. } => next = body.end.0,
                _ => {}
            }
            last = Some(id);
        }
        let last = last?;
        let index = match self.core.value(go_on).def {
            _ if go_on == last => 0,
            Def::Output { of, index } if of == last => index as usize,
            _ => return None,
        };
        self.is_settled(last, index).then_some(last)
    }

    /// Whether a yield of an `if` is a constant in one of its regions, or in one of the `if`s at its end.
    fn is_settled(&self, id: ValueId, index: usize) -> bool {
        let Def::If { then, otherwise, .. } = &self.core.value(id).def else { return false };
        [then, otherwise].into_iter().any(|region| {
            let yielded = region.yields[index];
            self.core.as_const(yielded).is_some() || self.deciding_if(region.start.0, region.end.0, yielded).is_some()
        })
    }

    /// Lowers the constants and the outputs of earlier `if`s and loops that stand behind the `if` named `last`.
    fn behind(&mut self, start: u32, end: u32, last: ValueId) {
        for at in start..end {
            match self.core.value(ValueId(at)).def {
                Def::Output { of, .. } if of == last => {}
                _ => self.region(at, at + 1),
            }
        }
    }

    /// Goes on or ends.
    fn decide(&mut self, yields: &[ValueId], around: &Around) {
        self.flush();
        let finals: Vec<BlockArg> = around.finals.iter().map(|&index| self.value(yields[index + 1]).into()).collect();
        match self.core.as_const(yields[0]) {
            Some(Scalar::Bool(true)) => {}
            Some(_) => {
                self.b.ins().jump(around.done, &finals);
                return;
            }
            None => {
                let go_on = self.value(yields[0]);
                let again = self.b.create_block();
                self.b.ins().brif(go_on, again, &[], around.done, &finals);
                self.b.switch_to_block(again);
            }
        }
        let next: Vec<BlockArg> = yields[1..].iter().map(|&id| self.value(id).into()).collect();
        self.again(&next, around);
    }

    /// Takes an iteration from the budget and jumps to the head.
    fn again(&mut self, next: &[BlockArg], around: &Around) {
        let Budget { counter } = self.budget.expect("a kernel with loops counts");
        let left = self.b.use_var(counter);
        let left = self.b.ins().iadd_imm_s(left, -1);
        self.b.def_var(counter, left);
        let [settle, refill] = std::array::from_fn(|_| self.b.create_block());
        self.b.ins().brif(left, around.head, next, settle, &[]);

        self.b.set_cold_block(settle);
        self.b.switch_to_block(settle);
        let frame = self.frame();
        let fuel = self.fuel();
        let given = self.b.ins().load(types::I64, memory(), frame, SCRATCH);
        let fuel = self.b.ins().iadd_imm_s(fuel, 1);
        let fuel = self.b.ins().isub(fuel, given);
        let empty = self.cold_block(around.id, Fault::Fuel);
        self.b.ins().brif(fuel, refill, &[], empty, &[]);

        self.b.set_cold_block(refill);
        self.b.switch_to_block(refill);
        let stop = self.frame_field(std::mem::offset_of!(CallFrame, stop));
        let stop = self.b.ins().atomic_load(types::I8, memory(), stop);
        let poll = self.b.ins().load(types::I64, memory(), frame, POLL);
        let [zero, most] = [0, POLL_ITERATIONS as i64].map(|n| self.b.ins().iconst(types::I64, n));
        let due = self.icmp(IntCC::Equal, poll, zero);
        let poll = self.b.ins().select(due, most, poll);
        let more = self.least(false, fuel, poll);
        let given = self.b.ins().iadd(given, more);
        let poll = self.b.ins().isub(poll, more);
        self.b.ins().store(memory(), given, frame, SCRATCH);
        self.b.ins().store(memory(), poll, frame, POLL);
        // One of them is taken already.
        self.b.def_var(counter, more);
        let none = self.b.ins().iconst(types::I8, 0);
        let raised = self.icmp(IntCC::NotEqual, stop, none);
        let stopped = self.b.ins().band(due, raised);
        let out = *self.stopped.get_or_insert_with(|| self.b.create_block());
        self.b.ins().brif(stopped, out, &[], around.head, next);
    }

    // --- the budget

    /// Fills the counter for the first row.
    pub(super) fn begin_budget(&mut self) {
        if !self.core.has_loops() {
            return;
        }
        let counter = self.b.declare_var(types::I64);
        self.budget = Some(Budget { counter });
        let frame = self.frame();
        let fuel = self.fuel();
        let poll = self.b.ins().load(types::I64, memory(), frame, POLL);
        let given = self.least(false, fuel, poll);
        let poll = self.b.ins().isub(poll, given);
        self.b.ins().store(memory(), poll, frame, POLL);
        let given = self.b.ins().iadd_imm_s(given, 1);
        self.b.def_var(counter, given);
    }

    /// What the counter holds is what the row was given so far.
    pub(super) fn begin_row(&mut self) {
        let Some(Budget { counter }) = self.budget else { return };
        let (frame, given) = (self.frame(), self.b.use_var(counter));
        self.b.ins().store(memory(), given, frame, SCRATCH);
    }

    /// Hands what is left in the counter back.
    pub(super) fn end_budget(&mut self) {
        let Some(Budget { counter }) = self.budget else { return };
        let (frame, left) = (self.frame(), self.b.use_var(counter));
        let poll = self.b.ins().load(types::I64, memory(), frame, POLL);
        let poll = self.b.ins().iadd(poll, left);
        let poll = self.b.ins().iadd_imm_s(poll, -1);
        self.b.ins().store(memory(), poll, frame, POLL);
    }

    /// Iterations that a row may spend: what the frame says, but no more than the kernel says, for proofs
    /// rest on that.
    fn fuel(&mut self) -> Value {
        let frame = self.frame();
        let fuel = self.b.ins().load(types::I64, memory(), frame, FUEL);
        let most = self.b.ins().iconst(types::I64, self.core.signature.fuel as i64);
        self.least(false, fuel, most)
    }
}
