//! Vector code for sums: random kernels, a part of whose parameters may have one value for all rows, give the bits of
//! the sum of what the interpreter gives; columns lie against guard pages.

#![allow(clippy::unwrap_used)]

use filbert_compiler::{Level, Target};
use filbert_ir::{Code, Datum, Kernel, Param, ResultTy, Scalar, Type, random, verify};

use super::Form;
use crate::cache::KernelCache;
use crate::code_memory::guarded::Guarded;
use crate::column::Column;
use crate::engine::Engine as Wanted;
use crate::fold::Fold;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// Rows whose last ones are every part of a turn.
fn row_numbers(seed: u64) -> [usize; 3] {
    let seed = seed as usize;
    [1 + seed % 33, 32 + seed * 7 % 97, 129 + seed * 31 % 171]
}

/// A random kernel that gives one float.
fn kernel(seed: u64) -> Option<Kernel> {
    let mut kernel = random::plain_kernel(seed, 3 + seed as usize % 40);
    let core = &mut kernel.core;
    let floats = [Type::F64, Type::F32];
    let place = core.returns.iter().position(|&id| floats.contains(&core.ty(id)))?;
    core.returns = vec![core.returns[place]];
    core.signature.results = vec![core.signature.results[place].clone()];
    matches!(core.signature.results[..], [ResultTy::Scalar { nullable: false, .. }]).then_some(kernel)
}

/// The sum, or the failing row. Scalars are equal if their bits are.
fn sum(loaded: &LoadedKernel, columns: &[Column<'_>]) -> Result<Option<Scalar>, (Option<u64>, Code)> {
    let folded = loaded.fold(Fold::Sum, columns, &CallOptions::default());
    folded.map_err(|error| (error.row, error.code))
}

#[test]
fn random_kernels_are_summed_with_the_interpreters_bits() {
    let (mut made, mut refused, mut sums) = (0, 0, 0);
    for (level, feature) in [(Level::V4, "avx512dq"), (Level::V3, "avx2")] {
        let target = Target::level(level);
        if !target.features().contains(&feature) {
            println!("SKIPPED: this CPU has no {feature}");
            continue;
        }
        for seed in 0..6000u64 {
            let Some(kernel) = kernel(seed) else { continue };
            let Ok(kernel) = verify(kernel) else { continue };
            let params = kernel.core.signature.params.clone();
            let cache = KernelCache::new(1 << 20).with_target(target.clone());
            let (native, interp) = (cache.load(&kernel, Wanted::Native), cache.load(&kernel, Wanted::Interp));
            let uniform = match seed % 3 {
                0 => (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) & ((1 << params.len()) - 1),
                _ => 0,
            };
            let code = native.native().and_then(|code| code.native.variant(Form { uniform, sums: true }, 0, true));
            let Some(code) = code else {
                refused += 1;
                continue;
            };
            made += 1;
            let data = random::datum_rows(seed, &kernel.core.signature, 100);
            let is_value = |row: &&Vec<Datum>| row.iter().all(|datum| matches!(datum, Datum::Scalar(_)));
            let data: Vec<&Vec<Datum>> = data.iter().filter(is_value).collect();
            let value = |row: usize, index: usize| match data[row % data.len()][index] {
                Datum::Scalar(scalar) => scalar,
                _ => unreachable!("rows with nulls are left out"),
            };
            for rows in row_numbers(seed) {
                let memory = |index: usize| {
                    let bytes = |scalar: Scalar| scalar.bits().to_le_bytes()[..scalar.ty().bytes()].to_vec();
                    let bytes: Vec<u8> = (0..rows).flat_map(|row| bytes(value(row, index))).collect();
                    let mut guarded = Guarded::at(bytes.len(), seed % 2 == 0);
                    guarded.slice().copy_from_slice(&bytes);
                    guarded
                };
                let mut memory: Vec<Guarded> = (0..params.len()).map(memory).collect();
                let columns = params.iter().zip(&mut memory).enumerate().map(|(index, (param, memory))| {
                    let Param::Scalar { ty, .. } = param else { unreachable!("plain kernels take values") };
                    match uniform >> index & 1 {
                        1 => Column::scalar(value(0, index)),
                        _ => Column::bytes(ty.storage(), memory.slice()).unwrap(),
                    }
                });
                let columns: Vec<Column<'_>> = columns.collect();
                let expected = sum(&interp, &columns);
                // The first call is compared with the interpreter by the call itself, the second is a direct one.
                for _ in 0..2 {
                    assert_eq!(sum(&native, &columns), expected, "{level:?} seed {seed}, {rows} rows, {uniform:#b}");
                    assert!(!code.is_unchecked_variant(), "{level:?} seed {seed}: other code was called");
                    sums += 1;
                }
                assert_eq!(native.engine(), Wanted::Native, "{level:?} seed {seed}: the code was put aside");
            }
        }
    }
    println!("{made} kernels summed in vectors, {refused} not; {sums} sums");
    assert!(made == 0 || (made > 200 && refused > 200), "{made} {refused}");
}
