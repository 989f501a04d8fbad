//! Whatever a session can call: kernels, and the templates of kernels.

use datafusion::common::Result;
use datafusion::logical_expr::ScalarUDF;
use filbert_ir::VerifiedKernel;
use filbert_syntax::{KernelFn, KernelTemplate, Template};

use crate::error::wrong_kernel;
use crate::template::TemplateUdf;
use crate::udf::KernelUdf;

/// What `Session::register` and `Frame::with_column` take: a verified kernel, a template, and the static that
/// `#[kernel]` makes of a function, generic or not.
pub trait AsFunction {
    /// The engine's function, or why its source is not a kernel.
    fn as_function(&self) -> Result<ScalarUDF>;
}

impl AsFunction for VerifiedKernel {
    fn as_function(&self) -> Result<ScalarUDF> {
        Ok(ScalarUDF::new_from_impl(KernelUdf::new(self.clone())))
    }
}

impl<F> AsFunction for KernelFn<F> {
    fn as_function(&self) -> Result<ScalarUDF> {
        Ok(ScalarUDF::new_from_impl(KernelUdf::of(self)?))
    }
}

impl AsFunction for Template {
    fn as_function(&self) -> Result<ScalarUDF> {
        Ok(ScalarUDF::new_from_impl(TemplateUdf::new(self.clone())))
    }
}

impl AsFunction for KernelTemplate {
    fn as_function(&self) -> Result<ScalarUDF> {
        self.template().map_err(wrong_kernel)?.as_function()
    }
}

impl<K: AsFunction + ?Sized> AsFunction for &K {
    fn as_function(&self) -> Result<ScalarUDF> {
        (**self).as_function()
    }
}
