//! Dates, times, timestamps and durations: integers with a meaning. Units do not mix.

use filbert_ir::{Code, Diagnostic, Logical, Op, Span, Type, Unit};

use super::explain::Why;
use super::types::{BOOL, Ty};
use super::{Infer, Meaning};
use crate::ast::{ExprId, Name};
use crate::names;

/// What a time type can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeMethod {
    /// A field of the calendar, by the name of its function there.
    Calendar(&'static str),
    Hour,
    Minute,
    Second,
    Nanosecond,
    /// The integer that stores it.
    Value,
    /// In this unit, rounded.
    As(Unit),
    Date,
    Time,
    AddDays,
    DaysSince,
    /// `abs`, `min`, `max`, `clamp`: those of the integer.
    Op(Op),
    /// `Date32::new(value)`
    New,
    /// `Date32::from_ymd(year, month, day)`
    FromYmd,
}

/// The type of an argument or a result.
#[derive(Clone, Copy)]
enum Part {
    Same,
    I64,
    Bool,
    Storage,
    Date32,
    Time,
}

/// Fields of days, named as the functions of the calendar.
const DATE_FIELDS: [&str; 8] = ["year", "month", "day", "quarter", "ordinal", "weekday", "iso_week", "iso_year"];

/// Every method, to suggest one.
pub(crate) const METHODS: [&str; 27] = [
    "year",
    "month",
    "day",
    "quarter",
    "ordinal",
    "weekday",
    "iso_week",
    "iso_year",
    "is_leap_year",
    "hour",
    "minute",
    "second",
    "nanosecond",
    "value",
    "as_seconds",
    "as_milliseconds",
    "as_microseconds",
    "as_nanoseconds",
    "date",
    "time",
    "add_days",
    "days_since",
    "abs",
    "min",
    "max",
    "clamp",
    "from_ymd",
];

fn has_date(ty: Logical) -> bool {
    matches!(ty, Logical::Date32 | Logical::Date64 | Logical::Timestamp(_))
}

fn has_clock(ty: Logical) -> bool {
    matches!(ty, Logical::Time(_) | Logical::Timestamp(_))
}

/// The unit that a time type counts in, if it is part of its name.
fn unit_of(ty: Logical) -> Option<Unit> {
    match ty {
        Logical::Time(unit) | Logical::Timestamp(unit) | Logical::Duration(unit) => Some(unit),
        Logical::Plain(_) | Logical::Date32 | Logical::Date64 => None,
    }
}

/// Its name without the unit.
fn path_name(ty: Logical) -> String {
    ty.to_string().split('<').next().unwrap_or_default().to_string()
}

/// The method of this name, its arguments behind the receiver, and its result.
fn method(ty: Logical, name: &str) -> Option<(TimeMethod, &'static [Part], Part)> {
    use Part::*;
    let of =
        |is_there: bool, method: TimeMethod, args: &'static [Part], ret: Part| is_there.then_some((method, args, ret));
    if let Some(field) = DATE_FIELDS.iter().find(|field| **field == name) {
        return of(has_date(ty), TimeMethod::Calendar(field), &[], I64);
    }
    let is_duration = matches!(ty, Logical::Duration(_));
    let is_stamp = matches!(ty, Logical::Timestamp(_));
    match name {
        "is_leap_year" => of(has_date(ty), TimeMethod::Calendar("is_leap_year"), &[], Bool),
        "hour" => of(has_clock(ty), TimeMethod::Hour, &[], I64),
        "minute" => of(has_clock(ty), TimeMethod::Minute, &[], I64),
        "second" => of(has_clock(ty), TimeMethod::Second, &[], I64),
        "nanosecond" => of(has_clock(ty), TimeMethod::Nanosecond, &[], I64),
        "value" => of(true, TimeMethod::Value, &[], Storage),
        "as_seconds" => of(unit_of(ty).is_some(), TimeMethod::As(Unit::Second), &[], I64),
        "as_milliseconds" => of(unit_of(ty).is_some(), TimeMethod::As(Unit::Millisecond), &[], I64),
        "as_microseconds" => of(unit_of(ty).is_some(), TimeMethod::As(Unit::Microsecond), &[], I64),
        "as_nanoseconds" => of(unit_of(ty).is_some(), TimeMethod::As(Unit::Nanosecond), &[], I64),
        "date" => of(is_stamp, TimeMethod::Date, &[], Date32),
        "time" => of(is_stamp, TimeMethod::Time, &[], Part::Time),
        "add_days" => of(has_date(ty), TimeMethod::AddDays, &[I64], Same),
        "days_since" => of(has_date(ty) && !is_stamp, TimeMethod::DaysSince, &[Same], I64),
        "abs" => of(is_duration, TimeMethod::Op(Op::Abs), &[], Same),
        "min" => of(true, TimeMethod::Op(Op::Min), &[Same], Same),
        "max" => of(true, TimeMethod::Op(Op::Max), &[Same], Same),
        "clamp" => of(true, TimeMethod::Op(Op::Clamp), &[Same, Same], Same),
        _ => None,
    }
}

