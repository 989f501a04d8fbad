// Iterators. Expected values: the same functions as rustc compiles them (syntax/tests/plain/lists.rs holds
// the two against each other).

#[kernel]
fn sums(x: &[f64]) -> (f64, f64, f64) {
    let mut sum = 0.0;
    for v in x {
        sum += v;
    }
    (sum, x.iter().sum(), x.iter().product())
}
//~ sums([1e16, 1.0, -1e16]) = (0.0, 0.0, -1e32)
//~ sums([]) = (0.0, -0.0, 1.0)

#[kernel]
fn checked(x: &[i32]) -> i32 {
    x.iter().map(|v| v * 2).sum()
}
//~ checked([1, 2, 3]) = 12
//~ checked([1073741824]) = FB-0501
//~ checked([1073741823, 1]) = FB-0501

#[kernel(overflow = "wrap")]
fn wrapping(x: &[i32]) -> i32 {
    x.iter().map(|v| v * 2).sum()
}
//~ wrapping([1073741824, 1]) = -2147483646

#[kernel]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}
//~ dot([1.0, 2.0, 3.0], [4.0, 5.0]) = 14.0

#[kernel]
fn extremes(x: &[f64]) -> (f64, f64, Option<f64>) {
    (
        x.iter().copied().fold(f64::INFINITY, f64::min),
        x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        x.iter().copied().reduce(f64::min),
    )
}
//~ extremes([3.0, -1.0, nan, 2.0]) = (-1.0, 3.0, -1.0)
//~ extremes([]) = (inf, -inf, null)

#[kernel]
fn least(x: &[i64]) -> (Option<i64>, Option<i64>, usize) {
    (x.iter().copied().min(), x.iter().max().copied(), x.iter().filter(|v| **v > 0).count())
}
//~ least([3, -1, 2]) = (-1, 3, 2)
//~ least([]) = (null, null, 0)

#[kernel]
fn argmax(x: &[f64]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (i, &v) in x.iter().enumerate() {
        if best.is_none_or(|(_, top)| v > top) {
            best = Some((i, v));
        }
    }
    best.map(|(i, _)| i)
}
//~ argmax([1.0, 5.0, 5.0, 2.0]) = 1
//~ argmax([]) = null

#[kernel]
fn questions(x: &[i32], n: i32) -> (bool, bool, Option<usize>, Option<i32>) {
    (
        x.iter().any(|&v| v == n),
        x.iter().all(|v| *v < n),
        x.iter().position(|v| *v >= n),
        x.iter().find(|v| **v % 2 == 0).copied(),
    )
}
//~ questions([1, 3, 4, 8], 4) = (true, false, 2, 4)
//~ questions([1, 3], 4) = (false, true, null, null)
//~ questions([], 4) = (false, true, null, null)

#[kernel]
fn backwards(x: &[i32]) -> (i32, Option<i32>, i32) {
    let digits = x.iter().rev().fold(0, |n, v| n * 10 + v);
    let places = x.iter().enumerate().rev().fold(0, |n, (i, v)| n * 10 + i as i32 * v);
    (digits, x.iter().rev().nth(1).copied(), places)
}
//~ backwards([1, 2, 3]) = (321, 2, 620)
//~ backwards([4]) = (4, null, 0)

#[kernel]
fn chosen(x: &[i32], skip: usize, take: usize, step: usize) -> i32 {
    x.iter().skip(skip).take(take).step_by(step).fold(0, |n, v| n * 10 + v)
}
//~ chosen([1, 2, 3, 4, 5, 6], 1, 4, 2) = 24
//~ chosen([1, 2, 3, 4, 5, 6], 0, 100, 1) = 123456
//~ chosen([1, 2, 3, 4, 5, 6], 7, 1, 1) = 0
//~ chosen([1, 2, 3], 0, 3, 0) = FB-0509

