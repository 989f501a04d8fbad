//! The lanes of a sum: in registers where a turn has a row for each of them, else in memory, of which a block adds to
//! those of its rows. The caller's first row is that of lane 0, and a turn has a whole part of the lanes, so no block
//! reaches beyond the last.

use super::block::Block;
use super::moves::{evex_load, vex_load};
use super::*;
use crate::abi::SUM_LANES;
use crate::vector::ir::Inst;
use crate::vector::machine::Machine;

/// Where the lanes are.
const LANES: Column = Column::Output(0);

impl Emit {
    /// Loads the lanes that have registers, before the first turn.
    pub(super) fn load_sums(&mut self, placed: &Placed) {
        self.each_sum(placed, |emit, register, lanes, elem| {
            let code = match emit.shape.isa {
                Isa::Avx512 => evex_load(elem, register.size()),
                Isa::Avx2 => vex_load(elem, register.size()),
            };
            emit.asm.put(code, &[Operand::Register(register), lanes]);
        });
    }

    /// Puts them back behind the last one.
    pub(super) fn store_sums(&mut self, placed: &Placed) {
        self.each_sum(placed, |emit, register, lanes, elem| {
            let code = match (emit.shape.isa, register.size()) {
                (Isa::Avx512, size) => moves::evex_store(elem, size),
                (Isa::Avx2, 32) => Code::VEX_Vmovdqu_ymmm256_ymm,
                (Isa::Avx2, _) => Code::VEX_Vmovdqu_xmmm128_xmm,
            };
            emit.asm.put(code, &[lanes, Operand::Register(register)]);
        });
    }

    /// The registers with their lanes in memory.
    fn each_sum(&mut self, placed: &Placed, f: impl Fn(&mut Emit, Register, Operand, Type)) {
        let Some(elem) = placed.body.summed() else { return };
        for copy in 0..placed.body.sum_registers() {
            let register = self.sum_register(copy, elem);
            let first = copy * self.shape.lanes * elem.bytes() as u32;
            let lanes = Operand::At(self.base(LANES), first as i32);
            f(self, register, lanes, elem);
        }
    }

    fn sum_register(&self, copy: u32, elem: Type) -> Register {
        self.vector(registers::sum_register(self.shape.isa, copy), Ty::Lanes(Width::of(elem)))
    }
}

impl Block<'_> {
    /// Adds the block's results, of which the mask's count, to their lanes.
    pub(super) fn sum(&mut self, inst: &Inst, elem: Type) {
        let is_kept = matches!(self.place(inst.args[0]), Place::Register(_));
        let value = self.read(inst.args[0]);
        let mask = inst.args.get(1).map(|&mask| self.read(mask));
        let ty = Ty::Lanes(Width::of(elem));
        let machine = if elem == Type::F64 { Machine::AddF64 } else { Machine::AddF32 };
        let code = machine.row().form(self.shape().isa, self.shape().bits(ty));
        if self.placed.body.sum_registers() > 0 {
            let lanes = Operand::Register(self.emit.sum_register(inst.copy, elem));
            return self.put(code, &[lanes, lanes, Operand::Register(value)]);
        }
        self.put(Code::Mov_r64_rm64, &[Operand::Register(SPARE), Operand::Register(ROW)]);
        self.put(Code::And_rm64_imm32, &[Operand::Register(SPARE), Operand::Imm32(SUM_LANES as i32 - 1)]);
        let (base, bytes) = (self.emit.base(LANES), elem.bytes() as u32);
        let lanes = Operand::Element(base, SPARE, bytes, (inst.copy * self.shape().lanes * bytes) as i32);
        // A scratch register that the value was loaded to is read before it is written.
        let to = if is_kept { self.scratch(ty) } else { value };
        self.put(code, &[Operand::Register(to), Operand::Register(value), lanes]);
        self.store_to(lanes, to, mask, elem);
    }
}
