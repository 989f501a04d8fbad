//! The files of a build: which there are, and what they are called.

use std::fmt;
use std::str::FromStr;

use filbert_compiler::{Level, Platform};
use thiserror::Error;

use crate::{AotError, Module};

/// A kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Emit {
    /// `NAME.h`.
    Header,
    /// `NAME.o`, for each architecture.
    Object,
    /// `libNAME.a` with that object.
    Archive,
}

impl Emit {
    /// Every kind.
    pub const ALL: [Emit; 3] = [Emit::Header, Emit::Object, Emit::Archive];

    /// Its name: `obj`.
    pub fn name(self) -> &'static str {
        match self {
            Emit::Header => "header",
            Emit::Object => "obj",
            Emit::Archive => "staticlib",
        }
    }
}

impl fmt::Display for Emit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no kind of file.
#[derive(Clone, PartialEq, Eq, Error, Debug)]
#[error("unknown output `{0}`: write obj, header or staticlib")]
pub struct UnknownEmit(pub String);

impl FromStr for Emit {
    type Err = UnknownEmit;

    fn from_str(text: &str) -> Result<Emit, UnknownEmit> {
        Emit::ALL.into_iter().find(|emit| emit.name() == text).ok_or_else(|| UnknownEmit(text.into()))
    }
}

/// The platforms that are meant where none is named: all of this machine's architecture. Nothing where objects are not
/// for it.
pub fn default_platforms() -> Vec<Platform> {
    let here = match std::env::consts::ARCH {
        "x86_64" => Platform::X86_64(Level::V1),
        "aarch64" => Platform::Aarch64,
        _ => return Vec::new(),
    };
    Platform::ALL.into_iter().filter(|platform| platform.architecture() == here.architecture()).collect()
}

impl Module {
    /// These files, by their names. Where platforms are of more than one architecture its name is part of theirs:
    /// `NAME.aarch64.o`.
    pub fn files(&self, emits: &[Emit], platforms: &[Platform]) -> Result<Vec<(String, Vec<u8>)>, AotError> {
        let name = self.name();
        let mut files = Vec::new();
        if emits.contains(&Emit::Header) {
            files.push((format!("{name}.h"), self.header().into_bytes()));
        }
        if !emits.contains(&Emit::Object) && !emits.contains(&Emit::Archive) {
            return Ok(files);
        }
        let mut architectures: Vec<&str> = platforms.iter().map(|platform| platform.architecture()).collect();
        architectures.sort_unstable();
        architectures.dedup();
        if architectures.is_empty() {
            return Err(AotError::NoPlatform);
        }
        for architecture in &architectures {
            let of_it = platforms.iter().copied().filter(|platform| platform.architecture() == *architecture);
            let object = self.object(&of_it.collect::<Vec<_>>())?;
            let name = if architectures.len() == 1 { name.to_string() } else { format!("{name}.{architecture}") };
            if emits.contains(&Emit::Archive) {
                files.push((format!("lib{name}.a"), self.archive(&object)?));
            }
            if emits.contains(&Emit::Object) {
                files.push((format!("{name}.o"), object));
            }
        }
        Ok(files)
    }
}
