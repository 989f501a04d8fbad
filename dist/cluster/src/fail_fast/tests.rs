//! Which jobs are ended when an executor goes, on graphs of the engine's own making.

use std::sync::Arc;

use ballista_core::serde::protobuf::{ShuffleWritePartition, TaskStatus};
use ballista_core::serde::scheduler::{ExecutorMetadata, ExecutorOperatingSystemSpecification, ExecutorSpecification};
use ballista_scheduler::planner::DefaultDistributedPlanner;
use ballista_scheduler::state::execution_graph::{StaticExecutionGraph, create_task_info};
use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::*;
use crate::settings;

/// One group for each partition, so that each of two map tasks has something for each.
const TWO_STAGES: &str = "SELECT k, count(*) FROM t GROUP BY k";
const THREE_STAGES: &str = "SELECT k, count(*) AS c FROM t GROUP BY k ORDER BY c";
const ONE_STAGE: &str = "SELECT k + 1 FROM t";

/// Stage and number of a task.
type Task = (usize, usize);

struct Job {
    graph: StaticExecutionGraph,
}

impl Job {
    /// Over a table of two partitions.
    async fn of(sql: &str) -> Job {
        let config = settings::session_config().with_target_partitions(2);
        let context = SessionContext::new_with_config(config.clone());
        let column = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("k", column as _)]).expect("a batch");
        let table = MemTable::try_new(batch.schema(), vec![vec![batch.clone()], vec![batch]]).expect("a table");
        context.register_table("t", Arc::new(table)).expect("registered");
        let plan = context.sql(sql).await.expect(sql).create_physical_plan().await.expect(sql);
        let mut planner = DefaultDistributedPlanner::new();
        let id = JobId::from("job");
        let graph =
            StaticExecutionGraph::new("scheduler", &id, "", "session", plan, 0, Arc::new(config), &mut planner, None);
        let mut graph = graph.expect("a graph");
        graph.revive();
        Job { graph }
    }

    /// Hands a partition to an executor.
    fn start(&mut self, executor: &str) -> Task {
        let stage = self.graph.fetch_running_stage(&[]).expect("work");
        let (stage_id, task_id) = (stage.stage_id, stage.task_infos.len());
        let mut task = create_task_info(executor.to_string(), task_id);
        task.global_input_partition_ids = stage.pending.next_slice(1);
        stage.task_infos.push(task);
        (stage_id, task_id)
    }

    /// The executor reports the task as done, with something for each of two partitions of the next stage.
    fn finish(&mut self, executor: &str, (stage_id, task_id): Task) {
        let stage_attempt_num = match &self.graph.stages()[&stage_id] {
            ExecutionStage::Running(stage) => stage.stage_attempt_num as u32,
            _ => 0,
        };
        let partitions = (0..2).map(|partition_id| ShuffleWritePartition { partition_id, ..Default::default() });
        let done = SuccessfulTask {
            executor_id: executor.to_string(),
            partitions: partitions.collect(),
            ..SuccessfulTask::default()
        };
        let status = TaskStatus {
            job_id: "job".into(),
            stage_id: stage_id as u32,
            task_id: task_id as u32,
            stage_attempt_num,
            status: Some(task_status::Status::Successful(done)),
            ..TaskStatus::default()
        };
        let executor = ExecutorMetadata {
            id: executor.to_string(),
            host: "localhost".into(),
            port: 1,
            grpc_port: 1,
            specification: ExecutorSpecification::default(),
            os_info: ExecutorOperatingSystemSpecification::default(),
        };
        self.graph.update_task_status(&executor, vec![status], 1, 1).expect("updated");
        self.graph.revive();
    }

    fn run(&mut self, executor: &str) {
        let task = self.start(executor);
        self.finish(executor, task);
    }

    fn verdict(&self, lost: &str) -> Verdict {
        verdict(&self.graph, lost)
    }

    /// The executors whose output each running stage reads, once for each map task and partition.
    fn read_by_running(&self) -> Vec<String> {
        let mut read = Vec::new();
        for stage in self.graph.stages().values() {
            if let ExecutionStage::Running(stage) = stage {
                let locations = stage.inputs.values().flat_map(|input| input.partition_locations.values()).flatten();
                read.extend(locations.map(|location| location.executor_meta.id.clone()));
            }
        }
        read.sort();
        read
    }
}

