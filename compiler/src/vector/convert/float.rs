//! Floats: what each operation of the table is made of.

use filbert_ir::{Op, Scalar, Type, ValueId};

use super::math::is_expanded;
use super::{Convert, Refused, refuses};
use crate::vector::build::{Compare, Rounding};
use crate::vector::ir::{V, Width};

impl Convert<'_> {
    /// An operation whose first operand is a float.
    pub(super) fn float_op(&mut self, id: ValueId, op: Op, args: &[ValueId]) -> Result<V, Refused> {
        let ty = self.core.ty(args[0]);
        if is_expanded(op) {
            return self.function(op, args);
        }
        if is_called(op) {
            return Err(refuses(op, ty));
        }
        let x = self.value(args[0]);
        let y = args.get(1).map_or(x, |&y| self.value(y));
        let width = self.build.width(x);
        let build = &mut self.build;
        Ok(match op {
            Op::Add => build.fadd(x, y),
            Op::Sub => build.fsub(x, y),
            Op::Mul => build.fmul(x, y),
            Op::Div => build.fdiv(x, y),
            Op::Neg => build.fneg(x),
            Op::Abs => build.fabs(x),
            Op::Signum => {
                let one = build.float(width, 1.0);
                let sign = build.copysign(one, x);
                let nan = build.fcompare(Compare::Unordered, x, x);
                build.select(nan, x, sign)
            }
            Op::Min | Op::Max => build.extremum(op == Op::Min, x, y),
            Op::Clamp => self.clamp_float(id, args),
            Op::Eq => build.fcompare(Compare::Eq, x, y),
            Op::Ne => build.fcompare(Compare::Ne, x, y),
            Op::Lt => build.fcompare(Compare::Lt, x, y),
            Op::Le => build.fcompare(Compare::Le, x, y),
            Op::Gt => build.fcompare(Compare::Gt, x, y),
            Op::Ge => build.fcompare(Compare::Ge, x, y),
            Op::IsNan => build.fcompare(Compare::Unordered, x, x),
            Op::IsFinite | Op::IsInfinite => {
                let (size, infinity) = (build.fabs(x), build.float(width, f64::INFINITY));
                let compare = if op == Op::IsFinite { Compare::Lt } else { Compare::Eq };
                build.fcompare(compare, size, infinity)
            }
            Op::Sqrt => build.sqrt(x),
            Op::MulAdd => {
                let z = self.value(args[2]);
                self.build.fma(x, y, z)
            }
            Op::Floor => build.round(x, Rounding::Floor),
            Op::Ceil => build.round(x, Rounding::Ceil),
            Op::Trunc => build.round(x, Rounding::Trunc),
            Op::Round => {
                // With the greatest number below one half, for with one half its neighbour would round up.
                let half = match width {
                    Width::W64 => Scalar::F64(0.5_f64.next_down()),
                    Width::W32 => Scalar::F32(0.5_f32.next_down()),
                };
                let half = build.constant(width, half.bits());
                let step = build.copysign(half, x);
                let moved = build.fadd(x, step);
                build.round(moved, Rounding::Trunc)
            }
            Op::Fract => {
                let whole = build.round(x, Rounding::Trunc);
                build.fsub(x, whole)
            }
            Op::CopySign => {
                let signed = build.copysign(x, y);
                let size = build.fabs(x);
                let nan = build.fcompare(Compare::Unordered, y, y);
                build.select(nan, size, signed)
            }
            Op::ToRadians => {
                let factor = match ty {
                    Type::F32 => Scalar::F32(std::f32::consts::PI / 180.0),
                    _ => Scalar::F64(std::f64::consts::PI / 180.0),
                };
                let factor = build.constant(width, factor.bits());
                build.fmul(x, factor)
            }
            Op::ToDegrees => {
                let factor = match ty {
                    // The quotient in f32 would round twice; Rust writes it out too.
                    Type::F32 => Scalar::F32(57.295_78_f32),
                    _ => Scalar::F64(180.0 / std::f64::consts::PI),
                };
                let factor = build.constant(width, factor.bits());
                build.fmul(x, factor)
            }
            _ => return Err(refuses(op, ty)),
        })
    }

    /// A NaN value stands second in both steps and so stays.
    fn clamp_float(&mut self, id: ValueId, args: &[ValueId]) -> V {
        let [value, low, high] = std::array::from_fn(|i| self.value(args[i]));
        let bounds = [args[1], args[2]].map(|bound| self.as_const(bound).and_then(as_f64));
        if !matches!(bounds, [Some(lo), Some(hi)] if lo <= hi) && !self.never_fails(id) {
            let bad = self.build.fcompare(Compare::NotLe, low, high);
            self.fail_where(id, bad);
        }
        let raised = self.build.greater(low, value);
        self.build.lesser(high, raised)
    }
}

/// Whether it takes more than a few instructions, and has no steps either.
fn is_called(op: Op) -> bool {
    matches!(op, Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::Powi | Op::Gamma | Op::LnGamma)
}

fn as_f64(scalar: Scalar) -> Option<f64> {
    match scalar {
        Scalar::F32(v) => Some(v.into()),
        Scalar::F64(v) => Some(v),
        _ => None,
    }
}
