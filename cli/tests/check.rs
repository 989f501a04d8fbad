//! `filbert check`.

use expect_test::expect;

use crate::Place;

#[test]
fn good_files_say_nothing() {
    let place = Place::with(&[
        ("a.rs", "fn f(x: f64) -> f64 { x }"),
        ("b.sql", "SELECT no_such_column FROM nowhere; CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS $$ fn f(x: f64) -> f64 { x } $$"),
    ]);
    let stderr = place.filbert(&["check", "a.rs", "b.sql"]).prints(expect![""]);
    expect![""].assert_eq(&stderr);
}

#[test]
fn every_error_of_every_file() {
    let place = Place::with(&[
        ("a.rs", "fn f(x: f64) -> f64 {\n    let y = x + 1;\n    y * z\n}\n"),
        ("good.rs", "fn f(x: f64) -> f64 { x }"),
        ("job.sql", "SELECT 1;\n\nCREATE FUNCTION g(BIGINT) RETURNS BIGINT LANGUAGE kernel AS '\nfn g(n: i64) -> i64 { n.sqrt() }\n';\nCREATE FUNCTION h(DOUBLE) RETURNS BIGINT LANGUAGE kernel AS 'fn h(x: f64) -> f64 { x }';"),
    ]);
    place.filbert(&["check", "a.rs", "good.rs", "missing.rs", "job.sql"]).fails(expect![""]);
}
