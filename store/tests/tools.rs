//! Kernels of every kind with what they give, damage to files, children of this process, a log that counts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use filbert_compiler::{Artifact, Level, Target};
use filbert_ir::random;
use filbert_ir::{Builder, Kernel, Names, Op, Type, VerifiedKernel, verify};
use filbert_runtime::{CodeStore, Engine, KernelCache, LoadedKernel};
use filbert_store::{DiskStore, KeyText, Mode, Options};

use crate::support::{kernel, open};

pub(crate) fn is_long_run() -> bool {
    std::env::var_os("FILBERT_LONG").is_some_and(|v| v == "1")
}

/// The one number in a normal run, the other in a long one.
pub(crate) fn normal_or_long<T>(normal: T, long: T) -> T {
    if is_long_run() { long } else { normal }
}

/// `x * n + x`, quickly made.
pub(crate) fn distinct(n: usize) -> VerifiedKernel {
    let mut builder = Builder::new();
    let x = builder.param(Type::F64);
    let factor = builder.constant(n as f64);
    let product = builder.op(Op::Mul, &[x, factor]);
    let sum = builder.op(Op::Add, &[product, x]);
    let (core, _) = builder.finish(vec![sum]);
    let names = Names { kernel: format!("distinct_{n}"), params: vec!["x".into()], ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap()
}

/// That this is the code of `distinct(n)`: it gives what it must.
pub(crate) fn is_distinct(loaded: &LoadedKernel, n: usize) -> bool {
    let wanted = 1.5 * n as f64 + 1.5;
    loaded.call_row(&[1.5.into()]).is_ok_and(|row| row == [wanted.into()])
}

/// What a kernel is written like; `{n}` is a number that tells the kernels of a shape apart.
const SHAPES: &[&str] = &[
    "fn k(x: f64, y: f64) -> f64 { x * {n}.5 + (y + {n}.0).sqrt() }",
    "fn k(x: f64) -> f64 { x.exp() + x.abs().ln() * {n}.25 }",
    "fn k(x: f32) -> f32 { if x > {n}.0 { x * 2.0 } else { -x - {n}.0 } }",
    "fn k(a: i32, b: i32) -> i32 { a + b * {n} }",
    "fn k(a: i64, b: i64) -> (i64, i64) { (a / b, a % {n}) }",
    "fn k(a: u64) -> u64 { let mut n = a % 1000; let mut s = {n}; while n > 0 { s += n * {n}; n /= 2; } s }",
    "fn k(x: f64) -> f64 { let mut g = x; for _ in 0..{n} { g = 0.5 * (g + x / g); } g }",
    "fn k(x: &[f64]) -> f64 { let mut s = {n}.0; for i in 0..x.len() { s += x[i]; } s }",
    "fn k(x: &[i32], i: usize) -> i32 { x[i % {n}] }",
    "fn k(x: Option<f64>, y: Option<i16>) -> (f64, bool) { (x.unwrap_or({n}.0), y.is_some()) }",
];

/// Kernels of every kind with the targets that their code is for: 64, no two alike.
pub(crate) fn corpus() -> Vec<(VerifiedKernel, Target)> {
    let of = |shape: &str, n: usize| kernel(&shape.replace("{n}", &n.to_string()));
    let host = Target::host();
    let plain = SHAPES.iter().flat_map(|shape| (1..=5).map(|n| (of(shape, n), host.clone())));
    let mut corpus: Vec<_> = plain.collect();
    let forms = [host.with_sums(), host.with_uniform(1), host.without_vectors(), Target::level(Level::V2)];
    for (n, form) in forms.iter().enumerate() {
        for kernel in [SHAPES[0], SHAPES[1], SHAPES[2]].map(|shape| of(shape, n + 6)) {
            // Forms are for machines with vectors.
            let is_form = filbert_compiler::compile(&kernel, form).is_ok();
            corpus.push((kernel, if is_form { form.clone() } else { host.clone() }));
        }
    }
    corpus.extend([6, 7].map(|n| (of(SHAPES[7], n), host.without_vectors())));
    assert_eq!(corpus.len(), 64);
    corpus
}

/// An entry as a good writer made it.
pub(crate) struct Sample {
    pub(crate) kernel: VerifiedKernel,
    pub(crate) target: Target,
    pub(crate) artifact: Artifact,
    pub(crate) bytes: Vec<u8>,
}

impl Sample {
    pub(crate) fn file(&self, store: &DiskStore) -> PathBuf {
        store.file_of(&self.kernel.id(), &self.target)
    }

    /// Whether a store would believe these bytes in this sample's file.
    pub(crate) fn would_believe(&self, store: &DiskStore, bytes: &[u8]) -> bool {
        store.would_give(bytes, &self.kernel, &self.target).is_some()
    }
}

/// Publishes the corpus, as far as a back end makes code for it.
pub(crate) fn published(store: &DiskStore) -> Vec<Sample> {
    let publish = |(kernel, target): (VerifiedKernel, Target)| {
        let artifact = filbert_compiler::compile(&kernel, &target).unwrap();
        store.keep(&kernel, &target, &artifact);
        let bytes = std::fs::read(store.file_of(&kernel.id(), &target))
            .unwrap_or_else(|error| panic!("{error}: {artifact:?}, {:?}", store.stats()));
        let sample = Sample { kernel, target, artifact, bytes };
        assert_eq!(store.find(&sample.kernel, &sample.target), Some(sample.artifact.clone()));
        sample
    };
    corpus().into_iter().map(publish).collect()
}

/// What a kernel gives for some rows, in words: results, nulls and faults.
pub(crate) fn results(loaded: &LoadedKernel) -> String {
    let mut said = String::new();
    for row in random::datum_rows(7, &loaded.kernel().core.signature, 12) {
        let result = loaded.call_row(&row).map_err(|error| error.to_string());
        writeln!(said, "{result:?}").unwrap();
    }
    said
}

/// What the interpreter says that a kernel gives.
pub(crate) fn right_results(kernel: &VerifiedKernel) -> String {
    results(&KernelCache::new(1 << 20).load(kernel, Engine::Interp))
}

/// A cache with so much patience that a busy machine does not change what is tested.
pub(crate) fn patient(bytes_max: usize) -> KernelCache {
    KernelCache::new(bytes_max).with_budget(Duration::from_secs(60)).with_stored_per_check(0)
}

/// Ways to open a folder of each mode, with keys that are put beside it.
pub(crate) fn modes(folder: &Path) -> [Options; 3] {
    let key_file = |name: &str, key: &KeyText| {
        let path = folder.join(name);
        std::fs::write(&path, key.line()).unwrap();
        Some(path)
    };
    let sub = |name: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).unwrap();
        Some(path)
    };
    let secret = key_file("secret", &KeyText::Secret([1; 32]));
    let signing = key_file("signing", &KeyText::Sign([3; 32]));
    [
        Options { mode: Mode::Private, folder: Some(folder.join("private")), ..Options::default() },
        Options { mode: Mode::Keyed, folder: sub("keyed"), key: secret, ..Options::default() },
        Options { mode: Mode::Signed, folder: sub("signed"), key: signing, ..Options::default() },
    ]
}

