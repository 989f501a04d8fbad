//! Rules for operations on floats. The obligations stand in `simplify`.

use filbert_ir::{Op, Scalar, Type, ValueId};

use super::{Rule, Site};

/// Greatest exponent, without sign, for which `powi` is written out: at most 20 products.
const POWI_MAX: u32 = 1023;

pub(super) static RULES: &[Rule] = &[
    Rule { name: "x * 1.0, x / 1.0, x + -0.0, x - 0.0 -> x", apply: neutral },
    Rule { name: "x * 2.0 -> x + x", apply: double },
    Rule { name: "x * -1.0, x / -1.0, -0.0 - x -> -x", apply: negation },
    Rule { name: "x / 2^k -> x * 2^-k", apply: exact_reciprocal },
    Rule { name: "-(-x) -> x, |-x| -> |x|, ||x|| -> |x|", apply: signs },
    Rule { name: "x + -y -> x - y, x - -y -> x + y, -x + y -> y - x", apply: subtract },
    Rule { name: "copysign(x, c) -> |x| or -|x|", apply: copysign_const },
    Rule { name: "powi(x, n) -> its products", apply: powi_const },
    Rule { name: "clamp(x, lo, hi) -> two selects", apply: clamp_const },
    Rule { name: "f32 -> f64 -> f32 -> x", apply: cast_back },
];

fn constant(site: &Site<'_, '_>, index: usize) -> Option<f64> {
    as_f64(site.new.as_const(*site.args.get(index)?)?)
}

fn as_f64(scalar: Scalar) -> Option<f64> {
    match scalar {
        Scalar::F32(v) => Some(v.into()),
        Scalar::F64(v) => Some(v),
        _ => None,
    }
}

/// A float constant of the operands' type; `value` is exact in it.
fn float(site: &mut Site<'_, '_>, value: f64) -> ValueId {
    let scalar = if site.operand_ty() == Type::F32 { Scalar::F32(value as f32) } else { Scalar::F64(value) };
    site.new.constant(scalar)
}

fn neutral(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let c = constant(site, 1)?;
    let applies = match site.op {
        Op::Mul | Op::Div => c == 1.0,
        Op::Add => c == 0.0 && c.is_sign_negative(),
        Op::Sub => c == 0.0 && c.is_sign_positive(),
        _ => false,
    };
    applies.then_some(site.args[0])
}

/// The same number, rounded once; a sum is the faster of the two, and needs no constant.
fn double(site: &mut Site<'_, '_>) -> Option<ValueId> {
    (site.op == Op::Mul && constant(site, 1)? == 2.0).then(|| site.build(Op::Add, &[site.args[0], site.args[0]]))
}

fn negation(site: &mut Site<'_, '_>) -> Option<ValueId> {
    match site.op {
        Op::Mul | Op::Div if constant(site, 1)? == -1.0 => Some(site.build(Op::Neg, &[site.args[0]])),
        Op::Sub if constant(site, 0).is_some_and(|c| c == 0.0 && c.is_sign_negative()) => {
            Some(site.build(Op::Neg, &[site.args[1]]))
        }
        _ => None,
    }
}

/// Quotient and product are the same real number, rounded once, if the reciprocal is exact.
fn exact_reciprocal(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Div {
        return None;
    }
    let divisor = constant(site, 1)?;
    let reciprocal = 1.0 / divisor;
    let (mantissa, in_range) = match site.ty {
        Type::F32 => (
            u64::from((divisor as f32).to_bits() & 0x007f_ffff),
            (divisor as f32).is_normal() && (reciprocal as f32).is_normal(),
        ),
        _ => (divisor.to_bits() & 0x000f_ffff_ffff_ffff, divisor.is_normal() && reciprocal.is_normal()),
    };
    if mantissa != 0 || !in_range {
        return None;
    }
    let reciprocal = float(site, reciprocal);
    Some(site.build(Op::Mul, &[site.args[0], reciprocal]))
}

fn signs(site: &mut Site<'_, '_>) -> Option<ValueId> {
    match site.op {
        Op::Neg => site.operand_is(0, Op::Neg).map(|inner| inner[0]),
        Op::Abs if site.operand_is(0, Op::Abs).is_some() => Some(site.args[0]),
        Op::Abs => {
            let inner = site.operand_is(0, Op::Neg)?;
            Some(site.build(Op::Abs, &[inner[0]]))
        }
        _ => None,
    }
}

fn subtract(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let [x, y] = [site.args[0], *site.args.get(1)?];
    match site.op {
        Op::Add => match (site.operand_is(1, Op::Neg), site.operand_is(0, Op::Neg)) {
            (Some(inner), _) => Some(site.build(Op::Sub, &[x, inner[0]])),
            (None, Some(inner)) => Some(site.build(Op::Sub, &[y, inner[0]])),
            (None, None) => None,
        },
        Op::Sub => {
            let inner = site.operand_is(1, Op::Neg)?;
            Some(site.build(Op::Add, &[x, inner[0]]))
        }
        _ => None,
    }
}

fn copysign_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::CopySign {
        return None;
    }
    let sign = constant(site, 1)?;
    let size = site.build(Op::Abs, &[site.args[0]]);
    let positive = sign.is_nan() || sign.is_sign_positive();
    Some(if positive { size } else { site.build(Op::Neg, &[size]) })
}

/// The steps of `powi` in its own order: bits from the lowest, the reciprocal last. The first product is
/// with 1.0 and so is the base itself.
fn powi_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Powi {
        return None;
    }
    let n = site.const_bits(1)? as u32 as i32;
    if n.unsigned_abs() > POWI_MAX {
        return None;
    }
    let (mut base, mut left, mut power) = (site.args[0], n.unsigned_abs(), None);
    loop {
        if left & 1 == 1 {
            power = Some(power.map_or(base, |power| site.build(Op::Mul, &[power, base])));
        }
        left >>= 1;
        if left == 0 {
            break;
        }
        base = site.build(Op::Mul, &[base, base]);
    }
    let power = power.unwrap_or_else(|| float(site, 1.0));
    if n >= 0 {
        return Some(power);
    }
    let one = float(site, 1.0);
    Some(site.build(Op::Div, &[one, power]))
}

/// Bounds in order cannot fault. A NaN fails both compares and stays; below `lo` the second compare is
/// `hi < lo`, which is false.
fn clamp_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Clamp || constant(site, 1)?.partial_cmp(&constant(site, 2)?).is_none_or(|o| o.is_gt()) {
        return None;
    }
    let [x, low, high] = [site.args[0], site.args[1], site.args[2]];
    let below = super::build(site.new, Op::Lt, &[x, low], Type::Bool);
    let raised = site.build(Op::Select, &[below, low, x]);
    let above = super::build(site.new, Op::Lt, &[high, raised], Type::Bool);
    Some(site.build(Op::Select, &[above, high, raised]))
}

fn cast_back(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Cast || site.ty != Type::F32 {
        return None;
    }
    let inner = site.operand_is(0, Op::Cast)?;
    (site.new.ty(inner[0]) == Type::F32).then_some(inner[0])
}
