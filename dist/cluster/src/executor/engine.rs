//! How an executor runs a task: as Ballista does, but what is cancelled stops inside of its kernels, and what
//! kernels do is counted.
//!
//! Ballista gives up a cancelled task when its thread comes back to it between two batches, and does not give up
//! the partitions that the task runs by themselves. So each task's kernels have a flag to look at, which is
//! raised when the task is cancelled, and when it is over in whatever way.
//!
//! The counts of its kernels go to the scheduler among the metrics of the operators that called them, and to
//! the executor's own page.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::serde::protobuf::{RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport};
use ballista_executor::execution_engine::{DefaultExecutionEngine, ExecutionEngine, QueryStageExecutor};
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::prelude::SessionConfig;
use filbert_dist::KernelOptions;
use filbert_dist::measure::{self, Measures};
use filbert_runtime::StopFlag;
use tokio::sync::Notify;

use super::clients::Clients;
use super::metrics::Metrics;
use super::whole;
use crate::fault;

/// Job, stage and number of a task.
pub(super) type TaskName = (JobId, usize, usize);

/// Tasks that are remembered as cancelled before they were there.
const EARLY_MAX: usize = 1024;

/// The flags of the tasks that an executor has.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags(Arc<Mutex<Tasks>>);

#[derive(Debug, Default)]
struct Tasks {
    flags: HashMap<TaskName, StopFlag>,
    /// Cancelled, but not here: over, or still on their way, for a task comes by another connection.
    early: VecDeque<TaskName>,
}

impl Flags {
    /// Stops the kernels of a task.
    pub(super) fn raise(&self, task: &TaskName) {
        self.with(|tasks| match tasks.flags.get(task) {
            Some(flag) => flag.raise(),
            None => {
                if tasks.early.len() >= EARLY_MAX {
                    tasks.early.pop_front();
                }
                tasks.early.push_back(task.clone());
            }
        });
    }

    fn add(&self, task: TaskName, flag: StopFlag) {
        self.with(|tasks| {
            if tasks.early.contains(&task) {
                flag.raise();
            }
            tasks.flags.insert(task, flag);
        });
    }

    fn remove(&self, task: &TaskName) {
        self.with(|tasks| tasks.flags.remove(task));
    }

    fn with<T>(&self, with: impl FnOnce(&mut Tasks) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct Engine {
    inner: DefaultExecutionEngine,
    flags: Flags,
    metrics: Metrics,
    /// Told when a task is over and its end waits to be reported.
    poll: Arc<Notify>,
}

impl Engine {
    /// An engine that keeps the flags of its tasks here, and counts here what they do.
    pub(super) fn new(flags: Flags, metrics: Metrics, poll: Arc<Notify>) -> Engine {
        Engine { inner: DefaultExecutionEngine::with_client_pool(Arc::new(Clients::default())), flags, metrics, poll }
    }
}

impl ExecutionEngine for Engine {
    fn create_query_stage_exec(
        &self,
        job_id: JobId,
        stage_id: usize,
        task_id: usize,
        global_output_partition_ids: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        work_dir: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let options = config.options().extensions.get::<KernelOptions>();
        let stop = options.map(|options| options.stop.clone()).unwrap_or_default();
        let task = (job_id.clone(), stage_id, task_id);
        let partitions = global_output_partition_ids;
        let (plan, measures) = measure::measured(whole::count_rows(plan)?)?;
        let inner =
            self.inner.create_query_stage_exec(job_id, stage_id, task_id, partitions, plan, work_dir, config)?;
        self.flags.add(task.clone(), stop.clone());
        let (flags, metrics, poll) = (self.flags.clone(), self.metrics.clone(), self.poll.clone());
        Ok(Arc::new(Stage { inner, stop, task, flags, measures, metrics, poll }))
    }
}

/// The part of a stage that one task runs.
#[derive(Debug)]
struct Stage {
    inner: Arc<dyn QueryStageExecutor>,
    stop: StopFlag,
    task: TaskName,
    flags: Flags,
    measures: Measures,
    metrics: Metrics,
    poll: Arc<Notify>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.flags.remove(&self.task);
        // The engine drops it when it has noted how the task ended, and given its core back.
        self.poll.notify_one();
    }
}

/// Raises the flag when the task is over.
struct Over<'s>(&'s StopFlag);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.raise();
    }
}

