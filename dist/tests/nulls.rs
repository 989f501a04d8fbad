//! Nulls, nullability, scalars and several results, through the engine.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use filbert_dist::Session;

use crate::{cells, kernel, run, session};

const KERNELS: &str = "
    fn sub(a: f64, b: f64) -> f64 { a - b }
    fn div(a: i64, b: i64) -> i64 { a / b }
    fn order(a: f64, b: f64) -> (f64, f64) { if a < b { (a, b) } else { (b, a) } }
";

fn with_table(session: &Session) {
    let schema = Schema::new(vec![
        Field::new("whole", DataType::Float64, false),
        Field::new("holes", DataType::Float64, true),
        Field::new("n", DataType::Int64, false),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])),
        Arc::new(Float64Array::from(vec![Some(10.0), None, Some(30.0)])),
        Arc::new(Int64Array::from(vec![1, 2, 0])),
    ];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    session.context().register_batch("t", batch).unwrap();
}

#[tokio::test]
async fn null_in_null_out() {
    let session = session(KERNELS);
    with_table(&session);
    assert_eq!(cells(&session, "SELECT sub(whole, holes) FROM t").await, "-9.0; ; -27.0");
    assert_eq!(cells(&session, "SELECT sub(holes, NULL) FROM t").await, "; ; ");
    assert_eq!(cells(&session, "SELECT count(sub(whole, holes)) FROM t").await, "2");
}

#[tokio::test]
async fn a_result_is_nullable_only_if_an_argument_is() {
    let session = session(KERNELS);
    with_table(&session);
    let rows = [
        ("sub(whole, whole)", false),
        ("sub(whole, 1)", false),
        ("sub(whole, holes)", true),
        ("sub(whole, NULL)", true),
    ];
    for (call, nullable) in rows {
        let frame = session.sql(&format!("SELECT {call} AS x FROM t")).await.unwrap().dataframe();
        assert_eq!(frame.schema().field(0).is_nullable(), nullable, "{call}");
        let batches = frame.collect().await.unwrap();
        assert_eq!(batches[0].schema().field(0).is_nullable(), nullable, "{call}, run");
    }
}

#[tokio::test]
async fn fault_22_nothing_fails_under_a_null_nor_in_a_branch_not_taken() {
    let session = session(KERNELS);
    with_table(&session);
    let masked = "SELECT div(n, CASE WHEN n = 0 THEN NULL ELSE n END) FROM t";
    assert_eq!(cells(&session, masked).await, "1; 1; ");
    let guarded = "SELECT CASE WHEN n <> 0 THEN div(10, n) ELSE -1 END FROM t";
    assert_eq!(cells(&session, guarded).await, "10; 5; -1");
    assert_eq!(cells(&session, "SELECT div(n, 0) FROM t WHERE n > 100").await, "");
}

#[tokio::test]
async fn several_results_are_a_struct() {
    let session = session(KERNELS);
    with_table(&session);
    assert_eq!(cells(&session, "SELECT order(holes, 20) FROM t").await, "{c0: 10.0, c1: 20.0}; ; {c0: 20.0, c1: 30.0}");
    assert_eq!(
        cells(&session, "SELECT o['c0'], o['c1'] FROM (SELECT order(holes, 20) o FROM t)").await,
        "10.0 | 20.0;  | ; 20.0 | 30.0"
    );
    assert_eq!(cells(&session, "SELECT order(2, 1)").await, "{c0: 1.0, c1: 2.0}");
    assert_eq!(cells(&session, "SELECT order(2, NULL) IS NULL").await, "true");
}

#[tokio::test]
async fn equal_calls_of_one_kernel_are_computed_once() {
    let session = session(KERNELS);
    with_table(&session);
    let plan =
        cells(&session, "EXPLAIN SELECT sub(whole, n_) + 1, sub(whole, n_) + 2 FROM (SELECT whole, holes n_ FROM t)")
            .await;
    assert!(plan.contains("__common_expr_1"), "{plan}");
}

