//! Dates and times: their fields are calls of the calendar's kernels, the rest is arithmetic of the integers
//! that store them.

use std::sync::OnceLock;

use filbert_ir::limits::VALUES_MAX;
use filbert_ir::{Logical, Op, Scalar, Span, Type, Unit, ValueId, VerifiedKernel};

use super::value::{Flag, Val};
use super::{Lower, Lowered, TooLarge};
use crate::attributes::Overflow;
use crate::infer::TimeMethod;
use crate::links::Links;

const SECONDS_PER_DAY: i64 = crate::time::SECONDS_PER_DAY;

/// A kernel of the calendar. Its text is compiled once for the process.
fn calendar(name: &str) -> &'static VerifiedKernel {
    static KERNELS: OnceLock<Vec<VerifiedKernel>> = OnceLock::new();
    let kernels = KERNELS.get_or_init(|| {
        // No step of it can leave an i64, and what cannot fail is worth more to the passes.
        let wraps = "#[kernel(overflow = \"wrap\")]";
        let text = include_str!("../time/calendar.rs");
        let text = text.replace("\nfn ", &format!("\n{wraps} fn "));
        let text = text.replace("\npub(crate) fn ", &format!("\n{wraps} pub(crate) fn "));
        let compiled = crate::front::compile(&text, "time/calendar.rs", &Links::None);
        compiled.unwrap_or_else(|found| panic!("the calendar is kernel text: {found}")).kernels
    });
    kernels.iter().find(|kernel| kernel.name() == name).expect("the calendar has what inference names")
}

/// Units of a second.
fn per_second(ty: Logical) -> i64 {
    match ty {
        Logical::Time(unit) | Logical::Timestamp(unit) | Logical::Duration(unit) => unit.per_second(),
        Logical::Date64 => Unit::Millisecond.per_second(),
        Logical::Date32 | Logical::Plain(_) => 1,
    }
}

