//! What code may touch: columns and results that end exactly where a page does.

#![allow(clippy::unwrap_used)]

use std::marker::PhantomData;

use filbert_ir::{Scalar, Type, text, verify};

use super::*;
use crate::bind::{Nulls, bind};
use crate::code_memory::guarded::Guarded;
use crate::column::Column;
use crate::element::Storage;
use crate::engine::Engine as Wanted;
use crate::lend::{Axis, Input, Keeper, View};
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;
use crate::room::Fresh;

/// Memory that ends at a guard page, as a room.
struct GuardedRoom(Guarded, Type);

impl Room for GuardedRoom {
    fn sink(&mut self) -> Sink<'_> {
        let ty = self.1;
        let bytes = self.0.slice();
        Sink { first: bytes.as_mut_ptr(), ty, len: bytes.len() / ty.bytes(), packed: false, lent: PhantomData }
    }
}

#[test]
fn fault_09_nothing_beyond_the_last_row_is_touched() {
    for ty in Type::ALL {
        let op = if ty == Type::Bool { "and" } else { "min" };
        let kernel =
            format!("kernel k(%0 a: {ty}, %1 b: {ty}) -> {ty} {{\n  %2: {ty} = {op} %0, %1\n  return %2\n}}\n");
        let kernel = verify(text::parse(&kernel).unwrap()).unwrap();
        for engine in [Wanted::Native, Wanted::Interp] {
            let loaded = LoadedKernel::load_with(&kernel, engine);
            for rows in [0, 1, 2, 7, 8, 9, 63, 64, 65, 1023, 1024, 1025, 2049] {
                let (mut a, mut b) = (Guarded::new(rows * ty.bytes()), Guarded::new(rows * ty.bytes()));
                for memory in [&mut a, &mut b] {
                    memory.slice().iter_mut().enumerate().for_each(|(i, byte)| *byte = (i % 2) as u8);
                }
                let columns = [Column::bytes(ty, a.slice()).unwrap(), Column::bytes(ty, b.slice()).unwrap()];
                let mut room = GuardedRoom(Guarded::new(rows * ty.bytes()), ty);
                let bound = bind(&kernel, &columns, rows).unwrap();
                loaded.run(&bound, &mut [&mut room], None, &CallOptions::default()).unwrap();
                assert_eq!(room.0.slice(), a.slice(), "{rows} rows of {ty}, {engine}");
            }
        }
    }
}

#[test]
fn a_view_is_read_at_its_own_elements_only() {
    // Every second element from the end, of memory that ends at a guard page.
    let mut memory = Guarded::new(8 * 2001);
    let numbers: Vec<u8> = (0..2001u64).flat_map(|n| n.to_ne_bytes()).collect();
    memory.slice().copy_from_slice(&numbers);
    let all = View::bytes(Type::U64, memory.slice()).unwrap();
    let last = all.first.wrapping_add(8 * 2000);
    let axes = smallvec::smallvec![Axis { len: 1001, stride: -16 }];
    let (storage, keeper) = (Storage::Plain(Type::U64), Keeper::Lender(PhantomData));
    let input = View { first: last, storage, axes, keeper }.input(Type::U64);
    assert_eq!([0, 1, 1000].map(|row| input.value(row)), [2000u64, 1998, 0].map(Scalar::from));
}

/// One strict f64 in and out, over these inputs.
fn order(slots: Vec<Input<'static>>, run: impl FnOnce(Vec<Piece<'_, '_>>) -> Result<(), Halt>) {
    let kernel = text::parse("kernel k(%0 a: f64) -> f64 {\n  return %0\n}\n").unwrap();
    let kernel = verify(kernel).unwrap();
    let layout = Layout::of(&kernel);
    let bound = Bound { slots, lists: Vec::new(), results: Vec::new(), rows: 3, nulls: Nulls::None };
    let limits = Limits { fuel: 0, stop: None, streams: None };
    let order = Order {
        kernel: &kernel,
        layout: &layout,
        engine: Engine::Interp,
        bound: &bound,
        limits,
        shadow: false,
        folding: None,
    };
    let mut room = Fresh::<f64>::reserve(3).unwrap();
    let _ = order.fill(0, &mut [&mut room], None, STRIP_ROWS, run);
}

#[test]
#[should_panic(expected = "inputs have 3 rows")]
fn a_job_refuses_inputs_that_are_too_short() {
    order(vec![View::slice(&[1.0, 2.0]).input(Type::F64)], |pieces| pieces.into_iter().try_for_each(Piece::run));
}

#[test]
#[should_panic(expected = "every piece was run")]
fn a_job_whose_pieces_were_not_all_run_is_not_filled() {
    order(vec![Input::Scalar(1.0.into())], |_| Ok(()));
}
