//! Loops and jumps.

use super::module;

text! {
    fn collatz(n: u64) -> u32 {
        let mut n = n;
        let mut steps = 0;
        while n > 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    }

    fn gcd(a: u64, b: u64) -> u64 {
        let (mut a, mut b) = (a, b);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }

    fn newton(x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        let mut guess = x;
        for _ in 0..50 {
            let next = 0.5 * (guess + x / guess);
            if (next - guess).abs() < 1e-12 {
                return next;
            }
            guess = next;
        }
        guess
    }

    fn mandelbrot(re: f64, im: f64) -> u32 {
        let (mut x, mut y) = (0.0, 0.0);
        let mut n = 0;
        loop {
            let (x2, y2) = (x * x, y * y);
            if x2 + y2 > 4.0 || n == 200 {
                break n;
            }
            (x, y) = (x2 - y2 + re, 2.0 * x * y + im);
            n += 1;
        }
    }

    fn isqrt(n: u64) -> u64 {
        let mut low = 0;
        let mut high = 4294967296;
        while low + 1 < high {
            let middle = (low + high) / 2;
            if middle * middle <= n { low = middle } else { high = middle }
        }
        low
    }

    fn triangle(n: u32, stop: u32) -> (u32, u32) {
        let mut sum = 0;
        let mut turns = 0;
        'rows: for row in 0..n {
            for column in 0..=row {
                turns += 1;
                if column == 3 && row % 2 == 1 {
                    continue 'rows;
                }
                if row * column > stop {
                    break 'rows;
                }
                if column > row / 2 {
                    break;
                }
                sum += row * column;
            }
            sum += 1000;
        }
        (sum, turns)
    }

    fn bisect(target: f64) -> f64 {
        let (mut low, mut high) = (0.0, 100.0);
        let mut turns = 0;
        let found = loop {
            let middle = (low + high) / 2.0;
            let value = middle * middle * middle;
            if value == target { break middle }
            if high - low < 1e-9 { break low }
            if value < target { low = middle; } else { high = middle; }
            turns += 1;
            if turns > 60 { break -1.0 }
        };
        found
    }

    fn digits(n: i64) -> i32 {
        let mut rest = if n < 0 { -n } else { n };
        let mut sum = 0;
        while rest > 0 {
            sum += (rest % 10) as i32;
            rest /= 10;
        }
        sum
    }

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

    fn count_primes(n: u32) -> u32 {
        let mut count = 0;
        'outer: for candidate in 2..=n {
            for p in 2..candidate {
                if p * p > candidate { break }
                if candidate % p == 0 { continue 'outer }
            }
            count += 1;
        }
        count
    }

    fn bytes(low: u8, high: u8) -> u64 {
        let mut sum = 0u64;
        for i in low..=high {
            sum = sum * 3 + i as u64;
            sum %= 1000003;
        }
        sum
    }

    fn down(low: i8, high: i8) -> i64 {
        let mut sum = 0i64;
        for i in (low..high).rev() {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        for i in (low..=high).rev() {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum
    }

    fn up(low: i8, high: i8) -> i64 {
        let mut sum = 0i64;
        for i in low..high {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        for i in low..=high {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum
    }

    fn stepped(low: i8, high: i8, step: u8) -> i64 {
        let mut sum = 0i64;
        for i in (low..high).step_by(step as usize) {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum += 1;
        for i in (low..=high).step_by(step as usize) {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum += 1;
        for i in (low..high).rev().step_by(step as usize) {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum += 1;
        for i in (low..=high).rev().step_by(step as usize) {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum += 1;
        for i in (low..high).step_by(step as usize).rev() {
            sum = (sum * 7 + i as i64) % 1000003;
        }
        sum
    }

    fn constant_ends(x: u8) -> u32 {
        let mut sum = 0;
        for i in 0..=255u8 {
            if i == x { continue }
            sum += i as u32;
        }
        for i in 250..=254u8 { sum += i as u32; }
        for i in (0..=255u8).step_by(100) { sum += i as u32; }
        for _ in 5..5 { sum += 1000000; }
        sum
    }

    fn late(a: i32, b: bool) -> i32 {
        let x;
        let mut y;
        if b {
            x = a;
            y = 1;
        } else {
            if a < 0 { return -1 }
            x = 2;
            y = x;
        }
        y += x;
        y * 10
    }

    fn diverging(a: i32, b: i32) -> i32 {
        let x = if a > b { return 1 } else { a + 1 };
        let y = loop {
            if x > 100 { return x }
            if b > 50 { break 7 }
            break 3;
        };
        let z = 'found: {
            if x == 5 { break 'found 50; }
            if b == 5 { break 'found 60; }
            if a < -50 { return -9; }
            70
        };
        x * 100 + y * 10 + z
    }

    fn odd_places(a: i32, b: i32) -> i32 {
        let mut log = 0;
        let mut turn = 0;
        let total = loop {
            turn += 1;
            if turn > 10 { break 0 - 1 }
            let part = { log += 1; a } + if turn == b { break log } else { turn };
            log += part;
            let cond = part > 3 && { if part == a { continue } else { true } };
            if cond || { log += 100; if log > 5000 { return log } else { false } } {
                log += 7;
            }
        };
        total + log
    }

    fn nested(a: u32, b: u32) -> u32 {
        let mut sum = 0u32;
        for i in 0..a {
            if i == 3 {
                if b > 2 {
                    continue;
                }
                sum += 1;
            } else if i == 5 {
                if b > 4 {
                    return sum;
                }
            }
            let mut j = 0;
            while j < b {
                j += 1;
                if j == i {
                    continue;
                }
                if j > 7 {
                    break;
                }
                sum += i * j;
                if sum > 500 {
                    return 10000 + sum;
                }
            }
            sum += 1;
        }
        sum
    }

    fn unreachable_code(a: i32) -> i32 {
        if a > 0 {
            return a;
            let b = a + 1;
        }
        loop {
            return -a;
        }
    }

    fn failing(a: i32, b: i32) -> i32 {
        assert!(a < 100);
        if b == 7 {
            panic!("seven");
        }
        let c = match b {
            8 => unreachable!(),
            9 => if a > 5 { panic!() } else { 1 },
            _ => 2,
        };
        assert_eq!(a, a);
        assert_ne!(b, 10, "ten is {}", b);
        100 / (a - 3) + c
    }

    fn while_true(a: u32) -> u32 {
        let mut n = a;
        while true {
            n += 1;
            if n % 7 == 0 { return n }
        }
        0
    }

    fn deep(a: u64, b: u64) -> u64 {
        let mut count = 0;
        'a: for i in 0..a {
            'b: for j in 0..a {
                'c: for k in 0..a {
                    for l in 0..a {
                        count += 1;
                        if l == b { continue 'c }
                        if k == b + 1 { continue 'b }
                        if j == b + 2 { continue 'a }
                        if i == b + 3 { break 'a }
                        if count == 777 { return count * 2 }
                    }
                }
            }
        }
        count
    }
}

#[test]
fn loops_give_what_rust_gives() {
    let module = module(TEXT);
    let small: Vec<i32> = (-3..12).chain([49, 51, 99, 100, 101, -100]).collect();
    let edges = [i8::MIN, i8::MIN + 1, -100, -3, -1, 0, 1, 2, 99, i8::MAX - 1, i8::MAX];
    compare! { module;
        collatz(n: [0u64, 1, 2, 3, 7, 27, 97, 871, 6171]);
        gcd(a: [0u64, 1, 12, 18, 270, 1_000_000_007, u64::MAX], b: [0u64, 1, 8, 192, 999, 65536, u64::MAX]);
        newton(x: [-1.0f64, 0.0, 1e-300, 0.25, 2.0, 3.0, 1e10, 1e300, f64::NAN, f64::INFINITY]);
        mandelbrot(re: [-2.0f64, -1.25, -0.75, 0.0, 0.25, 0.3, 1.0], im: [-1.0f64, -0.1, 0.0, 0.1, 0.5]);
        isqrt(n: [0u64, 1, 2, 3, 4, 8, 9, 10, 99, 100, 1 << 40, (1 << 62) - 1]);
        triangle(n: [0u32, 1, 2, 5, 9, 20], stop: [0u32, 1, 10, 60, 1000]);
        bisect(target: [0.0f64, 1.0, 8.0, 27.0, 15625.0, 5.0, 2e6, f64::NAN]);
        digits(n: [0i64, 1, 9, 10, 99, 12345, -12345, i64::MAX, i64::MIN]);
        is_prime(n: (0..200).collect::<Vec<u64>>());
        count_primes(n: [0u32, 1, 2, 3, 10, 100, 300]);
        bytes(low: [0u8, 1, 100, 254, 255], high: [0u8, 1, 99, 254, 255]);
        down(low: edges, high: edges);
        up(low: edges, high: edges);
        stepped(low: edges, high: edges, step: [0u8, 1, 2, 3, 100, 127, 128, 255]);
        constant_ends(x: [0u8, 1, 255]);
        late(a: [-1i32, 0, 5, i32::MAX], b: [false, true]);
        diverging(a: small, b: small);
        odd_places(a: small, b: small);
        nested(a: [0u32, 1, 3, 4, 6, 9, 30], b: [0u32, 1, 2, 3, 5, 6, 9, 40]);
        unreachable_code(a: [-5i32, 0, 5, i32::MIN]);
        failing(a: small, b: small);
        while_true(a: [0u32, 1, 6, 7, u32::MAX]);
        deep(a: [0u64, 1, 2, 4, 6, 8], b: [0u64, 1, 2, 3, 9]);
    }
}
