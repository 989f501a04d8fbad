//! The text form: canonical, and one screen of error where it is wrong.

use filbert_ir::{Datum, Def, Param, Region, Scalar, Type, ValueId, random, text, verify};

use crate::{MEMORY, SHAPES, kernel};

#[test]
fn canonical_text_prints_as_it_was_read() {
    assert_eq!(text::print(&kernel(SHAPES)), SHAPES);
    verify(kernel(MEMORY)).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(text::print(&kernel(MEMORY)), MEMORY);
}

#[test]
fn labels_are_free_and_comments_are_skipped() {
    let loose =
        "// a comment\nkernel f(%7 x: i32) -> i32 { %3: i32 = const 2 // two\n %1: i32 = mul %7, %3\n return %1 }";
    let canonical = "kernel f(%0 x: i32) -> i32 {\n  %1: i32 = const 2\n  %2: i32 = mul %0, %1\n  return %2\n}\n";
    assert_eq!(text::print(&kernel(loose)), canonical);
}

#[test]
fn the_example_of_the_documentation_is_canonical() {
    let source = include_str!("../src/text.rs");
    let (_, example) = source.split_once("//! ```text\n").unwrap();
    let (example, _) = example.split_once("//! ```").unwrap();
    let example: String = example.lines().map(|line| format!("{}\n", &line[4..])).collect();
    verify(kernel(&example)).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(text::print(&kernel(&example)), example);
}

#[test]
fn one_result_and_names_like_types() {
    for text in [
        "kernel f(%0 x: &[u8; 4]) -> %1 &mut [u8] of 3 {\n  return\n}\n",
        "kernel f(%0 %1 f64: Option<bool>) -> (f64: Option<bool>) {\n  return %0, %1\n}\n",
        "kernel f() -> [f32; 2] fuel 0 {\n  %0: f32 = const 1.5\n  return %0, %0\n}\n",
        "kernel f(%0 x: &[f32]) -> (%1 &mut [f32] of -2 * param 0, %2 &mut [[f32; 2]] of 0) on_error null {\n  return\n}\n",
    ] {
        assert_eq!(text::print(&verify(kernel(text)).unwrap()), text);
    }
}

#[test]
fn arguments_are_read_by_their_parameter() {
    let list = |ty: Type, of: &[u64]| Some(Datum::List(of.iter().map(|&bits| Scalar::from_bits(ty, bits)).collect()));
    let rows_of_two = Param::List { elem: Type::U8, inner: 2, len: None };
    assert_eq!(text::parse_datum(&Param::list(Type::U8), "[1, 2,3 ]"), list(Type::U8, &[1, 2, 3]));
    assert_eq!(text::parse_datum(&Param::list(Type::U8), "[]"), list(Type::U8, &[]));
    assert_eq!(text::parse_datum(&Param::list(Type::U8), "[1, 300]"), None);
    assert_eq!(text::parse_datum(&Param::list(Type::U8), "1"), None);
    assert_eq!(text::parse_datum(&rows_of_two, "[1, 2, 3, 4]"), list(Type::U8, &[1, 2, 3, 4]));
    assert_eq!(text::parse_datum(&rows_of_two, "[1, 2, 3]"), None);
    assert_eq!(text::parse_datum(&Param::nullable(Type::F64), "null"), Some(Datum::Null));
    assert_eq!(text::parse_datum(&Param::strict(Type::F64), "2.5"), Some(2.5.into()));
}

/// Printing serves messages about kernels that the verifier refuses.
#[test]
fn any_table_prints() {
    let mut bad = kernel(MEMORY);
    let region = |start, end| Region { start: ValueId(start), end: ValueId(end), yields: vec![] };
    let id = ValueId(u32::MAX);
    bad.core.values[8].def = Def::If { cond: id, then: region(0, u32::MAX), otherwise: region(5, 3) };
    bad.core.values[10].def = Def::Loop { inits: vec![], body: region(7, 7) };
    bad.core.values[14].def = Def::Loop { inits: vec![id], body: region(1, 1000) };
    bad.core.tables[0].bytes.pop();
    bad.core.returns.clear();
    bad.names.params.clear();
    assert!(text::print(&bad).lines().count() > 20);
    bad.core.signature.params.clear();
    bad.core.values.clear();
    assert!(text::print(&bad).ends_with("  return\n}\n"));
}

#[test]
fn random_kernels_round_trip() {
    for seed in 0..1000 {
        let original = if seed % 2 == 0 { random::kernel(seed, 40) } else { random::rich_kernel(seed, 60) };
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
        ("kernel f(x: f64) -> f64 { return %0 }", "expected 1 values such as %0 before this type, got 0"),
        ("kernel f(%0 x: Option<f64>) -> f64 { return %0 }", "expected 2 values such as %0 before this type, got 1"),
        ("kernel f(%0 x: &[f64, 2]) -> f64 { return %0 }", "expected `]`, got `,`"),
        ("kernel f(%0 x: &[f64]) -> %1 &mut [f64] of x { return }", "expected a length, got `x`"),
        ("kernel f() -> f64 fuel x { return %0 }", "expected a number of iterations, got `x`"),
        ("kernel f() -> f64 on_error stop { return %0 }", "expected `null`, got `stop`"),
        ("kernel f() -> f64 { table 1: f64 = [] }", "expected table 0, got `1`"),
        ("kernel f() -> f64 { table 0: f64 = [true] }", "expected a constant of type f64, got `true`"),
        (
            "kernel f(%0 i: u64) -> f64 { %1: f64 = load list 0, %0 }",
            "expected `param`, `result` or `table`, got `list`",
        ),
        ("kernel f(%0 i: u64) -> f64 { %1: f64 = loop { yield %0 } }", "expected a value such as %0, got `{`"),
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
