//! Everywhere that a query may call a kernel, on a cluster as in process.

use std::time::Duration;

use filbert_cluster::{SessionExt, Standalone};
use filbert_dist::Session;

use crate::{SQUARE, TRIPLE, both, numbers, on_big_stacks, run};

#[test]
fn a_kernel_may_stand_anywhere() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(2, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for session in [&remote, &local] {
            run(session, SQUARE).await;
        }
        let queries = [
            "SELECT n, change(x) AS y FROM t WHERE n % 500 = 0 ORDER BY n",
            "SELECT count(*) FROM t WHERE change(x) > 1000.0",
            "SELECT change((k % 3)::DOUBLE) AS g, count(*), sum(n) FROM t GROUP BY change((k % 3)::DOUBLE) ORDER BY g",
            "SELECT sum(change(x)), max(change(x)), count(change(x)) FROM t",
            "SELECT a.n, b.n FROM t a JOIN t b ON change(a.x) = change(b.x) + 1 WHERE a.n < 100 ORDER BY a.n, b.n",
            "SELECT count(*) FROM t a JOIN t b ON change(a.x) = b.x",
            "SELECT n FROM t WHERE n > 3990 ORDER BY change(2000.0 - n) DESC, n",
            "SELECT n, sum(change(x)) OVER (PARTITION BY k ORDER BY n) AS s FROM t WHERE n < 40 ORDER BY n",
            "SELECT n, lag(change(x), 1) OVER (ORDER BY change(x)) AS before FROM t WHERE n < 10 ORDER BY n",
            "SELECT CASE WHEN change(x) > 4 THEN 'much' ELSE 'little' END AS how, count(*) FROM t GROUP BY how ORDER BY how",
            "SELECT k, avg(y) FROM (SELECT k, change(x) AS y FROM t) AS inner_rows GROUP BY k HAVING avg(y) > 0 ORDER BY k",
            "SELECT n FROM t WHERE change(x) IN (SELECT change(x) FROM t WHERE n < 5) ORDER BY n",
        ];
        for sql in queries {
            assert_eq!(run(&remote, sql).await, run(&local, sql).await, "{sql}");
        }
    });
}

#[test]
fn two_sessions_mean_different_kernels_by_one_name() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let place = numbers(folder.path()).await;
        let cluster = Standalone::start(2, 2).await.unwrap();
        let mut jobs = Vec::new();
        for (function, expected) in [(SQUARE, "333208343.75"), (TRIPLE, "2999250.0")] {
            let session = Session::connect(&cluster.url()).await.unwrap();
            session.table("t", place.to_str().unwrap()).await.unwrap();
            run(&session, function).await;
            jobs.push(tokio::spawn(async move {
                for _ in 0..5 {
                    let table = run(&session, "SELECT sum(change(x)) AS s FROM t").await;
                    assert!(table.contains(expected), "{expected} is not in\n{table}");
                }
            }));
        }
        for job in jobs {
            job.await.unwrap();
        }
    });
}

#[test]
fn settings_travel_with_the_job() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, crate::SLOW).await;
        run(&remote, "SELECT sum(slow(x, 100)) FROM t").await;
        run(&remote, "SET filbert.fuel = 50").await;
        let screen = crate::failure(&remote, "SELECT sum(slow(x, 100)) FROM t").await;
        assert!(screen.contains("FB-0506"), "{screen}");
    });
}

/// A generic kernel is made for its types by whoever plans.
#[test]
fn generic_kernels_travel() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let cluster = Standalone::start(1, 2).await.unwrap();
        let (remote, local) = both(&cluster, folder.path()).await;
        for session in [&remote, &local] {
            run(session, "CREATE FUNCTION twice() LANGUAGE kernel AS 'fn twice<T: Num>(x: T) -> T { x + x }'").await;
        }
        let sql = "SELECT sum(twice(n)), sum(twice(x)) FROM t";
        assert_eq!(run(&remote, sql).await, run(&local, sql).await);
    });
}

/// A raised flag ends the job for its client and on the executors.
#[test]
fn a_session_that_is_told_to_stop_ends_its_job() {
    on_big_stacks(async {
        let cluster = Standalone::start(1, 2).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (remote, _) = both(&cluster, folder.path()).await;
        run(&remote, crate::SLOW).await;
        let flag = remote.stop_flag();
        let job = {
            let session = remote.clone();
            tokio::spawn(async move { crate::failure(&session, "SELECT sum(slow(x, 10000000)) FROM t").await })
        };
        tokio::time::sleep(Duration::from_millis(800)).await;
        flag.raise();
        let screen = tokio::time::timeout(Duration::from_secs(5), job).await.expect("it ends soon").unwrap();
        assert!(screen.starts_with("FB-0802: "), "{screen}");
        // The core is free again, and the next query has a new flag.
        let _ = remote.stop_flag();
        let next = run(&remote, "SELECT count(*) AS n FROM t WHERE slow(x, 1) IS NOT NULL");
        let next = tokio::time::timeout(Duration::from_secs(20), next).await.expect("cores are free");
        assert!(next.contains("4000"), "{next}");
    });
}
