//! An executor by itself: how it comes, what it says of itself, how it goes.

use std::net::Ipv4Addr;
use std::time::Duration;

use filbert_cluster::{Executor, ExecutorOptions};
use filbert_dist::error::find_kernel_error;
use filbert_ir::Code;

use crate::scheduler_stub::{Said, Stub};

fn options(scheduler: impl ToString) -> ExecutorOptions {
    ExecutorOptions { scheduler: scheduler.to_string(), cores: Some(3), ..ExecutorOptions::default() }
}

fn code(options: &ExecutorOptions) -> Option<Code> {
    options.check().err().map(|error| find_kernel_error(&error).unwrap().code)
}

#[tokio::test]
async fn a_stopped_executor_does_not_come_back() {
    let (stub, address) = Stub::start();
    let folder = tempfile::tempdir().unwrap();
    let executor =
        Executor::start(ExecutorOptions { work_dir: Some(folder.path().into()), ..options(address) }).await.unwrap();
    let id = executor.id().to_string();
    let told = stub.registered();
    assert_eq!((told.id.as_str(), told.host.as_deref()), (id.as_str(), Some("127.0.0.1")));
    assert_eq!((told.port, told.grpc_port), (executor.address().port().into(), executor.address().port().into()));
    assert!(std::net::TcpStream::connect(executor.address()).is_ok());
    let served = executor.address();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    executor.stop("filbert-exit 1 stopped by a test").await;
    assert_eq!(stub.stopped(), [(id.clone(), "filbert-exit 1 stopped by a test".to_string())]);
    // Ballista's own executor polls on while it stops; the scheduler would take it in again.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(matches!(stub.said().last(), Some(Said::Stopped(..))), "{:?}", stub.said());
    assert!(std::net::TcpStream::connect(served).is_err(), "it still listens");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "its folder is gone");
}

#[tokio::test]
async fn executors_of_one_machine_have_names_ports_and_folders_of_their_own() {
    let (stub, address) = Stub::start();
    let url = format!("df://{address}");
    let [a, b] = [options(&url), options(&url)].map(Executor::start);
    let (a, b) = (a.await.unwrap(), b.await.unwrap());
    assert_ne!(a.id(), b.id());
    assert_ne!(a.address(), b.address());
    drop(a);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = stub.said().len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let later = stub.said().split_off(before);
    assert!(!later.is_empty() && later.iter().all(|said| *said == Said::Poll(b.id().to_string())), "{later:?}");
}

#[test]
fn what_cannot_work_is_refused_before_anything_starts() {
    let good = options("127.0.0.1:50050");
    let with = |change: &dyn Fn(&mut ExecutorOptions)| {
        let mut changed = good.clone();
        change(&mut changed);
        code(&changed)
    };
    assert_eq!(code(&good), None);
    assert_eq!(with(&|o| o.bind = Ipv4Addr::UNSPECIFIED.into()), Some(Code::NotLoopback));
    assert_eq!(with(&|o| (o.bind, o.insecure) = (Ipv4Addr::UNSPECIFIED.into(), true)), None);
    assert_eq!(with(&|o| o.memory = Some(1 << 20)), Some(Code::Input));
    assert_eq!(with(&|o| o.memory = Some(48 << 20)), None);
    assert_eq!(with(&|o| o.work_dir = Some("/dev/null/x".into())), Some(Code::Output));
    for scheduler in ["", ":50050", "http://localhost:50050", "localhost:x", "localhost:70000", "a/b:1"] {
        assert_eq!(with(&|o| o.scheduler = scheduler.into()), Some(Code::ClusterUnreachable), "{scheduler}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_at_once() {
    let (_stub, address) = Stub::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Executor::start(ExecutorOptions { port, ..options(address) }).await.err().unwrap();
    assert!(error.to_string().contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
}
