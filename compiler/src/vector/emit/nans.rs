//! NaNs of a whole turn: the comparisons, and the code behind all loops that makes them canonical.

use super::block::Block;
use super::*;
use crate::vector::ir::V;
use crate::vector::machine::Machine;
use crate::vector::nans;

/// A comparison that is true where neither operand is NaN, and one that is true where one is.
const ORDERED: u8 = 7;
const UNORDERED: u8 = 3;

/// A turn that may have NaNs among its results.
pub(super) struct Cold {
    begin: Label,
    back: Label,
    /// A register of lanes that nobody reads any more.
    mask: Register,
    /// Which registers.
    values: Vec<(Register, Ty)>,
}

/// The comparison and the choice for lanes of this type.
fn machines(ty: Ty) -> [Machine; 2] {
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
        self.emit.asm.put_masked(code, &[Operand::Register(result), a, b, Operand::Imm8(ORDERED)], so_far);
        self.keep(v, inst.ty, result);
    }

    pub(super) fn canonical(&mut self, inst: &Inst) {
        let mask = self.read(inst.args[0]);
        let code = if self.shape().lanes == 8 { Code::VEX_Kortestb_kr_kr } else { Code::VEX_Kortestw_kr_kr };
        self.put(code, &[Operand::Register(mask); 2]);
        let [begin, back] = [self.emit.asm.label(), self.emit.asm.label()];
        self.emit.asm.jump(Code::Jae_rel32_64, begin);
        self.emit.asm.bind(back);
        let values = nans::looked_at(&self.placed.body, &self.placed.places).expect("they have registers");
        let values = values.into_iter().map(|v| (self.read(v), self.placed.body.inst(v).ty)).collect();
        self.emit.cold.push(Cold { begin, back, mask, values });
    }
}

impl Emit {
    /// The code out of the way.
    pub(super) fn cold(&mut self) {
        for Cold { begin, back, mask, values } in std::mem::take(&mut self.cold) {
            self.asm.bind(begin);
            for (register, ty) in values {
                let [compare, blend] =
                    machines(ty).map(|machine| machine.row().form(self.shape.isa, self.shape.bits(ty)));
                let bits = match ty {
                    Ty::Lanes(Width::W32) => 0x7fc0_0000_7fc0_0000,
                    _ => 0x7ff8_0000_0000_0000,
                };
                let canonical = Operand::Broadcast(self.pool_entry(bits));
                let value = Operand::Register(register);
                self.asm.put(compare, &[Operand::Register(mask), value, value, Operand::Imm8(UNORDERED)]);
                self.asm.put_masked(blend, &[value, value, canonical], Some((mask, false)));
            }
            self.asm.jump(Code::Jmp_rel32_64, back);
        }
    }
}
