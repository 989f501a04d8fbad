//! The table of the job: trips between two places, in Parquet files that are made once and removed at the end.

use datafusion::common::Result;
use filbert_dist::Session;
use tempfile::TempDir;

use crate::failure;

/// Files of the table.
pub(crate) const FILES: u64 = 8;
/// Row groups in all: a partition is never smaller than one.
const ROW_GROUPS: u64 = 1024;
/// Values of a coordinate: places are few, trips are many.
const PLACES: u64 = 1999;
/// Values of the key.
const KEYS: u64 = 1_000_000;

/// The table `trips`: `lat1`, `lon1`, `lat2`, `lon2` in degrees, `k` one of a million keys.
pub(crate) struct Trips {
    folder: TempDir,
    /// Of all files.
    pub(crate) bytes: u64,
}

impl Trips {
    pub(crate) async fn make(rows: u64) -> Result<Trips> {
        let folder = tempfile::tempdir()?;
        let session = Session::local();
        let coordinate =
            |factor: u64, step: f64, from: f64| format!("((value * {factor}) % {PLACES})::DOUBLE * {step} + {from}");
        let group = (rows / ROW_GROUPS).max(1024);
        for file in 0..FILES {
            let (first, last) = (rows * file / FILES, rows * (file + 1) / FILES - 1);
            let sql = format!(
                "COPY (SELECT {} AS lat1, {} AS lon1, {} AS lat2, {} AS lon2, \
                              ((value * 2654435761) % {KEYS})::INT AS k FROM generate_series({first}, {last})) \
                 TO '{}/{file}.parquet' OPTIONS ('format.max_row_group_size' '{group}')",
                coordinate(7919, 0.09, -90.0),
                coordinate(104_729, 0.18, -180.0),
                coordinate(1_299_709, 0.09, -90.0),
                coordinate(15_485_863, 0.18, -180.0),
                folder.path().display(),
            );
            session.sql(&sql).await?.collect().await?;
        }
        let mut bytes = 0;
        for file in std::fs::read_dir(folder.path())? {
            bytes += file?.metadata()?.len();
        }
        Ok(Trips { folder, bytes })
    }

    pub(crate) async fn register(&self, session: &Session) -> Result<()> {
        let path = self.folder.path().to_str().ok_or_else(|| failure("the folder's name is not UTF-8"))?;
        session.table("trips", path).await
    }
}

/// The great circle of examples/flights.sql, of a slightly different sphere for each number: another kernel.
pub(crate) fn great_circle(number: usize) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION great_circle(DOUBLE, DOUBLE, DOUBLE, DOUBLE) RETURNS DOUBLE LANGUAGE kernel AS '
         const EARTH_RADIUS_MILES: f64 = 3958.8{number:04};
         fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {{
             let half_dlat = (lat2 - lat1).to_radians() / 2.0;
             let half_dlon = (lon2 - lon1).to_radians() / 2.0;
             let a = half_dlat.sin() * half_dlat.sin()
                 + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
             2.0 * EARTH_RADIUS_MILES * a.sqrt().min(1.0).asin()
         }}'"
    )
}
