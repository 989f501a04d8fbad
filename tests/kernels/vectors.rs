// Short vectors as lists. Expected values: Python's floats for sums of exact order, mpmath where a function
// is, tests/oracle/field.py.

#[kernel(layout = "(n),(n)->()")]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        sum += a[i] * b[i];
    }
    sum
}
//~ dot([0.1, 0.2, 0.3], [4.0, -5.0, 6.5]) = 1.35
//~ dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) = 0.0
//~ dot([], []) = 0.0
//~ dot([1.0], [1.0, 2.0]) = FB-0507

#[kernel(layout = "(n),(n)->()")]
fn dot_by_iterators(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b.iter()).map(|(x, y)| x * y).sum()
}
//~ dot_by_iterators([0.1, 0.2, 0.3], [4.0, -5.0, 6.5]) = 1.35
//~ dot_by_iterators([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) = 0.0

#[kernel(layout = "(n),(n)->()")]
fn dot_i32(a: &[i32], b: &[i32]) -> i64 {
    let mut sum = 0i64;
    for i in 0..a.len() {
        sum += a[i] as i64 * b[i] as i64;
    }
    sum
}
//~ dot_i32([2147483647, -2147483648, 3], [2147483647, 2147483647, -7]) = -2147483668

#[kernel(layout = "(n),(n)->()")]
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut ab, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for i in 0..a.len() {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    ab / (aa * bb).sqrt()
}
//~ cosine([1.0, 2.0, 3.0], [4.0, -5.0, 6.5]) ~ 0.3954373
//~ cosine([1.0, 0.0], [0.0, 1.0]) = 0.0
//~ cosine([2.0, 0.0], [8.0, 0.0]) = 1.0
//~ cosine([0.0], [1.0]) = nan
//~ cosine([], []) = nan

#[kernel]
fn norm(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}
//~ norm([3.0, 4.0]) = 5.0
//~ norm([0.1, 0.2, 0.3, 0.4]) ~ 0.5477225575051661

/// Mean and variance in one pass (Welford, 1962); null for too few values.
#[kernel]
fn variance(x: &[f64]) -> (f64, Option<f64>) {
    let (mut mean, mut m2, mut n) = (0.0, 0.0, 0.0);
    for v in x {
        n += 1.0;
        let delta = *v - mean;
        mean += delta / n;
        m2 += delta * (*v - mean);
    }
    (mean, if n < 2.0 { None } else { Some(m2 / (n - 1.0)) })
}
//~ variance([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]) ~ (5.0, 4.571428571428571)
//~ variance([1000000000.1, 1000000000.2, 1000000000.4]) ~1e-6 (1000000000.2333333, 0.023333324591320093)
//~ variance([3.0]) = (3.0, null)

/// The sum with a correction for what each step lost (Neumaier).
#[kernel]
fn compensated_sum(x: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0);
    for v in x {
        let next = sum + *v;
        lost += if sum.abs() >= v.abs() { (sum - next) + *v } else { (*v - next) + sum };
        sum = next;
    }
    sum + lost
}
//~ compensated_sum([1.0, 1e100, 1.0, -1e100]) = 2.0
//~ compensated_sum([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]) = 1.0

/// The cross product.
#[kernel]
fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
//~ cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]) = [0.0, 0.0, 1.0]
//~ cross([0.1, 0.2, 0.3], [-0.7, 1.1, 5.0]) = [0.6699999999999999, -0.71, 0.25]

/// Distance to the nearest of some points.
#[kernel]
fn nearest(x: f64, y: f64, points: &[[f64; 2]]) -> Option<f64> {
    let mut best = None;
    for i in 0..points.len() {
        let far = (points[i][0] - x).hypot(points[i][1] - y);
        best = match best {
            Some(least) if least <= far => best,
            _ => Some(far),
        };
    }
    best
}
//~ nearest(0.0, 0.0, [[3.0, 4.0], [1.0, 1.0], [-0.5, 0.25]]) ~ 0.5590169943749475
//~ nearest(0.0, 0.0, []) = null
