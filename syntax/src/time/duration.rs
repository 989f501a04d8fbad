//! Spans of time: Arrow's `Duration`.

use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use super::unit::{Microsecond, Millisecond, Nanosecond, Second, Unit, convert, in_range};

/// A span of time, which may be negative. Arithmetic that does not fit panics, as that of integers does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration<U: Unit>(i64, PhantomData<U>);

impl<U: Unit> Duration<U> {
    /// So many units.
    pub const fn new(value: i64) -> Duration<U> {
        Duration(value, PhantomData)
    }

    /// How many units it has.
    pub const fn value(self) -> i64 {
        self.0
    }

    /// In seconds, rounded towards zero.
    pub fn as_seconds(self) -> i64 {
        self.truncate_to(Second::PER_SECOND)
    }

    /// In milliseconds, rounded towards zero.
    ///
    /// # Panics
    /// If they do not fit in an i64.
    pub fn as_milliseconds(self) -> i64 {
        self.truncate_to(Millisecond::PER_SECOND)
    }

    /// In microseconds, rounded towards zero.
    ///
    /// # Panics
    /// If they do not fit in an i64.
    pub fn as_microseconds(self) -> i64 {
        self.truncate_to(Microsecond::PER_SECOND)
    }

    /// In nanoseconds.
    ///
    /// # Panics
    /// If they do not fit in an i64.
    pub fn as_nanoseconds(self) -> i64 {
        self.truncate_to(Nanosecond::PER_SECOND)
    }

    /// Without its sign.
    ///
    /// # Panics
    /// For `i64::MIN` units, which have no positive counterpart.
    pub fn abs(self) -> Duration<U> {
        Duration::new(in_range(self.0.checked_abs(), "take the absolute value"))
    }

    fn truncate_to(self, per_second: i64) -> i64 {
        convert(self.0, U::PER_SECOND, per_second, |value, by| value / by, "convert to a finer unit")
    }
}

impl<U: Unit> Add for Duration<U> {
    type Output = Duration<U>;

    fn add(self, other: Duration<U>) -> Duration<U> {
        Duration::new(in_range(self.0.checked_add(other.0), "add durations"))
    }
}

impl<U: Unit> Sub for Duration<U> {
    type Output = Duration<U>;

    fn sub(self, other: Duration<U>) -> Duration<U> {
        Duration::new(in_range(self.0.checked_sub(other.0), "subtract durations"))
    }
}

impl<U: Unit> Mul<i64> for Duration<U> {
    type Output = Duration<U>;

    fn mul(self, by: i64) -> Duration<U> {
        Duration::new(in_range(self.0.checked_mul(by), "multiply a duration"))
    }
}

impl<U: Unit> Mul<Duration<U>> for i64 {
    type Output = Duration<U>;

    fn mul(self, duration: Duration<U>) -> Duration<U> {
        duration * self
    }
}

/// Rounds towards zero.
///
/// # Panics
/// If the divisor is zero.
impl<U: Unit> Div<i64> for Duration<U> {
    type Output = Duration<U>;

    fn div(self, by: i64) -> Duration<U> {
        assert!(by != 0, "attempt to divide a duration by zero");
        Duration::new(in_range(self.0.checked_div(by), "divide a duration"))
    }
}

impl<U: Unit> Neg for Duration<U> {
    type Output = Duration<U>;

    fn neg(self) -> Duration<U> {
        Duration::new(in_range(self.0.checked_neg(), "negate a duration"))
    }
}

impl<U: Unit> AddAssign for Duration<U> {
    fn add_assign(&mut self, other: Duration<U>) {
        *self = *self + other;
    }
}

impl<U: Unit> SubAssign for Duration<U> {
    fn sub_assign(&mut self, other: Duration<U>) {
        *self = *self - other;
    }
}
