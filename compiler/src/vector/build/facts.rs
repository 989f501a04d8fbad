//! What the lanes of a value can be, as floats: where no NaN or no zero of a certain sign can come, the least of two
//! numbers is one instruction, and nothing need be made canonical.
//!
//! Facts follow from the instruction that makes a value and those of its operands; of what a loop carries, and of
//! elements as they come from memory, nothing is known. They hold of lanes that somebody looks at and others alike.

use super::Build;
use crate::vector::ir::{Ty, V, What, Width};
use crate::vector::machine::Machine;

/// Instructions that are looked at one behind the other.
const DEPTH_MAX: u32 = 64;

/// What is possible; `false` says that it is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Facts {
    pub(super) nan: bool,
    /// A NaN that an operation would make quiet.
    pub(super) signalling: bool,
    pub(super) positive_zero: bool,
    pub(super) negative_zero: bool,
    /// A number below zero, or the infinity there.
    pub(super) below: bool,
}

impl Facts {
    const ANYTHING: Facts =
        Facts { nan: true, signalling: true, positive_zero: true, negative_zero: true, below: true };

    /// What an operation may give: a NaN is a quiet one.
    const RESULT: Facts = Facts { signalling: false, ..Facts::ANYTHING };

    /// The sign bit is not set, or it is a NaN.
    fn is_positive(self) -> bool {
        !self.negative_zero && !self.below
    }

    /// A result without a sign bit, but for a NaN.
    fn positive(nan: bool) -> Facts {
        Facts { nan, negative_zero: false, below: false, ..Facts::RESULT }
    }

    fn or(self, other: Facts) -> Facts {
        Facts {
            nan: self.nan || other.nan,
            signalling: self.signalling || other.signalling,
            positive_zero: self.positive_zero || other.positive_zero,
            negative_zero: self.negative_zero || other.negative_zero,
            below: self.below || other.below,
        }
    }

    fn of(value: f64, signalling: bool) -> Facts {
        let is_zero = value == 0.0;
        Facts {
            nan: value.is_nan(),
            signalling,
            positive_zero: is_zero && value.is_sign_positive(),
            negative_zero: is_zero && value.is_sign_negative(),
            below: value < 0.0,
        }
    }

    /// Of a constant's bits, in lanes of this width.
    fn of_bits(width: Width, bits: u64) -> Facts {
        let narrow = |bits: u32| {
            let value = f32::from_bits(bits);
            Facts::of(value.into(), value.is_nan() && bits & 0x0040_0000 == 0)
        };
        match width {
            Width::W64 => {
                let value = f64::from_bits(bits);
                Facts::of(value, value.is_nan() && bits & 0x0008_0000_0000_0000 == 0)
            }
            Width::W32 => narrow(bits as u32).or(narrow((bits >> 32) as u32)),
        }
    }
}

impl Build {
    /// What the lanes of a float can be.
    pub(super) fn facts(&mut self, v: V) -> Facts {
        self.facts_to(v, DEPTH_MAX)
    }

    fn facts_to(&mut self, v: V, depth: u32) -> Facts {
        if let Some(&facts) = self.facts.get(&v) {
            return facts;
        }
        let Some(depth) = depth.checked_sub(1) else { return Facts::ANYTHING };
        let facts = self.made_facts(v, depth);
        self.facts.insert(v, facts);
        facts
    }

