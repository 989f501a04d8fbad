//! Several steps as one instruction, where AVX-512 has it: any function of the bits of three operands, and an
//! operation in some lanes only.
//!
//! Runs over a finished block. An instruction is replaced where it stands; those whose work it takes over are read
//! by nobody any more and dropped later. Only what one instruction alone reads is taken over, and not out of
//! a loop, for what it is made of may change there.

use super::ir::{Args, Body, Inst, Isa, Ty, V, What};
use super::machine::{Machine, Memory};
use super::schedule;

/// Instructions between an operation and the choice that takes it over: its operands live on so long.
const DISTANCE_MAX: usize = 32;

/// The block with fewer instructions.
pub(super) fn fused(mut body: Body) -> Body {
    if body.shape.isa == Isa::Avx512 {
        let mut fuse = Fuse::new(&body);
        for index in 0..body.insts.len() {
            if let Some(inst) = fuse.bits(&body, index).or_else(|| fuse.masked(&body, index)) {
                body.insts[index] = inst;
            }
        }
    }
    body
}

/// A function of the bits of up to three values: bit `4 a + 2 b + c` of the table is what it gives for bits a, b, c.
#[derive(Clone)]
struct Bits {
    of: Vec<V>,
    table: u8,
}

struct Fuse {
    /// How many instructions that count read each value.
    uses: Vec<u32>,
    /// For each instruction how many of those before it neither compute nor store: borders of loops.
    regions: Vec<u32>,
    /// What bitwise instructions are.
    known: Vec<Option<Bits>>,
}

/// The bits of three operands, in all combinations.
const OPERANDS: [u8; 3] = [0xf0, 0xcc, 0xaa];

impl Fuse {
    fn new(body: &Body) -> Fuse {
        let live = schedule::live(body);
        let mut uses = vec![0; body.insts.len()];
        let mut regions = Vec::with_capacity(body.insts.len());
        let mut region = 0;
        for (inst, _) in body.insts.iter().zip(live).filter(|(_, live)| *live) {
            inst.args.iter().for_each(|v| uses[v.index()] += 1);
        }
        for inst in &body.insts {
            regions.push(region);
            region += u32::from(inst.ty == Ty::None && !inst.what.is_end());
        }
        Fuse { uses, regions, known: vec![None; body.insts.len()] }
    }

    /// Whether the instruction at `index` may do the work of `of` as well.
    fn takes(&self, index: usize, of: V) -> bool {
        self.uses[of.index()] == 1 && self.regions[of.index()] == self.regions[index]
    }

    /// A bitwise instruction together with those that it alone reads.
    fn bits(&mut self, body: &Body, index: usize) -> Option<Inst> {
        let inst = &body.insts[index];
        let (ternary, table) = bitwise(inst)?;
        let mut all = Bits { of: vec![inst.args[0], inst.args[1]], table };
        let mut is_more = false;
        for v in [inst.args[0], inst.args[1]] {
            let known = self.known[v.index()].as_ref().filter(|_| self.takes(index, v));
            let same_lanes = bitwise(body.inst(v)).is_none_or(|(other, _)| other == ternary);
            if let Some(joined) = known.filter(|_| same_lanes).and_then(|known| all.with(v, known)) {
                (all, is_more) = (joined, true);
            }
        }
        // What comes from memory stands last.
        all = all.sorted_by(|v| body.is_const(v));
        self.known[index] = Some(all.clone());
        let [a, b, c] = all.of[..] else { return None };
        is_more.then(|| Inst { what: What::Machine(ternary, Some(all.table)), args: Args::new(&[a, b, c]), ..*inst })
    }

    /// A choice together with the operation whose result is chosen.
    fn masked(&self, body: &Body, index: usize) -> Option<Inst> {
        let inst = &body.insts[index];
        let (keeps, chosen) = match inst.what {
            What::Machine(Machine::Blend64 | Machine::Blend32, _) => (Some(inst.args[1]), inst.args[2]),
            What::Machine(Machine::Keep64 | Machine::Keep32, _) => (None, inst.args[1]),
            _ => return None,
        };
        let operation = body.inst(chosen);
        let What::Machine(machine, None) = operation.what else { return None };
        let is_near = index - chosen.index() <= DISTANCE_MAX && self.takes(index, chosen);
        if !is_near || !is_simple(machine) || operation.ty != inst.ty || keeps.is_some_and(|v| body.is_kept(v)) {
            return None;
        }
        let [a, b] = [operation.args[0], operation.args[1]];
        let args = match keeps {
            Some(old) => Args::new(&[inst.args[0], old, a, b]),
            None => Args::new(&[inst.args[0], a, b]),
        };
        Some(Inst { what: What::Masked(machine), args, ..*inst })
    }
}

