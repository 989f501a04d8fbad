//! Whether the arms of a `match` take every value, and which one they miss.
//!
//! The algorithm of Maranget ("Warnings for pattern matching", 2007): a row of patterns is *useful* behind
//! others if there are values that it matches and they do not. The arms are exhaustive if one more row of
//! `_` is not useful, and an arm that is not useful is never reached. Integers are cut at the ends of the
//! ranges that the patterns name; floats are never exhausted without a name or `_`.

use filbert_ir::{Code, Diagnostic, Scalar, Span, Type};

use super::types::{Ty, Types};
use super::{Infer, Meaning, int_bits};
use crate::ast::{ExprId, ExprKind, Pat, spread};

/// Steps that one `match` may take: patterns can be made for which there are exponentially many.
const STEPS_MAX: usize = 20_000;
/// Rows that alternatives may be written out to.
const ROWS_MAX: usize = 20_000;

/// What a pattern asks of a value.
#[derive(Clone, Debug)]
enum Form {
    Any,
    /// One of these.
    Or(Vec<Form>),
    /// Whether an option holds a value, and which.
    Some(Box<Form>),
    None,
    Tuple(Vec<Form>),
    /// From the first number to the second, as `order` counts them.
    Between(u64, u64),
    /// A float: equal to itself only.
    Float(u64),
    /// Floats in a range: nothing is known to be exhausted.
    Part,
}

impl Form {
    /// Alternatives in it.
    fn count(&self) -> usize {
        match self {
            Form::Or(forms) => forms.iter().map(Form::count).sum(),
            _ => 1,
        }
    }
}

/// A value that no arm takes, or that an arm takes first.
#[derive(Clone, Debug)]
enum Witness {
    Any,
    Some(Box<Witness>),
    None,
    Tuple(Vec<Witness>),
    Number(Type, u64),
}

/// Cannot be decided within `STEPS_MAX`.
struct TooMany;

struct Search<'s> {
    types: &'s Types,
    steps: usize,
}

impl<'a, 't> Infer<'a, 't> {
    /// Checks a `match` whose types are decided.
    pub(super) fn check_match(&mut self, id: ExprId) {
        let ExprKind::Match { scrutinee, arms } = &self.tree.expr(id).kind else { return };
        let ty = self.out.exprs[scrutinee.0 as usize];
        if self.out.types.is_error(ty) || self.out.types.resolve(ty) == Ty::Never {
            return;
        }
        let mut rows: Vec<Vec<Form>> = Vec::new();
        let mut steps = 0;
        let mut unreachable = Vec::new();
        for arm in arms {
            let Some(form) = self.form(&arm.pat, ty) else { return };
            let row = vec![form];
            match self.useful(&rows, &row, &[ty], &mut steps) {
                Ok(None) => unreachable.push(arm.pat_span),
                Ok(Some(_)) => {}
                Err(TooMany) => return self.explain_too_many(id),
            }
            if arm.guard.is_none() {
                rows.push(row);
            }
        }
        self.out.unreachable.extend(unreachable);
        match self.useful(&rows, &[Form::Any], &[ty], &mut steps) {
            Ok(None) => {}
            Ok(Some(missed)) => self.explain_missed(id, *scrutinee, &missed),
            Err(TooMany) => self.explain_too_many(id),
        }
    }

    /// Checks a pattern that every value must match.
    pub(super) fn check_irrefutable(&mut self, pat: &Pat<'t>, ty: Ty, word: &str) {
        if self.out.types.is_error(ty) || self.out.types.resolve(ty) == Ty::Never {
            return;
        }
        let Some(form) = self.form(pat, ty) else { return };
        let Ok(Some(missed)) = self.useful(&[vec![form]], &[Form::Any], &[ty], &mut 0) else { return };
        let missed = missed.first().map_or("_".to_string(), show);
        let what = if word == "closure" { "a closure's parameter".to_string() } else { format!("`{word}`") };
        let message = format!("the pattern of {what} does not match every value: `{missed}` is not taken");
        let help = match word {
            "let" => "write `let ... else { ... }`, or `if let`",
            _ => "bind a name, and take it apart with `match` or `if let`",
        };
        self.report(Diagnostic::new(Code::NonExhaustive, self.pat_span(pat), message).help(help));
    }

