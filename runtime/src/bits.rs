//! Arrow's bitmaps and the bytes that kernels see: a bool is a bit there and a byte here.

use arrow_buffer::BooleanBuffer;

/// Writes bits `start..start + bytes.len()` as bytes of 0 or 1.
pub(crate) fn unpack(bits: &BooleanBuffer, start: usize, bytes: &mut [u8]) {
    let part = bits.slice(start, bytes.len());
    let words = part.bit_chunks();
    for (chunk, word) in bytes.chunks_mut(64).zip(words.iter_padded()) {
        for (bit, byte) in chunk.iter_mut().enumerate() {
            *byte = (word >> bit) as u8 & 1;
        }
    }
}

/// Bytes of 0 or 1 packed eight to an octet, the first in the lowest bit; missing ones count as 0.
pub(crate) fn octets(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.chunks(8).map(|chunk| {
        let mut octet = [0; 8];
        octet[..chunk.len()].copy_from_slice(chunk);
        // Times this constant, byte i contributes to bit 56 + i and to no other bit of the highest byte, and
        // no carry reaches that byte.
        (u64::from_le_bytes(octet).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_undoes_unpacking_at_every_offset() {
        let bits: BooleanBuffer = (0..300).map(|i| i * i % 7 < 3).collect();
        for start in 0..70 {
            for len in [0, 1, 7, 8, 9, 63, 64, 65, 200] {
                let mut bytes = vec![9; len];
                unpack(&bits, start, &mut bytes);
                assert!(bytes.iter().enumerate().all(|(i, &b)| b == bits.value(start + i) as u8));
                let expected = bytes.chunks(8).map(|c| c.iter().rev().fold(0, |octet, byte| octet << 1 | byte));
                assert!(octets(&bytes).eq(expected));
            }
        }
    }
}
