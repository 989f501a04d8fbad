//! Columns of a worker: read from files, aligned to 64 bytes.

use std::fs;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::protocol::Ty;

/// Elements that begin at a multiple of 64 bytes.
#[derive(Default)]
pub(crate) struct Aligned<T> {
    values: Vec<T>,
    first: usize,
    len: usize,
}

/// A number of a file: little-endian, as all machines are that this runs on.
pub(crate) trait Element: Copy + Default {
    fn read(bytes: &[u8]) -> Self;
    fn write(self, to: &mut Vec<u8>);
    /// The elements of a column that has this type.
    fn slice(array: &Array) -> &[Self];
    fn slice_mut(array: &mut Array) -> &mut [Self];
}

macro_rules! elements {
    ($($rust:ty, $name:ident;)*) => {
        $(impl Element for $rust {
            fn read(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$rust>()];
                own.copy_from_slice(bytes);
                <$rust>::from_le_bytes(own)
            }

            fn write(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn slice(array: &Array) -> &[Self] {
                let Array::$name(values) = array else { panic!("not a column of {}", stringify!($rust)) };
                values
            }

            fn slice_mut(array: &mut Array) -> &mut [Self] {
                let Array::$name(values) = array else { panic!("not a column of {}", stringify!($rust)) };
                values
            }
        })*
    };
}

elements! {
    f64, F64;
    f32, F32;
    i64, I64;
    i32, I32;
}

impl<T: Element> Aligned<T> {
    /// So many elements, each written once, so that its page is there.
    pub(crate) fn new(len: usize) -> Aligned<T> {
        let room = 64 / size_of::<T>();
        let values = vec![T::default(); len + room];
        let first = values.as_ptr().align_offset(64).min(room);
        let mut aligned = Aligned { values, first, len };
        aligned.iter_mut().for_each(|value| *value = std::hint::black_box(T::default()));
        aligned
    }

    /// The elements of a file.
    pub(crate) fn read(path: &Path) -> io::Result<Aligned<T>> {
        let size = size_of::<T>();
        let len = fs::metadata(path)?.len() as usize / size;
        let mut aligned = Aligned::new(len);
        let mut file = BufReader::new(fs::File::open(path)?);
        let mut buffer = vec![0; (1 << 16) * size];
        for part in aligned.chunks_mut(1 << 16) {
            let bytes = &mut buffer[..size_of_val(part)];
            file.read_exact(bytes)?;
            part.iter_mut().zip(bytes.chunks_exact(size)).for_each(|(value, bytes)| *value = T::read(bytes));
        }
        Ok(aligned)
    }
}

/// Writes elements to a file.
pub(crate) fn write<T: Element>(values: &[T], path: &Path) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
    let mut bytes = Vec::new();
    for part in values.chunks(1 << 16) {
        bytes.clear();
        part.iter().for_each(|value| value.write(&mut bytes));
        file.write_all(&bytes)?;
    }
    file.flush()
}

impl<T> std::ops::Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[self.first..self.first + self.len]
    }
}

impl<T> std::ops::DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.first..self.first + self.len]
    }
}

/// A column of any of the types.
pub(crate) enum Array {
    F64(Aligned<f64>),
    F32(Aligned<f32>),
    I64(Aligned<i64>),
    I32(Aligned<i32>),
}

/// Does the same with the column of whatever type.
#[macro_export]
macro_rules! each_array {
    ($array:expr, $values:ident => $body:expr) => {
        match $array {
            $crate::shared::array::Array::F64($values) => $body,
            $crate::shared::array::Array::F32($values) => $body,
            $crate::shared::array::Array::I64($values) => $body,
            $crate::shared::array::Array::I32($values) => $body,
        }
    };
}

impl Array {
    pub(crate) fn new(ty: Ty, len: usize) -> Array {
        match ty {
            Ty::F64 => Array::F64(Aligned::new(len)),
            Ty::F32 => Array::F32(Aligned::new(len)),
            Ty::I64 => Array::I64(Aligned::new(len)),
            Ty::I32 => Array::I32(Aligned::new(len)),
        }
    }

    pub(crate) fn read(ty: Ty, path: &Path) -> io::Result<Array> {
        Ok(match ty {
            Ty::F64 => Array::F64(Aligned::read(path)?),
            Ty::F32 => Array::F32(Aligned::read(path)?),
            Ty::I64 => Array::I64(Aligned::read(path)?),
            Ty::I32 => Array::I32(Aligned::read(path)?),
        })
    }

    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        each_array!(self, values => write(values, path))
    }
}
