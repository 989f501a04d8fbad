//! Fields and arithmetic of dates and times in kernels against the same functions as plain Rust, whose calendar
//! the unit tests compare with another one.

use filbert_ir::{Code, Datum, Scalar, VerifiedKernel, interp};
use filbert_syntax::time::{Date32, Date64, Duration, Microsecond, Millisecond, Nanosecond, Second, Time, Timestamp};

fn kernel(text: &str) -> VerifiedKernel {
    let module = filbert_syntax::parse(text, "time").unwrap_or_else(|found| panic!("{text}\n{found}"));
    module.kernels[0].clone()
}

fn row(kernel: &VerifiedKernel, args: &[Datum]) -> Vec<i64> {
    let results = interp::run(kernel, args).unwrap_or_else(|fault| panic!("{} of {args:?}: {fault}", kernel.name()));
    results.into_iter().map(integer).collect()
}

fn integer(datum: Datum) -> i64 {
    match datum {
        Datum::Scalar(Scalar::I64(value)) => value,
        Datum::Scalar(Scalar::I32(value)) => value.into(),
        Datum::Scalar(Scalar::Bool(value)) => value.into(),
        other => panic!("{other:?} is no integer"),
    }
}

/// Numbers around zero, at the ends, and spread over the whole type.
fn spread() -> impl Iterator<Item = i64> {
    let ends = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];
    let scales = (0..63).flat_map(|bit| [1i64 << bit, -(1i64 << bit), (1i64 << bit) + 12_345, 54_321 - (1i64 << bit)]);
    let stamps = (0..2_000).map(|n| n * 86_399_999 * 1_000 - 62_135_596_800_000_000);
    ends.into_iter().chain(scales).chain(-100..100).chain(stamps)
}

const DATE: &str = "(i64, i64, i64, i64, i64, i64, i64, i64, bool)";
const DATE_FIELDS: &str = "(t.year(), t.month(), t.day(), t.quarter(), t.ordinal(), t.weekday(), t.iso_week(), \
     t.iso_year(), t.is_leap_year())";

macro_rules! date_fields {
    ($t:expr) => {{
        let t = $t;
        let leaps = i64::from(t.is_leap_year());
        vec![t.year(), t.month(), t.day(), t.quarter(), t.ordinal(), t.weekday(), t.iso_week(), t.iso_year(), leaps]
    }};
}

#[test]
fn fields_of_days_are_those_of_the_plain_type() {
    let date32 = kernel(&format!("fn f(t: Date32) -> {DATE} {{ {DATE_FIELDS} }}"));
    let dense = (-800_000..800_000).step_by(13).chain([i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX]);
    for days in dense.chain((-2_000..2_000).map(|n| n * 1_000_003)) {
        assert_eq!(row(&date32, &[days.into()]), date_fields!(Date32::new(days)), "{days}");
    }
    let date64 = kernel(&format!("fn f(t: Date64) -> {DATE} {{ {DATE_FIELDS} }}"));
    for value in spread() {
        assert_eq!(row(&date64, &[value.into()]), date_fields!(Date64::new(value)), "{value}");
    }
}

macro_rules! clocks {
    ($($unit:ident)*) => {
        $({
            let unit = stringify!($unit);
            let dates = kernel(&format!("fn f(t: Timestamp<{unit}>) -> {DATE} {{ {DATE_FIELDS} }}"));
            let fields = "(i64, i64, i64, i64) { (t.hour(), t.minute(), t.second(), t.nanosecond()) }";
            let clock = kernel(&format!("fn f(t: Timestamp<{unit}>) -> {fields}"));
            let time = kernel(&format!("fn f(t: Time<{unit}>) -> {fields}"));
            let seconds = kernel(&format!("fn f(t: Timestamp<{unit}>, d: Duration<{unit}>) -> (i64, i64, Time<{unit}>) {{
                (t.as_seconds(), d.as_seconds(), t.time())
            }}"));
            for value in spread() {
                let t = Timestamp::<$unit>::new(value);
                assert_eq!(row(&dates, &[value.into()]), date_fields!(t), "{unit} {value}");
                let expected = [t.hour(), t.minute(), t.second(), t.nanosecond()];
                assert_eq!(row(&clock, &[value.into()]), expected, "{unit} {value}");
                let d = Duration::<$unit>::new(value);
                let expected = [t.as_seconds(), d.as_seconds(), i64::from(t.time().value())];
                assert_eq!(row(&seconds, &[value.into(), value.into()]), expected, "{unit} {value}");
                // Any value of the storage, which is narrower for seconds and milliseconds.
                let t = Time::<$unit>::new(value as _);
                let expected = [t.hour(), t.minute(), t.second(), t.nanosecond()];
                assert_eq!(row(&time, &[t.value().into()]), expected, "{unit} {value}");
            }
        })*
    };
}

#[test]
fn fields_of_clocks_are_those_of_the_plain_type() {
    clocks!(Second Millisecond Microsecond Nanosecond);
}

#[test]
fn dates_are_made_of_their_parts() {
    let known = kernel("fn f(d: Date32, n: i64) -> (Date32, i64) { (d.add_days(n), d.add_days(n).days_since(d)) }");
    for (days, n) in [(0, 1), (19_000, -19_001), (i32::MAX, -4_294_967_295), (i32::MIN, 4_294_967_295)] {
        let sum = Date32::new(days).add_days(n);
        assert_eq!(row(&known, &[days.into(), n.into()]), [i64::from(sum.value()), n]);
    }
    for (days, n) in [(i32::MAX, 1), (i32::MIN, -1), (0, i64::MAX), (-1, i64::MIN), (0, 1 << 31)] {
        let fault = interp::run(&known, &[days.into(), n.into()]).unwrap_err();
        assert_eq!(fault.fault.code(), Code::Overflow, "{days} {n}");
    }
}
