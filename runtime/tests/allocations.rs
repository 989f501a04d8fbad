//! What a warm call allocates: nothing where the caller gives the places of the results.
#![allow(missing_docs, clippy::unwrap_used)]

use allocation_counter::measure;
use filbert_ir::{text, verify};
use filbert_runtime::{Engine, KernelCache, LoadedKernel, Uniform};

const AXPY: &str = "kernel axpy(%0 a: f64, %1 x: f64, %2 y: f64) -> f64 {
  %3: f64 = mul %0, %1
  %4: f64 = add %3, %2
  return %4
}";

#[test]
fn a_warm_typed_call_allocates_nothing() {
    let kernel = verify(text::parse(AXPY).unwrap()).unwrap();
    let axpy = KernelCache::new(1 << 20).load(&kernel, Engine::Native);
    let typed = axpy.typed::<(f64, f64, f64), f64>().unwrap();
    let (a, x) = ([1.5; 1000], [2.0; 1000]);
    let mut results = [0.0; 1000];
    // The first call is compared with the interpreter.
    let first = measure(|| typed.call((&a, &x, &x), &mut results).unwrap());
    assert!(first.count_total > 0, "the counter counts");
    for rows in [0, 1, 7, 8, 33, 1000] {
        results.fill(0.0);
        let counted = measure(|| typed.call((&a[..rows], &x[..rows], &x[..rows]), &mut results[..rows]).unwrap());
        assert_eq!(counted.count_total, 0, "{rows} rows");
        assert!(results[..rows].iter().all(|&result| result == 5.0) && results[rows..].iter().all(|&r| r == 0.0));
    }
}

#[test]
fn a_warm_typed_call_with_uniform_arguments_allocates_nothing() {
    let axpy = LoadedKernel::load(&verify(text::parse(AXPY).unwrap()).unwrap());
    let typed = axpy.typed::<(Uniform<f64>, f64, Uniform<f64>), f64>().unwrap();
    let x = [2.0; 1000];
    let mut results = [0.0; 1000];
    typed.call((1.5, &x, 1.0), &mut results).unwrap();
    let counted = measure(|| typed.call((2.5, &x, -1.0), &mut results).unwrap());
    assert_eq!(counted.count_total, 0);
    assert!(results.iter().all(|&result| result == 4.0));
}

#[test]
fn a_warm_typed_call_with_nulls_allocates_nothing() {
    let axpy = KernelCache::new(1 << 20).load(&verify(text::parse(AXPY).unwrap()).unwrap(), Engine::Native);
    let typed = axpy.typed::<(Uniform<f64>, f64, f64), f64>().unwrap();
    let x = [2.0; 5000];
    let (mut results, mut valid) = ([-1.0; 5000], [0; 625]);
    let known = [0b1101_1011; 625];
    let given: [Option<&[u8]>; 3] = [None, Some(&known), None];
    // The first call is compared with the interpreter, and so is one in so many of those of long columns.
    for _ in 0..2 {
        typed.call_nulls((1.5, &x, &x), &given, &mut results, &mut valid).unwrap();
    }
    for rows in [0usize, 1, 64, 1000, 5000] {
        let bytes = rows.div_ceil(8);
        let given = given.map(|bits| bits.map(|bits| &bits[..bytes]));
        results.fill(-1.0);
        let mut call = || {
            let places = (&mut results[..rows], &mut valid[..bytes]);
            typed.call_nulls((1.5, &x[..rows], &x[..rows]), &given, places.0, places.1).unwrap();
        };
        assert_eq!(measure(&mut call).count_total, 0, "{rows} rows");
        let expected = |row: usize| {
            if row >= rows {
                -1.0
            } else if known[0] >> (row % 8) & 1 == 1 {
                5.0
            } else {
                0.0
            }
        };
        assert!(results.iter().enumerate().all(|(row, &result)| result == expected(row)), "{rows} rows");
    }
}

#[test]
fn a_warm_typed_sum_allocates_nothing() {
    let axpy = KernelCache::new(1 << 20).load(&verify(text::parse(AXPY).unwrap()).unwrap(), Engine::Native);
    let x = [2.0; 5000];
    let typed = axpy.typed::<(f64, f64, f64), f64>().unwrap();
    let by_one = axpy.typed::<(Uniform<f64>, f64, f64), f64>().unwrap();
    // The first call of each code is compared with the interpreter.
    let first = measure(|| assert!(typed.sum((&x, &x, &x)).is_ok()));
    assert!(first.count_total > 0, "the counter counts");
    by_one.sum((1.5, &x, &x)).unwrap();
    for rows in [1, 7, 8, 33, 1000, 5000] {
        let x = &x[..rows];
        let (mut all, mut one) = (None, None);
        let counted = measure(|| (all, one) = (typed.sum((x, x, x)).unwrap(), by_one.sum((1.5, x, x)).unwrap()));
        assert_eq!(counted.count_total, 0, "{rows} rows");
        assert_eq!((all, one), (Some((6.0 * rows as f64).into()), Some((5.0 * rows as f64).into())));
    }
}
