//! How a command ends badly, and where text goes.
//!
//! Results go to standard output, everything else to standard error. Every error screen begins with its
//! stable code. A reader that has closed standard output has seen enough: that is no failure.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use filbert_ir::{Code, Diagnostic, Diagnostics};

/// Why a command stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The job failed; the screen says why.
    Screen(String),
    /// Nobody reads standard output any more.
    Closed,
}

impl Failure {
    /// A failure without a place in a text.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure::of(Diagnostic::unplaced(code, message))
    }

    /// One finding without a text.
    pub(crate) fn of(diagnostic: Diagnostic) -> Failure {
        Diagnostics::without_text(vec![diagnostic]).into()
    }

    /// A file that cannot be read, in a word that a newcomer understands.
    pub(crate) fn input(path: &Path, error: &io::Error) -> Failure {
        Failure::new(Code::Input, format!("cannot read {}: {}", path.display(), reason(error)))
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure::Screen(diagnostics.render())
    }
}

/// What the operating system said, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => "permission denied".into(),
        ErrorKind::IsADirectory => "it is a folder".into(),
        ErrorKind::InvalidData => "it is not UTF-8 text".into(),
        _ => error.to_string(),
    }
}

/// Writes results.
pub(crate) fn print(text: impl fmt::Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    written(write!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// Writes what is not a result. Where standard error is gone, there is nobody left to tell.
pub(crate) fn tell(text: impl fmt::Display) {
    let _ = write!(io::stderr().lock(), "{text}");
}

/// What a write to standard output came to.
pub(crate) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Closed),
        Err(error) => Err(Failure::new(Code::Output, format!("cannot write to standard output: {}", reason(&error)))),
    }
}
