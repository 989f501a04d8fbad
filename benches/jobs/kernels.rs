//! The kernels of the jobs.

const EARTH_RADIUS_KM: f64 = 6371.0088;

/// Great-circle distance in km between two points in degrees.
fn haversine(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * EARTH_RADIUS_KM * a.sqrt().min(1.0).asin()
}

/// The normal distribution function, by the polynomial of Abramowitz and Stegun (26.2.17).
fn normal_cdf(x: f64) -> f64 {
    let k = 1.0 / (1.0 + 0.2316419 * x.abs());
    let p = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
    let upper = 0.3989422804014327 * (-0.5 * x * x).exp() * p;
    if x < 0.0 { upper } else { 1.0 - upper }
}

/// Price of a call option at 2 % interest and a volatility of 30 %.
fn black_scholes(spot: f64, strike: f64, years: f64) -> f64 {
    let spread = 0.3 * years.sqrt();
    let d1 = ((spot / strike).ln() + (0.02 + 0.045) * years) / spread;
    let discounted = strike * (-0.02 * years).exp();
    spot * normal_cdf(d1) - discounted * normal_cdf(d1 - spread)
}

fn disc_price(price: f64, discount: f64) -> f64 {
    price * (1.0 - discount)
}

fn charge(price: f64, discount: f64, tax: f64) -> f64 {
    price * (1.0 - discount) * (1.0 + tax)
}

/// What a line of an order adds to the result of query 6.
fn forecast(shipped: Date32, discount: f64, quantity: f64, price: f64) -> f64 {
    let day = shipped.value();
    if day >= 8766 && day < 9131 && discount >= 0.045 && discount < 0.075 && quantity < 24.0 {
        price * discount
    } else {
        0.0
    }
}
