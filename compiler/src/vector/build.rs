//! Makes vector IR: each method appends what one operation on all lanes needs.
//!
//! Where a machine has the operation it is one instruction; where it has not, several that every machine has.
//! So nobody else asks which instructions there are. This file holds values, masks and choice; floats stand in
//! `float`, what they can be in `facts`, integers in `int`, whole quotients in `divide`, conversions in `cast`, the
//! steps of math functions in `math`. The bits of a result never depend on the machine.
//!
//! An instruction that computes what another one has computed is not made again: kernels seldom repeat themselves,
//! but their functions do (the sine and the cosine of one angle).

mod cast;
mod divide;
mod facts;
mod float;
mod int;
mod math;

pub(super) use divide::Divided;
pub(super) use float::{Compare, Rounding};
pub(super) use int::Order;
pub(super) use math::MathLanes;

use super::ir::{Args, Inst, Isa, Shape, Ty, V, What, Width};
use super::machine::Machine;
use rustc_hash::FxHashMap;

/// Instructions that there is room for from the start.
const INSTS_USUAL: usize = 512;

/// Instructions in the making.
pub(super) struct Build {
    pub(super) shape: Shape,
    pub(super) insts: Vec<Inst>,
    /// Constants so far: bits and value.
    consts: FxHashMap<(Width, u64), V>,
    /// The instructions of the machine so far, by what they do to what.
    known: FxHashMap<(What, Ty, Args), V>,
    /// What floats can be, of those that somebody asked about.
    facts: FxHashMap<V, facts::Facts>,
}

impl Build {
    pub(super) fn new(shape: Shape) -> Build {
        Build {
            shape,
            insts: Vec::with_capacity(INSTS_USUAL),
            consts: FxHashMap::default(),
            known: FxHashMap::with_capacity_and_hasher(INSTS_USUAL, Default::default()),
            facts: FxHashMap::default(),
        }
    }

    pub(super) fn push(&mut self, what: What, ty: Ty, args: &[V]) -> V {
        let v = V(self.insts.len() as u32);
        self.insts.push(Inst { what, ty, args: Args::new(args), copy: 0 });
        v
    }

    fn machine(&mut self, machine: Machine, ty: Ty, args: &[V]) -> V {
        self.once(What::Machine(machine, None), ty, args)
    }

    fn machine_imm(&mut self, machine: Machine, ty: Ty, args: &[V], imm: u8) -> V {
        self.once(What::Machine(machine, Some(imm)), ty, args)
    }

    /// The instruction, or one that computes the same.
    fn once(&mut self, what: What, ty: Ty, args: &[V]) -> V {
        let key = (what, ty, Args::new(args));
        if let Some(&v) = self.known.get(&key) {
            return v;
        }
        let v = self.push(what, ty, args);
        self.known.insert(key, v);
        v
    }

    /// Instructions from this one on are not used again: what they compute in a loop is of its last iteration.
    pub(super) fn forget_from(&mut self, first: V) {
        self.known.retain(|_, v| *v < first);
    }

    /// These bits in each lane.
    pub(super) fn constant(&mut self, width: Width, bits: u64) -> V {
        match width {
            Width::W64 => self.pattern(width, bits),
            Width::W32 => self.pattern(width, bits << 32 | bits & 0xffff_ffff),
        }
    }

    /// These bits in each 64 of a register.
    fn pattern(&mut self, width: Width, bits: u64) -> V {
        if let Some(&v) = self.consts.get(&(width, bits)) {
            return v;
        }
        let v = self.push(What::Const(bits), Ty::Lanes(width), &[]);
        self.consts.insert((width, bits), v);
        v
    }

    pub(super) fn ty(&self, v: V) -> Ty {
        self.insts[v.index()].ty
    }

    pub(super) fn width(&self, v: V) -> Width {
        match self.ty(v) {
            Ty::Lanes(width) | Ty::Mask(width) => width,
            Ty::Packed | Ty::None => unreachable!("only numbers and masks have lanes"),
        }
    }

    pub(super) fn is_const(&self, v: V) -> bool {
        matches!(self.insts[v.index()].what, What::Const(_))
    }

