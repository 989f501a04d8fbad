//! The job that things are taken from: four stages, of which each of the first three runs a kernel that takes its
//! time, so that there is a middle to strike in.

use std::time::Duration;

use super::processes::Cluster;

const SLOW: &str = "
CREATE EXTERNAL TABLE numbers (n BIGINT) STORED AS CSV LOCATION 'numbers/' OPTIONS ('format.has_header' 'false');
CREATE FUNCTION busy(BIGINT, BIGINT) RETURNS BIGINT LANGUAGE kernel AS
$$ #[kernel(overflow = \"wrap\")]
fn busy(x: i64, turns: i64) -> i64 { let mut h = x; for i in 0..turns { h = h * 6364136223846793005 + i; } h } $$;
SELECT k, count(*) AS n, busy(sum(a % 1000), LAST) AS b FROM (
  SELECT g % 4 AS k, busy(s, LATER) AS a FROM (
    SELECT n % 16 AS g, sum(busy(n, LEAF) % 1000) AS s FROM numbers GROUP BY n % 16
  ) AS leaf
) AS later GROUP BY k ORDER BY k;
";
/// Files of the table, each a partition.
const FILES: usize = 8;
pub(super) const ROWS: usize = 4000;

/// The job. At 100 percent the kernel takes about a second in each stage on two cores.
pub(super) fn slow(percent: u64) -> String {
    [("LEAF", 3_000), ("LATER", 500_000), ("LAST", 2_000_000)]
        .iter()
        .fold(SLOW.to_string(), |job, (name, turns)| job.replace(name, &(turns * percent).to_string()))
}

impl Cluster {
    /// Writes the job and its files, and gives its rows as one process does.
    pub(super) fn prepare(&self, percent: u64) -> String {
        for file in 0..FILES {
            let lines = (0..ROWS).filter(|n| n % FILES == file).map(|n| format!("{n}\n"));
            self.place.write(&format!("numbers/{file}.csv"), lines.collect::<String>());
        }
        self.place.write("slow.sql", slow(percent));
        let local = self.place.filbert(&["run", "slow.sql", "--format", "csv"]);
        assert_eq!((local.status, local.stdout.lines().count()), (0, 5), "{}", local.stderr);
        local.stdout
    }

    /// Runs the job, does something to the cluster when the stage runs, and compares the rows.
    pub(super) fn strike(&mut self, expected: &str, stage: usize, deed: impl FnOnce(&mut Cluster)) -> Duration {
        let mut job = self.submit("slow.sql", &["--partitions", "4"]);
        assert!(self.reaches(stage, &mut job), "stage {stage} was not seen: {}", job.end().0.stderr);
        deed(self);
        let (ran, took) = job.end();
        assert_eq!((ran.status, &ran.stdout[..]), (0, expected), "stage {stage}, after {took:?}: {}", ran.stderr);
        took
    }
}
