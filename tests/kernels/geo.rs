// Distances on the sphere. Expected values: mpmath with 50 digits, tests/oracle/field.py.

const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Great-circle distance in km between two points in degrees.
#[kernel]
fn haversine(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let dlat = (lat2 - lat1).to_radians();
    let dlon = (lon2 - lon1).to_radians();
    let a = (dlat / 2.0).sin().powi(2)
        + lat1.to_radians().cos() * lat2.to_radians().cos() * (dlon / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_KM * a.sqrt().min(1.0).asin()
}
//~ haversine(52.2296756, 21.0122287, 52.406374, 16.9251681) ~ 278.4585596982323
//~ haversine(40.6413, -73.7781, 51.47, -0.4543) ~ 5540.0189701660875
//~ haversine(-33.8688, 151.2093, 35.6762, 139.6503) ~ 7825.829425997215
//~ haversine(10.0, 20.0, 10.0, 20.0) = 0.0
//~ haversine(0.0, 0.0, 0.0, 180.0) ~ 20015.114442035923
//~ haversine(89.9, 0.0, 89.9, 180.0) ~1e-11 22.239016046705316
//~ haversine(48.8566, 2.3522, 48.8566, null) = null

/// The compass course at the start, in degrees of 0..360.
#[kernel]
fn bearing(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let (from, to, dlon) = (lat1.to_radians(), lat2.to_radians(), (lon2 - lon1).to_radians());
    let east = dlon.sin() * to.cos();
    let north = from.cos() * to.sin() - from.sin() * to.cos() * dlon.cos();
    east.atan2(north).to_degrees().rem_euclid(360.0)
}
//~ bearing(52.2296756, 21.0122287, 52.406374, 16.9251681) ~ 275.6614272441185
//~ bearing(0.0, 0.0, 0.0, 90.0) ~ 90.0
//~ bearing(0.0, 0.0, -10.0, 0.0) ~ 180.0