#[tokio::test]
async fn a_job_that_the_executor_had_no_part_in_is_left_alone() {
    for sql in [ONE_STAGE, TWO_STAGES, THREE_STAGES] {
        let mut job = Job::of(sql).await;
        assert_eq!(job.verdict("a"), Verdict::Untouched);
        job.run("b");
        job.start("b");
        assert_eq!((job.verdict("a"), job.verdict("b") == Verdict::Untouched), (Verdict::Untouched, false), "{sql}");
    }
}

#[tokio::test]
async fn first_stages_run_again() {
    let mut job = Job::of(TWO_STAGES).await;
    let task = job.start("a");
    assert_eq!(job.verdict("a"), Verdict::Continues, "a task runs");
    job.finish("a", task);
    assert_eq!(job.verdict("a"), Verdict::Continues, "its output is there and nobody has read it");
    job.start("b");
    assert_eq!(job.verdict("a"), Verdict::Continues);
}

/// What the engine does after `Continues` is right: each partition is there once, and none of the lost ones.
#[tokio::test]
async fn what_runs_again_is_read_once() {
    let mut job = Job::of(TWO_STAGES).await;
    job.run("a");
    let late = job.start("b");
    assert_eq!(job.verdict("a"), Verdict::Continues);
    job.graph.reset_stages_on_lost_executor("a").expect("reset");
    job.finish("b", late);
    job.run("c");
    assert_eq!(job.read_by_running(), ["b", "b", "c", "c"]);
}

/// A stopped executor comes back and reports a task that has been run elsewhere.
#[tokio::test]
async fn a_late_report_of_a_lost_executor_is_not_read() {
    let mut job = Job::of(TWO_STAGES).await;
    let stopped = job.start("a");
    job.run("b");
    assert_eq!(job.verdict("a"), Verdict::Continues);
    job.graph.reset_stages_on_lost_executor("a").expect("reset");
    job.finish("a", stopped);
    job.run("b");
    assert_eq!(job.read_by_running(), ["b", "b", "b", "b"]);
}

#[tokio::test]
async fn a_later_stage_that_has_begun_ends_the_job() {
    for sql in [TWO_STAGES, THREE_STAGES] {
        let mut job = Job::of(sql).await;
        job.run("a");
        job.run("b");
        // No task of the second stage has been handed out: that the first was read cannot be excluded.
        assert_eq!((job.verdict("a"), job.verdict("b")), (Verdict::Ends, Verdict::Ends), "{sql}");
        job.start("b");
        assert_eq!((job.verdict("a"), job.verdict("c")), (Verdict::Ends, Verdict::Untouched), "{sql}");
    }
}

/// The engine never takes back where the rows of a last stage lie.
#[tokio::test]
async fn a_last_stage_that_has_begun_ends_the_job() {
    let mut job = Job::of(ONE_STAGE).await;
    job.start("a");
    assert_eq!(job.verdict("a"), Verdict::Ends);
}

#[tokio::test]
async fn polls_of_a_lost_executor_are_held_off() {
    let state = FailFast::new(Arc::default());
    assert!(state.may_poll("a").await.is_some());
    state.remove_executor("a").await.expect("removed");
    assert!(state.may_poll("a").await.is_none());
    assert!(state.may_poll("b").await.is_some());
}

#[test]
fn the_loss_says_which_executor_and_why() {
    let text = lost("7", Some("killed")).to_string();
    assert_eq!(text, "FB-1102: an executor was lost while the job ran: executor 7 is gone: killed");
    assert!(lost("7", None).to_string().ends_with("it has not been heard of"));
}
