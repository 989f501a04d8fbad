//! Times of day and instants: Arrow's `Time32`, `Time64` and `Timestamp`.

use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use super::calendar;
use super::date::{Date32, date_fields};
use super::duration::Duration;
use super::unit::{Microsecond, Millisecond, Nanosecond, SECONDS_PER_DAY, Second, Unit, convert, in_range};

/// The fields of a clock.
macro_rules! clock_fields {
    () => {
        /// The hour, 0 to 23.
        pub fn hour(self) -> i64 {
            calendar::part(self.ticks(), SECONDS_PER_DAY * U::PER_SECOND, 3600 * U::PER_SECOND)
        }

        /// The minute, 0 to 59.
        pub fn minute(self) -> i64 {
            calendar::part(self.ticks(), 3600 * U::PER_SECOND, 60 * U::PER_SECOND)
        }

        /// The second, 0 to 59.
        pub fn second(self) -> i64 {
            calendar::part(self.ticks(), 60 * U::PER_SECOND, U::PER_SECOND)
        }

        /// The nanosecond of the second, 0 to 999,999,999.
        pub fn nanosecond(self) -> i64 {
            calendar::part(self.ticks(), U::PER_SECOND, 1) * (Nanosecond::PER_SECOND / U::PER_SECOND)
        }
    };
}

/// Whole units since the zero of the type.
macro_rules! floored {
    () => {
        /// In seconds, rounded down.
        pub fn as_seconds(self) -> i64 {
            self.floor_to(Second::PER_SECOND)
        }

        /// In milliseconds, rounded down.
        ///
        /// # Panics
        /// If they do not fit in an i64.
        pub fn as_milliseconds(self) -> i64 {
            self.floor_to(Millisecond::PER_SECOND)
        }

        /// In microseconds, rounded down.
        ///
        /// # Panics
        /// If they do not fit in an i64.
        pub fn as_microseconds(self) -> i64 {
            self.floor_to(Microsecond::PER_SECOND)
        }

        /// In nanoseconds.
        ///
        /// # Panics
        /// If they do not fit in an i64.
        pub fn as_nanoseconds(self) -> i64 {
            self.floor_to(Nanosecond::PER_SECOND)
        }

        fn floor_to(self, per_second: i64) -> i64 {
            convert(self.ticks(), U::PER_SECOND, per_second, i64::div_euclid, "convert to a finer unit")
        }
    };
}

/// A time of day: units since midnight.
///
/// Fields of a value outside the day, which Arrow does not forbid, are those of the clock going round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time<U: Unit>(U::TimeValue);

impl<U: Unit> Time<U> {
    /// The time so many units after midnight.
    pub const fn new(value: U::TimeValue) -> Time<U> {
        Time(value)
    }

    /// Units since midnight.
    pub const fn value(self) -> U::TimeValue {
        self.0
    }

    clock_fields!();
    floored!();

    fn ticks(self) -> i64 {
        self.0.into()
    }
}

/// The time from one to the other.
impl<U: Unit> Sub for Time<U> {
    type Output = Duration<U>;

    fn sub(self, other: Time<U>) -> Duration<U> {
        Duration::new(in_range(self.ticks().checked_sub(other.ticks()), "subtract times"))
    }
}

/// An instant: units since 1970-01-01T00:00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp<U: Unit>(i64, PhantomData<U>);

impl<U: Unit> Timestamp<U> {
    /// The instant so many units after 1970-01-01T00:00:00 UTC.
    pub const fn new(value: i64) -> Timestamp<U> {
        Timestamp(value, PhantomData)
    }

    /// Units since 1970-01-01T00:00:00 UTC.
    pub const fn value(self) -> i64 {
        self.0
    }

    date_fields!();
    clock_fields!();
    floored!();

    /// The day, in UTC.
    ///
    /// # Panics
    /// If it does not fit, which takes seconds or milliseconds and millions of years.
    pub fn date(self) -> Date32 {
        Date32::new(in_range(i32::try_from(self.days()).ok(), "convert to a date"))
    }

    /// The time of day, in UTC.
    pub fn time(self) -> Time<U> {
        let ticks = calendar::part(self.0, SECONDS_PER_DAY * U::PER_SECOND, 1);
        Time::new(in_range(U::TimeValue::try_from(ticks).ok(), "convert to a time of day"))
    }

    /// The same time of day so many days later.
    ///
    /// # Panics
    /// If it does not fit.
    pub fn add_days(self, days: i64) -> Timestamp<U> {
        let span = days.checked_mul(SECONDS_PER_DAY * U::PER_SECOND);
        Timestamp::new(in_range(span.and_then(|span| self.0.checked_add(span)), "add days"))
    }

    fn days(self) -> i64 {
        calendar::days(self.0, SECONDS_PER_DAY * U::PER_SECOND)
    }

    fn ticks(self) -> i64 {
        self.0
    }
}

/// The time from one to the other.
impl<U: Unit> Sub for Timestamp<U> {
    type Output = Duration<U>;

    fn sub(self, other: Timestamp<U>) -> Duration<U> {
        Duration::new(in_range(self.0.checked_sub(other.0), "subtract timestamps"))
    }
}

impl<U: Unit> Add<Duration<U>> for Timestamp<U> {
    type Output = Timestamp<U>;

    fn add(self, duration: Duration<U>) -> Timestamp<U> {
        Timestamp::new(in_range(self.0.checked_add(duration.value()), "add a duration"))
    }
}

impl<U: Unit> Sub<Duration<U>> for Timestamp<U> {
    type Output = Timestamp<U>;

    fn sub(self, duration: Duration<U>) -> Timestamp<U> {
        Timestamp::new(in_range(self.0.checked_sub(duration.value()), "subtract a duration"))
    }
}

impl<U: Unit> AddAssign<Duration<U>> for Timestamp<U> {
    fn add_assign(&mut self, duration: Duration<U>) {
        *self = *self + duration;
    }
}

impl<U: Unit> SubAssign<Duration<U>> for Timestamp<U> {
    fn sub_assign(&mut self, duration: Duration<U>) {
        *self = *self - duration;
    }
}
