//! Integer and bool operations.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use filbert_ir::{Fault, Op, Type, ValueId};

use super::{Lower, clif_type};
use crate::proof::Range;

/// 64-bit divisions that are written out twice, for small and for large operands, counting two each.
/// Further ones are not: blocks cost compile time.
const SMALL_DIVISIONS_MAX: u32 = 64;

impl Lower<'_> {
    /// An operation whose first operand is an integer or a bool of type `ty`.
    pub(super) fn int_op(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let signed = ty.is_signed();
        let x = self.value(args[0]);
        let y = args.get(1).map(|&y| self.value(y)).unwrap_or(x);
        let never_fails = self.proofs.never_fails[id.index()];
        match op {
            Op::Add if never_fails => self.b.ins().iadd(x, y),
            Op::Sub if never_fails => self.b.ins().isub(x, y),
            Op::Mul if never_fails => self.b.ins().imul(x, y),
            Op::Assert | Op::SameLength if never_fails => self.constant(Type::Bool, 1),
            Op::Index if never_fails => x,
            Op::Add | Op::Sub | Op::Mul => self.checked(id, op, ty, args),
            Op::Neg => {
                if !never_fails {
                    self.fail_if_min(id, x, ty);
                }
                self.b.ins().ineg(x)
            }
            Op::Abs => {
                if !never_fails {
                    self.fail_if_min(id, x, ty);
                }
                self.b.ins().iabs(x)
            }
            Op::Div | Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::WrappingDiv | Op::WrappingRem => {
                self.divide(id, op, ty, args)
            }
            Op::AddOverflows | Op::SubOverflows | Op::MulOverflows => self.overflows(op, signed, x, y),
            Op::AbsDiff => {
                let less = self.icmp(int_condition(Op::Lt, signed), x, y);
                let [up, down] = [self.b.ins().isub(y, x), self.b.ins().isub(x, y)];
                self.b.ins().select(less, up, down)
            }
            Op::Isqrt => self.square_root(id, x, ty),
            Op::Signum => {
                let zero = self.constant(ty, 0);
                let above = self.icmp(IntCC::SignedGreaterThan, x, zero);
                let below = self.icmp(IntCC::SignedLessThan, x, zero);
                let sign = self.b.ins().isub(above, below);
                if ty == Type::I8 { sign } else { self.b.ins().sextend(clif_type(ty), sign) }
            }
            Op::WrappingAdd => self.b.ins().iadd(x, y),
            Op::WrappingSub => self.b.ins().isub(x, y),
            Op::WrappingMul => self.b.ins().imul(x, y),
            Op::Min => self.least(signed, x, y),
            Op::Max => self.greatest(signed, x, y),
            Op::Clamp => {
                let high = self.value(args[2]);
                if !never_fails {
                    let greater = if signed { IntCC::SignedGreaterThan } else { IntCC::UnsignedGreaterThan };
                    let bad = self.icmp(greater, y, high);
                    self.fail_if(bad, id, Fault::ClampBounds);
                }
                let raised = self.greatest(signed, x, y);
                self.least(signed, raised, high)
            }
            Op::IntPow => self.power(Some(id), x, y, ty),
            Op::WrappingPow => self.power(None, x, y, ty),
            Op::And => self.b.ins().band(x, y),
            Op::Or => self.b.ins().bor(x, y),
            Op::Xor => self.b.ins().bxor(x, y),
            Op::Not if ty == Type::Bool => {
                let one = self.b.ins().iconst(types::I8, 1);
                self.b.ins().bxor(x, one)
            }
            Op::Not => self.b.ins().bnot(x),
            Op::Shl | Op::Shr => self.shift(id, op, ty, args),
            Op::Assert => {
                let zero = self.constant(ty, 0);
                let bad = self.icmp(IntCC::Equal, x, zero);
                self.fail_if(bad, id, Fault::Assertion);
                self.constant(ty, 1)
            }
            Op::Index => {
                let bad = self.icmp(IntCC::UnsignedGreaterThanOrEqual, x, y);
                self.fail_if(bad, id, Fault::IndexRange);
                x
            }
            Op::SameLength => {
                let bad = self.icmp(IntCC::NotEqual, x, y);
                self.fail_if(bad, id, Fault::UnequalLengths);
                self.constant(Type::Bool, 1)
            }
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => self.icmp(int_condition(op, signed), x, y),
            _ => self.bit_op(op, ty, x, y),
        }
    }

    /// Sum, difference or product that fits, or a fault.
    ///
    /// A compare and a branch are one instruction on x86, so a compare does where it can: for unsigned sums
    /// and differences, and where an operand is constant. The rest uses Cranelift's overflow flag, which
    /// goes through a register; it is not branched on at once, see `fail_later`.
    fn checked(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let (x, y) = (self.value(args[0]), self.value(args[1]));
        let constant = self.core.as_const(args[1]);
        let (result, overflow) = match (op, ty.is_signed(), constant) {
            (Op::Add, false, _) => {
                let sum = self.b.ins().iadd(x, y);
                (sum, self.icmp(IntCC::UnsignedLessThan, sum, x))
            }
            (Op::Sub, false, _) => {
                let overflow = self.icmp(IntCC::UnsignedLessThan, x, y);
                (self.b.ins().isub(x, y), overflow)
            }
            (Op::Add | Op::Sub, true, Some(c)) => {
                // Adding a positive number must not make it less, and so on.
                let negative = c.bits() >> (ty.bits() - 1) != 0;
                let rises = (op == Op::Add) != negative;
                let wrong = if rises { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
                let result = if op == Op::Add { self.b.ins().iadd(x, y) } else { self.b.ins().isub(x, y) };
                (result, self.icmp(wrong, result, x))
            }
            _ => {
                let (result, overflow) = match (op, ty.is_signed()) {
                    (Op::Add, _) => self.b.ins().sadd_overflow(x, y),
                    (Op::Sub, _) => self.b.ins().ssub_overflow(x, y),
                    (_, true) => self.b.ins().smul_overflow(x, y),
                    (_, false) => self.b.ins().umul_overflow(x, y),
                };
                self.fail_later(overflow, id, Fault::Overflow);
                return result;
            }
        };
        self.fail_if(overflow, id, Fault::Overflow);
        result
    }

    /// Whether a sum, difference or product does not fit.
    fn overflows(&mut self, op: Op, signed: bool, x: Value, y: Value) -> Value {
        let (_, overflow) = match (op, signed) {
            (Op::AddOverflows, true) => self.b.ins().sadd_overflow(x, y),
            (Op::SubOverflows, true) => self.b.ins().ssub_overflow(x, y),
            (Op::MulOverflows, true) => self.b.ins().smul_overflow(x, y),
            (Op::MulOverflows, false) => self.b.ins().umul_overflow(x, y),
            (Op::AddOverflows, false) => {
                let sum = self.b.ins().iadd(x, y);
                return self.icmp(IntCC::UnsignedLessThan, sum, x);
            }
            _ => return self.icmp(IntCC::UnsignedLessThan, x, y),
        };
        overflow
    }

    /// The integer square root, through that of f64, which is rounded correctly.
    ///
    /// Up to 32 bits the operand is exact in f64, and the root of k^2 - 1 for k up to 2^16 is further below
    /// k than f64 rounds. With 64 bits the operand is rounded first. Let r be the root wanted. Rounding
    /// keeps order, so what comes out is at least that of r^2, and at most that of (r + 1)^2; rounding a
    /// square of at most 2^64 moves its root by less than half a unit in the last place of r, unless the
    /// square is a power of two and exact; so the result is r or r + 1, and one product tells which. The
    /// product does not wrap below 2^32.
    fn square_root(&mut self, id: ValueId, x: Value, ty: Type) -> Value {
        if ty.is_signed() && !self.proofs.never_fails[id.index()] {
            let zero = self.constant(ty, 0);
            let bad = self.icmp(IntCC::SignedLessThan, x, zero);
            self.fail_if(bad, id, Fault::Domain);
        }
        let float = match ty {
            Type::U64 => self.b.ins().fcvt_from_uint(types::F64, x),
            Type::I64 => self.b.ins().fcvt_from_sint(types::F64, x),
            _ => {
                let wide = self.b.ins().uextend(types::I64, x);
                self.b.ins().fcvt_from_sint(types::F64, wide)
            }
        };
        let root = self.b.ins().sqrt(float);
        let root = self.b.ins().fcvt_to_sint_sat(types::I64, root);
        if ty.bits() < 64 {
            return self.b.ins().ireduce(clif_type(ty), root);
        }
        let most = self.b.ins().iconst(types::I64, i64::from(u32::MAX));
        let root = self.least(false, root, most);
        let square = self.b.ins().imul(root, root);
        let above = self.icmp(IntCC::UnsignedGreaterThan, square, x);
        let above = self.b.ins().uextend(types::I64, above);
        self.b.ins().isub(root, above)
    }

    /// A product inside the loop of `power`: one that fits, if the power is that of the value `id`.
    fn factor(&mut self, id: Option<ValueId>, x: Value, y: Value, signed: bool) -> Value {
        let Some(id) = id else { return self.b.ins().imul(x, y) };
        let (product, overflow) =
            if signed { self.b.ins().smul_overflow(x, y) } else { self.b.ins().umul_overflow(x, y) };
        self.fail_if(overflow, id, Fault::Overflow);
        product
    }

    fn fail_if_min(&mut self, id: ValueId, x: Value, ty: Type) {
        let min = self.constant(ty, min_bits(ty));
        let bad = self.icmp(IntCC::Equal, x, min);
        self.fail_if(bad, id, Fault::Overflow);
    }

    /// Division and its remainders, guarded so that the instruction cannot trap. What is known of the
    /// operands settles guards.
    fn divide(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let (x, mut y) = (self.value(args[0]), self.value(args[1]));
        let [dividend, divisor] = [args[0], args[1]].map(|id| self.proofs.range(id));
        if divisor.contains(0) {
            let zero = self.constant(ty, 0);
            let bad = self.icmp(IntCC::Equal, y, zero);
            self.fail_if(bad, id, Fault::DivideByZero);
        }
        if ty.is_signed() && divisor.contains(-1) && dividend.contains(Range::of(ty).lo) {
            let min = self.constant(ty, min_bits(ty));
            let all_ones = self.constant(ty, ty.mask());
            let x_is_min = self.icmp(IntCC::Equal, x, min);
            let y_is_minus_one = self.icmp(IntCC::Equal, y, all_ones);
            let bad = self.b.ins().band(x_is_min, y_is_minus_one);
            match op {
                // MIN / 1 is MIN, and MIN % 1 is 0: what wrapping gives.
                Op::WrappingDiv | Op::WrappingRem => {
                    let one = self.constant(ty, 1);
                    y = self.b.ins().select(bad, one, y);
                }
                _ => self.fail_if(bad, id, Fault::Overflow),
            }
        }
        let is_constant = self.core.as_const(args[1]).is_some();
        let look_first = ty.bits() == 64 && !is_constant && self.divisions < SMALL_DIVISIONS_MAX;
        if look_first { self.divide_wide(op, ty, x, y) } else { self.quotient(op, ty, x, y) }
    }

    /// Dividing 64 bits by 64 takes twice the time of 32 by 32 and on older CPUs eight times; small numbers
    /// are common enough to look first. Two operands below 2^32 have no sign to mind.
    fn divide_wide(&mut self, op: Op, ty: Type, x: Value, y: Value) -> Value {
        let [small, large, join] = std::array::from_fn(|_| self.b.create_block());
        let result = self.b.append_block_param(join, types::I64);
        let either = self.b.ins().bor(x, y);
        let high = self.b.ins().ushr_imm_u(either, 32);
        self.b.ins().brif(high, large, &[], small, &[]);

        self.b.switch_to_block(small);
        let [low_x, low_y] = [x, y].map(|v| self.b.ins().ireduce(types::I32, v));
        let narrow = self.quotient(op, Type::U32, low_x, low_y);
        let narrow = self.b.ins().uextend(types::I64, narrow);
        self.b.ins().jump(join, &[narrow.into()]);

        self.b.switch_to_block(large);
        let wide = self.quotient(op, ty, x, y);
        self.b.ins().jump(join, &[wide.into()]);

        self.b.switch_to_block(join);
        result
    }

    /// The instruction, behind its guards.
    fn quotient(&mut self, op: Op, ty: Type, x: Value, y: Value) -> Value {
        self.divisions += 1;
        match (op, ty.is_signed()) {
            (Op::Div | Op::WrappingDiv, true) => self.b.ins().sdiv(x, y),
            (Op::Div | Op::WrappingDiv | Op::DivEuclid, false) => self.b.ins().udiv(x, y),
            (_, false) => self.b.ins().urem(x, y),
            (Op::Rem | Op::WrappingRem, true) => self.b.ins().srem(x, y),
            (Op::DivEuclid, true) => {
                // Where the remainder is negative the quotient goes one away from the divisor's sign. All of
                // this wraps only where it must.
                let quotient = self.b.ins().sdiv(x, y);
                let back = self.b.ins().imul(quotient, y);
                let rest = self.b.ins().isub(x, back);
                let sign = self.b.ins().sshr_imm_u(y, i64::from(ty.bits()) - 1);
                let one = self.constant(ty, 1);
                let sign = self.b.ins().bor(sign, one);
                let moved = self.b.ins().isub(quotient, sign);
                let zero = self.constant(ty, 0);
                let negative = self.icmp(IntCC::SignedLessThan, rest, zero);
                self.b.ins().select(negative, moved, quotient)
            }
            (_, true) => {
                // |MIN| wraps to MIN, and r + MIN is then the right remainder modulo 2^width.
                let rest = self.b.ins().srem(x, y);
                let size = self.b.ins().iabs(y);
                let raised = self.b.ins().iadd(rest, size);
                let zero = self.constant(ty, 0);
                let negative = self.icmp(IntCC::SignedLessThan, rest, zero);
                self.b.ins().select(negative, raised, rest)
            }
        }
    }

    /// Shifts, once the amount is known to be in 0..width. A negative amount is a large one without sign.
    fn shift(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let (x, amount) = (self.value(args[0]), self.value(args[1]));
        if !self.proofs.never_fails[id.index()] {
            let width = self.constant(self.core.ty(args[1]), u64::from(ty.bits()));
            let bad = self.icmp(IntCC::UnsignedGreaterThanOrEqual, amount, width);
            self.fail_if(bad, id, Fault::ShiftRange);
        }
        match (op, ty.is_signed()) {
            (Op::Shl, _) => self.b.ins().ishl(x, amount),
            (_, true) => self.b.ins().sshr(x, amount),
            (_, false) => self.b.ins().ushr(x, amount),
        }
    }

    /// x^n by square and multiply, lowest bit first. A square is taken only if a later bit needs it, so it
    /// overflows only where the power does. Without `id` the power wraps.
    fn power(&mut self, id: Option<ValueId>, x: Value, n: Value, ty: Type) -> Value {
        self.flush();
        let clif = clif_type(ty);
        let [step, multiply, next, square, done] = std::array::from_fn(|_| self.b.create_block());
        let one = self.b.ins().iconst(clif, 1);
        let [power, base] = [clif, clif].map(|clif| self.b.append_block_param(step, clif));
        let left = self.b.append_block_param(step, types::I32);
        let so_far = self.b.append_block_param(next, clif);
        let result = self.b.append_block_param(done, clif);
        self.b.ins().jump(step, &[one.into(), x.into(), n.into()]);

        self.b.switch_to_block(step);
        let bit = self.b.ins().iconst(types::I32, 1);
        let odd = self.b.ins().band(left, bit);
        self.b.ins().brif(odd, multiply, &[], next, &[power.into()]);

        self.b.switch_to_block(multiply);
        let product = self.factor(id, power, base, ty.is_signed());
        self.b.ins().jump(next, &[product.into()]);

        self.b.switch_to_block(next);
        let rest = self.b.ins().ushr(left, bit);
        self.b.ins().brif(rest, square, &[], done, &[so_far.into()]);

        self.b.switch_to_block(square);
        let squared = self.factor(id, base, base, ty.is_signed());
        self.b.ins().jump(step, &[so_far.into(), squared.into(), rest.into()]);

        self.b.switch_to_block(done);
        result
    }

    pub(super) fn least(&mut self, signed: bool, x: Value, y: Value) -> Value {
        if signed { self.b.ins().smin(x, y) } else { self.b.ins().umin(x, y) }
    }

    pub(super) fn greatest(&mut self, signed: bool, x: Value, y: Value) -> Value {
        if signed { self.b.ins().smax(x, y) } else { self.b.ins().umax(x, y) }
    }
}

/// The bits of the least value of a signed type.
fn min_bits(ty: Type) -> u64 {
    1 << (ty.bits() - 1)
}

pub(super) fn int_condition(op: Op, signed: bool) -> IntCC {
    let condition = match op {
        Op::Eq => IntCC::Equal,
        Op::Ne => IntCC::NotEqual,
        Op::Lt => IntCC::SignedLessThan,
        Op::Le => IntCC::SignedLessThanOrEqual,
        Op::Gt => IntCC::SignedGreaterThan,
        _ => IntCC::SignedGreaterThanOrEqual,
    };
    if signed { condition } else { condition.unsigned() }
}
