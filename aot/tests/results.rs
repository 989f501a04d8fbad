//! C programs get what the runtime gives, to the bit: results, nulls, and the row that fails.

use filbert_aot::Module;
use filbert_compiler::Platform;
use filbert_ir::{Code, Datum, Def, Fault, Op, Param, Scalar, VerifiedKernel, random, verify};
use filbert_runtime::LoadedKernel;

use crate::harness::{Answer, Call, Harness, elements, scalar_bytes};
use crate::{compiler, kernels, platforms_here, write};

/// What a function returns where it has no steps for an argument.
const NOT_COMPUTED: i32 = 100;

/// What the runtime says of each row.
type Expected = Vec<Result<Vec<Datum>, Code>>;

fn expected(kernel: &VerifiedKernel, rows: &[Vec<Datum>]) -> Expected {
    let loaded = LoadedKernel::load(kernel);
    rows.iter().map(|row| loaded.call_row(row).map_err(|e| e.code)).collect()
}

/// The platforms that are tried, alone and all in one object.
fn choices() -> Vec<Vec<Platform>> {
    let here = platforms_here();
    let alone = here.iter().map(|&platform| vec![platform]);
    let all = Platform::ALL.into_iter().filter(|platform| platform.architecture() == here[0].architecture());
    alone.chain([all.collect()]).collect()
}

/// Compares the rows of an answer up to `count`.
fn compare(kernel: &VerifiedKernel, answer: &Answer, expected: &[Vec<Datum>], told: &str) {
    let name = kernel.name();
    for (index, result) in kernel.core.signature.results.iter().enumerate() {
        let (ty, width) = elements(kernel, result);
        let (values, flags) = &answer.results[index];
        for (row, data) in expected.iter().enumerate() {
            let (bytes, flag) = match &data[index] {
                Datum::Null => (vec![0; ty.bytes() * width], 0),
                Datum::Scalar(scalar) => (scalar_bytes(scalar), 1),
                Datum::List(list) => (list.iter().flat_map(scalar_bytes).collect(), 1),
            };
            let got = &values[row * bytes.len()..(row + 1) * bytes.len()];
            assert_eq!(got, bytes, "{told}, {name}, row {row}, result {index}: {:?}", data[index]);
            let got = flags.as_ref().map_or(1, |flags| flags[row]);
            assert_eq!(got, flag, "{told}, {name}, row {row}, flag {index}");
        }
    }
}

fn code_of(number: i32) -> Option<Code> {
    Fault::from_number(number as u32).map(Fault::code)
}

fn has_trigonometry(kernel: &VerifiedKernel) -> bool {
    let trigonometric = [Op::Sin, Op::Cos, Op::Tan, Op::ApproxSin, Op::ApproxCos, Op::ApproxTan];
    kernel.core.values.iter().any(|value| matches!(&value.def, Def::Op(op, _) if trigonometric.contains(op)))
}

