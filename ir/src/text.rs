//! The canonical text of a kernel: printed for people, parsed back in tests and tools.
//!
//! ```text
//! /// Doc lines, as in Rust.
//! kernel scaled(%0 x: &[f64], %1 %2 by: Option<f64>) -> (first: f64, %3 out: &mut [f64] of param 0) fuel 1000 {
//!   table 0: f64 = [1.0, 0.5]
//!   %4: u64 = const 0
//!   %5: f64 = if %2 {
//!     yield %1
//!   } else {
//!     %6: f64 = load table 0, %4
//!     yield %6
//!   }
//!   %7: u64 = loop %4 {
//!     %8: u64 = carried 0
//!     %9: f64 = load param 0, %8
//!     %10: f64 = mul %9, %5
//!     %11: bool = store result 1, %8, %10
//!     %12: u64 = const 1
//!     %13: u64 = add %8, %12
//!     %14: bool = lt %13, %0
//!     yield %14, %13
//!   }
//!   %15: f64 = load result 1, %4
//!   return %15
//! }
//! ```
//!
//! Each parameter begins with its slots (an `Option` has two: value, is-some; a list its length), and so
//! does a list result, whose length in rows follows: a sum of numbers and multiples of the lengths of list
//! parameters, `2 * param 0 + param 3 + -1`. Behind the results may stand `fuel N` and `on_error null`. A
//! kernel with list results only ends in a bare `return`.
//!
//! `parse(print(k))` gives the core and the names of `k`. In parsed text the numbers of values are labels:
//! any distinct numbers do, and the table is numbered anew. `//` begins a comment. A float constant is the
//! shortest decimal that reads back, `inf`, `-inf`, or `bits:0x7ff8000000000001` where only the bits will
//! do (every NaN). Names that are not identifiers stand in quotes.

mod lex;
mod parse;
mod print;

pub use parse::{parse, parse_datum, parse_scalar};
pub use print::print;

fn is_ident(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
