//! A digest of a result's bits. It is the same wherever the bits are the same: on every back end, on every
//! machine, in whatever pieces they came.

use blake3::Hasher;
use filbert_ir::Type;
use filbert_runtime::{Element, OutColumn};

/// Bytes that are hashed at a time.
const BLOCK_BYTES: usize = 16 << 10;

/// The digest of results, one after another: of each its elements, with zeros where a row is null; then, if
/// there is a null, whether a row is one; and where the rows of lists begin.
#[derive(Default)]
pub struct Digest {
    hasher: Hasher,
}

impl Digest {
    /// Adds a result.
    pub fn add(&mut self, column: &OutColumn) {
        macro_rules! of_type {
            ($($variant:ident $rust:ty),*) => {
                match column.ty() {
                    $(Type::$variant => self.add_elements(column.as_slice::<$rust>().expect("elements of their type")),)*
                }
            };
        }
        of_type!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64);
        let rows = column.len();
        if let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) {
            self.add_bytes((0..rows).map(|row| [u8::from(nulls.is_valid(row))]));
        }
        if let Some(offsets) = column.offsets() {
            self.add_bytes((0..=rows).map(|row| (offsets.at(row) as u64).to_le_bytes()));
        }
    }

    /// Adds a result without nulls.
    pub fn add_elements<T: Element>(&mut self, elements: &[T]) {
        let width = T::TYPE.bytes();
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        for elements in elements.chunks(BLOCK_BYTES / width) {
            block.clear();
            for &element in elements {
                block.extend_from_slice(&element.into().bits().to_le_bytes()[..width]);
            }
            self.hasher.update(&block);
        }
    }

    fn add_bytes<const N: usize>(&mut self, items: impl Iterator<Item = [u8; N]>) {
        items.for_each(|item| {
            self.hasher.update(&item);
        });
    }

    /// The first 16 bytes of the BLAKE3 hash, in hexadecimal digits.
    pub fn finish(&self) -> String {
        self.hasher.finalize().to_hex()[..32].to_string()
    }
}

#[cfg(test)]
mod tests {
    use filbert_runtime::{CallOptions, Column, LoadedKernel};

    use super::*;

    fn of(source: &str, column: Column<'_>, rows: usize) -> String {
        let loaded = LoadedKernel::load(&crate::tests::kernel(source));
        let mut digest = Digest::default();
        loaded.call(&[column], rows, &CallOptions::default()).unwrap().iter().for_each(|column| digest.add(column));
        digest.finish()
    }

    #[test]
    fn it_is_of_the_bits() {
        let x = [0.0, -1.5, 3.0];
        let mut expected = Hasher::new();
        for value in x {
            expected.update(&f64::to_bits(value + value).to_le_bytes());
        }
        let expected = expected.finalize().to_hex()[..32].to_string();
        assert_eq!(of("fn f(x: f64) -> f64 { x + x }", Column::from(&x), 3), expected);
        // Zeros of either sign are equal, but not the same bits.
        assert_ne!(of("fn f(x: f64) -> f64 { x + x }", Column::from(&[-0.0, -1.5, 3.0]), 3), expected);
    }

    #[test]
    fn nulls_and_lengths_count() {
        let root = "fn f(x: f64) -> Option<f64> { if x < 0.0 { None } else { Some(x) } }";
        let zero = of(root, Column::from(&[0.0, 1.0]), 2);
        assert_ne!(of(root, Column::from(&[-4.0, 1.0]), 2), zero, "a null is not a zero");
        assert_eq!(of(root, Column::from(&[-4.0, 1.0]), 2), of(root, Column::from(&[-9.0, 1.0]), 2));
        let copy =
            "#[kernel(out = \"len(x)\")] fn f(x: &[f64], out: &mut [f64]) { for i in 0..x.len() { out[i] = x[i]; } }";
        let (a, b) = ([vec![1.0, 2.0], vec![3.0]], [vec![1.0], vec![2.0, 3.0]]);
        assert_ne!(of(copy, Column::from(&a), 2), of(copy, Column::from(&b), 2));
    }
}
