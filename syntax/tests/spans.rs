//! Every value knows the expression that it comes from.

use filbert_ir::Type;

const TEXT: &str = "\u{feff}fn norm(x: f64, n: i32) -> f64 {
    // größer
    let s = x * x + 1.0;
    if n > 2 { -s } else { helper(s, n) }
}
fn helper(v: f64, n: i32) -> f64 { v.powi(n) / 2.0 }
";

#[test]
fn values_lead_back_to_the_text() {
    let module = filbert_syntax::parse(TEXT, "norm.rs").unwrap();
    let kernel = module.get("norm").unwrap();
    let source = kernel.source.as_ref().unwrap();
    assert_eq!(source.name, "norm.rs");
    assert!(source.text.starts_with("fn norm"), "the byte order mark is no part of the text");
    let at: Vec<&str> = source.spans.iter().map(|span| &source.text[span.start as usize..span.end as usize]).collect();
    let choice = "if n > 2 { -s } else { helper(s, n) }";
    let call = "helper(s, n)";
    assert_eq!(at, ["x", "n", "x * x", "1.0", "x * x + 1.0", "2", "n > 2", choice, "-s", call, call, call]);
}

#[test]
fn kernels_of_one_text_share_it() {
    let module = filbert_syntax::parse(TEXT, "norm.rs").unwrap();
    let texts: Vec<*const u8> = module.kernels.iter().map(|k| k.source.as_ref().unwrap().text.as_ptr()).collect();
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn identity_does_not_depend_on_names_or_layout() {
    let a = filbert_syntax::parse("fn a(x: f64) -> f64 { let y = x + 1.0; y }", "a").unwrap();
    let b = filbert_syntax::parse("/// Doc.\nfn b(z: f64) -> f64 {\n (z + 1.0_f64)\n}", "b").unwrap();
    assert_eq!(a.kernels[0].id(), b.kernels[0].id());
    assert_eq!(b.kernels[0].core.slot_types(), [Type::F64]);
}

#[test]
fn a_finding_is_drawn_with_its_line() {
    let error = filbert_syntax::parse("fn f(größe: f64) -> f64 {\n    größe + grösse // §\n}", "größe.rs").unwrap_err();
    let drawn = error.render();
    assert!(drawn.contains("[FB-0101] Error: unknown name `grösse`"), "{drawn}");
    assert!(drawn.contains("größe.rs:2:13"), "{drawn}");
    assert!(drawn.contains("größe + grösse // §"), "{drawn}");
    assert!(drawn.contains("did you mean `größe`?"), "{drawn}");
}
