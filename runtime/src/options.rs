//! How a call runs: the stop flag, the fuel, and whether it may use more threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that stops running calls: within one strip (1,024 rows), and within 16,384 iterations of a loop.
/// Clones are the same flag.
#[derive(Clone, Default, Debug)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that is not raised.
    pub fn new() -> StopFlag {
        StopFlag::default()
    }

    /// Stops every call that was given this flag, now and later.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag as machine code looks at it, while `self` lives: a byte that is 0 or 1.
    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr().cast_const().cast()
    }
}

/// How a call runs. The default is what an engine wants that runs partitions on its own threads.
///
/// ```
/// use filbert_runtime::{CallOptions, StopFlag};
/// let options = CallOptions { parallel: true, fuel: Some(1_000_000), ..CallOptions::default() };
/// assert!(options.stop.is_none());
/// ```
#[derive(Clone, Default, Debug)]
pub struct CallOptions {
    /// Use rayon's threads for large inputs. The result is the same, the lowest failing row included.
    pub parallel: bool,
    /// Stops the call; it then gives a `Cancelled` error and no results.
    pub stop: Option<StopFlag>,
    /// Whether results go past the caches to memory: `None` where the columns of the call are larger than the last
    /// cache and the kernel does little with them. It changes no bit, only who finds the results in a cache.
    pub streams: Option<bool>,
    /// Loop iterations that one row may spend, where that is less than the kernel's own fuel.
    pub fuel: Option<u64>,
}
