//! Integer operations that vectors compute by way of floats: quotients, roots and products at the values where a
//! rounding would show, on every engine.

use filbert_ir::kernel::Args;
use filbert_ir::random::{Rng, specials};
use filbert_ir::{Builder, Datum, Def, Kernel, Names, Op, Scalar, Type, VerifiedKernel, verify};

use crate::differential::{Engines, applied, compare_rows};
use crate::support::{data, is_long_run};

const QUOTIENTS: [Op; 6] = [Op::Div, Op::Rem, Op::RemEuclid, Op::DivEuclid, Op::WrappingDiv, Op::WrappingRem];

/// A number of a random number of bits, now and then next to a power of two.
fn number(rng: &mut Rng, ty: Type) -> u64 {
    let bits = 1 + rng.below(ty.bits() as usize);
    let any = rng.next_u64() >> (64 - bits);
    let near = (1u64 << (bits - 1)).wrapping_add([0, 1, u64::MAX][rng.below(3)]);
    let size = if rng.chance(30) { near } else { any };
    if ty.is_signed() && rng.chance(50) { size.wrapping_neg() } else { size }
}

/// Dividends at, before and behind a multiple of the divisor, and some that are anywhere.
fn pair(rng: &mut Rng, ty: Type, divisor: Option<u64>) -> [Scalar; 2] {
    let b = divisor.unwrap_or_else(|| if rng.chance(1) { 0 } else { number(rng, ty) });
    let multiple = number(rng, ty).wrapping_mul(b);
    let step = [0, 1, u64::MAX, b.wrapping_sub(1), number(rng, ty)][rng.below(5)];
    let a = match rng.below(4) {
        0 => number(rng, ty),
        // The greatest multiple, where errors are largest.
        1 if b & ty.mask() != 0 => (ty.mask() - ty.mask() % (b & ty.mask())).wrapping_add(step.min(1)),
        _ => multiple.wrapping_add(step),
    };
    [a, b].map(|bits| Scalar::from_bits(ty, bits))
}

fn rows_of(count: usize, mut row: impl FnMut() -> Vec<Scalar>) -> Vec<Vec<Datum>> {
    (0..count).map(|_| data(&row())).collect()
}

fn count() -> usize {
    if is_long_run() { 1_000_000 } else { 3_000 }
}

fn ints() -> impl Iterator<Item = Type> {
    Type::ALL.into_iter().filter(|ty| ty.is_int())
}

#[test]
fn quotients_and_remainders_are_exact() {
    let engines = Engines::new();
    for (index, op) in QUOTIENTS.into_iter().enumerate() {
        for ty in ints() {
            let mut rng = Rng::new(index as u64 * 100 + u64::from(ty.bits()));
            let kernel = applied(op, &[ty, ty], ty, None);
            let rows = rows_of(count(), || pair(&mut rng, ty, None).to_vec());
            compare_rows(&format!("{op} of {ty}"), &kernel, &rows, &engines);
        }
    }
    let taken = engines.taken.get();
    assert_eq!(taken, 48 * engines.vector.len() as u64, "all of them run in vectors");
}

#[test]
fn quotients_by_constants_are_exact() {
    let engines = Engines::new();
    let mut kernels = 0;
    for ty in ints() {
        let mut rng = Rng::new(u64::from(ty.bits()));
        let mut divisors: Vec<u64> = specials(ty).iter().map(|scalar| scalar.bits()).collect();
        divisors.extend([10, 60, 100, 127, 1_000, 10_000, 86_400, 1_000_000_007].map(|by: u64| by & ty.mask()));
        divisors.extend((0..10).map(|_| number(&mut rng, ty)));
        for divisor in divisors {
            let op = rng.pick(&QUOTIENTS);
            let constant = Scalar::from_bits(ty, divisor);
            let kernel = applied(op, &[ty, ty], ty, Some((1, constant)));
            let rows = rows_of(count() / 10, || pair(&mut rng, ty, Some(divisor))[..1].to_vec());
            compare_rows(&format!("{op} of {ty} by {constant}"), &kernel, &rows, &engines);
            kernels += 1;
        }
    }
    let taken = engines.taken.get();
    assert!(taken + 20 > kernels * engines.vector.len() as u64, "{taken} of {kernels}");
}

