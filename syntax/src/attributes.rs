//! What `#[kernel(...)]` says, in every door: the macro passes its arguments on as text, and the text of a
//! file or of SQL carries them itself.
//!
//! | argument | meaning |
//! |---|---|
//! | `fuel = 1000` | loop iterations that one row may spend |
//! | `overflow = "wrap"` | `+ - *`, unary minus, shifts, `abs`, `pow` wrap as in a release build of Rust |
//! | `on_error = "null"` | a row that fails is null |
//! | `contract` | `a * b + c` is rounded once |
//! | `approx` | functions may be off by 3.5 units in the last place |
//! | `fast` | `contract` and `approx` |
//! | `out = "len(x) - 1"` | length of the list that the kernel writes |
//! | `layout = "(n),(n)->()"` | lengths that must agree, and those of the lists that it writes |
//! | `fields = "x, y"` | names of the elements of a tuple result |
//!
//! Here they become data; which lists the names in `out` and `layout` mean is found out later.

use std::ops::Range;

use filbert_ir::limits::FUEL_MAX;
use filbert_ir::signature::FUEL_DEFAULT;
use filbert_ir::{Code, Diagnostic, OnError, Span};

use crate::ast::Name;
use crate::names;

/// The arguments that there are, with an example of each.
const ARGUMENTS: [(&str, &str); 9] = [
    ("fuel", "1000"),
    ("overflow", "\"wrap\""),
    ("on_error", "\"null\""),
    ("out", "\"len(x)\""),
    ("layout", "\"(n),(n)->()\""),
    ("fields", "\"x, y\""),
    ("contract", ""),
    ("approx", ""),
    ("fast", ""),
];

/// What integer operators do with a result that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Overflow {
    /// The row fails.
    #[default]
    Fail,
    /// The result is taken modulo 2^width.
    Wrap,
}

/// What floats may do that strict arithmetic does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Loose {
    /// A product and the sum around it are rounded once.
    pub(crate) contract: bool,
    /// Functions have the looser bound.
    pub(crate) approx: bool,
}

/// The arguments of `#[kernel(...)]`.
#[derive(Debug)]
pub(crate) struct Attributes<'t> {
    pub(crate) fuel: u64,
    pub(crate) overflow: Overflow,
    pub(crate) on_error: OnError,
    pub(crate) loose: Loose,
    #[allow(dead_code)] // What writes lists is being built.
    pub(crate) out: Option<Out<'t>>,
    #[allow(dead_code)] // as above
    pub(crate) layout: Option<Layout<'t>>,
    /// Empty if there are none.
    pub(crate) fields: Vec<Name<'t>>,
    /// Where `fields` stands.
    pub(crate) fields_span: Span,
}

impl Default for Attributes<'_> {
    fn default() -> Self {
        Attributes {
            fuel: FUEL_DEFAULT,
            overflow: Overflow::Fail,
            on_error: OnError::Fail,
            loose: Loose::default(),
            out: None,
            layout: None,
            fields: Vec::new(),
            fields_span: Span::default(),
        }
    }
}

/// `2 * len(x) + len(y) - 1`: the length of the list that the kernel writes.
#[derive(Clone, Debug)]
pub(crate) struct Out<'t> {
    pub(crate) constant: i64,
    /// How often the length of each list counts.
    pub(crate) terms: Vec<(i32, Name<'t>)>,
    /// The string.
    pub(crate) span: Span,
}

/// `(n,3),(n)->(n)`: the dimensions of each list and of each result; scalars have none.
#[derive(Clone, Debug)]
#[allow(dead_code)] // as above
pub(crate) struct Layout<'t> {
    pub(crate) params: Vec<Vec<Dim<'t>>>,
    pub(crate) results: Vec<Vec<Dim<'t>>>,
    /// The string.
    pub(crate) span: Span,
}

/// One dimension of a list.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code)] // as above
pub(crate) enum Dim<'t> {
    /// Equal names have equal lengths.
    Named(Name<'t>),
    Fixed(u32, Span),
}

/// An argument as it stands: its name, and the text behind `=` if there is one.
pub(crate) type Argument<'t> = (Name<'t>, Option<Name<'t>>);

