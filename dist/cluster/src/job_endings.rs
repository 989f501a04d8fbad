//! With which words a job ends that was ended from here.
//!
//! Ballista ends a job on request only with the word "Cancelled". This keeps the words that are meant and puts
//! them into the job's last state on its way to whoever waits for it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::{FailedJob, JobStatus, job_status};
use ballista_core::{JobId, JobStatusSubscriber};
use ballista_scheduler::cluster::{JobState, JobStateEventStream};
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use datafusion::prelude::{SessionConfig, SessionContext};

/// The words for jobs that are being ended.
#[derive(Debug, Default)]
pub(crate) struct JobEndings {
    words: Mutex<HashMap<JobId, String>>,
}

impl JobEndings {
    /// The job is being ended, for this reason.
    pub(crate) fn say(&self, job: &JobId, words: &str) {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).insert(job.clone(), words.to_string());
    }

    fn take(&self, job: &JobId) -> Option<String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).remove(job)
    }
}

/// Ballista's jobs, ended with the words that are meant.
pub(crate) struct Jobs {
    inner: Arc<dyn JobState>,
    endings: Arc<JobEndings>,
}

impl Jobs {
    pub(crate) fn new(inner: Arc<dyn JobState>, endings: Arc<JobEndings>) -> Jobs {
        Jobs { inner, endings }
    }
}

#[async_trait]
impl JobState for Jobs {
    async fn save_job(&self, job_id: &JobId, graph: &ExecutionGraphBox) -> Result<()> {
        let status = graph.status();
        let failed = match &status.status {
            Some(job_status::Status::Failed(failed)) => failed,
            Some(job_status::Status::Successful(_)) => {
                self.endings.take(job_id);
                return self.inner.save_job(job_id, graph).await;
            }
            _ => return self.inner.save_job(job_id, graph).await,
        };
        match self.endings.take(job_id) {
            None => self.inner.save_job(job_id, graph).await,
            Some(error) => {
                let failed = FailedJob { error, ..failed.clone() };
                let status = JobStatus { status: Some(job_status::Status::Failed(failed)), ..status.clone() };
                let mut ended = graph.cloned();
                ended.update_status(status);
                self.inner.save_job(job_id, &ended).await
            }
        }
    }

    fn accept_job(&self, job_id: &JobId, job_name: &str, queued_at: u64) -> Result<()> {
        self.inner.accept_job(job_id, job_name, queued_at)
    }

    fn pending_job_number(&self) -> usize {
        self.inner.pending_job_number()
    }

    async fn submit_job(
        &self,
        job_id: JobId,
        graph: &ExecutionGraphBox,
        subscriber: Option<JobStatusSubscriber>,
    ) -> Result<()> {
        self.inner.submit_job(job_id, graph, subscriber).await
    }

    async fn get_jobs(&self) -> Result<HashSet<JobId>> {
        self.inner.get_jobs().await
    }

    async fn get_all_jobs(&self) -> Result<HashSet<JobId>> {
        self.inner.get_all_jobs().await
    }

    async fn get_job_status(&self, job_id: &JobId) -> Result<Option<JobStatus>> {
        self.inner.get_job_status(job_id).await
    }

    async fn get_execution_graph(&self, job_id: &JobId) -> Result<Option<ExecutionGraphBox>> {
        self.inner.get_execution_graph(job_id).await
    }

    async fn fail_unscheduled_job(&self, job_id: &JobId, reason: String) -> Result<()> {
        self.inner.fail_unscheduled_job(job_id, reason).await
    }

    async fn remove_job(&self, job_id: &JobId) -> Result<()> {
        self.inner.remove_job(job_id).await
    }

    async fn try_acquire_job(&self, job_id: &JobId) -> Result<Option<ExecutionGraphBox>> {
        self.inner.try_acquire_job(job_id).await
    }

    async fn job_state_events(&self) -> Result<JobStateEventStream> {
        self.inner.job_state_events().await
    }

    async fn create_or_update_session(&self, session_id: &str, config: &SessionConfig) -> Result<Arc<SessionContext>> {
        self.inner.create_or_update_session(session_id, config).await
    }

    async fn remove_session(&self, session_id: &str) -> Result<()> {
        self.inner.remove_session(session_id).await
    }

    fn produce_config(&self) -> SessionConfig {
        self.inner.produce_config()
    }
}
