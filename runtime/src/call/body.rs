//! What computes rows: machine code, or the interpreter, over the pointers of one strip.

#![allow(unsafe_code)]

use std::sync::Arc;

use filbert_compiler::abi::{CallFrame, POLL_ITERATIONS, STOPPED};
use filbert_compiler::{Artifact, helpers};
use filbert_ir::interp::{Control, Interpreter, Memory, RowEnd, RowFault};
use filbert_ir::{Array, Fault, KernelId, ValueId, VerifiedKernel};

use crate::code_memory::{CodeMemory, Refused};
use crate::crash;
use crate::layout::Layout;
use crate::lend::{read_bits, write_bits};
use crate::options::StopFlag;

/// A kernel's machine code, with what its faults mean.
pub(crate) struct NativeCode {
    id: KernelId,
    memory: CodeMemory,
    sites: Vec<ValueId>,
    layout: Arc<Layout>,
}

impl NativeCode {
    /// Maps what the compiler made of `kernel`.
    pub(crate) fn load(kernel: &VerifiedKernel, artifact: &Artifact) -> Result<NativeCode, Refused> {
        Ok(NativeCode {
            id: kernel.id(),
            memory: CodeMemory::load(&artifact.code, artifact.align, artifact.entry_offset)?,
            sites: artifact.sites.iter().map(|site| site.value).collect(),
            layout: Arc::new(Layout::of(kernel)),
        })
    }

    /// How the arguments and results of its kernel lie.
    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Bytes of memory that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.memory.bytes() + self.sites.len() * size_of::<ValueId>()
    }
}

/// How far rows may go.
#[derive(Clone, Copy)]
pub(crate) struct Limits<'l> {
    /// Loop iterations of a row.
    pub(crate) fuel: u64,
    pub(crate) stop: Option<&'l StopFlag>,
}

/// What is at the addresses that the strip loop has set: see the tables of `CallFrame`.
pub(crate) struct Pointers {
    pub(crate) slots: Vec<*const u8>,
    pub(crate) columns: Vec<*mut u8>,
    pub(crate) lists: Vec<*const *mut u8>,
    pub(crate) tables: Vec<*const u8>,
}

/// How the rows of a range ended.
pub(crate) enum Ran {
    All,
    /// At the lowest row that fails.
    Failed {
        row: usize,
        fault: RowFault,
    },
    /// Somebody raised the flag; `row` is not computed.
    Stopped {
        row: usize,
    },
}

pub(crate) enum Body<'b> {
    Native {
        code: &'b NativeCode,
        limits: Limits<'b>,
        /// Iterations until the code's next look at the flag.
        poll: u64,
    },
    Interp {
        interpreter: Interpreter,
        layout: &'b Layout,
        control: Control<'b>,
        slots: Vec<u64>,
        returns: Vec<u64>,
    },
}

