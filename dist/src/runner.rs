//! How a session's queries are run: in this process, or by an engine that runs them elsewhere.
//!
//! Whatever asks for rows (`Frame`, result files, the command line) asks here. The runner rides in the
//! settings of the session, so every DataFrame that the session makes knows its own; a DataFrame from anywhere
//! else is run in this process. A runner gives the rows of one attempt and says what a failed one means. That
//! a failed attempt leaves nothing behind is this file's business: rows that have come are dropped, and what
//! COPY has written goes to a place that only that attempt knows (see `commit`).

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;

use crate::commit::Staged;
use crate::measure::measured;
use crate::partition_bytes;

/// Runs queries that have been planned.
#[async_trait]
pub trait Runner: Send + Sync {
    /// The rows of one attempt, as they come.
    async fn stream(&self, frame: DataFrame) -> Result<SendableRecordBatchStream>;

    /// What becomes of a job whose attempt failed; the first attempt is number 1. Nothing, and the job is tried
    /// again, or the error that the user sees.
    async fn failed(&self, attempt: u32, error: DataFusionError) -> Result<()>;
}

/// Runs queries in this process, once. EXPLAIN ANALYZE tells of the kernels too.
struct Local;

#[async_trait]
impl Runner for Local {
    async fn stream(&self, frame: DataFrame) -> Result<SendableRecordBatchStream> {
        if !matches!(frame.logical_plan(), LogicalPlan::Analyze(_)) {
            return frame.execute_stream().await;
        }
        let context = Arc::new(frame.task_ctx());
        let (plan, _) = measured(frame.create_physical_plan().await?)?;
        execute_stream(plan, context)
    }

    async fn failed(&self, _: u32, error: DataFusionError) -> Result<()> {
        Err(error)
    }
}

/// The runner as it rides in a session's settings.
struct Chosen(Arc<dyn Runner>);

/// The settings of a session whose queries this runner runs.
pub fn with_runner(config: SessionConfig, runner: Arc<dyn Runner>) -> SessionConfig {
    config.with_extension(Arc::new(Chosen(runner)))
}

/// The runner of the session that made this DataFrame.
pub(crate) fn runner_of(frame: &DataFrame) -> Arc<dyn Runner> {
    let chosen = frame.task_ctx().session_config().get_extension::<Chosen>();
    chosen.map_or_else(|| Arc::new(Local) as Arc<dyn Runner>, |chosen| chosen.0.clone())
}

/// Runs a query and returns its rows, all of them or none.
pub async fn collect(frame: DataFrame) -> Result<Vec<RecordBatch>> {
    run(
        frame,
        || Ok(Vec::new()),
        |rows: &mut Vec<RecordBatch>, batch| {
            rows.push(batch);
            Ok(())
        },
    )
    .await
}

/// Runs a query for its effects.
pub async fn drain(frame: DataFrame) -> Result<()> {
    run(frame, || Ok(()), |(), _| Ok(())).await
}

/// Runs a query until an attempt succeeds or the runner gives up. Each attempt begins with a new sink, which
/// takes the batches.
pub(crate) async fn run<S: Send>(
    frame: DataFrame,
    sink: impl Fn() -> Result<S> + Send + Sync,
    take: impl Fn(&mut S, RecordBatch) -> Result<()> + Send + Sync,
) -> Result<S> {
    let frame = partition_bytes::fit(frame).await?;
    let runner = runner_of(&frame);
    let mut number = 1;
    loop {
        let mut sink = sink()?;
        match attempt(runner.as_ref(), frame.clone(), &mut sink, &take).await {
            Ok(()) => return Ok(sink),
            Err(error) => runner.failed(number, error).await?,
        }
        number += 1;
    }
}

async fn attempt<S: Send>(
    runner: &dyn Runner,
    frame: DataFrame,
    sink: &mut S,
    take: &(impl Fn(&mut S, RecordBatch) -> Result<()> + Send + Sync),
) -> Result<()> {
    let (frame, staged) = Staged::of(frame)?;
    let mut batches = runner.stream(frame).await?;
    let mut written = 0;
    while let Some(batch) = batches.next().await.transpose()? {
        if staged.is_some() {
            written += Staged::rows(&batch);
        }
        take(sink, batch)?;
    }
    match staged {
        Some(staged) => staged.commit(written),
        None => Ok(()),
    }
}
