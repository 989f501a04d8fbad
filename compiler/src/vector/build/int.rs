//! Integers in lanes of 32 and 64 bits. Everything wraps; what a type wants beyond that is `convert`'s part.

use super::{Build, pick};
use crate::vector::ir::{Isa, Ty, V, Width};
use crate::vector::machine::Machine;

/// A comparison of integers, by its number in `vpcmpq`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vector) enum Order {
    Eq = 0,
    Lt = 1,
    Le = 2,
    Ne = 4,
    Ge = 5,
    Gt = 6,
}

impl Build {
    pub(in crate::vector) fn iadd(&mut self, a: V, b: V) -> V {
        self.two(Machine::Add64, Machine::Add32, a, b)
    }

    pub(in crate::vector) fn isub(&mut self, a: V, b: V) -> V {
        self.ordered(Machine::Sub64, Machine::Sub32, a, b)
    }

    /// The low half of the product.
    pub(in crate::vector) fn imul(&mut self, a: V, b: V) -> V {
        if self.width(a) == Width::W32 || self.shape.isa == Isa::Avx512 {
            return self.two(Machine::Mul64, Machine::Mul32, a, b);
        }
        // (ah 2^32 + al)(bh 2^32 + bl), modulo 2^64.
        let (a, b) = if self.is_const(a) { (b, a) } else { (a, b) };
        let (a_high, b_high) = (self.upper(a), self.upper(b));
        let mut cross = self.low_product(false, a_high, b);
        if self.const_bits(b_high) != Some(0) {
            let other = self.low_product(false, b_high, a);
            cross = self.iadd(cross, other);
        }
        let cross = self.shl(cross, 32);
        let low = self.low_product(false, a, b);
        self.iadd(low, cross)
    }

    /// The upper half of 64 bits, moved down.
    pub(in crate::vector) fn upper(&mut self, a: V) -> V {
        match self.const_bits(a) {
            Some(bits) => self.constant(Width::W64, bits >> 32),
            None => self.shr(a, 32),
        }
    }

    /// The product, of 64 bits, of the low 32 bits of each 64.
    pub(in crate::vector) fn low_product(&mut self, signed: bool, a: V, b: V) -> V {
        let (a, b) = if self.is_const(a) { (b, a) } else { (a, b) };
        let machine = if signed { Machine::MulWideS } else { Machine::MulWideU };
        let ty = self.ty(a);
        self.machine(machine, ty, &[a, b])
    }

    /// The high half of the product of 32-bit lanes, in a block whose widest lanes those are.
    pub(in crate::vector) fn mul_high(&mut self, signed: bool, a: V, b: V) -> V {
        let even = self.low_product(signed, a, b);
        let [a, b] = [a, b].map(|v| self.pair_shr(v));
        let odd = self.low_product(signed, a, b);
        let even = self.pair_shr(even);
        let high_half = self.pattern(Width::W32, 0xffff_ffff_0000_0000);
        let odd = self.machine(Machine::And64, Ty::Lanes(Width::W32), &[odd, high_half]);
        self.or(odd, even)
    }

    /// Lanes of 32 bits taken two by two: the upper one moved down.
    fn pair_shr(&mut self, v: V) -> V {
        self.machine_imm(Machine::Shr64, Ty::Lanes(Width::W32), &[v], 32)
    }

    pub(in crate::vector) fn shl(&mut self, a: V, amount: u8) -> V {
        self.shift(Machine::Shl64, Machine::Shl32, a, amount)
    }

    pub(in crate::vector) fn shr(&mut self, a: V, amount: u8) -> V {
        self.shift(Machine::Shr64, Machine::Shr32, a, amount)
    }

    /// Shift right that keeps the sign.
    pub(in crate::vector) fn sar(&mut self, a: V, amount: u8) -> V {
        if self.width(a) == Width::W32 || self.shape.isa == Isa::Avx512 {
            return self.shift(Machine::Sar64, Machine::Sar32, a, amount);
        }
        // Where the sign's bit lands, the bits above it are made like it.
        let moved = self.shr(a, amount);
        let sign = self.constant(Width::W64, (1 << 63) >> amount);
        let flipped = self.xor(moved, sign);
        self.isub(flipped, sign)
    }

    fn shift(&mut self, wide: Machine, narrow: Machine, a: V, amount: u8) -> V {
        if amount == 0 {
            return a;
        }
        let width = self.width(a);
        self.machine_imm(pick(width, wide, narrow), Ty::Lanes(width), &[a], amount)
    }

    /// Shift left by amounts of the same width, 0 where an amount is not below it.
    pub(in crate::vector) fn shl_by(&mut self, a: V, amount: V) -> V {
        self.ordered(Machine::ShlBy64, Machine::ShlBy32, a, amount)
    }

    pub(in crate::vector) fn shr_by(&mut self, a: V, amount: V) -> V {
        self.ordered(Machine::ShrBy64, Machine::ShrBy32, a, amount)
    }

    pub(in crate::vector) fn sar_by(&mut self, a: V, amount: V) -> V {
        if self.width(a) == Width::W32 || self.shape.isa == Isa::Avx512 {
            return self.ordered(Machine::SarBy64, Machine::SarBy32, a, amount);
        }
        let sign = self.sign_bit(Width::W64);
        let sign = self.shr_by(sign, amount);
        let moved = self.shr_by(a, amount);
        let flipped = self.xor(moved, sign);
        self.isub(flipped, sign)
    }

