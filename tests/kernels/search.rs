// Searching in lists. Expected values: Python's bisect, tests/oracle/field.py.

/// The bin of a histogram whose edges rise: edges[i] <= x < edges[i + 1]; null outside, and for NaN.
#[kernel]
fn bin(x: f64, edges: &[f64]) -> Option<u32> {
    let n = edges.len();
    if n < 2 || !(x >= edges[0]) || x >= edges[n - 1] {
        return None;
    }
    let (mut low, mut high) = (0, n - 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if x < edges[middle] {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(low as u32)
}
//~ bin(0.5, [0.0, 1.0, 2.0, 5.0, 10.0]) = 0
//~ bin(0.0, [0.0, 1.0, 2.0, 5.0, 10.0]) = 0
//~ bin(2.0, [0.0, 1.0, 2.0, 5.0, 10.0]) = 2
//~ bin(9.999, [0.0, 1.0, 2.0, 5.0, 10.0]) = 3
//~ bin(10.0, [0.0, 1.0, 2.0, 5.0, 10.0]) = null
//~ bin(-0.1, [0.0, 1.0, 2.0, 5.0, 10.0]) = null
//~ bin(nan, [0.0, 1.0, 2.0, 5.0, 10.0]) = null
//~ bin(0.5, []) = null
//~ bin(0.5, [0.0]) = null

/// Where a key would be inserted: the number of elements below it.
#[kernel]
fn lower_bound(key: i64, sorted: &[i64]) -> usize {
    let (mut from, mut count) = (0, sorted.len());
    while count > 0 {
        let half = count / 2;
        if sorted[from + half] < key {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    from
}
//~ lower_bound(5, [1, 3, 5, 5, 5, 9]) = 2
//~ lower_bound(0, [1, 3, 5]) = 0
//~ lower_bound(10, [1, 3, 5]) = 3
//~ lower_bound(4, []) = 0

/// A value between the points of a table, straight lines between them, flat outside.
#[kernel(layout = "(n),(n),()->()")]
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let n = xs.len();
    if x <= xs[0] {
        return ys[0];
    }
    for i in 1..n {
        if x < xs[i] {
            let t = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
            return ys[i - 1] + t * (ys[i] - ys[i - 1]);
        }
    }
    ys[n - 1]
}
//~ interpolate([0.0, 1.0, 3.0], [10.0, 20.0, -5.0], 0.25) = 12.5
//~ interpolate([0.0, 1.0, 3.0], [10.0, 20.0, -5.0], 1.7) = 11.25
//~ interpolate([0.0, 1.0, 3.0], [10.0, 20.0, -5.0], -4.0) = 10.0
//~ interpolate([0.0, 1.0, 3.0], [10.0, 20.0, -5.0], 3.0) = -5.0
//~ interpolate([], [], 3.0) = FB-0505

/// Where the greatest value stands first; null for an empty list.
#[kernel]
fn argmax(x: &[f32]) -> Option<usize> {
    if x.is_empty() {
        return None;
    }
    let mut best = 0;
    for i in 1..x.len() {
        if x[i] > x[best] {
            best = i;
        }
    }
    Some(best)
}
//~ argmax([1.0, 7.0, 7.0, -2.0]) = 1
//~ argmax([]) = null
//~ argmax([-0.0, 0.0]) = 0

/// Whether any, whether all.
#[kernel]
fn any_all(x: &[i32], limit: i32) -> (bool, bool) {
    (x.iter().any(|v| *v > limit), x.iter().all(|v| *v > limit))
}
//~ any_all([1, 5, 9], 4) = (true, false)
//~ any_all([5, 9], 4) = (true, true)
//~ any_all([], 4) = (false, true)

/// The second smallest different value.
#[kernel]
fn second(x: &[i32]) -> Option<i32> {
    let (mut least, mut next) = (i32::MAX, i32::MAX);
    let mut seen = 0;
    for v in x {
        if seen == 0 || *v < least {
            next = least;
            least = *v;
            seen += 1;
        } else if *v > least && (*v < next || seen == 1) {
            next = *v;
            seen += if seen == 1 { 1 } else { 0 };
        }
    }
    if seen < 2 { None } else { Some(next) }
}
//~ second([5, 3, 9, 3]) = 5
//~ second([3, 3]) = null
//~ second([7, 2]) = 7
//~ second([]) = null
