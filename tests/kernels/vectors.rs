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
