// Loops: what they compute, where they stop, what they cost.

#[kernel]
fn collatz(n: u64) -> u32 {
    let mut n = n;
    let mut steps = 0;
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}
//~ collatz(1) = 0
//~ collatz(0) = 0
//~ collatz(27) = 111
//~ collatz(837799) = 524
//~ collatz(9223372036854775807) = FB-0501
//~ collatz(null) = null

#[kernel]
fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
//~ gcd(12, 18) = 6
//~ gcd(0, 0) = 0
//~ gcd(0, 7) = 7
//~ gcd(18446744073709551615, 65535) = 65535
//~ gcd(12, null) = null

#[kernel]
fn newton(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut guess = x;
    for _ in 0..60 {
        let next = 0.5 * (guess + x / guess);
        if next == guess {
            break;
        }
        guess = next;
    }
    guess
}
//~ newton(4.0) = 2.0
//~ newton(2.0) ~ 1.4142135623730951
//~ newton(-1.0) = 0.0
//~ newton(nan) = nan

#[kernel]
fn mandelbrot(re: f64, im: f64) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    let mut n = 0;
    loop {
        let (x2, y2) = (x * x, y * y);
        if x2 + y2 > 4.0 || n == 1000 {
            break n;
        }
        (x, y) = (x2 - y2 + re, 2.0 * x * y + im);
        n += 1;
    }
}
//~ mandelbrot(0.0, 0.0) = 1000
//~ mandelbrot(2.0, 2.0) = 1
//~ mandelbrot(0.3, 0.6) = 15
//~ mandelbrot(nan, 0.0) = 1000

#[kernel]
fn binary_search(n: u64) -> u64 {
    let (mut low, mut high) = (0, 4294967296);
    while low + 1 < high {
        let middle = (low + high) / 2;
        if middle * middle <= n { low = middle } else { high = middle }
    }
    low
}
//~ binary_search(0) = 0
//~ binary_search(99) = 9
//~ binary_search(100) = 10
//~ binary_search(18446744073709551615) = 4294967295

#[kernel]
fn digits(n: i64) -> i32 {
    let mut rest = if n < 0 { -n } else { n };
    let mut sum = 0;
    while rest > 0 {
        sum += (rest % 10) as i32;
        rest /= 10;
    }
    sum
}
//~ digits(0) = 0
//~ digits(-90210) = 12
//~ digits(9223372036854775807) = 88
//~ digits(-9223372036854775808) = FB-0501

#[kernel]
fn is_prime(n: u64) -> bool {
    if n < 2 {
        return false;
    }
    let mut p = 2;
    while p * p <= n {
        if n % p == 0 {
            return false;
        }
        p += 1;
    }
    true
}
//~ is_prime(1) = false
//~ is_prime(2) = true
//~ is_prime(7919) = true
//~ is_prime(7917) = false
//~ is_prime(1000000007) = true

#[kernel]
fn primes(n: u32) -> u32 {
    let mut count = 0;
    'candidates: for candidate in 2..=n {
        for p in 2..candidate {
            if p * p > candidate {
                break;
            }
            if candidate % p == 0 {
                continue 'candidates;
            }
        }
        count += 1;
    }
    count
}
//~ primes(1) = 0
//~ primes(2) = 1
//~ primes(100) = 25
//~ primes(1000) = 168

#[kernel]
fn all_bytes(skip: u8) -> u32 {
    let mut sum = 0;
    for i in 0..=255u8 {
        if i == skip {
            continue;
        }
        sum += i as u32;
    }
    sum
}
//~ all_bytes(0) = 32640
//~ all_bytes(255) = 32385

#[kernel]
fn edges(low: i8, high: i8) -> (u32, i32) {
    let (mut count, mut sum) = (0, 0);
    for i in low..=high {
        count += 1;
        sum += i as i32;
    }
    for i in (low..high).rev() {
        count += 1;
        sum -= i as i32;
    }
    (count, sum)
}
//~ edges(-128, 127) = (511, 127)
//~ edges(127, 127) = (1, 127)
//~ edges(-128, -128) = (1, -128)
//~ edges(5, 4) = (0, 0)

#[kernel]
fn strides(high: u8, step: usize) -> u32 {
    let mut last = 1000;
    for i in (0..=high).step_by(step) {
        last = i as u32;
    }
    for i in (0..high).step_by(step).rev() {
        last = last * 1000 + i as u32;
    }
    last
}
//~ strides(255, 255) = 255000
//~ strides(255, 1000) = 0
//~ strides(3, 2) = 2002000
//~ strides(255, 18446744073709551615) = 0
//~ strides(0, 1) = 0
//~ strides(9, 0) = FB-0509

#[kernel(fuel = 100)]
fn halvings(n: u64) -> u32 {
    let mut n = n;
    let mut count = 0;
    while n != 1 {
        n /= 2;
        count += 1;
    }
    count
}
//~ halvings(1) = 0
//~ halvings(1024) = 10
//~ halvings(0) = FB-0506

#[kernel(fuel = 100, on_error = "null")]
fn patient(n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        for j in 0..i {
            sum += j;
        }
    }
    sum
}
//~ patient(3) = 1
//~ patient(1000) = null

#[kernel]
fn only_the_taken_branch(n: i32, d: i32) -> i32 {
    let mut sum = 0;
    for i in 0..n {
        sum += if d == 0 { i } else { i / d };
    }
    sum
}
//~ only_the_taken_branch(4, 0) = 6
//~ only_the_taken_branch(4, 2) = 2
//~ only_the_taken_branch(0, 0) = 0