    /// Bits moved around the end of lanes, by amounts below their width.
    pub(in crate::vector) fn rotate_by(&mut self, left: bool, a: V, amount: V) -> V {
        if self.shape.isa == Isa::Avx512 {
            return match left {
                true => self.ordered(Machine::RotlBy64, Machine::RotlBy32, a, amount),
                false => self.ordered(Machine::RotrBy64, Machine::RotrBy32, a, amount),
            };
        }
        let width = self.width(a);
        let whole = self.constant(width, u64::from(width.bits()));
        let rest = self.isub(whole, amount);
        let (up, down) = if left { (amount, rest) } else { (rest, amount) };
        let (up, down) = (self.shl_by(a, up), self.shr_by(a, down));
        self.or(up, down)
    }

    pub(in crate::vector) fn icompare(&mut self, order: Order, signed: bool, a: V, b: V) -> V {
        let (order, a, b) = match self.is_const(a) {
            true => (swapped(order), b, a),
            false => (order, a, b),
        };
        let width = self.width(a);
        let ty = Ty::Mask(width);
        if self.shape.isa == Isa::Avx512 {
            let machine = match signed {
                true => pick(width, Machine::CompareS64, Machine::CompareS32),
                false => pick(width, Machine::CompareU64, Machine::CompareU32),
            };
            return self.machine_imm(machine, ty, &[a, b], order as u8);
        }
        let greater = pick(width, Machine::Greater64, Machine::Greater32);
        let equal = pick(width, Machine::Equal64, Machine::Equal32);
        let (a, b) = match signed || matches!(order, Order::Eq | Order::Ne) {
            true => (a, b),
            // Without sign as with one, if the first bit is turned over.
            false => {
                let sign = self.sign_bit(width);
                (self.xor(a, sign), self.xor(b, sign))
            }
        };
        match order {
            Order::Eq => self.machine(equal, ty, &[a, b]),
            Order::Gt => self.machine(greater, ty, &[a, b]),
            Order::Lt => self.machine(greater, ty, &[b, a]),
            Order::Ne => {
                let same = self.machine(equal, ty, &[a, b]);
                self.mask_not(same)
            }
            Order::Le => {
                let above = self.machine(greater, ty, &[a, b]);
                self.mask_not(above)
            }
            Order::Ge => {
                let below = self.machine(greater, ty, &[b, a]);
                self.mask_not(below)
            }
        }
    }

    /// The lanes whose first bit is set.
    pub(in crate::vector) fn signs(&mut self, a: V) -> V {
        let width = self.width(a);
        if self.has_masks() {
            return self.machine(pick(width, Machine::Signs64, Machine::Signs32), Ty::Mask(width), &[a]);
        }
        let zero = self.constant(width, 0);
        self.icompare(Order::Lt, true, a, zero)
    }

    /// The lanes that are not 0.
    pub(in crate::vector) fn non_zero(&mut self, a: V) -> V {
        let width = self.width(a);
        if self.has_masks() {
            return self.machine(pick(width, Machine::Test64, Machine::Test32), Ty::Mask(width), &[a, a]);
        }
        let zero = self.constant(width, 0);
        self.icompare(Order::Ne, true, a, zero)
    }

    pub(in crate::vector) fn imin(&mut self, signed: bool, a: V, b: V) -> V {
        if self.width(a) == Width::W64 && self.shape.isa == Isa::Avx2 {
            let less = self.icompare(Order::Lt, signed, a, b);
            return self.select(less, a, b);
        }
        match signed {
            true => self.two(Machine::MinS64, Machine::MinS32, a, b),
            false => self.two(Machine::MinU64, Machine::MinU32, a, b),
        }
    }

    pub(in crate::vector) fn imax(&mut self, signed: bool, a: V, b: V) -> V {
        if self.width(a) == Width::W64 && self.shape.isa == Isa::Avx2 {
            let greater = self.icompare(Order::Gt, signed, a, b);
            return self.select(greater, a, b);
        }
        match signed {
            true => self.two(Machine::MaxS64, Machine::MaxS32, a, b),
            false => self.two(Machine::MaxU64, Machine::MaxU32, a, b),
        }
    }

    /// The magnitude, wrapped: of the least value it is that value.
    pub(in crate::vector) fn iabs(&mut self, a: V) -> V {
        let width = self.width(a);
        if width == Width::W64 && self.shape.isa == Isa::Avx2 {
            let negative = self.signs(a);
            let negated = self.ineg(a);
            return self.select(negative, negated, a);
        }
        self.machine(pick(width, Machine::Abs64, Machine::Abs32), Ty::Lanes(width), &[a])
    }

    pub(in crate::vector) fn ineg(&mut self, a: V) -> V {
        let zero = self.constant(self.width(a), 0);
        self.isub(zero, a)
    }
}

/// The comparison that says the same of swapped operands.
fn swapped(order: Order) -> Order {
    match order {
        Order::Lt => Order::Gt,
        Order::Le => Order::Ge,
        Order::Gt => Order::Lt,
        Order::Ge => Order::Le,
        Order::Eq | Order::Ne => order,
    }
}
