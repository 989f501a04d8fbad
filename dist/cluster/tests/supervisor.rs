//! Workers that die in every way, and what the scheduler hears of it. The workers are this binary, run again
//! for one of the ignored tests.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use filbert_cluster::ExecutorOptions;
use filbert_cluster::supervisor::{self, Supervisor, Times};
use filbert_ir::{Builder, Kernel, Names, Op, Type, VerifiedKernel, verify};
use filbert_runtime::{Engine, LoadedKernel};

use crate::scheduler_stub::{Said, Stub};

const PATIENCE: Duration = Duration::from_secs(30);

/// The folder in which stand-ins leave the numbers of their processes.
const LIVES: &str = "FILBERT_TEST_LIVES";

fn arguments(stand_in: &str) -> Vec<OsString> {
    let test = format!("supervisor::{stand_in}");
    ["--exact", &test, "--ignored", "--nocapture", "--test-threads", "1"].map(OsString::from).into()
}

/// A supervisor of stand-ins that does not wait long.
fn of(stand_in: &str, scheduler: impl ToString, folder: &Path) -> Supervisor {
    Supervisor {
        program: std::env::current_exe().unwrap(),
        arguments: arguments(stand_in),
        environment: vec![(LIVES.into(), folder.into())],
        times: Times {
            pause_min: Duration::from_millis(20),
            pause_max: Duration::from_millis(80),
            grace: Duration::from_millis(500),
            ..Times::default()
        },
        ..Supervisor::new(scheduler.to_string(), Some(folder.join("rows")))
    }
}

fn never() -> impl Future<Output = &'static str> {
    std::future::pending()
}

/// `x + 1`.
fn kernel() -> VerifiedKernel {
    let mut builder = Builder::new();
    let x = builder.param(Type::F64);
    let one = builder.constant(1.0);
    let sum = builder.op(Op::Add, &[x, one]);
    let (core, _) = builder.finish(vec![sum]);
    let names = Names { kernel: "next".into(), params: vec!["x".into()], ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}

/// Begins as a worker does, and says so.
fn begin() {
    supervisor::begin_worker().unwrap();
    let lives = std::path::PathBuf::from(std::env::var_os(LIVES).unwrap());
    std::fs::write(lives.join(format!("{}.pid", std::process::id())), []).unwrap();
}

#[test]
#[ignore = "a worker of the other tests"]
fn stand_in_that_calls_its_kernel() {
    begin();
    LoadedKernel::load_with(&kernel(), Engine::Native).call_row(&[1.0.into()]).unwrap();
    std::process::exit(7);
}

#[test]
#[ignore = "a worker of the other tests"]
fn stand_in_that_aborts() {
    begin();
    LoadedKernel::load_with(&kernel(), Engine::Native).call_row(&[1.0.into()]).unwrap();
    std::process::abort();
}

#[test]
#[ignore = "a worker of the other tests"]
fn stand_in_that_waits() {
    begin();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
#[ignore = "a worker of the other tests"]
fn stand_in_that_stops_when_asked() {
    begin();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).unwrap().recv().await;
    });
}

#[test]
#[ignore = "a worker of the other tests"]
fn stand_in_that_does_not_stop() {
    begin();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let _deaf = signal(SignalKind::terminate()).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
}

/// A whole `filbert executor` but for its work, under the scheduler of `FILBERT_TEST_SCHEDULER`.
#[test]
#[ignore = "a parent of the other tests"]
fn parent_of_a_stand_in() {
    let scheduler = std::env::var("FILBERT_TEST_SCHEDULER").unwrap();
    let work_dir = std::env::var_os(LIVES).map(|folder| Path::new(&folder).join("rows"));
    let options = ExecutorOptions { scheduler, work_dir, ..ExecutorOptions::default() };
    supervisor::run(std::env::current_exe().unwrap(), arguments("stand_in_that_stops_when_asked"), options, None)
        .unwrap();
}

/// Numbers of the processes that began in this folder.
fn lives(folder: &Path) -> Vec<u32> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.to_str()?.strip_suffix(".pid")?.parse().ok()).collect()
}

