//! A value that is made once, and that nobody waits for.
//!
//! A thread that makes what others wait for may be gone in a forked child, and the child would wait for ever.
//! So whoever finds nothing makes the value itself, and only then offers it to the others.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct Kept<T> {
    value: OnceLock<T>,
    /// Somebody is about to set the value.
    offered: AtomicBool,
}

impl<T> Kept<T> {
    pub(crate) const fn new() -> Kept<T> {
        Kept { value: OnceLock::new(), offered: AtomicBool::new(false) }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Keeps the value if it is the first; `None` if another one is kept, or about to be.
    pub(crate) fn keep(&self, value: T) -> Option<&T> {
        if self.offered.swap(true, Ordering::Relaxed) {
            return None;
        }
        let _ = self.value.set(value);
        self.value.get()
    }
}

impl<T: Clone> Kept<T> {
    /// The kept value, or a new one, which is kept if it is the first.
    pub(crate) fn get_or(&self, make: impl FnOnce() -> T) -> T {
        if let Some(value) = self.get() {
            return value.clone();
        }
        let value = make();
        self.keep(value.clone());
        value
    }
}
