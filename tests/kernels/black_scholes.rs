// European options (Black and Scholes, 1973): price and the sensitivities that traders call Greeks.
// Expected values: mpmath with 50 digits, tests/oracle/field.py.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The normal distribution function.
#[kernel]
fn normal_cdf(x: f64) -> f64 {
    0.5 * (-x * FRAC_1_SQRT_2).erfc()
}
//~ normal_cdf(0.0) ~ 0.5
//~ normal_cdf(1.959963984540054) ~ 0.975
//~ normal_cdf(-8.0) ~ 6.220960574271784e-16
//~ normal_cdf(-37.5) ~1e-11 4.605353009581955e-308
//~ normal_cdf(inf) ~ 1.0
//~ normal_cdf(nan) ~ nan

/// Its density.
#[kernel]
fn normal_pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}
//~ normal_pdf(0.0) ~ 0.3989422804014327
//~ normal_pdf(-3.0) ~ 0.0044318484119380075

/// Price of a call, of a put, and the call's delta.
#[kernel]
fn european(spot: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64, f64) {
    let spread = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    let d2 = d1 - spread;
    let discounted = strike * (-rate * years).exp();
    let call = spot * normal_cdf(d1) - discounted * normal_cdf(d2);
    let put = discounted * normal_cdf(-d2) - spot * normal_cdf(-d1);
    (call, put, normal_cdf(d1))
}
//~ european(100.0, 100.0, 1.0, 0.05, 0.2) ~ (10.450583572185568, 5.573526022256968, 0.6368306511756191)
//~ european(42.0, 40.0, 0.5, 0.1, 0.2) ~ (4.759422392871533, 0.8085993729000936, 0.779131290942669)
//~ european(100.0, 120.0, 0.25, 0.01, 0.35) ~1e-11 (1.5095306814669303, 21.209905369162144, 0.17359550747480235)
//~ european(100.0, 80.0, 2.0, -0.005, 0.15) ~1e-11 (20.764718052065913, 1.5687314187993566, 0.8666801718637195)
//~ european(null, 100.0, 1.0, 0.05, 0.2) = null

/// Gamma, vega and the call's theta for a year.
#[kernel]
fn greeks(spot: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64, f64) {
    let spread = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    let d2 = d1 - spread;
    let density = normal_pdf(d1);
    let decay = -spot * density * volatility / (2.0 * years.sqrt());
    let carry = rate * strike * (-rate * years).exp() * normal_cdf(d2);
    (density / (spot * spread), spot * density * years.sqrt(), decay - carry)
}
//~ greeks(100.0, 100.0, 1.0, 0.05, 0.2) ~ (0.01876201734584689, 37.524034691693785, -6.414027546438196)
//~ greeks(42.0, 40.0, 0.5, 0.1, 0.2) ~ (0.04996267040591185, 8.813415059602852, -4.559092194592627)

/// The volatility at which a call has this price: Newton's method, with bisection where it leaves the bracket.
#[kernel]
fn implied_volatility(price: f64, spot: f64, strike: f64, years: f64, rate: f64) -> f64 {
    let mut low = 0.0001;
    let mut high = 5.0;
    let mut guess = 0.3;
    for _ in 0..100 {
        let (call, _, _) = european(spot, strike, years, rate, guess);
        let (_, vega, _) = greeks(spot, strike, years, rate, guess);
        let off = call - price;
        if off.abs() < 1e-12 * price {
            break;
        }
        if off > 0.0 {
            high = guess;
        } else {
            low = guess;
        }
        let next = guess - off / vega;
        guess = if next > low && next < high { next } else { 0.5 * (low + high) };
    }
    guess
}
//~ implied_volatility(10.450583572185565, 100.0, 100.0, 1.0, 0.05) ~1e-10 0.19999999999999993
//~ implied_volatility(4.759422392871532, 42.0, 40.0, 0.5, 0.1) ~1e-10 0.19999999999999982
