//! The functions for those who compute them in lanes of their own: a compiler expands one into the steps that
//! it is made of, once for all lanes of a vector.

use super::lanes::Lanes;
use super::{approx, arc, erf, exp, hyperbolic, log, power, trig};
use crate::op::Op;

/// The steps of an operation on f64 operands, or `None` where it has none here and is to be called: `gamma` and
/// `ln_gamma`, which branch, the remainder, and whatever is an instruction of its own. Lanes that it calls
/// `rare` are to be computed by the functions of the tables in `math`. On f32 operands: widened to f64, and the
/// result rounded to f32.
///
/// # Panics
/// Where the operation takes more operands than there are.
#[inline(always)]
pub fn expand<L: Lanes>(l: &L, op: Op, args: &[L::F]) -> Option<L::F> {
    let unary: fn(&L, L::F) -> L::F = match op {
        Op::Cbrt => power::cbrt,
        Op::Exp => exp::exp,
        Op::Exp2 => exp::exp2,
        Op::ExpM1 => exp::exp_m1,
        Op::Ln => log::ln,
        Op::Log2 => log::log2,
        Op::Log10 => log::log10,
        Op::Ln1p => log::ln_1p,
        Op::Sin => trig::sin,
        Op::Cos => trig::cos,
        Op::Tan => trig::tan,
        Op::Asin => arc::asin,
        Op::Acos => arc::acos,
        Op::Atan => arc::atan,
        Op::Sinh => hyperbolic::sinh,
        Op::Cosh => hyperbolic::cosh,
        Op::Tanh => hyperbolic::tanh,
        Op::Asinh => hyperbolic::asinh,
        Op::Acosh => hyperbolic::acosh,
        Op::Atanh => hyperbolic::atanh,
        Op::Erf => erf::erf,
        Op::Erfc => erf::erfc,
        Op::ApproxExp => approx::exp,
        Op::ApproxExp2 => approx::exp2,
        Op::ApproxLn => approx::ln,
        Op::ApproxLog2 => approx::log2,
        Op::ApproxLog10 => approx::log10,
        Op::ApproxSin => approx::sin,
        Op::ApproxCos => approx::cos,
        Op::ApproxTan => approx::tan,
        Op::ApproxAsin => approx::asin,
        Op::ApproxAcos => approx::acos,
        Op::ApproxAtan => approx::atan,
        Op::ApproxAtan2 => return Some(approx::atan2(l, args[0], args[1])),
        Op::Powf => return Some(power::powf(l, args[0], args[1])),
        Op::Atan2 => return Some(arc::atan2(l, args[0], args[1])),
        Op::Hypot => return Some(power::hypot(l, args[0], args[1])),
        _ => return None,
    };
    Some(unary(l, args[0]))
}
