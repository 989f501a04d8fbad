//! Executors as processes of their own, under a real scheduler: this binary is run again for each worker.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use ballista_core::serde::protobuf::CancelJobParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::common::{DataFusionError, Result};
use filbert_cluster::status::Rest;
use filbert_cluster::supervisor::{Supervisor, Times};
use filbert_cluster::{Executor, ExecutorOptions, Scheduler, SchedulerOptions, SessionExt, executor};
use filbert_dist::Session;
use filbert_dist::error::find_kernel_error;
use filbert_ir::Code;

const SCHEDULER: &str = "FILBERT_TEST_SCHEDULER";

/// `FILBERT_TEST_SCHEDULER` is whom it works for.
#[test]
#[ignore = "a worker of the other tests"]
fn worker() {
    let scheduler = std::env::var(SCHEDULER).unwrap();
    let options = ExecutorOptions { scheduler, cores: Some(2), ..ExecutorOptions::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(executor::run(options)).unwrap();
}

async fn scheduler() -> (Scheduler, String) {
    let bind = ([127, 0, 0, 1], 0).into();
    let scheduler = Scheduler::start(SchedulerOptions { bind, ..SchedulerOptions::default() }).await.unwrap();
    let address = scheduler.address().to_string();
    (scheduler, address)
}

fn supervisor(scheduler: &str, folder: &Path, poison: &str) -> Supervisor {
    let arguments = ["--exact", "workers::worker", "--ignored", "--nocapture", "--test-threads", "1"];
    Supervisor {
        program: std::env::current_exe().unwrap(),
        arguments: arguments.map(OsString::from).into(),
        environment: vec![(SCHEDULER.into(), scheduler.into()), ("FILBERT_TEST_POISON".into(), poison.into())],
        times: Times { pause_min: Duration::from_millis(50), ..Times::default() },
        ..Supervisor::new(scheduler.into(), Some(folder.join("rows")))
    }
}

/// A session on the cluster with `t`, 4 files of the numbers to 4,000, and the kernels of a test.
async fn session(scheduler: &str, folder: &Path) -> Session {
    let place = folder.join("numbers");
    std::fs::create_dir_all(&place).unwrap();
    for part in 0..4 {
        let sql = format!("SELECT value AS n FROM generate_series({}, {})", part * 1000, part * 1000 + 999);
        let path = place.join(format!("{part}.parquet"));
        Session::local().sql(&sql).await.unwrap().write_parquet(path.to_str().unwrap()).await.unwrap();
    }
    let session = Session::connect(&format!("df://{scheduler}")).await.unwrap();
    session.table("t", place.to_str().unwrap()).await.unwrap();
    for kernel in [
        "fn twice(n: i64) -> i64 { n * 2 }",
        "fn thrice(n: i64) -> i64 { n * 3 }",
        "#[kernel(fuel = 1_000_000_000_000)] fn slow(n: i64, rounds: i64) -> i64 { \
             let mut i = 0; while i < rounds { i += 1 + i / rounds; } n + i - rounds }",
    ] {
        let name = kernel.split("fn ").nth(1).unwrap().split('(').next().unwrap();
        let types = if name == "slow" { "BIGINT, BIGINT" } else { "BIGINT" };
        let sql = format!("CREATE FUNCTION {name}({types}) RETURNS BIGINT LANGUAGE kernel AS '{kernel}'");
        session.sql(&sql).await.unwrap().collect().await.unwrap();
    }
    session
}

async fn sum(session: &Session, argument: &str) -> Result<i64> {
    let batches = session.sql(&format!("SELECT sum({argument}) FROM t")).await?.collect().await?;
    let column = datafusion::arrow::array::cast::as_primitive_array::<datafusion::arrow::datatypes::Int64Type>(
        batches[0].column(0),
    );
    Ok(column.value(0))
}

fn code(error: &DataFusionError) -> Option<Code> {
    find_kernel_error(error).map(|found| found.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_ends_its_process_costs_one_worker() {
    for deed in ["abort", "segv"] {
        let folder = tempfile::tempdir().unwrap();
        let (_running, address) = scheduler().await;
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let poison = format!("thrice:{deed}");
        let workers = [&first, &second].map(|folder| supervisor(&address, folder, &poison));
        let test = async {
            let session = session(&address, folder.path()).await;
            assert_eq!(sum(&session, "twice(n)").await.unwrap(), 3999 * 4000);
            let rest = Rest::new(&format!("df://{address}")).unwrap();
            let executors = async || -> Vec<String> {
                rest.executors().await.unwrap().into_iter().map(|executor| executor.id).collect()
            };
            while executors().await.len() < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let before = executors().await;
            let started = Instant::now();
            let error = sum(&session, "thrice(n)").await.unwrap_err();
            assert_eq!(code(&error), Some(Code::KernelCrashed), "{error:?}");
            assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
            let cases = rest.quarantine().await.unwrap();
            assert_eq!(cases.len(), 1, "{cases:?}");
            // It is refused before any worker gets it, and all else goes on.
            let error = sum(&session, "thrice(n)").await.unwrap_err();
            assert_eq!(code(&error), Some(Code::KernelCrashed), "{error:?}");
            assert_eq!(sum(&session, "twice(n)").await.unwrap(), 3999 * 4000);
            assert_eq!(rest.quarantine().await.unwrap().len(), 1);
            let after = executors().await;
            let lost = before.iter().filter(|id| !after.contains(id)).count();
            assert_eq!(lost, 1, "{before:?} {after:?}");
        };
        tokio::select! {
            ended = workers[0].watch(std::future::pending()) => panic!("{ended:?}"),
            ended = workers[1].watch(std::future::pending()) => panic!("{ended:?}"),
            () = test => {}
        }
    }
}

/// Where one worker dies of a kernel, the other is stopped in it before it comes to the call of which it would die.
#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_ends_its_process_late_costs_one_worker() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, address) = scheduler().await;
    let workers = [("first", 30), ("second", 80)]
        .map(|(name, spared)| supervisor(&address, &folder.path().join(name), &format!("slow:segv:after={spared}")));
    let test = async {
        let session = session(&address, folder.path()).await;
        // Fifty calls for each file, of a tenth of a second each.
        session.set("datafusion.execution.batch_size", "20").unwrap();
        let rest = Rest::new(&format!("df://{address}")).unwrap();
        let executors = async || -> Vec<String> {
            rest.executors().await.unwrap().into_iter().map(|executor| executor.id).collect()
        };
        while executors().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let before = executors().await;
        let error = sum(&session, "slow(n, 1000000)").await.unwrap_err();
        assert_eq!(code(&error), Some(Code::KernelCrashed), "{error:?}");
        // Whoever ran on would be gone by then.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let after = executors().await;
        let lost = before.iter().filter(|id| !after.contains(id)).count();
        assert_eq!(lost, 1, "{before:?} {after:?}");
        assert_eq!(sum(&session, "twice(n)").await.unwrap(), 3999 * 4000);
    };
    tokio::select! {
        ended = workers[0].watch(std::future::pending()) => panic!("{ended:?}"),
        ended = workers[1].watch(std::future::pending()) => panic!("{ended:?}"),
        () = test => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_stops_inside_of_its_kernels() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, address) = scheduler().await;
    let options = ExecutorOptions { scheduler: address.clone(), cores: Some(1), ..ExecutorOptions::default() };
    let executor = Executor::start(options).await.unwrap();
    let session = session(&address, folder.path()).await;
    let rest = Rest::new(&format!("df://{address}")).unwrap();
    let cancel = async {
        let job = loop {
            let running = rest.jobs().await.unwrap().into_iter().find(|job| job.status == "Running");
            match running {
                Some(job) => break job.job_id,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        tokio::time::sleep(Duration::from_millis(500)).await; // into the kernel
        let mut scheduler = SchedulerGrpcClient::connect(format!("http://{address}")).await.unwrap();
        scheduler.cancel_job(CancelJobParams { job_id: job }).await.unwrap();
    };
    // A quarter of an hour a row, and one core.
    let (failed, ()) = tokio::join!(sum(&session, "slow(n, 1000000000000)"), cancel);
    assert_eq!(code(&failed.unwrap_err()), Some(Code::Cancelled));
    let asked = Instant::now();
    assert_eq!(sum(&session, "twice(n)").await.unwrap(), 3999 * 4000);
    assert!(asked.elapsed() < Duration::from_secs(10), "the core was free after {:?}", asked.elapsed());
    executor.stop("filbert-exit 1 the test is over").await;
}
