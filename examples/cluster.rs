//! The same pipeline in this process and on a cluster: the kernel travels in the plan. With the address of a
//! scheduler it runs there, else on a cluster inside this process:
//!
//! ```sh
//! cargo run --release --example cluster
//! cargo run --release --example cluster -- df://127.0.0.1:50050
//! ```

use datafusion::arrow::record_batch::RecordBatch;
use filbert::cluster::SessionExt;
use filbert::{Session, kernel};

/// What the air feels like, in degrees Celsius: the wind chill of the US National Weather Service (2001), which
/// holds below 50 F and above 3 mph, else the temperature.
#[kernel]
fn feels_like(fahrenheit: f64, mph: f64) -> f64 {
    let felt = if fahrenheit <= 50.0 && mph > 3.0 {
        let wind = mph.powf(0.16);
        35.74 + 0.6215 * fahrenheit - 35.75 * wind + 0.4275 * fahrenheit * wind
    } else {
        fahrenheit
    };
    (felt - 32.0) / 1.8
}

pub(crate) async fn coldest(session: &Session) -> datafusion::error::Result<Vec<RecordBatch>> {
    let weather = session.read("examples/data/weather.parquet").await?;
    weather
        .with_column("felt", &feels_like, ["temp", "wind_speed"])?
        .aggregate(["origin", "month"], ["min(felt) AS coldest", "count(felt) AS hours"])?
        .sort(["coldest", "origin"])?
        .collect()
        .await
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).filter(|argument| argument.starts_with("df://"));
    let session = match address {
        Some(url) => Session::connect(&url).await?,
        None => Session::standalone().await?,
    };
    let rows = coldest(&session).await?;
    println!("{}", datafusion::arrow::util::pretty::pretty_format_batches(&rows)?);
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 36, "three airports, twelve months");
    Ok(())
}
