//! Kernels whose machine code was found to be wrong: they stay in the interpreter as long as the process
//! lives, whatever becomes of their place in the cache.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cache::Key;

/// Kernels in quarantine at most. Each is a defect of the compiler; where there are so many, none of its code
/// is trusted any more.
pub(crate) const QUARANTINED_MAX: usize = 1024;

/// Looks at a lock that is held before it is given up. Its owner may be gone, in a forked child.
const PATIENCE: usize = 1000;

#[derive(Default)]
pub(crate) struct Quarantine {
    keys: Mutex<HashSet<Key>>,
    /// Number of keys: nobody locks an empty set.
    count: AtomicUsize,
}

impl Quarantine {
    /// Keeps a kernel's code from ever being loaded again.
    pub(crate) fn add(&self, key: &Key) {
        self.locked(|keys| {
            keys.insert(key.clone());
            self.count.store(keys.len(), Ordering::Relaxed);
        });
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        match self.count.load(Ordering::Relaxed) {
            0 => false,
            count if count >= QUARANTINED_MAX => true,
            _ => self.locked(|keys| keys.contains(key)).unwrap_or(true),
        }
    }

    fn locked<T>(&self, with: impl FnOnce(&mut HashSet<Key>) -> T) -> Option<T> {
        for _ in 0..PATIENCE {
            match self.keys.try_lock() {
                Ok(mut keys) => return Some(with(&mut keys)),
                Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(with(&mut poisoned.into_inner())),
                Err(std::sync::TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
        None
    }
}
