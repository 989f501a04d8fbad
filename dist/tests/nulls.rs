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
