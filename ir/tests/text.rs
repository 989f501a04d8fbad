//! The text form: canonical, and one screen of error where it is wrong.

use filbert_ir::{random, text};

use crate::{SHAPES, kernel};

#[test]
fn canonical_text_prints_as_it_was_read() {
    assert_eq!(text::print(&kernel(SHAPES)), SHAPES);
}

#[test]
fn labels_are_free_and_comments_are_skipped() {
    let loose =
        "// a comment\nkernel f(%7 x: i32) -> i32 { %3: i32 = const 2 // two\n %1: i32 = mul %7, %3\n return %1 }";
    let canonical = "kernel f(%0 x: i32) -> i32 {\n  %1: i32 = const 2\n  %2: i32 = mul %0, %1\n  return %2\n}\n";
    assert_eq!(text::print(&kernel(loose)), canonical);
}

#[test]
fn random_kernels_round_trip() {
    for seed in 0..500 {
        let original = random::kernel(seed, 40);
        let printed = text::print(&original);
        let parsed = kernel(&printed);
        assert_eq!(parsed.core, original.core, "seed {seed}\n{printed}");
        assert_eq!(parsed.names, original.names, "seed {seed}");
    }
}

#[test]
fn wrong_text_is_explained() {
    let cases = [
        ("kernel f(%0 x: f64) -> f64 { return %1 }", "%1 is not defined before its use"),
        ("kernel f(%0 x: f65) -> f64 { return %0 }", "expected a type, got `f65`"),
        ("kernel f(%0 x: f64) -> f64 { %1: f64 = frob %0 return %1 }", "expected an operation, got `frob`"),
        ("kernel f(%0 x: f64) -> f64 { %0: f64 = neg %0 return %0 }", "%0 is defined twice"),
        ("kernel f(%0 x: u8) -> u8 { %1: u8 = const 256 return %1 }", "expected a constant of type u8, got `256`"),
        ("kernel f(%0 x: f64) -> f64 { return %0 } more", "expected the end, got `more`"),
        ("kernel f(%0 x: f64) -> f64 {", "expected a value such as %0, got the end"),
        ("", "expected `kernel`, got the end"),
    ];
    for (input, message) in cases {
        let found = text::parse(input).unwrap_err();
        assert_eq!(found.list[0].message, message, "{input}");
        assert!(found.render().contains("FB-"), "{}", found.render());
    }
}

#[test]
fn deep_text_is_refused_not_a_stack_overflow() {
    let mut deep = String::from("kernel f(%0 x: bool) -> bool {\n");
    for i in 1..100_000 {
        deep.push_str(&format!("%{i}: bool = if %0 {{\n"));
    }
    assert_eq!(text::parse(&deep).unwrap_err().list[0].message, "expected less nesting, got `{`");
}
