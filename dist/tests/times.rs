//! Dates, times, timestamps and durations as columns, constants and results; zones.

use filbert_dist::Session;

use crate::{cells, failure, run, session};

const KERNELS: &str = "
    fn hour(t: Timestamp<Microsecond>) -> i64 { t.hour() }
    fn nanos(t: Timestamp<Nanosecond>) -> i64 { t.nanosecond() }
    fn weekday(d: Date32) -> i64 { d.weekday() }
    fn later(t: Timestamp<Second>, by: Duration<Second>) -> Timestamp<Second> { t + by }
    fn day(d: Date64) -> i64 { d.day() }
    fn noon(t: Time<Second>) -> bool { t.hour() == 12 }
    fn between(a: Timestamp<Second>, b: Timestamp<Second>) -> Duration<Second> { b - a }
";

/// The same instant, 2013-01-01T10:30:00 UTC, in each type; the second row is null.
const TABLE: &str = "CREATE TABLE t AS SELECT
    arrow_cast(s, 'Timestamp(Second, None)') s, arrow_cast(s, 'Timestamp(Microsecond, None)') us,
    arrow_cast(s, 'Timestamp(Nanosecond, None)') ns,
    arrow_cast(s, 'Timestamp(Microsecond, Some(\"UTC\"))') utc, arrow_cast(s, 'Timestamp(Microsecond, Some(\"+00:00\"))') zero,
    arrow_cast(arrow_cast(s, 'Timestamp(Microsecond, Some(\"UTC\"))'), 'Timestamp(Microsecond, Some(\"America/New_York\"))') ny,
    arrow_cast(s, 'Date32') d32, arrow_cast(s, 'Date64') d64, arrow_cast(s, 'Time64(Nanosecond)') time
    FROM (SELECT arrow_cast(column1, 'Timestamp(Second, None)') s FROM VALUES ('2013-01-01T10:30:00'), (NULL))";

async fn with_table() -> Session {
    let session = session(KERNELS);
    run(&session, TABLE).await;
    session
}

#[tokio::test]
async fn columns_of_the_same_unit() {
    let session = with_table().await;
    let rows = [
        ("hour(us)", "10; "),
        ("hour(utc)", "10; "),
        ("hour(zero)", "10; "),
        ("nanos(ns)", "0; "),
        ("weekday(d32)", "1; "),
        ("day(d64)", "1; "),
        ("later(s, arrow_cast(90, 'Duration(Second)'))", "2013-01-01T10:31:30; "),
        ("between(s, s)", "P0D; "),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call} FROM t")).await, expected, "{call}");
    }
}

