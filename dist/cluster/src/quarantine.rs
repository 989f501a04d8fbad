//! Kernels that have ended an executor's process, and no longer run.
//!
//! A worker that dies of a signal while a kernel runs on the thread that got it says which; its supervisor
//! tells the scheduler, as the reason for which the executor stopped. No other death blames a kernel. The list
//! lives as long as the scheduler: whoever restarts it lifts it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use filbert_dist::KernelUdf;
use filbert_ir::{Code, KernelError, VerifiedKernel};
use serde::Serialize;

/// First words of a reason that blames a kernel; the number is the version of the text.
const CRASH: &str = "filbert-crash 1";
/// Kernels that are remembered. A cluster with more crashing kernels has another problem.
const CASES_MAX: usize = 10_000;

/// A kernel that ended a process, as a supervisor reports it:
/// `filbert-crash 1 signal=11 kernel=<64 hexadecimal digits>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crash {
    /// The signal that ended the process.
    pub signal: i32,
    /// The kernel's id.
    pub kernel: String,
}

impl Crash {
    /// The crash of a reason; `None` for an ordinary loss.
    pub fn parse(reason: &str) -> Option<Crash> {
        let mut words = reason.strip_prefix(CRASH)?.split_whitespace();
        let signal = words.next()?.strip_prefix("signal=")?.parse().ok()?;
        let kernel = words.next()?.strip_prefix("kernel=")?;
        let is_id = kernel.len() == 64 && kernel.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && words.next().is_none()).then(|| Crash { signal, kernel: kernel.to_ascii_lowercase() })
    }

    /// The reason that says so.
    pub fn reason(&self) -> String {
        format!("{CRASH} signal={} kernel={}", self.signal, self.kernel)
    }
}

/// One kernel in quarantine.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// The kernel's id.
    pub kernel: String,
    /// The signal that ended the process.
    pub signal: i32,
    /// The executor whose process it was.
    pub executor: String,
    /// When the scheduler heard of it, in seconds since 1970.
    pub since: u64,
}

/// The list of a scheduler.
#[derive(Debug, Default)]
pub struct Quarantine {
    cases: Mutex<BTreeMap<String, Case>>,
}

impl Quarantine {
    fn cases(&self) -> MutexGuard<'_, BTreeMap<String, Case>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a crash on an executor. The first one of a kernel stays.
    pub fn note(&self, executor: &str, crash: &Crash) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let mut cases = self.cases();
        if cases.len() >= CASES_MAX {
            return;
        }
        tracing::warn!("kernel {} ended executor {executor} by signal {}: quarantined", crash.kernel, crash.signal);
        let case = Case { kernel: crash.kernel.clone(), signal: crash.signal, executor: executor.to_string(), since };
        cases.entry(crash.kernel.clone()).or_insert(case);
    }

    /// All cases, by kernel.
    pub fn list(&self) -> Vec<Case> {
        self.cases().values().cloned().collect()
    }

    /// Refuses a kernel that is on the list.
    pub fn check(&self, kernel: &VerifiedKernel) -> std::result::Result<(), KernelError> {
        match self.cases().get(&kernel.id().to_string()) {
            None => Ok(()),
            Some(case) => {
                let crash = Crash { signal: case.signal, kernel: case.kernel.clone() };
                Err(error(&case.executor, &crash).of(kernel, kernel.id()))
            }
        }
    }
}

/// What jobs that call a kernel end with, which ended this executor's process.
pub(crate) fn error(executor: &str, crash: &Crash) -> KernelError {
    let detail = format!(
        "kernel {} ended the process of executor {executor} by signal {} and is not run again on this cluster until its \
         scheduler is restarted",
        crash.kernel, crash.signal
    );
    KernelError::new(Code::KernelCrashed, detail)
}

/// Whether a plan calls the kernel with this id.
pub fn calls(plan: &dyn ExecutionPlan, kernel: &str) -> bool {
    let mut found = false;
    let looked = plan.apply_expressions(&mut |expr: &Arc<dyn PhysicalExpr>| look(expr, kernel, &mut found));
    // An expression that cannot be looked into names no kernel that could be found.
    looked.is_ok() && found || plan.children().into_iter().any(|child| calls(child.as_ref(), kernel))
}

fn look(expr: &Arc<dyn PhysicalExpr>, kernel: &str, found: &mut bool) -> Result<TreeNodeRecursion> {
    expr.apply(|part| {
        let call = part.downcast_ref::<ScalarFunctionExpr>();
        let udf = call.and_then(|call| call.fun().inner().downcast_ref::<KernelUdf>());
        *found |= udf.is_some_and(|udf| udf.kernel().id().to_string() == kernel);
        Ok(if *found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_text_blames_a_kernel() {
        let crash = Crash { signal: 11, kernel: "0f".repeat(32) };
        assert_eq!(Crash::parse(&crash.reason()), Some(crash.clone()));
        let id = &crash.kernel;
        let others = [
            "".to_string(),
            "killed".to_string(),
            format!("filbert-crash 2 signal=11 kernel={id}"),
            format!("filbert-crash 1 signal=11 kernel={}", &id[1..]),
            format!("filbert-crash 1 signal=x kernel={id}"),
            format!("filbert-crash 1 kernel={id} signal=11"),
            format!("filbert-crash 1 signal=11 kernel={id} and more"),
            format!("heartbeat timed out; filbert-crash 1 signal=11 kernel={id}"),
        ];
        for text in others {
            assert_eq!(Crash::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn the_first_crash_of_a_kernel_stays() {
        let quarantine = Quarantine::default();
        let crash = |signal| Crash { signal, kernel: "ab".repeat(32) };
        quarantine.note("one", &crash(11));
        quarantine.note("two", &crash(6));
        let cases = quarantine.list();
        assert_eq!(cases.len(), 1);
        assert_eq!((cases[0].signal, cases[0].executor.as_str()), (11, "one"));
        let text = error("one", &crash(11)).to_string();
        assert!(text.starts_with("FB-1103: ") && text.contains("signal 11"), "{text}");
    }
}
