//! What a kernel is measured on.

use filbert_runtime::Column;

/// The columns of a measurement; a sweep asks for their first rows.
pub trait Inputs: Sync {
    /// How many rows there are.
    fn rows(&self) -> usize;

    /// The first `rows` rows, a column for each parameter.
    fn columns(&self, rows: usize) -> Vec<Column<'_>>;

    /// Bytes that a kernel reads for so many rows.
    fn bytes(&self, rows: usize) -> usize;

    /// Whether any of these rows is null.
    fn has_nulls(&self) -> bool {
        false
    }

    /// Where they are from, in one line.
    fn describe(&self) -> String;
}
