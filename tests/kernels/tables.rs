// Tables: arrays of constants, beside the kernels and inside them. Expected values: by hand, and the published
// check value of CRC-16/XMODEM.

const RATES: [f64; 3] = [0.0, 0.1, 1.0 / 4.0];
const N: usize = 4;
const BINOMIALS: [[u32; N]; N] = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 2, 1, 0], [1, 3, 3, 1]];
static VOWELS: &[u8] = &[97, 101, 105, 111, 117];
const IS_SMALL_PRIME: [bool; 8] = [false, false, true, true, false, true, false, true];

#[kernel]
fn rate(class: usize) -> f64 {
    RATES[class]
}
//~ rate(0) = 0.0
//~ rate(2) = 0.25
//~ rate(3) = FB-0505
//~ rate(null) = null

#[kernel]
fn known_at_once() -> (f64, u32, usize) {
    (RATES[1], BINOMIALS[3][2], BINOMIALS.len() * RATES.len())
}
//~ known_at_once() = (0.1, 3, 12)

#[kernel]
fn binomial(n: usize, k: usize) -> u32 {
    BINOMIALS[n][k]
}
//~ binomial(2, 1) = 2
//~ binomial(3, 3) = 1
//~ binomial(3, 4) = FB-0505
//~ binomial(4, 0) = FB-0505

#[kernel]
fn vowels(text: &[u8]) -> usize {
    text.iter().filter(|c| VOWELS.contains(c)).count()
}
//~ vowels([104, 101, 108, 108, 111]) = 2
//~ vowels([]) = 0

#[kernel]
fn is_small_prime(n: usize) -> bool {
    n < IS_SMALL_PRIME.len() && IS_SMALL_PRIME[n]
}
//~ is_small_prime(7) = true
//~ is_small_prime(6) = false
//~ is_small_prime(8) = false

#[kernel]
fn horner(x: f64) -> f64 {
    const C: [f64; 4] = [1.0, -0.5, 0.25, -0.125];
    C.iter().rev().fold(0.0, |sum, c| sum * x + c)
}
//~ horner(2.0) = 0.0
//~ horner(-2.0) = 4.0

#[kernel]
fn weighted(x: &[f64; 3]) -> f64 {
    dot3(x, &RATES)
}
//~ weighted([7.0, 10.0, 4.0]) = 2.0

#[kernel]
fn dot3(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
//~ dot3([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) = 32.0

#[kernel]
fn crc16(bytes: &[u8]) -> u16 {
    const NIBBLES: [u16; 16] = [
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad,
        0xe1ce, 0xf1ef,
    ];
    let mut crc = 0;
    for &byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            crc = crc << 4 ^ NIBBLES[(crc >> 12 ^ nibble as u16) as usize];
        }
    }
    crc
}
//~ crc16([49, 50, 51, 52, 53, 54, 55, 56, 57]) = 12739
//~ crc16([]) = 0

#[kernel]
fn bucket(x: f64) -> usize {
    const EDGES: [f64; 5] = [0.0, 1.0, 5.0, 10.0, 100.0];
    EDGES.iter().position(|edge| x < *edge).unwrap_or(EDGES.len())
}
//~ bucket(-1.0) = 0
//~ bucket(7.5) = 3
//~ bucket(1e9) = 5
//~ bucket(nan) = 5
