//! Instructions whose result takes the place of an operand, or begins as one.

use super::block::Block;
use super::moves::load_code;
use super::*;
use crate::vector::fuse;
use crate::vector::ir::V;
use crate::vector::machine::Machine;

impl Block<'_> {
    /// `a * b + c` in the form that fits the registers: the result takes the place of one operand.
    pub(super) fn fused(&mut self, [f132, f213, f231]: [Code; 3], to: Operand, inst: &Inst, folded: Option<usize>) {
        let [a, b, c] = std::array::from_fn(|place| inst.args[place]);
        let a = Operand::Register(self.read(a));
        if folded == Some(1) {
            // to = to * [b] + c, or to = a * [b] + to.
            let factor = self.memory(b);
            if to != a && self.placed.places.is_memory(c) {
                let Operand::Register(register) = to else { unreachable!("results are in registers") };
                self.read_to(register, c);
                return self.put(f231, &[to, a, factor]);
            }
            let c = Operand::Register(self.read(c));
            return match to {
                _ if to == a => self.put(f132, &[to, c, factor]),
                _ if to == c => self.put(f231, &[to, a, factor]),
                _ => {
                    self.copy(to, a);
                    self.put(f132, &[to, c, factor]);
                }
            };
        }
        let b = Operand::Register(self.read(b));
        let c = match folded {
            Some(_) => self.memory(c),
            None => Operand::Register(self.read(c)),
        };
        match to {
            _ if to == a => self.put(f213, &[to, b, c]),
            _ if to == b => self.put(f213, &[to, a, c]),
            _ if to == c => self.put(f231, &[to, a, b]),
            _ => {
                self.copy(to, a);
                self.put(f213, &[to, b, c]);
            }
        }
    }

    /// A function of the bits of three operands, of which the first is where the result stands.
    pub(super) fn ternary(&mut self, v: V, inst: &Inst, machine: Machine, table: u8) {
        let folded = registers::folded(inst, |v| self.placed.places.is_memory(v));
        let operands: [Operand; 3] = std::array::from_fn(|place| match folded == Some(place) {
            true => self.memory(inst.args[place]),
            false => Operand::Register(self.read(inst.args[place])),
        });
        let result = self.result(v, inst.ty);
        let to = Operand::Register(result);
        let first = operands.iter().position(|&operand| operand == to);
        // The last one may be in memory.
        let order = match first {
            Some(1) => [1, 0, 2],
            Some(2) => [2, 1, 0],
            _ => [0, 1, 2],
        };
        if first.is_none() {
            self.copy(to, operands[0]);
        }
        let code = machine.row().form(self.shape().isa, self.shape().bits(inst.ty));
        let table = Operand::Imm8(fuse::reordered(table, order));
        self.put(code, &[to, operands[order[1]], operands[order[2]], table]);
        self.keep(v, inst.ty, result);
    }

    /// An operation in some lanes. The result begins as what the others keep: a register of its own.
    pub(super) fn masked(&mut self, v: V, inst: &Inst, machine: Machine) {
        let merges = inst.args.len() == 4;
        let result = self.result_apart(v, inst.ty);
        let to = Operand::Register(result);
        let mask = self.read(inst.args[0]);
        if merges {
            self.begun(result, inst.args[1]);
        }
        let folded = registers::folded(inst, |v| self.placed.places.is_memory(v));
        let last = inst.args.len() - 1;
        let first = (last > 1).then(|| Operand::Register(self.read(inst.args[last - 1])));
        let b = match folded {
            Some(_) => self.memory(inst.args[last]),
            None => Operand::Register(self.read(inst.args[last])),
        };
        let code = machine.row().form(self.shape().isa, self.shape().bits(inst.ty));
        match first {
            Some(a) => self.emit.asm.put_masked(code, &[to, a, b], Some((mask, !merges))),
            None => self.emit.asm.put_masked(code, &[to, b], Some((mask, !merges))),
        }
        self.keep(v, inst.ty, result);
    }

    /// The register of a result that is begun before all operands are read.
    pub(super) fn result_apart(&mut self, v: V, ty: Ty) -> Register {
        match self.place(v) {
            Place::Register(number) => self.register(number, ty),
            _ => self.scratch(ty),
        }
    }

    /// The register of a result that begins as this value.
    pub(super) fn begun(&mut self, result: Register, value: V) -> Operand {
        let ty = self.placed.body.inst(value).ty;
        match self.place(value) {
            Place::Register(number) if self.register(number, ty) == result => {}
            Place::Register(number) => {
                self.copy(Operand::Register(result), Operand::Register(self.register(number, ty)));
            }
            _ => self.read_to(result, value),
        }
        Operand::Register(result)
    }

    pub(super) fn copy(&mut self, to: Operand, from: Operand) {
        let Operand::Register(register) = to else { unreachable!("results are in registers") };
        self.put(load_code(self.shape().isa, register), &[to, from]);
    }
}
