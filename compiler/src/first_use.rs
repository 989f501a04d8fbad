//! What the libraries underneath make once, when they are first used, and a forked child that misses it.
//!
//! iced-x86 and Cranelift build tables at the first compile, and whoever comes meanwhile waits. Where a process forks
//! in the middle of that, the thread that builds them is not in the child, which would wait for ever. So a first
//! compile is noted with its process, and a child that finds that of its parent unfinished does not compile: its
//! kernels have no vector code, or are interpreted. After the first compile this costs one load.

use std::sync::atomic::{AtomicU32, Ordering};

/// No compile has begun.
const NONE: u32 = 0;
/// One has ended.
const DONE: u32 = u32::MAX;

/// The first use of a library: nobody's, done, or begun by the process with this id.
pub(crate) struct FirstUse(AtomicU32);

/// A use that goes on.
pub(crate) struct Using<'f>(&'f FirstUse);

impl FirstUse {
    pub(crate) const fn new() -> FirstUse {
        FirstUse(AtomicU32::new(NONE))
    }

    /// Begins a use; nothing where the first one can never end.
    pub(crate) fn begin(&self) -> Option<Using<'_>> {
        if self.0.load(Ordering::Acquire) == DONE {
            return Some(Using(self));
        }
        let own = std::process::id();
        match self.0.compare_exchange(NONE, own, Ordering::AcqRel, Ordering::Acquire) {
            Err(other) if other != own && other != DONE => None,
            // The library lets others wait as long as its tables are built, and then they have them, too.
            _ => Some(Using(self)),
        }
    }
}

impl Drop for Using<'_> {
    fn drop(&mut self) {
        if self.0.0.load(Ordering::Relaxed) != DONE {
            self.0.0.store(DONE, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_43_a_child_of_an_unfinished_first_use_does_not_wait_for_it() {
        let first = FirstUse::new();
        let using = first.begin();
        assert!(using.is_some() && first.begin().is_some(), "others of the same process may wait in the library");
        drop(using);
        assert!(first.begin().is_some());
        let of_parent = FirstUse(AtomicU32::new(std::process::id() + 1));
        assert!(of_parent.begin().is_none() && of_parent.begin().is_none());
        let done = FirstUse(AtomicU32::new(DONE));
        drop(done.begin());
        assert!(done.begin().is_some());
    }
}
