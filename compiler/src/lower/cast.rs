//! Casts: Rust's `as`.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use filbert_ir::{Type, ValueId};

use super::{Lower, clif_type};

impl Lower<'_> {
    pub(super) fn cast(&mut self, arg: ValueId, to: Type) -> Value {
        let from = self.core.ty(arg);
        let x = self.value(arg);
        match (from.is_float(), to.is_float()) {
            (false, false) => self.resize(x, from, to),
            (false, true) => self.int_to_float(x, from, to),
            (true, false) => self.float_to_int(x, to),
            (true, true) => match (from, to) {
                (Type::F32, Type::F64) => self.b.ins().fpromote(types::F64, x),
                (Type::F64, Type::F32) => self.b.ins().fdemote(types::F32, x),
                _ => x,
            },
        }
    }

    /// Truncates, or extends by the sign of the source.
    fn resize(&mut self, x: Value, from: Type, to: Type) -> Value {
        let wanted = clif_type(to);
        match (clif_type(from).bits()).cmp(&wanted.bits()) {
            std::cmp::Ordering::Equal => x,
            std::cmp::Ordering::Greater => self.b.ins().ireduce(wanted, x),
            std::cmp::Ordering::Less if from.is_signed() => self.b.ins().sextend(wanted, x),
            std::cmp::Ordering::Less => self.b.ins().uextend(wanted, x),
        }
    }

    /// Rounds to nearest even. Everything below 64 unsigned bits goes through a wider signed integer, which
    /// is one instruction.
    fn int_to_float(&mut self, x: Value, from: Type, to: Type) -> Value {
        let wanted = clif_type(to);
        let x = match from {
            Type::U64 => return self.b.ins().fcvt_from_uint(wanted, x),
            Type::U32 => self.b.ins().uextend(types::I64, x),
            Type::I8 | Type::I16 => self.b.ins().sextend(types::I32, x),
            Type::Bool | Type::U8 | Type::U16 => self.b.ins().uextend(types::I32, x),
            _ => x,
        };
        self.b.ins().fcvt_from_sint(wanted, x)
    }

    /// Saturates; NaN gives 0. Types that have no instruction saturate in a wider one and are then limited.
    fn float_to_int(&mut self, x: Value, to: Type) -> Value {
        match to {
            Type::I32 => self.b.ins().fcvt_to_sint_sat(types::I32, x),
            Type::I64 => self.b.ins().fcvt_to_sint_sat(types::I64, x),
            Type::U64 => self.b.ins().fcvt_to_uint_sat(types::I64, x),
            Type::U32 => self.limited(x, to, 0, u32::MAX.into()),
            Type::U16 => self.limited(x, to, 0, u16::MAX.into()),
            Type::U8 => self.limited(x, to, 0, u8::MAX.into()),
            Type::I16 => self.limited(x, to, i16::MIN.into(), i16::MAX.into()),
            Type::I8 => self.limited(x, to, i8::MIN.into(), i8::MAX.into()),
            Type::Bool | Type::F32 | Type::F64 => unreachable!("the verifier refuses a float cast to {to}"),
        }
    }

    fn limited(&mut self, x: Value, to: Type, low: i64, high: i64) -> Value {
        let wide = self.b.ins().fcvt_to_sint_sat(types::I64, x);
        let low = self.b.ins().iconst(types::I64, low);
        let high = self.b.ins().iconst(types::I64, high);
        let raised = self.greatest(true, wide, low);
        let clamped = self.least(true, raised, high);
        self.b.ins().ireduce(clif_type(to), clamped)
    }
}