/// Reads the arguments.
pub(crate) fn read<'t>(raw: &[Argument<'t>], found: &mut Vec<Diagnostic>) -> Attributes<'t> {
    let mut attributes = Attributes::default();
    for (index, (name, value)) in raw.iter().enumerate() {
        let Some(&(known, example)) = ARGUMENTS.iter().find(|(known, _)| *known == name.text) else {
            found.push(unknown(*name));
            continue;
        };
        if let Some((first, _)) = raw[..index].iter().find(|(other, _)| other.text == name.text) {
            let message = format!("`{known}` is given twice");
            found.push(Diagnostic::new(Code::BadAttribute, name.span, message).note(first.span, "first given here"));
            continue;
        }
        let outcome = match value {
            None if example.is_empty() => {
                attributes.switch(known);
                continue;
            }
            Some(value) if example.is_empty() => Err(wrong(value.span, format!("`{known}` takes no value"))),
            Some(value) => attributes.set(known, *value),
            None => Err(wrong(name.span, format!("`{known}` has no value"))),
        };
        if let Err(finding) = outcome {
            let help = finding.help.clone().unwrap_or_else(|| format!("write `{}`", written(known, example)));
            found.push(finding.help(help));
        }
    }
    if let (Some(out), Some(layout)) = (&attributes.out, &attributes.layout) {
        let message = "`out` and `layout` both give the length of the list that the kernel writes";
        let finding = Diagnostic::new(Code::BadAttribute, out.span, message).note(layout.span, "the layout");
        found.push(finding.help("leave `out` out: the part of the layout behind `->` says it"));
    }
    attributes
}

fn unknown(name: Name<'_>) -> Diagnostic {
    let near = names::nearest(name.text, ARGUMENTS.iter().map(|&(known, _)| known));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => arguments(),
    };
    Diagnostic::new(Code::BadAttribute, name.span, format!("unknown argument of #[kernel]: `{}`", name.text)).help(help)
}

/// An argument as it stands in a text.
fn written(name: &str, example: &str) -> String {
    if example.is_empty() { name.to_string() } else { format!("{name} = {example}") }
}

/// Every argument, in words.
pub(crate) fn arguments() -> String {
    let list: Vec<String> = ARGUMENTS.iter().map(|(name, example)| format!("`{}`", written(name, example))).collect();
    format!("`#[kernel]` takes {}, and in Rust `crate = path::to::filbert`", list.join(", "))
}

impl<'t> Attributes<'t> {
    /// An argument without a value.
    fn switch(&mut self, name: &str) {
        self.loose.contract |= name != "approx";
        self.loose.approx |= name != "contract";
    }

    fn set(&mut self, name: &str, value: Name<'t>) -> Result<(), Diagnostic> {
        match name {
            "fuel" => self.fuel = fuel(value)?,
            "overflow" => {
                self.overflow = choice(name, value, &[("fail", Overflow::Fail), ("wrap", Overflow::Wrap)])?;
            }
            "on_error" => self.on_error = choice(name, value, &[("fail", OnError::Fail), ("null", OnError::Null)])?,
            "out" => self.out = Some(Words::of(value)?.out()?),
            "layout" => self.layout = Some(Words::of(value)?.layout()?),
            _ => {
                self.fields = Words::of(value)?.fields()?;
                self.fields_span = value.span;
            }
        }
        Ok(())
    }
}

fn wrong(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::BadAttribute, span, message)
}

fn fuel(value: Name<'_>) -> Result<u64, Diagnostic> {
    let digits = value.text.strip_suffix("u64").unwrap_or(value.text).replace('_', "");
    match digits.parse() {
        Ok(fuel) if fuel <= FUEL_MAX => Ok(fuel),
        Ok(fuel) => {
            let message = format!("`fuel`: {fuel} is above the limit of {FUEL_MAX} (limits::FUEL_MAX)");
            Err(wrong(value.span, message))
        }
        Err(_) => Err(wrong(value.span, format!("`fuel`: expected a whole number of iterations, got {}", value.text))),
    }
}

/// A value that is one of a few words.
fn choice<T: Copy>(name: &str, value: Name<'_>, words: &[(&str, T)]) -> Result<T, Diagnostic> {
    let word = value.text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match words.iter().find(|(known, _)| Some(*known) == word) {
        Some(&(_, choice)) => Ok(choice),
        None => {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let known = known.join(" or ");
            let message = format!("`{name}`: expected {known}, got {}", value.text);
            Err(wrong(value.span, message).help(format!("write {known}")))
        }
    }
}

/// The words of a string: names, numbers and signs, each with its place in the text.
struct Words<'t> {
    words: Vec<Name<'t>>,
    at: usize,
    /// The string, quotes included.
    whole: Name<'t>,
}

impl<'t> Words<'t> {
    fn of(value: Name<'t>) -> Result<Words<'t>, Diagnostic> {
        let inner = value.text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let Some(inner) = inner.filter(|inner| inner.is_ascii() && !inner.contains('\\')) else {
            return Err(wrong(value.span, format!("expected a string of plain characters, got {}", value.text)));
        };
        let place = |range: Range<usize>| {
            let start = value.span.start as usize + 1;
            Name { text: &inner[range.clone()], span: Span::new(start + range.start, start + range.end) }
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(c) = inner[at..].chars().next() {
            let rest = &inner[at..];
            let length = match c {
                c if c.is_ascii_whitespace() => {
                    at += 1;
                    continue;
                }
                c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                _ if rest.starts_with("->") => 2,
                _ => 1,
            };
            words.push(place(at..at + length));
            at += length;
        }
        Ok(Words { words, at: 0, whole: value })
    }

    fn next(&mut self) -> Option<Name<'t>> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        word
    }

    fn peek(&self) -> &'t str {
        self.words.get(self.at).map_or("", |word| word.text)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.peek() == text;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), Diagnostic> {
        if self.eat(text) { Ok(()) } else { Err(self.wrong(&format!("`{text}`"))) }
    }

