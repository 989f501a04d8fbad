#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::{kernel, rows};
use crate::interp::Interpreter;
use crate::kernel::Def;
use crate::limits::VALUES_MAX;
use crate::op::Op;
use crate::types::{Scalar, Type};
use crate::verify::verify;

#[test]
fn every_kernel_verifies_and_is_about_as_large_as_wanted() {
    for (seeds, size) in [(0..300, 40), (300..320, 500), (320..322, usize::MAX), (322..325, 0)] {
        for seed in seeds {
            let kernel = kernel(seed, size);
            let values = kernel.core.values.len();
            let wanted = size.min(VALUES_MAX / 2);
            assert!((wanted..wanted + 40).contains(&values), "seed {seed}: {values} values for {size}");
            verify(kernel).unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
        }
    }
}

#[test]
fn same_seed_same_kernel_and_rows() {
    assert_eq!(kernel(7, 100), kernel(7, 100));
    assert_ne!(kernel(7, 100).core, kernel(8, 100).core);
    assert_eq!(rows(7, &Type::ALL, 50), rows(7, &Type::ALL, 50));
    assert_eq!(rows(7, &[Type::U32], 3), [[Scalar::U32(33)], [Scalar::U32(1610551586)], [Scalar::U32(3)]]);
}

#[test]
fn every_operation_and_type_appears() {
    let (mut ops, mut tys) = (BTreeMap::new(), BTreeSet::new());
    let (mut ifs, mut yields_more, mut empty) = (0, 0, 0);
    for seed in 0..400 {
        for value in &kernel(seed, 60).core.values {
            tys.insert(value.ty);
            match &value.def {
                Def::Op(op, _) => *ops.entry(*op).or_insert(0) += 1,
                Def::If { then, otherwise, .. } => {
                    ifs += 1;
                    yields_more += (then.yields.len() > 1) as u32;
                    empty += (then.start == then.end || otherwise.start == otherwise.end) as u32;
                }
                _ => {}
            }
        }
    }
    let missing: Vec<_> = Op::ALL.iter().filter(|op| ops.get(op).is_none_or(|&n| n < 5)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(tys.len(), Type::ALL.len());
    assert!(ifs > 400 && yields_more > 200 && empty > 20, "{ifs} {yields_more} {empty}");
}

/// A differential test needs rows that fail and, more than those, rows that do not.
#[test]
fn a_fair_share_of_rows_has_results() {
    let (mut good, mut bad, mut nans, mut floats) = (0, 0, 0, 0);
    for seed in 0..300 {
        let kernel = verify(kernel(seed, 60)).unwrap();
        let mut interpreter = Interpreter::new(&kernel);
        let mut out = vec![0; kernel.core.returns.len()];
        for row in rows(seed, &kernel.core.slot_types(), 40) {
            let args: Vec<u64> = row.iter().map(|s| s.bits()).collect();
            if interpreter.scalar_row(&args, &mut out).is_err() {
                bad += 1;
                continue;
            }
            good += 1;
            for (ty, &bits) in kernel.core.return_types().into_iter().zip(&out) {
                floats += ty.is_float() as u32;
                nans += matches!(Scalar::from_bits(ty, bits), Scalar::F64(v) if v.is_nan()) as u32;
            }
        }
    }
    let share = good * 100 / (good + bad);
    assert!((40..95).contains(&share), "{share} % of rows have results");
    assert!(nans * 2 < floats, "{nans} of {floats} are NaN");
}