impl TimeMethod {
    /// Whether a row can fail in it.
    pub(crate) fn can_fail(self) -> bool {
        matches!(self, TimeMethod::As(_) | TimeMethod::Date | TimeMethod::AddDays | TimeMethod::Op(_))
    }
}

impl<'a, 't> Infer<'a, 't> {
    /// `Date32`, `Timestamp<Second>`; reports a unit that is missing, unknown or too much.
    pub(super) fn time_note(&mut self, name: Name<'t>, unit: Option<Name<'t>>) -> Ty {
        let has_unit = !name.text.starts_with("Date");
        let known = |unit: &str| Unit::ALL.into_iter().find(|known| known.name() == unit);
        let (span, message, help) = match (has_unit, unit) {
            (false, None) => {
                return Ty::Time(if name.text == "Date32" { Logical::Date32 } else { Logical::Date64 });
            }
            (false, Some(unit)) => {
                (unit.span, format!("`{}` has no unit", name.text), format!("write `{}`", name.text))
            }
            (true, None) => {
                let message = format!("`{}` needs its unit", name.text);
                (name.span, message, format!("write `{}<Microsecond>`, with the unit of the column", name.text))
            }
            (true, Some(unit)) => match (known(unit.text), name.text) {
                (Some(unit), "Time") => return Ty::Time(Logical::Time(unit)),
                (Some(unit), "Timestamp") => return Ty::Time(Logical::Timestamp(unit)),
                (Some(unit), _) => return Ty::Time(Logical::Duration(unit)),
                (None, _) => {
                    let near = names::nearest(unit.text, Unit::ALL.into_iter().map(Unit::name));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "the units are Second, Millisecond, Microsecond and Nanosecond".to_string(),
                    };
                    (unit.span, format!("unknown unit `{}`", unit.text), help)
                }
            },
        };
        self.report(Diagnostic::new(Code::UnknownType, span, message).help(help));
        Ty::Error
    }

    /// `Date32::from_ymd(..)`, `Timestamp::<Second>::new(..)`: a path of a time type, its unit if it has one,
    /// and a function. `None` if the path is no such thing.
    pub(super) fn time_call(&mut self, id: ExprId, path: &'a [&'t str], span: Span, args: &'a [ExprId]) -> Option<Ty> {
        let (ty, unit, function) = match *path {
            [ty, function] => (ty, None, function),
            [ty, unit, function] => (ty, Some(unit), function),
            _ => return None,
        };
        if !crate::read::TIMES.iter().any(|(time, _)| *time == ty) {
            return None;
        }
        let named = |text| Name { text, span };
        if unit.is_none() && !ty.starts_with("Date") {
            self.infer_args(args);
            let message = format!("`{ty}` needs its unit");
            let help = format!("write `{ty}::<Microsecond>::{function}(...)`, with the unit that is meant");
            self.report(Diagnostic::new(Code::UnknownType, span, message).help(help));
            return Some(Ty::Error);
        }
        let Ty::Time(ty) = self.time_note(named(ty), unit.map(named)) else {
            self.infer_args(args);
            return Some(Ty::Error);
        };
        let is_date = matches!(ty, Logical::Date32 | Logical::Date64);
        let (method, params, ret) = match function {
            "new" => (TimeMethod::New, vec![Ty::Scalar(ty.storage())], Ty::Time(ty)),
            "from_ymd" if is_date => {
                let ret = self.option(Ty::Time(ty), span);
                (TimeMethod::FromYmd, vec![Ty::Scalar(Type::I64); 3], ret)
            }
            _ => return Some(self.time_method_of_path(id, ty, function, span, args)),
        };
        if self.check_count(function, params.len(), args, span, None) {
            for (index, (&arg, want)) in args.iter().zip(params).enumerate() {
                self.check(arg, want, Why::LinkedArg(path, index));
            }
        }
        self.out.meanings[id.0 as usize] = Meaning::Time(method, ty);
        Some(ret)
    }

    /// `Date32::year(d)`
    fn time_method_of_path(&mut self, id: ExprId, ty: Logical, name: &'t str, span: Span, args: &'a [ExprId]) -> Ty {
        match args.split_first() {
            Some((&receiver, rest)) if method(ty, name).is_some() => {
                self.check(receiver, Ty::Time(ty), Why::Receiver(name));
                self.time_method(id, name, span, (receiver, ty), rest)
            }
            _ => {
                self.infer_args(args);
                let message = format!("{ty} has no function `{name}`");
                let near = names::nearest(name, METHODS.into_iter().chain(["new"]));
                let mut finding = Diagnostic::new(Code::UnknownFunction, span, message);
                finding.help = match (unit_of(ty), name) {
                    (Some(unit), name) if name.starts_with("from_") => {
                        Some(format!("write `{}::<{}>::new(n)`, with n in its unit", path_name(ty), unit.name()))
                    }
                    _ => near.map(|near| format!("did you mean `{near}`?")),
                };
                self.report(finding);
                Ty::Error
            }
        }
    }

    pub(super) fn time_method(
        &mut self,
        id: ExprId,
        name: &'t str,
        span: Span,
        (receiver, ty): (ExprId, Logical),
        args: &'a [ExprId],
    ) -> Ty {
        let Some((method, params, ret)) = method(ty, name) else {
            self.infer_args(args);
            self.explain_time_method(ty, name, span);
            return Ty::Error;
        };
        self.out.meanings[id.0 as usize] = Meaning::Time(method, ty);
        let part = |part: Part| match part {
            Part::Same => Ty::Time(ty),
            Part::I64 => Ty::Scalar(Type::I64),
            Part::Bool => BOOL,
            Part::Storage => Ty::Scalar(ty.storage()),
            Part::Date32 => Ty::Time(Logical::Date32),
            Part::Time => unit_of(ty).map_or(Ty::Error, |unit| Ty::Time(Logical::Time(unit))),
        };
        if params.len() != args.len() {
            self.infer_args(args);
            self.explain_method_count(name, span, params.len(), args.len());
        } else {
            for (&arg, &want) in args.iter().zip(params) {
                self.check(arg, part(want), Why::MethodArg(name, receiver));
            }
        }
        part(ret)
    }

    fn explain_time_method(&mut self, ty: Logical, name: &str, span: Span) {
        let message = format!("{ty} has no method `{name}`");
        let mut finding = Diagnostic::new(Code::UnknownFunction, span, message);
        finding.help = match name {
            "timestamp" | "as_secs" | "unix" | "num_seconds" => Some("write `x.as_seconds()`".to_string()),
            "as_millis" => Some("write `x.as_milliseconds()`".to_string()),
            "as_micros" => Some("write `x.as_microseconds()`".to_string()),
            "as_minutes" | "num_minutes" => Some("write `x.as_seconds() / 60`".to_string()),
            "as_hours" | "num_hours" => Some("write `x.as_seconds() / 3600`".to_string()),
            "as_days" | "num_days" | "days" => Some("write `x.as_seconds() / 86400`".to_string()),
            "as_nanos" => Some("write `x.as_nanoseconds()`".to_string()),
            "day_of_week" | "dayofweek" => Some("write `x.weekday()`: Monday is 0".to_string()),
            "day_of_year" | "dayofyear" => Some("write `x.ordinal()`".to_string()),
            "week" => Some("write `x.iso_week()`".to_string()),
            "hour" | "minute" | "second" | "nanosecond" if !has_clock(ty) => Some(format!("{ty} has no time of day")),
            _ => {
                let fits = |candidate: &&str| method(ty, candidate).is_some();
                let near = names::nearest(name, METHODS.into_iter().filter(fits));
                near.map(|near| format!("did you mean `{near}`?"))
            }
        };
        self.report(finding);
    }

    /// The type of an operation of which a side is a time; the sides are typed. `None` if there is none.
    pub(super) fn time_operation(&mut self, op: Op, left: Ty, right: Ty) -> Option<Ty> {
        use Logical::{Date32, Date64, Duration, Time, Timestamp};
        let (left, right) = (self.out.types.resolve(left), self.out.types.resolve(right));
        let is_i64 = |infer: &mut Self, ty: Ty| infer.out.types.unify(ty, Ty::Scalar(Type::I64));
        let ty = match (op, left, right) {
            (_, Ty::Error | Ty::Never, _) | (_, _, Ty::Error | Ty::Never) => return Some(Ty::Error),
            (Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge, left, right) => {
                return self.out.types.unify(left, right).then_some(BOOL);
            }
            (Op::Sub, Ty::Time(Date32), Ty::Time(Date32)) => Duration(Unit::Second),
            (Op::Sub, Ty::Time(Date64), Ty::Time(Date64)) => Duration(Unit::Millisecond),
            (Op::Sub, Ty::Time(Time(a)), Ty::Time(Time(b))) if a == b => Duration(a),
            (Op::Sub, Ty::Time(Timestamp(a)), Ty::Time(Timestamp(b))) if a == b => Duration(a),
            (Op::Add | Op::Sub, Ty::Time(Timestamp(a)), Ty::Time(Duration(b))) if a == b => Timestamp(a),
            (Op::Add | Op::Sub, Ty::Time(Duration(a)), Ty::Time(Duration(b))) if a == b => Duration(a),
            (Op::Mul | Op::Div, Ty::Time(Duration(a)), right) if is_i64(self, right) => Duration(a),
            (Op::Mul, left, Ty::Time(Duration(b))) if is_i64(self, left) => Duration(b),
            _ => return None,
        };
        Some(Ty::Time(ty))
    }

    pub(super) fn explain_time_operation(&mut self, symbol: &str, left: (ExprId, Ty), right: (ExprId, Ty)) {
        let (a, b) = (self.out.types.show(left.1), self.out.types.show(right.1));
        let (left_span, right_span) = (self.tree.span(left.0), self.tree.span(right.0));
        let message = format!("`{symbol}`: no such operation of {a} and {b}");
        let finding = Diagnostic::new(Code::OperandType, left_span.join(right_span), message);
        let finding = finding.note(left_span, format!("this is {a}")).note(right_span, format!("this is {b}"));
        let time = |ty: Ty| match self.out.types.resolve(ty) {
            Ty::Time(time) => Some(time),
            _ => None,
        };
        let source = self.tree.slice(right_span);
        let help = match (symbol, time(left.1), time(right.1)) {
            (_, Some(a), Some(b)) if unit_of(a).zip(unit_of(b)).is_some_and(|(a, b)| a != b) => {
                let unit = unit_of(a).map_or("", Unit::name);
                let family = path_name(b);
                let plural = format!("{}s", unit.to_lowercase());
                Some(format!("convert one side: `{family}::<{unit}>::new({source}.as_{plural}())`"))
            }
            ("+" | "-", Some(Logical::Date32 | Logical::Date64), _) => {
                Some("write `d.add_days(n)` for a number of days".to_string())
            }
            ("+" | "-", Some(Logical::Timestamp(unit)), None) => {
                let unit = unit.name();
                Some(format!("say what it counts: `Duration::<{unit}>::new({source})`"))
            }
            ("+", Some(Logical::Timestamp(_)), Some(Logical::Timestamp(_))) => {
                Some("the difference of two timestamps is a duration; a sum means nothing".to_string())
            }
            (_, Some(_), None) => Some("compare and compute with `.value()` for the plain integer".to_string()),
            _ => None,
        };
        self.report(Diagnostic { help, ..finding });
    }
}
