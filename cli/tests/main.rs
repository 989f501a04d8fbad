//! The built command, as a user meets it: arguments in, screens and exit status out. Kernels stand beside the
//! screens that they give; `UPDATE_EXPECT=1 cargo test -p filbert-cli` rewrites the screens.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod bench;
mod build;
mod cache;
mod call;
mod check;
#[cfg(all(feature = "cluster", target_os = "linux"))]
mod cluster;
mod doctor;
mod errors;
mod explain;
mod run;
mod usage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;

/// A folder with the files of one test. The command runs in it, so that screens show relative names.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Files by name and text.
    fn with(files: &[(&str, &str)]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// What lies in the folder, hidden files too.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn filbert(&self, args: &[&str]) -> Ran {
        filbert_in(self.folder.path(), args)
    }
}

/// What a command came to.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

fn filbert_in(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(&filbert_command(folder, args).output().unwrap())
}

fn filbert_command(folder: &Path, args: &[&str]) -> Command {
    // A long run names a copy, which builds beside it leave alone.
    let program = std::env::var_os("FILBERT_COMMAND").unwrap_or_else(|| env!("CARGO_BIN_EXE_filbert").into());
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_remove("FILBERT_ENGINE").stdin(Stdio::null());
    // Tests of what a command compiles do not find what the last one did.
    command.env("FILBERT_CACHE_MODE", "off");
    command
}

/// The root of the repository, where the examples run.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

impl Ran {
    fn of(output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let status = output.status.code().expect("the command ends by itself, not by a signal");
        Ran { status, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Success, with this on standard output. Returns standard error.
    #[track_caller]
    fn prints(self, stdout: Expect) -> String {
        assert_eq!(self.status, 0, "{}", self.stderr);
        stdout.assert_eq(&self.stdout);
        self.stderr
    }

    /// Failure with this screen, nothing on standard output.
    #[track_caller]
    fn fails(self, screen: Expect) {
        assert_eq!(self.status, 1, "{}{}", self.stdout, self.stderr);
        screen.assert_eq(&self.stderr);
        assert_eq!(self.stdout, "", "a failed job shows no result");
        let code = self.stderr.trim_start_matches('[').get(..3);
        assert_eq!(code, Some("FB-"), "a screen begins with its code");
    }
}
