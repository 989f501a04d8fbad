//! A row that fails: which row, in which words, and that nothing of the job is left behind.

use filbert_dist::error::find_kernel_error;
use filbert_ir::Code;

use crate::{failure, run, session};

const KERNELS: &str = "fn div(num: i64, den: i64) -> i64 {\n    let twice = num + num;\n    twice / den\n}";

#[tokio::test]
async fn the_screen_has_code_row_arguments_and_a_caret() {
    let session = session(KERNELS);
    run(&session, "CREATE TABLE t AS SELECT column1::BIGINT n, column2::BIGINT d FROM VALUES (1, 1), (4, 0), (6, 0)")
        .await;
    let screen = failure(&session, "SELECT div(n, d) FROM t").await;
    for words in ["FB-0502", "kernel div", "row 1 of the batch", "twice / den", "num = 4", "den = 0"] {
        assert!(screen.contains(words), "{words} is not in\n{screen}");
    }
    assert!(screen.lines().count() < 24, "{screen}");
}

#[tokio::test]
async fn fault_58_the_error_is_typed_and_keeps_its_code_as_text() {
    let session = session(KERNELS);
    run(&session, "CREATE TABLE t AS SELECT column1::BIGINT n FROM VALUES (9223372036854775807)").await;
    // Behind a join and an aggregation, where the engine wraps what it passes on.
    let query = "SELECT sum(div(a.n, 1)) FROM t a JOIN t b ON a.n = b.n GROUP BY b.n ORDER BY 1";
    let error = session.sql(query).await.unwrap().collect().await.unwrap_err();
    let found = find_kernel_error(&error).unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((found.code, found.row), (Code::Overflow, Some(0)));
    assert!(error.to_string().contains("FB-0501"), "{error}");
}

#[tokio::test]
async fn literals_fail_in_the_same_words() {
    let session = session(KERNELS);
    let screen = failure(&session, "SELECT div(1, 0)").await;
    assert!(screen.contains("FB-0502") && screen.contains("twice / den"), "{screen}");
}

#[tokio::test]
async fn fault_28_a_failing_job_leaves_no_file() {
    let session = session(KERNELS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.parquet");
    run(&session, "CREATE TABLE t AS SELECT value::BIGINT n FROM generate_series(0, 100000)").await;
    let frame = session.sql("SELECT div(1, n - 100000) FROM t").await.unwrap();
    let error = frame.write(path.to_str().unwrap()).await.unwrap_err();
    assert!(session.render(&error).contains("FB-0502"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    std::fs::write(&path, "what was there").unwrap();
    let frame = session.sql("SELECT div(1, n) FROM t").await.unwrap();
    frame.write(path.to_str().unwrap()).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "what was there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
