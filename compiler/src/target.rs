//! What code is made for: a CPU's features, and the versions of everything that shapes the bytes.
//!
//! A target never changes a result: features choose instructions, not meanings. A `Target` holds the built
//! Cranelift ISA, because building one costs more than a small kernel; clones share it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use filbert_ir::kernel::SEMANTICS_VERSION;
use target_lexicon::{Architecture, Triple};

use crate::abi::ABI_VERSION;

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

/// The x86-64 features in use: name for `is_x86_feature_detected`, Cranelift's flag, and the level it
/// belongs to. A row that is not here is never used.
macro_rules! x86_features {
    ($($name:tt $flag:literal $level:ident;)*) => {
        /// Features of this machine, by name, flag and level.
        fn host_features() -> Vec<(&'static str, &'static str, Level)> {
            let mut found = Vec::new();
            #[cfg(target_arch = "x86_64")]
            {
                $(if std::is_x86_feature_detected!($name) {
                    found.push(($name, $flag, Level::$level));
                })*
            }
            found.retain(|_: &(&str, &str, Level)| true);
            found
        }
    };
}

x86_features! {
    "sse3" "has_sse3" V2;
    "ssse3" "has_ssse3" V2;
    "sse4.1" "has_sse41" V2;
    "sse4.2" "has_sse42" V2;
    "popcnt" "has_popcnt" V2;
    "avx" "has_avx" V3;
    "avx2" "has_avx2" V3;
    "fma" "has_fma" V3;
    "bmi1" "has_bmi1" V3;
    "bmi2" "has_bmi2" V3;
    "lzcnt" "has_lzcnt" V3;
    "avx512f" "has_avx512f" V4;
    "avx512dq" "has_avx512dq" V4;
    "avx512vl" "has_avx512vl" V4;
}

struct Inner {
    isa: Result<OwnedTargetIsa, String>,
    features: Vec<&'static str>,
    vectors: Vectors,
    uniform: u64,
    sums: bool,
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

impl Target {
    /// This machine, with all it has.
    pub fn host() -> Target {
        Target::level(Level::V4)
    }

    /// This machine, using nothing beyond `level`: slower code, the same results.
    pub fn level(level: Level) -> Target {
        static TARGETS: [OnceLock<Target>; 4] = [const { OnceLock::new() }; 4];
        static KEPT: [AtomicBool; 4] = [const { AtomicBool::new(false) }; 4];
        let place = &TARGETS[level as usize];
        if let Some(target) = place.get() {
            return target.clone();
        }
        // Nobody waits for anybody: the thread that another one waits for may be gone, by a fork.
        let target = Target::build(level);
        if !KEPT[level as usize].swap(true, Ordering::Relaxed) {
            let _ = place.set(target.clone());
        }
        target
    }

    fn build(level: Level) -> Target {
        let triple = Triple::host();
        let chosen: Vec<_> = host_features().into_iter().filter(|&(_, _, least)| least <= level).collect();
        let features: Vec<&'static str> = chosen.iter().map(|&(name, _, _)| name).collect();
        let flags: Vec<&'static str> = chosen.iter().map(|&(_, flag, _)| flag).collect();
        let fingerprint = format!(
            "{} [{}] cranelift={} abi={ABI_VERSION} semantics={SEMANTICS_VERSION} source={}",
            triple,
            features.join(","),
            cranelift_codegen::VERSION,
            env!("FILBERT_SOURCE"),
        );
        let (isa, fingerprint) = (build_isa(&triple, &flags), fingerprint.into());
        Target { inner: Arc::new(Inner { isa, features, vectors: Vectors::On, uniform: 0, sums: false, fingerprint }) }
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
        let inner = &self.inner;
        let fingerprint: Arc<str> = match inner.vectors {
            known if known == vectors => inner.fingerprint.clone(),
            _ => format!("{} {name}", inner.fingerprint).into(),
        };
        let (isa, features) = (inner.isa.clone(), inner.features.clone());
        Target { inner: Arc::new(Inner { isa, features, vectors, uniform: 0, sums: false, fingerprint }) }
    }

    /// The same machine for calls in which these slots, a bit each, have one value for all rows: vector code, or
    /// none (`CompileError::Unsupported`).
    pub fn with_uniform(&self, uniform: u64) -> Target {
        let inner = &self.inner;
        let fingerprint = format!("{} uniform={uniform:#x}", inner.fingerprint).into();
        let (isa, features, vectors) = (inner.isa.clone(), inner.features.clone(), inner.vectors);
        Target { inner: Arc::new(Inner { isa, features, vectors, uniform, sums: inner.sums, fingerprint }) }
    }

    /// The same machine for code that adds its results to the lanes of a sum instead of storing them (docs/abi.md):
    /// vector code, or none (`CompileError::Unsupported`).
    pub fn with_sums(&self) -> Target {
        let inner = &self.inner;
        let fingerprint = format!("{} sums", inner.fingerprint).into();
        let (isa, features, vectors) = (inner.isa.clone(), inner.features.clone(), inner.vectors);
        Target { inner: Arc::new(Inner { isa, features, vectors, uniform: inner.uniform, sums: true, fingerprint }) }
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

    /// One line for people: architecture and features.
    pub fn describe(&self) -> String {
        let arch = Architecture::host();
        match self.inner.features.is_empty() {
            true => format!("{arch}, baseline features"),
            false => format!("{arch} with {}", self.inner.features.join(", ")),
        }
    }

    /// The ISA, or why there is none.
    pub(crate) fn isa(&self) -> Result<&OwnedTargetIsa, &str> {
        self.inner.isa.as_ref().map_err(String::as_str)
    }

    /// Whether floor, ceil and trunc are instructions; without, Cranelift would call a library.
    pub(crate) fn rounds_inline(&self) -> bool {
        !cfg!(target_arch = "x86_64") || self.inner.features.contains(&"sse4.1")
    }

    /// Whether a fused multiply-add is an instruction; without, Cranelift would call a library.
    pub(crate) fn fuses_inline(&self) -> bool {
        !cfg!(target_arch = "x86_64") || self.inner.features.contains(&"fma")
    }
}

/// Builds the Cranelift ISA. Nothing is inferred from the machine here: features come by name.
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
    // The native builder knows what the platform demands (pointer authentication on macOS); on x86-64 the
    // features are listed above, so that a level can leave some out.
    let infer = !matches!(triple.architecture, Architecture::X86_64);
    let mut builder = cranelift_native::builder_with_options(infer).map_err(str::to_string)?;
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
