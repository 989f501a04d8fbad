//! Real processes on this machine: a scheduler, executors, jobs, and kills in the middle of them.
//!
//! The job of the kill tests has three stages, each of which runs a kernel that takes its time, so that there is
//! a middle to kill in. Whatever is killed, the rows are those of a run in one process, and nobody waits longer
//! than a minute. `FILBERT_LONG=1` kills 300 times, at moments and in ways drawn from a fixed seed, and prints
//! how long the jobs took to recover.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use filbert_cluster::status::{Rest, StageStatus};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Place, Ran, filbert_command, root};

/// Longest wait for a job that lost something.
const RECOVERY_MAX: Duration = Duration::from_secs(60);
const START_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A process that is killed when the test ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, if the test did that.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The process that this one watches.
    fn worker(&self) -> Option<Pid> {
        let pid = self.pid().as_raw_nonzero();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
    }
}

/// A scheduler with its executors, each a process.
struct Cluster {
    executors: Vec<Process>,
    scheduler: Option<Process>,
    port: u16,
    place: Place,
}

impl Cluster {
    fn start(executors: usize, environment: &[(&str, &str)]) -> Cluster {
        let place = Place::with(&[]);
        let mut cluster = Cluster { executors: Vec::new(), scheduler: None, port: 0, place };
        cluster.start_scheduler();
        for _ in 0..executors {
            cluster.start_executor(environment);
        }
        cluster.wait_for_executors(executors);
        cluster
    }

    fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    fn url(&self) -> String {
        format!("df://127.0.0.1:{}", self.port)
    }

    /// On the port that it had, if it ran before.
    fn start_scheduler(&mut self) {
        let bind = format!("127.0.0.1:{}", self.port);
        let mut command = filbert_command(self.folder(), &["scheduler", "--bind", &bind]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (lines, first) = mpsc::channel();
        let stderr = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            // Read to its end: a full pipe would stop the process.
            BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| drop(lines.send(line)));
        });
        self.scheduler = Some(Process(child));
        let said = |line: &String| line.strip_prefix("scheduler at df://127.0.0.1:")?.parse().ok();
        let until = Instant::now() + START_MAX;
        self.port = loop {
            let line = first.recv_timeout(until.saturating_duration_since(Instant::now())).expect("a scheduler starts");
            if let Some(port) = said(&line) {
                break port;
            }
        };
    }

    fn start_executor(&mut self, environment: &[(&str, &str)]) {
        let scheduler = format!("127.0.0.1:{}", self.port);
        let args = ["executor", "--scheduler", &scheduler, "--cores", "2", "--memory", "512MiB"];
        let mut command = filbert_command(self.folder(), &args);
        command.envs(environment.iter().copied()).stderr(Stdio::null()).stdout(Stdio::null());
        self.executors.push(Process(command.spawn().unwrap()));
    }

    /// Asks the scheduler's REST interface.
    fn ask<T>(&self, question: impl AsyncFnOnce(Rest) -> datafusion::common::Result<T>) -> Option<T> {
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(question(Rest::new(&self.url()).unwrap())).ok()
    }

    fn executor_ids(&self) -> Vec<String> {
        let executors = self.ask(async |rest| rest.executors().await).unwrap();
        executors.into_iter().map(|executor| executor.id).collect()
    }

    fn wait_for_executors(&self, count: usize) {
        wait("executors", START_MAX, || {
            let executors = self.ask(async |rest| rest.executors().await)?;
            (executors.len() == count).then_some(())
        });
    }

    /// Starts a job in the background.
    fn submit(&self, script: &str, more: &[&str]) -> Running {
        let mut command = filbert_command(self.folder(), &["run", script, "--cluster", &self.url(), "--format", "csv"]);
        let child = command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Running { process: Process(child), started: Instant::now() }
    }

    /// Waits until the stage with this place in the running job has a task that runs.
    fn wait_for_stage(&self, place: usize) {
        wait("a running stage", RECOVERY_MAX, || {
            let jobs = self.ask(async |rest| rest.jobs().await)?;
            let job = jobs.into_iter().find(|job| job.status == "Running")?;
            let mut stages: Vec<StageStatus> = self.ask(async |rest| rest.stages(&job.job_id).await)?;
            stages.sort_by_key(|stage| stage.stage_id.parse::<u32>().unwrap_or(0));
            let stage = stages.get(place)?;
            (stage.stage_status == "Running" && stage.tasks().1 > 0).then_some(())
        });
    }
}

/// A job in the background.
struct Running {
    process: Process,
    started: Instant,
}

