//! Random kernels over common columns, as a projection has them.

use super::rng::Rng;
use super::{kernel, plain_kernel, rich_kernel};
use crate::fuse::Part;
use crate::signature::Param;
use crate::verify::verify;

/// Two to four kernels, and what the columns are that they take: scalars are nullable in half of the cases, and then
/// frequently null. Not all of them can be fused.
///
/// # Panics
/// If a random kernel does not verify, which all do.
pub fn parts(seed: u64) -> (Vec<Part>, Vec<Param>) {
    let mut rng = Rng::new(seed ^ 0x7061_7274);
    let (mut parts, mut columns): (Vec<Part>, Vec<Param>) = (Vec::new(), Vec::new());
    let is_rich = rng.chance(60);
    let is_nullable = rng.chance(50);
    for _ in 0..2 + rng.below(3) {
        let (seed, size) = (rng.next_u64() >> 32, 4 + rng.below(50));
        let fresh = match (is_rich, rng.chance(50)) {
            (true, _) => rich_kernel(seed, size),
            (false, true) => plain_kernel(seed, size),
            (false, false) => kernel(seed, size),
        };
        let again = parts.last().filter(|_| rng.chance(20)).map(|part: &Part| part.kernel.clone());
        let kernel = again.unwrap_or_else(|| verify(fresh).unwrap_or_else(|found| panic!("{found}")));
        let mut column = |param: &Param| {
            let common = match param {
                Param::Scalar { ty, .. } => Param::Scalar { ty: *ty, nullable: is_nullable },
                list => list.clone(),
            };
            let fitting: Vec<usize> = (0..columns.len()).filter(|&index| columns[index] == common).collect();
            if !fitting.is_empty() && rng.chance(85) {
                return rng.pick(&fitting);
            }
            columns.push(common);
            columns.len() - 1
        };
        let columns = kernel.core.signature.params.iter().map(&mut column).collect();
        parts.push(Part { kernel, columns });
    }
    (parts, columns)
}
