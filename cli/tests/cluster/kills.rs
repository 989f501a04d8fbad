//! 300 strikes against clusters that run a job, at moments and in ways drawn from fixed seeds.
//!
//! Only with `FILBERT_LONG=1`, in about half an hour on two cores; `FILBERT_KILLS=30` strikes fewer times. With
//! `--nocapture` each strike shows a line when its job is over. A job that ends before it can be struck counts for
//! nothing, and the next is drawn. `FILBERT_COMMAND` names another `filbert` than the one that was just built.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Signal, kill_process};

use super::processes::{Cluster, Draw, Running};

const KILLS: usize = 300;
/// At the same time, each with its own share of the strikes: most of the time a struck cluster only waits.
const CLUSTERS: usize = 3;
const EXECUTORS: usize = 2;
/// Of the work of the job in the other tests.
const WORK_PERCENT: u64 = 30;
/// Jobs of each cluster that nobody strikes: some before the first strike, and one after each so many.
const QUIET_FIRST: usize = 5;
const QUIET_EACH: usize = 20;
/// Longest pause between the begin of the stage that was drawn and the strike.
const PAUSE_MS_MAX: u64 = 500;

/// How a cluster is struck.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// Parent and worker go without a word to anybody.
    Executor,
    /// The worker goes, and its parent says so.
    Worker,
    /// It goes, and another one comes in its place.
    Scheduler,
    /// The worker is stopped, for less time than it may be silent, or for more.
    Stopped,
    /// All shuffle files of one worker.
    Files,
    /// The files that say where in a shuffle file a partition lies.
    Indexes,
}

/// Each with its part of 100 strikes.
const WAYS: [(Way, u64); 6] = [
    (Way::Executor, 22),
    (Way::Worker, 28),
    (Way::Scheduler, 10),
    (Way::Stopped, 15),
    (Way::Files, 15),
    (Way::Indexes, 10),
];

fn draw_way(draw: &mut Draw) -> Way {
    let mut drawn = draw.below(WAYS.iter().map(|(_, part)| part).sum());
    for (way, part) in WAYS {
        match drawn.checked_sub(part) {
            None => return way,
            Some(rest) => drawn = rest,
        }
    }
    unreachable!("the parts are all of it")
}

/// A strike that hit a running job.
#[derive(Clone, Copy)]
struct Kill {
    way: Way,
    took: Duration,
    /// What the job took longer than the cluster's undisturbed ones.
    recovery: Duration,
    attempts: usize,
}

/// What one cluster went through.
#[derive(Default)]
struct Share {
    kills: Vec<Kill>,
    /// How long the undisturbed jobs took.
    quiet: Vec<Duration>,
    missed: usize,
}

