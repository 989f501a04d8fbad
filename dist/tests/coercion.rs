//! Which columns and literals reach which parameters, and what is said where they may not.

use crate::{cells, failure, run, session};

const KERNELS: &str = "
    fn double(x: f64) -> f64 { x + x }
    fn single(x: f32) -> f32 { x + x }
    fn byte(x: u8) -> u8 { x }
    fn int(x: i32) -> i32 { x }
    fn long(x: i64) -> i64 { x }
    fn unsigned(x: u64) -> u64 { x }
    fn negate(x: bool) -> bool { !x }
    fn sub(left: f64, right: f64) -> f64 { left - right }
    fn answer() -> i32 { 42 }
";

/// One column of each type, two rows.
const TABLE: &str = "CREATE TABLE t AS SELECT
    arrow_cast(column1, 'Int8') i8, arrow_cast(column1, 'Int16') i16, arrow_cast(column1, 'Int32') i32,
    arrow_cast(column1, 'Int64') i64, arrow_cast(column1, 'UInt8') u8, arrow_cast(column1, 'UInt16') u16,
    arrow_cast(column1, 'UInt32') u32, arrow_cast(column1, 'UInt64') u64, arrow_cast(column1, 'Float32') f32,
    arrow_cast(column1, 'Float64') f64, column1 > 1 b, arrow_cast(column1, 'Utf8') s,
    arrow_cast(column1, 'Decimal128(10, 2)') d, arrow_cast(column1, 'Date32') date
    FROM VALUES (1), (2)";

#[tokio::test]
async fn columns_convert_where_nothing_can_be_lost() {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    for column in ["i8", "i16", "i32", "u8", "u16", "u32", "f32", "f64"] {
        assert_eq!(cells(&session, &format!("SELECT double({column}) FROM t")).await, "2.0; 4.0", "{column}");
    }
    for column in ["i8", "i16", "u8", "u16", "f32"] {
        assert_eq!(cells(&session, &format!("SELECT single({column}) FROM t")).await, "2.0; 4.0", "{column}");
    }
    for column in ["i8", "i16", "i32", "i64", "u8", "u16", "u32"] {
        assert_eq!(cells(&session, &format!("SELECT long({column}) FROM t")).await, "1; 2", "{column}");
    }
    for column in ["u8", "u16", "u32", "u64"] {
        assert_eq!(cells(&session, &format!("SELECT unsigned({column}) FROM t")).await, "1; 2", "{column}");
    }
    assert_eq!(cells(&session, "SELECT negate(b) FROM t").await, "true; false");
}

#[tokio::test]
async fn fault_10_columns_that_could_lose_are_refused() {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    let refused = [
        ("double", "i64"),
        ("double", "u64"),
        ("double", "s"),
        ("double", "b"),
        ("double", "d"),
        ("double", "date"),
        ("double", "i64 + 1"),
        ("single", "f64"),
        ("single", "i32"),
        ("single", "u32"),
        ("int", "i64"),
        ("int", "u32"),
        ("int", "f32"),
        ("long", "u64"),
        ("long", "f64"),
        ("unsigned", "i8"),
        ("byte", "i8"),
        ("byte", "u16"),
        ("negate", "i8"),
    ];
    for (function, column) in refused {
        let message = failure(&session, &format!("SELECT {function}({column}) FROM t")).await;
        assert!(message.starts_with("FB-0702: "), "{function}({column}): {message}");
        assert!(message.contains("CAST("), "{message}");
        let message = failure(&session, &format!("SELECT 1 FROM t WHERE {function}({column}) IS NULL")).await;
        assert!(message.starts_with("FB-0702: "), "{function}({column}) in WHERE: {message}");
    }
}

