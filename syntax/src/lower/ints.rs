//! Methods of integers that are made of several operations. None of them branches: what a row does not need
//! is computed all the same, from operands that cannot fail.

use filbert_ir::{Def, Op, Scalar, Type, ValueId};

use super::Lower;
use super::value::{Flag, Val};
use crate::methods::{Arith, IntMethod, Mode, signed};

/// Bits of an exponent that matter: of numbers with a magnitude above 1, no power from 64 on fits.
const EXPONENT_BITS: u32 = 6;

impl Lower<'_, '_, '_> {
    /// Arithmetic with a mode, on one operand or two.
    pub(super) fn arith(&mut self, mode: Mode, arith: Arith, args: &[ValueId]) -> Val {
        let x = args[0];
        let y = args.get(1).copied().unwrap_or(x);
        match mode {
            Mode::Wrapping => Val::One(self.wrapping(arith, x, y)),
            Mode::Saturating => {
                let limit = self.limit(arith, x, y);
                let (wrapped, overflows) = (self.wrapping(arith, x, y), self.overflows(arith, x, y));
                Val::One(self.b.op(Op::Select, &[overflows, limit, wrapped]))
            }
            Mode::Checked => self.checked(arith, x, y),
            Mode::Overflowing => {
                let (wrapped, overflows) = (self.wrapping(arith, x, y), self.overflows(arith, x, y));
                Val::Many(vec![Val::One(wrapped), Val::One(overflows)])
            }
        }
    }

    /// The result modulo 2^width. Fails on nothing but a divisor of zero.
    pub(super) fn wrapping(&mut self, arith: Arith, x: ValueId, y: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        match arith {
            Arith::Add => self.b.op(Op::WrappingAdd, &[x, y]),
            Arith::Sub => self.b.op(Op::WrappingSub, &[x, y]),
            Arith::Mul => self.b.op(Op::WrappingMul, &[x, y]),
            Arith::Pow => self.b.op(Op::WrappingPow, &[x, y]),
            Arith::Shl => self.b.op(Op::WrappingShl, &[x, y]),
            Arith::Shr => self.b.op(Op::WrappingShr, &[x, y]),
            Arith::Div if self.is_other_constant(y) => self.b.op(Op::Div, &[x, y]),
            Arith::Rem if self.is_other_constant(y) => self.b.op(Op::Rem, &[x, y]),
            Arith::Div => self.b.op(Op::WrappingDiv, &[x, y]),
            Arith::Rem => self.b.op(Op::WrappingRem, &[x, y]),
            Arith::Neg => {
                let zero = self.int(ty, 0);
                self.b.op(Op::WrappingSub, &[zero, x])
            }
            Arith::Abs => {
                let (negative, negated) = (self.is_negative(x), self.wrapping(Arith::Neg, x, x));
                self.b.op(Op::Select, &[negative, negated, x])
            }
            // Only a divisor of -1 can overflow: then the quotient is the negative, the remainder 0.
            Arith::DivEuclid if ty.is_signed() && !self.is_other_constant(y) => {
                let (is_minus_one, divisor) = self.without_minus_one(y);
                let quotient = self.b.op(Op::DivEuclid, &[x, divisor]);
                let negated = self.wrapping(Arith::Neg, x, x);
                self.b.op(Op::Select, &[is_minus_one, negated, quotient])
            }
            Arith::RemEuclid if ty.is_signed() && !self.is_other_constant(y) => {
                let (_, divisor) = self.without_minus_one(y);
                self.b.op(Op::RemEuclid, &[x, divisor])
            }
            Arith::DivEuclid => self.b.op(Op::DivEuclid, &[x, y]),
            Arith::RemEuclid => self.b.op(Op::RemEuclid, &[x, y]),
        }
    }

    /// An operation that wraps instead of failing; the others stay as they are.
    pub(super) fn wrapped(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        let arith = match op {
            Op::Add => Arith::Add,
            Op::Sub => Arith::Sub,
            Op::Mul => Arith::Mul,
            Op::Neg => Arith::Neg,
            Op::Abs => Arith::Abs,
            Op::IntPow => Arith::Pow,
            Op::Div => Arith::Div,
            Op::Rem => Arith::Rem,
            Op::DivEuclid => Arith::DivEuclid,
            Op::RemEuclid => Arith::RemEuclid,
            Op::Shl => Arith::Shl,
            Op::Shr => Arith::Shr,
            _ => return self.b.op(op, args),
        };
        let mut y = args.get(1).copied().unwrap_or(args[0]);
        // The width is a power of two, so only the low bits of the amount count, whatever its type.
        if matches!(arith, Arith::Shl | Arith::Shr) && self.b.ty(y) != Type::U32 {
            y = self.b.cast(y, Type::U32);
        }
        self.wrapping(arith, args[0], y)
    }

    /// Whether the result does not fit.
    fn overflows(&mut self, arith: Arith, x: ValueId, y: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        match arith {
            Arith::Add => self.b.op(Op::AddOverflows, &[x, y]),
            Arith::Sub => self.b.op(Op::SubOverflows, &[x, y]),
            Arith::Mul => self.b.op(Op::MulOverflows, &[x, y]),
            Arith::Pow => self.pow_overflows(x, y),
            Arith::Shl | Arith::Shr => {
                let width = self.int(Type::U32, u64::from(ty.bits()));
                self.b.op(Op::Ge, &[y, width])
            }
            Arith::Neg if !ty.is_signed() => {
                let zero = self.int(ty, 0);
                self.b.op(Op::Ne, &[x, zero])
            }
            Arith::Neg | Arith::Abs => self.is_min(x),
            Arith::Div | Arith::Rem | Arith::DivEuclid | Arith::RemEuclid if ty.is_signed() => {
                let minus_one = self.int(ty, ty.mask());
                let is_min = self.is_min(x);
                let is_minus_one = self.b.op(Op::Eq, &[y, minus_one]);
                self.b.op(Op::And, &[is_min, is_minus_one])
            }
            Arith::Div | Arith::Rem | Arith::DivEuclid | Arith::RemEuclid => self.b.constant(Scalar::Bool(false)),
        }
    }

    /// What a result that does not fit saturates to.
    fn limit(&mut self, arith: Arith, x: ValueId, y: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        if !ty.is_signed() {
            return self.int(ty, if arith == Arith::Sub { 0 } else { ty.mask() });
        }
        let max = self.int(ty, ty.mask() >> 1);
        // Sums and differences that overflow have the sign of the first operand, products that of both;
        // powers are negative where base and exponent are negative and odd.
        let is_negative = match arith {
            Arith::Add | Arith::Sub => self.is_negative(x),
            Arith::Mul => {
                let (x, y) = (self.is_negative(x), self.is_negative(y));
                self.b.op(Op::Xor, &[x, y])
            }
            Arith::Pow => {
                let (negative, odd) = (self.is_negative(x), self.bit(y, 0));
                self.b.op(Op::And, &[negative, odd])
            }
            _ => return max,
        };
        let min = self.int(ty, 1 << (ty.bits() - 1));
        self.b.op(Op::Select, &[is_negative, min, max])
    }

    /// The result, or none: it does not fit, or there is none because the divisor is zero.
    fn checked(&mut self, arith: Arith, x: ValueId, y: ValueId) -> Val {
        let overflows = self.overflows(arith, x, y);
        if !arith.divides() {
            let wrapped = self.wrapping(arith, x, y);
            return self.option(wrapped, overflows);
        }
        let ty = self.b.ty(x);
        let (zero, one) = (self.int(ty, 0), self.int(ty, 1));
        let is_zero = self.b.op(Op::Eq, &[y, zero]);
        let divisor = self.b.op(Op::Select, &[is_zero, one, y]);
        let result = self.wrapping(arith, x, divisor);
        let has_none = self.b.op(Op::Or, &[is_zero, overflows]);
        self.option(result, has_none)
    }

    /// `None` where `is_none`.
    fn option(&mut self, value: ValueId, is_none: ValueId) -> Val {
        let is_some = self.b.op(Op::Not, &[is_none]);
        Val::Opt { some: Flag::If(is_some), value: Box::new(Val::One(value)) }
    }

    /// Whether a power does not fit, by square and multiply. Each factor is a power of the base, so once one
    /// of them or a product does not fit, nothing behind it does.
    fn pow_overflows(&mut self, x: ValueId, exponent: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        let (mut power, mut base) = (self.int(ty, 1), x);
        let mut overflows = self.b.constant(Scalar::Bool(false));
        let mut base_overflows = overflows;
        for bit in 0..EXPONENT_BITS {
            let taken = self.bit(exponent, bit);
            let product_overflows = self.b.op(Op::MulOverflows, &[power, base]);
            let either = self.b.op(Op::Or, &[base_overflows, product_overflows]);
            let now = self.b.op(Op::And, &[taken, either]);
            overflows = self.b.op(Op::Or, &[overflows, now]);
            let product = self.b.op(Op::WrappingMul, &[power, base]);
            power = self.b.op(Op::Select, &[taken, product, power]);
            if bit + 1 < EXPONENT_BITS {
                let square_overflows = self.b.op(Op::MulOverflows, &[base, base]);
                base_overflows = self.b.op(Op::Or, &[base_overflows, square_overflows]);
                base = self.b.op(Op::WrappingMul, &[base, base]);
            }
        }
        // Above the bits looked at, every magnitude but 0 and 1 overflows.
        let bound = self.int(Type::U32, 1 << EXPONENT_BITS);
        let is_large = self.b.op(Op::Ge, &[exponent, bound]);
        let magnitude = if ty.is_signed() { self.wrapping(Arith::Abs, x, x) } else { x };
        let magnitude = self.b.cast(magnitude, ty.unsigned());
        let one = self.int(ty.unsigned(), 1);
        let grows = self.b.op(Op::Gt, &[magnitude, one]);
        let large_overflows = self.b.op(Op::And, &[is_large, grows]);
        let small = self.b.op(Op::Not, &[is_large]);
        let small_overflows = self.b.op(Op::And, &[small, overflows]);
        self.b.op(Op::Or, &[small_overflows, large_overflows])
    }

    /// A method without a mode.
    pub(super) fn int_method(&mut self, method: IntMethod, args: &[ValueId]) -> Val {
        let x = args[0];
        let ty = self.b.ty(x);
        Val::One(match method {
            IntMethod::IsPositive => {
                let zero = self.int(ty, 0);
                self.b.op(Op::Gt, &[x, zero])
            }
            IntMethod::IsNegative => self.is_negative(x),
            IntMethod::CountZeros => self.of_complement(Op::CountOnes, x),
            IntMethod::LeadingOnes => self.of_complement(Op::LeadingZeros, x),
            IntMethod::TrailingOnes => self.of_complement(Op::TrailingZeros, x),
            IntMethod::UnsignedAbs => {
                let magnitude = self.wrapping(Arith::Abs, x, x);
                self.b.cast(magnitude, ty.unsigned())
            }
            IntMethod::CastUnsigned => self.b.cast(x, ty.unsigned()),
            IntMethod::CastSigned => self.b.cast(x, signed(ty)),
            IntMethod::Midpoint => self.midpoint(x, args[1]),
            IntMethod::Ilog2 => {
                self.require_positive(x);
                self.ilog2(x)
            }
            IntMethod::Ilog10 => {
                self.require_positive(x);
                self.ilog10(x)
            }
            IntMethod::CheckedIlog2 => {
                let (log, not_positive) = (self.ilog2(x), self.is_not_positive(x));
                return self.option(log, not_positive);
            }
            IntMethod::CheckedIlog10 => {
                let (log, not_positive) = (self.ilog10(x), self.is_not_positive(x));
                return self.option(log, not_positive);
            }
            IntMethod::CheckedIsqrt => {
                let (zero, negative) = (self.int(ty, 0), self.is_negative(x));
                let radicand = self.b.op(Op::Max, &[x, zero]);
                let root = self.b.op(Op::Isqrt, &[radicand]);
                return self.option(root, negative);
            }
            IntMethod::IsPowerOfTwo => {
                let one = self.int(Type::U32, 1);
                let ones = self.b.op(Op::CountOnes, &[x]);
                self.b.op(Op::Eq, &[ones, one])
            }
            IntMethod::NextPowerOfTwo => {
                let half = self.half_of_next_power(x);
                let power = self.op(self.b.span, Op::Add, &[half, half]);
                self.one_up_to_one(x, power)
            }
            IntMethod::CheckedNextPowerOfTwo => {
                let half = self.half_of_next_power(x);
                let power = self.b.op(Op::WrappingAdd, &[half, half]);
                let power = self.one_up_to_one(x, power);
                let overflows = self.b.op(Op::AddOverflows, &[half, half]);
                return self.option(power, overflows);
            }
            IntMethod::DivCeil => {
                let (zero, y) = (self.int(ty, 0), args[1]);
                let quotient = self.b.op(Op::Div, &[x, y]);
                let rest = self.b.op(Op::Rem, &[x, y]);
                let has_rest = self.b.op(Op::Ne, &[rest, zero]);
                let up = self.b.cast(has_rest, ty);
                self.b.op(Op::WrappingAdd, &[quotient, up])
            }
            IntMethod::IsMultipleOf => {
                // Only zero is a multiple of zero.
                let (zero, one, y) = (self.int(ty, 0), self.int(ty, 1), args[1]);
                let by_zero = self.b.op(Op::Eq, &[y, zero]);
                let divisor = self.b.op(Op::Select, &[by_zero, one, y]);
                let rest = self.b.op(Op::Rem, &[x, divisor]);
                let rest = self.b.op(Op::Select, &[by_zero, x, rest]);
                self.b.op(Op::Eq, &[rest, zero])
            }
        })
    }

    fn midpoint(&mut self, x: ValueId, y: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        let differ = self.b.op(Op::Xor, &[x, y]);
        let one = self.int(Type::U32, 1);
        let half = self.b.op(Op::WrappingShr, &[differ, one]);
        let common = self.b.op(Op::And, &[x, y]);
        let floor = self.b.op(Op::WrappingAdd, &[half, common]);
        if !ty.is_signed() {
            return floor;
        }
        // Rust rounds towards zero: a negative floor of an odd sum is one too low.
        let negative = self.is_negative(floor);
        let odd = self.bit(differ, 0);
        let low = self.b.op(Op::And, &[negative, odd]);
        let up = self.b.cast(low, ty);
        self.b.op(Op::WrappingAdd, &[floor, up])
    }

    /// For numbers above 0; anything else gives something.
    fn ilog2(&mut self, x: ValueId) -> ValueId {
        let top = self.int(Type::U32, u64::from(self.b.ty(x).bits() - 1));
        let zeros = self.b.op(Op::LeadingZeros, &[x]);
        self.b.op(Op::WrappingSub, &[top, zeros])
    }

    /// How many of the powers of ten above 1 are not above the number.
    fn ilog10(&mut self, x: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        let max = if ty.is_signed() { ty.mask() >> 1 } else { ty.mask() };
        let mut log = self.int(Type::U32, 0);
        let powers = std::iter::successors(Some(10u64), |power| power.checked_mul(10));
        for power in powers.take_while(|&power| power <= max) {
            let power = self.int(ty, power);
            let reaches = self.b.op(Op::Ge, &[x, power]);
            let one_more = self.b.cast(reaches, Type::U32);
            log = self.b.op(Op::WrappingAdd, &[log, one_more]);
        }
        log
    }

    /// Fails where a logarithm has no value: as the square root of -1 does, which has none either.
    fn require_positive(&mut self, x: ValueId) {
        let not_positive = self.is_not_positive(x);
        let (zero, minus_one) = (self.int(Type::I8, 0), self.int(Type::I8, 0xff));
        let radicand = self.b.op(Op::Select, &[not_positive, minus_one, zero]);
        self.b.op(Op::Isqrt, &[radicand]);
    }

    /// Half of the lowest power of two that is not below a number above 1.
    fn half_of_next_power(&mut self, x: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        let (one, two) = (self.int(ty, 1), self.int(ty, 2));
        let above_one = self.b.op(Op::Max, &[x, two]);
        let less = self.b.op(Op::WrappingSub, &[above_one, one]);
        let highest = self.ilog2(less);
        self.b.op(Op::WrappingShl, &[one, highest])
    }

    /// The power of two that is not below the number: 1 for 0 and 1, else `power`.
    fn one_up_to_one(&mut self, x: ValueId, power: ValueId) -> ValueId {
        let one = self.int(self.b.ty(x), 1);
        let is_low = self.b.op(Op::Le, &[x, one]);
        self.b.op(Op::Select, &[is_low, one, power])
    }

    fn of_complement(&mut self, op: Op, x: ValueId) -> ValueId {
        let complement = self.b.op(Op::Not, &[x]);
        self.b.op(op, &[complement])
    }

    fn int(&mut self, ty: Type, bits: u64) -> ValueId {
        self.b.constant(Scalar::from_bits(ty, bits))
    }

    fn is_negative(&mut self, x: ValueId) -> ValueId {
        let zero = self.int(self.b.ty(x), 0);
        self.b.op(Op::Lt, &[x, zero])
    }

    fn is_not_positive(&mut self, x: ValueId) -> ValueId {
        let zero = self.int(self.b.ty(x), 0);
        self.b.op(Op::Le, &[x, zero])
    }

    /// Whether a signed number is the least of its type.
    fn is_min(&mut self, x: ValueId) -> ValueId {
        let ty = self.b.ty(x);
        let min = self.int(ty, 1 << (ty.bits() - 1));
        self.b.op(Op::Eq, &[x, min])
    }

    /// Whether a divisor is a constant that is not -1.
    fn is_other_constant(&self, y: ValueId) -> bool {
        let value = self.b.value(y);
        matches!(value.def, Def::Const(bits) if bits != value.ty.mask())
    }

    /// Whether a divisor is -1, and the divisor with 1 in place of that.
    fn without_minus_one(&mut self, y: ValueId) -> (ValueId, ValueId) {
        let ty = self.b.ty(y);
        let (one, minus_one) = (self.int(ty, 1), self.int(ty, ty.mask()));
        let is_minus_one = self.b.op(Op::Eq, &[y, minus_one]);
        (is_minus_one, self.b.op(Op::Select, &[is_minus_one, one, y]))
    }

    fn bit(&mut self, x: ValueId, bit: u32) -> ValueId {
        let ty = self.b.ty(x);
        let (mask, zero) = (self.int(ty, 1 << bit), self.int(ty, 0));
        let masked = self.b.op(Op::And, &[x, mask]);
        self.b.op(Op::Ne, &[masked, zero])
    }
}
