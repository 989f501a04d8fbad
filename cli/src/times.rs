//! Dates, times and durations as text, in and out: RFC 3339 in UTC, and spans such as `1h30m`.
//!
//! What the calendar has no words for (a Date32 of the year 5,000,000 has them) is the number that stores it,
//! which is read as well.

use filbert_ir::{Logical, Scalar, Unit};
use filbert_syntax::time::Date32;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i128 = 86_400;

/// Why a word is no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wrong {
    /// It is written otherwise.
    Form,
    /// The type has no such value, or not with so many digits.
    Range,
}

/// A time as its storage.
pub(crate) fn parse(word: &str, ty: Logical) -> Result<Scalar, Wrong> {
    let stored = match integer(word) {
        Some(stored) => stored,
        None => {
            let nanos = nanos(word, ty).ok_or(Wrong::Form)?;
            let unit = nanos_per_step(ty);
            if nanos % unit != 0 {
                return Err(Wrong::Range);
            }
            nanos / unit
        }
    };
    Scalar::from_integer(ty.storage(), stored).ok_or(Wrong::Range)
}

/// How values of a type are written.
pub(crate) fn form(ty: Logical) -> &'static str {
    match ty {
        Logical::Date32 => "2013-01-31",
        Logical::Date64 | Logical::Timestamp(_) => "2013-01-31 or 2013-01-31T10:00:00",
        Logical::Time(_) => "10:00:00",
        Logical::Duration(_) => "90s, 1h30m or 250ms",
        Logical::Plain(_) => "a number",
    }
}

/// A time in words, if the number is one.
pub(crate) fn show(scalar: Scalar, ty: Logical) -> Option<String> {
    let stored = match scalar {
        Scalar::I32(v) => i128::from(v),
        Scalar::I64(v) => i128::from(v),
        _ => return None,
    };
    let nanos = stored * nanos_per_step(ty);
    let day = nanos.div_euclid(SECONDS_PER_DAY * NANOS_PER_SECOND);
    let of_day = nanos.rem_euclid(SECONDS_PER_DAY * NANOS_PER_SECOND);
    match ty {
        Logical::Plain(_) => None,
        Logical::Date32 => show_date(day),
        Logical::Time(_) if day != 0 => None,
        Logical::Time(_) => Some(show_clock(of_day)),
        Logical::Date64 | Logical::Timestamp(_) => Some(format!("{}T{}", show_date(day)?, show_clock(of_day))),
        Logical::Duration(unit) => Some(format!("{stored}{}", suffix(unit))),
    }
}

/// Nanoseconds of what is stored as 1.
fn nanos_per_step(ty: Logical) -> i128 {
    match ty {
        Logical::Date32 => SECONDS_PER_DAY * NANOS_PER_SECOND,
        Logical::Time(unit) | Logical::Timestamp(unit) | Logical::Duration(unit) => {
            NANOS_PER_SECOND / i128::from(unit.per_second())
        }
        Logical::Date64 => 1_000_000,
        Logical::Plain(_) => 1,
    }
}

fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "s",
        Unit::Millisecond => "ms",
        Unit::Microsecond => "us",
        Unit::Nanosecond => "ns",
    }
}

fn show_date(day: i128) -> Option<String> {
    let date = Date32::new(i32::try_from(day).ok()?);
    let (year, sign) = (date.year(), if date.year() < 0 { "-" } else { "" });
    Some(format!("{sign}{:04}-{:02}-{:02}", year.abs(), date.month(), date.day()))
}

fn show_clock(nanos: i128) -> String {
    let (seconds, nanos) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match nanos {
        0 => clock,
        nanos if nanos % 1_000_000 == 0 => format!("{clock}.{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!("{clock}.{:06}", nanos / 1_000),
        nanos => format!("{clock}.{nanos:09}"),
    }
}

/// Nanoseconds since 1970, since midnight, or of a span.
fn nanos(word: &str, ty: Logical) -> Option<i128> {
    match ty {
        Logical::Plain(_) => None,
        Logical::Date32 => Some(date(word)? * SECONDS_PER_DAY * NANOS_PER_SECOND),
        Logical::Time(_) => clock(word),
        Logical::Duration(_) => span(word),
        Logical::Date64 | Logical::Timestamp(_) => {
            let (day, rest) = match word.split_once(['T', 't', ' ']) {
                None => (word, None),
                Some((day, rest)) => (day, Some(rest)),
            };
            let (of_day, offset) = match rest {
                None => (0, 0),
                Some(rest) => zoned(rest)?,
            };
            Some(date(day)? * SECONDS_PER_DAY * NANOS_PER_SECOND + of_day - offset)
        }
    }
}

/// `10:00:00Z`, `10:00:00+01:00`: the time of day, and how far the zone is ahead of UTC.
fn zoned(word: &str) -> Option<(i128, i128)> {
    if let Some(utc) = word.strip_suffix(['Z', 'z']) {
        return Some((clock(utc)?, 0));
    }
    match word.rfind(['+', '-']) {
        None => Some((clock(word)?, 0)),
        Some(at) => {
            let sign = if word[at..].starts_with('-') { -1 } else { 1 };
            Some((clock(&word[..at])?, sign * clock(&word[at + 1..])?))
        }
    }
}

/// Days since 1970.
fn date(word: &str) -> Option<i128> {
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |word| (-1, word));
    let mut parts = word.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() < 4 || (month.len(), day.len()) != (2, 2) {
        return None;
    }
    let date = Date32::from_ymd(sign * number(year)?, number(month)?, number(day)?)?;
    Some(date.value().into())
}

