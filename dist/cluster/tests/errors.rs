//! Errors of kernels, addresses and plans, as the user of a cluster sees them.

use std::time::Instant;

use filbert_cluster::status::Rest;
use filbert_cluster::{Scheduler, SchedulerOptions, SessionExt, Standalone};
use filbert_dist::Session;
use filbert_ir::Code;

use crate::{SQUARE, both, failure, on_big_stacks, run};

#[test]
fn a_failing_row_ends_the_job_once_with_the_whole_message() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        let function = "CREATE FUNCTION ratio(BIGINT, BIGINT) RETURNS BIGINT LANGUAGE kernel AS \
                    'fn ratio(part: i64, whole: i64) -> i64 { part / whole }'";
        for session in [&remote, &local] {
            run(session, function).await;
        }
        let sql = "SELECT sum(ratio(n, n - 1234)) FROM t";
        let (screen, expected) = (failure(&remote, sql).await, failure(&local, sql).await);
        assert_eq!(screen, expected);
        assert!(screen.contains("FB-0502") && screen.contains("part = 1234") && screen.contains("^"), "{screen}");
        // Once: the scheduler knows of one job that failed.
        let jobs = Rest::new(&cluster.url()).unwrap().jobs().await.unwrap();
        let failed: Vec<&str> = jobs.iter().map(|job| job.status.as_str()).collect();
        assert_eq!(failed, ["Failed"]);
        // And nothing is worse for it.
        run(&remote, SQUARE).await;
        assert_eq!(run(&remote, "SELECT count(change(x)) FROM t").await, {
            run(&local, SQUARE).await;
            run(&local, "SELECT count(change(x)) FROM t").await
        });
    });
}

#[test]
fn wrong_queries_are_told_without_asking_the_cluster() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 1).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for sql in ["SELECT nothing FROM t", "SELECT unknown(n) FROM t", "SELECT n FROM nowhere"] {
            assert_eq!(failure(&remote, sql).await, failure(&local, sql).await, "{sql}");
        }
        assert!(Rest::new(&cluster.url()).unwrap().jobs().await.unwrap().is_empty());
    });
}

#[test]
fn addresses() {
    on_big_stacks(async {
        let code = |error: &datafusion::common::DataFusionError| {
            filbert_dist::error::find_kernel_error(error).map(|found| found.code)
        };
        let started = Instant::now();
        for url in ["df://127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1", "df://"] {
            let error = Session::connect(url).await.err().unwrap_or_else(|| panic!("{url} should not be there"));
            assert_eq!(code(&error), Some(Code::ClusterUnreachable), "{url}: {error}");
        }
        // Somebody who is no scheduler.
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("df://{}", other.local_addr().unwrap());
        let answer = tokio::spawn(async move {
            let (connection, _) = other.accept().await.unwrap();
            drop(connection);
        });
        let error = Session::connect(&url).await.err().unwrap();
        assert_eq!(code(&error), Some(Code::ClusterUnreachable), "{error}");
        answer.await.unwrap();
        assert!(started.elapsed().as_secs() < 10);

        let open = SchedulerOptions { bind: ([0, 0, 0, 0], 0).into(), insecure: false };
        assert_eq!(Scheduler::start(open.clone()).await.err().unwrap().code, Code::NotLoopback);
        let scheduler = Scheduler::start(SchedulerOptions { insecure: true, ..open }).await.unwrap();
        let taken = SchedulerOptions { bind: scheduler.address(), insecure: true };
        assert_eq!(Scheduler::start(taken).await.err().unwrap().code, Code::ClusterUnreachable);
        scheduler.stop().await;
    });
}

/// A job that comes before the first executor waits for it.
#[test]
fn a_job_waits_for_the_first_executor() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(0, 1).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, SQUARE).await;
        let job = tokio::spawn(async move { run(&remote, "SELECT count(change(x)) FROM t").await });
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(!job.is_finished());
        cluster.add_executor(1).await.unwrap();
        assert!(job.await.unwrap().contains("4000"));
    });
}
