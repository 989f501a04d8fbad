//! Code memory: the pages that machine code lives in. One mapping a kernel, freed with its last handle.
//!
//! ```text
//!   guard page | code pages            | guard page
//!   PROT_NONE  | RW while it is copied | PROT_NONE
//!              | RX before it may run  |
//! ```
//!
//! Never writable and executable at once. `cranelift-jit`'s `JITModule` is the loader; the mapping is our
//! own `JITMemoryProvider`, because neither of its two does what is needed here (0.135.8):
//! * `SystemMemoryProvider` has no guard pages, and leaks its pages unless `free_memory` is called;
//! * `ArenaMemoryProvider` panics (`expect`) where `mprotect` is refused, which is the very case that must
//!   end in the interpreter, and its arena is as large as its largest kernel could become;
//! * both panic where `membarrier` is refused.
//!
//! What is left to others: whether the bytes may run at all (`compiler` audits them), and the call (`call`).

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranelift_codegen::ir::Signature;
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{BranchProtection, JITBuilder, JITMemoryKind, JITMemoryProvider, JITModule};
use cranelift_module::{Linkage, Module, ModuleError, ModuleResult};
use filbert_compiler::abi::Entry;

use crate::kept::Kept;

/// Environment variable that makes code memory refuse (`FILBERT_CODE_MEMORY=refuse`), as a hardened system
/// would: an operator can try what happens then.
pub const REFUSE_VARIABLE: &str = "FILBERT_CODE_MEMORY";

/// Largest code of one kernel.
pub const CODE_BYTES_MAX: usize = 1 << 20;

/// Why code memory was refused: no mapping, no execute permission, or a CPU family nobody has tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code memory refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

/// Executable code with its pages. Dropping it unmaps them.
pub(crate) struct CodeMemory {
    entry: Entry,
    bytes: usize,
    /// Taken on drop. The mutex is there because a `JITModule` is `Send` but not `Sync`; nobody locks it.
    module: Mutex<Option<JITModule>>,
}

impl CodeMemory {
    /// Maps `code` and makes it executable. `code` must be position independent and refer to nothing outside
    /// itself, and the instruction at `entry_offset` must begin a function of type `Entry`: the compiler
    /// makes nothing else, and audits it.
    pub(crate) fn load(code: &[u8], align: u32, entry_offset: u32) -> Result<CodeMemory, Refused> {
        let entry_offset = entry_offset as usize;
        if entry_offset >= code.len() || code.len() > CODE_BYTES_MAX {
            return Err(Refused(format!("{} bytes of code with entry at {entry_offset}", code.len())));
        }
        let refused = |e: ModuleError| Refused(describe(&e));
        let mut builder = JITBuilder::with_isa(isa()?, cranelift_module::default_libcall_names());
        builder.memory_provider(Box::new(GuardedPages::default()));
        let mut module = JITModule::new(builder);
        let signature = Signature::new(CallConv::SystemV);
        let function = module.declare_function("kernel", Linkage::Local, &signature).map_err(refused)?;
        // On an error the module is dropped here, and with it our pages, which do not leak on drop.
        module.define_function_bytes(function, align.max(64).into(), code, &[]).map_err(refused)?;
        module.finalize_definitions().map_err(refused)?;
        let first = module.get_finalized_function(function);
        // SAFETY: `first` is the start of `code.len()` mapped bytes, and `entry_offset` lies inside. The
        // caller promises that a function of type `Entry` begins there.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(first.add(entry_offset)) };
        Ok(CodeMemory { entry, bytes: page_ceil(code.len()), module: Mutex::new(Some(module)) })
    }

    /// The function. It may be called only while `self` lives: `call` borrows `self` for the call.
    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    /// Bytes of code pages, guard pages (which cost no memory) not counted.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        let module = self.module.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(module) = module {
            // SAFETY: `entry` is handed out by reference to `self` only, and a call holds an `Arc` of the
            // owner, so no code of this mapping runs now or later.
            unsafe { module.free_memory() };
        }
    }
}

/// Code mappings that exist now in this process: one for each kernel that is cached or held.
pub fn mappings() -> usize {
    MAPPINGS.load(Ordering::SeqCst)
}

static MAPPINGS: AtomicUsize = AtomicUsize::new(0);

fn refusing() -> bool {
    static FROM_ENV: Kept<bool> = Kept::new();
    FROM_ENV.get_or(|| std::env::var_os(REFUSE_VARIABLE).is_some_and(|v| v == "refuse"))
}

/// The ISA that `JITModule` wants; it generates no code here. Made once: that costs more than a load.
fn isa() -> Result<OwnedTargetIsa, Refused> {
    static ISA: Kept<Result<OwnedTargetIsa, String>> = Kept::new();
    let make = || -> Result<OwnedTargetIsa, String> {
        if !cfg!(target_arch = "x86_64") {
            return Err("native code is only tried on x86-64".into());
        }
        let mut flags = settings::builder();
        flags.set("is_pic", "false").map_err(|e| e.to_string())?;
        let builder = cranelift_native::builder()?;
        builder.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
    };
    ISA.get_or(make).map_err(Refused)
}

