//! Floats. Each step is exact or rounds once, so that every machine gives the same bits; the sign and the
//! payload of a NaN are nobody's business until a result is stored.

use super::facts::Facts;
use super::{Build, pick};
use crate::vector::ir::{Ty, V, What, Width};
use crate::vector::machine::Machine;

/// A comparison, by its number in `vcmppd`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vector) enum Compare {
    Eq = 0x00,
    Unordered = 0x03,
    /// Also true of NaN.
    Ne = 0x04,
    Lt = 0x11,
    Le = 0x12,
    /// Not less or equal: greater, or unordered.
    NotLe = 0x16,
    /// Not greater or equal: less, or unordered.
    NotGe = 0x19,
    Ge = 0x1d,
    Gt = 0x1e,
}

/// How `round` rounds, by its number in `vroundpd`; 8 keeps the inexact flag down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vector) enum Rounding {
    Floor = 9,
    Ceil = 10,
    Trunc = 11,
}

impl Build {
    /// A float in each lane, rounded to the width.
    pub(in crate::vector) fn float(&mut self, width: Width, value: f64) -> V {
        let bits = match width {
            Width::W64 => value.to_bits(),
            Width::W32 => u64::from((value as f32).to_bits()),
        };
        self.constant(width, bits)
    }

    /// The bit of the sign.
    pub(in crate::vector) fn sign_bit(&mut self, width: Width) -> V {
        self.constant(width, 1 << (width.bits() - 1))
    }

    pub(in crate::vector) fn fadd(&mut self, a: V, b: V) -> V {
        match (self.negated(a), self.negated(b)) {
            (_, Some(b)) => self.ordered(Machine::SubF64, Machine::SubF32, a, b),
            (Some(a), _) => self.ordered(Machine::SubF64, Machine::SubF32, b, a),
            _ => self.two(Machine::AddF64, Machine::AddF32, a, b),
        }
    }

    pub(in crate::vector) fn fsub(&mut self, a: V, b: V) -> V {
        match self.negated(b) {
            Some(b) => self.two(Machine::AddF64, Machine::AddF32, a, b),
            None => self.ordered(Machine::SubF64, Machine::SubF32, a, b),
        }
    }

    pub(in crate::vector) fn fmul(&mut self, a: V, b: V) -> V {
        // A square does not ask for the sign.
        let (a, b) = match self.without_sign(a) {
            Some(magnitude) if a == b => (magnitude, magnitude),
            _ => (a, b),
        };
        self.two(Machine::MulF64, Machine::MulF32, a, b)
    }

    pub(in crate::vector) fn fdiv(&mut self, a: V, b: V) -> V {
        self.ordered(Machine::DivF64, Machine::DivF32, a, b)
    }

    pub(in crate::vector) fn sqrt(&mut self, a: V) -> V {
        let width = self.width(a);
        self.machine(pick(width, Machine::SqrtF64, Machine::SqrtF32), Ty::Lanes(width), &[a])
    }

    /// `a * b + c`, rounded once. Signs are taken into the instruction: they change no bit of a number.
    pub(in crate::vector) fn fma(&mut self, a: V, b: V, c: V) -> V {
        let (mut product, mut a, mut b) = (false, a, b);
        for factor in [&mut a, &mut b] {
            if let Some(of) = self.negated(*factor) {
                (product, *factor) = (!product, of);
            }
        }
        let (sum, c) = self.negated(c).map_or((false, c), |c| (true, c));
        let swap = self.is_const(a) || (b < a && !self.is_const(b));
        let (a, b) = if swap { (b, a) } else { (a, b) };
        let (wide, narrow) = match (product, sum) {
            (false, false) => (Machine::Fma213F64, Machine::Fma213F32),
            (false, true) => (Machine::Fms213F64, Machine::Fms213F32),
            (true, false) => (Machine::Fnma213F64, Machine::Fnma213F32),
            (true, true) => (Machine::Fnms213F64, Machine::Fnms213F32),
        };
        let width = self.width(a);
        self.machine(pick(width, wide, narrow), Ty::Lanes(width), &[a, b, c])
    }

    /// A value that has the same magnitude and that this one was made of, by its sign.
    fn without_sign(&self, v: V) -> Option<V> {
        let inst = &self.insts[v.index()];
        let is_sign = match inst.what {
            What::Machine(Machine::Xor64, _) if inst.ty == Ty::Lanes(Width::W64) => self.is_sign(inst.args[1]),
            What::Machine(Machine::And64, _) => self.const_bits(inst.args[1]) == Some(i64::MAX as u64),
            _ => false,
        };
        is_sign.then(|| self.without_sign(inst.args[0]).unwrap_or(inst.args[0]))
    }

    /// Whether no bit of these lanes of 64 is set but the first.
    fn is_sign(&self, v: V) -> bool {
        let inst = &self.insts[v.index()];
        let is_first = |bits: u64| bits << 1 == 0;
        match inst.what {
            What::Const(bits) => is_first(bits),
            What::Machine(Machine::And64, _) => self.const_bits(inst.args[1]).is_some_and(is_first),
            What::Machine(Machine::Xor64 | Machine::Or64, _) => inst.args.iter().all(|&v| self.is_sign(v)),
            What::Machine(Machine::Shl64, Some(by)) => {
                let moved = &self.insts[inst.args[0].index()];
                by == 63
                    || matches!(moved.what, What::Machine(Machine::And64, _))
                        && self.const_bits(moved.args[1]).is_some_and(|bits| is_first(bits << by))
            }
            _ => false,
        }
    }

