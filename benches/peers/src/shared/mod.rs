//! What every worker written in Rust shares: the lines that are spoken, arrays that are read from files, and the
//! loop that answers. Only the standard library is used, because the rustc peer includes this file too.

pub(crate) mod array;
pub(crate) mod protocol;
pub(crate) mod serve;
