//! One block of a fold: its lanes, and how the results of some rows are added to them.

use std::array;
use std::marker::PhantomData;
use std::ops::Add;

use filbert_ir::{Scalar, Type};

use super::{Fold, LANES, Total};

/// What a fold of some rows is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Value {
    F64(f64),
    F32(f32),
    /// A sum of integers.
    Whole(i128),
    /// The place in the order of its type of the least or greatest; `no_rank` if all are NaN.
    Rank(i64),
    /// How many are true.
    Count(u64),
}

/// Behind the ranks of all numbers, seen from either end.
fn no_rank(fold: Fold) -> i64 {
    if fold == Fold::Min { i64::MAX } else { i64::MIN }
}

/// The block that rows are being added to.
#[derive(Clone)]
pub(crate) struct Block {
    fold: Fold,
    lanes: Lanes,
    rows: u64,
}

#[derive(Clone)]
enum Lanes {
    F64(Line<f64>),
    F32(Line<f32>),
    Other(Value),
}

/// The lanes of a sum, where a cache line begins.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line<T>([T; LANES]);

/// The lanes of no rows. Those of `f64` are copied from memory by the widest stores that there are: code that loads a
/// whole register of lanes would wait for narrower ones.
static NONE_F64: Line<f64> = Line([-0.0; LANES]);
static NONE_F32: Line<f32> = Line([-0.0; LANES]);

/// Lanes of a sum lent to code that adds to them: those of a type, from the first on.
pub(crate) struct SumLanes<'a> {
    pub(crate) ty: Type,
    pub(crate) first: *mut u8,
    _lent: PhantomData<&'a mut u8>,
}

