//! Rows between two stages are written whole and read whole, or not at all.
//!
//! Where shuffle files vanish, Ballista can lose rows without an error. A file that is gone when its writer asks for
//! its length is taken for an empty partition, which nobody reads. A file without the index beside it is taken for
//! one partition, and what is read of it is nothing (from the executor's own disk) or the rows of all partitions
//! (from another one). But rows are counted as they are written, and the counts travel in the plan of the next
//! stage. So the counts of a task's partitions must be all of its rows, and those of the rows that are read
//! must be the same; if not, the job is tried again as after the loss of an executor.

use std::fmt;
use std::sync::Arc;

use ballista_core::execution_plans::ShuffleReaderExec;
use ballista_core::serde::protobuf::{self, ShuffleWritePartition};
use ballista_core::serde::scheduler::PartitionLocation;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use filbert_ir::Code;
use futures::StreamExt;

use crate::fault::refuse;

/// The plan with every read of a shuffle counted.
pub(super) fn count_rows(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let counted = plan.transform_up(|node| {
        Ok(match node.downcast_ref::<ShuffleReaderExec>().map(Written::of) {
            None => Transformed::no(node),
            Some(written) => Transformed::yes(Arc::new(Whole { reader: node, written: Arc::new(written) }) as _),
        })
    })?;
    Ok(counted.data)
}

/// Refuses what a task says that it wrote, if it is not all that it was given to write.
pub(super) fn check_written(writer: Option<&MetricsSet>, partitions: &[ShuffleWritePartition]) -> Result<()> {
    let Some(given) = writer.and_then(|metrics| metrics.sum_by_name("input_rows")) else { return Ok(()) };
    let (given, written) =
        (given.as_usize() as u64, partitions.iter().map(|partition| partition.num_rows).sum::<u64>());
    if given == written {
        return Ok(());
    }
    let detail = format!("{written} of {given} rows of a task are in its shuffle files: some are gone");
    Err(refuse(Code::ExecutorLost, detail))
}

/// What was written for a reader.
#[derive(Debug)]
struct Written {
    stage: usize,
    /// Rows for each partition; `None` where nobody counted.
    rows: Vec<Option<u64>>,
    /// All partitions are the first one.
    is_broadcast: bool,
}

impl Written {
    fn of(reader: &ShuffleReaderExec) -> Written {
        let rows = reader.partition.iter().map(|locations| locations.iter().map(rows).sum()).collect();
        Written { stage: reader.stage_id, rows, is_broadcast: reader.broadcast }
    }

    fn rows(&self, partition: usize) -> Option<u64> {
        *self.rows.get(if self.is_broadcast { 0 } else { partition })?
    }
}

fn rows(location: &PartitionLocation) -> Option<u64> {
    let counts: protobuf::PartitionStats = location.partition_stats.into();
    u64::try_from(counts.num_rows).ok()
}

/// A reader whose rows are counted. Without metrics: it has no place in the scheduler's copy of the plan.
#[derive(Debug)]
struct Whole {
    reader: Arc<dyn ExecutionPlan>,
    written: Arc<Written>,
}

impl DisplayAs for Whole {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for Whole {
    fn name(&self) -> &str {
        "Whole"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.reader.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.reader]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(reader), true) => Ok(Arc::new(Whole { reader, written: self.written.clone() })),
            _ => datafusion::common::internal_err!("a counted reader is one reader"),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.reader.execute(partition, context)?;
        let Some(expected) = self.written.rows(partition) else { return Ok(rows) };
        Ok(counted(rows, self.written.stage, expected))
    }
}

/// The rows, with an error in place of those beyond the expected ones, or at their end if some are missing.
fn counted(rows: SendableRecordBatchStream, stage: usize, expected: u64) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let wrong = move |found: u64| {
        let detail = format!("{expected} rows of stage {stage} were written, and {found} read: shuffle files are gone");
        Err(refuse(Code::ExecutorLost, detail))
    };
    let counted = futures::stream::unfold((rows, Some(0)), move |(mut rows, found)| async move {
        let found = found?;
        let next: Option<Result<RecordBatch>> = rows.next().await;
        let (next, found) = match next {
            None if found == expected => return None,
            None => (wrong(found), None),
            Some(Err(error)) => (Err(error), None),
            Some(Ok(batch)) => match found + batch.num_rows() as u64 {
                found if found > expected => (wrong(found), None),
                found => (Ok(batch), Some(found)),
            },
        };
        Some((next, (rows, found)))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, counted))
}

