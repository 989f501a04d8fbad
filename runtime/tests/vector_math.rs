//! Math functions in vectors: the bits of their one source, at edges, over random arguments and in every length.
//!
//! `FILBERT_LONG=1` asks for ten million arguments of each function, type and machine instead of some thousands.

use filbert_compiler::{Backend, Isa, Level, Target};
use filbert_ir::math::{BINARY, UNARY};
use filbert_ir::random::{Rng, specials};
use filbert_ir::{Op, Scalar, Type};
use filbert_runtime::{CallOptions, Column, Element, Engine, LoadedKernel};

use crate::support::{is_long_run, kernel, patient};

/// The kernel's code for each machine of vectors that there is.
fn vector_code(text: &str) -> Vec<(Isa, LoadedKernel)> {
    let kernel = kernel(text);
    let mut made = Vec::new();
    for (level, isa) in [(Level::V4, Isa::Avx512), (Level::V3, Isa::Avx2)] {
        let loaded = patient(1 << 20).with_target(Target::level(level)).load(&kernel, Engine::Native);
        match loaded.backend() {
            Some(Backend::Vector { isa: found, .. }) if found == isa => made.push((isa, loaded)),
            other if Target::level(level).features().contains(&"avx512dq") || level == Level::V3 && has_avx2() => {
                panic!("no {isa:?} code but {other:?} for\n{text}")
            }
            _ => println!("SKIPPED: this CPU has no {isa:?}, whose code is not tested"),
        }
    }
    made
}

fn has_avx2() -> bool {
    Target::host().features().contains(&"fma") && Target::host().features().contains(&"avx2")
}

/// What a function has that is `gamma` or an exact step.
fn is_inline(op: Op) -> bool {
    op >= Op::Cbrt && !matches!(op, Op::Gamma | Op::LnGamma)
}

/// A float type of the tests.
trait Float: Element + Copy {
    fn of(x: f64) -> Self;
    fn of_scalar(scalar: Scalar) -> Self;
    fn is_nan(self) -> bool;
    fn bits(self) -> u64;
    /// The next one above.
    fn next(self) -> Self;
}

macro_rules! float {
    ($ty:ident, $name:ident) => {
        impl Float for $ty {
            fn of(x: f64) -> $ty {
                x as $ty
            }
            fn of_scalar(scalar: Scalar) -> $ty {
                match scalar {
                    Scalar::$name(x) => x,
                    _ => unreachable!("asked for this type"),
                }
            }
            fn is_nan(self) -> bool {
                $ty::is_nan(self)
            }
            fn bits(self) -> u64 {
                self.to_bits().into()
            }
            fn next(self) -> $ty {
                self.next_up()
            }
        }
    };
}

float!(f64, F64);
float!(f32, F32);

/// Where functions change: specials, powers of two and ten, multiples of pi/2 and of ln 2, and what is beside them.
fn edges<T: Float>() -> Vec<T> {
    let mut found: Vec<T> = specials(T::TYPE).into_iter().map(T::of_scalar).collect();
    let mut beside = |x: f64| {
        let x = T::of(x);
        let above = x.next();
        found.extend([x, above, above.next(), T::of(-to_f64(above)), T::of(-to_f64(x))]);
        // The one below: above the negative, turned.
        found.push(T::of(-to_f64(T::of(-to_f64(x)).next())));
    };
    for e in (-1074..1024).step_by(3).chain([-1022, -1023, -150, -149, -127, -126, 127, 128, 1023]) {
        beside(2f64.powi(e));
    }
    for k in (0..60).chain([100, 1000, 63_661_977, 63_661_978]) {
        for x in [std::f64::consts::FRAC_PI_2, std::f64::consts::LN_2, 0.5, 0.1, std::f64::consts::FRAC_PI_8.tan()] {
            beside(x * k as f64);
        }
    }
    for x in
        [1e8, 1e22, 1e300, 709.78, 710.47, -745.13, -708.4, 0.75, 27.2, 1.5, 0.7072, 2.414, 1e150, 1e-130, 6.0, 20.0]
    {
        beside(x);
    }
    found
}

fn to_f64<T: Float>(x: T) -> f64 {
    match T::TYPE {
        Type::F32 => f64::from(f32::from_bits(x.bits() as u32)),
        _ => f64::from_bits(x.bits()),
    }
}

/// Arguments of every magnitude, most of them ordinary.
fn argument<T: Float>(rng: &mut Rng) -> T {
    let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    let x = match rng.below(10) {
        0 => unit * 1e-5,
        1 | 2 => unit,
        3 | 4 => unit * 10.0,
        5 => unit * 750.0,
        6 => (rng.below(4000) as f64 - 2000.0) * std::f64::consts::FRAC_PI_2 * (1.0 + unit * 1e-15),
        7 => 1.0 + unit * 1e-3,
        8 => unit * 2f64.powi(rng.below(200) as i32 - 100),
        _ => f64::from_bits(rng.next_u64()),
    };
    T::of(x)
}

/// Compares a column of results; NaN is canonical.
fn compare<T: Float>(name: &str, got: &[T], args: &[&[T]], meaning: &dyn Fn(&[T]) -> T) {
    for (row, &got) in got.iter().enumerate() {
        let of: Vec<T> = args.iter().map(|column| column[row]).collect();
        let expected = meaning(&of);
        let canonical = T::of(f64::from_bits(0x7ff8_0000_0000_0000));
        let expected = if expected.is_nan() { canonical } else { expected };
        if got.bits() != expected.bits() {
            let of: Vec<f64> = of.iter().map(|&x| to_f64(x)).collect();
            panic!("{name} of {of:?} in row {row}: {:?}, not {:?}", to_f64(got), to_f64(expected));
        }
    }
}

