//! Well-typed random kernels and adversarial rows, for differential tests and fuzzing.
//!
//! `kernel(seed, size)` always verifies, and the same seed gives the same kernel on every platform: the
//! generator of random numbers is our own. All types, all operations and nested `if`s with several yields
//! appear. Constants and rows are hostile (limits, zeros of both signs, NaNs with payloads, subnormals),
//! but operands of operations that can fault are mostly tamed, by code that the kernel itself contains:
//! `x % 9` before a product, `y | 1` before a division. Without that nearly every row would fault and a
//! differential test would see little but faults.

use crate::builder::Builder;
use crate::kernel::{Kernel, Names, ValueId};
use crate::limits::VALUES_MAX;
use crate::op::{Class, Op, Rule};
use crate::types::{Scalar, Type};

/// A random well-typed kernel of about `size` values, at most half of what the limits allow.
pub fn kernel(seed: u64, size: usize) -> Kernel {
    let mut rng = Rng::new(seed);
    let mut builder = Builder::new();
    let params = 1 + rng.below(6);
    let visible = (0..params).map(|_| builder.param(rng.ty())).collect();
    let size = size.min(VALUES_MAX / 2);
    let mut generator = Generator { rng, builder, visible, size, depth: 0 };
    while generator.is_short() {
        generator.statement();
    }
    let results = 1 + generator.rng.below(4);
    let returns: Vec<ValueId> = (0..results).map(|_| generator.any_visible()).collect();
    let (core, _) = generator.builder.finish(returns);
    let names = Names {
        kernel: format!("random_{seed}"),
        params: (0..params).map(|i| format!("p{i}")).collect(),
        ..Names::default()
    };
    Kernel { core, names, source: None }
}

/// Values of a type at which operations change their mind: limits, zeros, infinities, subnormals, and NaN with
/// several payloads among the floats.
pub fn specials(ty: Type) -> Vec<Scalar> {
    let bits: Vec<u64> = match ty {
        Type::F64 => SPECIAL_F64.iter().copied().chain([2.0f64, 3.0, -2.0].map(f64::to_bits)).collect(),
        Type::F32 => SPECIAL_F32.iter().copied().chain([2.0f32, 3.0, -2.0].map(f32::to_bits)).map(u64::from).collect(),
        Type::Bool => vec![0, 1],
        _ => {
            let (mask, min) = (ty.mask(), 1 << (ty.bits() - 1));
            [0, 1, 2, 3, 7, ty.bits().into(), min - 1, min, min + 1, mask - 1, mask].map(|v| v & mask).to_vec()
        }
    };
    bits.into_iter().map(|bits| Scalar::from_bits(ty, bits)).collect()
}

/// `n` rows of arguments of these types. Rows differ in temper: all small, all special, random bits, mixed.
pub fn rows(seed: u64, tys: &[Type], n: usize) -> Vec<Vec<Scalar>> {
    let mut rng = Rng::new(seed ^ 0x726f_7773);
    let mut row = |_| {
        let temper = rng.below(6);
        let mut scalar = |&ty: &Type| match temper {
            0 => rng.special(ty),
            1 => rng.bits(ty),
            2 | 3 => rng.small(ty),
            _ => rng.scalar(ty),
        };
        tys.iter().map(&mut scalar).collect()
    };
    (0..n).map(&mut row).collect()
}

/// Deepest nesting that is generated; the limit is far above, but depth costs breadth.
const DEPTH_MAX: usize = 6;

struct Generator {
    rng: Rng,
    builder: Builder,
    /// What the next value may use.
    visible: Vec<ValueId>,
    size: usize,
    depth: usize,
}

impl Generator {
    fn is_short(&self) -> bool {
        self.builder.next_id().index() < self.size
    }

    /// One operation, with whatever its operands need, or one `if`.
    fn statement(&mut self) {
        if self.depth < DEPTH_MAX && self.rng.chance(8) { self.branch() } else { self.operation() }
    }

    /// An `if` whose yields have types that are visible around it, so that its regions may stay empty.
    fn branch(&mut self) {
        let cond = self.operand(Type::Bool);
        let yields = 1 + self.rng.below(3);
        let alike: Vec<ValueId> = (0..yields).map(|_| self.any_visible()).collect();
        let tys: Vec<Type> = alike.into_iter().map(|id| self.builder.ty(id)).collect();
        self.depth += 1;
        let open = self.builder.begin_if(cond);
        let then = self.region(&tys);
        let open = self.builder.begin_else(open, &then);
        let otherwise = self.region(&tys);
        let results = self.builder.end_if(open, &otherwise);
        self.depth -= 1;
        self.visible.extend(results);
    }

