//! The call ABI between the runtime and compiled kernels: one entry, one frame.
//!
//! ```text
//!   entry: extern "C" fn(frame: *mut CallFrame) -> u32       0, the number of a `Fault`,
//!                                                             `STOPPED` or `SCALAR`
//!
//!   CallFrame            offset
//!   +------------------+
//!   | inputs           |  0  --> [*const u8; slots]    column of each slot, `Core::slot_types`
//!   | outputs          |  8  --> [*mut u8; columns]    output columns, `output_columns`
//!   | lists            | 16  --> [*const *mut u8]      column of addresses for each list, `lists`
//!   | tables           | 24  --> [*const u8; tables]   elements of each table of the kernel
//!   | helpers          | 32  --> [*const (); helpers]  addresses, in the order of `helpers::HELPERS`
//!   | stop             | 40  --> u8                    the call ends soon after this is not 0 any more
//!   | start            | 48      first row to run
//!   | end              | 56      one past the last row
//!   | fuel             | 64      loop iterations that one row may spend
//!   | poll             | 72  <-> loop iterations until the next look at `stop`
//!   | fault_row        | 80  <-- the failing row, if the result is not 0
//!   | fault_site       | 88  <-- index into `Artifact::sites`, if the result is a fault
//!   | zero             | 92      0: what depends on it cannot be recognised as a constant
//!   | scratch          | 96      the code's own
//!   | streams          | 104     not 0: stores may go past the caches
//!   +------------------+ 112
//!
//!   column:     | row 0 | row 1 | ... | row end-1 |   elements are `Type::bytes()` wide, no padding, any
//!                                                     alignment; a bool is one byte, 0 or 1
//!   fixed list: | row 0: e0 e1 .. | row 1: e0 e1 .. | ... |                 `width` elements a row
//!   addresses:  | row 0 | row 1 | ... | row end-1 |   8 bytes each: where the row's first element is; its
//!                                                     elements follow one another, any alignment
//! ```
//!
//! Code that was compiled for slots of one value (`Target::with_uniform`) gets for such a slot, in place of a
//! column, the address of the 8 bytes that `uniform_bits` gives.
//!
//! Code that was compiled for a sum (`Target::with_sums`) gets as its one output column the `SUM_LANES` lanes of the
//! sum, of the result's type, and adds the result of each row to lane row % `SUM_LANES`, rows in order; `start` is
//! then a multiple of that, and the code always returns 0.
//!
//! The entry computes rows `start..end` in order: it reads `inputs[s][row]` of every slot that the kernel
//! uses and writes every output column. It reads and writes elements of a row's lists only below the length
//! in the list's slot; the caller zeroes the lists of results first. At the first row that fails it stops:
//! rows before it are written, the output columns of the row itself and of those behind it are not, and
//! what the row's result lists hold is nobody's business. A caller that knows the row to be null may go on
//! at `fault_row + 1`. A column of outputs may be the column of an input, at the same address; other
//! overlaps are not allowed, and a result list overlaps nothing.
//!
//! Each jump back to the head of a loop is an iteration. A row may make `fuel` of them, all its loops
//! together; the next one is `Fault::Fuel` at that loop. Every `POLL_ITERATIONS` the code looks at `stop`, and
//! leaves with `STOPPED` if it is raised; nothing of the row `fault_row` counts then.
//!
//! Code holds no address: helpers and tables are reached through the frame, nothing is relocated, and nothing
//! else is called. It does not trap, unwind, allocate or keep state between calls, so any number of threads
//! may run it at once, each with its own frame. The calling convention is the C one of the target.
//!
//! This file only draws the shape; `filbert-runtime` alone fills frames and calls entries.

use std::sync::atomic::AtomicPtr;

use filbert_ir::signature::{Array, Param, ResultTy};
use filbert_ir::{Core, Scalar, Type};

/// Version of this page. Part of every target's fingerprint: code for another ABI is never found.
pub const ABI_VERSION: u16 = 4;

/// What an entry returns if it found `stop` raised. No fault has this number.
pub const STOPPED: u32 = u32::MAX;

/// What an entry of vector code returns where it leaves rows to scalar code: those from `fault_row` on, of which
/// none is written. One of them may fail, or there is less than a block of them. No fault has this number.
pub const SCALAR: u32 = u32::MAX - 1;

/// Lanes of a sum.
pub const SUM_LANES: u32 = 32;

/// Loop iterations between two looks at `stop`, all rows of a call together; a caller starts with as many.
pub const POLL_ITERATIONS: u64 = 16_384;

