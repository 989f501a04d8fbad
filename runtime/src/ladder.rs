//! The degrade ladder: compile, map, run natively; where a rung breaks, the interpreter runs the kernel.
//! Nothing here is an error to the user.
//!
//! A large kernel is compiled on a thread of its own: the caller waits no longer than the budget, and the
//! stack is large enough for the largest kernel that the verifier lets through. The thread ends with the
//! compile, so nothing is lost in a fork. A small kernel is compiled where it is wanted, because starting a
//! thread would be a good part of its time; a panic is caught either way.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use filbert_compiler::Target;
use filbert_compiler::compile::{STACK_BYTES_LARGE, VALUES_SMALL_MAX};
use filbert_ir::VerifiedKernel;

use crate::cache::Key;
pub(crate) use crate::call::CompileFn;
use crate::call::{NativeCode, panic_text};
use crate::quarantine::Quarantine;
use crate::stats::Counters;

/// Longest a compile may take; a kernel that takes longer runs in the interpreter.
pub const COMPILE_BUDGET: Duration = Duration::from_millis(250);

/// Code that may run, shared by all handles of a kernel.
pub(crate) struct LoadedCode {
    pub(crate) native: NativeCode,
    /// Compared with the interpreter at least once.
    checked: AtomicBool,
    /// Calls, to compare one now and then.
    calls: AtomicU32,
    /// Found to differ from the interpreter: never run again in this process.
    quarantined: AtomicBool,
    report: Report,
}

/// Where code is reported that was found to be wrong, or that could not be made after the kernel was loaded.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) key: Key,
    pub(crate) counters: Arc<Counters>,
}

/// One call in so many is compared with the interpreter, besides the first.
const CALLS_PER_SHADOW: u32 = 1024;

impl LoadedCode {
    pub(crate) fn new(native: NativeCode, report: Report) -> LoadedCode {
        LoadedCode {
            native,
            checked: AtomicBool::new(false),
            calls: AtomicU32::new(0),
            quarantined: AtomicBool::new(false),
            report,
        }
    }

    /// Whether this call of so many rows is to be compared with the interpreter. Calls of few rows are not
    /// counted: they have no time for a shared counter.
    pub(crate) fn wants_shadow(&self, rows: usize) -> bool {
        !self.checked.load(Ordering::Relaxed) || self.is_due(rows)
    }

    /// Whether it is this call's turn, of those of code that was compared before.
    pub(crate) fn is_due(&self, rows: usize) -> bool {
        if rows < crate::STRIP_ROWS {
            return false;
        }
        // Of two threads that count at once one is not counted, which costs less than counting together.
        let calls = self.calls.load(Ordering::Relaxed);
        self.calls.store(calls.wrapping_add(1), Ordering::Relaxed);
        calls.is_multiple_of(CALLS_PER_SHADOW)
    }

    pub(crate) fn set_checked(&self) {
        self.checked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_quarantined(&self) -> bool {
        self.quarantined.load(Ordering::Relaxed)
    }

    pub(crate) fn quarantine(&self) {
        self.quarantined.store(true, Ordering::Relaxed);
        self.report.quarantine.add(&self.report.key);
    }
}

/// Why a kernel has no code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// The same every time: the compiler refused or panicked.
    Lasting(String),
    /// May be otherwise later: over the budget, no code memory, no thread.
    Passing(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refusal::Lasting(why) | Refusal::Passing(why)) = self;
        f.write_str(why)
    }
}

/// Compiles and maps a kernel, within the budget.
pub(crate) fn compile(
    kernel: &VerifiedKernel,
    target: &Target,
    compile: CompileFn,
    budget: Duration,
    report: Report,
) -> Result<Arc<LoadedCode>, Refusal> {
    if kernel.core.values.len() <= VALUES_SMALL_MAX {
        // Late only on a machine that hardly runs us; the time is spent, so the code is kept.
        return guarded(kernel, target, compile, report);
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("filbert-compile".into()).stack_size(STACK_BYTES_LARGE);
    let (own_kernel, own_target) = (kernel.clone(), target.clone());
    let spawned = thread.spawn(move || {
        // Nobody listens any more if the budget is spent: then the code is dropped here.
        let _ = sender.send(guarded(&own_kernel, &own_target, compile, report));
    });
    spawned.map_err(|e| Refusal::Passing(format!("no thread to compile on: {e}")))?;
    receiver.recv_timeout(budget).unwrap_or_else(|_| Err(Refusal::Passing(format!("not compiled after {budget:?}"))))
}

fn guarded(
    kernel: &VerifiedKernel,
    target: &Target,
    compile: CompileFn,
    report: Report,
) -> Result<Arc<LoadedCode>, Refusal> {
    catch_unwind(AssertUnwindSafe(|| compile_and_map(kernel, target, compile, report)))
        .unwrap_or_else(|panic| Err(Refusal::Lasting(panic_text(&*panic))))
}

fn compile_and_map(
    kernel: &VerifiedKernel,
    target: &Target,
    compile: CompileFn,
    report: Report,
) -> Result<Arc<LoadedCode>, Refusal> {
    let artifact = compile(kernel, target).map_err(|e| Refusal::Lasting(e.to_string()))?;
    let native = NativeCode::load(kernel, &artifact, target, compile, &report.counters);
    let native = native.map_err(|e| Refusal::Passing(e.to_string()))?;
    Ok(Arc::new(LoadedCode::new(native, report)))
}
