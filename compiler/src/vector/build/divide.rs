//! Whole quotients and square roots. No machine divides integers in vectors; all of them divide floats.
//!
//! Why the quotients are exact, for whole a and b > 0 with a = q b + r, 0 <= r < b: a/b is at most q + 1 - 1/b, which
//! is below q + 1 by a relative 1/(a + b) or more.
//!
//! * Up to 16 bits in f32 and up to 32 bits in f64 that is more than a rounding (2^-17 against 2^-24, 2^-33 against
//!   2^-53). So the rounded quotient is below q + 1, and not below q, which is a float; cut off, it is q. With the
//!   reciprocal of a constant a quotient is rounded twice, so the reciprocal is made too large by a little: 2^-20 or
//!   2^-50, still far from q + 1.
//! * 64 bits do not fit a float. The quotient by a reciprocal that is too small by 2^-50 is at most a/b and above
//!   a/b (1 - 2^-49): four roundings, of a, of b, of the reciprocal and of the product, are off by 2^-51 together.
//!   What it leaves of a is neither negative nor above b (1 + 2^15); the quotient of that, found in the same way,
//!   leaves less than 2 b, and one comparison does the rest. That takes conversions that only AVX-512 has. AVX2
//!   divides what is within 2^51 of 0, exact in f64, and leaves the rest: without conversions the above took as long
//!   as the scalar code.
//! * By a constant there are only products: `Reciprocal`.
//!
//! By a divisor of 0 the result is any number: the row has failed, or nobody asks.

use super::{Build, Order};
use crate::vector::build::Rounding;
use crate::vector::ir::{Isa, V, Width};

/// The quotient and the remainder of lanes.
#[derive(Clone, Copy)]
pub(in crate::vector) struct Divided {
    pub(in crate::vector) quotient: V,
    pub(in crate::vector) remainder: V,
}

impl Build {
    /// Quotient towards zero of integers of so many bits, and the remainder that goes with it. `divisor` is `b` as a
    /// number, where that is known and not 0. Lanes of 32 bits have quotients beyond narrower types: -128 / -1.
    pub(in crate::vector) fn divide(&mut self, signed: bool, bits: u32, a: V, b: V, divisor: Option<i128>) -> Divided {
        let quotient = match bits {
            64 => return self.divide_wide(signed, a, b, divisor),
            32 => self.quotient_in(Width::W64, signed, a, b, divisor),
            // They are extended to 32 bits, so that they are signed numbers.
            _ => self.quotient_in(Width::W32, true, a, b, divisor),
        };
        let product = self.imul(quotient, b);
        Divided { quotient, remainder: self.isub(a, product) }
    }

    /// By way of floats in which the numbers and all that matters of their quotients are exact.
    fn quotient_in(&mut self, width: Width, signed: bool, a: V, b: V, divisor: Option<i128>) -> V {
        let float = |build: &mut Build, v| build.int_to_float(signed, v, width).expect("every machine has these");
        let a = float(self, a);
        let quotient = match divisor {
            Some(divisor) => {
                let surplus = if width == Width::W64 { 2f64.powi(-50) } else { 2f64.powi(-20) };
                let reciprocal = self.float(width, (1.0 + surplus) / divisor as f64);
                self.fmul(a, reciprocal)
            }
            None => {
                let b = float(self, b);
                self.fdiv(a, b)
            }
        };
        match (width, signed, self.shape.isa) {
            (Width::W64, false, Isa::Avx2) => {
                let quotient = self.round(quotient, Rounding::Trunc);
                let counted = self.counted(quotient);
                self.narrow(counted)
            }
            (_, false, _) => self.float_to_u32(quotient),
            _ => self.float_to_i32(quotient),
        }
    }

    /// The same of 64 bits that are, with their sign, less than 2^51 from 0: f64 has them and all that matters of
    /// their quotients.
    pub(in crate::vector) fn divide_small(&mut self, a: V, b: V) -> Divided {
        let (dividend, divisor) = (self.small_to_float(a), self.small_to_float(b));
        let quotient = self.fdiv(dividend, divisor);
        let quotient = self.round(quotient, Rounding::Trunc);
        let negative = self.fneg(quotient);
        let remainder = self.fma(negative, divisor, dividend);
        Divided { quotient: self.float_to_small(quotient), remainder: self.float_to_small(remainder) }
    }

    /// The lanes of which `divide_small` is not to be asked: some of both that it divides well are among them.
    pub(in crate::vector) fn not_small(&mut self, signed: bool, a: V, b: V) -> V {
        let (low, high) = match signed {
            true => {
                let middle = self.constant(Width::W64, 1 << 51);
                (self.iadd(a, middle), self.iadd(b, middle))
            }
            false => (a, b),
        };
        let both = self.or(low, high);
        let beyond = self.shr(both, if signed { 52 } else { 51 });
        self.non_zero(beyond)
    }