#[test]
fn identity_is_what_is_computed_and_the_name() {
    use filbert_dist::KernelUdf;
    let udf = |text: &str| KernelUdf::new(kernel(text));
    let one = udf("fn f(a: f64) -> f64 { a + 1.0 }");
    assert_eq!(one, udf("fn f(other: f64) -> f64 { other + 1.0 }"));
    assert_ne!(one, udf("fn f(a: f64) -> f64 { a + 2.0 }"));
    assert_ne!(one, udf("fn g(a: f64) -> f64 { a + 1.0 }"));
}

#[tokio::test]
async fn two_kernels_of_one_name_in_one_plan_stay_two() {
    let session = session("fn f(a: f64) -> f64 { a + 1.0 }");
    run(&session, "CREATE TABLE t AS SELECT 1.0::DOUBLE AS a").await;
    let frame = session.sql("SELECT * FROM t").await.unwrap();
    let frame = frame.with_column("x", &kernel("fn f(a: f64) -> f64 { a + 1.0 }"), ["a"]).unwrap();
    let frame = frame.with_column("y", &kernel("fn f(a: f64) -> f64 { a + 2.0 }"), ["a"]).unwrap();
    let rows = frame.collect().await.unwrap();
    let text = datafusion::arrow::util::pretty::pretty_format_batches(&rows).unwrap().to_string();
    assert!(text.contains("| 1.0 | 2.0 | 3.0 |"), "{text}");
}

const OPTIONS: &str = "
    fn or_else(x: Option<f64>, y: f64) -> f64 { x.unwrap_or(y) }
    fn is_missing(x: Option<f64>) -> bool { x.is_none() }
    fn root(x: f64) -> Option<f64> { if x < 0.0 { None } else { Some(x.sqrt()) } }
    fn coalesce(a: Option<f64>, b: Option<f64>) -> Option<f64> { a.or(b) }
    fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> { match (a, b) {
        (Some(false), _) => Some(false),
        (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    } }
    fn halves(n: Option<i64>) -> (Option<i64>, bool) { (n.map(|n| n / 2), n.is_some()) }
    #[kernel(on_error = \"null\")]
    fn share(a: i64, b: i64) -> i64 { a / b }
";

#[tokio::test]
async fn options_see_nulls() {
    let session = session(OPTIONS);
    with_table(&session);
    let rows = [
        ("or_else(holes, whole)", "10.0; 2.0; 30.0"),
        ("or_else(holes, 0)", "10.0; 0.0; 30.0"),
        ("or_else(NULL, whole)", "1.0; 2.0; 3.0"),
        ("or_else(holes, NULL)", "; ; "),
        ("is_missing(holes)", "false; true; false"),
        ("is_missing(NULL)", "true; true; true"),
        ("root(whole - 2)", "; 0.0; 1.0"),
        ("coalesce(holes, whole)", "10.0; 2.0; 30.0"),
        ("coalesce(NULL, NULL)", "; ; "),
        ("both(holes > 10, whole > 1)", "false; ; true"),
        ("halves(CAST(holes AS BIGINT))", "{c0: 5, c1: true}; {c0: , c1: false}; {c0: 15, c1: true}"),
        ("share(10, n)", "10; 5; "),
    ];
    for (call, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call} FROM t")).await, expected, "{call}");
    }
    assert_eq!(
        cells(&session, "SELECT is_missing(NULL), coalesce(1, NULL), or_else(NULL, 2)").await,
        "true | 1.0 | 2.0"
    );
}

#[tokio::test]
async fn nullability_is_exact_for_options() {
    let session = session(OPTIONS);
    with_table(&session);
    let rows = [
        ("or_else(holes, whole)", false),
        ("or_else(whole, holes)", true),
        ("is_missing(holes)", false),
        ("root(whole)", true),
        ("halves(CAST(holes AS BIGINT))", true),
        ("share(n, n + 1)", true),
    ];
    for (call, nullable) in rows {
        let frame = session.sql(&format!("SELECT {call} AS x FROM t")).await.unwrap().dataframe();
        assert_eq!(frame.schema().field(0).is_nullable(), nullable, "{call}");
        let batches = frame.collect().await.unwrap();
        assert_eq!(batches[0].schema().field(0).is_nullable(), nullable, "{call}, run");
    }
}

