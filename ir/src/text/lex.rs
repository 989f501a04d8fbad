//! Words of the text form: punctuation, quoted strings, and runs of other characters.

use std::str::FromStr;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::kernel::Span;

pub(super) type Parsed<T> = Result<T, Diagnostic>;

/// A text that is read word by word.
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    /// The word read last.
    pub(super) token: Span,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Words<'a> {
        Words { text, at: 0, token: Span::default() }
    }

    pub(super) fn number<N: FromStr>(&mut self, what: &str) -> Parsed<N> {
        self.next().parse().map_err(|_| self.wrong(what))
    }

    /// Whether what comes next is a name and a colon.
    pub(super) fn is_named(&mut self) -> bool {
        let (at, token) = (self.at, self.token);
        self.next();
        let is_named = self.peek() == ":";
        (self.at, self.token) = (at, token);
        is_named
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.next() == word { Ok(()) } else { Err(self.wrong(&format!("`{word}`"))) }
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.next();
        }
        found
    }

    pub(super) fn peek(&mut self) -> &'a str {
        let (at, token) = (self.at, self.token);
        let word = self.next();
        (self.at, self.token) = (at, token);
        word
    }

    /// The next token: punctuation, a quoted string, or a run of other characters; empty at the end.
    pub(super) fn next(&mut self) -> &'a str {
        self.skip_blank();
        let rest = &self.text[self.at..];
        let len = match rest.chars().next() {
            None => 0,
            Some('"') => string_length(rest),
            _ if rest.starts_with("->") => 2,
            Some(c) if is_punctuation(c) => 1,
            Some(_) => rest.find(|c: char| c.is_whitespace() || is_punctuation(c) || c == '"').unwrap_or(rest.len()),
        };
        self.token = Span::new(self.at, self.at + len);
        self.at += len;
        &rest[..len]
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            if blank == 0 && !rest.starts_with("//") {
                return;
            }
            if self.text[self.at..].starts_with("//") {
                self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
            }
        }
    }

    /// The `///` lines before the kernel.
    pub(super) fn doc(&mut self) -> String {
        let mut lines = Vec::new();
        for line in self.text.lines() {
            match line.trim().strip_prefix("///") {
                Some(text) => lines.push(text.strip_prefix(' ').unwrap_or(text)),
                None if line.trim().is_empty() || line.trim().starts_with("//") => {}
                None => break,
            }
        }
        lines.join("\n")
    }

    pub(super) fn wrong(&self, expected: &str) -> Diagnostic {
        let got = &self.text[self.token.start as usize..self.token.end as usize];
        let got = if got.is_empty() { "the end".to_string() } else { format!("`{got}`") };
        Diagnostic::new(Code::Syntax, self.token, format!("expected {expected}, got {got}"))
    }
}

fn is_punctuation(c: char) -> bool {
    matches!(c, '(' | ')' | '{' | '}' | '[' | ']' | ',' | ':' | ';' | '=' | '&' | '*')
}

/// Length of the quoted string that `rest` begins with, quotes included; all of `rest` if it has no end.
fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return i + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// Undoes what `{:?}` of a string does.
pub(super) fn unescape(body: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            'u' => {
                let hex: String = chars.by_ref().skip(1).take_while(|&c| c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
            }
            other => out.push(other),
        }
    }
    Some(out)
}
