use filbert_macros::kernel;

macro_rules! made {
    ($name:ident, $value:expr) => {
        #[kernel(crate = filbert_syntax)]
        fn $name(x: f64) -> f64 {
            x + $value
        }
    };
}

made!(from_a_macro, 1i32);

#[kernel(crate = filbert_syntax)]
fn itself(x: f64) -> f64 {
    if x > 1.0 { itself(x - 1.0) } else { x }
}

#[kernel(crate = filbert_syntax)]
fn range(
    /* ü */ x: u8, // a comment
) -> u8 {
    x + 300 + (1.5 as u8
        + true)
}

fn main() {}
