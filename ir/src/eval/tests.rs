//! Edges of every operation, written as rows, and laws checked over all types and special values.

#![allow(clippy::unwrap_used)]

mod against_std;

use crate::op::{Fault, Op, Rule, Sig};
use crate::random::Rng;
use crate::text::parse_scalar;
use crate::types::{Scalar, Type};

/// Computes an operation; the result is canonical.
fn eval(op: Op, args: &[Scalar], wanted: Type) -> Result<Scalar, Fault> {
    let tys: Vec<Type> = args.iter().map(|arg| arg.ty()).collect();
    let bits: Vec<u64> = args.iter().map(|arg| arg.bits()).collect();
    let ret = op.result_type(&tys, wanted).unwrap_or_else(|| panic!("{op} refuses {tys:?}"));
    let result = op.eval(Sig { args: &tys, ret }, &bits)?;
    assert_eq!(result & !ret.mask(), 0, "{op} {args:?} sets bits beyond {ret}");
    Ok(Scalar::from_bits(ret, result).canonical())
}

/// Rows `op type..: operand.. = result`, a cast with `-> type`. The last type named counts for all
/// operands that follow.
fn check(rows: &str) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (head, body) = row.split_once(": ").unwrap();
        let (operands, wanted) = body.split_once(" = ").unwrap();
        let (head, to) = head.split_once(" -> ").map_or((head, None), |(head, to)| (head, Some(to.parse().unwrap())));
        let mut head = head.split(' ');
        let op: Op = head.next().unwrap().parse().unwrap();
        let tys: Vec<Type> = head.map(|ty| ty.parse().unwrap()).collect();
        let ty = |i: usize| *tys.get(i).unwrap_or(tys.last().unwrap());
        let args: Vec<Scalar> = operands.split(' ').enumerate().map(|(i, word)| scalar(ty(i), word)).collect();
        let got = match eval(op, &args, to.unwrap_or(tys[0])) {
            Ok(got) if matches!(wanted, "NaN") => format!("{got}"),
            Ok(got) => {
                let want = scalar(got.ty(), wanted);
                assert_eq!(got, want, "{row}\n  got {got}");
                continue;
            }
            Err(fault) => format!("{fault:?}"),
        };
        assert_eq!(got, wanted, "{row}");
    }
}

fn scalar(ty: Type, word: &str) -> Scalar {
    let scalar = match (word, ty) {
        ("NaN", Type::F32) => Some(Scalar::F32(f32::NAN)),
        ("NaN", _) => Some(Scalar::F64(f64::NAN)),
        ("-NaN", Type::F32) => Some(Scalar::F32(f32::from_bits(0xffc0_0001))),
        ("-NaN", _) => Some(Scalar::F64(f64::from_bits(0xfff8_0000_0000_0001))),
        _ => parse_scalar(ty, word),
    };
    scalar.unwrap_or_else(|| panic!("{word} is no {ty}"))
}

