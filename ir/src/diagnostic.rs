//! Diagnostics: what is wrong with a kernel, where, and what to write instead.
//!
//! A diagnostic is data: stages collect them all and report together. `Diagnostics::render` draws one
//! screen with the source text; without a text it prints the messages alone.

use std::fmt;
use std::sync::Arc;

use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind};

use crate::code::Code;
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
    /// The findings, in source order; at least one.
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
                    out.push_str(&format!("[{}] Error: {}\n", diagnostic.code, diagnostic.message));
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

/// One finding with its excerpt.
pub(crate) fn excerpt(diagnostic: &Diagnostic, span: Span, name: &str, text: &str) -> String {
    let clip = |s: Span| {
        let start = (s.start as usize).min(text.len());
        start..(s.end as usize).clamp(start, text.len())
    };
    let config = Config::default().with_color(false).with_char_set(CharSet::Ascii).with_index_type(IndexType::Byte);
    let caret = if diagnostic.label.is_empty() { "here" } else { &diagnostic.label };
    let mut report = Report::build(ReportKind::Error, (name, clip(span)))
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
        Err(_) => format!("[{}] Error: {}\n", diagnostic.code, diagnostic.message),
    }
}
