//! The canonical text of a kernel: printed for people, parsed back in tests and tools.
//!
//! ```text
//! /// Doc lines, as in Rust.
//! kernel half(%0 x: f64) -> f64 {
//!   %1: f64 = const 0.0
//!   %2: bool = lt %0, %1
//!   %3: f64 = if %2 {
//!     yield %1
//!   } else {
//!     %4: f64 = const 0.5
//!     %5: f64 = mul %0, %4
//!     yield %5
//!   }
//!   return %3
//! }
//! ```
//!
//! `parse(print(k))` gives the core and the names of `k`. In parsed text the numbers of values are labels:
//! any distinct numbers do, and the table is numbered anew. `//` begins a comment. A float constant is the
//! shortest decimal that reads back, `inf`, `-inf`, or `bits:0x7ff8000000000001` where only the bits will
//! do (every NaN). Names that are not identifiers stand in quotes.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::builder::Builder;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::kernel::{Args, Core, Def, Kernel, Names, Region, Span, ValueId};
use crate::limits::NESTING_MAX;
use crate::op::Op;
use crate::types::{Scalar, Type};

/// The canonical text, ending in a newline.
pub fn print(kernel: &Kernel) -> String {
    let (core, names) = (&kernel.core, &kernel.names);
    let mut out = String::new();
    for line in names.doc.lines() {
        out.push_str(format!("/// {line}").trim_end());
        out.push('\n');
    }
    let params: Vec<String> = (core.slot_types().iter().zip(&names.params).enumerate())
        .map(|(i, (ty, name))| format!("%{i} {}: {ty}", quoted(name)))
        .collect();
    let result = |(i, ty): (usize, Type)| match names.results.get(i) {
        Some(name) => format!("{}: {ty}", quoted(name)),
        None => ty.to_string(),
    };
    let results: Vec<String> = core.return_types().into_iter().enumerate().map(result).collect();
    let results = match &results[..] {
        [one] if names.results.is_empty() => one.clone(),
        many => format!("({})", many.join(", ")),
    };
    let _ = writeln!(out, "kernel {}({}) -> {results} {{", quoted(&names.kernel), params.join(", "));
    print_range(core, core.slots() as usize, core.values.len(), 1, &mut out);
    let _ = writeln!(out, "  return {}\n}}", list(&core.returns));
    out
}

fn print_range(core: &Core, start: usize, end: usize, depth: usize, out: &mut String) {
    let mut index = start;
    while index < end {
        let value = &core.values[index];
        let _ = write!(out, "{:1$}%{index}: {2} = ", "", depth * 2, value.ty);
        index += 1;
        match &value.def {
            Def::Param(i) => {
                let _ = writeln!(out, "param {i}");
            }
            Def::Const(bits) => {
                let _ = writeln!(out, "const {}", constant(Scalar::from_bits(value.ty, *bits)));
            }
            Def::Op(op, args) => {
                let _ = writeln!(out, "{op} {}", list(args));
            }
            Def::Output { of, index } => {
                let _ = writeln!(out, "output {of}, {index}");
            }
            Def::Loop { .. } | Def::Carried(_) | Def::Load { .. } | Def::Store { .. } => {
                let _ = writeln!(out, "not printed yet");
            }
            Def::If { cond, then, otherwise } => {
                let _ = writeln!(out, "if {cond} {{");
                print_region(core, then, depth, out);
                let _ = writeln!(out, "{:1$}}} else {{", "", depth * 2);
                print_region(core, otherwise, depth, out);
                let _ = writeln!(out, "{:1$}}}", "", depth * 2);
                index = otherwise.end.index().max(index);
            }
        }
    }
}

fn print_region(core: &Core, region: &Region, depth: usize, out: &mut String) {
    print_range(core, region.start.index(), region.end.index(), depth + 1, out);
    let _ = writeln!(out, "{:1$}yield {2}", "", depth * 2 + 2, list(&region.yields));
}

fn list(ids: &[ValueId]) -> String {
    ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(", ")
}

fn constant(scalar: Scalar) -> String {
    match scalar {
        Scalar::F32(v) if v.is_nan() => format!("bits:{:#x}", v.to_bits()),
        Scalar::F64(v) if v.is_nan() => format!("bits:{:#x}", v.to_bits()),
        other => other.to_string(),
    }
}

