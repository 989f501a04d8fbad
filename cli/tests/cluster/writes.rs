//! COPY TO under kills: what a job writes is whole or absent, whether its client goes or an executor.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::processes::{Cluster, Draw, Running, kill_executor, kill_worker};
use super::slow_job::{ROWS, slow};

/// Executors of the cluster.
const EXECUTORS: usize = 2;

/// Who is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Victim {
    Client,
    Executor,
    Worker,
}

/// A job that writes, and what `read.sql` finds in the whole of its result.
struct Write {
    script: &'static str,
    found: String,
}

/// Four rows behind an exchange of rows, and all rows right from the files that are read.
fn prepare(cluster: &Cluster, percent: u64) -> [Write; 2] {
    cluster.prepare(percent);
    let target = "TO 'out/' STORED AS PARQUET";
    let late = slow(percent)
        .replace("SELECT k, count", "COPY (SELECT k, count")
        .replace("ORDER BY k;", &format!("ORDER BY k) {target};"));
    let (head, _) = late.split_once("COPY (").unwrap();
    let early = format!("{head}COPY (SELECT n AS k, busy(n, {}) AS b FROM numbers) {target};", 6_000 * percent);
    cluster.place.write("late.sql", &late);
    cluster.place.write("early.sql", &early);
    cluster.place.write("read.sql", "SELECT count(*) AS n, count(DISTINCT k) AS k, sum(b % 1000) AS b FROM out");
    ["late.sql", "early.sql"].map(|script| {
        let local = cluster.place.filbert(&["run", script]);
        assert_eq!(local.status, 0, "{}", local.stderr);
        let found = read(cluster);
        let rows = if script == "late.sql" { 4 } else { ROWS };
        assert!(found.starts_with(&format!("n,k,b\n{rows},{rows},")), "{found}");
        fs::remove_dir_all(cluster.place.path("out")).unwrap();
        Write { script, found }
    })
}

fn read(cluster: &Cluster) -> String {
    let read = cluster.place.filbert(&["run", "read.sql", "--table", "out=out", "--format", "csv"]);
    assert_eq!(read.status, 0, "{}", read.stderr);
    read.stdout
}

/// Strikes a job and looks at its target; whether the target is there.
fn strike(cluster: &mut Cluster, write: &Write, job: Running, victim: Victim) -> bool {
    match victim {
        Victim::Client => job.process.signal(Signal::KILL),
        Victim::Executor => kill_executor(cluster),
        Victim::Worker => kill_worker(cluster),
    }
    let (ran, _) = job.end();
    // What a client left behind is ended, and harms nobody.
    cluster.wait_for_quiet();
    let out = cluster.place.path("out");
    let is_there = out.exists();
    if victim != Victim::Client {
        assert_eq!((ran.status, is_there), (0, true), "{}: {}", write.script, ran.stderr);
    }
    if is_there {
        assert_eq!(read(cluster), write.found, "{}: {}", write.script, ran.stderr);
        fs::remove_dir_all(out).unwrap();
    }
    is_there
}

#[test]
fn fault_53_written_files_are_whole_or_absent() {
    let mut cluster = Cluster::start(EXECUTORS, &[]);
    let [late, _] = prepare(&cluster, 50);
    for (stage, victim) in [(0, Victim::Client), (1, Victim::Executor), (2, Victim::Client), (2, Victim::Executor)] {
        let mut job = cluster.submit(late.script, &["--partitions", "4"]);
        assert!(cluster.reaches(stage, &mut job), "stage {stage} was not seen");
        let is_there = strike(&mut cluster, &late, job, victim);
        assert_eq!(is_there, victim != Victim::Client, "stage {stage}");
        cluster.wait_for_executors(EXECUTORS);
    }
}

/// At moments that are drawn, from the start of the client to behind its end; `FILBERT_LONG=1` only.
#[test]
fn twenty_killed_writes_leave_the_whole_or_nothing() {
    if std::env::var_os("FILBERT_LONG").is_none() {
        return;
    }
    let mut cluster = Cluster::start(EXECUTORS, &[]);
    let writes = prepare(&cluster, 50);
    let lengths = writes.each_ref().map(|write| {
        let (ran, took) = cluster.submit(write.script, &["--partitions", "4"]).end();
        assert_eq!((ran.status, read(&cluster)), (0, write.found.clone()), "{}", ran.stderr);
        fs::remove_dir_all(cluster.place.path("out")).unwrap();
        took.as_millis() as u64
    });
    let mut draw = Draw::new(20_261_121);
    let (mut kills, mut missed, mut there) = (0, 0, 0);
    while kills < 20 {
        let chosen = draw.below(2) as usize;
        let victim = [Victim::Client, Victim::Executor, Victim::Worker, Victim::Client][draw.below(4) as usize];
        let moment = Duration::from_millis(draw.below(lengths[chosen]));
        let mut job = cluster.submit(writes[chosen].script, &["--partitions", "4"]);
        thread::sleep(moment);
        let is_over = job.is_over();
        if is_over || (victim == Victim::Worker && cluster.executors[0].worker().is_none()) {
            missed += 1;
            let (ran, _) = job.end();
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            fs::remove_dir_all(cluster.place.path("out")).unwrap();
            continue;
        }
        kills += 1;
        let is_there = strike(&mut cluster, &writes[chosen], job, victim);
        there += usize::from(is_there && victim == Victim::Client);
        println!(
            "kill {kills}: {victim:?} after {:.1} of {:.1} s of {}, the target is {}",
            moment.as_secs_f64(),
            lengths[chosen] as f64 / 1000.0,
            writes[chosen].script,
            if is_there { "whole" } else { "absent" }
        );
        cluster.wait_for_living(EXECUTORS);
    }
    println!("{kills} kills, {missed} missed, {there} targets whole although their client was killed");
}