    /// The bits of a constant.
    fn const_bits(&self, v: V) -> Option<u64> {
        match self.insts[v.index()].what {
            What::Const(bits) => Some(bits),
            _ => None,
        }
    }

    pub(super) fn has_masks(&self) -> bool {
        self.shape.isa == Isa::Avx512
    }

    /// The width of the widest lanes of the block.
    pub(super) fn widest(&self) -> Width {
        if self.shape.lanes * 64 == self.shape.isa.bits() { Width::W64 } else { Width::W32 }
    }

    // --- masks

    /// All lanes set, or none.
    pub(super) fn mask_constant(&mut self, set: bool) -> V {
        let width = self.widest();
        match self.has_masks() {
            true => {
                // A register's old content: xor and xnor of the same one do not look at it.
                let any = self.constant(width, 0);
                let any = self.machine(pick(width, Machine::Test64, Machine::Test32), Ty::Mask(width), &[any, any]);
                if set { self.mask_not(any) } else { any }
            }
            false => {
                let v = self.constant(width, if set { u64::MAX >> (64 - width.bits()) } else { 0 });
                let zero = self.constant(width, 0);
                self.bits_as_mask(v, zero)
            }
        }
    }

    /// The lanes that have a row.
    pub(super) fn rows(&mut self) -> V {
        let width = self.widest();
        self.once(What::Rows, Ty::Mask(width), &[])
    }

    /// AVX2: a vector of all ones or zeros is a mask already; only its type must say so.
    fn bits_as_mask(&mut self, v: V, zero: V) -> V {
        let width = self.width(v);
        self.machine(pick(width, Machine::Or64, Machine::Or32), Ty::Mask(width), &[v, zero])
    }

    /// The mask without what stands behind its lanes: a check looks at eight bits, or at sixteen.
    pub(super) fn lanes_only(&mut self, mask: V) -> V {
        if !self.has_masks() || self.shape.lanes >= 8 {
            return mask;
        }
        let width = self.width(mask);
        let one = self.constant(width, 1);
        let all = self.machine(pick(width, Machine::Test64, Machine::Test32), Ty::Mask(width), &[one, one]);
        self.mask_and(mask, all)
    }

    /// The mask held in lanes of this width.
    pub(super) fn mask_as(&mut self, mask: V, width: Width) -> V {
        let own = self.width(mask);
        if self.has_masks() || own == width {
            return mask;
        }
        match width {
            Width::W64 => self.machine(Machine::I32ToI64, Ty::Mask(Width::W64), &[mask]),
            Width::W32 => self.low_halves(mask, Ty::Mask(Width::W32)),
        }
    }

    /// Both masks in lanes of one width, the larger one: to widen is one instruction, to narrow two.
    fn alike(&mut self, a: V, b: V) -> (V, V, Width) {
        let width = self.width(a).max(self.width(b));
        (self.mask_as(a, width), self.mask_as(b, width), width)
    }

    fn mask_op(&mut self, masks: Machine, wide: Machine, narrow: Machine, a: V, b: V) -> V {
        let (a, b, width) = self.alike(a, b);
        let machine = if self.has_masks() { masks } else { pick(width, wide, narrow) };
        self.machine(machine, Ty::Mask(width), &[a, b])
    }

    pub(super) fn mask_and(&mut self, a: V, b: V) -> V {
        self.mask_op(Machine::MaskAnd, Machine::And64, Machine::And32, a, b)
    }

    pub(super) fn mask_or(&mut self, a: V, b: V) -> V {
        self.mask_op(Machine::MaskOr, Machine::Or64, Machine::Or32, a, b)
    }

    pub(super) fn mask_xor(&mut self, a: V, b: V) -> V {
        self.mask_op(Machine::MaskXor, Machine::Xor64, Machine::Xor32, a, b)
    }

    /// `!a & b`.
    pub(super) fn mask_andn(&mut self, a: V, b: V) -> V {
        self.mask_op(Machine::MaskAndn, Machine::Andn64, Machine::Andn32, a, b)
    }

