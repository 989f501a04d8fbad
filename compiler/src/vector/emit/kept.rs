//! What is there before the first block: constants, and values that are one for all rows with what is made of them.

use super::*;
use crate::vector::build::Compare;
use crate::vector::ir::Of;
use crate::vector::machine::Machine;
use crate::vector::quotients;

/// `vfpclasspd`: numbers below all normal ones.
const SUBNORMAL: u8 = 0x20;

impl Emit {
    /// Loads the constants that have registers, and what is one value for all rows.
    pub(super) fn constants(&mut self, placed: &Placed) {
        let is_kept = |inst: &Inst| inst.what.is_kept() && inst.what != What::Ahead;
        let kept = || placed.body.insts.iter().zip(&placed.places.of).filter(|(inst, _)| is_kept(inst));
        // What is on the stack goes through a register that nothing is kept in.
        let is_free = |number: &u32| !kept().any(|(_, place)| *place == Place::Register(*number));
        let spare = (0..registers::count(self.shape.isa, Bank::Vector)).find(is_free).unwrap_or(0);
        // What must be computed comes first, when all other registers are still free.
        let is_made = |inst: &Inst| matches!(inst.what, What::Uniform { of: Of::Reciprocal | Of::Limit(_), .. });
        let holds = |number: u32| kept().any(|(inst, place)| is_made(inst) && *place == Place::Register(number));
        let free = (0..).find(|&number| number != spare && !holds(number)).expect("few are made");
        let made = kept().filter(|(inst, _)| is_made(inst));
        for (inst, place) in made.chain(kept().filter(|(inst, _)| !is_made(inst))) {
            let register = match place {
                Place::Register(register) => self.vector(*register, inst.ty),
                Place::Slot(_) => self.vector(spare, inst.ty),
                Place::Pool | Place::Nowhere => continue,
            };
            match inst.what {
                What::Uniform { slot, of } => {
                    self.load_column(SPARE, Column::Input(slot));
                    let value = Operand::At(SPARE, 0);
                    let other = self.vector(free, inst.ty);
                    match of {
                        Of::Value => self.fill(register, value),
                        Of::Reciprocal => self.reciprocal(register, value, other),
                        Of::Limit(bits) => self.limit(register, value, bits, other),
                    }
                }
                What::Const(bits) => {
                    let entry = self.pool_entry(bits);
                    self.fill(register, Operand::Pool(entry));
                }
                _ => unreachable!("nothing else is kept"),
            }
            if let Place::Slot(slot) = place {
                let slot = Operand::At(Register::RSP, (slot * slot_bytes(self.shape.isa)) as i32);
                self.asm.put(moves::store_code(self.shape.isa, register), &[slot, Operand::Register(register)]);
            }
        }
    }

    /// 1 / a value; the value itself where that is less than any normal number. Works on another register.
    fn reciprocal(&mut self, register: Register, value: Operand, other: Register) {
        let one = Operand::Pool(self.pool_entry(1f64.to_bits()));
        self.fill(other, value);
        self.fill(register, one);
        let [to, value, mask] = [register, other, mask_register(0)].map(Operand::Register);
        self.asm.put(Machine::DivF64.row().form(self.shape.isa, 512), &[to, to, value]);
        self.asm.put(Machine::ClassF64.row().form(self.shape.isa, 512), &[mask, value, Operand::Imm8(SUBNORMAL)]);
        let copy = moves::load_code(self.shape.isa, register);
        self.asm.put_masked(copy, &[to, value], Some((mask_register(0), false)));
    }

    /// Bits if the binary exponent of a value is one to divide by, else 0. Works on another register.
    fn limit(&mut self, register: Register, value: Operand, bits: u64, other: Register) {
        let bits = Operand::Pool(self.pool_entry(bits));
        let limit = Operand::Broadcast(self.pool_entry(quotients::EXPONENTS.to_bits()));
        self.fill(other, value);
        self.fill(register, bits);
        let form = |machine: Machine| machine.row().form(Isa::Avx512, 512);
        let [to, other, mask] = [register, other, mask_register(0)].map(Operand::Register);
        let (magnitude, at_most) = (Operand::Imm8(quotients::MAGNITUDE), Operand::Imm8(Compare::Le as u8));
        self.asm.put(form(Machine::ExponentF64), &[other, other]);
        self.asm.put(form(Machine::RangeF64), &[other, other, other, magnitude]);
        self.asm.put(form(Machine::CompareF64), &[mask, other, limit, at_most]);
        self.asm.put_masked(moves::load_code(self.shape.isa, register), &[to, to], Some((mask_register(0), true)));
    }

    /// The same 64 bits in all of a register.
    pub(super) fn fill(&mut self, register: Register, from: Operand) {
        let code = match (self.shape.isa, register.size()) {
            (Isa::Avx512, 64) => Code::EVEX_Vbroadcastsd_zmm_k1z_xmmm64,
            (Isa::Avx512, _) => Code::EVEX_Vbroadcastsd_ymm_k1z_xmmm64,
            (Isa::Avx2, 32) => Code::VEX_Vbroadcastsd_ymm_m64,
            (Isa::Avx2, _) => Code::VEX_Vmovddup_xmm_xmmm64,
        };
        self.asm.put(code, &[Operand::Register(register), from]);
    }
}
