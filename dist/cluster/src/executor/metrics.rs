//! What an executor tells Prometheus, under `/metrics` of its port: tasks, kernels, the process.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use datafusion::common::Result;
use filbert_dist::measure::Measures;
use filbert_ir::Code;
use filbert_runtime::{KernelCache, store_counters};
use prometheus::{IntCounterVec, IntGauge, Opts, Registry, TEXT_FORMAT, TextEncoder};

use crate::fault::refuse;
use crate::kernel_metrics::KernelMetrics;

/// The counters of one executor.
#[derive(Clone, Debug)]
pub(super) struct Metrics(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    registry: Registry,
    running: IntGauge,
    ended: IntCounterVec,
    kernels: KernelMetrics,
    code_bytes: IntGauge,
    code_kernels: IntGauge,
    cache: IntCounterVec,
}

/// A task that runs; it counts as failed unless it is said to have succeeded.
pub(super) struct Running {
    metrics: Metrics,
    outcome: &'static str,
}

impl Metrics {
    /// For an executor that runs so many tasks at the same time.
    pub(super) fn new(cores: usize) -> Result<Metrics> {
        Metrics::register(cores).map_err(|error| refuse(Code::Internal, format!("metrics: {error}")))
    }

    fn register(cores: usize) -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        gauge("filbert_executor_cores", "Tasks that the executor runs at the same time")?.set(cores as i64);
        let options = Opts::new("filbert_executor_tasks_total", "Tasks that have ended, by their outcome");
        let ended = IntCounterVec::new(options, &["outcome"])?;
        registry.register(Box::new(ended.clone()))?;
        let options = Opts::new("filbert_kernel_cache_events_total", "What the cache of machine code did");
        let cache = IntCounterVec::new(options, &["event"])?;
        registry.register(Box::new(cache.clone()))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Metrics(Arc::new(Parts {
            running: gauge("filbert_executor_tasks_running", "Tasks that run now")?,
            ended,
            cache,
            kernels: KernelMetrics::register(&registry, "filbert")?,
            code_bytes: gauge("filbert_kernel_cache_bytes", "Machine code that the process keeps")?,
            code_kernels: gauge("filbert_kernel_cache_entries", "Kernels whose machine code the process keeps")?,
            registry,
        })))
    }

    /// Counts a task as running until what comes back is dropped.
    pub(super) fn begin(&self) -> Running {
        self.0.running.inc();
        Running { metrics: self.clone(), outcome: "failed" }
    }

    /// Counts what the kernels of a task did.
    pub(super) fn kernels(&self, measures: &Measures) {
        for ((name, _), counts) in measures.kernels() {
            self.0.kernels.add(&name, counts);
        }
    }

    /// The page.
    pub(super) fn routes(&self) -> Router {
        let metrics = self.clone();
        Router::new().route("/metrics", get(move || async move { metrics.page() }))
    }

    fn page(&self) -> Response {
        let stats = KernelCache::process().stats();
        self.0.code_bytes.set(stats.code_bytes as i64);
        self.0.code_kernels.set(stats.entries as i64);
        let events = [
            ("hit", stats.hits),
            ("miss", stats.misses),
            ("compile", stats.compiles),
            ("eviction", stats.evictions),
            ("interpreted", stats.interpreted),
            ("refusal", stats.refusals),
            ("store_hit", stats.store_hits),
            ("store_miss", stats.store_misses),
            ("store_check", stats.store_checks),
            ("store_difference", stats.store_differences),
        ];
        for (event, count) in events.into_iter().chain(store_counters()) {
            let counter = self.0.cache.with_label_values(&[event]);
            counter.reset();
            counter.inc_by(count);
        }
        match TextEncoder::new().encode_to_string(&self.0.registry.gather()) {
            Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

impl Running {
    pub(super) fn succeeded(&mut self) {
        self.outcome = "succeeded";
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.metrics.0.running.dec();
        self.metrics.0.ended.with_label_values(&[self.outcome]).inc();
    }
}
