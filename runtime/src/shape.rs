//! Shapes of a call on arrays: which axes of an argument have rows, and how the rows of all arguments meet.
//!
//! ```text
//!   parameter        argument              rows       core
//!   f64              array of (4, 3)       (4, 3)
//!   &[f64]           array of (4, 3)       (4)        3
//!   &[[f64; 3]]      array of (4, 5, 3)    (4)        5, 3
//!   &[f64]           slice of 7            every row  7
//! ```
//!
//! Rows broadcast as in NumPy and `ndarray`: an axis of length 1, and an axis that is not there, repeat.

use filbert_ir::{Code, KernelError, Param};

use crate::column::{Column, Values};

/// Axes of an array that make one argument of this parameter.
fn core_axes(param: &Param) -> usize {
    match param {
        Param::Scalar { .. } => 0,
        Param::List { inner: 1, .. } => 1,
        Param::List { .. } => 2,
    }
}

/// Lengths of the axes that have rows; `None` if every row gets the same.
fn rows_of(index: usize, column: &Column<'_>, param: &Param) -> Result<Option<Vec<usize>>, KernelError> {
    let core = core_axes(param);
    let Some(mut shape) = column.shape() else { return Ok(None) };
    if core == 0 || !matches!(column.values, Values::View(_)) {
        return Ok(Some(shape));
    }
    if shape.len() < core {
        let detail = format!("argument {index} has shape {shape:?}, and {param} takes {core} axes");
        return Err(KernelError::new(Code::LengthMismatch, detail));
    }
    shape.truncate(shape.len() - core);
    Ok((!shape.is_empty()).then_some(shape))
}

/// The shape that the rows of all columns broadcast to; `None` if every row gets the same of all.
pub(crate) fn common(columns: &[Column<'_>], params: &[Param]) -> Result<Option<Vec<usize>>, KernelError> {
    let mut common: Option<Vec<usize>> = None;
    for (index, (column, param)) in columns.iter().zip(params).enumerate() {
        let Some(shape) = rows_of(index, column, param)? else { continue };
        let Some(so_far) = &mut common else {
            common = Some(shape);
            continue;
        };
        let axes = so_far.len().max(shape.len());
        let padded =
            |s: &[usize]| -> Vec<usize> { std::iter::repeat_n(1, axes - s.len()).chain(s.iter().copied()).collect() };
        let (a, b) = (padded(so_far), padded(&shape));
        let joined: Option<Vec<usize>> = a
            .iter()
            .zip(&b)
            .map(|(&a, &b)| match (a, b) {
                (a, b) if a == b => Some(a),
                (1, other) | (other, 1) => Some(other),
                _ => None,
            })
            .collect();
        *so_far = joined.ok_or_else(|| {
            let of = if core_axes(param) > 0 { "rows of shape" } else { "shape" };
            let detail = format!("argument {index} has {of} {shape:?}, the arguments before it {so_far:?}");
            KernelError::new(Code::LengthMismatch, detail)
        })?;
    }
    Ok(common)
}

/// Whether a column has its rows already, one value for each of a shape of one axis.
pub(crate) fn is_spread(column: &Column<'_>, param: &Param, shape: &[usize]) -> bool {
    core_axes(param) == 0
        && match (&column.values, shape) {
            (Values::Scalar(_) | Values::Null, _) => true,
            (Values::View(view), [rows]) => matches!(view.axes[..], [axis] if axis.len == *rows),
            _ => false,
        }
}

/// The column with its rows repeated to fill `shape`. Nulls do not broadcast, nor do lists that are not in an
/// array.
pub(crate) fn broadcast<'a>(
    index: usize,
    column: &Column<'a>,
    param: &Param,
    shape: &[usize],
) -> Result<Column<'a>, KernelError> {
    let own = rows_of(index, column, param)?;
    let spread = match &column.values {
        Values::Scalar(_) | Values::Null => return Ok(column.clone()),
        Values::View(view) if column.nulls.is_none() => {
            let core = core_axes(param);
            // Repeated after a copy, not before: a copy must not be larger than the array.
            let dense = match param {
                Param::List { elem, .. } if view.storage.gives(*elem) => view.with_dense_core(core, *elem)?,
                _ => view.clone(),
            };
            dense.broadcast(shape, core).map(|view| Column { values: Values::View(view), ..column.clone() })
        }
        _ => (own.as_deref() == Some(shape)).then(|| column.clone()),
    };
    spread.ok_or_else(|| {
        let own = own.unwrap_or_default();
        let detail = format!("argument {index} has shape {own:?}, not {shape:?}; nulls and ragged lists do not repeat");
        KernelError::new(Code::LengthMismatch, detail)
    })
}

/// Number of places of a shape.
pub(crate) fn places(shape: &[usize]) -> Result<usize, KernelError> {
    let rows = shape.iter().try_fold(1usize, |n, &len| n.checked_mul(len));
    rows.ok_or_else(|| {
        KernelError::new(Code::OutOfMemory, format!("an array of shape {shape:?} has too many elements"))
    })
}
