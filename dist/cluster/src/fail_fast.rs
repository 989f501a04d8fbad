//! What becomes of running jobs when an executor is lost.
//!
//! Ballista 55 answers a loss by running stages again, and where a stage that had begun to read the lost data is
//! among them it gives duplicate rows or never ends (docs/engine-notes.md has the cause). So a job is left to
//! that only where it is sound: while nothing but stages that read files has begun, and none of those is the
//! last. Every other job that the executor had a part in is ended with FB-1102, and its client tries it again.
//!
//! The decision must not be overtaken: between it and the engine's own handling of the loss, a first stage could
//! end and the next begin. Therefore it is made under the lock of the job's graph and carried out there at once
//! (the tasks are reset, or the graph is marked as failed), and the executor's polls are held off until the
//! engine is done with the loss. The engine then finds nothing left to do wrong.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::{ExecutorHeartbeat, RunningTask, SuccessfulTask, task_status};
use ballista_core::serde::scheduler::{ExecutorData, ExecutorMetadata};
use ballista_scheduler::cluster::memory::InMemoryClusterState;
use ballista_scheduler::cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot};
use ballista_scheduler::config::TaskDistributionPolicy;
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use ballista_scheduler::state::task_manager::JobInfoCache;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use filbert_ir::{Code, KernelError};
use tokio::sync::{RwLock, RwLockReadGuard};

use crate::job_endings::JobEndings;
use crate::quarantine::{self, Crash};
use crate::settings::LOST_PAUSE;

/// Ballista's scheduler, with the plans that it keeps.
pub(crate) type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// The executors of a cluster, as Ballista asks for them; and what happens when one goes.
#[derive(Default)]
pub(crate) struct FailFast {
    inner: InMemoryClusterState,
    server: OnceLock<Server>,
    endings: Arc<JobEndings>,
    /// Held by a poll while it gets work, and alone by the loss of an executor while jobs are judged.
    polls: RwLock<()>,
    lost: Mutex<HashMap<String, Instant>>,
    reasons: Mutex<HashMap<String, String>>,
}

/// What is done with a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    /// The executor had no part in it.
    Untouched,
    /// The engine's own way is sound: the executor's tasks run again elsewhere.
    Continues,
    /// It is ended.
    Ends,
}

impl FailFast {
    pub(crate) fn new(endings: Arc<JobEndings>) -> FailFast {
        FailFast { endings, ..FailFast::default() }
    }

    /// Names the scheduler whose jobs are judged. Before, there are none.
    pub(crate) fn serve(&self, server: Server) {
        let _ = self.server.set(server);
    }

    /// Why an executor is going to be removed, where somebody said so.
    pub(crate) fn expect_loss(&self, executor: &str, reason: &str) {
        lock(&self.reasons).insert(executor.to_string(), reason.to_string());
    }

