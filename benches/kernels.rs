//! The kernels that are measured, and the same semantics written as plain Rust loops.
//!
//! A peer keeps every promise of the kernel: integers are checked and the lowest failing row is reported,
//! a NaN result is canonical, the output is a new column. So a ratio compares code, not promises. Peers
//! with math functions call `filbert_ir::math`, the same source that kernels call; built without
//! `-C target-feature=+fma` they call `fma` where the helper of a kernel has the instruction.

use filbert_ir::{VerifiedKernel, math};

pub mod repeated;

/// The source of all kernels below.
pub const SOURCE: &str = r#"
/// 2 operations.
fn axpy(x: f64, y: f64) -> f64 { 2.5 * x + y }

/// 7 multiplications and additions.
fn poly7(x: f64) -> f64 {
    ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + 0.88
}

/// A branch and a square root.
fn branch(x: f64, y: f64) -> f64 {
    if x > y { (x - y).sqrt() } else { y - x }
}

/// Wrapping 64-bit arithmetic: the finaliser of splitmix64.
fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Checked integer arithmetic.
fn checked(a: i64, b: i64) -> i64 { (a + b) * 3 - a / (b + 1) }

/// Checked 32-bit arithmetic.
fn checked32(a: i32, b: i32) -> i32 { a * b + a - b }

fn great_circle(lat1: f64, lon1: f64, lat2: f64, lon2: f64) -> f64 {
    let half_dlat = (lat2 - lat1).to_radians() / 2.0;
    let half_dlon = (lon2 - lon1).to_radians() / 2.0;
    let a = half_dlat.sin() * half_dlat.sin()
        + lat1.to_radians().cos() * lat2.to_radians().cos() * half_dlon.sin() * half_dlon.sin();
    2.0 * 3958.8 * a.sqrt().min(1.0).asin()
}

fn black_scholes(spot: f64, strike: f64, years: f64) -> f64 {
    let spread = 0.3 * years.sqrt();
    let d1 = ((spot / strike).ln() + (0.1 + 0.5 * 0.3 * 0.3) * years) / spread;
    let d2 = d1 - spread;
    let normal1 = 0.5 * (-d1 * std::f64::consts::FRAC_1_SQRT_2).erfc();
    let normal2 = 0.5 * (-d2 * std::f64::consts::FRAC_1_SQRT_2).erfc();
    spot * normal1 - strike * (-0.1 * years).exp() * normal2
}
"#;

/// One kernel of `SOURCE`.
///
/// # Panics
/// If there is none of that name, or the source is wrong.
pub fn kernel(name: &str) -> VerifiedKernel {
    let module = filbert_syntax::parse(SOURCE, "benches").unwrap_or_else(|found| panic!("{found}"));
    module.get(name).unwrap_or_else(|| panic!("no kernel {name}")).clone()
}

pub(crate) fn canonical(x: f64) -> f64 {
    if x.is_nan() { f64::from_bits(0x7ff8_0000_0000_0000) } else { x }
}

/// Peer of `axpy`.
#[inline(never)]
pub fn axpy(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(&x, &y)| canonical(2.5 * x + y)).collect()
}

/// Peer of `poly7`.
#[inline(never)]
pub fn poly7(x: &[f64]) -> Vec<f64> {
    let poly = |x: f64| ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + 0.88;
    x.iter().map(|&x| canonical(poly(x))).collect()
}

/// Peer of `branch`.
#[inline(never)]
pub fn branch(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(&x, &y)| canonical(if x > y { (x - y).sqrt() } else { y - x })).collect()
}

/// Peer of `mix`.
#[inline(never)]
pub fn mix(keys: &[u64]) -> Vec<u64> {
    let mix = |key: u64| {
        let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    keys.iter().map(|&key| mix(key)).collect()
}

/// Peer of `checked`: the column, or the lowest failing row.
#[inline(never)]
pub fn checked(a: &[i64], b: &[i64]) -> Result<Vec<i64>, usize> {
    let row = |a: i64, b: i64| {
        let product = a.checked_add(b)?.checked_mul(3)?;
        product.checked_sub(a.checked_div(b.checked_add(1)?)?)
    };
    let mut out = Vec::with_capacity(a.len());
    for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
        out.push(row(a, b).ok_or(i)?);
    }
    Ok(out)
}

/// Peer of `checked32`: the column, or the lowest failing row.
#[inline(never)]
pub fn checked32(a: &[i32], b: &[i32]) -> Result<Vec<i32>, usize> {
    let row = |a: i32, b: i32| a.checked_mul(b)?.checked_add(a)?.checked_sub(b);
    let mut out = Vec::with_capacity(a.len());
    for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
        out.push(row(a, b).ok_or(i)?);
    }
    Ok(out)
}

/// Peer of `great_circle`.
#[inline(never)]
pub fn great_circle(lat1: &[f64], lon1: &[f64], lat2: &[f64], lon2: &[f64]) -> Vec<f64> {
    let row = |lat1: f64, lon1: f64, lat2: f64, lon2: f64| {
        let half_dlat = (lat2 - lat1).to_radians() / 2.0;
        let half_dlon = (lon2 - lon1).to_radians() / 2.0;
        let a = math::sin_f64(half_dlat) * math::sin_f64(half_dlat)
            + math::cos_f64(lat1.to_radians())
                * math::cos_f64(lat2.to_radians())
                * math::sin_f64(half_dlon)
                * math::sin_f64(half_dlon);
        2.0 * 3958.8 * math::asin_f64(a.sqrt().min(1.0))
    };
    (0..lat1.len()).map(|i| canonical(row(lat1[i], lon1[i], lat2[i], lon2[i]))).collect()
}

/// Peer of `black_scholes`.
#[inline(never)]
pub fn black_scholes(spot: &[f64], strike: &[f64], years: &[f64]) -> Vec<f64> {
    let row = |spot: f64, strike: f64, years: f64| {
        let spread = 0.3 * years.sqrt();
        let d1 = (math::ln_f64(spot / strike) + (0.1 + 0.5 * 0.3 * 0.3) * years) / spread;
        let d2 = d1 - spread;
        let normal1 = 0.5 * math::erfc_f64(-d1 * std::f64::consts::FRAC_1_SQRT_2);
        let normal2 = 0.5 * math::erfc_f64(-d2 * std::f64::consts::FRAC_1_SQRT_2);
        spot * normal1 - strike * math::exp_f64(-0.1 * years) * normal2
    };
    (0..spot.len()).map(|i| canonical(row(spot[i], strike[i], years[i]))).collect()
}
