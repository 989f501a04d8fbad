//! Executors that are lost, and kernels that are to blame for it. The executors here are declared lost by a
//! report and live on, as one does that was stopped and comes back; the tests with processes kill them.

use std::path::Path;
use std::time::Duration;

use ballista_core::serde::protobuf::ExecutorStoppedParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use filbert_cluster::quarantine::Crash;
use filbert_cluster::status::Rest;
use filbert_cluster::{Executor, ExecutorOptions, Scheduler, SchedulerOptions, SessionExt, Standalone, settings};
use filbert_dist::{KernelUdf, Session};

use crate::{SLOW, SQUARE, TRIPLE, both, failure, numbers, on_big_stacks, run};

async fn stop(cluster: &Standalone, executor_id: &str, reason: &str) {
    let mut scheduler = SchedulerGrpcClient::connect(cluster.url().replace("df://", "http://")).await.unwrap();
    let stopped = ExecutorStoppedParams { executor_id: executor_id.into(), reason: reason.into() };
    scheduler.executor_stopped(stopped).await.unwrap();
}

/// The kernel's id.
fn id(session: &Session, name: &str) -> String {
    let function = session.context().state().scalar_functions().get(name).unwrap().clone();
    function.inner().downcast_ref::<KernelUdf>().unwrap().kernel().id().to_string()
}

/// Jobs of one, two and three stages are hit at many moments by the loss of an executor that goes on polling.
#[test]
fn a_lost_executor_changes_nothing() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for session in [&remote, &local] {
            run(session, SLOW).await;
        }
        let rest = Rest::new(&cluster.url()).unwrap();
        let queries = [
            "SELECT n, slow(x, 8000) AS y FROM t ORDER BY n LIMIT 3000",
            "SELECT k, sum(slow(x, 8000)) AS s, count(*) AS c FROM t GROUP BY k ORDER BY k",
            "SELECT n, slow(x, 8000) AS y FROM t WHERE n % 3 = 0",
            "SELECT slow(a.x, 4000) AS y, count(*) AS c FROM t a JOIN t b ON a.n = b.n GROUP BY 1 ORDER BY 1",
        ];
        for sql in queries {
            let sorted = |table: String| {
                let mut lines: Vec<String> = table.lines().map(str::to_string).collect();
                lines.sort();
                lines
            };
            let expected = sorted(run(&local, sql).await);
            for delay in [50, 250, 500, 800] {
                let (session, text) = (remote.clone(), sql.to_string());
                let job = tokio::spawn(async move { run(&session, &text).await });
                tokio::time::sleep(Duration::from_millis(delay)).await;
                if let Some(executor) = rest.executors().await.unwrap().first() {
                    stop(&cluster, &executor.id, "killed").await;
                }
                let table = tokio::time::timeout(Duration::from_secs(60), job).await.expect("it hangs").unwrap();
                assert_eq!(sorted(table), expected, "{sql} after {delay} ms");
            }
        }
        // The losses did hit: jobs were ended, and run anew.
        let jobs = rest.jobs().await.unwrap();
        let ended = jobs.iter().filter(|job| job.status == "Failed").count();
        println!("{ended} of {} jobs were ended", jobs.len());
        assert!(ended > 0, "{jobs:?}");
    });
}

/// Removes the files that say where in a shuffle file a partition lies; how many there were.
fn remove_indexes(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let removed = entries.map(|path| match path.is_dir() {
        true => remove_indexes(&path),
        false if path.extension().is_some_and(|ending| ending == "index") => {
            std::fs::remove_file(&path).map_or(0, |()| 1)
        }
        false => 0,
    });
    removed.sum()
}

