//! Bounds a text before a recursive parser sees it.
//!
//! syn, and the stages behind it, recurse over the source. How deep they can go is bounded here by looking
//! at the tokens alone, without recursion: brackets may nest `NESTING_MAX` deep, and the *weight* of a
//! token, the number of tokens before it in its own run (back to the last `;`, `,` or finished statement)
//! and in the runs around it, may not pass `RUN_TOKENS_MAX`. Every kind of recursion costs a token a level
//! (`-----x`, `a = a = a`, `if if if`, `a + a + a`), so the weight bounds the depth. Light texts are parsed
//! on the caller's stack, heavier ones on a thread with a larger one.
//!
//! Integers of thousands of digits, which cost syn more time than a whole text may, end here too.

use std::str::FromStr;

use filbert_ir::limits::{NESTING_MAX, WIRE_BYTES_MAX};
use filbert_ir::{Code, Diagnostic, Span};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Tokens in one run, those of the enclosing runs counted: bounds the length of an expression or a chain.
pub const RUN_TOKENS_MAX: usize = 4096;

/// Bytes of an integer as it is written. syn reads its digits in time that grows with their square; 128 binary
/// digits with a separator behind every fourth are 166 bytes with their type.
const INTEGER_BYTES_MAX: usize = 192;

/// Heaviest text that is parsed on the caller's stack. In a debug build syn takes up to 13 KiB for a token
/// (nested `|| {` and `if if if`, measured on syn 2.0.119), so this is 1.3 MiB of the 2 MiB of a thread.
pub(crate) const LIGHT: usize = 100;

/// Stack for each token of weight where a text is heavier. Only what is touched is backed by memory.
pub(crate) const STACK_BYTES_PER_TOKEN: usize = 32 << 10;

/// A text as tokens, and the weight of its heaviest token.
pub(crate) fn tokens(text: &str) -> Result<(TokenStream, usize), Diagnostic> {
    if text.len() > WIRE_BYTES_MAX {
        let message =
            format!("the text has {} bytes; the limit is {WIRE_BYTES_MAX} (limits::WIRE_BYTES_MAX)", text.len());
        return Err(Diagnostic::new(Code::KernelTooLarge, Span::new(0, 0), message)
            .help("split the text into several, or the kernel into smaller ones"));
    }
    let tokens = match TokenStream::from_str(text) {
        Ok(tokens) => tokens,
        Err(error) => return Err(lex_error(text, error.span().byte_range())),
    };
    let weight = weigh(tokens.clone())?;
    Ok((tokens, weight))
}

fn weigh(tokens: TokenStream) -> Result<usize, Diagnostic> {
    let mut heaviest = 0;
    // The runs that are open: the rest of their tokens, and the weight they started with and have now.
    let mut open = vec![(tokens.into_iter().peekable(), 0, 0)];
    while let Some((rest, base, weight)) = open.last_mut() {
        let Some(token) = rest.next() else {
            open.pop();
            continue;
        };
        *weight += 1;
        heaviest = heaviest.max(*weight);
        if *weight > RUN_TOKENS_MAX {
            let message = format!("an expression has more than {RUN_TOKENS_MAX} tokens (syntax::RUN_TOKENS_MAX)");
            return Err(Diagnostic::new(Code::KernelTooLarge, token_span(&token), message)
                .help("give parts of it a name with `let`"));
        }
        match token {
            TokenTree::Group(group) => {
                let inner = *weight;
                // Behind `}` no expression goes on with a word but these two.
                let ends = match rest.peek() {
                    Some(TokenTree::Ident(word)) => *word != "else" && *word != "as",
                    _ => false,
                };
                if group.delimiter() == Delimiter::Brace && ends {
                    *weight = *base;
                }
                if open.len() > NESTING_MAX {
                    let message = format!("brackets nest more than {NESTING_MAX} deep (limits::NESTING_MAX)");
                    let span = group.span_open().byte_range();
                    return Err(Diagnostic::new(Code::KernelTooLarge, Span::new(span.start, span.end), message)
                        .help("give inner parts a name with `let`"));
                }
                open.push((group.stream().into_iter().peekable(), inner, inner));
            }
            TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => *weight = *base,
            TokenTree::Literal(literal) if literal.span().byte_range().len() > INTEGER_BYTES_MAX => {
                let written = literal.to_string();
                if written.starts_with(|c: char| c.is_ascii_digit()) && !written.contains('.') {
                    let message = format!("an integer of {} bytes; no type holds it", written.len());
                    return Err(Diagnostic::new(Code::LiteralRange, token_span(&TokenTree::from(literal)), message)
                        .help("write a float as `1e300` or `1.0`"));
                }
            }
            _ => {}
        }
    }
    Ok(heaviest)
}

fn token_span(token: &TokenTree) -> Span {
    let range = token.span().byte_range();
    Span::new(range.start, range.end)
}

/// The lexer says only where it stopped; brackets are what goes wrong most, so look at them.
fn lex_error(text: &str, at: std::ops::Range<usize>) -> Diagnostic {
    let start = at.start.min(text.len());
    let rest = &text[start..];
    let first = rest.chars().next();
    let end = start + first.map_or(0, char::len_utf8);
    let message = match first {
        None => "a bracket is open at the end of the text".to_string(),
        Some(c @ ('(' | '[' | '{')) => format!("`{c}` is not closed"),
        Some(c @ (')' | ']' | '}')) => format!("`{c}` closes nothing that is open, or not the last one opened"),
        Some('"') => "a string that does not end".to_string(),
        Some('\'') => "a character that does not end".to_string(),
        Some(_) if rest.starts_with("/*") => "a comment that does not end".to_string(),
        Some(c) => format!("`{}` cannot stand here", c.escape_debug()),
    };
    Diagnostic::new(Code::Syntax, Span::new(start, end), message)
}
