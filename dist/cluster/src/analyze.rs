//! EXPLAIN ANALYZE on a cluster: the plan of each stage with what its operators counted, kernels included.
//!
//! The engine's own text has the counts of kernels as loose numbers, for that is how executors send them
//! (`filbert_dist::measure`). So the query is run by the engine, and the text is made here from what the
//! scheduler kept of the job.

use std::sync::Arc;

use ballista_core::execution_plans::DistributedQueryExec;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{GetJobMetricsParams, GetJobMetricsResult, OperatorMetricsSet};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion_proto::protobuf::LogicalPlanNode;
use filbert_dist::measure;
use futures::StreamExt;
use tonic::transport::Endpoint;

use crate::settings;

/// Runs the query of an EXPLAIN ANALYZE on the cluster of this scheduler, and gives its text as the engine does.
pub(crate) async fn stream(frame: DataFrame, scheduler: Endpoint) -> Result<SendableRecordBatchStream> {
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let children = plan.children();
    let Some(query) = children.first().filter(|query| query.is::<DistributedQueryExec<LogicalPlanNode>>()) else {
        return execute_stream(plan, context);
    };
    let (query, schema) = (Arc::clone(query), plan.schema());
    let columns = schema.clone();
    let text = async move {
        let mut rows = query.execute(0, context)?;
        while rows.next().await.transpose()?.is_some() {}
        let run = query.downcast_ref::<DistributedQueryExec<LogicalPlanNode>>();
        let job_id = run.and_then(DistributedQueryExec::job_id);
        let job_id = job_id.ok_or_else(|| internal_datafusion_err!("the job that was run has no name"))?;
        let text = of_job(&metrics_of(scheduler, job_id.to_string()).await?)?;
        let column = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
        Ok(RecordBatch::try_new(columns, vec![column("Plan with Metrics"), column(&text)])?)
    };
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(text))))
}

async fn metrics_of(scheduler: Endpoint, job_id: String) -> Result<GetJobMetricsResult> {
    let failed = |why: String| DataFusionError::Execution(format!("the metrics of job {job_id} did not come: {why}"));
    let channel = scheduler.connect().await.map_err(|error| failed(error.to_string()))?;
    let mut scheduler = SchedulerGrpcClient::new(channel).max_decoding_message_size(settings::MESSAGE_BYTES_MAX);
    let answer = scheduler.get_job_metrics(GetJobMetricsParams { job_id: job_id.clone() }).await;
    Ok(answer.map_err(|status| failed(status.message().to_string()))?.into_inner())
}

/// The stages in the order in which they ran, an operator a line.
fn of_job(job: &GetJobMetricsResult) -> Result<String> {
    let mut stages = Vec::new();
    for stage in &job.stages {
        let plural = if stage.partitions == 1 { "" } else { "s" };
        let mut lines = vec![format!("stage {}, {} partition{plural}", stage.stage_id, stage.partitions)];
        for operator in &stage.operators {
            let sent = OperatorMetricsSet { metrics: operator.metrics.clone() };
            let metrics: MetricsSet =
                sent.try_into().map_err(|error| DataFusionError::Execution(format!("metrics: {error}")))?;
            let shown = measure::of_plain(&metrics).aggregate_by_name().sorted_for_display().timestamps_removed();
            let indent = "  ".repeat(operator.depth as usize + 1);
            lines.push(format!("{indent}{}, metrics=[{shown}]", operator.operator_desc));
        }
        stages.push(lines.join("\n"));
    }
    Ok(stages.join("\n"))
}
