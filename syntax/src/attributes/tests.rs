//! Each argument, as data or as its finding.

use super::*;

/// What an argument is read as, or the finding with the text at its place.
fn outcome(name: &'static str, value: &'static str) -> String {
    let text: &'static str = Box::leak(format!("{name} = {value}").into_boxed_str());
    let at = name.len() + 3;
    let name = Name { text: name, span: Span::new(0, name.len()) };
    let value = Name { text: &text[at..], span: Span::new(at, text.len()) };
    let mut found = Vec::new();
    let attributes = read(&[(name, Some(value))], &mut found);
    if let Some(finding) = found.first() {
        let span = finding.span.unwrap_or_default();
        return format!("{} at {}", finding.message, &text[span.start as usize..span.end as usize]);
    }
    let dims = |lists: &[Vec<Dim<'_>>]| {
        let dim = |dim: &Dim<'_>| match dim {
            Dim::Named(name) => name.text.to_string(),
            Dim::Fixed(fixed, _) => fixed.to_string(),
        };
        lists.iter().map(|list| list.iter().map(dim).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("; ")
    };
    let fields: Vec<&str> = attributes.fields.iter().map(|name| name.text).collect();
    match (attributes.out, attributes.layout) {
        (Some(out), _) => {
            let terms: Vec<String> = out.terms.iter().map(|(times, name)| format!("{times} {}", name.text)).collect();
            format!("{} {}", out.constant, terms.join(", "))
        }
        (_, Some(layout)) => format!("{} -> {}", dims(&layout.params), dims(&layout.results)),
        _ => format!("{} {:?} {:?} {}", attributes.fuel, attributes.overflow, attributes.on_error, fields.join(" ")),
    }
}

#[test]
fn arguments_are_read() {
    let rows = [
        ("fuel", "1_000", "1000 Fail Fail "),
        ("fuel", "0", "0 Fail Fail "),
        ("overflow", "\"wrap\"", "1073741824 Wrap Fail "),
        ("on_error", "\"null\"", "1073741824 Fail Null "),
        ("fields", "\" x, _y2 \"", "1073741824 Fail Fail x _y2"),
        ("out", "\"4\"", "4 "),
        ("out", "\"len(x)\"", "0 1 x"),
        ("out", "\"len(x) - 1\"", "-1 1 x"),
        ("out", "\"-len(x)+2*len(y) + len(x)*3 + 7\"", "7 2 x, 2 y"),
        ("out", "\"len(x) - len(x) + 1\"", "1 "),
        ("layout", "\"(n),(n)->()\"", "n; n -> "),
        ("layout", "\"(m, 3) , () -> (m)\"", "m 3;  -> m"),
    ];
    for (name, value, expected) in rows {
        assert_eq!(outcome(name, value), expected, "{name} = {value}");
    }
}

#[test]
fn switches_take_no_value() {
    let read = |text: &'static str, value: Option<&'static str>| {
        let name = |text: &'static str| Name { text, span: Span::new(0, text.len()) };
        let mut found = Vec::new();
        let Loose { contract, approx } = read(&[(name(text), value.map(name))], &mut found).loose;
        let why = found.first().map(|finding| (finding.message.as_str().to_string(), finding.help.clone()));
        (contract, approx, why)
    };
    assert_eq!(read("contract", None), (true, false, None));
    assert_eq!(read("approx", None), (false, true, None));
    assert_eq!(read("fast", None), (true, true, None));
    let why = ("`fast` takes no value".to_string(), Some("write `fast`".to_string()));
    assert_eq!(read("fast", Some("true")), (false, false, Some(why)));
}

#[test]
fn wrong_values_are_explained_at_their_place() {
    let rows = [
        ("fuel", "\"many\"", "`fuel`: expected a whole number of iterations, got \"many\" at \"many\""),
        ("fuel", "-1", "`fuel`: expected a whole number of iterations, got -1 at -1"),
        (
            "fuel",
            "2_000_000_000_000",
            "`fuel`: 2000000000000 is above the limit of 1099511627776 (limits::FUEL_MAX) at 2_000_000_000_000",
        ),
        ("overflow", "\"saturate\"", "`overflow`: expected \"fail\" or \"wrap\", got \"saturate\" at \"saturate\""),
        ("on_error", "null", "`on_error`: expected \"fail\" or \"null\", got null at null"),
        ("fields", "\"x y\"", "expected the end, got `y` at y"),
        ("fields", "\"x, x\"", "the field `x` is named twice at x"),
        ("fields", "\"\"", "expected the name of a field, got the end of \"\" at \"\""),
        ("out", "\"n\"", "expected a length: a number, or `len(x)` of a list parameter `x`, got `n` at n"),
        ("out", "\"len(x) / 2\"", "expected the end, got `/` at /"),
        ("out", "\"2 * len(x) * 2\"", "expected one whole number before or behind `len`, got `2` at 2"),
        ("out", "\"len(x\"", "expected `)`, got the end of \"len(x\" at \"len(x\""),
        ("out", "len(x)", "expected a string of plain characters, got len(x) at len(x)"),
        ("layout", "\"(n)\"", "expected `->`, got the end of \"(n)\" at \"(n)\""),
        ("layout", "\"(n,-)->()\"", "expected a dimension: a name or a number, got `-` at -"),
        ("feul", "1", "unknown argument of #[kernel]: `feul` at feul"),
    ];
    for (name, value, expected) in rows {
        assert_eq!(outcome(name, value), expected, "{name} = {value}");
    }
}
