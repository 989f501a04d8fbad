//! How long a text takes from characters to verified kernels. Printed, with a bound that only a mistake of
//! order reaches; run with `--release -- --nocapture speed` for figures.

use std::time::{Duration, Instant};

const TEN_LINES: &str = "
/// Miles between two points on the Earth.
fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let p1 = lat1.to_radians();
    let p2 = lat2.to_radians();
    let dp = p2 - p1;
    let dl = (lon2 - lon1).to_radians();
    let a = (dp / 2.0).sin().powi(2) + p1.cos() * p2.cos() * (dl / 2.0).sin().powi(2);
    2.0 * 3958.8 * a.sqrt().asin()
}";

fn median(text: &str) -> Duration {
    let once = || {
        let start = Instant::now();
        filbert_syntax::parse(text, "speed").unwrap();
        start.elapsed()
    };
    let mut times: Vec<Duration> = (0..201).map(|_| once()).collect();
    times.sort();
    times[100]
}

#[test]
fn ten_lines_take_little_time() {
    let three = median("fn axpy(a: f64, x: f64, y: f64) -> f64 { (a * x + y).abs() }");
    let ten = median(TEN_LINES);
    eprintln!("parse to verified, median of 201: 3 operations {three:?}, great circle {ten:?}");
    assert!(ten < Duration::from_millis(20), "{ten:?}");
}
