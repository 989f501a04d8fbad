//! The instructions of quotients that the divider does not make.

use rustc_hash::FxHashMap;

use super::{EXPONENTS, How, MAGNITUDE};
use crate::vector::build::Compare;
use crate::vector::ir::{Args, Body, Doubt, Inst, Isa, Of, Ty, V, What, Width};
use crate::vector::machine::Machine;

/// A body in the making.
pub(super) struct Make {
    isa: Isa,
    insts: Vec<Inst>,
    /// What each value of the old body became.
    names: Vec<V>,
    constants: FxHashMap<(Width, u64), V>,
    /// The block that is worked on.
    copy: u32,
}

impl Make {
    pub(super) fn new(body: &Body) -> Make {
        Make {
            isa: body.shape.isa,
            insts: Vec::with_capacity(body.insts.len() * 2),
            names: vec![V(0); body.insts.len()],
            constants: FxHashMap::default(),
            copy: 0,
        }
    }

    pub(super) fn all(mut self, body: &Body, chosen: &FxHashMap<usize, How>) -> Body {
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
