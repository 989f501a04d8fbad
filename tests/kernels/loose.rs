// What a kernel gains by consent: `contract` and `approx`, the same bits on every engine.

#[kernel]
fn strict(a: f64, b: f64, c: f64) -> f64 {
    a * b + c
}
//~ strict(0.1, 10.0, -1.0) = 0.0

#[kernel(contract)]
fn contracted(a: f64, b: f64, c: f64) -> (f64, f64, f64, f64) {
    (a * b + c, c + a * b, a * b - -c, strict(a, b, c))
}
//~ contracted(0.1, 10.0, -1.0) = (5.551115123125783e-17, 5.551115123125783e-17, 5.551115123125783e-17, 0.0)
//~ contracted(inf, 0.0, 1.0) = (nan, nan, nan, nan)

#[kernel(contract)]
fn polynomial(x: f64) -> f64 {
    let mut y = 0.3;
    y = y * x + 0.7;
    y = y * x + 1.1;
    y
}
//~ polynomial(0.1) = 1.173

#[kernel(fast)]
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * 6371.0 * a.sqrt().min(1.0).asin()
}
//~ great_circle(40.6413, -73.7781, 51.47, -0.4543) = 5540.011317976542
//~ great_circle(0.0, 0.0, 0.0, 0.0) = 0.0
//~ great_circle(0.0, 0.0, 0.0, 180.0) = 20015.086796020572

#[kernel(approx)]
fn limits(x: f64) -> (f64, f64, f64, f64) {
    (x.sin(), x.cos(), x.ln(), x.exp())
}
//~ limits(0.0) = (0.0, 1.0, -inf, 1.0)
//~ limits(-0.0) = (-0.0, 1.0, -inf, 1.0)
//~ limits(inf) = (nan, nan, inf, inf)
//~ limits(-inf) = (nan, nan, nan, 0.0)
//~ limits(1e300) = (-0.8178819121159085, -0.5753861119575491, 690.7755278982137, inf)
//~ limits(1.0) = (0.8414709848078965, 0.5403023058681398, 0.0, 2.718281828459045)

#[kernel(approx)]
fn single(x: f32, y: f32) -> (f32, f32, f32) {
    (x.tan(), y.atan2(x), x.log10())
}
//~ single(1.0, 2.0) = (1.5574077, 1.1071488, 0.0)