    /// The values of one region; returns its yields.
    fn region(&mut self, tys: &[Type]) -> Vec<ValueId> {
        let around = self.visible.len();
        for _ in 0..self.rng.below(7) {
            if self.is_short() {
                self.statement();
            }
        }
        let yields = tys.iter().map(|&ty| self.operand(ty)).collect();
        self.visible.truncate(around);
        yields
    }

    fn operation(&mut self) {
        let ty = self.rng.ty();
        let op = self.rng.op(ty);
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
            Op::Div | Op::Rem | Op::RemEuclid => {
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
            _ => {}
        }
    }

    /// An integer that is small enough for one more product, made from `arg`.
    fn shrink(&mut self, arg: ValueId) -> ValueId {
        let ty = self.builder.ty(arg);
        if ty.bits() >= 32 && self.rng.chance(40) {
            let amount = self.constant(Scalar::from_bits(ty, ty.bits() as u64 / 2 + 1));
            return self.push(Op::Shr, &[arg, amount]);
        }
        let bound = self.constant(Scalar::from_bits(ty, if ty.is_signed() { 9 } else { 7 }));
        self.push(if ty.is_signed() { Op::Rem } else { Op::And }, &[arg, bound])
    }

    /// A visible value of this type, or a new constant.
    fn operand(&mut self, ty: Type) -> ValueId {
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

    fn comparison(&mut self) -> ValueId {
        let a = self.any_visible();
        let ty = self.builder.ty(a);
        let scalar = if self.rng.chance(70) { self.rng.small(ty) } else { self.rng.special(ty) };
        let b = self.constant(scalar);
        let op = self.rng.pick(&[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge]);
        self.push(op, &[a, b])
    }

    fn any_visible(&mut self) -> ValueId {
        self.rng.pick(&self.visible)
    }

    fn constant(&mut self, scalar: Scalar) -> ValueId {
        let id = self.builder.constant(scalar);
        self.visible.push(id);
        id
    }

    fn push(&mut self, op: Op, args: &[ValueId]) -> ValueId {
        let id = self.builder.op(op, args);
        self.visible.push(id);
        id
    }
}

/// A small generator of random numbers (splitmix64), the same everywhere.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that depends on nothing but the seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, or 0 if there is none.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next_u64() >> 32) as usize % n.max(1)
    }

    /// True in about so many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A type; the common ones more often.
    pub fn ty(&mut self) -> Type {
        match self.below(10) {
            0..3 => Type::F64,
            3 => Type::F32,
            4 => Type::I64,
            5 => Type::I32,
            6 => Type::Bool,
            _ => self.pick(&Type::ALL),
        }
    }

    fn int(&mut self) -> Type {
        let ints: Vec<Type> = Type::ALL.into_iter().filter(|ty| ty.is_int()).collect();
        self.pick(&ints)
    }

    /// An operation whose first operand may be of this type; arithmetic more often.
    fn op(&mut self, ty: Type) -> Op {
        let takes = |op: &Op| match op.rule() {
            Rule::Unary(class) | Rule::Binary(class) | Rule::Ternary(class) => class.contains(ty),
            Rule::Compare(class) | Rule::Test(class) => class.contains(ty),
            Rule::Shift | Rule::IntPow | Rule::Count | Rule::AbsDiff => Class::Int.contains(ty),
            Rule::Lengths | Rule::Index => ty == Type::U64,
            Rule::Assert => ty == Type::Bool,
            Rule::FloatPowInt => ty.is_float(),
            Rule::Select => ty == Type::Bool,
            Rule::Cast => true,
        };
        let ops: Vec<Op> = Op::ALL.iter().copied().filter(takes).collect();
        let common = [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Cast];
        let common: Vec<Op> = common.into_iter().filter(takes).collect();
        if self.chance(25) { self.pick(&common) } else { self.pick(&ops) }
    }

    /// Any value of the type: small, special or random bits.
    pub fn scalar(&mut self, ty: Type) -> Scalar {
        match self.below(5) {
            0 => self.special(ty),
            1 => self.bits(ty),
            _ => self.small(ty),
        }
    }

    /// Random bits; for floats that is any exponent, and now and then a NaN.
    pub fn bits(&mut self, ty: Type) -> Scalar {
        Scalar::from_bits(ty, self.next_u64())
    }

    /// A small integer, or a float of ordinary size.
    pub fn small(&mut self, ty: Type) -> Scalar {
        let integer = self.below(19) as i64 - 9;
        let fraction = (self.below(2_000_001) as f64 - 1e6) / [8.0, 1e3, 1e5, 1e6][self.below(4)];
        let float = if self.chance(30) { integer as f64 } else { fraction };
        match ty {
            Type::F32 => Scalar::F32(float as f32),
            Type::F64 => Scalar::F64(float),
            Type::Bool => Scalar::Bool(self.chance(50)),
            _ if ty.is_signed() => Scalar::from_bits(ty, integer as u64),
            _ => Scalar::from_bits(ty, integer.unsigned_abs()),
        }
    }

    /// A value at which something changes: limits, zeros, infinities, NaNs, subnormals.
    pub fn special(&mut self, ty: Type) -> Scalar {
        match ty {
            Type::F64 => Scalar::F64(f64::from_bits(self.pick(SPECIAL_F64))),
            Type::F32 => Scalar::F32(f32::from_bits(self.pick(SPECIAL_F32))),
            _ => {
                // Around 0, around the sign bit, around the width: cut to the type they are its limits.
                let (width, offset) = (ty.bits() as u64, self.below(3) as u64);
                let base = [0, 1u64 << (width - 1), width, u64::MAX][self.below(4)];
                Scalar::from_bits(ty, base.wrapping_add(offset).wrapping_sub(1))
            }
        }
    }
}

