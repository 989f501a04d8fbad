//! How far a running query is: rows read, from the metrics of its scans, and a bar on a terminal.
//!
//! The plan is seen by an optimizer rule that changes nothing, registered behind all others: whatever runs
//! (a query, COPY, INSERT, a result file) passes there, so that nothing else needs to know of progress.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::prelude::SessionContext;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// A query that is done sooner shows no bar.
const QUIET: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// The plans that a session has run. Clones are the same.
#[derive(Clone, Default, Debug)]
pub(crate) struct Watch {
    plans: Arc<Mutex<Vec<Arc<dyn ExecutionPlan>>>>,
}

impl Watch {
    /// Watches this session from now on.
    pub(crate) fn install(&self, context: &SessionContext) {
        let state = context.state_ref();
        let mut state = state.write();
        let watched = SessionStateBuilder::new_from_existing(state.clone());
        *state = watched.with_physical_optimizer_rule(Arc::new(self.clone())).build();
    }

    /// Rows that all scans have given so far.
    pub(crate) fn rows_read(&self) -> u64 {
        self.sum(&|scan| scan.metrics().and_then(|metrics| metrics.output_rows()))
    }

    /// Rows that the scans will give, where their statistics say.
    fn rows_expected(&self) -> u64 {
        let rows = |scan: &dyn ExecutionPlan| {
            let statistics = StatisticsContext::new().compute(scan, &StatisticsArgs::new()).ok()?;
            statistics.num_rows.get_value().copied()
        };
        self.sum(&rows)
    }

    fn sum(&self, count: &dyn Fn(&dyn ExecutionPlan) -> Option<usize>) -> u64 {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.iter().map(|plan| sum_scans(plan.as_ref(), count)).sum()
    }

    /// Draws a bar until it is dropped. Silent when standard error is not a terminal.
    pub(crate) async fn draw(self) {
        let Some(bar) = late_bar().await else { return };
        loop {
            let (read, expected) = (self.rows_read(), self.rows_expected());
            bar.set_length(expected.max(read));
            bar.set_position(read);
            bar.set_message(match expected > read {
                true => format!("{} of {} rows", HumanCount(read), HumanCount(expected)),
                false => format!("{} rows", HumanCount(read)),
            });
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

/// A bar on standard error, for a query that has run for a while by the time that it comes. None where there is no
/// terminal.
pub(crate) async fn late_bar() -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    tokio::time::sleep(QUIET).await;
    let style = ProgressStyle::with_template("{bar:30} {msg} {elapsed}");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_finish(ProgressFinish::AndClear);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Some(bar)
}

fn sum_scans(plan: &dyn ExecutionPlan, count: &dyn Fn(&dyn ExecutionPlan) -> Option<usize>) -> u64 {
    match plan.children().as_slice() {
        [] => count(plan).unwrap_or(0) as u64,
        inputs => inputs.iter().map(|input| sum_scans(input.as_ref(), count)).sum(),
    }
}

impl PhysicalOptimizerRule for Watch {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).push(plan.clone());
        Ok(plan)
    }

    fn name(&self) -> &str {
        "watch"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