    fn explain_missed(&mut self, id: ExprId, scrutinee: ExprId, missed: &[Witness]) {
        let value = missed.first().map_or("_".to_string(), show);
        let at = self.tree.span(id);
        let word = Span { start: at.start, end: at.start + "match".len() as u32 };
        let message = match missed.first() {
            Some(Witness::Any) => "`match` misses values: no arm takes whatever the others leave over".to_string(),
            _ => format!("`match` misses a value: `{value}` is taken by no arm"),
        };
        let ty = self.out.types.show(self.out.exprs[scrutinee.0 as usize]);
        let is_number = !matches!(missed.first(), Some(Witness::Some(_) | Witness::None | Witness::Tuple(_)));
        let ExprKind::Match { arms, .. } = &self.tree.expr(id).kind else { return };
        let help = if arms.last().is_some_and(|arm| arm.guard.is_some()) {
            "a guard may say no, so its arm does not count: add `_ => ...`".to_string()
        } else if is_number {
            "add an arm for the rest: `_ => ...`".to_string()
        } else {
            format!("add an arm for it: `{value} => ...`, or one for the rest: `_ => ...`")
        };
        let finding = Diagnostic::new(Code::NonExhaustive, word, message);
        self.report(finding.note(self.tree.span(scrutinee), format!("this is {ty}")).help(help));
    }

    fn explain_too_many(&mut self, id: ExprId) {
        let message = "this `match` is too complex: whether its arms take every value needs too many steps";
        let finding = Diagnostic::new(Code::KernelTooLarge, self.tree.span(id), message);
        self.report(finding.help("take the value apart in two steps, one `match` inside the other"));
    }

    fn useful(
        &self,
        rows: &[Vec<Form>],
        row: &[Form],
        tys: &[Ty],
        steps: &mut usize,
    ) -> Result<Option<Vec<Witness>>, TooMany> {
        let mut search = Search { types: &self.out.types, steps: *steps };
        let rows: Vec<Vec<Form>> = rows.to_vec();
        let found = search.useful(&rows, row.to_vec(), tys);
        *steps = search.steps;
        found
    }

    /// What a pattern asks; `None` where that is not known.
    fn form(&self, pat: &Pat<'t>, ty: Ty) -> Option<Form> {
        let types = &self.out.types;
        let ty = types.peel(ty);
        Some(match pat {
            Pat::Wild | Pat::Rest => Form::Any,
            Pat::Error => return None,
            Pat::Bind { local, sub, .. } => match (self.out.const_patterns.get(local), sub) {
                // What a constant is worth is computed later: it takes some value.
                (Some(Meaning::Scalar(scalar)), _) => of_scalar(*scalar),
                (Some(_), _) => Form::Part,
                (None, Some(sub)) => self.form(sub, ty)?,
                (None, None) => Form::Any,
            },
            Pat::Value(id) => match self.pattern_bits(*id, ty) {
                Some(bits) => of_scalar(Scalar::from_bits(types.scalar(ty)?, bits)),
                None => Form::Part,
            },
            Pat::Range { start, end, inclusive, .. } => self.range_form(*start, *end, *inclusive, ty)?,
            Pat::Or(pats, _) => Form::Or(pats.iter().map(|pat| self.form(pat, ty)).collect::<Option<_>>()?),
            Pat::Tuple(pats, _) | Pat::Array(pats, _) => {
                let elems = match ty {
                    Ty::Tuple(tuple) => types.elems(tuple).to_vec(),
                    Ty::Array(array) => {
                        let (elem, len) = types.array_of(array);
                        vec![elem; len as usize]
                    }
                    _ => return None,
                };
                let pats = spread(pats, elems.len());
                if elems.len() != pats.len() {
                    return None;
                }
                let forms = pats.into_iter().zip(elems).map(|(pat, elem)| self.form(pat, elem));
                Form::Tuple(forms.collect::<Option<_>>()?)
            }
            Pat::Some(sub, _) => {
                let Ty::Option(option) = ty else { return None };
                Form::Some(Box::new(self.form(sub, types.inner(option))?))
            }
            Pat::None(_) => Form::None,
            Pat::Ref(sub, _) => self.form(sub, ty)?,
            Pat::Struct { fields, .. } => {
                let Ty::Struct(of) = ty else { return None };
                let names: Vec<&str> = self.tree.structs.get(of as usize)?.fields.iter().map(|(n, _)| n.text).collect();
                let mut forms = vec![Form::Any; names.len()];
                for (name, pat) in fields {
                    let index = names.iter().position(|field| *field == name.text)?;
                    forms[index] = self.form(pat, types.fields(of)[index])?;
                }
                Form::Tuple(forms)
            }
        })
    }

