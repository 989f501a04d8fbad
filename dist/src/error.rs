//! A kernel's error on its way through the engine, and back out of it.
//!
//! What this crate reports travels as `DataFusionError::External` around a `KernelError` (inside of what lets it
//! survive as text, see `carried`) or, for kernel text, `Diagnostics`. The engine wraps errors in layers
//! (context, Arrow, shared between partitions); the finder here looks through all of them. Not `IoError`:
//! schedulers retry those, and a failing row fails again.

use std::error::Error;

use datafusion::common::DataFusionError;
use filbert_ir::{Diagnostics, KernelError, VerifiedKernel};

use crate::carried::{Carried, find_in_text};

/// A kernel's error as the engine carries it.
pub fn external(error: KernelError) -> DataFusionError {
    DataFusionError::External(Box::new(Carried(error)))
}

/// The findings about a kernel's text as the engine carries them.
pub(crate) fn wrong_kernel(diagnostics: Diagnostics) -> DataFusionError {
    DataFusionError::External(Box::new(diagnostics))
}

/// The kernel's error inside an engine's error, if there is one.
pub fn find_kernel_error(error: &DataFusionError) -> Option<&KernelError> {
    find(error)
}

/// The findings about a kernel's text inside an engine's error, if there are any.
pub fn find_diagnostics(error: &DataFusionError) -> Option<&Diagnostics> {
    find(error)
}

fn find<E: Error + 'static>(error: &DataFusionError) -> Option<&E> {
    let mut layer: &(dyn Error + 'static) = error;
    loop {
        if let Some(found) = layer.downcast_ref::<E>() {
            return Some(found);
        }
        layer = layer.source()?;
    }
}

/// One screen for the user. `known` looks a failing kernel up, for the caret in its source; a process that
/// only decoded the plan has no source and shows the message alone.
pub fn render(error: &DataFusionError, known: impl FnOnce(&KernelError) -> Option<VerifiedKernel>) -> String {
    if let Some(found) = find_diagnostics(error) {
        return found.render();
    }
    let found = find_kernel_error(error).cloned().or_else(|| find_in_text(&error.to_string()));
    if let Some(found) = found {
        let kernel = known(&found);
        return found.render(kernel.as_deref());
    }
    format!("{}\n", error.strip_backtrace().trim_end())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::error::ArrowError;
    use filbert_ir::Code;

    use super::*;

    #[test]
    fn the_error_is_found_through_every_layer() {
        let bare = || external(KernelError::new(Code::Overflow, "i32 add"));
        let layers = [
            bare(),
            bare().context("while projecting"),
            DataFusionError::from(ArrowError::from(bare())),
            DataFusionError::Shared(Arc::new(bare().context("join"))),
            DataFusionError::External(Box::new(bare())),
            DataFusionError::from(ArrowError::from(bare().context("sink"))),
            DataFusionError::Collection(vec![bare()]),
        ];
        for layer in layers {
            assert_eq!(find_kernel_error(&layer).map(|e| e.code), Some(Code::Overflow), "{layer:?}");
            assert!(layer.to_string().contains("FB-0501"), "{layer}");
        }
        assert!(find_kernel_error(&DataFusionError::Plan("no".into())).is_none());
    }

    #[test]
    fn an_error_of_the_engine_is_shown_as_it_is() {
        assert_eq!(
            render(&DataFusionError::Plan("table 'x' not found".into()), |_| None),
            "Error during planning: table 'x' not found\n"
        );
    }
}
