//! `filbert call`.

use expect_test::{Expect, expect};

use crate::{Place, Ran, filbert_command};

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
        (
            "add 2 3",
            expect![[r#"
            5
        "#]],
        ),
        (
            "add -2 -3",
            expect![[r#"
            -5
        "#]],
        ),
        (
            "add -- -2 -3",
            expect![[r#"
            -5
        "#]],
        ),
        (
            "add --engine both 0x10 -1_000",
            expect![[r#"
            -984
        "#]],
        ),
        (
            "add 1 2 --engine interp",
            expect![[r#"
            3
        "#]],
        ),
        (
            "half inf",
            expect![[r#"
            inf
        "#]],
        ),
        (
            "half -inf",
            expect![[r#"
            -inf
        "#]],
        ),
        (
            "half nan",
            expect![[r#"
            NaN
        "#]],
        ),
        (
            "half -.5e-3",
            expect![[r#"
            -0.00025
        "#]],
        ),
        (
            "half null",
            expect![[r#"
            null
        "#]],
        ),
        (
            "negated true",
            expect![[r#"
            false
        "#]],
        ),
        (
            "seven",
            expect![[r#"
            7
        "#]],
        ),
        (
            "polar 3 4",
            expect![[r#"
            c0 = 5.0
            c1 = 0.9272952180016122
        "#]],
        ),
        (
            "polar 3 null --engine both",
            expect![[r#"
            c0 = null
            c1 = null
        "#]],
        ),
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
        let ran = place.filbert(&args);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, "-1.5\n"), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stderr, "native and interp agree: -1.5 (bits 0xbff8000000000000)\n");
    }
}

#[test]
fn the_engines_agree_on_a_failing_row() {
    place().filbert(&["call", "k.rs", "add", "2147483647", "1", "--engine", "both"]).fails(expect![[r#"
        [FB-0501] Error: integer overflow in kernel add
           ,-[ k.rs:2:33 ]
           |
         2 | fn add(a: i32, b: i32) -> i32 { a + b }
           |                                 ^^|^^
           |                                   `---- 2147483647 + 1 does not fit i32
           |
           | Help: the row's arguments: a = 2147483647, b = 1
        ---'
    "#]]);
}

#[test]
fn refused_code_memory_leaves_nothing_to_compare() {
    let place = place();
    let mut command = filbert_command(place.folder.path(), &["call", "k.rs", "half", "3", "--engine", "both"]);
    command.env("FILBERT_CODE_MEMORY", "refuse");
    let refused = Ran::of(&command.output().unwrap());
    assert_eq!((refused.status, refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    let screen = "[FB-0803] Error: native code cannot be run here, so there is nothing to compare\n";
    assert!(refused.stderr.ends_with(screen), "{}", refused.stderr);
}