fn called<T: Float>(code: &LoadedKernel, columns: &[&[T]]) -> Vec<T> {
    let rows = columns[0].len();
    let columns: Vec<Column<'_>> = columns.iter().map(|column| Column::slice(column)).collect();
    let results = code.call(&columns, rows, &CallOptions::default()).unwrap();
    assert_eq!(code.engine(), Engine::Native, "the runtime's own check has put the code aside");
    results[0].as_slice::<T>().unwrap().to_vec()
}

/// Runs one function of `arity` arguments through its edges, through random arguments and in all lengths.
fn check<T: Float>(op: Op, arity: usize, meaning: &(dyn Fn(&[T]) -> T + Sync)) {
    let ty = T::TYPE;
    let (params, args) =
        if arity == 1 { (format!("%0 x: {ty}"), "%0") } else { (format!("%0 x: {ty}, %1 y: {ty}"), "%0, %1") };
    let text = format!("kernel k({params}) -> {ty} {{\n %{arity}: {ty} = {op} {args}\n return %{arity}\n}}\n");
    let edges = edges::<T>();
    for (isa, code) in vector_code(&text) {
        let name = format!("{op} of {ty} on {isa:?}");
        match arity {
            1 => compare(&name, &called(&code, &[&edges]), &[&edges], meaning),
            _ => {
                let few: Vec<T> = edges
                    .iter()
                    .copied()
                    .step_by(if is_long_run() { 3 } else { 37 })
                    .chain(specials(ty).into_iter().map(T::of_scalar))
                    .collect();
                for &x in &few {
                    let xs = vec![x; few.len()];
                    compare(&name, &called(&code, &[&xs, &few]), &[&xs, &few], meaning);
                }
            }
        }
        let total = if is_long_run() { 10_000_000 } else { 8_000 };
        let mut rng = Rng::new(op as u64 * 2 + u64::from(ty == Type::F32));
        for _ in 0..total / 4000 {
            let columns: Vec<Vec<T>> = (0..arity).map(|_| (0..4000).map(|_| argument(&mut rng)).collect()).collect();
            let columns: Vec<&[T]> = columns.iter().map(Vec::as_slice).collect();
            compare(&name, &called(&code, &columns), &columns, meaning);
        }
        // Every length up to three turns, and starts that are aligned to nothing.
        let Some(Backend::Vector { lanes, turn_rows, .. }) = code.backend() else { unreachable!("it is vector code") };
        let ordinary: Vec<T> = (0..200).map(|i| T::of(f64::from(i) * 0.37 - 20.0)).collect();
        for length in 0..=(3 * lanes.max(turn_rows) as usize).min(190) {
            let part = &ordinary[length % 7..][..length];
            let columns = vec![part; arity];
            compare(&name, &called(&code, &columns), &columns, meaning);
        }
    }
}

#[test]
fn fault_15_functions_of_one_argument_have_their_bits_in_vectors() {
    let mut checked = 0;
    for &(op, of_f64, of_f32) in UNARY.iter().filter(|row| is_inline(row.0)) {
        check::<f64>(op, 1, &|x| of_f64(x[0]));
        check::<f32>(op, 1, &|x| of_f32(x[0]));
        checked += 1;
    }
    assert_eq!(checked, 33);
}

#[test]
fn fault_15_functions_of_two_arguments_have_their_bits_in_vectors() {
    let mut checked = 0;
    for &(op, of_f64, of_f32) in BINARY.iter().filter(|row| is_inline(row.0)) {
        check::<f64>(op, 2, &|x| of_f64(x[0], x[1]));
        check::<f32>(op, 2, &|x| of_f32(x[0], x[1]));
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// A sine beyond 1e8 goes to the scalar code, and the rows around it do not notice.
#[test]
fn rare_lanes_are_computed_by_scalar_code() {
    let text =
        "kernel k(%0 x: f64) -> f64 {\n %1: f64 = sin %0\n %2: f64 = cos %0\n %3: f64 = mul %1, %2\n return %3\n}\n";
    let rows: Vec<f64> =
        (0..1000).map(|i| if i % 37 == 5 { 1e8 + f64::from(i) * 1e18 } else { f64::from(i) }).collect();
    let meaning = |x: &[f64]| filbert_ir::math::sin_f64(x[0]) * filbert_ir::math::cos_f64(x[0]);
    for (isa, code) in vector_code(text) {
        for length in [1, 5, 6, 8, 41, 42, 43, 100, 1000] {
            let part = &rows[..length];
            compare(&format!("{isa:?}"), &called(&code, &[part]), &[part], &meaning);
        }
        assert!(code.companion_bytes() > 0, "{isa:?}: nobody wanted the scalar code");
    }
}

/// Both sides of an `if` are computed, but a lane that is not there is never rare.
#[test]
fn lanes_of_the_other_side_are_never_rare() {
    let text = "kernel k(%0 x: f64) -> f64 {\n %1: f64 = const 1000000.0\n %2: bool = lt %0, %1\n\
         %3: f64 = if %2 {\n %4: f64 = sin %0\n yield %4\n } else {\n %5: f64 = ln %0\n yield %5\n }\n return %3\n}\n";
    let rows: Vec<f64> = (0..1000).map(|i| if i % 2 == 0 { 1e12 * f64::from(i + 1) } else { f64::from(i) }).collect();
    let meaning = |x: &[f64]| if x[0] < 1e6 { filbert_ir::math::sin_f64(x[0]) } else { filbert_ir::math::ln_f64(x[0]) };
    for (isa, code) in vector_code(text) {
        compare(&format!("{isa:?}"), &called(&code, &[&rows]), &[&rows], &meaning);
        assert_eq!(code.companion_bytes(), 0, "{isa:?}: a block was left to the scalar code");
    }
}
