//! Rules for operations on integers and bools. The obligations stand in `simplify`.

use filbert_ir::{Op, Type, ValueId};

use super::{Rule, Site};

/// Greatest exponent for which `pow` is written out: at most 10 products.
const POW_MAX: u64 = 63;

pub(super) static RULES: &[Rule] = &[
    Rule { name: "x + 0, x - 0, x * 1, x / 1, x | 0, x ^ 0, x << 0, x & !0, rotated by 0 -> x", apply: neutral },
    Rule { name: "x * 0, x & 0 -> 0, x | !0 -> !0, x % 1 -> 0", apply: absorbing },
    Rule { name: "x - x, x ^ x, |x - x| -> 0, lengths of one list are the same", apply: cancels },
    Rule { name: "!!x -> x", apply: not_not },
    Rule { name: "!(x == y) -> x != y, !(x < y) -> y <= x for integers", apply: not_compare },
    Rule { name: "b == true -> b, b ^ true -> !b", apply: bool_compare },
    Rule { name: "clamp(x, lo, hi) -> min(max(x, lo), hi)", apply: clamp_const },
    Rule { name: "pow(x, n) -> its products", apply: pow_const },
];

fn neutral(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let c = site.const_bits(1)?;
    let ones = site.operand_ty().mask();
    let applies = match site.op {
        Op::Add | Op::Sub | Op::WrappingAdd | Op::WrappingSub | Op::Or | Op::Xor => c == 0,
        Op::Shl | Op::Shr | Op::WrappingShl | Op::WrappingShr | Op::RotateLeft | Op::RotateRight => c == 0,
        Op::Mul | Op::WrappingMul | Op::Div | Op::WrappingDiv | Op::DivEuclid => c == 1,
        Op::IntPow | Op::WrappingPow => c == 1,
        Op::And => c == ones,
        _ => false,
    };
    applies.then_some(site.args[0])
}

fn absorbing(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let c = site.const_bits(1)?;
    let ones = site.operand_ty().mask();
    match site.op {
        Op::Mul | Op::WrappingMul | Op::And if c == 0 => Some(site.constant(0)),
        Op::Rem | Op::RemEuclid | Op::WrappingRem if c == 1 => Some(site.constant(0)),
        Op::Or if c == ones => Some(site.constant(ones)),
        _ => None,
    }
}

fn cancels(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let same = site.args.len() == 2 && site.args[0] == site.args[1];
    match site.op {
        Op::Sub | Op::WrappingSub | Op::Xor | Op::AbsDiff | Op::SubOverflows if same => Some(site.constant(0)),
        Op::SameLength if same => Some(site.constant(1)),
        _ => None,
    }
}

fn not_not(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Not {
        return None;
    }
    site.operand_is(0, Op::Not).map(|inner| inner[0])
}

/// Equality turns for every type; order only for integers and bools, because of NaN.
fn not_compare(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Not || site.ty != Type::Bool {
        return None;
    }
    let (op, args) = site.new.as_op(site.args[0])?;
    let [x, y] = args[..] else { return None };
    let float = site.new.ty(x).is_float();
    match op {
        Op::Eq => Some(site.build(Op::Ne, &[x, y])),
        Op::Ne => Some(site.build(Op::Eq, &[x, y])),
        Op::Lt if !float => Some(site.build(Op::Le, &[y, x])),
        Op::Le if !float => Some(site.build(Op::Lt, &[y, x])),
        _ => None,
    }
}

fn bool_compare(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.operand_ty() != Type::Bool {
        return None;
    }
    let c = site.const_bits(1)? != 0;
    match (site.op, c) {
        (Op::Eq, true) | (Op::Ne, false) => Some(site.args[0]),
        (Op::Eq, false) | (Op::Ne | Op::Xor, true) => Some(site.build(Op::Not, &[site.args[0]])),
        _ => None,
    }
}

fn clamp_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    if site.op != Op::Clamp {
        return None;
    }
    let sign = if site.ty.is_signed() { 1 << (site.ty.bits() - 1) } else { 0 };
    let [low, high] = [site.const_bits(1)? ^ sign, site.const_bits(2)? ^ sign];
    if low > high {
        return None;
    }
    let raised = site.build(Op::Max, &[site.args[0], site.args[1]]);
    Some(site.build(Op::Min, &[raised, site.args[2]]))
}

/// Square and multiply, as the meaning does it. A square is taken only where a later bit needs it, so some
/// product overflows exactly where the power does; each of them fails as the power would.
fn pow_const(site: &mut Site<'_, '_>) -> Option<ValueId> {
    let product = match site.op {
        Op::IntPow => Op::Mul,
        Op::WrappingPow => Op::WrappingMul,
        _ => return None,
    };
    let mut left = site.const_bits(1)?;
    if left > POW_MAX {
        return None;
    }
    let (mut base, mut power) = (site.args[0], None);
    while left != 0 {
        if left & 1 == 1 {
            power = Some(power.map_or(base, |power| site.build(product, &[power, base])));
        }
        left >>= 1;
        if left != 0 {
            base = site.build(product, &[base, base]);
        }
    }
    Some(power.unwrap_or_else(|| site.constant(1)))
}
