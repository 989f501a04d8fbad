//! Options: parameters and results that may be null.

use filbert_syntax::KleeneExt as _;

use super::module;

text! {
    fn basics(a: Option<i32>, b: i32) -> (i32, i32, Option<i32>) {
        let first = if a.is_some() { 1 } else { 0 } + if a.is_none() { 10 } else { 0 };
        (first, a.unwrap_or(b), a.or(Some(b)))
    }

    fn unwrapped(a: Option<i32>) -> i32 {
        a.unwrap() + a.expect("there")
    }

    fn lazy(a: Option<i32>, b: i32) -> i32 {
        a.unwrap_or_else(|| 100 / b) + a.map_or(1, |v| 100 / v) + a.map_or_else(|| 7 / b, |v| v * 2)
    }

    fn mapped(a: Option<i32>, b: i32) -> Option<i32> {
        a.map(|v| v * 2).map(|v| 1000 / (v - b)).filter(|v| *v > 0)
    }

    fn chained(a: Option<i32>, b: Option<i32>) -> Option<i32> {
        a.and_then(|v| if v > 3 { Some(v + 1) } else { None }).or_else(|| b.map(|v| -v))
    }

    fn pairs(a: Option<i32>, b: Option<i32>) -> (Option<i32>, Option<i32>, Option<i32>) {
        let zipped = a.zip(b).map(|(x, y)| x - y);
        (zipped, a.xor(b), a.and(b))
    }

    fn tests(a: Option<i32>, b: Option<i32>) -> (bool, bool, bool) {
        (a.is_some_and(|v| v > 0), a == b || b == None, a != Some(3) && b.is_none_or(|v| v < 5))
    }

    fn question(a: Option<i32>, b: Option<i32>) -> Option<i32> {
        let x = a?;
        if x == 7 { return Some(70) }
        let y = if x > 5 { b? } else { 1 };
        Some(x * 10 + y + (b? - 1))
    }

    fn in_loop(a: Option<i32>, n: i32) -> Option<i32> {
        let mut best = None;
        for i in 0..n {
            let here = if i % 3 == 1 { a } else { Some(i) };
            if i > 10 && best.is_none() { return None }
            best = match (best, here) {
                (None, h) => h,
                (Some(b), Some(h)) if h > b => Some(h),
                (b, _) => b,
            };
        }
        best
    }

    fn if_lets(a: Option<i32>, b: Option<i32>) -> i32 {
        let mut sum = 0;
        if let Some(v) = a { sum += v }
        if let (Some(x), Some(y)) = (a, b) { sum += x * y } else { sum += 100 }
        if let Some(v @ 1..=9) = b { sum += v * 1000 } else if let Some(v) = a && v > 5 { sum += 7 }
        let Some(last) = b else { return sum };
        let Some(w) = a.filter(|v| *v != 3) else { return -last };
        sum + last + w
    }

    fn while_let(a: Option<i32>) -> i32 {
        let mut next = a;
        let mut sum = 0;
        while let Some(n) = next {
            sum += n;
            next = if n > 0 { Some(n - 1) } else { None };
        }
        sum
    }

    fn matched(a: Option<i32>, b: Option<bool>) -> i32 {
        match (a, b) {
            (Some(0), _) => 1,
            (Some(n), Some(true)) => n,
            (Some(1..=5), None) => 2,
            (None, Some(false)) => 3,
            (None, _) => 4,
            (Some(_), None) | (Some(_), Some(false)) => 5,
        }
    }

    fn bools(a: bool, b: i32) -> (Option<i32>, Option<i32>) {
        (a.then(|| 10 / b), a.then_some(b))
    }

    fn defaults(a: Option<f64>, b: Option<bool>) -> (f64, bool) {
        (a.unwrap_or_default(), b.unwrap_or_default())
    }

    fn folded(a: i32) -> i32 {
        Some(a).unwrap_or(7) + Some(a).map(|v| v + 1).unwrap()
    }

    fn counting(a: Option<i32>, b: Option<i32>) -> (i32, Option<i32>) {
        let mut calls = 0;
        let x = a.map(|v| { calls += 1; v + 1 }).or_else(|| { calls += 10; b });
        let y = b.is_some_and(|v| { calls += 100; v > 2 });
        (calls, if y { x } else { None })
    }

    fn closures_leave(a: Option<i32>, b: Option<i32>) -> Option<i32> {
        a.and_then(|v| {
            let w = b?;
            if v > w { return Some(v - w) }
            for i in 0..v {
                if i * i > w { return Some(i) }
            }
            None
        })
    }

    fn helper(a: Option<i32>, b: i32) -> Option<i32> {
        if b == 0 { return None }
        Some(a? / b)
    }

    fn calls(a: Option<i32>, b: i32) -> Option<i32> {
        let once = helper(a, b)?;
        helper(Some(once * 100), b).or(helper(a, 2))
    }

    fn logic(a: Option<bool>, b: Option<bool>) -> (Option<bool>, Option<bool>, Option<bool>) {
        (a.kleene_and(b), a.kleene_or(b), a.kleene_not())
    }

    fn known_logic(a: Option<bool>, b: bool) -> (Option<bool>, Option<bool>, Option<bool>) {
        (Some(b).kleene_and(a), a.kleene_or(Some(b)).kleene_not(), None.kleene_or(a).kleene_and(Some(b)))
    }

    fn nested(a: Option<i32>, b: bool) -> Option<i32> {
        let outer = if b { Some(a) } else { None };
        match outer {
            None => Some(-1),
            Some(None) => Some(-2),
            Some(Some(5)) => Some(-3),
            Some(inner) => inner.map(|v| v * 2),
        }
    }
}

#[test]
fn options_give_what_rust_gives() {
    let module = module(TEXT);
    let options = [None, Some(i32::MIN), Some(-1), Some(0), Some(1), Some(3), Some(4), Some(7), Some(9), Some(60)];
    let numbers = [-7i32, -1, 0, 1, 2, 3, 8, 14, 120];
    let truths = [None, Some(false), Some(true)];
    compare! { module;
        basics(a: options, b: numbers);
        unwrapped(a: options);
        lazy(a: options, b: numbers);
        mapped(a: options, b: numbers);
        chained(a: options, b: options);
        pairs(a: options, b: options);
        tests(a: options, b: options);
        question(a: options, b: options);
        in_loop(a: options, n: [0i32, 1, 2, 3, 12, 20]);
        if_lets(a: options, b: options);
        while_let(a: [None, Some(0), Some(-4), Some(5), Some(30)]);
        matched(a: options, b: truths);
        bools(a: [false, true], b: numbers);
        defaults(a: [None, Some(1.5f64), Some(f64::NAN)], b: truths);
        folded(a: numbers);
        counting(a: options, b: options);
        closures_leave(a: options, b: options);
        calls(a: options, b: numbers);
        nested(a: options, b: [false, true]);
        logic(a: truths, b: truths);
        known_logic(a: truths, b: [false, true]);
    }
}

#[test]
fn what_is_known_leaves_nothing_behind() {
    let module = module("fn f(x: i32, y: i32) -> i32 { Some(x).unwrap_or(y) }\nfn g(x: i32) -> i32 { x }");
    let values = |name: &str| module.get(name).unwrap().core.values.len();
    assert_eq!((values("f"), values("g")), (2, 1));
}
