//! The loop over blocks, around the code of their bodies. See docs/abi.md for the frame.
//!
//! ```text
//!   entry:   save what must be saved, room for slots, pointers of the columns into registers
//!            if stores may go past the caches: to `stream`
//!   turns:   constants into registers; as long as a whole turn of rows is left: body, next
//!   tail:    constants into registers; as long as rows are left: the masks of these rows, body, next block; of long
//!            blocks this is the only loop
//!   done:    return 0
//!   stream:  as turns, with other stores; back to `turns` for the rest, or on where a row may fail
//!   cold:    the NaNs of a turn and quotients in doubt, for `turns` and `stream`; back to where it left
//!   scalar:  fault_row = this row, return SCALAR
//! ```
//!
//! Where narrow columns keep a machine from masking, the tail computes whole blocks, and goes to `scalar` with
//! the rows that are left.
//!
//! | register | holds |
//! |---|---|
//! | rdi | the frame |
//! | rsi, rdx | the row, and one past the last |
//! | rcx, r8 | the tables of inputs and outputs |
//! | r9, r10, r11, rbx, r12 to r15 | pointers of columns, as far as they go |
//! | rax | whatever is wanted for a moment |
//! | rbp | the caller's stack, where there are slots |
//!
//! A kernel with loops has r15 to r13 for itself, see `repeat`.

use std::mem::offset_of;

use filbert_ir::Type;
use iced_x86::{Code, Register};

use super::assembler::{Assembled, Assembler, Label, Operand};
use super::ir::{Bank, Body, Inst, Isa, Shape, Ty, What, Where, Width};
use super::registers::{self, Place, Places, slot_bytes};
use crate::abi::{CallFrame, SCALAR};

mod block;
mod cold;
mod doubt;
mod in_place;
mod kept;
mod memory;
mod moves;
mod repeat;
mod sum;

use cold::Cold;
use repeat::Budget;

const FRAME: Register = Register::RDI;
const ROW: Register = Register::RSI;
const END: Register = Register::RDX;
const INPUTS: Register = Register::RCX;
const OUTPUTS: Register = Register::R8;
const SPARE: Register = Register::RAX;
/// Registers for columns; those from `SAVED` on belong to the caller.
const COLUMNS: [Register; 8] = [
    Register::R9,
    Register::R10,
    Register::R11,
    Register::RBX,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];
const SAVED: usize = 3;
/// Those that loops leave.
const COLUMNS_BESIDE_LOOPS: usize = 5;
/// Bytes of a cache line.
const LINE_BYTES: u32 = 64;
/// How far ahead of a turn inputs are asked for where stores go past the caches. Half and double as much do as well.
const AHEAD_BYTES: u32 = 1024;
/// Instructions of a block up to which a loop with stores past the caches is worth its code.
const STREAMED_MAX: usize = 64;

/// A body with the places of its values.
pub(super) struct Placed {
    pub(super) body: Body,
    pub(super) places: Places,
    /// What is made of the first turn's rows before the loop, where each turn begins the next one.
    pub(super) before: Option<Box<Placed>>,
}

impl Placed {
    /// Rows that have to be there for a turn.
    fn rows(&self) -> u32 {
        let turns = if self.before.is_some() { 2 } else { 1 };
        self.body.shape.lanes * self.body.copies * turns
    }

    fn slots(&self) -> u32 {
        self.places.slots.max(self.before.as_ref().map_or(0, |before| before.places.slots))
    }
}

/// A column of inputs or outputs, of a list's addresses, or a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    Input(u32),
    Output(u32),
    List(u32),
    Table(u32),
}

