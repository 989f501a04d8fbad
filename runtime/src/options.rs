//! How a call runs: the stop flag, and whether it may use more threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that stops running calls within one strip (1,024 rows). Clones are the same flag.
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
}

/// How a call runs. The default is what an engine wants that runs partitions on its own threads.
#[derive(Clone, Default, Debug)]
pub struct CallOptions {
    /// Use rayon's threads for large inputs. The result is the same, the lowest failing row included.
    pub parallel: bool,
    /// Stops the call; it then gives a `Cancelled` error and no results.
    pub stop: Option<StopFlag>,
}
