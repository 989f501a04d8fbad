//! Which groups are measured, and who takes part.

use crate::cases::{CASES, Case, KI, MI};
use crate::measure::Group;
use crate::shared::protocol::Ty;

/// What the command line asks for.
#[derive(Clone, Default, Debug)]
pub(crate) struct Choice {
    pub(crate) quick: bool,
    pub(crate) large: bool,
    pub(crate) kernels: Vec<String>,
    pub(crate) peers: Vec<String>,
    pub(crate) sizes: Vec<usize>,
    pub(crate) types: Vec<Ty>,
    pub(crate) threads: Option<usize>,
}

const SMALL: usize = 4 * KI;
const LARGE: usize = 64 * MI;

/// Variants whose time is that of a call where columns are small.
const ENGINES: [&str; 3] = ["numexpr", "polars", "duckdb"];
/// Variants with threads of their own that are counted.
const THREADED: [&str; 8] =
    ["numba", "numba-fast", "rustc", "filbert", "filbert-avx2", "filbert-scalar", "filbert-contract", "filbert-fast"];

/// `4Ki`, `1Mi`, `1000`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let units = [("Ki", KI), ("Mi", MI), ("", 1)];
    let found = units.iter().find_map(|(unit, times)| Some((text.strip_suffix(unit)?.trim(), times)));
    let elements = found.and_then(|(number, times)| number.parse::<usize>().ok()?.checked_mul(*times));
    match elements {
        // Lists of 16, and bits in whole bytes.
        Some(elements) if elements > 0 && elements.is_multiple_of(64) => Ok(elements),
        Some(_) => Err("a size is a multiple of 64".into()),
        None => Err("a size is a number, with Ki or Mi".into()),
    }
}

/// Whether a group is one of the picture's.
pub(crate) fn is_pictured(group: &Group) -> bool {
    (group.elements, group.threads) == (SMALL, 1) && group.ty != Ty::F32
}

impl Choice {
    /// All groups, sizes in turn, so that a run that is stopped has whole tables.
    pub(crate) fn groups(&self) -> Result<Vec<Group>, String> {
        for kernel in &self.kernels {
            if !CASES.iter().any(|case| case.name == kernel) {
                let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
                return Err(format!("no kernel `{kernel}`; there are {}", names.join(", ")));
            }
        }
        let cases =
            || CASES.iter().filter(|case| self.kernels.is_empty() || self.kernels.iter().any(|k| k == case.name));
        let mut groups = Vec::new();
        for threads in [1, 2] {
            for ty in Ty::ALL {
                for elements in self.all_sizes() {
                    let fits = |case: &&Case| case.types.contains(&ty) && elements <= case.largest;
                    let group = |case| Group { case, ty, elements, threads };
                    groups.extend(cases().filter(fits).map(group).filter(|group| self.takes(group)));
                }
            }
        }
        if groups.is_empty() { Err("nothing is left to measure".into()) } else { Ok(groups) }
    }

    fn all_sizes(&self) -> Vec<usize> {
        if !self.sizes.is_empty() {
            return self.sizes.clone();
        }
        [SMALL, MI, 16 * MI].into_iter().chain(self.large.then_some(LARGE)).collect()
    }

    fn takes(&self, group: &Group) -> bool {
        let Group { case, ty, elements, threads } = *group;
        if !self.types.is_empty() && !self.types.contains(&ty) || self.threads.is_some_and(|asked| asked != threads) {
            return false;
        }
        let is_small = elements == SMALL && ty != Ty::F32 && threads == 1;
        if self.quick && self.sizes.is_empty() && self.types.is_empty() {
            return is_small;
        }
        // Two threads share the largest columns in f64; f32 stays in the caches. Whoever asks gets more.
        let is_largest = elements == case.largest.min(16 * MI);
        let threads_fit = threads == 1 || self.threads.is_some() || is_largest && ty != Ty::F32;
        let type_fits = ty != Ty::F32 || !self.types.is_empty() || elements <= MI;
        threads_fit && type_fits
    }

    /// Whether a peer takes part in a group.
    pub(crate) fn wants(&self, group: &Group, variant: &str) -> bool {
        if group.threads > 1 && !THREADED.contains(&variant) {
            return false;
        }
        if !self.peers.is_empty() {
            return variant == "filbert" || self.peers.iter().any(|peer| peer == variant);
        }
        let is_small = group.elements <= SMALL;
        match variant {
            "filbert-scalar" => is_small,
            "filbert-avx2" => group.threads == 1,
            variant => !ENGINES.contains(&variant) || !is_small,
        }
    }

    /// The name of the files of a run, if it is a whole one.
    pub(crate) fn name(&self) -> Option<&'static str> {
        let everything = self.kernels.is_empty() && self.peers.is_empty() && self.sizes.is_empty();
        let everything = everything && self.types.is_empty() && self.threads.is_none();
        everything.then_some(if self.quick { "peers-quick" } else { "peers" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(choice: &Choice) -> Vec<(&'static str, Ty, usize, usize)> {
        let groups = choice.groups().unwrap();
        groups.iter().map(|group| (group.case.name, group.ty, group.elements, group.threads)).collect()
    }

    #[test]
    fn a_quick_run_is_small_and_a_whole_run_has_everything() {
        let quick = names(&Choice { quick: true, ..Choice::default() });
        assert_eq!(quick.len(), CASES.len());
        let whole = names(&Choice::default());
        assert!(quick.iter().all(|group| whole.contains(group)));
        for group in [("saxpy", Ty::F64, 16 * MI, 2), ("logistic", Ty::F64, MI, 2), ("softmax", Ty::F32, MI, 1)] {
            assert!(whole.contains(&group), "{group:?}");
        }
        assert!(!whole.iter().any(|group| group.2 == LARGE));
        let large = names(&Choice { large: true, ..Choice::default() });
        let largest: Vec<_> =
            large.iter().filter(|group| group.2 == LARGE && group.3 == 1).map(|group| group.0).collect();
        assert_eq!(largest, ["saxpy", "poly7", "sum", "dot", "mix"]);
    }

    #[test]
    fn a_choice_narrows() {
        let choice = Choice {
            kernels: vec!["dot".into()],
            sizes: vec![MI],
            types: vec![Ty::F32],
            threads: Some(1),
            peers: vec!["duckdb".into()],
            ..Choice::default()
        };
        assert_eq!(names(&choice), [("dot", Ty::F32, MI, 1)]);
        assert_eq!(choice.name(), None);
        let group = choice.groups().unwrap()[0];
        assert!(choice.wants(&group, "duckdb") && choice.wants(&group, "filbert") && !choice.wants(&group, "numba"));
        assert!(Choice { kernels: vec!["dott".into()], ..Choice::default() }.groups().is_err());
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(["4Ki", "1 Mi", "640"].map(size), [Ok(4096), Ok(1 << 20), Ok(640)]);
        assert!(["", "4Gi", "100", "0", "-64"].map(size).iter().all(Result::is_err));
    }
}
