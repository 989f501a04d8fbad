//! Quotients that the divider does not make.
//!
//! A CPU begins two products and sums a cycle and a register of quotients every sixteen cycles, so kernels that
//! divide wait for the divider while everything else is idle. Here some of the quotients of a turn are made of products
//! and sums, as many as shorten the turn: those by a constant first, which take least. Bits are those of the
//! division, by theorems and not by luck, so which quotients are made how is nobody's business:
//!
//! * The reciprocal y of b, from one of 14 bits: twice y + y (1 - b y) leaves it within 5/8 of a unit in its last
//!   place; then 1 - b y is exact, and y + y (1 - b y) is rounded as 1 / b is, unless the significand of b is all ones.
//! * The quotient, from a q within one unit: r = a - b q is exact, and q + r y is rounded as a / b is, where y is the
//!   reciprocal as above. (Both are P. Markstein's: "Computation of elementary functions on the IBM RISC System/6000
//!   processor", IBM Journal of Research and Development 34, 1990; Muller and others prove them again in the "Handbook of
//!   floating-point arithmetic", on division with a fused multiply-add.) For such a q the first guess a y, of the y that was within 5/8, is
//!   corrected by the same 1 - b y: an error of half a unit each. That r is exact needs a little room below
//!   b = 2, so the last 16 significands are left to the divider.
//! * By a constant c the reciprocal is rounded when the code is made, and what it lacks is known: q = a y is within 1.3
//!   units, which will do, and r exact, where c (1/2 + c d) is at most 2, with c in 1..2 and d what y lacks of 1 / c, in units of 2^-53.
//!   Elsewhere a times what y lacks is added to q, which makes an error of half a unit each.
//! * By a value that all rows share, the reciprocal is made once; q is corrected twice.
//!
//! All this holds where nothing is too great or too small on the way. Zeros, infinities and NaNs keep the first guess
//! where a correction would spoil them. In all other lanes, which hardly ever are there, the quotient is in doubt:
//! one branch leaves to code out of the way that divides.

mod make;

use rustc_hash::FxHashMap;

use super::ir::{Body, Inst, Isa, Of, Ty, V, What, Width};
use super::machine::Machine;
use make::Make;

/// Instructions that could be begun while a register of quotients or roots keeps the divider busy, as measured on a
/// server of Intel's (quotients: 1.70 doubles a nanosecond and 5.53 floats, roots 1.51 and 4.52): two a cycle of 512
/// bits. Of 256 bits it is three a cycle, and half the cycles.
const DIVIDER: [(Machine, u32); 4] =
    [(Machine::DivF64, 32), (Machine::DivF32, 20), (Machine::SqrtF64, 36), (Machine::SqrtF32, 24)];
/// What a division begins beside the divider's own work.
const DIVISION_BEGINS: u32 = 3;

/// Binary exponents of divisors, and of what is divided, between which the theorems hold: the remainder a - b q
/// is a multiple of 2^-105 |a|, and must not be below the least number.
pub(super) const EXPONENTS: f64 = 400.0;
/// The same for constants.
const CONSTANTS: std::ops::Range<f64> = 1e-6..1e6;

/// How a quotient can be made without the divider.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    /// By a constant: its reciprocal, and what that lacks if it must be looked at.
    By { reciprocal: f64, lacks: Option<f64> },
    /// By the one value of this slot.
    ByOne { slot: u32 },
    /// The reciprocal of the divisor.
    OneBy,
    /// Any other.
    Any,
}

impl How {
    /// Instructions that this begins. AVX2's choices are two or three each, and so is its test.
    fn begins(self, isa: Isa) -> u32 {
        match (self, isa) {
            (How::By { lacks: None, .. }, Isa::Avx512) => 8,
            (How::By { lacks: Some(_), .. }, Isa::Avx512) => 9,
            (How::By { lacks: None, .. }, Isa::Avx2) => 13,
            (How::By { lacks: Some(_), .. }, Isa::Avx2) => 17,
            (How::ByOne { .. }, _) => 10,
            (How::OneBy, _) => 15,
            (How::Any, _) => 21,
        }
    }
}

