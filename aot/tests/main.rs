//! Objects and headers: what is in them, that they are the same everywhere, and that C programs get the results that
//! the runtime gives. Where there is no C compiler the last is skipped, loudly.

#![allow(clippy::unwrap_used, missing_docs)]

mod cpu;
mod examples;
mod files;
mod harness;
mod refused;
mod results;

use std::path::Path;
use std::process::Command;

use filbert_aot::{AotError, Module};
use filbert_compiler::{Level, Platform, Target};
use filbert_ir::VerifiedKernel;

/// Every level of x86-64.
const LEVELS: [Platform; 4] = [
    Platform::X86_64(Level::V1),
    Platform::X86_64(Level::V2),
    Platform::X86_64(Level::V3),
    Platform::X86_64(Level::V4),
];

/// The kernels of a text.
fn kernels(text: &str) -> Vec<VerifiedKernel> {
    filbert_syntax::parse(text, "kernels.rs").unwrap_or_else(|e| panic!("{e}")).kernels
}

fn module(name: &str, text: &str) -> Module {
    Module::new(name, &kernels(text)).unwrap_or_else(|e| panic!("{e}"))
}

/// Platforms of which this machine can run the code.
fn platforms_here() -> Vec<Platform> {
    Platform::ALL.into_iter().filter(|&platform| Target::of(platform).runs_here()).collect()
}

/// The C compiler, if there is one, and if objects are for this system.
fn compiler() -> Option<Command> {
    if platforms_here().is_empty() || !cfg!(target_os = "linux") {
        println!("SKIPPED: objects are not for this system");
        return None;
    }
    let found = Command::new("cc").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("SKIPPED: there is no C compiler (cc) here");
    }
    found.then(|| Command::new("cc"))
}

/// Runs a command; what it says if it fails.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (said(&output.stdout), said(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}\n{err}", output.status);
    out
}

/// Writes a module's files to a folder: `NAME.h`, `NAME.o`, `libNAME.a`.
fn write(module: &Module, platforms: &[Platform], folder: &Path) -> Result<(), AotError> {
    let object = module.object(platforms)?;
    let name = module.name();
    std::fs::write(folder.join(format!("{name}.h")), module.header()).unwrap();
    std::fs::write(folder.join(format!("lib{name}.a")), module.archive(&object)?).unwrap();
    std::fs::write(folder.join(format!("{name}.o")), object).unwrap();
    Ok(())
}
