//! Rows of arguments: hostile, but not all in the same way.

use super::rng::{Rng, SPECIAL_F32, SPECIAL_F64};
use crate::signature::{Datum, Param, Signature};
use crate::types::{Scalar, Type};

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
        tys.iter().map(|&ty| tempered(&mut rng, temper, ty)).collect()
    };
    (0..n).map(&mut row).collect()
}

fn tempered(rng: &mut Rng, temper: usize, ty: Type) -> Scalar {
    match temper {
        0 => rng.special(ty),
        1 => rng.bits(ty),
        2 | 3 => rng.small(ty),
        _ => rng.scalar(ty),
    }
}

/// `n` rows of arguments for this signature. Nulls are frequent where the kernel sees them and rare where
/// they make the row null; lists have no, one, a few or some dozen rows, in half of the rows all as many.
pub fn datum_rows(seed: u64, signature: &Signature, n: usize) -> Vec<Vec<Datum>> {
    let mut rng = Rng::new(seed ^ 0x6461_7461);
    (0..n).map(|_| datum_row(&mut rng, signature)).collect()
}

fn datum_row(rng: &mut Rng, signature: &Signature) -> Vec<Datum> {
    let temper = rng.below(6);
    let common = list_length(rng);
    let has_common = rng.chance(50);
    let mut datum = |param: &Param| match param {
        Param::Scalar { nullable, .. } if rng.chance(if *nullable { 25 } else { 2 }) => Datum::Null,
        Param::Scalar { ty, .. } => Datum::Scalar(tempered(rng, temper, ty.storage())),
        Param::List { .. } if rng.chance(2) => Datum::Null,
        Param::List { elem, inner, len } => {
            let own = if has_common { common } else { list_length(rng) };
            let elements = len.unwrap_or(own) * inner;
            Datum::List((0..elements).map(|_| tempered(rng, temper, *elem)).collect())
        }
    };
    signature.params.iter().map(&mut datum).collect()
}

fn list_length(rng: &mut Rng) -> u32 {
    let length = match rng.below(20) {
        0 | 1 => 0,
        2..=4 => 1,
        5..=13 => 2 + rng.below(4),
        14..=18 => 6 + rng.below(8),
        _ => 20 + rng.below(30),
    };
    length as u32
}
