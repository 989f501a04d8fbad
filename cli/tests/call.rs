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

const WHOLE: &str = r#"
fn dot(x: &[f64], y: &[f64]) -> f64 { let mut sum = 0.0; for i in 0..x.len() { sum += x[i] * y[i]; } sum }
#[kernel(out = "len(x)")]
fn twice(x: &[i32], out: &mut [i32]) { for i in 0..x.len() { out[i] = x[i] * 2; } }
fn trace(m: &[[f64; 2]]) -> f64 { m[0][0] + m[1][1] }
fn pair(x: f64) -> [f64; 2] { [x, -x] }
fn or_else(x: Option<f64>, y: f64) -> f64 { x.unwrap_or(y) }
fn root(x: f64) -> Option<f64> { if x < 0.0 { None } else { Some(x.sqrt()) } }
fn hour(t: Timestamp<Microsecond>) -> i64 { t.hour() }
fn later(t: Timestamp<Second>, by: Duration<Second>) -> Timestamp<Second> { t + by }
fn next(d: Date32) -> Date32 { d.add_days(1) }
fn split(t: Timestamp<Second>) -> (Date32, Time<Second>) { (t.date(), t.time()) }
"#;

#[test]
fn lists_options_and_times_in_and_out() {
    let place = Place::with(&[("k.rs", WHOLE)]);
    let rows: &[(&[&str], &str)] = &[
        (&["dot", "[1, 2.5]", "[2, -4]"], "-8.0"),
        (&["dot", "[]", "[]"], "0.0"),
        (&["dot", "[1, null]", "[2, 3]"], "null"),
        (&["dot", "null", "[2, 3]"], "null"),
        (&["twice", "[1, -2]"], "[2, -4]"),
        (&["trace", "[[1, 2], [3, 4]]"], "5.0"),
        (&["pair", "1"], "[1.0, -1.0]"),
        (&["or_else", "null", "2"], "2.0"),
        (&["or_else", "1", "null"], "null"),
        (&["root", "-1"], "null"),
        (&["hour", "2013-01-01T10:59:59.999999"], "10"),
        (&["hour", "2013-01-01T10:00:00+02:00"], "8"),
        (&["later", "2013-01-01", "-90s"], "2012-12-31T23:58:30"),
        (&["next", "2024-02-28"], "2024-02-29"),
        (&["split", "2013-01-01 10:00"], "c0 = 2013-01-01\nc1 = 10:00:00"),
    ];
    for (words, expected) in rows {
        let ran = place.filbert(&[&["call", "k.rs", "--engine", "both"], *words].concat());
        assert_eq!((ran.status, ran.stdout.trim_end()), (0, *expected), "{words:?}: {}", ran.stderr);
    }
    let ran = place.filbert(&["call", "k.rs", "--engine", "both", "pair", "1"]);
    assert_eq!(
        ran.stderr,
        "native and interp agree: [1.0 (bits 0x3ff0000000000000), -1.0 (bits 0xbff0000000000000)]\n"
    );
}

#[test]
fn wrong_lists_and_times() {
    let place = Place::with(&[("k.rs", WHOLE)]);
    place.filbert(&["call", "k.rs", "dot", "1, 2", "[1, x]"]).fails(expect![[r#"
        [FB-0103] Error: argument 1 (x): `1, 2` is not a list: write [1, 2], or null
        [FB-0103] Error: argument 2 (y): `x` is not an f64: write a number, inf, -inf, nan or null
          help: dot(x: &[f64], y: &[f64]) -> f64
    "#]]);
    place.filbert(&["call", "k.rs", "later", "yesterday", "250ms"]).fails(expect![[r#"
        [FB-0103] Error: argument 1 (t): `yesterday` is not a Timestamp<Second>: write 2013-01-31 or 2013-01-31T10:00:00
        [FB-0106] Error: argument 2 (by): `250ms` does not fit Duration<Second>
          help: later(t: Timestamp<Second>, by: Duration<Second>) -> Timestamp<Second>
    "#]]);
    place.filbert(&["call", "k.rs", "trace", "[[1, 2, 3]]"]).fails(expect![[r#"
        [FB-0103] Error: argument 1 (m): expected rows of 2, got `[1, 2, 3]`
          help: trace(m: &[[f64; 2]]) -> f64
    "#]]);
    place.filbert(&["call", "k.rs", "dot", "[1, 2]", "[3]"]).fails(expect![[r#"
        [FB-0505] Error: index out of range in kernel dot
           ,-[ k.rs:2:94 ]
           |
         2 | fn dot(x: &[f64], y: &[f64]) -> f64 { let mut sum = 0.0; for i in 0..x.len() { sum += x[i] * y[i]; } sum }
           |                                                                                              ^^|^
           |                                                                                                `--- the index 1 is not below the length 1
           |
           | Help: the row's arguments: x = [1.0, 2.0], y = [3.0]
        ---'
    "#]]);
}

#[test]
fn generic_kernels_are_called_with_types() {
    let text = "fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }\nfn double<T: Num>(x: T) -> T { x + x }\nfn half<T: Int>(x: T) -> T { x / (2 as T) }\nfn one(x: f64) -> f64 { x }";
    let place = Place::with(&[("k.rs", text)]);
    for (words, expected) in [
        (["lerp<f32>", "1", "2", "0.1"].as_slice(), "1.1\n"),
        (&["lerp", "1", "2", "0.1"], "1.1\n"),
        (&["double<u8>", "100"], "200\n"),
        (&["double", "0.5"], "1.0\n"),
        (&["half", "7"], "3\n"),
    ] {
        let ran = place.filbert(&[&["call", "k.rs", "--engine", "both"], words].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (0, expected), "{words:?}: {}", ran.stderr);
    }
    place.filbert(&["call", "k.rs", "double<u8>", "200"]).fails(expect![[r#"
        [FB-0501] Error: integer overflow in kernel double
           ,-[ k.rs:2:32 ]
           |
         2 | fn double<T: Num>(x: T) -> T { x + x }
           |                                ^^|^^
           |                                  `---- 200 + 200 does not fit u8
           |
           | Help: the row's arguments: x = 200
        ---'
    "#]]);
    place.filbert(&["call", "k.rs", "lerp<i32>", "1", "2", "3"]).fails(expect![[r#"
        [FB-0601] Error: `lerp`: T was tried as i32, which is not `Float`
           ,-[ k.rs:1:4 ]
           |
         1 | fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }
           |    ^^|^
           |      `--- here
           |
           | Help: `Float` is f32 or f64
        ---'
    "#]]);
    place.filbert(&["call", "k.rs", "lerp<f32, f64>", "1", "2", "3"]).fails(expect![[r#"
        [FB-0109] Error: lerp takes 1 type, got 2
          help: write lerp<T> with a type for each
    "#]]);
    place.filbert(&["call", "k.rs", "lerp<int>", "1", "2", "3"]).fails(expect![[r#"
        [FB-0109] Error: unknown type `int`
          help: write lerp<T> with a type for each
    "#]]);
    place.filbert(&["call", "k.rs", "one<f64>", "1"]).fails(expect![[r#"
        [FB-0103] Error: kernel one is not generic
          help: write one
    "#]]);
    place.filbert(&["call", "k.rs", "lepr", "1"]).fails(expect![[r#"
        [FB-0101] Error: k.rs has no kernel `lepr`
          help: it has one, lerp, double, half
    "#]]);
}
