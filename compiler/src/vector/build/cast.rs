//! Conversions between lanes: widths, integers to floats, floats to integers.
//!
//! Floats become integers as Rust's `as` says: towards zero, limited to the type's values, 0 for NaN. What a
//! machine has no instructions for is refused with `None`, and the kernel stays with the scalar back end.

use super::Build;
use super::float::{Compare, Rounding};
use crate::vector::ir::{Isa, Ty, V, Width};
use crate::vector::machine::Machine;

impl Build {
    /// Integers of 32 bits in lanes of 64.
    pub(in crate::vector) fn widen(&mut self, signed: bool, a: V) -> V {
        let machine = if signed { Machine::I32ToI64 } else { Machine::U32ToU64 };
        self.machine(machine, Ty::Lanes(Width::W64), &[a])
    }

    /// The low halves of lanes of 64 bits.
    pub(in crate::vector) fn narrow(&mut self, a: V) -> V {
        match self.shape.isa {
            Isa::Avx512 => self.machine(Machine::Low32, Ty::Lanes(Width::W32), &[a]),
            Isa::Avx2 => self.low_halves(a, Ty::Lanes(Width::W32)),
        }
    }

    /// AVX2: elements 0 and 2 of both halves of the register.
    pub(super) fn low_halves(&mut self, a: V, ty: Ty) -> V {
        let high = self.machine_imm(Machine::High128, Ty::Packed, &[a], 1);
        self.machine_imm(Machine::Shuffle32, ty, &[a, high], 0b10_00_10_00)
    }

    /// An integer as the nearest float, halves to even.
    pub(in crate::vector) fn int_to_float(&mut self, signed: bool, a: V, to: Width) -> Option<V> {
        let ty = Ty::Lanes(to);
        let direct = match (self.width(a), to, signed) {
            (Width::W32, Width::W64, true) => Some(Machine::I32ToF64),
            (Width::W32, Width::W32, true) => Some(Machine::I32ToF32),
            _ if self.shape.isa == Isa::Avx2 => None,
            (Width::W32, Width::W64, false) => Some(Machine::U32ToF64),
            (Width::W32, Width::W32, false) => Some(Machine::U32ToF32),
            (Width::W64, Width::W64, true) => Some(Machine::I64ToF64),
            (Width::W64, Width::W64, false) => Some(Machine::U64ToF64),
            (Width::W64, Width::W32, true) => Some(Machine::I64ToF32),
            (Width::W64, Width::W32, false) => Some(Machine::U64ToF32),
        };
        if let Some(machine) = direct {
            return Some(self.machine(machine, ty, &[a]));
        }
        match (self.width(a), to) {
            (Width::W32, Width::W64) => {
                let wide = self.widen(false, a);
                Some(self.quad_to_double(false, wide))
            }
            (Width::W32, Width::W32) => {
                // Two halves of 16 bits, each exact; only their sum rounds.
                let (high, low_bits) = (self.shr(a, 16), self.constant(Width::W32, 0xffff));
                let low = self.and(a, low_bits);
                let [high, low] = [high, low].map(|v| self.machine(Machine::I32ToF32, ty, &[v]));
                let scale = self.float(Width::W32, 65536.0);
                let high = self.fmul(high, scale);
                Some(self.fadd(high, low))
            }
            (Width::W64, Width::W64) => Some(self.quad_to_double(signed, a)),
            // By way of f64 it would round twice.
            (Width::W64, Width::W32) => None,
        }
    }

    /// 64-bit integers to f64 without an instruction for it. The halves of 32 bits are put below the exponents
    /// of 2^84 and 2^52, where they count units of 2^32 and 1; with the sign's bit turned over the upper one is
    /// 2^63 too large. Taking the surplus away is exact, the sum rounds once.
    fn quad_to_double(&mut self, signed: bool, a: V) -> V {
        let low_bits = self.constant(Width::W64, 0xffff_ffff);
        let low = self.and(a, low_bits);
        let low_exponent = self.constant(Width::W64, 0x4330_0000_0000_0000);
        let low = self.or(low, low_exponent);
        let high = self.shr(a, 32);
        let (exponent, surplus) = match signed {
            true => (0x4530_0000_8000_0000, 0x4530_0000_8010_0000),
            false => (0x4530_0000_0000_0000, 0x4530_0000_0010_0000),
        };
        let (exponent, surplus) = (self.constant(Width::W64, exponent), self.constant(Width::W64, surplus));
        let high = self.xor(high, exponent);
        let high = self.fsub(high, surplus);
        self.fadd(high, low)
    }

    /// A float of one width as that of the other.
    pub(in crate::vector) fn float_to_float(&mut self, a: V) -> V {
        match self.width(a) {
            Width::W32 => self.machine(Machine::F32ToF64, Ty::Lanes(Width::W64), &[a]),
            Width::W64 => self.machine(Machine::F64ToF32, Ty::Lanes(Width::W32), &[a]),
        }
    }

