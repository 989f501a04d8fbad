// `match`, and patterns elsewhere.

const LIMIT: i32 = 40;

#[kernel]
fn bands(n: i32) -> i32 {
    match n {
        i32::MIN..=-100 => 1,
        -99..=-1 => 2,
        0 => 3,
        1 | 2 | 3 => 4,
        LIMIT => 6,
        n if n % 2 == 0 && n < 100 => n,
        m @ 11..=50 => -m,
        _ => 7,
    }
}
//~ bands(-2147483648) = 1
//~ bands(-100) = 1
//~ bands(-99) = 2
//~ bands(0) = 3
//~ bands(3) = 4
//~ bands(40) = 6
//~ bands(44) = 44
//~ bands(11) = -11
//~ bands(51) = 7
//~ bands(null) = null

#[kernel]
fn quadrant(x: f64, y: f64) -> u8 {
    match (x > 0.0, y > 0.0) {
        (true, true) => 1,
        (false, true) => 2,
        (false, false) => 3,
        (true, false) => 4,
    }
}
//~ quadrant(1.0, 1.0) = 1
//~ quadrant(-1.0, 1.0) = 2
//~ quadrant(nan, -1.0) = 3
//~ quadrant(1.0, -1.0) = 4

#[kernel]
fn guarded(a: i32, b: i32) -> i32 {
    match a {
        1 if 10 / b > 2 => 1,
        1 | 2 if b > 0 => 2,
        _ => 3,
    }
}
//~ guarded(1, 2) = 1
//~ guarded(1, 9) = 2
//~ guarded(2, 0) = 3
//~ guarded(1, 0) = FB-0502

#[kernel]
fn days(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}
//~ days(2000, 2) = 29
//~ days(1900, 2) = 28
//~ days(2024, 2) = 29
//~ days(2023, 11) = 30
//~ days(2023, 12) = 31
//~ days(2023, 13) = 0

#[kernel]
fn leaves(n: i32) -> i32 {
    let mut sum = 0;
    for i in 0..n {
        let part = match i % 5 {
            0 => continue,
            1 if i > 20 => return -sum,
            2 | 3 => i,
            _ => 1,
        };
        sum += part;
    }
    sum
}
//~ leaves(0) = 0
//~ leaves(5) = 7
//~ leaves(21) = 88
//~ leaves(22) = -88

#[kernel]
fn is_special(n: i32, limit: Option<i32>) -> bool {
    matches!(n, 1..=5 | 9) || matches!((n, limit), (_, Some(most)) if n > most)
}
//~ is_special(5, null) = true
//~ is_special(6, null) = false
//~ is_special(9, 100) = true
//~ is_special(10, 9) = true
//~ is_special(10, 10) = false
//~ is_special(null, 10) = null
