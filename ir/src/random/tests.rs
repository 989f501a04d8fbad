#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::{datum_rows, kernel, rich_kernel, rows};
use crate::interp::{Control, Interpreter, Row, RowEnd};
use crate::kernel::Def;
use crate::limits::VALUES_MAX;
use crate::op::{Fault, Op};
use crate::signature::{Array, Datum, OnError, Param, ResultTy};
use crate::types::{Scalar, Type};
use crate::verify::verify;

#[test]
fn every_kernel_verifies_and_is_about_as_large_as_wanted() {
    for make in [kernel, rich_kernel] {
        for (seeds, size) in [(0..1000, 40), (1000..1040, 500), (1040..1046, usize::MAX), (1046..1050, 0)] {
            for seed in seeds {
                let kernel = make(seed, size);
                let values = kernel.core.values.len();
                let wanted = size.min(VALUES_MAX / 2);
                assert!((wanted..wanted + 60).contains(&values), "seed {seed}: {values} values for {size}");
                verify(kernel).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            }
        }
    }
}

#[test]
fn same_seed_same_kernel_and_rows() {
    for make in [kernel, rich_kernel] {
        assert_eq!(make(7, 100), make(7, 100));
        assert_ne!(make(7, 100).core, make(8, 100).core);
    }
    assert_eq!(rows(7, &Type::ALL, 50), rows(7, &Type::ALL, 50));
    assert_eq!(rows(7, &[Type::U32], 3), [[Scalar::U32(33)], [Scalar::U32(1610551586)], [Scalar::U32(3)]]);
    let signature = &rich_kernel(7, 10).core.signature;
    assert_eq!(datum_rows(7, signature, 50), datum_rows(7, signature, 50));
}

