//! The proleptic Gregorian calendar, and the parts of a day, in integers.
//!
//! This file is two things: a module of this crate, and kernel text, which the front end compiles with
//! `overflow = "wrap"` and inlines where a kernel asks a date for a field. So one text decides both, and
//! it keeps to what kernels have, and to arithmetic where a branch would do the same. Days are counted from 1970-01-01 and lie within `i64::MIN / 86_400` and
//! `i64::MAX / 86_400`, where no step here leaves an `i64`.
//!
//! `civil` and `days_from_civil` are Howard Hinnant's `civil_from_days` and `days_from_civil`
//! (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, so that the leap day is
//! the last one, and 400 years, an era, repeat.

/// Days of 400 years.
const DAYS_PER_ERA: i64 = 146_097;
/// From 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Year and day of the year, both counted as if the year began on March 1.
fn march_year(days: i64) -> (i64, i64) {
    let shifted = days + EPOCH;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    (era * 400 + year_of_era, day_of_year)
}

/// The year. January and February, from day 306 of a March year, belong to the next number.
pub(crate) fn year(days: i64) -> i64 {
    let (year, day_of_year) = march_year(days);
    year + (day_of_year >= 306) as i64
}

/// Month of the year, from 1.
pub(crate) fn month(days: i64) -> i64 {
    let (_, day_of_year) = march_year(days);
    let from_march = (5 * day_of_year + 2) / 153;
    from_march + 3 - 12 * (from_march >= 10) as i64
}

/// Day of the month, from 1.
pub(crate) fn day(days: i64) -> i64 {
    let (_, day_of_year) = march_year(days);
    let from_march = (5 * day_of_year + 2) / 153;
    day_of_year - (153 * from_march + 2) / 5 + 1
}

/// Quarter of the year, 1 to 4.
pub(crate) fn quarter(days: i64) -> i64 {
    (month(days) + 2) / 3
}

/// Day of the year, 1 to 366.
pub(crate) fn ordinal(days: i64) -> i64 {
    let (year, day_of_year) = march_year(days);
    let behind_february = (day_of_year < 306) as i64;
    day_of_year - 305 + behind_february * (365 + leaps(year) as i64)
}

/// Whether a year has 366 days.
pub(crate) fn leaps(year: i64) -> bool {
    (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
}

/// Whether the year of a day has 366 days.
pub(crate) fn is_leap_year(days: i64) -> bool {
    leaps(year(days))
}

/// Day of the week; Monday is 0. The first day of 1970 was a Thursday.
pub(crate) fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// The Thursday of a day's week, which decides the year and the number of an ISO week.
fn thursday(days: i64) -> i64 {
    days - weekday(days) + 3
}

/// ISO 8601 week of the year, 1 to 53.
pub(crate) fn iso_week(days: i64) -> i64 {
    (ordinal(thursday(days)) - 1) / 7 + 1
}

/// The year to which the ISO 8601 week belongs.
pub(crate) fn iso_year(days: i64) -> i64 {
    year(thursday(days))
}

/// The day of a date that `is_date` holds of.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let before_march = (month <= 2) as i64;
    let march_year = year - before_march;
    let from_march = month - 3 + 12 * before_march;
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - EPOCH
}

/// Whether there is such a date, in a year of at most seven digits.
pub(crate) fn is_date(year: i64, month: i64, day: i64) -> bool {
    let february = 28 + leaps(year) as i64;
    let length = if month == 2 { february } else { 30 + (month + month / 8) % 2 };
    let year_fits = -9_999_999 <= year && year <= 9_999_999;
    year_fits && 1 <= month && month <= 12 && 1 <= day && day <= length
}

/// Whole days before a value of which a day has `per_day`.
pub(crate) fn days(value: i64, per_day: i64) -> i64 {
    value.div_euclid(per_day)
}

/// Which `part` of its `whole` a value lies in: the hour of the day, the minute of the hour. Values before
/// 1970 count from the start of their own whole.
pub(crate) fn part(value: i64, whole: i64, part: i64) -> i64 {
    value.rem_euclid(whole) / part
}
