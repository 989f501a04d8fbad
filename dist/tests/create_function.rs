//! CREATE FUNCTION: what is accepted, what is refused and in which words, and how functions are shown.

use crate::{cells, failure, run, session};

#[tokio::test]
async fn the_body_in_quotes_and_in_dollars() {
    let session = session("fn unrelated() -> i32 { 1 }");
    run(
        &session,
        "CREATE FUNCTION f(DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(a: f64, b: f64) -> f64 { a - b }'",
    )
    .await;
    assert_eq!(cells(&session, "SELECT f(3, 1)").await, "2.0");
    run(&session, "CREATE FUNCTION g(a INT, b INT) LANGUAGE KERNEL AS $$ fn g(a: i32, b: i32) -> i32 { a * b } $$")
        .await;
    assert_eq!(cells(&session, "SELECT g(3, 5)").await, "15");
    run(&session, "CREATE FUNCTION h() RETURNS INT LANGUAGE kernel IMMUTABLE AS 'fn anything() -> i32 { 7 }'").await;
    assert_eq!(cells(&session, "SELECT h()").await, "7");
}

#[tokio::test]
async fn of_several_kernels_the_one_of_that_name_counts() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let text = "fn square(x: f64) -> f64 { x * x } fn norm(x: f64, y: f64) -> f64 { (square(x) + square(y)).sqrt() }";
    run(&session, &format!("CREATE FUNCTION norm(DOUBLE, DOUBLE) LANGUAGE kernel AS '{text}'")).await;
    assert_eq!(cells(&session, "SELECT norm(3, 4)").await, "5.0");
    let message =
        failure(&session, &format!("CREATE FUNCTION length(DOUBLE, DOUBLE) LANGUAGE kernel AS '{text}'")).await;
    assert!(message.contains("FB-0003") && message.contains("`length`") && message.contains("norm"), "{message}");
}

#[tokio::test]
async fn every_type_has_its_sql_name() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let rows = [
        ("BOOLEAN", "bool"),
        ("TINYINT", "i8"),
        ("SMALLINT", "i16"),
        ("INT", "i32"),
        ("BIGINT", "i64"),
        ("TINYINT UNSIGNED", "u8"),
        ("SMALLINT UNSIGNED", "u16"),
        ("INT UNSIGNED", "u32"),
        ("BIGINT UNSIGNED", "u64"),
        ("FLOAT", "f32"),
        ("REAL", "f32"),
        ("DOUBLE", "f64"),
    ];
    for (sql, rust) in rows {
        let statement = format!(
            "CREATE OR REPLACE FUNCTION id({sql}) RETURNS {sql} LANGUAGE kernel AS 'fn id(x: {rust}) -> {rust} {{ x }}'"
        );
        run(&session, &statement).await;
        let statement = format!("SELECT id(CAST(1 AS {sql}))");
        assert!(["1", "1.0", "true"].contains(&cells(&session, &statement).await.as_str()), "{sql}");
    }
}

#[tokio::test]
async fn several_results() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let body = "fn both(x: f64) -> (f64, f64) { (x, -x) }";
    run(&session, &format!("CREATE FUNCTION both(DOUBLE) LANGUAGE kernel AS '{body}'")).await;
    assert_eq!(cells(&session, "SELECT both(1)").await, "{c0: 1.0, c1: -1.0}");
    let declared = "STRUCT<c0 DOUBLE, c1 DOUBLE>";
    run(&session, &format!("CREATE OR REPLACE FUNCTION both(DOUBLE) RETURNS {declared} LANGUAGE kernel AS '{body}'"))
        .await;
    let message = failure(
        &session,
        &format!("CREATE OR REPLACE FUNCTION both(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS '{body}'"),
    )
    .await;
    assert!(message.starts_with("FB-0701: ") && message.contains("RETURNS says DOUBLE"), "{message}");
}

