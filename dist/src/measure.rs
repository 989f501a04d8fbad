//! What kernels did in each operator of a plan: for EXPLAIN ANALYZE, and for the metrics of executors.
//!
//! The engine keeps metrics by operator, and a function is not told in which operator it is called. So an
//! operator whose expressions call kernels is wrapped by one that is the same in every respect but this: it
//! names itself to the thread that polls it. A call is counted for the innermost operator that is being polled,
//! by partition, as the engine counts rows. What is called outside of all of them is not counted; a call costs
//! two readings of the clock a batch.
//!
//! The counts are one metric of a type of our own, shown as
//! `great_circle={rows=336776, ns_per_row=34.1, ...}`. An engine that carries only named numbers gets them as
//! such (`to_plain`), and they are put together again where they are shown (`of_plain`).

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::metrics::{Count, CustomMetricValue, Metric, MetricValue, MetricsSet};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};
use filbert_ir::{KernelId, VerifiedKernel};
use filbert_runtime::Engine;
use futures::{Stream, StreamExt};

use crate::template::TemplateUdf;
use crate::udf::KernelUdf;

/// How the name of a plain count begins.
const PLAIN: &str = "kernel.";

/// What one kernel did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KernelCounts {
    /// Rows of all calls.
    pub rows: u64,
    /// Calls, one for each batch.
    pub calls: u64,
    /// Time inside of calls, compiling left out, in nanoseconds.
    pub nanos: u64,
    /// Times that it was compiled.
    pub compiles: u64,
    /// Time of that, in nanoseconds.
    pub compile_nanos: u64,
    /// Partitions that found it compiled.
    pub cache_hits: u64,
    /// Calls that the interpreter answered; the others ran machine code.
    pub interpreted: u64,
    /// Calls that ended in an error.
    pub failed: u64,
}

impl KernelCounts {
    const FIELDS: [&str; 8] =
        ["rows", "calls", "nanos", "compiles", "compile_nanos", "cache_hits", "interpreted", "failed"];

    fn values(&mut self) -> [&mut u64; 8] {
        [
            &mut self.rows,
            &mut self.calls,
            &mut self.nanos,
            &mut self.compiles,
            &mut self.compile_nanos,
            &mut self.cache_hits,
            &mut self.interpreted,
            &mut self.failed,
        ]
    }

    /// Adds what somebody else counted.
    pub fn add(&mut self, mut other: KernelCounts) {
        self.values().into_iter().zip(other.values()).for_each(|(value, more)| *value += *more);
    }

    /// What ran it: `native`, `interp`, or both.
    pub fn back_end(&self) -> &'static str {
        match self.interpreted {
            0 => Engine::Native.name(),
            all if all == self.calls => Engine::Interp.name(),
            _ => "native+interp",
        }
    }

    /// Adds a plain count: the kernel's name and what is counted are in its name. Other counts change nothing.
    pub fn add_plain(kernels: &mut BTreeMap<String, KernelCounts>, name: &str, count: u64) {
        let Some((kernel, field)) = name.strip_prefix(PLAIN).and_then(|name| name.rsplit_once('.')) else { return };
        let Some(place) = KernelCounts::FIELDS.iter().position(|known| *known == field) else { return };
        *kernels.entry(kernel.to_string()).or_default().values()[place] += count;
    }
}

/// `{rows=336776, ns_per_row=34.1, calls=42, compiles=1, compile_time=651µs, cache_hits=3, backend=native}`
impl fmt::Display for KernelCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{rows={}", self.rows)?;
        if self.rows > 0 {
            write!(f, ", ns_per_row={:.1}", self.nanos as f64 / self.rows as f64)?;
        }
        write!(f, ", calls={}, compiles={}", self.calls, self.compiles)?;
        if self.compiles > 0 {
            write!(f, ", compile_time={:?}", Duration::from_micros(self.compile_nanos / 1000))?;
        }
        write!(f, ", cache_hits={}, backend={}", self.cache_hits, self.back_end())?;
        match self.failed {
            0 => f.write_str("}"),
            failed => write!(f, ", failed={failed}}}"),
        }
    }
}

