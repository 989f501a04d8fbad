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
