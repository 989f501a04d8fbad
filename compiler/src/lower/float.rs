//! Float operations.
//!
//! No lowering here may depend on the sign or payload of a NaN, and none has to produce a particular one:
//! results are made canonical where they are stored.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{BlockArg, Endianness, InstBuilder, MemFlagsData, Value, types};
use filbert_ir::{Core, Def, Fault, Op, Scalar, Type, ValueId};

use super::expand::expands;
use super::{Lower, clif_type};

impl Lower<'_> {
    /// An operation whose first operand is a float of type `ty`.
    pub(super) fn float_op(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let x = self.value(args[0]);
        let y = args.get(1).map(|&y| self.value(y)).unwrap_or(x);
        if let Some(helper) = self.helper_of(op, ty) {
            let values: Vec<Value> = args.iter().map(|&arg| self.value(arg)).collect();
            return self.call(helper, &values);
        }
        if expands(self.target, op) {
            return self.expanded(id, op, ty, args);
        }
        match op {
            Op::Add => self.b.ins().fadd(x, y),
            Op::Sub => self.b.ins().fsub(x, y),
            Op::Mul => self.b.ins().fmul(x, y),
            Op::Div => self.b.ins().fdiv(x, y),
            Op::RemEuclid => {
                let rest = self.call_named(Op::Rem, ty, &[x, y]);
                let size = self.b.ins().fabs(y);
                let raised = self.b.ins().fadd(rest, size);
                let zero = self.constant(ty, 0);
                let negative = self.fcmp(FloatCC::LessThan, rest, zero);
                self.b.ins().select(negative, raised, rest)
            }
            Op::Neg => self.b.ins().fneg(x),
            Op::Abs => self.b.ins().fabs(x),
            Op::Signum => {
                let one = self.float(ty, 1.0);
                let sign = self.b.ins().fcopysign(one, x);
                let nan = self.fcmp(FloatCC::Unordered, x, x);
                self.b.ins().select(nan, x, sign)
            }
            Op::Min | Op::Max => self.extremum(op, ty, args),
            Op::Clamp => self.clamp(id, args),
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::IsNan => {
                let condition = float_condition(op).expect("a compare has a condition");
                self.fcmp(condition, x, y)
            }
            Op::IsFinite => {
                let size = self.b.ins().fabs(x);
                let infinity = self.float(ty, f64::INFINITY);
                self.fcmp(FloatCC::LessThan, size, infinity)
            }
            Op::IsInfinite => {
                let size = self.b.ins().fabs(x);
                let infinity = self.float(ty, f64::INFINITY);
                self.fcmp(FloatCC::Equal, size, infinity)
            }
            Op::Sqrt => self.b.ins().sqrt(x),
            Op::MulAdd => {
                let z = self.value(args[2]);
                self.b.ins().fma(x, y, z)
            }
            Op::Floor => self.b.ins().floor(x),
            Op::Ceil => self.b.ins().ceil(x),
            Op::Trunc => self.b.ins().trunc(x),
            Op::Round => self.round(ty, x),
            Op::Fract => {
                let whole = self.whole(ty, x);
                self.b.ins().fsub(x, whole)
            }
            Op::DivEuclid => {
                // Where the remainder is negative the quotient goes one away from the divisor's sign.
                let rest = self.call_named(Op::Rem, ty, &[x, y]);
                let quotient = self.b.ins().fdiv(x, y);
                let quotient = self.whole(ty, quotient);
                let one = self.float(ty, 1.0);
                let sign = self.b.ins().fcopysign(one, y);
                let moved = self.b.ins().fsub(quotient, sign);
                let zero = self.constant(ty, 0);
                let negative = self.fcmp(FloatCC::LessThan, rest, zero);
                self.b.ins().select(negative, moved, quotient)
            }
            Op::CopySign => {
                let signed = self.b.ins().fcopysign(x, y);
                let size = self.b.ins().fabs(x);
                let nan = self.fcmp(FloatCC::Unordered, y, y);
                self.b.ins().select(nan, size, signed)
            }
            Op::ToRadians => {
                let factor = match ty {
                    Type::F32 => Scalar::F32(std::f32::consts::PI / 180.0),
                    _ => Scalar::F64(std::f64::consts::PI / 180.0),
                };
                let factor = self.constant(ty, factor.bits());
                self.b.ins().fmul(x, factor)
            }
            Op::ToDegrees => {
                let factor = match ty {
                    // The quotient in f32 would round twice; Rust writes it out too.
                    Type::F32 => Scalar::F32(57.295_78_f32),
                    _ => Scalar::F64(180.0 / std::f64::consts::PI),
                };
                let factor = self.constant(ty, factor.bits());
                self.b.ins().fmul(x, factor)
            }
            _ => unreachable!("the verifier refuses {op} on {ty}"),
        }
    }

    /// The integer part.
    fn whole(&mut self, ty: Type, x: Value) -> Value {
        match self.target.rounds_inline() {
            true => self.b.ins().trunc(x),
            false => self.call_named(Op::Trunc, ty, &[x]),
        }
    }

    pub(super) fn call_named(&mut self, op: Op, ty: Type, args: &[Value]) -> Value {
        let index = crate::helpers::find(op, ty).expect("the table has this helper");
        self.call(index, args)
    }

    pub(super) fn float(&mut self, ty: Type, value: f64) -> Value {
        let scalar = if ty == Type::F32 { Scalar::F32(value as f32) } else { Scalar::F64(value) };
        self.constant(ty, scalar.bits())
    }

    /// A select of floats. Cranelift jumps around a move, which is cheap while the branch is foreseen and dear
    /// when it is not; so where the condition is a compare of floats of the same width, both are done in
    /// lane 0 of a vector register, as a mask. A compare of the arms themselves is left as it is: that is
    /// `minsd` or `maxsd`.
    pub(super) fn float_select(&mut self, args: &[ValueId]) -> Value {
        let [cond, yes, no] = std::array::from_fn(|i| self.value(args[i]));
        let ty = self.core.ty(args[1]);
        let compared = match &self.core.value(args[0]).def {
            Def::Op(op, operands) if self.core.ty(operands[0]) == ty => float_condition(*op).map(|cc| (cc, operands)),
            _ => None,
        };
        let Some((cc, operands)) = compared.filter(|(_, operands)| {
            let arms = [args[1], args[2]];
            operands[..] != arms && !(operands[0] == arms[1] && operands.get(1) == Some(&arms[0]))
        }) else {
            return self.b.ins().select(cond, yes, no);
        };
        let vector = if ty == Type::F32 { types::F32X4 } else { types::F64X2 };
        let x = self.value(operands[0]);
        let y = operands.get(1).map_or(x, |&y| self.value(y));
        let [x, y, yes, no] = [x, y, yes, no].map(|v| self.b.ins().scalar_to_vector(vector, v));
        let mask = self.fcmp(cc, x, y);
        let mask = self.b.ins().bitcast(vector, MemFlagsData::new().with_endianness(Endianness::Little), mask);
        let picked = self.b.ins().bitselect(mask, yes, no);
        self.b.ins().extractlane(picked, 0)
    }

    /// trunc(x + h), where h is the greatest number below one half, with the sign of x. With one half itself
    /// the greatest number below it would round up; with its neighbour the sum for 0.5 is a tie that
    /// rounds to 1.0, and every number beyond 2^52 (2^23) stays what it is.
    fn round(&mut self, ty: Type, x: Value) -> Value {
        let half = match ty {
            Type::F32 => Scalar::F32(0.5_f32.next_down()),
            _ => Scalar::F64(0.5_f64.next_down()),
        };
        let half = self.constant(ty, half.bits());
        let step = self.b.ins().fcopysign(half, x);
        let moved = self.b.ins().fadd(x, step);
        self.b.ins().trunc(moved)
    }

    /// `x < y ? x : y` is one instruction, and wrong only for equal or unordered operands. One compare sends
    /// those to a block of their own. A constant operand that is neither NaN nor the zero that could lose
    /// a tie needs no such block: it stands second, where it wins ties and against NaN.
    fn extremum(&mut self, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let settles = |c: Option<Scalar>| {
            c.and_then(as_f64).is_some_and(|v| !v.is_nan() && (v != 0.0 || v.is_sign_negative() == (op == Op::Min)))
        };
        if settles(self.core.as_const(args[1])) {
            return self.ordered(op, args[0], args[1]);
        }
        if settles(self.core.as_const(args[0])) {
            return self.ordered(op, args[1], args[0]);
        }
        let (x, y) = (self.value(args[0]), self.value(args[1]));
        let picked = self.ordered(op, args[0], args[1]);
        let [tie, join] = [self.b.create_block(), self.b.create_block()];
        let result = self.b.append_block_param(join, clif_type(ty));
        let doubtful = self.fcmp(FloatCC::UnorderedOrEqual, x, y);
        self.b.ins().brif(doubtful, tie, &[], join, &[BlockArg::Value(picked)]);

        self.b.switch_to_block(tie);
        self.b.set_cold_block(tie);
        // Equal operands differ at most in the sign of zero: `or` of the bits gives -0 if there is one,
        // `and` gives +0.
        let bits = if ty == Type::F32 { types::I32 } else { types::I64 };
        let [x_bits, y_bits] = [x, y].map(|v| self.b.ins().bitcast(bits, MemFlagsData::new(), v));
        let merged = if op == Op::Min { self.b.ins().bor(x_bits, y_bits) } else { self.b.ins().band(x_bits, y_bits) };
        let merged = self.b.ins().bitcast(clif_type(ty), MemFlagsData::new(), merged);
        let y_is_nan = self.fcmp(FloatCC::Unordered, y, y);
        let not_nan = self.b.ins().select(y_is_nan, x, y);
        let equal = self.fcmp(FloatCC::Equal, x, y);
        let settled = self.b.ins().select(equal, merged, not_nan);
        self.b.ins().jump(join, &[settled.into()]);

        self.b.switch_to_block(join);
        result
    }

    /// The lesser or greater of two; the second if they are equal or unordered. The shape that Cranelift
    /// knows as one instruction.
    fn ordered(&mut self, op: Op, x: ValueId, y: ValueId) -> Value {
        let (x, y) = (self.value(x), self.value(y));
        let first = match op {
            Op::Min => self.fcmp(FloatCC::LessThan, x, y),
            _ => self.fcmp(FloatCC::LessThan, y, x),
        };
        self.b.ins().select(first, x, y)
    }

    /// A NaN value stands second in both steps and so stays.
    fn clamp(&mut self, id: ValueId, args: &[ValueId]) -> Value {
        let [value, low, high] = std::array::from_fn(|i| args[i]);
        let bounds = [low, high].map(|bound| self.core.as_const(bound).and_then(as_f64));
        if !matches!(bounds, [Some(lo), Some(hi)] if lo <= hi) {
            let (lo, hi) = (self.value(low), self.value(high));
            let bad = self.fcmp(FloatCC::UnorderedOrGreaterThan, lo, hi);
            self.fail_if(bad, id, Fault::ClampBounds);
        }
        let raised = self.ordered(Op::Max, low, value);
        let high = self.value(high);
        let above = self.fcmp(FloatCC::LessThan, high, raised);
        self.b.ins().select(above, high, raised)
    }

    /// The value with any NaN made the canonical one.
    pub(super) fn canonical(&mut self, x: Value) -> Value {
        let clif = self.b.func.dfg.value_type(x);
        let bits = if clif == types::F32 { 0x7fc0_0000 } else { 0x7ff8_0000_0000_0000 };
        let ty = if clif == types::F32 { Type::F32 } else { Type::F64 };
        let [nan, join] = [self.b.create_block(), self.b.create_block()];
        let result = self.b.append_block_param(join, clif);
        let is_nan = self.fcmp(FloatCC::Unordered, x, x);
        self.b.ins().brif(is_nan, nan, &[], join, &[x.into()]);
        self.b.switch_to_block(nan);
        self.b.set_cold_block(nan);
        let quiet = self.constant(ty, bits);
        self.b.ins().jump(join, &[quiet.into()]);
        self.b.switch_to_block(join);
        result
    }
}

