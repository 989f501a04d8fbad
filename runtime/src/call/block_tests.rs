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
    let mut rooms: Vec<Placed> = layout
        .columns
        .iter()
        .map(|column| Placed::new(column.ty, rows * column.width as usize, at_start, skipped))
        .collect();
    let mut dynamic: Vec<&mut dyn Room> = rooms.iter_mut().map(|room| room as &mut dyn Room).collect();
    loaded.run(&bound, &mut dynamic, None, options).unwrap();
    rooms.iter_mut().map(|room| room.bytes().to_vec()).collect()
}

/// A loop that lanes leave one by one; a counted one; a loop within a loop, of narrow types; a table at an index that
/// may be out of range, and a list of fixed length. What fails is made a number before.
const REPEATING: [&str; 4] = [
    "kernel k(%0 n: i32, %1 x: f32) -> (f32, i32) {\n\
     %2: i32 = const 0\n %3: i32 = loop %2, %1 {\n %4: i32 = carried 0\n %5: f32 = carried 1\n\
     %6: bool = lt %4, %0\n %7: bool = if %6 {\n %8: f32 = mul %5, %5\n %9: f32 = sub %8, %1\n\
     %10: i32 = const 1\n %11: i32 = add %4, %10\n %12: bool = const true\n yield %12, %11, %9\n } else {\n\
     %13: bool = const false\n yield %13, %4, %5\n }\n %14: i32 = output %7, 1\n %15: f32 = output %7, 2\n\
     yield %7, %14, %15\n }\n %16: f32 = output %3, 1\n return %16, %3\n}\n",
    "kernel k(%0 x: f64) -> f64 {\n %1: u32 = const 0\n %2: u32 = loop %1, %0 {\n %3: u32 = carried 0\n\
     %4: f64 = carried 1\n %5: f64 = mul %4, %4\n %6: f64 = sub %5, %0\n %7: u32 = const 1\n\
     %8: u32 = wrapping_add %3, %7\n %9: u32 = const 40\n %10: bool = lt %8, %9\n yield %10, %8, %6\n }\n\
     %11: f64 = output %2, 1\n return %11\n}\n",
    "kernel k(%0 a: u8, %1 b: u8) -> (u8, i64) {\n %2: u8 = const 0\n %3: i64 = const 0\n\
     %4: u8 = loop %2, %3 {\n %5: u8 = carried 0\n %6: i64 = carried 1\n\
     %7: u8 = loop %2, %6 {\n %8: u8 = carried 0\n %9: i64 = carried 1\n %10: i64 = cast %8\n\
     %11: i64 = wrapping_add %9, %10\n %12: u8 = const 1\n %13: u8 = wrapping_add %8, %12\n\
     %14: bool = lt %13, %1\n yield %14, %13, %11\n }\n %15: i64 = output %7, 1\n %16: u8 = const 3\n\
     %17: u8 = wrapping_add %5, %16\n %18: bool = lt %17, %0\n yield %18, %17, %15\n }\n\
     %19: i64 = output %4, 1\n return %4, %19\n}\n",
    "kernel k(%0 i: u64, %1 x: f64) -> ([f64; 3], f32) {\n table 0: f64 = [1.5, 2.5, 3.5, 4.5, 5.5]\n\
     table 1: f32 = [0.5, 0.25]\n %2: u64 = const 4\n %3: u64 = min %0, %2\n %4: f64 = load table 0, %3\n\
     %5: f64 = mul %4, %1\n %6: u64 = const 2\n %7: bool = lt %0, %6\n %8: f32 = if %7 {\n\
     %9: f32 = load table 1, %0\n yield %9\n } else {\n %10: f32 = const 7.5\n yield %10\n }\n\
     return %1, %4, %5, %8\n}\n",
];

/// Quotients and roots far before the end, in one width and in two: a turn begins the next one.
const HALVED: [&str; 2] = [
    "kernel k(%0 x: f64, %1 y: f64) -> f64 {\n %2: f64 = hypot %0, %1\n %3: f64 = ln %2\n %4: f64 = asinh %3\n\
     return %4\n}\n",
    "kernel k(%0 x: f64, %1 y: f64, %2 n: i32) -> (f64, i32) {\n %3: f64 = hypot %0, %1\n %4: f64 = ln %3\n\
     %5: f64 = asinh %4\n %6: f64 = cast %2\n %7: f64 = mul %5, %6\n %8: i32 = cast %7\n return %5, %8\n}\n",
];

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
    each.chain([mixed.to_string()])
        .chain(REPEATING.map(String::from))
        .chain(HALVED.map(String::from))
        .map(|source| verify(text::parse(&source).unwrap()).unwrap())
        .collect()
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
