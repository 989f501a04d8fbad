// Checked integers: the result, or the fault of the row.

#[kernel]
fn add(a: i32, b: i32) -> i32 {
    a + b
}
//~ add(1, 2) = 3
//~ add(2147483647, 1) = FB-0501
//~ add(-2147483648, -1) = FB-0501
//~ add(null, 2147483647) = null

#[kernel]
fn add8(a: i8, b: i8) -> i8 {
    a + b
}
//~ add8(100, 27) = 127
//~ add8(100, 28) = FB-0501
//~ add8(-100, -28) = -128
//~ add8(-100, -29) = FB-0501

#[kernel]
fn sub_u(a: u32, b: u32) -> u32 {
    a - b
}
//~ sub_u(7, 7) = 0
//~ sub_u(7, 8) = FB-0501

#[kernel]
fn mul64(a: i64, b: i64) -> i64 {
    a * b
}
//~ mul64(3037000500, 3037000499) = 9223372033963249500
//~ mul64(3037000500, 3037000500) = FB-0501
//~ mul64(-9223372036854775808, -1) = FB-0501
//~ mul64(-9223372036854775808, 1) = -9223372036854775808

#[kernel]
fn mul_u64(a: u64, b: u64) -> u64 {
    a * b
}
//~ mul_u64(4294967296, 4294967295) = 18446744069414584320
//~ mul_u64(4294967296, 4294967296) = FB-0501

#[kernel]
fn div(a: i32, b: i32) -> (i32, i32, i32) {
    (a / b, a % b, a.rem_euclid(b))
}
//~ div(7, 2) = (3, 1, 1)
//~ div(-7, 2) = (-3, -1, 1)
//~ div(7, -2) = (-3, 1, 1)
//~ div(-7, -2) = (3, -1, 1)
//~ div(1, 0) = FB-0502
//~ div(-2147483648, -1) = FB-0501

#[kernel]
fn div_u8(a: u8, b: u8) -> u8 {
    a / b
}
//~ div_u8(255, 2) = 127
//~ div_u8(255, 0) = FB-0502

#[kernel]
fn rem_i8(a: i8, b: i8) -> i8 {
    a % b
}
//~ rem_i8(-128, -1) = FB-0501
//~ rem_i8(-128, 3) = -2
//~ rem_i8(5, 0) = FB-0502

#[kernel]
fn negate(a: i16) -> i16 {
    -a
}
//~ negate(32767) = -32767
//~ negate(-32768) = FB-0501

#[kernel]
fn magnitude(a: i64) -> (i64, i64) {
    (a.abs(), a.signum())
}
//~ magnitude(-5) = (5, -1)
//~ magnitude(0) = (0, 0)
//~ magnitude(-9223372036854775808) = FB-0501

#[kernel]
fn power(a: i32, n: u32) -> i32 {
    a.pow(n)
}
//~ power(2, 30) = 1073741824
//~ power(2, 31) = FB-0501
//~ power(-2, 31) = -2147483648
//~ power(0, 0) = 1
//~ power(1, 4294967295) = 1
//~ power(-1, 4294967295) = -1

#[kernel]
fn wrapping(a: u8, b: u8) -> (u8, u8, u8) {
    (a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b))
}
//~ wrapping(200, 100) = (44, 100, 32)
//~ wrapping(0, 1) = (1, 255, 0)

#[kernel]
fn bounded(a: i32, lo: i32, hi: i32) -> (i32, i32, i32) {
    (a.clamp(lo, hi), a.min(lo), a.max(hi))
}
//~ bounded(5, 0, 3) = (3, 0, 5)
//~ bounded(-5, 0, 3) = (0, -5, 3)
//~ bounded(1, 3, 0) = FB-0504

#[kernel]
fn unused_values_fail_too(a: i32) -> i32 {
    let _unused = 1 / a;
    a
}
//~ unused_values_fail_too(2) = 2
//~ unused_values_fail_too(0) = FB-0502

#[kernel]
fn the_first_fault_counts(a: i32) -> i32 {
    let x = 1 / a;
    let y = i32::MAX + 1 - a;
    x + y
}
//~ the_first_fault_counts(0) = FB-0502
//~ the_first_fault_counts(1) = FB-0501

