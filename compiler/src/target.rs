//! What code is made for: a CPU's features, and the versions of everything that shapes the bytes.
//!
//! A target never changes a result: features choose instructions, not meanings. A `Target` holds the built
//! Cranelift ISA, because building one costs more than a small kernel; clones share it.
//!
//! There are targets for this machine (`host`, `level`) and for those that have a name (`of`), which need not be
//! this one. Both are made alike from an architecture, a calling convention and a list of features: where these are
//! equal, so are fingerprints and bytes.

mod features;
mod platform;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use filbert_ir::kernel::SEMANTICS_VERSION;
use target_lexicon::{Architecture, CallingConvention, Triple};

use crate::abi::ABI_VERSION;
use features::{Feature, X86_FEATURES, host_features};

pub use platform::{Platform, UnknownPlatform};

/// The levels of the x86-64 psABI: what code may use at most. Other architectures have one level, `V1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Level {
    /// SSE2.
    V1,
    /// SSE4.2, POPCNT.
    V2,
    /// AVX2, FMA, BMI.
    V3,
    /// AVX-512 F, DQ, VL.
    V4,
}

impl Level {
    /// Every level, from the least.
    pub const ALL: [Level; 4] = [Level::V1, Level::V2, Level::V3, Level::V4];
}

#[derive(Clone)]
struct Inner {
    triple: Triple,
    isa: Result<OwnedTargetIsa, String>,
    features: Vec<&'static str>,
    vectors: Vectors,
    uniform: u64,
    sums: bool,
    standalone: bool,
    fingerprint: Arc<str>,
}

/// What becomes of kernels that the vector back end takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Vectors {
    On,
    Off,
    /// It fails, for tests.
    Broken(Defect),
}

/// A way in which the vector back end can be made to fail.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defect {
    /// A step says that it cannot be right.
    Error,
    /// A step panics.
    Panic,
}

/// What to compile for. Cheap to clone; equal when the same kernel gives the same bytes.
#[derive(Clone)]
pub struct Target {
    inner: Arc<Inner>,
}

/// A target that is made once, or a few times where threads come at once: nobody waits for anybody, for the thread
/// that another one waits for may be gone, by a fork.
struct Kept {
    target: OnceLock<Target>,
    is_kept: AtomicBool,
}

impl Kept {
    const fn new() -> Kept {
        Kept { target: OnceLock::new(), is_kept: AtomicBool::new(false) }
    }

    fn get_or(&self, make: impl FnOnce() -> Target) -> Target {
        if let Some(target) = self.target.get() {
            return target.clone();
        }
        let target = make();
        if !self.is_kept.swap(true, Ordering::Relaxed) {
            let _ = self.target.set(target.clone());
        }
        target
    }
}

impl Target {
    /// This machine, with all it has.
    pub fn host() -> Target {
        Target::level(Level::V4)
    }

    /// This machine, using nothing beyond `level`: slower code, the same results.
    pub fn level(level: Level) -> Target {
        static TARGETS: [Kept; 4] = [const { Kept::new() }; 4];
        TARGETS[level as usize].get_or(|| Target::build(level))
    }

    fn build(level: Level) -> Target {
        let host = Triple::host();
        let triple = match host.architecture {
            Architecture::X86_64 if is_system_v(&host) => Platform::X86_64(level).triple(),
            Architecture::Aarch64(_) if is_system_v(&host) => Platform::Aarch64.triple(),
            _ => host,
        };
        Target::new(triple, host_features().filter(|feature| feature.level <= level))
    }

    /// A machine with a name, which need not be this one. The same everywhere: where a machine has just these
    /// features, `host` is this target.
    pub fn of(platform: Platform) -> Target {
        static TARGETS: [Kept; Platform::ALL.len()] = [const { Kept::new() }; Platform::ALL.len()];
        let index = Platform::ALL.iter().position(|known| *known == platform).expect("the list has all");
        TARGETS[index].get_or(|| match platform {
            Platform::X86_64(level) => {
                Target::new(platform.triple(), X86_FEATURES.iter().filter(|feature| feature.level <= level))
            }
            Platform::Aarch64 => Target::new(platform.triple(), std::iter::empty()),
        })
    }

