//! A cluster inside this process: the same rows as without one, and what it does with bad plans, bad kernels and
//! lost executors; executors and their supervisors by themselves. One binary for all of it.

#![allow(missing_docs, clippy::unwrap_used)]

mod copies;
mod errors;
mod executor;
mod losses;
mod metrics;
mod partitions;
mod payloads;
mod places;
mod scheduler_stub;
mod strangers;
mod supervisor;
mod workers;

use std::path::{Path, PathBuf};

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::common::DataFusionError;
use datafusion::sql::parser::DFParser;
use filbert_cluster::{SessionExt, Standalone};
use filbert_dist::{Session, runner};

const SQUARE: &str = "CREATE OR REPLACE FUNCTION change(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS \
                      'fn change(x: f64) -> f64 { x * x }'";
const TRIPLE: &str = "CREATE OR REPLACE FUNCTION change(DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS \
                      'fn change(x: f64) -> f64 { x * 3.0 }'";
/// Takes about a second for each million rounds: the remainder of floats keeps it from vectors, which would be done
/// before anything can happen to it.
const SLOW: &str = "CREATE OR REPLACE FUNCTION slow(DOUBLE, BIGINT) RETURNS DOUBLE LANGUAGE kernel AS \
                    '#[kernel(fuel = 100_000_000_000)] fn slow(x: f64, rounds: i64) -> f64 { \
                         let mut y = x; let mut i = 0; \
                         while i < rounds { y = ((y + 0.1) % 1e9).sin(); i += 1; } \
                         if y > 2.0 { y } else { x } }'";

/// Runs a test where the engine has room: unoptimised, it needs more stack than a test's thread has.
fn on_big_stacks(test: impl Future<Output = ()> + Send + 'static) {
    let threads = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).enable_all().build().unwrap();
    threads.block_on(threads.spawn(test)).unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    threads.shutdown_background();
}

/// Runs statements; the rows of the last.
async fn try_run(session: &Session, sql: &str) -> Result<String, DataFusionError> {
    let mut batches = Vec::new();
    for statement in DFParser::parse_sql(sql)? {
        let plan = session.context().state().statement_to_plan(statement).await?;
        batches = runner::collect(session.context().execute_logical_plan(plan).await?).await?;
    }
    Ok(pretty_format_batches(&batches)?.to_string())
}

async fn run(session: &Session, sql: &str) -> String {
    try_run(session, sql).await.unwrap_or_else(|error| panic!("{sql}\n{}", session.render(&error)))
}

/// What the user sees of a failure.
async fn failure(session: &Session, sql: &str) -> String {
    match try_run(session, sql).await {
        Ok(table) => panic!("{sql}\nshould fail and gives\n{table}"),
        Err(error) => session.render(&error),
    }
}

/// Four files of 1,000 rows each: `k` from 0 to 9, `n` from 0 to 3,999, `x = n / 8`.
async fn numbers(folder: &Path) -> PathBuf {
    let session = Session::local();
    let place = folder.join("numbers");
    std::fs::create_dir(&place).unwrap();
    for part in 0..4 {
        let (from, to) = (part * 1000, part * 1000 + 999);
        let sql =
            format!("SELECT value % 10 AS k, value AS n, value::DOUBLE / 8 AS x FROM generate_series({from}, {to})");
        let path = place.join(format!("{part}.parquet"));
        session.sql(&sql).await.unwrap().write_parquet(path.to_str().unwrap()).await.unwrap();
    }
    place
}

/// A session on a cluster, and one in process, both with the table `t` of `numbers`.
async fn both(cluster: &Standalone, folder: &Path) -> (Session, Session) {
    let place = numbers(folder).await;
    let (remote, local) = (Session::connect(&cluster.url()).await.unwrap(), Session::local());
    for session in [&remote, &local] {
        session.table("t", place.to_str().unwrap()).await.unwrap();
    }
    (remote, local)
}

#[test]
fn the_flights_are_the_same_on_one_and_two_executors() {
    on_big_stacks(async {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let script = std::fs::read_to_string(root.join("examples/flights.sql")).unwrap();
        let script = script.replace("'examples/", &format!("'{}/examples/", root.display()));
        let expected = run(&Session::local(), &script).await;
        assert!(expected.contains("1029.924441"), "{expected}");
        for executors in [1, 2] {
            let cluster = Standalone::start(executors, 2).await.unwrap();
            let session = Session::connect(&cluster.url()).await.unwrap();
            assert_eq!(run(&session, &script).await, expected, "{executors} executors");
        }
    });
}

#[test]
fn a_session_brings_its_own_cluster() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let place = numbers(folder.path()).await;
        let session = Session::standalone().await.unwrap();
        session.table("t", place.to_str().unwrap()).await.unwrap();
        run(&session, SQUARE).await;
        let table = run(&session, "SELECT sum(change(x)) FROM t WHERE n < 3").await;
        assert!(table.contains("0.078125"), "{table}");
    });
}