    fn divide_wide(&mut self, signed: bool, a: V, b: V, divisor: Option<i128>) -> Divided {
        if !signed {
            return self.divide_sizes(a, b, divisor.map(|divisor| Reciprocal::new(divisor as u64, u64::MAX)));
        }
        // Of the least number the magnitude is 2^63, as a number without sign.
        let reciprocal = divisor.map(|divisor| Reciprocal::new(divisor.unsigned_abs() as u64, 1 << 63));
        let sizes = [a, b].map(|v| self.iabs(v));
        let found = self.divide_sizes(sizes[0], sizes[1], reciprocal);
        let apart = if divisor.is_some_and(|divisor| divisor > 0) { a } else { self.xor(a, b) };
        Divided { quotient: self.signed_as(found.quotient, apart), remainder: self.signed_as(found.remainder, a) }
    }

    /// The number, or its negative where the other one is negative.
    fn signed_as(&mut self, size: V, other: V) -> V {
        let negative = self.signs(other);
        let negated = self.ineg(size);
        self.select(negative, negated, size)
    }

    /// 64 bits without sign.
    fn divide_sizes(&mut self, a: V, b: V, reciprocal: Option<Reciprocal>) -> Divided {
        if let Some(reciprocal) = reciprocal {
            let quotient = self.times(a, &reciprocal);
            let divisor = self.constant(Width::W64, reciprocal.of);
            let product = self.imul(quotient, divisor);
            return Divided { quotient, remainder: self.isub(a, product) };
        }
        let lessened = self.float(Width::W64, 1.0 - 2f64.powi(-50));
        let float = self.size_to_float(b);
        let reciprocal = self.fdiv(lessened, float);
        let estimate = |build: &mut Build, of: V| {
            let float = build.size_to_float(of);
            let quotient = build.fmul(float, reciprocal);
            let quotient = build.float_to_u64(quotient);
            let product = build.imul(quotient, b);
            (quotient, build.isub(of, product))
        };
        let (first, left) = estimate(self, a);
        let (second, left) = estimate(self, left);
        let rest = self.isub(left, b);
        let is_more = self.icompare(Order::Ge, false, left, b);
        let quotient = self.iadd(first, second);
        let one = self.constant(Width::W64, 1);
        let above = self.iadd(quotient, one);
        Divided { quotient: self.select(is_more, above, quotient), remainder: self.select(is_more, rest, left) }
    }

    /// The quotient by a known number.
    fn times(&mut self, a: V, reciprocal: &Reciprocal) -> V {
        let Some(factor) = reciprocal.factor else { return self.shr(a, reciprocal.shift) };
        let factor = self.constant(Width::W64, factor);
        let high = self.high_half(false, a, factor);
        if !reciprocal.is_long {
            return self.shr(high, reciprocal.shift);
        }
        // The 65th bit of the factor is a itself; half of the sum without a carry.
        let rest = self.isub(a, high);
        let rest = self.shr(rest, 1);
        let sum = self.iadd(high, rest);
        self.shr(sum, reciprocal.shift - 1)
    }

    /// The largest whole number whose square is not above a number without sign, of so many bits.
    ///
    /// A root of 32 bits or fewer is off the whole number above it by more than a rounding, as above. Of 64 bits it
    /// may be one too large or too small, which its square tells.
    pub(in crate::vector) fn whole_root(&mut self, bits: u32, a: V) -> V {
        match bits {
            64 => {}
            _ => {
                let (width, signed) = if bits == 32 { (Width::W64, false) } else { (Width::W32, true) };
                let float = self.int_to_float(signed, a, width).expect("every machine has these");
                let root = self.sqrt(float);
                return self.float_to_i32(root);
            }
        }
        let float = self.size_to_float(a);
        let root = self.sqrt(float);
        let most = self.float(Width::W64, 4294967295.0);
        let root = self.lesser(root, most);
        let root = self.float_to_small_size(root);
        let square = self.low_product(false, root, root);
        // Between -2 roots and 4 roots, hence a number with sign.
        let left = self.isub(a, square);
        let twice = self.iadd(root, root);
        let (is_less, is_more) = (self.signs(left), self.icompare(Order::Gt, true, left, twice));
        let one = self.constant(Width::W64, 1);
        let (below, above) = (self.isub(root, one), self.iadd(root, one));
        let root = self.select(is_more, above, root);
        self.select(is_less, below, root)
    }

    /// The high half of the product of 64-bit lanes, from products of halves.
    pub(in crate::vector) fn high_half(&mut self, signed: bool, a: V, b: V) -> V {
        let low_bits = self.constant(Width::W64, 0xffff_ffff);
        let (a_high, b_high) = (self.upper(a), self.upper(b));
        let low = self.low_product(false, a, b);
        let carried = self.shr(low, 32);
        // Neither sum overflows: (2^32 - 1)^2 + 2^32 - 1 < 2^64.
        let middle = self.low_product(false, a_high, b);
        let middle = self.iadd(middle, carried);
        let other = self.low_product(false, a, b_high);
        let lower = self.and(middle, low_bits);
        let other = self.iadd(other, lower);
        let high = self.low_product(false, a_high, b_high);
        let [middle, other] = [middle, other].map(|v| self.shr(v, 32));
        let high = self.iadd(high, middle);
        let high = self.iadd(high, other);
        if !signed {
            return high;
        }
        // A negative factor was taken for one that is 2^64 more.
        let [of_a, of_b] = [(a, b), (b, a)].map(|(factor, other)| {
            let negative = self.signs(factor);
            self.or_zero(negative, other)
        });
        let high = self.isub(high, of_a);
        self.isub(high, of_b)
    }

