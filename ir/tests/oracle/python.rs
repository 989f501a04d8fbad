//! The oracle's process, and the virtual environment that it runs in: made by the test itself, once for each
//! list of requirements and Python, under the target directory.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use filbert_ir::Scalar;

use super::ulp::Real;
use super::{Answer, Outcome, Typed};

/// Where the programs lie.
pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/oracle");

/// The interpreter with the packages, or `None` where it cannot be had, which is said on standard error.
///
/// # Panics
/// Instead of `None` if FILBERT_ORACLE is "require".
pub(super) fn set_up() -> Option<PathBuf> {
    // Two tests of one process would make the same environment at the same time.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let found = environment();
    drop(guard);
    let why = match found {
        Ok(python) => return Some(python),
        Err(why) => why,
    };
    assert!(std::env::var("FILBERT_ORACLE").as_deref() != Ok("require"), "the oracle is required: {why}");
    // Not a macro of the print family, which a test that passes keeps to itself.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: nothing outside judges the interpreter in this run: {why}\n");
    None
}

fn environment() -> Result<PathBuf, String> {
    let version = run(Command::new("python3").arg("--version"))?;
    let requirements = fs::read(Path::new(FOLDER).join("requirements.txt")).map_err(|e| e.to_string())?;
    let key = blake3::hash(&[version.as_bytes(), &requirements].concat()).to_hex()[..16].to_string();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("oracle-venv");
    let home = all.join(&key);
    let python = |home: &Path| home.join("bin").join("python");
    if python(&home).exists() {
        return Ok(python(&home));
    }
    // Made aside and renamed, so that nobody sees half of it; whoever comes second takes the first one's.
    let aside = all.join(format!("{key}.{}", std::process::id()));
    let _ = fs::remove_dir_all(&aside);
    fs::create_dir_all(&all).map_err(|e| e.to_string())?;
    run(Command::new("python3").args(["-m", "venv"]).arg(&aside))?;
    let install = ["-m", "pip", "install", "--quiet", "--retries", "1", "-r", "requirements.txt"];
    run(Command::new(python(&aside)).args(install).current_dir(FOLDER))?;
    if let Err(e) = fs::rename(&aside, &home) {
        let _ = fs::remove_dir_all(&aside);
        if !python(&home).exists() {
            return Err(format!("{}: {e}", home.display()));
        }
    }
    Ok(python(&home))
}

/// What a command prints, or why it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let name = format!("{name} {}", args.join(" "));
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    let said = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
    if output.status.success() { Ok(said.into_owned()) } else { Err(format!("{name}: {}", said.trim())) }
}

/// A running oracle.
pub(super) struct Oracle {
    process: Child,
    questions: Option<BufWriter<ChildStdin>>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub(super) fn start(python: &Path) -> Oracle {
        let mut command = Command::new(python);
        command.arg("-I").arg(Path::new(FOLDER).join("oracle.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let questions = process.stdin.take().map(BufWriter::new);
        let answers = BufReader::new(process.stdout.take().unwrap());
        Oracle { process, questions, answers }
    }

    /// The operations that it has a rule for.
    pub(super) fn names(&mut self) -> Vec<String> {
        self.tell("?\n");
        self.line().split(' ').map(str::to_string).collect()
    }

    /// Its opinion of some rows. It reads them all before it answers, so that neither waits for the other.
    pub(super) fn ask(&mut self, typed: &Typed, rows: &[Vec<Scalar>]) -> Vec<Answer> {
        let mut text = format!("{} {}", typed.op, typed.ret);
        for ty in &typed.args {
            text += &format!(" {ty}");
        }
        text += &format!(" {}\n", rows.len());
        for row in rows {
            let words: Vec<String> = row.iter().map(|arg| format!("{:x}", arg.bits())).collect();
            text += &words.join(" ");
            text.push('\n');
        }
        self.tell(&text);
        rows.iter().map(|_| self.answer(typed)).collect()
    }

    fn tell(&mut self, text: &str) {
        let questions = self.questions.as_mut().unwrap();
        questions.write_all(text.as_bytes()).and_then(|()| questions.flush()).expect("the oracle listens");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the oracle answers in text");
        line.trim_end().to_string()
    }

    fn answer(&mut self, typed: &Typed) -> Answer {
        let line = self.line();
        let bits = || u64::from_str_radix(&line, 16).ok().map(|bits| Answer::Exactly(Outcome::Bits(bits)));
        let answer = match line.as_bytes().first() {
            Some(b'!') => Some(Answer::Exactly(Outcome::Fault(line[1..].to_string()))),
            Some(b'~') => Real::parse(&line[1..]).map(Answer::Real),
            _ if line == "nan" => Some(Answer::Nan),
            _ => bits(),
        };
        answer.unwrap_or_else(|| panic!("no answer to {}: {line:?}; its complaint stands above", typed.op))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // At the end of its input it ends.
        self.questions = None;
        let _ = self.process.wait();
    }
}