    fn made_facts(&mut self, v: V, depth: u32) -> Facts {
        let inst = self.insts[v.index()];
        let Ty::Lanes(width) = inst.ty else { return Facts::ANYTHING };
        let machine = match inst.what {
            What::Const(bits) => return Facts::of_bits(width, bits),
            What::Machine(machine, _) => machine,
            _ => return Facts::ANYTHING,
        };
        let args = inst.args;
        let mut of = |place: usize| self.facts_to(args[place], depth);
        match machine {
            Machine::AddF64 | Machine::AddF32 => {
                let (a, b) = (of(0), of(1));
                // Infinities of both signs make a NaN, and only two zeros that are negative make one.
                let nan = a.nan || b.nan || !(a.is_positive() && b.is_positive());
                let below = a.below || b.below;
                Facts { nan, below, negative_zero: a.negative_zero && b.negative_zero, ..Facts::RESULT }
            }
            Machine::SubF64 | Machine::SubF32 => {
                let (a, b) = (of(0), of(1));
                Facts { negative_zero: a.negative_zero && b.positive_zero, ..Facts::RESULT }
            }
            Machine::MulF64 | Machine::MulF32 if args[0] == args[1] => Facts::positive(of(0).nan),
            Machine::MulF64 | Machine::MulF32 | Machine::DivF64 | Machine::DivF32 => {
                if of(0).is_positive() && of(1).is_positive() { Facts::positive(true) } else { Facts::RESULT }
            }
            Machine::Fma213F64 | Machine::Fma213F32 => {
                let is_square = args[0] == args[1];
                let is_positive = (is_square || (of(0).is_positive() && of(1).is_positive())) && of(2).is_positive();
                let nan = !is_square || of(0).nan || of(2).nan;
                if is_positive { Facts::positive(nan) } else { Facts::RESULT }
            }
            Machine::SqrtF64 | Machine::SqrtF32 => {
                let a = of(0);
                Facts { nan: a.nan || a.below, negative_zero: a.negative_zero, below: false, ..Facts::RESULT }
            }
            Machine::RoundF64 | Machine::RoundF32 => {
                let a = of(0);
                // What is below zero may become the zero of its sign.
                Facts { nan: a.nan, below: a.below, negative_zero: a.negative_zero || a.below, ..Facts::RESULT }
            }
            // The second is what comes of two that are equal, or of which one is NaN.
            Machine::MinF64 | Machine::MinF32 | Machine::MaxF64 | Machine::MaxF32 => {
                let (a, b) = (of(0), of(1));
                Facts { nan: b.nan, signalling: b.signalling, ..a.or(b) }
            }
            Machine::RangeF64 | Machine::RangeF32 => {
                let (a, b) = (of(0), of(1));
                let nan = (a.nan && b.nan) || a.signalling || b.signalling;
                Facts { nan, signalling: false, ..a.or(b) }
            }
            Machine::FixF64 | Machine::FixF32 => Facts { nan: true, signalling: false, ..of(1) },
            Machine::Blend64 | Machine::Blend32 => of(1).or(of(2)),
            Machine::Keep64 | Machine::Keep32 => Facts { positive_zero: true, ..of(1) },
            Machine::And64 | Machine::And32 => match self.const_bits(args[1]) {
                Some(0x7fff_ffff_ffff_ffff) if width == Width::W64 => self.magnitude(args[0], depth),
                Some(0x7fff_ffff_7fff_ffff) if width == Width::W32 => self.magnitude(args[0], depth),
                _ => Facts::ANYTHING,
            },
            Machine::I32ToF64 | Machine::I64ToF64 | Machine::I32ToF32 | Machine::I64ToF32 => {
                Facts { nan: false, negative_zero: false, ..Facts::RESULT }
            }
            Machine::U32ToF64 | Machine::U64ToF64 | Machine::U32ToF32 | Machine::U64ToF32 => Facts::positive(false),
            Machine::F32ToF64 | Machine::F64ToF32 => {
                // What is too small becomes zero.
                let a = of(0);
                Facts { signalling: false, positive_zero: true, negative_zero: a.negative_zero || a.below, ..a }
            }
            _ => Facts::ANYTHING,
        }
    }

    fn magnitude(&mut self, of: V, depth: u32) -> Facts {
        let a = self.facts_to(of, depth);
        Facts { positive_zero: a.positive_zero || a.negative_zero, negative_zero: false, below: false, ..a }
    }
}
