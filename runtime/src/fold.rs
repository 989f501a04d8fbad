//! Folds of what a kernel gives: the sum, the least, the greatest and the number of its results, without a column of
//! them.
//!
//! The shape of a sum of floats is fixed by the rows alone, so its bits depend on nothing else, neither on the
//! machine nor on the number of threads:
//!
//! ```text
//!   blocks   rows 0..65,536, 65,536..131,072, ...
//!   lanes    row r of a block is added to lane r % 32, in order
//!   block    lane i + lane i + 16, of these lane i + lane i + 8, and so on down to one
//!   all      the first block with the second, the third with the fourth, ...; of these the first with the second,
//!            and so on down to one; a last odd one waits
//! ```
//!
//! A lane begins with -0, which changes no sum, and a row without a value adds -0. Floats are added in their own
//! type; integers exactly, and a sum that does not fit 64 bits is an error. Least and greatest are those of `min`
//! and `max`: NaN is ignored where there is anything else, and -0 is below +0.
//!
//! This file has the tree over blocks, `block` what is inside of one; `call` hands the results over strip by strip.

mod block;

use filbert_ir::{Code, KernelError, Logical, ResultTy, Scalar, Type};

use crate::bind::Nulls;
use crate::loaded::LoadedKernel;
use crate::map::Arguments;
use crate::options::CallOptions;
pub(crate) use block::{Block, Folds, SumLanes, Value, float_sum};

/// Rows of a block.
pub const BLOCK_ROWS: usize = 1 << 16;

/// Lanes of a sum.
pub const LANES: usize = 32;

/// What becomes of the results of all rows. Rows that are null, in whatever way, do not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fold {
    /// Of floats in their own type, of integers as `i64` or `u64`.
    Sum,
    /// The least, as `min` has it.
    Min,
    /// The greatest, as `max` has it.
    Max,
    /// How many are true, of bools; of others how many there are.
    Count,
}

impl Fold {
    /// Its name in messages.
    fn name(self) -> &'static str {
        match self {
            Fold::Sum => "sum",
            Fold::Min => "min",
            Fold::Max => "max",
            Fold::Count => "count",
        }
    }

    /// The type of the elements that are folded, if such results can be.
    fn of(self, results: &[ResultTy]) -> Option<Type> {
        let [ResultTy::Scalar { ty, .. }] = results else { return None };
        let fits = match self {
            Fold::Count => true,
            Fold::Min | Fold::Max => ty.storage() != Type::Bool,
            // Points in time have no sum.
            Fold::Sum => matches!(ty, Logical::Plain(_) | Logical::Duration(_)) && ty.storage() != Type::Bool,
        };
        fits.then(|| ty.storage())
    }
}

impl LoadedKernel {
    /// See `KernelCall::sum`.
    pub fn sum<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.fold(Fold::Sum, args, &CallOptions::default())
    }

    /// See `KernelCall::min`.
    pub fn min<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.fold(Fold::Min, args, &CallOptions::default())
    }

    /// See `KernelCall::max`.
    pub fn max<'a>(&self, args: impl Arguments<'a>) -> Result<Option<Scalar>, KernelError> {
        self.fold(Fold::Max, args, &CallOptions::default())
    }

    /// See `KernelCall::count`.
    pub fn count<'a>(&self, args: impl Arguments<'a>) -> Result<u64, KernelError> {
        let count = self.fold(Fold::Count, args, &CallOptions::default())?;
        Ok(count.map_or(0, Scalar::bits))
    }

    /// See `KernelCall::fold`.
    pub fn fold<'a>(
        &self,
        fold: Fold,
        args: impl Arguments<'a>,
        options: &CallOptions,
    ) -> Result<Option<Scalar>, KernelError> {
        let ty = self.folded_type(fold)?;
        let columns = args.columns();
        let shape = self.shape_of(&columns)?;
        let bound = self.bind_shape(&columns, &shape)?;
        let blocks = match bound.nulls {
            Nulls::All => Vec::new(),
            _ => self.run_fold(fold, &bound, options)?,
        };
        let total = merged(blocks, |a, b| a.and(b, fold)).unwrap_or(Block::new(fold, ty).end());
        self.folded(fold, total)
    }

    /// The type of what is folded, or why it cannot be.
    pub(crate) fn folded_type(&self, fold: Fold) -> Result<Type, KernelError> {
        fold.of(&self.kernel().core.signature.results).ok_or_else(|| {
            let of = match fold {
                Fold::Sum => "one result that is a number or a duration",
                Fold::Min | Fold::Max => "one result that is a number or a time",
                Fold::Count => "one result that is no list",
            };
            let name = fold.name();
            let detail = format!("`{name}` is of {of}; gives {}; a kernel around it can make that of it", self.gives());
            self.about(KernelError::new(Code::SignatureMismatch, detail))
        })
    }

    /// What a fold gives in the end.
    pub(crate) fn folded(&self, fold: Fold, total: Total) -> Result<Option<Scalar>, KernelError> {
        let ty = self.folded_type(fold)?;
        total.scalar(fold, ty).map_err(|error| self.about(error))
    }
}