fn is_ident(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn quoted(name: &str) -> String {
    if is_ident(name) { name.to_string() } else { format!("{name:?}") }
}

/// Reads one kernel. It is not verified: types and visibility are the verifier's business.
pub fn parse(text: &str) -> Result<Kernel, Diagnostics> {
    let mut parser = Parser { text, at: 0, token: Span::default(), builder: Builder::new(), labels: BTreeMap::new() };
    parser.kernel().map_err(|found| Diagnostics::new(vec![found], "kernel text", text))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The token read last.
    token: Span,
    builder: Builder,
    labels: BTreeMap<u32, ValueId>,
}

type Parsed<T> = Result<T, Diagnostic>;

impl<'a> Parser<'a> {
    fn kernel(&mut self) -> Parsed<Kernel> {
        let mut names = Names { doc: self.doc(), ..Names::default() };
        self.expect("kernel")?;
        names.kernel = self.name()?;
        self.expect("(")?;
        while !self.eat(")") {
            let label = self.label()?;
            names.params.push(self.name()?);
            self.expect(":")?;
            let ty = self.ty()?;
            let id = self.builder.param(ty);
            self.define(label, id)?;
            if !self.eat(",") && self.peek() != ")" {
                return Err(self.wrong("`,` or `)`"));
            }
        }
        self.expect("->")?;
        let results = self.results(&mut names)?;
        self.expect("{")?;
        let returns = self.body("return", 0)?;
        if returns.len() != results {
            return Err(self.wrong(&format!("{results} results")));
        }
        self.expect("}")?;
        if !self.next().is_empty() {
            return Err(self.wrong("the end"));
        }
        let builder = std::mem::take(&mut self.builder);
        let (core, _) = builder.finish(returns);
        Ok(Kernel { core, names, source: None })
    }

    /// Result types and names; returns how many there are. Types are not kept: values have them.
    fn results(&mut self, names: &mut Names) -> Parsed<usize> {
        if !self.eat("(") {
            self.ty()?;
            return Ok(1);
        }
        let mut count = 0;
        while !self.eat(")") {
            count += 1;
            let word = self.peek();
            if word.parse::<Type>().is_ok() {
                self.next();
            } else {
                names.results.push(self.name()?);
                self.expect(":")?;
                self.ty()?;
            }
            self.eat(",");
        }
        Ok(count)
    }

    /// Values up to the line that begins with `last`; returns the ids on that line.
    fn body(&mut self, last: &str, depth: usize) -> Parsed<Vec<ValueId>> {
        if depth > NESTING_MAX + 1 {
            return Err(self.wrong("less nesting"));
        }
        while !self.eat(last) {
            let label = self.label()?;
            self.expect(":")?;
            let ty = self.ty()?;
            self.expect("=")?;
            let id = self.value(ty, depth)?;
            self.define(label, id)?;
        }
        let mut ids = vec![self.id()?];
        while self.eat(",") {
            ids.push(self.id()?);
        }
        Ok(ids)
    }

    fn value(&mut self, ty: Type, depth: usize) -> Parsed<ValueId> {
        match self.next() {
            "const" => {
                let bits = self.constant(ty)?;
                Ok(self.builder.push(ty, Def::Const(bits)))
            }
            "output" => {
                let of = self.id()?;
                self.expect(",")?;
                let index = self.next().parse().map_err(|_| self.wrong("a number"))?;
                Ok(self.builder.push(ty, Def::Output { of, index }))
            }
            "if" => {
                let cond = self.id()?;
                self.expect("{")?;
                let empty = Region { start: ValueId(0), end: ValueId(0), yields: Vec::new() };
                let def = Def::If { cond, then: empty.clone(), otherwise: empty };
                let id = self.builder.push(ty, def);
                let then = self.region(depth)?;
                self.expect("else")?;
                self.expect("{")?;
                let otherwise = self.region(depth)?;
                self.builder.set_def(id, Def::If { cond, then, otherwise });
                Ok(id)
            }
            word => {
                let op: Op = word.parse().map_err(|()| self.wrong("an operation"))?;
                let mut args = vec![self.id()?];
                while self.eat(",") {
                    args.push(self.id()?);
                }
                if args.len() > 3 {
                    return Err(self.wrong("at most three operands"));
                }
                Ok(self.builder.push(ty, Def::Op(op, Args::new(&args))))
            }
        }
    }

    fn region(&mut self, depth: usize) -> Parsed<Region> {
        let start = self.builder.next_id();
        let yields = self.body("yield", depth + 1)?;
        self.expect("}")?;
        Ok(Region { start, end: self.builder.next_id(), yields })
    }

    fn constant(&mut self, ty: Type) -> Parsed<u64> {
        let word = self.next();
        let scalar = if word == "bits" {
            self.expect(":")?;
            let hex = self.next().strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
            hex.map(|bits| Scalar::from_bits(ty, bits))
        } else {
            parse_scalar(ty, word)
        };
        scalar.map(Scalar::bits).ok_or_else(|| self.wrong(&format!("a constant of type {ty}")))
    }

    fn ty(&mut self) -> Parsed<Type> {
        self.next().parse().map_err(|()| self.wrong("a type"))
    }

    fn name(&mut self) -> Parsed<String> {
        let word = self.next();
        if let Some(body) = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
            return unescape(body).ok_or_else(|| self.wrong("a quoted name"));
        }
        if is_ident(word) { Ok(word.to_string()) } else { Err(self.wrong("a name")) }
    }

    fn label(&mut self) -> Parsed<u32> {
        self.next().strip_prefix('%').and_then(|n| n.parse().ok()).ok_or_else(|| self.wrong("a value such as %0"))
    }

    fn id(&mut self) -> Parsed<ValueId> {
        let label = self.label()?;
        self.labels.get(&label).copied().ok_or_else(|| {
            Diagnostic::new(Code::UnknownName, self.token, format!("%{label} is not defined before its use"))
        })
    }

    fn define(&mut self, label: u32, id: ValueId) -> Parsed<()> {
        match self.labels.insert(label, id) {
            None => Ok(()),
            Some(_) => Err(Diagnostic::new(Code::DuplicateName, self.token, format!("%{label} is defined twice"))),
        }
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.next() == word { Ok(()) } else { Err(self.wrong(&format!("`{word}`"))) }
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        if found {
            self.next();
        }
        found
    }

    fn peek(&mut self) -> &'a str {
        let (at, token) = (self.at, self.token);
        let word = self.next();
        (self.at, self.token) = (at, token);
        word
    }

    /// The next token: punctuation, a quoted string, or a run of other characters; empty at the end.
    fn next(&mut self) -> &'a str {
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
    fn doc(&mut self) -> String {
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

    fn wrong(&self, expected: &str) -> Diagnostic {
        let got = &self.text[self.token.start as usize..self.token.end as usize];
        let got = if got.is_empty() { "the end".to_string() } else { format!("`{got}`") };
        Diagnostic::new(Code::Syntax, self.token, format!("expected {expected}, got {got}"))
    }
}

fn is_punctuation(c: char) -> bool {
    matches!(c, '(' | ')' | '{' | '}' | ',' | ':' | '=')
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
fn unescape(body: &str) -> Option<String> {
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

/// A scalar of type `ty` as people write it (`1`, `-2.5`, `inf`, `nan`, `true`), or none.
pub fn parse_scalar(ty: Type, word: &str) -> Option<Scalar> {
    Some(match ty {
        Type::Bool => Scalar::Bool(word.parse().ok()?),
        Type::I8 => Scalar::I8(word.parse().ok()?),
        Type::I16 => Scalar::I16(word.parse().ok()?),
        Type::I32 => Scalar::I32(word.parse().ok()?),
        Type::I64 => Scalar::I64(word.parse().ok()?),
        Type::U8 => Scalar::U8(word.parse().ok()?),
        Type::U16 => Scalar::U16(word.parse().ok()?),
        Type::U32 => Scalar::U32(word.parse().ok()?),
        Type::U64 => Scalar::U64(word.parse().ok()?),
        Type::F32 => Scalar::F32(word.parse().ok()?),
        Type::F64 => Scalar::F64(word.parse().ok()?),
    })
}
