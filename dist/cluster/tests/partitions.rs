//! Partitions on a cluster are tasks: they are counted there, with their rows.

use std::path::Path;

use datafusion::common::Result;
use filbert_cluster::status::{Rest, StageStatus};
use filbert_cluster::{SessionExt, Standalone, settings};
use filbert_dist::{Frame, Session};

use crate::{numbers, on_big_stacks, run};

/// Runs a query; how many rows it gave, and its stages.
async fn stages(cluster: &Standalone, frame: Frame) -> (usize, Vec<StageStatus>) {
    let rows = frame.collect().await.unwrap().iter().map(|batch| batch.num_rows()).sum();
    let rest = Rest::new(&cluster.url()).unwrap();
    let jobs = rest.jobs().await.unwrap();
    let last = jobs.iter().max_by_key(|job| &job.job_id).unwrap();
    let mut stages = rest.stages(&last.job_id).await.unwrap();
    stages.sort_by_key(|stage| stage.stage_id.parse::<u32>().unwrap());
    (rows, stages)
}

/// Rows that the tasks of a stage read.
fn rows(stage: &StageStatus) -> Vec<u64> {
    stage.started().map(|task| task.input_rows).collect()
}

/// A session of two partitions with the table `t`.
async fn session(cluster: &Standalone, folder: &Path) -> Result<Session> {
    let config = settings::session_config().with_target_partitions(2);
    let session = Session::connect_with(&cluster.url(), config).await?;
    let place = folder.join("numbers");
    let place = if place.exists() { place } else { numbers(folder).await };
    session.table("t", place.to_str().unwrap()).await?;
    Ok(session)
}

#[test]
fn repartitions_are_tasks() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let session = session(&cluster, folder.path()).await.unwrap();
        run(
            &session,
            "CREATE FUNCTION tenth(BIGINT) RETURNS BIGINT LANGUAGE kernel AS 'fn tenth(n: i64) -> i64 { n % 10 }'",
        )
        .await;
        let frame = session.sql("SELECT n, k, x FROM t").await.unwrap();

        let (given, stages_of) =
            stages(&cluster, frame.clone().repartition(5).unwrap().filter("n >= 0").unwrap()).await;
        let read = rows(stages_of.last().unwrap());
        assert_eq!((given, read.len()), (4000, 5), "{read:?}");
        assert!(read.iter().all(|rows| (798..=802).contains(rows)), "{read:?}");

        for keys in [["k"], ["tenth(n)"], ["n % 10"]] {
            let frame = frame.clone().repartition_by(32, keys).unwrap();
            let (given, stages_of) = stages(&cluster, frame).await;
            let read = rows(stages_of.last().unwrap());
            assert_eq!((given, read.len()), (4000, 32), "{keys:?}");
            assert!(read.iter().all(|rows| rows % 400 == 0), "{keys:?}: a key in two partitions: {read:?}");
        }

        // One partition, and an exchange of the engine's own behind one that was asked for.
        let (given, stages_of) = stages(&cluster, frame.clone().repartition(1).unwrap()).await;
        assert_eq!((given, rows(stages_of.last().unwrap())), (4000, vec![4000]));
        let few = frame.repartition_by(3, ["k"]).unwrap();
        let grouped = few.aggregate(["k"], ["sum(n) AS s"]).unwrap().sort(["k"]).unwrap();
        let local = Session::local();
        local.table("t", folder.path().join("numbers").to_str().unwrap()).await.unwrap();
        let expected = local.sql("SELECT k, sum(n) AS s FROM t GROUP BY k ORDER BY k").await.unwrap();
        assert_eq!(grouped.collect().await.unwrap(), expected.collect().await.unwrap());
    });
}

#[test]
fn sql_distributes_too() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let session = session(&cluster, folder.path()).await.unwrap();
        session.set("datafusion.execution.target_partitions", "6").unwrap();
        let (given, stages_of) =
            stages(&cluster, session.sql("SELECT k, n FROM t DISTRIBUTE BY k").await.unwrap()).await;
        let read = rows(stages_of.last().unwrap());
        assert_eq!((given, read.len()), (4000, 6));
        assert!(read.iter().all(|rows| rows % 400 == 0), "{read:?}");
        // A window whose key is a kernel: the engine's own exchange writes functions by name.
        run(
            &session,
            "CREATE FUNCTION tenth(BIGINT) RETURNS BIGINT LANGUAGE kernel AS 'fn tenth(n: i64) -> i64 { n % 10 }'",
        )
        .await;
        let sql = "SELECT max(c) FROM (SELECT count(*) OVER (PARTITION BY tenth(n)) AS c FROM t)";
        assert!(run(&session, sql).await.contains("400"));
    });
}

#[test]
fn tasks_follow_from_the_bytes_of_files() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let session = session(&cluster, folder.path()).await.unwrap();
        let files = std::fs::read_dir(folder.path().join("numbers")).unwrap();
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        for (setting, expected) in [("DEFAULT".to_string(), 2), (bytes.div_ceil(8).to_string(), 8)] {
            run(&session, &format!("SET filbert.partition_bytes = {setting}")).await;
            let frame = session.sql("SELECT k, count(*) AS c FROM t GROUP BY k").await.unwrap();
            let (given, stages_of) = stages(&cluster, frame).await;
            let tasks: Vec<usize> = stages_of.iter().map(|stage| stage.started().count()).collect();
            assert_eq!((given, tasks.last()), (10, Some(&expected)), "{setting}: {tasks:?}");
        }
    });
}
