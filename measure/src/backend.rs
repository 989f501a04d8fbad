//! Which back end a measurement asks for, and a kernel loaded by it.

use std::time::Duration;

use filbert_compiler::{Backend, Isa, Level, Target, explain};
use filbert_ir::{Code, Diagnostic, VerifiedKernel};
use filbert_runtime::{Engine, KernelCache, LoadedKernel, engine};

/// Loads that are timed, each into an empty cache.
const LOADS: usize = 5;
const CACHE_BYTES: usize = 8 << 20;
/// No budget: who measures wants code, however long it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What computes the rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Choice {
    /// What a job would use on this machine.
    Auto,
    /// Cranelift, row by row.
    Scalar,
    /// Vectors of AVX2, where the kernel has any.
    Avx2,
    /// Vectors of AVX-512, where the kernel has any.
    Avx512,
    /// The interpreter.
    Interp,
}

impl Choice {
    /// Every choice that names a back end.
    pub const NAMED: [Choice; 4] = [Choice::Interp, Choice::Scalar, Choice::Avx2, Choice::Avx512];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Choice::Auto => "auto",
            Choice::Scalar => "scalar",
            Choice::Avx2 => "avx2",
            Choice::Avx512 => "avx512",
            Choice::Interp => "interp",
        }
    }

    /// The CPU features that its code uses, by the names of `Target::features`.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Choice::Auto | Choice::Scalar | Choice::Interp => &[],
            Choice::Avx2 => &["avx2", "fma"],
            Choice::Avx512 => &["avx512f", "avx512dq", "avx512vl"],
        }
    }

    /// The features that it needs and a CPU with these features lacks.
    pub fn lacks(self, features: &[&str]) -> Vec<&'static str> {
        self.needs().iter().copied().filter(|need| !features.contains(need)).collect()
    }

    /// Nothing, if a CPU with these features can run its code; else what to say.
    pub fn check(self, features: &[&str]) -> Result<(), Diagnostic> {
        let lacks = self.lacks(features);
        if lacks.is_empty() {
            return Ok(());
        }
        let message = format!("this CPU cannot run the back end {}: it lacks {}", self.name(), lacks.join(", "));
        let able = Choice::NAMED.into_iter().filter(|choice| choice.lacks(features).is_empty());
        let able: Vec<&str> = std::iter::once("auto").chain(able.map(Choice::name)).collect();
        Err(Diagnostic::unplaced(Code::JitUnavailable, message).help(format!("choose one of {}", able.join(", "))))
    }

    fn target(self) -> Target {
        match self {
            Choice::Auto | Choice::Avx512 | Choice::Interp => Target::host(),
            Choice::Scalar => Target::host().without_vectors(),
            Choice::Avx2 => Target::level(Level::V3),
        }
    }
}

/// A kernel, loaded by a back end.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What was asked for.
    pub asked: Choice,
    /// What runs it; never `Auto`.
    pub runs: Choice,
    /// Rows of a vector; 1 where there are none.
    pub lanes: u32,
    /// Rows that are computed before any of them is stored; 1 where there are no vectors.
    pub turn_rows: u32,
    /// From verified kernel to code that can be called: the middle one of some loads into empty caches, behind
    /// one that sets the compiler up. Nothing in the interpreter.
    pub compile: Duration,
    /// Bytes of code and constants, without the scalar code that stands beside vector code.
    pub code_bytes: usize,
    /// Why that back end, as `filbert explain` says it.
    pub reason: String,
    pub(crate) kernel: LoadedKernel,
}

