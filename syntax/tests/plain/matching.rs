//! `match` and patterns.

use super::module;

text! {
    const LIMIT: i32 = 40;

    fn bands(n: i32) -> i32 {
        match n {
            i32::MIN..=-100 => 1,
            -99..=-1 => 2,
            0 => 3,
            1 | 2 | 3 => 4,
            4..10 => 5,
            LIMIT => 6,
            n if n % 2 == 0 && n < 100 => n,
            m @ 11..=50 => -m,
            _ => 7,
        }
    }

    fn pairs(a: bool, b: u8, c: i8) -> i32 {
        match (a, b, c) {
            (true, 0, _) => 1,
            (_, 1..=9, -1 | 1) => 2,
            (false, 0, 0) => 3,
            (x, y, z) if x && y as i32 > z as i32 => y as i32,
            (_, 200..=255, n) => n as i32,
            (true, _, ..=0) => 4,
            (true, ..) => 5,
            (false, n, 1..) => n as i32 * 2,
            (false, _, i8::MIN..=0) => 6,
        }
    }

    fn on_bool(a: bool, b: bool) -> i32 {
        let x = match a { true => 1, false => 2 };
        x + match (a, b) { (true, true) => 10, (false, _) => 20, (_, false) => 30 }
    }

    fn floats(x: f64) -> i32 {
        match x {
            0.0 => 0,
            1.5 | -1.5 => 1,
            2.0..=3.0 => 2,
            x if x.is_nan() => 3,
            f64::INFINITY => 4,
            _ => 5,
        }
    }

    fn leaving(n: i32, m: i32) -> i32 {
        let mut sum = 0;
        for i in 0..n {
            let part = match i % 5 {
                0 => continue,
                1 if m > 3 => return sum,
                2 => i,
                3 => { sum += 1; if m == 2 { break } else { 9 } }
                _ => 5,
            };
            match m {
                0 => return sum + part,
                1 => {}
                _ => sum += part,
            }
            sum += 1;
        }
        sum
    }

    fn changing(n: u8) -> (u32, u32) {
        let mut a = 0;
        let b = match n {
            0..=9 => { a = 1; 5 }
            10 => 6,
            n => { a = n as u32; if n > 100 { a += 1; 7 } else { 8 } }
        };
        (a, b)
    }

    fn guards(a: i32, b: i32) -> i32 {
        match a {
            1 if 10 / b > 2 => 1,
            1 | 2 if b > 0 => 2,
            x if { let y = x + b; y > 5 } => 3,
            _ => 4,
        }
    }

    fn alternatives(a: u8, b: u8) -> u32 {
        match (a, b) {
            (0, n) | (n, 0) => n as u32,
            (1, n @ 5..=9) | (n @ 5..=9, 1) => 1000 + n as u32,
            (x, y) => x as u32 * 2 + y as u32,
        }
    }

    fn ladder(n: u16) -> u16 {
        match n {
            0 => 7, 1 => 3, 2 => 9, 3 => 1, 4 => 4, 5 => 12, 6 => 88, 7 => 23, 8 => 5, 9 => 2,
            10 => 7, 11 => 3, 12 => 9, 13 => 1, 14 => 4, 15 => 12, 16 => 88, 17 => 23, 18 => 5, 19 => 2,
            20 => 7, 21 => 3, 22 => 9, 23 => 1, 24 => 4, 25 => 12, 26 => 88, 27 => 23, 28 => 5, 29 => 2,
            30 => 7, 31 => 3, 32 => 9, 33 => 1, 34 => 4, 35 => 12, 36 => 88, 37 => 23, 38 => 5, 39 => 2,
            40 => 7, 41 => 3, 42 => 9, 43 => 1, 44 => 4, 45 => 12, 46 => 88, 47 => 23, 48 => 5, 49 => 2,
            50 => 7, 51 => 3, 52 => 9, 53 => 1, 54 => 4, 55 => 12, 56 => 88, 57 => 23, 58 => 5, 59 => 2,
            60 => 7, 61 => 3, 62 => 9, 63 => 1, 64 => 4, 65 => 12, 66 => 88, 67 => 23, 68 => 5, 69 => 2,
            70 => 7, 71 => 3, 72 => 9, 73 => 1, 74 => 4, 75 => 12, 76 => 88, 77 => 23, 78 => 5, 79 => 2,
            other => other / 2,
        }
    }

    fn returns(x: i64) -> i64 {
        if x < 1 { return 1; } if x < 2 { return 12; } if x < 3 { return 3; } if x < 4 { return 14; }
        if x < 5 { return 1; } if x < 6 { return 22; } if x < 7 { return 3; } if x < 8 { return 24; }
        if x < 9 { return 1; } if x < 10 { return 32; } if x < 11 { return 3; } if x < 12 { return 34; }
        let y = x * 2;
        if x < 13 { return 1; } if x < 14 { return 42; } if x < 15 { return y; } if x < 16 { return 44; }
        if x < 17 { return 1; } if x < 18 { return 52; } if x < 19 { return 3; } if x < 20 { return 54; }
        if x < 21 { return 1; } if x < 22 { return 62; } if x < 23 { return 3; } if x < 24 { return 64; }
        if x < 25 { return 1; } if x < 26 { return 72; } if x < 27 { return 3; } if x < 28 { return 74; }
        if x < 29 { return 1; } if x < 30 { return 82; } if x < 31 { return y; } if x < 32 { return 84; }
        if x < 33 { return 1; } if x < 34 { return 92; } if x < 35 { return 3; } if x < 36 { return 94; }
        let (z, mut w) = (y + 1, 5);
        if x < 37 { return 1; } if x < 38 { return 12; } if x < 39 { return 3; } if x < 40 { return 14; }
        if x < 41 { return 1; } if x < 42 { return 22; } if x < 43 { return 3; } if x < 44 { return 24; }
        w += 1;
        if x < 45 { return 1; } if x < 46 { return 32; } if x < 47 { return w; } if x < 48 { return 34; }
        if x < 49 { return 1; } if x < 50 { return 42; } if x < 51 { return z; } if x < 52 { return 44; }
        if x < 53 { return 1; } if x < 54 { return 52; } if x < 55 { return 3; } if x < 56 { return 54; }
        if x < 57 { return 1; } if x < 58 { return 62; } if x < 59 { return 3; } if x < 60 { return 64; }
        if x < 61 { return 1; } if x < 62 { return 72; } if x < 63 { return w; } if x < 64 { return 74; }
        if x < 65 { return 1; } if x < 66 { return 82; } if x < 67 { return 3; } if x < 68 { return 84; }
        if x < 69 { return 1; } if x < 70 { return 92; } if x < 71 { return 3; } if x < 72 { return 94; }
        y + z + w
    }
}

#[test]
fn matches_give_what_rust_gives() {
    let module = module(TEXT);
    let bytes: Vec<u8> = (0..12).chain([99, 100, 101, 199, 200, 255]).collect();
    let small = [i32::MIN, -101, -100, -99, -1, 0, 1, 2, 3, 4, 9, 10, 11, 39, 40, 50, 51, 52, 98, 100, i32::MAX];
    compare! { module;
        bands(n: small);
        pairs(a: [false, true], b: bytes, c: [i8::MIN, -2, -1, 0, 1, 2, i8::MAX]);
        on_bool(a: [false, true], b: [false, true]);
        floats(x: [0.0f64, -0.0, 1.5, -1.5, 1.6, 2.0, 2.5, 3.0, 3.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        leaving(n: [0i32, 1, 2, 3, 4, 5, 9, 30], m: [0i32, 1, 2, 3, 4]);
        changing(n: bytes);
        guards(a: small, b: [-10i32, 0, 1, 3, 5, 20]);
        alternatives(a: bytes, b: bytes);
        ladder(n: (0..90).collect::<Vec<u16>>());
        returns(x: (-1..80).collect::<Vec<i64>>());
    }
}