    fn new(triple: Triple, chosen: impl Iterator<Item = &'static Feature>) -> Target {
        let (features, flags): (Vec<_>, Vec<_>) = chosen.map(|feature| (feature.name, feature.flag)).unzip();
        let fingerprint = format!(
            "{} {} [{}] cranelift={} abi={ABI_VERSION} semantics={SEMANTICS_VERSION} source={}",
            triple.architecture,
            convention(&triple),
            features.join(","),
            cranelift_codegen::VERSION,
            env!("FILBERT_SOURCE"),
        );
        let (isa, fingerprint) = (build_isa(&triple, &flags), fingerprint.into());
        let (vectors, uniform, sums, standalone) = (Vectors::On, 0, false, false);
        Target { inner: Arc::new(Inner { triple, isa, features, vectors, uniform, sums, standalone, fingerprint }) }
    }

    /// The same target but for what `change` changes, which has this name in the fingerprint.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Inner)) -> Target {
        let mut inner = (*self.inner).clone();
        change(&mut inner);
        inner.fingerprint = format!("{} {name}", inner.fingerprint).into();
        Target { inner: Arc::new(inner) }
    }

    /// The same machine without the vector back end: every kernel is compiled by Cranelift, row by row.
    pub fn without_vectors(&self) -> Target {
        self.with_vectors(Vectors::Off, "scalar")
    }

    /// The same machine with a vector back end that fails wherever it is asked for code. For tests of what
    /// becomes of the kernel then.
    #[doc(hidden)]
    pub fn with_defect(&self, defect: Defect) -> Target {
        self.with_vectors(Vectors::Broken(defect), &format!("{defect:?} in vectors"))
    }

    fn with_vectors(&self, vectors: Vectors, name: &str) -> Target {
        if self.inner.vectors == vectors {
            return self.clone();
        }
        self.changed(name, |inner| (inner.vectors, inner.uniform, inner.sums) = (vectors, 0, false))
    }

    /// The same machine for calls in which these slots, a bit each, have one value for all rows: vector code, or
    /// none (`CompileError::Unsupported`).
    pub fn with_uniform(&self, uniform: u64) -> Target {
        self.changed(&format!("uniform={uniform:#x}"), |inner| inner.uniform = uniform)
    }

    /// The same machine for code that adds its results to the lanes of a sum instead of storing them (docs/abi.md):
    /// vector code, or none (`CompileError::Unsupported`).
    pub fn with_sums(&self) -> Target {
        self.changed("sums", |inner| inner.sums = true)
    }

    /// The same machine for code that runs outside of this process: scalar code has the steps of math functions
    /// in it, and calls helpers only for what has none (see `compile::helpers_called`). Where an argument is not covered
    /// by these steps it returns `abi::SCALAR`, as vector code does.
    pub fn standalone(&self) -> Target {
        self.changed("standalone", |inner| inner.standalone = true)
    }

    /// Whether code is to run outside of this process.
    pub fn is_standalone(&self) -> bool {
        self.inner.standalone
    }

    /// Whether results are added to the lanes of a sum.
    pub fn sums(&self) -> bool {
        self.inner.sums
    }

    /// Slots, a bit each, that have one value for all rows.
    pub fn uniform(&self) -> u64 {
        self.inner.uniform
    }

    /// Whether kernels that the vector back end takes are given to it.
    pub fn is_vectorised(&self) -> bool {
        self.inner.vectors != Vectors::Off
    }

    /// How the vector back end is to fail.
    pub(crate) fn defect(&self) -> Option<Defect> {
        match self.inner.vectors {
            Vectors::Broken(defect) => Some(defect),
            _ => None,
        }
    }

    /// Everything that decides the bytes of an artifact but the kernel: triple, features, versions. One
    /// part of the key under which code is kept.
    pub fn fingerprint(&self) -> &Arc<str> {
        &self.inner.fingerprint
    }

    /// The CPU features that code may use.
    pub fn features(&self) -> &[&'static str] {
        &self.inner.features
    }

    /// Whether this machine can run such code: it has the architecture, the calling convention and all the features.
    pub fn runs_here(&self) -> bool {
        let host = Triple::host();
        host.architecture == self.inner.triple.architecture
            && convention(&host) == convention(&self.inner.triple)
            && self.inner.features.iter().all(|name| host_features().any(|here| here.name == *name))
    }

    /// Whether a machine that runs code for `other` runs this one's: the same architecture and calling convention,
    /// and no feature that `other` lacks.
    pub fn is_part_of(&self, other: &Target) -> bool {
        let (own, whole) = (&self.inner, &other.inner);
        own.triple.architecture == whole.triple.architecture
            && convention(&own.triple) == convention(&whole.triple)
            && own.features.iter().all(|name| whole.features.contains(name))
    }

    /// One line for people: architecture and features.
    pub fn describe(&self) -> String {
        let arch = self.inner.triple.architecture;
        match self.inner.features.is_empty() {
            true => format!("{arch}, baseline features"),
            false => format!("{arch} with {}", self.inner.features.join(", ")),
        }
    }

    /// The ISA, or why there is none.
    pub(crate) fn isa(&self) -> Result<&OwnedTargetIsa, &str> {
        self.inner.isa.as_ref().map_err(String::as_str)
    }

    /// Whether it is x86-64, where there are instructions by feature.
    pub(crate) fn is_x86(&self) -> bool {
        self.inner.triple.architecture == Architecture::X86_64
    }

    /// Whether registers are used as on ELF systems.
    pub(crate) fn is_system_v(&self) -> bool {
        is_system_v(&self.inner.triple)
    }

    /// Whether floor, ceil and trunc are instructions; without, Cranelift would call a library.
    pub(crate) fn rounds_inline(&self) -> bool {
        !self.is_x86() || self.inner.features.contains(&"sse4.1")
    }

    /// Whether a fused multiply-add is an instruction; without, Cranelift would call a library.
    pub(crate) fn fuses_inline(&self) -> bool {
        !self.is_x86() || self.inner.features.contains(&"fma")
    }
}

