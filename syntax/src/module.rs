//! The kernels of one text.

use filbert_ir::{Code, Diagnostic, Diagnostics, VerifiedKernel};

use crate::names;

/// The kernels of one text, in source order.
#[derive(Clone, Debug)]
pub struct Module {
    /// The kernels; at least one.
    pub kernels: Vec<VerifiedKernel>,
    /// What is probably not meant, with the text; an empty list if there is nothing.
    pub warnings: Diagnostics,
}

impl Module {
    /// The kernel of this name.
    pub fn get(&self, name: &str) -> Option<&VerifiedKernel> {
        self.kernels.iter().find(|kernel| kernel.name() == name)
    }

    /// The kernel of this name, or else the only one there is.
    pub fn select(&self, name: &str) -> Result<&VerifiedKernel, Diagnostics> {
        if let Some(kernel) = self.get(name) {
            return Ok(kernel);
        }
        if let [only] = self.kernels.as_slice() {
            return Ok(only);
        }
        let known: Vec<&str> = self.kernels.iter().map(|kernel| kernel.name()).collect();
        let message = format!("there is no kernel `{name}` among the {} of the text", known.len());
        let help = match names::nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the kernels are {}", known.join(", ")),
        };
        Err(Diagnostics::without_text(vec![Diagnostic::unplaced(Code::NoKernel, message).help(help)]))
    }
}
