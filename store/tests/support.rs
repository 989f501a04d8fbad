//! Kernels, caches on disk, and the process that each test's cache stands for.

use std::path::Path;
use std::sync::Arc;

use filbert_ir::{Datum, VerifiedKernel};
use filbert_runtime::{Engine, KernelCache};
use filbert_store::{Bounds, DiskStore, Mode, Options};

/// The only kernel of a source text.
pub(crate) fn kernel(source: &str) -> VerifiedKernel {
    let module = filbert_syntax::parse(source, "test").unwrap_or_else(|found| panic!("{}", found.render()));
    assert_eq!(module.kernels.len(), 1);
    module.kernels[0].clone()
}

/// `x * n + 0.5`, whose code is in vectors where the CPU has such.
pub(crate) fn times(n: usize) -> VerifiedKernel {
    kernel(&format!("fn times_{n}(x: f64) -> f64 {{ x * {n}.0 + 0.5 }}"))
}

/// How a private cache in this folder is opened.
pub(crate) fn private(folder: &Path) -> Options {
    Options { mode: Mode::Private, folder: Some(folder.to_path_buf()), ..Options::default() }
}

pub(crate) fn open(options: &Options) -> Arc<DiskStore> {
    Arc::new(options.open().unwrap().unwrap())
}

/// What a new process would have: an empty cache in memory over this store, which compares nothing.
pub(crate) fn process(store: &Arc<DiskStore>) -> KernelCache {
    KernelCache::new(64 << 20).with_store(store.clone()).with_stored_per_check(0)
}

/// Loads `times(n)` and computes a row and a batch.
pub(crate) fn use_times(cache: &KernelCache, n: usize) {
    let loaded = cache.load(&times(n), Engine::Native);
    assert_eq!(loaded.engine(), Engine::Native);
    assert_eq!(loaded.call_row(&[2.0.into()]).unwrap(), [Datum::from(2.0 * n as f64 + 0.5)]);
}

/// Every file under a folder that is an entry or was going to be.
pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for sub in std::fs::read_dir(folder).unwrap().flatten().filter(|sub| sub.path().is_dir()) {
        found.extend(std::fs::read_dir(sub.path()).unwrap().flatten().map(|file| file.path()));
    }
    found.sort();
    found
}

/// As many bytes.
pub(crate) fn bounds(bytes_max: u64, entries_max: u64) -> Bounds {
    Bounds { bytes_max, entries_max }
}