/// The engine reads nothing from such a file on its own disk, and all partitions' rows from one on another's.
#[test]
fn shuffle_files_without_their_indexes_change_nothing() {
    on_big_stacks(async {
        for executors in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let shuffles = folder.path().join("shuffles");
            let bind = ([127, 0, 0, 1], 0).into();
            let scheduler = Scheduler::start(SchedulerOptions { bind, insecure: false }).await.unwrap();
            let mut running = Vec::new();
            for _ in 0..executors {
                let options = ExecutorOptions {
                    scheduler: scheduler.address().to_string(),
                    cores: Some(1),
                    work_dir: Some(shuffles.clone()),
                    ..ExecutorOptions::default()
                };
                running.push(Executor::start(options).await.unwrap());
            }
            let place = numbers(folder.path()).await;
            let url = format!("df://{}", scheduler.address());
            // More tasks than cores: some of the second stage begin when the files have lost their indexes.
            let config = settings::session_config().with_target_partitions(8);
            let (remote, local) = (Session::connect_with(&url, config).await.unwrap(), Session::local());
            for session in [&remote, &local] {
                session.table("t", place.to_str().unwrap()).await.unwrap();
                run(session, SLOW).await;
            }
            let sql = "SELECT k, count(*) AS c, slow(sum(x), 500000) AS s FROM t GROUP BY k";
            let sorted = |table: String| {
                let mut lines: Vec<String> = table.lines().map(str::to_string).collect();
                lines.sort();
                lines
            };
            let expected = sorted(run(&local, sql).await);
            let job = tokio::spawn(async move { run(&remote, sql).await });
            let rest = Rest::new(&url).unwrap();
            let begun = async || -> Option<bool> {
                let job = rest.jobs().await.ok()?.into_iter().find(|job| job.status == "Running")?;
                let stages = rest.stages(&job.job_id).await.ok()?;
                Some(stages.iter().any(|stage| stage.stage_id == "2" && stage.tasks().1 > 0))
            };
            while begun().await != Some(true) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(remove_indexes(&shuffles) > 0);
            let table = tokio::time::timeout(Duration::from_secs(60), job).await.expect("it hangs").unwrap();
            assert_eq!(sorted(table), expected, "{executors} executors");
            let jobs = rest.jobs().await.unwrap();
            assert!(jobs.iter().any(|job| job.status == "Failed"), "the files were not read again: {jobs:?}");
        }
    });
}

#[test]
fn a_kernel_that_ended_its_executor_is_run_no_more() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let place = numbers(folder.path()).await;
        let session = Session::connect(&cluster.url()).await.unwrap();
        session.table("t", place.to_str().unwrap()).await.unwrap();
        run(&session, SLOW).await;
        run(&session, SQUARE).await;
        let slow = id(&session, "slow");
        let rest = Rest::new(&cluster.url()).unwrap();
        let executor = rest.executors().await.unwrap()[0].id.clone();

        // Of the two jobs that run, the one with the kernel ends for good, the other goes on elsewhere or anew.
        let (guilty, other) = (session.clone(), session.clone());
        let guilty = tokio::spawn(async move { failure(&guilty, "SELECT sum(slow(x, 100000)) FROM t").await });
        let other = tokio::spawn(async move { run(&other, "SELECT count(change(x)) FROM t").await });
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let crash = Crash { signal: 11, kernel: slow.clone() };
        stop(&cluster, &executor, &crash.reason()).await;
        let screen = tokio::time::timeout(Duration::from_secs(30), guilty).await.expect("it hangs").unwrap();
        assert!(screen.starts_with("FB-1103: ") && screen.contains("signal 11") && screen.contains(&slow), "{screen}");
        assert!(other.await.unwrap().contains("4000"));

        // Nor is it run in another job, under another name.
        let again = SLOW.replace("FUNCTION slow", "FUNCTION crawl").replace("fn slow", "fn crawl");
        run(&session, &again).await;
        let screen = failure(&session, "SELECT sum(crawl(x, 1)) FROM t").await;
        assert!(screen.starts_with("FB-1103: "), "{screen}");
        let cases = rest.quarantine().await.unwrap();
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].kernel.as_str(), cases[0].signal), (slow.as_str(), 11));
        // All others are.
        run(&session, TRIPLE).await;
        assert!(run(&session, "SELECT sum(change(x)) FROM t").await.contains("2999250.0"));
    });
}

#[test]
fn an_ordinary_loss_blames_no_kernel() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, SQUARE).await;
        let rest = Rest::new(&cluster.url()).unwrap();
        let executor = rest.executors().await.unwrap()[0].id.clone();
        stop(&cluster, &executor, "signal 9").await;
        assert!(rest.quarantine().await.unwrap().is_empty());
        assert!(run(&remote, "SELECT count(change(x)) FROM t").await.contains("4000"));
    });
}
