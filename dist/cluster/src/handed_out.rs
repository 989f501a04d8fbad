//! Tasks that were handed to executors and not reported back.
//!
//! An executor gets its tasks in the answer to a poll, and reports them in a later poll. When a connection
//! breaks between, the answer or the report is lost, and Ballista waits for that task as long as the executor
//! goes on polling. It can be told for certain: an executor frees a task's core after it has queued the report,
//! so a task that an executor with all cores free does not know in two polls running is one that it never got,
//! or whose report is lost.

use std::collections::{HashMap, HashSet};

use ballista_core::serde::protobuf::{PollWorkParams, TaskDefinition};
use ballista_core::serde::scheduler::ExecutorSpecification;

/// Job, stage and number of a task.
type Task = (String, u32, u32);

/// What each executor was handed.
#[derive(Debug, Default)]
pub(crate) struct HandedOut {
    executors: HashMap<String, Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    open: HashSet<Task>,
    /// Those that were open at the last poll, if all cores were free then.
    missed: HashSet<Task>,
}

impl HandedOut {
    /// Takes the reports of a poll. The number of tasks that the executor must have lost.
    pub(crate) fn polled(&mut self, executor: &str, poll: &PollWorkParams) -> usize {
        let Some(tasks) = self.executors.get_mut(executor) else { return 0 };
        for status in &poll.task_status {
            tasks.open.remove(&(status.job_id.clone(), status.stage_id, status.task_id));
        }
        if !is_idle(poll) {
            tasks.missed.clear();
            return 0;
        }
        let lost = tasks.open.intersection(&tasks.missed).count();
        tasks.missed = tasks.open.clone();
        lost
    }

    /// Notes the tasks of an answer.
    pub(crate) fn handed(&mut self, executor: &str, tasks: &[TaskDefinition]) {
        if !tasks.is_empty() {
            let keys = tasks.iter().map(|task| (task.job_id.clone(), task.stage_id, task.task_id));
            self.executors.entry(executor.to_string()).or_default().open.extend(keys);
        }
    }

    /// Whether it has tasks that it has not reported.
    pub(crate) fn has_open(&self, executor: &str) -> bool {
        self.executors.get(executor).is_some_and(|tasks| !tasks.open.is_empty())
    }

    /// Forgets an executor.
    pub(crate) fn gone(&mut self, executor: &str) {
        self.executors.remove(executor);
    }
}

/// Whether nothing runs on the executor that polls.
pub(crate) fn is_idle(poll: &PollWorkParams) -> bool {
    let cores = poll.metadata.as_ref().and_then(|metadata| metadata.specification.clone());
    let cores = cores.map(|cores| -> ExecutorSpecification { cores.into() });
    cores.is_some_and(|cores| poll.num_free_vcores >= cores.vcores)
}

#[cfg(test)]
mod tests {
    use ballista_core::serde::protobuf::{ExecutorRegistration, TaskStatus};

    use super::*;

    fn poll(free: u32, reported: &[u32]) -> PollWorkParams {
        let specification = Some(ExecutorSpecification::default().with_vcores(2).into());
        let metadata = Some(ExecutorRegistration { specification, ..ExecutorRegistration::default() });
        let status = |&task_id: &u32| TaskStatus { task_id, job_id: "j".into(), stage_id: 1, ..TaskStatus::default() };
        PollWorkParams { metadata, num_free_vcores: free, task_status: reported.iter().map(status).collect() }
    }

    fn task(task_id: u32) -> TaskDefinition {
        TaskDefinition { task_id, job_id: "j".into(), stage_id: 1, ..TaskDefinition::default() }
    }

    #[test]
    fn a_task_that_an_idle_executor_twice_does_not_know_is_lost() {
        let mut handed = HandedOut::default();
        handed.handed("e", &[task(0), task(1)]);
        assert_eq!(handed.polled("e", &poll(0, &[])), 0, "it works");
        assert_eq!(handed.polled("e", &poll(2, &[0])), 0, "the other report may just be on its way");
        assert_eq!(handed.polled("e", &poll(2, &[])), 1);
        handed.gone("e");
        assert_eq!(handed.polled("e", &poll(2, &[])), 0);
    }

    #[test]
    fn late_reports_and_new_work_are_no_loss() {
        let mut handed = HandedOut::default();
        handed.handed("e", &[task(0)]);
        assert_eq!(handed.polled("e", &poll(2, &[])), 0);
        assert_eq!(handed.polled("e", &poll(2, &[0])), 0, "reported in the second poll");
        handed.handed("e", &[task(1)]);
        assert_eq!(handed.polled("e", &poll(2, &[])), 0);
        assert_eq!(handed.polled("e", &poll(1, &[])), 0, "it works after all");
        assert_eq!(handed.polled("e", &poll(2, &[])), 0);
        assert_eq!(handed.polled("other", &poll(2, &[])), 0);
    }
}
