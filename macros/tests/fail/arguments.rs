use filbert_macros::kernel;

#[kernel(quick, crate = filbert_syntax)]
fn quick(x: f64) -> f64 {
    x
}

/// Documentation.
#[kernel(fuel = "many", crate = filbert_syntax, overflow = "saturate")]
fn values(x: f64) -> f64 {
    x
}

#[kernel(crate = filbert_syntax)]
struct NotAFunction;

#[kernel(crate = filbert_syntax)]
fn generic<T>(x: T) -> T {
    x
}

#[kernel(crate = filbert_syntax)]
fn too_much<T: Num>(x: T) -> T {
    x.sqrt()
}

#[kernel(crate = filbert_syntax)]
fn takes_kernel(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    f(x)
}

#[kernel(crate = filbert_syntax)]
fn outside(x: f64) -> Point {
    Point { x }
}

#[kernel(crate = filbert_syntax)]
fn option(x: Option<(f64, f64)>) -> Option<f64> {
    x
}

#[kernel(crate = filbert_syntax)]
fn no_result(x: f64) {}

#[kernel(crate = filbert_syntax)]
#[test]
fn attribute(x: f64) -> f64 {
    x
}

fn main() {}
