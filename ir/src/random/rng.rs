//! Random numbers, types and scalars: our own generator, the same on every platform.

use crate::op::{Class, Op, Rule};
use crate::types::{Scalar, Type};

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

    /// A type other than bool.
    pub(super) fn number(&mut self) -> Type {
        match self.ty() {
            Type::Bool => Type::F64,
            ty => ty,
        }
    }

    /// An integer type.
    pub(super) fn int(&mut self) -> Type {
        let ints: Vec<Type> = Type::ALL.into_iter().filter(|ty| ty.is_int()).collect();
        self.pick(&ints)
    }

    /// An operation whose first operand may be of this type; arithmetic more often.
    pub(super) fn op(&mut self, ty: Type) -> Op {
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
        // Few values are u64, and few of their operations are these.
        if ty == Type::U64 && self.chance(8) {
            return self.pick(&[Op::Index, Op::SameLength]);
        }
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

pub(super) const SPECIAL_F64: &[u64] = &[
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

pub(super) const SPECIAL_F32: &[u32] = &[
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
