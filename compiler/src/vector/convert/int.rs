//! Integers: what each operation of the table is made of, and when it fails.
//!
//! Types of 8 and 16 bits live in lanes of 32, extended by their sign or by zeros. Sums, differences and
//! products of theirs fit there, so one step back to the type says what was lost.

use filbert_ir::{Op, Type, ValueId};

use super::divide::divides;
use super::{Convert, Refused, refuses};
use crate::vector::build::{Compare, Order};
use crate::vector::ir::{Isa, V, Width};

impl Convert<'_> {
    /// An operation whose first operand is an integer of type `ty`.
    pub(super) fn int_op(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Result<V, Refused> {
        let signed = ty.is_signed();
        if divides(op) {
            return Ok(self.quotient(id, op, ty, args));
        }
        if matches!(op, Op::IntPow | Op::WrappingPow) {
            return Err(refuses(op, ty));
        }
        let x = self.value(args[0]);
        let y = args.get(1).map_or(x, |&y| self.value(y));
        let width = self.build.width(x);
        let never_fails = self.never_fails(id);
        let build = &mut self.build;
        Ok(match op {
            Op::Add | Op::Sub | Op::Mul if !never_fails => self.checked(id, op, ty, args),
            Op::Add | Op::WrappingAdd => {
                let sum = build.iadd(x, y);
                self.wrapped(ty, sum)
            }
            Op::Sub | Op::WrappingSub => {
                let difference = build.isub(x, y);
                self.wrapped(ty, difference)
            }
            Op::Mul | Op::WrappingMul => {
                let product = build.imul(x, y);
                self.wrapped(ty, product)
            }
            Op::AddOverflows => self.with_overflow(Op::Add, ty, x, y).1,
            Op::SubOverflows => self.with_overflow(Op::Sub, ty, x, y).1,
            Op::MulOverflows if ty.bits() == 64 => self.product_overflows(signed, x, y),
            Op::MulOverflows => self.with_overflow(Op::Mul, ty, x, y).1,
            Op::Isqrt => self.whole_root(id, ty, x),
            Op::Neg | Op::Abs => {
                if !never_fails {
                    let least = self.constant(ty, 1 << (ty.bits() - 1));
                    let bad = self.build.icompare(Order::Eq, true, x, least);
                    self.fail_where(id, bad);
                }
                let result = if op == Op::Neg { self.build.ineg(x) } else { self.build.iabs(x) };
                self.wrapped(ty, result)
            }
            Op::AbsDiff => {
                let (more, less) = (build.imax(signed, x, y), build.imin(signed, x, y));
                let difference = build.isub(more, less);
                self.wrapped(ty.unsigned(), difference)
            }
            Op::Signum => {
                let (one, minus_one) = (build.constant(width, 1), build.constant(width, u64::MAX));
                let minus_one = if signed { minus_one } else { one };
                let least = build.imin(signed, x, one);
                if signed { build.imax(signed, least, minus_one) } else { least }
            }
            Op::Min => build.imin(signed, x, y),
            Op::Max => build.imax(signed, x, y),
            Op::Clamp => {
                let high = self.value(args[2]);
                if !never_fails {
                    let bad = self.build.icompare(Order::Gt, signed, y, high);
                    self.fail_where(id, bad);
                }
                let raised = self.build.imax(signed, x, y);
                self.build.imin(signed, raised, high)
            }
            Op::And => build.and(x, y),
            Op::Or => build.or(x, y),
            Op::Xor => build.xor(x, y),
            Op::Not => {
                let ones = build.constant(width, u64::MAX);
                let flipped = build.xor(x, ones);
                self.wrapped(ty, flipped)
            }
            Op::Shl | Op::Shr | Op::WrappingShl | Op::WrappingShr => self.shift(id, op, ty, args),
            Op::RotateLeft | Op::RotateRight => self.rotate(op == Op::RotateLeft, ty, args),
            Op::CountOnes | Op::LeadingZeros | Op::TrailingZeros => self.count(op, ty, x),
            Op::SwapBytes if ty.bits() == 8 => x,
            Op::SwapBytes | Op::ReverseBits => self.reversed(op, ty, x),
            Op::Index => {
                if !never_fails {
                    let bad = self.build.icompare(Order::Ge, false, x, y);
                    self.fail_where(id, bad);
                }
                x
            }
            Op::SameLength => {
                if !never_fails {
                    let bad = self.build.icompare(Order::Ne, false, x, y);
                    self.fail_where(id, bad);
                }
                self.build.mask_constant(true)
            }
            Op::Eq => build.icompare(Order::Eq, signed, x, y),
            Op::Ne => build.icompare(Order::Ne, signed, x, y),
            Op::Lt => build.icompare(Order::Lt, signed, x, y),
            Op::Le => build.icompare(Order::Le, signed, x, y),
            Op::Gt => build.icompare(Order::Gt, signed, x, y),
            Op::Ge => build.icompare(Order::Ge, signed, x, y),
            _ => return Err(refuses(op, ty)),
        })
    }

    /// A result of lanes that are wider than its type, brought back to it.
    pub(super) fn wrapped(&mut self, ty: Type, v: V) -> V {
        if ty.bits() >= 32 {
            return v;
        }
        let rest = 32 - ty.bits() as u8;
        if ty.is_signed() {
            let up = self.build.shl(v, rest);
            self.build.sar(up, rest)
        } else {
            let mask = self.build.constant(Width::W32, ty.mask());
            self.build.and(v, mask)
        }
    }

    /// Sum, difference or product; where it does not fit the row fails.
    fn checked(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> V {
        let (x, y) = (self.value(args[0]), self.value(args[1]));
        if op == Op::Mul && ty.bits() == 64 {
            return self.checked_product(id, ty.is_signed(), x, y);
        }
        let constant = self.as_const(args[1]).filter(|_| op != Op::Mul && ty.bits() >= 32 && ty.is_signed());
        if let Some(constant) = constant {
            // Adding a positive number must not make it less, and so on.
            let negative = constant.bits() >> (ty.bits() - 1) != 0;
            let rises = (op == Op::Add) != negative;
            let result = if op == Op::Add { self.build.iadd(x, y) } else { self.build.isub(x, y) };
            let bad = self.build.icompare(if rises { Order::Lt } else { Order::Gt }, true, result, x);
            self.fail_where(id, bad);
            return result;
        }
        let (result, bad) = self.with_overflow(op, ty, x, y);
        self.fail_where(id, bad);
        result
    }

    /// The wrapped result, and the lanes in which it is not the true one. Products of 64 bits have other ways.
    fn with_overflow(&mut self, op: Op, ty: Type, x: V, y: V) -> (V, V) {
        let signed = ty.is_signed();
        if op == Op::Mul && ty.bits() == 32 {
            return self.product_of_32(signed, x, y);
        }
        let build = &mut self.build;
        let result = match op {
            Op::Add => build.iadd(x, y),
            Op::Sub => build.isub(x, y),
            _ => build.imul(x, y),
        };
        if ty.bits() < 32 {
            let fitting = self.wrapped(ty, result);
            let bad = self.build.icompare(Order::Ne, signed, result, fitting);
            return (fitting, bad);
        }
        let bad = match (op, signed) {
            (Op::Add, false) => build.icompare(Order::Lt, false, result, x),
            (_, false) => build.icompare(Order::Lt, false, x, y),
            (Op::Add, true) => {
                // The sign is wrong where it is neither operand's.
                let (from_x, from_y) = (build.xor(result, x), build.xor(result, y));
                let both = build.and(from_x, from_y);
                build.signs(both)
            }
            (_, true) => {
                let (from_x, apart) = (build.xor(result, x), build.xor(x, y));
                let both = build.and(from_x, apart);
                build.signs(both)
            }
        };
        (result, bad)
    }

    fn product_of_32(&mut self, signed: bool, x: V, y: V) -> (V, V) {
        let build = &mut self.build;
        if build.widest() == Width::W64 {
            // There are lanes that the product fits.
            let (wide_x, wide_y) = (build.widen(signed, x), build.widen(signed, y));
            let product = build.low_product(signed, wide_x, wide_y);
            let result = build.narrow(product);
            let back = build.widen(signed, result);
            return (result, build.icompare(Order::Ne, signed, product, back));
        }
        let (low, high) = (build.imul(x, y), build.mul_high(signed, x, y));
        let right = if signed { build.sar(low, 31) } else { build.constant(Width::W32, 0) };
        (low, build.icompare(Order::Ne, signed, high, right))
    }

    /// A product of 64 bits, and a check that may be too strict. With conversions to f64 the product in
    /// floats is off by three roundings at most, so what is below the limit by more than that fits. Without,
    /// both factors must fit 32 bits.
    fn checked_product(&mut self, id: ValueId, signed: bool, x: V, y: V) -> V {
        let build = &mut self.build;
        if build.shape.isa == Isa::Avx2 {
            let product = build.low_product(signed, x, y);
            for factor in [x, y] {
                let narrow = self.low_half(signed, factor);
                let bad = self.build.icompare(Order::Ne, signed, factor, narrow);
                self.fail_where(id, bad);
            }
            return product;
        }
        let product = build.imul(x, y);
        let [float_x, float_y] =
            [x, y].map(|v| build.int_to_float(signed, v, Width::W64).expect("AVX-512 has these conversions"));
        let size = build.fmul(float_x, float_y);
        let size = if signed { build.fabs(size) } else { size };
        let limit = if signed { 2f64.powi(63) } else { 2f64.powi(64) };
        let limit = build.float(Width::W64, limit * (1.0 - 2f64.powi(-50)));
        let bad = build.fcompare(Compare::Ge, size, limit);
        self.fail_where(id, bad);
        product
    }

    /// What is left of 64 bits in 32, in as many lanes.
    fn low_half(&mut self, signed: bool, v: V) -> V {
        let up = self.build.shl(v, 32);
        if signed { self.build.sar(up, 32) } else { self.build.shr(up, 32) }
    }

    /// Shifts. An amount that is too large fails, or is taken modulo the width.
    fn shift(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> V {
        let wraps = matches!(op, Op::WrappingShl | Op::WrappingShr);
        let left = matches!(op, Op::Shl | Op::WrappingShl);
        let x = self.value(args[0]);
        let fixed = self.as_const(args[1]).map(|amount| amount.bits());
        let fixed = fixed.map(|amount| if wraps { amount % u64::from(ty.bits()) } else { amount });
        if let Some(amount) = fixed.filter(|&amount| amount < u64::from(ty.bits())) {
            let moved = match (left, ty.is_signed()) {
                (true, _) => self.build.shl(x, amount as u8),
                (_, true) => self.build.sar(x, amount as u8),
                (_, false) => self.build.shr(x, amount as u8),
            };
            return self.wrapped(ty, moved);
        }
        let amount = self.value(args[1]);
        if !wraps && !self.never_fails(id) {
            let bits = self.build.width(amount);
            let bits = self.build.constant(bits, u64::from(ty.bits()));
            let bad = self.build.icompare(Order::Ge, false, amount, bits);
            self.fail_where(id, bad);
        }
        let amount = self.amount(amount, x, wraps.then_some(ty));
        let moved = match (left, ty.is_signed()) {
            (true, _) => self.build.shl_by(x, amount),
            (_, true) => self.build.sar_by(x, amount),
            (_, false) => self.build.shr_by(x, amount),
        };
        self.wrapped(ty, moved)
    }

    /// Amounts in lanes like those of `x`, modulo the type's width if it is given. An amount that does not fit
    /// was found to fail before.
    fn amount(&mut self, amount: V, x: V, modulo: Option<Type>) -> V {
        let amount = match (self.build.width(amount), self.build.width(x)) {
            (Width::W32, Width::W64) => self.build.widen(false, amount),
            (Width::W64, Width::W32) => self.build.narrow(amount),
            _ => amount,
        };
        let Some(ty) = modulo else { return amount };
        let mask = self.build.constant(self.build.width(x), u64::from(ty.bits()) - 1);
        self.build.and(amount, mask)
    }

    fn rotate(&mut self, left: bool, ty: Type, args: &[ValueId]) -> V {
        let (x, amount) = (self.value(args[0]), self.value(args[1]));
        let amount = self.amount(amount, x, Some(ty));
        if ty.bits() >= 32 {
            return self.build.rotate_by(left, x, amount);
        }
        let mask = self.build.constant(Width::W32, ty.mask());
        let bits = self.build.constant(Width::W32, u64::from(ty.bits()));
        let x = self.build.and(x, mask);
        let rest = self.build.isub(bits, amount);
        let (up, down) = if left { (amount, rest) } else { (rest, amount) };
        let (up, down) = (self.build.shl_by(x, up), self.build.shr_by(x, down));
        let around = self.build.or(up, down);
        self.wrapped(ty, around)
    }
}
