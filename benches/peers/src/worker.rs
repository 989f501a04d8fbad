//! A worker from the command's side: a long-lived process that is asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{fs, thread};

use crate::shared::protocol::{Load, Reply, Request};

/// How long an answer may take: compiling for two threads takes seconds, a slow kernel over many rows too.
const PATIENCE: Duration = Duration::from_secs(240);

/// A process that has some of the peers.
pub(crate) struct Worker {
    pub(crate) name: &'static str,
    process: Child,
    requests: ChildStdin,
    replies: Receiver<String>,
    log: PathBuf,
    /// Why it is not asked any more.
    dead: Option<String>,
}

/// A variant that is ready, and what it says of itself.
pub(crate) struct Ready {
    pub(crate) milliseconds: f64,
    pub(crate) note: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum No {
    /// It cannot do this.
    Refused(String),
    /// Something is broken.
    Failed(String),
}

impl Worker {
    /// Starts it; what it says besides replies goes to a file in `logs`.
    pub(crate) fn start(name: &'static str, mut command: Command, logs: &Path) -> Result<Worker, String> {
        fs::create_dir_all(logs).map_err(|e| format!("{}: {e}", logs.display()))?;
        let log = logs.join(format!("{name}.log"));
        let file = fs::File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file);
        let mut process = command.spawn().map_err(|e| format!("{name}: {e}"))?;
        let (Some(requests), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(format!("{name}: no pipes"));
        };
        let (sender, replies) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines();
            lines.map_while(Result::ok).take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        Ok(Worker { name, process, requests, replies, log, dead: None })
    }

    fn ask(&mut self, request: &Request) -> Result<Vec<String>, No> {
        if let Some(why) = &self.dead {
            return Err(No::Failed(why.clone()));
        }
        let sent = writeln!(self.requests, "{}", request.line()).and_then(|()| self.requests.flush());
        let reply = match sent {
            Ok(()) => self.replies.recv_timeout(PATIENCE).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        match reply.and_then(|line| Reply::parse(&line)) {
            Ok(Reply::Ok(words)) => Ok(words),
            Ok(Reply::Refused(why)) => Err(No::Refused(why)),
            Ok(Reply::Failed(why)) => Err(No::Failed(why)),
            Err(why) => {
                let why = format!("{} is gone ({why}); {}", self.name, self.last_words());
                let _ = self.process.kill();
                self.dead = Some(why.clone());
                Err(No::Failed(why))
            }
        }
    }

    /// The end of what it wrote to its log.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(3)..].join(" / ");
        if last.is_empty() { "it said nothing".into() } else { format!("its last words: {last}") }
    }

    /// Versions of what it is made of, each `name=version`.
    pub(crate) fn hello(&mut self) -> Result<Vec<String>, String> {
        self.ask(&Request::Hello).map_err(|no| match no {
            No::Refused(why) | No::Failed(why) => why,
        })
    }

    /// Gives it columns, and gets the variants that it has.
    pub(crate) fn load(&mut self, load: &Load) -> Result<Vec<String>, No> {
        self.ask(&Request::Load(load.clone()))
    }

    /// Compiles a variant, runs it once, and has it write its results.
    pub(crate) fn prepare(&mut self, variant: &str, threads: usize) -> Result<Ready, No> {
        let words = self.ask(&Request::Prepare { variant: variant.into(), threads })?;
        let milliseconds = words.first().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN);
        Ok(Ready { milliseconds, note: words.get(1).cloned().unwrap_or_default() })
    }

    /// Nanoseconds of so many repetitions.
    pub(crate) fn time(&mut self, variant: &str, threads: usize, repeats: u64) -> Result<f64, No> {
        let words = self.ask(&Request::Time { variant: variant.into(), threads, repeats })?;
        let nanoseconds = words.first().and_then(|word| word.parse::<f64>().ok());
        nanoseconds.ok_or_else(|| No::Failed(format!("not a time: {words:?}")))
    }

    /// Lets it free its columns.
    pub(crate) fn unload(&mut self) {
        let _ = self.ask(&Request::Unload);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::protocol::Ty;

    fn script(text: &str) -> (tempfile::TempDir, Worker) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        let worker = Worker::start("script", command, folder.path()).unwrap();
        (folder, worker)
    }

    #[test]
    fn a_worker_is_asked_line_by_line() {
        let (_folder, mut worker) = script(
            r#"read a; printf 'ok\tsh=1\n'; read b; printf 'refused\tnot today\n'; read c; printf 'ok\t1500\n'; read d"#,
        );
        assert_eq!(worker.hello(), Ok(vec!["sh=1".to_string()]));
        let folder = "/nowhere".into();
        let load = Load { function: "f".into(), ty: Ty::F64, out: Ty::F64, rows: 1, inputs: 0, nulls: false, folder };
        assert!(matches!(worker.load(&load), Err(No::Refused(why)) if why == "not today"));
        assert_eq!(worker.time("f", 1, 10).ok(), Some(1500.0));
    }

    #[test]
    fn a_worker_that_dies_says_why_and_is_not_asked_again() {
        let (_folder, mut worker) = script("echo 'no SVML here' >&2; exit 1");
        for _ in 0..2 {
            let why = worker.hello().unwrap_err();
            assert!(why.contains("script is gone") && why.contains("no SVML here"), "{why}");
        }
    }
}
