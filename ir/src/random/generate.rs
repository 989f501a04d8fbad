//! Statements of a random kernel: operations with tamed operands, `if`s, and what yields their operands.

use super::rng::Rng;
use crate::builder::Builder;
use crate::kernel::ValueId;
use crate::op::{Op, Rule};
use crate::signature::Array;
use crate::types::{Scalar, Type};

/// Deepest nesting that is generated; the limit is far above, but depth costs breadth.
pub(super) const DEPTH_MAX: usize = 6;

/// Regions that are generated at most.
const BLOCKS_MAX: usize = 900;

/// Memory that the kernel may use.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    pub(super) array: Array,
    pub(super) elem: Type,
    pub(super) length: Length,
}

/// How many elements it has.
#[derive(Clone, Copy)]
pub(super) enum Length {
    /// Only the row knows.
    Slot(ValueId),
    /// A table.
    Fixed(usize),
}

pub(super) struct Generator {
    pub(super) rng: Rng,
    pub(super) builder: Builder,
    /// What the next value may use.
    pub(super) visible: Vec<ValueId>,
    pub(super) size: usize,
    pub(super) depth: usize,
    pub(super) blocks: usize,
    /// Only operations that are a row of instructions each.
    pub(super) is_plain: bool,
    /// Loops, too, and the memory below.
    pub(super) is_rich: bool,
    pub(super) memory: Vec<Memory>,
    /// Indexes that are in range where they are visible, and for which memory.
    pub(super) in_range: Vec<(ValueId, Memory)>,
    /// Loops around.
    pub(super) loops: usize,
    /// About how often the current place runs in a row.
    pub(super) runs: usize,
    /// Whether a loop may not end by itself.
    pub(super) runs_away: bool,
}

impl Generator {
    pub(super) fn new(rng: Rng, builder: Builder, visible: Vec<ValueId>, size: usize) -> Generator {
        Generator {
            rng,
            builder,
            visible,
            size,
            depth: 0,
            blocks: 1,
            is_plain: false,
            is_rich: false,
            memory: Vec::new(),
            in_range: Vec::new(),
            loops: 0,
            runs: 1,
            runs_away: false,
        }
    }

    /// Statements until the kernel is as large as wanted.
    pub(super) fn fill(&mut self) {
        while self.is_short() {
            self.statement();
        }
    }

    pub(super) fn is_short(&self) -> bool {
        self.builder.next_id().index() < self.size
    }

    /// One operation, with whatever its operands need, or an `if`, a `loop` or an access to memory.
    fn statement(&mut self) {
        let may_nest = self.depth < DEPTH_MAX && self.blocks < BLOCKS_MAX;
        match self.rng.below(100) {
            0..8 if may_nest => self.branch(),
            8..16 if self.is_rich && may_nest => self.looped(),
            16..28 if self.is_rich && may_nest && !self.memory.is_empty() => self.access(),
            _ => self.operation(),
        }
    }

    /// An `if` whose yields have types that are visible around it, so that its regions may stay empty.
    fn branch(&mut self) {
        let cond = self.operand(Type::Bool);
        let yields = 1 + self.rng.below(3);
        let alike: Vec<ValueId> = (0..yields).map(|_| self.any_visible()).collect();
        let tys: Vec<Type> = alike.into_iter().map(|id| self.builder.ty(id)).collect();
        let results = self.choice(cond, |g| g.region(&tys), |g| g.region(&tys));
        self.visible.extend(results);
    }

    /// An `if` with these regions, each of which gives the values it yields. Returns one value for each.
    pub(super) fn choice(
        &mut self,
        cond: ValueId,
        then: impl FnOnce(&mut Generator) -> Vec<ValueId>,
        otherwise: impl FnOnce(&mut Generator) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        self.depth += 1;
        self.blocks += 2;
        let open = self.builder.begin_if(cond);
        let yields = self.scoped(then);
        let open = self.builder.begin_else(open, &yields);
        let yields = self.scoped(otherwise);
        self.depth -= 1;
        self.builder.end_if(open, &yields)
    }

