// Every pair of number types: the first is cast to the second and compared with it. Written by
// tests/oracle/field.py --comparisons, with expectations from Python and NumPy.

#[kernel]
fn i8_i8(a: i8, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ i8_i8(0, 0) = (false, true, false)
//~ i8_i8(1, 1) = (false, true, false)
//~ i8_i8(127, 127) = (false, true, false)
//~ i8_i8(-128, -128) = (false, true, false)
//~ i8_i8(64, 64) = (false, true, false)
//~ i8_i8(1, 1) = (false, true, false)

#[kernel]
fn i8_i16(a: i8, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ i8_i16(0, 0) = (false, true, false)
//~ i8_i16(1, 1) = (false, true, false)
//~ i8_i16(127, 127) = (false, true, false)
//~ i8_i16(-128, -32768) = (false, false, true)
//~ i8_i16(64, 64) = (false, true, false)
//~ i8_i16(1, 1) = (false, true, false)

#[kernel]
fn i8_i32(a: i8, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ i8_i32(0, 0) = (false, true, false)
//~ i8_i32(1, 1) = (false, true, false)
//~ i8_i32(127, 127) = (false, true, false)
//~ i8_i32(-128, -2147483648) = (false, false, true)
//~ i8_i32(64, 64) = (false, true, false)
//~ i8_i32(1, 16777217) = (true, false, false)

#[kernel]
fn i8_i64(a: i8, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ i8_i64(0, 0) = (false, true, false)
//~ i8_i64(1, 1) = (false, true, false)
//~ i8_i64(127, 127) = (false, true, false)
//~ i8_i64(-128, -9223372036854775808) = (false, false, true)
//~ i8_i64(64, 64) = (false, true, false)
//~ i8_i64(1, 16777217) = (true, false, false)

#[kernel]
fn i8_u8(a: i8, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ i8_u8(0, 0) = (false, true, false)
//~ i8_u8(1, 1) = (false, true, false)
//~ i8_u8(127, 127) = (false, true, false)
//~ i8_u8(-128, 0) = (false, false, true)
//~ i8_u8(64, 64) = (false, true, false)
//~ i8_u8(1, 1) = (false, true, false)

#[kernel]
fn i8_u16(a: i8, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ i8_u16(0, 0) = (false, true, false)
//~ i8_u16(1, 1) = (false, true, false)
//~ i8_u16(127, 127) = (false, true, false)
//~ i8_u16(-128, 0) = (false, false, true)
//~ i8_u16(64, 64) = (false, true, false)
//~ i8_u16(1, 1) = (false, true, false)

#[kernel]
fn i8_u32(a: i8, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ i8_u32(0, 0) = (false, true, false)
//~ i8_u32(1, 1) = (false, true, false)
//~ i8_u32(127, 127) = (false, true, false)
//~ i8_u32(-128, 0) = (false, false, true)
//~ i8_u32(64, 64) = (false, true, false)
//~ i8_u32(1, 16777217) = (true, false, false)

#[kernel]
fn i8_u64(a: i8, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ i8_u64(0, 0) = (false, true, false)
//~ i8_u64(1, 1) = (false, true, false)
//~ i8_u64(127, 127) = (false, true, false)
//~ i8_u64(-128, 0) = (false, false, true)
//~ i8_u64(64, 64) = (false, true, false)
//~ i8_u64(1, 16777217) = (true, false, false)

#[kernel]
fn i8_f32(a: i8, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ i8_f32(0, 0.0) = (false, true, false)
//~ i8_f32(1, 0.0) = (false, false, true)
//~ i8_f32(127, 127.0) = (false, true, false)
//~ i8_f32(-128, 255.0) = (true, false, false)
//~ i8_f32(64, 64.0) = (false, true, false)
//~ i8_f32(1, -1e30) = (false, false, true)

#[kernel]
fn i8_f64(a: i8, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ i8_f64(0, 0.0) = (false, true, false)
//~ i8_f64(1, 0.0) = (false, false, true)
//~ i8_f64(127, 127.0) = (false, true, false)
//~ i8_f64(-128, 255.0) = (true, false, false)
//~ i8_f64(64, 64.0) = (false, true, false)
//~ i8_f64(1, -1e30) = (false, false, true)

#[kernel]
fn i16_i8(a: i16, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ i16_i8(0, 0) = (false, true, false)
//~ i16_i8(1, 1) = (false, true, false)
//~ i16_i8(32767, -1) = (false, true, false)
//~ i16_i8(-32768, -128) = (false, false, true)
//~ i16_i8(16384, 0) = (false, true, false)
//~ i16_i8(1, 1) = (false, true, false)

#[kernel]
fn i16_i16(a: i16, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ i16_i16(0, 0) = (false, true, false)
//~ i16_i16(1, 1) = (false, true, false)
//~ i16_i16(32767, 32767) = (false, true, false)
//~ i16_i16(-32768, -32768) = (false, true, false)
//~ i16_i16(16384, 16384) = (false, true, false)
//~ i16_i16(1, 1) = (false, true, false)

#[kernel]
fn i16_i32(a: i16, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ i16_i32(0, 0) = (false, true, false)
//~ i16_i32(1, 1) = (false, true, false)
//~ i16_i32(32767, 32767) = (false, true, false)
//~ i16_i32(-32768, -2147483648) = (false, false, true)
//~ i16_i32(16384, 16384) = (false, true, false)
//~ i16_i32(1, 16777217) = (true, false, false)

#[kernel]
fn i16_i64(a: i16, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ i16_i64(0, 0) = (false, true, false)
//~ i16_i64(1, 1) = (false, true, false)
//~ i16_i64(32767, 32767) = (false, true, false)
//~ i16_i64(-32768, -9223372036854775808) = (false, false, true)
//~ i16_i64(16384, 16384) = (false, true, false)
//~ i16_i64(1, 16777217) = (true, false, false)

#[kernel]
fn i16_u8(a: i16, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ i16_u8(0, 0) = (false, true, false)
//~ i16_u8(1, 1) = (false, true, false)
//~ i16_u8(32767, 255) = (false, true, false)
//~ i16_u8(-32768, 0) = (false, true, false)
//~ i16_u8(16384, 0) = (false, true, false)
//~ i16_u8(1, 1) = (false, true, false)

#[kernel]
fn i16_u16(a: i16, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ i16_u16(0, 0) = (false, true, false)
//~ i16_u16(1, 1) = (false, true, false)
//~ i16_u16(32767, 32767) = (false, true, false)
//~ i16_u16(-32768, 0) = (false, false, true)
//~ i16_u16(16384, 16384) = (false, true, false)
//~ i16_u16(1, 1) = (false, true, false)

#[kernel]
fn i16_u32(a: i16, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ i16_u32(0, 0) = (false, true, false)
//~ i16_u32(1, 1) = (false, true, false)
//~ i16_u32(32767, 32767) = (false, true, false)
//~ i16_u32(-32768, 0) = (false, false, true)
//~ i16_u32(16384, 16384) = (false, true, false)
//~ i16_u32(1, 16777217) = (true, false, false)

#[kernel]
fn i16_u64(a: i16, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ i16_u64(0, 0) = (false, true, false)
//~ i16_u64(1, 1) = (false, true, false)
//~ i16_u64(32767, 32767) = (false, true, false)
//~ i16_u64(-32768, 0) = (false, false, true)
//~ i16_u64(16384, 16384) = (false, true, false)
//~ i16_u64(1, 16777217) = (true, false, false)

#[kernel]
fn i16_f32(a: i16, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ i16_f32(0, 0.0) = (false, true, false)
//~ i16_f32(1, 0.0) = (false, false, true)
//~ i16_f32(32767, 32767.0) = (false, true, false)
//~ i16_f32(-32768, 255.0) = (true, false, false)
//~ i16_f32(16384, 16384.0) = (false, true, false)
//~ i16_f32(1, -1e30) = (false, false, true)

#[kernel]
fn i16_f64(a: i16, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ i16_f64(0, 0.0) = (false, true, false)
//~ i16_f64(1, 0.0) = (false, false, true)
//~ i16_f64(32767, 32767.0) = (false, true, false)
//~ i16_f64(-32768, 255.0) = (true, false, false)
//~ i16_f64(16384, 16384.0) = (false, true, false)
//~ i16_f64(1, -1e30) = (false, false, true)

#[kernel]
fn i32_i8(a: i32, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ i32_i8(0, 0) = (false, true, false)
//~ i32_i8(1, 1) = (false, true, false)
//~ i32_i8(2147483647, -1) = (false, true, false)
//~ i32_i8(-2147483648, -128) = (false, false, true)
//~ i32_i8(1073741824, 0) = (false, true, false)
//~ i32_i8(16777217, 1) = (false, true, false)

#[kernel]
fn i32_i16(a: i32, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ i32_i16(0, 0) = (false, true, false)
//~ i32_i16(1, 1) = (false, true, false)
//~ i32_i16(2147483647, -1) = (false, true, false)
//~ i32_i16(-2147483648, -32768) = (false, false, true)
//~ i32_i16(1073741824, 0) = (false, true, false)
//~ i32_i16(16777217, 1) = (false, true, false)

#[kernel]
fn i32_i32(a: i32, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ i32_i32(0, 0) = (false, true, false)
//~ i32_i32(1, 1) = (false, true, false)
//~ i32_i32(2147483647, 2147483647) = (false, true, false)
//~ i32_i32(-2147483648, -2147483648) = (false, true, false)
//~ i32_i32(1073741824, 1073741824) = (false, true, false)
//~ i32_i32(16777217, 16777217) = (false, true, false)

#[kernel]
fn i32_i64(a: i32, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ i32_i64(0, 0) = (false, true, false)
//~ i32_i64(1, 1) = (false, true, false)
//~ i32_i64(2147483647, 2147483647) = (false, true, false)
//~ i32_i64(-2147483648, -9223372036854775808) = (false, false, true)
//~ i32_i64(1073741824, 1073741824) = (false, true, false)
//~ i32_i64(16777217, 16777217) = (false, true, false)

#[kernel]
fn i32_u8(a: i32, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ i32_u8(0, 0) = (false, true, false)
//~ i32_u8(1, 1) = (false, true, false)
//~ i32_u8(2147483647, 255) = (false, true, false)
//~ i32_u8(-2147483648, 0) = (false, true, false)
//~ i32_u8(1073741824, 0) = (false, true, false)
//~ i32_u8(16777217, 1) = (false, true, false)

#[kernel]
fn i32_u16(a: i32, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ i32_u16(0, 0) = (false, true, false)
//~ i32_u16(1, 1) = (false, true, false)
//~ i32_u16(2147483647, 65535) = (false, true, false)
//~ i32_u16(-2147483648, 0) = (false, true, false)
//~ i32_u16(1073741824, 0) = (false, true, false)
//~ i32_u16(16777217, 1) = (false, true, false)

#[kernel]
fn i32_u32(a: i32, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ i32_u32(0, 0) = (false, true, false)
//~ i32_u32(1, 1) = (false, true, false)
//~ i32_u32(2147483647, 2147483647) = (false, true, false)
//~ i32_u32(-2147483648, 0) = (false, false, true)
//~ i32_u32(1073741824, 1073741824) = (false, true, false)
//~ i32_u32(16777217, 16777217) = (false, true, false)

#[kernel]
fn i32_u64(a: i32, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ i32_u64(0, 0) = (false, true, false)
//~ i32_u64(1, 1) = (false, true, false)
//~ i32_u64(2147483647, 2147483647) = (false, true, false)
//~ i32_u64(-2147483648, 0) = (false, false, true)
//~ i32_u64(1073741824, 1073741824) = (false, true, false)
//~ i32_u64(16777217, 16777217) = (false, true, false)

#[kernel]
fn i32_f32(a: i32, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ i32_f32(0, 0.0) = (false, true, false)
//~ i32_f32(1, 0.0) = (false, false, true)
//~ i32_f32(2147483647, 2147483600.0) = (false, true, false)
//~ i32_f32(-2147483648, 255.0) = (true, false, false)
//~ i32_f32(1073741824, 1073741800.0) = (false, true, false)
//~ i32_f32(16777217, -1e30) = (false, false, true)

#[kernel]
fn i32_f64(a: i32, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ i32_f64(0, 0.0) = (false, true, false)
//~ i32_f64(1, 0.0) = (false, false, true)
//~ i32_f64(2147483647, 2147483647.0) = (false, true, false)
//~ i32_f64(-2147483648, 255.0) = (true, false, false)
//~ i32_f64(1073741824, 1073741824.0) = (false, true, false)
//~ i32_f64(16777217, -1e30) = (false, false, true)

#[kernel]
fn i64_i8(a: i64, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ i64_i8(0, 0) = (false, true, false)
//~ i64_i8(1, 1) = (false, true, false)
//~ i64_i8(9223372036854775807, -1) = (false, true, false)
//~ i64_i8(-9223372036854775808, -128) = (false, false, true)
//~ i64_i8(4611686018427387904, 0) = (false, true, false)
//~ i64_i8(16777217, 1) = (false, true, false)

#[kernel]
fn i64_i16(a: i64, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ i64_i16(0, 0) = (false, true, false)
//~ i64_i16(1, 1) = (false, true, false)
//~ i64_i16(9223372036854775807, -1) = (false, true, false)
//~ i64_i16(-9223372036854775808, -32768) = (false, false, true)
//~ i64_i16(4611686018427387904, 0) = (false, true, false)
//~ i64_i16(16777217, 1) = (false, true, false)

#[kernel]
fn i64_i32(a: i64, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ i64_i32(0, 0) = (false, true, false)
//~ i64_i32(1, 1) = (false, true, false)
//~ i64_i32(9223372036854775807, -1) = (false, true, false)
//~ i64_i32(-9223372036854775808, -2147483648) = (false, false, true)
//~ i64_i32(4611686018427387904, 0) = (false, true, false)
//~ i64_i32(16777217, 16777217) = (false, true, false)

#[kernel]
fn i64_i64(a: i64, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ i64_i64(0, 0) = (false, true, false)
//~ i64_i64(1, 1) = (false, true, false)
//~ i64_i64(9223372036854775807, 9223372036854775807) = (false, true, false)
//~ i64_i64(-9223372036854775808, -9223372036854775808) = (false, true, false)
//~ i64_i64(4611686018427387904, 4611686018427387904) = (false, true, false)
//~ i64_i64(16777217, 16777217) = (false, true, false)

#[kernel]
fn i64_u8(a: i64, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ i64_u8(0, 0) = (false, true, false)
//~ i64_u8(1, 1) = (false, true, false)
//~ i64_u8(9223372036854775807, 255) = (false, true, false)
//~ i64_u8(-9223372036854775808, 0) = (false, true, false)
//~ i64_u8(4611686018427387904, 0) = (false, true, false)
//~ i64_u8(16777217, 1) = (false, true, false)

#[kernel]
fn i64_u16(a: i64, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ i64_u16(0, 0) = (false, true, false)
//~ i64_u16(1, 1) = (false, true, false)
//~ i64_u16(9223372036854775807, 65535) = (false, true, false)
//~ i64_u16(-9223372036854775808, 0) = (false, true, false)
//~ i64_u16(4611686018427387904, 0) = (false, true, false)
//~ i64_u16(16777217, 1) = (false, true, false)

#[kernel]
fn i64_u32(a: i64, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ i64_u32(0, 0) = (false, true, false)
//~ i64_u32(1, 1) = (false, true, false)
//~ i64_u32(9223372036854775807, 4294967295) = (false, true, false)
//~ i64_u32(-9223372036854775808, 0) = (false, true, false)
//~ i64_u32(4611686018427387904, 0) = (false, true, false)
//~ i64_u32(16777217, 16777217) = (false, true, false)

#[kernel]
fn i64_u64(a: i64, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ i64_u64(0, 0) = (false, true, false)
//~ i64_u64(1, 1) = (false, true, false)
//~ i64_u64(9223372036854775807, 9223372036854775807) = (false, true, false)
//~ i64_u64(-9223372036854775808, 0) = (false, false, true)
//~ i64_u64(4611686018427387904, 4611686018427387904) = (false, true, false)
//~ i64_u64(16777217, 16777217) = (false, true, false)

#[kernel]
fn i64_f32(a: i64, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ i64_f32(0, 0.0) = (false, true, false)
//~ i64_f32(1, 0.0) = (false, false, true)
//~ i64_f32(9223372036854775807, 9.223372e18) = (false, true, false)
//~ i64_f32(-9223372036854775808, 255.0) = (true, false, false)
//~ i64_f32(4611686018427387904, 4.611686e18) = (false, true, false)
//~ i64_f32(16777217, -1e30) = (false, false, true)

#[kernel]
fn i64_f64(a: i64, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ i64_f64(0, 0.0) = (false, true, false)
//~ i64_f64(1, 0.0) = (false, false, true)
//~ i64_f64(9223372036854775807, 9.223372036854776e18) = (false, true, false)
//~ i64_f64(-9223372036854775808, 255.0) = (true, false, false)
//~ i64_f64(4611686018427387904, 4.611686018427388e18) = (false, true, false)
//~ i64_f64(16777217, -1e30) = (false, false, true)

#[kernel]
fn u8_i8(a: u8, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ u8_i8(0, 0) = (false, true, false)
//~ u8_i8(1, 1) = (false, true, false)
//~ u8_i8(255, -1) = (false, true, false)
//~ u8_i8(0, -128) = (false, false, true)
//~ u8_i8(128, -128) = (false, true, false)
//~ u8_i8(1, 1) = (false, true, false)

#[kernel]
fn u8_i16(a: u8, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ u8_i16(0, 0) = (false, true, false)
//~ u8_i16(1, 1) = (false, true, false)
//~ u8_i16(255, 255) = (false, true, false)
//~ u8_i16(0, -32768) = (false, false, true)
//~ u8_i16(128, 128) = (false, true, false)
//~ u8_i16(1, 1) = (false, true, false)

#[kernel]
fn u8_i32(a: u8, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ u8_i32(0, 0) = (false, true, false)
//~ u8_i32(1, 1) = (false, true, false)
//~ u8_i32(255, 255) = (false, true, false)
//~ u8_i32(0, -2147483648) = (false, false, true)
//~ u8_i32(128, 128) = (false, true, false)
//~ u8_i32(1, 16777217) = (true, false, false)

#[kernel]
fn u8_i64(a: u8, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ u8_i64(0, 0) = (false, true, false)
//~ u8_i64(1, 1) = (false, true, false)
//~ u8_i64(255, 255) = (false, true, false)
//~ u8_i64(0, -9223372036854775808) = (false, false, true)
//~ u8_i64(128, 128) = (false, true, false)
//~ u8_i64(1, 16777217) = (true, false, false)

#[kernel]
fn u8_u8(a: u8, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ u8_u8(0, 0) = (false, true, false)
//~ u8_u8(1, 1) = (false, true, false)
//~ u8_u8(255, 255) = (false, true, false)
//~ u8_u8(0, 0) = (false, true, false)
//~ u8_u8(128, 128) = (false, true, false)
//~ u8_u8(1, 1) = (false, true, false)

#[kernel]
fn u8_u16(a: u8, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ u8_u16(0, 0) = (false, true, false)
//~ u8_u16(1, 1) = (false, true, false)
//~ u8_u16(255, 255) = (false, true, false)
//~ u8_u16(0, 0) = (false, true, false)
//~ u8_u16(128, 128) = (false, true, false)
//~ u8_u16(1, 1) = (false, true, false)

#[kernel]
fn u8_u32(a: u8, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ u8_u32(0, 0) = (false, true, false)
//~ u8_u32(1, 1) = (false, true, false)
//~ u8_u32(255, 255) = (false, true, false)
//~ u8_u32(0, 0) = (false, true, false)
//~ u8_u32(128, 128) = (false, true, false)
//~ u8_u32(1, 16777217) = (true, false, false)

#[kernel]
fn u8_u64(a: u8, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ u8_u64(0, 0) = (false, true, false)
//~ u8_u64(1, 1) = (false, true, false)
//~ u8_u64(255, 255) = (false, true, false)
//~ u8_u64(0, 0) = (false, true, false)
//~ u8_u64(128, 128) = (false, true, false)
//~ u8_u64(1, 16777217) = (true, false, false)

#[kernel]
fn u8_f32(a: u8, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ u8_f32(0, 0.0) = (false, true, false)
//~ u8_f32(1, 0.0) = (false, false, true)
//~ u8_f32(255, 255.0) = (false, true, false)
//~ u8_f32(0, 255.0) = (true, false, false)
//~ u8_f32(128, 128.0) = (false, true, false)
//~ u8_f32(1, -1e30) = (false, false, true)

#[kernel]
fn u8_f64(a: u8, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ u8_f64(0, 0.0) = (false, true, false)
//~ u8_f64(1, 0.0) = (false, false, true)
//~ u8_f64(255, 255.0) = (false, true, false)
//~ u8_f64(0, 255.0) = (true, false, false)
//~ u8_f64(128, 128.0) = (false, true, false)
//~ u8_f64(1, -1e30) = (false, false, true)

#[kernel]
fn u16_i8(a: u16, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ u16_i8(0, 0) = (false, true, false)
//~ u16_i8(1, 1) = (false, true, false)
//~ u16_i8(65535, -1) = (false, true, false)
//~ u16_i8(0, -128) = (false, false, true)
//~ u16_i8(32768, 0) = (false, true, false)
//~ u16_i8(1, 1) = (false, true, false)

#[kernel]
fn u16_i16(a: u16, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ u16_i16(0, 0) = (false, true, false)
//~ u16_i16(1, 1) = (false, true, false)
//~ u16_i16(65535, -1) = (false, true, false)
//~ u16_i16(0, -32768) = (false, false, true)
//~ u16_i16(32768, -32768) = (false, true, false)
//~ u16_i16(1, 1) = (false, true, false)

#[kernel]
fn u16_i32(a: u16, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ u16_i32(0, 0) = (false, true, false)
//~ u16_i32(1, 1) = (false, true, false)
//~ u16_i32(65535, 65535) = (false, true, false)
//~ u16_i32(0, -2147483648) = (false, false, true)
//~ u16_i32(32768, 32768) = (false, true, false)
//~ u16_i32(1, 16777217) = (true, false, false)

#[kernel]
fn u16_i64(a: u16, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ u16_i64(0, 0) = (false, true, false)
//~ u16_i64(1, 1) = (false, true, false)
//~ u16_i64(65535, 65535) = (false, true, false)
//~ u16_i64(0, -9223372036854775808) = (false, false, true)
//~ u16_i64(32768, 32768) = (false, true, false)
//~ u16_i64(1, 16777217) = (true, false, false)

#[kernel]
fn u16_u8(a: u16, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ u16_u8(0, 0) = (false, true, false)
//~ u16_u8(1, 1) = (false, true, false)
//~ u16_u8(65535, 255) = (false, true, false)
//~ u16_u8(0, 0) = (false, true, false)
//~ u16_u8(32768, 0) = (false, true, false)
//~ u16_u8(1, 1) = (false, true, false)

#[kernel]
fn u16_u16(a: u16, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ u16_u16(0, 0) = (false, true, false)
//~ u16_u16(1, 1) = (false, true, false)
//~ u16_u16(65535, 65535) = (false, true, false)
//~ u16_u16(0, 0) = (false, true, false)
//~ u16_u16(32768, 32768) = (false, true, false)
//~ u16_u16(1, 1) = (false, true, false)

#[kernel]
fn u16_u32(a: u16, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ u16_u32(0, 0) = (false, true, false)
//~ u16_u32(1, 1) = (false, true, false)
//~ u16_u32(65535, 65535) = (false, true, false)
//~ u16_u32(0, 0) = (false, true, false)
//~ u16_u32(32768, 32768) = (false, true, false)
//~ u16_u32(1, 16777217) = (true, false, false)

#[kernel]
fn u16_u64(a: u16, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ u16_u64(0, 0) = (false, true, false)
//~ u16_u64(1, 1) = (false, true, false)
//~ u16_u64(65535, 65535) = (false, true, false)
//~ u16_u64(0, 0) = (false, true, false)
//~ u16_u64(32768, 32768) = (false, true, false)
//~ u16_u64(1, 16777217) = (true, false, false)

#[kernel]
fn u16_f32(a: u16, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ u16_f32(0, 0.0) = (false, true, false)
//~ u16_f32(1, 0.0) = (false, false, true)
//~ u16_f32(65535, 65535.0) = (false, true, false)
//~ u16_f32(0, 255.0) = (true, false, false)
//~ u16_f32(32768, 32768.0) = (false, true, false)
//~ u16_f32(1, -1e30) = (false, false, true)

#[kernel]
fn u16_f64(a: u16, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ u16_f64(0, 0.0) = (false, true, false)
//~ u16_f64(1, 0.0) = (false, false, true)
//~ u16_f64(65535, 65535.0) = (false, true, false)
//~ u16_f64(0, 255.0) = (true, false, false)
//~ u16_f64(32768, 32768.0) = (false, true, false)
//~ u16_f64(1, -1e30) = (false, false, true)

#[kernel]
fn u32_i8(a: u32, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ u32_i8(0, 0) = (false, true, false)
//~ u32_i8(1, 1) = (false, true, false)
//~ u32_i8(4294967295, -1) = (false, true, false)
//~ u32_i8(0, -128) = (false, false, true)
//~ u32_i8(2147483648, 0) = (false, true, false)
//~ u32_i8(16777217, 1) = (false, true, false)

#[kernel]
fn u32_i16(a: u32, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ u32_i16(0, 0) = (false, true, false)
//~ u32_i16(1, 1) = (false, true, false)
//~ u32_i16(4294967295, -1) = (false, true, false)
//~ u32_i16(0, -32768) = (false, false, true)
//~ u32_i16(2147483648, 0) = (false, true, false)
//~ u32_i16(16777217, 1) = (false, true, false)

#[kernel]
fn u32_i32(a: u32, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ u32_i32(0, 0) = (false, true, false)
//~ u32_i32(1, 1) = (false, true, false)
//~ u32_i32(4294967295, -1) = (false, true, false)
//~ u32_i32(0, -2147483648) = (false, false, true)
//~ u32_i32(2147483648, -2147483648) = (false, true, false)
//~ u32_i32(16777217, 16777217) = (false, true, false)

#[kernel]
fn u32_i64(a: u32, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ u32_i64(0, 0) = (false, true, false)
//~ u32_i64(1, 1) = (false, true, false)
//~ u32_i64(4294967295, 4294967295) = (false, true, false)
//~ u32_i64(0, -9223372036854775808) = (false, false, true)
//~ u32_i64(2147483648, 2147483648) = (false, true, false)
//~ u32_i64(16777217, 16777217) = (false, true, false)

#[kernel]
fn u32_u8(a: u32, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ u32_u8(0, 0) = (false, true, false)
//~ u32_u8(1, 1) = (false, true, false)
//~ u32_u8(4294967295, 255) = (false, true, false)
//~ u32_u8(0, 0) = (false, true, false)
//~ u32_u8(2147483648, 0) = (false, true, false)
//~ u32_u8(16777217, 1) = (false, true, false)

#[kernel]
fn u32_u16(a: u32, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ u32_u16(0, 0) = (false, true, false)
//~ u32_u16(1, 1) = (false, true, false)
//~ u32_u16(4294967295, 65535) = (false, true, false)
//~ u32_u16(0, 0) = (false, true, false)
//~ u32_u16(2147483648, 0) = (false, true, false)
//~ u32_u16(16777217, 1) = (false, true, false)

#[kernel]
fn u32_u32(a: u32, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ u32_u32(0, 0) = (false, true, false)
//~ u32_u32(1, 1) = (false, true, false)
//~ u32_u32(4294967295, 4294967295) = (false, true, false)
//~ u32_u32(0, 0) = (false, true, false)
//~ u32_u32(2147483648, 2147483648) = (false, true, false)
//~ u32_u32(16777217, 16777217) = (false, true, false)

#[kernel]
fn u32_u64(a: u32, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ u32_u64(0, 0) = (false, true, false)
//~ u32_u64(1, 1) = (false, true, false)
//~ u32_u64(4294967295, 4294967295) = (false, true, false)
//~ u32_u64(0, 0) = (false, true, false)
//~ u32_u64(2147483648, 2147483648) = (false, true, false)
//~ u32_u64(16777217, 16777217) = (false, true, false)

#[kernel]
fn u32_f32(a: u32, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ u32_f32(0, 0.0) = (false, true, false)
//~ u32_f32(1, 0.0) = (false, false, true)
//~ u32_f32(4294967295, 4294967300.0) = (false, true, false)
//~ u32_f32(0, 255.0) = (true, false, false)
//~ u32_f32(2147483648, 2147483600.0) = (false, true, false)
//~ u32_f32(16777217, -1e30) = (false, false, true)

#[kernel]
fn u32_f64(a: u32, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ u32_f64(0, 0.0) = (false, true, false)
//~ u32_f64(1, 0.0) = (false, false, true)
//~ u32_f64(4294967295, 4294967295.0) = (false, true, false)
//~ u32_f64(0, 255.0) = (true, false, false)
//~ u32_f64(2147483648, 2147483648.0) = (false, true, false)
//~ u32_f64(16777217, -1e30) = (false, false, true)

#[kernel]
fn u64_i8(a: u64, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ u64_i8(0, 0) = (false, true, false)
//~ u64_i8(1, 1) = (false, true, false)
//~ u64_i8(18446744073709551615, -1) = (false, true, false)
//~ u64_i8(0, -128) = (false, false, true)
//~ u64_i8(9223372036854775808, 0) = (false, true, false)
//~ u64_i8(16777217, 1) = (false, true, false)

#[kernel]
fn u64_i16(a: u64, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ u64_i16(0, 0) = (false, true, false)
//~ u64_i16(1, 1) = (false, true, false)
//~ u64_i16(18446744073709551615, -1) = (false, true, false)
//~ u64_i16(0, -32768) = (false, false, true)
//~ u64_i16(9223372036854775808, 0) = (false, true, false)
//~ u64_i16(16777217, 1) = (false, true, false)

#[kernel]
fn u64_i32(a: u64, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ u64_i32(0, 0) = (false, true, false)
//~ u64_i32(1, 1) = (false, true, false)
//~ u64_i32(18446744073709551615, -1) = (false, true, false)
//~ u64_i32(0, -2147483648) = (false, false, true)
//~ u64_i32(9223372036854775808, 0) = (false, true, false)
//~ u64_i32(16777217, 16777217) = (false, true, false)

#[kernel]
fn u64_i64(a: u64, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ u64_i64(0, 0) = (false, true, false)
//~ u64_i64(1, 1) = (false, true, false)
//~ u64_i64(18446744073709551615, -1) = (false, true, false)
//~ u64_i64(0, -9223372036854775808) = (false, false, true)
//~ u64_i64(9223372036854775808, -9223372036854775808) = (false, true, false)
//~ u64_i64(16777217, 16777217) = (false, true, false)

#[kernel]
fn u64_u8(a: u64, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ u64_u8(0, 0) = (false, true, false)
//~ u64_u8(1, 1) = (false, true, false)
//~ u64_u8(18446744073709551615, 255) = (false, true, false)
//~ u64_u8(0, 0) = (false, true, false)
//~ u64_u8(9223372036854775808, 0) = (false, true, false)
//~ u64_u8(16777217, 1) = (false, true, false)

#[kernel]
fn u64_u16(a: u64, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ u64_u16(0, 0) = (false, true, false)
//~ u64_u16(1, 1) = (false, true, false)
//~ u64_u16(18446744073709551615, 65535) = (false, true, false)
//~ u64_u16(0, 0) = (false, true, false)
//~ u64_u16(9223372036854775808, 0) = (false, true, false)
//~ u64_u16(16777217, 1) = (false, true, false)

#[kernel]
fn u64_u32(a: u64, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ u64_u32(0, 0) = (false, true, false)
//~ u64_u32(1, 1) = (false, true, false)
//~ u64_u32(18446744073709551615, 4294967295) = (false, true, false)
//~ u64_u32(0, 0) = (false, true, false)
//~ u64_u32(9223372036854775808, 0) = (false, true, false)
//~ u64_u32(16777217, 16777217) = (false, true, false)

#[kernel]
fn u64_u64(a: u64, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ u64_u64(0, 0) = (false, true, false)
//~ u64_u64(1, 1) = (false, true, false)
//~ u64_u64(18446744073709551615, 18446744073709551615) = (false, true, false)
//~ u64_u64(0, 0) = (false, true, false)
//~ u64_u64(9223372036854775808, 9223372036854775808) = (false, true, false)
//~ u64_u64(16777217, 16777217) = (false, true, false)

#[kernel]
fn u64_f32(a: u64, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ u64_f32(0, 0.0) = (false, true, false)
//~ u64_f32(1, 0.0) = (false, false, true)
//~ u64_f32(18446744073709551615, 1.8446744e19) = (false, true, false)
//~ u64_f32(0, 255.0) = (true, false, false)
//~ u64_f32(9223372036854775808, 9.223372e18) = (false, true, false)
//~ u64_f32(16777217, -1e30) = (false, false, true)

#[kernel]
fn u64_f64(a: u64, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ u64_f64(0, 0.0) = (false, true, false)
//~ u64_f64(1, 0.0) = (false, false, true)
//~ u64_f64(18446744073709551615, 1.8446744073709552e19) = (false, true, false)
//~ u64_f64(0, 255.0) = (true, false, false)
//~ u64_f64(9223372036854775808, 9.223372036854776e18) = (false, true, false)
//~ u64_f64(16777217, -1e30) = (false, false, true)

#[kernel]
fn f32_i8(a: f32, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ f32_i8(-0.5, 0) = (false, true, false)
//~ f32_i8(0.0, 1) = (true, false, false)
//~ f32_i8(1.5, 1) = (false, true, false)
//~ f32_i8(255.0, -128) = (false, false, true)
//~ f32_i8(16777216.0, 127) = (false, true, false)
//~ f32_i8(-1e30, 1) = (true, false, false)
//~ f32_i8(inf, 127) = (false, true, false)
//~ f32_i8(nan, 1) = (true, false, false)

#[kernel]
fn f32_i16(a: f32, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ f32_i16(-0.5, 0) = (false, true, false)
//~ f32_i16(0.0, 1) = (true, false, false)
//~ f32_i16(1.5, 1) = (false, true, false)
//~ f32_i16(255.0, -32768) = (false, false, true)
//~ f32_i16(16777216.0, 32767) = (false, true, false)
//~ f32_i16(-1e30, 1) = (true, false, false)
//~ f32_i16(inf, 32767) = (false, true, false)
//~ f32_i16(nan, 1) = (true, false, false)

#[kernel]
fn f32_i32(a: f32, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ f32_i32(-0.5, 0) = (false, true, false)
//~ f32_i32(0.0, 1) = (true, false, false)
//~ f32_i32(1.5, 1) = (false, true, false)
//~ f32_i32(255.0, -2147483648) = (false, false, true)
//~ f32_i32(16777216.0, 16777216) = (false, true, false)
//~ f32_i32(-1e30, 16777217) = (true, false, false)
//~ f32_i32(inf, 2147483647) = (false, true, false)
//~ f32_i32(nan, 1) = (true, false, false)

#[kernel]
fn f32_i64(a: f32, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ f32_i64(-0.5, 0) = (false, true, false)
//~ f32_i64(0.0, 1) = (true, false, false)
//~ f32_i64(1.5, 1) = (false, true, false)
//~ f32_i64(255.0, -9223372036854775808) = (false, false, true)
//~ f32_i64(16777216.0, 16777216) = (false, true, false)
//~ f32_i64(-1e30, 16777217) = (true, false, false)
//~ f32_i64(inf, 9223372036854775807) = (false, true, false)
//~ f32_i64(nan, 1) = (true, false, false)

#[kernel]
fn f32_u8(a: f32, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ f32_u8(-0.5, 0) = (false, true, false)
//~ f32_u8(0.0, 1) = (true, false, false)
//~ f32_u8(1.5, 1) = (false, true, false)
//~ f32_u8(255.0, 0) = (false, false, true)
//~ f32_u8(16777216.0, 255) = (false, true, false)
//~ f32_u8(-1e30, 1) = (true, false, false)
//~ f32_u8(inf, 255) = (false, true, false)
//~ f32_u8(nan, 1) = (true, false, false)

#[kernel]
fn f32_u16(a: f32, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ f32_u16(-0.5, 0) = (false, true, false)
//~ f32_u16(0.0, 1) = (true, false, false)
//~ f32_u16(1.5, 1) = (false, true, false)
//~ f32_u16(255.0, 0) = (false, false, true)
//~ f32_u16(16777216.0, 65535) = (false, true, false)
//~ f32_u16(-1e30, 1) = (true, false, false)
//~ f32_u16(inf, 65535) = (false, true, false)
//~ f32_u16(nan, 1) = (true, false, false)

#[kernel]
fn f32_u32(a: f32, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ f32_u32(-0.5, 0) = (false, true, false)
//~ f32_u32(0.0, 1) = (true, false, false)
//~ f32_u32(1.5, 1) = (false, true, false)
//~ f32_u32(255.0, 0) = (false, false, true)
//~ f32_u32(16777216.0, 16777216) = (false, true, false)
//~ f32_u32(-1e30, 16777217) = (true, false, false)
//~ f32_u32(inf, 4294967295) = (false, true, false)
//~ f32_u32(nan, 1) = (true, false, false)

#[kernel]
fn f32_u64(a: f32, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ f32_u64(-0.5, 0) = (false, true, false)
//~ f32_u64(0.0, 1) = (true, false, false)
//~ f32_u64(1.5, 1) = (false, true, false)
//~ f32_u64(255.0, 0) = (false, false, true)
//~ f32_u64(16777216.0, 16777216) = (false, true, false)
//~ f32_u64(-1e30, 16777217) = (true, false, false)
//~ f32_u64(inf, 18446744073709551615) = (false, true, false)
//~ f32_u64(nan, 1) = (true, false, false)

#[kernel]
fn f32_f32(a: f32, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ f32_f32(-0.5, -0.5) = (false, true, false)
//~ f32_f32(0.0, 0.0) = (false, true, false)
//~ f32_f32(1.5, 1.5) = (false, true, false)
//~ f32_f32(255.0, 255.0) = (false, true, false)
//~ f32_f32(16777216.0, 16777216.0) = (false, true, false)
//~ f32_f32(-1e30, -1e30) = (false, true, false)
//~ f32_f32(inf, inf) = (false, true, false)
//~ f32_f32(nan, nan) = (false, false, false)

#[kernel]
fn f32_f64(a: f32, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ f32_f64(-0.5, -0.5) = (false, true, false)
//~ f32_f64(0.0, 0.0) = (false, true, false)
//~ f32_f64(1.5, 1.5) = (false, true, false)
//~ f32_f64(255.0, 255.0) = (false, true, false)
//~ f32_f64(16777216.0, 16777216.0) = (false, true, false)
//~ f32_f64(-1e30, -1e30) = (true, false, false)
//~ f32_f64(inf, inf) = (false, true, false)
//~ f32_f64(nan, nan) = (false, false, false)

#[kernel]
fn f64_i8(a: f64, b: i8) -> (bool, bool, bool) {
    let a = a as i8;
    (a < b, a == b, a > b)
}
//~ f64_i8(-0.5, 0) = (false, true, false)
//~ f64_i8(0.0, 1) = (true, false, false)
//~ f64_i8(1.5, 1) = (false, true, false)
//~ f64_i8(255.0, -128) = (false, false, true)
//~ f64_i8(16777216.0, 127) = (false, true, false)
//~ f64_i8(-1e30, 1) = (true, false, false)
//~ f64_i8(inf, 127) = (false, true, false)
//~ f64_i8(nan, 1) = (true, false, false)

#[kernel]
fn f64_i16(a: f64, b: i16) -> (bool, bool, bool) {
    let a = a as i16;
    (a < b, a == b, a > b)
}
//~ f64_i16(-0.5, 0) = (false, true, false)
//~ f64_i16(0.0, 1) = (true, false, false)
//~ f64_i16(1.5, 1) = (false, true, false)
//~ f64_i16(255.0, -32768) = (false, false, true)
//~ f64_i16(16777216.0, 32767) = (false, true, false)
//~ f64_i16(-1e30, 1) = (true, false, false)
//~ f64_i16(inf, 32767) = (false, true, false)
//~ f64_i16(nan, 1) = (true, false, false)

#[kernel]
fn f64_i32(a: f64, b: i32) -> (bool, bool, bool) {
    let a = a as i32;
    (a < b, a == b, a > b)
}
//~ f64_i32(-0.5, 0) = (false, true, false)
//~ f64_i32(0.0, 1) = (true, false, false)
//~ f64_i32(1.5, 1) = (false, true, false)
//~ f64_i32(255.0, -2147483648) = (false, false, true)
//~ f64_i32(16777216.0, 16777216) = (false, true, false)
//~ f64_i32(-1e30, 16777217) = (true, false, false)
//~ f64_i32(inf, 2147483647) = (false, true, false)
//~ f64_i32(nan, 1) = (true, false, false)

#[kernel]
fn f64_i64(a: f64, b: i64) -> (bool, bool, bool) {
    let a = a as i64;
    (a < b, a == b, a > b)
}
//~ f64_i64(-0.5, 0) = (false, true, false)
//~ f64_i64(0.0, 1) = (true, false, false)
//~ f64_i64(1.5, 1) = (false, true, false)
//~ f64_i64(255.0, -9223372036854775808) = (false, false, true)
//~ f64_i64(16777216.0, 16777216) = (false, true, false)
//~ f64_i64(-1e30, 16777217) = (true, false, false)
//~ f64_i64(inf, 9223372036854775807) = (false, true, false)
//~ f64_i64(nan, 1) = (true, false, false)

#[kernel]
fn f64_u8(a: f64, b: u8) -> (bool, bool, bool) {
    let a = a as u8;
    (a < b, a == b, a > b)
}
//~ f64_u8(-0.5, 0) = (false, true, false)
//~ f64_u8(0.0, 1) = (true, false, false)
//~ f64_u8(1.5, 1) = (false, true, false)
//~ f64_u8(255.0, 0) = (false, false, true)
//~ f64_u8(16777216.0, 255) = (false, true, false)
//~ f64_u8(-1e30, 1) = (true, false, false)
//~ f64_u8(inf, 255) = (false, true, false)
//~ f64_u8(nan, 1) = (true, false, false)

#[kernel]
fn f64_u16(a: f64, b: u16) -> (bool, bool, bool) {
    let a = a as u16;
    (a < b, a == b, a > b)
}
//~ f64_u16(-0.5, 0) = (false, true, false)
//~ f64_u16(0.0, 1) = (true, false, false)
//~ f64_u16(1.5, 1) = (false, true, false)
//~ f64_u16(255.0, 0) = (false, false, true)
//~ f64_u16(16777216.0, 65535) = (false, true, false)
//~ f64_u16(-1e30, 1) = (true, false, false)
//~ f64_u16(inf, 65535) = (false, true, false)
//~ f64_u16(nan, 1) = (true, false, false)

#[kernel]
fn f64_u32(a: f64, b: u32) -> (bool, bool, bool) {
    let a = a as u32;
    (a < b, a == b, a > b)
}
//~ f64_u32(-0.5, 0) = (false, true, false)
//~ f64_u32(0.0, 1) = (true, false, false)
//~ f64_u32(1.5, 1) = (false, true, false)
//~ f64_u32(255.0, 0) = (false, false, true)
//~ f64_u32(16777216.0, 16777216) = (false, true, false)
//~ f64_u32(-1e30, 16777217) = (true, false, false)
//~ f64_u32(inf, 4294967295) = (false, true, false)
//~ f64_u32(nan, 1) = (true, false, false)

#[kernel]
fn f64_u64(a: f64, b: u64) -> (bool, bool, bool) {
    let a = a as u64;
    (a < b, a == b, a > b)
}
//~ f64_u64(-0.5, 0) = (false, true, false)
//~ f64_u64(0.0, 1) = (true, false, false)
//~ f64_u64(1.5, 1) = (false, true, false)
//~ f64_u64(255.0, 0) = (false, false, true)
//~ f64_u64(16777216.0, 16777216) = (false, true, false)
//~ f64_u64(-1e30, 16777217) = (true, false, false)
//~ f64_u64(inf, 18446744073709551615) = (false, true, false)
//~ f64_u64(nan, 1) = (true, false, false)

#[kernel]
fn f64_f32(a: f64, b: f32) -> (bool, bool, bool) {
    let a = a as f32;
    (a < b, a == b, a > b)
}
//~ f64_f32(-0.5, -0.5) = (false, true, false)
//~ f64_f32(0.0, 0.0) = (false, true, false)
//~ f64_f32(1.5, 1.5) = (false, true, false)
//~ f64_f32(255.0, 255.0) = (false, true, false)
//~ f64_f32(16777216.0, 16777216.0) = (false, true, false)
//~ f64_f32(-1e30, -1e30) = (false, true, false)
//~ f64_f32(inf, inf) = (false, true, false)
//~ f64_f32(nan, nan) = (false, false, false)

#[kernel]
fn f64_f64(a: f64, b: f64) -> (bool, bool, bool) {
    let a = a as f64;
    (a < b, a == b, a > b)
}
//~ f64_f64(-0.5, -0.5) = (false, true, false)
//~ f64_f64(0.0, 0.0) = (false, true, false)
//~ f64_f64(1.5, 1.5) = (false, true, false)
//~ f64_f64(255.0, 255.0) = (false, true, false)
//~ f64_f64(16777216.0, 16777216.0) = (false, true, false)
//~ f64_f64(-1e30, -1e30) = (false, true, false)
//~ f64_f64(inf, inf) = (false, true, false)
//~ f64_f64(nan, nan) = (false, false, false)
