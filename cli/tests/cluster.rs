//! A cluster of real processes on this machine: what jobs give there, and what becomes of them when something goes.
//!
//! | file | |
//! |---|---|
//! | `processes` | scheduler, executors and clients as processes |
//! | `slow_job` | the job that things are taken from |
//! | `losses` | executors, schedulers and shuffle files that go, kernels that crash |
//! | `kills` | 300 of them, at moments and in ways that are drawn; `FILBERT_LONG=1` only |
//! | `writes` | COPY TO under kills |
//! | `network` | an executor behind a wire that is cut |
//!
//! Whatever is killed, the rows are those of a run in one process, and nobody waits longer than a minute.

mod kills;
mod losses;
mod network;
mod processes;
mod slow_job;
mod writes;

use std::process::Command;

use self::processes::{Cluster, Running};
use crate::{Place, Ran, filbert_command, root};

#[test]
fn flights_give_the_rows_of_one_process() {
    let cluster = Cluster::start(2, &[]);
    let run = |more: &[&str]| {
        let args = [&["run", "examples/flights.sql", "--format", "csv"], more].concat();
        let ran = crate::filbert_in(root(), &args);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout
    };
    let local = run(&[]);
    assert_eq!(local.lines().count(), 17);
    assert_eq!(run(&["--cluster", &cluster.url()]), local);
    assert_eq!(run(&["--cluster", &cluster.url(), "--partitions", "7"]), local);
}

#[test]
fn words_are_counted_as_in_one_process() {
    let cluster = Cluster::start(2, &[]);
    let run = |more: &[&str]| {
        let ran = crate::filbert_in(root(), &[&["run", "examples/word_count.sql", "--format", "csv"], more].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout
    };
    let expected = "word,n,percent\nthat,13,4.78\nthe,11,4.04\nwe,10,3.68\nhere,8,2.94\nto,8,2.94\na,7,2.57\n\
                    and,6,2.21\ncan,5,1.84\nfor,5,1.84\nhave,5,1.84\n";
    assert_eq!(run(&[]), expected);
    assert_eq!(run(&["--cluster", &cluster.url()]), expected);
}

#[test]
fn two_clients_use_one_name_for_different_kernels() {
    let cluster = Cluster::start(1, &[]);
    let script = |body: &str| {
        format!(
            "CREATE FUNCTION f(BIGINT) RETURNS BIGINT LANGUAGE kernel AS $$ fn f(x: i64) -> i64 {{ {body} }} $$;
             SELECT f(42);"
        )
    };
    cluster.place.write("one.sql", script("x + 1"));
    cluster.place.write("two.sql", script("x * 2"));
    let jobs: Vec<(Running, &str)> =
        (0..4).flat_map(|_| [(cluster.submit("one.sql", &[]), "43"), (cluster.submit("two.sql", &[]), "84")]).collect();
    for (job, expected) in jobs {
        let (ran, _) = job.end();
        assert_eq!(ran.stdout.lines().last(), Some(expected), "{}", ran.stderr);
    }
}

#[test]
fn nobody_answers() {
    let place = Place::with(&[("job.sql", "SELECT 1")]);
    let ran = place.filbert(&["run", "job.sql", "--cluster", "df://127.0.0.1:1"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("[FB-1101] Error: no scheduler answers at df://127.0.0.1:1"), "{}", ran.stderr);
}

#[test]
fn others_are_let_in_only_if_told() {
    let place = Place::with(&[]);
    for args in [["scheduler", "--bind", "0.0.0.0:0"], ["executor", "--bind", "0.0.0.0"]] {
        let ran = place.filbert(&args);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.starts_with("[FB-1104] Error: 0.0.0.0 can be reached by others"), "{}", ran.stderr);
    }
}

#[test]
fn a_failing_row_is_told_as_in_one_process() {
    let cluster = Cluster::start(1, &[]);
    cluster.place.write(
        "fails.sql",
        "CREATE FUNCTION inverse(BIGINT) RETURNS BIGINT LANGUAGE kernel AS $$ fn inverse(x: i64) -> i64 { 100 / x } $$;
         SELECT inverse(column1) FROM (VALUES (1), (0)) AS t;",
    );
    let local = cluster.place.filbert(&["run", "fails.sql"]);
    let remote = cluster.place.filbert(&["run", "fails.sql", "--cluster", &cluster.url()]);
    assert_eq!((local.status, remote.status), (1, 1));
    assert!(local.stderr.starts_with("[FB-0502] Error: "), "{}", local.stderr);
    assert_eq!(remote.stderr, local.stderr);
}

/// A place for what a shell would start by hand.
#[test]
fn a_cluster_to_try_out_goes_up_and_down() {
    let place = Place::with(&[("one.sql", "SELECT 1 AS one")]);
    let bind = format!("127.0.0.1:{}", free_port());
    let filbert = |args: &[&str]| -> Ran {
        let mut command: Command = filbert_command(place.folder.path(), args);
        Ran::of(&command.env("XDG_RUNTIME_DIR", place.folder.path()).output().unwrap())
    };
    let up = filbert(&["cluster", "up", "--executors", "2", "--cores", "1", "--memory", "256MiB", "--bind", &bind]);
    assert_eq!(up.status, 0, "{}", up.stderr);
    let again = filbert(&["cluster", "up", "--bind", &bind]);
    assert!(again.status == 1 && again.stderr.contains("is up already"), "{}", again.stderr);
    let url = format!("df://{bind}");
    let status = filbert(&["cluster", "status", "--cluster", &url]);
    assert!(status.stdout.starts_with("executors: 2, cores: 2\n"), "{}{}", status.stdout, status.stderr);
    let ran = filbert(&["run", "one.sql", "--cluster", &url, "--format", "csv"]);
    assert_eq!(ran.stdout, "one\n1\n", "{}", ran.stderr);
    assert_eq!(filbert(&["cluster", "down"]).stdout, "stopped\n");
    assert_eq!(filbert(&["cluster", "down"]).stdout, "no cluster is up\n");
    assert_eq!(filbert(&["cluster", "status", "--cluster", &url]).status, 1);
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
