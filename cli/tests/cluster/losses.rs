//! What is killed, stopped or removed under a job, and that its rows are those of one process.

use rustix::process::{Signal, kill_process};

use super::processes::{Cluster, kill_executor, kill_worker};
use super::slow_job::slow;

#[test]
fn fault_56_killed_executors_change_no_row() {
    let mut cluster = Cluster::start(2, &[]);
    let expected = cluster.prepare(50);
    for (stage, deed) in [(0, kill_executor as fn(&mut Cluster)), (1, kill_worker), (2, kill_executor)] {
        let took = cluster.strike(&expected, stage, deed);
        println!("stage {stage}: {took:?}");
    }
    assert!(cluster.ask(async |rest| rest.quarantine().await).unwrap().is_empty(), "kill -9 blames no kernel");
}

#[test]
fn a_scheduler_that_is_restarted_gets_the_job_again() {
    let mut cluster = Cluster::start(1, &[]);
    let expected = cluster.prepare(50);
    cluster.strike(&expected, 0, |cluster| {
        cluster.scheduler = None;
        cluster.start_scheduler();
    });
}

#[test]
fn a_stopped_executor_counts_as_killed_and_does_no_harm_when_it_comes_back() {
    let mut cluster = Cluster::start(2, &[]);
    let expected = cluster.prepare(50);
    let mut stopped = None;
    cluster.strike(&expected, 1, |cluster| {
        let worker = cluster.executors[0].worker().unwrap();
        kill_process(worker, Signal::STOP).unwrap();
        stopped = Some(worker);
    });
    kill_process(stopped.unwrap(), Signal::CONT).unwrap();
    let (ran, _) = cluster.submit("slow.sql", &["--partitions", "4"]).end();
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn shuffle_files_that_are_gone_change_no_row() {
    let mut cluster = Cluster::start(2, &[]);
    let expected = cluster.prepare(50);
    cluster.strike(&expected, 1, |cluster| {
        // The rows of the stage before, where one worker has them.
        let folder = cluster.executors[0].worker_folder().unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let _ = std::fs::remove_dir_all(entry.unwrap().path());
        }
    });
}

#[test]
fn a_kernel_that_ends_its_process_costs_one_executor_and_a_typed_error() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let environment = [
        ("FILBERT_TEST_POISON", "busy:segv"),
        ("FILBERT_CACHE_MODE", "private"),
        ("FILBERT_CACHE_DIR", cache.to_str().unwrap()),
    ];
    let mut cluster = Cluster::start(2, &environment);
    cluster.prepare(50);
    let before = cluster.executor_ids();
    let (ran, _) = cluster.submit("slow.sql", &[]).end();
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(ran.stderr.starts_with("[FB-1103] Error: "), "{}", ran.stderr);
    let quarantine = cluster.ask(async |rest| rest.quarantine().await).unwrap();
    assert_eq!(quarantine.len(), 1);
    assert_eq!(quarantine[0].signal, 11);
    // The next executor on this machine interprets it.
    assert!(cache.join("died").join(&quarantine[0].kernel).exists());
    // The worker that died has a successor, and the other executor never ran the kernel.
    cluster.wait_for_executors(2);
    let now: Vec<String> = cluster.executor_ids();
    assert_eq!(before.iter().filter(|id| !now.contains(id)).count(), 1, "{before:?} {now:?}");
    let (ran, _) = cluster.submit("slow.sql", &[]).end();
    assert!(ran.stderr.starts_with("[FB-1103] Error: "), "{}", ran.stderr);
    // Other kernels run.
    cluster.place.write("other.sql", slow(50).replace("busy", "lazy").replace("+ i", "- i"));
    cluster.executors.clear();
    let (ran, _) = {
        cluster.start_executor(&[]);
        cluster.submit("other.sql", &["--partitions", "2"]).end()
    };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}
