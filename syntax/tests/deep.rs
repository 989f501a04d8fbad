//! Texts that would overflow the stack of a recursive parser. Tests run on threads of 2 MiB, in debug
//! builds: what passes here passes anywhere.

use filbert_ir::Code;

fn body(body: &str) -> String {
    format!("fn f(a: f64, b: bool, n: i32) -> f64 {{ {body} }}")
}

/// The text is refused, as too large unless another code is given, with the limit's name.
fn refused(text: &str) {
    let error = filbert_syntax::parse(text, "deep").unwrap_err();
    let finding = &error.list[0];
    assert_eq!(finding.code, Code::KernelTooLarge, "{}", finding.message);
    assert!(finding.message.contains("_MAX"), "{}", finding.message);
}

/// The text gives an answer of any kind, and does not overflow.
fn answered(text: &str) {
    let _ = filbert_syntax::parse(text, "deep");
}

const MANY: usize = 100_000;

#[test]
fn brackets() {
    for (open, close) in [("(", ")"), ("{", "}"), ("[", "]")] {
        refused(&body(&format!("{}a{}", open.repeat(MANY), close.repeat(MANY))));
        answered(&body(&open.repeat(MANY)));
        answered(&open.repeat(MANY));
    }
    answered(&body(&format!("{}a{}", "(".repeat(62), ")".repeat(62))));
    refused(&body(&format!("{}a{}", "(".repeat(64), ")".repeat(64))));
}

#[test]
fn chains_of_operators() {
    for prefix in ["-", "!", "& ", "* ", "- (1.0) + ", "return ", "if ", "a = ", "a += ", "..", "|x| ", "break "] {
        refused(&body(&format!("{}a", prefix.repeat(MANY / prefix.len().max(1)))));
    }
    for (first, step) in [("a", "+a"), ("a", " as f64"), ("a", ".abs()"), ("b", "&&b"), ("a", "<a"), ("a", "?")] {
        refused(&body(&format!("{first}{}", step.repeat(MANY / step.len()))));
    }
    refused(&body(&format!("if b {{ a }} {} else {{ a }}", "else if b { a } ".repeat(10_000))));
    refused(&format!("fn f(a: {} f64) -> f64 {{ a }}", "&".repeat(MANY)));
    refused(&format!("fn f(a: {}f64{}) -> f64 {{ a }}", "A<".repeat(50_000), ">".repeat(50_000)));
}

#[test]
fn chains_just_below_the_limit() {
    // In each of these the heaviest token has a weight near `RUN_TOKENS_MAX`.
    for prefix in ["-", "!", "& ", "* ", "return ", "if ", "a = ", "a += ", "..", "|x| ", "match ", "unsafe ", "- -"] {
        let tokens = if prefix.starts_with('|') { 3 } else { prefix.split(' ').count().max(1) };
        answered(&body(&format!("{}a", prefix.repeat(4000 / tokens))));
        answered(&body(&prefix.repeat(4000 / tokens)));
    }
    for (step, tokens) in [("+a", 2), (" as f64", 2), (".abs()", 3), ("&&b", 3), ("else if b { a } ", 4), ("?", 1)] {
        answered(&body(&format!("a{}", step.repeat(4000 / tokens))));
        answered(&body(&format!("if b {{ a }} {}", step.repeat(4000 / tokens))));
    }
    answered(&format!("fn f(a: {}f64) -> f64 {{ a }}", "&".repeat(4000)));
    answered(&format!("fn f(a: {}f64{}) -> f64 {{ a }}", "A<".repeat(1900), ">".repeat(1900)));
    answered(&format!("use {}a;", "a::".repeat(1300)));
    answered(&body(&format!("let {}a = 1;", "&".repeat(4000))));
}

#[test]
fn chains_just_below_the_larger_stack() {
    for prefix in ["-", "!", "& ", "return ", "if ", "a = ", "..", "|x| ", "match ", "unsafe {", "((", "{{", "|| {"] {
        for count in [10, 20, 30, 40, 60, 80, 95] {
            answered(&body(&format!("{}a", prefix.repeat(count))));
            let close = prefix.replace('(', ")").replace('{', "}").replace("unsafe ", "").replace("|| ", "");
            answered(&body(&format!("{}a {}", prefix.repeat(count), close.repeat(count))));
        }
    }
    answered(&format!("fn f(a: {}f64{}) -> f64 {{ a }}", "A<".repeat(90), ">".repeat(90)));
}

