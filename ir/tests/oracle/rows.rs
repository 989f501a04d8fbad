//! Arguments to ask the oracle about: every special value against every other, and random rows that seek
//! out where functions are hard: near 1, near whole numbers, near multiples of pi / 2, at every magnitude.

use filbert_ir::random::{Rng, specials};
use filbert_ir::{Op, Scalar, Type};

/// Random rows of each choice of types in a normal run.
const ROWS: usize = 1_000;
/// Random rows of each choice of types in a long run, and of a function of floats.
const ROWS_LONG: usize = 100_000;
const ROWS_LONG_FUNCTION: usize = 500_000;

/// Arguments where our functions, or libm's before them, were once beyond the bound of the table: low parts as
/// large as 5 % of the high ones, coefficients fitted to another weight, a variable rounded where it counts.
const HARD: &[(Op, &[f64])] = &[
    (Op::Tan, &[-442.1935326178643, 7.965401824775487e-6, 16.482462676428693]),
    (Op::Erfc, &[0.8294891454194528, 0.8284897940086763, 13.462058422274401, 15.42947843933045]),
    (Op::ExpM1, &[-0.06453819694707784, 0.3499585351814362, 37.24692858463005]),
    (Op::Tanh, &[18.398363626444375, 18.438148688174234, -18.5]),
    (Op::Powf, &[1.0454451478868285e281, -0.5201194184323465]),
    (Op::Powf, &[1.000000181415009, 3518795075.7784705]),
];

/// The rows for an operation on operands of these types.
pub(super) fn rows(op: Op, tys: &[Type], long: bool) -> Vec<Vec<Scalar>> {
    let mut rows = vec![Vec::new()];
    for &ty in tys {
        let longer = |row: &Vec<Scalar>| {
            specials(ty).into_iter().map(|next| [row.as_slice(), &[next]].concat()).collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    for (_, arguments) in HARD.iter().filter(|(hard, _)| *hard == op && tys[0] == Type::F64) {
        rows.extend(arguments.chunks(tys.len()).map(|row| row.iter().map(|&x| Scalar::F64(x)).collect()));
    }
    let random = match (long, is_function(op)) {
        (false, _) => ROWS,
        (true, false) => ROWS_LONG,
        (true, true) => ROWS_LONG_FUNCTION,
    };
    let kind = tys.iter().fold(op as u64, |seed, &ty| seed * 16 + ty as u64);
    let mut rng = Rng::new(0x6f72_6163_6c65 ^ kind);
    rows.extend((0..random).map(|_| row(&mut rng, op, tys)));
    rows
}

/// Rows around the one where the error was greatest, at every distance from next to it to twice as far.
pub(super) fn around(rng: &mut Rng, row: &[Scalar], count: usize) -> Vec<Vec<Scalar>> {
    let mut near = |arg: &Scalar| {
        let value = double(*arg);
        let moved = value + value * uniform(rng, 1.0) * libm::exp2(-uniform(rng, 30.0).abs());
        if arg.ty().is_float() && rng.chance(80) { float(arg.ty(), moved) } else { *arg }
    };
    (0..count).map(|_| row.iter().map(&mut near).collect()).collect()
}

/// Whether the operation is judged by its error: the table promises no more than a bound.
pub(super) fn is_function(op: Op) -> bool {
    (1.0..f32::INFINITY).contains(&op.row().ulp)
}

fn row(rng: &mut Rng, op: Op, tys: &[Type]) -> Vec<Scalar> {
    let mut row: Vec<Scalar> = tys.iter().map(|&ty| scalar(rng, ty)).collect();
    if row.len() > 1 && tys[0].is_float() && rng.chance(50) {
        let first = double(row[0]);
        let second = match op {
            // A result of ordinary size.
            Op::Powf => uniform(rng, 1080.0) / libm::log2(libm::fabs(first)),
            _ => first * uniform(rng, 4.0),
        };
        if tys[1].is_float() {
            row[1] = float(tys[1], second);
        }
    }
    row
}

fn scalar(rng: &mut Rng, ty: Type) -> Scalar {
    if ty.is_float() {
        return hard(rng, ty);
    }
    match rng.below(3) {
        // Any number of significant bits.
        0 => {
            let bits = rng.bits(ty).bits() >> rng.below(ty.bits() as usize);
            Scalar::from_bits(ty, if rng.chance(50) { bits } else { bits.wrapping_neg() })
        }
        _ => rng.scalar(ty),
    }
}

fn hard(rng: &mut Rng, ty: Type) -> Scalar {
    let value = match rng.below(9) {
        0 => return rng.scalar(ty),
        1 => return rng.bits(ty),
        2 => magnitude(rng, 45),
        3 => (rng.below(801) as f64 - 400.0) / 2.0,
        4 => (magnitude(rng, 30).trunc()) * std::f64::consts::FRAC_PI_2,
        5 => 1.0 + magnitude(rng, 30).recip().clamp(-2.0, 2.0),
        6 => uniform(rng, 1.0),
        7 => uniform(rng, 800.0),
        _ => uniform(rng, 20.0),
    };
    let value = if rng.chance(50) { -value } else { value };
    let scalar = float(ty, value);
    // A few neighbours away, now and then.
    let away = if rng.chance(30) { rng.below(7) as u64 } else { 3 };
    if double(scalar) == 0.0 { scalar } else { Scalar::from_bits(ty, scalar.bits().wrapping_add(away).wrapping_sub(3)) }
}

/// A positive number whose logarithm is evenly spread over `-reach..reach`.
fn magnitude(rng: &mut Rng, reach: i32) -> f64 {
    libm::exp2(uniform(rng, f64::from(reach)))
}

/// A number from `-reach..reach`.
fn uniform(rng: &mut Rng, reach: f64) -> f64 {
    let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64;
    (unit - 1.0) * reach
}

fn float(ty: Type, value: f64) -> Scalar {
    if ty == Type::F32 { Scalar::F32(value as f32) } else { Scalar::F64(value) }
}

fn double(scalar: Scalar) -> f64 {
    match scalar {
        Scalar::F32(v) => f64::from(v),
        Scalar::F64(v) => v,
        _ => 0.0,
    }
}