/// Calls each kernel with each row alone, with all rows up to the first that fails, and with all that do not fail, over
/// and over, so that vector code has many turns and a rest.
fn judge(kernels: &[VerifiedKernel], rows: &[Vec<Vec<Datum>>]) {
    let Some(_) = compiler() else { return };
    let expectations: Vec<Expected> = kernels.iter().zip(rows).map(|(kernel, rows)| expected(kernel, rows)).collect();
    let module = Module::new("judged", kernels).unwrap_or_else(|e| panic!("{e}"));
    let (mut failing, mut uncomputed, mut compared) = (0, 0, 0);
    for platforms in choices() {
        let told = format!("{platforms:?}");
        let folder = tempfile::tempdir().unwrap();
        write(&module, &platforms, folder.path()).unwrap();
        let harness = Harness::new(compiler().unwrap(), folder.path(), "judged", kernels);

        let single = |kernel: usize| {
            rows[kernel].iter().map(move |row| Call { kernel, rows: vec![row.clone()], omits_flags: false })
        };
        let calls: Vec<Call> = (0..kernels.len()).flat_map(single).collect();
        let mut answers = harness.call(&calls).into_iter();
        let mut good: Vec<Vec<usize>> = vec![Vec::new(); kernels.len()];
        let mut left: Vec<Vec<usize>> = vec![Vec::new(); kernels.len()];
        for (index, kernel) in kernels.iter().enumerate() {
            for (row, wanted) in expectations[index].iter().enumerate() {
                let answer = answers.next().unwrap();
                match wanted {
                    _ if answer.code == NOT_COMPUTED => {
                        assert!(has_trigonometry(kernel), "{told}, {}, row {row} is not computed", kernel.name());
                        left[index].push(row);
                        uncomputed += 1;
                    }
                    Ok(data) => {
                        assert_eq!(answer.code, 0, "{told}, {}, row {row}: {:?}", kernel.name(), rows[index][row]);
                        compare(kernel, &answer, std::slice::from_ref(data), &told);
                        good[index].push(row);
                    }
                    Err(code) => {
                        assert_eq!(code_of(answer.code), Some(*code), "{told}, {}, row {row}", kernel.name());
                        assert_eq!((answer.error_row, answer.error_code as i32), (0, answer.code));
                        failing += 1;
                    }
                }
            }
        }

        let mut calls = Vec::new();
        for kernel in 0..kernels.len() {
            let rows = &rows[kernel];
            calls.push(Call { kernel, rows: rows.clone(), omits_flags: true });
            let repeated = good[kernel].iter().cycle().take(if good[kernel].is_empty() { 0 } else { 1500 });
            calls.push(Call {
                kernel,
                rows: repeated.map(|&row| rows[row].clone()).collect(),
                omits_flags: kernel % 2 == 0,
            });
        }
        let answers = harness.call(&calls);
        for (index, kernel) in kernels.iter().enumerate() {
            let [all, some] = [&answers[2 * index], &answers[2 * index + 1]];
            let ends = |row: &usize| expectations[index][*row].is_err() || left[index].contains(row);
            let end = (0..rows[index].len()).find(ends);
            let count = end.unwrap_or(rows[index].len());
            match end.map(|row| (row, &expectations[index][row])) {
                None => assert_eq!(all.code, 0, "{told}, {}", kernel.name()),
                Some((row, wanted)) => {
                    let code = wanted.as_ref().err().copied().filter(|_| !left[index].contains(&row));
                    assert_eq!(all.error_row, row as u64, "{told}, {}", kernel.name());
                    assert_eq!(code_of(all.code), code, "{told}, {}", kernel.name());
                    assert!(code.is_some() || all.code == NOT_COMPUTED);
                }
            }
            let data: Vec<Vec<Datum>> = expectations[index][..count].iter().map(|data| data.clone().unwrap()).collect();
            compare(kernel, all, &data, &told);
            assert_eq!(some.code, 0, "{told}, {}: row {}", kernel.name(), some.error_row);
            let data: Vec<Vec<Datum>> = calls[2 * index + 1]
                .rows
                .iter()
                .zip(good[index].iter().cycle())
                .map(|(_, &row)| expectations[index][row].clone().unwrap())
                .collect();
            compare(kernel, some, &data, &told);
            compared += data.len();
        }
    }
    println!("{} kernels: {compared} rows compared, {failing} fail, {uncomputed} not computed", kernels.len());
    assert!(compared > 0);
}

/// Hostile rows without nulls where the caller's contract has none.
fn hostile(kernel: &VerifiedKernel, seed: u64, count: usize) -> Vec<Vec<Datum>> {
    let signature = &kernel.core.signature;
    let mut rows = random::datum_rows(seed, signature, count);
    for (datum, param) in rows.iter_mut().flat_map(|row| row.iter_mut().zip(&signature.params)) {
        if *datum == Datum::Null {
            match param {
                Param::Scalar { nullable: true, .. } => {}
                Param::Scalar { ty, .. } => *datum = Datum::Scalar(Scalar::from_bits(ty.storage(), 1)),
                Param::List { elem, inner, len } => {
                    let elements = len.unwrap_or(0) * inner;
                    *datum = Datum::List(vec![Scalar::from_bits(*elem, 0); elements as usize]);
                }
            }
        }
    }
    rows
}

/// Random kernels that objects can have.
fn random_kernels(count: usize, make: impl Fn(u64) -> VerifiedKernel) -> Vec<VerifiedKernel> {
    let all = (0..).map(make);
    all.filter(|kernel| Module::new("m", std::slice::from_ref(kernel)).is_ok()).take(count).collect()
}

#[test]
fn random_kernels_of_scalars() {
    let kernels = random_kernels(40, |seed| verify(random::kernel(seed, 5 + (seed % 40) as usize)).unwrap());
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, i as u64, 60)).collect();
    judge(&kernels, &rows);
}

#[test]
fn random_kernels_for_vectors() {
    let kernels = random_kernels(30, |seed| verify(random::plain_kernel(seed, 5 + (seed % 40) as usize)).unwrap());
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, i as u64, 60)).collect();
    judge(&kernels, &rows);
}

