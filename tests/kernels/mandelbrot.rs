// Escape counts. Expected values: Python, whose floats take the same roundings, tests/oracle/field.py.

/// How many steps of z -> z^2 + c stay within 2; `limit` inside the set.
#[kernel]
fn mandelbrot(re: f64, im: f64, limit: u32) -> u32 {
    let mut x = 0.0;
    let mut y = 0.0;
    let mut count = 0;
    while count < limit && x * x + y * y <= 4.0 {
        let next = x * x - y * y + re;
        y = 2.0 * x * y + im;
        x = next;
        count += 1;
    }
    count
}
//~ mandelbrot(0.0, 0.0, 1000) = 1000
//~ mandelbrot(-0.75, 0.1, 1000) = 33
//~ mandelbrot(-0.75, 0.001, 10000) = 3143
//~ mandelbrot(0.25, 0.0, 500) = 500
//~ mandelbrot(0.26, 0.0, 500) = 30
//~ mandelbrot(-2.0, 0.0, 300) = 300
//~ mandelbrot(-0.743643887037151, 0.131825904205330, 5000) = 3086
//~ mandelbrot(2.0, 2.0, 100) = 1
//~ mandelbrot(nan, 0.0, 100) = 1
//~ mandelbrot(0.0, 0.0, 0) = 0
//~ mandelbrot(0.3, null, 10) = null

/// The same as a `loop` whose value is the count, with a `break` in the middle.
#[kernel]
fn mandelbrot_loop(re: f64, im: f64, limit: u32) -> u32 {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0);
    loop {
        if count == limit {
            break count;
        }
        let (xx, yy) = (x * x, y * y);
        if !(xx + yy <= 4.0) {
            break count;
        }
        y = 2.0 * x * y + im;
        x = xx - yy + re;
        count += 1;
    }
}
//~ mandelbrot_loop(-0.75, 0.1, 1000) = 33
//~ mandelbrot_loop(-0.743643887037151, 0.131825904205330, 5000) = 3086
//~ mandelbrot_loop(nan, 0.0, 100) = 1

/// The same with an early return; -1 says that the point did not escape.
#[kernel]
fn escape_time(re: f64, im: f64, limit: i32) -> i32 {
    let (mut x, mut y) = (0.0, 0.0);
    for count in 0..limit {
        if x * x + y * y > 4.0 {
            return count;
        }
        (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
    }
    -1
}
//~ escape_time(-0.75, 0.1, 1000) = 33
//~ escape_time(0.0, 0.0, 1000) = -1
//~ escape_time(0.0, 0.0, -5) = -1

/// A runaway point is stopped by the fuel of its row.
#[kernel(fuel = 100)]
fn mandelbrot_with_little_fuel(re: f64, im: f64) -> u32 {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0);
    while x * x + y * y <= 4.0 {
        (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
        count += 1;
    }
    count
}
//~ mandelbrot_with_little_fuel(-0.75, 0.1) = 33
//~ mandelbrot_with_little_fuel(0.0, 0.0) = FB-0506
