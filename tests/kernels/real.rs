// Kernels that somebody would keep.

const EARTH_RADIUS_MILES: f64 = 3958.8;

/// Great-circle distance in miles between two points given in degrees.
#[kernel]
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * EARTH_RADIUS_MILES * a.sqrt().min(1.0).asin()
}
//~ great_circle(0.0, 0.0, 0.0, 180.0) = 12436.936997031273
//~ great_circle(40.0, -74.0, 40.0, -74.0) = 0.0
//~ great_circle(null, -74.0, 40.0, -74.0) = null

/// Prices of a European call and put (Black and Scholes, 1973).
#[kernel]
fn black_scholes(spot: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64) {
    let spread = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    let d2 = d1 - spread;
    let discounted = strike * (-rate * years).exp();
    let call = spot * normal(d1) - discounted * normal(d2);
    (call, call - spot + discounted)
}

/// The normal distribution function.
#[kernel]
fn normal(x: f64) -> f64 {
    0.5 * (-x * std::f64::consts::FRAC_1_SQRT_2).erfc()
}
//~ normal(0.0) = 0.5
//~ normal(inf) = 1.0
//~ normal(-inf) = 0.0

/// Days since 1970-01-01 of a civil date (Howard Hinnant, chrono-compatible low-level date algorithms).
#[kernel]
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = if y >= 0 { y } else { y - 399 } / 400;
    let year_of_era = y - era * 400;
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146097 + day_of_era - 719468
}
//~ days_from_civil(1970, 1, 1) = 0
//~ days_from_civil(2000, 2, 29) = 11016
//~ days_from_civil(2026, 11, 21) = 20778
//~ days_from_civil(-4713, 11, 24) = -2440588
