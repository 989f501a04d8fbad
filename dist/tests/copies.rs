//! COPY TO with a runner that fails and tries again: what is there afterwards comes from one attempt.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionConfig;
use filbert_dist::runner::{self, Runner, with_runner};
use filbert_dist::{Session, output};
use futures::StreamExt;

/// Its first attempts fail behind their last row; it makes so many more.
struct Failing {
    failures: AtomicU32,
    attempts_max: u32,
}

#[async_trait]
impl Runner for Failing {
    async fn stream(&self, frame: DataFrame) -> Result<SendableRecordBatchStream> {
        let rows = frame.execute_stream().await?;
        let schema = rows.schema();
        let fails = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let end = futures::stream::iter(fails.then(|| exec_err!("the connection broke")));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.chain(end))))
    }

    async fn failed(&self, attempt: u32, error: DataFusionError) -> Result<()> {
        if attempt < self.attempts_max { Ok(()) } else { Err(error) }
    }
}

fn session(failures: u32) -> Session {
    let runner = Failing { failures: failures.into(), attempts_max: 3 };
    Session::with_config(with_runner(SessionConfig::new().with_target_partitions(2), Arc::new(runner)))
}

async fn collect(session: &Session, sql: &str) -> Result<usize> {
    let rows = runner::collect(session.context().sql(sql).await?).await?;
    Ok(rows.iter().map(|batch| batch.num_rows()).sum())
}

/// Names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn count(path: &Path) -> usize {
    let session = Session::local();
    session.table("written", path.to_str().unwrap()).await.unwrap();
    collect(&session, "SELECT * FROM written").await.unwrap()
}

#[tokio::test]
async fn rows_of_a_failed_attempt_are_dropped() {
    let sql = "SELECT * FROM (VALUES (1), (2), (3)) AS t(a)";
    assert_eq!(collect(&session(2), sql).await.unwrap(), 3);
    assert!(collect(&session(3), sql).await.unwrap_err().to_string().contains("the connection broke"));
}

#[tokio::test]
async fn files_of_a_failed_attempt_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let copy = |name: &str| format!("COPY (VALUES (1), (2), (3)) TO '{}' STORED AS PARQUET", path(name).display());
    for failures in [0, 1, 2] {
        for name in ["one.parquet", "many/"] {
            collect(&session(failures), &copy(name)).await.unwrap();
            assert_eq!(count(&path(name)).await, 3, "{name} after {failures}");
        }
        assert_eq!(names(folder.path()), ["many", "one.parquet"]);
        fs::remove_dir_all(path("many/")).unwrap();
    }
    let before = fs::read(path("one.parquet")).unwrap();
    for name in ["one.parquet", "many/"] {
        collect(&session(3), &copy(name)).await.unwrap_err();
    }
    assert_eq!(names(folder.path()), ["one.parquet"]);
    assert_eq!(fs::read(path("one.parquet")).unwrap(), before);
}

#[tokio::test]
async fn result_files_come_from_one_attempt() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["parquet", "csv", "json"] {
        let path = folder.path().join(format!("out.{ending}"));
        for (failures, expected) in [(2, Some(3)), (3, None)] {
            let frame = session(failures).sql("SELECT * FROM (VALUES (1), (2), (3)) AS t(a)").await.unwrap();
            let format = output::Format::of_path(path.to_str().unwrap()).unwrap();
            let written = output::write(frame.dataframe(), path.to_str().unwrap(), format).await;
            assert_eq!(written.ok(), expected, "{ending} after {failures}");
            assert_eq!(count(&path).await, 3, "{ending}");
        }
    }
    assert_eq!(names(folder.path()), ["out.csv", "out.json", "out.parquet"]);
}

/// Names that a URL or a pattern would read otherwise.
#[tokio::test]
async fn targets_with_odd_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a b.parquet", "50%.parquet", "x#y.parquet", "ä.parquet", "no ending"] {
        let path = folder.path().join(name);
        collect(&session(1), &format!("COPY (VALUES (1)) TO '{}' STORED AS PARQUET", path.display())).await.unwrap();
        assert!(path.exists(), "{name}: {:?}", names(folder.path()));
    }
    assert_eq!(names(folder.path()).len(), 5);
    let pattern = folder.path().join("a*.parquet");
    let sql = format!("COPY (VALUES (1)) TO '{}' STORED AS PARQUET", pattern.display());
    let error = collect(&session(0), &sql).await.unwrap_err();
    assert!(error.to_string().contains("FB-0704"), "{error}");
}

/// EXPLAIN ANALYZE runs what it explains; EXPLAIN does not.
#[tokio::test]
async fn explaining_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.parquet");
    let copy = format!("COPY (VALUES (1), (2)) TO '{}'", path.display());
    collect(&session(0), &format!("EXPLAIN {copy}")).await.unwrap();
    assert!(names(folder.path()).is_empty());
    collect(&session(1), &format!("EXPLAIN ANALYZE {copy}")).await.unwrap();
    assert_eq!((names(folder.path()), count(&path).await), (vec!["one.parquet".to_string()], 2));
}
