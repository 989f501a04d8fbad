//! Math functions inline, for code that has no helpers (`Target::standalone`): the steps that
//! `filbert_ir::math` makes each function of, one instruction for each.
//!
//! Where the CPU has no fused multiply-add, that step is called, like any operation that has no steps here. An
//! argument that the steps do not cover (a sine of more than 1e8) is not computed: the code leaves its row, with
//! `abi::SCALAR`.

use std::cell::{Cell, RefCell};

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::Ieee64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use filbert_ir::math::lanes::Lanes;
use filbert_ir::math::{FUSED_UNARY, expand};
use filbert_ir::{Op, Type, ValueId};

use super::Lower;
use crate::abi::SCALAR;
use crate::target::Target;

/// Whether `filbert_ir::math` has steps for a function.
fn has_steps(op: Op) -> bool {
    let is_unary = FUSED_UNARY.iter().any(|(unary, ..)| *unary == op) && op >= Op::Cbrt;
    let is_binary = matches!(op, Op::Powf | Op::Atan2 | Op::Hypot | Op::ApproxAtan2);
    (is_unary && !matches!(op, Op::Gamma | Op::LnGamma)) || is_binary
}

/// One lane: values of Cranelift.
struct OneLane<'l, 'k> {
    lower: RefCell<&'l mut Lower<'k>>,
    rare: Cell<Option<Value>>,
}

impl OneLane<'_, '_> {
    fn make(&self, step: impl FnOnce(&mut Lower<'_>) -> Value) -> Value {
        step(&mut self.lower.borrow_mut())
    }
}

macro_rules! steps {
    ($($name:ident ($($x:ident: $ty:ty),*) = $l:ident: $body:expr;)*) => {
        $(
            fn $name(&self, $($x: $ty),*) -> Value {
                self.make(|$l| $body)
            }
        )*
    };
}

impl Lanes for OneLane<'_, '_> {
    type F = Value;
    type I = Value;
    type M = Value;

    steps! {
        float(value: f64) = l: l.b.ins().f64const(Ieee64::with_bits(value.to_bits()));
        int(bits: i64) = l: l.b.ins().iconst(types::I64, bits);
        add(x: Value, y: Value) = l: l.b.ins().fadd(x, y);
        sub(x: Value, y: Value) = l: l.b.ins().fsub(x, y);
        mul(x: Value, y: Value) = l: l.b.ins().fmul(x, y);
        div(x: Value, y: Value) = l: l.b.ins().fdiv(x, y);
        sqrt(x: Value) = l: l.b.ins().sqrt(x);
        fma(x: Value, y: Value, z: Value) = l: l.fused(x, y, z);
        neg(x: Value) = l: l.b.ins().fneg(x);
        abs(x: Value) = l: l.b.ins().fabs(x);
        bits(x: Value) = l: l.b.ins().bitcast(types::I64, MemFlagsData::new(), x);
        of_bits(x: Value) = l: l.b.ins().bitcast(types::F64, MemFlagsData::new(), x);
        iadd(x: Value, y: Value) = l: l.b.ins().iadd(x, y);
        isub(x: Value, y: Value) = l: l.b.ins().isub(x, y);
        iand(x: Value, y: Value) = l: l.b.ins().band(x, y);
        ior(x: Value, y: Value) = l: l.b.ins().bor(x, y);
        ixor(x: Value, y: Value) = l: l.b.ins().bxor(x, y);
        shl(x: Value, by: u32) = l: l.b.ins().ishl_imm_u(x, i64::from(by));
        shr(x: Value, by: u32) = l: l.b.ins().ushr_imm_u(x, i64::from(by));
        lt(x: Value, y: Value) = l: l.fcmp(FloatCC::LessThan, x, y);
        le(x: Value, y: Value) = l: l.fcmp(FloatCC::LessThanOrEqual, x, y);
        eq(x: Value, y: Value) = l: l.fcmp(FloatCC::Equal, x, y);
        ieq(x: Value, y: Value) = l: l.icmp(IntCC::Equal, x, y);
        ilt(x: Value, y: Value) = l: l.icmp(IntCC::SignedLessThan, x, y);
        and(x: Value, y: Value) = l: l.b.ins().band(x, y);
        or(x: Value, y: Value) = l: l.b.ins().bor(x, y);
        not(x: Value) = l: l.b.ins().bxor_imm_u(x, 1);
        select(mask: Value, yes: Value, no: Value) = l: l.b.ins().select(mask, yes, no);
        iselect(mask: Value, yes: Value, no: Value) = l: l.b.ins().select(mask, yes, no);
    }

    fn rare(&self, mask: Value) {
        let all = self.rare.get().map_or(mask, |rare| self.or(rare, mask));
        self.rare.set(Some(all));
    }
}

/// Whether an operation on floats is made of steps, and not called.
pub(super) fn expands(target: &Target, op: Op) -> bool {
    target.is_standalone() && (has_steps(op) || op == Op::Powi)
}

impl Lower<'_> {
    /// An operation that is made of steps.
    pub(super) fn expanded(&mut self, id: ValueId, op: Op, ty: Type, args: &[ValueId]) -> Value {
        let mut args: Vec<Value> = args.iter().map(|&arg| self.value(arg)).collect();
        if op == Op::Powi {
            return self.float_power(ty, args[0], args[1]);
        }
        if ty == Type::F32 {
            args.iter_mut().for_each(|arg| *arg = self.b.ins().fpromote(types::F64, *arg));
        }
        let lane = OneLane { lower: RefCell::new(self), rare: Cell::new(None) };
        let result = expand(&lane, op, &args).expect("only what has steps is expanded");
        if let Some(rare) = lane.rare.get() {
            self.leave_later(rare, id, SCALAR);
        }
        if ty == Type::F32 { self.b.ins().fdemote(types::F32, result) } else { result }
    }

    /// `x * y + z`, rounded once.
    fn fused(&mut self, x: Value, y: Value, z: Value) -> Value {
        match self.target.fuses_inline() {
            true => self.b.ins().fma(x, y, z),
            false => self.call_named(Op::MulAdd, Type::F64, &[x, y, z]),
        }
    }

    /// `powi` of `filbert_ir::math`: square and multiply from the lowest bit, and the reciprocal at the end.
    fn float_power(&mut self, ty: Type, x: Value, n: Value) -> Value {
        self.flush();
        let float = super::clif_type(ty);
        let zero = self.b.ins().iconst(types::I32, 0);
        let is_negative = self.icmp(IntCC::SignedLessThan, n, zero);
        let magnitude = self.b.ins().iabs(n);
        let one = self.float(ty, 1.0);
        let [head, square, done] = std::array::from_fn(|_| self.b.create_block());
        let [base, power] = [head; 2].map(|block| self.b.append_block_param(block, float));
        let left = self.b.append_block_param(head, types::I32);
        self.b.ins().jump(head, &[x.into(), one.into(), magnitude.into()]);

        self.b.switch_to_block(head);
        let product = self.b.ins().fmul(power, base);
        let bit = self.b.ins().band_imm_u(left, 1);
        let power = self.b.ins().select(bit, product, power);
        let left = self.b.ins().ushr_imm_u(left, 1);
        self.b.ins().brif(left, square, &[], done, &[]);
        self.b.switch_to_block(square);
        let squared = self.b.ins().fmul(base, base);
        self.b.ins().jump(head, &[squared.into(), power.into(), left.into()]);

        self.b.switch_to_block(done);
        let reciprocal = self.b.ins().fdiv(one, power);
        self.b.ins().select(is_negative, reciprocal, power)
    }
}
