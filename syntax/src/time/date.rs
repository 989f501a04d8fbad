//! Days: Arrow's `Date32` and `Date64`.

use std::ops::Sub;

use super::calendar;
use super::duration::Duration;
use super::unit::{Millisecond, SECONDS_PER_DAY, Second, Unit, in_range};

/// The fields that a date has, and a timestamp too.
macro_rules! date_fields {
    () => {
        /// The year; year 0 is the one before year 1.
        pub fn year(self) -> i64 {
            calendar::year(self.days())
        }

        /// The month, 1 to 12.
        pub fn month(self) -> i64 {
            calendar::month(self.days())
        }

        /// The day of the month, 1 to 31.
        pub fn day(self) -> i64 {
            calendar::day(self.days())
        }

        /// The quarter of the year, 1 to 4.
        pub fn quarter(self) -> i64 {
            calendar::quarter(self.days())
        }

        /// The day of the year, 1 to 366.
        pub fn ordinal(self) -> i64 {
            calendar::ordinal(self.days())
        }

        /// The day of the week: Monday is 0, Sunday is 6.
        pub fn weekday(self) -> i64 {
            calendar::weekday(self.days())
        }

        /// The ISO 8601 week, 1 to 53. It belongs to `iso_year`, which may be the year before or behind.
        pub fn iso_week(self) -> i64 {
            calendar::iso_week(self.days())
        }

        /// The year to which the ISO 8601 week belongs.
        pub fn iso_year(self) -> i64 {
            calendar::iso_year(self.days())
        }

        /// Whether the year has 366 days.
        pub fn is_leap_year(self) -> bool {
            calendar::is_leap_year(self.days())
        }
    };
}
pub(super) use date_fields;

/// A day: a number of days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Date32(i32);

impl Date32 {
    /// The day so many days after 1970-01-01.
    pub const fn new(days: i32) -> Date32 {
        Date32(days)
    }

    /// Days since 1970-01-01.
    pub const fn value(self) -> i32 {
        self.0
    }

    /// The day of this date, if there is one and it fits.
    pub fn from_ymd(year: i64, month: i64, day: i64) -> Option<Date32> {
        if !calendar::is_date(year, month, day) {
            return None;
        }
        i32::try_from(calendar::days_from_civil(year, month, day)).ok().map(Date32)
    }

    date_fields!();

    /// The day so many days later.
    ///
    /// # Panics
    /// If it does not fit.
    pub fn add_days(self, days: i64) -> Date32 {
        let sum = self.days().checked_add(days).and_then(|sum| i32::try_from(sum).ok());
        Date32(in_range(sum, "add days"))
    }

    /// Days from `other` to this day; negative if `other` is the later one.
    pub fn days_since(self, other: Date32) -> i64 {
        self.days() - other.days()
    }

    fn days(self) -> i64 {
        i64::from(self.0)
    }

    /// Seconds since 1970-01-01T00:00:00.
    fn midnight(self) -> i64 {
        self.days() * SECONDS_PER_DAY
    }
}

/// The time between two midnights.
impl Sub for Date32 {
    type Output = Duration<Second>;

    fn sub(self, other: Date32) -> Duration<Second> {
        Duration::new(self.midnight() - other.midnight())
    }
}

const MILLISECONDS_PER_DAY: i64 = SECONDS_PER_DAY * Millisecond::PER_SECOND;

/// A day: the milliseconds from 1970-01-01 to its midnight.
///
/// A value that is not a whole number of days, which Arrow does not forbid, counts as the day it lies in;
/// comparisons and differences see the value as it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Date64(i64);

impl Date64 {
    /// The day that lies so many milliseconds after 1970-01-01.
    pub const fn new(milliseconds: i64) -> Date64 {
        Date64(milliseconds)
    }

    /// Milliseconds since 1970-01-01.
    pub const fn value(self) -> i64 {
        self.0
    }

    /// The day of this date, if there is one. Years have at most seven digits.
    pub fn from_ymd(year: i64, month: i64, day: i64) -> Option<Date64> {
        let is_date = calendar::is_date(year, month, day);
        is_date.then(|| Date64(calendar::days_from_civil(year, month, day) * MILLISECONDS_PER_DAY))
    }

    date_fields!();

    /// The day so many days later.
    ///
    /// # Panics
    /// If it does not fit.
    pub fn add_days(self, days: i64) -> Date64 {
        let sum = days.checked_mul(MILLISECONDS_PER_DAY).and_then(|span| self.0.checked_add(span));
        Date64(in_range(sum, "add days"))
    }

    /// Days from the day of `other` to this one; negative if `other` is the later one.
    pub fn days_since(self, other: Date64) -> i64 {
        self.days() - other.days()
    }

    fn days(self) -> i64 {
        calendar::days(self.0, MILLISECONDS_PER_DAY)
    }
}

/// The time between two values.
impl Sub for Date64 {
    type Output = Duration<Millisecond>;

    fn sub(self, other: Date64) -> Duration<Millisecond> {
        Duration::new(in_range(self.0.checked_sub(other.0), "subtract dates"))
    }
}
