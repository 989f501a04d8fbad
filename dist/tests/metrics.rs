//! EXPLAIN ANALYZE tells of kernels, operator by operator.

use filbert_dist::Session;
use filbert_dist::measure::{measured, of_plain, to_plain};
use futures::StreamExt;

use crate::{query, run};

/// A session with `t` of 20,000 rows, in three batches, and two kernels that times these numbers: a number of
/// its own for each test, for kernels that compute the same are compiled once a process.
async fn prepared(kernels: [(&str, u32); 2]) -> Session {
    let session = Session::local();
    session.set("datafusion.execution.target_partitions", "1").unwrap();
    for (name, number) in kernels {
        let sql = format!(
            "CREATE FUNCTION {name}(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS \
             'fn {name}(x: f64) -> f64 {{ x * {number}.0 }}'"
        );
        run(&session, &sql).await;
    }
    run(&session, "CREATE TABLE t AS SELECT value::DOUBLE AS x, value % 7 AS k FROM generate_series(1, 20000)").await;
    session
}

/// The line of an operator, without the times.
fn line<'t>(table: &'t str, operator: &str) -> &'t str {
    table.lines().find(|line| line.contains(operator)).unwrap_or_else(|| panic!("no {operator} in\n{table}"))
}

#[tokio::test]
async fn each_operator_tells_what_its_kernels_did() {
    let session = prepared([("eleven", 11), ("thirteen", 13)]).await;
    let sql = "EXPLAIN ANALYZE SELECT k, sum(thirteen(x)) FROM t WHERE eleven(x) > 110000 GROUP BY k";
    let table = query(&session, sql).await.unwrap();
    let filter = line(&table, "FilterExec: eleven");
    assert!(filter.contains("eleven={rows=20000, ns_per_row="), "{table}");
    assert!(
        filter.contains("compiles=1, compile_time=") && filter.contains("cache_hits=0, backend=native}"),
        "{table}"
    );
    assert!(!filter.contains("thirteen={"), "{table}");
    // Half of the rows come through.
    assert!(table.contains("thirteen={rows=10000, "), "{table}");
    assert_eq!(table.matches("={rows=").count(), 2, "{table}");
    // Compiled by now.
    let table = query(&session, sql).await.unwrap();
    assert!(line(&table, "FilterExec: eleven").contains("compiles=0, cache_hits=1, backend=native}"), "{table}");
}

#[tokio::test]
async fn a_kernel_in_two_operators_is_counted_in_each() {
    let session = prepared([("nine", 9), ("ten", 10)]).await;
    let sql = "EXPLAIN ANALYZE SELECT nine(x) FROM t WHERE nine(x) < 900 ORDER BY ten(x)";
    let table = query(&session, sql).await.unwrap();
    assert!(table.contains("nine={rows=20000, ") && table.contains("nine={rows=99, "), "{table}");
    assert!(table.contains("ten={rows=99, "), "{table}");
}

#[tokio::test]
async fn an_explanation_without_a_run_has_no_counts() {
    let session = prepared([("seven", 7), ("eight", 8)]).await;
    let table = query(&session, "EXPLAIN SELECT seven(x) FROM t").await.unwrap();
    assert!(table.contains("ProjectionExec: expr=[seven") && !table.contains("rows="), "{table}");
}

#[tokio::test]
async fn counts_that_travelled_as_plain_numbers_are_the_same() {
    let session = prepared([("five", 5), ("six", 6)]).await;
    let frame = session.sql("SELECT five(x) AS y FROM t").await.unwrap().dataframe();
    let context = std::sync::Arc::new(frame.task_ctx());
    let (plan, measures) = measured(frame.create_physical_plan().await.unwrap()).unwrap();
    let mut rows = plan.execute(0, context).unwrap();
    while let Some(batch) = rows.next().await {
        batch.unwrap();
    }
    let kernels = measures.kernels();
    let ((name, _), counts) = kernels.first_key_value().unwrap();
    assert_eq!((name.as_str(), counts.rows, counts.compiles, kernels.len()), ("five", 20_000, 1, 1));
    let metrics = plan.metrics().unwrap();
    let plain = to_plain(&metrics);
    assert!(plain.to_string().contains("kernel.five.rows"), "{plain}");
    let shown = |metrics: &datafusion::physical_plan::metrics::MetricsSet| {
        metrics.aggregate_by_name().sorted_for_display().timestamps_removed().to_string()
    };
    assert_eq!(shown(&of_plain(&plain)), shown(&metrics));
}

#[tokio::test]
async fn a_pipeline_is_explained_too() {
    let session = prepared([("three", 3), ("four", 4)]).await;
    let frame = session.sql("SELECT x FROM t").await.unwrap();
    let frame = frame.filter("three(x) > 0").unwrap().select(["four(x) AS y"]).unwrap();
    let text = frame.explain_analyze().await.unwrap();
    assert!(text.starts_with("ProjectionExec: ") && text.contains("four={rows=20000, "), "{text}");
    assert!(text.contains("three={rows=20000, "), "{text}");
}
