//! Kernels that a C program and a Python script call, see great_circle.c and great_circle.py.

const EARTH_RADIUS_MILES: f64 = 3958.8;

/// Great-circle distance in miles between two points given in degrees.
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * EARTH_RADIUS_MILES * a.sqrt().min(1.0).asin()
}

/// Miles an hour; null where a flight's time is not known.
fn speed(miles: f64, minutes: Option<i32>) -> Option<f64> {
    let minutes = minutes?;
    assert!(minutes > 0);
    Some(miles / (minutes as f64 / 60.0))
}