#[tokio::test]
async fn a_refusal_names_function_argument_and_both_types() {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    assert_eq!(
        failure(&session, "SELECT sub(1, i64) FROM t").await,
        "FB-0702: a column cannot be converted without loss in kernel sub: argument 2 (right) of sub is DOUBLE, the \
         query passes BIGINT, which could change values; write CAST(... AS DOUBLE) if that is meant\n"
    );
    assert_eq!(
        failure(&session, "SELECT sub(s, 1) FROM t").await,
        "FB-0702: a column cannot be converted without loss in kernel sub: argument 1 (left) of sub is DOUBLE, the \
         query passes VARCHAR, which has no conversion; write CAST(... AS DOUBLE) if that is meant\n"
    );
    assert_eq!(cells(&session, "SELECT sub(1, CAST(i64 AS DOUBLE)) FROM t").await, "0.0; -1.0");
}

#[tokio::test]
async fn literals_convert_where_the_value_survives() {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    let rows = [
        ("double(1)", "2.0"),
        ("double(-3)", "-6.0"),
        ("double(0.5)", "1.0"),
        ("double(9007199254740992)", "1.8014398509481984e16"),
        ("single(0.1)", "0.2"),
        ("single(16777216)", "33554432.0"),
        ("byte(255)", "255"),
        ("int(-2147483648)", "-2147483648"),
        ("unsigned(18446744073709551615)", "18446744073709551615"),
        ("answer()", "42"),
        ("double(NULL)", ""),
        ("sub(NULL, 1)", ""),
        ("byte(CAST(NULL AS TINYINT UNSIGNED))", ""),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call}")).await, expected, "{call}");
        assert_eq!(
            cells(&session, &format!("SELECT {call} FROM t")).await,
            format!("{expected}; {expected}"),
            "{call} for each row"
        );
    }
    assert_eq!(cells(&session, "SELECT sub(f64, 1) FROM t").await, "0.0; 1.0");
    assert_eq!(cells(&session, "SELECT sub(10, f64) FROM t").await, "9.0; 8.0");
    assert_eq!(cells(&session, "SELECT sum(sub(f64, 1)) FROM t GROUP BY sub(i32, 7) ORDER BY 1").await, "0.0; 1.0");
    assert_eq!(cells(&session, "SELECT i32 FROM t WHERE sub(f64, 1) > 0").await, "2");
}

#[tokio::test]
async fn literals_that_do_not_survive_are_refused() {
    let session = session(KERNELS);
    for call in
        ["double(9007199254740993)", "single(16777217)", "single(1e300)", "byte(256)", "byte(-1)", "int(2147483648)"]
    {
        let message = failure(&session, &format!("SELECT {call}")).await;
        assert!(message.starts_with("FB-0702: ") && message.contains("has no value"), "{call}: {message}");
    }
    for call in ["int(1.0)", "double('1')", "negate(1)", "double(true)"] {
        let message = failure(&session, &format!("SELECT {call}")).await;
        assert!(message.starts_with("FB-0702: ") && message.contains("the query passes"), "{call}: {message}");
    }
}

#[tokio::test]
async fn literals_are_written_into_the_plan() {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    let plan = cells(&session, "EXPLAIN SELECT sub(f64, 1) FROM t").await;
    assert!(plan.contains("sub(t.f64, Float64(1))"), "{plan}");
    let plan = cells(&session, "EXPLAIN SELECT sub(3, 1)").await;
    assert!(plan.contains("Float64(2)") && !plan.contains("sub(Float64(3)"), "folded once: {plan}");
}

#[tokio::test]
async fn wrong_number_of_arguments() {
    let session = session(KERNELS);
    assert_eq!(
        failure(&session, "SELECT sub(1)").await,
        "FB-0104: wrong number of arguments in kernel sub: sub(left DOUBLE, right DOUBLE) -> DOUBLE takes 2 arguments, \
         got 1\n"
    );
    for (call, got) in [("sub()", "got 0"), ("sub(1, 2, 3)", "got 3"), ("answer(1)", "takes 0 arguments, got 1")] {
        let message = failure(&session, &format!("SELECT {call}")).await;
        assert!(message.starts_with("FB-0104: ") && message.contains(got), "{call}: {message}");
    }
}

#[tokio::test]
async fn prepared_statements() {
    let session = session(KERNELS);
    run(&session, "PREPARE p(DOUBLE) AS SELECT sub($1, 1)").await;
    assert_eq!(cells(&session, "EXECUTE p(3.0)").await, "2.0");
}