/// The condition of a compare, or of `is_nan` with its operand on both sides.
pub(super) fn float_condition(op: Op) -> Option<FloatCC> {
    Some(match op {
        Op::Eq => FloatCC::Equal,
        Op::Ne => FloatCC::NotEqual,
        Op::Lt => FloatCC::LessThan,
        Op::Le => FloatCC::LessThanOrEqual,
        Op::Gt => FloatCC::GreaterThan,
        Op::Ge => FloatCC::GreaterThanOrEqual,
        Op::IsNan => FloatCC::Unordered,
        _ => return None,
    })
}

fn as_f64(scalar: Scalar) -> Option<f64> {
    match scalar {
        Scalar::F32(v) => Some(v.into()),
        Scalar::F64(v) => Some(v),
        _ => None,
    }
}

/// For each value, whether it is a float that is never NaN. A short list of cases that are easy to see;
/// `false` is always right.
pub(crate) fn never_nan(core: &Core) -> Vec<bool> {
    let mut never = vec![false; core.values.len()];
    for (index, value) in core.values.iter().enumerate() {
        never[index] = value.ty.is_float()
            && match &value.def {
                Def::Const(bits) => as_f64(Scalar::from_bits(value.ty, *bits)).is_some_and(|v| !v.is_nan()),
                Def::Op(op, args) => match op {
                    Op::Min | Op::Max => never[args[0].index()] || never[args[1].index()],
                    Op::Select => never[args[1].index()] && never[args[2].index()],
                    Op::Abs
                    | Op::Neg
                    | Op::Floor
                    | Op::Ceil
                    | Op::Trunc
                    | Op::Round
                    | Op::Signum
                    | Op::CopySign
                    | Op::Clamp => never[args[0].index()],
                    Op::Cast => core.ty(args[0]).is_int() || never[args[0].index()],
                    _ => false,
                },
                _ => false,
            };
    }
    never
}
