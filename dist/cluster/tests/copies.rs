//! COPY TO: whole or absent, in process and on a cluster.

use std::fs;
use std::path::Path;

use filbert_cluster::Standalone;

use crate::{SQUARE, both, failure, on_big_stacks, run};

/// A kernel that fails at the last row.
const FAILS: &str = "CREATE FUNCTION fails(BIGINT) RETURNS BIGINT LANGUAGE kernel AS \
                     'fn fails(n: i64) -> i64 { 1 / (3999 - n) }'";

/// Names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_copy_is_whole_or_absent() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for (session, which) in [(&remote, "remote"), (&local, "local")] {
            run(session, SQUARE).await;
            run(session, FAILS).await;
            let out = folder.path().join(which);
            fs::create_dir(&out).unwrap();
            let copy = |query: &str, target: &str| format!("COPY ({query}) TO '{}/{target}'", out.display());

            let table = run(session, &copy("SELECT n, change(x) AS y FROM t", "one.parquet")).await;
            assert!(table.contains("4000"), "{which}: {table}");
            run(session, &format!("{} STORED AS CSV", copy("SELECT n, change(x) AS y FROM t", "many/"))).await;
            run(session, &format!("{} STORED AS PARQUET PARTITIONED BY (k)", copy("SELECT k, n FROM t", "parts")))
                .await;
            run(session, &format!("{} STORED AS PARQUET", copy("SELECT n FROM t WHERE change(x) < 0", "none/"))).await;
            run(session, &copy("SELECT n FROM t WHERE change(x) < 0", "none.parquet")).await;
            assert_eq!(names(&out), ["many", "none", "none.parquet", "one.parquet", "parts"], "{which}");
            assert!(names(&out.join("none")).is_empty(), "{which}");
            assert_eq!(names(&out.join("parts")).len(), 10, "{which}");
            for (path, rows) in [("one.parquet", "4000"), ("many", "4000"), ("none.parquet", "| 0"), ("parts", "4000")]
            {
                local.table("written", out.join(path).to_str().unwrap()).await.unwrap();
                let table = run(&local, "SELECT count(*) FROM written").await;
                assert!(table.contains(rows), "{which} {path}: {table}");
            }

            // A target that is replaced is replaced at once, and not by a job that fails.
            let before = fs::read(out.join("one.parquet")).unwrap();
            for target in ["one.parquet", "new.parquet", "new/"] {
                let screen =
                    failure(session, &format!("{} STORED AS PARQUET", copy("SELECT fails(n) FROM t", target))).await;
                assert!(screen.contains("FB-0502"), "{which}: {screen}");
            }
            assert_eq!(fs::read(out.join("one.parquet")).unwrap(), before, "{which}");
            run(session, &copy("SELECT n FROM t WHERE n < 5", "one.parquet")).await;
            assert_ne!(fs::read(out.join("one.parquet")).unwrap(), before, "{which}");
            assert_eq!(names(&out), ["many", "none", "none.parquet", "one.parquet", "parts"], "{which}");
        }
    });
}

#[test]
fn result_files_come_from_the_cluster_too() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        run(&remote, SQUARE).await;
        for ending in ["parquet", "csv", "json"] {
            let path = folder.path().join(format!("result.{ending}"));
            let frame = remote.sql("SELECT n, change(x) AS y FROM t").await.unwrap();
            assert_eq!(frame.write(path.to_str().unwrap()).await.unwrap(), 4000, "{ending}");
            local.table("written", path.to_str().unwrap()).await.unwrap();
            let table = run(&local, "SELECT sum(y), count(*) FROM written").await;
            assert!(table.contains("333208343.75") && table.contains("4000"), "{ending}: {table}");
        }
    });
}

#[test]
fn what_cannot_be_done_at_once_is_refused() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 1).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        let full = folder.path().join("numbers");
        let rows = [
            (format!("COPY (SELECT 1 AS a) TO '{}/' STORED AS PARQUET", full.display()), "has files already"),
            ("COPY (SELECT 1 AS a) TO 's3://bucket/a.parquet'".to_string(), "s3 store"),
            (format!("COPY (SELECT 1 AS a) TO '{}/0.parquet/' STORED AS PARQUET", full.display()), "it is a file"),
        ];
        for session in [&remote, &local] {
            for (sql, words) in &rows {
                let screen = failure(session, sql).await;
                assert!(screen.starts_with("FB-0704: ") && screen.contains(words), "{sql}: {screen}");
            }
        }
        assert_eq!(names(&full).len(), 4);
        run(&local, &format!("COPY (SELECT 1 AS a) TO '{}/new/deep/a.parquet'", folder.path().display())).await;
        let sql = format!(
            "CREATE EXTERNAL TABLE target (a BIGINT) STORED AS PARQUET LOCATION '{}/target/'",
            folder.path().display()
        );
        run(&remote, &sql).await;
        let screen = failure(&remote, "INSERT INTO target SELECT n FROM t").await;
        assert!(screen.starts_with("FB-0704: ") && screen.contains("COPY TO"), "{screen}");
    });
}
