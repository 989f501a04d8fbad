//! A session's stop flag, for jobs that run elsewhere.
//!
//! Executors do not see the flag. So the client looks at it while rows come, and hangs up when it is raised: the
//! scheduler cancels the job of a client that is gone (`job_watch`), and its kernels stop.

use std::time::Duration;

use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use filbert_dist::KernelOptions;
use filbert_dist::error::external;
use filbert_ir::{Code, KernelError};
use filbert_runtime::StopFlag;
use futures::{StreamExt, stream};

/// How often the flag is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The flag of the session that made this DataFrame.
pub(crate) fn flag(frame: &DataFrame) -> Option<StopFlag> {
    let context = frame.task_ctx();
    let options = context.session_config().options().extensions.get::<KernelOptions>();
    options.map(|options| options.stop.clone())
}

/// The same rows until the flag is raised; then FB-0802.
pub(crate) fn until_stopped(rows: SendableRecordBatchStream, flag: Option<StopFlag>) -> SendableRecordBatchStream {
    let Some(flag) = flag else { return rows };
    let (schema, looked_at) = (rows.schema(), flag.clone());
    let raised = async move {
        while !looked_at.is_raised() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let rows = stream::unfold(Some(rows.take_until(Box::pin(raised))), |rows| async move {
        let mut rows = rows?;
        match rows.next().await {
            Some(batch) => Some((batch, Some(rows))),
            // With a result it was the flag that ended them.
            None => rows.take_result().map(|()| (Err(cancelled()), None)),
        }
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

fn cancelled() -> DataFusionError {
    external(KernelError::new(Code::Cancelled, "the session's stop flag was raised"))
}
