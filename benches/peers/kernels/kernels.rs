// The kernels of the comparison, as a user of Filbert writes them. The f32 kernels are this text with `f32` for
// `f64`; the variants `contract` and `fast` are this text with that word in `#[kernel]`. The same kernels stand in
// native/src/kernels.rs (rustc), python/ (Numba, NumPy, NumExpr, Polars, DuckDB) and cython/.

#[kernel]
fn saxpy(x: f64, y: f64) -> f64 {
    2.5 * x + y
}

/// Horner's rule: 7 multiplications, 7 additions.
#[kernel]
fn poly7(x: f64) -> f64 {
    ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + 0.88
}

/// What is summed.
#[kernel]
fn sum(x: f64) -> f64 {
    x
}

/// What is summed.
#[kernel]
fn dot(x: f64, y: f64) -> f64 {
    x * y
}

/// Great-circle distance in kilometres between two points in radians.
#[kernel]
fn haversine(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let s1 = ((lat2 - lat1) * 0.5).sin();
    let s2 = ((lon2 - lon1) * 0.5).sin();
    let a = s1 * s1 + lat1.cos() * lat2.cos() * (s2 * s2);
    12742.0 * a.sqrt().asin()
}

const RATE: f64 = 0.02;
const VOLATILITY: f64 = 0.3;

/// The normal distribution, formula 26.2.17 of Abramowitz and Stegun.
#[kernel]
fn normal(d: f64) -> f64 {
    let k = 1.0 / (1.0 + 0.2316419 * d.abs());
    let p = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
    let tail = 0.3989422804014327 * (-0.5 * d * d).exp() * p;
    if d > 0.0 { 1.0 - tail } else { tail }
}

/// Price of a European call, by that polynomial.
#[kernel]
fn black_scholes(spot: f64, strike: f64, years: f64) -> f64 {
    let spread = VOLATILITY * years.sqrt();
    let d1 = ((spot / strike).ln() + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / spread;
    let d2 = d1 - spread;
    spot * normal(d1) - strike * (-RATE * years).exp() * normal(d2)
}

/// The same, by the error function.
#[kernel]
fn black_scholes_erfc(spot: f64, strike: f64, years: f64) -> f64 {
    let spread = VOLATILITY * years.sqrt();
    let d1 = ((spot / strike).ln() + (RATE + 0.5 * VOLATILITY * VOLATILITY) * years) / spread;
    let d2 = d1 - spread;
    let normal1 = 0.5 * (d1 * -std::f64::consts::FRAC_1_SQRT_2).erfc();
    let normal2 = 0.5 * (d2 * -std::f64::consts::FRAC_1_SQRT_2).erfc();
    spot * normal1 - strike * (-RATE * years).exp() * normal2
}

/// Steps until a point leaves the circle, 256 at most.
#[kernel]
fn mandelbrot(cx: f64, cy: f64) -> i32 {
    let mut x = 0.0;
    let mut y = 0.0;
    let mut n = 0;
    while n < 256 && x * x + y * y <= 4.0 {
        (x, y) = (x * x - y * y + cx, x * y + x * y + cy);
        n += 1;
    }
    n
}

/// Either a square root or a square.
#[kernel]
fn branch(x: f64) -> f64 {
    if x > 0.5 { 2.0 * x.sqrt() } else { x * x - 1.0 }
}

/// Two rounds of multiply and shift.
#[kernel]
fn mix(key: i64) -> i64 {
    let mut z = (key as u64).wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    z = (z ^ (z >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (z ^ (z >> 29)) as i64
}

/// Of three views of one column, each shifted by one.
#[kernel]
fn stencil(left: f64, here: f64, right: f64) -> f64 {
    0.25 * left + 0.5 * here + 0.25 * right
}

/// Over columns with nulls.
#[kernel]
fn add(x: f64, y: f64) -> f64 {
    x + y
}

/// Nine operations, over columns with nulls.
#[kernel]
fn rational(x: f64, y: f64) -> f64 {
    ((x * y + x) * y + 1.5) / (x * x + y * y + 2.0)
}

/// Degrees Celsius of degrees Fahrenheit: a quotient by a constant.
#[kernel]
fn celsius(x: f64) -> f64 {
    (x - 32.0) / 1.8
}

/// Energy of a pair at this distance.
#[kernel]
fn lennard_jones(dx: f64, dy: f64, dz: f64) -> f64 {
    let inverse = 1.0 / (dx * dx + dy * dy + dz * dz);
    let six = inverse * inverse * inverse;
    4.0 * six * (six - 1.0)
}

/// 200 steps of the logistic map.
#[kernel]
fn logistic(r: f64, start: f64) -> f64 {
    let mut x = start;
    for _ in 0..200 {
        x = r * x * (1.0 - x);
    }
    x
}

/// Weights that sum to 1.
#[kernel]
fn softmax(x: &[f64; 16], out: &mut [f64; 16]) {
    let mut top = x[0];
    for i in 1..16 {
        top = top.max(x[i]);
    }
    let mut total = 0.0;
    for i in 0..16 {
        let e = (x[i] - top).exp();
        out[i] = e;
        total += e;
    }
    for i in 0..16 {
        out[i] /= total;
    }
}

const CENTRES_X: [f64; 8] = [0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8, 0.4];
const CENTRES_Y: [f64; 8] = [0.2, 0.4, 0.9, 0.1, 0.6, 0.8, 0.3, 0.7];
const CENTRES_Z: [f64; 8] = [0.5, 0.3, 0.2, 0.9, 0.1, 0.7, 0.6, 0.4];

/// Distance to the nearest of eight points.
#[kernel]
fn nearest(x: f64, y: f64, z: f64) -> f64 {
    let mut best = 100.0;
    for i in 0..8 {
        let dx = x - CENTRES_X[i];
        let dy = y - CENTRES_Y[i];
        let dz = z - CENTRES_Z[i];
        best = best.min(dx * dx + dy * dy + dz * dz);
    }
    best.sqrt()
}
