//! Casts: Rust's `as`.

use filbert_ir::{Type, ValueId};

use super::{Convert, Refused};
use crate::vector::ir::{V, Width};

impl Convert<'_> {
    pub(super) fn cast(&mut self, arg: ValueId, to: Type) -> Result<V, Refused> {
        let from = self.core.ty(arg);
        let x = self.value(arg);
        let build = &mut self.build;
        let refused = || format!("has a cast of {from} to {to}, which this CPU cannot do in a vector");
        match (from, to) {
            _ if from == to => Ok(x),
            (Type::F32, Type::F64) | (Type::F64, Type::F32) => Ok(build.float_to_float(x)),
            (Type::Bool, _) => {
                let one = build.constant(Width::of(to), 1);
                Ok(build.or_zero(x, one))
            }
            _ if from.is_float() => build.float_to_int(x, to.is_signed(), to.bits()).ok_or_else(refused),
            // Lanes hold narrow integers as they are, so their sign is that of the lane.
            _ if to.is_float() => {
                let signed = from.is_signed() || from.bits() < 32;
                build.int_to_float(signed, x, Width::of(to)).ok_or_else(refused)
            }
            _ => {
                let resized = match (build.width(x), Width::of(to)) {
                    (Width::W32, Width::W64) => build.widen(from.is_signed(), x),
                    (Width::W64, Width::W32) => build.narrow(x),
                    _ => x,
                };
                Ok(self.wrapped(to, resized))
            }
        }
    }
}