    fn range_form(&self, start: Option<ExprId>, end: Option<ExprId>, inclusive: bool, ty: Ty) -> Option<Form> {
        let scalar = self.out.types.scalar(ty)?;
        if !scalar.is_int() {
            return Some(Form::Part);
        }
        let at = |id: Option<ExprId>, default: u64| match id {
            None => Some(default),
            Some(id) => self.pattern_bits(id, ty).map(|bits| order(scalar, bits)),
        };
        let (Some(low), Some(high)) = (at(start, 0), at(end, scalar.mask())) else { return Some(Form::Part) };
        let high = if end.is_none() || inclusive { Some(high) } else { high.checked_sub(1) };
        Some(match high {
            Some(high) if low <= high => Form::Between(low, high),
            // Reported where the range is checked.
            _ => Form::Part,
        })
    }

    /// The bits of what a pattern compares with, if they are known here.
    pub(super) fn pattern_bits(&self, id: ExprId, ty: Ty) -> Option<u64> {
        let scalar = self.out.types.scalar(ty)?;
        match &self.tree.expr(id).kind {
            ExprKind::Bool(value) => Some(u64::from(*value)),
            ExprKind::Int { magnitude, negative, .. } if scalar.is_int() => int_bits(*magnitude, *negative, scalar),
            ExprKind::Float { digits, negative, .. } => {
                let value: f64 = digits.parse().ok()?;
                let value = if *negative { -value } else { value };
                Some(if scalar == Type::F32 { u64::from((value as f32).to_bits()) } else { value.to_bits() })
            }
            ExprKind::Path(_) => match self.out.meanings[id.0 as usize] {
                Meaning::Scalar(scalar) => Some(scalar.bits()),
                Meaning::Const(of) => self.literal_constant(of, ty),
                _ => None,
            },
            _ => None,
        }
    }

    /// Most constants are one literal; others are computed later.
    fn literal_constant(&self, of: crate::ast::ConstId, ty: Ty) -> Option<u64> {
        let init = self.tree.constant(of).init;
        match &self.tree.expr(init).kind {
            ExprKind::Path(_) => None,
            _ => self.pattern_bits(init, ty),
        }
    }
}

fn of_scalar(scalar: Scalar) -> Form {
    match scalar.ty() {
        ty if ty.is_float() => Form::Float(scalar.bits()),
        ty => Form::Between(order(ty, scalar.bits()), order(ty, scalar.bits())),
    }
}

/// Numbers the values of a type from its least one on.
fn order(ty: Type, bits: u64) -> u64 {
    if ty.is_signed() { bits ^ (ty.mask() ^ (ty.mask() >> 1)) } else { bits }
}

