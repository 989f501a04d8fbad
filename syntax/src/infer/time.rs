//! Dates, times, timestamps and durations.

#![allow(dead_code)] // What reads all of it is being built.

use std::fmt;

use filbert_ir::Type;

/// The length of a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

/// An integer that counts days or ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeTy {
    /// Days since 1970, in an i32.
    Date32,
    /// Milliseconds since 1970 at midnight, in an i64.
    Date64,
    /// Time of day; i32 for seconds and milliseconds, else i64.
    Time(Unit),
    /// Since 1970, UTC, in an i64.
    Timestamp(Unit),
    /// In an i64.
    Duration(Unit),
}

impl TimeTy {
    /// The integer that it is stored as.
    pub(crate) fn storage(self) -> Type {
        match self {
            TimeTy::Date32 | TimeTy::Time(Unit::Second | Unit::Millisecond) => Type::I32,
            _ => Type::I64,
        }
    }
}

impl fmt::Display for TimeTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeTy::Date32 => f.write_str("Date32"),
            TimeTy::Date64 => f.write_str("Date64"),
            TimeTy::Time(unit) => write!(f, "Time<{unit:?}>"),
            TimeTy::Timestamp(unit) => write!(f, "Timestamp<{unit:?}>"),
            TimeTy::Duration(unit) => write!(f, "Duration<{unit:?}>"),
        }
    }
}
