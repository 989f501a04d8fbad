//! The text of a function from its tokens.
//!
//! Inside rustc (stable) a token tells its line and column, not its place in the file, and tokens that a
//! macro made may come from anywhere. So the text is laid out again: each token at its line and column,
//! counted from the first one, comments left blank. That text is what is compiled, inside rustc and later
//! in the program, so carets in messages look like the source; and each token remembers its bytes in it, so
//! findings lead back to tokens.

use std::ops::Range;

use proc_macro2::{Delimiter, Group, LineColumn, Spacing, Span, TokenStream, TokenTree};

/// Farthest line that a token may stand below the one before it; what is farther came from elsewhere.
const LINES_SKIPPED_MAX: usize = 200;

/// A text, and the tokens that it is made of.
pub(super) struct Layout {
    pub(super) text: String,
    /// Tokens without inner ones, and brackets, in text order.
    tokens: Vec<(Range<usize>, Leaf)>,
    origin: Option<LineColumn>,
    line: usize,
    column: usize,
    last: Last,
}

/// A token as it can be written out again.
enum Leaf {
    Token(TokenTree),
    Bracket(Span),
}

/// What stands before, as far as it decides whether a blank must follow.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Open,
    Word,
    Alone,
    Joint,
}

impl Layout {
    pub(super) fn new(tokens: TokenStream) -> Layout {
        let mut layout =
            Layout { text: String::new(), tokens: Vec::new(), origin: None, line: 0, column: 0, last: Last::Open };
        layout.stream(tokens, false);
        layout
    }

    /// Spans of the first and the last token in a range of the text.
    pub(super) fn spans(&self, range: Range<usize>) -> (Span, Span) {
        let inside = |at: &&(Range<usize>, Leaf)| at.0.start < range.end.max(range.start + 1) && at.0.end > range.start;
        let first = self.tokens.iter().find(inside).or(self.tokens.last());
        let last = self.tokens.iter().rev().find(inside).or(self.tokens.last());
        let span = |leaf: Option<&(Range<usize>, Leaf)>| match leaf {
            Some((_, Leaf::Token(token))) => token.span(),
            Some((_, Leaf::Bracket(span))) => *span,
            None => Span::call_site(),
        };
        (span(first), span(last))
    }

    /// The tokens of a range of the text; brackets, which paths do not have, are left out.
    pub(super) fn tokens(&self, range: Range<usize>) -> TokenStream {
        let inside = self.tokens.iter().filter(|(at, _)| at.start >= range.start && at.end <= range.end);
        inside
            .filter_map(|(_, leaf)| match leaf {
                Leaf::Token(token) => Some(token.clone()),
                Leaf::Bracket(_) => None,
            })
            .collect()
    }

    fn stream(&mut self, tokens: TokenStream, in_body: bool) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None if in_body && is_one_expression(&group) => ("(", ")"),
                        Delimiter::None => ("", ""),
                    };
                    let in_body = in_body || group.delimiter() == Delimiter::Brace;
                    self.put(open, group.span_open(), Leaf::Bracket(group.span_open()), Last::Open);
                    self.stream(group.stream(), in_body);
                    self.put(close, group.span_close(), Leaf::Bracket(group.span_close()), Last::Open);
                }
                TokenTree::Punct(punct) => {
                    if let Some(comment) = doc_comment(&punct, tokens.peek()) {
                        tokens.next();
                        self.put(&comment, punct.span(), Leaf::Bracket(punct.span()), Last::Open);
                        self.advance("\n");
                        continue;
                    }
                    let last = if punct.spacing() == Spacing::Joint { Last::Joint } else { Last::Alone };
                    let text = punct.as_char().to_string();
                    self.put(&text, punct.span(), Leaf::Token(TokenTree::Punct(punct)), last);
                }
                word => {
                    let (text, span) = (word.to_string(), word.span());
                    self.put(&text, span, Leaf::Token(word), Last::Word);
                }
            }
        }
    }

    /// Writes a token at its place, or behind the last one if its place is elsewhere.
    fn put(&mut self, text: &str, span: Span, leaf: Leaf, kind: Last) {
        if text.is_empty() {
            return;
        }
        let at = span.start();
        let origin = *self.origin.get_or_insert(at);
        let line = at.line.checked_sub(origin.line);
        let column = at.column.saturating_sub(origin.column);
        let here = (self.line, self.column);
        match line {
            // The pieces of `->` belong together wherever they come from.
            _ if self.last == Last::Joint => {}
            Some(line) if (line, column) >= here && line - self.line <= LINES_SKIPPED_MAX => {
                let newlines = "\n".repeat(line - self.line);
                self.advance(&newlines);
                let blanks = " ".repeat(column.saturating_sub(self.column));
                self.advance(&blanks);
            }
            _ => self.advance(" "),
        }
        let touches = self.text.ends_with(|c: char| !c.is_whitespace());
        let glues = (self.last == Last::Word && kind == Last::Word)
            || (self.last == Last::Alone && matches!(kind, Last::Alone | Last::Joint));
        if touches && glues {
            self.advance(" ");
        }
        let start = self.text.len();
        self.advance(text);
        self.tokens.push((start..self.text.len(), leaf));
        self.last = kind;
    }

    fn advance(&mut self, text: &str) {
        self.text.push_str(text);
        match text.rfind('\n') {
            Some(at) => {
                self.line += text.matches('\n').count();
                self.column = text[at + 1..].chars().count();
            }
            None => self.column += text.chars().count(),
        }
    }
}

/// A doc comment as it was written. rustc hands it over as `#[doc = "..."]`, every token of which has the
/// place of the whole comment.
fn doc_comment(hash: &proc_macro2::Punct, next: Option<&TokenTree>) -> Option<String> {
    let Some(TokenTree::Group(group)) = next else { return None };
    let source = hash.span().source_text()?;
    let is_comment = source.starts_with("///") || source.starts_with("/**");
    let is_doc = matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(doc)) if doc == "doc");
    (hash.as_char() == '#' && is_comment && is_doc).then_some(source)
}

/// Whether a group without brackets, which is how a `macro_rules!` hands over what it took as one
/// expression, falls apart without some: `$a * x` where `$a` is `1 + 2`.
fn is_one_expression(group: &Group) -> bool {
    let mut tokens = group.stream().into_iter();
    let is_statement = match tokens.next() {
        Some(TokenTree::Ident(word)) => ["let", "const", "use", "fn", "static"].iter().any(|key| word == key),
        _ => false,
    };
    tokens.next().is_some() && !is_statement
}

/// A function with parentheses for such groups in its body: rustc drops groups without brackets when a
/// macro hands them back (rust-lang/rust#67062).
pub(super) fn with_parentheses(tokens: TokenStream, in_body: bool) -> TokenStream {
    let mend = |token| match token {
        TokenTree::Group(group) => {
            let delimiter = match group.delimiter() {
                Delimiter::None if in_body && is_one_expression(&group) => Delimiter::Parenthesis,
                other => other,
            };
            let inner = with_parentheses(group.stream(), in_body || delimiter == Delimiter::Brace);
            let mut mended = Group::new(delimiter, inner);
            mended.set_span(group.span());
            TokenTree::Group(mended)
        }
        other => other,
    };
    tokens.into_iter().map(mend).collect()
}

/// Whether any token is in a group without brackets.
pub(super) fn has_bare_groups(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::None || has_bare_groups(group.stream()),
        _ => false,
    })
}
