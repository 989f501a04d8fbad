// Ladders of polynomials. Expected values: where every step rounds once, Python's floats take the same steps;
// else fractions or mpmath, tests/oracle/field.py.

/// Horner's rule, the highest coefficient first.
#[kernel]
fn horner(x: f64, c3: f64, c2: f64, c1: f64, c0: f64) -> f64 {
    ((c3 * x + c2) * x + c1) * x + c0
}
//~ horner(1.5, 2.0, -3.0, 0.5, 7.0) = 7.75
//~ horner(0.1, 1.0, 1.0, 1.0, 1.0) = 1.111
//~ horner(-1e200, 1.0, 1.0, 1.0, 1.0) = -inf

/// Horner's rule over a list of coefficients, the constant first.
#[kernel]
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    let mut value = 0.0;
    for i in (0..coefficients.len()).rev() {
        value = value * x + coefficients[i];
    }
    value
}
//~ polynomial(1.5, [7.0, 0.5, -3.0, 2.0]) = 7.75
//~ polynomial(0.3, [1.0, -1.0, 0.5, -0.16666666666666666, 0.041666666666666664]) = 0.7408375
//~ polynomial(2.0, []) = 0.0
//~ polynomial(2.0, null) = null

/// The same, each step rounded once as a whole.
#[kernel]
fn polynomial_fma(x: f64, coefficients: &[f64]) -> f64 {
    let mut value: f64 = 0.0;
    for c in coefficients.iter().rev() {
        value = value.mul_add(x, *c);
    }
    value
}
//~ polynomial_fma(0.3, [1.0, -1.0, 0.5, -0.16666666666666666, 0.041666666666666664]) = 0.7408375
//~ polynomial_fma(0.1, [0.1, 0.2, 0.3, 0.4]) = 0.12340000000000001

/// A sum of Chebyshev polynomials by Clenshaw's recurrence.
#[kernel]
fn clenshaw(x: f64, coefficients: &[f64]) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for k in (1..coefficients.len()).rev() {
        let b = 2.0 * x * b1 - b2 + coefficients[k];
        b2 = b1;
        b1 = b;
    }
    x * b1 - b2 + coefficients[0]
}
//~ clenshaw(0.5, [1.0, 2.0, 3.0]) = 0.5
//~ clenshaw(-0.3, [0.25, -1.5, 0.75, 0.1, -0.05]) = 0.1469600000000001
//~ clenshaw(0.7, [4.0]) = 4.0
//~ clenshaw(0.7, []) = FB-0505

/// The Legendre polynomial of this degree, by its three-term recurrence.
#[kernel]
fn legendre(degree: u32, x: f64) -> f64 {
    if degree == 0 {
        return 1.0;
    }
    let (mut before, mut value) = (1.0, x);
    for k in 1..degree {
        let n = k as f64;
        (before, value) = (value, ((2.0 * n + 1.0) * x * value - n * before) / (n + 1.0));
    }
    value
}
//~ legendre(0, 0.3) = 1.0
//~ legendre(1, 0.3) = 0.3
//~ legendre(2, 0.5) ~ -0.125
//~ legendre(10, 0.3) ~ 0.2514763495160156
//~ legendre(50, -0.85) ~ -0.07753280748370095

/// exp by its Taylor series, until the terms no longer count: a loop whose end depends on the row.
#[kernel]
fn exp_series(x: f64) -> f64 {
    let mut term: f64 = 1.0;
    let mut sum: f64 = 1.0;
    let mut k = 1;
    while term.abs() > 1e-17 * sum.abs() {
        term *= x / k as f64;
        sum += term;
        k += 1;
    }
    sum
}
//~ exp_series(0.0) = 1.0
//~ exp_series(1.0) ~ 2.718281828459045
//~ exp_series(10.0) ~ 22026.465794806718
//~ exp_series(-1.0) ~ 0.36787944117144233
