use filbert_macros::kernel;

/// Errors of all kinds, reported together.
#[kernel(crate = filbert_syntax)]
fn wrong(x: f64, n: i32) -> f64 {
    let a = x + n;
    let b = x.sqr();
    let c: f64 = 2;
    for i in 0..n {
        println!("{i}");
    }
    lenght + c
}

// Its users compile: nothing more is reported.
#[kernel(crate = filbert_syntax)]
fn user(x: f64) -> f64 {
    wrong(x, 1)
}

fn main() {
    println!("{} {}", user(1.0), wrong(1.0, 2));
}
