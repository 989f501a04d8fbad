// Lists in, lists out. Expected values: mpmath with 50 digits, tests/oracle/field.py.

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
