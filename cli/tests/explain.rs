//! `filbert explain`.

use expect_test::expect;

use crate::Place;

const KERNELS: &str = "fn twice(x: f64) -> f64 { x + x }\n\nfn inc(n: i32) -> i32 { n + 1 }\n";

#[test]
fn the_stages_in_order() {
    let place = Place::with(&[("k.rs", KERNELS)]);
    let ran = place.filbert(&["explain", "k.rs", "inc"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let titles: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("== ")).collect();
    assert_eq!(titles, ["== source ==", "== ir ==", "== ir after passes ==", "== clif ==", "== asm =="]);
    let names: Vec<&str> =
        ran.stdout.lines().take_while(|line| !line.is_empty()).map(|line| line[..10].trim()).collect();
    assert_eq!(names, ["kernel", "id", "values", "can fail", "target", "back end", "code"]);
    assert!(ran.stdout.contains("kernel    inc(n: i32) -> i32\n"), "{}", ran.stdout);
}

#[test]
fn one_stage_of_every_kernel() {
    let place = Place::with(&[("k.rs", KERNELS)]);
    let ran = place.filbert(&["explain", "k.rs", "--stage", "ir"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let ir: Vec<&str> = ran.stdout.split("== ir ==\n").skip(1).map(|part| part.split("\n\n").next().unwrap()).collect();
    expect![[r#"
        kernel twice(%0 x: f64) -> f64 {
          %1: f64 = add %0, %0
          return %1
        }
        kernel inc(%0 n: i32) -> i32 {
          %1: i32 = const 1
          %2: i32 = add %0, %1
          return %2
        }"#]]
    .assert_eq(&ir.join("\n"));
    assert!(!ran.stdout.contains("== asm =="));
}

#[test]
fn an_unknown_kernel() {
    let place = Place::with(&[("k.rs", KERNELS)]);
    place.filbert(&["explain", "k.rs", "twise"]).fails(expect![[r#"
        [FB-0101] Error: k.rs has no kernel `twise`
          help: it has twice, inc
    "#]]);
}
