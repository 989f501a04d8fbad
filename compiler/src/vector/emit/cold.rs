//! Code out of the way, behind all loops: what hardly ever has to be done. It begins where a turn leaves for it, and
//! goes back to where that goes on.

use super::moves::load_code;
use super::*;

/// What is to be done.
pub(super) struct Cold {
    pub(super) begin: Label,
    pub(super) back: Label,
    pub(super) work: Work,
}

pub(super) enum Work {
    /// A turn that may have NaNs among its results: a mask that nobody reads any more, and which registers.
    Canonical { mask: Register, values: Vec<(Register, Ty)> },
    /// A quotient by the divider: by this division.
    Quotient { division: Code, result: Register, a: Operand, b: Operand },
}

impl Emit {
    /// A place out of the way, and the jump to it; the code goes on behind.
    pub(super) fn leave_for(&mut self, jump: Code, work: Work) {
        let [begin, back] = [self.asm.label(), self.asm.label()];
        self.asm.jump(jump, begin);
        self.asm.bind(back);
        self.cold.push(Cold { begin, back, work });
    }

    /// The code out of the way.
    pub(super) fn cold(&mut self) {
        for Cold { begin, back, work } in std::mem::take(&mut self.cold) {
            self.asm.bind(begin);
            match work {
                Work::Canonical { mask, values } => {
                    values.into_iter().for_each(|(register, ty)| self.canonical_lanes(mask, register, ty));
                }
                Work::Quotient { division, result, a, b } => self.divided(division, result, a, b),
            }
            self.asm.jump(Code::Jmp_rel32_64, back);
        }
    }

    fn canonical_lanes(&mut self, mask: Register, register: Register, ty: Ty) {
        let [compare, blend] =
            doubt::machines(ty).map(|machine| machine.row().form(self.shape.isa, self.shape.bits(ty)));
        let bits = match ty {
            Ty::Lanes(Width::W32) => 0x7fc0_0000_7fc0_0000,
            _ => 0x7ff8_0000_0000_0000,
        };
        let entry = self.pool_entry(bits);
        let [value, lanes] = [register, mask].map(Operand::Register);
        self.asm.put(compare, &[lanes, value, value, Operand::Imm8(doubt::UNORDERED)]);
        match self.shape.isa {
            Isa::Avx512 => self.asm.put_masked(blend, &[value, value, Operand::Broadcast(entry)], Some((mask, false))),
            Isa::Avx2 => self.asm.put(blend, &[value, value, Operand::Pool(entry), lanes]),
        }
    }

    /// Both operands of a quotient are where they were, the first perhaps in memory.
    fn divided(&mut self, division: Code, result: Register, a: Operand, b: Operand) {
        let to = Operand::Register(result);
        let a = match a {
            Operand::Register(_) => a,
            Operand::Broadcast(entry) | Operand::Pool(entry) => {
                self.fill(result, Operand::Pool(entry));
                to
            }
            _ => {
                self.asm.put(load_code(self.shape.isa, result), &[to, a]);
                to
            }
        };
        self.asm.put(division, &[to, a, b]);
    }
}
