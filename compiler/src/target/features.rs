//! The CPU features that code may use, and the levels that they belong to.

use super::Level;

/// A feature of x86-64.
pub(super) struct Feature {
    /// The name in Rust, in fingerprints and in reports.
    pub(super) name: &'static str,
    /// Cranelift's name of it.
    pub(super) flag: &'static str,
    /// The least level that has it.
    pub(super) level: Level,
}

/// One list for the table and for the question whether this machine has them, which wants literals. What is not
/// here is never used.
macro_rules! x86_features {
    ($($name:tt $flag:literal $level:ident;)*) => {
        /// All of them, in the order of fingerprints.
        pub(super) static X86_FEATURES: &[Feature] =
            &[$(Feature { name: $name, flag: $flag, level: Level::$level }),*];

        /// Whether this machine has the feature at this place of the table.
        #[cfg(target_arch = "x86_64")]
        fn is_here(index: usize) -> bool {
            [$(std::is_x86_feature_detected!($name)),*][index]
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

#[cfg(not(target_arch = "x86_64"))]
fn is_here(_: usize) -> bool {
    false
}

/// What this machine has of the table, in its order. Machines of another architecture have nothing.
pub(super) fn host_features() -> impl Iterator<Item = &'static Feature> {
    X86_FEATURES.iter().enumerate().filter(|&(index, _)| is_here(index)).map(|(_, feature)| feature)
}
