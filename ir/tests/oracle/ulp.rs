//! Errors in units in the last place, against a value that is known to 100 bits.

use std::fmt;

use filbert_ir::{Scalar, Type};

/// Bits of a mantissa: more than a float has, so that errors of a hundredth of an ULP and less show.
const BITS: i32 = 100;

/// A real number that is not zero: mantissa * 2^exponent, with a mantissa of `BITS` bits.
#[derive(Clone, Debug)]
pub(super) struct Real {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

/// Precision, least and greatest exponent of the normal numbers of a type.
fn format(ty: Type) -> (i32, i32, i32) {
    if ty == Type::F32 { (24, -126, 127) } else { (53, -1022, 1023) }
}

/// 2^n, 0 or infinite where an f64 has no such value.
fn power_of_two(n: i32) -> f64 {
    libm::ldexp(1.0, n)
}

/// The unit in the last place of `value` in a type, for a value of ordinary size.
pub(super) fn last_place(value: f64, ty: Type) -> f64 {
    power_of_two(libm::ilogb(value) - format(ty).0 + 1)
}

impl Real {
    /// The number in this text, as the oracle writes it: `-1c0p-8`.
    pub(super) fn parse(text: &str) -> Option<Real> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = digits.split_once('p')?;
        let (mantissa, exponent) = (u128::from_str_radix(mantissa, 16).ok()?, exponent.parse::<i32>().ok()?);
        let up = BITS - (128 - mantissa.leading_zeros() as i32);
        (mantissa != 0 && up >= 0).then(|| Real { negative, mantissa: mantissa << up, exponent: exponent - up })
    }

    /// log2 of the magnitude, rounded down.
    fn magnitude(&self) -> i32 {
        self.exponent + BITS - 1
    }

    /// Exponent of the unit in the last place.
    fn unit(&self, ty: Type) -> i32 {
        let (precision, least, _) = format(ty);
        self.magnitude().max(least) - precision + 1
    }

    /// The unit in the last place, for a value of ordinary size.
    pub(super) fn last_place(&self, ty: Type) -> f64 {
        power_of_two(self.unit(ty))
    }

    /// How far a result is from this value, in units in the last place of this value. An infinity stands
    /// for the first power of two that is out of range, and is right for whatever is not below it. A zero
    /// must have the sign of the value.
    pub(super) fn error(&self, got: Scalar) -> f64 {
        let (ty, value) = match got {
            Scalar::F32(v) => (Type::F32, f64::from(v)),
            Scalar::F64(v) => (Type::F64, v),
            _ => return f64::INFINITY,
        };
        let (_, _, greatest) = format(ty);
        let same_sign = value.is_sign_negative() == self.negative;
        if value.is_nan() || (!same_sign && (value == 0.0 || value.is_infinite())) {
            return f64::INFINITY;
        }
        if value.is_infinite() && self.magnitude() > greatest {
            return 0.0;
        }
        // Both in units in the last place. The whole part of the exact value has as many bits as an f64 can
        // hold, and the difference of whole parts is exact where it is small.
        let unit = self.unit(ty);
        let down = (unit - self.exponent) as u32;
        let (whole, below) = if down < 128 { (self.mantissa >> down, self.mantissa << (128 - down)) } else { (0, 0) };
        let fraction = (below >> 64) as f64 / power_of_two(64);
        let magnitude = if value.is_infinite() {
            power_of_two(greatest + 1 - unit)
        } else {
            let (mantissa, exponent) = libm::frexp(value.abs());
            libm::ldexp(mantissa, exponent - unit)
        };
        let signed = if same_sign { magnitude } else { -magnitude };
        ((signed - whole as f64) - fraction).abs()
    }
}

impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = libm::ldexp(self.mantissa as f64, self.exponent);
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{magnitude:e} ({sign}{:#x} * 2^{})", self.mantissa, self.exponent)
    }
}

#[test]
fn errors_are_counted_in_the_last_place_of_the_exact_value() {
    let real = |text: &str| Real::parse(text).unwrap();
    let rows: &[(&str, Scalar, f64)] = &[
        ("1p0", Scalar::F64(1.0), 0.0),
        ("1p0", Scalar::F64(1.0f64.next_up()), 1.0),
        ("1p0", Scalar::F64(1.0f64.next_down()), 0.5),
        ("-1p0", Scalar::F64(-1.0f64.next_up()), 1.0),
        ("-1p0", Scalar::F64(1.0), 2f64.powi(53)),
        ("3p-1", Scalar::F32(1.5), 0.0),
        // A quarter of the way from 1 to its neighbour.
        ("1000001p-24", Scalar::F32(1.0), 0.5),
        ("2000001p-25", Scalar::F32(1.0), 0.25),
        ("2000001p-25", Scalar::F32(1.0f32.next_up()), 0.75),
        // Subnormals have the last place of the least normal number.
        ("1p-1074", Scalar::F64(f64::from_bits(1)), 0.0),
        ("1p-1074", Scalar::F64(0.0), 1.0),
        ("1p-1074", Scalar::F64(-0.0), f64::INFINITY),
        ("-1p-3000", Scalar::F64(-0.0), 0.0),
        ("3p-1076", Scalar::F64(f64::from_bits(1)), 0.25),
        // Around overflow.
        ("1p2000", Scalar::F64(f64::INFINITY), 0.0),
        ("1p1024", Scalar::F64(f64::INFINITY), 0.0),
        ("1p1024", Scalar::F64(f64::MAX), 0.5),
        ("ffffffp104", Scalar::F32(f32::INFINITY), 1.0),
        ("1p2000", Scalar::F64(f64::NEG_INFINITY), f64::INFINITY),
        ("1p0", Scalar::F64(f64::NAN), f64::INFINITY),
    ];
    for (text, got, want) in rows {
        assert_eq!(real(text).error(*got), *want, "{text} {got}");
    }
    assert!(real("1p2000").error(Scalar::F64(f64::MAX)) > 1e15);
}
