//! How long a process waits for a kernel's code: compiled, from a folder, from memory, from a bundle.
//!
//! ```sh
//! cargo bench -p filbert-benches --bench cache
//! ```
//!
//! Medians of many loads, each of them by a cache in memory that has not seen the kernel, but for the line that says
//! otherwise. The folder's files are in the page cache of the system.
#![allow(missing_docs)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use filbert_benches as peer;
use filbert_compiler::{Level, Platform};
use filbert_ir::VerifiedKernel;
use filbert_runtime::{Engine, KernelCache};
use filbert_store::{Bundle, DiskStore, KeyText, Mode, Options, bundle};

const LOADS: usize = 400;
const BUNDLED: usize = 1000;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64 / 1000.0
}

fn each(count: usize, mut load: impl FnMut() -> Duration) -> f64 {
    median((0..count).map(|_| load()).collect())
}

/// The time of one load.
fn timed(cache: &KernelCache, kernel: &VerifiedKernel) -> Duration {
    let started = Instant::now();
    let loaded = cache.load(kernel, Engine::Native);
    let time = started.elapsed();
    assert_eq!(loaded.engine(), Engine::Native);
    time
}

fn over(store: &Arc<DiskStore>) -> KernelCache {
    KernelCache::new(1 << 20).with_store(store.clone()).with_stored_per_check(0)
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let private = Options { folder: Some(folder.path().join("private")), ..Options::default() };
    let key = folder.path().join("key");
    std::fs::write(&key, KeyText::Sign([7; 32]).line()).expect("a key");
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).expect("a folder");
    let signed = Options { mode: Mode::Signed, folder: Some(shared), key: Some(key), ..Options::default() };
    let open = |options: &Options| Arc::new(options.open().expect("a folder of our own").expect("it is not off"));
    let (private, signed) = (open(&private), open(&signed));

    println!("microseconds of a load, medians of {LOADS}");
    println!(
        "{:<16}{:>10}{:>12}{:>10}{:>10}{:>10}{:>10}",
        "kernel", "compiled", "published", "private", "signed", "memory", "bytes"
    );
    for name in ["axpy", "poly7", "great_circle"] {
        let kernel = peer::kernel(name);
        let compiled = each(LOADS, || timed(&KernelCache::new(1 << 20), &kernel));
        let published =
            each(LOADS, || timed(&KernelCache::new(1 << 20).with_store(Arc::new(Fresh(private.clone()))), &kernel));
        timed(&over(&signed), &kernel);
        let from_private = each(LOADS, || timed(&over(&private), &kernel));
        let from_signed = each(LOADS, || timed(&over(&signed), &kernel));
        let warm = over(&private);
        timed(&warm, &kernel);
        let memory = each(LOADS, || timed(&warm, &kernel));
        let bytes = warm.load(&kernel, Engine::Native).code_bytes();
        println!(
            "{name:<16}{compiled:>10.1}{published:>12.1}{from_private:>10.1}{from_signed:>10.1}{memory:>10.2}{bytes:>10}"
        );
    }
    bundled(folder.path());
}

/// A store that never has anything and publishes to another one.
struct Fresh(Arc<DiskStore>);

impl filbert_runtime::CodeStore for Fresh {
    fn find(&self, _: &VerifiedKernel, _: &filbert_compiler::Target) -> Option<filbert_compiler::Artifact> {
        None
    }
    fn keep(&self, kernel: &VerifiedKernel, target: &filbert_compiler::Target, artifact: &filbert_compiler::Artifact) {
        self.0.keep(kernel, target, artifact);
    }
    fn reject(&self, _: &filbert_ir::KernelId, _: &str) {}
    fn has_died(&self, _: &filbert_ir::KernelId) -> bool {
        false
    }
}

/// A process with a thousand kernels.
fn bundled(folder: &Path) {
    let source = |n: usize| {
        format!("fn k{n}(x: f64, y: f64) -> f64 {{ let d = x - {n}.0; (d * d + y * y).sqrt() * (-d).exp() + {n}.5 }}")
    };
    let kernels: Vec<VerifiedKernel> = (0..BUNDLED)
        .map(|n| filbert_syntax::parse(&source(n), "bench").expect("a kernel").kernels[0].clone())
        .collect();
    let levels = [Level::V2, Level::V3, Level::V4].map(Platform::X86_64);
    let started = Instant::now();
    let bytes = bundle::build(&kernels, &levels, None).expect("a bundle");
    let built = started.elapsed();
    let path = folder.join("thousand.fbundle");
    std::fs::write(&path, &bytes).expect("a file");
    let open = || Bundle::open(&path, None).expect("a bundle");
    let opened = each(20, || {
        let started = Instant::now();
        drop(open());
        started.elapsed()
    });
    let ready = each(20, || {
        let started = Instant::now();
        let bundle = open();
        assert_eq!(bundle.kernels().expect("of this version").len(), BUNDLED);
        started.elapsed()
    });
    let bundle = Arc::new(open());
    let cache = KernelCache::new(64 << 20).with_store(bundle).with_stored_per_check(0);
    let first_use = median(kernels.iter().map(|kernel| timed(&cache, kernel)).collect());
    println!("\na bundle of {BUNDLED} kernels for three levels, {} KiB, built in {built:.1?}", bytes.len() >> 10);
    println!("  opened                         {:>8.2} ms", opened / 1000.0);
    println!("  opened, all kernels decoded    {:>8.2} ms", ready / 1000.0);
    println!("  code of a kernel, first use    {first_use:>8.1} us");
}
