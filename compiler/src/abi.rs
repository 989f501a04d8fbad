//! The call ABI between the runtime and compiled kernels: one entry, one frame.
//!
//! ```text
//!   entry: extern "C" fn(frame: *mut CallFrame) -> u32          0, or the number of a `Fault`
//!
//!   CallFrame            offset
//!   +------------------+
//!   | inputs           |  0  --> [*const u8; params]   column of parameter p, element of row 0
//!   | outputs          |  8  --> [*mut u8; results]    column of result r, element of row 0
//!   | helpers          | 16  --> [usize]               addresses, in the order of `helpers::HELPERS`
//!   | start            | 24      first row to run
//!   | end              | 32      one past the last row
//!   | fault_row        | 40  <-- the failing row, if the result is not 0
//!   | fault_site       | 48  <-- index into `Artifact::sites`, if the result is not 0
//!   | zero             | 52      0: what depends on it cannot be recognised as a constant
//!   +------------------+  56
//!
//!   column:  | row 0 | row 1 | ... | row end-1 |   elements are `Type::bytes()` wide, no padding,
//!                                                  any alignment; a bool is one byte, 0 or 1
//! ```
//!
//! The entry computes rows `start..end` in order: it reads `inputs[p][row]` for every parameter the kernel
//! uses and writes `outputs[r][row]` for every result. At the first row that fails it stops: rows before it
//! are written, the row itself and those behind it are not. A caller that knows the row to be null may go
//! on at `fault_row + 1`. A column of outputs may be the column of an input, at the same address; other
//! overlaps are not allowed.
//!
//! Code holds no address: helpers are reached through the table, nothing is relocated, and nothing else is
//! called. It does not trap, unwind, allocate or keep state between calls, so any number of threads may run
//! it at once, each with its own frame. The calling convention is the C one of the target.
//!
//! This file only draws the shape; `filbert-runtime` alone fills frames and calls entries.

/// Version of this page. Part of every target's fingerprint: code for another ABI is never found.
pub const ABI_VERSION: u16 = 1;

/// What an entry is given. See the module's drawing.
#[repr(C)]
#[derive(Debug)]
pub struct CallFrame {
    /// Table of input columns, one per parameter. Entries of parameters that the kernel does not use may be
    /// anything.
    pub inputs: *const *const u8,
    /// Table of output columns, one per result.
    pub outputs: *const *mut u8,
    /// Table of helper addresses: `helpers::table()`.
    pub helpers: *const usize,
    /// First row.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
    /// Out: the failing row.
    pub fault_row: u64,
    /// Out: which site failed, an index into `Artifact::sites`.
    pub fault_site: u32,
    /// Always 0. Code mixes it into constants that it wants to keep in registers: Cranelift would otherwise
    /// build them anew for each row.
    pub zero: u32,
}

/// The entry of a compiled kernel. Calling one is for `filbert-runtime` alone.
pub type Entry = unsafe extern "C" fn(*mut CallFrame) -> u32;

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(CallFrame, inputs) == 0);
    assert!(offset_of!(CallFrame, outputs) == 8);
    assert!(offset_of!(CallFrame, helpers) == 16);
    assert!(offset_of!(CallFrame, start) == 24);
    assert!(offset_of!(CallFrame, end) == 32);
    assert!(offset_of!(CallFrame, fault_row) == 40);
    assert!(offset_of!(CallFrame, fault_site) == 48);
    assert!(size_of::<CallFrame>() == 56);
};
