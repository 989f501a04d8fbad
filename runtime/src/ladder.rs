//! The degrade ladder: compile, map, run natively; where a rung breaks, the interpreter runs the kernel.
//! Nothing here is an error to the user. Code that somebody has made before saves the first rung (`maker`).
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
use crate::call::{NativeCode, panic_text};
use crate::maker::{Made, Maker};
use crate::quarantine::Quarantine;

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

/// Where code is reported that was found to be wrong.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) key: Key,
    pub(crate) maker: Maker,
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
        let Report { quarantine, key, maker } = &self.report;
        quarantine.add(key);
        maker.reject(&key.kernel, &key.target);
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

/// Code that is mapped, and what the stores may still be told of it.
pub(crate) struct Mapped {
    pub(crate) code: Arc<LoadedCode>,
    /// It was compiled, not found.
    pub(crate) is_new: bool,
    /// For `Maker::keep`, when nobody waits any more.
    pub(crate) made: Option<Made>,
}

/// Finds or compiles a kernel's code and maps it, within the budget.
pub(crate) fn load(
    kernel: &VerifiedKernel,
    target: &Target,
    budget: Duration,
    report: Report,
) -> Result<Mapped, Refusal> {
    if kernel.core.values.len() <= VALUES_SMALL_MAX {
        // Late only on a machine that hardly runs us; the time is spent, so the code is kept.
        return guarded(kernel, target, report);
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("filbert-compile".into()).stack_size(STACK_BYTES_LARGE);
    let (own_kernel, own_target) = (kernel.clone(), target.clone());
    let spawned = thread.spawn(move || {
        let maker = report.maker.clone();
        let mut result = guarded(&own_kernel, &own_target, report);
        let made = result.as_mut().ok().and_then(|mapped| mapped.made.take());
        // Nobody listens any more if the budget is spent: then the code is dropped here, but the stores have it.
        let _ = sender.send(result);
        if let Some(made) = made {
            maker.keep(&own_kernel, &own_target, &made);
        }
    });
    spawned.map_err(|e| Refusal::Passing(format!("no thread to compile on: {e}")))?;
    receiver.recv_timeout(budget).unwrap_or_else(|_| Err(Refusal::Passing(format!("not compiled after {budget:?}"))))
}

fn guarded(kernel: &VerifiedKernel, target: &Target, report: Report) -> Result<Mapped, Refusal> {
    catch_unwind(AssertUnwindSafe(|| make_and_map(kernel, target, report)))
        .unwrap_or_else(|panic| Err(Refusal::Lasting(panic_text(&*panic))))
}

fn make_and_map(kernel: &VerifiedKernel, target: &Target, report: Report) -> Result<Mapped, Refusal> {
    let made = report.maker.make(kernel, target).map_err(|e| Refusal::Lasting(e.to_string()))?;
    let native = NativeCode::load(kernel, &made.artifact, target, &report.maker);
    let native = native.map_err(|e| Refusal::Passing(e.to_string()))?;
    let is_new = made.is_new;
    Ok(Mapped { code: Arc::new(LoadedCode::new(native, report)), is_new, made: is_new.then_some(made) })
}
