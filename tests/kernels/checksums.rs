// Checksums over lists of bytes. The lists are the ASCII codes of "123456789" and others. Expected values:
// Python's zlib and binascii, published check values, tests/oracle/field.py.

/// CRC-16/ARC, bit by bit.
#[kernel]
fn crc16_arc(bytes: &[u8]) -> u16 {
    let mut crc: u16 = 0;
    for i in 0..bytes.len() {
        crc ^= bytes[i] as u16;
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 };
        }
    }
    crc
}
//~ crc16_arc([49, 50, 51, 52, 53, 54, 55, 56, 57]) = 47933
//~ crc16_arc([]) = 0
//~ crc16_arc([255]) = 16448
//~ crc16_arc([0, 0, 0, 1]) = 49345
//~ crc16_arc(null) = null

/// CRC-16/CCITT as XMODEM and IBM-3740 have it, the highest bit first.
#[kernel]
fn crc16_ccitt(bytes: &[u8], start: u16) -> u16 {
    let mut crc = start;
    for byte in bytes {
        crc ^= (*byte as u16) << 8;
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc = crc.wrapping_shl(1);
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    crc
}
//~ crc16_ccitt([49, 50, 51, 52, 53, 54, 55, 56, 57], 65535) = 10673
//~ crc16_ccitt([49, 50, 51, 52, 53, 54, 55, 56, 57], 0) = 12739
//~ crc16_ccitt([], 65535) = 65535
//~ crc16_ccitt([0, 255, 16, 33], 4660) = 6137

/// CRC-32 of zlib and PNG, four bits at a time from a table.
#[kernel]
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = [
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    ];
    let mut crc = !0u32;
    for byte in bytes.iter() {
        crc ^= *byte as u32;
        crc = (crc >> 4) ^ TABLE[(crc & 15) as usize];
        crc = (crc >> 4) ^ TABLE[(crc & 15) as usize];
    }
    !crc
}
//~ crc32([49, 50, 51, 52, 53, 54, 55, 56, 57]) = 3421780262
//~ crc32([]) = 0
//~ crc32([0, 1, 2, 3, 250, 251, 252]) = 3310714898

/// Adler-32 (RFC 1950).
#[kernel]
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + *byte as u32) % 65521;
        b = (b + a) % 65521;
    }
    b << 16 | a
}
//~ adler32([87, 105, 107, 105, 112, 101, 100, 105, 97]) = 300286872
//~ adler32([]) = 1
//~ adler32([255, 255, 255, 255, 255, 255, 255, 255]) = 602146809

/// Fletcher's checksum of 16 bits.
#[kernel]
fn fletcher16(bytes: &[u8]) -> u16 {
    let (mut a, mut b) = (0u16, 0u16);
    for byte in bytes {
        a = (a + *byte as u16) % 255;
        b = (b + a) % 255;
    }
    b << 8 | a
}
//~ fletcher16([97, 98, 99, 100, 101]) = 51440
//~ fletcher16([97, 98, 99, 100, 101, 102]) = 8279
//~ fletcher16([97, 98, 99, 100, 101, 102, 103, 104]) = 1575

/// FNV-1a of 64 bits: a product that wraps by intent.
#[kernel]
fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf29ce484222325u64;
    for byte in bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x100000001b3);
    }
    hash
}
//~ fnv1a([]) = 14695981039346656037
//~ fnv1a([97]) = 12638187200555641996
//~ fnv1a([102, 111, 111, 98, 97, 114]) = 9625390261332436968

/// The same in a kernel that wraps throughout.
#[kernel(overflow = "wrap")]
fn fnv1a_wrapping(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf29ce484222325u64;
    for byte in bytes {
        hash = (hash ^ *byte as u64) * 0x100000001b3;
    }
    hash
}
//~ fnv1a_wrapping([102, 111, 111, 98, 97, 114]) = 9625390261332436968

/// And where it does not.
#[kernel]
fn fnv1a_checked(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf29ce484222325u64;
    for byte in bytes {
        hash = (hash ^ *byte as u64) * 0x100000001b3;
    }
    hash
}
//~ fnv1a_checked([]) = 14695981039346656037
//~ fnv1a_checked([97]) = FB-0501

/// The check digit of a card number (Luhn): 0 if the number is right.
#[kernel]
fn luhn(digits: &[u8]) -> u8 {
    let mut sum = 0u32;
    for (i, digit) in digits.iter().rev().enumerate() {
        let mut d = *digit as u32;
        if i % 2 == 1 {
            d *= 2;
            if d > 9 {
                d -= 9;
            }
        }
        sum += d;
    }
    (sum % 10) as u8
}
//~ luhn([7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]) = 0
//~ luhn([7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 4]) = 1