/// Nanoseconds since midnight: `10:00`, `10:00:00`, `10:00:00.25`.
fn clock(word: &str) -> Option<i128> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    if word.contains('.') && (fraction.is_empty() || fraction.len() > 9 || whole.matches(':').count() != 2) {
        return None;
    }
    let mut parts = whole.split(':');
    let two =
        |part: Option<&str>, below: i64| part.filter(|part| part.len() == 2).and_then(number).filter(|v| *v < below);
    let (hour, minute) = (two(parts.next(), 24)?, two(parts.next(), 60)?);
    let second = match parts.next() {
        None => 0,
        second => two(second, 60)?,
    };
    if parts.next().is_some() {
        return None;
    }
    let nanos = number(&format!("{fraction:0<9}"))?;
    Some(i128::from(hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND + i128::from(nanos))
}

/// `90s`, `1h30m`, `-250ms`.
fn span(word: &str) -> Option<i128> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("s", NANOS_PER_SECOND),
        ("m", 60 * NANOS_PER_SECOND),
        ("h", 3600 * NANOS_PER_SECOND),
        ("d", SECONDS_PER_DAY * NANOS_PER_SECOND),
    ];
    let (sign, mut rest) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let mut sum = None;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
        let unit = &rest[digits..digits + letters];
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let part = i128::from(number(&rest[..digits])?).checked_mul(*nanos)?;
        sum = Some(sum.unwrap_or(0i128).checked_add(part)?);
        rest = &rest[digits + letters..];
    }
    sum.map(|sum| sign * sum)
}

/// Digits alone.
fn number(word: &str) -> Option<i64> {
    word.chars().all(|c| c.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

/// The number that stores a value.
fn integer(word: &str) -> Option<i128> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use filbert_ir::Logical::{Date32, Date64, Duration, Time, Timestamp};
    use filbert_ir::Unit::{Microsecond, Millisecond, Nanosecond, Second};

    use super::*;

    #[test]
    fn words_become_values_and_are_shown_again() {
        // What is read, what it is as a number, and how it is shown where that is not the same word.
        let rows: &[(&str, Logical, Result<i64, Wrong>, &str)] = &[
            ("1970-01-01", Date32, Ok(0), ""),
            ("2024-02-29", Date32, Ok(19_782), ""),
            ("2023-02-29", Date32, Err(Wrong::Form), ""),
            ("-0044-03-15", Date32, Ok(-735_525), ""),
            ("12024-01-01", Date32, Ok(3_672_148), ""),
            ("2024-2-29", Date32, Err(Wrong::Form), ""),
            ("2024-02-29T00:00", Date32, Err(Wrong::Form), ""),
            ("19782", Date32, Ok(19_782), "2024-02-29"),
            ("2147483648", Date32, Err(Wrong::Range), ""),
            ("2013-01-01", Timestamp(Second), Ok(1_356_998_400), "2013-01-01T00:00:00"),
            ("2013-01-01T10:00:00", Timestamp(Microsecond), Ok(1_357_034_400_000_000), ""),
            ("2013-01-01 10:00", Timestamp(Second), Ok(1_357_034_400), "2013-01-01T10:00:00"),
            ("2013-01-01T10:00:00.25Z", Timestamp(Millisecond), Ok(1_357_034_400_250), "2013-01-01T10:00:00.250"),
            ("2013-01-01T10:00:00+01:30", Timestamp(Second), Ok(1_357_029_000), "2013-01-01T08:30:00"),
            ("1969-12-31T23:59:59.999999999", Timestamp(Nanosecond), Ok(-1), ""),
            ("2013-01-01T10:00:00.25", Timestamp(Second), Err(Wrong::Range), ""),
            ("2313-01-01", Timestamp(Nanosecond), Err(Wrong::Range), ""),
            ("2013-01-01T24:00:00", Timestamp(Second), Err(Wrong::Form), ""),
            ("yesterday", Timestamp(Second), Err(Wrong::Form), ""),
            ("-9223372036854775808", Timestamp(Nanosecond), Ok(i64::MIN), "1677-09-21T00:12:43.145224192"),
            ("2013-01-01", Date64, Ok(1_356_998_400_000), "2013-01-01T00:00:00"),
            ("23:59:59.5", Time(Millisecond), Ok(86_399_500), "23:59:59.500"),
            ("10:00", Time(Second), Ok(36_000), "10:00:00"),
            ("10", Time(Second), Ok(10), "00:00:10"),
            ("10:60", Time(Second), Err(Wrong::Form), ""),
            ("90s", Duration(Second), Ok(90), ""),
            ("1h30m", Duration(Second), Ok(5_400), "5400s"),
            ("-1d", Duration(Millisecond), Ok(-86_400_000), "-86400000ms"),
            ("7", Duration(Nanosecond), Ok(7), "7ns"),
            ("250ms", Duration(Second), Err(Wrong::Range), ""),
            ("1.5h", Duration(Second), Err(Wrong::Form), ""),
            ("h", Duration(Second), Err(Wrong::Form), ""),
            ("", Duration(Second), Err(Wrong::Form), ""),
        ];
        for (word, ty, number, shown) in rows {
            let got = parse(word, *ty);
            let expected = number.map(|number| Scalar::from_integer(ty.storage(), number.into()).expect("it fits"));
            assert_eq!(got, expected, "{word} as {ty}");
            if let Ok(value) = got {
                let again = if shown.is_empty() { word } else { shown };
                assert_eq!(show(value, *ty).as_deref(), Some(*again), "{word} as {ty}");
            }
        }
        // Beyond the calendar, and a time of day that is none.
        assert_eq!(show(Scalar::I64(i64::MAX), Timestamp(Second)), None);
        assert_eq!(show(Scalar::I32(-1), Time(Second)), None);
    }
}
