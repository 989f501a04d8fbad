//! What kernels did on a cluster: EXPLAIN ANALYZE at the client, pages for Prometheus.

use filbert_cluster::Standalone;
use filbert_cluster::status::Rest;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::{both, on_big_stacks, run};

const CREATE: &str = "CREATE FUNCTION measured_once(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS \
                      'fn measured_once(x: f64) -> f64 { x * 17.5 + 0.25 }'";

/// A page that is asked for as Prometheus does.
async fn page(uri: String) -> String {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<hyper::body::Bytes>>();
    let response = client.get(uri.parse().unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The number behind a name, labels and all.
fn value(page: &str, name: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
}

#[test]
fn kernels_are_counted_from_the_executors() {
    on_big_stacks(async {
        let cluster = Standalone::start(2, 2).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, CREATE).await;
        let sql = "EXPLAIN ANALYZE SELECT k, sum(measured_once(x)) FROM t WHERE n < 3000 GROUP BY k ORDER BY k";
        let table = run(&remote, sql).await;
        assert!(table.contains("stage 1, ") && table.contains("measured_once={rows=3000, ns_per_row="), "{table}");
        // One process, one compile, however many executors and tasks.
        assert!(table.contains("compiles=1, compile_time=") && table.contains("backend=native}"), "{table}");
        assert!(!table.contains("kernel.measured_once"), "{table}");

        let (mut rows, mut tasks) = (0.0, 0.0);
        for executor in Rest::new(&cluster.url()).unwrap().executors().await.unwrap() {
            let page = page(format!("http://{}:{}/metrics", executor.host, executor.port)).await;
            assert_eq!(value(&page, "filbert_executor_cores"), 2.0);
            assert_eq!(value(&page, "filbert_executor_tasks_running"), 0.0);
            assert!(value(&page, "filbert_kernel_cache_bytes") > 0.0);
            assert!(value(&page, "filbert_kernel_cache_events_total{event=\"compile\"}") > 0.0);
            if page.contains("measured_once") {
                rows += value(&page, "filbert_kernel_rows_total{kernel=\"measured_once\"}");
            }
            if page.contains("succeeded") {
                tasks += value(&page, "filbert_executor_tasks_total{outcome=\"succeeded\"}");
            }
        }
        assert_eq!(rows, 3000.0);
        assert!(tasks >= 3.0, "{tasks}");
        let page = page(format!("{}/api/metrics", cluster.url().replace("df://", "http://"))).await;
        assert_eq!(value(&page, "filbert_cluster_kernel_rows_total{kernel=\"measured_once\"}"), 3000.0);
        assert_eq!(value(&page, "filbert_cluster_kernel_compiles_total{kernel=\"measured_once\"}"), 1.0);
        assert!(value(&page, "job_completed_total") >= 1.0);
    });
}

#[test]
fn a_failed_task_is_counted_as_one() {
    on_big_stacks(async {
        let cluster = Standalone::start(1, 1).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(
            &remote,
            "CREATE FUNCTION fails_at_zero(BIGINT) RETURNS BIGINT LANGUAGE kernel AS \
             'fn fails_at_zero(x: i64) -> i64 { 1 / x }'",
        )
        .await;
        crate::failure(&remote, "SELECT fails_at_zero(n) FROM t").await;
        let executor = Rest::new(&cluster.url()).unwrap().executors().await.unwrap().remove(0);
        let page = page(format!("http://{}:{}/metrics", executor.host, executor.port)).await;
        assert!(value(&page, "filbert_executor_tasks_total{outcome=\"failed\"}") >= 1.0);
        assert!(value(&page, "filbert_kernel_failed_calls_total{kernel=\"fails_at_zero\"}") >= 1.0);
    });
}
