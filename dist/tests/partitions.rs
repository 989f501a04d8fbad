//! How many partitions a query has, and which rows are in one.

use std::collections::BTreeSet;
use std::path::Path;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionConfig;
use filbert_dist::{Frame, Session};
use futures::TryStreamExt;

use crate::{cells, failure, kernel, run};

/// The first column, a partition at a time.
async fn partitions(frame: Frame) -> Vec<Vec<i64>> {
    let mut found = Vec::new();
    for partition in frame.dataframe().execute_stream_partitioned().await.unwrap() {
        let batches: Vec<_> = partition.try_collect().await.unwrap();
        found.push(
            batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect(),
        );
    }
    found
}

async fn sizes(frame: Frame) -> Vec<usize> {
    partitions(frame).await.iter().map(Vec::len).collect()
}

fn session(cores: usize) -> Session {
    Session::with_config(SessionConfig::new().with_target_partitions(cores))
}

/// A table `t` of several files: `n` from 0 to 3,999, `k = n % 10`.
async fn numbers(session: &Session, folder: &Path) {
    for part in 0..4 {
        let sql = format!(
            "COPY (SELECT value AS n, value % 10 AS k FROM generate_series({}, {})) TO '{}/{part}.parquet'",
            part * 1000,
            part * 1000 + 999,
            folder.display()
        );
        run(session, &sql).await;
    }
    session.table("t", folder.to_str().unwrap()).await.unwrap();
}

#[tokio::test]
async fn rows_are_dealt_out_evenly() {
    let folder = tempfile::tempdir().unwrap();
    for cores in [1, 2, 8] {
        let session = session(cores);
        numbers(&session, folder.path()).await;
        for wanted in [1, 2, 3, 8, 50, 1000] {
            let frame = session.sql("SELECT n, k FROM t").await.unwrap().repartition(wanted).unwrap();
            let found = partitions(frame.filter("n >= 0").unwrap()).await;
            assert_eq!(found.len(), wanted, "{cores} cores");
            let most = found.iter().map(Vec::len).max().unwrap();
            let least = found.iter().map(Vec::len).min().unwrap();
            assert!(most - least <= 1, "{cores} cores, {wanted} partitions: {least} to {most} rows");
            let all: BTreeSet<i64> = found.into_iter().flatten().collect();
            assert_eq!(all.len(), 4000);
        }
    }
}

#[tokio::test]
async fn one_batch_with_a_few_rows_is_dealt_out_too() {
    let session = session(2);
    let frame = session.sql("SELECT column1 FROM (VALUES (1), (2), (3), (4), (5))").await.unwrap();
    assert_eq!(sizes(frame.clone().repartition(5).unwrap()).await, [1; 5]);
    let mut seven = sizes(frame.repartition(7).unwrap()).await;
    seven.sort();
    assert_eq!(seven, [0, 0, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn rows_of_one_key_are_together() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(4);
    numbers(&session, folder.path()).await;
    session.register(&kernel("fn bucket(n: i64) -> i64 { n / 1000 }")).unwrap();
    for (columns, keys, distinct) in [
        ("k, n", vec!["k"], 10),
        ("n % 7 AS r, n", vec!["r"], 7),
        ("k, n", vec!["k + 0"], 10),
        ("bucket(n) AS b, n", vec!["bucket(n)"], 4),
        ("n % 6 AS r, n", vec!["n % 2", "n % 3"], 6),
    ] {
        for wanted in [1, 3, 16, 64] {
            let frame = session.sql(&format!("SELECT {columns} FROM t")).await.unwrap();
            let found = partitions(frame.repartition_by(wanted, &keys).unwrap()).await;
            assert_eq!(found.len(), wanted, "{keys:?}");
            let keys_of = |rows: &Vec<i64>| rows.iter().copied().collect::<BTreeSet<i64>>();
            let places: usize = found.iter().map(|rows| keys_of(rows).len()).sum();
            assert_eq!(places, distinct, "{keys:?}, {wanted} partitions: a key in two of them");
            assert_eq!(found.iter().map(Vec::len).sum::<usize>(), 4000);
        }
    }
}

/// Exchanges that were asked for, among those that the engine makes.
#[tokio::test]
async fn results_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(4);
    numbers(&session, folder.path()).await;
    let expected = cells(&session, "SELECT k, count(*), sum(n) FROM t GROUP BY k ORDER BY k").await;
    let print = |batches: &[datafusion::arrow::record_batch::RecordBatch]| {
        datafusion::arrow::util::pretty::pretty_format_batches(batches).unwrap().to_string()
    };
    let whole = session.sql("SELECT k, count(*) AS c, sum(n) AS s FROM t GROUP BY k ORDER BY k").await.unwrap();
    let whole = print(&whole.collect().await.unwrap());
    for wanted in [1, 3, 4, 64] {
        let rows = session.sql("SELECT n, k FROM t").await.unwrap();
        for frame in [
            rows.clone().repartition(wanted).unwrap(),
            rows.clone().repartition_by(wanted, ["k"]).unwrap(),
            rows.clone().repartition_by(wanted, ["k % 5"]).unwrap(),
            rows.repartition(7).unwrap().repartition_by(wanted, ["k"]).unwrap(),
        ] {
            let grouped = frame.clone().aggregate(["k"], ["count(*) AS c", "sum(n) AS s"]).unwrap();
            let sorted = grouped.sort(["k"]).unwrap().repartition(2).unwrap().sort(["k"]).unwrap();
            assert_eq!(print(&sorted.collect().await.unwrap()), whole, "{wanted}");
            // As one side of a join on the key, with another number of partitions on the other.
            let left = frame.select(["n", "k AS lk"]).unwrap().dataframe();
            let right = session.sql("SELECT DISTINCT k FROM t").await.unwrap().repartition_by(5, ["k"]).unwrap();
            let kind = datafusion::common::JoinType::Inner;
            let joined = left.join(right.dataframe(), kind, &["lk"], &["k"], None).unwrap();
            assert_eq!(joined.count().await.unwrap(), 4000, "{wanted}");
        }
    }
    let by = "SELECT k, count(*), sum(n) FROM (SELECT n, k FROM t DISTRIBUTE BY k) GROUP BY k ORDER BY k";
    assert_eq!(cells(&session, by).await, expected);
}

#[tokio::test]
async fn sql_says_distribute_by() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(5);
    numbers(&session, folder.path()).await;
    let found = partitions(session.sql("SELECT k, n FROM t DISTRIBUTE BY k").await.unwrap()).await;
    assert_eq!(found.len(), 5);
    let places: usize = found.iter().map(|rows| rows.iter().collect::<BTreeSet<_>>().len()).sum();
    assert_eq!(places, 10);
    let plan = cells(&session, "EXPLAIN SELECT k, n FROM t DISTRIBUTE BY k % 3").await;
    assert!(plan.contains("Hash([k@0 % 3], 5)"), "{plan}");
}