#[test]
fn integers() {
    check(
        "add i8: 100 27 = 127
         add i8: 100 28 = Overflow
         add u8: 255 1 = Overflow
         sub u64: 0 1 = Overflow
         sub i64: -9223372036854775808 1 = Overflow
         mul i32: 65536 32768 = Overflow
         mul i32: -65536 32768 = -2147483648
         div i32: -7 2 = -3
         div i32: 7 0 = DivideByZero
         div i16: -32768 -1 = Overflow
         rem i32: -7 2 = -1
         rem i8: -128 -1 = Overflow
         rem u8: 7 0 = DivideByZero
         rem_euclid i32: -7 2 = 1
         rem_euclid i32: -7 -2 = 1
         rem_euclid i64: -9223372036854775808 -1 = Overflow
         rem_euclid i64: 1 0 = DivideByZero
         neg i8: -128 = Overflow
         neg i8: 127 = -127
         abs i16: -32768 = Overflow
         abs i16: -32767 = 32767
         signum i64: -5 = -1
         signum i64: 0 = 0
         wrapping_add u16: 65535 2 = 1
         wrapping_sub i8: -128 1 = 127
         wrapping_mul i8: -128 -1 = -128
         pow i32 u32: -2 31 = -2147483648
         pow i32 u32: -2 32 = Overflow
         pow u8 u32: 2 8 = Overflow
         pow u8 u32: 0 0 = 1
         pow i64 u32: 1 4294967295 = 1
         pow i64 u32: -1 4294967295 = -1
         clamp i32: 5 1 3 = 3
         clamp i32: 5 3 1 = ClampBounds
         clamp u8: 0 7 7 = 7
         min u8: 200 100 = 100
         max i8: -56 100 = 100
         not u8: 15 = 240
         not i8: 0 = -1
         not bool: false = true
         xor bool: true true = false
         and i16: -1 255 = 255
         lt u8: 200 100 = false
         lt i8: -56 100 = true
         lt bool: false true = true
         ge bool: true true = true
         select bool f64: true 1.5 2.5 = 1.5
         select bool u8: false 1 2 = 2",
    );
}

#[test]
fn shifts() {
    check(
        "shl i32 u8: 1 31 = -2147483648
         shl i32 u8: 1 32 = ShiftRange
         shl i32 i8: 1 -1 = ShiftRange
         shl i64 i8: 1 63 = -9223372036854775808
         shl u64 i64: 1 -9223372036854775808 = ShiftRange
         shl u64 u64: 1 4294967296 = ShiftRange
         shl u8 i32: 129 1 = 2
         shr i8 u8: -128 7 = -1
         shr u8 u8: 128 7 = 1
         shr u8 u8: 128 8 = ShiftRange
         shr i16 i16: -5 1 = -3
         shr i8 u64: -1 0 = -1",
    );
}

#[test]
fn casts() {
    check(
        "cast i32 -> u8: 300 = 44
         cast i32 -> i8: 200 = -56
         cast i8 -> u64: -1 = 18446744073709551615
         cast u8 -> i64: 255 = 255
         cast i8 -> u16: -1 = 65535
         cast bool -> i8: true = 1
         cast bool -> bool: true = true
         cast f64 -> i32: NaN = 0
         cast f64 -> i32: -NaN = 0
         cast f64 -> i32: inf = 2147483647
         cast f64 -> i32: -1e300 = -2147483648
         cast f64 -> u8: 1e300 = 255
         cast f64 -> u8: -1.0 = 0
         cast f64 -> u8: 255.9 = 255
         cast f64 -> i8: -128.9 = -128
         cast f64 -> u64: 18446744073709551615.0 = 18446744073709551615
         cast f64 -> i64: 9223372036854775807.0 = 9223372036854775807
         cast f32 -> i64: -inf = -9223372036854775808
         cast f32 -> u32: 4294967296.0 = 4294967295
         cast f64 -> f32: 1e300 = inf
         cast f64 -> f32: 1e-46 = 0.0
         cast f64 -> f32: -NaN = NaN
         cast f32 -> f64: -NaN = NaN
         cast f32 -> f64: 0.1 = 0.10000000149011612
         cast i64 -> f64: 9007199254740993 = 9007199254740992.0
         cast i64 -> f64: 9007199254740995 = 9007199254740996.0
         cast u64 -> f64: 18446744073709551615 = 18446744073709551616.0
         cast i64 -> f32: 9007199791611905 = 9007200000000000.0
         cast i8 -> f32: -128 = -128.0",
    );
}