    pub(super) fn mask_not(&mut self, a: V) -> V {
        if self.has_masks() {
            let ty = self.ty(a);
            return self.machine(Machine::MaskNot, ty, &[a]);
        }
        let width = self.width(a);
        let ones = self.constant(width, u64::MAX >> (64 - width.bits()));
        self.machine(pick(width, Machine::Xor64, Machine::Xor32), Ty::Mask(width), &[a, ones])
    }

    // --- choice

    /// `yes` where the mask is set, else `no`: numbers.
    pub(super) fn select(&mut self, mask: V, yes: V, no: V) -> V {
        let width = self.width(yes);
        if yes == no {
            return yes;
        }
        if self.const_bits(no) == Some(0) {
            return self.or_zero(mask, yes);
        }
        let mask = self.mask_as(mask, width);
        if !self.has_masks()
            && let Some(added) = self.added(no, yes)
        {
            return self.added_where(mask, no, added);
        }
        self.machine(pick(width, Machine::Blend64, Machine::Blend32), Ty::Lanes(width), &[mask, no, yes])
    }

    /// What is added to the integers of `v` to get those of `sum`, if that is how they were made.
    fn added(&self, v: V, sum: V) -> Option<V> {
        let inst = &self.insts[sum.index()];
        match (inst.what, &inst.args[..]) {
            (What::Machine(Machine::Add64 | Machine::Add32, _), &[a, b]) if a == v => Some(b),
            (What::Machine(Machine::Add64 | Machine::Add32, _), &[a, b]) if b == v => Some(a),
            _ => None,
        }
    }

    /// AVX2, where a blend has three parts: a sum in the lanes of a mask only. As a number its lanes are -1 or 0.
    fn added_where(&mut self, mask: V, v: V, added: V) -> V {
        let width = self.width(v);
        let one = self.constant(width, 1);
        if added == one {
            return self.machine(pick(width, Machine::Sub64, Machine::Sub32), Ty::Lanes(width), &[v, mask]);
        }
        let part = self.or_zero(mask, added);
        self.iadd(v, part)
    }

    /// The same of masks.
    pub(super) fn mask_select(&mut self, mask: V, yes: V, no: V) -> V {
        let chosen = self.mask_and(mask, yes);
        let other = self.mask_andn(mask, no);
        self.mask_or(chosen, other)
    }

    /// The value where the mask is set, else 0.
    pub(super) fn or_zero(&mut self, mask: V, value: V) -> V {
        let width = self.width(value);
        let mask = self.mask_as(mask, width);
        let machine = match self.has_masks() {
            true => pick(width, Machine::Keep64, Machine::Keep32),
            false => pick(width, Machine::And64, Machine::And32),
        };
        self.machine(machine, Ty::Lanes(width), &[mask, value])
    }

    // --- bits

    pub(super) fn and(&mut self, a: V, b: V) -> V {
        self.two(Machine::And64, Machine::And32, a, b)
    }

    pub(super) fn or(&mut self, a: V, b: V) -> V {
        self.two(Machine::Or64, Machine::Or32, a, b)
    }

    pub(super) fn xor(&mut self, a: V, b: V) -> V {
        self.two(Machine::Xor64, Machine::Xor32, a, b)
    }

    /// An operation of two operands that commutes: a constant stands second, where it may come from memory.
    fn two(&mut self, wide: Machine, narrow: Machine, a: V, b: V) -> V {
        // The order of others is settled so that the same is found to be the same.
        let swap = self.is_const(a) || (b < a && !self.is_const(b));
        let (a, b) = if swap { (b, a) } else { (a, b) };
        self.ordered(wide, narrow, a, b)
    }

    /// An operation of two operands in this order.
    fn ordered(&mut self, wide: Machine, narrow: Machine, a: V, b: V) -> V {
        let width = self.width(a);
        self.machine(pick(width, wide, narrow), Ty::Lanes(width), &[a, b])
    }
}

/// The instruction for lanes of this width.
fn pick(width: Width, wide: Machine, narrow: Machine) -> Machine {
    match width {
        Width::W64 => wide,
        Width::W32 => narrow,
    }
}
