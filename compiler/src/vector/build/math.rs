//! The steps of math functions as instructions: `filbert_ir::math` says what a function is made of, and each step
//! of it is made here, over all lanes.
//!
//! What an engine may do to a step without changing a bit is done here: a sign goes into the instruction that reads
//! it, a choice between the operands of its comparison is a minimum or a maximum, `scale` is one instruction
//! where there is one.

use std::cell::{Cell, RefCell};

use filbert_ir::math::lanes::{Lanes, scale_by_halves};

use super::{Build, Compare, Order};
use crate::vector::ir::{Isa, Ty, V, What, Width};
use crate::vector::machine::Machine;

/// Lanes of 64 bits.
pub(in crate::vector) struct MathLanes<'b> {
    build: RefCell<&'b mut Build>,
    rare: Cell<Option<V>>,
}

impl<'b> MathLanes<'b> {
    pub(in crate::vector) fn new(build: &'b mut Build) -> MathLanes<'b> {
        MathLanes { build: RefCell::new(build), rare: Cell::new(None) }
    }

    /// The lanes whose result is not to be used, if there may be any.
    pub(in crate::vector) fn rare_lanes(&self) -> Option<V> {
        self.rare.get()
    }

    fn make<T>(&self, step: impl FnOnce(&mut Build) -> T) -> T {
        step(&mut self.build.borrow_mut())
    }
}

macro_rules! steps {
    ($($name:ident ($($x:ident: $ty:ty),*) = $build:ident: $body:expr;)*) => {
        $(
            fn $name(&self, $($x: $ty),*) -> V {
                self.make(|$build| $body)
            }
        )*
    };
}

impl Lanes for MathLanes<'_> {
    type F = V;
    type I = V;
    type M = V;

    steps! {
        float(value: f64) = b: b.float(Width::W64, value);
        int(bits: i64) = b: b.constant(Width::W64, bits as u64);
        add(x: V, y: V) = b: b.fadd(x, y);
        sub(x: V, y: V) = b: b.fsub(x, y);
        mul(x: V, y: V) = b: b.fmul(x, y);
        div(x: V, y: V) = b: b.fdiv(x, y);
        sqrt(x: V) = b: b.sqrt(x);
        fma(x: V, y: V, z: V) = b: b.fma(x, y, z);
        neg(x: V) = b: b.fneg(x);
        abs(x: V) = b: b.fabs(x);
        iadd(x: V, y: V) = b: b.folded(x, y, u64::wrapping_add).unwrap_or_else(|| b.iadd(x, y));
        isub(x: V, y: V) = b: b.folded(x, y, u64::wrapping_sub).unwrap_or_else(|| b.isub(x, y));
        iand(x: V, y: V) = b: b.and(x, y);
        ior(x: V, y: V) = b: b.or(x, y);
        ixor(x: V, y: V) = b: b.xor(x, y);
        shl(x: V, by: u32) = b: b.shl(x, by as u8);
        shr(x: V, by: u32) = b: b.shr(x, by as u8);
        lt(x: V, y: V) = b: b.fcompare(Compare::Lt, x, y);
        le(x: V, y: V) = b: b.fcompare(Compare::Le, x, y);
        eq(x: V, y: V) = b: b.fcompare(Compare::Eq, x, y);
        ieq(x: V, y: V) = b: b.is_equal(x, y);
        ilt(x: V, y: V) = b: b.is_less(x, y);
        and(x: V, y: V) = b: b.mask_and(x, y);
        or(x: V, y: V) = b: b.mask_or(x, y);
        not(x: V) = b: b.mask_not(x);
        select(mask: V, yes: V, no: V) = b: b.chosen(mask, yes, no);
        iselect(mask: V, yes: V, no: V) = b: b.select(mask, yes, no);
    }

    fn bits(&self, x: V) -> V {
        x
    }

    fn of_bits(&self, x: V) -> V {
        x
    }

    fn rare(&self, mask: V) {
        let all = self.rare.get().map_or(mask, |rare| self.or(rare, mask));
        self.rare.set(Some(all));
    }

    /// The instruction takes any n, and rounds once.
    fn scale(&self, x: V, n: V) -> V {
        self.make(|build| build.scale_instruction(x, n)).unwrap_or_else(|| scale_by_halves(self, x, n))
    }
}

impl Build {
    /// An operation on two constants, done here.
    fn folded(&mut self, a: V, b: V, f: fn(u64, u64) -> u64) -> Option<V> {
        let bits = f(self.const_bits(a)?, self.const_bits(b)?);
        Some(self.constant(Width::W64, bits))
    }

    fn scale_instruction(&mut self, a: V, n: V) -> Option<V> {
        let ty = Ty::Lanes(Width::W64);
        (self.shape.isa == Isa::Avx512).then(|| self.machine(Machine::ScaleF64, ty, &[a, n]))
    }

    /// `a == b`; of common bits and 0 it is one instruction.
    fn is_equal(&mut self, a: V, b: V) -> V {
        let common = match self.insts[a.index()] {
            inst if inst.what == What::Machine(Machine::And64, None) => Some(inst.args),
            _ => None,
        };
        match common {
            Some(args) if self.has_masks() && self.const_bits(b) == Some(0) => {
                self.machine(Machine::TestNot64, Ty::Mask(Width::W64), &args)
            }
            _ => self.icompare(Order::Eq, true, a, b),
        }
    }

    fn is_less(&mut self, a: V, b: V) -> V {
        match self.const_bits(b) {
            Some(0) => self.signs(a),
            _ => self.icompare(Order::Lt, true, a, b),
        }
    }

    /// `select` of floats. Of the operands of a `<` it is an instruction: `x < y ? x : y` and `x < y ? y : x`, which
    /// give the second where the comparison is false.
    fn chosen(&mut self, mask: V, yes: V, no: V) -> V {
        let test = self.insts[mask.index()];
        let less = match test.what {
            What::Machine(Machine::CompareF64, Some(imm)) if imm == Compare::Lt as u8 => (test.args[0], test.args[1]),
            What::Machine(Machine::CompareF64, Some(imm)) if imm == Compare::Gt as u8 => (test.args[1], test.args[0]),
            _ => return self.select(mask, yes, no),
        };
        match less {
            _ if less == (yes, no) => self.lesser(yes, no),
            _ if less == (no, yes) => self.greater(yes, no),
            _ => self.select(mask, yes, no),
        }
    }
}
