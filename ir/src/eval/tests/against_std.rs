//! Integer operations that Rust's standard library has under the same name, over all pairs of special values
//! of all types; and the conditions.

use super::eval;
use crate::op::{Fault, Op};
use crate::random::{Rng, specials};
use crate::types::{Scalar, Type};

/// All special values and some at random.
fn values(ty: Type) -> Vec<Scalar> {
    let mut rng = Rng::new(11);
    specials(ty).into_iter().chain((0..30).map(|_| rng.scalar(ty))).collect()
}

/// Values of a u32 at which amounts and exponents change something.
fn amounts() -> impl Iterator<Item = u32> {
    (0..70).chain([127, 128, 255, 256, 1000, 1 << 16, u32::MAX - 1, u32::MAX])
}

macro_rules! check_type {
    ($ty:ident $variant:ident) => {
        let ty = Type::$variant;
        let values: Vec<$ty> = values(ty)
            .into_iter()
            .map(|scalar| match scalar {
                Scalar::$variant(v) => v,
                _ => unreachable!(),
            })
            .collect();
        let zero = |b: $ty| if b == 0 { Err(Fault::DivideByZero) } else { Ok(b) };
        for &a in &values {
            let one = |op: Op| eval(op, &[a.into()], ty);
            assert_eq!(one(Op::CountOnes), Ok(a.count_ones().into()), "{a}");
            assert_eq!(one(Op::LeadingZeros), Ok(a.leading_zeros().into()), "{a}");
            assert_eq!(one(Op::TrailingZeros), Ok(a.trailing_zeros().into()), "{a}");
            assert_eq!(one(Op::SwapBytes), Ok(a.swap_bytes().into()), "{a}");
            assert_eq!(one(Op::ReverseBits), Ok(a.reverse_bits().into()), "{a}");
            #[allow(unused_comparisons)]
            let root = if a < 0 { Err(Fault::Domain) } else { Ok(a.isqrt().into()) };
            assert_eq!(one(Op::Isqrt), root, "{a}");
            for n in amounts() {
                let with = |op: Op| eval(op, &[a.into(), n.into()], ty);
                assert_eq!(with(Op::WrappingPow), Ok(a.wrapping_pow(n).into()), "{a} {n}");
                assert_eq!(with(Op::WrappingShl), Ok(a.wrapping_shl(n).into()), "{a} {n}");
                assert_eq!(with(Op::WrappingShr), Ok(a.wrapping_shr(n).into()), "{a} {n}");
                assert_eq!(with(Op::RotateLeft), Ok(a.rotate_left(n).into()), "{a} {n}");
                assert_eq!(with(Op::RotateRight), Ok(a.rotate_right(n).into()), "{a} {n}");
                let power = a.checked_pow(n).map(Scalar::from).ok_or(Fault::Overflow);
                assert_eq!(with(Op::IntPow), power, "{a} {n}");
            }
            for &b in &values {
                let two = |op: Op| eval(op, &[a.into(), b.into()], ty);
                let overflow = |v: Option<$ty>| v.map(Scalar::from).ok_or(Fault::Overflow);
                let checked = |f: fn($ty, $ty) -> Option<$ty>| zero(b).and_then(|b| overflow(f(a, b)));
                assert_eq!(two(Op::Div), checked(<$ty>::checked_div), "{a} {b}");
                assert_eq!(two(Op::Rem), checked(<$ty>::checked_rem), "{a} {b}");
                assert_eq!(two(Op::DivEuclid), checked(<$ty>::checked_div_euclid), "{a} {b}");
                assert_eq!(two(Op::RemEuclid), checked(<$ty>::checked_rem_euclid), "{a} {b}");
                assert_eq!(two(Op::WrappingDiv), zero(b).map(|b| a.wrapping_div(b).into()), "{a} {b}");
                assert_eq!(two(Op::WrappingRem), zero(b).map(|b| a.wrapping_rem(b).into()), "{a} {b}");
                assert_eq!(two(Op::AddOverflows), Ok(a.overflowing_add(b).1.into()), "{a} {b}");
                assert_eq!(two(Op::SubOverflows), Ok(a.overflowing_sub(b).1.into()), "{a} {b}");
                assert_eq!(two(Op::MulOverflows), Ok(a.overflowing_mul(b).1.into()), "{a} {b}");
                assert_eq!(two(Op::AbsDiff), Ok(a.abs_diff(b).into()), "{a} {b}");
            }
        }
    };
}

#[test]
fn integer_operations_are_those_of_the_standard_library() {
    check_type!(i8 I8);
    check_type!(i16 I16);
    check_type!(i32 I32);
    check_type!(i64 I64);
    check_type!(u8 U8);
    check_type!(u16 U16);
    check_type!(u32 U32);
    check_type!(u64 U64);
}

#[test]
fn floor_division_of_floats_is_that_of_the_standard_library() {
    for (a, b) in values(Type::F64).into_iter().flat_map(|a| values(Type::F64).into_iter().map(move |b| (a, b))) {
        let (Scalar::F64(x), Scalar::F64(y)) = (a, b) else { unreachable!() };
        for (op, want) in [(Op::DivEuclid, x.div_euclid(y)), (Op::RemEuclid, x.rem_euclid(y))] {
            assert_eq!(eval(op, &[a, b], Type::F64), Ok(Scalar::F64(want).canonical()), "{op} {x:?} {y:?}");
        }
    }
    for (a, b) in values(Type::F32).into_iter().flat_map(|a| values(Type::F32).into_iter().map(move |b| (a, b))) {
        let (Scalar::F32(x), Scalar::F32(y)) = (a, b) else { unreachable!() };
        for (op, want) in [(Op::DivEuclid, x.div_euclid(y)), (Op::RemEuclid, x.rem_euclid(y))] {
            assert_eq!(eval(op, &[a, b], Type::F32), Ok(Scalar::F32(want).canonical()), "{op} {x:?} {y:?}");
        }
    }
}

#[test]
fn conditions() {
    assert_eq!(eval(Op::Assert, &[true.into()], Type::Bool), Ok(true.into()));
    assert_eq!(eval(Op::Assert, &[false.into()], Type::Bool), Err(Fault::Assertion));
    for (a, b) in values(Type::U64).into_iter().flat_map(|a| values(Type::U64).into_iter().map(move |b| (a, b))) {
        let want = if a.bits() < b.bits() { Ok(a) } else { Err(Fault::IndexRange) };
        assert_eq!(eval(Op::Index, &[a, b], Type::U64), want);
        let want = if a.bits() == b.bits() { Ok(true.into()) } else { Err(Fault::UnequalLengths) };
        assert_eq!(eval(Op::SameLength, &[a, b], Type::Bool), want);
    }
}