#[cfg(test)]
mod tests {
    use ballista_core::serde::scheduler::{ExecutorMetadata, PartitionId, PartitionStats};
    use datafusion::arrow::array::Int64Array;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::Partitioning;
    use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder};
    use filbert_dist::error::find_kernel_error;
    use futures::stream;

    use super::*;

    fn batch(rows: i64) -> RecordBatch {
        let column = Arc::new(Int64Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("n", column as _)]).expect("a batch")
    }

    async fn read(batches: &[i64], expected: u64) -> (usize, Option<String>) {
        let batches: Vec<_> = batches.iter().map(|rows| Ok(batch(*rows))).collect();
        let rows = RecordBatchStreamAdapter::new(batch(0).schema(), stream::iter(batches));
        let mut counted = counted(Box::pin(rows), 3, expected);
        let (mut found, mut error) = (0, None);
        while let Some(next) = counted.next().await {
            assert_eq!(error, None, "nothing comes behind an error");
            match next {
                Ok(batch) => found += batch.num_rows(),
                Err(wrong) => {
                    assert_eq!(find_kernel_error(&wrong).map(|wrong| wrong.code), Some(Code::ExecutorLost));
                    error = Some(wrong.to_string());
                }
            }
        }
        (found, error)
    }

    #[tokio::test]
    async fn only_the_rows_that_were_written_are_read() {
        for (batches, expected) in [(&[][..], 0), (&[0], 0), (&[3, 4], 7), (&[7, 0], 7)] {
            assert_eq!(read(batches, expected).await, (expected as usize, None));
        }
        for (batches, expected, passed) in [(&[][..], 7, 0), (&[3], 7, 3), (&[3, 5], 7, 3), (&[1], 0, 0)] {
            let (found, error) = read(batches, expected).await;
            assert_eq!(found, passed, "{batches:?}");
            let error = error.expect("an error");
            assert!(error.contains(&format!("{expected} rows of stage 3 were written")), "{error}");
        }
    }

    #[test]
    fn a_task_must_have_written_what_it_was_given() {
        let metrics = ExecutionPlanMetricsSet::new();
        for (partition, rows) in [(0, 3), (1, 4)] {
            MetricBuilder::new(&metrics).counter("input_rows", partition).add(rows);
        }
        let of = |rows: &[u64]| -> Vec<ShuffleWritePartition> {
            rows.iter().map(|rows| ShuffleWritePartition { num_rows: *rows, ..Default::default() }).collect()
        };
        let metrics = metrics.clone_inner();
        for rows in [&[7][..], &[3, 0, 4]] {
            check_written(Some(&metrics), &of(rows)).expect("all rows");
        }
        for rows in [&[][..], &[3], &[3, 4, 1]] {
            let error = check_written(Some(&metrics), &of(rows)).expect_err("not all rows");
            assert_eq!(find_kernel_error(&error).map(|wrong| wrong.code), Some(Code::ExecutorLost), "{error}");
        }
        check_written(Some(&MetricsSet::new()), &of(&[1])).expect("nobody counted");
        check_written(None, &of(&[1])).expect("nobody counted");
    }

    fn location(rows: Option<u64>) -> PartitionLocation {
        PartitionLocation {
            map_partition_id: 0,
            partition_id: PartitionId { job_id: "job".into(), stage_id: 3, partition_id: 0 },
            executor_meta: ExecutorMetadata {
                id: "e".into(),
                host: "localhost".into(),
                port: 1,
                grpc_port: 1,
                specification: Default::default(),
                os_info: Default::default(),
            },
            partition_stats: PartitionStats::new(rows, None, None),
            file_id: None,
            is_sort_shuffle: true,
        }
    }

    #[test]
    fn the_counts_of_the_writers_are_the_expected_ones() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        let partitions =
            vec![vec![location(Some(3)), location(Some(4))], vec![], vec![location(Some(1)), location(None)]];
        let reader = ShuffleReaderExec::try_new(3, partitions, schema, Partitioning::UnknownPartitioning(3));
        let reader: Arc<dyn ExecutionPlan> = Arc::new(reader.expect("a reader"));
        let plan = count_rows(reader).expect("counted");
        let whole = plan.downcast_ref::<Whole>().expect("a counted reader");
        let rows: Vec<_> = (0..4).map(|partition| whole.written.rows(partition)).collect();
        assert_eq!(rows, [Some(7), Some(0), None, None]);
        assert!(plan.metrics().is_none());
        // The engine puts another reader in its place.
        let again = plan.clone().replace_children(
            vec![plan.children()[0].clone()],
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        );
        assert_eq!(again.expect("replaced").downcast_ref::<Whole>().map(|whole| whole.written.rows(0)), Some(Some(7)));
    }
}