#[tokio::test]
async fn mistakes() {
    let session = session(2);
    let frame = session.sql("SELECT 1 AS n").await.unwrap();
    let message = |frame: datafusion::common::Result<Frame>| frame.err().unwrap().to_string();
    assert!(message(frame.clone().repartition(0)).contains("1 to 65535 partitions, not 0"));
    assert!(message(frame.clone().repartition_by(65_536, ["n"])).contains("not 65536"));
    assert!(message(frame.clone().repartition_by(2, [""; 0])).contains("needs a key"));
    assert!(message(frame.repartition_by(2, ["m"])).contains("m"));
}

/// The number of partitions that a query gets when it runs, read off its plan.
async fn planned(session: &Session, sql: &str) -> String {
    let plan = cells(session, &format!("EXPLAIN {sql}")).await;
    let groups = plan.split("file_groups={").nth(1).expect("a scan");
    groups.split(" group").next().unwrap().to_string()
}

#[tokio::test]
async fn partitions_follow_from_the_bytes_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(2);
    // Lines of 10 bytes, and files that the engine splits anywhere.
    for part in 0..4 {
        let lines: String = (0..1000).map(|n| format!("{:09}\n", part * 1000 + n)).collect();
        std::fs::write(folder.path().join(format!("{part}.csv")), format!("n\n{lines}")).unwrap();
    }
    session.table("t", folder.path().to_str().unwrap()).await.unwrap();
    session.set("datafusion.optimizer.repartition_file_min_size", "0").unwrap();
    let rows = "SELECT count(*) FROM (SELECT n FROM t)";
    let query = "SELECT n FROM t WHERE n > 5";
    // 4 files of 10,002 bytes; 1,024 parts of them are 40 bytes each, which leaves nothing for the last ones.
    for (bytes, expected) in [
        ("DEFAULT", "2"),
        ("'1TiB'", "2"),
        ("20004", "2"),
        ("20003", "3"),
        ("4000", "11"),
        ("'1KiB'", "40"),
        ("1", "1001"),
        ("default", "2"),
    ] {
        run(&session, &format!("SET filbert.partition_bytes = {bytes}")).await;
        assert_eq!(planned(&session, query).await, expected, "{bytes}");
        assert_eq!(cells(&session, rows).await, "4000", "{bytes}");
        // The exchange of an aggregate too.
        let plan = cells(&session, "EXPLAIN SELECT n, count(*) FROM t GROUP BY n").await;
        assert!(plan.contains(&format!("Hash([n@0], {})", expected.replace("1001", "1024"))), "{bytes}: {plan}");
    }
    run(&session, "SET filbert.partition_bytes = 4000").await;
    // Twice the table, in a subquery and in a view, twice the bytes.
    run(&session, "CREATE VIEW v AS SELECT n FROM t").await;
    assert_eq!(planned(&session, "SELECT n FROM v WHERE n IN (SELECT n + 1 FROM t)").await, "21");
    // Where there are no files, there are no bytes.
    run(&session, "CREATE TABLE m AS SELECT 1 AS n").await;
    assert_eq!(cells(&session, "SELECT n FROM m").await, "1");
    assert_eq!(cells(&session, "SHOW filbert.partition_bytes").await, "filbert.partition_bytes | 4000");
    for wrong in ["lots", "0", "'-1'", "'1.5MiB'"] {
        let message = failure(&session, &format!("SET filbert.partition_bytes = {wrong}")).await;
        assert!(message.contains("write a number of bytes, such as 8GiB or 512MiB"), "{message}");
    }
}