impl Lower<'_, '_, '_> {
    /// A method or function of a time type on its scalars, the receiver first.
    pub(super) fn time_value(
        &mut self,
        span: Span,
        (method, ty): (TimeMethod, Logical),
        args: &[ValueId],
    ) -> Lowered<Val> {
        self.b.span = span;
        let x = args[0];
        let second = per_second(ty);
        let value = match method {
            TimeMethod::New | TimeMethod::Value => x,
            TimeMethod::Calendar(field) => {
                let days = self.days(ty, x);
                self.of_calendar(span, field, &[days])?
            }
            TimeMethod::Hour => self.part(x, SECONDS_PER_DAY * second, 3600 * second),
            TimeMethod::Minute => self.part(x, 3600 * second, 60 * second),
            TimeMethod::Second => self.part(x, 60 * second, second),
            TimeMethod::Nanosecond => {
                let ticks = self.part(x, second, 1);
                let length = self.i64(Unit::Nanosecond.per_second() / second);
                self.b.op(Op::WrappingMul, &[ticks, length])
            }
            TimeMethod::As(unit) => self.in_unit(span, ty, x, unit.per_second()),
            TimeMethod::Date => {
                let days = self.days(ty, x);
                self.narrow(span, days)
            }
            TimeMethod::Time => {
                let ticks = self.part(x, SECONDS_PER_DAY * second, 1);
                let storage = if second <= 1_000 { Type::I32 } else { Type::I64 };
                self.cast_to(ticks, storage)
            }
            TimeMethod::AddDays => self.add_days(span, ty, x, args[1]),
            TimeMethod::DaysSince => {
                let (days, others) = (self.days(ty, x), self.days(ty, args[1]));
                self.b.op(Op::WrappingSub, &[days, others])
            }
            TimeMethod::Op(op) => self.op(span, op, args),
            TimeMethod::FromYmd => return self.date_of(span, ty, args),
        };
        Ok(Val::One(value))
    }

    /// An operator of which a side is a time. Times of day and days are subtracted in i64, which holds all
    /// differences.
    pub(super) fn time_operator(&mut self, span: Span, op: Op, ty: Logical, args: &[ValueId]) -> ValueId {
        self.b.span = span;
        if op != Op::Sub || ty.storage() == Type::I64 {
            return self.op(span, op, args);
        }
        let wide: Vec<ValueId> = args.iter().map(|&arg| self.cast_to(arg, Type::I64)).collect();
        let difference = self.b.op(Op::WrappingSub, &wide);
        if ty != Logical::Date32 {
            return difference;
        }
        let day = self.i64(SECONDS_PER_DAY);
        self.b.op(Op::WrappingMul, &[difference, day])
    }

    /// Days since 1970, as i64.
    fn days(&mut self, ty: Logical, x: ValueId) -> ValueId {
        let wide = self.cast_to(x, Type::I64);
        if ty == Logical::Date32 {
            return wide;
        }
        let day = self.i64(SECONDS_PER_DAY * per_second(ty));
        self.b.op(Op::DivEuclid, &[wide, day])
    }

    /// Which `part` of its `whole` a value lies in.
    fn part(&mut self, x: ValueId, whole: i64, part: i64) -> ValueId {
        let wide = self.cast_to(x, Type::I64);
        let whole = self.i64(whole);
        let rest = self.b.op(Op::RemEuclid, &[wide, whole]);
        if part == 1 {
            return rest;
        }
        let part = self.i64(part);
        self.b.op(Op::Div, &[rest, part])
    }

    /// What `as_seconds` and its like give: a finer unit may not fit, a coarser one rounds.
    fn in_unit(&mut self, span: Span, ty: Logical, x: ValueId, to: i64) -> ValueId {
        let from = per_second(ty);
        let wide = self.cast_to(x, Type::I64);
        if to == from {
            return wide;
        }
        let ratio = self.i64(if to > from { to / from } else { from / to });
        match ty {
            _ if to > from => self.op(span, Op::Mul, &[wide, ratio]),
            Logical::Duration(_) => self.b.op(Op::Div, &[wide, ratio]),
            _ => self.b.op(Op::DivEuclid, &[wide, ratio]),
        }
    }

    fn add_days(&mut self, span: Span, ty: Logical, x: ValueId, days: ValueId) -> ValueId {
        let wide = self.cast_to(x, Type::I64);
        if ty == Logical::Date32 {
            let sum = self.op(span, Op::Add, &[wide, days]);
            return self.narrow(span, sum);
        }
        let day = self.i64(SECONDS_PER_DAY * per_second(ty));
        let length = self.op(span, Op::Mul, &[days, day]);
        self.op(span, Op::Add, &[wide, length])
    }

    fn date_of(&mut self, span: Span, ty: Logical, args: &[ValueId]) -> Lowered<Val> {
        let is_date = self.of_calendar(span, "is_date", args)?;
        let days = self.of_calendar(span, "days_from_civil", args)?;
        let (some, value) = if ty == Logical::Date32 {
            let narrow = self.cast_to(days, Type::I32);
            let wide = self.cast_to(narrow, Type::I64);
            let fits = self.b.op(Op::Eq, &[days, wide]);
            (self.b.op(Op::And, &[is_date, fits]), narrow)
        } else {
            let day = self.i64(SECONDS_PER_DAY * per_second(ty));
            (is_date, self.b.op(Op::WrappingMul, &[days, day]))
        };
        Ok(Val::Opt { some: Flag::If(some), value: Box::new(Val::One(value)) })
    }

    /// A number of days as a `Date32` stores it. One that does not fit overflows: so does one of two sums,
    /// which nothing else reads.
    fn narrow(&mut self, span: Span, days: ValueId) -> ValueId {
        if self.overflow == Overflow::Fail {
            let above = self.i64(i64::MAX - i64::from(i32::MAX));
            self.op(span, Op::Add, &[days, above]);
            let below = self.i64(i64::MIN - i64::from(i32::MIN));
            self.op(span, Op::Add, &[days, below]);
        }
        self.cast_to(days, Type::I32)
    }

    /// A call of a kernel of the calendar.
    fn of_calendar(&mut self, span: Span, name: &str, args: &[ValueId]) -> Lowered<ValueId> {
        let kernel = calendar(name);
        if self.b.next_id().index() + kernel.core.values.len() > VALUES_MAX {
            return Err(TooLarge::Values(span));
        }
        Ok(self.b.inline(&kernel.core, args, &[])[0])
    }

    fn i64(&mut self, value: i64) -> ValueId {
        self.b.constant(Scalar::I64(value))
    }

    fn cast_to(&mut self, x: ValueId, ty: Type) -> ValueId {
        if self.b.ty(x) == ty { x } else { self.b.cast(x, ty) }
    }
}
