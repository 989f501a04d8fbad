//! Closures that are bound to a name and called.

use super::module;

text! {
    fn twice(x: i32) -> i32 { x * 2 }

    fn bound(a: i32, b: i32) -> i32 {
        let add = |x, y| x + y;
        let scaled = |x: i32| -> i32 { let k = b; if x > 3 { return k } x * k };
        add(scaled(a), scaled(1)) + add(a, 2)
    }

    fn capturing(a: i32) -> i32 {
        let mut total = 0;
        let mut count = |x: i32| { total += x; total };
        let first = count(a);
        let second = count(10);
        first * 100 + second + total
    }

    fn moving(a: i32) -> i32 {
        let mut k = a;
        let f = move |x: i32| x * k;
        k = 1000;
        f(3) + k
    }

    fn shadowed(a: i32) -> i32 {
        let x = a + 1;
        let f = |y: i32| x + y;
        let x = 50;
        f(x) + x
    }

    fn in_branches(a: i32) -> i32 {
        let mut seen = 0;
        let mut note = |v: i32| { seen = seen * 10 + v; v };
        let r = if a > 3 { note(1) } else { note(2) + note(3) };
        for i in 0..a { if i % 2 == 1 { note(4); } }
        r * 100000 + seen
    }

    fn by_name(a: Option<i32>, b: f64) -> (Option<i32>, f64) {
        (a.map(twice), Some(b).map(f64::abs).map_or(0.0, f64::sqrt))
    }

    fn failing(a: i32, b: i32) -> i32 {
        let divide = |x: i32| x / b;
        if a > 0 { divide(a) } else { 0 }
    }
}

#[test]
fn closures_give_what_rust_gives() {
    let module = module(TEXT);
    let numbers = [-7i32, -1, 0, 1, 2, 3, 4, 8, 11];
    compare! { module;
        bound(a: numbers, b: numbers);
        capturing(a: numbers);
        moving(a: numbers);
        shadowed(a: numbers);
        in_branches(a: [-7i32, 0, 1, 2, 3, 4]);
        by_name(a: [None, Some(-3i32), Some(4)], b: [-2.0f64, 0.0, 9.0, f64::NAN]);
        failing(a: numbers, b: numbers);
    }
}