/// 64 bits of which few are used go a shorter way.
#[test]
fn quotients_of_small_numbers_are_exact() {
    let engines = Engines::new();
    for (index, op) in QUOTIENTS.into_iter().enumerate() {
        for (narrow, wide) in [(Type::I32, Type::I64), (Type::U32, Type::I64), (Type::U32, Type::U64)] {
            for divisor in [None, Some(7), Some(1000), Some(86_400)] {
                let mut rng = Rng::new(index as u64);
                let mut b = Builder::new();
                let (x, y) = (b.param(narrow), b.param(narrow));
                let x = b.cast(x, wide);
                let y = match divisor {
                    None => b.cast(y, wide),
                    Some(by) => b.constant(Scalar::from_bits(wide, by)),
                };
                // Up to 2^50, which is near the limit.
                let by = b.constant(Scalar::from_bits(wide, 1 << 18));
                let large = b.op(Op::Mul, &[x, by]);
                let large = b.op(Op::WrappingAdd, &[large, x]);
                let results = [x, large].map(|x| b.push(wide, Def::Op(op, Args::new(&[x, y]))));
                let kernel = finished(b, &results);
                let rows = rows_of(count() / 10, || pair(&mut rng, narrow, None).to_vec());
                compare_rows(&format!("{op} of {narrow} as {wide} by {divisor:?}"), &kernel, &rows, &engines);
            }
        }
    }
    let taken = engines.taken.get();
    assert_eq!(taken, 72 * engines.vector.len() as u64, "all of them run in vectors");
}

fn finished(builder: Builder, results: &[filbert_ir::ValueId]) -> VerifiedKernel {
    let (core, _) = builder.finish(results.to_vec());
    let params = (0..core.slots()).map(|i| format!("p{i}")).collect();
    verify(Kernel { core, names: Names { kernel: "k".into(), params, ..Names::default() }, source: None }).unwrap()
}

#[test]
fn whole_roots_are_exact() {
    let engines = Engines::new();
    for ty in ints() {
        let mut rng = Rng::new(u64::from(ty.bits()));
        let kernel = applied(Op::Isqrt, &[ty], ty, None);
        let row = || {
            let root = number(&mut rng, ty) & (ty.mask() >> (ty.bits() / 2));
            let square = root.wrapping_mul(root).wrapping_add([0, 1, u64::MAX, root, 2 * root][rng.below(5)]);
            let any = number(&mut rng, ty);
            vec![Scalar::from_bits(ty, if rng.chance(75) { square } else { any })]
        };
        compare_rows(&format!("isqrt of {ty}"), &kernel, &rows_of(count(), row), &engines);
    }
    assert_eq!(engines.taken.get(), 8 * engines.vector.len() as u64, "all of them run in vectors");
}

#[test]
fn products_that_do_not_fit_are_found() {
    let engines = Engines::new();
    for ty in ints() {
        let mut rng = Rng::new(u64::from(ty.bits()));
        let kernel = applied(Op::MulOverflows, &[ty, ty], Type::Bool, None);
        let row = || {
            let a = number(&mut rng, ty);
            // The other factor makes about the greatest product that fits.
            let size = if ty.is_signed() { ty.mask() >> 1 } else { ty.mask() };
            let about = (size / (a & size).max(1)).wrapping_add([0, 1, 2, u64::MAX][rng.below(4)]);
            let about = if ty.is_signed() && rng.chance(50) { about.wrapping_neg() } else { about };
            let b = if rng.chance(60) { about } else { number(&mut rng, ty) };
            [a, b].map(|bits| Scalar::from_bits(ty, bits)).to_vec()
        };
        compare_rows(&format!("mul_overflows of {ty}"), &kernel, &rows_of(count(), row), &engines);
    }
    assert_eq!(engines.taken.get(), 8 * engines.vector.len() as u64, "all of them run in vectors");
}
