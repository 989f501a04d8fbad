//! Tests of `bench`: every kind of result, equal digests, failing rows.

use std::time::Duration;

use filbert_compiler::Target;

use super::*;
use crate::backend::Choice;
use crate::random::Random;
use crate::tests::kernel;

const QUICK: Settings =
    Settings { threads: 1, plan: Plan { round: Duration::ZERO, total: Duration::ZERO, rounds_min: 2, rounds_max: 3 } };

fn subjects(source: &str) -> Vec<Subject> {
    let able = Choice::NAMED.into_iter().filter(|choice| choice.lacks(Target::host().features()).is_empty());
    able.map(|choice| Subject::load(&kernel(source), choice).unwrap()).collect()
}

#[test]
fn every_kind_of_result_has_one_digest_on_every_back_end() {
    for (source, bytes_of_a_row) in [
        ("fn f(x: f64, y: f64) -> f64 { (x * y).sqrt() + x.sin() }", 24),
        ("fn f(x: f32) -> bool { x > 0.5 }", 5),
        ("fn f(a: i8, b: u16) -> i64 { (a as i64) * 1000 + b as i64 }", 11),
        ("fn f(x: f64) -> (f64, i32) { (x + 1.0, x as i32) }", 20),
        ("fn f(x: f64) -> [f64; 3] { [x, -x, 2.0 * x] }", 32),
        (
            "#[kernel(out = \"len(x)\")] fn f(x: &[f32], out: &mut [f32]) { for i in 0..x.len() { out[i] = x[i] * 2.0; } }",
            128,
        ),
    ] {
        let subjects = subjects(source);
        let random = Random::draw(subjects[0].kernel().kernel(), &[], 3000, 1).unwrap();
        let found = bench(&subjects, &random, &[1, 100, 3000], QUICK).unwrap();
        assert_eq!(found.len(), 3 * subjects.len(), "{source}");
        for one in &found {
            assert_eq!(one.bytes, one.rows * bytes_of_a_row, "{source}");
            assert!(one.ns_per_row_min > 0.0 && one.ns_per_row_median >= one.ns_per_row_min);
        }
        assert_ne!(found[0].digest, found[subjects.len()].digest, "{source}: other rows, other digest");
    }
    // Nulls: flags are written too.
    let subjects = subjects("fn f(x: f64) -> Option<f64> { if x > 0.0 { Some(x) } else { None } }");
    let random = Random::draw(subjects[0].kernel().kernel(), &[], 80, 1).unwrap();
    let found = bench(&subjects, &random, &[80], QUICK).unwrap();
    assert!(found.iter().all(|one| one.bytes == 80 * 16 + 10));
}

#[test]
fn threads_change_nothing_but_time() {
    let subjects = subjects("fn f(x: f64) -> f64 { x * x }");
    let subjects: Vec<Subject> = subjects.into_iter().filter(|subject| subject.runs != Choice::Interp).collect();
    let random = Random::draw(subjects[0].kernel().kernel(), &[], 300_000, 1).unwrap();
    let alone = bench(&subjects, &random, &[300_000], QUICK).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let together = pool.install(|| bench(&subjects, &random, &[300_000], Settings { threads: 3, ..QUICK })).unwrap();
    assert_eq!(alone[0].digest, together[0].digest);
}

#[test]
fn a_failing_row_ends_it() {
    let subjects = subjects("fn f(n: i64) -> i64 { 100 / n }");
    let random = Random::draw(subjects[0].kernel().kernel(), &[], 1000, 1).unwrap();
    let error = bench(&subjects, &random, &[1000], QUICK).unwrap_err();
    assert_eq!(error.code, Code::DivideByZero);
    assert!(error.row.is_some());
}

#[test]
fn sizes_of_a_sweep() {
    assert_eq!(sizes(1 << 20), [1024, 4096, 16_384, 65_536, 262_144, 1_048_576]);
    assert_eq!(sizes(5000), [1024, 4096, 5000]);
    assert_eq!(sizes(1024), [1024]);
    assert_eq!(sizes(7), [7]);
}

#[test]
fn a_sweep_leaves_out_what_would_take_too_long() {
    let source = "fn f(x: f64) -> f64 { let mut s = x; for i in 0..20000 { s = s * 0.5 + 1.0; } s }";
    let interp = Subject::load(&kernel(source), Choice::Interp).unwrap();
    let native = Subject::load(&kernel(source), Choice::Scalar).unwrap();
    let random = Random::draw(native.kernel().kernel(), &[], 4000, 1).unwrap();
    let found = bench(&[interp, native], &random, &[4, 4000], QUICK).unwrap();
    let ran: Vec<(usize, &str)> = found.iter().map(|one| (one.rows, one.backend)).collect();
    assert_eq!(ran, [(4, "interp"), (4, "scalar"), (4000, "scalar")]);
}