/// What an entry is given. See the module's drawing.
#[repr(C)]
#[derive(Debug)]
pub struct CallFrame {
    /// Table of input columns, one per slot: values of the parameters, whether they are there (bools), lengths
    /// of lists. Entries of slots that the kernel does not use may be anything.
    pub inputs: *const *const u8,
    /// Table of output columns, as `output_columns` lists them.
    pub outputs: *const *mut u8,
    /// Table of columns of addresses, as `lists` lists them. Elements of a result list are written.
    pub lists: *const *const *mut u8,
    /// Table of the kernel's tables: where the elements of each are.
    pub tables: *const *const u8,
    /// Table of helper addresses: `helpers::table()`.
    pub helpers: *const AtomicPtr<()>,
    /// A byte that is 0 until the call should end. Never null; another thread may write it, atomically.
    pub stop: *const u8,
    /// First row.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
    /// Loop iterations that one row may spend: the kernel's own limit, or less.
    pub fuel: u64,
    /// In and out: loop iterations until the next look at `stop`. The caller begins with `POLL_ITERATIONS` and
    /// hands what one call left to the next.
    pub poll: u64,
    /// Out: the failing row.
    pub fault_row: u64,
    /// Out: which site failed, an index into `Artifact::sites`.
    pub fault_site: u32,
    /// Always 0. Code mixes it into constants that it wants to keep in registers: Cranelift would otherwise
    /// build them anew for each row.
    pub zero: u32,
    /// The code's own; what is in it at first does not matter.
    pub scratch: u64,
    /// Not 0: row `start` of every output column stands at a multiple of 64 bytes, and nobody reads the outputs
    /// soon. Code may then store past the caches; it lets these stores become visible before it returns.
    pub streams: u64,
}

/// The entry of a compiled kernel. Calling one is for `filbert-runtime` alone.
pub type Entry = unsafe extern "C" fn(*mut CallFrame) -> u32;

/// A column that code writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutputColumn {
    /// Type of its elements.
    pub ty: Type,
    /// Elements of a row.
    pub width: u32,
}

/// The output columns of a kernel: for each result in order its values; for a nullable one, whether they are
/// there, as bools. Lists are not columns.
pub fn output_columns(core: &Core) -> Vec<OutputColumn> {
    let mut columns = Vec::new();
    for result in &core.signature.results {
        match result {
            ResultTy::Scalar { ty, nullable } => {
                columns.push(OutputColumn { ty: ty.storage(), width: 1 });
                if *nullable {
                    columns.push(OutputColumn { ty: Type::Bool, width: 1 });
                }
            }
            ResultTy::Fixed { elem, len } => columns.push(OutputColumn { ty: *elem, width: *len }),
            ResultTy::List { .. } => {}
        }
    }
    columns
}

/// What stands in memory for a slot that has one value for all rows: twice the 32 bits of a lane, narrower
/// integers extended, or 64 bits.
pub fn uniform_bits(ty: Type, bits: u64) -> u64 {
    let lane = match Scalar::from_bits(ty, bits) {
        Scalar::I8(value) => value as u32,
        Scalar::I16(value) => value as u32,
        _ if ty.bits() == 64 => return bits,
        _ => bits as u32,
    };
    u64::from(lane) << 32 | u64::from(lane)
}

/// The lists of a kernel in the order of `CallFrame::lists`: of the parameters, then of the results.
pub fn lists(core: &Core) -> Vec<Array> {
    let params = core.signature.params.iter().enumerate();
    let params = params.filter(|(_, param)| matches!(param, Param::List { .. }));
    let results = core.signature.results.iter().enumerate();
    let results = results.filter(|(_, result)| matches!(result, ResultTy::List { .. }));
    let params = params.map(|(index, _)| Array::Param(index as u32));
    params.chain(results.map(|(index, _)| Array::Result(index as u32))).collect()
}

const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(CallFrame, inputs) == 0);
    assert!(offset_of!(CallFrame, outputs) == 8);
    assert!(offset_of!(CallFrame, lists) == 16);
    assert!(offset_of!(CallFrame, tables) == 24);
    assert!(offset_of!(CallFrame, helpers) == 32);
    assert!(offset_of!(CallFrame, stop) == 40);
    assert!(offset_of!(CallFrame, start) == 48);
    assert!(offset_of!(CallFrame, end) == 56);
    assert!(offset_of!(CallFrame, fuel) == 64);
    assert!(offset_of!(CallFrame, poll) == 72);
    assert!(offset_of!(CallFrame, fault_row) == 80);
    assert!(offset_of!(CallFrame, fault_site) == 88);
    assert!(offset_of!(CallFrame, zero) == 92);
    assert!(offset_of!(CallFrame, scratch) == 96);
    assert!(offset_of!(CallFrame, streams) == 104);
    assert!(size_of::<CallFrame>() == 112);
};
