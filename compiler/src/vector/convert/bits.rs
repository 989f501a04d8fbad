//! Counts and permutations of bits, by shifts and masks: no vector machine that is asked for here has more.
//!
//! A step works on neighbours of 1, 2, 4 .. bits at once. Narrow types live in lanes of 32 bits; their bits are
//! taken without sign, and what leaves the type is cut off.

use filbert_ir::{Op, Type};

use super::Convert;
use crate::vector::ir::{V, Width};

impl Convert<'_> {
    /// Number of bits, as a u32.
    pub(super) fn count(&mut self, op: Op, ty: Type, x: V) -> V {
        let width = self.build.width(x);
        let x = self.unsigned_bits(ty, x);
        let counted = match op {
            Op::CountOnes => x,
            Op::TrailingZeros => {
                // The zeros below the lowest one become ones, all others zeros.
                let one = self.build.constant(width, 1);
                let below = self.build.isub(x, one);
                let flipped = self.flipped(x);
                self.build.and(flipped, below)
            }
            _ => {
                // Ones from the highest one down, then the others.
                let smeared = self.steps(ty).fold(x, |x, by| {
                    let moved = self.build.shr(x, by);
                    self.build.or(x, moved)
                });
                self.flipped(smeared)
            }
        };
        let counted = self.unsigned_bits(ty, counted);
        let count = self.ones(width, counted);
        if width == Width::W64 { self.build.narrow(count) } else { count }
    }

    /// Bits or bytes in reverse order.
    pub(super) fn reversed(&mut self, op: Op, ty: Type, x: V) -> V {
        let smallest = if op == Op::SwapBytes { 8 } else { 1 };
        let mut x = self.unsigned_bits(ty, x);
        let steps: Vec<u8> = self.steps(ty).filter(|&by| by >= smallest).collect();
        for by in steps {
            let lower = self.neighbours(self.build.width(x), by);
            let (low, moved) = (self.build.and(x, lower), self.build.shr(x, by));
            let (up, down) = (self.build.shl(low, by), self.build.and(moved, lower));
            x = self.build.or(up, down);
        }
        self.wrapped(ty, x)
    }

    /// 1, 2, 4 .. up to half the type's bits.
    fn steps(&self, ty: Type) -> impl Iterator<Item = u8> + use<> {
        (0..ty.bits().trailing_zeros()).map(|step| 1 << step)
    }

    /// The lower of each two groups of so many bits.
    fn neighbours(&mut self, width: Width, bits: u8) -> V {
        let group = (1u64 << bits) - 1;
        let pattern = (0..64 / (2 * u32::from(bits))).fold(0, |all, pair| all | group << (pair * 2 * u32::from(bits)));
        self.build.constant(width, pattern)
    }

    fn ones(&mut self, width: Width, x: V) -> V {
        let mut x = x;
        for by in (0..width.bits().trailing_zeros()).map(|step| 1u8 << step) {
            let lower = self.neighbours(width, by);
            let moved = self.build.shr(x, by);
            let (low, high) = (self.build.and(x, lower), self.build.and(moved, lower));
            x = self.build.iadd(low, high);
        }
        x
    }

    fn flipped(&mut self, x: V) -> V {
        let ones = self.build.constant(self.build.width(x), u64::MAX);
        self.build.xor(x, ones)
    }

    /// The type's own bits, zeros above.
    fn unsigned_bits(&mut self, ty: Type, x: V) -> V {
        self.wrapped(ty.unsigned(), x)
    }
}
