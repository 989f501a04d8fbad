//! The static that `#[kernel]` makes: a plain function, and the kernel that its text means.
//!
//! The macro checked the text inside rustc, but could not see the other kernels and the constants that it
//! names; rustc resolved those to statics and values, which stand in the `Declaration`. On first use the
//! text is compiled with them, once for the process.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use filbert_ir::{AsKernel, Code, Diagnostic, Diagnostics, VerifiedKernel};

use crate::capture::ConstantValue;
use crate::front;
use crate::generics::{ArgType, Template};
use crate::links::{Given, Links};

/// A kernel written as a Rust function. It dereferences to the plain function, so `f(x)` is a call of
/// that; `&f` stands for the kernel wherever an [`AsKernel`] is taken.
pub struct KernelFn<F: 'static> {
    plain: F,
    declaration: &'static Declaration,
    kernel: OnceLock<Result<VerifiedKernel, Diagnostics>>,
}

/// What `#[kernel]` writes down about a function.
pub struct Declaration {
    /// Name of the function.
    pub name: &'static str,
    /// File and line where it stands.
    pub place: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The kernels that it calls, by their path in the text.
    pub callees: &'static [(&'static str, &'static dyn Callee)],
    /// The constants around it that it uses, by their path in the text.
    pub consts: &'static [(&'static str, Constant)],
}

/// The value of a constant: rustc knows it only when the program runs.
pub type Constant = fn() -> ConstantValue;

/// What a kernel may call: another kernel.
#[diagnostic::on_unimplemented(
    message = "a kernel can call only kernels",
    label = "this is not a kernel",
    note = "put `#[kernel]` before the function that is called"
)]
pub trait Callee: Sync {
    /// The kernel that is called.
    fn callee(&self) -> Result<VerifiedKernel, Diagnostics>;
}

thread_local! {
    /// The kernels that this thread is compiling, callers before callees.
    static COMPILING: RefCell<Vec<&'static Declaration>> = const { RefCell::new(Vec::new()) };
}

impl<F> KernelFn<F> {
    /// The kernel of a plain function. `#[kernel]` writes this.
    pub const fn new(plain: F, declaration: &'static Declaration) -> KernelFn<F> {
        KernelFn { plain, declaration, kernel: OnceLock::new() }
    }

    fn kernel(&self) -> Result<VerifiedKernel, Diagnostics> {
        if let Some(kernel) = self.kernel.get() {
            return kernel.clone();
        }
        // Compiled outside the lock: two threads that start from both ends of a circle of calls would
        // wait for each other for ever. What they compile is the same.
        let kernel = compile(self.declaration);
        self.kernel.get_or_init(|| kernel).clone()
    }
}

/// Compiles a declaration with what it calls.
fn compile(declaration: &'static Declaration) -> Result<VerifiedKernel, Diagnostics> {
    let circle = COMPILING.with_borrow(|stack| {
        let start = stack.iter().position(|open| std::ptr::eq(*open, declaration))?;
        let names = stack[start..].iter().chain([&declaration]).map(|open| format!("`{}`", open.name));
        Some(names.collect::<Vec<_>>().join(" calls "))
    });
    if let Some(circle) = circle {
        let finding = Diagnostic::unplaced(Code::Recursion, format!("kernels call each other in a circle: {circle}"))
            .help("calls are replaced by the body of what they call, so they must end: write a closed form");
        return Err(Diagnostics::without_text(vec![finding]));
    }
    COMPILING.with_borrow_mut(|stack| stack.push(declaration));
    let given = link(declaration);
    COMPILING.with_borrow_mut(|stack| stack.pop());

    let compiled = front::compile(declaration.text, declaration.place, &Links::Given(&given?))?;
    let kernel = compiled.kernels.into_iter().find(|kernel| kernel.name() == declaration.name);
    kernel.ok_or_else(|| undefined(declaration))
}

fn link(declaration: &Declaration) -> Result<Given, Diagnostics> {
    let mut given = Given::default();
    for &(path, callee) in declaration.callees {
        given.kernels.push((path.to_string(), callee.callee()?));
    }
    given.consts.extend(declaration.consts.iter().map(|&(path, value)| (path.to_string(), value())));
    Ok(given)
}

/// A generic kernel written as a Rust function. There is no plain function: `T` is decided by columns.
pub struct KernelTemplate {
    declaration: &'static Declaration,
    template: OnceLock<Result<Template, Diagnostics>>,
}

impl KernelTemplate {
    /// The template of a declaration. `#[kernel]` writes this.
    pub const fn new(declaration: &'static Declaration) -> KernelTemplate {
        KernelTemplate { declaration, template: OnceLock::new() }
    }

    /// The template, or why its source is not one.
    pub fn template(&self) -> Result<Template, Diagnostics> {
        if let Some(template) = self.template.get() {
            return template.clone();
        }
        // Outside the lock for the same reason as a kernel is.
        let template = compile_template(self.declaration);
        self.template.get_or_init(|| template).clone()
    }

    /// The kernel for columns of these types. It is compiled anew each time: keep it.
    pub fn specialise(&self, args: &[ArgType]) -> Result<VerifiedKernel, Diagnostics> {
        self.template()?.specialise(args)
    }
}

impl fmt::Debug for KernelTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelTemplate({} at {})", self.declaration.name, self.declaration.place)
    }
}

fn compile_template(declaration: &'static Declaration) -> Result<Template, Diagnostics> {
    let given = link(declaration)?;
    let compiled = front::compile(declaration.text, declaration.place, &Links::Given(&given))?;
    let template = compiled.templates.into_iter().find(|template| template.name == declaration.name);
    template.ok_or_else(|| undefined(declaration))
}

fn undefined(declaration: &Declaration) -> Diagnostics {
    let message = format!("the text of `{}` does not define it", declaration.name);
    Diagnostics::without_text(vec![Diagnostic::unplaced(Code::Internal, message)])
}

impl<F> Deref for KernelFn<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.plain
    }
}

impl<F> AsKernel for KernelFn<F> {
    fn as_kernel(&self) -> Result<VerifiedKernel, Diagnostics> {
        self.kernel()
    }
}

impl<F: Sync> Callee for KernelFn<F> {
    fn callee(&self) -> Result<VerifiedKernel, Diagnostics> {
        self.kernel()
    }
}

impl<F> fmt::Debug for KernelFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelFn({} at {})", self.declaration.name, self.declaration.place)
    }
}