/// An engine that takes a function for strict turns the LEFT JOIN into an inner one.
#[tokio::test]
async fn a_left_join_keeps_its_rows_under_a_kernel_that_sees_nulls() {
    let session = session(&format!("{OPTIONS}{KERNELS}"));
    with_table(&session);
    run(&session, "CREATE TABLE small AS SELECT 1.0::DOUBLE AS k, 5.0::DOUBLE AS v").await;
    let joined =
        |condition: &str| format!("SELECT whole FROM t LEFT JOIN small ON whole = k WHERE {condition} ORDER BY whole");
    assert_eq!(cells(&session, &joined("is_missing(v)")).await, "2.0; 3.0");
    assert_eq!(cells(&session, &joined("or_else(v, 7) > 6")).await, "2.0; 3.0");
    assert_eq!(cells(&session, &joined("coalesce(v, whole) > 0")).await, "1.0; 2.0; 3.0");
    // A strict one may be used: the join becomes an inner one, with the same rows.
    assert_eq!(cells(&session, &joined("sub(v, 1) > 0")).await, "1.0");
    let plan = cells(&session, &format!("EXPLAIN {}", joined("sub(v, 1) > 0"))).await;
    assert!(plan.contains("Inner Join"), "{plan}");
    let plan = cells(&session, &format!("EXPLAIN {}", joined("or_else(v, 7) > 6"))).await;
    assert!(plan.contains("Left Join"), "{plan}");
}

/// What is null without a null argument must not be taken for certainly not null.
#[tokio::test]
async fn a_kernel_that_makes_nulls_is_not_strict() {
    use datafusion::logical_expr::ScalarUDFImpl;
    use filbert_dist::KernelUdf;
    let strict = |text: &str| KernelUdf::new(kernel(text)).is_strict();
    assert!(strict("fn f(x: f64) -> f64 { x }"));
    assert!(!strict("fn f(x: Option<f64>) -> f64 { x.unwrap_or(0.0) }"));
    assert!(!strict("fn f(x: f64) -> Option<f64> { Some(x) }"));
    assert!(!strict("#[kernel(on_error = \"null\")] fn f(x: i64) -> i64 { x + 1 }"));
    assert!(!strict("fn f(x: &[f64]) -> f64 { x[0] }"));
    let session = session(OPTIONS);
    with_table(&session);
    assert_eq!(cells(&session, "SELECT whole FROM t WHERE root(whole - 2) IS NULL").await, "1.0");
    assert_eq!(cells(&session, "SELECT CASE WHEN root(whole - 2) IS NULL THEN -1 ELSE 1 END FROM t").await, "-1; 1; 1");
}

#[tokio::test]
async fn options_over_partitions_and_batches() {
    use datafusion::prelude::SessionConfig;
    let mut answers = Vec::new();
    for (partitions, rows) in [(1, 8192), (3, 1), (2, 7), (2, 1024)] {
        let session =
            Session::with_config(SessionConfig::new().with_target_partitions(partitions).with_batch_size(rows));
        for kernel in &filbert_syntax::parse(OPTIONS, "test").unwrap().kernels {
            session.register(kernel).unwrap();
        }
        run(
            &session,
            "CREATE TABLE t AS SELECT value n, CASE WHEN value % 7 > 1 THEN value::DOUBLE END x,
             CASE WHEN value % 3 = 0 THEN -value::DOUBLE END y FROM generate_series(1, 5000)",
        )
        .await;
        let sql = "SELECT count(*), count(c), sum(c), sum(o), count(r), count(s) FROM (
            SELECT coalesce(x, y) c, or_else(x, 0.5) o, root(x - 2500) r, share(n, n % 2) s FROM t)";
        answers.push(cells(&session, sql).await);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(answers[0].starts_with("5000 | "), "{answers:?}");
}