/// The innermost cause; `ModuleError`'s own text is only "Backend error".
fn describe(error: &ModuleError) -> String {
    match error {
        ModuleError::Allocation { err } => err.to_string(),
        other => other.to_string(),
    }
}

fn page_ceil(bytes: usize) -> usize {
    bytes.div_ceil(region::page::size()) * region::page::size()
}

/// One mapping with a guard page at each end, filled by one function.
#[derive(Default)]
struct GuardedPages {
    mapping: Option<region::Allocation>,
    code: Option<(NonNull<u8>, usize)>,
}

// SAFETY: the pointer is into the mapping that the same value owns.
unsafe impl Send for GuardedPages {}

impl JITMemoryProvider for GuardedPages {
    fn allocate(&mut self, size: usize, align: u64, kind: JITMemoryKind) -> io::Result<*mut u8> {
        let page = region::page::size();
        if self.mapping.is_some() || align as usize > page || !matches!(kind, JITMemoryKind::Executable) {
            return Err(io::Error::other("code memory holds one function and nothing else"));
        }
        let bytes = page_ceil(size.max(1));
        let mut mapping = region::alloc(bytes + 2 * page, region::Protection::NONE).map_err(io::Error::other)?;
        // SAFETY: one page into a mapping of `bytes` and two pages.
        let code = unsafe { mapping.as_mut_ptr::<u8>().add(page) };
        // SAFETY: the range is ours alone, and nothing lives in it yet.
        unsafe { region::protect(code, bytes, region::Protection::READ_WRITE) }.map_err(io::Error::other)?;
        MAPPINGS.fetch_add(1, Ordering::SeqCst);
        self.mapping = Some(mapping);
        self.code = NonNull::new(code).map(|code| (code, bytes));
        Ok(code)
    }

    unsafe fn free_memory(&mut self) {
        self.code = None;
        if self.mapping.take().is_some() {
            MAPPINGS.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        let Some((code, bytes)) = self.code else { return Ok(()) };
        let refuse = |message: String| ModuleError::Allocation { err: io::Error::other(message) };
        if refusing() {
            return Err(refuse(format!("{REFUSE_VARIABLE}=refuse is set")));
        }
        // x86-64 keeps instruction fetches coherent with stores; see `isa` for the other families.
        // SAFETY: the range is ours alone and fully written; nobody executes it before this returns.
        unsafe { region::protect(code.as_ptr(), bytes, region::Protection::READ_EXECUTE) }
            .map_err(|e| refuse(format!("no execute permission: {e}")))
    }
}

impl Drop for GuardedPages {
    fn drop(&mut self) {
        // SAFETY: a module that was never finalized has no function to call; a finalized one is freed by
        // `CodeMemory::drop` before it gets here.
        unsafe { self.free_memory() };
    }
}

/// For tests: memory that begins or ends where a page does.
#[cfg(test)]
pub(crate) mod guarded {
    use super::*;

    /// Memory between two guard pages: whoever reads or writes a byte too far dies.
    pub(crate) struct Guarded {
        mapping: region::Allocation,
        bytes: usize,
        at_start: bool,
    }

    impl Guarded {
        /// `bytes` zeros that end at the end of a page.
        pub(crate) fn new(bytes: usize) -> Guarded {
            Guarded::at(bytes, false)
        }

        /// `bytes` zeros that begin at the start of a page, or end at the end of one.
        pub(crate) fn at(bytes: usize, at_start: bool) -> Guarded {
            let page = region::page::size();
            let mapping = region::alloc(page_ceil(bytes) + 2 * page, region::Protection::NONE).expect("a few pages");
            if bytes > 0 {
                let first = mapping.as_ptr::<u8>().wrapping_add(page);
                // SAFETY: these pages are ours and nothing lives there yet.
                unsafe { region::protect(first, page_ceil(bytes), region::Protection::READ_WRITE) }
                    .expect("a few pages");
            }
            Guarded { mapping, bytes, at_start }
        }

        /// The bytes, the first behind a guard page or the last before one.
        pub(crate) fn slice(&mut self) -> &mut [u8] {
            let page = region::page::size();
            let start = if self.at_start { page } else { self.mapping.len() - page - self.bytes };
            // SAFETY: `bytes` bytes between the guard pages are readable, writable, zeroed by the system, and lent
            // with `self`.
            unsafe { std::slice::from_raw_parts_mut(self.mapping.as_mut_ptr::<u8>().add(start), self.bytes) }
        }
    }

    /// Calls code that ignores its argument.
    pub(crate) fn call_without_frame(code: &CodeMemory) -> u32 {
        // SAFETY: the caller's code does not look at its argument.
        unsafe { code.entry()(std::ptr::null_mut()) }
    }
}

#[cfg(test)]
#[path = "code_memory/tests.rs"]
mod tests;
