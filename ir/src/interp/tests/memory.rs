//! Loops, lists, nulls, fuel and the stop flag; kernels built by hand.

use std::cell::Cell;

use crate::interp::{Control, Interpreter, POLL_ITERATIONS, RowEnd, RowFault, RowMemory, run, run_with_fuel};
use crate::kernel::{Kernel, Names, ValueId, VerifiedKernel};
use crate::signature::{Array, Datum, Length, OnError, Param, ResultTy, Table};
use crate::types::{Scalar, Type};
use crate::{Builder, Fault, Op, verify};

fn finish(builder: Builder, results: Vec<ResultTy>, returns: Vec<ValueId>) -> VerifiedKernel {
    let params = (0..builder.signature.params.len()).map(|i| format!("p{i}")).collect();
    let (core, _) = builder.finish_as(results, returns);
    let names = Names { kernel: "k".into(), params, ..Names::default() };
    verify(Kernel { core, names, source: None }).unwrap_or_else(|found| panic!("{found}"))
}

fn list<T: Copy + Into<Scalar>>(elements: &[T]) -> Datum {
    Datum::List(elements.iter().map(|&e| e.into()).collect())
}

/// (a, b) becomes (b, a + b) for n - 1 times.
fn fibonacci(fuel: u64, on_error: OnError) -> VerifiedKernel {
    let mut b = Builder::new();
    (b.signature.fuel, b.signature.on_error) = (fuel, on_error);
    let n = b.param(Type::I64);
    let (zero, one) = (b.constant(0i64), b.constant(1i64));
    let (open, carried) = b.begin_loop(&[zero, one, one]);
    let sum = b.op(Op::WrappingAdd, &[carried[0], carried[1]]);
    let next = b.op(Op::Add, &[carried[2], one]);
    let go_on = b.op(Op::Lt, &[carried[2], n]);
    let results = b.end_loop(open, go_on, &[carried[1], sum, next]);
    let strict = || ResultTy::strict(Type::I64);
    finish(b, vec![strict(), strict()], vec![results[0], results[1]])
}

#[test]
fn a_loop_carries_values_that_trade_places() {
    let kernel = fibonacci(1000, OnError::Fail);
    for (n, a, b) in [(0i64, 1i64, 1i64), (1, 1, 1), (2, 1, 2), (3, 2, 3), (10, 55, 89)] {
        assert_eq!(run(&kernel, &[n.into()]), Ok(vec![a.into(), b.into()]), "{n}");
    }
}

#[test]
fn fault_47_fuel_counts_how_often_a_loop_goes_on() {
    let at = |value| RowFault { fault: Fault::Fuel, value: ValueId(value) };
    let kernel = fibonacci(9, OnError::Fail);
    assert!(run(&kernel, &[10i64.into()]).is_ok());
    assert_eq!(run(&kernel, &[11i64.into()]), Err(at(3)));
    assert!(run_with_fuel(&kernel, &[8i64.into()], 7).is_ok());
    assert_eq!(run_with_fuel(&kernel, &[9i64.into()], 7), Err(at(3)));
    assert!(run_with_fuel(&kernel, &[1i64.into()], 0).is_ok());
    let kernel = fibonacci(9, OnError::Null);
    assert_eq!(run(&kernel, &[11i64.into()]), Ok(vec![Datum::Null, Datum::Null]));
}

#[test]
fn fault_48_the_stop_flag_is_asked_across_rows() {
    let kernel = fibonacci(1 << 30, OnError::Fail);
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let mut control = Control::new(u64::MAX, Some(&stop));
    let mut interpreter = Interpreter::new(&kernel);
    let mut row = |n: u64| interpreter.row(&[n], &mut RowMemory::default(), &mut control, &mut [0; 2]);
    let third = u64::from(POLL_ITERATIONS) / 3 + 1;
    assert_eq!([row(third), row(third), row(third)], [Ok(()); 3]);
    assert_eq!(row(3 * u64::from(POLL_ITERATIONS)), Err(RowEnd::Stopped));
    assert_eq!(asked.get(), 3);
}