    /// The next word is not what it should be.
    fn wrong(&self, expected: &str) -> Diagnostic {
        match self.words.get(self.at) {
            Some(word) => wrong(word.span, format!("expected {expected}, got `{}`", word.text)),
            None => wrong(self.whole.span, format!("expected {expected}, got the end of {}", self.whole.text)),
        }
    }

    fn name(&mut self, what: &str) -> Result<Name<'t>, Diagnostic> {
        match self.words.get(self.at) {
            Some(word) if word.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                self.at += 1;
                Ok(*word)
            }
            _ => Err(self.wrong(what)),
        }
    }

    /// A number, if the next word is one that fits.
    fn number<N: std::str::FromStr>(&mut self) -> Option<N> {
        let number = self.words.get(self.at)?.text.parse().ok()?;
        self.at += 1;
        Some(number)
    }

    fn end(&self) -> Result<(), Diagnostic> {
        if self.at >= self.words.len() { Ok(()) } else { Err(self.wrong("the end")) }
    }

    /// `2 * len(x) + len(y) - 1`
    fn out(mut self) -> Result<Out<'t>, Diagnostic> {
        let mut out = Out { constant: 0, terms: Vec::new(), span: self.whole.span };
        let mut sign: i32 = if self.eat("-") { -1 } else { 1 };
        loop {
            self.term(sign, &mut out)?;
            sign = match self.peek() {
                "+" => 1,
                "-" => -1,
                _ => break,
            };
            self.next();
        }
        self.end()?;
        out.terms.retain(|&(times, _)| times != 0);
        Ok(out)
    }

    /// `3`, `len(x)`, `2 * len(x)`, `len(x) * 2`
    fn term(&mut self, sign: i32, out: &mut Out<'t>) -> Result<(), Diagnostic> {
        const EXPECTED: &str = "a length: a number, or `len(x)` of a list parameter `x`";
        let start = self.at;
        let mut times = self.number::<i32>();
        if times.is_some() && !self.eat("*") {
            out.constant += i64::from(sign * times.unwrap_or(0));
            return Ok(());
        }
        if !self.eat("len") {
            return Err(self.wrong(EXPECTED));
        }
        self.expect("(")?;
        let name = self.name("a list parameter")?;
        self.expect(")")?;
        if self.eat("*") {
            times = match times {
                None => self.number::<i32>(),
                Some(_) => None,
            };
            if times.is_none() {
                return Err(self.wrong("one whole number before or behind `len`"));
            }
        }
        let times = sign * times.unwrap_or(1);
        match out.terms.iter_mut().find(|(_, other)| other.text == name.text) {
            Some((sum, _)) => match sum.checked_add(times) {
                Some(total) => *sum = total,
                None => {
                    self.at = start;
                    return Err(self.wrong("a smaller number"));
                }
            },
            None => out.terms.push((times, name)),
        }
        Ok(())
    }

    /// `(n,3),(n)->(n)`
    fn layout(mut self) -> Result<Layout<'t>, Diagnostic> {
        let params = self.dims()?;
        self.expect("->")?;
        let results = self.dims()?;
        self.end()?;
        Ok(Layout { params, results, span: self.whole.span })
    }

    /// `(n,3),(n)`
    fn dims(&mut self) -> Result<Vec<Vec<Dim<'t>>>, Diagnostic> {
        let mut all = Vec::new();
        loop {
            self.expect("(")?;
            let mut dims = Vec::new();
            while !self.eat(")") {
                if !dims.is_empty() {
                    self.expect(",")?;
                }
                let span = self.words.get(self.at).map_or(self.whole.span, |word| word.span);
                dims.push(match self.number() {
                    Some(fixed) => Dim::Fixed(fixed, span),
                    None => Dim::Named(self.name("a dimension: a name or a number")?),
                });
            }
            all.push(dims);
            if !self.eat(",") {
                return Ok(all);
            }
        }
    }

    /// `x, y`
    fn fields(mut self) -> Result<Vec<Name<'t>>, Diagnostic> {
        let mut fields: Vec<Name<'t>> = Vec::new();
        loop {
            let name = self.name("the name of a field")?;
            if fields.iter().any(|other| other.text == name.text) {
                return Err(wrong(name.span, format!("the field `{}` is named twice", name.text)));
            }
            fields.push(name);
            if !self.eat(",") {
                self.end()?;
                return Ok(fields);
            }
        }
    }
}

#[cfg(test)]
mod tests;
