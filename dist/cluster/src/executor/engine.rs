//! How an executor runs a task: as Ballista does, and what is cancelled stops inside of its kernels.
//!
//! Ballista gives up a cancelled task between two batches, and not even that where the task runs several
//! partitions, which go on by themselves. So the flag that each task's kernels look at is raised when the task
//! is over, whatever way it ended.

use std::fmt;
use std::sync::Arc;

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
use filbert_runtime::StopFlag;

use super::clients::Clients;

pub(super) struct Engine {
    inner: DefaultExecutionEngine,
}

impl Engine {
    pub(super) fn new() -> Engine {
        Engine { inner: DefaultExecutionEngine::with_client_pool(Arc::new(Clients::default())) }
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
        let partitions = global_output_partition_ids;
        let inner =
            self.inner.create_query_stage_exec(job_id, stage_id, task_id, partitions, plan, work_dir, config)?;
        Ok(Arc::new(Stage { inner, stop }))
    }
}

/// The part of a stage that one task runs.
#[derive(Debug)]
struct Stage {
    inner: Arc<dyn QueryStageExecutor>,
    stop: StopFlag,
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
        self.inner.execute_query_stage(task_id, context).await
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        self.inner.collect_plan_metrics()
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

    #[tokio::test]
    async fn what_is_given_up_stops_the_kernels_of_its_task() {
        for fails in [false, true] {
            let stop = StopFlag::new();
            let stage = Stage { inner: Arc::new(Inner { fails }), stop: stop.clone() };
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
