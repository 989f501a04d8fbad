//! Places on hand-made bodies.

#![allow(clippy::unwrap_used)]

use filbert_ir::Type;

use super::super::build::Build;
use super::super::ir::{Shape, Ty, Width};
use super::*;

/// So many loads, and then the sum of all of them.
fn sum_of(isa: Isa, loads: u32) -> Body {
    let shape = Shape { isa, lanes: isa.bits() / 64 };
    let mut build = Build::new(shape);
    let ty = Ty::Lanes(Width::W64);
    let values: Vec<V> = (0..loads).map(|slot| build.push(What::Load { slot, elem: Type::F64 }, ty, &[])).collect();
    let mut sum = values[0];
    for &value in values[1..].iter().rev() {
        sum = build.fadd(value, sum);
    }
    build.push(What::Store { column: 0, elem: Type::F64 }, Ty::None, &[sum]);
    Body { shape, insts: build.insts, copies: 1, is_tail: false }
}

#[test]
fn values_stay_in_registers_as_long_as_there_are_some() {
    for (isa, registers) in [(Isa::Avx512, 32), (Isa::Avx2, 16)] {
        assert_eq!(allocate(&sum_of(isa, registers)).unwrap().slots, 0);
        assert_eq!(most_alive(&sum_of(isa, registers), Bank::Vector), registers);
        // One more than there are: two registers are kept aside, and one value more is wanted.
        assert_eq!(allocate(&sum_of(isa, registers + 1)).unwrap().slots, 3);
    }
}

#[test]
fn too_many_slots_are_refused() {
    assert_eq!(allocate(&sum_of(Isa::Avx2, 134)).unwrap().slots, 120);
    let why = allocate(&sum_of(Isa::Avx2, 135)).unwrap_err();
    assert_eq!(why, "needs 121 places on the stack, more than 120");
    let why = allocate(&sum_of(Isa::Avx512, 91)).unwrap_err();
    assert_eq!(why, "needs 61 places on the stack, more than 60");
}

/// Two values that live at the same time never share a register or a slot.
#[test]
fn no_place_has_two_values_at_once() {
    for (isa, loads) in [(Isa::Avx512, 10), (Isa::Avx512, 50), (Isa::Avx2, 12), (Isa::Avx2, 40)] {
        let body = sum_of(isa, loads);
        let places = allocate(&body).unwrap();
        let last = last_uses(&body);
        for later in 0..body.insts.len() {
            for (earlier, &end) in last.iter().enumerate().take(later) {
                let shared = places.of[earlier] == places.of[later];
                let named = matches!(places.of[later], Place::Register(_) | Place::Slot(_));
                assert!(!(shared && named && end > later), "v{earlier} and v{later} on {isa:?}");
            }
        }
    }
}