#[tokio::test]
async fn constants_change_their_unit_where_no_digit_is_lost() {
    let session = with_table().await;
    let rows = [
        ("hour(TIMESTAMP '2013-01-01T10:30:00.000001')", "10"),
        ("hour(TIMESTAMP '2013-01-01 23:59:59')", "23"),
        ("hour(NULL)", ""),
        ("weekday(DATE '2013-01-01')", "1"),
        ("later(TIMESTAMP '2013-01-01', INTERVAL '1 day 90 seconds')", "2013-01-02T00:01:30"),
        ("noon(TIME '12:00:00')", "true"),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call}")).await, expected, "{call}");
        let each = cells(&session, &format!("SELECT {call} FROM t")).await;
        assert_eq!(each, format!("{expected}; {expected}"), "{call} for each row");
    }
    for call in [
        "hour(TIMESTAMP '2013-01-01T10:30:00.0000001')",
        "noon(TIME '12:00:00.5')",
        "later(TIMESTAMP '2013-01-01', INTERVAL '1 month')",
        "later(TIMESTAMP '2013-01-01', INTERVAL '1 millisecond')",
    ] {
        let message = failure(&session, &format!("SELECT {call} FROM t")).await;
        assert!(message.starts_with("FB-0702: ") && message.contains("which has no value"), "{call}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

/// What follows `write `, up to `if that is meant`.
fn advice(message: &str) -> &str {
    let (_, advice) = message.split_once("; write ").unwrap_or_else(|| panic!("{message}"));
    advice.split(" if that is meant").next().unwrap()
}

/// Each refusal, and that what it says to write works.
#[tokio::test]
async fn other_units_and_zones_are_refused_and_the_advice_works() {
    let session = with_table().await;
    let rows = [
        ("hour", "s", "CAST(... AS TIMESTAMP(6))", "10; "),
        ("hour", "ns", "CAST(... AS TIMESTAMP(6))", "10; "),
        ("hour", "ny", "CAST(... AT TIME ZONE 'UTC' AS TIMESTAMP(6))", "10; "),
        ("nanos", "us", "CAST(... AS TIMESTAMP(9))", "0; "),
        ("hour", "d32", "CAST(... AS TIMESTAMP(6))", "0; "),
        ("weekday", "d64", "CAST(... AS DATE)", "1; "),
        ("weekday", "us", "CAST(... AS DATE)", "1; "),
        ("noon", "time", "arrow_cast(..., 'Time32(s)')", "false; "),
    ];
    for (function, column, expected, result) in rows {
        let message = failure(&session, &format!("SELECT {function}({column}) FROM t")).await;
        assert!(message.starts_with("FB-0702: "), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        let advice = advice(&message);
        assert_eq!(advice, expected, "{message}");
        let call = format!("SELECT {function}({}) FROM t", advice.replace("...", column));
        assert_eq!(cells(&session, &call).await, result, "{call}");
    }
}

#[tokio::test]
async fn the_wrong_zone_is_named() {
    let session = with_table().await;
    assert_eq!(
        failure(&session, "SELECT hour(ny) FROM t").await,
        "FB-0702: a column cannot be converted without loss in kernel hour: argument 1 (t) of hour is TIMESTAMP(6), the \
         query passes TIMESTAMP(6) in zone America/New_York, whose hours are not those of UTC; write CAST(... AT TIME \
         ZONE 'UTC' AS TIMESTAMP(6)) if that is meant\n"
    );
}

#[tokio::test]
async fn create_function_declares_them() {
    let session = session("fn unrelated() -> i32 { 1 }");
    let rows = [
        ("TIMESTAMP", "Timestamp<Nanosecond>"),
        ("TIMESTAMP(9)", "Timestamp<Nanosecond>"),
        ("TIMESTAMP(6)", "Timestamp<Microsecond>"),
        ("TIMESTAMP(3)", "Timestamp<Millisecond>"),
        ("TIMESTAMP(0)", "Timestamp<Second>"),
        ("DATE", "Date32"),
        ("DATE64", "Date64"),
        ("TIME", "Time<Nanosecond>"),
        ("TIME(6)", "Time<Microsecond>"),
        ("TIME(3)", "Time<Millisecond>"),
        ("TIME(0)", "Time<Second>"),
        ("DURATION", "Duration<Nanosecond>"),
        ("DURATION(0)", "Duration<Second>"),
    ];
    for (sql, rust) in rows {
        let create = "CREATE OR REPLACE FUNCTION same";
        run(
            &session,
            &format!("{create}({sql}) RETURNS {sql} LANGUAGE kernel AS 'fn same(t: {rust}) -> {rust} {{ t }}'"),
        )
        .await;
        let wrong = format!("{create}({sql}) RETURNS DOUBLE LANGUAGE kernel AS 'fn same(t: {rust}) -> {rust} {{ t }}'");
        let message = failure(&session, &wrong).await;
        let shown = if sql.contains('(') || sql.starts_with("DATE") { sql.to_string() } else { format!("{sql}(9)") };
        assert!(message.contains(&format!("the kernel gives {shown}")), "{message}");
    }
    let message = failure(&session, "SELECT CAST(1 AS DURATION(7))").await;
    assert!(message.contains("DURATION(7): expected 0, 3, 6 or 9 digits of a second"), "{message}");
}
