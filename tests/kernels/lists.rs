// Lists: indexes, parts, rows, lists that are written, calls with lists. Expected values: the same functions
// as rustc compiles them (syntax/tests/plain/lists.rs holds the two against each other).

#[kernel]
fn by_index(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i];
    }
    sum
}
//~ by_index([0.5, 1.5, -4.0]) = -2.0
//~ by_index([]) = 0.0
//~ by_index(null) = null

#[kernel]
fn at(x: &[i32], i: usize) -> i32 {
    x[i]
}
//~ at([3, 1, 2], 2) = 2
//~ at([3, 1, 2], 3) = FB-0505
//~ at([], 0) = FB-0505
//~ at([3], 18446744073709551615) = FB-0505

#[kernel]
fn ends(x: &[i32]) -> (Option<i32>, Option<i32>, bool) {
    (x.first().copied(), x.last().copied(), x.is_empty())
}
//~ ends([3, 1, 2]) = (3, 2, false)
//~ ends([7]) = (7, 7, false)
//~ ends([]) = (null, null, true)

#[kernel]
fn get_or(x: &[i64], i: usize, other: i64) -> i64 {
    match x.get(i) {
        Some(v) => *v,
        None => other,
    }
}
//~ get_or([3, 1, 2], 1, -1) = 1
//~ get_or([3, 1, 2], 3, -1) = -1

#[kernel]
fn part(x: &[i32], from: usize, to: usize) -> i32 {
    let part = &x[from..to];
    part.iter().sum::<i32>() * 100 + part.len() as i32
}
//~ part([1, 2, 3, 4], 1, 3) = 502
//~ part([1, 2, 3, 4], 4, 4) = 0
//~ part([1, 2, 3, 4], 3, 2) = FB-0505
//~ part([1, 2, 3, 4], 2, 5) = FB-0505

#[kernel]
fn parts(x: &[i32], n: usize) -> (i32, i32, i32, i32) {
    let (left, right) = x.split_at(n);
    let xor = |list: &[i32]| list.iter().fold(0, |a, b| a ^ b);
    (xor(left), xor(right), xor(&x[n..]), xor(&x[..=n]))
}
//~ parts([1, 2, 4, 8], 1) = (1, 14, 14, 3)
//~ parts([1, 2, 4, 8], 3) = (7, 8, 8, 15)
//~ parts([1, 2, 4, 8], 4) = FB-0505
//~ parts([1, 2, 4, 8], 5) = FB-0505

#[kernel]
fn head_and_tail(x: &[i32]) -> i32 {
    let Some((head, tail)) = x.split_first() else { return -1 };
    tail.iter().fold(*head, |a, b| a * 10 + b)
}
//~ head_and_tail([1, 2, 3]) = 123
//~ head_and_tail([]) = -1

#[kernel]
fn has(x: &[i32], v: i32) -> bool {
    x.contains(&v)
}
//~ has([3, 1, 2], 2) = true
//~ has([3, 1, 2], 7) = false
//~ has([], 7) = false

#[kernel]
fn equal(x: &[f64], y: &[f64]) -> (bool, bool) {
    (x == y, &x[..1] != &y[..1])
}
//~ equal([1.0, 2.0], [1.0, 2.0]) = (true, false)
//~ equal([1.0, 2.0], [1.0]) = (false, false)
//~ equal([-0.0], [0.0]) = (true, false)
//~ equal([nan], [nan]) = (false, true)
//~ equal([], []) = FB-0505

#[kernel]
fn polygon_area(points: &[[f64; 2]]) -> f64 {
    let n = points.len();
    let mut doubled = 0.0;
    for i in 0..n {
        let [x, y] = points[i];
        let next = points[(i + 1) % n];
        doubled += x * next[1] - next[0] * y;
    }
    doubled / 2.0
}
//~ polygon_area([0.0, 0.0, 4.0, 0.0, 4.0, 3.0]) = 6.0
//~ polygon_area([]) = 0.0

