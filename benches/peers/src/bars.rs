//! The bars: how many times our time each peer must take at least, and whether it does.

use crate::cases::{KI, MI};
use crate::measure::Outcome;
use crate::shared::protocol::Ty;

/// Peers that a bar is about: of several the best counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Against {
    /// Numba of today, strict or with fastmath, whichever is faster.
    Numba,
    NumbaStrict,
    NumbaFast,
    SvmlStrict,
    SvmlFast,
    Rustc,
}

impl Against {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Against::Numba => "Numba",
            Against::NumbaStrict => "Numba, strict",
            Against::NumbaFast => "Numba, fastmath",
            Against::SvmlStrict => "Numba + SVML, strict",
            Against::SvmlFast => "Numba + SVML, fastmath",
            Against::Rustc => "rustc native",
        }
    }

    fn variants(self) -> &'static [&'static str] {
        match self {
            Against::Numba => &["numba", "numba-fast", "numba-bits"],
            Against::NumbaStrict => &["numba"],
            Against::NumbaFast => &["numba-fast"],
            Against::SvmlStrict => &["svml"],
            Against::SvmlFast => &["svml-fast"],
            Against::Rustc => &["rustc"],
        }
    }

    /// The time of the best of them as a multiple of ours.
    pub(crate) fn ratio(self, outcome: &Outcome, ours: &str) -> Option<f64> {
        self.variants().iter().filter_map(|theirs| outcome.ratio(theirs, ours)).min_by(f64::total_cmp)
    }
}

/// A bar, on one thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    pub(crate) case: &'static str,
    pub(crate) ty: Ty,
    pub(crate) elements: usize,
    pub(crate) against: Against,
    /// Which of ours.
    pub(crate) ours: &'static str,
    pub(crate) at_least: f64,
}

/// Part of a bar that AVX2 alone must reach.
pub(crate) const AVX2_PART: f64 = 0.6;

const STRICT: &str = "filbert";
const CONTRACT: &str = "filbert-contract";
const FAST: &str = "filbert-fast";

const fn bar(case: &'static str, against: Against, ours: &'static str, at_least: f64) -> Bar {
    Bar { case, ty: Ty::F64, elements: 4 * KI, against, ours, at_least }
}

const fn large(case: &'static str, ty: Ty, against: Against) -> Bar {
    Bar { case, ty, elements: 64 * MI, against, ours: STRICT, at_least: 1.3 }
}

const fn of(ty: Ty, bar: Bar) -> Bar {
    Bar { ty, ..bar }
}

use Against::{Numba, NumbaFast, NumbaStrict, Rustc, SvmlFast, SvmlStrict};

/// All bars.
pub(crate) const BARS: &[Bar] = &[
    bar("saxpy", Numba, STRICT, 0.97),
    bar("saxpy", Rustc, STRICT, 0.97),
    bar("branch", Numba, STRICT, 0.97),
    bar("branch", Rustc, STRICT, 0.97),
    of(Ty::I64, bar("mix", Numba, STRICT, 0.97)),
    of(Ty::I64, bar("mix", Rustc, STRICT, 0.97)),
    bar("stencil", Numba, STRICT, 0.97),
    bar("stencil", Rustc, STRICT, 0.97),
    bar("poly7", Numba, STRICT, 0.9),
    bar("poly7", Numba, CONTRACT, 1.0),
    bar("poly7", Rustc, STRICT, 1.0),
    bar("sum", NumbaFast, STRICT, 1.0),
    bar("sum", NumbaStrict, STRICT, 6.0),
    bar("sum", Rustc, STRICT, 5.0),
    bar("dot", NumbaFast, STRICT, 1.0),
    bar("dot", NumbaStrict, STRICT, 6.0),
    bar("dot", Rustc, STRICT, 5.0),
    bar("haversine", Numba, STRICT, 5.5),
    bar("haversine", Numba, FAST, 8.0),
    bar("haversine", SvmlStrict, STRICT, 1.0),
    bar("haversine", SvmlFast, FAST, 1.0),
    bar("haversine", Rustc, STRICT, 5.5),
    bar("black_scholes", Numba, STRICT, 3.5),
    bar("black_scholes", SvmlStrict, STRICT, 1.05),
    bar("black_scholes", SvmlFast, FAST, 1.0),
    bar("black_scholes", Rustc, STRICT, 3.5),
    bar("black_scholes_erfc", Numba, STRICT, 2.5),
    bar("black_scholes_erfc", SvmlStrict, STRICT, 2.5),
    bar("black_scholes_erfc", Rustc, STRICT, 2.5),
    bar("mandelbrot_grid", Numba, STRICT, 3.0),
    of(Ty::F32, bar("mandelbrot_grid", Numba, STRICT, 4.5)),
    bar("mandelbrot_grid", Rustc, STRICT, 3.0),
    bar("rational_nulls_10", Numba, STRICT, 1.5),
    bar("softmax", Numba, STRICT, 2.0),
    bar("softmax", Rustc, STRICT, 1.0),
    bar("nearest", Numba, STRICT, 2.0),
    bar("nearest", Rustc, STRICT, 1.0),
    large("saxpy", Ty::F64, Numba),
    large("saxpy", Ty::F64, Rustc),
    large("poly7", Ty::F64, Numba),
    large("poly7", Ty::F64, Rustc),
    large("mix", Ty::I64, Numba),
    large("mix", Ty::I64, Rustc),
];

/// What became of a bar.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Reached {
    pub(crate) ratio: Option<f64>,
    /// The same for AVX2 alone, where the bar is about strict kernels.
    pub(crate) avx2: Option<f64>,
}

impl Bar {
    /// Whether an outcome is what this bar is about.
    pub(crate) fn is_about(&self, outcome: &Outcome) -> bool {
        let group = outcome.group;
        (group.case.name, group.ty, group.elements, group.threads) == (self.case, self.ty, self.elements, 1)
    }

    /// How far it was reached; nothing where it was not measured.
    pub(crate) fn reached(&self, outcomes: &[Outcome]) -> Option<Reached> {
        let outcome = outcomes.iter().find(|outcome| self.is_about(outcome))?;
        let avx2 = (self.ours == STRICT).then(|| self.against.ratio(outcome, "filbert-avx2")).flatten();
        Some(Reached { ratio: self.against.ratio(outcome, self.ours), avx2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::find;
    use crate::report::samples;

    #[test]
    fn bars_are_about_what_is_measured() {
        for bar in BARS {
            let case = find(bar.case).unwrap_or_else(|| panic!("no case {}", bar.case));
            assert!(case.types.contains(&bar.ty) && case.largest >= bar.elements, "{}", bar.case);
            assert!(crate::ours::VARIANTS.contains(&bar.ours));
        }
    }

    #[test]
    fn the_best_peer_counts() {
        let outcomes = samples();
        let bar = BARS.iter().find(|bar| bar.case == "saxpy" && bar.against == Numba).unwrap();
        // numba takes 2, numba-fast 1.5, filbert 1, filbert-avx2 3
        assert_eq!(bar.reached(&outcomes), Some(Reached { ratio: Some(1.5), avx2: Some(0.5) }));
        let other = BARS.iter().find(|bar| bar.case == "saxpy" && bar.against == Rustc).unwrap();
        assert_eq!(other.reached(&outcomes), Some(Reached { ratio: None, avx2: None }));
        assert_eq!(BARS.iter().find(|bar| bar.case == "dot").unwrap().reached(&outcomes), None);
    }
}
