//! Binding: columns meet a kernel. All that can be wrong with arguments is found here, before any code runs.

use arrow_buffer::NullBuffer;
use filbert_ir::{Code, KernelError, Scalar, VerifiedKernel};

use crate::column::{Column, Values};
use crate::lend::Input;

/// Arguments that fit a kernel.
pub(crate) struct Bound<'a> {
    pub(crate) inputs: Vec<Input<'a>>,
    pub(crate) rows: usize,
    pub(crate) nulls: Nulls,
}

/// Which rows have a null argument, and so a null result.
pub(crate) enum Nulls {
    None,
    Some(NullBuffer),
    /// A scalar argument is NULL: there is nothing to compute.
    All,
}

/// Checks columns against the kernel's parameters and `rows`.
pub(crate) fn bind<'a>(kernel: &VerifiedKernel, columns: &[Column<'a>], rows: usize) -> Result<Bound<'a>, KernelError> {
    let params = kernel.core.slot_types();
    let error = |code, detail: String| Err(KernelError::new(code, detail).of(kernel, kernel.id()));
    if columns.len() != params.len() {
        let detail = format!("takes {} arguments ({}), got {}", params.len(), signature(kernel), columns.len());
        return error(Code::SignatureMismatch, detail);
    }
    let mut nulls: Option<NullBuffer> = None;
    let mut all_null = false;
    let mut inputs = Vec::with_capacity(columns.len());
    for (index, (column, &ty)) in columns.iter().zip(&params).enumerate() {
        let name = || kernel.names.params.get(index).map_or_else(|| format!("#{index}"), |name| format!("`{name}`"));
        if let Some(got) = column.ty().filter(|&got| got != ty) {
            let detail = format!("parameter {} is {ty}, the column is {got}; takes {}", name(), signature(kernel));
            return error(Code::SignatureMismatch, detail);
        }
        if let Some(got) = column.rows().filter(|&got| got != rows) {
            return error(Code::LengthMismatch, format!("the column for {} has {got} rows, not {rows}", name()));
        }
        if let Some(own) = column.nulls.as_ref().filter(|own| own.null_count() > 0 || own.len() != rows) {
            if own.len() != rows || column.rows().is_none() {
                let detail = format!("validity of the column for {} has {} rows, not {rows}", name(), own.len());
                return error(Code::LengthMismatch, detail);
            }
            nulls = NullBuffer::union(nulls.as_ref(), Some(own));
        }
        inputs.push(match &column.values {
            Values::Scalar(scalar) => Input::Scalar(*scalar),
            Values::Null => {
                all_null = true;
                Input::Scalar(Scalar::from_bits(ty, 0))
            }
            Values::View(view) => view.input(),
            Values::Bits(bits) => Input::Bits(bits.clone()),
        });
    }
    let nulls = match nulls {
        _ if all_null => Nulls::All,
        None => Nulls::None,
        Some(nulls) if nulls.null_count() == rows => Nulls::All,
        Some(nulls) => Nulls::Some(nulls),
    };
    Ok(Bound { inputs, rows, nulls })
}

/// The parameters as `name: type, ...`.
fn signature(kernel: &VerifiedKernel) -> String {
    let types = kernel.core.slot_types();
    let names = kernel.names.params.iter().map(String::as_str).chain(std::iter::repeat("_"));
    types.iter().zip(names).map(|(ty, name)| format!("{name}: {ty}")).collect::<Vec<_>>().join(", ")
}
