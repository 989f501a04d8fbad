//! What is known when the code is made: constants, and what follows from them.
//!
//! A loop over `0..8` that is written out has another number for its index each time; a load at that index, a
//! choice among the elements of an array, a condition on it are then settled here and cost nothing.

use filbert_ir::op::Sig;
use filbert_ir::{Def, Op, Scalar, Type, ValueId};

use super::Convert;
use crate::vector::ir::V;

/// What a value became.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Got {
    /// The same in all lanes: these bits.
    Known(u64),
    Made(V),
}

impl Convert<'_> {
    /// What a value became; slots are loaded where they are first wanted.
    pub(super) fn got(&mut self, id: ValueId) -> Got {
        if let Some(got) = self.values[id.index()] {
            return got;
        }
        let got = match self.core.value(id).def {
            Def::Param(slot) => Got::Made(self.load(slot, self.core.ty(id))),
            Def::Const(bits) => Got::Known(bits),
            _ => unreachable!("an operand comes before its user"),
        };
        self.values[id.index()] = Some(got);
        got
    }

    /// The value in lanes.
    pub(super) fn made(&mut self, ty: Type, got: Got) -> V {
        match got {
            Got::Known(bits) => self.constant(ty, bits),
            Got::Made(v) => v,
        }
    }

    /// The bits of a value, if they are known.
    pub(super) fn known(&self, id: ValueId) -> Option<u64> {
        match (self.values[id.index()], &self.core.value(id).def) {
            (Some(Got::Known(bits)), _) => Some(bits),
            (None, Def::Const(bits)) => Some(*bits),
            _ => None,
        }
    }

    /// The same as a scalar.
    pub(super) fn as_const(&self, id: ValueId) -> Option<Scalar> {
        Some(Scalar::from_bits(self.core.ty(id), self.known(id)?))
    }

    /// What an operation gives, if that needs no instruction.
    pub(super) fn folded(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Option<Got> {
        if let Some((_, bits)) = self.steady.iter().rev().find(|(known, _)| *known == id) {
            return Some(Got::Known(*bits));
        }
        if op == Op::Select
            && let Some(cond) = self.known(args[0])
        {
            return Some(self.got(args[if cond != 0 { 1 } else { 2 }]));
        }
        self.evaluated(id, op, args, |id| self.known(id)).map(Got::Known)
    }

    /// What an operation gives for these bits. One that fails is left to the code.
    pub(super) fn evaluated(
        &self,
        id: ValueId,
        op: Op,
        args: &[ValueId],
        mut known: impl FnMut(ValueId) -> Option<u64>,
    ) -> Option<u64> {
        let (mut bits, mut types) = ([0; 3], [Type::Bool; 3]);
        for (place, &arg) in args.iter().enumerate() {
            bits[place] = known(arg)?;
            types[place] = self.core.ty(arg);
        }
        op.eval(Sig { args: &types[..args.len()], ret: self.core.ty(id) }, &bits[..args.len()]).ok()
    }
}