#[test]
fn every_operation_and_type_appears() {
    for make in [kernel, rich_kernel] {
        let (mut ops, mut tys) = (BTreeMap::new(), BTreeSet::new());
        let (mut ifs, mut yields_more, mut empty) = (0, 0, 0);
        for seed in 0..400 {
            for value in &make(seed, 80).core.values {
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
}

/// Counts by name; a test that fails shows them all.
#[derive(Default, Debug)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, what: &'static str, count: impl Into<u64>) {
        *self.0.entry(what).or_insert(0) += count.into();
    }

    fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// `what` is `low..=high` percent of `of`.
    fn share(&self, what: &str, of: &str, low: u64, high: u64) {
        let percent = self.of(what) * 100 / self.of(of).max(1);
        assert!((low..=high).contains(&percent), "{what} are {percent} % of {of}, want {low} to {high}: {self:#?}");
    }
}

/// A differential test needs rows that fail and, more than those, rows that do not.
#[test]
fn a_fair_share_of_rows_has_results() {
    let mut counts = Counts::default();
    for seed in 0..300 {
        let kernel = verify(kernel(seed, 60)).unwrap();
        let mut interpreter = Interpreter::new(&kernel);
        let mut out = vec![0; kernel.core.returns.len()];
        for row in rows(seed, &kernel.core.slot_types(), 40) {
            let args: Vec<u64> = row.iter().map(|s| s.bits()).collect();
            counts.add("rows", 1u64);
            if interpreter.scalar_row(&args, &mut out).is_err() {
                continue;
            }
            counts.add("good rows", 1u64);
            for (ty, &bits) in kernel.core.return_types().into_iter().zip(&out) {
                counts.add("floats", ty.is_float());
                counts.add("nans", matches!(Scalar::from_bits(ty, bits), Scalar::F64(v) if v.is_nan()));
            }
        }
    }
    counts.share("good rows", "rows", 40, 95);
    counts.share("nans", "floats", 1, 50);
}

#[test]
fn rich_kernels_have_every_shape() {
    let mut counts = Counts::default();
    for seed in 0..1000 {
        let kernel = rich_kernel(seed, 60);
        let (core, signature) = (&kernel.core, &kernel.core.signature);
        counts.add("kernels", 1u64);
        let any_param = |is: fn(&Param) -> bool| signature.params.iter().any(is);
        let any_result = |is: fn(&ResultTy) -> bool| signature.results.iter().any(is);
        let any_value = |is: fn(&Def) -> bool| core.values.iter().any(|value| is(&value.def));
        counts.add("nullable parameters", any_param(|p| matches!(p, Param::Scalar { nullable: true, .. })));
        counts.add("time parameters", any_param(|p| matches!(p, Param::Scalar { ty, .. } if ty.plain().is_none())));
        counts.add("lists", any_param(|p| matches!(p, Param::List { .. })));
        counts.add("lists in rows", any_param(|p| matches!(p, Param::List { inner: 2.., .. })));
        counts.add("fixed lists", any_param(|p| matches!(p, Param::List { len: Some(_), .. })));
        counts.add("nullable results", any_result(|r| matches!(r, ResultTy::Scalar { nullable: true, .. })));
        counts.add("time results", any_result(|r| matches!(r, ResultTy::Scalar { ty, .. } if ty.plain().is_none())));
        counts.add("fixed results", any_result(|r| matches!(r, ResultTy::Fixed { .. })));
        counts.add("list results", any_result(|r| matches!(r, ResultTy::List { .. })));
        counts.add("list results in rows", any_result(|r| matches!(r, ResultTy::List { inner: 2.., .. })));
        counts.add("on_error", signature.on_error == OnError::Null);
        counts.add("tables", !core.tables.is_empty());
        counts.add("loops", core.has_loops());
        counts.add("loads of lists", any_value(|d| matches!(d, Def::Load { array: Array::Param(_), .. })));
        counts.add("loads of results", any_value(|d| matches!(d, Def::Load { array: Array::Result(_), .. })));
        counts.add("loads of tables", any_value(|d| matches!(d, Def::Load { array: Array::Table(_), .. })));
        counts.add("stores", any_value(|d| matches!(d, Def::Store { .. })));
        counts.add("wide loops", any_value(|d| matches!(d, Def::Loop { inits, .. } if inits.len() > 2)));
        let mut carried: Vec<Type> = Vec::new();
        for (index, value) in core.values.iter().enumerate() {
            if let Def::Loop { body, .. } = &value.def {
                let inside = &core.values[body.start.index()..body.end.index()];
                counts.add("nested loops", inside.iter().any(|v| matches!(v.def, Def::Loop { .. })));
                counts.add(
                    "swaps",
                    body.yields[1..].iter().enumerate().any(|(place, id)| {
                        id.0 > body.start.0
                            && id.index() != index + 1 + place
                            && matches!(core.value(*id).def, Def::Carried(_))
                    }),
                );
            }
            if matches!(value.def, Def::Carried(_)) {
                carried.push(value.ty);
            }
        }
        counts.add("carried bools", carried.contains(&Type::Bool));
        counts.add("carried floats", carried.contains(&Type::F32) || carried.contains(&Type::F64));
    }
    let least = [
        ("nullable parameters", 30),
        ("time parameters", 20),
        ("lists", 40),
        ("lists in rows", 15),
        ("fixed lists", 10),
        ("nullable results", 30),
        ("time results", 3),
        ("fixed results", 20),
        ("list results", 30),
        ("list results in rows", 10),
        ("on_error", 8),
        ("tables", 25),
        ("loops", 60),
        ("wide loops", 30),
        ("nested loops", 20),
        ("swaps", 6),
        ("carried bools", 10),
        ("carried floats", 30),
        ("loads of lists", 30),
        ("loads of results", 10),
        ("loads of tables", 15),
        ("stores", 20),
    ];
    for (what, percent) in least {
        counts.share(what, "kernels", percent, 100);
    }
}

#[test]
fn rich_rows_loop_and_mostly_have_results() {
    let mut counts = Counts::default();
    for seed in 0..500 {
        let kernel = verify(rich_kernel(seed, 60)).unwrap();
        let mut interpreter = Interpreter::new(&kernel);
        let mut out = vec![0; kernel.core.returns.len()];
        let (mut goes_on, mut has_result) = (false, false);
        for args in datum_rows(seed, &kernel.core.signature, 40) {
            counts.add("rows", 1u64);
            for arg in &args {
                match arg {
                    Datum::List(list) => {
                        counts.add("lists", 1u64);
                        counts.add("empty lists", list.is_empty());
                        counts.add("lists of one", list.len() == 1);
                        counts.add("long lists", list.len() > 16);
                    }
                    _ => counts.add("null arguments", *arg == Datum::Null),
                }
            }
            let Some(mut row) = Row::new(&kernel.core, &args) else {
                counts.add("null rows", 1u64);
                continue;
            };
            let zeros = row.memory.results.clone();
            let mut control = Control::new(100_000, None);
            match interpreter.row(&row.slots, &mut row.memory, &mut control, &mut out) {
                Ok(()) => {
                    has_result = true;
                    counts.add("good rows", 1u64);
                    counts.add("rows that write", row.memory.results != zeros);
                    // Without fuel a row that went on fails.
                    let mut row = Row::new(&kernel.core, &args).unwrap();
                    let again = interpreter.row(&row.slots, &mut row.memory, &mut Control::new(0, None), &mut out);
                    counts.add("rows that go on", again.is_err());
                    goes_on |= again.is_err();
                }
                Err(RowEnd::Fault(fault)) => {
                    counts.add("out of fuel", fault.fault == Fault::Fuel);
                    counts.add("out of range", fault.fault == Fault::IndexRange);
                }
                Err(RowEnd::Stopped) => unreachable!("nobody asks to stop"),
            }
        }
        counts.add("kernels", 1u64);
        counts.add("kernels that loop", kernel.core.has_loops());
        counts.add("kernels that go on", goes_on);
        counts.add("kernels with results", has_result);
    }
    counts.share("good rows", "rows", 40, 90);
    counts.share("kernels with results", "kernels", 80, 100);
    counts.share("kernels that go on", "kernels that loop", 60, 100);
    counts.share("rows that go on", "good rows", 30, 90);
    counts.share("rows that write", "good rows", 5, 60);
    counts.share("out of fuel", "rows", 1, 10);
    counts.share("out of range", "rows", 2, 20);
    counts.share("null rows", "rows", 2, 10);
    counts.share("empty lists", "lists", 5, 20);
    counts.share("lists of one", "lists", 5, 30);
    counts.share("long lists", "lists", 5, 30);
}