    fn size_to_float(&mut self, a: V) -> V {
        self.int_to_float(false, a, Width::W64).expect("every machine has this")
    }

    /// A number with sign, less than 2^51 from 0.
    fn small_to_float(&mut self, a: V) -> V {
        if self.shape.isa == Isa::Avx512 {
            return self.int_to_float(true, a, Width::W64).expect("AVX-512 has this");
        }
        // Added to the bits of 3 * 2^51 it counts units there.
        let magic = self.float(Width::W64, MIDDLE);
        let sum = self.iadd(a, magic);
        self.fsub(sum, magic)
    }

    /// And back from a whole number.
    fn float_to_small(&mut self, a: V) -> V {
        if self.shape.isa == Isa::Avx512 {
            return self.float_to_i64(a);
        }
        let magic = self.float(Width::W64, MIDDLE);
        let sum = self.fadd(a, magic);
        self.isub(sum, magic)
    }

    /// A float from 0 up to 2^52 as a whole number, cut off.
    fn float_to_small_size(&mut self, a: V) -> V {
        if self.shape.isa == Isa::Avx512 {
            return self.float_to_u64(a);
        }
        let whole = self.round(a, Rounding::Trunc);
        let counted = self.counted(whole);
        let exponent = self.float(Width::W64, 2f64.powi(52));
        self.xor(counted, exponent)
    }

    /// A whole number below 2^52 in the low bits, behind an exponent.
    fn counted(&mut self, whole: V) -> V {
        let magic = self.float(Width::W64, 2f64.powi(52));
        self.fadd(whole, magic)
    }
}

/// The middle of the numbers that count in units of 1.
const MIDDLE: f64 = 3.0 * (1u64 << 51) as f64;

/// What dividing by a number means as a product: with 2^(l-1) < d <= 2^l, the quotient by d is that of the product
/// with 2^(64+l) / d by 2^(64+l), if the factor is made larger by less than one. Of a dividend up to 2^63 one bit less
/// is enough, and the factor has 64 bits.
struct Reciprocal {
    of: u64,
    /// Nothing for a power of two.
    factor: Option<u64>,
    /// Whether the factor has one more bit, which is set.
    is_long: bool,
    /// By how much the high half of the product is moved.
    shift: u8,
}

impl Reciprocal {
    /// Of a number above 0, for dividends up to `most`: 2^63 or all.
    fn new(of: u64, most: u64) -> Reciprocal {
        let l = (of - 1).checked_ilog2().map_or(0, |log| log + 1);
        if of.is_power_of_two() {
            return Reciprocal { of, factor: None, is_long: false, shift: l as u8 };
        }
        let is_long = most > 1 << 63;
        // Of 2^(64+l) the highest bit is taken away: it gives the 65th bit of the factor.
        let factor = match is_long {
            true => ((1u128 << 64) * ((1u128 << l) - u128::from(of)) / u128::from(of)) as u64 + 1,
            false => ((1u128 << (63 + l)) / u128::from(of)) as u64 + 1,
        };
        Reciprocal { of, factor: Some(factor), is_long, shift: if is_long { l as u8 } else { l as u8 - 1 } }
    }
}

#[cfg(test)]
mod tests {
    use super::Reciprocal;

    /// As `times` does it.
    fn quotient(a: u64, reciprocal: &Reciprocal) -> u64 {
        let Some(factor) = reciprocal.factor else { return a >> reciprocal.shift };
        let high = ((u128::from(a) * u128::from(factor)) >> 64) as u64;
        if !reciprocal.is_long {
            return high >> reciprocal.shift;
        }
        (high + ((a - high) >> 1)) >> (reciprocal.shift - 1)
    }

    #[test]
    fn reciprocals_are_exact() {
        let around = |bit: u32| (0..5).map(move |step| (1u64 << bit).wrapping_add(step).wrapping_sub(2));
        let mut divisors: Vec<u64> = (0..64).flat_map(around).chain(1..300).collect();
        divisors.extend([1_000_000_007, 86_400_000_000, u64::MAX, u64::MAX - 1, u64::MAX / 3]);
        divisors.retain(|&divisor| divisor != 0);
        for &divisor in &divisors {
            for most in [1 << 63, u64::MAX] {
                let reciprocal = Reciprocal::new(divisor, most);
                let multiples = divisors.iter().flat_map(|&by| [by.wrapping_mul(divisor), most - most % divisor]);
                let near = multiples.flat_map(|at| [at, at.wrapping_sub(1), at.wrapping_add(divisor - 1)]);
                for a in near.chain(divisors.iter().copied()).chain([0, most]).filter(|&a| a <= most) {
                    assert_eq!(quotient(a, &reciprocal), a / divisor, "{a} / {divisor}");
                }
            }
        }
    }
}
