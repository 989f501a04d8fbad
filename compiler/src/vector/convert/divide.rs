//! Quotients, remainders and square roots of integers: which of them fail, and what they are made of.

use filbert_ir::{Core, Def, Op, Type, ValueId};

use super::Convert;
use crate::vector::build::{Divided, Order};
use crate::vector::ir::{V, Width};

/// Numbers of 64 bits below this are exact in f64, and so are their whole quotients.
const SMALL: i128 = 1 << 51;

/// Whether it is made of a quotient.
pub(super) fn divides(op: Op) -> bool {
    matches!(op, Op::Div | Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::WrappingDiv | Op::WrappingRem)
}

/// Whether some value of 32 bits is computed in floats of 64.
pub(super) fn widens(core: &Core) -> bool {
    core.values.iter().any(|value| match &value.def {
        Def::Op(op, args) => (divides(*op) || *op == Op::Isqrt) && is_of_32(core.ty(args[0])),
        _ => false,
    })
}

fn is_of_32(ty: Type) -> bool {
    matches!(ty, Type::I32 | Type::U32)
}

impl Convert<'_> {
    /// An operation that `divides`.
    pub(super) fn quotient(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> V {
        let (x, y) = (self.value(args[0]), self.value(args[1]));
        if !self.never_fails(id) {
            self.check_divisor(id, op, ty, args);
        }
        let signed = ty.is_signed();
        let Divided { quotient, remainder } = self.divide(ty, args, x, y);
        let result = match op {
            Op::Div | Op::WrappingDiv => quotient,
            Op::Rem | Op::WrappingRem => remainder,
            Op::DivEuclid if !signed => quotient,
            Op::RemEuclid if !signed => remainder,
            Op::RemEuclid => {
                let size = self.build.iabs(y);
                let raised = self.build.iadd(remainder, size);
                let negative = self.build.signs(remainder);
                self.build.select(negative, raised, remainder)
            }
            _ => {
                // One further from zero, on the side that leaves a remainder above it.
                let one = self.build.constant(self.build.width(x), 1);
                let (up, down) = (self.build.iadd(quotient, one), self.build.isub(quotient, one));
                let below = self.build.signs(y);
                let further = self.build.select(below, up, down);
                let negative = self.build.signs(remainder);
                self.build.select(negative, further, quotient)
            }
        };
        self.wrapped(ty, result)
    }

    /// A divisor of 0 fails, and the least number by -1 but for the operations that wrap.
    fn check_divisor(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) {
        let y = self.value(args[1]);
        let (least, minus_one) = (1 << (ty.bits() - 1), ty.mask());
        let known = [args[0], args[1]].map(|arg| self.known(arg));
        if known[1].is_none_or(|bits| bits == 0) {
            let zero = self.constant(ty, 0);
            let bad = self.build.icompare(Order::Eq, true, y, zero);
            self.fail_where(id, bad);
        }
        let wraps = matches!(op, Op::WrappingDiv | Op::WrappingRem) || !ty.is_signed();
        if wraps || known[0].is_some_and(|bits| bits != least) || known[1].is_some_and(|bits| bits != minus_one) {
            return;
        }
        let x = self.value(args[0]);
        let (least, minus_one) = (self.constant(ty, least), self.constant(ty, minus_one));
        let is_least = self.build.icompare(Order::Eq, true, x, least);
        let by_minus_one = self.build.icompare(Order::Eq, true, y, minus_one);
        let bad = self.build.mask_and(is_least, by_minus_one);
        self.fail_where(id, bad);
    }

    fn divide(&mut self, ty: Type, args: &[ValueId], x: V, y: V) -> Divided {
        let signed = ty.is_signed();
        let bits = self.known(args[1]).filter(|&bits| bits != 0);
        let divisor = bits.map(|bits| match signed {
            true => i128::from((bits << (64 - ty.bits())) as i64 >> (64 - ty.bits())),
            false => i128::from(bits),
        });
        if ty.bits() < 64 || divisor.is_some() {
            return self.build.divide(signed, ty.bits(), x, y, divisor);
        }
        let is_small = |&id: &ValueId| {
            let (low, high) = self.proofs.range(id).ends();
            -SMALL < low && high < SMALL
        };
        if !args.iter().all(is_small) {
            if self.build.has_masks() {
                return self.build.divide(signed, ty.bits(), x, y, None);
            }
            let large = self.build.not_small(signed, x, y);
            self.leave_where(large);
        }
        self.build.divide_small(x, y)
    }

    /// The whole square root; a negative number has none.
    pub(super) fn whole_root(&mut self, id: ValueId, ty: Type, x: V) -> V {
        if ty.is_signed() && !self.never_fails(id) {
            let negative = self.build.signs(x);
            self.fail_where(id, negative);
        }
        self.build.whole_root(ty.bits(), x)
    }

    /// Whether a product of 64 bits does not fit.
    pub(super) fn product_overflows(&mut self, signed: bool, x: V, y: V) -> V {
        let high = self.build.high_half(signed, x, y);
        let right = match signed {
            true => {
                let low = self.build.imul(x, y);
                self.build.sar(low, 63)
            }
            false => self.build.constant(Width::W64, 0),
        };
        self.build.icompare(Order::Ne, signed, high, right)
    }
}
