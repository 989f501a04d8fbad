//! Elements that begin where Arrow's columns do, at a multiple of 64 bytes.

use std::ops::{Deref, DerefMut};

/// The alignment, in bytes: a cache line, and the widest vector.
pub const ALIGNMENT: usize = 64;

/// A slice of its own whose first element is aligned.
pub struct Aligned<T> {
    values: Vec<T>,
    first: usize,
}

impl<T: Copy> Aligned<T> {
    /// The first `len` of these values; nothing if there is no memory for them. `unused` stands where nobody
    /// looks.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn collect(len: usize, unused: T, values: impl Iterator<Item = T>) -> Option<Aligned<T>> {
        let mut aligned: Vec<T> = Vec::new();
        aligned.try_reserve_exact(len.checked_add(ALIGNMENT)?).ok()?;
        let first = aligned.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        aligned.resize(first, unused);
        aligned.extend(values.take(len));
        assert_eq!(aligned.len(), first + len, "too few values");
        Some(Aligned { values: aligned, first })
    }

    /// `len` elements of this value; nothing if there is no memory for them.
    pub fn filled(len: usize, value: T) -> Option<Aligned<T>> {
        Aligned::collect(len, value, std::iter::repeat(value))
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[self.first..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.first..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_is_aligned() {
        fn check<T: Copy + Default + PartialEq + std::fmt::Debug>() {
            for len in [0, 1, 7, 64, 1000] {
                let mut some = Aligned::filled(len, T::default()).unwrap();
                assert_eq!(some.len(), len);
                assert_eq!(some.as_ptr().align_offset(ALIGNMENT), 0);
                assert!(some.iter_mut().all(|v| *v == T::default()));
            }
        }
        assert!(Aligned::filled(usize::MAX, 0u8).is_none() && Aligned::filled(1 << 60, 0.0).is_none());
        check::<u8>();
        check::<i16>();
        check::<f32>();
        check::<f64>();
    }
}