#[test]
fn three_hundred_kills_change_no_row() {
    if std::env::var_os("FILBERT_LONG").is_none() {
        return;
    }
    let kills = std::env::var("FILBERT_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let failed = AtomicBool::new(false);
    let shares = thread::scope(|scope| {
        let strikers: Vec<_> = (0..CLUSTERS)
            .map(|number| {
                let (share, failed) = ((kills + number) / CLUSTERS, &failed);
                scope.spawn(move || {
                    let _alarm = Alarm(failed);
                    Striker::new(number).strike(share, failed)
                })
            })
            .collect();
        strikers.into_iter().map(|striker| striker.join().expect("no cluster fails")).collect::<Vec<Share>>()
    });
    println!("{}", Report(&shares));
    assert_eq!(shares.iter().map(|share| share.kills.len()).sum::<usize>(), kills);
}

/// Raised when the striker that has it fails, so that the others end too.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

struct Striker {
    number: usize,
    cluster: Cluster,
    expected: String,
    draw: Draw,
    share: Share,
}

impl Striker {
    fn new(number: usize) -> Striker {
        let cluster = Cluster::start(EXECUTORS, &[]);
        println!("cluster {number}: {}, {}", cluster.url(), cluster.folder().display());
        let expected = cluster.prepare(WORK_PERCENT);
        let draw = Draw::new(20_261_121 + number as u64);
        Striker { number, cluster, expected, draw, share: Share::default() }
    }

    fn strike(mut self, kills: usize, failed: &AtomicBool) -> Share {
        for _ in 0..QUIET_FIRST {
            self.run_undisturbed();
        }
        while self.share.kills.len() < kills && !failed.load(Ordering::Relaxed) {
            self.strike_once();
            self.cluster.wait_for_living(EXECUTORS);
            if (self.share.kills.len() + self.share.missed).is_multiple_of(QUIET_EACH) {
                self.run_undisturbed();
            }
        }
        self.share
    }

    fn submit(&self) -> Running {
        // Twice as many as there are cores: a stage has tasks that have read their rows, and tasks that have not.
        self.cluster.submit("slow.sql", &["--partitions", "8"])
    }

    /// The job's time and attempts, if its rows are right.
    fn end(&self, job: Running, what: &str) -> (Duration, usize) {
        let (ran, took) = job.end();
        let right = (ran.status, &ran.stdout) == (0, &self.expected);
        assert!(right, "cluster {} {what}, after {took:?}: {}{}", self.number, ran.stdout, ran.stderr);
        (took, 1 + ran.stderr.lines().filter(|line| line.contains("is made again")).count())
    }

    fn run_undisturbed(&mut self) {
        let job = self.submit();
        let (took, attempts) = self.end(job, "undisturbed");
        println!("cluster {} undisturbed: {:.1} s, {attempts} attempts", self.number, took.as_secs_f64());
        self.share.quiet.push(took);
    }

    fn strike_once(&mut self) {
        let (way, stage, pause) = (draw_way(&mut self.draw), self.draw.below(3), self.draw.below(PAUSE_MS_MAX));
        let name = format!("{:?} in stage {stage}", way);
        let mut job = self.submit();
        if !self.cluster.reaches(stage as usize, &mut job) {
            return self.miss(job, &name);
        }
        thread::sleep(Duration::from_millis(pause));
        if job.is_over() {
            return self.miss(job, &name);
        }
        let hit = self.where_it_is();
        let Some(healing) = way.strike(&mut self.cluster, &mut self.draw) else { return self.miss(job, &name) };
        // It may have ended just before: that proves nothing.
        let late = job.is_over();
        let name = format!("{name}, {hit} after {pause} ms");
        match late {
            true => self.miss(job, &name),
            false => {
                let (took, attempts) = self.end(job, &name);
                let recovery = took.saturating_sub(median(&self.share.quiet));
                self.share.kills.push(Kill { way, took, recovery, attempts });
                println!(
                    "cluster {} kill {}: {name}: {:.1} s, {:.1} s more than undisturbed, {attempts} attempts",
                    self.number,
                    self.share.kills.len(),
                    took.as_secs_f64(),
                    recovery.as_secs_f64(),
                );
            }
        }
        healing.end();
    }

    fn miss(&mut self, job: Running, name: &str) {
        self.end(job, name);
        self.share.missed += 1;
        println!("cluster {} missed: {name}", self.number);
    }

    /// What the job is doing.
    fn where_it_is(&self) -> String {
        let Some((_, stages)) = self.cluster.stages() else { return "its rows were fetched".to_string() };
        let running = stages.iter().position(|stage| stage.stage_status == "Running");
        running.map_or("between stages".to_string(), |stage| format!("stage {stage} was hit"))
    }
}

/// What goes on after a strike.
struct Healing(Option<JoinHandle<()>>);

impl Healing {
    fn end(self) {
        if let Some(waiting) = self.0 {
            waiting.join().expect("it only waits");
        }
    }
}

impl Way {
    /// `None` if there was nothing to strike.
    fn strike(self, cluster: &mut Cluster, draw: &mut Draw) -> Option<Healing> {
        let chosen = draw.below(cluster.executors.len() as u64) as usize;
        match self {
            Way::Executor => {
                cluster.executors.remove(chosen).signal(Signal::KILL);
                cluster.start_executor(&[]);
            }
            Way::Worker => kill_process(cluster.executors[chosen].worker()?, Signal::KILL).ok()?,
            Way::Scheduler => {
                cluster.scheduler = None;
                cluster.start_scheduler();
            }
            Way::Stopped => {
                let worker = cluster.executors[chosen].worker()?;
                let silence = [200 + draw.below(5_000), 14_000 + draw.below(10_000)][draw.below(2) as usize];
                kill_process(worker, Signal::STOP).ok()?;
                return Some(Healing(Some(thread::spawn(move || {
                    thread::sleep(Duration::from_millis(silence));
                    // Gone, if its parent ended it.
                    let _ = kill_process(worker, Signal::CONT);
                }))));
            }
            Way::Files => remove(&cluster.executors[chosen].worker_folder()?, &|_| true)?,
            Way::Indexes => {
                let is_index = |path: &Path| path.extension().is_some_and(|ending| ending == "index");
                remove(&cluster.executors[chosen].worker_folder()?, &is_index)?;
            }
        }
        Some(Healing(None))
    }
}

/// Removes the files below a folder that are meant; `None` if there are none.
fn remove(folder: &Path, meant: &dyn Fn(&Path) -> bool) -> Option<()> {
    let mut found = None;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found = remove(&path, meant).or(found),
            false if meant(&path) && path.extension().is_some_and(|ending| ending == "arrow" || ending == "index") => {
                found = fs::remove_file(&path).ok().or(found);
            }
            false => {}
        }
    }
    found
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The distribution of the times, by way.
struct Report<'a>(&'a [Share]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quiet: Vec<Duration> = self.0.iter().flat_map(|share| share.quiet.clone()).collect();
        let kills: Vec<Kill> = self.0.iter().flat_map(|share| share.kills.clone()).collect();
        let missed: usize = self.0.iter().map(|share| share.missed).sum();
        writeln!(
            f,
            "{} kills, {missed} missed; {} undisturbed jobs took {:.1} s (median)",
            kills.len(),
            quiet.len(),
            median(&quiet).as_secs_f64()
        )?;
        writeln!(f, "recovery in seconds, and the longest job")?;
        writeln!(
            f,
            "| way | kills | sent again | median | p90 | p99 | longest | longest job |\n|---|---|---|---|---|---|---|---|"
        )?;
        for (way, _) in WAYS {
            row(f, &format!("{way:?}"), kills.iter().filter(|kill| kill.way == way))?;
        }
        row(f, "all", kills.iter())
    }
}

fn row<'a>(f: &mut fmt::Formatter<'_>, name: &str, kills: impl Iterator<Item = &'a Kill>) -> fmt::Result {
    let (mut times, mut longest, mut again): (Vec<Duration>, Duration, usize) = Default::default();
    for kill in kills {
        times.push(kill.recovery);
        again += usize::from(kill.attempts > 1);
        longest = longest.max(kill.took);
    }
    times.sort();
    let at = |percent: usize| match times.len() {
        0 => 0.0,
        // The smallest that so many percent are not above.
        length => times[(length * percent).div_ceil(100).max(1) - 1].as_secs_f64(),
    };
    let longest = longest.as_secs_f64();
    writeln!(
        f,
        "| {name} | {} | {again} | {:.1} | {:.1} | {:.1} | {:.1} | {longest:.1} |",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    )
}
