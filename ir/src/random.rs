//! Well-typed random kernels and adversarial rows, for differential tests and fuzzing.
//!
//! `kernel(seed, size)` and `rich_kernel(seed, size)` always verify, and the same seed gives the same kernel
//! on every platform: the generator of random numbers is our own. The former has strict scalars, all
//! operations, and nested `if`s with several yields (`plain_kernel` those that vectors can do); the latter also loops, lists, tables, options and every
//! other shape of a signature. `walking_kernel(seed)` is about indexes and little else. `parts(seed)` are kernels over
//! common columns, for fusion.
//!
//! Constants and rows are hostile (limits, zeros of both signs, NaNs with payloads, subnormals, empty lists),
//! but operands of operations that can fault are mostly tamed, by code that the kernel itself contains:
//! `x % 9` before a product, `y | 1` before a division, an index below the length. Without that nearly every
//! row would fault and a differential test would see little but faults. In the same way loops mostly end by
//! a counter with a small bound, and a kernel with one that may not has little fuel.

mod generate;
mod loops;
mod parts;
mod rng;
mod rows;
mod shape;
mod walk;

use generate::Generator;

use crate::builder::Builder;
use crate::kernel::{Kernel, Names, ValueId};
use crate::limits::VALUES_MAX;

pub use parts::parts;
pub use rng::Rng;
pub use rows::{datum_rows, rows, specials};
pub use walk::{walking_kernel, walking_rows};

/// A random kernel of about `size` values, at most half of what the limits allow, that takes and gives strict
/// scalars and has neither loops nor lists.
pub fn kernel(seed: u64, size: usize) -> Kernel {
    strict_kernel(seed, size, false)
}

fn strict_kernel(seed: u64, size: usize, is_plain: bool) -> Kernel {
    let mut rng = Rng::new(seed);
    let mut builder = Builder::new();
    let params = 1 + rng.below(6);
    let visible = (0..params).map(|_| builder.param(rng.ty())).collect();
    let mut generator = Generator::new(rng, builder, visible, size.min(VALUES_MAX / 2));
    generator.is_plain = is_plain;
    generator.fill();
    let results = 1 + generator.rng.below(4);
    let returns: Vec<ValueId> = (0..results).map(|_| generator.any_visible()).collect();
    let (core, _) = generator.builder.finish(returns);
    Kernel { core, names: names(seed, params), source: None }
}

/// As `kernel`, of operations that are rows of instructions on vectors: no call, no division or power of
/// integers. Other random kernels seldom do without.
pub fn plain_kernel(seed: u64, size: usize) -> Kernel {
    strict_kernel(seed, size, true)
}

/// A random kernel of about `size` values, at most half of what the limits allow, with everything that
/// kernels can have.
pub fn rich_kernel(seed: u64, size: usize) -> Kernel {
    shape::rich_kernel(seed, size.min(VALUES_MAX / 2))
}

fn names(seed: u64, params: usize) -> Names {
    Names {
        kernel: format!("random_{seed}"),
        params: (0..params).map(|i| format!("p{i}")).collect(),
        ..Names::default()
    }
}

#[cfg(test)]
mod tests;