#[test]
fn random_kernels_with_nulls_lists_and_loops() {
    let kernels = random_kernels(60, |seed| verify(random::rich_kernel(seed, 5 + (seed % 40) as usize)).unwrap());
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, i as u64, 60)).collect();
    judge(&kernels, &rows);
}

/// Each math function, on both types, with arguments from everywhere.
#[test]
fn every_function_has_its_bits() {
    let mut text = String::new();
    let names = "sqrt floor ceil trunc round fract cbrt exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos atan sinh \
                 cosh tanh asinh acosh atanh erf erfc signum abs to_radians to_degrees";
    for ty in ["f64", "f32"] {
        for name in names.split_whitespace() {
            text += &format!("fn {name}_{ty}(x: {ty}) -> {ty} {{ x.{name}() }}\n");
            if !matches!(name, "abs" | "signum" | "fract" | "round") {
                text += &format!("#[kernel(approx)]\nfn approx_{name}_{ty}(x: {ty}) -> {ty} {{ x.{name}() }}\n");
            }
        }
        for name in ["powf", "atan2", "hypot", "rem_euclid", "div_euclid", "min", "max", "copysign"] {
            text += &format!("fn {name}_{ty}(x: {ty}, y: {ty}) -> {ty} {{ x.{name}(y) }}\n");
        }
        text += &format!("#[kernel(approx)]\nfn approx_atan2_{ty}(x: {ty}, y: {ty}) -> {ty} {{ x.atan2(y) }}\n");
        text += &format!("fn rem_{ty}(x: {ty}, y: {ty}) -> {ty} {{ x % y }}\n");
        text += &format!("fn powi_{ty}(x: {ty}, n: i32) -> {ty} {{ x.powi(n) }}\n");
        text += &format!("fn mul_add_{ty}(x: {ty}, y: {ty}, z: {ty}) -> {ty} {{ x.mul_add(y, z) }}\n");
        text += &format!("fn sin_of_few_{ty}(x: {ty}, y: i8) -> {ty} {{ if y > 100 {{ x.sin() }} else {{ x }} }}\n");
    }
    let kernels = kernels(&text);
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, 100 + i as u64, 120)).collect();
    judge(&kernels, &rows);
}

pub(crate) const SHAPES: &str = r#"
const POWERS: [i64; 5] = [1, 10, 100, 1000, 10000];

fn all_types(a: bool, b: i8, c: i16, d: i32, e: i64, f: u8, g: u16, h: u32, i: u64, j: f32, k: f64) -> (bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64) {
    (!a, b.wrapping_add(1), c ^ 3, d.wrapping_mul(3), e | 1, f.wrapping_add(7), g & 0xff, h ^ h >> 3, i.rotate_left(9), j * 2.5, k / 3.0)
}
fn days(a: Date32, b: Timestamp<Millisecond>, c: Timestamp<Millisecond>) -> (Timestamp<Millisecond>, Duration<Millisecond>) { (if a.year() > 1990 { b } else { c }, b - c) }
fn first(a: Option<f64>, b: Option<i32>, c: f64) -> f64 { a.unwrap_or(b.map_or(c, |b| b as f64)) }
fn ratio(a: Option<f64>, b: f64) -> Option<f64> { let a = a?; if b == 0.0 { None } else { Some(a / b) } }
fn flags(a: Option<bool>, b: Option<u8>) -> (Option<bool>, Option<u8>) { (a.kleene_not(), b.filter(|b| *b > 100)) }
#[kernel(on_error = "null")]
fn share(part: i64, whole: i64) -> i64 { 100 * part / whole }
#[kernel(on_error = "null")]
fn share_of_some(part: Option<i32>, whole: i32) -> (Option<i32>, [i32; 2]) { (part.map(|p| p % whole), [whole / 3, whole - 1]) }
#[kernel(on_error = "null", out = "len(x)")]
fn scaled(x: &[i32; 3], by: i32, out: &mut [i32]) { for i in 0..x.len() { out[i] = x[i] * by; } }
#[kernel(on_error = "null", out = "len(x)")]
fn added(x: &[i64; 3], by: i64, out: &mut [i64]) { for i in 0..x.len() { out[i] += x[i]; out[i] += by; } }
fn power_of_ten(n: u8) -> i64 { POWERS[n as usize] }
fn norm(x: &[f64; 3]) -> f64 { x.iter().map(|x| x * x).sum::<f64>().sqrt() }
fn turned(x: &[[f32; 2]; 2], by: f32) -> [f32; 4] { [x[0][1] * by, x[0][0], x[1][1], x[1][0] + by] }
fn total(x: &[i16], from: i64) -> i64 { x.iter().fold(from, |sum, x| sum + *x as i64) }
fn dot(x: &[f64], y: &[f64]) -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() }
#[kernel(out = "len(x)")]
fn reversed(x: &[f64; 4], out: &mut [f64]) { for i in 0..x.len() { out[i] = x[x.len() - 1 - i]; } }
#[kernel(fuel = 100)]
fn collatz(n: u32) -> u32 { let mut n = n as u64; let mut steps = 0; while n > 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; } steps }
fn constant(x: f64) -> (f64, i32) { (if x > 0.0 { 1.0 } else { 1.0 }, 7) }
fn int(int: i32, rows: i32, error: i32, out: i32, double: Option<i32>) -> i32 { int + rows + error + out + double.unwrap_or(1) }
"#;