/// out[i] = x[i] * table[0], running sum as second result; x in rows of two.
#[test]
fn lists_are_read_and_written() {
    let mut b = Builder::new();
    let x = b.declare(Param::List { elem: Type::F32, inner: 2, len: None });
    let length = b.slot(Type::U64);
    let table = b.table(Table::new(Type::F32, &[Scalar::F32(10.0)]));
    let (zero, one) = (b.constant(0u64), b.constant(1u64));
    let start = b.constant(0f32);
    let is_any = b.op(Op::Lt, &[zero, x[0]]);
    let open = b.begin_if(is_any);
    let (inner, carried) = b.begin_loop(&[zero, start]);
    let element = b.load(Type::F32, Array::Param(0), carried[0]);
    let factor = b.load(Type::F32, table, zero);
    let product = b.op(Op::Mul, &[element, factor]);
    b.store(Array::Result(0), carried[0], product);
    let back = b.load(Type::F32, Array::Result(0), carried[0]);
    let sum = b.op(Op::Add, &[carried[1], back]);
    let next = b.op(Op::Add, &[carried[0], one]);
    let go_on = b.op(Op::Lt, &[next, x[0]]);
    let looped = b.end_loop(inner, go_on, &[next, sum]);
    let open = b.begin_else(open, &[looped[1]]);
    let total = b.end_if(open, &[start]);
    let len = Length { constant: 1, terms: vec![(0, 2)] };
    let results = vec![
        ResultTy::List { elem: Type::F32, inner: 1, len },
        ResultTy::strict(Type::F32),
        ResultTy::Fixed { elem: Type::U64, len: 2 },
        ResultTy::Scalar { ty: Type::F32.into(), nullable: true },
    ];
    let kernel = finish(b, results, vec![total[0], x[0], length, total[0], is_any]);
    let nan = f32::from_bits(0xffc0_0001);
    assert_eq!(
        run(&kernel, &[list(&[1.0f32, 2.0, nan, -0.0])]),
        Ok(vec![list(&[10.0f32, 20.0, f32::NAN, -0.0, 0.0]), f32::NAN.into(), list(&[4u64, 5]), f32::NAN.into(),])
    );
    assert_eq!(
        run(&kernel, &[Datum::List(vec![])]),
        Ok(vec![list(&[0f32]), 0f32.into(), list(&[0u64, 1]), Datum::Null])
    );
    assert_eq!(run(&kernel, &[Datum::Null]), Ok(vec![Datum::Null; 4]));
}

#[test]
fn fault_08_an_index_out_of_range_fails_at_the_access() {
    let mut b = Builder::new();
    b.declare(Param::list(Type::I8));
    let index = b.param(Type::U64);
    b.slot(Type::U64);
    let table = b.table(Table::new(Type::U16, &[Scalar::U16(7), Scalar::U16(8), Scalar::U16(9)]));
    let element = b.load(Type::I8, Array::Param(0), index);
    let looked_up = b.load(Type::U16, table, index);
    let stored = b.store(Array::Result(2), index, element);
    let len = Length { constant: 2, terms: vec![] };
    let strict = ResultTy::strict;
    let results = vec![strict(Type::I8), strict(Type::U16), ResultTy::List { elem: Type::I8, inner: 1, len }];
    let kernel = finish(b, results, vec![element, looked_up]);
    let x = list(&[1i8, -2, 3, 4]);
    let at = |value: ValueId| Err(RowFault { fault: Fault::IndexRange, value });
    let row = |index: u64| run(&kernel, &[x.clone(), index.into()]);
    assert_eq!(row(1), Ok(vec![(-2i8).into(), 8u16.into(), list(&[0i8, -2])]));
    assert_eq!(row(2), at(stored));
    assert_eq!(row(3), at(looked_up));
    assert_eq!(row(4), at(element));
    assert_eq!(row(u64::MAX), at(element));
}

#[test]
fn options_see_nulls_and_strict_parameters_do_not() {
    let mut b = Builder::new();
    let x = b.declare(Param::nullable(Type::I32));
    let y = b.param(Type::I32);
    let sum = b.op(Op::Add, &[x[0], y]);
    let kernel = finish(
        b,
        vec![ResultTy::Scalar { ty: Type::I32.into(), nullable: true }, ResultTy::strict(Type::Bool)],
        vec![sum, x[1], x[1]],
    );
    let row = |x: Datum, y: Datum| run(&kernel, &[x, y]).unwrap();
    assert_eq!(row(1.into(), 2.into()), [3.into(), true.into()]);
    assert_eq!(row(Datum::Null, 2.into()), [Datum::Null, false.into()]);
    assert_eq!(row(1.into(), Datum::Null), [Datum::Null, Datum::Null]);
    assert_eq!(row(i32::MAX.into(), Datum::Null), [Datum::Null, Datum::Null]);
}
