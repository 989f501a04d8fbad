// Dates and times. A date is written as its days since 1970-01-01, a timestamp in its unit. Expected values:
// Python's datetime, tests/oracle/field.py.

#[kernel]
fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
//~ is_leap(2000) = true
//~ is_leap(1900) = false
//~ is_leap(2024) = true
//~ is_leap(2023) = false

#[kernel]
fn fields(date: Date32) -> (i64, i64, i64, i64, i64, i64, bool) {
    (date.year(), date.month(), date.day(), date.ordinal(), date.weekday(), date.iso_week(), date.is_leap_year())
}
//~ fields(0) = (1970, 1, 1, 1, 3, 1, false)
//~ fields(-1) = (1969, 12, 31, 365, 2, 1, false)
//~ fields(11016) = (2000, 2, 29, 60, 1, 9, true)
//~ fields(20778) = (2026, 11, 21, 325, 5, 47, false)
//~ fields(-719162) = (1, 1, 1, 1, 0, 1, false)
//~ fields(2932896) = (9999, 12, 31, 365, 4, 52, false)
//~ fields(18627) = (2020, 12, 31, 366, 3, 53, true)
//~ fields(null) = null

/// The same day some months on, or the last of a month that is too short.
#[kernel]
fn add_months(date: Date32, months: i64) -> Option<Date32> {
    let index = date.year() * 12 + date.month() - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let last = match month {
        2 => if is_leap(year) { 29 } else { 28 },
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    Date32::from_ymd(year, month, date.day().min(last))
}
//~ add_months(19753, 1) = 19782
//~ add_months(19782, 12) = 20147
//~ add_months(19782, -12) = 19416
//~ add_months(0, -1) = -31
//~ add_months(20778, 5) = 20929

#[kernel]
fn days_between(from: Date32, to: Date32) -> i64 {
    to.days_since(from)
}
//~ days_between(0, 20778) = 20778
//~ days_between(20778, -1) = -20779

/// Whole years between two dates: an age.
#[kernel]
fn age(born: Date32, on: Date32) -> i64 {
    let had_birthday = on.month() > born.month() || (on.month() == born.month() && on.day() >= born.day());
    on.year() - born.year() - if had_birthday { 0 } else { 1 }
}
//~ age(11016, 18321) = 20
//~ age(11016, 18320) = 19
//~ age(-5000, 20778) = 70

/// A date of the Gregorian Easter (Meeus, Jones and Butcher).
#[kernel]
fn easter(year: i64) -> Option<Date32> {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date32::from_ymd(year, month, day)
}
//~ easter(2024) = 19813
//~ easter(2025) = 20198
//~ easter(2026) = 20548
//~ easter(1961) = -3196

/// Parts of an instant.
#[kernel]
fn clock(at: Timestamp<Microsecond>) -> (i64, i64, i64, i64, i64, i64) {
    (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
}
//~ clock(0) = (1970, 1, 1, 0, 0, 0)
//~ clock(1708646399999999) = (2024, 2, 22, 23, 59, 59)
//~ clock(-1) = (1969, 12, 31, 23, 59, 59)
//~ clock(253402300799999999) = (9999, 12, 31, 23, 59, 59)

/// Seconds of work between two instants of one day, from 9 to 17 o'clock.
#[kernel]
fn working_seconds(from: Timestamp<Second>, to: Timestamp<Second>) -> i64 {
    let clip = |t: i64| t.clamp(9 * 3600, 17 * 3600);
    let of = |at: Timestamp<Second>| at.hour() * 3600 + at.minute() * 60 + at.second();
    clip(of(to)) - clip(of(from))
}
//~ working_seconds(1708672500, 1708705800) = 27000
//~ working_seconds(1708646400, 1708732799) = 28800