#[test]
fn every_shape_of_a_signature() {
    let kernels = kernels(SHAPES);
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, 500 + i as u64, 200)).collect();
    judge(&kernels, &rows);
}

/// Arguments beyond those that registers take, and strips of few rows.
#[test]
fn many_arguments() {
    let names: Vec<String> = (0..200).map(|i| format!("p{i}")).collect();
    let params: Vec<String> = names.iter().map(|name| format!("{name}: Option<i32>")).collect();
    let terms: Vec<String> = names.iter().map(|name| format!("{name}.map_or(0, |x| x as i64)")).collect();
    let lists: Vec<String> = (0..250).map(|i| format!("l{i}: &[i8]")).collect();
    let lengths: Vec<String> = (0..250).map(|i| format!("l{i}.len()")).collect();
    let text = format!(
        "fn options({}) -> (i64, Option<i32>) {{ ({}, p199) }}\nfn lists({}) -> u64 {{ {} }}\n",
        params.join(", "),
        terms.join(" + "),
        lists.join(", "),
        lengths.join(" + "),
    );
    let kernels = kernels(&text);
    let rows: Vec<_> = kernels.iter().enumerate().map(|(i, kernel)| hostile(kernel, i as u64, 40)).collect();
    judge(&kernels, &rows);
}

/// Rows that fail in every part of a turn, in the first and in the last rows of long calls, and none at all.
#[test]
fn the_row_that_fails_is_the_lowest() {
    let Some(compiler) = compiler() else { return };
    let text = "/// Adds.\nfn add(a: i32, b: i32) -> i32 {\n    let sum = a + b;\n    sum\n}\n\
                /// In strips.\nfn plus(a: Option<i32>, b: i32) -> Option<i32> {\n    let s = a? + b;\n    Some(s)\n}\n";
    let kernels = kernels(text);
    let module = Module::new("adds", &kernels).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write(&module, &choices().pop().unwrap(), folder.path()).unwrap();
    let harness = Harness::new(compiler, folder.path(), "adds", &kernels);
    let row = |a: i32, b: i32| vec![Datum::from(a), Datum::from(b)];
    let counts = [1usize, 2, 15, 16, 17, 63, 64, 65, 1000, 5000];
    for (kernel, count) in counts.into_iter().flat_map(|count| [(0, count), (1, count)]) {
        let places = [vec![], vec![0], vec![count - 1], vec![count / 2], vec![count / 3, count - 1]];
        let calls: Vec<Call> = places
            .iter()
            .map(|places| {
                let rows = (0..count).map(|i| row(if places.contains(&i) { i32::MAX } else { i as i32 }, 7)).collect();
                Call { kernel, rows, omits_flags: false }
            })
            .collect();
        for (answer, places) in harness.call(&calls).into_iter().zip(&places) {
            let good = places.iter().min().copied().unwrap_or(count);
            let data: Vec<_> = (0..good).map(|i| vec![Datum::from(i as i32 + 7)]).collect();
            compare(&kernels[kernel], &answer, &data, "rows before");
            if good == count {
                assert_eq!(answer.code, 0);
                assert_eq!(answer.error_row, 0xa5a5_a5a5_a5a5_a5a5, "nothing is told where nothing failed");
            } else {
                assert_eq!(
                    (answer.code, answer.error_row, answer.place),
                    (1, good as u64, [(3, 15), (8, 13)][kernel]),
                    "{count} {places:?}"
                );
                // The row itself and those behind it are not touched, as far as the scalar code goes.
                assert_eq!(answer.results[0].0[good * 4..good * 4 + 4], [0xa5; 4]);
            }
        }
    }
}
