// Literals take their type from a cast, as in Rust: under a sign, at the end of a block.

#[kernel]
fn under_a_sign(x: i64) -> i64 {
    x + (-(-2147483648) as i64)
}
//~ under_a_sign(0) = 2147483648

#[kernel]
fn rounded_once(x: f32) -> (f32, f32) {
    (x * (-(-1.00000005960464477539062500001) as f32), x * ({ 1.00000005960464477539062500001 } as f32))
}
//~ rounded_once(1.0) = (1.0000001, 1.0000001)

#[kernel]
fn an_open_variable_keeps_its_default(c: bool) -> i64 {
    let mut a = 2000000000;
    if c {
        a = 1;
    }
    i64::from(a + a)
}
//~ an_open_variable_keeps_its_default(true) = 2
//~ an_open_variable_keeps_its_default(false) = FB-0501

use std::f32::consts::*;
use std::f64::consts::PI;

#[kernel]
fn a_name_of_its_own_counts_before_a_glob(x: f64) -> (f64, f32) {
    (x * PI, TAU)
}
//~ a_name_of_its_own_counts_before_a_glob(1.0) = (3.141592653589793, 6.2831855)
