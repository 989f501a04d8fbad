//! `#[kernel]`: the entry point of the macro. Everything it does is in `filbert_syntax::expand`.

#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Makes a kernel of a function.
///
/// The function becomes a static of its name: `f(x)` calls it as plain Rust, `&f` is the kernel, to be
/// registered, compiled and run over columns. Its body is the subset of Rust that kernels have; whatever
/// else stands in it is an error here, all of them at once. It may call other `#[kernel]` functions and use
/// constants around it.
///
/// ```
/// # use filbert_macros::kernel;
/// const SCALE: f64 = 2.0;
///
/// /// Twice the square of `x`.
/// #[kernel(crate = filbert_syntax)]
/// fn twice_square(x: f64) -> f64 {
///     SCALE * x * x
/// }
///
/// assert_eq!(twice_square(3.0), 18.0);
/// ```
#[proc_macro_attribute]
pub fn kernel(args: TokenStream, item: TokenStream) -> TokenStream {
    filbert_syntax::expand(args.into(), item.into()).into()
}