#[async_trait]
impl QueryStageExecutor for Stage {
    async fn execute_query_stage(
        &self,
        task_id: usize,
        context: Arc<TaskContext>,
    ) -> Result<Vec<ShuffleWritePartition>> {
        let _over = Over(&self.stop);
        let mut running = self.metrics.begin();
        let ended = self.inner.execute_query_stage(task_id, context).await.map_err(fault::of_task);
        self.metrics.kernels(&self.measures);
        let written = ended?;
        whole::check_written(self.inner.collect_plan_metrics().first(), &written)?;
        running.succeeded();
        Ok(written)
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.inner.collect_plan_metrics().iter().map(measure::to_plain).collect()
    }

    fn collect_runtime_stats_reports(&self) -> Vec<RuntimeStatsReport> {
        self.inner.collect_runtime_stats_reports()
    }

    fn collect_window_state_reports(&self) -> Result<Vec<WindowStateReport>> {
        self.inner.collect_window_state_reports()
    }

    fn collect_column_stats(&self) -> Vec<TaskColumnStats> {
        self.inner.collect_column_stats()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A task that never ends, or fails at once.
    #[derive(Debug)]
    struct Inner {
        fails: bool,
    }

    #[async_trait]
    impl QueryStageExecutor for Inner {
        async fn execute_query_stage(&self, _: usize, _: Arc<TaskContext>) -> Result<Vec<ShuffleWritePartition>> {
            match self.fails {
                true => datafusion::common::plan_err!("it fails"),
                false => std::future::pending().await,
            }
        }

        fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
            Vec::new()
        }
    }

    impl fmt::Display for Inner {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Inner")
        }
    }

    fn stage(fails: bool, stop: &StopFlag, task: TaskName, flags: Flags) -> Stage {
        let (inner, stop, metrics) = (Arc::new(Inner { fails }), stop.clone(), Metrics::new(1).expect("counters"));
        Stage { inner, stop, task, flags, measures: Measures::default(), metrics, poll: Arc::default() }
    }

    #[tokio::test]
    async fn what_is_given_up_stops_the_kernels_of_its_task() {
        for fails in [false, true] {
            let stop = StopFlag::new();
            let (task, flags) = (("job".into(), 1, 2), Flags::default());
            let stage = stage(fails, &stop, task, flags);
            let task = stage.execute_query_stage(0, Arc::default());
            if fails {
                assert!(task.await.is_err());
            } else {
                let task = tokio::time::timeout(Duration::from_millis(20), task);
                assert!(!stop.is_raised());
                assert!(task.await.is_err());
            }
            assert!(stop.is_raised());
        }
    }

    #[test]
    fn a_task_is_stopped_by_its_name_as_long_as_it_is_there() {
        let flags = Flags::default();
        let add = |task: usize| {
            let (name, stop): (TaskName, _) = (("job".into(), 1, task), StopFlag::new());
            flags.add(name.clone(), stop.clone());
            (stage(true, &stop, name, flags.clone()), stop)
        };
        let ((first, first_stop), (_second, second_stop)) = (add(1), add(2));
        flags.raise(&("other".into(), 1, 1));
        flags.raise(&first.task);
        assert_eq!((first_stop.is_raised(), second_stop.is_raised()), (true, false));
        drop(first);
        assert_eq!(flags.with(|tasks| tasks.flags.len()), 1);
    }

    /// It would run to its end, and hold a core that long.
    #[test]
    fn a_task_that_is_cancelled_before_it_comes_is_stopped() {
        let (flags, stop) = (Flags::default(), StopFlag::new());
        flags.raise(&("job".into(), 1, 2));
        flags.add(("job".into(), 1, 1), stop.clone());
        assert!(!stop.is_raised());
        flags.add(("job".into(), 1, 2), stop.clone());
        assert!(stop.is_raised());
        for task in 0..2 * EARLY_MAX {
            flags.raise(&("other".into(), 1, task));
        }
        assert_eq!(flags.with(|tasks| tasks.early.len()), EARLY_MAX);
    }

    #[test]
    fn each_task_has_a_flag_of_its_own() {
        let flag = |config: &SessionConfig| config.options().extensions.get::<KernelOptions>().map(|o| o.stop.clone());
        let tasks = [crate::settings::session_config(), crate::settings::session_config()];
        let flags = tasks.each_ref().map(|config| flag(config).expect("settings of kernels"));
        flags[0].raise();
        // What the plan keeps is a copy of the task's settings, with the task's flag.
        assert!(flag(&tasks[0].clone()).expect("settings of kernels").is_raised());
        assert!(!flags[1].is_raised());
    }
}
