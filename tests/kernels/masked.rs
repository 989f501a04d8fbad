// Arithmetic under masks and with holes. Expected values: Python, tests/oracle/field.py.

/// A quotient that is null where it has no value.
#[kernel]
fn safe_div(a: f64, b: f64) -> Option<f64> {
    if b == 0.0 { None } else { Some(a / b) }
}
//~ safe_div(1.0, 3.0) = 0.3333333333333333
//~ safe_div(1.0, 0.0) = null
//~ safe_div(1.0, -0.0) = null
//~ safe_div(null, 2.0) = null

/// The same for integers, by the checked methods.
#[kernel]
fn safe_div_i32(a: i32, b: i32) -> Option<i32> {
    a.checked_div(b)
}
//~ safe_div_i32(7, -2) = -3
//~ safe_div_i32(7, 0) = null
//~ safe_div_i32(-2147483648, -1) = null

/// A row that fails is null.
#[kernel(on_error = "null")]
fn null_on_error(a: i64, b: i64) -> i64 {
    (a + 1) / b
}
//~ null_on_error(9, 5) = 2
//~ null_on_error(9, 0) = null
//~ null_on_error(9223372036854775807, 1) = null

/// The sum of what is there; null if nothing is.
#[kernel]
fn sum_of_known(a: Option<f64>, b: Option<f64>, c: Option<f64>) -> Option<f64> {
    let mut count = 0;
    let mut sum = 0.0;
    if let Some(v) = a {
        sum += v;
        count += 1;
    }
    if let Some(v) = b {
        sum += v;
        count += 1;
    }
    if let Some(v) = c {
        sum += v;
        count += 1;
    }
    if count == 0 { None } else { Some(sum) }
}
//~ sum_of_known(0.1, 0.2, 0.3) = 0.6000000000000001
//~ sum_of_known(0.1, null, 0.3) = 0.4
//~ sum_of_known(null, null, null) = null

/// A mean under a mask of the same length; null where the mask lets nothing through.
#[kernel(layout = "(n),(n)->()")]
fn masked_mean(x: &[f64], mask: &[u8]) -> Option<f64> {
    let mut sum = 0.0;
    let mut count = 0u32;
    for i in 0..x.len() {
        if mask[i] != 0 {
            sum += x[i];
            count += 1;
        }
    }
    if count > 0 { Some(sum / count as f64) } else { None }
}
//~ masked_mean([0.1, 0.2, 0.7], [1, 0, 1]) = 0.39999999999999997
//~ masked_mean([1.0, nan, 4.0], [1, 0, 1]) = 2.5
//~ masked_mean([1.0, 2.0], [0, 0]) = null
//~ masked_mean([], []) = null
//~ masked_mean([1.0, 2.0], [1]) = FB-0507

/// Where a mask is set one list, elsewhere another.
#[kernel(layout = "(n),(n),(n)->(n)")]
fn choose(mask: &[u8], a: &[i32], b: &[i32], out: &mut [i32]) {
    for i in 0..mask.len() {
        out[i] = if mask[i] != 0 { a[i] } else { b[i] };
    }
}
//~ choose([1, 0, 1], [1, 2, 3], [-1, -2, -3]) = [1, -2, 3]
//~ choose([], [], []) = []
//~ choose([1], [1, 2], [3]) = FB-0507

/// Values outside of a range become null, those inside are scaled.
#[kernel]
fn winsor(x: f64, low: f64, high: f64) -> Option<f64> {
    if x < low || x > high || x.is_nan() {
        return None;
    }
    Some((x - low) / (high - low))
}
//~ winsor(0.3, 0.0, 2.0) = 0.15
//~ winsor(-0.1, 0.0, 2.0) = null
//~ winsor(nan, 0.0, 2.0) = null