    /// A float as an integer of so many bits.
    pub(in crate::vector) fn float_to_int(&mut self, a: V, signed: bool, bits: u32) -> Option<V> {
        let from = self.width(a);
        if bits < 32 {
            // The limits are exact in both floats, and what lies between converts.
            let (low, high) = match signed {
                true => (-(2f64.powi(bits as i32 - 1)), 2f64.powi(bits as i32 - 1) - 1.0),
                false => (0.0, 2f64.powi(bits as i32) - 1.0),
            };
            let (low, high) = (self.float(from, low), self.float(from, high));
            let ordered = self.fcompare(Compare::Eq, a, a);
            let limited = self.lesser(a, high);
            let limited = self.greater(limited, low);
            let whole = self.float_to_i32(limited);
            return Some(self.or_zero(ordered, whole));
        }
        match (bits, signed, self.shape.isa) {
            (32, true, _) => {
                // Below the least it gives the least by itself, as for everything that does not fit.
                let whole = self.float_to_i32(a);
                let limit = self.float(from, 2f64.powi(31));
                Some(self.limit_above(a, limit, whole, u64::from(i32::MAX as u32)))
            }
            (32, false, Isa::Avx512) => {
                let machine = if from == Width::W64 { Machine::F64ToU32 } else { Machine::F32ToU32 };
                Some(self.unsigned(a, machine, Width::W32))
            }
            (64, true, Isa::Avx512) => {
                let machine = if from == Width::W64 { Machine::F64ToI64 } else { Machine::F32ToI64 };
                let whole = self.machine(machine, Ty::Lanes(Width::W64), &[a]);
                let limit = self.float(from, 2f64.powi(63));
                Some(self.limit_above(a, limit, whole, i64::MAX as u64))
            }
            (64, false, Isa::Avx512) => {
                let machine = if from == Width::W64 { Machine::F64ToU64 } else { Machine::F32ToU64 };
                Some(self.unsigned(a, machine, Width::W64))
            }
            (32, false, Isa::Avx2) if from == Width::W64 => {
                // A whole number below 2^32 stands in the low bits of its sum with 2^52.
                let ordered = self.fcompare(Compare::Eq, a, a);
                let (zero, most) = (self.float(from, 0.0), self.float(from, 4294967295.0));
                let limited = self.lesser(a, most);
                let limited = self.greater(limited, zero);
                let whole = self.round(limited, Rounding::Trunc);
                let magic = self.float(from, 2f64.powi(52));
                let sum = self.fadd(whole, magic);
                let sum = self.or_zero(ordered, sum);
                Some(self.narrow(sum))
            }
            _ => None,
        }
    }

    /// Cut off, as the machine does it: for what fits.
    pub(super) fn float_to_i32(&mut self, a: V) -> V {
        let machine = match self.width(a) {
            Width::W64 => Machine::F64ToI32,
            Width::W32 => Machine::F32ToI32,
        };
        self.machine(machine, Ty::Lanes(Width::W32), &[a])
    }

    /// The same without sign, which only AVX-512 has.
    pub(super) fn float_to_u32(&mut self, a: V) -> V {
        let machine = if self.width(a) == Width::W64 { Machine::F64ToU32 } else { Machine::F32ToU32 };
        self.machine(machine, Ty::Lanes(Width::W32), &[a])
    }

    /// The same of an f64 and 64 bits with sign.
    pub(super) fn float_to_i64(&mut self, a: V) -> V {
        self.machine(Machine::F64ToI64, Ty::Lanes(Width::W64), &[a])
    }

    /// And without.
    pub(super) fn float_to_u64(&mut self, a: V) -> V {
        self.machine(Machine::F64ToU64, Ty::Lanes(Width::W64), &[a])
    }

    /// What was converted with sign, but for the greatest value from the limit on, and 0 for NaN.
    fn limit_above(&mut self, a: V, limit: V, whole: V, greatest: u64) -> V {
        let above = self.fcompare(Compare::Ge, a, limit);
        let greatest = self.constant(self.width(whole), greatest);
        let limited = self.select(above, greatest, whole);
        let ordered = self.fcompare(Compare::Eq, a, a);
        self.or_zero(ordered, limited)
    }

    /// A conversion without sign: all ones, the greatest value, for what does not fit; so 0 for whatever is not
    /// above 0.
    fn unsigned(&mut self, a: V, machine: Machine, to: Width) -> V {
        let whole = self.machine(machine, Ty::Lanes(to), &[a]);
        let zero = self.float(self.width(a), 0.0);
        let above = self.fcompare(Compare::Gt, a, zero);
        self.or_zero(above, whole)
    }

    /// Narrow integers side by side, as an AVX2 machine stores them; on AVX-512 the store does it.
    pub(in crate::vector) fn packed(&mut self, a: V, bytes: usize) -> V {
        if self.shape.isa == Isa::Avx512 || bytes >= 4 {
            return a;
        }
        // Packing saturates: cut off what does not belong to the element first.
        let element = self.constant(Width::W32, (1 << (bytes * 8)) - 1);
        let element = self.and(a, element);
        let high = match self.shape.lanes {
            8 => self.machine_imm(Machine::High128, Ty::Packed, &[element], 1),
            _ => element,
        };
        let halves = self.machine(Machine::PackU16, Ty::Packed, &[element, high]);
        match bytes {
            2 => halves,
            _ => self.machine(Machine::PackU8, Ty::Packed, &[halves, halves]),
        }
    }
}
