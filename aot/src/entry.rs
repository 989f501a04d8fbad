//! The C function around a kernel's code.
//!
//! ```text
//!   entry:        no rows: 0. Which level has the CPU? none that there is code for: NO_CODE
//!   ready:        frame, tables, what is the same in every strip
//!   strip(base):  pointers to the strip's rows; scratch columns of flags, lengths and addresses
//!   run(start):   the level's main code; 0 -> done; SCALAR -> the scalar code for a turn, run(behind it);
//!                 a fault -> the row is null, run(row + 1), or the call ends
//!   done:         what is null is 0; strip(base + count) or 0
//!   give_up:      `*error`, the number
//! ```
//!
//! A strip is all rows, unless the kernel has nullable arguments, lists or nullable results: then columns are made for
//! it on the stack (values with 0 where they are null, flags, lengths, addresses), as the call frame wants them.

mod strip;

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, FuncRef, GlobalValue, InstBuilder, MemFlagsData, SigRef, StackSlot, StackSlotData, StackSlotKind, Type,
    Value, types,
};
use cranelift_frontend::FunctionBuilder;
use filbert_compiler::abi::{CallFrame, POLL_ITERATIONS, SCALAR};
use filbert_compiler::helpers::HELPERS;

use crate::header::{NO_CODE, NOT_COMPUTED};
use crate::shape::{Role, Shape};
use strip::Strip;

/// Code of one level, as the function refers to it.
pub(crate) struct Choice {
    /// What a CPU must have; see `level_number`.
    pub(crate) level: i64,
    pub(crate) main: FuncRef,
    pub(crate) scalar: FuncRef,
    pub(crate) turn_rows: u64,
    /// Line and column of each site, as pairs.
    pub(crate) places: GlobalValue,
}

/// What the function refers to.
pub(crate) struct Parts<'p> {
    pub(crate) shape: &'p Shape,
    /// Slots and output columns of the kernel.
    pub(crate) slots: usize,
    pub(crate) columns: usize,
    pub(crate) lists: usize,
    /// Loop iterations of a row.
    pub(crate) fuel: u64,
    pub(crate) tables: Vec<GlobalValue>,
    /// Helpers that are called, by their index.
    pub(crate) helpers: Vec<(usize, FuncRef)>,
    /// Gives the CPU's level; without, everybody has it.
    pub(crate) level: Option<FuncRef>,
    /// The highest first.
    pub(crate) choices: Vec<Choice>,
    /// The signature of kernels' code.
    pub(crate) code: SigRef,
}

/// Rows of a strip at most.
const STRIP_ROWS_MAX: u64 = 1024;
/// Bytes of scratch columns at most.
const SCRATCH_BYTES: u64 = 48 << 10;

/// Memory that does not trap, of unknown alignment.
fn memory() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// The function being made.
struct Entry<'a, 'b> {
    b: &'a mut FunctionBuilder<'b>,
    parts: &'a Parts<'a>,
    arguments: Vec<Value>,
    frame: StackSlot,
    /// Tables of the frame.
    inputs: StackSlot,
    outputs: StackSlot,
    lists: StackSlot,
}

/// The level's code.
struct Chosen {
    main: Value,
    scalar: Value,
    turn_rows: Value,
    places: Value,
}

/// Fills the function; it has its first block, whose parameters are the arguments.
pub(crate) fn entry(b: &mut FunctionBuilder<'_>, parts: &Parts<'_>) {
    let first = b.current_block().expect("the function has its first block");
    let arguments = b.block_params(first).to_vec();
    let mut slot = |bytes: usize| {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes.max(8) as u32, 3);
        b.create_sized_stack_slot(data)
    };
    let [frame, inputs, outputs, lists] =
        [size_of::<CallFrame>(), parts.slots * 8, parts.columns * 8, parts.lists * 8].map(&mut slot);
    Entry { b, parts, arguments, frame, inputs, outputs, lists }.function();
}