/// Makes the code of these loops, which follow one another. Only the last may be one for partial blocks; if it is
/// not, the rows that it leaves go to the scalar code.
pub(super) fn emit(loops: &[Placed], fuel: u64) -> Result<Assembled, String> {
    let last = &loops.last().ok_or("nothing to run")?.body;
    let mut columns = Vec::new();
    for inst in &last.insts {
        let column = match inst.what {
            What::Load { slot, .. } => Column::Input(slot),
            What::Store { column, .. } => Column::Output(column),
            What::Sum { .. } => Column::Output(0),
            What::Address { list } => Column::List(list),
            What::Gather { from: Where::Table(table), .. } => Column::Table(table),
            _ => continue,
        };
        if !columns.contains(&column) {
            // The lanes of a sum must have a register.
            let place = if matches!(inst.what, What::Sum { .. }) { 0 } else { columns.len() };
            columns.insert(place, column);
        }
    }
    let has_loops = loops.iter().any(|placed| placed.body.has_loops());
    columns.truncate(if has_loops { COLUMNS_BESIDE_LOOPS } else { COLUMNS.len() });
    let slots = loops.iter().map(Placed::slots).max().unwrap_or(0);
    let mut asm = Assembler::new();
    let [done, scalar, turns, stream, stopped, spent] = std::array::from_fn(|_| asm.label());
    let budget = has_loops.then_some(Budget { fuel, stopped, spent });
    let mut emit = Emit {
        asm,
        shape: last.shape,
        columns,
        slots,
        budget,
        streams: false,
        has_turns: !loops[0].body.is_tail,
        cold: Vec::new(),
    };
    let turn = loops.first().filter(|placed| placed.before.is_none() && streams(&placed.body));
    emit.entry();
    if turn.is_some() {
        emit.load_pointer(SPARE, FRAME, offset_of!(CallFrame, streams) as i32);
        emit.asm.put(Code::And_rm64_imm32, &[Operand::Register(SPARE), Operand::Imm32(-1)]);
        emit.asm.jump(Code::Jne_rel32_64, stream);
    }
    emit.asm.bind(turns);
    for placed in loops {
        match placed.body.is_tail {
            true => emit.masked(placed, done, scalar),
            false => emit.whole(placed, scalar),
        }
    }
    if !last.is_tail {
        emit.compare_end();
        emit.asm.jump(Code::Jb_rel32_64, scalar);
    }
    emit.asm.bind(done);
    emit.end_budget();
    emit.asm.put(Code::Xor_r32_rm32, &[Operand::Register(Register::EAX); 2]);
    emit.leave();
    if let Some(turn) = turn {
        emit.asm.bind(stream);
        emit.stream(turn, turns);
    }
    if !emit.cold.is_empty() {
        emit.asm.jump(Code::Jmp_rel32_64, scalar);
        emit.cold();
    }
    emit.asm.bind(scalar);
    emit.end_budget();
    emit.asm.bind(spent);
    emit.leave_with(SCALAR);
    emit.stopped();
    emit.asm.finish()
}

/// Whether a body has a form whose stores go past the caches: each stores a whole register, and the time is that of
/// memory, not of the instructions.
fn streams(body: &Body) -> bool {
    let whole = |inst: &Inst| match inst.what {
        What::Store { elem, .. } => {
            // Narrower elements are cut down to less than the register that they are in.
            elem.bytes() >= 4 && [256, 512].contains(&(elem.bits() * body.shape.lanes))
        }
        What::Sum { .. } => false,
        _ => true,
    };
    let work = body.insts.iter().filter(|inst| inst.copy == 0 && !inst.what.is_kept()).count();
    !body.is_tail && work <= STREAMED_MAX && body.insts.iter().all(whole)
}

struct Emit {
    asm: Assembler,
    shape: Shape,
    /// The columns that have a register, in the order of `COLUMNS`.
    columns: Vec<Column>,
    slots: u32,
    /// How iterations are counted, if there are loops.
    budget: Option<Budget>,
    /// Stores go past the caches.
    streams: bool,
    /// Whether whole turns come before the tail.
    has_turns: bool,
    /// What is done out of the way.
    cold: Vec<Cold>,
}