/// Neighbours together, until one is left.
fn merged<T>(mut parts: Vec<T>, and: impl Fn(T, T) -> T) -> Option<T> {
    while parts.len() > 1 {
        let mut rest = parts.into_iter();
        let mut next = Vec::with_capacity(rest.len().div_ceil(2));
        while let Some(first) = rest.next() {
            next.push(match rest.next() {
                Some(second) => and(first, second),
                None => first,
            });
        }
        parts = next;
    }
    parts.pop()
}

/// What the rows of a block gave, or of several blocks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Total {
    pub(crate) value: Value,
    /// Rows that had a value.
    pub(crate) rows: u64,
}

impl Total {
    fn and(self, other: Total, fold: Fold) -> Total {
        let value = match (self.value, other.value) {
            (Value::F64(a), Value::F64(b)) => Value::F64(a + b),
            (Value::F32(a), Value::F32(b)) => Value::F32(a + b),
            (Value::Whole(a), Value::Whole(b)) => Value::Whole(a + b),
            (Value::Rank(a), Value::Rank(b)) => Value::Rank(if fold == Fold::Min { a.min(b) } else { a.max(b) }),
            (Value::Count(a), Value::Count(b)) => Value::Count(a + b),
            _ => unreachable!("blocks of one fold"),
        };
        Total { value, rows: self.rows + other.rows }
    }

    /// The sum of floats; nothing if no row had a value, or if it is one of others.
    #[inline]
    pub(crate) fn float(self) -> Option<Scalar> {
        match self.value {
            Value::F64(sum) if self.rows > 0 => Some(Scalar::F64(sum).canonical()),
            Value::F32(sum) if self.rows > 0 => Some(Scalar::F32(sum).canonical()),
            _ => None,
        }
    }

    pub(crate) fn scalar(self, fold: Fold, ty: Type) -> Result<Option<Scalar>, KernelError> {
        if fold == Fold::Count {
            return Ok(Some(Scalar::U64(match self.value {
                Value::Count(count) if ty == Type::Bool => count,
                _ => self.rows,
            })));
        }
        if self.rows == 0 {
            return Ok(None);
        }
        Ok(Some(match self.value {
            Value::F64(_) | Value::F32(_) => return Ok(self.float()),
            Value::Whole(sum) => {
                let (fits, wide) = match ty.is_signed() {
                    true => (i64::try_from(sum).ok().map(Scalar::I64), "i64"),
                    false => (u64::try_from(sum).ok().map(Scalar::U64), "u64"),
                };
                let detail =
                    || format!("the sum of all rows is {sum}, which does not fit {wide}; a sum of `f64` has room");
                fits.ok_or_else(|| KernelError::new(Code::Overflow, detail()))?
            }
            Value::Rank(rank) => block::of_rank(ty, rank, fold),
            Value::Count(_) => unreachable!("counts are counts"),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_come_together_and_the_odd_one_waits() {
        let tree = |parts: usize| {
            let names = (0..parts).map(|part| part.to_string()).collect();
            merged(names, |a, b| format!("({a} {b})")).unwrap_or_default()
        };
        let trees = [0, 1, 2, 3, 5, 7].map(tree);
        assert_eq!(trees, ["", "0", "(0 1)", "((0 1) 2)", "(((0 1) (2 3)) 4)", "(((0 1) (2 3)) ((4 5) 6))"]);
    }
}
