// `as`, as Rust means it.

#[kernel]
fn saturate(x: f64) -> (i8, u8, i32, u32, i64, u64) {
    (x as i8, x as u8, x as i32, x as u32, x as i64, x as u64)
}
//~ saturate(1.9) = (1, 1, 1, 1, 1, 1)
//~ saturate(-1.9) = (-1, 0, -1, 0, -1, 0)
//~ saturate(nan) = (0, 0, 0, 0, 0, 0)
//~ saturate(inf) = (127, 255, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615)
//~ saturate(-inf) = (-128, 0, -2147483648, 0, -9223372036854775808, 0)
//~ saturate(1e300) = (127, 255, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615)

#[kernel]
fn saturate_small(x: f32) -> (i16, u16) {
    (x as i16, x as u16)
}
//~ saturate_small(40000.0) = (32767, 40000)
//~ saturate_small(-40000.0) = (-32768, 0)
//~ saturate_small(nan) = (0, 0)

#[kernel]
fn truncate(n: i64) -> (i8, u8, i16, u32) {
    (n as i8, n as u8, n as i16, n as u32)
}
//~ truncate(300) = (44, 44, 300, 300)
//~ truncate(-1) = (-1, 255, -1, 4294967295)

#[kernel]
fn widen(a: i8, b: u8) -> (i64, i64, u64, u64) {
    (a as i64, b as i64, a as u64, b as u64)
}
//~ widen(-1, 255) = (-1, 255, 18446744073709551615, 255)

#[kernel]
fn to_float(n: i64, u: u64) -> (f64, f64, f32, f32) {
    (n as f64, u as f64, n as f32, u as f32)
}
//~ to_float(9007199254740993, 18446744073709551615) = (9007199254740992.0, 1.8446744073709552e19, 9007199000000000.0, 1.8446744e19)
//~ to_float(-1, 1) = (-1.0, 1.0, -1.0, 1.0)

#[kernel]
fn narrow(x: f64) -> f32 {
    x as f32
}
//~ narrow(0.1) = 0.1
//~ narrow(1e300) = inf
//~ narrow(1e-46) = 0.0
//~ narrow(-1e-46) = -0.0
//~ narrow(nan) = nan

#[kernel]
fn flags(b: bool) -> (i32, u8) {
    (b as i32, b as u8)
}
//~ flags(true) = (1, 1)
//~ flags(false) = (0, 0)
