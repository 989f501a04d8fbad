//! Random kernels whose every column and list lies against a page that nobody may touch, behind it and before
//! it: machine code and interpreter must live, and fill their results with the same bytes.

#![allow(clippy::unwrap_used)]

use std::marker::PhantomData;

use arrow_array::Array;
use filbert_compiler::{Backend, Target};
use filbert_ir::{Datum, KernelError, Param, Scalar, Type, VerifiedKernel, random, verify};

use super::*;
use crate::bind::{Nulls, bind};
use crate::cache::KernelCache;
use crate::code_memory::guarded::Guarded;
use crate::column::{Column, Values};
use crate::engine::Engine as Wanted;
use crate::lists::Lists;
use crate::options::CallOptions;

/// Memory at a guard page, as a room.
struct GuardedRoom {
    memory: Guarded,
    ty: Type,
    len: usize,
    packed: bool,
}

impl GuardedRoom {
    fn new(ty: Type, len: usize, packed: bool, at_start: bool) -> GuardedRoom {
        let bytes = if packed { len.div_ceil(8) } else { len * ty.bytes() };
        GuardedRoom { memory: Guarded::at(bytes, at_start), ty, len, packed }
    }
}

impl Room for GuardedRoom {
    fn sink(&mut self) -> Sink<'_> {
        let (ty, len, packed) = (self.ty, self.len, self.packed);
        Sink { first: self.memory.slice().as_mut_ptr(), ty, len, packed, lent: PhantomData }
    }
}

/// The arguments of one parameter in guarded memory: all values of a scalar together, each list by itself.
struct Argument {
    param: Param,
    memory: Vec<Guarded>,
    valid: Vec<bool>,
}

impl Argument {
    fn new<'d>(param: &Param, data: impl Iterator<Item = &'d Datum>, at_start: bool) -> Argument {
        let mut argument = Argument { param: param.clone(), memory: Vec::new(), valid: Vec::new() };
        let bytes = |scalars: &[Scalar]| -> Vec<u8> {
            scalars.iter().flat_map(|s| s.bits().to_le_bytes()[..s.ty().bytes()].to_vec()).collect()
        };
        let (mut values, mut lists) = (Vec::new(), Vec::new());
        for datum in data {
            argument.valid.push(*datum != Datum::Null);
            match (datum, param) {
                (Datum::Scalar(scalar), _) => values.extend(bytes(&[*scalar])),
                (Datum::List(elements), _) => lists.push(bytes(elements)),
                (Datum::Null, Param::Scalar { ty, .. }) => values.extend(vec![0; ty.storage().bytes()]),
                (Datum::Null, Param::List { .. }) => lists.push(Vec::new()),
            }
        }
        let buffers = if matches!(param, Param::List { .. }) { lists } else { vec![values] };
        for bytes in buffers {
            let mut memory = Guarded::at(bytes.len(), at_start);
            memory.slice().copy_from_slice(&bytes);
            argument.memory.push(memory);
        }
        argument
    }

    fn column(&mut self) -> Column<'_> {
        let nulls = arrow_buffer::NullBuffer::from(self.valid.clone());
        let slices = self.memory.iter_mut().map(|memory| &*memory.slice());
        let column = match &self.param {
            Param::Scalar { ty, .. } => {
                let bytes = slices.last().unwrap();
                Column::bytes(ty.storage(), bytes).unwrap().with_type(*ty)
            }
            Param::List { elem, inner, .. } => Column::of(Values::Each(Lists::bytes(*elem, slices), *inner as usize)),
        };
        column.with_nulls((nulls.null_count() > 0).then_some(nulls))
    }
}

/// The bytes of all results, or the error.
fn outcome(
    cache: &KernelCache,
    kernel: &VerifiedKernel,
    engine: Wanted,
    rows: &[Vec<Datum>],
    at_start: bool,
) -> Result<Vec<Vec<u8>>, KernelError> {
    let loaded = cache.load(kernel, engine);
    assert_eq!(loaded.engine(), engine);
    let layout = Layout::of(kernel);
    let params = kernel.core.signature.params.iter().enumerate();
    let arguments = params.map(|(index, param)| Argument::new(param, rows.iter().map(|row| &row[index]), at_start));
    let mut arguments: Vec<Argument> = arguments.collect();
    let columns: Vec<Column<'_>> = arguments.iter_mut().map(Argument::column).collect();
    let bound = bind(kernel, &columns, rows.len())?;
    if let Nulls::All = bound.nulls {
        return Ok(Vec::new());
    }
    let is_flag = |column: usize| layout.optional.iter().any(|&(_, flags)| flags == column);
    let outputs = layout.columns.iter().enumerate();
    let outputs = outputs.map(|(index, column)| {
        GuardedRoom::new(column.ty, rows.len() * column.width as usize, is_flag(index), at_start)
    });
    let lists = layout.lists[layout.param_lists..].iter().zip(&bound.results);
    let lists = lists.map(|(&ty, starts)| GuardedRoom::new(ty, starts.at(rows.len()), false, at_start));
    let mut rooms: Vec<GuardedRoom> = outputs.chain(lists).collect();
    let mut valid = loaded.valid_room(rows.len())?;
    let mut dynamic: Vec<&mut dyn Room> = rooms.iter_mut().map(|room| room as &mut dyn Room).collect();
    loaded.run(&bound, &mut dynamic, valid.as_mut(), &CallOptions::default())?;
    let failing = valid.map(|valid| valid.into_nulls());
    let columns = layout.columns.len();
    let results = rooms.iter_mut().enumerate().map(|(index, room)| match &failing {
        // What a failing row left in its lists is nobody's business.
        Some(failing) if index >= columns && failing.null_count() > 0 => Vec::new(),
        _ => room.memory.slice().to_vec(),
    });
    Ok(results.collect())
}

