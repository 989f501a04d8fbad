// Windows that move over a list. Expected values: Python's floats, which take the same roundings in the same
// order, tests/oracle/field.py.

/// The mean of each three neighbours.
#[kernel(out = "len(x) - 2")]
fn moving_average(x: &[f64], out: &mut [f64]) {
    for i in 0..out.len() {
        out[i] = (x[i] + x[i + 1] + x[i + 2]) / 3.0;
    }
}
//~ moving_average([0.1, 0.2, 0.4, 0.8, 1.6]) = [0.23333333333333336, 0.46666666666666673, 0.9333333333333335]
//~ moving_average([1.0, 2.0, 4.0]) = [2.3333333333333335]
//~ moving_average([1.0, 2.0]) = []
//~ moving_average([]) = []

/// The same by `windows`.
#[kernel(out = "len(x) - 2")]
fn moving_average_by_windows(x: &[f64], out: &mut [f64]) {
    for (i, w) in x.windows(3).enumerate() {
        out[i] = (w[0] + w[1] + w[2]) / 3.0;
    }
}
//~ moving_average_by_windows([0.1, 0.2, 0.4, 0.8, 1.6]) = [0.23333333333333336, 0.46666666666666673, 0.9333333333333335]
//~ moving_average_by_windows([1.0, 2.0]) = []

/// A mean over at most `width` values up to each one.
#[kernel(out = "len(x)")]
fn trailing_mean(x: &[f64], width: usize, out: &mut [f64]) {
    for i in 0..x.len() {
        let from = if i + 1 > width { i + 1 - width } else { 0 };
        let mut sum = 0.0;
        for j in from..=i {
            sum += x[j];
        }
        out[i] = sum / (i + 1 - from) as f64;
    }
}
//~ trailing_mean([0.1, 0.2, 0.4, 0.8, 1.6], 2) = [0.1, 0.15000000000000002, 0.30000000000000004, 0.6000000000000001, 1.2000000000000002]
//~ trailing_mean([0.1, 0.2, 0.4], 10) = [0.1, 0.15000000000000002, 0.23333333333333336]
//~ trailing_mean([0.1], 0) = [nan]

/// Exponential smoothing.
#[kernel(out = "len(x)")]
fn smooth(x: &[f64], alpha: f64, out: &mut [f64]) {
    let mut state = 0.0;
    for (i, v) in x.iter().enumerate() {
        state = if i == 0 { *v } else { alpha * *v + (1.0 - alpha) * state };
        out[i] = state;
    }
}
//~ smooth([1.0, 2.0, 4.0, 8.0], 0.3) = [1.0, 1.2999999999999998, 2.11, 3.877]
//~ smooth([], 0.3) = []

/// Differences of neighbours, and running sums.
#[kernel(out = "len(x) - 1")]
fn differences(x: &[i64], out: &mut [i64]) {
    for i in 1..x.len() {
        out[i - 1] = x[i] - x[i - 1];
    }
}
//~ differences([1, 4, 9, 16, -5]) = [3, 5, 7, -21]
//~ differences([9223372036854775807, -2]) = FB-0501
//~ differences([1]) = []
//~ differences([]) = []

#[kernel(out = "len(x)")]
fn running_sum(x: &[i32], out: &mut [i64]) {
    let mut sum = 0i64;
    for i in 0..x.len() {
        sum += x[i] as i64;
        out[i] = sum;
    }
}
//~ running_sum([2147483647, 1, -5]) = [2147483647, 2147483648, 2147483643]

/// The median of each three neighbours; the ends stay.
#[kernel(out = "len(x)")]
fn median3(x: &[f32], out: &mut [f32]) {
    let n = x.len();
    for i in 0..n {
        out[i] = if i == 0 || i + 1 == n {
            x[i]
        } else {
            let (a, b, c) = (x[i - 1], x[i], x[i + 1]);
            a.min(b).max(a.max(b).min(c))
        };
    }
}
//~ median3([5.0, 1.0, 9.0, 2.0, 2.0]) = [5.0, 5.0, 2.0, 2.0, 2.0]
//~ median3([1.5]) = [1.5]

/// How many values lie above both neighbours.
#[kernel]
fn peaks(x: &[f64]) -> u32 {
    let mut count = 0;
    for w in x.windows(3) {
        if w[1] > w[0] && w[1] > w[2] {
            count += 1;
        }
    }
    count
}
//~ peaks([0.0, 2.0, 1.0, 3.0, 3.0, 2.0, 5.0, 4.0]) = 2
//~ peaks([1.0, 2.0]) = 0
