//! Vector code at every number of rows up to three turns, at every alignment, and against guard pages on either
//! side, on each kind of machine that this one can be: the bytes are those of the interpreter.

#![allow(clippy::unwrap_used)]

use std::marker::PhantomData;

use filbert_compiler::{Backend, Level, Target};
use filbert_ir::{Type, VerifiedKernel, text, verify};

use super::*;
use crate::bind::bind;
use crate::cache::KernelCache;
use crate::code_memory::guarded::Guarded;
use crate::column::Column;
use crate::engine::Engine as Wanted;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// A column of so many bytes that begins `skipped` bytes behind a guard page, or ends before one.
struct Placed {
    memory: Guarded,
    skipped: usize,
    ty: Type,
}

impl Placed {
    fn new(ty: Type, rows: usize, at_start: bool, skipped: usize) -> Placed {
        let skipped = if at_start { skipped } else { 0 };
        Placed { memory: Guarded::at(skipped + rows * ty.bytes(), at_start), skipped, ty }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory.slice()[self.skipped..]
    }
}

impl Room for Placed {
    fn sink(&mut self) -> Sink<'_> {
        let ty = self.ty;
        let bytes = self.bytes();
        Sink { first: bytes.as_mut_ptr(), ty, len: bytes.len() / ty.bytes(), packed: false, lent: PhantomData }
    }
}

/// The bytes of all results.
fn results(loaded: &LoadedKernel, rows: usize, at_start: bool, skipped: usize) -> Vec<Vec<u8>> {
    results_with(loaded, rows, at_start, skipped, &CallOptions::default())
}

fn results_with(
    loaded: &LoadedKernel,
    rows: usize,
    at_start: bool,
    skipped: usize,
    options: &CallOptions,
) -> Vec<Vec<u8>> {
    let layout = Layout::of(loaded.kernel());
    let mut inputs: Vec<Placed> = Vec::new();
    for (index, &ty) in layout.slots.iter().enumerate() {
        let mut input = Placed::new(ty, rows, at_start, skipped);
        for (row, element) in input.bytes().chunks_mut(ty.bytes()).enumerate() {
            // Small numbers of both signs, exact in every type; bools are 0 or 1.
            let number = ((row * 7 + index * 5) % 23) as i64 - if ty.is_signed() || ty.is_float() { 11 } else { 0 };
            let bits = match ty {
                Type::Bool => (number & 1) as u64,
                Type::F64 => (number as f64 / 4.0).to_bits(),
                Type::F32 => u64::from((number as f32 / 4.0).to_bits()),
                _ => number as u64,
            };
            element.copy_from_slice(&bits.to_ne_bytes()[..ty.bytes()]);
        }
        inputs.push(input);
    }
    let columns: Vec<Column<'_>> = inputs
        .iter_mut()
        .map(|input| {
            let ty = input.ty;
            Column::bytes(ty, input.bytes()).unwrap()
        })
        .collect();
    let bound = bind(loaded.kernel(), &columns, rows).unwrap();
    let mut rooms: Vec<Placed> =
        layout.columns.iter().map(|column| Placed::new(column.ty, rows, at_start, skipped)).collect();
    let mut dynamic: Vec<&mut dyn Room> = rooms.iter_mut().map(|room| room as &mut dyn Room).collect();
    loaded.run(&bound, &mut dynamic, None, options).unwrap();
    rooms.iter_mut().map(|room| room.bytes().to_vec()).collect()
}

/// One kernel for each type, and one with many widths.
fn kernels() -> Vec<VerifiedKernel> {
    let each = Type::ALL.into_iter().map(|ty| {
        let op = if ty == Type::Bool { "xor" } else { "max" };
        format!("kernel k(%0 a: {ty}, %1 b: {ty}) -> {ty} {{\n %2: {ty} = {op} %0, %1\n return %2\n}}\n")
    });
    let mixed = "kernel k(%0 a: f64, %1 b: i32, %2 c: bool, %3 d: u8, %4 e: i16, %5 f: f32) \
         -> (f64, i32, bool, u8, i16, f32) {\n\
         %6: f64 = cast %1\n %7: f64 = mul %0, %6\n %8: i32 = cast %4\n %9: i32 = add %1, %8\n\
         %10: bool = lt %0, %6\n %11: bool = and %2, %10\n %12: u8 = cast %0\n %13: u8 = max %12, %3\n\
         %14: i16 = cast %1\n %15: i16 = wrapping_mul %14, %4\n %16: f32 = select %11, %5, %5\n\
         %17: f32 = cast %0\n %18: f32 = add %16, %17\n return %7, %9, %11, %13, %15, %18\n}\n";
    each.chain([mixed.to_string()]).map(|source| verify(text::parse(&source).unwrap()).unwrap()).collect()
}

#[test]
fn fault_09_blocks_end_where_the_rows_do() {
    let mut compared = 0;
    for (level, feature) in [(Level::V4, "avx512dq"), (Level::V3, "avx2")] {
        let target = Target::level(level);
        if !target.features().contains(&feature) {
            println!("SKIPPED: this CPU has no {feature}");
            continue;
        }
        let cache = KernelCache::new(1 << 20).with_target(target);
        for kernel in kernels() {
            let native = cache.load(&kernel, Wanted::Native);
            let interp = cache.load(&kernel, Wanted::Interp);
            let Some(Backend::Vector { turn_rows, .. }) = native.backend() else { panic!("{kernel:?} is taken") };
            for rows in 0..=3 * turn_rows as usize {
                for at_start in [false, true] {
                    let expected = results(&interp, rows, at_start, 0);
                    assert_eq!(results(&native, rows, at_start, 0), expected, "{level:?} {kernel:?} {rows} rows");
                }
                compared += 1;
            }
            let rows = 2 * turn_rows as usize + 3;
            let expected = results(&interp, rows, true, 0);
            // Stores past the caches must be aligned, and begin behind the rows before an aligned one.
            let streams = CallOptions { streams: Some(true), ..CallOptions::default() };
            for rows in (0..=4 * turn_rows as usize).chain([1000]) {
                for (at_start, skipped) in [(true, 0), (false, 0), (true, 8), (true, 20), (true, 56), (true, 3)] {
                    let expected = results(&interp, rows, at_start, skipped);
                    let streamed = results_with(&native, rows, at_start, skipped, &streams);
                    assert_eq!(streamed, expected, "{level:?} {kernel:?} {rows} rows from {skipped} past the caches");
                }
            }
            for skipped in 0..64 {
                assert_eq!(results(&native, rows, true, skipped), expected, "{level:?} {kernel:?} from {skipped}");
            }
            assert!(native.backend().is_some(), "the code was not put aside");
        }
    }
    println!("{compared} numbers of rows compared");
}
