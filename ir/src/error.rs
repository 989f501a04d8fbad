//! The error that a running kernel gives: which code, which row, which value, with what arguments.
//!
//! `Display` is one line that keeps the stable code, because engines flatten errors to text; `render`
//! draws the caret, where this process knows the source.

use std::fmt;

use crate::code::{Class, Code};
use crate::diagnostic::{Diagnostic, excerpt};
use crate::kernel::{Kernel, KernelId, ValueId};
use crate::op::Fault;

/// Why a kernel's call gave no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KernelError {
    /// Stable code.
    pub code: Code,
    /// Name of the kernel, or empty.
    pub kernel: String,
    /// Its id, where one is known.
    pub id: Option<KernelId>,
    /// The lowest failing row, counted from the start of the batch.
    pub row: Option<u64>,
    /// The value that failed, of the kernel as it was registered (before any pass).
    pub value: Option<ValueId>,
    /// Name and value of each argument of that row.
    pub args: Vec<(String, String)>,
    /// What happened, in words.
    pub detail: String,
}

impl KernelError {
    /// An error that is not about a row.
    pub fn new(code: Code, detail: impl Into<String>) -> KernelError {
        KernelError {
            code,
            kernel: String::new(),
            id: None,
            row: None,
            value: None,
            args: Vec::new(),
            detail: detail.into(),
        }
    }

    /// The same error, said of this kernel.
    pub fn of(mut self, kernel: &Kernel, id: KernelId) -> KernelError {
        self.kernel = kernel.names.kernel.clone();
        self.id = Some(id);
        self
    }

    /// Class of the code.
    pub fn class(&self) -> Class {
        self.code.class()
    }

    /// One screen: the message, the arguments of the row, and the source with a caret if `kernel` is the one
    /// that failed and has its source.
    pub fn render(&self, kernel: Option<&Kernel>) -> String {
        let source = kernel.and_then(|k| k.source.as_ref());
        let span = source.zip(self.value).and_then(|(source, value)| source.spans.get(value.index()));
        match source.zip(span) {
            Some((source, &span)) => {
                let diagnostic = Diagnostic::new(self.code, span, self.headline()).label(self.detail.clone());
                let diagnostic = match self.args_line() {
                    line if line.is_empty() => diagnostic,
                    line => diagnostic.help(format!("the row's arguments: {line}")),
                };
                excerpt(&diagnostic, span, &source.name, &source.text)
            }
            None => format!("{self}\n"),
        }
    }

    fn headline(&self) -> String {
        let mut line = self.code.title().to_string();
        if !self.kernel.is_empty() {
            line.push_str(&format!(" in kernel {}", self.kernel));
        }
        if let Some(row) = self.row {
            line.push_str(&format!(", row {row} of the batch"));
        }
        line
    }

    fn args_line(&self) -> String {
        self.args.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.code, self.headline(), self.detail)?;
        if !self.args.is_empty() {
            write!(f, " ({})", self.args_line())?;
        }
        Ok(())
    }
}

impl std::error::Error for KernelError {}

impl Fault {
    /// The stable code of the fault.
    pub fn code(self) -> Code {
        match self {
            Fault::Overflow => Code::Overflow,
            Fault::DivideByZero => Code::DivideByZero,
            Fault::ShiftRange => Code::ShiftRange,
            Fault::ClampBounds => Code::ClampBounds,
            Fault::IndexRange => Code::IndexRange,
            Fault::Fuel => Code::FuelExhausted,
            Fault::UnequalLengths => Code::UnequalLengths,
            Fault::Domain => Code::Domain,
            Fault::Assertion => Code::Assertion,
        }
    }
}
