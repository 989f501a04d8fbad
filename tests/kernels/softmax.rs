// Lists in, lists out. Expected values: mpmath with 50 digits, tests/oracle/field.py.

/// The logarithm of a sum of exponentials, without overflow on the way; -inf for no terms.
#[kernel]
fn logsumexp(x: &[f64]) -> f64 {
    let mut top = f64::NEG_INFINITY;
    for v in x {
        top = top.max(*v);
    }
    if top == f64::NEG_INFINITY {
        return top;
    }
    let mut sum = 0.0;
    for v in x {
        sum += (*v - top).exp();
    }
    top + sum.ln()
}
//~ logsumexp([1.0, 2.0, 3.0]) ~ 3.40760596444438
//~ logsumexp([1000.0, 1000.0]) ~ 1000.6931471805599
//~ logsumexp([-1e300, 0.5]) ~ 0.5
//~ logsumexp([]) = -inf
//~ logsumexp(null) = null

/// Weights that sum to 1.
#[kernel(out = "len(x)")]
fn softmax(x: &[f64], out: &mut [f64]) {
    let mut top = f64::NEG_INFINITY;
    for i in 0..x.len() {
        top = top.max(x[i]);
    }
    let mut sum = 0.0;
    for i in 0..x.len() {
        out[i] = (x[i] - top).exp();
        sum += out[i];
    }
    for i in 0..x.len() {
        out[i] /= sum;
    }
}
//~ softmax([1.0, 2.0, 3.0]) ~ [0.09003057317038046, 0.24472847105479764, 0.6652409557748219]
//~ softmax([0.0]) = [1.0]
//~ softmax([1000.0, 999.0, 0.0]) ~ [0.7310585786300049, 0.2689414213699951, 0.0]
//~ softmax([]) = []
//~ softmax(null) = null

/// The same by iterators, in f32.
#[kernel(out = "len(x)")]
fn softmax_f32(x: &[f32], out: &mut [f32]) {
    let top = x.iter().fold(f32::NEG_INFINITY, |top, v| top.max(*v));
    let sum: f32 = x.iter().map(|v| (*v - top).exp()).sum();
    for (i, v) in x.iter().enumerate() {
        out[i] = (*v - top).exp() / sum;
    }
}
//~ softmax_f32([1.0, 2.0, 3.0]) ~ [0.09003057, 0.24472848, 0.66524094]
//~ softmax_f32([-5.0, 5.0, 0.25, 0.5]) ~ [0.000044518198, 0.98057854, 0.008483667, 0.010893244]

/// Entropy in bits of weights that need not sum to 1; FB-0509 for a negative one.
#[kernel]
fn entropy(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mut bits = 0.0;
    for w in weights {
        assert!(*w >= 0.0);
        if *w > 0.0 {
            let p = *w / total;
            bits -= p * p.log2();
        }
    }
    bits
}
//~ entropy([1.0, 1.0, 1.0, 1.0]) = 2.0
//~ entropy([1.0, 2.0, 3.0, 0.0]) ~ 1.4591479170272448
//~ entropy([1.0, -1.0]) = FB-0509
