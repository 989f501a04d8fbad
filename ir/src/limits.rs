//! The limits of what a kernel may be. Kernels come from strangers: each limit is checked before work is
//! spent, and has a diagnostic that names it.

/// Length of a kernel in wire form, and of a source text, in bytes.
pub const WIRE_BYTES_MAX: usize = 256 * 1024;
/// Values in the table.
pub const VALUES_MAX: usize = 4096;
/// Blocks: regions, the body included.
pub const BLOCKS_MAX: usize = 1024;
/// Nesting of regions, and of expressions in source text.
pub const NESTING_MAX: usize = 64;
/// Parameters.
pub const PARAMS_MAX: usize = 256;
/// Loops around a value.
pub const LOOPS_NESTED_MAX: usize = 8;
/// Results.
pub const RESULTS_MAX: usize = 64;
/// Values that make the results: a fixed-size list counts each of its elements.
pub const RETURNS_MAX: usize = 4096;
/// Values that one region may yield; a loop carries one less.
pub const YIELDS_MAX: usize = 256;
/// Length of a name in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 128;
/// Length of the documentation that travels with a kernel, in bytes of UTF-8.
pub const DOC_BYTES_MAX: usize = 16 * 1024;
/// Lookup tables of a kernel.
pub const TABLES_MAX: usize = 256;
/// Bytes of all lookup tables of a kernel.
pub const TABLE_BYTES_MAX: usize = 128 * 1024;
/// Elements of a fixed-size list result, and of a local array.
pub const FIXED_LEN_MAX: u32 = 1024;
/// Elements of a fixed-size list that a kernel reads: Arrow counts them in an i32.
pub const FIXED_LIST_MAX: usize = i32::MAX as usize;
/// Loop iterations that a kernel may allow itself for one row.
pub const FUEL_MAX: u64 = 1 << 40;
