//! Which kernel a process died of, told by the process itself with its last breath.
//!
//! Machine code that faults takes its process with it, and a scheduler that only sees the loss would send the
//! same kernel to the next machine. So each thread keeps the id of the kernel whose code it runs, and a
//! process that asked for it (`report`: an executor's worker, nothing else) handles the signals of a crash:
//! it writes the signal and that id to a pipe, and then lets the action run that was there before. What
//! crashes outside of a kernel's code, or is killed by somebody else, writes nothing. A process without somebody who
//! reads a pipe (a command) makes an empty file instead, named by the kernel (`mark`).
//!
//! ```text
//!   record    "FBCRASH1" | signal: i32 le | KernelId: 32 bytes        44 bytes, one write
//! ```

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering, compiler_fence};

use filbert_ir::{KernelId, VerifiedKernel};

#[cfg(unix)]
pub use signals::{SIGNALS, mark, report};

const MAGIC: &[u8; 8] = b"FBCRASH1";

/// Length of a record.
pub const RECORD_BYTES: usize = 44;

/// The environment variable that poisons a kernel, for tests: `name:abort` or `name:segv`, of which a process dies
/// at the first call, or `name:segv:after=9`, of which it dies at the tenth.
pub const POISON_VARIABLE: &str = "FILBERT_TEST_POISON";

thread_local! {
    /// The id of the kernel whose code runs on this thread, or null. Made without a call and never dropped, so
    /// that a signal handler may read it.
    static RUNNING: AtomicPtr<KernelId> = const { AtomicPtr::new(null_mut()) };
}

/// While it lives, this thread runs the kernel's code.
pub(crate) struct Running<'k>(PhantomData<&'k KernelId>);

/// Says that this thread runs the kernel's code from now on.
#[inline]
pub(crate) fn running(id: &KernelId) -> Running<'_> {
    RUNNING.with(|running| running.store(std::ptr::from_ref(id).cast_mut(), Ordering::Relaxed));
    // The handler runs on this thread: it must find the id before the code's first instruction.
    compiler_fence(Ordering::SeqCst);
    Running(PhantomData)
}

impl Drop for Running<'_> {
    #[inline]
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        RUNNING.with(|running| running.store(null_mut(), Ordering::Relaxed));
    }
}

/// What a process said of its crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CrashRecord {
    /// Number of the signal.
    pub signal: i32,
    /// The kernel whose code ran.
    pub kernel: KernelId,
}

impl CrashRecord {
    /// The first record in what came through the pipe; where several threads crash at once, each writes one.
    pub fn parse(bytes: &[u8]) -> Option<CrashRecord> {
        let (magic, rest) = bytes.get(..RECORD_BYTES)?.split_at(MAGIC.len());
        let (signal, kernel) = rest.split_at(4);
        let record = CrashRecord {
            signal: i32::from_le_bytes(signal.try_into().ok()?),
            kernel: KernelId(kernel.try_into().ok()?),
        };
        (magic == MAGIC).then_some(record)
    }

    #[cfg(unix)]
    fn bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&self.signal.to_le_bytes());
        bytes[12..].copy_from_slice(&self.kernel.0);
        bytes
    }
}

#[derive(Clone, Copy)]
enum Deed {
    Abort,
    Segv,
}

struct Poison {
    kernel: String,
    deed: Deed,
    /// Calls that go well.
    spared: AtomicU64,
}

static POISON: OnceLock<Poison> = OnceLock::new();

/// For tests of what happens when a kernel ends its process: from now on a call of the kernel that
/// [`POISON_VARIABLE`] names does so. Nothing asks for this but an executor's worker, when it starts.
pub fn poison_from_environment() -> Result<(), String> {
    let Ok(value) = std::env::var(POISON_VARIABLE) else { return Ok(()) };
    let parse = || {
        let (rest, spared) = match value.rsplit_once(":after=") {
            None => (value.as_str(), 0),
            Some((rest, calls)) => (rest, calls.parse().ok()?),
        };
        let (kernel, deed) = match rest.rsplit_once(':')? {
            (kernel, "abort") => (kernel, Deed::Abort),
            (kernel, "segv") => (kernel, Deed::Segv),
            _ => return None,
        };
        Some(Poison { kernel: kernel.to_string(), deed, spared: AtomicU64::new(spared) })
    };
    let wrong = || format!("{POISON_VARIABLE} is NAME:abort or NAME:segv, perhaps with :after=CALLS, not '{value}'");
    let poison = parse().ok_or_else(wrong)?;
    tracing::warn!("calls of kernel {} end this process: {POISON_VARIABLE} is set", poison.kernel);
    POISON.set(poison).map_err(|_| format!("{POISON_VARIABLE} was read before"))
}

/// Ends the process if the kernel is the poisoned one.
#[inline]
pub(crate) fn taste(kernel: &VerifiedKernel) {
    if let Some(Poison { kernel: name, deed, spared }) = POISON.get()
        && name == kernel.name()
        && spared.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |calls| calls.checked_sub(1)).is_err()
    {
        let id = kernel.id();
        let _running = running(&id);
        match deed {
            Deed::Abort => std::process::abort(),
            Deed::Segv => signals::fault(),
        }
    }
}

