//! The key of an exchange without keys: it deals rows out to partitions one by one.
//!
//! Engines place a row by the hash of its key. This key is not made of the row: the first row gets a number whose
//! hash leads to some partition, the next one a number that leads to the one behind it, and so on. Partitions are
//! thus of equal size, which matters where rows are few and a kernel takes long over each.
//!
//! Each task begins at a partition of its own, drawn anew: many tasks with a few rows each would else all give
//! them to the first partitions.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::metrics::Time;
use datafusion::physical_plan::repartition::BatchPartitioner;

/// Numbers that are tried at a time, for each partition.
const TRIED: usize = 4;
/// How often; the chance that a partition is then without a number is below e^-64.
const TRIES_MAX: usize = 16;

/// A function without arguments, of another number for each row.
#[derive(Debug)]
pub(crate) struct Deal {
    partitions: usize,
    signature: Signature,
    /// For each partition a number whose hash leads to it. Made when the first rows come: plans are decoded more
    /// often than they run.
    numbers: OnceLock<Vec<u64>>,
    /// The partition of the next row.
    next: AtomicUsize,
}

impl Deal {
    pub(crate) fn new(partitions: usize) -> Deal {
        Deal {
            partitions: partitions.max(1),
            signature: Signature::nullary(Volatility::Volatile),
            numbers: OnceLock::new(),
            next: AtomicUsize::new(RandomState::new().hash_one(0) as usize >> 1),
        }
    }

    pub(crate) fn partitions(&self) -> usize {
        self.partitions
    }

    fn numbers(&self) -> Result<&[u64]> {
        if let Some(numbers) = self.numbers.get() {
            return Ok(numbers);
        }
        let found = find_numbers(self.partitions)?;
        Ok(self.numbers.get_or_init(|| found))
    }
}

/// Numbers by the partition that the engine's hash leads to.
fn find_numbers(partitions: usize) -> Result<Vec<u64>> {
    let mut found = vec![None; partitions];
    let mut missing = partitions;
    let mut engine =
        BatchPartitioner::new_hash_partitioner(vec![Arc::new(Column::new("n", 0))], partitions, Time::new())?;
    let tried = (partitions * TRIED) as u64;
    for round in 0..TRIES_MAX as u64 {
        let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(round * tried..(round + 1) * tried));
        engine.partition(RecordBatch::try_from_iter([("n", numbers)])?, |partition, rows| {
            let first = rows.column(0).as_any().downcast_ref::<UInt64Array>().filter(|numbers| !numbers.is_empty());
            if let (Some(place @ None), Some(first)) = (found.get_mut(partition), first) {
                *place = Some(first.value(0));
                missing -= 1;
            }
            Ok(())
        })?;
        if missing == 0 {
            break;
        }
    }
    // A partition without a number would get no rows: another one gets them.
    Ok(found.into_iter().map(Option::unwrap_or_default).collect())
}

impl PartialEq for Deal {
    fn eq(&self, other: &Deal) -> bool {
        self.partitions == other.partitions
    }
}

impl Eq for Deal {}

impl Hash for Deal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.partitions.hash(state);
    }
}

impl ScalarUDFImpl for Deal {
    fn name(&self) -> &str {
        "filbert_deal"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let numbers = self.numbers()?;
        let rows = args.number_rows;
        let first = self.next.fetch_add(rows, Ordering::Relaxed) % numbers.len();
        let dealt = UInt64Array::from_iter_values(numbers.iter().cycle().skip(first).take(rows).copied());
        match dealt.len() == rows {
            true => Ok(ColumnarValue::Array(Arc::new(dealt))),
            false => internal_err!("there is no partition to deal rows to"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_a_number_that_leads_to_it() {
        for partitions in [1, 2, 3, 7, 16, 1000, 4096] {
            let numbers = find_numbers(partitions).expect("numbers");
            let column: ArrayRef = Arc::new(UInt64Array::from(numbers));
            let rows = RecordBatch::try_from_iter([("n", column)]).expect("a batch");
            let key = vec![Arc::new(Column::new("n", 0)) as _];
            let mut engine = BatchPartitioner::new_hash_partitioner(key, partitions, Time::new()).expect("a hash");
            let mut counts = vec![0; partitions];
            engine
                .partition(rows, |partition, rows| {
                    counts[partition] += rows.num_rows();
                    Ok(())
                })
                .expect("partitions");
            assert!(counts.iter().all(|count| *count == 1), "{partitions}: {counts:?}");
        }
    }
}