impl Subject {
    /// Loads a kernel. Where native code was asked for and cannot be had the interpreter runs it, and `runs` says
    /// so.
    pub fn load(kernel: &VerifiedKernel, asked: Choice) -> Result<Subject, Diagnostic> {
        let target = asked.target();
        asked.check(Target::host().features())?;
        let wanted = match asked {
            Choice::Interp => Engine::Interp,
            Choice::Auto => engine(),
            _ => Engine::Native,
        };
        let load = || {
            let cache = KernelCache::new(CACHE_BYTES).with_target(target.clone()).with_budget(PATIENCE);
            cache.load(kernel, wanted)
        };
        let first = load();
        let interpreted = |why: &str| Subject {
            asked,
            runs: Choice::Interp,
            lanes: 1,
            turn_rows: 1,
            compile: Duration::ZERO,
            code_bytes: 0,
            reason: why.to_string(),
            kernel: first.clone(),
        };
        let Some(backend) = first.backend() else {
            let asked_for = wanted == Engine::Interp;
            return Ok(interpreted(if asked_for { "as asked for" } else { "native code cannot be had" }));
        };
        let mut times: Vec<Duration> = (0..LOADS).filter_map(|_| load().compile_time()).collect();
        times.sort();
        let made = explain(kernel, &target);
        let made = made.map_err(|error| Diagnostic::unplaced(Code::Internal, error.to_string()))?;
        let (runs, lanes, turn_rows) = match backend {
            Backend::Scalar => (Choice::Scalar, 1, 1),
            Backend::Vector { isa: Isa::Avx2, lanes, turn_rows } => (Choice::Avx2, lanes, turn_rows),
            Backend::Vector { isa: Isa::Avx512, lanes, turn_rows } => (Choice::Avx512, lanes, turn_rows),
        };
        Ok(Subject {
            asked,
            runs,
            lanes,
            turn_rows,
            compile: times.get(times.len() / 2).copied().unwrap_or_default(),
            code_bytes: made.code_bytes,
            reason: made.backend_reason,
            kernel: first,
        })
    }

    /// Whether the back end that was named is the one that runs.
    pub fn is_as_asked(&self) -> bool {
        self.asked == Choice::Auto || self.asked == self.runs
    }

    /// The kernel.
    pub fn kernel(&self) -> &LoadedKernel {
        &self.kernel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_end_that_the_cpu_lacks_is_refused_with_those_it_has() {
        let haswell = ["sse4.2", "avx", "avx2", "fma", "bmi2"];
        assert_eq!(Choice::Avx2.check(&haswell), Ok(()));
        let refused = Choice::Avx512.check(&haswell).unwrap_err();
        assert_eq!(refused.code, Code::JitUnavailable);
        let message = "this CPU cannot run the back end avx512: it lacks avx512f, avx512dq, avx512vl";
        assert_eq!(refused.message, message);
        assert_eq!(refused.help.as_deref(), Some("choose one of auto, interp, scalar, avx2"));
        let none = Choice::Avx2.check(&[]).unwrap_err();
        assert_eq!(none.help.as_deref(), Some("choose one of auto, interp, scalar"));
        for choice in [Choice::Auto, Choice::Scalar, Choice::Interp] {
            assert_eq!(choice.check(&[]), Ok(()));
        }
    }

    #[test]
    fn each_back_end_is_loaded_as_asked() {
        let kernel = crate::tests::kernel("fn f(x: f64, y: f64) -> f64 { 2.5 * x + y }");
        for choice in Choice::NAMED {
            if choice.lacks(Target::host().features()).is_empty() {
                let subject = Subject::load(&kernel, choice).unwrap();
                assert!(subject.is_as_asked(), "{choice:?} ran as {:?}: {}", subject.runs, subject.reason);
                let is_vector = matches!(choice, Choice::Avx2 | Choice::Avx512);
                assert_eq!((subject.lanes > 1, subject.turn_rows > 1), (is_vector, is_vector), "{choice:?}");
                let has_code = choice != Choice::Interp;
                assert_eq!((subject.code_bytes > 0, subject.compile > Duration::ZERO), (has_code, has_code));
            } else {
                println!("{} skipped: this CPU lacks it", choice.name());
                assert!(Subject::load(&kernel, choice).is_err());
            }
        }
    }
}
