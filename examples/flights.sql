-- Great-circle distances of all flights that left New York City in 2013, checked against the
-- distances that the airlines report. Run it from the root of the repository:
--
--   cargo run --release -p filbert-cli -- run examples/flights.sql

CREATE EXTERNAL TABLE flights STORED AS PARQUET LOCATION 'examples/data/flights.parquet';
CREATE EXTERNAL TABLE airports STORED AS PARQUET LOCATION 'examples/data/airports.parquet';

-- Haversine on a sphere; degrees in, miles out. A null coordinate gives a null distance.
CREATE FUNCTION great_circle(DOUBLE, DOUBLE, DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS '
const EARTH_RADIUS_MILES: f64 = 3958.8;

/// Great-circle distance in miles between two points given in degrees.
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * EARTH_RADIUS_MILES * a.sqrt().min(1.0).asin()
}';

CREATE VIEW legs AS
SELECT f.carrier, f.distance, f.air_time, great_circle(o.lat, o.lon, d.lat, d.lon) AS miles
FROM flights f
LEFT JOIN airports o ON f.origin = o.faa
LEFT JOIN airports d ON f.dest = d.faa;

SELECT
  carrier,
  count(*) AS flights,
  count(miles) AS with_distance,
  round(avg(miles), 6) AS mean_miles,
  round(avg(abs(miles - distance)), 6) AS mean_difference,
  round(max(abs(miles - distance)), 6) AS greatest_difference,
  round(avg(miles / (air_time / 60.0)), 6) AS mean_mph
FROM legs
GROUP BY carrier
ORDER BY carrier;
