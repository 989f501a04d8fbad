// Bit operations and shifts.

#[kernel]
fn bits(a: u16, b: u16) -> (u16, u16, u16, u16) {
    (a & b, a | b, a ^ b, !a)
}
//~ bits(65280, 4080) = (3840, 65520, 61680, 255)

#[kernel]
fn signed_not(a: i8) -> i8 {
    !a
}
//~ signed_not(0) = -1
//~ signed_not(127) = -128

#[kernel]
fn shl(a: i32, n: u32) -> i32 {
    a << n
}
//~ shl(1, 31) = -2147483648
//~ shl(3, 31) = -2147483648
//~ shl(1, 32) = FB-0503

#[kernel]
fn shr(a: i8, n: i64) -> i8 {
    a >> n
}
//~ shr(-128, 7) = -1
//~ shr(127, 3) = 15
//~ shr(1, 8) = FB-0503
//~ shr(1, -1) = FB-0503
//~ shr(1, 4294967296) = FB-0503

#[kernel]
fn shr_u(a: u64, n: u8) -> u64 {
    a >> n
}
//~ shr_u(18446744073709551615, 63) = 1
//~ shr_u(18446744073709551615, 64) = FB-0503

#[kernel]
fn logic(a: bool, b: bool) -> (bool, bool, bool, bool) {
    (a & b, a | b, a ^ b, !a)
}
//~ logic(true, false) = (false, true, true, false)
//~ logic(true, null) = null

/// Mixes the bits of a key (the finaliser of splitmix64).
#[kernel]
fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
//~ mix(0) = 16294208416658607535
//~ mix(1) = 10451216379200822465