#[tokio::test]
async fn what_is_refused() {
    let session = session("fn taken() -> i32 { 1 }");
    let rows = [
        ("CREATE FUNCTION taken() LANGUAGE kernel AS 'fn taken() -> i32 { 2 }'", "OR REPLACE"),
        ("CREATE FUNCTION abs(DOUBLE) LANGUAGE kernel AS 'fn abs(x: f64) -> f64 { x }'", "OR REPLACE"),
        ("CREATE FUNCTION sum(DOUBLE) LANGUAGE kernel AS 'fn sum(x: f64) -> f64 { x }'", "OR REPLACE"),
        ("CREATE FUNCTION f(DOUBLE, INT) LANGUAGE python AS 'F'", "LANGUAGE kernel"),
        ("CREATE FUNCTION f(DOUBLE, INT) AS 'F'", "the language is missing"),
        ("CREATE FUNCTION f(DOUBLE, INT) LANGUAGE kernel", "the body is missing"),
        ("CREATE FUNCTION f(DOUBLE, INT) LANGUAGE kernel RETURN $1 + $2", "not an SQL expression"),
        ("CREATE FUNCTION f(DOUBLE, INT) VOLATILE LANGUAGE kernel AS 'F'", "leave out VOLATILE"),
        ("CREATE FUNCTION f(DOUBLE) LANGUAGE kernel AS 'F'", "declares 1 argument(s), the kernel has 2"),
        (
            "CREATE FUNCTION f(DOUBLE, BIGINT) LANGUAGE kernel AS 'F'",
            "(b) is declared BIGINT, the kernel takes INT (i32)",
        ),
        ("CREATE FUNCTION f(DOUBLE, VARCHAR) LANGUAGE kernel AS 'F'", "declared VARCHAR"),
        ("CREATE FUNCTION f(DOUBLE, INT) RETURNS REAL LANGUAGE kernel AS 'F'", "says FLOAT, the kernel gives DOUBLE"),
        ("CREATE FUNCTION f(b DOUBLE, a INT) LANGUAGE kernel AS 'F'", "arguments go by position"),
        ("CREATE FUNCTION f(a DOUBLE, b INT DEFAULT 1) LANGUAGE kernel AS 'F'", "default"),
    ];
    for (statement, words) in rows {
        let statement = statement.replace("'F'", "'fn f(a: f64, b: i32) -> f64 { a + b as f64 }'");
        let message = failure(&session, &statement).await;
        assert!(message.starts_with("FB-0701: ") && message.contains(words), "{statement}\n{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert_eq!(cells(&session, "SELECT taken()").await, "1");
}

#[tokio::test]
async fn mistakes_in_the_text_are_shown_in_the_text() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let statement = "CREATE FUNCTION f(DOUBLE) LANGUAGE kernel AS $$\nfn f(a: f64) -> f64 {\n    a + wrong\n}\n$$";
    let message = failure(&session, statement).await;
    assert!(
        message.contains("FB-0101") && message.contains("CREATE FUNCTION f") && message.contains("a + wrong"),
        "{message}"
    );
}

#[tokio::test]
async fn replaced_and_dropped() {
    let session = session("fn unrelated() -> i32 { 1 }");
    run(&session, "CREATE FUNCTION f() LANGUAGE kernel AS 'fn f() -> i32 { 1 }'").await;
    run(&session, "CREATE OR REPLACE FUNCTION f() LANGUAGE kernel AS 'fn f() -> i32 { 2 }'").await;
    assert_eq!(cells(&session, "SELECT f()").await, "2");
    run(&session, "DROP FUNCTION f").await;
    assert!(failure(&session, "SELECT f()").await.contains("Invalid function 'f'"));
    run(&session, "CREATE FUNCTION f() LANGUAGE kernel AS 'fn f() -> i32 { 3 }'").await;
    assert_eq!(cells(&session, "SELECT f()").await, "3");
}

#[tokio::test]
async fn a_name_with_capitals_is_called_with_and_without_quotes() {
    let session = session("fn unrelated() -> i32 { 1 }");
    run(&session, "CREATE FUNCTION Mixed() LANGUAGE kernel AS 'fn Mixed() -> i32 { 1 }'").await;
    assert_eq!(cells(&session, "SELECT mixed() a, Mixed() b, \"Mixed\"() c").await, "1 | 1 | 1");
}

#[tokio::test]
async fn show_functions_and_explain() {
    let session =
        session("/// Great-circle distance.\n/// In miles.\nfn gc(lat: f64, n: i32) -> f64 { lat * n as f64 }");
    let shown = cells(&session, "SHOW FUNCTIONS LIKE 'gc'").await;
    assert_eq!(
        shown,
        "gc | Float64 | [lat, n] | [Float64, Int32] | SCALAR | Great-circle distance. | gc(lat DOUBLE, n INT) -> DOUBLE;  |  |  |  |  | In miles. | "
    );
    run(&session, "CREATE TABLE t AS SELECT 1.5::DOUBLE AS x, 2::INT AS k").await;
    let plan = cells(&session, "EXPLAIN SELECT gc(x, k) FROM t").await;
    assert!(plan.contains("gc(t.x, t.k)"), "{plan}");
}

#[tokio::test]
async fn warnings_wait_in_the_session() {
    let session = filbert_dist::Session::local();
    let sql = "CREATE FUNCTION f(DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn f(x: f64, y: f64) -> f64 { x }'";
    run(&session, sql).await;
    let warnings = session.warnings();
    let [text] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!((text.name.as_str(), text.list[0].code), ("CREATE FUNCTION f", filbert_ir::Code::WarnUnusedParameter));
    assert!(session.warnings().is_empty());
    run(&session, "CREATE FUNCTION g(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS 'fn g(x: f64) -> f64 { x }'").await;
    assert!(session.warnings().is_empty());
}
