//! The kernels of a text: choosing one, and what it says of itself.

use filbert_ir::{OnError, Scalar, Type, interp};

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

#[test]
fn a_text_of_generic_kernels_has_templates_and_no_kernels() {
    let text = "/// Twice.\nfn twice<T: Num>(x: T) -> T { x + x }";
    let module = filbert_syntax::parse(text, "twice.rs").unwrap();
    assert!(module.kernels.is_empty());
    let template = module.template("twice").unwrap();
    assert_eq!(
        (template.doc.as_str(), template.types[0].name.as_str(), template.params[0].ty.as_str()),
        ("Twice.", "T", "T")
    );
    let double = template.specialise(&[Type::F64.into()]).unwrap();
    let int = template.specialise(&[Type::I64.into()]).unwrap();
    assert_eq!(double.name(), "twice");
    assert_ne!(double.id(), int.id());
    assert_eq!(double.id(), template.specialise(&[Type::F64.into()]).unwrap().id());
    assert_eq!(interp::run_scalars(&int, &[Scalar::I64(21)]).unwrap(), [Scalar::I64(42)]);
    let error = module.select("twice").unwrap_err().to_string();
    assert!(error.contains("FB-0003") && error.contains("generic"), "{error}");
}

#[test]
fn generic_kernels_cannot_grow_a_text_without_bound() {
    // Each kernel calls the next one for a type that no sample has.
    let mut deep = "fn f(x: u8) -> u8 { g0(x) }\n".to_string();
    deep.extend((0..20).map(|i| format!("fn g{i}<T: Num>(x: T) -> T {{ g{}(x) }}\n", i + 1)));
    deep.push_str("fn g20<T: Num>(x: T) -> T { x }\n");
    let error = filbert_syntax::parse(&deep, "deep.rs").unwrap_err().to_string();
    assert!(error.contains("FB-0201") && error.contains("more than 8 deep"), "{error}");
    // Samples do not count.
    let mut many: String = (0..100).map(|i| format!("fn g{i}<T: Num>(x: T) -> T {{ x }}\n")).collect();
    many.push_str("fn f(x: u8) -> u8 { g7(x) }");
    assert_eq!(filbert_syntax::parse(&many, "many.rs").unwrap().templates.len(), 100);
    // Ten types for each of two parameters.
    let types = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"];
    let mut wide = "fn pair<A: Num, B: Num>(a: A, b: B) -> A { a }\n".to_string();
    for (i, a) in types.iter().enumerate() {
        for b in types {
            wide.push_str(&format!("fn f{i}_{b}(a: {a}, b: {b}) -> {a} {{ pair(a, b) }}\n"));
        }
    }
    let error = filbert_syntax::parse(&wide, "wide.rs").unwrap_err().to_string();
    assert!(error.contains("FB-0201") && error.contains("INSTANCES_MAX"), "{error}");
}
