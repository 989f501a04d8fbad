//! Counters of kernels for Prometheus, with the kernel's name as label.
//!
//! Executors have one for what they ran, under `/metrics` of their port; the scheduler one for what the tasks of
//! all its executors reported, under `/api/metrics` of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use ballista_core::serde::protobuf::operator_metric::Metric;
use ballista_core::serde::protobuf::task_status::Status;
use ballista_core::serde::protobuf::{NamedCount, TaskStatus};
use filbert_dist::measure::KernelCounts;
use prometheus::{Counter, CounterVec, IntCounter, IntCounterVec, Opts, Registry, Result};

/// Names of kernels that are told apart. Anybody may make up names, and each costs memory for good; later ones
/// are counted together.
const NAMES_MAX: usize = 1000;

/// The name that those have. No kernel is called so, for it is no word.
const OTHERS: &str = "(others)";

/// Counters of kernels in one registry.
#[derive(Debug)]
pub(crate) struct KernelMetrics {
    rows: IntCounterVec,
    calls: IntCounterVec,
    interpreted: IntCounterVec,
    failed: IntCounterVec,
    compiles: IntCounterVec,
    cache_hits: IntCounterVec,
    seconds: CounterVec,
    compile_seconds: CounterVec,
    names: Mutex<BTreeMap<String, Kernel>>,
}

/// The counters of one name.
#[derive(Clone, Debug)]
struct Kernel {
    integers: [IntCounter; 6],
    seconds: Counter,
    compile_seconds: Counter,
}

impl KernelMetrics {
    /// Counters whose names begin with `prefix`, in a registry that has none of them yet.
    pub(crate) fn register(registry: &Registry, prefix: &str) -> Result<KernelMetrics> {
        let options = |name: &str, help: &str| Opts::new(format!("{prefix}_kernel_{name}_total"), help);
        let integers = |name, help| -> Result<IntCounterVec> {
            let counters = IntCounterVec::new(options(name, help), &["kernel"])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        let floats = |name, help| -> Result<CounterVec> {
            let counters = CounterVec::new(options(name, help), &["kernel"])?;
            registry.register(Box::new(counters.clone()))?;
            Ok(counters)
        };
        Ok(KernelMetrics {
            rows: integers("rows", "Rows that the kernel was called with")?,
            calls: integers("calls", "Calls of the kernel, one for each batch of rows")?,
            interpreted: integers("interpreted_calls", "Calls that the interpreter answered")?,
            failed: integers("failed_calls", "Calls that ended in an error")?,
            compiles: integers("compiles", "Times that the kernel was compiled")?,
            cache_hits: integers("cache_hits", "Partitions that found the kernel compiled")?,
            seconds: floats("seconds", "Time inside of the kernel's calls")?,
            compile_seconds: floats("compile_seconds", "Time spent to compile the kernel")?,
            names: Mutex::default(),
        })
    }

    /// Counts what a kernel of this name did.
    pub(crate) fn add(&self, name: &str, counts: KernelCounts) {
        let kernel = self.kernel(name);
        let KernelCounts { rows, calls, nanos, compiles, compile_nanos, cache_hits, interpreted, failed } = counts;
        let values = [rows, calls, interpreted, failed, compiles, cache_hits];
        kernel.integers.iter().zip(values).for_each(|(counter, value)| counter.inc_by(value));
        kernel.seconds.inc_by(nanos as f64 / 1e9);
        kernel.compile_seconds.inc_by(compile_nanos as f64 / 1e9);
    }

    fn kernel(&self, name: &str) -> Kernel {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = if names.len() < NAMES_MAX || names.contains_key(name) { name } else { OTHERS };
        let integers = || {
            [&self.rows, &self.calls, &self.interpreted, &self.failed, &self.compiles, &self.cache_hits]
                .map(|counters| counters.with_label_values(&[name]))
        };
        let made = || Kernel {
            integers: integers(),
            seconds: self.seconds.with_label_values(&[name]),
            compile_seconds: self.compile_seconds.with_label_values(&[name]),
        };
        names.entry(name.to_string()).or_insert_with(made).clone()
    }
}

/// What the scheduler of this process counts; in Ballista's registry, whose text it serves.
static OF_ALL_EXECUTORS: OnceLock<Option<KernelMetrics>> = OnceLock::new();

/// Counts what the kernels of tasks that have ended did, as the scheduler is told.
pub(crate) fn reported(tasks: &[TaskStatus]) {
    let metrics = OF_ALL_EXECUTORS.get_or_init(|| {
        let registered = KernelMetrics::register(prometheus::default_registry(), "filbert_cluster");
        registered.inspect_err(|error| tracing::warn!("kernels are not counted: {error}")).ok()
    });
    let Some(metrics) = metrics else { return };
    let mut kernels = BTreeMap::new();
    for metric in tasks.iter().filter(|task| matches!(task.status, Some(Status::Successful(_)))).flat_map(|task| {
        task.metrics.iter().flat_map(|operator| &operator.metrics).filter_map(|metric| metric.metric.as_ref())
    }) {
        if let Metric::Count(NamedCount { name, value }) = metric {
            KernelCounts::add_plain(&mut kernels, name, *value);
        }
    }
    kernels.iter().for_each(|(name, counts)| metrics.add(name, *counts));
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let registry = Registry::new();
        let metrics = KernelMetrics::register(&registry, "filbert").expect("an empty registry");
        let counts = KernelCounts { rows: 2, calls: 1, nanos: 1_500_000_000, ..KernelCounts::default() };
        for number in 0..NAMES_MAX + 3 {
            metrics.add(&format!("f{number}"), counts);
        }
        metrics.add("f0", counts);
        let text = TextEncoder::new().encode_to_string(&registry.gather()).expect("text");
        for line in [
            "filbert_kernel_rows_total{kernel=\"f0\"} 4",
            "filbert_kernel_rows_total{kernel=\"f999\"} 2",
            "filbert_kernel_rows_total{kernel=\"(others)\"} 6",
            "filbert_kernel_seconds_total{kernel=\"f0\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}");
        }
        assert!(!text.contains("f1000"));
    }
}
