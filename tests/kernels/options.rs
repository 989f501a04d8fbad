// Options: columns whose nulls a kernel sees, and results that may be null.

#[kernel]
fn or_else(a: Option<i32>, b: i32) -> i32 {
    a.unwrap_or(b)
}
//~ or_else(1, 2) = 1
//~ or_else(null, 2) = 2
//~ or_else(1, null) = null

#[kernel]
fn coalesce(a: Option<f64>, b: Option<f64>, c: Option<f64>) -> Option<f64> {
    a.or(b).or(c)
}
//~ coalesce(1.0, 2.0, 3.0) = 1.0
//~ coalesce(null, 2.0, 3.0) = 2.0
//~ coalesce(null, null, 3.0) = 3.0
//~ coalesce(null, null, null) = null

#[kernel]
fn root(x: f64) -> Option<f64> {
    if x < 0.0 { None } else { Some(x.sqrt()) }
}
//~ root(4.0) = 2.0
//~ root(-4.0) = null
//~ root(null) = null
//~ root(nan) = nan

#[kernel]
fn ratio(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    let (a, b) = (a?, b?);
    if b == 0 {
        return None;
    }
    Some(a / b)
}
//~ ratio(7, 2) = 3
//~ ratio(7, 0) = null
//~ ratio(null, 0) = null
//~ ratio(7, null) = null
//~ ratio(-2147483648, -1) = FB-0501

#[kernel]
fn never_from_a_null(a: Option<i32>, b: i32) -> Option<i32> {
    a.map(|v| 100 / (v - b)).filter(|v| *v != 50)
}
//~ never_from_a_null(3, 1) = null
//~ never_from_a_null(5, 1) = 25
//~ never_from_a_null(null, 0) = null
//~ never_from_a_null(1, 1) = FB-0502

#[kernel]
fn counts(a: Option<i32>, b: Option<i32>) -> (u32, Option<i32>) {
    match (a, b) {
        (Some(a), Some(b)) => (2, Some(a.max(b))),
        (Some(v), None) | (None, Some(v)) => (1, Some(v)),
        (None, None) => (0, None),
    }
}
//~ counts(3, 5) = (2, 5)
//~ counts(3, null) = (1, 3)
//~ counts(null, 5) = (1, 5)
//~ counts(null, null) = (0, null)

#[kernel]
fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a == b
}
//~ same(1.0, 1.0) = true
//~ same(1.0, 2.0) = false
//~ same(null, null) = true
//~ same(null, 0.0) = false
//~ same(nan, nan) = false

#[kernel]
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    a.kleene_and(b)
}
//~ and(false, false) = false
//~ and(false, true) = false
//~ and(false, null) = false
//~ and(true, false) = false
//~ and(true, true) = true
//~ and(true, null) = null
//~ and(null, false) = false
//~ and(null, true) = null
//~ and(null, null) = null

#[kernel]
fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    a.kleene_or(b)
}
//~ or(false, false) = false
//~ or(false, true) = true
//~ or(false, null) = null
//~ or(true, false) = true
//~ or(true, true) = true
//~ or(true, null) = true
//~ or(null, false) = null
//~ or(null, true) = true
//~ or(null, null) = null

#[kernel]
fn not(a: Option<bool>) -> Option<bool> {
    a.kleene_not()
}
//~ not(false) = true
//~ not(true) = false
//~ not(null) = null

#[kernel]
fn surely(a: Option<u8>) -> u8 {
    a.unwrap()
}
//~ surely(255) = 255
//~ surely(null) = FB-0509

#[kernel]
fn countdown(a: Option<u8>) -> u32 {
    let mut next = a;
    let mut turns = 0;
    while let Some(n) = next {
        turns += 1;
        next = if n > 0 { Some(n - 1) } else { None };
    }
    turns
}
//~ countdown(null) = 0
//~ countdown(0) = 1
//~ countdown(255) = 256

#[kernel(on_error = "null")]
fn failing_is_null(a: Option<i32>, b: i32) -> Option<i32> {
    Some(a.unwrap_or(1) / b)
}
//~ failing_is_null(7, 2) = 3
//~ failing_is_null(null, 2) = 0
//~ failing_is_null(7, 0) = null

#[kernel]
fn through_calls(a: Option<i32>, b: i32) -> Option<i32> {
    ratio(a.map(|v| v * 10), Some(b)).or(ratio(Some(b), Some(2)))
}
//~ through_calls(7, 2) = 35
//~ through_calls(null, 8) = 4
//~ through_calls(7, 0) = 0
