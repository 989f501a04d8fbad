//! `filbert check`: every diagnostic of every file, and nothing else; or the page about one of them.

use std::path::{Path, PathBuf};

use filbert_ir::Code;

use crate::failure::{Failure, print};
use crate::job::Job;
use crate::kernel_file;
use crate::pages;
use crate::script::Script;
use crate::threads;

#[derive(clap::Args)]
pub(crate) struct Check {
    /// Kernel files (.rs) and SQL scripts (.sql)
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the page about a code instead: what it means, an example, what to do
    #[arg(long, value_name = "CODE", value_parser = pages::code, conflicts_with = "files")]
    explain: Option<Code>,
}

impl Check {
    /// Goes on after a file with errors, so that one run shows all there is to fix.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        if let Some(code) = self.explain {
            return print(pages::page(code));
        }
        let mut screens = String::new();
        for file in &self.files {
            check_file(file, &mut screens)?;
        }
        if screens.is_empty() { Ok(()) } else { Err(Failure::Screen(screens)) }
    }
}

fn check_file(file: &Path, screens: &mut String) -> Result<(), Failure> {
    let is_script = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql"));
    if !is_script {
        return note(kernel_file::load(file).map(drop), screens);
    }
    let file = file.to_path_buf();
    let found = threads::run(async move {
        let mut screens = String::new();
        let script = match Script::read(&file) {
            Ok(script) => script,
            Err(failure) => return note(Err(failure), &mut screens).map(|()| screens),
        };
        // Only what creates functions is run: it reads no table.
        let mut job = Job::new(None);
        for step in script.steps.iter().filter(|step| step.creates_function()) {
            note(job.plan(&script, step).await.map(drop), &mut screens)?;
        }
        Ok(screens)
    })?;
    screens.push_str(&found);
    Ok(())
}

/// Keeps the screen of a failure.
fn note(outcome: Result<(), Failure>, screens: &mut String) -> Result<(), Failure> {
    match outcome {
        Err(Failure::Screen(screen)) => screens.push_str(&screen),
        other => other?,
    }
    Ok(())
}