    /// What comes about in `region` is not visible behind it.
    pub(super) fn scoped<T>(&mut self, region: impl FnOnce(&mut Generator) -> T) -> T {
        let (visible, in_range) = (self.visible.len(), self.in_range.len());
        let given = region(self);
        self.visible.truncate(visible);
        self.in_range.truncate(in_range);
        given
    }

    /// The values of one region; returns its yields.
    pub(super) fn region(&mut self, tys: &[Type]) -> Vec<ValueId> {
        let statements = self.rng.below(7);
        self.statements(statements);
        tys.iter().map(|&ty| self.operand(ty)).collect()
    }

    /// So many statements, unless the kernel is large enough.
    pub(super) fn statements(&mut self, count: usize) {
        for _ in 0..count {
            if self.is_short() {
                self.statement();
            }
        }
    }

    pub(super) fn operation(&mut self) {
        let ty = self.rng.ty();
        let op = self.rng.op(ty);
        // Functions are many instructions: a few of them are enough.
        if self.is_plain && (!is_plain(op, ty) || op >= Op::Cbrt && self.rng.chance(70)) {
            return;
        }
        if op == Op::Cast {
            let arg = self.operand(ty);
            let fits = |to: &Type| Op::Cast.result_type(&[ty], *to).is_some();
            let targets: Vec<Type> = Type::ALL.into_iter().filter(fits).collect();
            let to = self.rng.pick(&targets);
            let id = self.builder.cast(arg, to);
            return self.visible.push(id);
        }
        let mut args = self.operands(op, ty);
        // Now and then a fault is wanted.
        if op.may_fault(ty) && self.rng.chance(85) {
            self.tame(op, ty, &mut args);
        }
        self.push(op, &args);
    }

    fn operands(&mut self, op: Op, ty: Type) -> Vec<ValueId> {
        let tys = match op.rule() {
            Rule::Shift => vec![ty, self.rng.int()],
            Rule::FloatPowInt => vec![ty, Type::I32],
            Rule::IntPow => vec![ty, Type::U32],
            Rule::Select => {
                let choice = self.rng.ty();
                vec![Type::Bool, choice, choice]
            }
            rule => vec![ty; rule.arity()],
        };
        tys.into_iter().map(|ty| self.operand(ty)).collect()
    }

    /// Puts operations before the operands, so that `op` succeeds for most rows.
    fn tame(&mut self, op: Op, ty: Type, args: &mut [ValueId]) {
        match op {
            Op::Sub if !ty.is_signed() => args[0] = self.push(Op::Max, &[args[0], args[1]]),
            Op::Add | Op::Sub | Op::Mul | Op::Neg | Op::Abs => {
                args.iter_mut().for_each(|arg| *arg = self.shrink(*arg));
            }
            Op::Div | Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::WrappingDiv | Op::WrappingRem => {
                let one = self.constant(Scalar::from_bits(ty, 1));
                args[1] = self.push(Op::Or, &[args[1], one]);
            }
            Op::Shl | Op::Shr => {
                let amount = self.builder.ty(args[1]);
                let mask = self.constant(Scalar::from_bits(amount, ty.bits() as u64 - 1));
                args[1] = self.push(Op::And, &[args[1], mask]);
            }
            Op::IntPow => {
                args[0] = self.shrink(args[0]);
                let exponent = self.rng.below(if ty.bits() == 8 { 3 } else { 5 });
                args[1] = self.constant(Scalar::U32(exponent as u32));
            }
            Op::Clamp => {
                let (a, b) = (args[1], args[2]);
                args[1] = self.push(Op::Min, &[a, b]);
                args[2] = self.push(Op::Max, &[a, b]);
            }
            Op::Isqrt if ty.is_signed() => {
                let max = self.constant(Scalar::from_bits(ty, ty.mask() >> 1));
                args[0] = self.push(Op::And, &[args[0], max]);
            }
            Op::Assert => {
                let other = self.push(Op::Not, &[args[0]]);
                args[0] = self.push(Op::Or, &[args[0], other]);
            }
            Op::Index if self.is_plain => {
                let more = self.push(Op::Max, &[args[0], args[1]]);
                let one = self.constant(Scalar::U64(1));
                args[1] = self.push(Op::Or, &[more, one]);
                args[0] = self.push(Op::Shr, &[args[1], one]);
            }
            Op::Index => args[0] = self.below(args[0], args[1]),
            Op::SameLength => {
                let difference = self.push(Op::Xor, &[args[0], args[1]]);
                args[1] = self.push(Op::Xor, &[args[1], difference]);
            }
            _ => {}
        }
    }

