//! The least that a query takes, however little it does.

use std::time::{Duration, Instant};

use datafusion::common::Result;
use filbert_dist::Session;

use crate::{Side, data, median, millis, table};

const TIMES: usize = 40;

/// What each query is made of, and its text.
const QUERIES: [(&str, &str); 3] = [
    ("SELECT 1", "SELECT 1"),
    ("sum of a kernel over 1,000 rows", "SELECT sum(great_circle(x, x, 1.0, 2.0)) FROM few"),
    ("the same by group, in order", "SELECT k, sum(great_circle(x, x, 1.0, 2.0)) AS s FROM few GROUP BY k ORDER BY s"),
];

pub(crate) async fn measure(sides: &[Side]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let few = folder.path().join("few.parquet");
    let rows = "SELECT value % 10 AS k, value::DOUBLE / 100 AS x FROM generate_series(1, 1000)";
    let rows = Session::local().sql(rows).await?;
    rows.write_parquet(&few.to_string_lossy()).await?;
    for side in sides {
        side.session.table("few", &few.to_string_lossy()).await?;
        side.session.sql(&data::great_circle(0)).await?;
    }
    let mut rows = Vec::new();
    for (name, sql) in QUERIES {
        let mut times = vec![Vec::new(); sides.len()];
        for round in 0..=TIMES {
            for (side, times) in sides.iter().zip(&mut times) {
                let began = Instant::now();
                side.session.sql(sql).await?.collect().await?;
                // The first one compiles.
                if round > 0 {
                    times.push(began.elapsed());
                }
            }
        }
        let shown = |times: Vec<Duration>| {
            let least = times.iter().min().copied().unwrap_or_default();
            format!("{} / {}", millis(least), millis(median(times)))
        };
        rows.push([name.to_string()].into_iter().chain(times.into_iter().map(shown)).collect());
    }
    let head: Vec<&str> = ["query"].into_iter().chain(sides.iter().map(|side| &side.name[..])).collect();
    table(&format!("The latency floor: milliseconds, least / median of {TIMES}"), &head, &rows);
    Ok(())
}
