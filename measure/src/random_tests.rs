//! Tests of `random`: every type and distribution, bits that never change, and mistakes.

use filbert_ir::{Code, Datum};
use filbert_runtime::{CallOptions, LoadedKernel};

use super::*;
use crate::digest::Digest;
use crate::tests::kernel;

fn specs(texts: &[&str]) -> Vec<Spec> {
    texts.iter().map(|text| Spec::parse(text).unwrap()).collect()
}

/// The values that a parameter of this type gets.
fn drawn(ty: &str, dist: &str, rows: usize, seed: u64) -> Vec<f64> {
    let kernel = kernel(&format!("fn f(x: {ty}) -> {ty} {{ x }}"));
    let random = Random::draw(&kernel, &specs(&[&format!("x={dist}")]), rows, seed).unwrap();
    let results = LoadedKernel::load(&kernel).call(&random.columns(rows), rows, &CallOptions::default()).unwrap();
    let number = |row: usize| match results[0].datum(row) {
        Datum::Scalar(Scalar::Bool(v)) => f64::from(u8::from(v)),
        Datum::Scalar(v) => v.to_string().parse().unwrap(),
        other => panic!("{other}"),
    };
    (0..rows).map(number).collect()
}

#[test]
fn uniform_numbers_fill_their_range_evenly() {
    for ty in ["f64", "f32"] {
        let x = drawn(ty, "uniform(-2,6)", 8000, 7);
        assert!(x.iter().all(|v| (-2.0..6.0).contains(v)));
        for tenth in 0..10 {
            let (low, high) = (-2.0 + 0.8 * f64::from(tenth), -2.0 + 0.8 * f64::from(tenth + 1));
            let count = x.iter().filter(|v| (low..high).contains(*v)).count();
            assert!((700..900).contains(&count), "{count} of 8000 in {low}..{high}");
        }
    }
    // So narrow that rounding meets the end.
    let high = f32::from_bits(1.0f32.to_bits() + 2);
    let x = drawn("f32", &format!("uniform(1,{high})"), 1000, 7);
    assert!(x.iter().all(|v| (1.0..f64::from(high)).contains(v)));
}

#[test]
fn normal_numbers_have_mean_and_deviation() {
    let x = drawn("f64", "normal(10,3)", 20_000, 7);
    let mean = x.iter().sum::<f64>() / 20_000.0;
    let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0).sqrt();
    assert!((mean - 10.0).abs() < 0.1 && (sd - 3.0).abs() < 0.1, "mean {mean}, deviation {sd}");
    let beyond = x.iter().filter(|v| (*v - 10.0).abs() > 6.0).count();
    assert!((800..1020).contains(&beyond), "{beyond} of 20000 beyond two deviations");
}

#[test]
fn whole_numbers_leave_the_upper_end_out() {
    for ty in ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"] {
        let x = drawn(ty, "randint(3,6)", 300, 7);
        for value in [3.0, 4.0, 5.0] {
            let count = x.iter().filter(|v| **v == value).count();
            assert!((60..140).contains(&count), "{ty}: {count} of 300 are {value}");
        }
        assert!(x.iter().all(|v| (3.0..6.0).contains(v)), "{ty}");
    }
    let flags = drawn("bool", "randint(0,2)", 300, 7).iter().sum::<f64>();
    assert!((110.0..190.0).contains(&flags));
    assert!(drawn("i64", "randint(-9223372036854775808,9223372036854775808)", 64, 7).iter().any(|v| *v < -1e18));
    assert!(drawn("u64", "randint(0,18446744073709551616)", 64, 7).iter().any(|v| *v > 1.1e19));
}

#[test]
fn a_constant_is_the_same_in_every_row() {
    for (ty, text, value) in [("f64", "0.5", 0.5), ("f32", "-3", -3.0), ("i32", "-7", -7.0), ("bool", "true", 1.0)] {
        assert!(drawn(ty, &format!("const({text})"), 9, 7).iter().all(|v| *v == value), "{ty}");
    }
    let kernel = kernel("fn f(x: f64, y: f64) -> f64 { x + y }");
    let random = Random::draw(&kernel, &specs(&["y=const(1)"]), 100, 7).unwrap();
    assert_eq!(random.bytes(100), 800, "a constant takes no memory");
}