impl Running {
    /// Waits for its end, and no longer than a job may take.
    fn end(mut self) -> (Ran, Duration) {
        let status = wait("the job's end", RECOVERY_MAX, || self.process.0.try_wait().unwrap());
        let took = self.started.elapsed();
        let read = |pipe: &mut dyn Read| {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        };
        let stdout = read(self.process.0.stdout.as_mut().unwrap());
        let stderr = read(self.process.0.stderr.as_mut().unwrap());
        (Ran { status: status.code().unwrap_or(-1), stdout, stderr }, took)
    }
}

#[track_caller]
fn wait<T>(what: &str, patience: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + patience;
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(Instant::now() < until, "waited {patience:?} for {what}");
        std::thread::sleep(POLL);
    }
}

/// Three stages and a last one that sorts; the kernel takes about a second in each of the three on two cores.
const SLOW: &str = "
CREATE EXTERNAL TABLE numbers (n BIGINT) STORED AS CSV LOCATION 'numbers/' OPTIONS ('format.has_header' 'false');
CREATE FUNCTION busy(BIGINT, BIGINT) RETURNS BIGINT LANGUAGE kernel AS
$$ #[kernel(overflow = \"wrap\")]
fn busy(x: i64, turns: i64) -> i64 { let mut h = x; for i in 0..turns { h = h * 6364136223846793005 + i; } h } $$;
SELECT k, count(*) AS n, busy(sum(a % 1000), 200000000) AS b FROM (
  SELECT g % 4 AS k, busy(s, 50000000) AS a FROM (
    SELECT n % 16 AS g, sum(busy(n, 300000) % 1000) AS s FROM numbers GROUP BY n % 16
  ) AS leaf
) AS later GROUP BY k ORDER BY k;
";
/// Files of the table, each a partition.
const FILES: usize = 8;
const ROWS: usize = 4000;

impl Cluster {
    /// The job's files, and its rows as one process gives them.
    fn prepare(&self) -> String {
        for file in 0..FILES {
            let lines = (0..ROWS).filter(|n| n % FILES == file).map(|n| format!("{n}\n"));
            self.place.write(&format!("numbers/{file}.csv"), lines.collect::<String>());
        }
        self.place.write("slow.sql", SLOW);
        let local = self.place.filbert(&["run", "slow.sql", "--format", "csv"]);
        assert_eq!((local.status, local.stdout.lines().count()), (0, 5), "{}", local.stderr);
        local.stdout
    }

    /// Runs the job, does something to the cluster when the stage runs, and compares the rows.
    fn strike(&mut self, expected: &str, stage: usize, deed: impl FnOnce(&mut Cluster)) -> Duration {
        let job = self.submit("slow.sql", &["--partitions", "4"]);
        self.wait_for_stage(stage);
        deed(self);
        let (ran, took) = job.end();
        assert_eq!((ran.status, &ran.stdout[..]), (0, expected), "stage {stage}, after {took:?}: {}", ran.stderr);
        took
    }
}

/// The job's process dies without a word to anybody, and another one takes its place.
fn kill_executor(cluster: &mut Cluster) {
    let executor = cluster.executors.remove(0);
    executor.signal(Signal::KILL);
    drop(executor);
    cluster.start_executor(&[]);
}

fn kill_worker(cluster: &mut Cluster) {
    let worker = cluster.executors[0].worker().expect("an executor has a worker");
    kill_process(worker, Signal::KILL).unwrap();
}

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
fn killed_executors_change_no_row() {
    let mut cluster = Cluster::start(2, &[]);
    let expected = cluster.prepare();
    for (stage, deed) in [(0, kill_executor as fn(&mut Cluster)), (1, kill_worker), (2, kill_executor)] {
        let took = cluster.strike(&expected, stage, deed);
        println!("stage {stage}: {took:?}");
    }
    assert!(cluster.ask(async |rest| rest.quarantine().await).unwrap().is_empty(), "kill -9 blames no kernel");
}

#[test]
fn a_scheduler_that_is_restarted_gets_the_job_again() {
    let mut cluster = Cluster::start(1, &[]);
    let expected = cluster.prepare();
    cluster.strike(&expected, 0, |cluster| {
        cluster.scheduler = None;
        cluster.start_scheduler();
    });
}

#[test]
fn a_stopped_executor_counts_as_killed_and_does_no_harm_when_it_comes_back() {
    let mut cluster = Cluster::start(2, &[]);
    let expected = cluster.prepare();
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
    let expected = cluster.prepare();
    cluster.strike(&expected, 1, |cluster| {
        // The rows of the stage before, where one worker has them.
        let worker = cluster.executors[0].worker().unwrap();
        let environment = std::fs::read(format!("/proc/{}/environ", worker.as_raw_nonzero())).unwrap();
        let folder = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"FILBERT_WORKER_DIR="));
        let folder = String::from_utf8(folder.expect("a worker knows its folder").to_vec()).unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let _ = std::fs::remove_dir_all(entry.unwrap().path());
        }
    });
}

