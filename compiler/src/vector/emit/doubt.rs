//! What hardly ever is: NaNs among the results of a turn, and quotients in doubt. The masks that tell, and the
//! branches to `cold`.

use super::block::Block;
use super::cold::Work;
use super::*;
use crate::vector::ir::{Doubt, V};
use crate::vector::machine::Machine;
use crate::vector::nans;

/// Comparisons that are true where one operand is NaN, and where neither is.
pub(super) const UNORDERED: u8 = 3;
const ORDERED: u8 = 7;

/// The comparison and the choice for lanes of this type.
pub(super) fn machines(ty: Ty) -> [Machine; 2] {
    match ty {
        Ty::Lanes(Width::W32) => [Machine::CompareF32, Machine::Blend32],
        _ => [Machine::CompareF64, Machine::Blend64],
    }
}

impl Block<'_> {
    pub(super) fn ordered(&mut self, v: V, inst: &Inst) {
        let ty = self.placed.body.inst(inst.args[0]).ty;
        let [a, b] = [0, 1].map(|place| Operand::Register(self.read(inst.args[place])));
        let so_far = inst.args.get(2).map(|&so_far| (self.read(so_far), false));
        let result = self.result(v, inst.ty);
        let code = machines(ty)[0].row().form(self.shape().isa, self.shape().bits(ty));
        let comparison = match self.shape().isa {
            Isa::Avx512 => ORDERED,
            Isa::Avx2 => UNORDERED,
        };
        self.emit.asm.put_masked(code, &[Operand::Register(result), a, b, Operand::Imm8(comparison)], so_far);
        self.keep(v, inst.ty, result);
    }

    pub(super) fn canonical(&mut self, inst: &Inst) {
        let mask = self.read(inst.args[0]);
        self.either(mask, mask);
        let values = nans::looked_at(&self.placed.body, &self.placed.places).expect("they have registers");
        let values = values.into_iter().map(|v| (self.read(v), self.placed.body.inst(v).ty)).collect();
        let jump = match self.shape().isa {
            Isa::Avx512 => Code::Jae_rel32_64,
            Isa::Avx2 => Code::Jne_rel32_64,
        };
        self.emit.leave_for(jump, Work::Canonical { mask, values });
    }

    /// The quotient is there, unless lanes are in doubt.
    pub(super) fn quotient(&mut self, v: V, inst: &Inst, doubt: Doubt) {
        let result = self.result_apart(v, inst.ty);
        self.begun(result, inst.args[0]);
        let [a, b] = [1, 2].map(|place| match self.place(inst.args[place]) {
            Place::Register(number) => Operand::Register(self.register(number, inst.ty)),
            _ => self.memory(inst.args[place]),
        });
        // One mask that stands twice is loaded once: beside the result there is one scratch register more.
        let first = self.read(inst.args[3]);
        let second = if inst.args[4] == inst.args[3] { first } else { self.read(inst.args[4]) };
        self.either(first, second);
        let jump = match doubt {
            Doubt::Where => Code::Jne_rel32_64,
            Doubt::Unless => Code::Jae_rel32_64,
        };
        let machine = if inst.ty == Ty::Lanes(Width::W64) { Machine::DivF64 } else { Machine::DivF32 };
        let division = machine.row().form(self.shape().isa, self.shape().bits(inst.ty));
        self.emit.leave_for(jump, Work::Quotient { division, result, a, b });
        self.keep(v, inst.ty, result);
    }

    /// Sets the zero flag if no lane of the two is set, and the carry flag if all are. Of AVX2's masks, which must be
    /// one, the zero flag only.
    fn either(&mut self, first: Register, second: Register) {
        let code = match (self.shape().isa, self.shape().lanes) {
            (Isa::Avx2, _) => Code::VEX_Vptest_ymm_ymmm256,
            (Isa::Avx512, 8) => Code::VEX_Kortestb_kr_kr,
            (Isa::Avx512, _) => Code::VEX_Kortestw_kr_kr,
        };
        self.put(code, &[Operand::Register(first), Operand::Register(second)]);
    }
}
