// Checked integers: the result, or the fault of the row.

fn add(a: i32, b: i32) -> i32 {
    a + b
}
//~ add(1, 2) = 3
//~ add(2147483647, 1) = FB-0501
//~ add(-2147483648, -1) = FB-0501
//~ add(null, 2147483647) = null

fn add8(a: i8, b: i8) -> i8 {
    a + b
}
//~ add8(100, 27) = 127
//~ add8(100, 28) = FB-0501
//~ add8(-100, -28) = -128
//~ add8(-100, -29) = FB-0501

fn sub_u(a: u32, b: u32) -> u32 {
    a - b
}
//~ sub_u(7, 7) = 0
//~ sub_u(7, 8) = FB-0501

fn mul64(a: i64, b: i64) -> i64 {
    a * b
}
//~ mul64(3037000500, 3037000499) = 9223372033963249500
//~ mul64(3037000500, 3037000500) = FB-0501
//~ mul64(-9223372036854775808, -1) = FB-0501
//~ mul64(-9223372036854775808, 1) = -9223372036854775808

fn mul_u64(a: u64, b: u64) -> u64 {
    a * b
}
//~ mul_u64(4294967296, 4294967295) = 18446744069414584320
//~ mul_u64(4294967296, 4294967296) = FB-0501

fn div(a: i32, b: i32) -> (i32, i32, i32) {
    (a / b, a % b, a.rem_euclid(b))
}
//~ div(7, 2) = (3, 1, 1)
//~ div(-7, 2) = (-3, -1, 1)
//~ div(7, -2) = (-3, 1, 1)
//~ div(-7, -2) = (3, -1, 1)
//~ div(1, 0) = FB-0502
//~ div(-2147483648, -1) = FB-0501

fn div_u8(a: u8, b: u8) -> u8 {
    a / b
}
//~ div_u8(255, 2) = 127
//~ div_u8(255, 0) = FB-0502

fn rem_i8(a: i8, b: i8) -> i8 {
    a % b
}
//~ rem_i8(-128, -1) = FB-0501
//~ rem_i8(-128, 3) = -2
//~ rem_i8(5, 0) = FB-0502

fn negate(a: i16) -> i16 {
    -a
}
//~ negate(32767) = -32767
//~ negate(-32768) = FB-0501

fn magnitude(a: i64) -> (i64, i64) {
    (a.abs(), a.signum())
}
//~ magnitude(-5) = (5, -1)
//~ magnitude(0) = (0, 0)
//~ magnitude(-9223372036854775808) = FB-0501

fn power(a: i32, n: u32) -> i32 {
    a.pow(n)
}
//~ power(2, 30) = 1073741824
//~ power(2, 31) = FB-0501
//~ power(-2, 31) = -2147483648
//~ power(0, 0) = 1
//~ power(1, 4294967295) = 1
//~ power(-1, 4294967295) = -1

fn wrapping(a: u8, b: u8) -> (u8, u8, u8) {
    (a.wrapping_add(b), a.wrapping_sub(b), a.wrapping_mul(b))
}
//~ wrapping(200, 100) = (44, 100, 32)
//~ wrapping(0, 1) = (1, 255, 0)

fn bounded(a: i32, lo: i32, hi: i32) -> (i32, i32, i32) {
    (a.clamp(lo, hi), a.min(lo), a.max(hi))
}
//~ bounded(5, 0, 3) = (3, 0, 5)
//~ bounded(-5, 0, 3) = (0, -5, 3)
//~ bounded(1, 3, 0) = FB-0504

fn unused_values_fail_too(a: i32) -> i32 {
    let _unused = 1 / a;
    a
}
//~ unused_values_fail_too(2) = 2
//~ unused_values_fail_too(0) = FB-0502

fn the_first_fault_counts(a: i32) -> i32 {
    let x = 1 / a;
    let y = i32::MAX + 1 - a;
    x + y
}
//~ the_first_fault_counts(0) = FB-0502
//~ the_first_fault_counts(1) = FB-0501