/// The sum of so many rows by code that gets the lanes, if it says that it has added all of them. There is no block
/// around the lanes, whose way to another place would cost more than a short sum.
#[inline]
pub(crate) fn float_sum(ty: Type, rows: usize, run: impl FnOnce(SumLanes<'_>) -> bool) -> Option<Total> {
    let rows = rows as u64;
    match ty {
        Type::F64 => {
            let mut lanes = NONE_F64;
            let first = (&raw mut lanes.0).cast();
            run(SumLanes { ty, first, _lent: PhantomData }).then(|| Total { value: Value::F64(tree(&lanes.0)), rows })
        }
        Type::F32 => {
            let mut lanes = NONE_F32;
            let first = (&raw mut lanes.0).cast();
            run(SumLanes { ty, first, _lent: PhantomData }).then(|| Total { value: Value::F32(tree(&lanes.0)), rows })
        }
        _ => None,
    }
}

impl Block {
    #[inline]
    pub(crate) fn new(fold: Fold, ty: Type) -> Block {
        let lanes = match (fold, ty) {
            (Fold::Sum, Type::F64) => Lanes::F64(NONE_F64),
            (Fold::Sum, Type::F32) => Lanes::F32(NONE_F32),
            (Fold::Sum, _) => Lanes::Other(Value::Whole(0)),
            (Fold::Min | Fold::Max, _) => Lanes::Other(Value::Rank(no_rank(fold))),
            (Fold::Count, _) => Lanes::Other(Value::Count(0)),
        };
        Block { fold, lanes, rows: 0 }
    }

    /// Adds the next rows of the block; all that came before are a multiple of the lanes.
    #[inline(always)]
    pub(crate) fn add<T: Folds>(&mut self, values: &[T]) {
        self.rows += values.len() as u64;
        T::add(self, values);
    }

    /// The lanes of a sum of this type, for code that adds to them; `count` tells how many rows it has added.
    pub(crate) fn lanes(&mut self, ty: Option<Type>) -> Option<*mut u8> {
        match (&mut self.lanes, ty) {
            (Lanes::F64(lanes), Some(Type::F64)) => Some((&raw mut lanes.0).cast()),
            (Lanes::F32(lanes), Some(Type::F32)) => Some((&raw mut lanes.0).cast()),
            _ => None,
        }
    }

    /// So many rows more were added to the lanes.
    pub(crate) fn count(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// `add` of rows that have no value where `valid` is 0: what is there may be anything, and is overwritten.
    #[inline(always)]
    pub(crate) fn add_some<T: Folds>(&mut self, values: &mut [T], valid: &[u8]) {
        let none = T::none(self.fold);
        for (value, &valid) in values.iter_mut().zip(valid) {
            *value = if valid == 0 { none } else { *value };
        }
        self.rows += valid.iter().map(|&valid| u64::from(valid)).sum::<u64>();
        T::add(self, values);
    }

    /// Ends the block.
    pub(crate) fn end(&self) -> Total {
        let value = match &self.lanes {
            Lanes::F64(lanes) => Value::F64(tree(&lanes.0)),
            Lanes::F32(lanes) => Value::F32(tree(&lanes.0)),
            Lanes::Other(value) => *value,
        };
        Total { value, rows: self.rows }
    }

    #[inline(always)]
    fn rank<T: Copy>(&mut self, values: &[T], rank: impl Fn(T) -> i64) {
        let Lanes::Other(Value::Rank(so_far)) = &mut self.lanes else { return };
        *so_far = match self.fold {
            Fold::Min => values.iter().fold(*so_far, |least, &value| least.min(rank(value))),
            _ => values.iter().fold(*so_far, |most, &value| most.max(rank(value))),
        };
    }
}

/// The tree over the lanes.
fn tree<T: Copy + Add<Output = T>>(lanes: &[T; LANES]) -> T {
    // Lengths that are constants, so that this is no loop at all.
    let lanes: [T; 16] = array::from_fn(|lane| lanes[lane] + lanes[lane + 16]);
    let lanes: [T; 8] = array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let lanes: [T; 4] = array::from_fn(|lane| lanes[lane] + lanes[lane + 4]);
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// A type whose values can be folded.
pub(crate) trait Folds: Copy {
    /// What changes no fold.
    fn none(fold: Fold) -> Self;

    fn add(block: &mut Block, values: &[Self]);
}

macro_rules! floats {
    ($($float:ident $variant:ident $bits:ident $int:ident;)*) => {
        $(impl Folds for $float {
            fn none(fold: Fold) -> $float {
                if fold == Fold::Sum { -0.0 } else { $float::NAN }
            }

            #[inline(always)]
            fn add(block: &mut Block, values: &[$float]) {
                match &mut block.lanes {
                    Lanes::$variant(lanes) => {
                        let (whole, rest) = values.as_chunks::<LANES>();
                        // A copy, which stays in registers.
                        let mut sums = lanes.0;
                        for values in whole {
                            for lane in 0..LANES {
                                sums[lane] += values[lane];
                            }
                        }
                        for (sum, value) in sums.iter_mut().zip(rest) {
                            *sum += value;
                        }
                        lanes.0 = sums;
                    }
                    _ => {
                        let none = no_rank(block.fold);
                        block.rank(values, |value| {
                            // Negative ones, whose bits grow downwards, turned round.
                            let bits = value.to_bits() as $int;
                            let rank = bits ^ ((bits >> ($bits::BITS - 1)) as $bits >> 1) as $int;
                            if value.is_nan() { none } else { i64::from(rank) }
                        });
                    }
                }
            }
        })*
    };
}

floats! {
    f64 F64 u64 i64;
    f32 F32 u32 i32;
}

macro_rules! integers {
    ($($int:ident, $rank:expr;)*) => {
        $(impl Folds for $int {
            fn none(fold: Fold) -> $int {
                match fold {
                    Fold::Min => $int::MAX,
                    Fold::Max => $int::MIN,
                    Fold::Sum | Fold::Count => 0,
                }
            }

            #[inline(always)]
            fn add(block: &mut Block, values: &[$int]) {
                match &mut block.lanes {
                    // In two halves, neither of which can overflow: a block has 2^16 rows.
                    Lanes::Other(Value::Whole(sum)) => {
                        let (mut high, mut low) = (0i64, 0u64);
                        for &value in values {
                            let wide = value as i64;
                            low += wide as u64 & 0xffff_ffff;
                            high += if $int::MIN == 0 { (wide as u64 >> 32) as i64 } else { wide >> 32 };
                        }
                        *sum += (i128::from(high) << 32) + i128::from(low);
                    }
                    _ => block.rank(values, $rank),
                }
            }
        })*
    };
}

integers! {
    i8, i64::from;
    i16, i64::from;
    i32, i64::from;
    i64, |value| value;
    u8, i64::from;
    u16, i64::from;
    u32, i64::from;
    u64, |value| (value ^ (1 << 63)) as i64;
}

impl Folds for bool {
    fn none(_: Fold) -> bool {
        false
    }

    #[inline(always)]
    fn add(block: &mut Block, values: &[bool]) {
        if let Lanes::Other(Value::Count(count)) = &mut block.lanes {
            *count += values.iter().map(|&value| u64::from(value)).sum::<u64>();
        }
    }
}

/// The value of this rank in its type's order.
pub(super) fn of_rank(ty: Type, rank: i64, fold: Fold) -> Scalar {
    match ty {
        Type::F64 if rank == no_rank(fold) => Scalar::F64(f64::NAN).canonical(),
        Type::F32 if rank == no_rank(fold) => Scalar::F32(f32::NAN).canonical(),
        Type::F64 => Scalar::F64(f64::from_bits((rank ^ ((rank >> 63) as u64 >> 1) as i64) as u64)),
        Type::F32 => {
            let rank = rank as i32;
            Scalar::F32(f32::from_bits((rank ^ ((rank >> 31) as u32 >> 1) as i32) as u32))
        }
        Type::U64 => Scalar::U64(rank as u64 ^ (1 << 63)),
        _ => Scalar::from_bits(ty, rank as u64 & ty.mask()),
    }
}
