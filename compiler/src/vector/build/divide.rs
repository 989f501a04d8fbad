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
//!   leaves less than 2 b, and one comparison does the rest.
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

    /// The same of 64 bits with sign that are proved to be at most 2^51 from 0, and so are their quotients: f64 has
    /// them all.
    pub(in crate::vector) fn divide_small(&mut self, a: V, b: V, divisor: Option<i128>) -> Divided {
        let float = |build: &mut Build, v| build.int_to_float(true, v, Width::W64).expect("every machine has this");
        let dividend = float(self, a);
        // Too close to one another for a reciprocal.
        let by = match divisor {
            Some(divisor) => self.float(Width::W64, divisor as f64),
            None => float(self, b),
        };
        let quotient = self.fdiv(dividend, by);
        let quotient = match self.shape.isa {
            Isa::Avx512 => self.float_to_i64(quotient),
            Isa::Avx2 => {
                // Whole numbers of either sign stand in the low bits of their sum with 3 * 2^51.
                let whole = self.round(quotient, Rounding::Trunc);
                let magic = self.float(Width::W64, 1.5 * 2f64.powi(52));
                let sum = self.fadd(whole, magic);
                self.isub(sum, magic)
            }
        };
        let product = self.imul(quotient, b);
        Divided { quotient, remainder: self.isub(a, product) }
    }

    fn divide_wide(&mut self, signed: bool, a: V, b: V, divisor: Option<i128>) -> Divided {
        if !signed {
            return self.divide_sizes(a, b, divisor);
        }
        // Of the least number the magnitude is 2^63, as a number without sign.
        let sizes = [a, b].map(|v| self.iabs(v));
        let found = self.divide_sizes(sizes[0], sizes[1], divisor.map(i128::abs));
        let apart = self.xor(a, b);
        Divided { quotient: self.signed_as(found.quotient, apart), remainder: self.signed_as(found.remainder, a) }
    }

    /// The number, or its negative where the other one is negative.
    fn signed_as(&mut self, size: V, other: V) -> V {
        let negative = self.signs(other);
        let negated = self.ineg(size);
        self.select(negative, negated, size)
    }

    /// 64 bits without sign.
    fn divide_sizes(&mut self, a: V, b: V, divisor: Option<i128>) -> Divided {
        let lessened = 1.0 - 2f64.powi(-50);
        let reciprocal = match divisor {
            Some(divisor) => self.float(Width::W64, lessened / divisor as f64),
            None => {
                let (one, float) = (self.float(Width::W64, lessened), self.size_to_float(b));
                self.fdiv(one, float)
            }
        };
        let float = self.size_to_float(a);
        let first = self.fmul(float, reciprocal);
        let first = self.float_to_size(first);
        let product = self.imul(first, b);
        let left = self.isub(a, product);
        let float = self.size_to_float(left);
        let second = self.fmul(float, reciprocal);
        let second = self.float_to_small_size(second);
        let product = match self.shape.isa {
            Isa::Avx512 => self.imul(second, b),
            // It has no upper half to multiply.
            Isa::Avx2 => {
                let upper = self.shr(b, 32);
                let (low, high) = (self.low_product(false, b, second), self.low_product(false, upper, second));
                let high = self.shl(high, 32);
                self.iadd(low, high)
            }
        };
        let left = self.isub(left, product);
        let rest = self.isub(left, b);
        let is_more = self.icompare(Order::Ge, false, left, b);
        let quotient = self.iadd(first, second);
        let one = self.constant(Width::W64, 1);
        let above = self.iadd(quotient, one);
        Divided { quotient: self.select(is_more, above, quotient), remainder: self.select(is_more, rest, left) }
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
        let [a_high, b_high] = [a, b].map(|v| self.shr(v, 32));
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

    /// A float from 0 up to 2^64 as a whole number, cut off.
    fn float_to_size(&mut self, a: V) -> V {
        if self.shape.isa == Isa::Avx512 {
            return self.float_to_u64(a);
        }
        let (down, up) = (self.float(Width::W64, 2f64.powi(-32)), self.float(Width::W64, 2f64.powi(32)));
        let high = self.fmul(a, down);
        let high = self.round(high, Rounding::Trunc);
        let negative = self.fneg(high);
        let low = self.fma(negative, up, a);
        let low = self.round(low, Rounding::Trunc);
        let high = self.counted(high);
        let (high, low) = (self.shl(high, 32), self.counted(low));
        let low_bits = self.constant(Width::W64, 0xffff_ffff);
        let low = self.and(low, low_bits);
        self.or(high, low)
    }

    /// The same of less than 2^52.
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
