//! The engine's errors in words: which stable code they get, and a message that fits one screen.

use std::io::ErrorKind;

use datafusion::common::{DataFusionError, Location, SchemaError};

use filbert_ir::Code;

/// Longest message in characters: about half a screen. Lists of columns can be much longer.
const MESSAGE_CHARS_MAX: usize = 1000;

/// What the engine puts before a message to say which of its errors it is.
const PREFIXES: &[&str] = &[
    "SQL error: ",
    "ParserError(\"",
    "TokenizerError(\"",
    "Error during planning: ",
    "Schema error: ",
    "Execution error: ",
    "Internal error: ",
    "Arrow error: ",
    "External error: ",
];

/// What the planner puts before the names of tables.
const DEFAULT_SCHEMA: &str = "datafusion.public.";

/// What stands between an error and its cause.
const CAUSE: &str = "\ncaused by\n";

/// It follows internal errors, most of which are the query's fault after all.
const BUG_NOTICE: &str = "\nThis issue was likely caused by a bug in DataFusion's code.";

/// The stable code of an error that is not a kernel's.
pub(crate) fn code(error: &DataFusionError) -> Code {
    match error.find_root() {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Configuration(_) => Code::Sql,
        DataFusionError::ParquetError(_) => Code::Input,
        DataFusionError::ObjectStore(_) if writes(error) => Code::Output,
        DataFusionError::ObjectStore(_) => Code::Input,
        DataFusionError::IoError(e) if e.kind() == ErrorKind::NotFound => Code::Input,
        DataFusionError::IoError(_) => Code::Output,
        DataFusionError::ResourcesExhausted(_) => Code::OutOfMemory,
        _ => Code::Query,
    }
}

/// What is wrong, in words.
pub(crate) fn message(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::SchemaError(schema, _) => missing_field(schema),
        _ => None,
    };
    tidy(&text.unwrap_or_else(|| error.strip_backtrace()))
}

/// A message of the engine without what it says about itself, cut to one screen.
pub(crate) fn tidy(text: &str) -> String {
    // A call that fits no signature is told twice, at length and then in a sentence.
    let mut text = text.find("No function matches").map_or(text, |at| &text[at..]);
    text = text.split(BUG_NOTICE).next().unwrap_or_default().trim();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    let text = text
        .strip_suffix("\")")
        .unwrap_or(text)
        .trim_end()
        .replace(DEFAULT_SCHEMA, "")
        .replace(CAUSE, ": ")
        .replace("Arrow error: ", "");
    // Tabs begin the items of a list; other line breaks are only a taste.
    let text = if text.contains('\t') { text } else { text.replace('\n', " ") };
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{} ... (cut)", &text[..end]),
        None => text,
    }
}

/// The place that the SQL parser puts at the end of its message.
pub(crate) fn split_place(message: &str) -> Option<(String, Location)> {
    let (said, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let column = column.trim_end_matches(|c: char| !c.is_ascii_digit());
    Some((said.to_string(), Location { line: line.parse().ok()?, column: column.parse().ok()? }))
}

fn writes(error: &DataFusionError) -> bool {
    error.to_string().contains(".partial")
}

/// An unknown column with at most a few of those that are there: wide tables have hundreds.
fn missing_field(error: &SchemaError) -> Option<String> {
    const COLUMNS_SHOWN_MAX: usize = 12;
    let SchemaError::FieldNotFound { field, valid_fields } = error else { return None };
    let shown: Vec<String> = valid_fields.iter().take(COLUMNS_SHOWN_MAX).map(|f| f.quoted_flat_name()).collect();
    let more = if valid_fields.len() > shown.len() { ", ..." } else { "" };
    Some(format!("no column {}; there is {}{more}", field.quoted_flat_name(), shown.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_s_place_is_found() {
        let message = "Expected: an expression, found: ; at Line: 3, Column: 8";
        let (said, place) = split_place(message).expect("a place");
        assert_eq!((said.as_str(), place.line, place.column), ("Expected: an expression, found: ;", 3, 8));
        assert!(split_place("no place").is_none());
    }

    #[test]
    fn long_messages_are_cut() {
        let text = message(&DataFusionError::Plan("x".repeat(5000)));
        assert!(text.len() < 1100 && text.ends_with("... (cut)"), "{text}");
    }
}