/// Counts as a metric of the engine.
#[derive(Debug, Default)]
struct KernelMetric(Mutex<KernelCounts>);

impl KernelMetric {
    fn counts(&self) -> KernelCounts {
        *lock(&self.0)
    }

    fn of(value: &dyn CustomMetricValue) -> Option<KernelCounts> {
        value.as_any().downcast_ref::<KernelMetric>().map(KernelMetric::counts)
    }
}

impl fmt::Display for KernelMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().fmt(f)
    }
}

impl CustomMetricValue for KernelMetric {
    fn new_empty(&self) -> Arc<dyn CustomMetricValue> {
        Arc::new(KernelMetric::default())
    }

    fn aggregate(&self, other: Arc<dyn CustomMetricValue>) {
        if let Some(counts) = KernelMetric::of(other.as_ref()) {
            lock(&self.0).add(counts);
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    /// The engine sorts metrics by it.
    fn as_usize(&self) -> usize {
        self.counts().nanos as usize
    }

    fn is_eq(&self, other: &Arc<dyn CustomMetricValue>) -> bool {
        KernelMetric::of(other.as_ref()) == Some(self.counts())
    }
}

fn metric(kernel: &str, counts: KernelCounts, partition: Option<usize>) -> Arc<Metric> {
    let (name, value) = (kernel.to_string().into(), Arc::new(KernelMetric(Mutex::new(counts))));
    Arc::new(Metric::new(MetricValue::Custom { name, value }, partition))
}

/// The same metrics with those of kernels as named counts, for an engine that carries nothing else.
pub fn to_plain(metrics: &MetricsSet) -> MetricsSet {
    let mut plain = MetricsSet::new();
    for metric in metrics.iter() {
        let counts = match metric.value() {
            MetricValue::Custom { name, value } => KernelMetric::of(value.as_ref()).map(|counts| (name, counts)),
            _ => None,
        };
        let Some((kernel, mut counts)) = counts else {
            plain.push(metric.clone());
            continue;
        };
        for (field, value) in KernelCounts::FIELDS.iter().zip(counts.values()) {
            let count = Count::new();
            count.add(*value as usize);
            let name = format!("{PLAIN}{kernel}.{field}").into();
            plain.push(Arc::new(Metric::new(MetricValue::Count { name, count }, metric.partition())));
        }
    }
    plain
}

/// The metrics that `to_plain` was given, those of a kernel added up.
pub fn of_plain(plain: &MetricsSet) -> MetricsSet {
    let (mut metrics, mut kernels) = (MetricsSet::new(), BTreeMap::new());
    for metric in plain.iter() {
        match metric.value() {
            MetricValue::Count { name, count } if name.starts_with(PLAIN) => {
                KernelCounts::add_plain(&mut kernels, name, count.value() as u64);
            }
            _ => metrics.push(metric.clone()),
        }
    }
    kernels.into_iter().for_each(|(kernel, counts)| metrics.push(metric(&kernel, counts, None)));
    metrics
}

/// A call that has ended.
pub(crate) struct Call {
    pub(crate) rows: usize,
    /// How long it took, compiling left out.
    pub(crate) time: Duration,
    /// How long the kernel compiled for it, if it did.
    pub(crate) compile_time: Option<Duration>,
    pub(crate) engine: Engine,
    pub(crate) failed: bool,
}

/// Counts a call for the operator that this thread polls.
pub(crate) fn record(name: &str, kernel: &VerifiedKernel, call: &Call) {
    HERE.with_borrow(|here| {
        let Some(here) = here else { return };
        let mut calls = lock(&here.calls.0);
        let counts = calls.entry((here.partition, name.to_string(), kernel.id())).or_default();
        match call.compile_time {
            Some(time) => {
                counts.compiles += 1;
                counts.compile_nanos += nanos(time);
            }
            None if counts.calls == 0 && call.engine == Engine::Native => counts.cache_hits += 1,
            None => {}
        }
        counts.calls += 1;
        counts.rows += call.rows as u64;
        counts.nanos += nanos(call.time);
        counts.interpreted += u64::from(call.engine == Engine::Interp);
        counts.failed += u64::from(call.failed);
    });
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What was called in one operator, by partition.
#[derive(Debug, Default)]
struct Calls(Mutex<BTreeMap<(usize, String, KernelId), KernelCounts>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The operator that a thread polls.
#[derive(Clone)]
struct Here {
    calls: Arc<Calls>,
    partition: usize,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// Brings the operator around this one back, however this one is left.
struct Within(Option<Here>);

impl Here {
    fn enter(&self) -> Within {
        Within(HERE.replace(Some(self.clone())))
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        HERE.set(self.0.take());
    }
}

/// What the kernels of one plan did.
#[derive(Clone, Debug, Default)]
pub struct Measures(Arc<Mutex<Vec<Arc<Calls>>>>);

impl Measures {
    /// By the name under which it was called, and kernel.
    pub fn kernels(&self) -> BTreeMap<(String, KernelId), KernelCounts> {
        let mut kernels: BTreeMap<_, KernelCounts> = BTreeMap::new();
        for calls in lock(&self.0).iter() {
            for ((_, name, id), counts) in lock(&calls.0).iter() {
                kernels.entry((name.clone(), *id)).or_default().add(*counts);
            }
        }
        kernels
    }
}

/// The same plan, whose operators count the kernels that they call. For a plan that is about to run: what
/// optimises plans need not know these operators.
pub fn measured(plan: Arc<dyn ExecutionPlan>) -> Result<(Arc<dyn ExecutionPlan>, Measures)> {
    let measures = Measures::default();
    let plan = plan.transform_up(|node| {
        if !calls_kernels(&node)? {
            return Ok(Transformed::no(node));
        }
        let calls = Arc::new(Calls::default());
        lock(&measures.0).push(calls.clone());
        Ok(Transformed::yes(Arc::new(Measured { inner: node, calls }) as Arc<dyn ExecutionPlan>))
    })?;
    Ok((plan.data, measures))
}

fn calls_kernels(node: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let mut found = false;
    node.apply_expressions(&mut |root| {
        root.apply(|expr| {
            let function = expr.downcast_ref::<ScalarFunctionExpr>().map(|call| call.fun().inner());
            let ours = function.is_some_and(|udf| udf.is::<KernelUdf>() || udf.is::<TemplateUdf>());
            found |= ours;
            Ok(if ours { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

/// An operator that counts the kernels that it calls.
#[derive(Debug)]
struct Measured {
    inner: Arc<dyn ExecutionPlan>,
    calls: Arc<Calls>,
}

impl Measured {
    fn around(&self, inner: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        Arc::new(Measured { inner, calls: self.calls.clone() })
    }
}

impl DisplayAs for Measured {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_as(format, f)
    }
}

impl ExecutionPlan for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    /// Who asks what operator it is means the one inside.
    fn downcast_delegate(&self) -> Option<&dyn ExecutionPlan> {
        Some(self.inner.as_ref())
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inner.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.around(self.inner.clone().replace_children(children, options)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.around(self.inner.clone().reset_state()?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let here = Here { calls: self.calls.clone(), partition };
        let _within = here.enter();
        let inner = self.inner.execute(partition, context)?;
        Ok(Box::pin(MeasuredStream { inner, here }))
    }

    /// Those of the operator and, if it has any, those of its kernels.
    fn metrics(&self) -> Option<MetricsSet> {
        let mut metrics = self.inner.metrics()?;
        for ((partition, name, _), counts) in lock(&self.calls.0).iter() {
            metrics.push(metric(name, *counts, Some(*partition)));
        }
        Some(metrics)
    }
}

struct MeasuredStream {
    inner: SendableRecordBatchStream,
    here: Here,
}

impl Stream for MeasuredStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<RecordBatch>>> {
        let _within = self.here.enter();
        self.inner.poll_next_unpin(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl RecordBatchStream for MeasuredStream {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }
}
