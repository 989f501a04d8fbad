//! What a session says about its kernels: fuel, the stop flag.

use std::time::Duration;

use datafusion::prelude::SessionContext;
use filbert_dist::error::find_kernel_error;
use filbert_dist::{KernelUdf, Session};
use filbert_ir::Code;

use crate::{cells, failure, kernel, run, session};

const KERNELS: &str = "
    fn collatz(n: u64) -> u64 {
        let (mut n, mut steps) = (n, 0u64);
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    }
    #[kernel(fuel = 10)]
    fn ten(n: u64) -> u64 {
        let mut i = 0u64;
        while i < n { i += 1; }
        i
    }
    #[kernel(fuel = 10, on_error = \"null\")]
    fn ten_or_null(n: u64) -> u64 {
        let mut i = 0u64;
        while i < n { i += 1; }
        i
    }
    fn forever(n: u64) -> u64 {
        let mut x = n;
        while x < 18446744073709551615 { x = (x + 1) % 1000; }
        x
    }
";

const ROWS: &str = "CREATE TABLE t AS SELECT arrow_cast(value, 'UInt64') n FROM generate_series(1, 30)";

#[tokio::test]
async fn a_loop_without_fuel_fails_its_row() {
    let session = session(KERNELS);
    run(&session, ROWS).await;
    let screen = failure(&session, "SELECT ten(n) FROM t").await;
    assert!(screen.starts_with("[FB-0506] Error: ") && screen.contains("n = 11"), "{screen}");
    assert_eq!(cells(&session, "SELECT count(ten_or_null(n)), count(*) FROM t").await, "10 | 30");
    assert_eq!(cells(&session, "SELECT ten(10)").await, "10");
}

#[tokio::test]
async fn a_session_lowers_the_fuel() {
    let session = session(KERNELS);
    run(&session, ROWS).await;
    assert_eq!(cells(&session, "SELECT max(collatz(n)) FROM t").await, "111");
    run(&session, "SET filbert.fuel = 100").await;
    let screen = failure(&session, "SELECT max(collatz(n)) FROM t").await;
    assert!(screen.contains("FB-0506") && screen.contains("n = 27"), "{screen}");
    assert_eq!(cells(&session, "SHOW filbert.fuel").await, "filbert.fuel | 100");
    // It only lowers.
    let screen = failure(&session, "SELECT ten(11)").await;
    assert!(screen.contains("FB-0506"), "{screen}");
    run(&session, "SET filbert.fuel = DEFAULT").await;
    assert_eq!(cells(&session, "SELECT collatz(27)").await, "111");
    session.set("filbert.fuel", "1_000").unwrap();
    assert_eq!(cells(&session, "SHOW filbert.fuel").await, "filbert.fuel | 1000");
    let message = failure(&session, "SET filbert.fuel = much").await;
    assert!(message.contains("filbert.fuel is a number of loop iterations, not 'much'"), "{message}");
    let message = failure(&session, "SET filbert.fule = 1").await;
    assert!(
        message.contains(
            "there is no setting filbert.fule; there are filbert.bundle, filbert.fuel and filbert.partition_bytes"
        ),
        "{message}"
    );
}

#[tokio::test]
async fn a_context_without_the_settings_runs_kernels() {
    let context = SessionContext::new();
    context.register_udf(
        KernelUdf::new(kernel("fn f(n: u64) -> u64 { let mut i = 0u64; while i < n { i += 1; } i }")).into(),
    );
    let rows = context.sql("SELECT f(arrow_cast(5, 'UInt64'))").await.unwrap().collect().await.unwrap();
    assert_eq!(rows[0].num_rows(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fault_48_a_raised_flag_ends_the_queries_of_a_session() {
    let session = Session::local();
    for kernel in &filbert_syntax::parse(KERNELS, "test").unwrap().kernels {
        session.register(kernel).unwrap();
    }
    run(&session, ROWS).await;
    let flag = session.stop_flag();
    let running = tokio::spawn({
        let session = session.clone();
        async move { session.sql("SELECT sum(forever(n)) FROM t").await.unwrap().collect().await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!running.is_finished());
    flag.raise();
    let error = tokio::time::timeout(Duration::from_secs(20), running).await.expect("it ends").unwrap().unwrap_err();
    assert_eq!(find_kernel_error(&error).map(|error| error.code), Some(Code::Cancelled), "{error}");
    // The flag stays raised for what was planned under it; a new one goes on.
    let message = failure(&session, "SELECT ten(n) FROM t WHERE n < 3").await;
    assert!(message.contains("FB-0802"), "{message}");
    assert!(!session.stop_flag().is_raised());
    assert_eq!(cells(&session, "SELECT ten(n) FROM t WHERE n < 3").await, "1; 2");
}

#[tokio::test]
async fn a_bundle_brings_its_kernels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.fbundle");
    let platform = "x86-64-v2".parse().unwrap();
    let bundled = kernel("fn bundled_half(x: f64) -> f64 { x * 0.5 }");
    std::fs::write(&path, filbert_store::bundle::build(&[bundled], &[platform], None).unwrap()).unwrap();
    let first = Session::local();
    first.with_bundle(&path).unwrap();
    assert_eq!(cells(&first, "SELECT bundled_half(3.0)").await, "1.5");
    // Every session says for itself which functions it has.
    let second = Session::local();
    assert!(failure(&second, "SELECT bundled_half(3.0)").await.contains("bundled_half"));
    run(&second, &format!("SET filbert.bundle = '{}'", path.display())).await;
    assert_eq!(cells(&second, "SELECT bundled_half(5.0)").await, "2.5");
    // One that is no bundle is refused, and the setting stays what it was.
    let wrong = folder.path().join("wrong.fbundle");
    std::fs::write(&wrong, "SELECT 1").unwrap();
    let screen = failure(&second, &format!("SET filbert.bundle = '{}'", wrong.display())).await;
    assert!(screen.contains("FB-0703") && screen.contains("wrong.fbundle: it is no bundle of kernels"), "{screen}");
    assert!(cells(&second, "SHOW filbert.bundle").await.ends_with("half.fbundle"));
    run(&second, "SELECT 1").await;
}
