//! An executor whose wire is cut in the middle of a job, and joined again.
//!
//! ```text
//!   namespace of the test                         namespace of the executor
//!   scheduler, an executor, the client            another executor
//!   10.231.0.1 on `filbert-outer` ---- a wire ---- 10.231.0.2 on `filbert-inner`
//! ```
//!
//! Both are made for this test, by `unshare` with a root of its own, so the machine's network is left alone and
//! nothing has to be removed. Where that is not allowed, or `ip` is not installed, the test says so and is skipped.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::processes::{Cluster, Process, START_MAX, wait};

const OUTER: (&str, &str) = ("filbert-outer", "10.231.0.1");
const INNER: (&str, &str) = ("filbert-inner", "10.231.0.2");
/// An address on the wire that nobody has.
const NOBODY: &str = "02:00:00:00:00:99";

/// How the wire is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cut {
    /// What is sent goes nowhere, and nobody is told.
    Silent,
    /// The executor's end of the wire is pulled out.
    Down,
}

#[test]
fn an_executor_that_is_cut_off_counts_as_killed_and_comes_back() {
    let Some(unshare) = namespaces() else { return };
    let mut command = Command::new(unshare[0]);
    command.args(&unshare[1..]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "cluster::network::inside", "--ignored", "--nocapture", "--test-threads", "1"]);
    let ran = command.output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    println!("{text}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && text.contains("1 passed"));
}

/// The command that gives a network of its own to what follows.
fn namespaces() -> Option<&'static [&'static str]> {
    let runs = |command: &[&str]| {
        let ran = Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    const COMMANDS: [&[&str]; 2] = [&["unshare", "--net"], &["unshare", "--user", "--map-root-user", "--net"]];
    // Everything that is needed but the name of the wire.
    let found = COMMANDS.into_iter().find(|command| {
        runs(
            &[
                command,
                &["sh", "-c", "ip link add name a type veth peer name b && nsenter --net=/proc/self/ns/net true"][..],
            ]
            .concat(),
        )
    });
    if found.is_none() {
        println!("skipped: no network namespaces here (unshare, ip and nsenter, and the right to use them)");
    }
    found
}

#[track_caller]
fn run(command: &str) {
    let ran = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// The namespace of the executor, as long as this process lives in it.
struct Inner(Process);

impl Inner {
    /// Makes it, with the wire.
    fn make() -> Inner {
        run("ip link set lo up");
        run(&format!("ip link add name {} type veth peer name {}", OUTER.0, INNER.0));
        run(&format!("ip addr add {}/24 dev {} && ip link set {} up", OUTER.1, OUTER.0, OUTER.0));
        let inner = Inner(Process::start(Command::new("unshare").args(["--net", "sleep", "600"])));
        let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        wait("a namespace", START_MAX, || (namespace(&inner.pid())? != namespace("self")?).then_some(()));
        run(&format!("ip link set {} netns {}", INNER.0, inner.pid()));
        inner.run("ip link set lo up");
        inner.run(&format!("ip addr add {}/24 dev {} && ip link set {} up", INNER.1, INNER.0, INNER.0));
        inner
    }

    fn pid(&self) -> String {
        self.0.pid().as_raw_nonzero().to_string()
    }

    /// The command, inside.
    fn command(&self, command: &Command) -> Command {
        let mut entered = Command::new("nsenter");
        entered.arg(format!("--net=/proc/{}/ns/net", self.pid())).arg(command.get_program()).args(command.get_args());
        entered.current_dir(command.get_current_dir().unwrap_or(".".as_ref())).stdin(Stdio::null());
        entered
    }

    #[track_caller]
    fn run(&self, command: &str) {
        let mut shell = Command::new("sh");
        let ran = self.command(shell.args(["-c", command])).output().unwrap();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    fn cut(&self, cut: Cut) {
        let lose = |(wire, _): (&str, &str), (_, other): (&str, &str)| {
            format!("ip neigh replace {other} lladdr {NOBODY} dev {wire} nud permanent")
        };
        match cut {
            Cut::Down => self.run(&format!("ip link set {} down", INNER.0)),
            Cut::Silent => {
                run(&lose(OUTER, INNER));
                self.run(&lose(INNER, OUTER));
            }
        }
    }

    fn join(&self, cut: Cut) {
        match cut {
            Cut::Down => self.run(&format!("ip link set {} up", INNER.0)),
            Cut::Silent => {
                run(&format!("ip neigh del {} dev {}", INNER.1, OUTER.0));
                self.run(&format!("ip neigh del {} dev {}", OUTER.1, INNER.0));
            }
        }
    }
}

#[test]
#[ignore = "runs inside of namespaces, by the other test"]
fn inside() {
    let inner = Inner::make();
    let mut cluster = Cluster::without_executors(OUTER.1);
    cluster.start_executor(&[]);
    let behind_the_wire = inner.command(&cluster.executor_command(INNER.1));
    cluster.add_executor(behind_the_wire);
    cluster.wait_for_executors(2);
    let expected = cluster.prepare(30);
    let cuts = match std::env::var_os("FILBERT_LONG") {
        None => &[Cut::Silent][..],
        Some(_) => &[Cut::Silent, Cut::Down, Cut::Silent, Cut::Down],
    };
    for cut in cuts {
        let took = cluster.strike(&expected, 1, |_| inner.cut(*cut));
        println!("{cut:?}: {:.1} s", took.as_secs_f64());
        assert!(took > Duration::from_secs(10), "the executor had no part in it");
        inner.join(*cut);
        cluster.wait_for_living(2);
        let (ran, _) = cluster.submit("slow.sql", &["--partitions", "4"]).end();
        assert_eq!(ran.stdout, expected, "{}", ran.stderr);
        cluster.wait_for_executors(2);
    }
}
