// Generic kernels, called with types; and kernels that take kernels.

fn square<T: Num>(x: T) -> T {
    x * x
}

fn lerp<T: Float>(a: T, b: T, t: T) -> T {
    (b - a).mul_add(t, a)
}

fn gcd<T: Int>(a: T, b: T) -> T {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn squares(a: i8, b: u64, x: f32) -> (i8, u64, f32) {
    (square(a), square(b), square(x))
}
//~ squares(-11, 4294967295, 1.5) = (121, 18446744065119617025, 2.25)
//~ squares(12, 1, 1.0) = FB-0501

fn between(a: f64, b: f64) -> (f64, f64) {
    (lerp(a, b, 0.5), lerp(0.0, 1.0, a))
}
//~ between(2.0, 4.0) = (3.0, 2.0)

fn divisors(a: u32, b: u32, c: i64) -> (u32, i64) {
    (gcd(a, b), gcd(c, 18))
}
//~ divisors(12, 18, -12) = (6, 6)
//~ divisors(0, 7, 0) = (7, 18)

fn simpson(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
    (b - a) / 6.0 * (f(a) + 4.0 * f((a + b) / 2.0) + f(b))
}

fn reciprocal(x: f64) -> f64 {
    1.0 / x
}

fn area(a: f64, b: f64) -> (f64, f64) {
    (simpson(reciprocal, a, b), simpson(square_of_f64, a, b))
}
//~ area(1.0, 2.0) = (0.6944444444444443, 2.333333333333333)

fn square_of_f64(x: f64) -> f64 {
    square(x)
}
