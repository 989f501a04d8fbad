//! Processes that die, and what they say of it: this binary is run again for each.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use filbert_compiler::{Artifact, CompileError, Target};
use filbert_ir::{text, verify};

use super::*;
use crate::{Engine, KernelCache, LoadedKernel};

const CHILD: &str = "crash::tests::a_child_that_dies";
const MODE: &str = "FILBERT_CRASH_CHILD";
const FOLDER: &str = "FILBERT_CRASH_FOLDER";

fn kernel(text: &str) -> VerifiedKernel {
    verify(text::parse(text).unwrap()).unwrap()
}

fn sum() -> VerifiedKernel {
    kernel("kernel sum(%0 a: i64, %1 b: i64) -> i64 {\n  %2: i64 = wrapping_add %0, %1\n  return %2\n}\n")
}

/// Goes round for minutes.
fn endless() -> VerifiedKernel {
    let text = "kernel endless(%0 n: i64) -> i64 fuel 1000000000000 {
        %1: i64 = const 0
        %2: i64 = const 1
        %3: i64 = loop %1 {
        %4: i64 =   carried 0
        %5: i64 =   wrapping_add %4, %2
        %6: bool =  lt %5, %0
                    yield %6, %5
                  }
        return %3
      }";
    kernel(text)
}

/// What a process said that died in this way, and the signal that it died of.
fn death(mode: &str, poison: Option<&str>, meanwhile: impl FnOnce(&str)) -> (Option<CrashRecord>, Option<i32>) {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", CHILD, "--ignored", "--nocapture", "--test-threads", "1"]).env(MODE, mode);
    if let Some(poison) = poison {
        command.env(POISON_VARIABLE, poison);
    }
    let mut child = command.stdin(writer).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(command); // and with it our own end of the pipe
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let ready = stdout.lines().any(|line| line.unwrap_or_default().contains("ready to die"));
    assert!(ready, "the child of mode {mode} never began");
    meanwhile(&child.id().to_string());
    let mut said = Vec::new();
    reader.read_to_end(&mut said).unwrap();
    (CrashRecord::parse(&said), child.wait().unwrap().signal())
}

#[test]
#[ignore = "run by the other tests in a process of its own"]
fn a_child_that_dies() {
    match std::env::var_os(FOLDER) {
        Some(folder) => mark(std::fs::File::open(folder).unwrap().into()).unwrap(),
        None => report(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap(),
    }
    poison_from_environment().unwrap();
    let call = || LoadedKernel::load_with(&sum(), Engine::Native).call_row(&[1i64.into(), 2i64.into()]).unwrap();
    let run_for_ever = || drop(LoadedKernel::load_with(&endless(), Engine::Native).call_row(&[i64::MAX.into()]));
    let mode = std::env::var(MODE).unwrap();
    println!("ready to die");
    match mode.as_str() {
        "code" => drop(broken().load(&sum(), Engine::Native).call_row(&[1i64.into(), 2i64.into()])),
        "call" => drop(call()),
        "two calls" => drop((call(), call())),
        "abort after a call" => {
            call();
            std::process::abort();
        }
        "fault after a call" => {
            call();
            signals::fault();
        }
        "abort beside a call" => {
            std::thread::spawn(run_for_ever);
            std::thread::sleep(Duration::from_millis(200));
            std::process::abort();
        }
        "wait in a call" => run_for_ever(),
        _ => unreachable!("{mode}"),
    }
    println!("still here");
}

/// A cache whose code is an instruction that no CPU has.
fn broken() -> KernelCache {
    fn illegal(kernel: &VerifiedKernel, target: &Target) -> Result<Artifact, CompileError> {
        let code = if cfg!(target_arch = "x86_64") { vec![0x0f, 0x0b] } else { vec![0; 4] };
        Ok(Artifact { code, entry_offset: 0, ..filbert_compiler::compile(kernel, target)? })
    }
    KernelCache::with_compiler(1 << 20, illegal)
}

#[test]
fn code_that_faults_is_told_with_its_kernel() {
    let (said, signal) = death("code", None, |_| {});
    assert_eq!(signal, Some(libc::SIGILL));
    assert_eq!(said, Some(CrashRecord { signal: libc::SIGILL, kernel: sum().id() }));
}

#[test]
fn a_poisoned_kernel_ends_its_process_and_no_other_does() {
    for (poison, wanted) in [("sum:abort", libc::SIGABRT), ("sum:segv", libc::SIGSEGV)] {
        let (said, signal) = death("call", Some(poison), |_| {});
        assert_eq!(signal, Some(wanted), "{poison}");
        assert_eq!(said, Some(CrashRecord { signal: wanted, kernel: sum().id() }), "{poison}");
    }
    assert_eq!(death("call", Some("product:abort"), |_| {}), (None, None));
}

#[test]
fn a_crash_may_be_noted_as_a_file() {
    let folder = std::env::temp_dir().join(format!("filbert-crash-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let noted = |mode: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", CHILD, "--ignored", "--test-threads", "1"]).env(MODE, mode).env(FOLDER, &folder);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (status.signal(), names.collect::<Vec<_>>())
    };
    assert_eq!(noted("call"), (None, vec![]));
    assert_eq!(noted("abort after a call"), (Some(libc::SIGABRT), vec![]));
    for _ in 0..2 {
        assert_eq!(noted("code"), (Some(libc::SIGILL), vec![sum().id().to_string()]));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_poison_may_spare_the_first_calls() {
    for (mode, poison, dies) in [
        ("call", "sum:segv:after=1", false),
        ("two calls", "sum:segv:after=1", true),
        ("two calls", "sum:segv:after=2", false),
    ] {
        assert_eq!(death(mode, Some(poison), |_| {}).1.is_some(), dies, "{mode} under {poison}");
    }
}

#[test]
fn what_crashes_outside_of_kernels_blames_none() {
    assert_eq!(death("abort after a call", None, |_| {}), (None, Some(libc::SIGABRT)));
    assert_eq!(death("fault after a call", None, |_| {}), (None, Some(libc::SIGSEGV)));
    assert_eq!(death("abort beside a call", None, |_| {}), (None, Some(libc::SIGABRT)));
}

#[test]
fn a_signal_from_elsewhere_blames_no_kernel() {
    let kill = |name: &str, pid: &str| {
        std::thread::sleep(Duration::from_millis(200));
        Command::new("kill").args([name, pid]).status().unwrap().success()
    };
    for (name, number) in [("-SEGV", libc::SIGSEGV), ("-ABRT", libc::SIGABRT), ("-KILL", libc::SIGKILL)] {
        let ended = death("wait in a call", None, |pid| {
            assert!(kill(name, pid));
            // Rust's own handler, which ours hands over to, lets the first SIGSEGV pass that nothing repeats.
            if number == libc::SIGSEGV {
                assert!(kill(name, pid));
            }
        });
        assert_eq!(ended, (None, Some(number)), "{name}");
    }
}

#[test]
fn a_record_is_read_whole_or_not_at_all() {
    let record = CrashRecord { signal: 11, kernel: sum().id() };
    let bytes = record.bytes();
    assert_eq!(CrashRecord::parse(&bytes), Some(record));
    assert_eq!(CrashRecord::parse(&[bytes, CrashRecord { signal: 6, ..record }.bytes()].concat()), Some(record));
    assert_eq!(CrashRecord::parse(&bytes[..RECORD_BYTES - 1]), None);
    assert_eq!(CrashRecord::parse(&[0; RECORD_BYTES]), None);
}
