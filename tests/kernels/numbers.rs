// Numbers for their own sake. Expected values: Python's math and integers, tests/oracle/field.py.

/// Newton's square root, until it no longer moves.
#[kernel]
fn newton_sqrt(x: f64) -> f64 {
    if x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 || x == f64::INFINITY {
        return x;
    }
    let mut guess = if x > 1.0 { x } else { 1.0 };
    loop {
        let next = 0.5 * (guess + x / guess);
        if next >= guess {
            break guess;
        }
        guess = next;
    }
}
//~ newton_sqrt(2.0) ~ 1.4142135623730951
//~ newton_sqrt(1e-10) ~ 0.00001
//~ newton_sqrt(12345678.9) ~ 3513.6418286444623
//~ newton_sqrt(1e300) ~ 1e150
//~ newton_sqrt(0.0) = 0.0
//~ newton_sqrt(-1.0) = nan
//~ newton_sqrt(inf) = inf

/// Euclid's greatest common divisor.
#[kernel]
fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
//~ gcd(48, 36) = 12
//~ gcd(0, 5) = 5
//~ gcd(0, 0) = 0
//~ gcd(12200160415121876738, 7540113804746346429) = 1
//~ gcd(1000000007, 998244353) = 1

/// The same by halving (Stein, 1967).
#[kernel]
fn binary_gcd(a: u64, b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let shift = (a | b).trailing_zeros();
    let mut a = a >> a.trailing_zeros();
    let mut b = b;
    while b != 0 {
        b >>= b.trailing_zeros();
        if a > b {
            (a, b) = (b, a);
        }
        b -= a;
    }
    a << shift
}
//~ binary_gcd(48, 36) = 12
//~ binary_gcd(0, 5) = 5
//~ binary_gcd(12200160415121876738, 7540113804746346429) = 1

/// Steps of Collatz's walk to 1.
#[kernel]
fn collatz(start: u64) -> u32 {
    let (mut n, mut steps) = (start, 0);
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}
//~ collatz(1) = 0
//~ collatz(27) = 111
//~ collatz(837799) = 524
//~ collatz(0) = 0
//~ collatz(18446744073709551615) = FB-0501

/// Bits that are set, by three ways.
#[kernel]
fn popcount(x: u32) -> (u32, u32, u32) {
    let (mut kernighan, mut rest) = (0, x);
    while rest != 0 {
        rest &= rest - 1;
        kernighan += 1;
    }
    let mut swar = x - ((x >> 1) & 0x5555_5555);
    swar = (swar & 0x3333_3333) + ((swar >> 2) & 0x3333_3333);
    swar = (swar + (swar >> 4)) & 0x0f0f_0f0f;
    (kernighan, swar.wrapping_mul(0x0101_0101) >> 24, x.count_ones())
}
//~ popcount(0) = (0, 0, 0)
//~ popcount(4294967295) = (32, 32, 32)
//~ popcount(2863311530) = (16, 16, 16)
//~ popcount(2147483649) = (2, 2, 2)

/// The power of two that is not below; null where none fits.
#[kernel]
fn next_power_of_two(x: u32) -> Option<u32> {
    if x <= 1 {
        return Some(1);
    }
    let bits = 32 - (x - 1).leading_zeros();
    if bits == 32 { None } else { Some(1 << bits) }
}
//~ next_power_of_two(0) = 1
//~ next_power_of_two(5) = 8
//~ next_power_of_two(64) = 64
//~ next_power_of_two(2147483648) = 2147483648
//~ next_power_of_two(2147483649) = null

/// Gray code there and back.
#[kernel]
fn gray(x: u16) -> (u16, u16) {
    let code = x ^ (x >> 1);
    let mut back = code;
    let mut shift = 8;
    while shift > 0 {
        back ^= back >> shift;
        shift /= 2;
    }
    (code, back)
}
//~ gray(5) = (7, 5)
//~ gray(65535) = (32768, 65535)
//~ gray(40000) = (53856, 40000)

/// Interleaves the bits of two numbers (Morton order).
#[kernel]
fn morton(x: u16, y: u16) -> u32 {
    let mut code = 0u32;
    for bit in 0..16 {
        code |= ((x >> bit & 1) as u32) << (2 * bit);
        code |= ((y >> bit & 1) as u32) << (2 * bit + 1);
    }
    code
}
//~ morton(5, 9) = 147
//~ morton(65535, 0) = 1431655765
//~ morton(43690, 21845) = 1717986918

/// Modular power by square and multiply.
#[kernel]
fn pow_mod(base: u64, exponent: u64, modulus: u64) -> u64 {
    let (mut base, mut exponent, mut power) = (base % modulus, exponent, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    power
}
//~ pow_mod(3, 1000000, 1000000007) = 64935414
//~ pow_mod(2, 0, 7) = 1
//~ pow_mod(2, 10, 0) = FB-0502
//~ pow_mod(18446744073709551557, 2, 18446744073709551557) = 0
//~ pow_mod(4294967296, 3, 18446744073709551557) = FB-0501

/// Whether a number is prime, by trial division.
#[kernel]
fn is_prime(n: u32) -> bool {
    if n < 4 {
        return n > 1;
    }
    if n % 2 == 0 || n % 3 == 0 {
        return false;
    }
    let mut d: u32 = 5;
    while d <= n / d {
        if n % d == 0 || n % (d + 2) == 0 {
            return false;
        }
        d += 6;
    }
    true
}
//~ is_prime(0) = false
//~ is_prime(2) = true
//~ is_prime(25) = false
//~ is_prime(7919) = true
//~ is_prime(2147483647) = true
//~ is_prime(4294967291) = true
//~ is_prime(4294836225) = false

/// Fibonacci's number n; the sum says when it no longer fits.
#[kernel]
fn fibonacci(n: u32) -> u64 {
    let (mut a, mut b) = (0u64, 1u64);
    for _ in 0..n {
        (a, b) = (b, a + b);
    }
    a
}
//~ fibonacci(0) = 0
//~ fibonacci(10) = 55
//~ fibonacci(92) = 7540113804746346429
//~ fibonacci(93) = FB-0501

/// Digits reversed; null where that overflows.
#[kernel]
fn reverse_digits(n: i32) -> Option<i32> {
    let (mut rest, mut back) = (n, 0i32);
    while rest != 0 {
        back = back.checked_mul(10)?.checked_add(rest % 10)?;
        rest /= 10;
    }
    Some(back)
}
//~ reverse_digits(12345) = 54321
//~ reverse_digits(-120) = -21
//~ reverse_digits(0) = 0
//~ reverse_digits(1999999999) = null

/// The root of a function between two points, by bisection: cos x = x.
#[kernel]
fn dottie(low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low, high);
    while high - low > 1e-15 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if middle.cos() > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}
//~ dottie(0.0, 1.0) ~ 0.7390851332151607
