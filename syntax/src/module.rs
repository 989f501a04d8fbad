//! The kernels of one text.

use filbert_ir::{Code, Diagnostic, Diagnostics, VerifiedKernel};

use crate::generics::Template;
use crate::names;

/// The kernels of one text, in source order.
#[derive(Clone, Debug)]
pub struct Module {
    /// The kernels; at least one, unless there are templates.
    pub kernels: Vec<VerifiedKernel>,
    /// The generic kernels, which become kernels when the types of their columns are known.
    pub templates: Vec<Template>,
    /// What is probably not meant, with the text; an empty list if there is nothing.
    pub warnings: Diagnostics,
}

impl Module {
    /// The kernel of this name.
    pub fn get(&self, name: &str) -> Option<&VerifiedKernel> {
        self.kernels.iter().find(|kernel| kernel.name() == name)
    }

    /// The generic kernel of this name.
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name == name)
    }

    /// The kernel of this name, or else the only one there is.
    pub fn select(&self, name: &str) -> Result<&VerifiedKernel, Diagnostics> {
        if let Some(kernel) = self.get(name) {
            return Ok(kernel);
        }
        if let [only] = self.kernels.as_slice() {
            return Ok(only);
        }
        if let Some(template) = self.template(name).or(self.templates.first().filter(|_| self.kernels.is_empty())) {
            let message = format!("`{}` is generic: it is a kernel for given types of columns only", template.name);
            let help = "write a kernel with types that calls it";
            return Err(Diagnostics::without_text(vec![Diagnostic::unplaced(Code::NoKernel, message).help(help)]));
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
