use filbert_macros::kernel;

fn plain(x: f64) -> f64 {
    x
}

const WORDS: &str = "no scalar";

#[kernel(crate = filbert_syntax)]
fn calls_a_plain_function(x: f64) -> f64 {
    plain(x)
}

#[kernel(crate = filbert_syntax)]
fn calls_nothing(x: f64) -> f64 {
    nothing(x)
}

#[kernel(crate = filbert_syntax)]
fn uses_no_scalar(x: f64) -> f64 {
    if x > 0.0 { x } else { WORDS }
}

fn main() {}
