//! Diagnostics: what is wrong with a kernel, where, and what to write instead.
//!
//! A diagnostic is data: stages collect them all and report together. `Diagnostics::render` draws one
//! screen with the source text; without a text it prints the messages alone.

use std::fmt;
use std::sync::Arc;

use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind};

use crate::code::{Code, Severity};
use crate::kernel::Span;

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// What is wrong: operation, expected, got.
    pub message: String,
    /// Where, in the text of the `Diagnostics` that hold it.
    pub span: Option<Span>,
    /// What stands at the span; empty for a bare caret.
    pub label: String,
    /// Other places that explain it.
    pub notes: Vec<(Span, String)>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding at `span`.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: Some(span), ..Diagnostic::unplaced(code, message) }
    }

    /// A finding without a place.
    pub fn unplaced(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span: None, label: String::new(), notes: Vec::new(), help: None }
    }

    /// Error or warning, as its code says.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// `[FB-0101] Error: unknown name`
    fn headline(&self) -> String {
        let severity = match self.severity() {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        format!("[{}] {severity}: {}\n", self.code, self.message)
    }

    /// With a few words at the caret.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// With another place that explains it.
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// With what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

/// All findings about one text. Prints as `render` draws it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostics {
    /// The findings, in source order; at least one where they are an error.
    pub list: Vec<Diagnostic>,
    /// What messages call the text.
    pub name: String,
    /// The text that spans refer to.
    pub text: Option<Arc<str>>,
}

impl Diagnostics {
    /// Findings about a text.
    pub fn new(list: Vec<Diagnostic>, name: impl Into<String>, text: impl Into<Arc<str>>) -> Diagnostics {
        Diagnostics { list, name: name.into(), text: Some(text.into()) }
    }

    /// Findings about something that has no text.
    pub fn without_text(list: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics { list, name: String::new(), text: None }
    }

    /// All findings as text, with source excerpts where there is a text. Plain ASCII art, no colour.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.list {
            match (&self.text, diagnostic.span) {
                (Some(text), Some(span)) => out.push_str(&excerpt(diagnostic, span, &self.name, text)),
                _ => {
                    out.push_str(&diagnostic.headline());
                    if let Some(help) = &diagnostic.help {
                        out.push_str(&format!("  help: {help}\n"));
                    }
                }
            }
        }
        out
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render().trim_end())
    }
}

impl std::error::Error for Diagnostics {}

/// Source lines longer than this are not printed whole, bytes.
const LINE_BYTES_MAX: usize = 400;
/// What is printed of such a line on each side of the place, bytes.
const WINDOW_BYTES: usize = 60;

/// One finding with its excerpt.
pub(crate) fn excerpt(diagnostic: &Diagnostic, span: Span, name: &str, text: &str) -> String {
    let places = diagnostic.notes.iter().map(|(place, _)| *place).chain([span]);
    if places.into_iter().any(|place| line_around(place, text).len() > LINE_BYTES_MAX) {
        return window(diagnostic, span, name, text);
    }
    let clip = |s: Span| {
        let start = text.floor_char_boundary((s.start as usize).min(text.len()));
        start..text.ceil_char_boundary((s.end as usize).clamp(start, text.len()))
    };
    let config = Config::default().with_color(false).with_char_set(CharSet::Ascii).with_index_type(IndexType::Byte);
    let caret = if diagnostic.label.is_empty() { "here" } else { &diagnostic.label };
    let kind = match diagnostic.severity() {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
    };
    let mut report = Report::build(kind, (name, clip(span)))
        .with_config(config)
        .with_code(diagnostic.code)
        .with_message(&diagnostic.message)
        .with_label(Label::new((name, clip(span))).with_message(caret));
    for (place, note) in &diagnostic.notes {
        report = report.with_label(Label::new((name, clip(*place))).with_message(note));
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    let written = report.finish().write((name, ariadne::Source::from(text)), &mut out);
    match written {
        Ok(()) => String::from_utf8_lossy(&out).lines().map(|line| format!("{}\n", line.trim_end())).collect(),
        Err(_) => diagnostic.headline(),
    }
}

/// The bytes of the lines that a span touches.
fn line_around(span: Span, text: &str) -> std::ops::Range<usize> {
    let (start, end) = ((span.start as usize).min(text.len()), (span.end as usize).min(text.len()));
    let bytes = text.as_bytes();
    let from = bytes[..start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let to = bytes[end..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| end + at);
    from..to.max(from)
}

/// The finding with a piece of a line that is too long to print.
fn window(diagnostic: &Diagnostic, span: Span, name: &str, text: &str) -> String {
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let line = line_around(Span::new(start, start), text);
    let from = text.ceil_char_boundary(line.start.max(start.saturating_sub(WINDOW_BYTES)));
    let to = text.floor_char_boundary(line.end.min(start + WINDOW_BYTES));
    let number = text[..start].matches('\n').count() + 1;
    let indent = " ".repeat(text[from..start].chars().count());
    let end = text.floor_char_boundary((span.end as usize).clamp(start, to));
    let carets = "^".repeat(text[start..end].chars().count().max(1));
    let mut out = diagnostic.headline();
    out.push_str(&format!("  in {name}, line {number}, byte {} of a long line\n", start - line.start + 1));
    out.push_str(format!("  | {}", &text[from..to]).trim_end());
    out.push_str(format!("\n  | {indent}{carets} {}", diagnostic.label).trim_end());
    out.push('\n');
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}