/// A turn, with so many of its quotients made without the divider as make it shorter.
pub(super) fn shared_out(body: Body) -> Body {
    let isa = body.shape.isa;
    let is_whole = !body.is_tail && !body.has_loops();
    let busy = |inst: &Inst| if isa == Isa::Avx2 { busy(inst) * 3 / 4 } else { busy(inst) };
    let mut divider: u32 = body.insts.iter().map(busy).sum();
    let begins = body.insts.iter().filter(|inst| matches!(inst.what, What::Machine(..) | What::Masked(_))).count();
    if !is_whole || divider as usize <= begins {
        return body;
    }
    let divisions = body.insts.iter().filter(|inst| busy(inst) > 0).count() as u32;
    let mut begins = begins as u32 + (DIVISION_BEGINS - 1) * divisions;
    let mut others: Vec<(usize, How)> =
        (0..body.insts.len()).filter_map(|index| Some((index, how(&body, index)?))).collect();
    others.sort_by_key(|(_, how)| how.begins(isa));
    let mut chosen = FxHashMap::default();
    for (index, how) in others {
        let without = divider - busy(&body.insts[index]);
        let with = begins - DIVISION_BEGINS + how.begins(isa);
        if without.max(with) >= divider.max(begins) {
            break;
        }
        (divider, begins) = (without, with);
        chosen.insert(index, how);
    }
    match chosen.is_empty() {
        true => body,
        false => Make::new(&body).all(&body, &chosen),
    }
}

/// Half cycles for which an instruction of 512 bits keeps the divider busy.
pub(super) fn busy(inst: &Inst) -> u32 {
    let What::Machine(machine, _) = inst.what else { return 0 };
    DIVIDER.iter().find(|(other, _)| *other == machine).map_or(0, |(_, half_cycles)| *half_cycles)
}

/// Whether quotients of a block could be made without the divider.
pub(super) fn are_shared(body: &Body) -> bool {
    (0..body.insts.len()).any(|index| how(body, index).is_some())
}

/// How an instruction could be done without the divider, if it is a division of whole registers.
fn how(body: &Body, index: usize) -> Option<How> {
    let inst = &body.insts[index];
    let (is_wide, What::Machine(Machine::DivF64 | Machine::DivF32, _)) = (inst.ty == Ty::Lanes(Width::W64), inst.what)
    else {
        return None;
    };
    if body.shape.bits(inst.ty) != body.shape.isa.bits() {
        return None;
    }
    if let (What::Uniform { slot, of: Of::Value }, true, Isa::Avx512) =
        (body.inst(inst.args[1]).what, is_wide, body.shape.isa)
    {
        return Some(How::ByOne { slot });
    }
    match (constant(body, inst.args[0]), constant(body, inst.args[1])) {
        // Narrow quotients, and a first guess of others, are the divider's where masks have no registers.
        (_, None) if body.shape.isa == Isa::Avx2 => None,
        _ if body.shape.isa == Isa::Avx2 && !is_wide => None,
        (None, Some(c)) if CONSTANTS.contains(&c.abs()) => by_constant(c, is_wide),
        (Some(1.0), None) if is_wide => Some(How::OneBy),
        (_, None) if is_wide => Some(How::Any),
        _ => None,
    }
}

/// The number that a value is in all lanes.
fn constant(body: &Body, v: V) -> Option<f64> {
    match (body.inst(v).what, body.inst(v).ty) {
        (What::Const(bits), Ty::Lanes(Width::W64)) => Some(f64::from_bits(bits)),
        (What::Const(bits), Ty::Lanes(Width::W32)) if bits >> 32 == bits & 0xffff_ffff => {
            Some(f32::from_bits(bits as u32).into())
        }
        _ => None,
    }
}