#[kernel]
fn row(m: &[[i32; 3]], i: usize, j: usize) -> (i32, i32) {
    let row = &m[i];
    (row[j], m[i].iter().sum())
}
//~ row([1, 2, 3, 4, 5, 6], 1, 2) = (6, 15)
//~ row([1, 2, 3, 4, 5, 6], 2, 0) = FB-0505
//~ row([1, 2, 3, 4, 5, 6], 0, 3) = FB-0505
//~ row([1, 2, 3, 4, 5, 6], 6148914691236517206, 0) = FB-0505

#[kernel]
fn cross(a: &[f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
//~ cross([1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]) = [6.5, -7.0, 2.5]

#[kernel(layout = "(n),(n)->()")]
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (a, b) in x.iter().zip(y) {
        sum += a * b;
    }
    sum
}
//~ dot([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) = 32.0
//~ dot([1.0, 2.0, 3.0], [4.0, 5.0]) = FB-0507
//~ dot([], []) = 0.0

#[kernel]
fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
//~ norm([3.0, 4.0]) = 5.0

#[kernel]
fn neighbours(x: &[f64]) -> f64 {
    let n = x.len() - 1;
    dot(&x[..n], &x[1..])
}
//~ neighbours([1.0, 2.0, 3.0]) = 8.0
//~ neighbours([]) = FB-0501

#[kernel(out = "len(x)")]
fn scaled(x: &[f64], by: f64, out: &mut [f64]) {
    for i in 0..out.len() {
        out[i] = x[i] * by;
    }
}
//~ scaled([1.0, -2.0, 0.5], 2.0) = [2.0, -4.0, 1.0]
//~ scaled([], 2.0) = []
//~ scaled(null, 2.0) = null

#[kernel(out = "2 * len(x) - 1")]
fn interleaved(x: &[f64], out: &mut [f64]) {
    for i in 0..x.len() {
        out[2 * i] = x[i];
        if i > 0 {
            out[2 * i - 1] = (x[i - 1] + x[i]) / 2.0;
        }
    }
}
//~ interleaved([1.0, 2.0, 4.0]) = [1.0, 1.5, 2.0, 3.0, 4.0]
//~ interleaved([1.0]) = [1.0]
//~ interleaved([]) = []

#[kernel(layout = "(n)->(n)")]
fn sorted(x: &[f64], out: &mut [f64]) {
    out.copy_from_slice(x);
    for i in 1..out.len() {
        let mut j = i;
        while j > 0 && out[j - 1] > out[j] {
            out.swap(j - 1, j);
            j -= 1;
        }
    }
}
//~ sorted([3.0, 1.0, 2.0, -0.5]) = [-0.5, 1.0, 2.0, 3.0]
//~ sorted([]) = []

#[kernel(layout = "(n)->(),(n),(n)")]
fn ranks(x: &[i32], below: &mut [u32], sign: &mut [i8]) -> i32 {
    let mut sum = 0;
    for i in 0..x.len() {
        below[i] = x.iter().filter(|v| **v < x[i]).count() as u32;
        sign[i] = x[i].signum() as i8;
        sum += x[i];
    }
    sum
}
//~ ranks([3, -1, 2, 2]) = (6, [3, 0, 1, 1], [1, -1, 1, 1])
//~ ranks([2147483647, 1]) = FB-0501

#[kernel(out = "len(p)")]
fn turned(p: &[[f64; 2]], out: &mut [[f64; 2]]) {
    for (i, q) in p.iter().enumerate() {
        out[i] = [-q[1], q[0]];
        out[i][0] += 0.5;
    }
}
//~ turned([1.0, 2.0, 3.0, 4.0]) = [-1.5, 1.0, -3.5, 3.0]

#[kernel]
fn powers(x: f64, out: &mut [f64; 4]) {
    out[0] = 1.0;
    for i in 1..4 {
        out[i] = out[i - 1] * x;
    }
}
//~ powers(3.0) = [1.0, 3.0, 9.0, 27.0]
