//! Units of time, as types: `Timestamp<Second>` and `Timestamp<Nanosecond>` do not mix.

use std::fmt::Debug;
use std::hash::Hash;

mod sealed {
    pub trait Sealed {}
}

/// A unit of time: [`Second`], [`Millisecond`], [`Microsecond`] or [`Nanosecond`].
pub trait Unit: sealed::Sealed + Copy + Ord + Hash + Debug + Default + Send + Sync + 'static {
    /// How many of them a second has.
    const PER_SECOND: i64;
    /// What a [`Time`](super::Time) of this unit is stored as, in Arrow too: `i32` for seconds and
    /// milliseconds, `i64` for the finer ones.
    type TimeValue: Copy + Ord + Hash + Debug + Default + Into<i64> + TryFrom<i64> + Send + Sync;
}

macro_rules! units {
    ($($(#[$doc:meta])* $name:ident $per_second:literal $time:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl Unit for $name {
                const PER_SECOND: i64 = $per_second;
                type TimeValue = $time;
            }
        )*
    };
}

units! {
    /// The unit of a second.
    Second 1 i32;
    /// The unit of a thousandth of a second.
    Millisecond 1_000 i32;
    /// The unit of a millionth of a second.
    Microsecond 1_000_000 i64;
    /// The unit of a billionth of a second.
    Nanosecond 1_000_000_000 i64;
}

/// Seconds of a day.
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;

/// What a value of one unit is in another, rounded by `divide` where the other is coarser.
pub(super) fn convert(value: i64, from: i64, to: i64, divide: fn(i64, i64) -> i64, what: &str) -> i64 {
    if to <= from {
        return divide(value, from / to);
    }
    in_range(value.checked_mul(to / from), what)
}

/// The result of time arithmetic.
///
/// # Panics
/// If there is none, as `+` of integers panics in a debug build.
pub(super) fn in_range<T>(result: Option<T>, what: &str) -> T {
    match result {
        Some(value) => value,
        None => panic!("attempt to {what} with overflow"),
    }
}
