//! `filbert call`.

use expect_test::{Expect, expect};

use crate::Place;

const KERNELS: &str = "\
/// Sum of two integers.
fn add(a: i32, b: i32) -> i32 { a + b }

fn half(x: f64) -> f64 { x / 2.0 }

fn polar(x: f64, y: f64) -> (f64, f64) { (x.hypot(y), y.atan2(x)) }

fn negated(flag: bool) -> bool { !flag }

fn seven() -> i64 { 7 }
";

fn place() -> Place {
    Place::with(&[("k.rs", KERNELS)])
}

#[test]
fn values() {
    let place = place();
    let rows: &[(&str, Expect)] = &[
        ("add 2 3", expect![""]),
        ("add -2 -3", expect![""]),
        ("add -- -2 -3", expect![""]),
        ("add --engine both 0x10 -1_000", expect![""]),
        ("add 1 2 --engine interp", expect![""]),
        ("half inf", expect![""]),
        ("half -inf", expect![""]),
        ("half nan", expect![""]),
        ("half -.5e-3", expect![""]),
        ("half null", expect![""]),
        ("negated true", expect![""]),
        ("seven", expect![""]),
        ("polar 3 4", expect![""]),
        ("polar 3 null --engine both", expect![""]),
    ];
    for (line, expected) in rows {
        let mut args = vec!["call", "k.rs"];
        args.extend(line.split(' '));
        let ran = place.filbert(&args);
        assert_eq!(ran.status, 0, "{line}: {}", ran.stderr);
        expected.assert_eq(&ran.stdout);
    }
}

#[test]
fn options_stand_anywhere() {
    let place = place();
    for args in [
        ["call", "--engine", "both", "k.rs", "half", "-3"],
        ["call", "k.rs", "--engine=both", "half", "--", "-3"],
        ["call", "k.rs", "half", "-3", "--engine", "both"],
    ] {
        let stderr = place.filbert(&args).prints(expect![""]);
        expect![""].assert_eq(&stderr);
    }
}

#[test]
fn the_engines_agree_on_a_failing_row() {
    place().filbert(&["call", "k.rs", "add", "2147483647", "1", "--engine", "both"]).fails(expect![""]);
}
