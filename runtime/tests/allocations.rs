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