impl<'b> Body<'b> {
    pub(crate) fn native(code: &'b NativeCode, limits: Limits<'b>) -> Body<'b> {
        Body::Native { code, limits, poll: POLL_ITERATIONS }
    }

    pub(crate) fn interp(kernel: &VerifiedKernel, layout: &'b Layout, control: Control<'b>) -> Body<'b> {
        let (slots, returns) = (vec![0; layout.slots.len()], vec![0; kernel.core.returns.len()]);
        Body::Interp { interpreter: Interpreter::new(kernel), layout, control, slots, returns }
    }

    /// Computes rows `start..end` of a strip. `Err` if machine code broke its contract.
    ///
    /// # Safety
    /// For rows `start..end` the pointers must be those that docs/abi.md wants for the kernel that the body is
    /// of: slots and addresses to read, columns to write, elements of the lengths that the slots say. Nobody
    /// else may use the memory that is written.
    pub(crate) unsafe fn rows(&mut self, pointers: &Pointers, start: usize, end: usize) -> Result<Ran, String> {
        match self {
            Body::Native { code, limits, poll } => {
                let mut frame = CallFrame {
                    inputs: pointers.slots.as_ptr(),
                    outputs: pointers.columns.as_ptr(),
                    lists: pointers.lists.as_ptr(),
                    tables: pointers.tables.as_ptr(),
                    helpers: helpers::table().as_ptr(),
                    stop: limits.stop.map_or(&0, StopFlag::as_ptr),
                    start: start as u64,
                    end: end as u64,
                    fuel: limits.fuel,
                    poll: *poll,
                    fault_row: 0,
                    fault_site: 0,
                    zero: 0,
                    scratch: 0,
                };
                let running = crash::running(&code.id);
                // SAFETY: the frame is as docs/abi.md wants it, by the caller's promise; `code` is borrowed,
                // so its pages stay mapped; the compiler's audit says that the code does not trap or unwind.
                let status = unsafe { (code.memory.entry())(&mut frame) };
                drop(running);
                *poll = frame.poll.clamp(1, POLL_ITERATIONS);
                if status == 0 {
                    return Ok(Ran::All);
                }
                let row = frame.fault_row as usize;
                let site = code.sites.get(frame.fault_site as usize);
                match (Fault::from_number(status).zip(site), (start..end).contains(&row)) {
                    (_, true) if status == STOPPED => Ok(Ran::Stopped { row }),
                    (Some((fault, &value)), true) => Ok(Ran::Failed { row, fault: RowFault { fault, value } }),
                    _ => Err(format!("machine code gave status {status} at site {} in row {row}", frame.fault_site)),
                }
            }
            Body::Interp { interpreter, layout, control, slots, returns } => {
                for row in start..end {
                    for ((slot, ty), &column) in slots.iter_mut().zip(&layout.slots).zip(&pointers.slots) {
                        // SAFETY: the row is there, by the caller's promise.
                        *slot = unsafe { read_bits(*ty, column.add(row * ty.bytes())) };
                    }
                    let mut memory = StripMemory { layout, lists: &pointers.lists, row };
                    match interpreter.row(slots, &mut memory, control, returns) {
                        Ok(()) => {}
                        Err(RowEnd::Fault(fault)) => return Ok(Ran::Failed { row, fault }),
                        Err(RowEnd::Stopped) => return Ok(Ran::Stopped { row }),
                    }
                    let mut values = returns.iter();
                    for (column, &first) in layout.columns.iter().zip(&pointers.columns) {
                        let width = column.width as usize;
                        for (index, &bits) in values.by_ref().take(width).enumerate() {
                            // SAFETY: there is room, by the caller's promise.
                            unsafe {
                                write_bits(column.ty, bits, first.add((row * width + index) * column.ty.bytes()))
                            };
                        }
                    }
                }
                Ok(Ran::All)
            }
        }
    }
}

/// The lists of one row of a strip. Whoever makes one promises that its addresses are those of the kernel's
/// lists, and that the interpreter gets the slots that say their lengths: it then asks for no other element.
pub(super) struct StripMemory<'s> {
    pub(super) layout: &'s Layout,
    pub(super) lists: &'s [*const *mut u8],
    pub(super) row: usize,
}

impl StripMemory<'_> {
    fn place(&self, array: Array, index: u64) -> (*mut u8, filbert_ir::Type) {
        let (list, ty) = self.layout.list(array);
        // SAFETY: the column of addresses has the row, and the list the element, by the maker's promise.
        (unsafe { (*self.lists[list].add(self.row)).add(index as usize * ty.bytes()) }, ty)
    }
}

impl Memory for StripMemory<'_> {
    fn load(&self, array: Array, index: u64) -> u64 {
        let (place, ty) = self.place(array, index);
        // SAFETY: it is an element of that type, by the maker's promise.
        unsafe { read_bits(ty, place) }
    }

    fn store(&mut self, array: Array, index: u64, bits: u64) {
        let (place, ty) = self.place(array, index);
        // SAFETY: as above, and only results are written.
        unsafe { write_bits(ty, bits, place) }
    }
}
