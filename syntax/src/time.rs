//! Dates, times, timestamps and durations: the plain Rust types with which a `#[kernel]` function stays
//! callable as Rust.
//!
//! Each is an integer with a unit that the type checker knows, stored as Arrow stores the column. The
//! calendar is the proleptic Gregorian one, the clock is UTC, days have 86,400 seconds. Every number that
//! a field or a count of days gives or takes is an `i64`, so fields mix without casts. Fields are defined
//! for every value of the storage; arithmetic that leaves the storage panics, and is an error of the row in
//! a kernel.
//!
//! ```
//! use filbert_syntax::time::{Date32, Second, Timestamp};
//!
//! let t = Timestamp::<Second>::new(1_700_000_000);
//! assert_eq!((t.year(), t.month(), t.day(), t.hour()), (2023, 11, 14, 22));
//! assert_eq!(Some(t.date()), Date32::from_ymd(2023, 11, 14));
//! ```
//!
//! The rules themselves stand in `calendar`, which is kernel text too: the front end compiles the same
//! lines.

#[allow(clippy::manual_range_contains)] // kernels have no ranges of this kind
pub(crate) mod calendar;
mod clock;
mod date;
mod duration;
mod unit;

pub use clock::{Time, Timestamp};
pub use date::{Date32, Date64};
pub use duration::Duration;
pub(crate) use unit::SECONDS_PER_DAY;
pub use unit::{Microsecond, Millisecond, Nanosecond, Second, Unit};

#[cfg(test)]
mod tests;
