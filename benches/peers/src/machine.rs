//! What the figures were seen on: the machine, its load, and its physical limits, measured in the same run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cases::{Case, Gives};
use crate::setup;
use crate::shared::protocol::Ty;

/// Lines for the head of a report.
pub(crate) fn describe() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_string()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let (family, model, stepping) = (field("cpu family"), field("model"), field("stepping"));
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: f64 = memory.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What stands behind the number is its builder's.
    let system = system.trim().split('-').next().unwrap_or_default();
    vec![
        format!("{} (family {family}, model {model}, stepping {stepping}), {cores} cores", field("model name")),
        format!("{}; {:.0} GiB; Linux {}", caches().join(", "), kib / 1048576.0, system),
        format!("Filbert sees {}", filbert_compiler::Target::host().describe()),
    ]
}

/// Sizes of the caches of the first core.
fn caches() -> Vec<String> {
    let folder = Path::new("/sys/devices/system/cpu/cpu0/cache");
    let mut found = Vec::new();
    for index in 0..8 {
        let read = |name: &str| {
            let text = fs::read_to_string(folder.join(format!("index{index}")).join(name));
            text.map(|text| text.trim().to_string()).ok()
        };
        if let (Some(level), Some(kind), Some(size)) = (read("level"), read("type"), read("size"))
            && kind != "Instruction"
        {
            found.push(format!("L{level} {size}"));
        }
    }
    found
}

/// The load of the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

/// What one core can do at most, by measurement.
#[derive(Default, Debug)]
pub(crate) struct Limits {
    /// Bytes a nanosecond, by name of the access and size of what is accessed.
    pub(crate) bandwidth: BTreeMap<(String, u64), f64>,
    /// Elements a nanosecond, by name of the operation with its type.
    pub(crate) rate: BTreeMap<String, f64>,
}

impl Limits {
    /// Measures, which takes some seconds.
    pub(crate) fn measure(program: &Path) -> Result<Limits, String> {
        let mut command = Command::new(program);
        command.env("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
        Ok(Limits::parse(&setup::run(&mut command)?))
    }

    fn parse(text: &str) -> Limits {
        let mut limits = Limits::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [name, size, amount] = words[..]
                && let (Ok(size), Ok(amount)) = (size.parse::<u64>(), amount.parse())
            {
                if size == 0 {
                    limits.rate.insert(name.into(), amount);
                } else {
                    limits.bandwidth.insert((name.into(), size), amount);
                }
            }
        }
        limits
    }

    /// What was measured of so many bytes, or of the size next to it: the best of the accesses that are like those
    /// of the case.
    fn bytes_a_nanosecond(&self, case: &Case, bytes: f64) -> Option<f64> {
        let alike: &[&str] = match (case.gives, case.columns.len()) {
            (Gives::Total, _) => &["read"],
            (_, 1) => &["copy", "triad_past_caches"],
            _ => &["triad", "triad_past_caches"],
        };
        let measured = || self.bandwidth.iter().filter(|((name, _), _)| alike.contains(&name.as_str()));
        let distance = |size: u64| (size as f64 / bytes).ln().abs();
        let nearest = measured().map(|(key, _)| key.1).min_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
        measured().filter(|(key, _)| key.1 == nearest).map(|(_, amount)| *amount).max_by(f64::total_cmp)
    }

    /// The least nanoseconds of an element: those of what must be moved, or of the unit that is busiest. `steps` is
    /// the mean of a result that counts steps.
    pub(crate) fn least(&self, case: &Case, ty: Ty, elements: usize, steps: f64) -> Option<f64> {
        let bytes = case.bytes(ty, elements);
        let moved = bytes / self.bytes_a_nanosecond(case, bytes)? / elements as f64;
        let Some(work) = case.work else { return Some(moved) };
        let times = if work.by_steps { steps } else { 1.0 };
        let busy = |amount: f64, name: &str| {
            let rate = self.rate.get(&format!("{name}_{ty}")).copied();
            rate.map_or(0.0, |rate| amount * times / rate)
        };
        // Square roots and quotients come from the same unit.
        let divider = busy(work.divisions, "divide") + busy(work.roots, "root");
        Some(moved.max(busy(work.arithmetic, "fma")).max(divider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::find;

    fn limits() -> Limits {
        Limits::parse(
            "fma_f64 0 16\ndivide_f64 0 2\nroot_f64 0 1\nread 16384 400\ncopy 16384 200\ntriad 16384 100\n\
             copy 1048576 9\ntriad 1048576 8\ntriad_past_caches 1048576 10\nnot a line",
        )
    }

    #[test]
    fn the_busiest_unit_decides() {
        let limits = limits();
        // 24 bytes at 100 bytes a nanosecond
        assert_eq!(limits.least(find("saxpy").unwrap(), Ty::F64, 512, 0.0), Some(0.24));
        // 7 operations at 16 a nanosecond
        assert_eq!(limits.least(find("poly7").unwrap(), Ty::F64, 512, 0.0), Some(7.0 / 16.0));
        assert_eq!(limits.least(find("branch").unwrap(), Ty::F64, 512, 0.0), Some(1.0));
        assert_eq!(limits.least(find("mandelbrot_grid").unwrap(), Ty::F64, 512, 32.0), Some(14.0));
        assert_eq!(limits.least(find("dot").unwrap(), Ty::F64, 512, 0.0), Some(1.0 / 16.0));
        // beyond the cache
        assert_eq!(limits.least(find("saxpy").unwrap(), Ty::F64, 65536, 0.0), Some(2.4));
        assert_eq!(Limits::default().least(find("saxpy").unwrap(), Ty::F64, 512, 0.0), None);
    }

    #[test]
    fn this_machine_has_a_description() {
        assert!(describe().iter().all(|line| !line.is_empty()));
    }
}
