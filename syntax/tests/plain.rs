//! Kernels that are Rust functions too: each text is compiled by rustc and by the front end, and the
//! interpreter must give what the function gives, row by row, and fail where it panics.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use filbert_ir::{Scalar, VerifiedKernel, interp};

/// Defines functions, and `TEXT`, which is what they are written as.
macro_rules! text {
    ($($item:item)*) => {
        $(#[allow(warnings, clippy::all)] $item)*
        const TEXT: &str = concat!($(stringify!($item), "\n"),*);
    };
}

/// Compares functions of `TEXT` with the kernels of these names, over all combinations of the arguments.
macro_rules! compare {
    ($module:ident; $($name:ident($($arg:ident: $values:expr),* $(,)?));* $(;)?) => {
        $({
            let kernel = $module.get(stringify!($name)).unwrap();
            $crate::plain::compare_rows!(kernel, $name, stringify!($name), []; $($arg: $values),*);
        })*
    };
}

macro_rules! compare_rows {
    ($kernel:expr, $function:ident, $name:expr, [$($done:ident),*];) => {
        $crate::plain::check($kernel, $name, format!("{:?}", ($($done,)*)), &[$($crate::plain::Datum::scalars($done)),*].concat(),
            || $crate::plain::Datum::scalars(&$function($($done.clone()),*)))
    };
    ($kernel:expr, $function:ident, $name:expr, [$($done:ident),*]; $arg:ident: $values:expr $(, $rest:ident: $more:expr)*) => {
        for $arg in &$values {
            $crate::plain::compare_rows!($kernel, $function, $name, [$($done,)* $arg]; $($rest: $more),*);
        }
    };
}

pub(crate) use compare_rows;

mod closures;
mod lists;
mod loops;
mod matching;
mod options;

pub(crate) fn module(text: &str) -> filbert_syntax::Module {
    filbert_syntax::parse(text, "plain.rs").unwrap_or_else(|found| panic!("{found}"))
}

/// What a parameter or result is in slots.
pub(crate) trait Datum {
    fn scalars(&self) -> Vec<Scalar>;
}

macro_rules! scalars {
    ($($ty:ty)*) => {
        $(
            impl Datum for $ty {
                fn scalars(&self) -> Vec<Scalar> {
                    vec![Scalar::from(*self)]
                }
            }

            impl Datum for Option<$ty> {
                fn scalars(&self) -> Vec<Scalar> {
                    let value = Scalar::from(self.unwrap_or_default());
                    vec![value, Scalar::Bool(self.is_some())]
                }
            }
        )*
    };
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl<A: Datum, B: Datum> Datum for (A, B) {
    fn scalars(&self) -> Vec<Scalar> {
        [self.0.scalars(), self.1.scalars()].concat()
    }
}

impl<A: Datum, B: Datum, C: Datum> Datum for (A, B, C) {
    fn scalars(&self) -> Vec<Scalar> {
        [self.0.scalars(), self.1.scalars(), self.2.scalars()].concat()
    }
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function that may panic, without a word on the terminal.
fn quietly<T>(function: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                usual(info);
            }
        }));
    });
    IS_QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(function)).ok();
    IS_QUIET.set(false);
    result
}

/// One row: the kernel gives the function's results, and an error where it panics.
pub(crate) fn check(
    kernel: &VerifiedKernel,
    name: &str,
    row: impl Debug,
    args: &[Scalar],
    function: impl FnOnce() -> Vec<Scalar>,
) {
    let want = quietly(function);
    let got = interp::run_scalars(kernel, args);
    match (&want, &got) {
        (None, Err(_)) => {}
        (Some(want), Ok(got)) if same(kernel, want, got) => {}
        _ => panic!("{name}{row:?}: Rust gives {want:?}, the kernel {got:?}\n{}", filbert_ir::text::print(kernel)),
    }
}

/// Equal, NaN equal to NaN, and whatever stands under a null.
fn same(kernel: &VerifiedKernel, want: &[Scalar], got: &[Scalar]) -> bool {
    use filbert_ir::ResultTy;
    let mut at = 0;
    want.len() == got.len()
        && kernel.core.signature.results.iter().all(|result| {
            let count = result.entries().len();
            let (want, got) = (&want[at..at + count], &got[at..at + count]);
            at += count;
            match result {
                ResultTy::Scalar { nullable: true, .. } => {
                    want[1] == got[1] && (want[1] == Scalar::Bool(false) || equal(want[0], got[0]))
                }
                _ => want.iter().zip(got).all(|(&want, &got)| equal(want, got)),
            }
        })
}

fn equal(a: Scalar, b: Scalar) -> bool {
    a.canonical() == b.canonical() && a.canonical().bits() == b.canonical().bits()
        || matches!((a, b), (Scalar::F64(a), Scalar::F64(b)) if a.is_nan() && b.is_nan())
}
