//! Kernels that this cluster has not run yet: the executor that gets one first has it alone for a moment.
//!
//! A kernel that ends its process does so at once, mostly. If all executors began a new one together, they would
//! all be gone before the first was heard of. So while one of them tries a kernel, the others get no tasks:
//! until a task of that stage has succeeded, or `settings::PROBATION` is over, or the executor is gone. A kernel
//! passes once in a scheduler's life.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ballista_core::serde::protobuf::{TaskDefinition, TaskStatus, task_status};
use filbert_ir::{KernelId, VerifiedKernel};

use crate::settings::PROBATION;

/// Kernels that are remembered as passed; then all are forgotten, and pass again.
const PASSED_MAX: usize = 1 << 16;

/// Which kernels have passed, and which are being tried.
#[derive(Debug, Default)]
pub(crate) struct Probation {
    kernels: Mutex<Kernels>,
}

#[derive(Debug, Default)]
struct Kernels {
    passed: HashSet<KernelId>,
    tried: HashMap<KernelId, Trial>,
}

#[derive(Debug)]
struct Trial {
    since: Instant,
    /// Nobody yet, if the plan with the kernel is just being written.
    executor: Option<String>,
    /// Job and stage of the tasks that it was handed.
    stages: HashSet<(String, u32)>,
}

impl Probation {
    fn kernels(&self) -> MutexGuard<'_, Kernels> {
        self.kernels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A task with this kernel is being written.
    pub(crate) fn met(&self, kernel: &VerifiedKernel) {
        let (mut kernels, id) = (self.kernels(), kernel.id());
        if !kernels.passed.contains(&id) {
            let trial = Trial { since: Instant::now(), executor: None, stages: HashSet::new() };
            kernels.tried.entry(id).or_insert(trial);
        }
    }

    /// An executor was handed tasks; with them the kernels that nobody has yet.
    pub(crate) fn handed(&self, executor: &str, tasks: &[TaskDefinition]) {
        if tasks.is_empty() {
            return;
        }
        let stages: HashSet<_> = tasks.iter().map(|task| (task.job_id.clone(), task.stage_id)).collect();
        for trial in self.kernels().tried.values_mut().filter(|trial| trial.executor.is_none()) {
            *trial = Trial { since: Instant::now(), executor: Some(executor.to_string()), stages: stages.clone() };
        }
    }

    /// What an executor reports: a kernel passes whose stage has a task that succeeded there.
    pub(crate) fn reported(&self, executor: &str, statuses: &[TaskStatus]) {
        let succeeded = |status: &&TaskStatus| matches!(status.status, Some(task_status::Status::Successful(_)));
        let stages: HashSet<_> =
            statuses.iter().filter(succeeded).map(|status| (status.job_id.clone(), status.stage_id)).collect();
        if !stages.is_empty() {
            self.kernels().pass(|trial| trial.is_by(executor) && !trial.stages.is_disjoint(&stages));
        }
    }

    /// Whether an executor may get tasks now.
    pub(crate) fn admits(&self, executor: &str) -> bool {
        let mut kernels = self.kernels();
        kernels.pass(|trial| trial.since.elapsed() >= PROBATION);
        kernels.tried.values().all(|trial| trial.executor.is_none() || trial.is_by(executor))
    }

    /// An executor is gone, and what it tried is tried by the next one. If a kernel was the reason, that one is
    /// in quarantine.
    pub(crate) fn gone(&self, executor: &str) {
        self.kernels().tried.retain(|_, trial| !trial.is_by(executor));
    }
}

impl Kernels {
    fn pass(&mut self, passes: impl Fn(&Trial) -> bool) {
        if self.passed.len() > PASSED_MAX {
            self.passed.clear();
        }
        self.passed.extend(self.tried.extract_if(|_, trial| passes(trial)).map(|(id, _)| id));
    }
}

impl Trial {
    fn is_by(&self, executor: &str) -> bool {
        self.executor.as_deref() == Some(executor)
    }
}

#[cfg(test)]
mod tests {
    use ballista_core::serde::protobuf::{FailedTask, SuccessfulTask};
    use filbert_ir::{Builder, Kernel, Names, Op, Type, verify};

    use super::*;

    fn kernel(n: f64) -> VerifiedKernel {
        let mut builder = Builder::new();
        let x = builder.param(Type::F64);
        let n = builder.constant(n);
        let sum = builder.op(Op::Add, &[x, n]);
        let (core, _) = builder.finish(vec![sum]);
        let names = Names { kernel: "k".into(), params: vec!["x".into()], ..Names::default() };
        verify(Kernel { core, names, source: None }).expect("a kernel")
    }

    fn task(job: &str) -> TaskDefinition {
        TaskDefinition { job_id: job.into(), stage_id: 1, ..TaskDefinition::default() }
    }

    fn report(job: &str, status: task_status::Status) -> TaskStatus {
        TaskStatus { job_id: job.into(), stage_id: 1, status: Some(status), ..TaskStatus::default() }
    }

    fn success(job: &str) -> TaskStatus {
        report(job, task_status::Status::Successful(SuccessfulTask::default()))
    }

    #[test]
    fn the_first_executor_has_a_new_kernel_alone_until_a_task_succeeded() {
        let probation = Probation::default();
        assert!(probation.admits("a") && probation.admits("b"));
        probation.met(&kernel(1.0));
        probation.handed("a", &[task("j")]);
        assert!(probation.admits("a") && !probation.admits("b"));
        // Others' tasks, other jobs' and failures prove nothing.
        probation.reported("b", &[success("j")]);
        probation.reported("a", &[success("other")]);
        probation.reported("a", &[report("j", task_status::Status::Failed(FailedTask::default()))]);
        assert!(!probation.admits("b"));
        probation.reported("a", &[success("j")]);
        assert!(probation.admits("b"));
        // Once, though the plan is written for each task.
        probation.met(&kernel(1.0));
        probation.handed("b", &[task("j")]);
        assert!(probation.admits("a"));
        probation.met(&kernel(2.0));
        probation.handed("b", &[task("k")]);
        assert!(!probation.admits("a"));
    }

    #[test]
    fn a_kernel_passes_with_time_and_is_free_when_its_executor_is_gone() {
        let probation = Probation::default();
        probation.met(&kernel(1.0));
        probation.handed("a", &[]);
        assert!(probation.admits("b"), "nobody has it yet");
        probation.handed("a", &[task("j")]);
        assert!(!probation.admits("b"));
        probation.gone("a");
        assert!(probation.admits("b"));
        probation.met(&kernel(1.0));
        probation.handed("b", &[task("j")]);
        assert!(!probation.admits("c"), "it has not passed");
        std::thread::sleep(PROBATION);
        assert!(probation.admits("c"));
        assert!(probation.kernels().passed.contains(&kernel(1.0).id()));
    }
}