const SPECIAL_F64: &[u64] = &[
    0,
    1 << 63,               // -0
    0x3ff0_0000_0000_0000, // 1
    0xbff0_0000_0000_0000, // -1
    0x3fef_ffff_ffff_ffff, // below 1
    0x3ff0_0000_0000_0001, // above 1
    0x3fe0_0000_0000_0000, // 0.5
    0x3fdf_ffff_ffff_ffff, // below 0.5: naive rounding gives 1
    0xc004_0000_0000_0000, // -2.5
    0x7ff0_0000_0000_0000, // inf
    0xfff0_0000_0000_0000, // -inf
    0x7ff8_0000_0000_0000, // NaN
    0xfff8_0000_0000_0000, // the NaN that x86 makes
    0x7ff8_0000_dead_beef, // NaN with payload
    0xfff0_0000_0000_0001, // signalling NaN
    1,                     // least subnormal
    0x800f_ffff_ffff_ffff, // greatest subnormal, negative
    0x0010_0000_0000_0000, // least normal
    0x7fef_ffff_ffff_ffff, // MAX
    0xffef_ffff_ffff_ffff, // MIN
    0x41df_ffff_ffc0_0000, // i32::MAX
    0xc1e0_0000_0000_0000, // i32::MIN
    0x43e0_0000_0000_0000, // 2^63
    0x43f0_0000_0000_0000, // 2^64
    0x4340_0000_0000_0001, // 2^53 + 2: whole, and odd neighbours are missing
    0x4086_2e42_fefa_39ef, // exp overflows near here
    0x3ff9_21fb_5444_2d18, // PI / 2
    0x7e37_e43c_8800_759c, // 1e300
    0x36a0_0000_0000_0000, // least subnormal of f32
    0x47ef_ffff_f000_0000, // just what rounds to infinity in f32
];

const SPECIAL_F32: &[u32] = &[
    0,
    1 << 31,     // -0
    0x3f80_0000, // 1
    0xbf80_0000, // -1
    0x3f7f_ffff, // below 1
    0x3f80_0001, // above 1
    0x3f00_0000, // 0.5
    0x3eff_ffff, // below 0.5
    0xc020_0000, // -2.5
    0x7f80_0000, // inf
    0xff80_0000, // -inf
    0x7fc0_0000, // NaN
    0xffc0_0000, // the NaN that x86 makes
    0x7fc0_beef, // NaN with payload
    0xff80_0001, // signalling NaN
    1,           // least subnormal
    0x807f_ffff, // greatest subnormal, negative
    0x0080_0000, // least normal
    0x7f7f_ffff, // MAX
    0xff7f_ffff, // MIN
    0x4f00_0000, // 2^31
    0x5f00_0000, // 2^63
    0x5f80_0000, // 2^64
    0x4b80_0001, // 2^24 + 2
    0x42b1_7218, // exp overflows near here
    0x3fc9_0fdb, // PI / 2
];

#[cfg(test)]
mod tests;