/// A private store in a folder of its own, with the corpus in it.
pub(crate) fn filled(options: &Options) -> (Arc<DiskStore>, Vec<Sample>) {
    let store = open(options);
    let samples = published(&store);
    (store, samples)
}

/// How an ignored test of this binary is run in a process of its own.
pub(crate) fn plain_command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"]).stdin(Stdio::null());
    command
}

/// The same behind a shell command.
pub(crate) fn command(test: &str, shell: &str) -> Command {
    let exe = std::env::current_exe().unwrap();
    let line = format!("{shell}; exec \"$0\" --exact {test} --ignored --nocapture --test-threads 1");
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).arg(exe).stdin(Stdio::null());
    command
}

/// Waits for a child, which must end well and in time, and returns what it said.
pub(crate) fn outcome(mut child: Child, what: &str) -> String {
    let begun = std::time::Instant::now();
    let patience = Duration::from_secs(if is_long_run() { 1200 } else { 120 });
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > patience {
            child.kill().unwrap();
            panic!("{what} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && stdout.contains("1 passed"), "{what}: {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

/// Takes what is logged for the thread that asks: warnings are kept.
#[derive(Clone, Default)]
pub(crate) struct Log {
    pub(crate) warnings: Arc<std::sync::Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

impl Log {
    /// Does something, and returns what was warned of meanwhile.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
        let log = Log::default();
        let done = tracing::subscriber::with_default(log.clone(), work);
        let warnings = log.warnings.lock().unwrap().clone();
        (done, warnings)
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Said(String);
        impl tracing::field::Visit for Said {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    write!(self.0, "{value:?}").unwrap();
                }
            }
        }
        let mut said = Said(String::new());
        event.record(&mut said);
        self.warnings.lock().unwrap().push(said.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
