// Dates, times and durations: integers in columns, with a meaning inside.

#[kernel]
fn date_fields(d: Date32) -> (i64, i64, i64, i64, i64) {
    (d.year(), d.month(), d.day(), d.weekday(), d.ordinal())
}
//~ date_fields(0) = (1970, 1, 1, 3, 1)
//~ date_fields(-1) = (1969, 12, 31, 2, 365)
//~ date_fields(19782) = (2024, 2, 29, 3, 60)
//~ date_fields(-719529) = (-1, 12, 31, 4, 365)
//~ date_fields(2147483647) = (5881580, 7, 11, 4, 193)
//~ date_fields(-2147483648) = (-5877641, 6, 23, 1, 174)
//~ date_fields(null) = null

#[kernel]
fn week(d: Date32) -> (i64, i64, i64, bool) {
    (d.iso_year(), d.iso_week(), d.quarter(), d.is_leap_year())
}
//~ week(18627) = (2020, 53, 4, true)
//~ week(18628) = (2020, 53, 1, false)
//~ week(18631) = (2021, 1, 1, false)

#[kernel]
fn clock(t: Timestamp<Microsecond>) -> (i64, i64, i64, i64) {
    (t.hour(), t.minute(), t.second(), t.nanosecond())
}
//~ clock(1700000000123456) = (22, 13, 20, 123456000)
//~ clock(-1) = (23, 59, 59, 999999000)
//~ clock(-9223372036854775808) = (19, 59, 5, 224192000)

#[kernel]
fn parts(t: Timestamp<Second>) -> (Date32, Time<Second>) {
    (t.date(), t.time())
}
//~ parts(1700000000) = (19675, 80000)
//~ parts(-1) = (-1, 86399)
//~ parts(9223372036854775807) = FB-0501

#[kernel]
fn between(a: Timestamp<Millisecond>, b: Timestamp<Millisecond>) -> (Duration<Millisecond>, i64, bool) {
    let span = b - a;
    (span, span.as_seconds(), a + span == b)
}
//~ between(0, 2500) = (2500, 2, true)
//~ between(2500, 0) = (-2500, -2, true)
//~ between(-9223372036854775808, 1) = FB-0501

#[kernel]
fn first_of_month(d: Date32) -> Date32 {
    d.add_days(1 - d.day())
}
//~ first_of_month(19782) = 19754
//~ first_of_month(-2147483648) = FB-0501

#[kernel]
fn nights(a: Date32, b: Date32) -> (i64, Duration<Second>) {
    (b.days_since(a), b - a)
}
//~ nights(10, 3) = (-7, -604800)
//~ nights(-2147483648, 2147483647) = (4294967295, 371085174288000)

#[kernel]
fn finer(t: Timestamp<Second>) -> (i64, i64) {
    (t.as_milliseconds(), t.as_nanoseconds())
}
//~ finer(-3) = (-3000, -3000000000)
//~ finer(9223372037) = FB-0501

#[kernel]
fn time_of_day(t: Time<Nanosecond>, u: Time<Nanosecond>) -> (i64, Duration<Nanosecond>, Time<Nanosecond>) {
    (t.as_seconds(), t - u, t.max(u))
}
//~ time_of_day(1500000000, 500000000) = (1, 1000000000, 1500000000)

#[kernel]
fn midnight(d: Date64) -> (i64, i64, Date64) {
    (d.year(), d.days_since(Date64::new(0)), d.add_days(1))
}
//~ midnight(86400000) = (1970, 1, 172800000)
//~ midnight(86399999) = (1970, 0, 172799999)
