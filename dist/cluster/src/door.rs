//! The gRPC interface of the scheduler: the engine's own, with a door before it.
//!
//! The door holds off polls of an executor whose loss is being handled, lets one executor try a new kernel
//! first, notices tasks that got lost on their way, hears why an executor stopped before the engine does, lets new
//! jobs wait for the first executor, with an error if there comes none, and cancels those whose client goes. All
//! else it passes on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpc;
use ballista_core::serde::protobuf::{
    CancelJobParams, CancelJobResult, CleanJobDataParams, CleanJobDataResult, CreateUpdateSessionParams,
    CreateUpdateSessionResult, ExecuteQueryParams, ExecuteQueryResult, ExecutorStoppedParams, ExecutorStoppedResult,
    GetJobMetricsParams, GetJobMetricsResult, GetJobStatusParams, GetJobStatusResult, HeartBeatParams, HeartBeatResult,
    PollWorkParams, PollWorkResult, RegisterExecutorParams, RegisterExecutorResult, RemoveSessionParams,
    RemoveSessionResult, UpdateTaskStatusParams, UpdateTaskStatusResult,
};
use filbert_ir::{Code, KernelError};
use tokio::sync::Notify;
use tonic::{Request, Response, Status, async_trait};

use crate::fail_fast::{FailFast, Server};
use crate::handed_out::{self, HandedOut};
use crate::job_watch::{self, States};
use crate::kernel_metrics;
use crate::probation::Probation;
use crate::quarantine::{Crash, Quarantine};
use crate::settings::{NO_EXECUTOR_PATIENCE, POLL_PATIENCE};

/// How often a new job that waits looks for an executor.
const LOOK: Duration = Duration::from_millis(50);

/// The door before the engine's scheduler.
pub(crate) struct Door {
    server: Server,
    fail_fast: Arc<FailFast>,
    quarantine: Arc<Quarantine>,
    probation: Arc<Probation>,
    /// One executor after the other is handed tasks: the first that gets a new kernel must be known to the next.
    turn: tokio::sync::Mutex<()>,
    handed_out: Mutex<HandedOut>,
    /// Told when there are new tasks.
    work: Arc<Notify>,
}

type Answer<T> = Result<Response<T>, Status>;

impl Door {
    pub(crate) fn new(
        server: Server,
        fail_fast: Arc<FailFast>,
        quarantine: Arc<Quarantine>,
        probation: Arc<Probation>,
        work: Arc<Notify>,
    ) -> Door {
        Door { server, fail_fast, quarantine, probation, turn: Default::default(), handed_out: Mutex::default(), work }
    }

    fn handed_out(&self) -> MutexGuard<'_, HandedOut> {
        self.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends an executor for the engine. It is told apart from a new one by its id.
    async fn stopped(&self, executor_id: String, reason: String) -> Answer<ExecutorStoppedResult> {
        if let Some(crash) = Crash::parse(&reason) {
            self.quarantine.note(&executor_id, &crash);
        }
        self.handed_out().gone(&executor_id);
        self.probation.gone(&executor_id);
        self.fail_fast.expect_loss(&executor_id, &reason);
        self.server.executor_stopped(Request::new(ExecutorStoppedParams { executor_id, reason })).await
    }

    /// Asks the engine for work. Also whether an empty answer may be held back until there is some: the executor
    /// is idle, so nothing that it does waits to be told.
    async fn ask(
        &self,
        id: &str,
        mut request: Request<PollWorkParams>,
        is_new: bool,
    ) -> Result<(Response<PollWorkResult>, bool), Status> {
        let poll = request.get_ref();
        // What it reports belongs to jobs that have been ended or to tasks that run elsewhere.
        let Some(polling) = self.fail_fast.may_poll(id).await else {
            self.handed_out().gone(id);
            return Ok((Response::new(PollWorkResult::default()), false));
        };
        let lost = if is_new { self.handed_out().polled(id, poll) } else { 0 };
        if lost > 0 {
            let reason = format!("{lost} tasks that it was handed never reached it, or their results never came back");
            tracing::warn!("executor {id}: {reason}");
            drop(polling);
            self.stopped(id.to_string(), reason).await?;
            return Ok((Response::new(PollWorkResult::default()), false));
        }
        self.probation.reported(id, &poll.task_status);
        kernel_metrics::reported(&poll.task_status);
        let _turn = match poll.num_free_vcores {
            0 => None,
            _ => Some(self.turn.lock().await),
        };
        // A task that it has, and yet is idle, ended a moment ago: its next poll tells.
        let mut may_wait = handed_out::is_idle(poll) && !self.handed_out().has_open(id);
        if !self.probation.admits(id) {
            request.get_mut().num_free_vcores = 0;
            may_wait = false;
        }
        let answer = self.server.poll_work(request).await?;
        self.probation.handed(id, &answer.get_ref().tasks);
        self.handed_out().handed(id, &answer.get_ref().tasks);
        Ok((answer, may_wait))
    }

