//! How findings are drawn.

use expect_test::expect;
use filbert_ir::{Code, Diagnostic, Diagnostics, Span};

fn drawn(text: &str, span: Span) -> String {
    let finding = Diagnostic::new(Code::UnknownName, span, "unknown name `y`").label("here").help("did you mean `x`?");
    Diagnostics::new(vec![finding], "a.rs", text).render()
}

#[test]
fn a_finding_has_its_line_and_a_caret() {
    expect![[r#"
        [FB-0101] Error: unknown name `y`
           ,-[ a.rs:2:5 ]
           |
         2 | x + y
           |     |
           |     `-- here
           |
           | Help: did you mean `x`?
        ---'
    "#]]
    .assert_eq(&drawn("let x = 1;\nx + y\n", Span::new(15, 16)));
}

/// A generated kernel of one line of 250 KB and 100 mistakes must not fill the screen.
#[test]
fn a_long_line_is_not_printed_whole() {
    let text = format!("let x = 1;\n{}y{}\n", "ä + ".repeat(1000), " + x".repeat(1000));
    let at = text.find('y').unwrap();
    expect![[r#"
        [FB-0101] Error: unknown name `y`
          in a.rs, line 2, byte 5001 of a long line
          | ä + ä + ä + ä + ä + ä + ä + ä + ä + ä + ä + ä + y + x + x + x + x + x + x + x + x + x + x + x + x + x + x +
          |                                                 ^ here
          help: did you mean `x`?
    "#]]
    .assert_eq(&drawn(&text, Span::new(at, at + 1)));
}

#[test]
fn spans_beyond_the_text_are_clipped() {
    for (start, end) in [(0, 100), (99, 100), (3, 3), (1, 2)] {
        assert!(drawn("äö", Span::new(start, end)).contains("FB-0101"));
        assert!(drawn(&"äö".repeat(300), Span::new(start, end)).contains("FB-0101"));
    }
    assert!(drawn("", Span::new(0, 0)).contains("FB-0101"));
}

#[test]
fn a_warning_is_called_one() {
    let finding = Diagnostic::new(Code::WarnUnusedVariable, Span::new(4, 5), "`x` is not used");
    let drawn = Diagnostics::new(vec![finding.clone()], "a.rs", "let x = 1;").render();
    assert!(drawn.starts_with("[FB-1002] Warning: `x` is not used\n"), "{drawn}");
    let drawn = Diagnostics::without_text(vec![finding]).render();
    assert_eq!(drawn, "[FB-1002] Warning: `x` is not used\n");
}
