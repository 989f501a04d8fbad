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
    let lowered = if ran.stdout.contains("not vectorised: ") { "== clif ==" } else { "== blocks ==" };
    assert_eq!(titles, ["== source ==", "== ir ==", "== ir after passes ==", lowered, "== asm =="]);
    let names: Vec<&str> =
        ran.stdout.lines().take_while(|line| !line.is_empty()).map(|line| line[..10].trim()).collect();
    assert_eq!(names, ["kernel", "id", "values", "can fail", "checks", "target", "back end", "code"]);
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

#[test]
fn what_a_kernel_costs_a_row_stands_in_the_summary() {
    let text = r#"
const RATES: [f64; 3] = [0.0, 0.1, 0.25];
#[kernel(fuel = 1000, on_error = "null")]
fn total(x: &[f64], class: u64) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * RATES[class];
    }
    sum
}
"#;
    let place = Place::with(&[("k.rs", text)]);
    let ran = place.filbert(&["explain", "k.rs", "total", "--stage", "source"]);
    let summary = ran.stdout.split("\n\n").next().unwrap();
    let costs = ["kernel", "on error", "indexes", "checks", "fuel", "tables"];
    let shown: Vec<&str> = summary.lines().filter(|line| costs.contains(&line[..10].trim())).collect();
    expect![[r#"
        kernel    total(x: &[f64], class: u64) -> f64
        on error  the row is null
        indexes   1 of 2 checked in each row
        checks    1 of 1 checked in each row
        fuel      1000 loop iterations a row
        tables    3 of f64"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn a_generic_kernel_is_shown_for_types() {
    let place = Place::with(&[("k.rs", "fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }")]);
    let head = |args: &[&str]| {
        let ran = place.filbert(&[&["explain", "k.rs", "--stage", "source"], args].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        ran.stdout.lines().next().unwrap().to_string()
    };
    assert_eq!(head(&["lerp<f32>"]), "kernel    lerp(a: f32, b: f32, t: f32) -> f32");
    assert_eq!(head(&["lerp"]), "kernel    lerp(a: f64, b: f64, t: f64) -> f64");
    assert_eq!(head(&[]), "kernel    lerp(a: f64, b: f64, t: f64) -> f64");
}
