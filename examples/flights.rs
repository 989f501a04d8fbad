//! The flights job of `flights.sql` through the Rust API: a kernel under `#[kernel]` and a pipeline over
//! named columns. Run it from the root of the repository:
//!
//! ```sh
//! cargo run --release --example flights
//! ```

use filbert::{Session, kernel};

/// Great-circle distance in miles between two points given in degrees.
#[kernel]
pub(crate) fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    const EARTH_RADIUS_MILES: f64 = 3958.8;
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * EARTH_RADIUS_MILES * a.sqrt().min(1.0).asin()
}

/// Miles per hour in the air; minutes are whole.
#[kernel]
fn speed(miles: f64, minutes: i32) -> f64 {
    miles / (minutes as f64 / 60.0)
}

const LEGS: &str = "
    SELECT f.*, o.lat AS olat, o.lon AS olon, d.lat AS dlat, d.lon AS dlon
    FROM flights f LEFT JOIN airports o ON f.origin = o.faa LEFT JOIN airports d ON f.dest = d.faa";

pub(crate) async fn run() -> Result<filbert::Frame, Box<dyn std::error::Error>> {
    let session = Session::local();
    session.table("flights", "examples/data/flights.parquet").await?;
    session.table("airports", "examples/data/airports.parquet").await?;
    let frame = session
        .sql(LEGS)
        .await?
        .with_column("gc", &great_circle, ["olat", "olon", "dlat", "dlon"])?
        .with_column("mph", &speed, ["gc", "air_time"])?
        .aggregate(
            ["carrier"],
            [
                "count(*) AS flights",
                "round(avg(abs(gc - distance)), 6) AS mean_difference",
                "round(avg(mph), 6) AS mean_mph",
            ],
        )?
        .sort(["carrier"])?;
    Ok(frame)
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run().await?.dataframe().show().await?;
    Ok(())
}
