//! What the scheduler may ask of an executor that polls: to end the tasks of a cancelled job.
//!
//! The scheduler asks at the port that the executor registered, whether it polls or not; Ballista's own service
//! answers in executors that are pushed to only, and the tasks of the others ran on.

use std::sync::Arc;

use ballista_core::JobId;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpc;
use ballista_core::serde::protobuf::{
    CancelTasksParams, CancelTasksResult, LaunchMultiTaskParams, LaunchMultiTaskResult, LaunchTaskParams,
    LaunchTaskResult, RemoveJobDataParams, RemoveJobDataResult, StopExecutorParams, StopExecutorResult,
};
use ballista_executor::executor::Executor as Tasks;
use tonic::{Request, Response, Status};

use super::engine::Flags;

pub(super) struct Control {
    tasks: Arc<Tasks>,
    flags: Flags,
}

impl Control {
    pub(super) fn new(tasks: Arc<Tasks>, flags: Flags) -> Control {
        Control { tasks, flags }
    }
}

/// The answer to what is asked of executors that are pushed to.
fn polls<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("this executor polls"))
}

#[tonic::async_trait]
impl ExecutorGrpc for Control {
    async fn cancel_tasks(&self, request: Request<CancelTasksParams>) -> Result<Response<CancelTasksResult>, Status> {
        let mut cancelled = true;
        for task in request.into_inner().task_infos {
            let (job, stage, id) = (JobId::from(task.job_id.clone()), task.stage_id as usize, task.task_id as usize);
            // First what runs: the thread of the task may be busy with it.
            self.flags.raise(&(job.clone(), stage, id));
            let found = self.tasks.cancel_task(job, stage, id).await;
            tracing::info!(job = task.job_id, stage, task = id, found = found.as_ref().is_ok_and(|f| *f), "cancelled");
            cancelled &= found.is_ok();
        }
        Ok(Response::new(CancelTasksResult { cancelled }))
    }

    async fn launch_task(&self, _: Request<LaunchTaskParams>) -> Result<Response<LaunchTaskResult>, Status> {
        polls()
    }

    async fn launch_multi_task(
        &self,
        _: Request<LaunchMultiTaskParams>,
    ) -> Result<Response<LaunchMultiTaskResult>, Status> {
        polls()
    }

    async fn stop_executor(&self, _: Request<StopExecutorParams>) -> Result<Response<StopExecutorResult>, Status> {
        polls()
    }

    async fn remove_job_data(&self, _: Request<RemoveJobDataParams>) -> Result<Response<RemoveJobDataResult>, Status> {
        polls()
    }
}
