//! The pipeline: kernels mapped over named columns, filters, aggregates.

use datafusion::arrow::util::pretty::pretty_format_batches;

use crate::{kernel, run, session};

#[tokio::test]
async fn a_pipeline_gives_what_the_query_gives() {
    let session = session("fn miles(lat: f64, lon: f64) -> f64 { (lat * lat + lon * lon).sqrt() }");
    run(&session, "CREATE TABLE t AS SELECT value % 4 AS \"Group\", value::DOUBLE lat, value::INT lon FROM generate_series(1, 50)").await;
    let distance = kernel("fn miles(lat: f64, lon: f64) -> f64 { (lat * lat + lon * lon).sqrt() }");
    let frame = session.sql("SELECT * FROM t").await.unwrap();
    let frame = frame.with_column("far", &distance, ["lat", "lon"]).unwrap();
    let frame = frame.filter("far > 10").unwrap();
    let frame = frame.aggregate(["\"Group\""], ["count(*) AS n", "round(avg(far), 6) AS mean"]).unwrap();
    let frame = frame.sort(["\"Group\""]).unwrap();
    let rows = frame.collect().await.unwrap();
    let expected = crate::query(
        &session,
        "SELECT \"Group\", count(*) AS n, round(avg(miles(lat, lon)), 6) AS mean FROM t WHERE miles(lat, lon) > 10 \
         GROUP BY \"Group\" ORDER BY \"Group\"",
    );
    assert_eq!(pretty_format_batches(&rows).unwrap().to_string(), expected.await.unwrap());
}

#[tokio::test]
async fn mistakes_are_told_when_the_step_is_added() {
    let session = session("fn unrelated() -> i32 { 1 }");
    run(&session, "CREATE TABLE t AS SELECT 1::BIGINT n, 2.0::DOUBLE \"Mixed\"").await;
    let half = kernel("fn half(x: f64) -> f64 { x / 2.0 }");
    let frame = session.sql("SELECT * FROM t").await.unwrap();
    let message = |error| session.render(&error);
    let wrong_type = frame.clone().with_column("y", &half, ["n"]).err().map(message).unwrap();
    assert!(wrong_type.starts_with("FB-0702: "), "{wrong_type}");
    let message = |error| session.render(&error);
    let wrong_count = frame.clone().with_column("y", &half, ["n", "n"]).err().map(message).unwrap();
    assert!(wrong_count.starts_with("FB-0104: "), "{wrong_count}");
    let message = |error| session.render(&error);
    let unknown = frame.clone().with_column("y", &half, ["lat"]).err().map(message).unwrap();
    assert!(unknown.contains("lat") && unknown.contains("Mixed"), "{unknown}");
    assert_eq!(frame.with_column("y", &half, ["Mixed"]).unwrap().dataframe().count().await.unwrap(), 1);
}