async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what} took too long");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn kill(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// Whether a process runs. One that has ended and was not asked about does not.
fn runs(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn a_kernel_that_ends_its_worker_is_named() {
    for (deed, signal) in [("abort", 6), ("segv", 11)] {
        let (stub, address) = Stub::start();
        let folder = tempfile::tempdir().unwrap();
        let mut supervisor = of("stand_in_that_calls_its_kernel", address, folder.path());
        supervisor.environment.push(("FILBERT_TEST_POISON".into(), format!("next:{deed}").into()));
        let deaths = tokio::select! {
            ended = supervisor.watch(never()) => panic!("{ended:?}"),
            deaths = stub.wait_stopped(2, PATIENCE) => deaths,
        };
        let wanted = format!("filbert-crash 1 signal={signal} kernel={}", kernel().id());
        assert!(deaths.iter().all(|(_, reason)| *reason == wanted), "{deaths:?}");
        assert_ne!(deaths[0].0, deaths[1].0, "each worker has a name of its own");
    }
}

#[tokio::test]
async fn deaths_outside_of_kernels_name_none() {
    for (stand_in, wanted) in [
        ("stand_in_that_calls_its_kernel", "filbert-exit 1 code=7"),
        ("stand_in_that_aborts", "filbert-exit 1 signal=6"),
    ] {
        let (stub, address) = Stub::start();
        let folder = tempfile::tempdir().unwrap();
        let supervisor = of(stand_in, address, folder.path());
        let deaths = tokio::select! {
            ended = supervisor.watch(never()) => panic!("{ended:?}"),
            deaths = stub.wait_stopped(1, PATIENCE) => deaths,
        };
        assert_eq!(deaths[0].1, wanted);
    }
}

#[tokio::test]
async fn a_killed_worker_is_a_loss_and_gets_a_successor() {
    let (stub, address) = Stub::start();
    let folder = tempfile::tempdir().unwrap();
    let supervisor = of("stand_in_that_waits", address, folder.path());
    let test = async {
        let first = until("the first worker", || lives(folder.path()).first().copied()).await;
        kill("-KILL", first);
        let killed = Instant::now();
        let deaths = stub.wait_stopped(1, PATIENCE).await;
        assert!(killed.elapsed() < Duration::from_secs(1), "told after {:?}", killed.elapsed());
        assert_eq!(deaths[0].1, "filbert-exit 1 signal=9");
        until("the second worker", || lives(folder.path()).into_iter().find(|pid| *pid != first)).await
    };
    let second = tokio::select! {
        ended = supervisor.watch(never()) => panic!("{ended:?}"),
        second = test => second,
    };
    // The supervisor was dropped.
    until("the end of the second worker", || (!runs(second)).then_some(())).await;
    let folders = std::fs::read_dir(folder.path().join("rows")).unwrap();
    assert_eq!(folders.count(), 0, "the folders of both are gone");
}

#[tokio::test]
async fn a_worker_that_does_not_stop_is_killed() {
    for (stand_in, wanted) in
        [("stand_in_that_stops_when_asked", None), ("stand_in_that_does_not_stop", Some("signal=9"))]
    {
        let (stub, address) = Stub::start();
        let folder = tempfile::tempdir().unwrap();
        let supervisor = of(stand_in, address, folder.path());
        let told = async {
            let worker = until("the worker", || lives(folder.path()).first().copied()).await;
            // Its handler of the signal comes after its file.
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(runs(worker));
            "a test"
        };
        supervisor.watch(told).await.unwrap();
        assert!(!runs(lives(folder.path())[0]), "{stand_in}");
        let reasons: Vec<String> = stub.stopped().into_iter().map(|(_, reason)| reason).collect();
        // One that stops tells the scheduler itself.
        assert_eq!(reasons, Vec::from_iter(wanted.map(|wanted| format!("filbert-exit 1 {wanted}"))), "{stand_in}");
    }
}

/// The supervisor as a process, and its worker's number.
async fn process(scheduler: impl ToString, folder: &Path) -> (Child, u32) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments("parent_of_a_stand_in")).env(LIVES, folder);
    command.env("FILBERT_TEST_SCHEDULER", scheduler.to_string()).stdout(Stdio::null());
    let parent = command.spawn().unwrap();
    let worker = until("the worker", || lives(folder).first().copied()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    (parent, worker)
}

#[tokio::test]
async fn a_worker_dies_with_its_parent() {
    let (_stub, address) = Stub::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut parent, worker) = process(address, folder.path()).await;
    assert!(runs(worker));
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the worker's end", || (!runs(worker)).then_some(())).await;
}

#[tokio::test]
async fn a_parent_that_is_asked_to_stop_stops_its_worker() {
    for signal in ["-TERM", "-INT"] {
        let (stub, address) = Stub::start();
        let folder = tempfile::tempdir().unwrap();
        let (mut parent, worker) = process(address, folder.path()).await;
        kill(signal, parent.id());
        assert!(parent.wait().unwrap().success(), "{signal} is a good end");
        assert!(!runs(worker));
        assert_eq!(stub.said(), Vec::<Said>::new());
    }
}

#[test]
fn a_scheduler_that_is_not_there_is_said() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = ExecutorOptions {
        scheduler: free.to_string(),
        patience: Duration::from_millis(600),
        ..ExecutorOptions::default()
    };
    let error = supervisor::run("/bin/true".into(), Vec::new(), options, None).unwrap_err();
    assert!(error.to_string().contains("FB-1101"), "{error}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Supervisor { program: "/nowhere/filbert".into(), ..of("x", "127.0.0.1:1", folder.path()) };
    let error = supervisor.watch(never()).await.unwrap_err();
    assert!(error.to_string().contains("cannot start /nowhere/filbert"), "{error}");
}
