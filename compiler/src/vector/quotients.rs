//! Quotients that the divider does not make.
//!
//! A CPU begins two products and sums a cycle and a register of quotients every sixteen cycles, so kernels that
//! divide wait for the divider while everything else is idle. Here some of the quotients of a turn are made of products
//! and sums, as many as shorten the turn: those by a constant first, which take least. Bits are those of the
//! division, by theorems and not by luck, so which quotients are made how is nobody's business:
//!
//! * The reciprocal y of b, from one of 14 bits: twice y + y (1 - b y) leaves it within 5/8 of a unit in its last
//!   place; then 1 - b y is exact, and y + y (1 - b y) is rounded as 1 / b is, unless the significand of b is all ones
//!   (P. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990, theorem 7).
//! * The quotient, from a q within one unit: r = a - b q is exact, and q + r y is rounded as a / b is, where y is the
//!   reciprocal as above (the same, theorem 8). For such a q the first guess a y, of the y that was within 5/8, is
//!   corrected by the same 1 - b y: an error of half a unit each. That r is exact needs a little room below
//!   b = 2, so the last 16 significands are left to the divider.
//! * By a constant c the reciprocal is rounded when the code is made, and what it lacks is known: q = a y is within one
//!   unit, and r exact, where c (1/2 + c d) is at most 2, with c in 1..2 and d what y lacks of 1 / c, in units of 2^-53.
//!   Elsewhere a times what y lacks is added to q, which makes an error of half a unit each.
//!
//! * By a value that all rows share, the reciprocal is made once; q is corrected twice.
//!
//! All this holds where nothing is too great or too small on the way. Zeros, infinities and NaNs keep the first guess
//! where a correction would spoil them. In all other lanes, which hardly ever are there, the quotient is in doubt:
//! one branch leaves to code out of the way that divides.

use rustc_hash::FxHashMap;

use super::build::Compare;
use super::ir::{Args, Body, Doubt, Inst, Isa, Of, Ty, V, What, Width};
use super::machine::Machine;

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

/// A body in the making.
struct Make {
    isa: Isa,
    insts: Vec<Inst>,
    /// What each value of the old body became.
    names: Vec<V>,
    constants: FxHashMap<(Width, u64), V>,
    /// The block that is worked on.
    copy: u32,
}

impl Make {
    fn new(body: &Body) -> Make {
        Make {
            isa: body.shape.isa,
            insts: Vec::with_capacity(body.insts.len() * 2),
            names: vec![V(0); body.insts.len()],
            constants: FxHashMap::default(),
            copy: 0,
        }
    }

    fn all(mut self, body: &Body, chosen: &FxHashMap<usize, How>) -> Body {
        for (index, inst) in body.insts.iter().enumerate() {
            let args = inst.args.map(|v| self.names[v.index()]);
            self.copy = inst.copy;
            self.names[index] = match (chosen.get(&index), inst.ty) {
                (Some(how), Ty::Lanes(width)) => self.quotient(width, *how, [args[0], args[1]]),
                _ => self.push(Inst { args, ..*inst }),
            };
            if let (What::Const(bits), Ty::Lanes(width)) = (inst.what, inst.ty) {
                self.constants.insert((width, bits), self.names[index]);
            }
        }
        Body { insts: self.insts, ..body.clone() }
    }

    fn quotient(&mut self, width: Width, how: How, [a, b]: [V; 2]) -> V {
        match how {
            How::By { reciprocal, lacks } => self.by(width, [a, b], reciprocal, lacks),
            How::ByOne { slot } => self.by_one([a, b], slot),
            How::OneBy => self.one_by([a, b]),
            How::Any => self.any([a, b]),
        }
    }

