//! The instructions of one body.

use super::moves::{evex_load, evex_store, load_code, store_code, stream_code, vex_load};
use super::repeat::Loop;
use super::*;
use crate::vector::ir::V;
use crate::vector::machine::Machine;

/// One body being written.
pub(super) struct Block<'a> {
    pub(super) emit: &'a mut Emit,
    pub(super) placed: &'a Placed,
    /// Scratch registers that the current instruction has taken, by bank.
    taken: [u32; 2],
    /// The loops so far.
    pub(super) loops: Vec<Loop>,
}

impl Emit {
    /// Writes a body for the rows from `ROW` on.
    pub(super) fn block(&mut self, placed: &Placed, scalar: Label) {
        self.begin_turn();
        let mut block = Block { emit: self, placed, taken: [0; 2], loops: Vec::new() };
        for (index, inst) in placed.body.insts.iter().enumerate() {
            block.taken = [0; 2];
            block.inst(V(index as u32), inst, scalar);
        }
    }
}

impl Block<'_> {
    fn inst(&mut self, v: V, inst: &Inst, scalar: Label) {
        match inst.what {
            What::Const(_) | What::Uniform { .. } | What::Ahead => {}
            // Whatever nobody reads has no effect.
            _ if inst.ty != Ty::None && self.place(v) == Place::Nowhere => {}
            What::Tail => self.tail(v, inst),
            What::Rows => self.rows(v, inst),
            What::Address { list } => self.address(v, inst, list),
            What::Gather { from, elem, offset } => self.gather(v, inst, from, elem, offset),
            What::Scatter { to, elem, offset } => self.scatter(inst, to, elem, offset),
            What::Carry => self.set(v, inst.args[0], None),
            What::Set => self.set(inst.args[0], inst.args[1], inst.args.get(2).copied()),
            What::Pass => self.set(inst.args[0], inst.args[1], None),
            What::Head { repeat, counted } => self.head(repeat, counted),
            What::Repeat { repeat, counted } => self.repeat(repeat, counted),
            What::Again { repeat } => self.again(inst, repeat),
            What::Spend(0) => {}
            What::Spend(iterations) => self.spend(iterations),
            What::Load { slot, elem } => self.load_from(v, inst, Column::Input(slot), elem),
            What::Machine(machine @ (Machine::Ternary64 | Machine::Ternary32), Some(table)) => {
                self.ternary(v, inst, machine, table);
            }
            What::Machine(machine, imm) => self.machine(v, inst, machine, imm),
            What::Masked(machine) => self.masked(v, inst, machine),
            What::Check => self.check(inst, scalar),
            What::Quotient(doubt) => self.quotient(v, inst, doubt),
            What::Ordered => self.ordered(v, inst),
            What::Canonical => self.canonical(inst),
            What::Spread { column, elem, width, element } => self.spread(inst, column, elem, [width, element]),
            What::Store { column, elem } => self.store(inst, column, elem),
            What::Sum { elem } => self.sum(inst, elem),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.emit.shape
    }

    pub(super) fn place(&self, v: V) -> Place {
        self.placed.places.of[v.index()]
    }

    pub(super) fn put(&mut self, code: Code, operands: &[Operand]) {
        self.emit.asm.put(code, operands);
    }

    // --- operands

    pub(super) fn slot(&self, slot: u32) -> Operand {
        Operand::At(Register::RSP, (slot * slot_bytes(self.shape().isa)) as i32)
    }

    pub(super) fn register(&self, number: u32, ty: Ty) -> Register {
        match self.shape().bank(ty) {
            Some(Bank::Mask) => mask_register(number),
            _ => self.emit.vector(number, ty),
        }
    }

    /// A scratch register for a value of this type.
    pub(super) fn scratch(&mut self, ty: Ty) -> Register {
        let bank = self.shape().bank(ty).unwrap_or(Bank::Vector);
        let taken = &mut self.taken[bank as usize];
        let number = registers::scratch(self.emit.shape.isa, bank, *taken);
        *taken += 1;
        self.register(number, ty)
    }

    /// What the instruction has in scratch registers so far is wanted no more.
    pub(super) fn forget_scratch(&mut self) {
        self.taken = [0; 2];
    }

    /// The register that a value is in, or is loaded to.
    pub(super) fn read(&mut self, v: V) -> Register {
        let ty = self.placed.body.inst(v).ty;
        match self.place(v) {
            Place::Register(number) => self.register(number, ty),
            _ => {
                let register = self.scratch(ty);
                self.read_to(register, v);
                register
            }
        }
    }

    /// Loads a value that is in memory.
    pub(super) fn read_to(&mut self, register: Register, v: V) {
        match self.place(v) {
            Place::Slot(slot) => {
                let code = match register.is_k() {
                    true => Code::VEX_Kmovw_kr_km16,
                    false => load_code(self.shape().isa, register),
                };
                let slot = self.slot(slot);
                self.put(code, &[Operand::Register(register), slot]);
            }
            Place::Pool => {
                let entry = self.entry(v);
                self.emit.fill(register, Operand::Pool(entry));
            }
            Place::Register(_) | Place::Nowhere => unreachable!("what is loaded is in memory"),
        }
    }

    pub(super) fn entry(&mut self, v: V) -> u32 {
        match self.placed.body.inst(v).what {
            What::Const(bits) => self.emit.pool_entry(bits),
            _ => unreachable!("only constants are in the pool"),
        }
    }

    /// The operand that an instruction reads from memory.
    pub(super) fn memory(&mut self, v: V) -> Operand {
        match self.place(v) {
            Place::Slot(slot) => self.slot(slot),
            _ => {
                let entry = self.entry(v);
                match self.shape().isa {
                    Isa::Avx512 => Operand::Broadcast(entry),
                    Isa::Avx2 => Operand::Pool(entry),
                }
            }
        }
    }

    /// The register that a result is made in.
    pub(super) fn result(&mut self, v: V, ty: Ty) -> Register {
        match self.place(v) {
            Place::Register(number) => self.register(number, ty),
            _ => {
                // The operands may use the same: they are read before it is written.
                let bank = self.shape().bank(ty).unwrap_or(Bank::Vector);
                self.register(registers::scratch(self.shape().isa, bank, 0), ty)
            }
        }
    }

    /// Puts a result where it belongs, if that is on the stack.
    pub(super) fn keep(&mut self, v: V, ty: Ty, register: Register) {
        if let Place::Slot(slot) = self.place(v) {
            let code = match self.shape().bank(ty) {
                Some(Bank::Mask) => Code::VEX_Kmovw_m16_kr,
                _ => store_code(self.shape().isa, register),
            };
            let slot = self.slot(slot);
            self.put(code, &[slot, Operand::Register(register)]);
        }
    }

    /// Elements of this instruction's block in a column.
    fn elements(&mut self, column: Column, elem: Type, inst: &Inst) -> Operand {
        let base = self.emit.base(column);
        let bytes = elem.bytes() as u32;
        Operand::Element(base, ROW, bytes, (inst.copy * self.shape().lanes * bytes) as i32)
    }

    // --- instructions

    /// All lanes.
    fn rows(&mut self, v: V, inst: &Inst) {
        let register = self.result(v, inst.ty);
        let code = match (self.shape().isa, register.size()) {
            (Isa::Avx512, _) => Code::VEX_Kxnorw_kr_kr_kr,
            (Isa::Avx2, 32) => Code::VEX_Vpcmpeqd_ymm_ymm_ymmm256,
            (Isa::Avx2, _) => Code::VEX_Vpcmpeqd_xmm_xmm_xmmm128,
        };
        self.put(code, &[Operand::Register(register); 3]);
        self.keep(v, inst.ty, register);
    }

    /// The rows before the end.
    fn tail(&mut self, v: V, inst: &Inst) {
        let register = self.result(v, inst.ty);
        self.put(Code::Mov_r64_rm64, &[Operand::Register(SPARE), Operand::Register(END)]);
        self.put(Code::Sub_r64_rm64, &[Operand::Register(SPARE), Operand::Register(ROW)]);
        // Behind turns there are few.
        if !self.emit.has_turns {
            let lanes = Operand::Pool(self.emit.asm.pool(&u64::from(self.shape().lanes).to_le_bytes()));
            self.put(Code::Cmp_r64_rm64, &[Operand::Register(SPARE), lanes]);
            self.put(Code::Cmova_r64_rm64, &[Operand::Register(SPARE), lanes]);
        }
        match self.shape().isa {
            Isa::Avx512 => self.tail_bits(register),
            Isa::Avx2 => self.tail_lanes(register, inst.ty),
        }
        self.keep(v, inst.ty, register);
    }

    /// As many bits as rows are left. `bzhi` looks at the low byte of their number.
    fn tail_bits(&mut self, register: Register) {
        let ones = Operand::Pool(self.emit.pool_entry(u64::MAX));
        self.put(Code::VEX_Bzhi_r64_rm64_r64, &[Operand::Register(SPARE), ones, Operand::Register(SPARE)]);
        self.put(Code::VEX_Kmovw_kr_r32, &[Operand::Register(register), Operand::Register(Register::EAX)]);
    }

    /// The rows that are left, in each lane, above the lane's number.
    fn tail_lanes(&mut self, register: Register, ty: Ty) {
        let low = Register::XMM0 + register.number() as u32;
        let width = if ty == Ty::Mask(Width::W64) { Width::W64 } else { Width::W32 };
        let lanes = self.shape().lanes;
        let numbers: Vec<u8> = match width {
            Width::W64 => (0..4u64).flat_map(u64::to_le_bytes).collect(),
            Width::W32 => (0..8u32).flat_map(u32::to_le_bytes).collect(),
        };
        let numbers = Operand::Pool(self.emit.asm.pool(&numbers));
        let (broadcast, greater) = match (width, lanes) {
            (Width::W64, _) => (Code::VEX_Vpbroadcastq_ymm_xmmm64, Code::VEX_Vpcmpgtq_ymm_ymm_ymmm256),
            (Width::W32, 8) => (Code::VEX_Vpbroadcastd_ymm_xmmm32, Code::VEX_Vpcmpgtd_ymm_ymm_ymmm256),
            (Width::W32, _) => (Code::VEX_Vpbroadcastd_xmm_xmmm32, Code::VEX_Vpcmpgtd_xmm_xmm_xmmm128),
        };
        let [low, register] = [low, register].map(Operand::Register);
        self.put(Code::VEX_Vmovq_xmm_rm64, &[low, Operand::Register(SPARE)]);
        self.put(broadcast, &[register, low]);
        self.put(greater, &[register, register, numbers]);
    }

    pub(super) fn load_from(&mut self, v: V, inst: &Inst, column: Column, elem: Type) {
        let mask = inst.args.first().map(|&mask| self.read(mask));
        let register = self.result(v, inst.ty);
        let elements = self.elements(column, elem, inst);
        let isa = self.shape().isa;
        let to = Operand::Register(register);
        match (isa, mask) {
            (Isa::Avx512, mask) => {
                let code = evex_load(elem, register.size());
                self.emit.asm.put_masked(code, &[to, elements], mask.map(|mask| (mask, true)));
            }
            (Isa::Avx2, None) => self.put(vex_load(elem, register.size()), &[to, elements]),
            (Isa::Avx2, Some(mask)) => {
                let code = match (elem.bytes(), register.size()) {
                    (8, _) => Code::VEX_Vpmaskmovq_ymm_ymm_m256,
                    (_, 32) => Code::VEX_Vpmaskmovd_ymm_ymm_m256,
                    _ => Code::VEX_Vpmaskmovd_xmm_xmm_m128,
                };
                self.put(code, &[to, Operand::Register(mask), elements]);
            }
        }
        self.keep(v, inst.ty, register);
    }

    fn store(&mut self, inst: &Inst, column: u32, elem: Type) {
        let value = self.read(inst.args[0]);
        let mask = inst.args.get(1).map(|&mask| self.read(mask));
        let elements = self.elements(Column::Output(column), elem, inst);
        self.store_to(elements, value, mask, elem);
    }

    /// Stores a block's elements, under a mask if there is one.
    pub(super) fn store_to(&mut self, elements: Operand, value: Register, mask: Option<Register>, elem: Type) {
        let from = Operand::Register(value);
        match (self.shape().isa, mask) {
            _ if self.emit.streams => self.put(stream_code(self.shape().isa, value), &[elements, from]),
            (Isa::Avx512, mask) => {
                let code = evex_store(elem, value.size());
                self.emit.asm.put_masked(code, &[elements, from], mask.map(|mask| (mask, false)));
            }
            (Isa::Avx2, None) => {
                let code = match elem.bytes() as u32 * self.shape().lanes {
                    32 => Code::VEX_Vmovdqu_ymmm256_ymm,
                    16 => Code::VEX_Vmovdqu_xmmm128_xmm,
                    8 => Code::VEX_Vmovq_xmmm64_xmm,
                    _ => Code::VEX_Vmovd_rm32_xmm,
                };
                self.put(code, &[elements, from]);
            }
            (Isa::Avx2, Some(mask)) => {
                let code = match (elem.bytes(), value.size()) {
                    (8, _) => Code::VEX_Vpmaskmovq_m256_ymm_ymm,
                    (_, 32) => Code::VEX_Vpmaskmovd_m256_ymm_ymm,
                    _ => Code::VEX_Vpmaskmovd_m128_xmm_xmm,
                };
                self.put(code, &[elements, Operand::Register(mask), from]);
            }
        }
    }

    /// Leaves if a lane that counts has failed.
    fn check(&mut self, inst: &Inst, scalar: Label) {
        let failing = self.read(inst.args[0]);
        let counting = inst.args.get(1).map(|&tail| self.read(tail));
        let operands = [failing, counting.unwrap_or(failing)].map(Operand::Register);
        // Bits beyond the lanes hold anything: eight lanes have an instruction of their own.
        let code = match (self.shape().isa, self.shape().lanes, counting) {
            (Isa::Avx2, ..) => Code::VEX_Vptest_ymm_ymmm256,
            (Isa::Avx512, 8, None) => Code::VEX_Kortestb_kr_kr,
            (Isa::Avx512, 8, Some(_)) => Code::VEX_Ktestb_kr_kr,
            (Isa::Avx512, _, None) => Code::VEX_Kortestw_kr_kr,
            (Isa::Avx512, _, Some(_)) => Code::VEX_Ktestw_kr_kr,
        };
        self.put(code, &operands);
        self.emit.asm.jump(Code::Jne_rel32_64, scalar);
    }

    /// A row of the table.
    fn machine(&mut self, v: V, inst: &Inst, machine: Machine, imm: Option<u8>) {
        let operands = if machine.reads_lower() { &[][..] } else { &inst.args[..] };
        let bits = operands.iter().map(|&arg| self.placed.body.inst(arg).ty).chain([inst.ty]);
        let bits = bits.map(|ty| self.shape().bits(ty)).max().unwrap_or(0);
        let isa = self.shape().isa;
        let form = |machine: Machine| machine.row().form(isa, bits);
        let result = if machine.is_begun() { self.result_apart(v, inst.ty) } else { self.result(v, inst.ty) };
        let to = Operand::Register(result);
        let folded = registers::folded(inst, |v| self.placed.places.is_memory(v));
        if let Some(forms) = machine.forms() {
            self.fused(forms.map(form), to, inst, folded);
            return self.keep(v, inst.ty, result);
        }
        // The result, the operands, an immediate number.
        let mut all = [to; 6];
        let behind = inst.args.len() + 1;
        for (place, &arg) in inst.args.iter().enumerate() {
            all[place + 1] = match folded == Some(place) {
                true => self.memory(arg),
                false if place == 0 && machine.is_begun() => self.begun(result, arg),
                false if machine.reads_lower() => Operand::Register(Register::XMM0 + self.read(arg).number() as u32),
                false => Operand::Register(self.read(arg)),
            };
        }
        match (machine, isa) {
            (Machine::Blend64 | Machine::Blend32 | Machine::Keep64 | Machine::Keep32, Isa::Avx512) => {
                let Operand::Register(mask) = all[1] else { unreachable!("masks are in registers") };
                all[1] = to;
                let zeroing = matches!(machine, Machine::Keep64 | Machine::Keep32);
                self.emit.asm.put_masked(form(machine), &all[1..behind], Some((mask, zeroing)));
            }
            (Machine::Blend64 | Machine::Blend32, Isa::Avx2) => {
                self.put(form(machine), &[to, all[2], all[3], all[1]]);
            }
            _ => {
                let first = usize::from(machine.is_begun());
                let behind = behind + usize::from(imm.is_some());
                if let Some(imm) = imm {
                    all[behind - 1] = Operand::Imm8(imm);
                }
                self.put(form(machine), &all[first..behind]);
            }
        }
        self.keep(v, inst.ty, result);
    }
}
