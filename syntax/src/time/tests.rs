//! The calendar against chrono's, and the edges of the storage.

#![allow(clippy::unwrap_used)]

use std::panic::catch_unwind;

use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};

use super::*;

/// Days of which fields are compared: all of 1899 to 2101, steps through chrono's years, its limits.
fn days() -> impl Iterator<Item = i32> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let day = |date: NaiveDate| date.signed_duration_since(epoch).num_days() as i32;
    let (first, last) = (day(NaiveDate::MIN), day(NaiveDate::MAX));
    let dense = day(NaiveDate::from_ymd_opt(1899, 1, 1).unwrap())..=day(NaiveDate::from_ymd_opt(2101, 12, 31).unwrap());
    let around_zero = -720_000..-718_000;
    dense.chain(around_zero).chain((first..=last).step_by(997)).chain(first..first + 800).chain(last - 800..=last)
}

fn chrono_day(days: i32) -> NaiveDate {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    epoch.checked_add_signed(TimeDelta::days(days.into())).unwrap()
}

#[test]
fn fields_of_days_are_those_of_chrono() {
    for days in days() {
        let ours = Date32::new(days);
        let theirs = chrono_day(days);
        let week = theirs.iso_week();
        let fields = (ours.year(), ours.month(), ours.day(), ours.ordinal(), ours.weekday(), ours.quarter());
        let month = i64::from(theirs.month());
        let expected = (
            i64::from(theirs.year()),
            month,
            i64::from(theirs.day()),
            i64::from(theirs.ordinal()),
            i64::from(theirs.weekday().num_days_from_monday()),
            (month - 1) / 3 + 1,
        );
        assert_eq!(fields, expected, "{days}");
        // At the end of its range chrono has no Thursday of the week to ask.
        if i64::from(week.year()) == ours.iso_year() || theirs.year().abs() < 262_000 {
            assert_eq!((ours.iso_year(), ours.iso_week()), (week.year().into(), week.week().into()), "{days}");
        }
        assert_eq!(ours.is_leap_year(), theirs.leap_year(), "{days}");
        assert_eq!(Date32::from_ymd(ours.year(), ours.month(), ours.day()), Some(ours), "{days}");

        let date64 = Date64::new(i64::from(days) * 86_400_000);
        assert_eq!((date64.year(), date64.month(), date64.day()), (fields.0, fields.1, fields.2));
        assert_eq!(Date64::from_ymd(fields.0, fields.1, fields.2), Some(date64));
        let last = Timestamp::<Millisecond>::new(date64.value() + 86_399_999);
        assert_eq!((last.year(), last.month(), last.day()), (fields.0, fields.1, fields.2));
        assert_eq!((last.iso_week(), last.weekday(), last.date()), (ours.iso_week(), ours.weekday(), ours));
    }
}

#[test]
fn fields_of_the_clock_are_those_of_chrono() {
    let instants = [0, 1, -1, 1_700_000_000, -62_135_596_801, 951_782_399, 86_399, -86_400, -86_401];
    for seconds in instants {
        for nanos in [0, 1, 999_999_999, 123_456_789] {
            let theirs = chrono::DateTime::from_timestamp(seconds, nanos).unwrap();
            let expected = (theirs.hour().into(), theirs.minute().into(), theirs.second().into());
            let s = Timestamp::<Second>::new(seconds);
            assert_eq!((s.hour(), s.minute(), s.second(), s.nanosecond()), (expected.0, expected.1, expected.2, 0));
            let us = Timestamp::<Microsecond>::new(theirs.timestamp_micros());
            assert_eq!((us.hour(), us.minute(), us.second()), expected);
            assert_eq!(us.nanosecond(), i64::from(nanos) / 1000 * 1000);
            assert_eq!((us.as_seconds(), us.as_milliseconds()), (seconds, theirs.timestamp_millis()));
            let time = us.time();
            assert_eq!((time.hour(), time.minute(), time.second()), expected);
            if let Some(value) = theirs.timestamp_nanos_opt() {
                let ns = Timestamp::<Nanosecond>::new(value);
                assert_eq!((ns.hour(), ns.minute(), ns.second()), expected);
                assert_eq!(ns.nanosecond(), i64::from(nanos));
                assert_eq!(ns.as_microseconds(), theirs.timestamp_micros());
            }
        }
    }
}

