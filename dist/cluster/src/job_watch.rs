//! A job whose client is gone is cancelled.
//!
//! Ballista lets a job run on when nobody waits for it any more: after Ctrl-C, when a client was killed, when it
//! gave an attempt up. Here the stream of a job's states knows its job, and cancels it when it is dropped before
//! the job's end. Ballista tells nobody which job a request became, but asks for a name for it while it handles
//! the request; that is where it is learned. The client is told with the first state, at once.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use ballista_core::JobId;
use ballista_core::serde::protobuf::{GetJobStatusResult, JobStatus, QueuedJob, job_status};
use ballista_scheduler::scheduler_server::JobIdGenerator;
use futures::{Stream, StreamExt};
use tonic::{Status, async_trait};

use crate::fail_fast::Server;

tokio::task_local! {
    /// The last job that was named in this task.
    static NAMED: RefCell<Option<String>>;
}

/// Names jobs so that later ones sort behind earlier ones, also those of an earlier scheduler.
#[derive(Debug, Default)]
pub(crate) struct Names {
    last: AtomicU64,
}

#[async_trait]
impl JobIdGenerator for Names {
    async fn next_id(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros() as u64);
        let next = |last: u64| now.max(last + 1);
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let name = format!("{:014x}", next(last.unwrap_or_default()));
        // Outside of `naming` nobody asks.
        let _ = NAMED.try_with(|named| named.replace(Some(name.clone())));
        name
    }
}

/// Handles a request. The job that it became, if it became one.
pub(crate) async fn naming<T>(request: impl Future<Output = T>) -> (T, Option<String>) {
    NAMED
        .scope(RefCell::default(), async {
            let answer = request.await;
            (answer, NAMED.with(RefCell::take))
        })
        .await
}

/// The states of a job, as a client gets them.
pub(crate) type States = Pin<Box<dyn Stream<Item = Result<GetJobStatusResult, Status>> + Send>>;

/// The states of a job, which is cancelled when they are dropped before its end.
pub(crate) fn watch(states: States, job: String, server: Server) -> States {
    let status = Some(job_status::Status::Queued(QueuedJob::default()));
    let first = JobStatus { job_id: job.clone(), job_name: String::new(), status };
    let first = GetJobStatusResult { status: Some(first), flight_proxy: None };
    let watched = Watched { states, job: Some(JobId::from(job)), server };
    Box::pin(futures::stream::once(async { Ok(first) }).chain(watched))
}

struct Watched {
    states: States,
    /// While it is not over.
    job: Option<JobId>,
    server: Server,
}

impl Stream for Watched {
    type Item = Result<GetJobStatusResult, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.states.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(state))) = &next {
            let state = state.status.as_ref().and_then(|status| status.status.as_ref());
            if matches!(state, Some(job_status::Status::Failed(_) | job_status::Status::Successful(_))) {
                self.job = None;
            }
        }
        next
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let (Some(job), Ok(runtime)) = (self.job.take(), tokio::runtime::Handle::try_current()) else { return };
        let server = self.server.clone();
        runtime.spawn(async move {
            tracing::info!("job {job} is cancelled: nobody waits for it any more");
            if let Err(error) = server.cancel_job(job).await {
                tracing::error!("an abandoned job runs on: {error}");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_are_new_and_in_order() {
        let names = Names::default();
        let mut last = String::new();
        for _ in 0..1000 {
            let (name, named) = naming(names.next_id()).await;
            assert!(name > last, "{name} behind {last}");
            assert_eq!(named.as_ref(), Some(&name));
            last = name;
        }
        assert_eq!(naming(async { 1 }).await, (1, None));
    }
}
