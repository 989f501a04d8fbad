// Branches, short circuits, assignment, shadowing.

#[kernel]
fn relu(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.0 }
}
//~ relu(2.5) = 2.5
//~ relu(-2.5) = 0.0
//~ relu(nan) = 0.0
//~ relu(null) = null

#[kernel]
fn grade(score: i32) -> i32 {
    if score >= 90 {
        1
    } else if score >= 75 {
        2
    } else if score >= 50 {
        3
    } else {
        4
    }
}
//~ grade(95) = 1
//~ grade(90) = 1
//~ grade(80) = 2
//~ grade(50) = 3
//~ grade(-1) = 4

#[kernel]
fn a_branch_not_taken_cannot_fail(a: i32, b: i32) -> i32 {
    if b != 0 { a / b } else { 0 }
}
//~ a_branch_not_taken_cannot_fail(7, 2) = 3
//~ a_branch_not_taken_cannot_fail(7, 0) = 0
//~ a_branch_not_taken_cannot_fail(-2147483648, -1) = FB-0501

#[kernel]
fn short_circuit(a: i32, b: i32) -> (bool, bool) {
    (b != 0 && a / b > 1, b == 0 || a / b > 1)
}
//~ short_circuit(4, 2) = (true, true)
//~ short_circuit(1, 2) = (false, false)
//~ short_circuit(1, 0) = (false, true)

#[kernel]
fn assignment(x: f64) -> (f64, f64) {
    let mut low = x;
    let mut high = x;
    if x < 0.0 {
        low -= 1.0;
        if x < -10.0 {
            high = -10.0;
        }
    } else {
        high += 1.0;
    }
    low *= 2.0;
    (low, high)
}
//~ assignment(1.0) = (2.0, 2.0)
//~ assignment(-1.0) = (-4.0, -1.0)
//~ assignment(-20.0) = (-42.0, -10.0)

#[kernel]
fn shadowing(x: i32) -> i64 {
    let x = x + 1;
    let x = x as i64 * 2;
    {
        let x = 100;
        let _ = x;
    }
    x
}
//~ shadowing(20) = 42

#[kernel]
fn nested_value(a: f64, b: f64) -> f64 {
    let scale = {
        const TWO: f64 = 2.0;
        (if a > b { a } else { b }) * TWO
    };
    scale + if a == b { 1.0 } else { -1.0 }
}
//~ nested_value(1.0, 2.0) = 3.0
//~ nested_value(2.0, 2.0) = 5.0

#[kernel]
fn literals_take_the_type_of_their_use(x: f32, n: u8) -> (f32, u8) {
    let half = 0.5;
    let one = 1;
    (x * half, n + one)
}
//~ literals_take_the_type_of_their_use(3.0, 254) = (1.5, 255)
//~ literals_take_the_type_of_their_use(3.0, 255) = FB-0501