    /// a / c.
    fn by(&mut self, width: Width, [a, c]: [V; 2], reciprocal: f64, lacks: Option<f64>) -> V {
        let float = |make: &mut Make, value: f64| match width {
            Width::W64 => make.constant(width, value.to_bits()),
            Width::W32 => make.constant(width, u64::from((value as f32).to_bits())),
        };
        let y = float(self, reciprocal);
        // The exponent, in twice the bits without the sign: see `CONSTANTS`.
        let (least, count, by) = match width {
            Width::W64 => (1023 - 900, 1800, 53),
            Width::W32 => (127 - 70, 170, 24),
        };
        let (least, count) = (least << by, count << by);
        let twice = self.push_imm([Machine::Shl64, Machine::Shl32], Ty::Lanes(width), &[a], 1);
        let mask = Ty::Mask(width);
        let (is_usual, doubt, doubts) = match self.isa {
            Isa::Avx512 => {
                let (least, count) = (self.constant(width, least), self.constant(width, count));
                let above = self.lanes(width, [Machine::Sub64, Machine::Sub32], &[twice, least]);
                let is_usual = self.push_imm([Machine::CompareU64, Machine::CompareU32], mask, &[above, count], LESS);
                let class = [Machine::ClassF64, Machine::ClassF32];
                let is_special = self.push_imm(class, mask, &[a], ZERO_INFINITY_OR_NAN);
                (is_usual, Doubt::Unless, [is_usual, is_special])
            }
            Isa::Avx2 => {
                // Comparisons are of signed numbers, and infinities are divided.
                let first = 1u64 << (width.bits() - 1);
                let moved = self.constant(width, first.wrapping_sub(least));
                let limit = self.constant(width, count.wrapping_add(first));
                let zero = self.constant(width, 0);
                let above = self.wide(Machine::Add64, &[twice, moved]);
                let is_usual = self.push(Inst {
                    what: What::Machine(Machine::Greater64, None),
                    ty: mask,
                    args: Args::new(&[limit, above]),
                    copy: self.copy,
                });
                let is_other = self.push_imm([Machine::CompareF64; 2], mask, &[a, zero], ORDERED_AND_OTHER);
                let doubt = self.push(Inst {
                    what: What::Machine(Machine::Andn64, None),
                    ty: mask,
                    args: Args::new(&[is_usual, is_other]),
                    copy: self.copy,
                });
                (is_usual, Doubt::Where, [doubt; 2])
            }
        };
        let mut q = self.lanes(width, [Machine::MulF64, Machine::MulF32], &[a, y]);
        if let Some(lacks) = lacks {
            let lacks = float(self, lacks);
            q = self.corrected(width, is_usual, [q, a, lacks]);
        }
        let r = self.lanes(width, [Machine::Fnma213F64, Machine::Fnma213F32], &[q, c, a]);
        let corrected = self.corrected(width, is_usual, [q, r, y]);
        self.made(width, doubt, &[corrected, a, c, doubts[0], doubts[1]])
    }

    /// a / b, the b the one value of a slot, whose reciprocal is made before the first block: by division, so that it is
    /// rounded right whatever b is. If b is one to which the theorems do not apply, every quotient is in doubt but
    /// for those of zeros, infinities and NaNs, which are a times the reciprocal then, too.
    fn by_one(&mut self, [a, b]: [V; 2], slot: u32) -> V {
        let width = Width::W64;
        let least = (1023 - EXPONENTS as u64) << 53;
        let limit = Of::Limit((2 * EXPONENTS as u64) << 53);
        let [y, limit] = [Of::Reciprocal, limit].map(|of| self.uniform(slot, of));
        let least = self.constant(width, least);
        let twice = self.push_imm([Machine::Shl64; 2], Ty::Lanes(width), &[a], 1);
        let above = self.wide(Machine::Sub64, &[twice, least]);
        let mask = Ty::Mask(width);
        let is_usual = self.push_imm([Machine::CompareU64; 2], mask, &[above, limit], LESS);
        let is_special = self.push_imm([Machine::ClassF64; 2], mask, &[a], ZERO_INFINITY_OR_NAN);
        let mut q = self.wide(Machine::MulF64, &[a, y]);
        for _ in 0..2 {
            let r = self.wide(Machine::Fnma213F64, &[q, b, a]);
            q = self.corrected(width, is_usual, [q, r, y]);
        }
        self.made(width, Doubt::Unless, &[q, a, b, is_usual, is_special])
    }

    fn uniform(&mut self, slot: u32, of: Of) -> V {
        let what = What::Uniform { slot, of };
        let known = self.insts.iter().position(|inst| inst.what == what).map(|place| V(place as u32));
        let inst = Inst { what, ty: Ty::Lanes(Width::W64), args: Args::new(&[]), copy: 0 };
        known.unwrap_or_else(|| self.push(inst))
    }

    /// 1 / b.
    fn one_by(&mut self, [one, b]: [V; 2]) -> V {
        let zero = self.constant(Width::W64, 0);
        let [_, _, y] = self.reciprocal(one, b);
        let doubts = self.doubts(zero, b);
        self.made(Width::W64, Doubt::Where, &[y, one, b, doubts[0], doubts[1]])
    }

    /// a / b.
    fn any(&mut self, [a, b]: [V; 2]) -> V {
        let width = Width::W64;
        let one = self.constant(width, 1f64.to_bits());
        let [near, rest, y] = self.reciprocal(one, b);
        let zero = self.constant(width, 0);
        let not_zero = self.push_imm([Machine::CompareF64; 2], Ty::Mask(width), &[a, zero], Compare::Ne as u8);
        let q = self.wide(Machine::MulF64, &[a, near]);
        let q = self.corrected(width, not_zero, [q, q, rest]);
        let r = self.wide(Machine::Fnma213F64, &[q, b, a]);
        let args = Args::new(&[not_zero, a]);
        let exponent =
            self.push(Inst { what: What::Masked(Machine::ExponentF64), ty: Ty::Lanes(width), args, copy: self.copy });
        let doubts = self.doubts(exponent, b);
        let corrected = self.corrected(width, not_zero, [q, r, y]);
        self.made(width, Doubt::Where, &[corrected, a, b, doubts[0], doubts[1]])
    }