#[kernel]
fn staged(x: &[i32], n: usize) -> (i32, i32, i32, i32) {
    let digits = |n: i32, v: &i32| n * 10 + v;
    (
        x.iter().filter(|v| **v % 2 == 1).skip(n).fold(0, digits),
        x.iter().filter(|v| **v % 2 == 1).take(n).fold(0, digits),
        x.iter().take_while(|v| **v < 4).fold(0, digits),
        x.iter().skip_while(|v| **v < 4).fold(0, digits),
    )
}
//~ staged([1, 2, 3, 4, 3, 1], 1) = (331, 1, 123, 431)
//~ staged([1, 2, 3, 4, 3, 1], 9) = (0, 1331, 123, 431)
//~ staged([], 1) = (0, 0, 0, 0)

#[kernel]
fn smooth(x: &[f64]) -> (f64, bool) {
    let mut bend = 0.0;
    for w in x.windows(3) {
        bend += (w[2] - 2.0 * w[1] + w[0]).abs();
    }
    (bend, x.windows(2).all(|w| w[0] <= w[1]))
}
//~ smooth([1.0, 2.0, 4.0, 7.0]) = (2.0, true)
//~ smooth([1.0]) = (0.0, true)

#[kernel]
fn blocks(x: &[i32], n: usize) -> (i32, usize) {
    let chunks = x.chunks_exact(n);
    (x.chunks_exact(n).map(|c| c.iter().max().copied().unwrap_or(0)).sum(), chunks.len())
}
//~ blocks([1, 5, 2, 2, 9], 2) = (7, 2)
//~ blocks([1, 5, 2], 4) = (0, 0)
//~ blocks([1], 0) = FB-0509

#[kernel]
fn failures_come_in_order(x: &[i32], n: usize) -> i32 {
    x.iter().map(|v| 60 / v).skip(n).sum()
}
//~ failures_come_in_order([2, 3, 0], 1) = FB-0502
//~ failures_come_in_order([0, 2, 3], 1) = FB-0502
//~ failures_come_in_order([1, 2, 3], 1) = 50

#[kernel]
fn what_nobody_takes_is_not_computed(x: &[i32], n: usize) -> i32 {
    x.iter().map(|v| 60 / v).take(n).sum()
}
//~ what_nobody_takes_is_not_computed([2, 3, 0], 2) = 50
//~ what_nobody_takes_is_not_computed([2, 3, 0], 3) = FB-0502

#[kernel]
fn closures_with_state(x: &[i32]) -> (i32, i32) {
    let mut seen = 0;
    let halves: i32 = x.iter().map(|v| { seen += 1; v / 2 }).sum();
    let mut last = 0;
    x.iter().take(2).for_each(|v| last = *v);
    (halves * 100 + seen, last)
}
//~ closures_with_state([4, 6, 9]) = (903, 6)

#[kernel]
fn out_of_two_loops(x: &[i32], limit: i32) -> i32 {
    let mut pairs = 0;
    'all: for (i, a) in x.iter().enumerate() {
        for b in &x[i + 1..] {
            if a == b {
                continue 'all;
            }
            if a + b > limit {
                break 'all;
            }
            pairs += 1;
        }
    }
    pairs
}
//~ out_of_two_loops([1, 2, 3, 1], 10) = 5
//~ out_of_two_loops([1, 2, 3, 4], 5) = 4

#[kernel]
fn over_ranges(a: i32, b: i32) -> (i32, i32, usize) {
    (
        (a..b).filter(|v| v % 3 == 0).sum(),
        (a..=b).rev().step_by(2).zip(a..b).map(|(v, w)| v * w).sum(),
        (a..b).map(|v| v / 2).count(),
    )
}
//~ over_ranges(1, 10) = (18, 70, 9)
//~ over_ranges(5, 5) = (0, 0, 0)
//~ over_ranges(6, 2) = (0, 0, 0)

#[kernel(out = "len(x)")]
fn softmax_like(x: &[f64], out: &mut [f64]) {
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (o, v) in out.iter_mut().zip(x) {
        *o = 1.0 / (1.0 + top - v);
        sum += *o;
    }
    for o in out {
        *o /= sum;
    }
}
//~ softmax_like([1.0, 3.0, 2.0, 3.0]) = [0.11764705882352942, 0.35294117647058826, 0.17647058823529413, 0.35294117647058826]
//~ softmax_like([]) = []
