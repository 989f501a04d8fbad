//! What a task costs by itself: one job in ever smaller partitions.

use std::time::Duration;

use datafusion::common::Result;

use crate::data::Trips;
use crate::timeline::run;
use crate::{Side, data, median, millis, size, table};

const PARTITIONS: [usize; 8] = [2, 4, 8, 16, 64, 256, 512, 1024];
const ROUNDS: usize = 3;
/// Once a job has taken longer, it is run once a row.
const PATIENCE: Duration = Duration::from_secs(4);

const JOBS: [(&str, &str); 2] = [
    (
        "one total: a task fetches from all others",
        "SELECT count(*) AS n, max(great_circle(lat1, lon1, lat2, lon2)) AS m FROM trips",
    ),
    (
        "16 groups: as many tasks again, which all fetch from all",
        "SELECT k % 16 AS c, count(*) AS n, max(great_circle(lat1, lon1, lat2, lon2)) AS m FROM trips \
         GROUP BY k % 16 ORDER BY c",
    ),
];

pub(crate) async fn measure(side: &Side, trips: &Trips, cores: usize) -> Result<()> {
    let Some((processes, _)) = &side.cluster else { return Ok(()) };
    side.session.sql(&data::great_circle(0)).await?;
    for (name, sql) in JOBS {
        let (mut rows, mut least, mut slow) = (Vec::new(), Duration::MAX, false);
        for partitions in PARTITIONS {
            side.session.set("datafusion.execution.target_partitions", &partitions.to_string())?;
            processes.take_memory();
            let (mut times, mut tasks, mut shuffle) = (Vec::new(), 0, 0);
            for _ in 0..if slow { 1 } else { ROUNDS } {
                let (_, line) = run(side, sql, cores).await?;
                times.push(line.all);
                (tasks, shuffle) = (line.task_count, line.shuffle_bytes);
            }
            let (scheduler, executors) = processes.take_memory();
            let time = median(times);
            least = least.min(time);
            let share = |whole: Duration, parts: usize| whole * cores as u32 / parts.max(1) as u32;
            rows.push(vec![
                partitions.to_string(),
                size(trips.bytes / partitions as u64),
                tasks.to_string(),
                millis(time),
                millis(share(time, tasks)),
                millis(share(time.saturating_sub(least), tasks)),
                size(shuffle),
                size(scheduler),
                size(executors.iter().sum()),
            ]);
            slow |= time > PATIENCE;
        }
        let head = [
            "partitions",
            "bytes a partition",
            "tasks",
            "job, ms",
            "core time a task, ms",
            "more than the fastest, a task, ms",
            "shuffle files",
            "scheduler, peak",
            "executor, peak",
        ];
        table(&format!("{name}: {}", side.name), &head, &rows);
    }
    side.session.set("datafusion.execution.target_partitions", &cores.to_string())
}
