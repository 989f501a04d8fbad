// Arrays as values. Expected values: by hand.

#[kernel]
fn changed(x: f64, i: usize) -> [f64; 3] {
    let mut a = [x, 2.0 * x, 3.0];
    a[i] = a[i] + 1.0;
    a[1] -= 0.5;
    a
}
//~ changed(1.0, 0) = [2.0, 1.5, 3.0]
//~ changed(1.0, 1) = [1.0, 2.5, 3.0]
//~ changed(1.0, 3) = FB-0505

#[kernel]
fn median_of_five(a: f64, b: f64, c: f64, d: f64, e: f64) -> f64 {
    let mut v = [a, b, c, d, e];
    for i in 1..5 {
        let mut j = i;
        while j > 0 && v[j - 1] > v[j] {
            v.swap(j - 1, j);
            j -= 1;
        }
    }
    v[2]
}
//~ median_of_five(5.0, 1.0, 4.0, 2.0, 3.0) = 3.0
//~ median_of_five(1.0, 1.0, 1.0, 9.0, 0.0) = 1.0

#[kernel]
fn times(m: [[f64; 2]; 2], v: [f64; 2]) -> [f64; 2] {
    let mut out = [0.0; 2];
    for i in 0..2 {
        for j in 0..2 {
            out[i] += m[i][j] * v[j];
        }
    }
    out
}
//~ times([1.0, 2.0, 3.0, 4.0], [0.5, -1.0]) = [-1.5, -2.5]

#[kernel]
fn fibonacci(n: u32) -> u64 {
    let product = |a: [[u64; 2]; 2], b: [[u64; 2]; 2]| {
        let mut c = [[0; 2]; 2];
        for i in 0..2 {
            for j in 0..2 {
                c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
            }
        }
        c
    };
    let mut m = [[1, 1], [1, 0]];
    let mut p = [[1, 0], [0, 1]];
    let mut n = n;
    while n > 0 {
        if n % 2 == 1 {
            p = product(p, m);
        }
        n /= 2;
        if n > 0 {
            m = product(m, m);
        }
    }
    p[0][1]
}
//~ fibonacci(0) = 0
//~ fibonacci(1) = 1
//~ fibonacci(10) = 55
//~ fibonacci(90) = 2880067194370816120
//~ fibonacci(95) = FB-0501

#[kernel]
fn taken_apart(p: [i32; 4]) -> (i32, i32) {
    let [first, .., last] = p;
    match p {
        [0, _, _, n] => (n, 0),
        [a, b, ..] if a == b => (a, b),
        _ => (first, last),
    }
}
//~ taken_apart([0, 1, 2, 3]) = (3, 0)
//~ taken_apart([7, 7, 2, 3]) = (7, 7)
//~ taken_apart([1, 2, 3, 4]) = (1, 4)

#[kernel]
fn mapped(x: [f64; 3]) -> ([f64; 3], f64, bool) {
    let squares = x.map(|v| v * v);
    (squares, squares.iter().sum(), x == squares)
}
//~ mapped([1.0, 2.0, -3.0]) = ([1.0, 4.0, 9.0], 14.0, false)
//~ mapped([0.0, 1.0, 0.0]) = ([0.0, 1.0, 0.0], 1.0, true)

#[kernel]
fn histogram(x: &[f64]) -> [u32; 4] {
    let mut counts = [0; 4];
    for v in x {
        let bucket = (v * 4.0) as usize;
        if bucket < counts.len() {
            counts[bucket] += 1;
        }
    }
    counts
}
//~ histogram([0.1, 0.3, 0.31, 0.99, 1.5, -2.0]) = [2, 2, 0, 1]
//~ histogram([]) = [0, 0, 0, 0]

#[kernel]
fn through_references(x: i32) -> i32 {
    let mut a = [x, 2, 3, 4];
    for v in a.iter_mut() {
        *v *= 2;
    }
    for (i, v) in a.iter_mut().enumerate() {
        if i % 2 == 1 {
            *v += i as i32;
        }
    }
    for v in &mut a {
        *v -= 1;
    }
    a.iter().fold(0, |n, v| n * 100 + v)
}
//~ through_references(1) = 1040510

#[kernel]
fn of_pairs(x: f64) -> f64 {
    let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)];
    let mut best = f64::NAN;
    for (i, (at, value)) in points.iter().enumerate() {
        if *at <= x {
            best = value + i as f64 / 10.0;
        }
    }
    best
}
//~ of_pairs(1.5) = 3.1
//~ of_pairs(9.0) = 2.2
//~ of_pairs(-1.0) = nan