#[test]
fn floats() {
    check(
        "min f64: -0.0 0.0 = -0.0
         min f64: 0.0 -0.0 = -0.0
         max f64: -0.0 0.0 = 0.0
         max f64: 0.0 -0.0 = 0.0
         min f32: NaN 1.0 = 1.0
         min f32: 1.0 -NaN = 1.0
         max f64: NaN -inf = -inf
         max f64: NaN -NaN = NaN
         clamp f64: -NaN 0.0 1.0 = NaN
         clamp f64: 0.5 NaN 1.0 = ClampBounds
         clamp f64: 0.5 0.0 NaN = ClampBounds
         clamp f64: 0.5 1.0 0.0 = ClampBounds
         clamp f64: -0.0 0.0 1.0 = -0.0
         clamp f64: inf 0.0 1.0 = 1.0
         signum f64: -0.0 = -1.0
         signum f64: 0.0 = 1.0
         signum f32: -NaN = NaN
         neg f64: 0.0 = -0.0
         neg f64: NaN = NaN
         abs f64: -NaN = NaN
         abs f64: -0.0 = 0.0
         copysign f64: -3.0 NaN = 3.0
         copysign f64: -3.0 -NaN = 3.0
         copysign f64: 3.0 -0.0 = -3.0
         copysign f64: -NaN 1.0 = NaN
         div f64: 1.0 -0.0 = -inf
         div f64: 0.0 0.0 = NaN
         rem f64: -7.5 2.0 = -1.5
         rem f64: 7.5 inf = 7.5
         rem f64: -4.0 2.0 = -0.0
         rem f64: 1.0 0.0 = NaN
         rem_euclid f64: -7.5 2.0 = 0.5
         rem_euclid f64: -4.0 2.0 = -0.0
         rem_euclid f64: -1e-300 1.0 = 1.0
         rem_euclid f64: -7.5 -2.0 = 0.5
         round f64: 2.5 = 3.0
         round f64: -2.5 = -3.0
         round f64: 0.49999999999999994 = 0.0
         round f64: -0.3 = -0.0
         round f64: 4503599627370497.0 = 4503599627370497.0
         floor f64: -0.5 = -1.0
         ceil f64: -0.5 = -0.0
         trunc f32: -1.9 = -1.0
         fract f64: -1.25 = -0.25
         fract f64: inf = NaN
         sqrt f64: -0.0 = -0.0
         sqrt f64: -1.0 = NaN
         mul_add f64: 0.1 10.0 -1.0 = 5.551115123125783e-17
         powi f64 i32: 2.0 -2 = 0.25
         powi f64 i32: 0.0 -1 = inf
         powi f64 i32: NaN 0 = 1.0
         powi f64 i32: 2.0 -2147483648 = 0.0
         powi f64 i32: 1.0 -2147483648 = 1.0
         powi f64 i32: -1.0 2147483647 = -1.0
         powf f64: NaN 0.0 = 1.0
         powf f64: 1.0 NaN = 1.0
         hypot f64: NaN inf = inf
         to_degrees f32: 1.0 = 57.29578
         to_radians f64: 180.0 = 3.141592653589793
         ln f64: 0.0 = -inf
         ln f64: -1.0 = NaN
         atan2 f64: 0.0 -0.0 = 3.141592653589793
         gamma f64: 5.0 = 24.0
         eq f64: NaN NaN = false
         ne f64: NaN NaN = true
         ge f64: NaN 0.0 = false
         eq f32: 0.0 -0.0 = true
         is_nan f32: -NaN = true
         is_finite f64: -inf = false
         is_infinite f64: -inf = true",
    );
}

/// Values at which something changes, for an integer type, in i128.
fn specials(ty: Type) -> Vec<i128> {
    let (min, max) = limits(ty);
    let mut values: Vec<i128> = [min, max, max / 2, min / 2, 0].iter().flat_map(|v| v - 2..=v + 2).collect();
    values.extend([3, 5, 7, 10, -3, -7, 15, 31, 63, 8, 16, 32, 64]);
    values.retain(|v| (min..=max).contains(v));
    values
}

