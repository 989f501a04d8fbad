//! `filbert check`.

use expect_test::expect;

use crate::Place;

#[test]
fn good_files_say_nothing() {
    let place = Place::with(&[
        ("a.rs", "fn f(x: f64) -> f64 { x }"),
        (
            "b.sql",
            "SELECT no_such_column FROM nowhere; CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS $$ fn f(x: f64) -> f64 { x } $$",
        ),
    ]);
    let stderr = place.filbert(&["check", "a.rs", "b.sql"]).prints(expect![""]);
    expect![""].assert_eq(&stderr);
}

#[test]
fn every_error_of_every_file() {
    let place = Place::with(&[
        ("a.rs", "fn f(x: f64) -> f64 {\n    let y = x + 1;\n    y * z\n}\n"),
        ("good.rs", "fn f(x: f64) -> f64 { x }"),
        (
            "job.sql",
            "SELECT 1;\n\nCREATE FUNCTION g(BIGINT) RETURNS BIGINT LANGUAGE kernel AS '\nfn g(n: i64) -> i64 { n.sqrt() }\n';\nCREATE FUNCTION h(DOUBLE) RETURNS BIGINT LANGUAGE kernel AS 'fn h(x: f64) -> f64 { x }';",
        ),
    ]);
    place.filbert(&["check", "a.rs", "good.rs", "missing.rs", "job.sql"]).fails(expect![[r#"
        [FB-0103] Error: `+`: expected one type on both sides, got f64 and an integer literal
           ,-[ a.rs:2:17 ]
           |
         2 |     let y = x + 1;
           |             |   |
           |             `------ this is f64
           |                 |
           |                 `-- this is an integer literal
           |
           | Help: write `1.0`
        ---'
        [FB-0101] Error: unknown name `z`
           ,-[ a.rs:3:9 ]
           |
         3 |     y * z
           |         |
           |         `-- here
        ---'
        [FB-0703] Error: cannot read missing.rs: there is no such file
        [FB-0105] Error: `sqrt`: expected a float (f32 or f64), got i64
           ,-[ CREATE FUNCTION g:2:23 ]
           |
         2 | fn g(n: i64) -> i64 { n.sqrt() }
           |                       ^^^^|^^^
           |                           `----- here
           |
           | Help: write `(n as f64).sqrt()`
        ---'
          in the statement at job.sql:3
        [FB-0701] Error: CREATE FUNCTION h: RETURNS says BIGINT, the kernel gives DOUBLE
           ,-[ job.sql:6:1 ]
           |
         6 | CREATE FUNCTION h(DOUBLE) RETURNS BIGINT LANGUAGE kernel AS 'fn h(x: f64) -> f64 { x }';
           | ^^^|^^
           |    `---- in this statement
        ---'
    "#]]);
}

#[test]
fn a_code_is_explained() {
    let place = Place::with(&[]);
    let explain = |code: &str| place.filbert(&["check", "--explain", code]);
    let page = explain("FB-0103");
    assert_eq!((page.status, page.stderr.as_str()), (0, ""));
    assert!(page.stdout.starts_with("# FB-0103: types do not match\n\nClass User: "), "{}", page.stdout);
    assert!(page.stdout.contains("## Fix\n"), "{}", page.stdout);
    for short in ["fb-103", "103"] {
        assert_eq!(explain(short).stdout, page.stdout);
    }
    assert!(!explain("401").stdout.contains("Driven by"));
    let unknown = explain("FB-9901");
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    let near = "there is no such code; near it are FB-0901 (a defect of Filbert)";
    assert!(unknown.stderr.contains(near), "{}", unknown.stderr);
}

const UNUSED: &str = "fn f(x: f64, y: f64) -> f64 { x }";

#[test]
fn warnings_are_shown_and_are_no_failure() {
    let script = format!("CREATE FUNCTION f(DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS '\n{UNUSED}'");
    let place = Place::with(&[("a.rs", UNUSED), ("job.sql", &script)]);
    let ran = place.filbert(&["check", "a.rs", "job.sql"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""));
    expect![[r#"
        [FB-1001] Warning: parameter `y` of `f` is not used
           ,-[ a.rs:1:14 ]
           |
         1 | fn f(x: f64, y: f64) -> f64 { x }
           |              |
           |              `-- here
           |
           | Help: name it `_y`, or leave it out
        ---'
        [FB-1001] Warning: parameter `y` of `f` is not used
           ,-[ CREATE FUNCTION f:2:14 ]
           |
         2 | fn f(x: f64, y: f64) -> f64 { x }
           |              |
           |              `-- here
           |
           | Help: name it `_y`, or leave it out
        ---'
          in the statement at job.sql:1
    "#]]
    .assert_eq(&ran.stderr);
    let denied = place.filbert(&["check", "--deny-warnings", "a.rs", "job.sql"]);
    assert_eq!((denied.status, denied.stdout), (1, String::new()));
    assert_eq!(denied.stderr, ran.stderr);
}

/// A mistake that shows only for some of the types that the bounds allow.
#[test]
fn generic_kernels_are_checked_for_every_type() {
    let text = "fn good<T: Num>(x: T) -> T { x + x }\nfn mask<T: Int>(x: T) -> T { x & 1000 }\n";
    let place = Place::with(&[("k.rs", text)]);
    place.filbert(&["check", "k.rs"]).fails(expect![[r#"
        [FB-0106] Error: the literal 1000 does not fit i8 (-128 to 127)
           ,-[ k.rs:2:34 ]
           |
         2 | fn mask<T: Int>(x: T) -> T { x & 1000 }
           |                                  ^^|^
           |                                    `--- here
           |
           | Help: write it with the suffix of a wider type, for example `i64`
        ---'
          in mask<i8>
    "#]]);
}
