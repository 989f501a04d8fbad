//! The kernels of a text: choosing one, and what it says of itself.

use filbert_ir::OnError;

#[test]
fn the_only_kernel_goes_by_any_name() {
    let module = filbert_syntax::parse("fn f(x: f64) -> f64 { x }", "one").unwrap();
    assert_eq!(module.select("f").unwrap().name(), "f");
    assert_eq!(module.select("g").unwrap().name(), "f");
    assert!(module.get("g").is_none());
}

#[test]
fn one_of_several_goes_by_its_own() {
    let module = filbert_syntax::parse("fn first(x: f64) -> f64 { x }\nfn second(x: f64) -> f64 { x }", "two").unwrap();
    assert_eq!(module.kernels.iter().map(|k| k.name()).collect::<Vec<_>>(), ["first", "second"]);
    assert_eq!(module.select("second").unwrap().name(), "second");
    let error = module.select("secund").unwrap_err().to_string();
    assert!(error.contains("FB-0003") && error.contains("did you mean `second`?"), "{error}");
    let error = module.select("x").unwrap_err().to_string();
    assert!(error.contains("the kernels are first, second"), "{error}");
}

#[test]
fn parsing_leaves_nothing_behind_in_the_thread() {
    // proc-macro2 keeps every text that a thread parses until it is told otherwise: these would be 190 MB
    // and the tables of their lines. The bound leaves room for the stacks of tests beside this one.
    let text = format!("fn f(x: f64) -> f64 {{ x }} {}", "// a comment\n".repeat(8000));
    let before = resident_bytes();
    for _ in 0..2000 {
        filbert_syntax::parse(&text, "again").unwrap();
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 120 << 20, "grew by {grown} bytes");
}

/// From /proc, elsewhere 0.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

#[test]
fn fault_39_recursive_kernels_are_refused() {
    for (text, circle) in [
        ("fn f(x: f64) -> f64 { f(x) }", "`f` calls itself"),
        ("fn a(x: f64) -> f64 { b(x) }\nfn b(x: f64) -> f64 { c(x) }\nfn c(x: f64) -> f64 { a(x) }", "calls"),
    ] {
        let found = filbert_syntax::parse(text, "circle").unwrap_err();
        assert!(found.list.iter().any(|d| d.code.to_string() == "FB-0108"), "{found}");
        assert!(found.to_string().contains(circle), "{found}");
    }
}

#[test]
fn attributes_become_part_of_the_signature() {
    let text = "#[kernel(fuel = 7, on_error = \"null\", fields = \"a, b\")] fn f(x: i32) -> (i32, i32) { (x, -x) }
                fn g(x: i32) -> i32 { x }";
    let module = filbert_syntax::parse(text, "f.rs").unwrap();
    let [f, g] = &module.kernels[..] else { panic!("two kernels") };
    assert_eq!((f.core.signature.fuel, f.core.signature.on_error), (7, OnError::Null));
    assert_eq!(f.names.results, ["a", "b"]);
    assert_eq!((g.core.signature.fuel, g.core.signature.on_error), (1 << 30, OnError::Fail));
}