#[cfg(unix)]
mod signals {
    //! The handler. It may do only what a signal handler may: no locks, no memory, no panic.

    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::ptr::{null, null_mut};
    use std::sync::OnceLock;
    use std::sync::atomic::Ordering;

    use libc::{c_int, c_void, sigaction, siginfo_t};

    use super::{CrashRecord, RUNNING};

    /// The signals of a crash.
    pub const SIGNALS: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

    /// Who is told.
    enum Listener {
        /// A record goes there.
        Pipe(OwnedFd),
        /// A file is made there, named by the id.
        Folder(OwnedFd),
    }

    struct Report {
        listener: Listener,
        /// What was there before us, in the order of `SIGNALS`.
        previous: [sigaction; SIGNALS.len()],
    }

    static REPORT: OnceLock<Report> = OnceLock::new();

    /// From now on a crash inside of a kernel's code is told through `pipe`. Once a process, for good.
    pub fn report(pipe: OwnedFd) -> io::Result<()> {
        listen(Listener::Pipe(pipe))
    }

    /// From now on a crash inside of a kernel's code leaves an empty file in `folder`, named by the kernel's id. Once
    /// a process, for good.
    pub fn mark(folder: OwnedFd) -> io::Result<()> {
        listen(Listener::Folder(folder))
    }

    fn listen(listener: Listener) -> io::Result<()> {
        let mut previous = Vec::with_capacity(SIGNALS.len());
        for signal in SIGNALS {
            // SAFETY: `sigaction` is a plain structure of integers, of which zeros are one.
            let mut action: sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: with no new action this only reads the old one into `action`.
            check(unsafe { libc::sigaction(signal, null(), &mut action) })?;
            previous.push(action);
        }
        let previous = previous.try_into().map_err(|_| io::ErrorKind::Other)?;
        // What the handler reads is there before the first handler is.
        REPORT.set(Report { listener, previous }).map_err(|_| io::ErrorKind::AlreadyExists)?;
        // SAFETY: as above.
        let mut action: sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_signal as *const () as usize;
        // Rust gives each of its threads a stack for handlers, which a stack overflow needs.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        for signal in SIGNALS {
            // SAFETY: `on_signal` has the form that SA_SIGINFO asks for, does only what handlers may, and stays.
            check(unsafe { libc::sigaction(signal, &action, null_mut()) })?;
        }
        Ok(())
    }

    fn check(result: c_int) -> io::Result<()> {
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    extern "C" fn on_signal(signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
        let Some(report) = REPORT.get() else { return };
        let kernel = RUNNING.try_with(|running| running.load(Ordering::Relaxed)).unwrap_or(null_mut());
        // SAFETY: the system passes a siginfo that it has filled; only signals that a process sent name one.
        let (was_sent, by_us) = unsafe {
            let was_sent = (*info).si_code <= 0;
            (was_sent, was_sent && (*info).si_pid() == libc::getpid())
        };
        if !kernel.is_null() && (!was_sent || by_us) {
            // SAFETY: the pointer is that of `running` on this thread, whose borrow has not ended: it is cleared
            // before.
            let kernel = unsafe { *kernel };
            match &report.listener {
                Listener::Pipe(pipe) => {
                    let record = CrashRecord { signal, kernel }.bytes();
                    // SAFETY: `record` is that long. Where nobody reads, nobody wanted to know.
                    unsafe { libc::write(pipe.as_raw_fd(), record.as_ptr().cast(), record.len()) };
                }
                Listener::Folder(folder) => {
                    let mut name = [0u8; 65];
                    for (digits, byte) in name.chunks_exact_mut(2).zip(kernel.0) {
                        digits[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
                        digits[1] = b"0123456789abcdef"[usize::from(byte & 15)];
                    }
                    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_NOFOLLOW | libc::O_CLOEXEC;
                    // SAFETY: the name ends with a zero. The process ends, and with it the file is closed.
                    unsafe { libc::openat(folder.as_raw_fd(), name.as_ptr().cast(), flags, 0o600) };
                }
            }
        }
        for (known, previous) in SIGNALS.iter().zip(&report.previous) {
            if *known == signal {
                // SAFETY: it is the action that this signal had. An instruction that faulted faults again
                // under it when this handler returns.
                unsafe { libc::sigaction(signal, previous, null_mut()) };
            }
        }
        if was_sent {
            // SAFETY: no instruction repeats what was sent; it waits until this handler has returned.
            unsafe { libc::raise(signal) };
        }
    }

    /// Reads from a page that nobody may read.
    pub(super) fn fault() -> ! {
        // SAFETY: a mapping of our own that nothing else knows. That reading it faults is what is wanted; where
        // there is no page to be had, the address is none either.
        unsafe {
            let page = libc::mmap(null_mut(), 4096, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0);
            page.cast::<u8>().read_volatile();
        }
        std::process::abort()
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn fault() -> ! {
        std::process::abort()
    }
}

#[cfg(all(test, unix))]
#[path = "crash/tests.rs"]
mod tests;
