//! Parsing.

use std::collections::BTreeMap;

use super::is_ident;
use super::lex::{Parsed, Words, unescape};
use crate::builder::Builder;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::kernel::{Args, Def, Kernel, Names, Region, ValueId};
use crate::limits::NESTING_MAX;
use crate::op::Op;
use crate::signature::{Array, Datum, Length, Logical, OnError, Param, ResultTy, Table};
use crate::types::{Scalar, Type};

/// Reads one kernel. It is not verified: types and visibility are the verifier's business.
pub fn parse(text: &str) -> Result<Kernel, Diagnostics> {
    let mut parser = Parser { words: Words::new(text), builder: Builder::new(), labels: BTreeMap::new() };
    parser.kernel().map_err(|found| Diagnostics::new(vec![found], "kernel text", text))
}

struct Parser<'a> {
    words: Words<'a>,
    builder: Builder,
    labels: BTreeMap<u32, ValueId>,
}

impl Parser<'_> {
    fn kernel(&mut self) -> Parsed<Kernel> {
        let mut names = Names { doc: self.words.doc(), ..Names::default() };
        self.words.expect("kernel")?;
        names.kernel = self.name()?;
        self.words.expect("(")?;
        while !self.words.eat(")") {
            let labels = self.labels()?;
            names.params.push(self.name()?);
            self.words.expect(":")?;
            let param = self.param()?;
            let slots = self.builder.declare(param);
            self.define_all(&labels, &slots)?;
            if !self.words.eat(",") && self.words.peek() != ")" {
                return Err(self.words.wrong("`,` or `)`"));
            }
        }
        self.words.expect("->")?;
        let results = self.results(&mut names)?;
        while !self.words.eat("{") {
            match self.words.next() {
                "fuel" => self.builder.signature.fuel = self.words.number("a number of iterations")?,
                "on_error" => {
                    self.words.expect("null")?;
                    self.builder.signature.on_error = OnError::Null;
                }
                _ => return Err(self.words.wrong("`{`")),
            }
        }
        let tables = self.tables()?;
        let returns = self.body("return", 0)?;
        self.words.expect("}")?;
        if !self.words.next().is_empty() {
            return Err(self.words.wrong("the end"));
        }
        let (mut core, _) = std::mem::take(&mut self.builder).finish_as(results, returns);
        core.tables = tables;
        Ok(Kernel { core, names, source: None })
    }

    fn param(&mut self) -> Parsed<Param> {
        if !self.words.eat("&") {
            let (ty, nullable) = self.scalar_type()?;
            return Ok(Param::Scalar { ty, nullable });
        }
        self.words.expect("[")?;
        let (elem, inner) = self.row_type()?;
        let len = if self.words.eat(";") { Some(self.words.number("a length")?) } else { None };
        self.words.expect("]")?;
        Ok(Param::List { elem, inner, len })
    }

    /// Result types and names.
    fn results(&mut self, names: &mut Names) -> Parsed<Vec<ResultTy>> {
        if !self.words.eat("(") {
            let labels = self.labels()?;
            return Ok(vec![self.result(&labels)?]);
        }
        let mut results = Vec::new();
        while !self.words.eat(")") {
            let labels = self.labels()?;
            if self.words.is_named() {
                names.results.push(self.name()?);
                self.words.expect(":")?;
            }
            results.push(self.result(&labels)?);
            if !self.words.eat(",") && self.words.peek() != ")" {
                return Err(self.words.wrong("`,` or `)`"));
            }
        }
        Ok(results)
    }

    fn result(&mut self, labels: &[u32]) -> Parsed<ResultTy> {
        if self.words.eat("&") {
            self.words.expect("mut")?;
            self.words.expect("[")?;
            let (elem, inner) = self.row_type()?;
            self.words.expect("]")?;
            self.words.expect("of")?;
            let len = self.length()?;
            let slot = self.builder.slot(Type::U64);
            self.define_all(labels, &[slot])?;
            return Ok(ResultTy::List { elem, inner, len });
        }
        self.define_all(labels, &[])?;
        if self.words.eat("[") {
            let elem = self.ty()?;
            self.words.expect(";")?;
            let len = self.words.number("a length")?;
            self.words.expect("]")?;
            return Ok(ResultTy::Fixed { elem, len });
        }
        let (ty, nullable) = self.scalar_type()?;
        Ok(ResultTy::Scalar { ty, nullable })
    }

    /// `f64`, `Timestamp<Second>` or an `Option` of it.
    fn scalar_type(&mut self) -> Parsed<(Logical, bool)> {
        let word = self.words.next();
        let inner = word.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>'));
        let ty = inner.unwrap_or(word).parse().map_err(|()| self.words.wrong("a type"))?;
        Ok((ty, inner.is_some()))
    }

    /// Elements of a list: `f64`, or `[f64; 3]` for rows of three.
    fn row_type(&mut self) -> Parsed<(Type, u32)> {
        if !self.words.eat("[") {
            return Ok((self.ty()?, 1));
        }
        let elem = self.ty()?;
        self.words.expect(";")?;
        let inner = self.words.number("a length")?;
        self.words.expect("]")?;
        Ok((elem, inner))
    }

    fn length(&mut self) -> Parsed<Length> {
        let mut length = Length { constant: 0, terms: Vec::new() };
        loop {
            if self.words.eat("param") {
                length.terms.push((self.words.number("the index of a parameter")?, 1));
            } else {
                let number: i64 = self.words.number("a length")?;
                if self.words.eat("*") {
                    let times = i32::try_from(number).map_err(|_| self.words.wrong("a smaller multiple"))?;
                    self.words.expect("param")?;
                    length.terms.push((self.words.number("the index of a parameter")?, times));
                } else {
                    let sum = length.constant.checked_add(number);
                    length.constant = sum.ok_or_else(|| self.words.wrong("a smaller length"))?;
                }
            }
            if !self.words.eat("+") {
                return Ok(length);
            }
        }
    }

    fn tables(&mut self) -> Parsed<Vec<Table>> {
        let mut tables = Vec::new();
        while self.words.eat("table") {
            if self.words.number::<usize>("a number")? != tables.len() {
                return Err(self.words.wrong(&format!("table {}", tables.len())));
            }
            self.words.expect(":")?;
            let elem = self.ty()?;
            self.words.expect("=")?;
            self.words.expect("[")?;
            let mut elements = Vec::new();
            while !self.words.eat("]") {
                elements.push(Scalar::from_bits(elem, self.constant(elem)?));
                if !self.words.eat(",") && self.words.peek() != "]" {
                    return Err(self.words.wrong("`,` or `]`"));
                }
            }
            tables.push(Table::new(elem, &elements));
        }
        Ok(tables)
    }

    /// Values up to the line that begins with `last`; returns the ids on that line.
    fn body(&mut self, last: &str, depth: usize) -> Parsed<Vec<ValueId>> {
        if depth > NESTING_MAX + 1 {
            return Err(self.words.wrong("less nesting"));
        }
        while !self.words.eat(last) {
            let label = self.label()?;
            self.words.expect(":")?;
            let ty = self.ty()?;
            self.words.expect("=")?;
            let id = self.value(ty, depth)?;
            self.define(label, id)?;
        }
        // Only what has list results alone returns no value.
        if self.words.peek() == "}" {
            return Ok(Vec::new());
        }
        self.ids()
    }

    fn value(&mut self, ty: Type, depth: usize) -> Parsed<ValueId> {
        match self.words.next() {
            "const" => {
                let bits = self.constant(ty)?;
                Ok(self.builder.push(ty, Def::Const(bits)))
            }
            "output" => {
                let of = self.id()?;
                self.words.expect(",")?;
                let index = self.words.number("a number")?;
                Ok(self.builder.push(ty, Def::Output { of, index }))
            }
            "carried" => {
                let index = self.words.number("a number")?;
                Ok(self.builder.push(ty, Def::Carried(index)))
            }
            "load" => {
                let array = self.array()?;
                self.words.expect(",")?;
                let index = self.id()?;
                Ok(self.builder.push(ty, Def::Load { array, index }))
            }
            "store" => {
                let array = self.array()?;
                self.words.expect(",")?;
                let index = self.id()?;
                self.words.expect(",")?;
                let value = self.id()?;
                Ok(self.builder.push(ty, Def::Store { array, index, value }))
            }
            "loop" => {
                let inits = self.ids()?;
                self.words.expect("{")?;
                let body = Region { start: ValueId(0), end: ValueId(0), yields: Vec::new() };
                let id = self.builder.push(ty, Def::Loop { inits: inits.clone(), body });
                let body = self.region(depth)?;
                self.builder.set_def(id, Def::Loop { inits, body });
                Ok(id)
            }
            "if" => {
                let cond = self.id()?;
                self.words.expect("{")?;
                let empty = Region { start: ValueId(0), end: ValueId(0), yields: Vec::new() };
                let def = Def::If { cond, then: empty.clone(), otherwise: empty };
                let id = self.builder.push(ty, def);
                let then = self.region(depth)?;
                self.words.expect("else")?;
                self.words.expect("{")?;
                let otherwise = self.region(depth)?;
                self.builder.set_def(id, Def::If { cond, then, otherwise });
                Ok(id)
            }
            word => {
                let op: Op = word.parse().map_err(|()| self.words.wrong("an operation"))?;
                let args = self.ids()?;
                if args.len() > 3 {
                    return Err(self.words.wrong("at most three operands"));
                }
                Ok(self.builder.push(ty, Def::Op(op, Args::new(&args))))
            }
        }
    }

    fn region(&mut self, depth: usize) -> Parsed<Region> {
        let start = self.builder.next_id();
        let yields = self.body("yield", depth + 1)?;
        self.words.expect("}")?;
        Ok(Region { start, end: self.builder.next_id(), yields })
    }

    fn array(&mut self) -> Parsed<Array> {
        let make = match self.words.next() {
            "param" => Array::Param,
            "result" => Array::Result,
            "table" => Array::Table,
            _ => return Err(self.words.wrong("`param`, `result` or `table`")),
        };
        Ok(make(self.words.number("an index")?))
    }

    fn constant(&mut self, ty: Type) -> Parsed<u64> {
        let word = self.words.next();
        let scalar = if word == "bits" {
            self.words.expect(":")?;
            let hex = self.words.next().strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
            hex.map(|bits| Scalar::from_bits(ty, bits))
        } else {
            parse_scalar(ty, word)
        };
        scalar.map(Scalar::bits).ok_or_else(|| self.words.wrong(&format!("a constant of type {ty}")))
    }

    fn ty(&mut self) -> Parsed<Type> {
        self.words.next().parse().map_err(|()| self.words.wrong("a type"))
    }

    fn name(&mut self) -> Parsed<String> {
        let word = self.words.next();
        if let Some(body) = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
            return unescape(body).ok_or_else(|| self.words.wrong("a quoted name"));
        }
        if is_ident(word) { Ok(word.to_string()) } else { Err(self.words.wrong("a name")) }
    }

    fn label(&mut self) -> Parsed<u32> {
        self.words
            .next()
            .strip_prefix('%')
            .and_then(|n| n.parse().ok())
            .ok_or_else(|| self.words.wrong("a value such as %0"))
    }

    /// Labels as long as there are any.
    fn labels(&mut self) -> Parsed<Vec<u32>> {
        let mut labels = Vec::new();
        while self.words.peek().starts_with('%') {
            labels.push(self.label()?);
        }
        Ok(labels)
    }

    fn ids(&mut self) -> Parsed<Vec<ValueId>> {
        let mut ids = vec![self.id()?];
        while self.words.eat(",") {
            ids.push(self.id()?);
        }
        Ok(ids)
    }

    fn id(&mut self) -> Parsed<ValueId> {
        let label = self.label()?;
        self.labels.get(&label).copied().ok_or_else(|| {
            Diagnostic::new(Code::UnknownName, self.words.token, format!("%{label} is not defined before its use"))
        })
    }

    fn define_all(&mut self, labels: &[u32], ids: &[ValueId]) -> Parsed<()> {
        if labels.len() != ids.len() {
            let message = format!("expected {} values such as %0 before this type, got {}", ids.len(), labels.len());
            return Err(Diagnostic::new(Code::Syntax, self.words.token, message));
        }
        labels.iter().zip(ids).try_for_each(|(&label, &id)| self.define(label, id))
    }

    fn define(&mut self, label: u32, id: ValueId) -> Parsed<()> {
        match self.labels.insert(label, id) {
            None => Ok(()),
            Some(_) => {
                Err(Diagnostic::new(Code::DuplicateName, self.words.token, format!("%{label} is defined twice")))
            }
        }
    }
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

/// An argument for this parameter as people write it: `null`, a scalar, or a list `[1, 2]` of numbers (rows
/// of a two-dimensional one follow each other); or none.
pub fn parse_datum(param: &Param, word: &str) -> Option<Datum> {
    let word = word.trim();
    match param {
        _ if word == "null" => Some(Datum::Null),
        Param::Scalar { ty, .. } => parse_scalar(ty.storage(), word).map(Datum::Scalar),
        Param::List { elem, inner, len } => {
            let body = word.strip_prefix('[')?.strip_suffix(']')?.trim();
            let words = body.split(',').filter(|_| !body.is_empty());
            let elements: Vec<Scalar> = words.map(|word| parse_scalar(*elem, word.trim())).collect::<Option<_>>()?;
            let fits = len.is_none_or(|len| elements.len() as u64 == u64::from(len) * u64::from(*inner));
            (fits && elements.len().is_multiple_of(*inner as usize)).then_some(Datum::List(elements))
        }
    }
}