#[kernel]
fn saturates(a: i8, b: i8) -> (i8, i8, i8, i8) {
    (a.saturating_add(b), a.saturating_sub(b), a.saturating_mul(b), a.saturating_neg())
}
//~ saturates(100, 100) = (127, 0, 127, -100)
//~ saturates(-128, 1) = (-127, -128, -128, 127)
//~ saturates(-100, 100) = (0, -128, -128, 100)
//~ saturates(null, 1) = null

#[kernel]
fn says_when_it_wraps(a: u16, b: u16) -> (u16, bool) {
    a.overflowing_mul(b)
}
//~ says_when_it_wraps(255, 257) = (65535, false)
//~ says_when_it_wraps(256, 256) = (0, true)

#[kernel]
fn looks_at_bits(a: u32) -> (u32, u32, u32, u32) {
    (a.count_ones(), a.leading_zeros(), a.trailing_zeros(), a.leading_ones())
}
//~ looks_at_bits(0) = (0, 32, 32, 0)
//~ looks_at_bits(3221225472) = (2, 0, 30, 2)

#[kernel]
fn moves_bits(a: u16, n: u32) -> (u16, u16, u16, u16) {
    (a.rotate_left(n), a.rotate_right(n), a.swap_bytes(), a.reverse_bits())
}
//~ moves_bits(4660, 4) = (9025, 16675, 13330, 11336)
//~ moves_bits(4660, 20) = (9025, 16675, 13330, 11336)

#[kernel]
fn shifts_by_any_amount(a: i32, n: u32) -> (i32, i32) {
    (a.wrapping_shl(n), a.wrapping_shr(n))
}
//~ shifts_by_any_amount(-8, 1) = (-16, -4)
//~ shifts_by_any_amount(-8, 33) = (-16, -4)

#[kernel]
fn roots_and_logarithms(a: i64) -> (i64, u32, u32) {
    (a.isqrt(), a.ilog2(), a.ilog10())
}
//~ roots_and_logarithms(99) = (9, 6, 1)
//~ roots_and_logarithms(100) = (10, 6, 2)
//~ roots_and_logarithms(9223372036854775807) = (3037000499, 62, 18)
//~ roots_and_logarithms(0) = FB-0508
//~ roots_and_logarithms(-1) = FB-0508

#[kernel]
fn distances(a: i8, b: i8) -> (u8, u8, i8) {
    (a.abs_diff(b), a.unsigned_abs(), a.midpoint(b))
}
//~ distances(-128, 127) = (255, 128, 0)
//~ distances(-128, -127) = (1, 128, -127)

#[kernel]
fn euclid(a: i32, b: i32) -> (i32, i32) {
    (a.div_euclid(b), a.rem_euclid(b))
}
//~ euclid(-7, 2) = (-4, 1)
//~ euclid(-7, -2) = (4, 1)
//~ euclid(7, 0) = FB-0502
//~ euclid(-2147483648, -1) = FB-0501

#[kernel]
fn powers_of_two(a: u8) -> (bool, u8) {
    (a.is_power_of_two(), a.next_power_of_two())
}
//~ powers_of_two(0) = (false, 1)
//~ powers_of_two(65) = (false, 128)
//~ powers_of_two(128) = (true, 128)
//~ powers_of_two(129) = FB-0501

#[kernel(overflow = "wrap")]
fn a_kernel_that_wraps(a: i8, b: i8) -> (i8, i8, i8, i8) {
    (a + b, a * b, -a, a / b)
}
//~ a_kernel_that_wraps(127, 1) = (-128, 127, -127, 127)
//~ a_kernel_that_wraps(-128, -1) = (127, -128, -128, -128)
//~ a_kernel_that_wraps(1, 0) = FB-0502

#[kernel(overflow = "wrap")]
fn a_hash(x: u64, n: u32) -> u64 {
    let h = x * 0x9e37_79b9_7f4a_7c15;
    (h << n) ^ (h >> 33)
}
//~ a_hash(1, 0) = 11400714817998274761
//~ a_hash(1, 64) = 11400714817998274761

#[kernel(on_error = "null")]
fn null_where_it_fails(a: i32, b: i32) -> i32 {
    a / b
}
//~ null_where_it_fails(7, 2) = 3
//~ null_where_it_fails(7, 0) = null
//~ null_where_it_fails(-2147483648, -1) = null