/// The published bits: a digest of a benchmark means the same tomorrow and elsewhere.
#[test]
fn the_bits_depend_on_seed_name_and_row_alone() {
    let digest = |x: &[f64]| {
        let mut digest = Digest::default();
        digest.add_elements(x);
        digest.finish()
    };
    let uniform = drawn("f64", "uniform(-1,1)", 1000, 1);
    assert_eq!(uniform[..10], drawn("f64", "uniform(-1,1)", 10, 1));
    assert_ne!(uniform[..10], drawn("f64", "uniform(-1,1)", 10, 2));
    let found = [
        digest(&uniform),
        digest(&drawn("f64", "normal(0,1)", 1000, 1)),
        digest(&drawn("i64", "randint(-1000,1000)", 1000, 1)),
    ];
    assert_eq!(
        found,
        ["8d1a9d0265d110141df7902c9b270c60", "bf1b8a674a92054e52be84a9d0aa3361", "7e59c1af3157a253b5575c32295e3e58",]
    );
    let kernel = kernel("fn f(x: f64, y: f64) -> bool { x == y }");
    let random = Random::draw(&kernel, &[], 100, 1).unwrap();
    let same = LoadedKernel::load(&kernel).call(&random.columns(100), 100, &CallOptions::default()).unwrap();
    assert!(same[0].as_slice::<bool>().unwrap().iter().all(|same| !same), "columns are independent");
}

#[test]
fn lists_have_the_length_that_was_asked_for() {
    let source =
        "fn f(a: &[f64], b: &[[f32; 3]], c: &[i64]) -> f64 { (a.len() * 100 + b.len() * 10 + c.len()) as f64 }";
    let kernel = kernel(source);
    let random = Random::draw(&kernel, &specs(&["a=normal(0,1)[5]", "b=uniform(0,1)[2]"]), 7, 1).unwrap();
    let lengths = LoadedKernel::load(&kernel).call(&random.columns(4), 4, &CallOptions::default()).unwrap();
    assert_eq!(lengths[0].as_slice::<f64>().unwrap(), [536.0; 4]);
    assert_eq!(random.bytes(7), 7 * (5 * 8 + 2 * 3 * 4 + 16 * 8));
    assert_eq!(random.describe(), "a=normal(0,1)[5], b=uniform(0,1)[2], c=randint(0,100)[16]; seed 1");
    let none = Random::draw(&kernel, &specs(&["a=normal(0,1)[0]", "b=const(1)[0]"]), 3, 1).unwrap();
    let lengths = LoadedKernel::load(&kernel).call(&none.columns(3), 3, &CallOptions::default()).unwrap();
    assert_eq!(lengths[0].as_slice::<f64>().unwrap(), [16.0; 3]);
}

#[test]
fn times_are_whole_numbers_of_their_unit() {
    let kernel = kernel("fn f(t: Timestamp<Second>, d: Date32) -> i64 { t.hour() }");
    let random = Random::draw(&kernel, &specs(&["t=randint(7200,7201)"]), 5, 1).unwrap();
    let hours = LoadedKernel::load(&kernel).call(&random.columns(5), 5, &CallOptions::default()).unwrap();
    assert_eq!(hours[0].as_slice::<i64>().unwrap(), [2; 5]);
}

#[test]
fn mistakes_are_told_together() {
    let kernel = kernel("fn f(x: f64, n: i8, flag: bool, a: &[f64]) -> f64 { x }");
    let told = |texts: &[&str]| -> Vec<(Code, String)> {
        let found = Random::draw(&kernel, &specs(texts), 10, 1).err().unwrap();
        found.into_iter().map(|d| (d.code, format!("{}; {}", d.message, d.help.unwrap_or_default()))).collect()
    };
    let expected = [
        (Code::UnknownName, "f has no parameter `speed`; it has x, n, flag, a"),
        (Code::DuplicateName, "`x` is given a distribution twice; leave one of them out"),
        (Code::TypeMismatch, "parameter x: it is f64, not a list of 3; leave the length in brackets out"),
        (Code::LiteralRange, "parameter n: randint(0,200) does not fit i8; choose numbers that the type holds"),
        (
            Code::TypeMismatch,
            "parameter flag: normal(0,1) does not give bool; write randint(0,2), const(true) or const(false)",
        ),
    ];
    let expected = expected.map(|(code, text)| (code, text.to_string()));
    let given = ["x=uniform(0,1)[3]", "speed=const(1)", "x=const(1)", "n=randint(0,200)", "flag=normal(0,1)"];
    assert_eq!(told(&given), expected);
    let fraction = told(&["n=uniform(0,1)"]);
    assert_eq!(
        fraction[0].1,
        "parameter n: uniform(0,1) does not give i8; write randint(lo,hi), or const(c) with a whole number"
    );
    assert_eq!(told(&["a=uniform(0,1)[1000000000000000000]"])[0].0, Code::OutOfMemory);
}