/// The calling convention, of which the bytes of code depend: in the words of the fingerprint.
fn convention(triple: &Triple) -> &'static str {
    match triple.default_calling_convention() {
        Ok(CallingConvention::SystemV) => "system_v",
        Ok(CallingConvention::WindowsFastcall) => "windows",
        Ok(CallingConvention::AppleAarch64) => "apple",
        _ => "unknown",
    }
}

fn is_system_v(triple: &Triple) -> bool {
    convention(triple) == "system_v"
}

/// Builds the Cranelift ISA. Features come by name, so that a level can leave some out, and so that nothing depends
/// on the machine that this runs on.
fn build_isa(triple: &Triple, features: &[&str]) -> Result<OwnedTargetIsa, String> {
    let text = |e: &dyn fmt::Display| e.to_string();
    let mut flags = settings::builder();
    let checks = if cfg!(debug_assertions) { "true" } else { "false" };
    for (name, value) in [
        ("opt_level", "speed"),
        ("is_pic", "true"),
        // Only a frame beyond a page is probed: a kernel must meet the guard page of its stack, not jump it.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("unwind_info", "false"),
        ("enable_verifier", checks),
        ("regalloc_checker", checks),
    ] {
        flags.set(name, value).map_err(|e| text(&e))?;
    }
    let mut builder = isa::lookup(triple.clone()).map_err(|e| text(&e))?;
    match triple.architecture {
        Architecture::X86_64 => {}
        // Apple demands that return addresses are signed, with this key. Kernels need no feature beyond the baseline.
        Architecture::Aarch64(_) if convention(triple) == "apple" => {
            for flag in ["sign_return_address", "sign_return_address_with_bkey"] {
                builder.enable(flag).map_err(|e| text(&e))?;
            }
        }
        Architecture::Aarch64(_) => {}
        // No target but the host.
        _ => cranelift_native::infer_native_flags(&mut builder).map_err(str::to_string)?,
    }
    for feature in features {
        builder.enable(feature).map_err(|e| text(&e))?;
    }
    builder.finish(settings::Flags::new(flags)).map_err(|e| text(&e))
}

// Nobody changes an ISA once it is built, so a panic leaves nothing half done in it.
impl std::panic::UnwindSafe for Target {}
impl std::panic::RefUnwindSafe for Target {}

impl PartialEq for Target {
    fn eq(&self, other: &Target) -> bool {
        self.inner.fingerprint == other.inner.fingerprint
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.fingerprint.hash(state);
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.fingerprint)
    }
}
