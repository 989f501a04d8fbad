//! Typed calls: the same results, errors and rows as any other call.

use filbert_ir::{Code, text, verify};
use filbert_runtime::{LoadedKernel, Uniform};

use crate::samples::SPIN;
use crate::support::both;

fn kernel(source: &str) -> [LoadedKernel; 2] {
    both(&verify(text::parse(source).unwrap()).unwrap())
}

const CHECKED: &str = "kernel k(%0 a: i32, %1 b: i32, %2 c: f64) -> (i32, f64) {
  %3: i32 = add %0, %1
  %4: f64 = cast %3
  %5: f64 = mul %4, %2
  return %3, %5
}";

#[test]
fn a_typed_call_gives_what_a_map_gives() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
        for rows in (0..100).chain([1023, 1024, 1025, 20_000]) {
            let a: Vec<i32> = (0..rows).map(|row| row * 7 % 1000 - 300).collect();
            let c: Vec<f64> = (0..rows).map(|row| f64::from(row % 13) / 4.0).collect();
            let (sums, products): (Vec<i32>, Vec<f64>) = loaded.map((&a, &a, &c)).unwrap();
            let (mut first, mut second) = (vec![-1; a.len()], vec![-1.0; a.len()]);
            typed.call((&a, &a, &c), (&mut first, &mut second)).unwrap();
            assert_eq!((first, second), (sums, products), "{rows} rows");
        }
    }
}

#[test]
fn the_lowest_failing_row_is_the_error() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
        let rows = 150;
        let (b, c) = (vec![1; rows], vec![0.5; rows]);
        for failing in 0..rows {
            let mut a = vec![5; rows];
            (a[failing], a[rows - 1]) = (i32::MAX, i32::MAX);
            let (mut sums, mut products) = (vec![-1; rows], vec![-1.0; rows]);
            let error = typed.call((&a, &b, &c), (&mut sums, &mut products)).unwrap_err();
            assert_eq!(error.row, Some(failing as u64));
            assert_eq!(error.detail, "2147483647 + 1 does not fit i32");
        }
        // The code is sound, and stays in use.
        assert_eq!(loaded.engine(), typed.loaded().engine());
    }
}

#[test]
fn one_value_for_every_row_is_an_argument() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, Uniform<i32>, Uniform<f64>), (i32, f64)>().unwrap();
        for rows in [0, 1, 9, 64, 100, 3000] {
            let a: Vec<i32> = (0..rows).collect();
            let (mut sums, mut products) = (vec![-1; a.len()], vec![-1.0; a.len()]);
            typed.call((&a, 3, 0.5), (&mut sums, &mut products)).unwrap();
            assert!(sums.iter().zip(&a).all(|(sum, a)| *sum == a + 3));
            assert!(products.iter().zip(&sums).all(|(product, &sum)| *product == f64::from(sum) / 2.0));
        }
        let error = typed.call((&[1, i32::MAX - 2], 3, 0.5), (&mut [0; 2], &mut [0.0; 2])).unwrap_err();
        assert_eq!(error.row, Some(1));
    }
}

#[test]
fn bools_are_bytes() {
    for loaded in kernel(
        "kernel k(%0 a: f32, %1 b: bool) -> bool {\n %2: bool = is_nan %0\n %3: bool = xor %1, %2\n return %3\n}",
    ) {
        let typed = loaded.typed::<(f32, bool), bool>().unwrap();
        for rows in 0..70 {
            let a: Vec<f32> = (0..rows).map(|row| if row % 3 == 0 { f32::NAN } else { 1.0 }).collect();
            let b: Vec<bool> = (0..rows).map(|row| row % 2 == 0).collect();
            let mut results = vec![false; rows];
            for _ in 0..2 {
                typed.call((&a, &b), &mut results).unwrap();
            }
            assert!((0..rows).all(|row| results[row] == (a[row].is_nan() ^ b[row])));
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
        let (mut sums, mut products) = ([7; 3], [7.0; 3]);
        typed.call((&[1; 3], &[1; 3], &[1.0; 3]), (&mut sums, &mut products)).unwrap();
        let short = typed.call((&[1; 3], &[1; 2], &[1.0; 3]), (&mut sums, &mut products)).unwrap_err();
        assert_eq!((short.code, &short.detail[..]), (Code::LengthMismatch, "the column for `b` has 2 rows, not 3"));
        let short = typed.call((&[1; 3], &[1; 3], &[1.0; 3]), (&mut sums, &mut products[..2])).unwrap_err();
        assert_eq!((short.code, &short.detail[..]), (Code::LengthMismatch, "results have places for 3 and for 2 rows"));
        let other = loaded.typed::<(i32, i32, f64), f64>().unwrap_err();
        assert_eq!(other.detail, "gives (i32, f64), asked to give (f64)");
    }
    for source in [
        "kernel k(%0 x: Option<f64>) -> f64 {\n return %0\n}",
        "kernel k(%0 x: f64) -> f64 on_error null {\n return %0\n}",
    ] {
        let Ok(parsed) = text::parse(source) else { continue };
        let loaded = LoadedKernel::load(&verify(parsed).unwrap());
        assert_eq!(loaded.typed::<(f64,), f64>().unwrap_err().code, Code::SignatureMismatch);
    }
}

/// Arrow's bits of some rows.
fn bits(rows: usize, is_valid: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut bits = vec![0; rows.div_ceil(8)];
    (0..rows).filter(|&row| is_valid(row)).for_each(|row| bits[row / 8] |= 1 << (row % 8));
    bits
}

#[test]
fn a_typed_call_with_nulls_gives_what_any_call_gives() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
        for rows in (0..200).chain([1023, 1024, 1025, 4096, 20_000]) {
            let has_a = |row: usize| row * row % 11 != 3;
            let has_c = |row: usize| row / 64 % 3 != 1 && row % 7 != 5;
            // What lies under a null of `a` overflows, now and then.
            let a: Vec<i32> =
                (0..rows).map(|row| if has_a(row) || row % 5 > 0 { row as i32 } else { i32::MAX }).collect();
            let b = vec![1; rows];
            let c: Vec<f64> = (0..rows).map(|row| row as f64 / 4.0).collect();
            let (mut sums, mut products) = (vec![-1; rows], vec![-1.0; rows]);
            let (mut of_a, of_c) = (bits(rows, has_a), bits(rows, has_c));
            let mut valid = vec![0xaa; rows.div_ceil(8)];
            let both = bits(rows, |row| has_a(row) && has_c(row));
            // Bits behind the last row may be anything.
            if let (Some(last), 1..) = (of_a.last_mut(), rows % 8) {
                *last |= 0xff << (rows % 8);
            }
            let given: [Option<&[u8]>; 3] = [Some(&of_a), None, Some(&of_c)];
            typed.call_nulls((&a, &b, &c), &given, (&mut sums, &mut products), &mut valid).unwrap();
            assert_eq!(valid, both, "{rows} rows");
            for row in 0..rows {
                let is_valid = has_a(row) && has_c(row);
                let expected = if is_valid { (a[row] + 1, f64::from(a[row] + 1) * c[row]) } else { (0, 0.0) };
                assert_eq!((sums[row], products[row]), expected, "row {row} of {rows}");
            }
        }
        assert_eq!(loaded.engine(), typed.loaded().engine());
    }
}

