// Three-valued logic: all rows of the tables. Expected values: Python, with None for what is not known,
// tests/oracle/field.py.

#[kernel]
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) => Some(false),
        (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}
//~ and(true, true) = true
//~ and(true, false) = false
//~ and(true, null) = null
//~ and(false, true) = false
//~ and(false, false) = false
//~ and(false, null) = false
//~ and(null, true) = null
//~ and(null, false) = false
//~ and(null, null) = null

#[kernel]
fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(true) || b == Some(true) {
        Some(true)
    } else {
        let (a, b) = (a?, b?);
        Some(a | b)
    }
}
//~ or(true, true) = true
//~ or(true, false) = true
//~ or(true, null) = true
//~ or(false, true) = true
//~ or(false, false) = false
//~ or(false, null) = null
//~ or(null, true) = true
//~ or(null, false) = null
//~ or(null, null) = null

#[kernel]
fn not(a: Option<bool>) -> Option<bool> {
    a.map(|a| !a)
}
//~ not(true) = false
//~ not(false) = true
//~ not(null) = null

/// The methods that kernels have for it.
#[kernel]
fn methods(a: Option<bool>, b: Option<bool>) -> (Option<bool>, Option<bool>, Option<bool>) {
    (a.kleene_and(b), a.kleene_or(b), a.kleene_not())
}
//~ methods(true, true) = (true, true, false)
//~ methods(true, false) = (false, true, false)
//~ methods(true, null) = (null, true, false)
//~ methods(false, true) = (false, true, true)
//~ methods(false, false) = (false, false, true)
//~ methods(false, null) = (false, null, true)
//~ methods(null, true) = (null, true, null)
//~ methods(null, false) = (false, null, null)
//~ methods(null, null) = null

/// A strict parameter is another thing: no row of it is known that has a null.
#[kernel]
fn strict_and(a: bool, b: bool) -> bool {
    a && b
}
//~ strict_and(true, false) = false
//~ strict_and(false, null) = null
//~ strict_and(null, true) = null

/// SQL's COALESCE, NULLIF and IS DISTINCT FROM.
#[kernel]
fn coalesce(a: Option<f64>, b: Option<f64>, otherwise: f64) -> f64 {
    a.or(b).unwrap_or(otherwise)
}
//~ coalesce(1.0, 2.0, 3.0) = 1.0
//~ coalesce(null, 2.0, 3.0) = 2.0
//~ coalesce(null, null, 3.0) = 3.0
//~ coalesce(1.0, 2.0, null) = null

#[kernel]
fn null_if(a: Option<i32>, b: i32) -> Option<i32> {
    let a = a?;
    if a == b { None } else { Some(a) }
}
//~ null_if(1, 2) = 1
//~ null_if(2, 2) = null
//~ null_if(null, 2) = null

#[kernel]
fn is_distinct_from(a: Option<i64>, b: Option<i64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a != b,
        (None, None) => false,
        _ => true,
    }
}
//~ is_distinct_from(1, 1) = false
//~ is_distinct_from(1, 2) = true
//~ is_distinct_from(null, 2) = true
//~ is_distinct_from(1, null) = true
//~ is_distinct_from(null, null) = false