    /// A number within 5/8 of a unit of 1 / b, 1 less the product of both, and 1 / b.
    fn reciprocal(&mut self, one: V, b: V) -> [V; 3] {
        let mut y = self.wide(Machine::RoughReciprocalF64, &[b]);
        for _ in 0..2 {
            let rest = self.wide(Machine::Fnma213F64, &[y, b, one]);
            y = self.wide(Machine::Fma213F64, &[y, rest, y]);
        }
        let rest = self.wide(Machine::Fnma213F64, &[y, b, one]);
        [y, rest, self.wide(Machine::Fma213F64, &[y, rest, y])]
    }

    /// Where this exponent or that of b is far from 0, and where the significand of b is one of the last. NaNs go through.
    fn doubts(&mut self, exponent: V, b: V) -> [V; 2] {
        let mask = Ty::Mask(Width::W64);
        let of_b = self.wide(Machine::ExponentF64, &[b]);
        let greatest = self.push_imm([Machine::RangeF64; 2], Ty::Lanes(Width::W64), &[of_b, exponent], MAGNITUDE);
        let limit = self.constant(Width::W64, EXPONENTS.to_bits());
        let far = self.push_imm([Machine::CompareF64; 2], mask, &[greatest, limit], Compare::Gt as u8);
        let room = self.constant(Width::W64, 16);
        let moved = self.wide(Machine::Add64, &[b, room]);
        let significand = self.constant(Width::W64, 0x000f_ffff_ffff_fff0);
        let args = Args::new(&[moved, significand]);
        let what = What::Machine(Machine::TestNot64, None);
        [far, self.push(Inst { what, ty: mask, args, copy: self.copy })]
    }

    /// q + r y in these lanes, q in the others: a zero would lose its sign.
    fn corrected(&mut self, width: Width, lanes: V, [q, r, y]: [V; 3]) -> V {
        if self.isa == Isa::Avx2 {
            let sum = self.wide(Machine::Fma213F64, &[r, y, q]);
            return self.wide(Machine::Blend64, &[lanes, q, sum]);
        }
        let machine = if width == Width::W64 { Machine::Fma231F64 } else { Machine::Fma231F32 };
        let args = Args::new(&[lanes, q, r, y]);
        self.push(Inst { what: What::Masked(machine), ty: Ty::Lanes(width), args, copy: self.copy })
    }

    fn made(&mut self, width: Width, doubt: Doubt, args: &[V]) -> V {
        let ty = Ty::Lanes(width);
        self.push(Inst { what: What::Quotient(doubt), ty, args: Args::new(args), copy: self.copy })
    }

    fn push(&mut self, inst: Inst) -> V {
        let v = V(self.insts.len() as u32);
        self.insts.push(inst);
        v
    }

    fn push_imm(&mut self, machines: [Machine; 2], ty: Ty, args: &[V], imm: u8) -> V {
        let what = What::Machine(pick(ty, machines), Some(imm));
        self.push(Inst { what, ty, args: Args::new(args), copy: self.copy })
    }

    fn lanes(&mut self, width: Width, machines: [Machine; 2], args: &[V]) -> V {
        let ty = Ty::Lanes(width);
        self.push(Inst { what: What::Machine(pick(ty, machines), None), ty, args: Args::new(args), copy: self.copy })
    }

    fn wide(&mut self, machine: Machine, args: &[V]) -> V {
        self.lanes(Width::W64, [machine; 2], args)
    }

    fn constant(&mut self, width: Width, bits: u64) -> V {
        let bits = if width == Width::W64 { bits } else { bits << 32 | bits };
        if let Some(&v) = self.constants.get(&(width, bits)) {
            return v;
        }
        let inst = Inst { what: What::Const(bits), ty: Ty::Lanes(width), args: Args::new(&[]), copy: 0 };
        let v = self.push(inst);
        self.constants.insert((width, bits), v);
        v
    }
}

/// The first for lanes of 64 bits, the second for those of 32.
fn pick(ty: Ty, [wide, narrow]: [Machine; 2]) -> Machine {
    match ty {
        Ty::Lanes(Width::W32) | Ty::Mask(Width::W32) => narrow,
        _ => wide,
    }
}

/// `vpcmpuq`: less.
const LESS: u8 = 1;
/// `vfpclasspd`: both NaNs, both zeros, both infinities.
const ZERO_INFINITY_OR_NAN: u8 = 0x9f;
/// `vcmppd`: neither is NaN, and they differ.
const ORDERED_AND_OTHER: u8 = 0x0c;
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
