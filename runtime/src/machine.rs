//! What the machine says of itself: the size of its caches.

use std::fs;
use std::sync::OnceLock;

/// Where nothing is said: larger than most last caches, so that what is stored past them would have left them.
const UNKNOWN_BYTES: usize = 64 << 20;

/// Bytes of the last cache as the first CPU sees it, read once. A virtual machine may say more than its share; the
/// number decides only whether large results go past the caches, never a bit of them.
pub(crate) fn last_cache_bytes() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| largest_cache_bytes().unwrap_or(UNKNOWN_BYTES))
}

/// Linux alone says it in files.
fn largest_cache_bytes() -> Option<usize> {
    let caches = fs::read_dir("/sys/devices/system/cpu/cpu0/cache").ok()?;
    let size = |cache: fs::DirEntry| parse(fs::read_to_string(cache.path().join("size")).ok()?.trim());
    caches.flatten().filter_map(size).max()
}

/// `48K`, `480M`
fn parse(size: &str) -> Option<usize> {
    let (number, unit) = match size.strip_suffix(['K', 'M', 'G']) {
        Some(number) => (number, size.as_bytes()[size.len() - 1]),
        None => (size, b' '),
    };
    let shift = match unit {
        b'K' => 10,
        b'M' => 20,
        b'G' => 30,
        _ => 0,
    };
    number.parse::<usize>().ok()?.checked_shl(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("48K"), Some(48 << 10));
        assert_eq!(parse("480M"), Some(480 << 20));
        assert_eq!(parse("512"), Some(512));
        assert_eq!(parse("many"), None);
        assert!(last_cache_bytes() >= 16 << 10);
    }
}
