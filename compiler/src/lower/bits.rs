//! Operations on the bits of integers that cannot fail.
//!
//! Cranelift's shifts and rotations take their amount modulo the width of the first operand at every width,
//! and its counts are those of the operand's own width; so there is nothing to do but to name them.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use filbert_ir::{Op, Type};

use super::Lower;

impl Lower<'_> {
    /// An operation on the bits of `x`; `y` is the amount, where there is one.
    pub(super) fn bit_op(&mut self, op: Op, ty: Type, x: Value, y: Value) -> Value {
        match op {
            Op::WrappingShl => self.b.ins().ishl(x, y),
            Op::WrappingShr if ty.is_signed() => self.b.ins().sshr(x, y),
            Op::WrappingShr => self.b.ins().ushr(x, y),
            Op::RotateLeft => self.b.ins().rotl(x, y),
            Op::RotateRight => self.b.ins().rotr(x, y),
            Op::CountOnes => {
                let count = self.b.ins().popcnt(x);
                self.as_u32(count)
            }
            Op::LeadingZeros => {
                let count = self.b.ins().clz(x);
                self.as_u32(count)
            }
            Op::TrailingZeros => {
                let count = self.b.ins().ctz(x);
                self.as_u32(count)
            }
            Op::SwapBytes if ty.bits() == 8 => x,
            Op::SwapBytes => self.b.ins().bswap(x),
            Op::ReverseBits => self.b.ins().bitrev(x),
            _ => unreachable!("the verifier refuses {op} on {ty}"),
        }
    }

    /// A count, which Cranelift gives in the operand's type.
    fn as_u32(&mut self, count: Value) -> Value {
        match self.b.func.dfg.value_type(count).bits() {
            64 => self.b.ins().ireduce(types::I32, count),
            32 => count,
            _ => self.b.ins().uextend(types::I32, count),
        }
    }
}
