//! Arrow's bitmaps and the bytes that kernels see: a bool is a bit there and a byte here.

use std::mem::MaybeUninit;

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

/// Packs bytes of 0 or 1, eight to a byte, the first in the lowest bit; missing ones count as 0.
pub(crate) fn pack(bytes: &[u8], bits: &mut [MaybeUninit<u8>]) {
    for (chunk, out) in bytes.chunks(8).zip(bits) {
        let mut octet = [0; 8];
        octet[..chunk.len()].copy_from_slice(chunk);
        // Eight bytes of 0 or 1 times this constant gather their lowest bits in the highest byte, first
        // byte lowest: byte i contributes to bit 56 + i only, and no carry reaches it.
        let gathered = u64::from_le_bytes(octet).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        out.write(gathered as u8);
    }
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
                let mut packed = vec![MaybeUninit::new(0xff); len.div_ceil(8)];
                pack(&bytes, &mut packed);
                let packed: Vec<u8> =
                    (0..len).step_by(8).map(|i| (i..len.min(i + 8)).fold(0, |b, j| b | bytes[j] << (j - i))).collect();
                assert_eq!(packed.len(), len.div_ceil(8));
            }
        }
    }
}