    /// What this is the negative of, if it is made as one.
    fn negated(&self, v: V) -> Option<V> {
        let inst = &self.insts[v.index()];
        let sign = match inst.what {
            What::Machine(Machine::Xor64, _) => 1 << 63,
            What::Machine(Machine::Xor32, _) => 0x8000_0000_8000_0000,
            _ => return None,
        };
        (matches!(inst.ty, Ty::Lanes(_)) && self.const_bits(inst.args[1]) == Some(sign)).then_some(inst.args[0])
    }

    pub(in crate::vector) fn fneg(&mut self, a: V) -> V {
        let width = self.width(a);
        if let Some(bits) = self.const_bits(a) {
            let sign = if width == Width::W64 { 1 << 63 } else { 0x8000_0000_8000_0000 };
            return self.pattern(width, bits ^ sign);
        }
        let sign = self.sign_bit(width);
        self.xor(a, sign)
    }

    pub(in crate::vector) fn fabs(&mut self, a: V) -> V {
        let width = self.width(a);
        let rest = self.constant(width, (1 << (width.bits() - 1)) - 1);
        self.and(a, rest)
    }

    /// The magnitude of the first with the sign of the second.
    pub(in crate::vector) fn copysign(&mut self, a: V, b: V) -> V {
        let sign = self.sign_bit(self.width(a));
        let (magnitude, sign) = (self.fabs(a), self.and(b, sign));
        self.or(magnitude, sign)
    }

    pub(in crate::vector) fn round(&mut self, a: V, rounding: Rounding) -> V {
        let width = self.width(a);
        let machine = pick(width, Machine::RoundF64, Machine::RoundF32);
        self.machine_imm(machine, Ty::Lanes(width), &[a], rounding as u8)
    }

    pub(in crate::vector) fn fcompare(&mut self, compare: Compare, a: V, b: V) -> V {
        let (compare, a, b) = match self.is_const(a) {
            true => (swapped(compare), b, a),
            false => (compare, a, b),
        };
        let width = self.width(a);
        let machine = pick(width, Machine::CompareF64, Machine::CompareF32);
        self.machine_imm(machine, Ty::Mask(width), &[a, b], compare as u8)
    }

    /// `a < b ? a : b`: the second where they are equal or unordered.
    pub(in crate::vector) fn lesser(&mut self, a: V, b: V) -> V {
        self.ordered(Machine::MinF64, Machine::MinF32, a, b)
    }

    /// `a > b ? a : b`: the second where they are equal or unordered.
    pub(in crate::vector) fn greater(&mut self, a: V, b: V) -> V {
        self.ordered(Machine::MaxF64, Machine::MaxF32, a, b)
    }

    /// The lesser or greater of two; a NaN is ignored, and -0 is below +0.
    ///
    /// The machine gives the second of two that are equal or unordered, which is right where it can be no NaN and the
    /// first no zero that is beyond it. AVX-512 has an instruction that is right in any order, but for a signalling
    /// NaN; otherwise equal operands differ at most in the sign of a zero: `or` of the bits gives -0 if there is one,
    /// `and` gives +0.
    pub(in crate::vector) fn extremum(&mut self, is_min: bool, a: V, b: V) -> V {
        let ties = |first: Facts, second: Facts| match is_min {
            true => first.negative_zero && second.positive_zero,
            false => first.positive_zero && second.negative_zero,
        };
        let doubts = |first: Facts, second: Facts| u32::from(ties(first, second)) + u32::from(second.nan);
        let (of_a, of_b) = (self.facts(a), self.facts(b));
        let swap = doubts(of_b, of_a) < doubts(of_a, of_b);
        let (a, b, of_a, of_b) = if swap { (b, a, of_b, of_a) } else { (a, b, of_a, of_b) };
        let has_range = self.has_masks();
        if has_range && doubts(of_a, of_b) > 0 {
            let (a, b) = (self.quieted(a, of_a), self.quieted(b, of_b));
            let width = self.width(a);
            let machine = pick(width, Machine::RangeF64, Machine::RangeF32);
            return self.machine_imm(machine, Ty::Lanes(width), &[a, b], if is_min { 4 } else { 5 });
        }
        let mut picked = if is_min { self.lesser(a, b) } else { self.greater(a, b) };
        if ties(of_a, of_b) {
            let merged = if is_min { self.or(a, b) } else { self.and(a, b) };
            let equal = self.fcompare(Compare::Eq, a, b);
            picked = self.select(equal, merged, picked);
        }
        if of_b.nan {
            let nan = self.fcompare(Compare::Unordered, b, b);
            picked = self.select(nan, a, picked);
        }
        picked
    }

    /// The same number; of any NaN the one that kernels return.
    pub(in crate::vector) fn canonical(&mut self, v: V) -> V {
        if !self.facts(v).nan {
            return v;
        }
        let width = self.width(v);
        let canonical = self.float(width, f64::NAN);
        if self.has_masks() {
            // Of the eight kinds of numbers the first two are NaNs.
            let kinds = self.constant(width, 0x1111_1100);
            return self.machine_imm(
                pick(width, Machine::FixF64, Machine::FixF32),
                Ty::Lanes(width),
                &[canonical, v, kinds],
                0,
            );
        }
        let nan = self.fcompare(Compare::Unordered, v, v);
        self.select(nan, canonical, v)
    }

    /// The same number, or a NaN that is quiet.
    fn quieted(&mut self, v: V, facts: Facts) -> V {
        if !facts.signalling {
            return v;
        }
        let one = self.float(self.width(v), 1.0);
        self.fmul(v, one)
    }
}

/// The comparison that says the same of swapped operands.
fn swapped(compare: Compare) -> Compare {
    match compare {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        Compare::NotLe => Compare::NotGe,
        Compare::NotGe => Compare::NotLe,
        Compare::Eq | Compare::Ne | Compare::Unordered => compare,
    }
}
