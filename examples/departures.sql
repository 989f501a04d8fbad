-- Delays by the hour on New York's clock. The file has departures in UTC; a kernel knows the rule of summer
-- time, and its answer is checked against the local hour that the file has too. Run it from the root of the
-- repository:
--
--   cargo run --release -p filbert-cli -- run examples/departures.sql

CREATE EXTERNAL TABLE flights STORED AS PARQUET LOCATION 'examples/data/flights.parquet';

CREATE FUNCTION new_york(TIMESTAMP(6)) RETURNS STRUCT<hour BIGINT, weekend BOOLEAN> LANGUAGE kernel AS '
const HOUR: i64 = 3600;
const SUNDAY: i64 = 6;

/// The day of the first Sunday on or after a date.
fn sunday_from(date: Date32) -> Date32 {
    date.add_days(SUNDAY - date.weekday())
}

/// Seconds of UTC at an hour of a day.
fn utc(date: Date32, hour: i64) -> i64 {
    (date.value() as i64 * 24 + hour) * HOUR
}

struct Local {
    hour: i64,
    weekend: bool,
}

/// The clock in New York: five hours behind UTC; four from 2 a.m. on the second Sunday in March until
/// 2 a.m. on the first in November.
fn new_york(t: Timestamp<Microsecond>) -> Local {
    let seconds = t.as_seconds();
    let summer = utc(sunday_from(Date32::from_ymd(t.year(), 3, 8).unwrap()), 7);
    let winter = utc(sunday_from(Date32::from_ymd(t.year(), 11, 1).unwrap()), 6);
    let behind = if seconds >= summer && seconds < winter { 4 } else { 5 };
    let local = t - Duration::<Microsecond>::new(behind * HOUR * 1_000_000);
    Local { hour: local.hour(), weekend: local.weekday() >= 5 }
}';

CREATE VIEW departures AS
SELECT new_york(time_hour) AS local, hour, dep_delay FROM flights;

SELECT
  local['hour'] AS hour,
  count(*) AS flights,
  count(*) FILTER (WHERE local['hour'] <> hour) AS other_hour_in_the_file,
  round(avg(dep_delay) FILTER (WHERE NOT local['weekend']), 3) AS mean_delay_on_workdays,
  round(avg(dep_delay) FILTER (WHERE local['weekend']), 3) AS mean_delay_on_weekends
FROM departures
GROUP BY local['hour']
ORDER BY 1;
