//! `filbert check`: every diagnostic of every file, and nothing else.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::kernel_file;

#[derive(clap::Args)]
pub(crate) struct Check {
    /// Kernel files (.rs) and SQL scripts (.sql)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    /// Goes on after a file with errors, so that one run shows all there is to fix.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let mut screens = String::new();
        for file in &self.files {
            match check_file(file) {
                Ok(()) => {}
                Err(Failure::Screen(screen)) => screens.push_str(&screen),
                Err(closed) => return Err(closed),
            }
        }
        if screens.is_empty() { Ok(()) } else { Err(Failure::Screen(screens)) }
    }
}

fn check_file(file: &Path) -> Result<(), Failure> {
    kernel_file::load(file).map(drop)
}