/// The reciprocal of a constant, rounded, and what it lacks if that counts; nothing for the few constants just below a
/// power of two of which it does.
fn by_constant(c: f64, is_wide: bool) -> Option<How> {
    // 1 - c y, exactly, and with it what y lacks; relative to the bits that a significand has.
    let (reciprocal, rest, bits) = match is_wide {
        true => {
            let y = 1.0 / c;
            (y, (-c).mul_add(y, 1.0), 53)
        }
        false => {
            let y = 1.0 / c as f32;
            (y.into(), 1.0 - c * f64::from(y), 24)
        }
    };
    let significand = f64::from_bits(c.to_bits() & 0x000f_ffff_ffff_ffff | 1f64.to_bits());
    let units = rest.abs() * 2f64.powi(bits);
    // With some room for what is rounded here, and for a correction that is.
    let is_near = significand * (0.5 + units) <= 1.99;
    let lacks = (!is_near).then_some(rest / c);
    (is_near || significand < 1.999).then_some(How::By { reciprocal, lacks })
}

/// `vrangepd`: the greater magnitude, without a sign.
pub(super) const MAGNITUDE: u8 = 0b1011;

#[cfg(test)]
mod tests {
    use filbert_ir::Type;

    use super::super::build::Build;
    use super::super::ir::Shape;
    use super::super::schedule;
    use super::*;

    /// Quotients without the divider, and those by it, of a turn of so many copies of a block that this makes.
    fn counts(copies: u32, make: impl Fn(&mut Build, V) -> V) -> [usize; 2] {
        let shape = Shape { isa: Isa::Avx512, lanes: 8 };
        let mut build = Build::new(shape);
        let x = build.push(What::Load { slot: 0, elem: Type::F64 }, Ty::Lanes(Width::W64), &[]);
        let y = make(&mut build, x);
        build.push(What::Store { column: 0, elem: Type::F64 }, Ty::None, &[y]);
        let body = Body { shape, insts: build.insts, copies: 1, is_tail: false };
        let turn = schedule::interleaved(&body, copies);
        for (index, inst) in turn.insts.iter().enumerate() {
            assert!(inst.args.iter().all(|v| v.index() < index), "{turn}");
        }
        let count = |is: fn(What) -> bool| turn.insts.iter().filter(|inst| is(inst.what)).count();
        let by_divider = |what| matches!(what, What::Machine(Machine::DivF64, _));
        [count(|what| matches!(what, What::Quotient(_))), count(by_divider)]
    }

    #[test]
    fn the_divider_and_the_rest_have_the_same_to_do() {
        let one = |build: &mut Build| build.float(Width::W64, 1.0);
        // A quotient and nothing else.
        assert_eq!(counts(8, |build, x| build.fdiv(x, x)), [5, 3]);
        assert_eq!(
            counts(8, |build, x| {
                let one = one(build);
                build.fdiv(one, x)
            }),
            [5, 3]
        );
        assert_eq!(
            counts(8, |build, x| {
                let by = build.float(Width::W64, 60.0);
                build.fdiv(x, by)
            }),
            [7, 1]
        );
        // Where there is so much else that the divider is idle, nothing changes.
        let busy = |build: &mut Build, x: V| {
            let one = one(build);
            let sum = (0..40).fold(x, |sum, _| {
                let more = build.fadd(sum, one);
                build.fmul(more, sum)
            });
            build.fdiv(sum, x)
        };
        assert_eq!(counts(2, busy), [0, 2]);
    }

    #[test]
    fn what_the_reciprocal_of_a_constant_lacks_is_looked_at_where_it_counts() {
        let lacks = |c: f64| match by_constant(c, true) {
            Some(How::By { lacks, .. }) => lacks.is_some(),
            other => panic!("{c}: {other:?}"),
        };
        // 1 / 3 lacks a third of a unit, and 3 has room for it; 1.9 is short of room.
        assert!(!lacks(3.0) && !lacks(10.0) && !lacks(100.0));
        let (near, far): (Vec<u32>, Vec<u32>) = (1..1000).partition(|&n| !lacks(f64::from(n)));
        assert!(far.len() > 50 && near.len() > 700, "{} {}", near.len(), far.len());
        assert_eq!(by_constant(2f64.next_down(), true), None);
    }
}