impl Emit {
    fn saved(&self) -> &'static [Register] {
        let used = if self.budget.is_some() { COLUMNS.len() } else { self.columns.len() };
        COLUMNS.get(SAVED..used).unwrap_or(&[])
    }

    fn entry(&mut self) {
        let saved = self.saved();
        for &register in saved {
            self.asm.put(Code::Push_r64, &[Operand::Register(register)]);
        }
        if self.slots > 0 {
            let (stack, base) = (Operand::Register(Register::RSP), Operand::Register(Register::RBP));
            self.asm.put(Code::Push_r64, &[base]);
            self.asm.put(Code::Mov_r64_rm64, &[base, stack]);
            let bytes = slot_bytes(self.shape.isa);
            self.asm.put(Code::Sub_rm64_imm32, &[stack, Operand::Imm32((self.slots * bytes) as i32)]);
            self.asm.put(Code::And_rm64_imm32, &[stack, Operand::Imm32(-(bytes as i32))]);
        }
        for (register, field) in [
            (ROW, offset_of!(CallFrame, start)),
            (END, offset_of!(CallFrame, end)),
            (INPUTS, offset_of!(CallFrame, inputs)),
            (OUTPUTS, offset_of!(CallFrame, outputs)),
        ] {
            self.load_pointer(register, FRAME, field as i32);
        }
        for (column, register) in self.columns.clone().into_iter().zip(COLUMNS) {
            self.load_column(register, column);
        }
        self.begin_budget();
    }

    fn load_pointer(&mut self, to: Register, base: Register, displacement: i32) {
        self.asm.put(Code::Mov_r64_rm64, &[Operand::Register(to), Operand::At(base, displacement)]);
    }

    fn load_column(&mut self, to: Register, column: Column) {
        match column {
            Column::Input(slot) => self.load_pointer(to, INPUTS, slot as i32 * 8),
            Column::Output(column) => self.load_pointer(to, OUTPUTS, column as i32 * 8),
            Column::List(list) => {
                self.load_pointer(to, FRAME, offset_of!(CallFrame, lists) as i32);
                self.load_pointer(to, to, list as i32 * 8);
            }
            Column::Table(table) => {
                self.load_pointer(to, FRAME, offset_of!(CallFrame, tables) as i32);
                self.load_pointer(to, to, table as i32 * 8);
            }
        }
    }

    /// The register that points to a column.
    fn base(&mut self, column: Column) -> Register {
        match self.columns.iter().position(|known| *known == column) {
            Some(index) => COLUMNS[index],
            None => {
                self.load_column(SPARE, column);
                SPARE
            }
        }
    }

    /// Leaves the rows from this one on.
    fn leave_with(&mut self, status: u32) {
        let fault_row = offset_of!(CallFrame, fault_row) as i32;
        self.asm.put(Code::Mov_rm64_r64, &[Operand::At(FRAME, fault_row), Operand::Register(ROW)]);
        self.asm.put(Code::Mov_r32_imm32, &[Operand::Register(Register::EAX), Operand::Imm32(status as i32)]);
        self.leave();
    }

    fn leave(&mut self) {
        self.asm.put(Code::VEX_Vzeroupper, &[]);
        if self.slots > 0 {
            let (stack, base) = (Operand::Register(Register::RSP), Operand::Register(Register::RBP));
            self.asm.put(Code::Mov_r64_rm64, &[stack, base]);
            self.asm.put(Code::Pop_r64, &[base]);
        }
        for &register in self.saved().iter().rev() {
            self.asm.put(Code::Pop_r64, &[Operand::Register(register)]);
        }
        self.asm.put(Code::Retnq, &[]);
    }

    // --- loops

    /// As long as all rows of the body are there. Goes on behind it.
    fn whole(&mut self, placed: &Placed, scalar: Label) {
        let [head, behind] = [self.asm.label(), self.asm.label()];
        let rows = placed.body.shape.lanes * placed.body.copies;
        if let Some(before) = &placed.before {
            self.compare_after(placed.rows());
            self.asm.jump(Code::Ja_rel32_64, behind);
            self.constants(before);
            self.block(before, scalar);
        }
        self.constants(placed);
        self.load_sums(placed);
        if placed.before.is_none() {
            self.compare_after(rows);
            self.asm.jump(Code::Ja_rel32_64, behind);
        }
        self.asm.bind(head);
        self.claim(placed);
        self.block(placed, scalar);
        self.advance(rows);
        self.compare_after(placed.rows());
        self.asm.jump(Code::Jbe_rel32_64, head);
        self.asm.bind(behind);
        self.store_sums(placed);
    }

    /// Whole turns with stores past the caches. The return, which the loop's rows may have been the last before,
    /// makes them visible to other threads only behind a fence. Goes on behind it where a row may fail.
    fn stream(&mut self, placed: &Placed, turns: Label) {
        let left = self.asm.label();
        self.streams = true;
        self.whole(placed, left);
        self.streams = false;
        self.asm.put(Code::Sfence, &[]);
        self.asm.jump(Code::Jmp_rel32_64, turns);
        self.asm.bind(left);
        self.asm.put(Code::Sfence, &[]);
    }

    /// Asks for the cache lines that the turn will store to, so that they come while it computes: the store of a
    /// whole line into one that the first cache does not have waits longer than two halves do, and what comes out of
    /// the second cache is otherwise a tenth slower than in halves. Lines of other rows are not asked for.
    fn claim(&mut self, placed: &Placed) {
        if self.streams {
            return self.ask(placed);
        }
        if self.shape.isa != Isa::Avx512 {
            return;
        }
        for inst in &placed.body.insts {
            let What::Store { column, elem } = inst.what else { continue };
            let bytes = elem.bytes() as u32;
            let first = inst.copy * self.shape.lanes * bytes;
            let base = self.columns.iter().position(|known| *known == Column::Output(column));
            if let Some(base) = base.filter(|_| first.is_multiple_of(LINE_BYTES)) {
                let line = Operand::Element(COLUMNS[base], ROW, bytes, first as i32);
                self.asm.put(Code::Prefetchw_m8, &[line]);
            }
        }
    }

    /// Asks for the lines of inputs that the next turns will read, in a loop whose stores go past the caches: both come
    /// from memory then, and without this a turn's arithmetic waits for its first lines. Past the end nothing is
    /// touched: a line that is not there is not fetched.
    fn ask(&mut self, placed: &Placed) {
        for inst in &placed.body.insts {
            let What::Load { slot, elem } = inst.what else { continue };
            let bytes = elem.bytes() as u32;
            let first = inst.copy * self.shape.lanes * bytes;
            let base = self.columns.iter().position(|known| *known == Column::Input(slot));
            if let Some(base) = base.filter(|_| first.is_multiple_of(LINE_BYTES)) {
                let line = Operand::Element(COLUMNS[base], ROW, bytes, (first + AHEAD_BYTES) as i32);
                self.asm.put(Code::Prefetcht0_m8, &[line]);
            }
        }
    }

    /// Blocks of which the last may be a partial one.
    fn masked(&mut self, placed: &Placed, done: Label, scalar: Label) {
        let head = self.asm.label();
        self.compare_end();
        self.asm.jump(Code::Jae_rel32_64, done);
        self.constants(placed);
        self.asm.bind(head);
        self.block(placed, scalar);
        self.advance(self.shape.lanes);
        self.compare_end();
        self.asm.jump(Code::Jb_rel32_64, head);
    }

    fn advance(&mut self, rows: u32) {
        self.asm.put(Code::Add_rm64_imm32, &[Operand::Register(ROW), Operand::Imm32(rows as i32)]);
    }

    /// Compares the row so many further on with the end.
    fn compare_after(&mut self, rows: u32) {
        self.asm.put(Code::Lea_r64_m, &[Operand::Register(SPARE), Operand::At(ROW, rows as i32)]);
        self.asm.put(Code::Cmp_r64_rm64, &[Operand::Register(SPARE), Operand::Register(END)]);
    }

    fn compare_end(&mut self) {
        self.asm.put(Code::Cmp_r64_rm64, &[Operand::Register(ROW), Operand::Register(END)]);
    }

    /// A constant's place in the pool: once where lanes can share it, else for all lanes.
    fn pool_entry(&mut self, bits: u64) -> u32 {
        let bytes = bits.to_le_bytes();
        match self.shape.isa {
            Isa::Avx512 => self.asm.pool(&bytes),
            Isa::Avx2 => self.asm.pool(&bytes.repeat(4)),
        }
    }

    // --- registers by number

    /// A vector register as wide as values of this type.
    fn vector(&self, number: u32, ty: Ty) -> Register {
        let first = match self.shape.bits(ty) {
            512 => Register::ZMM0,
            256 => Register::YMM0,
            _ => Register::XMM0,
        };
        first + number
    }
}

/// A mask register; 0 is left out.
fn mask_register(number: u32) -> Register {
    Register::K1 + number
}
