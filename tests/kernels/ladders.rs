// Ladders of cases: chains of `if`, `match` on integers, ranges, tuples and options. Expected values: Python,
// tests/oracle/field.py.

/// Income tax by brackets.
#[kernel]
fn tax(income: f64) -> f64 {
    if income <= 0.0 {
        0.0
    } else if income <= 11000.0 {
        0.1 * income
    } else if income <= 44725.0 {
        1100.0 + 0.12 * (income - 11000.0)
    } else if income <= 95375.0 {
        5147.0 + 0.22 * (income - 44725.0)
    } else {
        16290.0 + 0.24 * (income - 95375.0)
    }
}
//~ tax(-5.0) = 0.0
//~ tax(11000.0) = 1100.0
//~ tax(11000.5) = 1100.06
//~ tax(60000.0) = 8507.5
//~ tax(250000.0) = 53400.0
//~ tax(nan) = nan

/// Days of a month; null for a month that does not exist.
#[kernel]
fn days_in_month(year: i32, month: u8) -> Option<u8> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => Some(29),
        2 => Some(28),
        _ => None,
    }
}
//~ days_in_month(2024, 1) = 31
//~ days_in_month(2024, 2) = 29
//~ days_in_month(2023, 2) = 28
//~ days_in_month(1900, 2) = 28
//~ days_in_month(2000, 2) = 29
//~ days_in_month(2000, 11) = 30
//~ days_in_month(2000, 0) = null
//~ days_in_month(2000, 13) = null

/// Beaufort number of a wind in km/h.
#[kernel]
fn beaufort(kmh: i32) -> i32 {
    match kmh {
        i32::MIN..=-1 => -1,
        0 => 0,
        1..=5 => 1,
        6..=11 => 2,
        12..=19 => 3,
        20..=28 => 4,
        29..=38 => 5,
        39..=49 => 6,
        50..=61 => 7,
        62..=74 => 8,
        75..=88 => 9,
        89..=102 => 10,
        103..=117 => 11,
        _ => 12,
    }
}
//~ beaufort(-1) = -1
//~ beaufort(0) = 0
//~ beaufort(5) = 1
//~ beaufort(6) = 2
//~ beaufort(117) = 11
//~ beaufort(118) = 12
//~ beaufort(-2147483648) = -1
//~ beaufort(2147483647) = 12

/// What a key of two columns means.
#[kernel]
fn tariff(zone: u8, night: bool, kwh: Option<u32>) -> i64 {
    match (zone, night, kwh) {
        (0, _, _) => 0,
        (1, true, Some(n)) => 11 * n as i64,
        (1, false, Some(n)) if n > 1000 => 19 * n as i64 - 2000,
        (1 | 2, false, Some(n)) => 17 * n as i64,
        (_, _, Some(n)) => 23 * n as i64,
        (_, _, None) => -1,
    }
}
//~ tariff(0, true, 5) = 0
//~ tariff(1, true, 5) = 55
//~ tariff(1, false, 1000) = 17000
//~ tariff(1, false, 1001) = 17019
//~ tariff(2, false, 1001) = 17017
//~ tariff(2, true, 10) = 230
//~ tariff(9, false, null) = -1
//~ tariff(null, false, null) = null

/// A small machine: what a byte of an opcode does to a value.
#[kernel]
fn step(opcode: u8, value: i32) -> i32 {
    let operand = (opcode & 0x0f) as i32;
    match opcode >> 4 {
        0 => value,
        1 => value + operand,
        2 => value - operand,
        3 => value * operand,
        4 => value / operand,
        5 => value << operand,
        6 => value >> operand,
        7 => !value,
        8..=11 => match operand {
            0 => -value,
            1 => value.abs(),
            n => value % n,
        },
        _ => operand,
    }
}
//~ step(5, 7) = 7
//~ step(21, 7) = 12
//~ step(39, 7) = 0
//~ step(63, 7) = 105
//~ step(66, -7) = -3
//~ step(64, 7) = FB-0502
//~ step(95, 1) = 32768
//~ step(99, -20) = -3
//~ step(112, 5) = -6
//~ step(128, 5) = -5
//~ step(129, -5) = 5
//~ step(147, -20) = -2
//~ step(255, 1) = 15
//~ step(31, 2147483647) = FB-0501
