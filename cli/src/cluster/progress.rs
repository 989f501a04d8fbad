//! How far a job on a cluster is: stages and tasks, as the scheduler's REST interface has them, and a bar on a
//! terminal.

use std::time::Duration;

use datafusion::common::Result;
use filbert_cluster::status::Rest;
use indicatif::HumanCount;

use crate::progress::late_bar;

/// How often the scheduler is asked.
const INTERVAL: Duration = Duration::from_millis(300);

/// Draws a bar for the running job of this name until it is dropped. Silent when standard error is not a
/// terminal.
pub(crate) async fn draw(rest: Rest, name: String) {
    let Some(bar) = late_bar().await else { return };
    loop {
        // A scheduler that does not answer now may answer later, and is the job's business.
        if let Ok(Some(state)) = State::of(&rest, &name).await {
            bar.set_length(state.tasks as u64);
            bar.set_position(state.done as u64);
            bar.set_message(state.text());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// How far a job is.
struct State {
    stages: usize,
    completed: usize,
    /// Tasks started so far, of all stages; those of later stages are not known yet.
    tasks: usize,
    done: usize,
    /// Rows that the stages have given to the next ones.
    rows: u64,
}

impl State {
    async fn of(rest: &Rest, name: &str) -> Result<Option<State>> {
        let jobs = rest.jobs().await?;
        let Some(job) = jobs.iter().find(|job| job.job_name == name && job.status == "Running") else {
            return Ok(None);
        };
        let stages = rest.stages(&job.job_id).await?;
        let counts = stages.iter().map(|stage| stage.tasks());
        let (done, tasks) = counts.fold((0, 0), |sum, (done, all)| (sum.0 + done, sum.1 + all));
        let rows = stages.iter().map(|stage| stage.output_rows).sum();
        Ok(Some(State { stages: job.num_stages, completed: job.completed_stages, tasks, done, rows }))
    }

    fn text(&self) -> String {
        let State { stages, completed, tasks, done, rows } = self;
        let stage = (completed + 1).min(*stages);
        format!("stage {stage} of {stages}, {done} of {tasks} tasks, {} rows", HumanCount(*rows))
    }
}