fn limits(ty: Type) -> (i128, i128) {
    let bits = ty.bits();
    if ty.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

fn int(ty: Type, v: i128) -> Scalar {
    Scalar::from_bits(ty, v as u64)
}

fn ints() -> impl Iterator<Item = Type> {
    Type::ALL.into_iter().filter(|ty| ty.is_int())
}

/// The exact result in i128, none where even that overflows.
fn exact(op: Op, a: i128, b: i128) -> Result<Option<i128>, Fault> {
    let nonzero = if b == 0 { Err(Fault::DivideByZero) } else { Ok(b) };
    Ok(match op {
        Op::Add | Op::WrappingAdd => Some(a + b),
        Op::Sub | Op::WrappingSub => Some(a - b),
        Op::Mul => a.checked_mul(b),
        Op::WrappingMul => Some(a.wrapping_mul(b)),
        Op::Div => Some(a / nonzero?),
        // The quotient decides about the fault: MIN % -1 would be 0.
        Op::Rem => Some(a % nonzero?),
        Op::RemEuclid => Some(a.rem_euclid(nonzero?)),
        Op::Min => Some(a.min(b)),
        Op::Max => Some(a.max(b)),
        Op::And => Some(a & b),
        Op::Or => Some(a | b),
        Op::Xor => Some(a ^ b),
        _ => unreachable!(),
    })
}

#[test]
fn integer_operations_agree_with_exact_arithmetic() {
    use Op::*;
    for ty in ints() {
        let (min, max) = limits(ty);
        let fits = |v: Option<i128>| v.filter(|v| (min..=max).contains(v)).map(|v| int(ty, v)).ok_or(Fault::Overflow);
        for a in specials(ty) {
            for b in specials(ty) {
                for op in [Add, Sub, Mul, Div, Rem, RemEuclid, Min, Max, And, Or, Xor] {
                    let quotient = matches!(op, Rem | RemEuclid) && ty.is_signed() && (a, b) == (min, -1);
                    let want = if quotient { Err(Fault::Overflow) } else { exact(op, a, b).and_then(fits) };
                    assert_eq!(eval(op, &[int(ty, a), int(ty, b)], ty), want, "{op} {ty} {a} {b}");
                }
                for op in [WrappingAdd, WrappingSub, WrappingMul] {
                    let want = Ok(int(ty, exact(op, a, b).unwrap().unwrap()));
                    assert_eq!(eval(op, &[int(ty, a), int(ty, b)], ty), want, "{op} {ty} {a} {b}");
                }
                for (op, want) in [(Eq, a == b), (Ne, a != b), (Lt, a < b), (Le, a <= b), (Gt, a > b), (Ge, a >= b)] {
                    assert_eq!(eval(op, &[int(ty, a), int(ty, b)], ty), Ok(Scalar::Bool(want)), "{op} {ty} {a} {b}");
                }
                for c in [min, a, b, max] {
                    let want = if b > c { Err(Fault::ClampBounds) } else { Ok(int(ty, a.clamp(b, c))) };
                    assert_eq!(eval(Clamp, &[int(ty, a), int(ty, b), int(ty, c)], ty), want, "clamp {ty} {a} {b} {c}");
                }
            }
            for exponent in (0..70).chain([1000, u32::MAX]) {
                let power = match a {
                    0 | 1 => Some(if exponent == 0 { 1 } else { a }),
                    -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
                    _ => (0..exponent.min(200)).try_fold(1i128, |p, _| p.checked_mul(a)),
                };
                let got = eval(IntPow, &[int(ty, a), Scalar::U32(exponent)], ty);
                assert_eq!(got, fits(power), "pow {ty} {a} {exponent}");
            }
            if ty.is_signed() {
                assert_eq!(eval(Neg, &[int(ty, a)], ty), fits(Some(-a)), "neg {ty} {a}");
                assert_eq!(eval(Abs, &[int(ty, a)], ty), fits(Some(a.abs())), "abs {ty} {a}");
                assert_eq!(eval(Signum, &[int(ty, a)], ty), Ok(int(ty, a.signum())), "signum {ty} {a}");
            }
            assert_eq!(eval(Not, &[int(ty, a)], ty), Ok(int(ty, !a)), "not {ty} {a}");
        }
    }
}

#[test]
fn shifts_take_an_amount_of_any_type_as_its_own_value() {
    for ty in ints() {
        for amount_ty in ints() {
            for a in specials(ty) {
                for n in specials(amount_ty) {
                    let in_range = (0..ty.bits() as i128).contains(&n);
                    for (op, exact) in [(Op::Shl, a << (n & 63)), (Op::Shr, a >> (n & 63))] {
                        let want = if in_range { Ok(int(ty, exact)) } else { Err(Fault::ShiftRange) };
                        let got = eval(op, &[int(ty, a), int(amount_ty, n)], ty);
                        assert_eq!(got, want, "{op} {ty} {amount_ty}: {a} {n}");
                    }
                }
            }
        }
    }
}

#[test]
fn integer_casts_keep_the_low_bits_of_the_value() {
    for from in ints() {
        for to in ints() {
            for a in specials(from) {
                assert_eq!(eval(Op::Cast, &[int(from, a)], to), Ok(int(to, a)), "{from} -> {to}: {a}");
            }
        }
        for a in specials(from) {
            // i128 -> float rounds once to nearest even, by another routine.
            assert_eq!(eval(Op::Cast, &[int(from, a)], Type::F64), Ok(Scalar::F64(a as f64)), "{from}: {a}");
            assert_eq!(eval(Op::Cast, &[int(from, a)], Type::F32), Ok(Scalar::F32(a as f32)), "{from}: {a}");
        }
    }
}

/// Every typing of an operation's operands that the table allows, with the result type.
fn signatures(op: Op) -> Vec<(Vec<Type>, Type)> {
    let mut found = Vec::new();
    for a in Type::ALL {
        let seconds = if op.rule().arity() > 1 { &Type::ALL[..] } else { &Type::ALL[..1] };
        for &b in seconds {
            let tys = match op.rule() {
                Rule::Select => [a, b, b],
                _ => [a, b, a],
            };
            let tys = &tys[..op.rule().arity()];
            let wanted = if op == Op::Cast { &Type::ALL[..] } else { &tys[..1] };
            let rets = wanted.iter().filter_map(|&w| op.result_type(tys, w));
            found.extend(rets.map(|ret| (tys.to_vec(), ret)));
        }
    }
    found
}

#[test]
fn every_operation_is_total_and_faults_only_as_its_row_says() {
    let mut rng = Rng::new(1);
    for &op in Op::ALL {
        let signatures = signatures(op);
        assert!(!signatures.is_empty(), "{op}");
        for (tys, ret) in signatures {
            for _ in 0..400 {
                let args: Vec<Scalar> = tys.iter().map(|&ty| rng.scalar(ty)).collect();
                let result = eval(op, &args, ret);
                assert!(op.may_fault(tys[0]) || result.is_ok(), "{op} {args:?} gives {result:?}");
                if op.row().commutes {
                    assert_eq!(eval(op, &[args[1], args[0]], ret), result, "{op} {args:?} does not commute");
                }
            }
        }
    }
}

/// Changing the sign or the payload of a NaN operand changes no result.
#[test]
fn no_operation_shows_which_nan_it_was_given() {
    let nans64 = [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff8_0000_dead_beef, 0xfff0_0000_0000_0001u64];
    let nans32 = [0x7fc0_0000, 0xffc0_0000, 0x7fc0_beef, 0xff80_0001u64];
    let mut rng = Rng::new(2);
    for &op in Op::ALL {
        for (tys, ret) in signatures(op) {
            for place in (0..tys.len()).filter(|&i| tys[i].is_float()) {
                let nans = if tys[place] == Type::F64 { nans64 } else { nans32 };
                for _ in 0..50 {
                    let mut args: Vec<Scalar> = tys.iter().map(|&ty| rng.scalar(ty)).collect();
                    let mut result = |nan| {
                        args[place] = Scalar::from_bits(tys[place], nan);
                        eval(op, &args, ret)
                    };
                    let first = result(nans[0]);
                    for nan in nans {
                        assert_eq!(result(nan), first, "{op} {tys:?} with {nan:#x} at {place}");
                    }
                }
            }
        }
    }
}

#[test]
fn types_that_the_table_refuses_give_zero() {
    let sig = Sig { args: &[Type::Bool, Type::Bool], ret: Type::Bool };
    assert_eq!(Op::Add.eval(sig, &[1, 1]), Ok(0));
    assert_eq!(Op::Exp.eval(Sig { args: &[Type::I32], ret: Type::I32 }, &[1]), Ok(0));
}

/// The operators of Rust are another implementation of the same rules.
#[test]
fn float_operations_agree_with_the_standard_library() {
    let mut rng = Rng::new(3);
    for _ in 0..20_000 {
        let [Scalar::F64(a), Scalar::F64(b)] = [rng.scalar(Type::F64), rng.scalar(Type::F64)] else { unreachable!() };
        let [Scalar::F32(c), Scalar::F32(d)] = [rng.scalar(Type::F32), rng.scalar(Type::F32)] else { unreachable!() };
        let doubles = [
            (Op::Add, a + b),
            (Op::Sub, a - b),
            (Op::Mul, a * b),
            (Op::Div, a / b),
            (Op::Rem, a % b),
            (Op::RemEuclid, a.rem_euclid(b)),
            (Op::Floor, a.floor()),
            (Op::Ceil, a.ceil()),
            (Op::Trunc, a.trunc()),
            (Op::Round, a.round()),
            (Op::Fract, a.fract()),
            (Op::Sqrt, a.sqrt()),
            (Op::Signum, a.signum()),
            (Op::ToRadians, a.to_radians()),
            (Op::ToDegrees, a.to_degrees()),
            (Op::MulAdd, a.mul_add(b, a)),
        ];
        for (op, want) in doubles {
            let args = [Scalar::F64(a), Scalar::F64(b), Scalar::F64(a)];
            let got = eval(op, &args[..op.rule().arity()], Type::F64);
            assert_eq!(got, Ok(Scalar::F64(want).canonical()), "{op} {a:?} {b:?}");
        }
        let singles = [
            (Op::Add, c + d),
            (Op::Sub, c - d),
            (Op::Mul, c * d),
            (Op::Div, c / d),
            (Op::Rem, c % d),
            (Op::RemEuclid, c.rem_euclid(d)),
            (Op::Floor, c.floor()),
            (Op::Ceil, c.ceil()),
            (Op::Trunc, c.trunc()),
            (Op::Round, c.round()),
            (Op::Fract, c.fract()),
            (Op::Sqrt, c.sqrt()),
            (Op::Signum, c.signum()),
            (Op::ToRadians, c.to_radians()),
            (Op::ToDegrees, c.to_degrees()),
            (Op::MulAdd, c.mul_add(d, c)),
        ];
        for (op, want) in singles {
            let args = [Scalar::F32(c), Scalar::F32(d), Scalar::F32(c)];
            let got = eval(op, &args[..op.rule().arity()], Type::F32);
            assert_eq!(got, Ok(Scalar::F32(want).canonical()), "{op} {c:?} {d:?}");
        }
        let casts = [
            Scalar::I8(a as i8),
            Scalar::U8(a as u8),
            Scalar::I16(a as i16),
            Scalar::U16(a as u16),
            Scalar::I32(a as i32),
            Scalar::U32(a as u32),
            Scalar::I64(a as i64),
            Scalar::U64(a as u64),
            Scalar::F32(a as f32).canonical(),
        ];
        for want in casts {
            assert_eq!(eval(Op::Cast, &[Scalar::F64(a)], want.ty()), Ok(want), "{a:?} as {}", want.ty());
        }
    }
}
