//! Executors that misbehave, played by this test through the scheduler's own interface.

use std::time::{Duration, Instant};

use ballista_core::BALLISTA_PROTOCOL_VERSION;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{ExecutorRegistration, ExecutorStoppedParams, PollWorkParams, TaskDefinition};
use ballista_core::serde::scheduler::{ExecutorOperatingSystemSpecification, ExecutorSpecification};
use filbert_cluster::status::Rest;
use filbert_cluster::{SessionExt, Standalone, settings};
use filbert_dist::Session;
use tonic::transport::Channel;

use crate::{SLOW, SQUARE, both, failure, on_big_stacks, run};

/// An executor with one core that runs nothing.
struct Stranger {
    scheduler: SchedulerGrpcClient<Channel>,
    id: String,
}

impl Stranger {
    async fn new(cluster: &Standalone, id: &str) -> Stranger {
        let scheduler = SchedulerGrpcClient::connect(cluster.url().replace("df://", "http://")).await.unwrap();
        Stranger { scheduler, id: id.to_string() }
    }

    /// All cores free, nothing to report.
    async fn poll(&mut self) -> Vec<TaskDefinition> {
        let metadata = ExecutorRegistration {
            id: self.id.clone(),
            host: Some("127.0.0.1".into()),
            port: 1,
            grpc_port: 1,
            specification: Some(ExecutorSpecification::default().with_vcores(1).into()),
            os_info: Some(ExecutorOperatingSystemSpecification::default().into()),
            ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
        };
        let poll = PollWorkParams { metadata: Some(metadata), num_free_vcores: 1, task_status: Vec::new() };
        self.scheduler.poll_work(poll).await.unwrap().into_inner().tasks
    }

    /// Polls until it is handed a task.
    async fn take(&mut self) {
        let asked = Instant::now();
        while self.poll().await.is_empty() {
            assert!(asked.elapsed() < Duration::from_secs(30), "no task came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn stop(&mut self, reason: &str) {
        let stopped = ExecutorStoppedParams { executor_id: self.id.clone(), reason: reason.into() };
        self.scheduler.executor_stopped(stopped).await.unwrap();
    }
}

/// An idle executor's poll is answered when there is work: at once then, and late if there comes none.
#[test]
fn an_idle_poll_waits_for_work() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(0, 1).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        let mut stranger = Stranger::new(&cluster, "idle").await;
        let (began, patience) = (Instant::now(), settings::POLL_PATIENCE);
        assert!(stranger.poll().await.is_empty());
        assert!(began.elapsed() >= patience, "{:?}", began.elapsed());
        let job = tokio::spawn(async move { run(&remote, "SELECT sum(x) FROM t").await });
        loop {
            let asked = Instant::now();
            if !stranger.poll().await.is_empty() {
                break;
            }
            assert!(asked.elapsed() >= patience, "{:?}", asked.elapsed());
            assert!(began.elapsed() < Duration::from_secs(30), "no task came");
        }
        job.abort();
    });
}

/// The answer with its tasks got lost: the executor polls on and knows nothing of them.
#[test]
fn tasks_that_never_arrived_are_run_by_others() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(0, 1).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for session in [&remote, &local] {
            run(session, SQUARE).await;
        }
        let sql = "SELECT k, sum(change(x)) FROM t GROUP BY k ORDER BY k";
        let mut stranger = Stranger::new(&cluster, "forgetful").await;
        stranger.poll().await;
        let job = tokio::spawn({
            let remote = remote.clone();
            async move { run(&remote, sql).await }
        });
        stranger.take().await;
        cluster.add_executor(1).await.unwrap();
        let polls = tokio::spawn(async move {
            // Until it is out, and not so long that it is taken in again.
            for _ in 0..8 {
                stranger.poll().await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        let table = tokio::time::timeout(Duration::from_secs(60), job).await.expect("it hangs").unwrap();
        polls.abort();
        assert_eq!(table, run(&local, sql).await);
    });
}

/// Where each attempt loses its executor, the last one says so.
#[test]
fn attempts_are_counted() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(0, 1).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, SQUARE).await;
        let job = tokio::spawn(async move { failure(&remote, "SELECT change(x) FROM t").await });
        // More than three may be needed: one can be handed a task of an attempt that is just being ended.
        for number in 1.. {
            let mut stranger = Stranger::new(&cluster, &format!("mortal-{number}")).await;
            while stranger.poll().await.is_empty() && !job.is_finished() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if job.is_finished() {
                break;
            }
            assert!(number < 12, "it is tried too often");
            stranger.stop("it was killed").await;
        }
        let screen = tokio::time::timeout(Duration::from_secs(30), job).await.expect("it hangs").unwrap();
        let words = ["FB-1102: ", "executor mortal-", " is gone: it was killed", "tried 3 times"];
        assert!(words.iter().all(|words| screen.contains(words)), "{screen}");
        let jobs = Rest::new(&cluster.url()).unwrap().jobs().await.unwrap();
        assert_eq!(jobs.iter().filter(|job| job.status == "Failed").count(), 3, "{jobs:?}");
    });
}

/// Nobody waits for the rows any more.
#[test]
fn a_job_that_is_dropped_is_cancelled() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, SLOW).await;
        let rest = Rest::new(&cluster.url()).unwrap();
        let status = async || rest.jobs().await.unwrap().first().map(|job| job.status.clone());
        let job = tokio::spawn({
            let remote = remote.clone();
            async move { run(&remote, "SELECT sum(slow(x, 10000000)) FROM t").await }
        });
        let asked = Instant::now();
        while status().await.as_deref() != Some("Running") {
            assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", status().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
        let asked = Instant::now();
        while status().await.as_deref() != Some("Failed") {
            assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", status().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // And the cores are free for others.
        run(&remote, SQUARE).await;
        let next = run(&remote, "SELECT count(change(x)) FROM t");
        tokio::time::timeout(Duration::from_secs(10), next).await.expect("its tasks run on");
    });
}

/// What is made in this session's memory is not where executors could read it.
#[test]
fn tables_in_memory_are_told() {
    on_big_stacks(async {
        let cluster = Standalone::start(1, 2).await.unwrap();
        let session = Session::connect(&cluster.url()).await.unwrap();
        run(&session, "CREATE VIEW w AS SELECT 1 AS a").await;
        assert!(run(&session, "SELECT sum(a) AS s FROM w").await.contains("| 1 |"));
        run(&session, "CREATE TABLE v AS SELECT 1 AS a").await;
        let screen = failure(&session, "SELECT sum(a) FROM v").await;
        assert!(screen.starts_with("FB-0706: ") && screen.contains("COPY TO"), "{screen}");
    });
}
