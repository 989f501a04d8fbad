//! Machines by name: those that code can be made for anywhere, whatever the one is that makes it.

use std::fmt;
use std::str::FromStr;

use target_lexicon::Triple;
use thiserror::Error;

use super::Level;

/// A kind of machine, with the C calling convention of ELF systems (and of macOS on x86-64).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Platform {
    /// 64-bit x86 with all features of a level.
    X86_64(Level),
    /// 64-bit Arm, as all of them are.
    Aarch64,
}

impl Platform {
    /// Every platform, of an architecture the least first.
    pub const ALL: [Platform; 5] = [
        Platform::X86_64(Level::V1),
        Platform::X86_64(Level::V2),
        Platform::X86_64(Level::V3),
        Platform::X86_64(Level::V4),
        Platform::Aarch64,
    ];

    /// The name: `x86-64-v3`.
    pub fn name(self) -> &'static str {
        match self {
            Platform::X86_64(Level::V1) => "x86-64-v1",
            Platform::X86_64(Level::V2) => "x86-64-v2",
            Platform::X86_64(Level::V3) => "x86-64-v3",
            Platform::X86_64(Level::V4) => "x86-64-v4",
            Platform::Aarch64 => "aarch64",
        }
    }

    /// The name of its architecture: `x86-64`.
    pub fn architecture(self) -> &'static str {
        match self {
            Platform::X86_64(_) => "x86-64",
            Platform::Aarch64 => "aarch64",
        }
    }

    /// The triple that stands for it. The bytes of code are the same for every system with its calling convention.
    pub fn triple(self) -> Triple {
        let text = match self {
            Platform::X86_64(_) => "x86_64-unknown-linux-gnu",
            Platform::Aarch64 => "aarch64-unknown-linux-gnu",
        };
        text.parse().expect("a triple of this crate's own")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no platform has.
#[derive(Clone, PartialEq, Eq, Error, Debug)]
#[error("unknown target `{name}`: write {}", names())]
pub struct UnknownPlatform {
    /// What was written.
    pub name: String,
}

/// The names in words.
fn names() -> String {
    let names: Vec<&str> = Platform::ALL.into_iter().map(Platform::name).collect();
    let (last, others) = names.split_last().expect("there are platforms");
    format!("{} or {last}", others.join(", "))
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Platform, UnknownPlatform> {
        let found = Platform::ALL.into_iter().find(|platform| platform.name() == text);
        found.ok_or_else(|| UnknownPlatform { name: text.into() })
    }
}