#[test]
fn dates_that_do_not_exist_are_none() {
    for (year, month, day) in
        [(2023, 2, 29), (1900, 2, 29), (2024, 0, 1), (2024, 13, 1), (2024, 4, 31), (2024, 1, 0), (i64::MAX, 1, 1)]
    {
        assert_eq!(Date32::from_ymd(year, month, day), None, "{year}-{month}-{day}");
        assert_eq!(Date64::from_ymd(year, month, day), None);
    }
    assert_eq!(Date32::from_ymd(2000, 2, 29), Some(Date32::new(11_016)));
    // The last day that an i32 holds, and the one behind it.
    assert_eq!(Date32::from_ymd(5_881_580, 7, 11), Some(Date32::new(i32::MAX)));
    assert_eq!(Date32::from_ymd(5_881_580, 7, 12), None);
    assert_eq!(Date32::from_ymd(-5_877_641, 6, 23), Some(Date32::new(i32::MIN)));
    assert_eq!(Date32::from_ymd(-5_877_641, 6, 22), None);
}

#[test]
fn every_value_has_fields() {
    for value in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        let seconds = Timestamp::<Second>::new(value);
        let nanos = Timestamp::<Nanosecond>::new(value);
        for fields in [
            [seconds.month(), seconds.day(), seconds.ordinal(), seconds.iso_week(), seconds.weekday()],
            [nanos.month(), nanos.day(), nanos.ordinal(), nanos.iso_week(), nanos.weekday()],
        ] {
            let most = [12, 31, 366, 53, 6];
            assert!(fields.iter().zip(most).all(|(&field, most)| (0..=most).contains(&field)), "{value}: {fields:?}");
        }
        assert!((0..24).contains(&seconds.hour()) && (0..60).contains(&nanos.second()));
        assert_eq!(Date64::new(value).year(), Timestamp::<Millisecond>::new(value).year());
    }
    assert_eq!(Timestamp::<Second>::new(i64::MAX).year(), 292_277_026_596);
    assert_eq!(Timestamp::<Second>::new(i64::MIN).year(), -292_277_022_657);
    // A clock goes round.
    assert_eq!(Time::<Second>::new(-1).hour(), 23);
    assert_eq!(Time::<Nanosecond>::new(i64::MIN).second(), 43);
}

#[test]
fn arithmetic_keeps_units() {
    let day = Date32::from_ymd(2024, 2, 28).unwrap();
    assert_eq!(day.add_days(2), Date32::from_ymd(2024, 3, 1).unwrap());
    assert_eq!(day.days_since(day.add_days(400)), -400);
    assert_eq!(day.add_days(1) - day, Duration::<Second>::new(86_400));
    let t = Timestamp::<Millisecond>::new(1_500);
    let d = Duration::<Millisecond>::new(-2_500);
    assert_eq!(((t + d).value(), (t - d).value(), (t - (t + d)).value()), (-1_000, 4_000, 2_500));
    assert_eq!(((d * 3).value(), (d / 2).value(), (-d).value(), d.abs().value()), (-7_500, -1_250, 2_500, 2_500));
    assert_eq!((d.as_seconds(), (t + d).as_seconds(), d.as_microseconds()), (-2, -1, -2_500_000));
    assert_eq!(t.add_days(-1).value(), 1_500 - 86_400_000);
    assert_eq!(Time::<Second>::new(10) - Time::<Second>::new(25), Duration::new(-15));
    assert_eq!(t.max(t + d), t);
    assert!(Date64::new(5) - Date64::new(6) < Duration::new(0));
}

#[test]
fn what_leaves_the_storage_panics() {
    let cases: [fn(); 7] = [
        || _ = Date32::new(i32::MAX).add_days(1),
        || _ = Date32::new(0).add_days(i64::MAX),
        || _ = Timestamp::<Second>::new(i64::MAX) + Duration::new(1),
        || _ = Timestamp::<Second>::new(i64::MAX).as_nanoseconds(),
        || _ = Timestamp::<Second>::new(i64::MAX).date(),
        || _ = -Duration::<Second>::new(i64::MIN),
        || _ = Duration::<Second>::new(1) / 0,
    ];
    for (index, case) in cases.into_iter().enumerate() {
        assert!(catch_unwind(case).is_err(), "case {index}");
    }
}