#[test]
fn fault_09_every_buffer_of_random_kernels_may_lie_at_a_guard_page() {
    // Patient, so that a busy machine does not change what is tested.
    let cache = KernelCache::new(1 << 20).with_budget(std::time::Duration::from_secs(60));
    let (mut lists, mut faults, mut vectors) = (0, 0, 0);
    for seed in 0..1500 {
        let kernel = verify(random::rich_kernel(9_000_000 + seed, 4 + (seed * 31 % 60) as usize)).unwrap();
        // Now and then enough for whole blocks.
        let rows = if seed % 8 == 0 { 37 } else { 1 + seed % 4 };
        let rows = random::datum_rows(seed, &kernel.core.signature, rows as usize);
        let is_vector = matches!(cache.load(&kernel, Wanted::Native).backend(), Some(Backend::Vector { .. }));
        vectors += usize::from(is_vector && !Layout::of(&kernel).lists.is_empty());
        for at_start in [false, true] {
            let native = outcome(&cache, &kernel, Wanted::Native, &rows, at_start);
            let interp = outcome(&cache, &kernel, Wanted::Interp, &rows, at_start);
            assert_eq!(native, interp, "seed {seed}\n{}", filbert_ir::text::print(&kernel));
            faults += usize::from(native.is_err());
        }
        lists += Layout::of(&kernel).lists.len();
    }
    assert!(lists > 1000 && faults > 100, "{lists} lists, {faults} faults");
    assert!(vectors > 100 || !Target::host().features().contains(&"avx2"), "{vectors} kernels with lists in vectors");
}

/// The same for indexes that walk along the ends of lists: what no check stands for must lie inside.
#[test]
fn fault_09_indexes_that_need_no_check_stay_off_the_guard_pages() {
    let cache = KernelCache::new(1 << 20).with_budget(std::time::Duration::from_secs(60));
    let mut computed = 0;
    for seed in 0..1000 {
        let kernel = verify(random::walking_kernel(seed)).unwrap();
        for (index, row) in random::walking_rows(seed, &kernel.core.signature, 6).into_iter().enumerate() {
            let (row, at_start) = (std::slice::from_ref(&row), index % 2 == 0);
            let native = outcome(&cache, &kernel, Wanted::Native, row, at_start);
            let interp = outcome(&cache, &kernel, Wanted::Interp, row, at_start);
            assert_eq!(native, interp, "seed {seed}\n{}", filbert_ir::text::print(&kernel));
            computed += usize::from(native.is_ok());
        }
    }
    assert!(computed > 1000, "{computed} rows");
}

#[test]
fn bits_and_bytes_make_the_same_arrays() {
    let cache = KernelCache::new(1 << 20).with_budget(std::time::Duration::from_secs(60));
    let mut bools = 0;
    for seed in 0..600 {
        let kernel = verify(random::rich_kernel(19_000_000 + seed, 4 + (seed % 40) as usize)).unwrap();
        let rows = random::datum_rows(seed, &kernel.core.signature, 1 + (seed % 20) as usize);
        let params = kernel.core.signature.params.iter().enumerate();
        let arguments = params.map(|(index, param)| Argument::new(param, rows.iter().map(|row| &row[index]), false));
        let mut arguments: Vec<Argument> = arguments.collect();
        let columns: Vec<Column<'_>> = arguments.iter_mut().map(Argument::column).collect();
        let loaded = cache.load(&kernel, Wanted::Native);
        let call = |packed| loaded.call_packed(&columns, rows.len(), &CallOptions::default(), packed);
        let (Ok(bytes), Ok(bits)) = (call(false), call(true)) else { continue };
        for (bytes, bits) in bytes.into_iter().zip(bits) {
            bools += usize::from(bits.packed);
            let (ty, of_bits) = (crate::result_data_type(&bytes.result), bits.into_arrow());
            assert_eq!(*of_bits.data_type(), ty);
            assert_eq!(bytes.into_arrow().to_data(), of_bits.to_data(), "seed {seed}");
        }
    }
    assert!(bools > 50, "{bools} columns of bits");
}