impl Search<'_> {
    /// Values that a row matches and that no row above does; types are those of the columns.
    fn useful(&mut self, rows: &[Vec<Form>], row: Vec<Form>, tys: &[Ty]) -> Result<Option<Vec<Witness>>, TooMany> {
        self.steps += 1 + rows.len() / 64;
        let written_out: usize = rows.iter().map(|row| row.first().map_or(1, Form::count)).sum();
        if self.steps > STEPS_MAX || written_out > ROWS_MAX {
            return Err(TooMany);
        }
        let Some((&ty, later)) = tys.split_first() else {
            return Ok(if rows.is_empty() { Some(Vec::new()) } else { None });
        };
        let rows: Vec<Vec<Form>> = rows.iter().flat_map(|row| without_or(row)).collect();
        for row in without_or(&row) {
            let types = self.types;
            let found = match types.peel(ty) {
                Ty::Option(option) => self.option(&rows, &row, types.inner(option), later)?,
                Ty::Tuple(tuple) => self.tuple(&rows, &row, types.elems(tuple), later)?,
                Ty::Struct(of) => self.tuple(&rows, &row, types.fields(of), later)?,
                Ty::Array(array) => {
                    let (elem, len) = types.array_of(array);
                    self.tuple(&rows, &row, &vec![elem; len as usize], later)?
                }
                resolved => match types.scalar(resolved) {
                    Some(scalar) if !scalar.is_float() => self.numbers(&rows, &row, scalar, later)?,
                    _ => self.floats(&rows, &row, later)?,
                },
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn option(
        &mut self,
        rows: &[Vec<Form>],
        row: &[Form],
        inner: Ty,
        later: &[Ty],
    ) -> Result<Option<Vec<Witness>>, TooMany> {
        if !matches!(row[0], Form::None) {
            let take = |row: &[Form]| match &row[0] {
                Form::Some(form) => Some(replaced(row, vec![(**form).clone()])),
                Form::Any => Some(replaced(row, vec![Form::Any])),
                _ => None,
            };
            let rows: Vec<Vec<Form>> = rows.iter().filter_map(|row| take(row)).collect();
            let tys: Vec<Ty> = std::iter::once(inner).chain(later.iter().copied()).collect();
            if let Some(row) = take(row)
                && let Some(mut found) = self.useful(&rows, row, &tys)?
            {
                let first = found.remove(0);
                found.insert(0, Witness::Some(Box::new(first)));
                return Ok(Some(found));
            }
        }
        if matches!(row[0], Form::Some(_)) {
            return Ok(None);
        }
        let rows: Vec<Vec<Form>> =
            rows.iter().filter(|row| matches!(row[0], Form::None | Form::Any)).map(|row| row[1..].to_vec()).collect();
        let found = self.useful(&rows, row[1..].to_vec(), later)?;
        Ok(found.map(|found| prefixed(Witness::None, found)))
    }

    fn tuple(
        &mut self,
        rows: &[Vec<Form>],
        row: &[Form],
        elems: &[Ty],
        later: &[Ty],
    ) -> Result<Option<Vec<Witness>>, TooMany> {
        let take = |row: &[Form]| match &row[0] {
            Form::Tuple(forms) => replaced(row, forms.clone()),
            _ => replaced(row, vec![Form::Any; elems.len()]),
        };
        let rows: Vec<Vec<Form>> = rows.iter().map(|row| take(row)).collect();
        let tys: Vec<Ty> = elems.iter().chain(later).copied().collect();
        let found = self.useful(&rows, take(row), &tys)?;
        Ok(found.map(|mut found| {
            let rest = found.split_off(elems.len());
            prefixed(Witness::Tuple(found), rest)
        }))
    }

    fn numbers(
        &mut self,
        rows: &[Vec<Form>],
        row: &[Form],
        ty: Type,
        later: &[Ty],
    ) -> Result<Option<Vec<Witness>>, TooMany> {
        let (low, high) = match row[0] {
            Form::Between(low, high) => (low, high),
            Form::Part => return Ok(Some(vec![Witness::Any; later.len() + 1])),
            _ => (0, ty.mask()),
        };
        // Between two of these, all numbers are alike.
        let mut starts = vec![low];
        for row in rows {
            if let Form::Between(from, to) = row[0] {
                starts.extend([Some(from), to.checked_add(1)].into_iter().flatten());
            }
        }
        // Where no pattern names a number, none stands for all.
        let is_any = matches!(row[0], Form::Any) && starts.len() == 1;
        starts.retain(|&start| low <= start && start <= high);
        starts.sort_unstable();
        starts.dedup();
        for start in starts {
            let matching = |row: &&Vec<Form>| match row[0] {
                Form::Any => true,
                Form::Between(from, to) => from <= start && start <= to,
                _ => false,
            };
            let rows: Vec<Vec<Form>> = rows.iter().filter(matching).map(|row| row[1..].to_vec()).collect();
            if let Some(found) = self.useful(&rows, row[1..].to_vec(), later)? {
                let number = if is_any { Witness::Any } else { Witness::Number(ty, order(ty, start)) };
                return Ok(Some(prefixed(number, found)));
            }
        }
        Ok(None)
    }

    fn floats(&mut self, rows: &[Vec<Form>], row: &[Form], later: &[Ty]) -> Result<Option<Vec<Witness>>, TooMany> {
        let same = |a: &Form, b: &Form| matches!((a, b), (Form::Float(a), Form::Float(b)) if a == b);
        let rows: Vec<Vec<Form>> = rows
            .iter()
            .filter(|other| matches!(other[0], Form::Any) || same(&other[0], &row[0]))
            .map(|row| row[1..].to_vec())
            .collect();
        let found = self.useful(&rows, row[1..].to_vec(), later)?;
        Ok(found.map(|found| prefixed(Witness::Any, found)))
    }
}

/// A row with its first form replaced by several.
fn replaced(row: &[Form], first: Vec<Form>) -> Vec<Form> {
    first.into_iter().chain(row[1..].iter().cloned()).collect()
}

fn prefixed(first: Witness, mut rest: Vec<Witness>) -> Vec<Witness> {
    rest.insert(0, first);
    rest
}

/// A row for each alternative of its first form.
fn without_or(row: &[Form]) -> Vec<Vec<Form>> {
    match row.first() {
        Some(Form::Or(forms)) => forms.iter().flat_map(|form| without_or(&replaced(row, vec![form.clone()]))).collect(),
        _ => vec![row.to_vec()],
    }
}

fn show(witness: &Witness) -> String {
    match witness {
        Witness::Any => "_".to_string(),
        Witness::Some(inner) => format!("Some({})", show(inner)),
        Witness::None => "None".to_string(),
        Witness::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(show).collect();
            format!("({})", parts.join(", "))
        }
        Witness::Number(ty, bits) => Scalar::from_bits(*ty, *bits).to_string(),
    }
}