    /// Leave to poll for this executor, for as long as the guard lives; `None` while its loss is being handled.
    pub(crate) async fn may_poll(&self, executor: &str) -> Option<RwLockReadGuard<'_, ()>> {
        let guard = self.polls.read().await;
        let mut lost = lock(&self.lost);
        lost.retain(|_, since| since.elapsed() < LOST_PAUSE);
        (!lost.contains_key(executor)).then_some(guard)
    }

    /// Judges every running job.
    async fn lose(&self, executor: &str) {
        let _alone = self.polls.write().await;
        lock(&self.lost).insert(executor.to_string(), Instant::now());
        let reason = lock(&self.reasons).remove(executor);
        let Some(server) = self.server.get() else { return };
        let crash = reason.as_deref().and_then(Crash::parse);
        for (id, job) in server.state.task_manager.get_running_job_cache().iter() {
            self.judge(server, id, job, executor, reason.as_deref(), crash.as_ref()).await;
        }
    }

    async fn judge(
        &self,
        server: &Server,
        id: &JobId,
        job: &JobInfoCache,
        executor: &str,
        reason: Option<&str>,
        crash: Option<&Crash>,
    ) {
        let error = {
            let mut graph = job.execution_graph.write().await;
            let guilty = crash.filter(|crash| calls(graph.as_ref(), &crash.kernel));
            match (guilty, verdict(graph.as_ref(), executor)) {
                (None, Verdict::Untouched) => return,
                (None, Verdict::Continues) => match graph.reset_stages_on_lost_executor(executor) {
                    Ok(_) => {
                        tracing::info!("job {id}: the tasks of executor {executor}, which was lost, run again");
                        return;
                    }
                    Err(error) => self.end(graph.as_mut(), lost(executor, Some(&error.to_string()))),
                },
                (Some(crash), _) => self.end(graph.as_mut(), quarantine::error(executor, crash)),
                (None, Verdict::Ends) => self.end(graph.as_mut(), lost(executor, reason)),
            }
        };
        tracing::warn!("job {id} ends: {error}");
        if let Err(error) = server.cancel_job(id.clone()).await {
            tracing::error!("job {id} could not be ended: {error}");
        }
    }

    /// Marks the job as failed, so that it gets no more tasks; the engine's own ending of it follows.
    fn end(&self, graph: &mut (dyn ExecutionGraph + Send + Sync), error: KernelError) -> String {
        let text = error.to_string();
        self.endings.say(graph.job_id(), &text);
        graph.fail_job(text.clone());
        text
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lost(executor: &str, reason: Option<&str>) -> KernelError {
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or("it has not been heard of");
    KernelError::new(Code::ExecutorLost, format!("executor {executor} is gone: {reason}"))
}

/// Whether a job calls the kernel with this id.
fn calls(graph: &dyn ExecutionGraph, kernel: &str) -> bool {
    quarantine::calls(graph.physical_plan().as_ref(), kernel)
        || graph.stages().values().any(|stage| quarantine::calls(stage.plan(), kernel))
}

fn verdict(graph: &dyn ExecutionGraph, executor: &str) -> Verdict {
    let mut stages = graph.stages().values();
    match stages.clone().any(|stage| has_part(stage, executor)) {
        false => Verdict::Untouched,
        true if stages.all(is_sound) => Verdict::Continues,
        true => Verdict::Ends,
    }
}

/// Whether a task of the stage ran or runs on the executor. What stages read is what such tasks wrote.
fn has_part(stage: &ExecutionStage, executor: &str) -> bool {
    let here = |task: &TaskInfo| match &task.task_status {
        task_status::Status::Running(RunningTask { executor_id })
        | task_status::Status::Successful(SuccessfulTask { executor_id, .. }) => executor_id == executor,
        task_status::Status::Failed(_) => false,
    };
    stage.task_infos().unwrap_or_default().iter().any(here)
}

/// Whether the engine may run tasks of the stage again. The last stage's locations are never taken back, and a
/// stage that reads another's output is where the duplicates come from.
fn is_sound(stage: &ExecutionStage) -> bool {
    match stage {
        ExecutionStage::UnResolved(_) => true,
        ExecutionStage::Resolved(stage) => stage.inputs.is_empty(),
        ExecutionStage::Running(stage) => {
            stage.inputs.is_empty() && (stage.task_infos.is_empty() || !stage.output_links.is_empty())
        }
        ExecutionStage::Successful(stage) => stage.inputs.is_empty() && !stage.output_links.is_empty(),
        ExecutionStage::Failed(_) => false,
    }
}

#[async_trait]
impl ClusterState for FailFast {
    async fn remove_executor(&self, executor_id: &str) -> Result<()> {
        self.lose(executor_id).await;
        self.inner.remove_executor(executor_id).await
    }

    async fn init(&self) -> Result<()> {
        self.inner.init().await
    }

    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        active_jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        self.inner.bind_schedulable_tasks(distribution, active_jobs, executors).await
    }

    async fn unbind_tasks(&self, executor_slots: Vec<ExecutorSlot>) -> Result<()> {
        self.inner.unbind_tasks(executor_slots).await
    }

    async fn register_executor(&self, metadata: ExecutorMetadata, spec: ExecutorData) -> Result<()> {
        self.inner.register_executor(metadata, spec).await
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        self.inner.save_executor_metadata(metadata).await
    }

    async fn get_executor_metadata(&self, executor_id: &str) -> Result<ExecutorMetadata> {
        self.inner.get_executor_metadata(executor_id).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.inner.registered_executor_metadata().await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.inner.save_executor_heartbeat(heartbeat).await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.inner.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor_id: &str) -> Option<ExecutorHeartbeat> {
        self.inner.get_executor_heartbeat(executor_id)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.inner.cluster_state_events().await
    }
}

#[cfg(test)]
mod tests;
