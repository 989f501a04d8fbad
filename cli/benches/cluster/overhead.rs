//! Where the time of a job goes, in this process and on clusters: with next to no shuffle, with one of a
//! million groups, and with one of all rows.

use datafusion::common::Result;

use crate::timeline::{Timeline, run};
use crate::{Peaks, Side, data, failure, memory, millis, size, table};

const ROUNDS: usize = 5;

const DISTANCE: &str = "great_circle(lat1, lon1, lat2, lon2)";

pub(crate) async fn measure(sides: &[Side], cores: usize, idle: &[Peaks]) -> Result<()> {
    let jobs = [
        (
            "16 groups: a small shuffle",
            format!("SELECT k % 16 AS c, count(*) AS n, max({DISTANCE}) AS m FROM trips GROUP BY k % 16 ORDER BY c"),
        ),
        (
            "a million groups",
            format!(
                "SELECT count(*) AS groups, sum(n) AS n, max(m) AS m FROM \
                 (SELECT k, count(*) AS n, max({DISTANCE}) AS m FROM trips GROUP BY k)"
            ),
        ),
        (
            "all rows by key",
            format!(
                "SELECT count(*) AS n, max(k) AS k, max(d) AS m FROM \
                 (SELECT k, {DISTANCE} AS d FROM trips DISTRIBUTE BY k)"
            ),
        ),
    ];
    let mut peaks = vec![("idle", idle.to_vec())];
    let mut number = 1;
    for (name, sql) in &jobs {
        let mut runs: Vec<Vec<Timeline>> = vec![Vec::new(); sides.len()];
        memory(sides);
        for round in 0..=ROUNDS {
            let mut expected = None;
            for (side, runs) in sides.iter().zip(&mut runs) {
                side.session.sql(&data::great_circle(number)).await?;
                let (rows, timeline) = run(side, sql, cores).await?;
                if *expected.get_or_insert_with(|| rows.clone()) != rows {
                    return Err(failure(&format!("{} gives other rows:\n{rows}", side.name)));
                }
                // The first round warms the files.
                if round > 0 {
                    runs.push(timeline);
                }
            }
            number += 1;
        }
        peaks.push((name, memory(sides)));
        show(name, sides, &runs);
    }
    show_memory(sides, &peaks);
    Ok(())
}

/// A part of a run, as a table shows it.
type Part = fn(&Timeline) -> String;

fn show(name: &str, sides: &[Side], runs: &[Vec<Timeline>]) {
    let medians: Vec<Timeline> = runs.iter().map(|runs| Timeline::median(runs)).collect();
    let parts: [(&str, Part); 11] = [
        ("whole job", |run| millis(run.all)),
        ("plan, in the client", |run| millis(run.plan)),
        ("ship: encode, send, plan, first poll", |run| millis(run.ship)),
        ("tasks", |run| millis(run.tasks)),
        ("between stages", |run| millis(run.gaps)),
        ("results to the client", |run| millis(run.results)),
        ("of the tasks: shuffle, write", |run| millis(run.write)),
        ("of the tasks: shuffle, fetch", |run| millis(run.fetch)),
        ("of the tasks: compile, all executors", |run| format!("{:.1}", run.compile.as_secs_f64() * 1000.0)),
        ("number of tasks", |run| run.task_count.to_string()),
        ("shuffle files", |run| size(run.shuffle_bytes)),
    ];
    let row = |(name, part): (&str, Part)| {
        let cell = |(run, side): (&Timeline, &Side)| {
            // In this process everything behind the plan is one.
            let here = name.starts_with("whole") || name.starts_with("plan") || name.contains("compile");
            if here || side.cluster.is_some() { part(run) } else { "-".to_string() }
        };
        [name.to_string()].into_iter().chain(medians.iter().zip(sides).map(cell)).collect()
    };
    let head: Vec<&str> = ["ms"].into_iter().chain(sides.iter().map(|side| &side.name[..])).collect();
    table(&format!("{name}: medians of {ROUNDS} rounds"), &head, &parts.map(row));
    for (side, runs) in sides.iter().zip(runs) {
        let times = runs.iter().map(|run| run.all);
        let (least, most) = (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default());
        println!("{}: whole job {} to {} ms", side.name, millis(least), millis(most));
    }
}

fn show_memory(sides: &[Side], peaks: &[(&str, Vec<Peaks>)]) {
    let clusters: Vec<&Side> = sides.iter().filter(|side| side.cluster.is_some()).collect();
    let row = |(name, peaks): &(&str, Vec<Peaks>)| {
        let cell = |(scheduler, executors): &Peaks| {
            let executors: Vec<String> = executors.iter().map(|bytes| size(*bytes)).collect();
            format!("{}; {}", size(*scheduler), executors.join(", "))
        };
        [name.to_string()].into_iter().chain(peaks.iter().map(cell)).collect()
    };
    let head: Vec<&str> =
        ["peak memory: scheduler; executors"].into_iter().chain(clusters.iter().map(|side| &side.name[..])).collect();
    table("Memory", &head, &peaks.iter().map(row).collect::<Vec<_>>());
}
