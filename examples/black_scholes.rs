//! Prices of European calls and puts over an `ndarray` grid of strikes and maturities: one kernel, two
//! results, arrays of any layout.
//!
//! ```sh
//! cargo run --release --example black_scholes
//! ```

use filbert::{KernelCall, kernel};
use ndarray::{Array, Array2, Axis};

/// The normal distribution function.
#[kernel]
fn normal(x: f64) -> f64 {
    0.5 * (-x * std::f64::consts::FRAC_1_SQRT_2).erfc()
}

/// Call and put prices (Black and Scholes, 1973); time in years, rate and volatility a year.
#[kernel]
fn black_scholes(spot: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64) {
    let spread = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    let d2 = d1 - spread;
    let discounted = strike * (-rate * years).exp();
    let call = spot * normal(d1) - discounted * normal(d2);
    (call, call - spot + discounted)
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Strikes down, maturities across; spot, rate and volatility are scalars. Shapes broadcast.
    let strikes = Array::linspace(80.0, 120.0, 5).insert_axis(Axis(1));
    let years = Array::linspace(0.25, 1.0, 4);
    let (calls, puts): (Array2<f64>, Array2<f64>) = black_scholes.map((100.0, &strikes, &years, 0.03, 0.2))?;
    println!("calls (rows: strikes 80 to 120, columns: maturities of 3 to 12 months)\n{calls:.4}");
    println!("puts\n{puts:.4}");

    // The kernel is also a plain Rust function: a second opinion.
    let (call, put) = black_scholes(100.0, 100.0, 1.0, 0.03, 0.2);
    assert!((calls[[2, 3]] - call).abs() < 1e-12 && (puts[[2, 3]] - put).abs() < 1e-12);
    Ok(())
}