impl Bits {
    /// The function with one of its values replaced by what that is made of, if that makes no more than three.
    fn with(&self, v: V, made: &Bits) -> Option<Bits> {
        let mut of: Vec<V> = self.of.iter().copied().filter(|&other| other != v).collect();
        for &more in &made.of {
            if !of.contains(&more) {
                of.push(more);
            }
        }
        if of.len() > 3 {
            return None;
        }
        let place = |of: &[V], v: V| OPERANDS[of.iter().position(|&other| other == v).unwrap_or(0)];
        let inner: Vec<u8> = made.of.iter().map(|&v| place(&of, v)).collect();
        let inner = applied(made.table, &inner);
        let outer: Vec<u8> = self.of.iter().map(|&own| if own == v { inner } else { place(&of, own) }).collect();
        let table = applied(self.table, &outer);
        Some(Bits { of, table })
    }

    /// The same function, its values in another order: those that are `last` at the end.
    fn sorted_by(&self, last: impl Fn(V) -> bool) -> Bits {
        let mut of = self.of.clone();
        of.sort_by_key(|&v| last(v));
        let operands: Vec<u8> =
            self.of.iter().map(|v| OPERANDS[of.iter().position(|other| other == v).unwrap_or(0)]).collect();
        Bits { table: applied(self.table, &operands), of }
    }
}

/// The table of a function applied to functions, of which two or three are given.
fn applied(table: u8, operands: &[u8]) -> u8 {
    let operand = |place: usize| operands.get(place).copied().unwrap_or(0);
    (0..8).fold(0, |all, bit| {
        let row = [operand(0), operand(1), operand(2)].iter().fold(0, |row, operand| row << 1 | (operand >> bit & 1));
        all | (table >> row & 1) << bit
    })
}

/// The same function of operands in another order: `order` says for each new place which operand stands there.
pub(super) fn reordered(table: u8, order: [usize; 3]) -> u8 {
    let mut operands = [0; 3];
    for (place, &operand) in order.iter().enumerate() {
        operands[operand] = OPERANDS[place];
    }
    applied(table, &operands)
}

/// The instruction of three operands for these lanes, and what this one does to its two.
fn bitwise(inst: &Inst) -> Option<(Machine, u8)> {
    let [a, b, _] = OPERANDS;
    let What::Machine(machine, imm) = inst.what else { return None };
    Some(match machine {
        Machine::And64 => (Machine::Ternary64, a & b),
        Machine::Or64 => (Machine::Ternary64, a | b),
        Machine::Xor64 => (Machine::Ternary64, a ^ b),
        Machine::Andn64 => (Machine::Ternary64, !a & b),
        Machine::And32 => (Machine::Ternary32, a & b),
        Machine::Or32 => (Machine::Ternary32, a | b),
        Machine::Xor32 => (Machine::Ternary32, a ^ b),
        Machine::Andn32 => (Machine::Ternary32, !a & b),
        Machine::Ternary64 | Machine::Ternary32 => (machine, imm?),
        _ => return None,
    })
}

/// An operation on two operands that costs no more in all lanes than in some.
fn is_simple(machine: Machine) -> bool {
    machine.row().memory == Memory::Folds
        && matches!(
            machine,
            Machine::AddF64
                | Machine::AddF32
                | Machine::SubF64
                | Machine::SubF32
                | Machine::MulF64
                | Machine::MulF32
                | Machine::Add64
                | Machine::Add32
                | Machine::Sub64
                | Machine::Sub32
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_bits_are_functions() {
        let [a, b, c] = OPERANDS;
        // a ^ (b & c), of (c, a, b).
        assert_eq!(reordered(a ^ (b & c), [2, 0, 1]), b ^ (c & a));
        let (x, y, z) = (V(1), V(2), V(3));
        let and = Bits { of: vec![y, z], table: a & b };
        let xor = Bits { of: vec![x, and.of[0]], table: a ^ b };
        let both = xor.with(y, &and).expect("three values");
        assert_eq!((both.of.clone(), both.table), (vec![x, y, z], a ^ (b & c)));
        let moved = both.sorted_by(|v| v == x);
        assert_eq!((moved.of, moved.table), (vec![y, z, x], c ^ (a & b)));
        let four = Bits { of: vec![V(7), V(8)], table: a | b };
        assert!(both.with(y, &four).is_none());
    }
}