    /// A u64 that is below `length`, unless that is 0; made from `arg`.
    pub(super) fn below(&mut self, arg: ValueId, length: ValueId) -> ValueId {
        let one = self.constant(Scalar::U64(1));
        let divisor = self.push(Op::Max, &[length, one]);
        self.push(Op::Rem, &[arg, divisor])
    }

    /// An integer that is small enough for one more product, made from `arg`.
    fn shrink(&mut self, arg: ValueId) -> ValueId {
        let ty = self.builder.ty(arg);
        if ty.bits() >= 32 && self.rng.chance(40) {
            let amount = self.constant(Scalar::from_bits(ty, ty.bits() as u64 / 2 + 1));
            return self.push(Op::Shr, &[arg, amount]);
        }
        let divides = ty.is_signed() && !self.is_plain;
        let bound = self.constant(Scalar::from_bits(ty, if divides { 9 } else { 7 }));
        self.push(if divides { Op::Rem } else { Op::And }, &[arg, bound])
    }

    /// A visible value of this type, or a new constant.
    pub(super) fn operand(&mut self, ty: Type) -> ValueId {
        let fitting: Vec<ValueId> = self.visible.iter().copied().filter(|&id| self.builder.ty(id) == ty).collect();
        if fitting.is_empty() || self.rng.chance(12) {
            // A bool that does not depend on the row would decide an `if` for good.
            if ty == Type::Bool && self.rng.chance(90) {
                return self.comparison();
            }
            let scalar = self.rng.scalar(ty);
            return self.constant(scalar);
        }
        // Half of the time something recent, so that long chains come about.
        let recent = if self.rng.chance(50) { fitting.len().min(4) } else { fitting.len() };
        fitting[fitting.len() - 1 - self.rng.below(recent)]
    }

    pub(super) fn comparison(&mut self) -> ValueId {
        let a = self.any_visible();
        let ty = self.builder.ty(a);
        let scalar = if self.rng.chance(70) { self.rng.small(ty) } else { self.rng.special(ty) };
        let b = self.constant(scalar);
        let op = self.rng.pick(&[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        self.push(op, &[a, b])
    }

    pub(super) fn any_visible(&mut self) -> ValueId {
        self.rng.pick(&self.visible)
    }

    pub(super) fn constant(&mut self, scalar: Scalar) -> ValueId {
        let id = self.builder.constant(scalar);
        self.visible.push(id);
        id
    }

    pub(super) fn push(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        let id = self.builder.op(op, args);
        self.visible.push(id);
        id
    }
}

/// Whether it is a row of instructions, also on vectors.
fn is_plain(op: Op, ty: Type) -> bool {
    let divides = matches!(op, Op::Div | Op::WrappingDiv | Op::WrappingRem) && ty.is_int();
    let divides = divides || matches!(op, Op::Rem | Op::RemEuclid | Op::DivEuclid | Op::Isqrt);
    let repeats = matches!(op, Op::IntPow | Op::WrappingPow | Op::Powi);
    let overflows = op == Op::MulOverflows && ty.bits() == 64;
    !(divides || repeats || overflows || matches!(op, Op::Gamma | Op::LnGamma))
}
