//! Columns by a seeded generator, written once for all workers.

use std::fs;
use std::io;
use std::path::Path;

use filbert_ir::random::Rng;

use crate::cases::{Case, Values};
use crate::shared::array::{Aligned, Array, Element};
use crate::shared::protocol::{Load, Ty};

/// The columns of a case, as floats of the widest type: those of f32 hold what f32 can.
pub(crate) struct Columns {
    pub(crate) values: Vec<Array>,
    /// Arrow's bits of each column, if there are nulls.
    pub(crate) valid: Vec<Vec<u8>>,
}

/// The columns of so many elements; the same for the same case, type and number.
pub(crate) fn columns(case: &Case, ty: Ty, elements: usize) -> Columns {
    let len = elements + case.around;
    let one = |index: usize, values: Values| {
        let mut rng = Rng::new(0x5eed + index as u64);
        match ty {
            Ty::I64 => Array::I64(fill(len, |_| rng.next_u64() as i64)),
            Ty::F64 => Array::F64(fill(len, |row| value(values, row, elements, &mut rng))),
            Ty::F32 => Array::F32(fill(len, |row| value(values, row, elements, &mut rng) as f32)),
            Ty::I32 => unreachable!("no kernel takes i32"),
        }
    };
    let bits = |index: usize| {
        let mut rng = Rng::new(0xb175 + index as u64);
        let mut bits = vec![0; elements.div_ceil(8)];
        for row in 0..elements {
            let is_there = rng.next_u64() % 100 >= u64::from(case.nulls);
            bits[row / 8] |= u8::from(is_there) << (row % 8);
        }
        bits
    };
    let count = case.columns.len();
    Columns {
        values: case.columns.iter().enumerate().map(|(index, &values)| one(index, values)).collect(),
        valid: (0..count).filter(|_| case.nulls > 0).map(bits).collect(),
    }
}

fn fill<T: Element>(len: usize, mut value: impl FnMut(usize) -> T) -> Aligned<T> {
    let mut column = Aligned::new(len);
    column.iter_mut().enumerate().for_each(|(row, place)| *place = value(row));
    column
}

fn value(values: Values, row: usize, rows: usize, rng: &mut Rng) -> f64 {
    let unit = |bits: u64| (bits >> 11) as f64 / (1u64 << 53) as f64;
    let side = rows.isqrt().max(2);
    let step = |at: usize| at as f64 / (side - 1) as f64;
    match values {
        Values::Uniform(low, high) => low + (high - low) * unit(rng.next_u64()),
        Values::GridX(low, high) => low + (high - low) * step(row % side),
        Values::GridY(low, high) => low + (high - low) * step(row / side % side),
        Values::Bits => unreachable!("bits are integers"),
    }
}

impl Columns {
    /// Writes what a load names.
    pub(crate) fn write(&self, load: &Load) -> io::Result<()> {
        fs::create_dir_all(&load.folder)?;
        for (index, column) in self.values.iter().enumerate() {
            column.write(&load.folder.join(format!("in{index}.bin")))?;
        }
        for (index, bits) in self.valid.iter().enumerate() {
            fs::write(load.folder.join(format!("valid{index}.bin")), bits)?;
        }
        Ok(())
    }

    /// Whether the rows of the result are there: those that every column has.
    pub(crate) fn both_valid(&self, elements: usize) -> Option<Vec<u8>> {
        let mut all = self.valid.iter();
        let mut bits = all.next()?.clone();
        all.for_each(|column| bits.iter_mut().zip(column).for_each(|(bits, other)| *bits &= other));
        debug_assert_eq!(bits.len(), elements.div_ceil(8));
        Some(bits)
    }
}

/// Removes what was written for a load.
pub(crate) fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "bin") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{CASES, find};

    fn floats(array: &Array) -> &[f64] {
        match array {
            Array::F64(values) => values,
            _ => panic!("not f64"),
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_columns() {
        let case = find("saxpy").unwrap();
        let (first, second) = (columns(case, Ty::F64, 100), columns(case, Ty::F64, 100));
        assert_eq!(floats(&first.values[0]), floats(&second.values[0]));
        assert_ne!(floats(&first.values[0]), floats(&first.values[1]));
        // A shorter column is the beginning of a longer one.
        assert_eq!(floats(&columns(case, Ty::F64, 10).values[1]), &floats(&first.values[1])[..10]);
    }

    #[test]
    fn values_keep_to_their_range() {
        for case in CASES.iter().filter(|case| case.types.contains(&Ty::F64)) {
            let columns = columns(case, Ty::F64, 4096);
            for (values, column) in case.columns.iter().zip(&columns.values) {
                let (Values::Uniform(low, high) | Values::GridX(low, high) | Values::GridY(low, high)) = *values else {
                    panic!("{} has bits", case.name);
                };
                let column = floats(column);
                assert_eq!(column.len(), 4096 + case.around);
                assert!(column.iter().all(|value| (low..=high).contains(value)), "{}", case.name);
                let middle = column.iter().sum::<f64>() / column.len() as f64;
                assert!((middle - (low + high) / 2.0).abs() < 0.05 * (high - low), "{}: {middle}", case.name);
            }
        }
    }

    #[test]
    fn a_grid_goes_row_by_row() {
        let columns = columns(find("mandelbrot_grid").unwrap(), Ty::F64, 4096);
        let (x, y) = (floats(&columns.values[0]), floats(&columns.values[1]));
        assert_eq!((x[0], x[63], x[64]), (-2.0, 0.5, -2.0));
        assert_eq!((y[0], y[63], y[4095]), (-1.25, -1.25, 1.25));
    }

    #[test]
    fn so_many_rows_are_null() {
        for (name, per_cent) in [("add_nulls_10", 10.0), ("rational_nulls_50", 50.0)] {
            let columns = columns(find(name).unwrap(), Ty::F64, 1 << 16);
            for bits in &columns.valid {
                let there: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
                let null = 100.0 - f64::from(there) / 655.36;
                assert!((null - per_cent).abs() < 1.0, "{name}: {null} %");
            }
            let both = columns.both_valid(1 << 16).unwrap();
            assert_eq!(both[7], columns.valid[0][7] & columns.valid[1][7]);
        }
    }
}
