// Kernels that call kernels, in any order of definition.

#[kernel]
fn hypotenuse(a: f64, b: f64) -> f64 {
    (square(a) + square(b)).sqrt()
}
//~ hypotenuse(3.0, 4.0) = 5.0

const TWO: i32 = 1 + 1;

#[kernel]
fn square(x: f64) -> f64 {
    x * x
}
//~ square(-3.0) = 9.0

#[kernel]
fn split(x: f64) -> (f64, bool) {
    (x.abs(), x < 0.0)
}

#[kernel]
fn join(x: f64) -> f64 {
    let (magnitude, negative) = split(x);
    if negative { -magnitude } else { magnitude }
}
//~ join(-2.5) = -2.5
//~ join(2.5) = 2.5

#[kernel]
fn halve(n: i32) -> i32 {
    n / TWO
}

#[kernel]
fn a_fault_in_a_callee(n: i32) -> i32 {
    halve(n) + checked(n)
}
//~ a_fault_in_a_callee(10) = 7

#[kernel]
fn checked(n: i32) -> i32 {
    20 / n
}
//~ a_fault_in_a_callee(0) = FB-0502