impl Entry<'_, '_> {
    fn function(&mut self) {
        let [some, strip] = std::array::from_fn(|_| self.b.create_block());
        let (none, code) = (self.b.create_block(), types::I32);
        let code = self.b.append_block_param(none, code);
        let base = self.b.append_block_param(strip, types::I64);
        let rows = self.argument(Role::Rows);
        let zero = self.int(0);
        let ok = self.b.ins().iconst(types::I32, 0);
        self.b.ins().brif(rows, some, &[], none, &[ok.into()]);
        self.b.switch_to_block(some);
        let chosen = self.choose();
        self.fill_frame();
        let scratch = strip::Scratch::new(self);
        scratch.fill_once(self);
        self.b.ins().jump(strip, &[zero.into()]);

        self.b.switch_to_block(strip);
        let left = self.b.ins().isub(rows, base);
        let count = match scratch.rows {
            Some(most) => {
                let most = self.int(most as i64);
                self.b.ins().umin(left, most)
            }
            None => left,
        };
        let strip_of = scratch.fill(self, base, count);
        let next = self.strip_rows(&chosen, &strip_of, base, count);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, next, rows);
        self.b.ins().brif(more, strip, &[next.into()], none, &[ok.into()]);
        self.b.switch_to_block(none);
        self.b.ins().return_(&[code]);
    }

    // --- the level

    /// Finds the code for this CPU; returns from the function where there is none.
    fn choose(&mut self) -> Chosen {
        let ready = self.b.create_block();
        let [main, scalar, turn_rows, places] = std::array::from_fn(|_| self.b.append_block_param(ready, types::I64));
        let level = self.parts.level.map(|level| {
            let call = self.b.ins().call(level, &[]);
            self.b.inst_results(call)[0]
        });
        for choice in &self.parts.choices {
            let next = level.map(|level| {
                let [this, next] = std::array::from_fn(|_| self.b.create_block());
                let wanted = self.b.ins().iconst(types::I32, choice.level);
                let has = self.b.ins().icmp(IntCC::SignedGreaterThanOrEqual, level, wanted);
                self.b.ins().brif(has, this, &[], next, &[]);
                self.b.switch_to_block(this);
                next
            });
            let main = self.b.ins().func_addr(types::I64, choice.main);
            let scalar = self.b.ins().func_addr(types::I64, choice.scalar);
            let turn_rows = self.int(choice.turn_rows as i64);
            let places = self.b.ins().symbol_value(types::I64, choice.places);
            self.b.ins().jump(ready, &[main.into(), scalar.into(), turn_rows.into(), places.into()]);
            match next {
                Some(next) => self.b.switch_to_block(next),
                None => break,
            }
        }
        if level.is_some() {
            let zero = self.int(0);
            let [fault, none] = [NO_CODE, 0].map(|n| self.b.ins().iconst(types::I32, i64::from(n)));
            self.tell(zero, fault, none, none);
            self.b.ins().return_(&[fault]);
        }
        self.b.switch_to_block(ready);
        Chosen { main, scalar, turn_rows, places }
    }

    // --- the frame

    fn fill_frame(&mut self) {
        for (offset, table) in [
            (offset_of!(CallFrame, inputs), self.inputs),
            (offset_of!(CallFrame, outputs), self.outputs),
            (offset_of!(CallFrame, lists), self.lists),
        ] {
            let address = self.b.ins().stack_addr(types::I64, table, 0);
            self.set(offset, address);
        }
        let tables: Vec<Value> =
            self.parts.tables.iter().map(|&table| self.b.ins().symbol_value(types::I64, table)).collect();
        let tables = self.table(tables.len(), tables.into_iter().enumerate());
        self.set(offset_of!(CallFrame, tables), tables);
        let helpers: Vec<(usize, Value)> =
            self.parts.helpers.iter().map(|&(at, f)| (at, self.b.ins().func_addr(types::I64, f))).collect();
        let length = if helpers.is_empty() { 0 } else { HELPERS.len() };
        let helpers = self.table(length, helpers.into_iter());
        self.set(offset_of!(CallFrame, helpers), helpers);
        // Nobody stops a call: the byte is one of those that are always 0.
        let zero = self.b.ins().stack_addr(types::I64, self.frame, offset_of!(CallFrame, zero) as i32);
        self.set(offset_of!(CallFrame, stop), zero);
        let none = self.b.ins().iconst(types::I32, 0);
        self.set(offset_of!(CallFrame, zero), none);
        self.set(offset_of!(CallFrame, fault_site), none);
        for (offset, number) in [
            (offset_of!(CallFrame, fuel), self.parts.fuel),
            (offset_of!(CallFrame, poll), POLL_ITERATIONS),
            (offset_of!(CallFrame, streams), 0),
        ] {
            let number = self.int(number as i64);
            self.set(offset, number);
        }
    }

    /// A table on the stack with these entries.
    fn table(&mut self, length: usize, entries: impl Iterator<Item = (usize, Value)>) -> Value {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, (length * 8).max(8) as u32, 3);
        let slot = self.b.create_sized_stack_slot(data);
        for (index, entry) in entries {
            self.entry(slot, index, entry);
        }
        self.b.ins().stack_addr(types::I64, slot, 0)
    }

    fn entry(&mut self, table: StackSlot, index: usize, value: Value) {
        self.b.ins().stack_store(types::I64, value, table, index as i32 * 8);
    }

    fn set(&mut self, offset: usize, value: Value) {
        self.b.ins().stack_store(types::I64, value, self.frame, offset as i32);
    }

    fn get(&mut self, ty: Type, offset: usize) -> Value {
        self.b.ins().stack_load(types::I64, ty, self.frame, offset as i32)
    }

    // --- running

    /// Runs the rows of a strip; ends in a block behind them, and gives the row of the call that comes next.
    fn strip_rows(&mut self, chosen: &Chosen, strip: &Strip, base: Value, count: Value) -> Value {
        let [run, failed, turn, over, behind, done, give_up] = std::array::from_fn(|_| self.b.create_block());
        let start = self.b.append_block_param(run, types::I64);
        let next = self.b.append_block_param(behind, types::I64);
        let number = self.b.append_block_param(over, types::I32);
        let zero = self.int(0);
        self.b.ins().jump(run, &[zero.into()]);

        self.b.switch_to_block(run);
        let told = self.call(chosen.main, start, count);
        self.b.ins().brif(told, failed, &[], done, &[]);

        self.b.switch_to_block(failed);
        let is_left = self.b.ins().icmp_imm_u(IntCC::Equal, told, i64::from(SCALAR));
        let has_turns = self.b.ins().icmp_imm_u(IntCC::NotEqual, chosen.turn_rows, 0);
        let is_left = self.b.ins().band(is_left, has_turns);
        self.b.ins().brif(is_left, turn, &[], over, &[told.into()]);

        self.b.switch_to_block(turn);
        let from = self.get(types::I64, offset_of!(CallFrame, fault_row));
        let to = self.b.ins().iadd(from, chosen.turn_rows);
        let to = self.b.ins().umin(to, count);
        strip.clear_lists(self, from, to);
        let told = self.call(chosen.scalar, from, to);
        self.b.ins().brif(told, over, &[told.into()], behind, &[to.into()]);

        self.b.switch_to_block(over);
        if self.parts.shape.forgives {
            let forgive = self.b.create_block();
            // What nobody can compute here is no failure of the row.
            let is_left = self.b.ins().icmp_imm_u(IntCC::Equal, number, i64::from(SCALAR));
            self.b.ins().brif(is_left, give_up, &[], forgive, &[]);
            self.b.switch_to_block(forgive);
            let row = self.get(types::I64, offset_of!(CallFrame, fault_row));
            strip.forgive(self, row);
            let following = self.b.ins().iadd_imm_s(row, 1);
            self.b.ins().jump(behind, &[following.into()]);
        } else {
            self.b.ins().jump(give_up, &[]);
        }
        self.b.switch_to_block(behind);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, next, count);
        self.b.ins().brif(more, run, &[next.into()], done, &[]);

        self.b.switch_to_block(give_up);
        self.give_up(chosen, strip, base, number);
        self.b.switch_to_block(done);
        strip.finish(self, count);
        self.b.ins().iadd(base, count)
    }

    /// Runs code over rows of the strip.
    fn call(&mut self, code: Value, start: Value, end: Value) -> Value {
        self.set(offset_of!(CallFrame, start), start);
        self.set(offset_of!(CallFrame, end), end);
        let frame = self.b.ins().stack_addr(types::I64, self.frame, 0);
        let call = self.b.ins().call_indirect(self.parts.code, code, &[frame]);
        self.b.inst_results(call)[0]
    }

    /// Tells why and where the call ends, and ends it.
    fn give_up(&mut self, chosen: &Chosen, strip: &Strip, base: Value, number: Value) {
        let row = self.get(types::I64, offset_of!(CallFrame, fault_row));
        strip.finish(self, row);
        let is_left = self.b.ins().icmp_imm_u(IntCC::Equal, number, i64::from(SCALAR));
        let not_computed = self.b.ins().iconst(types::I32, i64::from(NOT_COMPUTED));
        let fault = self.b.ins().select(is_left, not_computed, number);
        let site = self.get(types::I32, offset_of!(CallFrame, fault_site));
        let site = self.b.ins().uextend(types::I64, site);
        let place = self.element(chosen.places, site, 8);
        let [line, column] = [0, 4].map(|offset| self.b.ins().load(types::I32, memory(), place, offset));
        let row = self.b.ins().iadd(base, row);
        self.tell(row, fault, line, column);
        self.b.ins().return_(&[fault]);
    }

    /// Fills `*error`, if there is one.
    fn tell(&mut self, row: Value, fault: Value, line: Value, column: Value) {
        let error = self.argument(Role::Error);
        let [wanted, told] = std::array::from_fn(|_| self.b.create_block());
        self.b.ins().brif(error, wanted, &[], told, &[]);
        self.b.switch_to_block(wanted);
        let none = self.b.ins().iconst(types::I32, 0);
        for (offset, value) in [(0, row), (8, fault), (12, line), (16, column), (20, none)] {
            self.b.ins().store(memory(), value, error, offset);
        }
        self.b.ins().jump(told, &[]);
        self.b.switch_to_block(told);
    }

    // --- short names

    fn argument(&self, role: Role) -> Value {
        self.arguments[self.parts.shape.position(role)]
    }

    fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(types::I64, value)
    }

    /// Address of an element of so many bytes.
    fn element(&mut self, first: Value, index: Value, bytes: u64) -> Value {
        let offset = self.b.ins().imul_imm_s(index, bytes as i64);
        self.b.ins().iadd(first, offset)
    }

    /// Runs `body` for each index from one to the other.
    fn each(&mut self, from: Value, to: Value, body: impl FnOnce(&mut Self, Value)) {
        let [head, turn, done]: [Block; 3] = std::array::from_fn(|_| self.b.create_block());
        let index = self.b.append_block_param(head, types::I64);
        self.b.ins().jump(head, &[from.into()]);
        self.b.switch_to_block(head);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, index, to);
        self.b.ins().brif(more, turn, &[], done, &[]);
        self.b.switch_to_block(turn);
        body(self, index);
        let next = self.b.ins().iadd_imm_s(index, 1);
        self.b.ins().jump(head, &[next.into()]);
        self.b.switch_to_block(done);
    }
}