#[test]
fn a_kernel_that_ends_its_process_costs_one_executor_and_a_typed_error() {
    let mut cluster = Cluster::start(2, &[("FILBERT_TEST_POISON", "busy:segv")]);
    cluster.prepare();
    let before = cluster.executor_ids();
    let (ran, _) = cluster.submit("slow.sql", &[]).end();
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(ran.stderr.starts_with("[FB-1103] Error: "), "{}", ran.stderr);
    let quarantine = cluster.ask(async |rest| rest.quarantine().await).unwrap();
    assert_eq!(quarantine.len(), 1);
    assert_eq!(quarantine[0].signal, 11);
    // The worker that died has a successor, and the other executor never ran the kernel.
    cluster.wait_for_executors(2);
    let now: Vec<String> = cluster.executor_ids();
    assert_eq!(before.iter().filter(|id| !now.contains(id)).count(), 1, "{before:?} {now:?}");
    let (ran, _) = cluster.submit("slow.sql", &[]).end();
    assert!(ran.stderr.starts_with("[FB-1103] Error: "), "{}", ran.stderr);
    // Other kernels run.
    cluster.place.write("other.sql", SLOW.replace("busy", "lazy").replace("+ i", "- i"));
    cluster.executors.clear();
    let (ran, _) = {
        cluster.start_executor(&[]);
        cluster.submit("other.sql", &["--partitions", "2"]).end()
    };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
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

/// What a job writes is whole or absent, whether its client goes or an executor.
#[test]
fn written_files_are_whole_or_absent() {
    let mut cluster = Cluster::start(2, &[]);
    cluster.prepare();
    let write = SLOW
        .replace("SELECT k, count", "COPY (SELECT k, count")
        .replace("ORDER BY k;", "ORDER BY k) TO 'out/' STORED AS PARQUET;");
    cluster.place.write("write.sql", write);
    cluster.place.write("read.sql", "SELECT count(*) AS n FROM out");
    for (stage, client_goes) in [(0, true), (1, false), (2, true), (2, false)] {
        let job = cluster.submit("write.sql", &["--partitions", "4"]);
        cluster.wait_for_stage(stage);
        match client_goes {
            true => job.process.signal(Signal::KILL),
            false => kill_executor(&mut cluster),
        }
        let (ran, _) = job.end();
        let out = cluster.place.path("out");
        assert_eq!(out.exists(), ran.status == 0, "stage {stage}: {}", ran.stderr);
        assert_eq!(ran.status == 0, !client_goes, "stage {stage}: {}", ran.stderr);
        if out.exists() {
            let read = cluster.place.filbert(&["run", "read.sql", "--table", "out=out", "--format", "csv"]);
            assert_eq!(read.stdout, "n\n4\n", "{}", read.stderr);
            std::fs::remove_dir_all(out).unwrap();
        }
        // What a client left behind runs to its end, or is ended, and harms nobody.
        wait("jobs to end", RECOVERY_MAX, || {
            let jobs = cluster.ask(async |rest| rest.jobs().await)?;
            jobs.iter().all(|job| job.status != "Running").then_some(())
        });
        assert!(!client_goes || !cluster.place.path("out").exists());
        cluster.wait_for_executors(2);
    }
}

/// Draws what is killed, and when; `FILBERT_LONG=1` only.
#[test]
fn three_hundred_kills_change_no_row() {
    if std::env::var_os("FILBERT_LONG").is_none() {
        return;
    }
    let mut cluster = Cluster::start(3, &[]);
    let expected = cluster.prepare();
    let mut state = 20_261_121u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut times = Vec::new();
    for kill in 0..300 {
        let (stage, way, pause) = (draw(3) as usize, draw(10), draw(800));
        let took = cluster.strike(&expected, stage, |cluster| {
            std::thread::sleep(Duration::from_millis(pause));
            match way {
                0 => {
                    cluster.scheduler = None;
                    cluster.start_scheduler();
                }
                1..=4 => kill_worker(cluster),
                _ => kill_executor(cluster),
            }
        });
        println!("kill {kill}: stage {stage}, way {way}, {took:?}");
        times.push(took);
        cluster.wait_for_executors(3);
    }
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!("300 kills: median {:?}, p90 {:?}, p99 {:?}, longest {:?}", at(50), at(90), at(99), at(100));
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