    /// Waits until there is an executor.
    async fn some_executor(&self) -> Result<(), Status> {
        let asked = Instant::now();
        while !self.server.is_ready() {
            if asked.elapsed() > NO_EXECUTOR_PATIENCE {
                let detail = "the scheduler has no executor; start one with `filbert executor --scheduler ...`";
                return Err(Status::unavailable(KernelError::new(Code::ClusterUnreachable, detail).to_string()));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

#[async_trait]
impl SchedulerGrpc for Door {
    type ExecuteQueryPushStream = States;

    async fn poll_work(&self, request: Request<PollWorkParams>) -> Answer<PollWorkResult> {
        let (head, extensions, mut poll) = request.into_parts();
        let Some(id) = poll.metadata.as_ref().map(|metadata| metadata.id.clone()) else {
            return self.server.poll_work(Request::from_parts(head, extensions, poll)).await;
        };
        let until = tokio::time::Instant::now() + POLL_PATIENCE;
        let mut is_new = true;
        loop {
            // Heard from here on, also while the engine is asked.
            let work = self.work.notified();
            let request = Request::from_parts(head.clone(), extensions.clone(), poll.clone());
            let (answer, may_wait) = self.ask(&id, request, is_new).await?;
            let is_empty = answer.get_ref().tasks.is_empty() && answer.get_ref().jobs_to_clean.is_empty();
            if !is_empty || !may_wait || tokio::time::timeout_at(until, work).await.is_err() {
                return Ok(answer);
            }
            poll.task_status.clear();
            is_new = false;
        }
    }

    async fn executor_stopped(&self, request: Request<ExecutorStoppedParams>) -> Answer<ExecutorStoppedResult> {
        let ExecutorStoppedParams { executor_id, reason } = request.into_inner();
        self.stopped(executor_id, reason).await
    }

    async fn execute_query_push(&self, request: Request<ExecuteQueryParams>) -> Answer<Self::ExecuteQueryPushStream> {
        self.some_executor().await?;
        let (answer, job) = job_watch::naming(self.server.execute_query_push(request)).await;
        match job {
            None => answer,
            Some(job) => Ok(answer?.map(|states| job_watch::watch(states, job, self.server.clone()))),
        }
    }

    async fn execute_query(&self, request: Request<ExecuteQueryParams>) -> Answer<ExecuteQueryResult> {
        self.some_executor().await?;
        self.server.execute_query(request).await
    }

    async fn register_executor(&self, request: Request<RegisterExecutorParams>) -> Answer<RegisterExecutorResult> {
        self.server.register_executor(request).await
    }

    async fn heart_beat_from_executor(&self, request: Request<HeartBeatParams>) -> Answer<HeartBeatResult> {
        self.server.heart_beat_from_executor(request).await
    }

    async fn update_task_status(&self, request: Request<UpdateTaskStatusParams>) -> Answer<UpdateTaskStatusResult> {
        SchedulerGrpc::update_task_status(&self.server, request).await
    }

    async fn create_update_session(
        &self,
        request: Request<CreateUpdateSessionParams>,
    ) -> Answer<CreateUpdateSessionResult> {
        self.server.create_update_session(request).await
    }

    async fn remove_session(&self, request: Request<RemoveSessionParams>) -> Answer<RemoveSessionResult> {
        self.server.remove_session(request).await
    }

    async fn get_job_status(&self, request: Request<GetJobStatusParams>) -> Answer<GetJobStatusResult> {
        self.server.get_job_status(request).await
    }

    async fn get_job_metrics(&self, request: Request<GetJobMetricsParams>) -> Answer<GetJobMetricsResult> {
        self.server.get_job_metrics(request).await
    }

    async fn cancel_job(&self, request: Request<CancelJobParams>) -> Answer<CancelJobResult> {
        SchedulerGrpc::cancel_job(&self.server, request).await
    }

    async fn clean_job_data(&self, request: Request<CleanJobDataParams>) -> Answer<CleanJobDataResult> {
        self.server.clean_job_data(request).await
    }
}
