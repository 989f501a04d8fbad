//! How much memory the rows of an executor's tasks may take.
//!
//! The engine counts what its operators keep (hash tables, sorts, shuffle buffers) and spills what is over; it
//! does not count everything, so by default a part of the machine's memory stays free. Each task gets its
//! cores' share.

use std::fs;
use std::sync::Arc;

use ballista_executor::runtime_cache::MemoryPoolPolicy;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;

/// What a core needs at least; below that the engine fails rather than spills.
pub(crate) const CORE_BYTES_MIN: u64 = 16 << 20;

/// Part of the machine's memory that is taken where nobody says how much, in percent.
const PERCENT: u64 = 70;

/// Bytes that an executor takes for rows unless told: a part of the machine's memory, or of what its control
/// group may use. Nothing where neither is known.
pub fn default_bytes() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| total(&text));
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = group.iter().filter_map(|path| read(path)?.trim().parse().ok()).min();
    machine.into_iter().chain(group).min().map(|bytes: u64| bytes / 100 * PERCENT)
}

/// The total of `/proc/meminfo`: `MemTotal:       16384256 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// A pool of its own for each task, of so many bytes a core; without a number there is no bound.
pub(super) fn policy(core_bytes: Option<usize>) -> MemoryPoolPolicy {
    Arc::new(move |base, _, cores| {
        let Some(bytes) = core_bytes else { return Ok(base) };
        let pool = FairSpillPool::new(bytes.saturating_mul(cores.max(1) as usize));
        RuntimeEnvBuilder::from_runtime_env(&base).with_memory_pool(Arc::new(pool)).build_arc()
    })
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::MemoryLimit;
    use datafusion::prelude::SessionConfig;

    use super::*;

    #[test]
    fn the_machine_has_memory() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       16384256 kB\n"), Some(16_384_256 * 1024));
        assert_eq!(total("MemTotal: lots\n"), None);
        if cfg!(target_os = "linux") {
            assert!(default_bytes().is_some_and(|bytes| bytes > 64 << 20 && bytes < 1 << 50));
        }
    }

    #[test]
    fn a_task_has_the_share_of_its_cores() {
        for (cores, wanted) in [(0, 100), (1, 100), (3, 300)] {
            let made = policy(Some(100))(Arc::default(), &SessionConfig::new(), cores).expect("a pool");
            assert!(
                matches!(made.memory_pool.memory_limit(), MemoryLimit::Finite(bytes) if bytes == wanted),
                "{cores}"
            );
        }
    }
}