#[test]
fn no_bitmap_at_all_and_nothing_but_nulls() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, Uniform<i32>, f64), (i32, f64)>().unwrap();
        for rows in [1, 8, 77, 3000] {
            let (a, c) = (vec![i32::MAX - 1; rows], vec![1.0; rows]);
            let (mut sums, mut products, mut valid) = (vec![-1; rows], vec![-1.0; rows], vec![0; rows.div_ceil(8)]);
            typed.call_nulls((&a, 1, &c), &[None; 3], (&mut sums, &mut products), &mut valid).unwrap();
            assert_eq!((&sums, &valid), (&vec![i32::MAX; rows], &bits(rows, |_| true)));
            // One more is too much, but null.
            let none = vec![0; rows.div_ceil(8)];
            typed.call_nulls((&a, 2, &c), &[None, None, Some(&none)], (&mut sums, &mut products), &mut valid).unwrap();
            assert_eq!((sums, products, valid), (vec![0; rows], vec![0.0; rows], none));
        }
    }
}

#[test]
fn the_lowest_failing_row_that_is_not_null_is_the_error() {
    for loaded in kernel(CHECKED) {
        let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
        let rows = 1500;
        let (a, b, c) = (vec![i32::MAX; rows], vec![1; rows], vec![0.5; rows]);
        let (mut sums, mut products, mut valid) = (vec![-1; rows], vec![-1.0; rows], vec![0; rows.div_ceil(8)]);
        for failing in [0, 1, 9, 64, 333, 1024, 1499] {
            let known = bits(rows, |row| row >= failing);
            let given: [Option<&[u8]>; 3] = [None, Some(&known), None];
            let error = typed.call_nulls((&a, &b, &c), &given, (&mut sums, &mut products), &mut valid).unwrap_err();
            assert_eq!(error.row, Some(failing as u64));
            assert_eq!(error.detail, "2147483647 + 1 does not fit i32");
        }
    }
}

#[test]
fn bitmaps_that_do_not_fit_are_errors() {
    let [_, loaded] = kernel(CHECKED);
    let typed = loaded.typed::<(i32, i32, f64), (i32, f64)>().unwrap();
    let (a, c, one) = ([1; 9], [1.0; 9], [0xff]);
    let call = |given: &[Option<&[u8]>], bytes: usize| {
        let (mut sums, mut products, mut valid) = ([0; 9], [0.0; 9], [0; 3]);
        let ran = typed.call_nulls((&a, &a, &c), given, (&mut sums, &mut products), &mut valid[..bytes]);
        ran.map_err(|error| (error.code, error.detail))
    };
    let short = "a bitmap of 1 bytes for 9 rows, which take 2".to_string();
    assert_eq!(call(&[None, Some(&one), None], 2), Err((Code::LengthMismatch, short.clone())));
    assert_eq!(call(&[None; 3], 1), Err((Code::LengthMismatch, short)));
    let few = "takes 3 arguments, got bitmaps or none for 2".to_string();
    assert_eq!(call(&[None; 2], 2), Err((Code::SignatureMismatch, few)));
    assert_eq!(call(&[None; 3], 2), Ok(()));
}

#[test]
fn what_stands_under_a_null_runs_in_no_typed_call() {
    for loaded in kernel(SPIN) {
        let typed = loaded.typed::<(i64,), i64>().unwrap();
        let n: Vec<i64> = (0..100).map(|row| if row % 3 == 0 { i64::MAX } else { row }).collect();
        let known = bits(100, |row| row % 3 != 0);
        for _ in 0..3 {
            let (mut counts, mut valid) = ([-1; 100], [0; 13]);
            typed.call_nulls((&n,), &[Some(&known)], &mut counts, &mut valid).unwrap();
            assert_eq!(valid[..], known);
            assert!((0..100).all(|row| counts[row] == if row % 3 == 0 { 0 } else { row as i64 }));
        }
    }
}