#[test]
fn long_sums_work() {
    let module = filbert_syntax::parse(&body(&format!("a{}", " + a".repeat(1500))), "deep").unwrap();
    assert_eq!(module.kernels[0].core.values.len(), 3 + 1500);
    refused(&body(&format!("{} a", "let a = a + a; ".repeat(5000))));
}

#[test]
fn many_items_and_statements_work() {
    let text: String = (0..2000).map(|i| format!("fn f{i}(x: f64) -> f64 {{ x }}\n")).collect();
    assert_eq!(filbert_syntax::parse(&text, "many").unwrap().kernels.len(), 2000);
    let text = body(&format!("let mut s = a; {} s", "if b { s += 1.0 } ".repeat(500)));
    assert_eq!(filbert_syntax::parse(&text, "many").unwrap().kernels.len(), 1);
}

#[test]
fn calls_that_double_are_refused_before_they_fill_memory() {
    let mut text = "fn f0(x: f64) -> f64 { x + x }\n".to_string();
    for i in 1..40 {
        text.push_str(&format!("fn f{i}(x: f64) -> f64 {{ f{}(f{}(x)) }}\n", i - 1, i - 1));
    }
    refused(&text);
}

#[test]
fn closures_that_double_are_refused_before_they_fill_time() {
    let mut text = String::from("let f0 = |x: f64| x;");
    for i in 1..60 {
        text.push_str(&format!("let f{i} = |x: f64| (f{}(x), f{}(x)).0;", i - 1, i - 1));
    }
    text.push_str("f59(a)");
    let error = filbert_syntax::parse(&body(&text), "deep").unwrap_err();
    assert_eq!(error.list[0].code, Code::KernelTooLarge);
}

#[test]
fn long_rows_of_jumps_are_cut_into_parts() {
    let returns: String = (0..300).map(|i| format!("if a < {i}.0 {{ return {i}.5 }} ")).collect();
    let kernel = |text: &str| filbert_syntax::parse(&body(text), "deep").unwrap().kernels[0].clone();
    kernel(&format!("{returns} a"));
    let arms: String = (0..300).map(|i| format!("{i} => {i}.5, ")).collect();
    kernel(&format!("match n {{ {arms} _ => a }}"));
    let turns: String =
        (0..60).map(|i| format!("if s > {i}.0 {{ continue }} if s == {i}.5 {{ break }} s += a; ")).collect();
    kernel(&format!("let mut s = a; while s < 9.0 {{ {turns} }} s"));
    refused(&body(&format!("{} a", "if b { return a } ".repeat(3000))));
}

#[test]
fn tuples_that_double_are_refused_before_they_fill_memory() {
    let mut text = String::from("let t0 = (a, a);");
    for i in 1..60 {
        text.push_str(&format!("let t{i} = (t{}, t{});", i - 1, i - 1));
    }
    text.push('a');
    let error = filbert_syntax::parse(&body(&text), "deep").unwrap_err();
    assert_eq!(error.list[0].code, Code::KernelTooLarge);
    let mut text = String::from("let t = (a,);");
    text.push_str(&"let t = (t,);".repeat(10_000));
    text.push('a');
    let error = filbert_syntax::parse(&body(&text), "deep").unwrap_err();
    assert_eq!(error.list[0].code, Code::KernelTooLarge);
}

#[test]
fn a_long_text_is_refused() {
    refused(&" ".repeat(300_000));
    refused(&body(&"a;".repeat(200_000)));
}

#[test]
fn a_text_of_mistakes_gives_a_bounded_answer() {
    let error = filbert_syntax::parse(&body(&format!("{} a", "let x = unknown_name_here;\n".repeat(9000))), "deep")
        .unwrap_err();
    assert!((100..=101).contains(&error.list.len()));
    assert!(error.render().len() < 100_000);
    let error = filbert_syntax::parse(&body(&"/".repeat(200_000)), "deep");
    assert!(error.is_err());
}

#[test]
fn an_integer_of_thousands_of_digits_is_refused() {
    let error = filbert_syntax::parse(&body(&"9".repeat(200_000)), "deep").unwrap_err();
    assert_eq!(error.list[0].code, Code::LiteralRange);
    assert_eq!(error.list[0].message, "an integer of 200000 bytes; no type holds it");
    let written = format!("{}f64", f64::MIN_POSITIVE);
    assert!(written.len() > 300 && filbert_syntax::parse(&body(&written), "deep").is_ok());
}
