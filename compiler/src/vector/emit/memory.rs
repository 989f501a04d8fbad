//! Elements of lists and tables: gathers, scatters, and elements of fixed-size lists of results, which are written
//! lane by lane: there they lie as far apart as the list is long, and single stores are cheaper than a scatter.
//!
//! Gathers and scatters take their mask away bit by bit, so it is a copy in a scratch register; and their result stands
//! apart from their operands, which the allocation of registers sees to.

use super::block::Block;
use super::*;
use crate::vector::ir::{Inst, V, Where};

/// The scratch register of a gather's result; the first two may hold its operands.
const RESULT: u32 = 2;

impl Block<'_> {
    /// The addresses of a list in the block's rows.
    pub(super) fn address(&mut self, v: V, inst: &Inst, list: u32) {
        self.load_from(v, inst, Column::List(list), Type::U64);
    }

    pub(super) fn gather(&mut self, v: V, inst: &Inst, from: Where, elem: Type, offset: i32) {
        let place = self.read(inst.args[0]);
        let mask = self.own(inst.args[1]);
        let to = match self.place(v) {
            Place::Register(number) => self.register(number, inst.ty),
            _ => self.register(registers::scratch(self.shape().isa, Bank::Vector, RESULT), inst.ty),
        };
        let elements = self.elements_at(from, place, elem, offset);
        let operand = Operand::Register(to);
        // What no lane of the mask fills is 0.
        let zero = match (self.shape().isa, to.size()) {
            (Isa::Avx512, 64) => Code::EVEX_Vpxorq_zmm_k1z_zmm_zmmm512b64,
            (Isa::Avx512, _) => Code::EVEX_Vpxorq_ymm_k1z_ymm_ymmm256b64,
            (Isa::Avx2, 32) => Code::VEX_Vpxor_ymm_ymm_ymmm256,
            (Isa::Avx2, _) => Code::VEX_Vpxor_xmm_xmm_xmmm128,
        };
        self.put(zero, &[operand; 3]);
        match (self.shape().isa, elem.bytes()) {
            (Isa::Avx512, 8) => {
                self.emit.asm.put_masked(Code::EVEX_Vpgatherqq_zmm_k1_vm64z, &[operand, elements], Some((mask, false)));
            }
            (Isa::Avx512, _) => {
                self.emit.asm.put_masked(Code::EVEX_Vpgatherqd_ymm_k1_vm64z, &[operand, elements], Some((mask, false)));
            }
            (Isa::Avx2, 8) => {
                self.put(Code::VEX_Vpgatherqq_ymm_vm64y_ymm, &[operand, elements, Operand::Register(mask)])
            }
            (Isa::Avx2, _) => {
                self.put(Code::VEX_Vpgatherqd_xmm_vm64y_xmm, &[operand, elements, Operand::Register(mask)])
            }
        }
        self.keep(v, inst.ty, to);
    }

    pub(super) fn scatter(&mut self, inst: &Inst, to: Where, elem: Type, offset: i32) {
        if self.shape().isa == Isa::Avx2 {
            return self.scatter_by_lanes(inst, elem, offset);
        }
        let place = self.read(inst.args[0]);
        let value = self.read(inst.args[1]);
        let mask = self.own(inst.args[2]);
        let elements = self.elements_at(to, place, elem, offset);
        let code = match elem.bytes() {
            8 => Code::EVEX_Vpscatterqq_vm64z_k1_zmm,
            _ => Code::EVEX_Vpscatterqd_vm64z_k1_ymm,
        };
        self.emit.asm.put_masked(code, &[elements, Operand::Register(value)], Some((mask, false)));
    }

    /// The same in single stores: AVX2 has no scatter. A lane's address goes through a register of its own.
    fn scatter_by_lanes(&mut self, inst: &Inst, elem: Type, offset: i32) {
        let bits = Operand::Register(INPUTS);
        let mask = self.read(inst.args[2]);
        self.put(Code::VEX_Vmovmskpd_r64_ymm, &[bits, Operand::Register(mask)]);
        self.forget_scratch();
        let (place, value) = (self.read(inst.args[0]), self.read(inst.args[1]));
        let scratch = self.scratch(Ty::Packed);
        let (bytes, lane_of) = (elem.bytes() as u32, Operand::Register(SPARE));
        for lane in 0..self.shape().lanes {
            let next = self.emit.asm.label();
            self.put(Code::Mov_r64_rm64, &[lane_of, bits]);
            self.put(Code::And_rm64_imm32, &[lane_of, Operand::Imm32(1 << lane)]);
            self.emit.asm.jump(Code::Je_rel32_64, next);
            let addresses = self.part(scratch, place, lane / 2);
            match lane % 2 {
                0 => self.put(Code::VEX_Vmovq_rm64_xmm, &[lane_of, addresses]),
                _ => self.put(Code::VEX_Vpextrq_rm64_xmm_imm8, &[lane_of, addresses, Operand::Imm8(1)]),
            }
            let per_part = 16 / bytes;
            let Operand::Register(from) = self.part(scratch, value, lane / per_part) else {
                unreachable!("a register")
            };
            self.put_lane(Operand::At(SPARE, offset), from, bytes, (lane % per_part) as u8);
            self.emit.asm.bind(next);
        }
        self.emit.load_pointer(INPUTS, FRAME, offset_of!(CallFrame, inputs) as i32);
    }

    /// 128 bits of a register: the first ones are in place.
    fn part(&mut self, scratch: Register, from: Register, part: u32) -> Operand {
        if part == 0 {
            return Operand::Register(Register::XMM0 + from.number() as u32);
        }
        self.extract(scratch, from, part as u8);
        Operand::Register(scratch)
    }

    /// Writes each lane to its row, in a tail as far as there are rows.
    pub(super) fn spread(&mut self, inst: &Inst, column: u32, elem: Type, [width, element]: [u32; 2]) {
        let value = self.read(inst.args[0]);
        let (first, left) = (Operand::Register(SPARE), Operand::Register(INPUTS));
        let (bytes, lanes) = (elem.bytes() as u32, self.shape().lanes);
        self.put(Code::Imul_r64_rm64_imm32, &[first, Operand::Register(ROW), Operand::Imm32((width * bytes) as i32)]);
        self.put(Code::Add_r64_rm64, &[first, Operand::At(OUTPUTS, column as i32 * 8)]);
        let is_tail = self.placed.body.is_tail;
        let done = self.emit.asm.label();
        if is_tail {
            self.put(Code::Mov_r64_rm64, &[left, Operand::Register(END)]);
            self.put(Code::Sub_r64_rm64, &[left, Operand::Register(ROW)]);
        }
        let mask = inst.args.get(1).copied();
        if let Some(mask) = mask {
            let all = self.emit.asm.label();
            self.put(Code::Cmp_rm64_imm32, &[left, Operand::Imm32(lanes as i32)]);
            self.emit.asm.jump(Code::Jae_rel32_64, all);
            self.spread_masked(value, mask, elem, [width, element]);
            self.emit.asm.jump(Code::Jmp_rel32_64, done);
            self.emit.asm.bind(all);
        }
        let scratch = self.register(registers::scratch(self.shape().isa, Bank::Vector, 1), Ty::Packed);
        for lane in 0..lanes {
            if is_tail && mask.is_none() && lane > 0 {
                self.put(Code::Cmp_rm64_imm32, &[left, Operand::Imm32(lane as i32)]);
                self.emit.asm.jump(Code::Jbe_rel32_64, done);
            }
            let per_part = 16 / bytes;
            let (part, place) = (lane / per_part, lane % per_part);
            let from = if part == 0 { Register::XMM0 + value.number() as u32 } else { scratch };
            if part > 0 && place == 0 {
                self.extract(scratch, value, part as u8);
            }
            let at = ((inst.copy * lanes + lane) * width + element) * bytes;
            self.put_lane(Operand::At(SPARE, at as i32), from, bytes, place as u8);
        }
        self.emit.asm.bind(done);
        if is_tail {
            self.emit.load_pointer(INPUTS, FRAME, offset_of!(CallFrame, inputs) as i32);
        }
    }

    /// The same for the last rows in one instruction, from the address of the first: slower, but a fraction of the bytes.
    fn spread_masked(&mut self, value: Register, mask: V, elem: Type, [width, element]: [u32; 2]) {
        let mask = self.own(mask);
        let bytes = elem.bytes() as u32;
        let rows = (0..self.shape().lanes).map(|lane| lane * width * bytes);
        let (code, distances): (_, Vec<u8>) = match (bytes, value.size()) {
            (8, _) => {
                (Code::EVEX_Vpscatterqq_vm64z_k1_zmm, rows.flat_map(|row| u64::from(row).to_le_bytes()).collect())
            }
            (_, 32) => {
                (Code::EVEX_Vpscatterqd_vm64z_k1_ymm, rows.flat_map(|row| u64::from(row).to_le_bytes()).collect())
            }
            _ => (Code::EVEX_Vpscatterdd_vm32z_k1_zmm, rows.flat_map(u32::to_le_bytes).collect()),
        };
        let distances = Operand::Pool(self.emit.asm.pool(&distances));
        // The first scratch register may hold the value.
        let places = Register::ZMM0 + registers::scratch(self.shape().isa, Bank::Vector, 1);
        self.put(Code::EVEX_Vmovdqa64_zmm_k1z_zmmm512, &[Operand::Register(places), distances]);
        let to = Operand::Element(SPARE, places, 1, (element * bytes) as i32);
        self.emit.asm.put_masked(code, &[to, Operand::Register(value)], Some((mask, false)));
    }

    /// 128 bits of a register.
    fn extract(&mut self, to: Register, from: Register, part: u8) {
        let code = match (self.shape().isa, from.size()) {
            (Isa::Avx512, 64) => Code::EVEX_Vextracti32x4_xmmm128_k1z_zmm_imm8,
            (Isa::Avx512, _) => Code::EVEX_Vextracti32x4_xmmm128_k1z_ymm_imm8,
            (Isa::Avx2, _) => Code::VEX_Vextracti128_xmmm128_ymm_imm8,
        };
        self.put(code, &[Operand::Register(to), Operand::Register(from), Operand::Imm8(part)]);
    }

    /// Stores one lane of 128 bits.
    fn put_lane(&mut self, to: Operand, from: Register, bytes: u32, place: u8) {
        let from = Operand::Register(from);
        match (self.shape().isa, bytes, place) {
            (Isa::Avx512, 8, 0) => self.put(Code::EVEX_Vmovq_xmmm64_xmm, &[to, from]),
            (Isa::Avx512, 8, _) => self.put(Code::EVEX_Vmovhps_m64_xmm, &[to, from]),
            (Isa::Avx512, _, 0) => self.put(Code::EVEX_Vmovd_rm32_xmm, &[to, from]),
            (Isa::Avx512, ..) => self.put(Code::EVEX_Vpextrd_rm32_xmm_imm8, &[to, from, Operand::Imm8(place)]),
            (Isa::Avx2, 8, 0) => self.put(Code::VEX_Vmovq_xmmm64_xmm, &[to, from]),
            (Isa::Avx2, 8, _) => self.put(Code::VEX_Vmovhps_m64_xmm, &[to, from]),
            (Isa::Avx2, _, 0) => self.put(Code::VEX_Vmovd_rm32_xmm, &[to, from]),
            (Isa::Avx2, ..) => self.put(Code::VEX_Vpextrd_rm32_xmm_imm8, &[to, from, Operand::Imm8(place)]),
        }
    }

    /// A mask in a scratch register.
    fn own(&mut self, mask: V) -> Register {
        let ty = self.placed.body.inst(mask).ty;
        match self.place(mask) {
            Place::Register(_) => {
                let (from, to) = (self.read(mask), self.scratch(ty));
                let code = match self.shape().bank(ty) {
                    Some(Bank::Mask) => Code::VEX_Kmovw_kr_km16,
                    _ => super::moves::load_code(self.shape().isa, to),
                };
                self.put(code, &[Operand::Register(to), Operand::Register(from)]);
                to
            }
            _ => self.read(mask),
        }
    }

    fn elements_at(&mut self, place: Where, lanes: Register, elem: Type, offset: i32) -> Operand {
        match place {
            Where::Address => Operand::Element(Register::None, lanes, 1, offset),
            Where::Table(table) => {
                let base = self.emit.base(Column::Table(table));
                Operand::Element(base, lanes, elem.bytes() as u32, offset)
            }
        }
    }
}
