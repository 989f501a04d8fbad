//! A job that nobody waits for any more is cancelled.
//!
//! Ballista's client lets a job run on when its rows are no longer wanted: after Ctrl-C, or when an attempt was
//! given up. The rows that a runner gives out know their job, and cancel it if they are dropped before their end.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ballista_core::execution_plans::DistributedQueryExec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::protobuf::LogicalPlanNode;
use futures::{Stream, StreamExt};

/// How long the scheduler may take to hear of it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The rows of a plan that runs on the scheduler at this host and port.
pub(crate) fn watch(
    rows: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
    scheduler: (String, u16),
) -> SendableRecordBatchStream {
    Box::pin(Watched { rows, job: Unfinished { plan: Some(plan), scheduler } })
}

struct Watched {
    rows: SendableRecordBatchStream,
    job: Unfinished,
}

struct Unfinished {
    plan: Option<Arc<dyn ExecutionPlan>>,
    scheduler: (String, u16),
}

impl Stream for Watched {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<RecordBatch>>> {
        let next = self.rows.poll_next_unpin(context);
        let is_over = match &next {
            Poll::Ready(None) => true,
            // The scheduler's own word that the job is over.
            Poll::Ready(Some(Err(error))) => error.to_string().contains(" failed: "),
            _ => false,
        };
        if is_over {
            self.job.plan = None;
        }
        next
    }
}

impl RecordBatchStream for Watched {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(job) = self.plan.take().and_then(|plan| job_of(plan.as_ref())) else { return };
        // Here and now: a process that was interrupted has no later.
        if let Err(error) = cancel(&self.scheduler, &job) {
            tracing::warn!("job {job} runs on, for it could not be cancelled: {error}");
        }
    }
}

fn job_of(plan: &dyn ExecutionPlan) -> Option<String> {
    match plan.downcast_ref::<DistributedQueryExec<LogicalPlanNode>>() {
        Some(query) => query.job_id().map(|job| job.to_string()),
        None => plan.children().into_iter().find_map(|child| job_of(child.as_ref())),
    }
}

/// Asks the REST interface, which needs no runtime.
fn cancel(scheduler: &(String, u16), job: &str) -> std::io::Result<()> {
    let host = scheduler.0.trim_matches(['[', ']']);
    let address = (host, scheduler.1).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| std::io::Error::other("the scheduler has no address"))?;
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(
        connection,
        "PATCH /api/job/{job} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    connection.read_exact(&mut [0; 12]) // "HTTP/1.1 200": it was heard
}
