//! Vector code for slots of one value: random kernels, some of whose parameters have one value for all rows, give the
//! bytes, errors and rows of the interpreter; columns lie against guard pages.

#![allow(clippy::unwrap_used)]

use filbert_compiler::{Level, Target};
use filbert_ir::{Datum, Param, Scalar, random, verify};

use super::Form;
use crate::cache::KernelCache;
use crate::code_memory::guarded::Guarded;
use crate::column::Column;
use crate::engine::Engine as Wanted;
use crate::ladder::LoadedCode;
use crate::loaded::LoadedKernel;
use crate::options::CallOptions;

/// The bytes of all results, or the failing row with its code.
fn outcome(loaded: &LoadedKernel, columns: &[Column<'_>], rows: usize) -> Result<Vec<Vec<u8>>, String> {
    match loaded.call(columns, rows, &CallOptions::default()) {
        Ok(results) => Ok(results.iter().map(|column| column.values().to_vec()).collect()),
        Err(error) => Err(format!("{:?} {} {}", error.row, error.code, error.detail)),
    }
}

#[test]
fn slots_of_one_value_give_the_bits_of_columns() {
    let (mut made, mut failed, mut computed) = (0, 0, 0);
    for (level, feature) in [(Level::V4, "avx512dq"), (Level::V3, "avx2")] {
        let target = Target::level(level);
        if !target.features().contains(&feature) {
            println!("SKIPPED: this CPU has no {feature}");
            continue;
        }
        for seed in 0..1500u64 {
            let kernel = match seed % 3 {
                0 => random::kernel(seed, 4 + seed as usize % 30),
                _ => random::plain_kernel(seed, 4 + seed as usize % 90),
            };
            let kernel = verify(kernel).unwrap();
            let params = kernel.core.signature.params.clone();
            let cache = KernelCache::new(1 << 20).with_target(target.clone());
            let native = cache.load(&kernel, Wanted::Native);
            let interp = cache.load(&kernel, Wanted::Interp);
            let is_value = |param: &Param| matches!(param, Param::Scalar { nullable: false, .. });
            if params.is_empty() || !params.iter().all(is_value) {
                continue;
            }
            let uniform = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) & ((1 << params.len()) - 1);
            let has_variant = |code: &LoadedCode| code.native.variant(Form { uniform, sums: false }, 0, true).is_some();
            if !native.native().is_some_and(has_variant) {
                continue;
            }
            made += 1;
            let data = random::datum_rows(seed, &kernel.core.signature, 130);
            let mut data: Vec<Vec<Scalar>> = data
                .iter()
                .filter_map(|row| row.iter().map(|d| if let Datum::Scalar(s) = d { Some(*s) } else { None }).collect())
                .collect();
            // Also without the rows that fail: then all turns are computed in vectors.
            for without_failing in [false, true] {
                let one = data[seed as usize % data.len()].clone();
                for row in &mut data {
                    (0..params.len()).filter(|p| uniform >> p & 1 == 1).for_each(|p| row[p] = one[p]);
                }
                if without_failing {
                    let is_good = |row: &Vec<Scalar>| {
                        let row: Vec<Datum> = row.iter().map(|&scalar| scalar.into()).collect();
                        interp.call_row(&row).is_ok()
                    };
                    data.retain(is_good);
                    if data.is_empty() {
                        continue;
                    }
                    data = data.iter().cycle().take(130).cloned().collect();
                }
                let rows = data.len() - seed as usize % 5;
                let mut memory: Vec<Guarded> = Vec::new();
                for index in 0..params.len() {
                    let bytes = data[..rows].iter().flat_map(|row| {
                        let scalar = row[index];
                        scalar.bits().to_le_bytes()[..scalar.ty().bytes()].to_vec()
                    });
                    let bytes: Vec<u8> = bytes.collect();
                    let mut guarded = Guarded::at(bytes.len(), seed % 2 == 0);
                    guarded.slice().copy_from_slice(&bytes);
                    memory.push(guarded);
                }
                let mut columns: Vec<Column<'_>> = Vec::new();
                for (index, (param, memory)) in params.iter().zip(&mut memory).enumerate() {
                    let Param::Scalar { ty, .. } = param else { unreachable!("values only") };
                    let column = match uniform >> index & 1 {
                        1 => Column::scalar(data[0][index]),
                        _ => Column::bytes(ty.storage(), memory.slice()).unwrap(),
                    };
                    columns.push(column.with_type(*ty));
                }
                let expected = outcome(&interp, &columns, rows);
                // The first call is compared with the interpreter by the call itself, the second is a direct one.
                for _ in 0..2 {
                    assert_eq!(outcome(&native, &columns, rows), expected, "{level:?} seed {seed}, slots {uniform:#b}");
                }
                assert_eq!(native.engine(), Wanted::Native, "{level:?} seed {seed}: the code was put aside");
                match expected {
                    Ok(_) => computed += 1,
                    Err(_) => failed += 1,
                }
            }
        }
    }
    println!("{made} variants, {computed} calls computed and {failed} failed alike");
    assert!(made == 0 || (made > 500 && computed > 300 && failed > 100), "{made} {computed} {failed}");
}
